"""Every way an evaluation can prove nothing, with a stub in OpenSCAP's place: none ends as results that count."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from compliance.errors import EvidenceError, ToolError, UsageError
from compliance.model.outcome import Outcome
from compliance.model.rule_report import RuleReport
from compliance.pipeline.files import find
from compliance.pipeline.scanning import Scanned, ScanRequest, plan, scan_all
from compliance.tools import oscap
from tests.evidence.rules.xccdf_documents import RuleText, Run, oval, report
from tests.pipeline.openscap_images import DEBIAN, Item, found_in, scanned, stubs, write_image

PROFILE = "xccdf_org.ssgproject.content_profile_standard"
PRESENT = oval("", "", '<unix:file_item id="3" status="exists"/>')
RULES = [
    RuleText(name="a"),
    RuleText(name="b", said="fail"),
    RuleText(name="c", said="notapplicable", platforms=["#machine"]),
]
STDOUT = "".join(f"xccdf_org.ssgproject.content_rule_{rule.name}:{rule.said}\n" for rule in RULES)
SOUND = Run(rules=RULES).arf(PRESENT)


def content(folder: Path, more: str = "") -> Path:
    text = (
        Run(rules=RULES)
        .benchmark(more)
        .replace("<version>", f'<version>0.1.65</version><Profile id="{PROFILE}"/><version>', 1)
    )
    path = folder / "content-ds.xml"
    path.write_text(f"<data-stream-collection>{text}</data-stream-collection>")
    return path


class Place:
    """A folder with an image, content and a stub, to evaluate in."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self.programs = folder / "bin"

    def run(
        self, *, layers: Sequence[Sequence[Item]] = (DEBIAN,), env: Sequence[str] = (), timeout: float = 30, **stub: Any
    ) -> Scanned:
        """Evaluate the image with a stub that does so."""
        stub.setdefault("results", SOUND)
        stub.setdefault("stdout", STDOUT)
        stub.setdefault("ends", "exit 2")
        stubs(self.programs, **stub)
        self._monkeypatch.setenv("PATH", f"{self.programs}{os.pathsep}/usr/bin:/bin")
        image = write_image(self.folder / "image.tar", *layers, env=env)
        return scanned(plan(self.request(image, timeout=timeout)))

    def request(self, image: Path, **more: Any) -> ScanRequest:
        more.setdefault("content", str(self.folder / "content-ds.xml"))
        if not Path(more["content"]).exists():
            content(self.folder)
        more.setdefault("profile", "standard")
        return ScanRequest(what=str(image), folder=self.folder / "evidence", **more)

    def left(self) -> list[str]:
        """Everything in the evidence folder."""
        evidence = self.folder / "evidence"
        return sorted(str(path.relative_to(evidence)) for path in evidence.rglob("*") if not path.is_dir())

    def report(self, done: Scanned) -> RuleReport:
        return report(done.results.read_bytes())

    def record(self) -> dict[str, Any]:
        (path,) = (self.folder / "evidence/collected").iterdir()
        found = json.loads(path.read_text())
        assert isinstance(found, dict)
        return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def test_a_sound_run(place: Place) -> None:
    """Results carry the image's name and digest, the record how they were made; nothing else is left."""
    done = place.run(env=["PATH=/bin", "DB_PASSWORD=hunter2"])
    assert (done.unsound, dict(done.counts)) == ("", {"fail": 1, "notapplicable": 1, "pass": 1})
    found = place.report(done)
    config = found_in(place.folder / "image.tar").config
    assert found.subject.id == f"image/{config}"
    assert b"<target>registry.example/app:1@sha256:" in done.results.read_bytes()
    assert found.unsound == ""
    assert found.content_sha256 == hashlib.sha256((place.folder / "content-ds.xml").read_bytes()).hexdigest()
    assert [result.outcome for result in found.results] == [Outcome.PASS, Outcome.FAIL, Outcome.NOT_APPLICABLE]
    assert place.left() == [
        "collected/openscap-registry.example_app_1--standard.json",
        "openscap/registry.example_app_1--standard.xml",
    ]
    record = place.record()
    assert record["files"][0]["sha256"] == hashlib.sha256(done.results.read_bytes()).hexdigest()
    assert (record["image"], record["profile"], record["unsound"]) == (config, PROFILE, "")
    assert record["root"]["system"] == "debian 11"
    assert record["environment"] == ["PATH"]
    assert (
        record["results_sha256"]
        == hashlib.sha256("".join(sorted(STDOUT.replace(":", " ").splitlines(True))).encode()).hexdigest()
    )
    assert str(place.folder) not in json.dumps(record)
    assert "hunter2" not in json.dumps(record) + done.results.read_text()


def test_what_the_tool_sees(place: Place) -> None:
    """A root of its own, the image's environment without credentials, and nothing of ours."""
    os.environ["SECRET_OF_OURS"] = "x"
    try:
        place.run(env=["PATH=/app/bin", "DB_PASSWORD=hunter2"])
    finally:
        del os.environ["SECRET_OF_OURS"]
    seen = (place.programs / "environment").read_text()
    assert "OSCAP_CONTAINER_VARS=PATH=/app/bin\n" in seen
    assert "hunter2" not in seen
    assert "SECRET_OF_OURS" not in seen
    assert "OSCAP_EVALUATION_TARGET=image://registry.example/app:1@sha256:" in seen
    asked = (place.programs / "asked").read_text().split()
    assert asked[:4] == ["xccdf", "eval", "--progress", "--profile"]
    assert not {"--remediate", "--fetch-remote-resources"} & set(asked)
    assert PROFILE in asked


@pytest.mark.parametrize(
    ("stub", "words"),
    [
        ({"ends": "exit 1"}, "could not evaluate: content, profile or place"),
        ({"ends": "exit 100"}, "does not know an option"),
        ({"ends": "exit 77"}, "ended with exit code 77"),
        ({"ends": "kill -9 $$"}, "was ended by signal 9"),
        ({"ends": "sleep 60", "timeout": 0.3}, "did not end within 0.3 seconds"),
        ({"ends": "sleep 60 & sleep 60", "timeout": 0.3}, "did not end within"),
        ({"results": b""}, "cannot be read"),
        ({"results": SOUND[: len(SOUND) * 2 // 3]}, "cannot be read"),
        ({"results": b"<html/>"}, "cannot be read"),
        ({"results": b'<!DOCTYPE a [<!ENTITY b "c">]>' + SOUND[40:]}, "cannot be read"),
        ({"layers": [[{"path": "bin/x", "content": "x"}]]}, "does not say what system"),
        ({"layers": [[]]}, "does not say what system"),
        ({"layers": [[DEBIAN[0]]]}, "no package database"),
        (
            {"layers": [[{"path": "etc/os-release", "content": "ID=rhel\nVERSION_ID=9\n"}, DEBIAN[1]]]},
            "the root is rhel 9, and the content is for debian_linux 11",
        ),
    ],
)
def test_runs_that_leave_nothing(place: Place, stub: dict[str, Any], words: str) -> None:
    """Failed, killed, too slow, half-written, or not what the content is for: an error in words, no evidence at all."""
    started = time.monotonic()
    with pytest.raises(ToolError, match=words):
        place.run(**stub)
    assert not (place.folder / "evidence").exists()
    assert time.monotonic() - started < 20


def test_a_missing_result_is_no_result(place: Place) -> None:
    """A tool that ends well and writes nothing has proven nothing."""
    with pytest.raises(ToolError, match="wrote no results"):
        place.run(results=None)


@pytest.mark.parametrize(
    ("stub", "words"),
    [
        ({"stderr": "E: oscap: dpkginfo_init has failed.\n"}, "look into the package database failed"),
        ({"stderr": "E: oscap: fsdev_init() failed.\n"}, "could not read the file system"),
        ({"stderr": "OpenSCAP Error: something [x.c:1]\n"}, "told an error of its own"),
        ({"results": Run(rules=[RULES[2]]).arf(PRESENT), "ends": "exit 0"}, "was found not applicable"),
        ({"results": Run(rules=RULES, there=()).arf(PRESENT)}, "was not found to be that"),
        ({"results": Run(rules=[]).arf(PRESENT), "ends": "exit 0"}, "no rule was selected"),
        ({"results": Run(rules=RULES, ended="").arf(PRESENT)}, "the run has no end"),
        ({"results": Run(rules=RULES).arf(oval("", "", ""))}, "not a single file or package"),
        ({"stdout": STDOUT + "xccdf_org.ssgproject.content_rule_d:fail\n"}, "printed results of 4 rules"),
    ],
    ids=["dpkg", "file-system", "error", "all-na", "wrong-os", "no-profile", "no-end", "empty", "missing-rule"],
)
def test_runs_that_prove_nothing(place: Place, stub: dict[str, Any], words: str) -> None:
    """They are written with the reason inside, so that not one of their rules passes, fails or does not apply."""
    done = place.run(**stub)
    assert words in done.unsound
    found = place.report(done)
    assert words in found.unsound
    assert {result.outcome for result in found.results} <= {Outcome.NOT_CHECKED}
    assert words in place.record()["unsound"]


def test_harmless_lines_do_not_spoil_a_run(place: Place) -> None:
    """Probes of a running system are never there in an image; what was said is counted in the record."""
    lines = "W: oscap: Requested offline mode is not supported by uname probe.\n" * 3
    assert place.run(stderr=lines).unsound == ""
    assert list(place.record()["said"].values()) == [3]


def test_a_look_for_rpm_packages_matters_where_there_are_any(place: Place) -> None:
    """Content for Debian asks for RPM packages, too; the tool's complaint spoils a run on a root of RPM alone."""
    line = "E: oscap:     RPM: Unable to open /usr/lib/rpm/rpmrc for reading: No such file or directory.\n"
    assert place.run(stderr=line).unsound == ""
    assert list(place.record()["said"]) == ["its look for RPM packages failed, so that they count as absent"]


def test_very_much_on_standard_error(place: Place) -> None:
    """Only the beginning is looked at."""
    assert place.run(stderr="W: something\n" * 500_000).unsound == ""


def test_nothing_is_written_over(place: Place) -> None:
    """A second run into the same folder stops before anything is done."""
    place.run()
    with pytest.raises(UsageError, match="is there already"):
        plan(place.request(place.folder / "image.tar"))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"profile": "nothing"}, "has no such profile; it has xccdf_org.ssgproject.content_profile_standard"),
        ({"profile": "--remediate"}, "is no id of a profile"),
        ({"profile": ""}, "is no id of a profile"),
        ({"content": "/nonexistent"}, "cannot be read"),
        ({"tailoring": "/nonexistent"}, "cannot be read"),
    ],
)
def test_requests_that_are_refused(place: Place, more: dict[str, str], words: str) -> None:
    """Unknown profiles, options in place of one, and files that are not there."""
    image = write_image(place.folder / "image.tar", DEBIAN)
    request = place.request(image)
    with pytest.raises(UsageError, match=words):
        plan(
            ScanRequest(
                what=request.what, folder=request.folder, **{"content": request.content, "profile": "standard", **more}
            )
        )


def test_content_that_runs_programs_needs_to_be_allowed(place: Place) -> None:
    """The script engine runs what the content brings, on this machine."""
    path = content(place.folder, more='<x><check system="http://open-scap.org/page/SCE"/></x>')
    image = write_image(place.folder / "image.tar", DEBIAN)
    with pytest.raises(UsageError, match="holds scripts"):
        plan(place.request(image, content=str(path)))
    (one,) = plan(place.request(image, content=str(path), allow_scripts=True))
    assert one.content.scripts


def test_a_tailoring_file_adds_its_profiles(place: Place) -> None:
    """Its profile is named like one of the content."""
    tailoring = place.folder / "tailoring.xml"
    tailoring.write_text(
        '<Tailoring xmlns="http://checklists.nist.gov/xccdf/1.2" id="t">'
        '<Profile id="xccdf_ours_profile_less"/></Tailoring>'
    )
    image = write_image(place.folder / "image.tar", DEBIAN)
    (one,) = plan(place.request(image, tailoring=str(tailoring), profile="less"))
    assert one.content.profile == "xccdf_ours_profile_less"
    assert one.content.tailoring_sha256 == hashlib.sha256(tailoring.read_bytes()).hexdigest()


def test_content_without_a_benchmark_is_refused(place: Place) -> None:
    """A page of text, or XML of something else."""
    for text, words in (("<html/>", "no XCCDF benchmark"), ("text", "no XCCDF benchmark"), ("<!DOCTYPE a>", "DOCTYPE")):
        path = place.folder / "other.xml"
        path.write_text(text)
        with pytest.raises(UsageError, match=words):
            plan(place.request(write_image(place.folder / "image.tar", DEBIAN), content=str(path)))


def test_what_is_no_image(place: Place) -> None:
    """A reference is to be collected first; a file of something else says what is wrong with it."""
    with pytest.raises(UsageError, match=r"compliance collect image registry\.example/app:1"):
        plan(place.request(Path("registry.example/app:1")))
    other = place.folder / "a.txt"
    other.write_text("x")
    with pytest.raises(UsageError, match="holds no image"):
        plan(place.request(other))


def test_a_damaged_image_is_not_evaluated(place: Place) -> None:
    """The tool is not even started, and nothing is left."""
    image = write_image(place.folder / "image.tar", DEBIAN, broken={"wrong_diff_id": 1})
    stubs(place.programs)
    scans = plan(place.request(image))
    (done,) = scan_all(scans, oscap.Tool(version="1.4.2", isolation=(), as_root=True))
    assert isinstance(done, EvidenceError)
    assert "not the one that the image states" in done.message
    assert not (place.folder / "evidence").exists()
    assert not (place.programs / "asked").exists()


def test_the_collected_folder_is_evidence(place: Place) -> None:
    """Results and record stand where `assess` finds them."""
    place.run()
    assert len(find((str(place.folder / "evidence"),))) == 2


def test_an_absent_tool_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without oscap nothing is tried."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="cannot be started"):
        oscap.probe()


def test_gzipped_results(place: Place) -> None:
    """The record names the file as it was written, and it is read as any other."""
    stubs(place.programs, results=SOUND, stdout=STDOUT, ends="exit 2")
    os.environ["PATH"], before = f"{place.programs}{os.pathsep}/usr/bin:/bin", os.environ["PATH"]
    try:
        done = scanned(plan(place.request(write_image(place.folder / "image.tar", DEBIAN), packed=True)))
    finally:
        os.environ["PATH"] = before
    data = done.results.read_bytes()
    assert done.results.name.endswith(".xml.gz")
    assert data.startswith(b"\x1f\x8b")
    (file,) = place.record()["files"]
    assert file == {
        "path": f"openscap/{done.results.name}",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
    }
    assert len(report(data).results) == 3


def test_rpm_roots_need_the_look_for_rpm_packages(place: Place) -> None:
    """There it makes every package count as absent."""
    line = "E: oscap:     RPM: Unable to open /usr/lib/rpm/rpmrc for reading: No such file or directory.\n"
    layer = [DEBIAN[0], {"path": "var/lib/rpm/rpmdb.sqlite", "content": "x"}]
    assert "look for RPM packages failed" in place.run(stderr=line, layers=[layer]).unsound
