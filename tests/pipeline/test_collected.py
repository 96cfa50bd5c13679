"""Records of collection, held against the files that were read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from compliance.pipeline.collected import Collected, collected_of
from compliance.pipeline.files import find
from compliance.pipeline.units import FileNotes

TEXT = "2026-08-20T10:00:00Z by skopeo 1.9.3"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def record(**files: str) -> bytes:
    return json.dumps(
        {
            "format": "compliance-collection/1",
            "what": "image",
            "reference": "registry.example/app:1",
            "tool": {"name": "skopeo", "version": "1.9.3"},
            "commands": [
                {
                    "arguments": ["skopeo", "copy"],
                    "started": "2026-08-20T10:00:00Z",
                    "ended": "2026-08-20T10:00:09Z",
                    "exit_code": 0,
                }
            ],
            "files": [{"path": f"images/app/{name}", "sha256": digest, "size": 1} for name, digest in files.items()],
        }
    ).encode()


def collected(folder: Path, contents: dict[str, bytes]) -> Collected:
    """What the records say when these files were handed in and read."""
    for name, data in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    files = find((str(folder),))
    notes = {
        file.path: FileNotes(path=file.path, sha256=sha256(Path(file.real).read_bytes()), size=file.size)
        for file in files
    }
    return collected_of(files, notes)


def test_a_file_that_is_still_the_same_is_told_when_and_by_what_it_was_collected(tmp_path: Path) -> None:
    """And the record itself is known for what it is."""
    found = collected(
        tmp_path,
        {"ev/images/app/index.json": b"index", "ev/collected/app.json": record(**{"index.json": sha256(b"index")})},
    )
    assert found.texts == {"ev/images/app/index.json": TEXT}
    assert found.records == {"ev/collected/app.json"}
    assert not found.problems


def test_a_file_that_was_changed_since_is_a_problem_of_that_file(tmp_path: Path) -> None:
    """Both hashes stand in the sentence, and nothing is said of when it was collected."""
    found = collected(
        tmp_path,
        {"images/app/index.json": b"changed", "collected/app.json": record(**{"index.json": sha256(b"index")})},
    )
    assert not found.texts
    words = found.problems["images/app/index.json"]
    assert "is not the file that was collected: collected/app.json names" in words
    assert sha256(b"index") in words
    assert sha256(b"changed") in words


def test_a_file_that_is_not_handed_in_is_a_problem_of_the_record(tmp_path: Path) -> None:
    """Somebody may have taken it out."""
    names = {f"b{number}": sha256(b"%d" % number) for number in range(5)}
    found = collected(tmp_path, {"collected/app.json": record(**names)})
    words = "names files that were not handed in: images/app/b0, images/app/b1, images/app/b2 and 2 more"
    assert found.problems == {"collected/app.json": words}


def test_a_folder_may_have_been_moved(tmp_path: Path) -> None:
    """The folder of the image keeps its name; another image's file with the same bytes is not meant."""
    found = collected(
        tmp_path,
        {
            "all/app/oci-layout": b"layout",
            "all/other/oci-layout": b"layout",
            "records/app.json": record(**{"oci-layout": sha256(b"layout")}),
        },
    )
    assert found.texts == {"all/app/oci-layout": TEXT}
    assert not found.problems


def test_a_broken_record_is_named_and_believed_in_nothing(tmp_path: Path) -> None:
    """Texts that are no time or no version never reach the packet."""
    whole = record(**{"index.json": sha256(b"index")})
    for number, data in enumerate(
        (
            whole[:-20],
            whole.replace(b"2026-08-20T10:00:00Z", b"last night <b>"),
            whole.replace(b"1.9.3", b"1.9.3 \\u001b[31m"),
            whole.replace(b'"commands": [', b'"commands": [], "x": ['),
            whole.replace(b'"files": [', b'"files": [17, '),
        )
    ):
        found = collected(tmp_path / str(number), {"images/app/index.json": b"index", "collected/app.json": data})
        assert not found.texts
        assert found.problems["collected/app.json"].startswith("is called a record of collection and is none: ")


def test_a_file_that_only_mentions_records_is_none(tmp_path: Path) -> None:
    """What a reader knows is what that reader says, and other text stays what it was."""
    assert collected(tmp_path, {"notes.md": b'we use "compliance-collection/1"', "a.json": b"{}"}) == Collected()
