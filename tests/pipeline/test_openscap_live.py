"""OpenSCAP itself, where it is installed: our reading agrees with it, and what fools it does not fool us.

Install: apt-get install openscap-scanner ssg-debian mmdebstrap (`.ci/run` does, as root on Debian).
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from compliance.errors import ToolError
from compliance.evidence.rules.xccdf_parts import MAX_RULES
from compliance.model.outcome import ORDER, Outcome, worst
from compliance.model.rule_report import RefersTo, RuleReport
from compliance.pipeline.scanning import Scanned, ScanRequest, plan
from compliance.tools import oscap
from tests.evidence.rules.xccdf_documents import report
from tests.pipeline.openscap_content import PROFILE, STIG_ADDRESSES, FileRule, write_content
from tests.pipeline.openscap_images import DEBIAN, Item, scanned, write_image

SSG = Path("/usr/share/xml/scap/ssg/content")
DEBIAN_11, DEBIAN_10 = SSG / "ssg-debian11-ds.xml", SSG / "ssg-debian10-ds.xml"


def _absent() -> str:
    if not oscap.installed():
        return "oscap is not installed (apt-get install openscap-scanner)"
    try:
        oscap.probe()
    except ToolError as error:
        return str(error)
    return ""


ABSENT = _absent()
pytestmark = pytest.mark.skipif(bool(ABSENT), reason=f"live OpenSCAP: {ABSENT}")
needs_content = pytest.mark.skipif(
    not DEBIAN_11.exists(), reason="live OpenSCAP: no content for Debian 11 (apt-get install ssg-debian)"
)


def bare(root: Path, content: Path, results: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """oscap as anybody would run it."""
    return subprocess.run(
        ["oscap", "xccdf", "eval", *options, "--results-arf", str(results), str(content)],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", "OSCAP_PROBE_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


def evaluated(folder: Path, content: Path, profile: str, *layers: Sequence[Item]) -> Scanned:
    """An image of these layers, through our own command."""
    image = write_image(folder / "image.tar", *layers)
    request = ScanRequest(what=str(image), content=str(content), profile=profile, folder=folder / "evidence")
    return scanned(plan(request))


def rooted(folder: Path) -> Path:
    """A root of Debian 11 with next to nothing in it."""
    for item in DEBIAN:
        place = folder / "root" / str(item["path"])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(str(item["content"]))
    return folder / "root"


def test_content_of_our_own_through_the_whole_command(tmp_path: Path) -> None:
    """A file that is there, one that is not, a rule nobody checks; what was seen of the failure."""
    content = write_content(
        tmp_path,
        [
            FileRule("there", "/etc/os-release", there=True),
            FileRule("missing", "/etc/missing", there=True),
            FileRule("unwanted", "/etc/os-release", there=False),
            FileRule("manual", "/x", there=True, check=False),
        ],
    )
    done = evaluated(tmp_path, content, "all", DEBIAN)
    assert done.unsound == ""
    results = {result.rule: result for result in report(done.results.read_bytes()).results}
    assert {name: result.outcome for name, result in results.items()} == {
        "there": Outcome.PASS,
        "missing": Outcome.FAIL,
        "unwanted": Outcome.FAIL,
        "manual": Outcome.NOT_CHECKED,
    }
    assert "/etc/os-release: mode 0644" in results["unwanted"].reason
    assert "nothing was found" in results["missing"].reason
    assert b"<target>registry.example/app:1@sha256:" in done.results.read_bytes()


def test_the_target_cannot_be_written(tmp_path: Path) -> None:
    """The first look into Debian's package database writes caches where it can: in our copy it cannot."""
    content = write_content(tmp_path, [FileRule("there", "/etc/os-release", there=True)])
    tool = oscap.probe()
    root, work = rooted(tmp_path), tmp_path / "work"
    work.mkdir()
    asked = oscap.Evaluation(
        root=root,
        work=work,
        content=content,
        profile=PROFILE,
        tailoring=None,
        target="image://x",
        name="image-x",
        environment="",
        timeout=60,
    )
    command = list(oscap.whole_command(tool, asked))
    program = command.index("oscap")
    tried = [*command[:program], "sh", "-c", 'touch "$0/new" 2>&1; uname -n', str(root)]
    done = subprocess.run(tried, capture_output=True, text=True, check=False)
    assert "Read-only file system" in done.stdout
    assert not (root / "new").exists()
    interfaces = subprocess.run(
        [*command[:program], "cat", "/proc/self/net/dev"], capture_output=True, text=True, check=False
    )
    assert "eth" not in interfaces.stdout


@pytest.mark.parametrize("made", [False, True], ids=["missing", "empty"])
def test_a_root_with_nothing_in_it_proves_nothing(tmp_path: Path, made: bool) -> None:
    """OpenSCAP ends well, and every rule passes that forbids something."""
    root = tmp_path / "root"
    if made:
        root.mkdir()
    content = write_content(tmp_path, [FileRule("absent", "/etc/ssh/sshd_config", there=False)])
    done = bare(root, content, tmp_path / "arf.xml", "--profile", PROFILE)
    assert done.returncode == 0
    assert b"<result>pass</result>" in (tmp_path / "arf.xml").read_bytes()
    found = report((tmp_path / "arf.xml").read_bytes())
    assert "not a single file or package" in found.unsound
    assert [result.outcome for result in found.results] == [Outcome.NOT_CHECKED]


@needs_content
def test_without_a_profile_nothing_is_selected(tmp_path: Path) -> None:
    """OpenSCAP ends well with no rule at all."""
    assert bare(rooted(tmp_path), DEBIAN_11, tmp_path / "arf.xml").returncode == 0
    found = report((tmp_path / "arf.xml").read_bytes())
    assert ("no rule was selected" in found.unsound, found.results) == (True, ())
    assert 0 < found.not_selected < MAX_RULES


@needs_content
def test_content_of_another_release_proves_nothing(tmp_path: Path) -> None:
    """OpenSCAP ends well with every rule not applicable; our command does not even start it."""
    done = bare(rooted(tmp_path), DEBIAN_10, tmp_path / "arf.xml", "--profile", "standard")
    assert done.returncode == 0
    found = report((tmp_path / "arf.xml").read_bytes())
    assert "debian_linux:10" in found.unsound
    assert {result.said for result in found.results} == {"notapplicable"}
    assert {result.outcome for result in found.results} == {Outcome.NOT_CHECKED}
    with pytest.raises(ToolError, match="is debian 11, and the content is for debian_linux 10"):
        evaluated(tmp_path, DEBIAN_10, "standard", DEBIAN)


@needs_content
def test_exit_codes(tmp_path: Path) -> None:
    """What each of its failures ends with, as our words for them say."""
    root = rooted(tmp_path)
    assert bare(root, tmp_path / "missing.xml", tmp_path / "a.xml").returncode == 1
    assert bare(root, DEBIAN_11, tmp_path / "a.xml", "--profile", "nothing").returncode == 1
    assert bare(root, DEBIAN_11, tmp_path / "a.xml", "--nothing").returncode == 100
    assert not (tmp_path / "a.xml").exists()


def _folded(found: RuleReport) -> dict[str, Outcome]:
    by_rule: dict[str, list[Outcome]] = defaultdict(list)
    for result in found.results:
        for reference in result.references:
            if reference.system is RefersTo.STIG_RULE:
                by_rule[reference.value].append(result.outcome)
    return {rule: worst(outcomes) for rule, outcomes in sorted(by_rule.items())}


def test_rules_of_one_stig_item_fold_as_openscap_folds_them(tmp_path: Path) -> None:
    """`--stig-viewer` is an oracle for worst-of, but that not applicable there hides a pass and what nobody checked.

    Ours never does: NOT_APPLICABLE is the best outcome, and the worst of an item counts.
    """
    kinds = {
        "pass": lambda name, stig: FileRule(name, "/etc/os-release", there=True, stig=stig),
        "fail": lambda name, stig: FileRule(name, "/none", there=True, stig=stig),
        "notchecked": lambda name, stig: FileRule(name, "/x", there=True, stig=stig, check=False),
        "notapplicable": lambda name, stig: FileRule(
            name, "/x", there=True, stig=stig, platform="cpe:/o:redhat:enterprise_linux:9"
        ),
    }
    rules, pairs = [], {}
    for number, pair in enumerate(itertools.product(kinds, repeat=2)):
        stig = f"SV-{number + 10}r1_rule"
        pairs[stig] = set(pair)
        rules += [kinds[kind](f"r{number}{place}", stig) for place, kind in zip("ab", pair, strict=True)]
    content = write_content(tmp_path, rules)
    viewer = tmp_path / "viewer.xml"
    bare(rooted(tmp_path), content, tmp_path / "arf.xml", "--profile", PROFILE, "--stig-viewer", str(viewer))
    ours = _folded(report((tmp_path / "arf.xml").read_bytes()))
    theirs = {result.rule: result.said for result in report(viewer.read_bytes()).results}
    assert ours.keys() == theirs.keys() == pairs.keys()
    words = {outcome: outcome.value.replace("-", "") for outcome in ORDER}
    for stig, pair in pairs.items():
        if "notapplicable" in pair and pair & {"pass", "notchecked"}:
            assert theirs[stig] == "notapplicable"
            assert ours[stig] in (Outcome.PASS, Outcome.NOT_CHECKED)
        else:
            assert words[ours[stig]] == theirs[stig], (stig, pair)


def test_every_address_of_a_stig_is_known(tmp_path: Path) -> None:
    """Older OpenSCAP knows two of the three addresses, and leaves the rest out of its own export without a word."""
    rules = [
        FileRule(f"r{number}", "/etc/os-release", there=True, stig=f"SV-{number + 1}r1_rule", address=address)
        for number, address in enumerate(STIG_ADDRESSES)
    ]
    content = write_content(tmp_path, rules)
    bare(rooted(tmp_path), content, tmp_path / "arf.xml", "--profile", PROFILE)
    assert len(_folded(report((tmp_path / "arf.xml").read_bytes()))) == 3


#: Everything is imported first: an interpreter in root's own folder cannot be read afterwards.
_AS_NOBODY = """
import os, sys
from pathlib import Path
from compliance.pipeline.scanning import ScanRequest, plan, scan_all
from compliance.tools import oscap
os.setgid(65534)
os.setuid(65534)
image, content, folder = sys.argv[1:]
scans = plan(ScanRequest(what=image, content=content, profile="all", folder=Path(folder)))
(done,) = scan_all(scans, oscap.probe())
if isinstance(done, Exception):
    raise done
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_without_root_in_a_user_namespace(tmp_path: Path) -> None:
    """The same results, and rules about owners left undecided where owners were lost."""
    shared = Path(tempfile.mkdtemp(prefix="openscap-live-", dir="/tmp"))
    try:
        shared.chmod(0o777)
        content = write_content(
            shared, [FileRule("there", "/etc/os-release", there=True), FileRule("file_owner_x", "/etc/x", there=True)]
        )
        closed = [{"path": "shut", "type": "dir", "mode": "0000"}, {"path": "shut/in/y", "content": "y"}]
        image = write_image(shared / "image.tar", DEBIAN, [{"path": "etc/x", "content": "x", "uid": 33}, *closed])
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, str(image), str(content), str(shared / "evidence")],
            capture_output=True,
            text=True,
            check=False,
        )
        if "cannot make the namespaces" in done.stderr:
            pytest.skip("this system allows no user namespaces")
        assert done.returncode == 0, done.stderr
        (results,) = (shared / "evidence/openscap").iterdir()
        outcomes = {result.rule: result for result in report(results.read_bytes()).results}
        assert outcomes["there"].outcome is Outcome.PASS
        assert outcomes["file_owner_x"].outcome is Outcome.NOT_CHECKED
        assert "owners were lost" in outcomes["file_owner_x"].reason
        (record,) = (shared / "evidence/collected").iterdir()
        assert json.loads(record.read_text())["root"]["owners"] == "lost for 1"
        assert sorted(path.name for path in (shared / "evidence").iterdir()) == ["collected", "openscap"]
    finally:
        shutil.rmtree(shared, ignore_errors=True)


@needs_content
@pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="live OpenSCAP: mmdebstrap is not installed")
def test_a_real_debian(tmp_path: Path) -> None:
    """Debian 11 as its own archive gives it: 17 rules of the standard profile pass, one fails, 26 do not apply."""
    layer = tmp_path / "layer.tar"
    made = subprocess.run(
        ["mmdebstrap", "--variant=minbase", "--quiet", "bullseye", str(layer)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if made.returncode != 0:
        pytest.skip(f"live OpenSCAP: Debian's archive cannot be reached ({made.stderr.strip()[-200:]})")
    done = evaluated_layer(tmp_path, layer)
    found = report(done.results.read_bytes())
    assert found.unsound == ""
    assert Counter(result.said for result in found.results) == {"pass": 17, "fail": 1, "notapplicable": 26}
    assert not any(result.outcome is Outcome.NOT_CHECKED for result in found.results)


def evaluated_layer(folder: Path, layer: Path) -> Scanned:
    """The whole command on an image of one layer."""
    import hashlib

    from tests.images.making import archive, as_json

    data = layer.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    config = as_json(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        }
    )
    manifest = [{"Config": "config.json", "RepoTags": ["registry.example/debian:11"], "Layers": ["layer.tar"]}]
    image = folder / "debian.tar"
    image.write_bytes(archive({"layer.tar": data, "config.json": config, "manifest.json": as_json(manifest)}))
    request = ScanRequest(what=str(image), content=str(DEBIAN_11), profile="standard", folder=folder / "evidence")
    return scanned(plan(request))
