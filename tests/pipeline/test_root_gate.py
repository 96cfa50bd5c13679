"""Before anything is evaluated: is this a root, with packages, of the operating system that the content is for?"""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance.errors import ToolError
from compliance.pipeline.root_gate import gate
from tests.pipeline.openscap_images import RELEASE, STATUS

DEBIAN_11 = "cpe:/o:debian:debian_linux:11"
RHEL_9 = "cpe:/o:redhat:enterprise_linux:9"


def root(tmp_path: Path, files: dict[str, str]) -> Path:
    made = tmp_path / "root"
    made.mkdir()
    for name, text in files.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text)
    return made


WHOLE = {"etc/os-release": RELEASE, "var/lib/dpkg/status": STATUS}


@pytest.mark.parametrize(
    ("release", "platform"),
    [
        (RELEASE, DEBIAN_11),
        (RELEASE, "cpe:2.3:o:debian:debian_linux:11:*:*:*:*:*:*:*"),
        ('ID=ubuntu\nVERSION_ID="22.04"\n', "cpe:/o:canonical:ubuntu_linux:22.04::~~lts~~~"),
        ('ID="rhel"\nVERSION_ID="9.4"\n', RHEL_9),
        ('ID=oracle\nVERSION_ID=8\nCPE_NAME="cpe:/o:oracle:linux:8:10:server"\n', "cpe:/o:oracle:linux:8"),
        ("ID=debian\n", DEBIAN_11),
        (RELEASE, "cpe:/a:something"),
        (RELEASE, "#machine"),
    ],
)
def test_roots_that_content_is_for(tmp_path: Path, release: str, platform: str) -> None:
    """By ID and version, to the shorter of both; content that names no system is for any."""
    found = gate(root(tmp_path, {**WHOLE, "etc/os-release": release}), [platform])
    assert found["packages"] == "dpkg"


@pytest.mark.parametrize(
    ("files", "platforms", "words"),
    [
        ({}, [DEBIAN_11], "missing or empty"),
        ({"bin/sh": "x"}, [DEBIAN_11], "does not say what system"),
        ({"etc/os-release": RELEASE}, [DEBIAN_11], "no package database"),
        ({**WHOLE, "var/lib/dpkg/status": ""}, [DEBIAN_11], "no package database"),
        (WHOLE, [RHEL_9], "is debian 11, and the content is for enterprise_linux 9"),
        (WHOLE, ["cpe:/o:debian:debian_linux:12"], "is debian 11, and the content is for debian_linux 12"),
        ({**WHOLE, "etc/os-release": "ID=debian\nVERSION_ID=1\n"}, [DEBIAN_11], "is debian 1,"),
    ],
)
def test_roots_that_would_prove_nothing(
    tmp_path: Path, files: dict[str, str], platforms: list[str], words: str
) -> None:
    """Empty roots, roots of other systems and roots without packages are refused, with the reason."""
    with pytest.raises(ToolError, match=words):
        gate(root(tmp_path, files), platforms)


def test_no_root_at_all(tmp_path: Path) -> None:
    """OpenSCAP itself ends with 0 for it."""
    with pytest.raises(ToolError, match="missing or empty"):
        gate(tmp_path / "none", [])


@pytest.mark.parametrize("target", ["/usr/lib/os-release", "../usr/lib/os-release"])
def test_links_lead_inside_the_root(tmp_path: Path, target: str) -> None:
    """The usual link of /etc/os-release is followed in the root, never in this machine."""
    made = root(tmp_path, {"var/lib/dpkg/status": STATUS, "usr/lib/os-release": RELEASE})
    (made / "etc").mkdir()
    (made / "etc/os-release").symlink_to(target)
    assert gate(made, [DEBIAN_11])["system"] == "debian 11"


def test_links_out_of_the_root_lead_nowhere(tmp_path: Path) -> None:
    """A folder that is a link to this machine's gives nothing."""
    outside = tmp_path / "etc"
    outside.mkdir()
    (outside / "os-release").write_text(RELEASE)
    made = root(tmp_path, {"var/lib/dpkg/status": STATUS})
    (made / "etc").symlink_to(outside)
    with pytest.raises(ToolError, match="does not say what system"):
        gate(made, [])


def test_packages_of_distroless_images(tmp_path: Path) -> None:
    """A file for each package is a database too."""
    made = root(tmp_path, {"etc/os-release": RELEASE, "var/lib/dpkg/status.d/base": STATUS})
    assert gate(made, [])["packages"] == "dpkg, a file for each package"


def test_content_that_asks_another_package_database(tmp_path: Path) -> None:
    """Content that names no system and reads the packages of Alpine finds nothing forbidden in Debian."""
    made = root(tmp_path, WHOLE)
    assert gate(made, [], {"dpkg", "rpm"})["packages"] == "dpkg"
    with pytest.raises(ToolError, match="asks the package database of apk, and the root has that of dpkg"):
        gate(made, [], {"apk"})
