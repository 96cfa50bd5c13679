"""Small images with an operating system in them, and stubs of the programs that evaluate one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compliance.errors import ComplianceError
from compliance.evidence.image.contents import FoundImage
from compliance.evidence.image.surveying import survey
from compliance.pipeline.files import find
from compliance.pipeline.scanning import Scan, Scanned, scan_all
from compliance.pipeline.sources import image_sources
from compliance.tools import oscap
from tests.images.making import docker_archive

RELEASE = 'ID=debian\nVERSION_ID="11"\n'
STATUS = "Package: base-files\nStatus: install ok installed\nVersion: 11\nArchitecture: amd64\n\n"
Item = Mapping[str, Any]
#: What makes a root one of Debian 11.
DEBIAN: tuple[Item, ...] = (
    {"path": "etc/os-release", "content": RELEASE},
    {"path": "var/lib/dpkg/status", "content": STATUS},
)
#: Do what they are told to before they become the next program of their arguments.
_UNSHARE = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n'
_NOTHING = "#!/bin/sh\nexit 0\n"
_OSCAP = """#!/bin/sh
here={here}
if [ "$1" = --version ]; then echo "OpenSCAP command line tool (oscap) {version}"; exit 0; fi
env > "$here/environment"; echo "$@" > "$here/asked"
cat "$here/stdout"; cat "$here/stderr" >&2
while [ $# -gt 0 ]; do
  if [ "$1" = --results-arf ] && [ -f "$here/arf.xml" ]; then cat "$here/arf.xml" > "$2"; fi
  shift
done
{ends}
"""


def write_image(path: Path, *layers: Sequence[Item], env: Sequence[str] = (), **more: Any) -> Path:
    """A docker archive of one image."""
    description = {"names": ["registry.example/app:1"], "config": {"Env": list(env)}, "layers": list(layers), **more}
    path.write_bytes(docker_archive(description))
    return path


def found_in(path: Path) -> FoundImage:
    """The one image of an archive."""
    (source,), _ = image_sources(find((str(path),)))
    (image,) = survey(source).images
    return image


def stubs(
    folder: Path, *, ends: str = "exit 0", results: bytes | None = None, stdout: str = "", stderr: str = ""
) -> Path:
    """A folder of programs for PATH: an oscap that says and leaves this, and namespaces that are none."""
    folder.mkdir()
    (folder / "stdout").write_text(stdout)
    (folder / "stderr").write_text(stderr)
    if results is not None:
        (folder / "arf.xml").write_bytes(results)
    programs = {
        "oscap": _OSCAP.format(here=folder, version="1.4.2", ends=ends),
        "unshare": _UNSHARE,
        "mount": _NOTHING,
    }
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def scanned(scans: Sequence[Scan]) -> Scanned:
    """What came of the one image, evaluated with the tool on PATH; what went wrong with it is raised."""
    (done,) = scan_all(scans, oscap.probe())
    if isinstance(done, ComplianceError):
        raise done
    return done
