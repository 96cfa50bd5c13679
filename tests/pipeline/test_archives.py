"""A plain tar is a folder of evidence: the same verdicts, the same places; nothing in it is hidden or followed out."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import zstandard

import compliance.pipeline.archives as archives_module
from compliance.pipeline.archives import Unfolded, unfold
from compliance.pipeline.files import find
from compliance.pipeline.packet import MANIFEST_FORMAT
from compliance.pipeline.running import Result
from compliance.pipeline.units import CHANGED, WHOLE
from tests.images import making
from tests.pipeline.test_running import BAD, GOOD, assess, observations, of
from tests.pipeline.test_running import own_cache as own_cache

#: More than one unit of work takes whole.
LARGE = "".join(f"---\n{GOOD.replace('good', f'pod-{number}')}{'# words ' * 3_000}\n" for number in range(50))
FILES = {
    "host/a.yaml": GOOD,
    "host/b.yaml": BAD,
    "many.yaml": LARGE,
    "notes.txt": "hello",
    "empty.yaml": "",
    "packet/manifest.json": f'{{"format":"{MANIFEST_FORMAT}"}}',
    ".git/config": GOOD,
}


def put(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def tar_of(files: Mapping[str, str], *more: tarfile.TarInfo) -> bytes:
    """A tar of GNU form, with members of one's own (of no data) behind."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
        for one in more:
            archive.addfile(one)
    return out.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def unfolded(folder: Path, data: bytes, name: str = "e.tar") -> Unfolded:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return unfold(find((str(folder),)))


def states(result: Result) -> dict[str, str]:
    return {file.path: file.state.value for file in result.assessment.evidence}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_tar_gives_what_its_folder_gives(tmp_path: Path, jobs: int) -> None:
    """Observations, places with their lines, sources of images and every file are the same, but for the paths."""
    folder = put(tmp_path / "folder", FILES)
    (tmp_path / "tar").mkdir()
    (tmp_path / "tar/e.tar").write_bytes(tar_of(FILES))
    whole = assess(folder, "packet-of-folder", jobs=jobs)
    packed = assess(tmp_path / "tar", "packet-of-tar", jobs=jobs)
    first = (whole.packet / "observations.jsonl").read_bytes()
    second = (packed.packet / "observations.jsonl").read_bytes()
    assert of(packed, "pod-privileged")["shop/Pod/bad"]["at"][0]["line"] == 8
    assert second.replace(b'"e.tar/', b'"') == first
    by_path = {file.path: file for file in packed.assessment.evidence}
    archive = by_path.pop("e.tar")
    assert {path: (file.sha256, file.size, file.state, file.kind) for path, file in by_path.items()} == {
        f"e.tar/{file.path}": (file.sha256, file.size, file.state, file.kind) for file in whole.assessment.evidence
    }
    assert (archive.kind, archive.state.value, archive.documents) == ("evidence-archive", "read", 5)
    assert archive.sha256 == hashlib.sha256((tmp_path / "tar/e.tar").read_bytes()).hexdigest()
    assert packed.complete


def test_lines_are_shown_of_members(tmp_path: Path) -> None:
    """A snippet is cut out of the archive at the right place."""
    (tmp_path / "tar").mkdir()
    (tmp_path / "tar/e.tar").write_bytes(tar_of({"first.yaml": GOOD, "b.yaml": BAD}))
    result = assess(tmp_path / "tar")
    place = next(at for one in result.assessment.checks if one.check.id == "pod-privileged" for at in one.worst[0].at)
    snippet = result.assessment.snippets.around(place)
    assert snippet is not None
    assert any("privileged: true" in line for line in snippet.lines)


def test_a_member_is_kept_by_its_own_bytes(tmp_path: Path) -> None:
    """The cache knows a member by its hash: the same archive again gives the same packet, another one does not."""
    evidence = tmp_path / "tar"
    evidence.mkdir()
    (evidence / "e.tar").write_bytes(tar_of({"a.yaml": GOOD}))
    first = observations(assess(evidence, "one", cache=True))
    assert observations(assess(evidence, "two", cache=True)) == first
    (evidence / "e.tar").write_bytes(tar_of({"a.yaml": GOOD.replace("privileged: false", "privileged: true")}))
    assert of(assess(evidence, "three", cache=True), "pod-privileged")["shop/Pod/good"]["outcome"] == "fail"


def test_names_lead_nowhere_and_links_only_inside(tmp_path: Path) -> None:
    """A name is a path that is shown; a link gives the bytes of a member or is refused; devices are refused."""
    data = tar_of(
        {"../../etc/a.yaml": GOOD, "/abs.yaml": GOOD, "./d//b.yaml": BAD},
        link("d/inside.yaml", "b.yaml"),
        link("again.yaml", "d/inside.yaml"),
        link("hard.yaml", "d/b.yaml", tarfile.LNKTYPE),
        link("out.yaml", "/etc/passwd"),
        link("up.yaml", "../../etc/passwd"),
        link("loop.yaml", "loop.yaml"),
        link("zero", "", tarfile.CHRTYPE),
        link("pipe", "", tarfile.FIFOTYPE),
    )
    found = {file.path.removeprefix("e.tar/"): file for file in unfolded(tmp_path / "ev", data).files}
    read = {path for path, file in found.items() if not file.refused}
    assert read == {
        "../../etc/a.yaml", "abs.yaml", "d/b.yaml", "d/inside.yaml", "again.yaml", "hard.yaml",
    }  # fmt: skip
    assert found["again.yaml"].offset == found["hard.yaml"].offset == found["d/b.yaml"].offset
    assert "leads to no file of the archive" in found["out.yaml"].refused
    assert "leads to no file of the archive" in found["up.yaml"].refused
    assert found["loop.yaml"].refused
    assert "device" in found["zero"].refused
    assert found["pipe"].refused


def test_links_do_not_make_endless_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand links to one large member are not a thousand members to read."""
    monkeypatch.setattr(archives_module, "MAX_LINKED", 10_000)
    links = [link(f"l{number}", "big.txt", tarfile.LNKTYPE) for number in range(20)]
    found = unfolded(tmp_path / "ev", tar_of({"big.txt": "x" * 3_000}, *links)).files
    assert len([file for file in found if not file.refused]) == 4
    assert sum("more than 10,000 bytes" in file.refused for file in found) == 17


def test_members_of_one_name_are_all_read_and_told(tmp_path: Path) -> None:
    """Tools keep the last of a name: neither hides the other here."""
    data = tar_of({"a.yaml": GOOD})[:1024] + tar_of({"a.yaml": GOOD.replace("false", "true"), "a.yaml\\2": GOOD})
    evidence = tmp_path / "ev"
    evidence.mkdir()
    (evidence / "e.tar").write_bytes(data)
    result = assess(evidence)
    assert states(result) == {
        "e.tar": "read", "e.tar/a.yaml": "read", "e.tar/a.yaml\\2": "read", "e.tar/a.yaml\\\\2": "read",
    }  # fmt: skip
    assert of(result, "pod-privileged")["shop/Pod/good"]["outcome"] == "fail"
    (archive,) = [file for file in result.assessment.evidence if file.path == "e.tar"]
    assert "more than once: a.yaml" in archive.problems[0]


def test_an_archive_that_is_damaged_is_refused_as_a_whole(tmp_path: Path) -> None:
    """Nothing of it is judged, and no control passes on what it may have held."""
    evidence = put(tmp_path / "ev", {"other.yaml": GOOD})
    (evidence / "cut.tar").write_bytes(tar_of({"a.yaml": GOOD, "b.yaml": LARGE})[:4096])
    (evidence / "odd.tar").write_bytes(tar_of({"a.yaml": GOOD, "b.yaml": LARGE})[:4000])
    wrong = bytearray(tar_of({"a.yaml": GOOD, "b.yaml": BAD}))
    wrong[1024 + 3] ^= 1
    (evidence / "sum.tar").write_bytes(wrong)
    result = assess(evidence)
    assert states(result) == {
        "cut.tar": "unreadable", "odd.tar": "unreadable", "other.yaml": "read", "sum.tar": "unreadable",
    }  # fmt: skip
    reasons = {file.path: file.reason for file in result.assessment.evidence}
    assert "cut short" in reasons["cut.tar"]
    assert "cut short" in reasons["odd.tar"]
    assert "checksum" in reasons["sum.tar"]
    assert of(result, "pod-privileged")["evidence-unreadable"]["outcome"] == "not-checked"
    assert not result.complete


@pytest.mark.parametrize("packed", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_compressed_archive_is_refused_with_what_to_do(tmp_path: Path, packed: object) -> None:
    """It may hold anything, so it never stands by as a file nobody knows."""
    assert callable(packed)
    evidence = put(tmp_path / "ev", {"other.yaml": GOOD})
    (evidence / "e.tgz").write_bytes(packed(tar_of({"a.yaml": BAD})))
    result = assess(evidence)
    assert states(result)["e.tgz"] == "unreadable"
    (file,) = [file for file in result.assessment.evidence if file.path == "e.tgz"]
    assert "gunzip" in file.reason
    assert of(result, "pod-privileged")["evidence-unreadable"]["outcome"] == "not-checked"


def test_an_archive_in_an_archive_is_listed(tmp_path: Path) -> None:
    """It is not looked into, and is told."""
    evidence = tmp_path / "ev"
    evidence.mkdir()
    inner = tar_of({"a.yaml": GOOD}).decode("latin-1")
    (evidence / "e.tar").write_bytes(making.archive({"in.tar": inner.encode("latin-1"), "b.yaml": GOOD.encode()}))
    result = assess(evidence)
    assert states(result)["e.tar/in.tar"] == "unrecognised"
    (file,) = [file for file in result.assessment.evidence if file.path == "e.tar/in.tar"]
    assert "archive in an archive" in file.reason


@pytest.mark.parametrize(
    ("cap", "value", "words"),
    [("MAX_MEMBERS", 2, "more than 2 members"), ("MAX_NAMES", 9, "names have more"), ("MAX_NAME", 4, "more than 4 b")],
)
def test_caps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cap: str, value: int, words: str) -> None:
    """An archive beyond a cap is refused, with the cap."""
    monkeypatch.setattr(archives_module, cap, value)
    (note,) = unfolded(tmp_path / "ev", tar_of({"a.yaml": "1", "bb.yaml": "2", "c.yaml": "3"})).notes
    assert words in note.refused


def test_an_image_is_still_an_image(tmp_path: Path) -> None:
    """Layouts in an archive of layouts are images as before; beside other files they are read as in a folder."""
    description = {"names": ["registry.example/a:1"], "layers": [[{"path": "a", "content": "x"}]]}
    data = making.oci_tar(description)
    assert unfolded(tmp_path / "one", data).archives == ()
    layout = {f"app/{name}": content for name, content in _members(data).items()}
    assert unfolded(tmp_path / "two", making.archive(layout)).archives == ()
    evidence = tmp_path / "three"
    evidence.mkdir()
    (evidence / "e.tar").write_bytes(making.archive({**layout, "pods/pod.yaml": GOOD.encode()}))
    result = assess(evidence)
    assert [report.image.subject.name for report in result.assessment.images] == ["registry.example/a:1"]
    assert of(result, "pod-privileged")["shop/Pod/good"]["outcome"] == "pass"
    assert set(states(result).values()) == {"read"}


def test_layers_of_a_layout_are_no_archives_of_evidence(tmp_path: Path) -> None:
    """A plain layer stands in a folder of blobs, and what is in it is no file of the evidence."""
    description = {"layers": [[{"path": "pod.yaml", "content": BAD}]]}
    for name, data in _members(making.oci_tar(description)).items():
        (tmp_path / "ev" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ev" / name).write_bytes(data)
    assert unfold(find((str(tmp_path / "ev"),))).archives == ()


def _members(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        return {name: stream.read() for name, stream in found.items() if stream is not None}


def test_an_archive_that_is_written_to_is_not_judged(tmp_path: Path) -> None:
    """Members are read only from the archive that was walked."""
    found = unfolded(tmp_path / "ev", tar_of({"a.yaml": GOOD}))
    assert found.changed() == ()
    os.utime(tmp_path / "ev/e.tar", ns=(1, 1))
    assert [note.refused for note in found.changed()] == [CHANGED]


def test_a_large_member_is_cut_and_hashed_alone(tmp_path: Path) -> None:
    """Slices of it stand at their place in the archive, and its hash is that of the file."""
    evidence = tmp_path / "ev"
    evidence.mkdir()
    text = LARGE + "---\n" + BAD
    assert len(text) > WHOLE
    (evidence / "e.tar").write_bytes(tar_of({"pad.yaml": GOOD, "many.yaml": text, "z.yaml": GOOD}))
    result = assess(evidence)
    (place,) = of(result, "pod-privileged")["shop/Pod/bad"]["at"]
    assert place["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert text.splitlines()[place["line"] - 1].strip() == "securityContext: {privileged: true}"


def test_a_path_that_is_there_already_is_told_apart(tmp_path: Path) -> None:
    """A folder may be called as an archive is: no file takes the place of another."""
    put(tmp_path / "one/e.tar", {"a.yaml": GOOD})
    (tmp_path / "two").mkdir()
    (tmp_path / "two/e.tar").write_bytes(tar_of({"a.yaml": BAD}))
    result = assess(tmp_path / "one", paths=(str(tmp_path / "one"), str(tmp_path / "two")))
    assert states(result) == {"e.tar": "read", "e.tar/a.yaml": "read", "e.tar/a.yaml\\2": "read"}
    index = json.loads((result.packet / "evidence/index.json").read_bytes())
    assert [file["path"] for file in index["files"]] == ["e.tar", "e.tar/a.yaml", "e.tar/a.yaml\\2"]
