"""Evaluates images with OpenSCAP: an image and SCAP content in; its results and the record of the run out.

Every doubt about a run is written into the results themselves, so that whoever reads them reads it too.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from compliance.errors import ComplianceError, EvidenceError, OutputError, ToolError, UsageError
from compliance.evidence.credentials import suspicion
from compliance.evidence.image.contents import FoundImage
from compliance.evidence.image.surveying import survey
from compliance.evidence.json_documents import decode_json
from compliance.evidence.rules import xccdf_quick
from compliance.evidence.rules.xccdf_quick import Head, head_of
from compliance.evidence.rules.xccdf_target import CONFIG_DIGEST, CONTENT, OWNERS, READ_ONLY, UNSOUND
from compliance.pipeline.collected import FORMAT, RECORDS, CollectedFile, CollectionRecord, RunCommand, RunTool
from compliance.pipeline.files import find
from compliance.pipeline.packet import PARTIAL
from compliance.pipeline.rewriting import rewritten
from compliance.pipeline.root_gate import gate
from compliance.pipeline.sources import image_sources
from compliance.pipeline.unpacking import Unpacked, unpack
from compliance.tools import oscap
from compliance.tools.oscap import Evaluated, Evaluation, Tool

#: Where results stand in the evidence folder.
RESULTS = "openscap"
#: Largest content and tailoring file, in bytes; that for RHEL 9 has 26 MB.
_MAX_CONTENT = 128 << 20
_PROFILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,255}")
#: What stands in the record for places of this machine.
_ROOT, _WORK = "ROOT", "WORK"
#: What is made in the folder of the run.
_RESULTS, _RECORD = "results.xml", "record.json"
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """What was asked for: a layout folder or an archive of images, content, a profile of it; `timeout` in seconds.

    `packed` asks for gzipped results, a fifteenth of the size.
    """

    what: str
    content: str
    profile: str
    folder: Path
    tailoring: str = ""
    allow_scripts: bool = False
    packed: bool = False
    timeout: float = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """SCAP content that may be used: its hash, the systems it is for, the package databases that it asks.

    `profile` is its id in full.
    """

    path: Path
    sha256: str
    tailoring: Path | None
    tailoring_sha256: str
    profile: str
    platforms: tuple[str, ...]
    scripts: bool
    packages: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One image to evaluate. `target` is what results call it: name and digest, never a machine."""

    found: FoundImage
    name: str
    target: str
    request: ScanRequest
    content: Content

    @property
    def results(self) -> Path:
        """Where its results come to stand."""
        return self.request.folder / RESULTS / f"{self.name}.xml{'.gz' if self.request.packed else ''}"

    @property
    def record(self) -> Path:
        """Where the record of the run comes to stand."""
        return self.request.folder / RECORDS / f"{RESULTS}-{self.name}.json"

    def evaluation(self, root: Path, work: Path) -> Evaluation:
        """What is asked of the tool."""
        return Evaluation(
            root=root,
            work=work,
            content=self.content.path,
            profile=self.content.profile,
            tailoring=self.content.tailoring,
            target=f"image://{self.target}",
            name=f"image-{self.found.config.removeprefix('sha256:')[:12]}",
            environment="\n".join(_environment(self.found)),
            timeout=self.request.timeout,
        )


class ScanRecord(CollectionRecord, frozen=True, kw_only=True):
    """`compliance-collection/1` of an evaluation: with what it was made, and whether it counts.

    `unsound` says why it does not; empty text where it does. `results_sha256` is that of the sorted lines
    `rule result`: the same for the same root, unlike the file. `environment` are names alone.
    """

    content: str
    content_sha256: str
    profile: str
    tailoring_sha256: str
    image: str
    root: dict[str, str]
    environment: list[str]
    exit_code: int
    unsound: str
    said: dict[str, int]
    results_sha256: str
    written_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """An evaluation that was written. `counts` are results by word, `unsound` says why nothing of them counts."""

    results: Path
    counts: Mapping[str, int]
    unsound: str


def plan(request: ScanRequest) -> tuple[Scan, ...]:
    """What would be evaluated, one for each image; nothing is run.

    Raises:
        UsageError: image, content or profile cannot be used, or what would be written is there already.
    """
    images = tuple(_images(request.what))
    content = content_of(request)
    scans = tuple(_scan(found, number, len(images), request, content) for number, found in enumerate(images, 1))
    for scan in scans:
        for place in (scan.results, scan.record):
            if place.exists() or place.is_symlink():
                raise UsageError(f"{place} is there already; remove it or name another folder with -o")
    return scans


def _images(what: str) -> Iterator[FoundImage]:
    path = Path(what)
    if what.startswith("-") or not path.exists():
        raise UsageError(
            f"{what} is no OCI layout folder and no archive; get the image first: compliance collect image {what}"
        )
    sources, _ = image_sources(find((what,)))
    seen: set[str] = set()
    troubles: list[str] = []
    for source in sources:
        found = survey(source)
        troubles += [str(error) for error in found.errors] + ([found.no_image] if found.no_image else [])
        for image in found.images:
            if image.config not in seen:
                seen.add(image.config)
                yield image
    if not seen:
        raise UsageError(f"{what} holds no image: {'; '.join(troubles) or 'it is neither a layout nor an archive'}")


def content_of(request: ScanRequest) -> Content:
    """The content, held against the profile that is asked for.

    Raises:
        UsageError: a file cannot be read, is no SCAP content or has no such profile, or runs scripts.
    """
    path, data, head = _document(request.content, "--content")
    if not head.benchmarks:
        raise UsageError(f"{path} holds no XCCDF benchmark; name a SCAP source data stream (ssg-debian12-ds.xml)")
    if head.scripts and not request.allow_scripts:
        raise UsageError(f"{path} holds scripts that would run on this machine; --allow-scripts permits them")
    profiles = list(head.profiles)
    tailoring, tailored_sha256 = None, ""
    if request.tailoring:
        tailoring, tailored, tailored_head = _document(request.tailoring, "--tailoring")
        tailored_sha256 = hashlib.sha256(tailored).hexdigest()
        profiles += tailored_head.profiles
    return Content(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        tailoring=tailoring,
        tailoring_sha256=tailored_sha256,
        profile=_profile(request.profile, profiles, path),
        platforms=head.platforms,
        scripts=head.scripts,
        packages=head.packages,
    )


def _document(name: str, option: str) -> tuple[Path, bytes, Head]:
    try:
        path = Path(name).resolve(strict=True)
        size = path.stat().st_size
        if not path.is_file() or size > _MAX_CONTENT:
            raise UsageError(f"{option} {name} is no file of at most {_MAX_CONTENT:,} bytes")
        data = path.read_bytes()
        return path, data, head_of(data)
    except OSError as error:
        raise UsageError(f"{option} {name} cannot be read: {error.strerror}") from error
    except EvidenceError as error:
        raise UsageError(f"{option} {name}: {error.message}") from error


def _profile(asked: str, known: list[str], path: Path) -> str:
    """The full id of a profile; a suffix will do when only one profile has it."""
    if not _PROFILE.fullmatch(asked):
        raise UsageError(f"--profile {asked!r} is no id of a profile")
    found = sorted({one for one in known if one == asked or one.endswith(f"_{asked}")})
    exact = [one for one in found if one == asked]
    if len(exact or found) != 1:
        listed = ", ".join(sorted(set(known))[:20]) or "none"
        words = "more than one profile ends so" if found else "has no such profile"
        raise UsageError(f"{path.name}: --profile {asked}: {words}; it has {listed}")
    return (exact or found)[0]


def _scan(found: FoundImage, number: int, of: int, request: ScanRequest, content: Content) -> Scan:
    named = found.names[0] if found.names else Path(request.what).resolve().name.split(".")[0]
    digest = found.manifest or found.config
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", named).strip("._-")[:_LONGEST_NAME] or "image"
    profile = content.profile.rpartition("_profile_")[2]
    return Scan(
        found=found,
        name=f"{plain}{f'-{number}' if of > 1 else ''}--{profile[:_LONGEST_NAME]}",
        target=f"{named.partition('@')[0]}@{digest}",
        request=request,
        content=content,
    )


def _environment(found: FoundImage) -> list[str]:
    """`NAME=VALUE` as the image states them, without what looks like a credential: results may repeat them."""
    document = decode_json(found.config_bytes.decode("utf-8", "replace"), 1)
    config = document.get("config") if isinstance(document, dict) else None
    entries = config.get("Env") if isinstance(config, dict) else None
    listed = entries if isinstance(entries, list) else []
    pairs = [one.partition("=") for one in listed if isinstance(one, str) and "\n" not in one and "\0" not in one]
    return [f"{name}={value}" for name, equals, value in pairs if equals and suspicion(name, value) is None]


def scan_all(scans: Sequence[Scan], tool: Tool, jobs: int = 1) -> list[Scanned | ComplianceError]:
    """Evaluate images, `jobs` at a time, and write results and record of each; what came of them, in order.

    One that fails keeps no other from it. Nothing half-written is left, and no empty folder.

    Raises:
        OutputError: the folder cannot be made.
    """
    folders = sorted({folder for one in scans for folder in (one.results.parent, one.record.parent)})
    made = [folder for folder in (*folders, *{one.request.folder for one in scans}) if not folder.exists()]
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(partial(_tried, tool=tool), scans))
    except OSError as error:
        raise OutputError(f"{error.filename}: cannot be made: {error.strerror}") from error
    finally:
        for folder in made:
            with contextlib.suppress(OSError):  # not empty: something was written
                folder.rmdir()


def _tried(one: Scan, tool: Tool) -> Scanned | ComplianceError:
    try:
        return scan(one, tool)
    except ComplianceError as error:
        return error


def scan(one: Scan, tool: Tool) -> Scanned:
    """Evaluate one image and write results and record, into folders that are there.

    Raises:
        EvidenceError: the image cannot be unpacked whole.
        ToolError: it left no results, or the root is not what the content is for.
        OutputError: the folder cannot be written.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{one.name[:60]}{PARTIAL}", dir=one.request.folder))
        try:
            return _run(one, tool, folder)
        finally:
            _remove(folder)
    except OSError as error:
        raise OutputError(f"{one.request.folder}: cannot be written: {error.strerror}") from error


def _run(one: Scan, tool: Tool, folder: Path) -> Scanned:
    private = folder.resolve()
    work = private / "work"
    work.mkdir(mode=0o700)
    unpacked = unpack(one.found, private)
    done = results_of(one, tool, one.evaluation(unpacked.root, work), unpacked)
    (work / _RESULTS).rename(one.results)
    (work / _RECORD).rename(one.record)
    return done


def results_of(one: Scan, tool: Tool, asked: Evaluation, unpacked: Unpacked) -> Scanned:
    """Evaluate an unpacked image; results and record then stand in the folder of the run.

    Raises:
        ToolError: it left no results, or the root is not what the content is for.
    """
    kind = gate(unpacked.root, one.content.platforms, one.content.packages)
    ran = oscap.evaluate(tool, asked)
    data = asked.results.read_bytes()
    unsound = _unsound(ran, data, one.content.platforms, kind["packages"])
    facts = {
        CONFIG_DIGEST: one.found.config,
        CONTENT: one.content.sha256,
        READ_ONLY: "true",
        OWNERS: "lost" if unpacked.foreign else "kept",
        **({UNSOUND: unsound} if unsound else {}),
    }
    size, sha256 = rewritten(data, asked.work / _RESULTS, one.target, facts, packed=one.request.packed)
    written = CollectedFile(path=f"{RESULTS}/{one.results.name}", sha256=sha256, size=size)
    left = hashlib.sha256(data).hexdigest()
    record = _record(one, tool, asked, ran, unpacked, kind, unsound, written, left)
    (asked.work / _RECORD).write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    return Scanned(results=one.results, counts=_counts(ran), unsound=unsound)


def _unsound(ran: Evaluated, data: bytes, platforms: tuple[str, ...], packages: str) -> str:
    """Why nothing of a run counts, in words; empty text where all that can be held against it holds."""
    against = oscap.WORTHLESS | ({oscap.Said.RPM} if packages == "rpm" else frozenset())
    worthless = [f"{said.value} ({line})" for said, line in ran.told.items() if said in against]
    if worthless:
        return f"OpenSCAP said on its way that {'; and that '.join(worthless)}"
    try:
        report = xccdf_quick.results_of(data, platforms)
    except EvidenceError as error:
        words = f"wrote results that cannot be read: {error.message}"
        raise ToolError((oscap.PROGRAM,), ran.exit_code, ran.lines, words) from error
    if report.unsound:
        return report.unsound
    seen = {result.rule for result in report.results}
    if ran.rules and len(ran.rules) != len(seen):
        return f"it printed results of {len(ran.rules):,} rules on its way, and wrote those of {len(seen):,}"
    return ""


def _counts(ran: Evaluated) -> dict[str, int]:
    found: dict[str, int] = {}
    for result in ran.rules.values():
        found[result] = found.get(result, 0) + 1
    return dict(sorted(found.items()))


def _record(
    one: Scan,
    tool: Tool,
    asked: Evaluation,
    ran: Evaluated,
    unpacked: Unpacked,
    kind: Mapping[str, str],
    unsound: str,
    written: CollectedFile,
    left: str,
) -> ScanRecord:
    lines = sorted(f"{rule} {result}\n" for rule, result in ran.rules.items())
    return ScanRecord(
        format=FORMAT,
        what="stig",
        reference=one.target,
        tool=RunTool(name=oscap.PROGRAM, version=tool.version),
        commands=[
            RunCommand(
                arguments=_plain(oscap.whole_command(tool, asked), one, asked),
                started=ran.started,
                ended=ran.ended,
                exit_code=ran.exit_code,
            )
        ],
        files=[written],
        content=one.content.path.name,
        content_sha256=one.content.sha256,
        profile=one.content.profile,
        tailoring_sha256=one.content.tailoring_sha256,
        image=one.found.config,
        root={
            **kind,
            "files": str(unpacked.names),
            "owners": f"lost for {unpacked.foreign:,}" if unpacked.foreign else "kept",
            "left out": f"{unpacked.left_out:,} devices and pipes; file capabilities",
        },
        environment=sorted(entry.partition("=")[0] for entry in _environment(one.found)),
        exit_code=ran.exit_code,
        unsound=unsound,
        said={said.value: count for said, count in sorted(ran.said.items(), key=lambda pair: pair[0].value)},
        results_sha256=hashlib.sha256("".join(lines).encode()).hexdigest(),
        written_sha256=left,
    )


def _plain(words: tuple[str, ...], one: Scan, asked: Evaluation) -> list[str]:
    """The argument list without places of this machine."""
    places = {str(asked.root): _ROOT, str(asked.work): _WORK, str(asked.results): f"{_WORK}/arf.xml"}
    places[str(one.content.path)] = one.content.path.name
    if one.content.tailoring is not None:
        places[str(one.content.tailoring)] = one.content.tailoring.name
    return [places.get(word, word) for word in words]


def shown(one: Scan, tool: Tool) -> tuple[str, ...]:
    """The argument list for a person to read; ROOT is the unpacked image, WORK an empty folder."""
    return oscap.whole_command(tool, one.evaluation(Path(_ROOT), Path(_WORK)))


def _remove(folder: Path) -> None:
    """Remove a private folder whatever modes its folders have; nothing in it is followed."""
    for place, inner, _ in os.walk(folder):
        for path in (Path(place, name) for name in inner):
            if not path.is_symlink():
                path.chmod(0o700)  # before it is walked
    shutil.rmtree(folder, ignore_errors=True)
