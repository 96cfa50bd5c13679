"""Images of all sources in, records and observations out: each source surveyed, each layer read once, images built."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.image.attached import attached_documents
from compliance.evidence.image.building import build
from compliance.evidence.image.contents import FoundImage, FoundLayer, LayerContents, Packed, Piece, Source, Survey
from compliance.evidence.image.layer import read_layer
from compliance.evidence.image.surveying import NO_IMAGE, survey
from compliance.evidence.records import encode
from compliance.model.configuration import TrustPolicy
from compliance.model.evidence import Origin
from compliance.model.reader import Record
from compliance.model.signed import SignedDocument
from compliance.pipeline.caching import Cache
from compliance.pipeline.files import Stamp
from compliance.pipeline.judging import CALLED, Judge, subject_of
from compliance.pipeline.observing import RunWriter
from compliance.pipeline.proofs import carried_records, records_of
from compliance.pipeline.reading import Shop, UnitResult
from compliance.pipeline.registered import IMAGE, checks
from compliance.pipeline.units import CHANGED, FileNotes

#: Bytes of all that is kept of the layers of one image, each time that one stands there: a Debian root of 11,000
#: files has 240 kB. They take some ten times that in memory.
MAX_CONTENTS = 24 << 20

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(LayerContents).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """What a source holds; `changed` are the paths of files that somebody wrote to meanwhile."""

    source: Source
    survey: Survey
    stamps: Mapping[str, Stamp | None]
    changed: frozenset[str]
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerTask:
    """A layer blob to read: one of the places where bytes of this sha256 stand, and the state its file had then."""

    sha256: str
    piece: Piece
    stamp: Stamp | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTask:
    """An image to build from its layers. `path` is its source; `sha256_of` is of the files it stands in."""

    number: int
    path: str
    found: FoundImage
    sha256_of: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageResult:
    """What came of an image: a unit of one record, or of none and why."""

    path: str
    unit: UnitResult
    trouble: EvidenceError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedTask:
    """A source whose images something hangs on."""

    number: int
    surveyed: Surveyed


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedResult:
    """What hangs on the images of one source, how much of each kind, and what of it could not be read."""

    path: str
    unit: UnitResult
    troubles: tuple[EvidenceError, ...]
    objects: Mapping[str, int]


def survey_source(source: Source) -> Surveyed:
    """Hash the files of a source and find the images in it."""
    started = time.process_time()
    stamps = {piece.path: Stamp.at(piece.real) for piece in source.pieces.values()}
    found = survey(source)
    changed = {piece.path for piece in source.pieces.values() if Stamp.at(piece.real) != stamps[piece.path]}
    return Surveyed(
        source=source,
        survey=found,
        stamps=stamps,
        changed=frozenset(changed),
        cpu=time.process_time() - started,
    )


def layer_tasks(surveys: Sequence[Surveyed]) -> Iterator[LayerTask]:
    """Each distinct blob that images are made of, once, whatever number of images and sources hold it."""
    seen: set[str] = set()
    for surveyed in surveys:
        for image in surveyed.survey.images:
            for layer in image.layers:
                if layer.piece is not None and layer.actual is not None and layer.actual not in seen:
                    seen.add(layer.actual)
                    yield LayerTask(sha256=layer.actual, piece=layer.piece, stamp=surveyed.stamps.get(layer.piece.path))


def read_blob(task: LayerTask, shop: Shop) -> float:
    """Read a layer, or take what an earlier run kept of the same bytes; the CPU seconds it took."""
    started = time.process_time()
    cache = Cache(Path(shop.cache) if shop.cache else None)
    try:
        key = hashlib.sha256(shop.code + b"layer" + task.sha256.encode()).digest()
        contents = cache.get(key)
        if contents is None:
            read = read_layer(task.piece)
            if Stamp.at(task.piece.real) != task.stamp:
                read.read = False
                read.faults.append(CHANGED)
            contents = _encode(read)
            if read.read:
                cache.put_all({key: contents})
    finally:
        cache.close()
    _layer_file(shop, task.sha256).write_bytes(contents)
    return time.process_time() - started


def image_tasks(surveys: Sequence[Surveyed], first: int) -> Iterator[ImageTask]:
    """Every image of every source, in order; `first` is the number of the first unit."""
    number = first
    for surveyed in surveys:
        sha256_of = {file.path: file.sha256 for file in surveyed.survey.files}
        for found in surveyed.survey.images:
            needed = {found.config_piece.path, *(layer.piece.path for layer in found.layers if layer.piece)}
            needed |= {fault.piece.path for fault in found.faults}
            yield ImageTask(
                number=number,
                path=surveyed.source.path,
                found=found,
                sha256_of={path: sha256_of[path] for path in sorted(needed) if path in sha256_of},
            )
            number += 1


def build_image(task: ImageTask, shop: Shop) -> ImageResult:
    """Build an image from its layers and run the checks that need it alone."""
    started = time.process_time()
    try:
        image = build(task.found, _contents(task.found.layers, shop), task.sha256_of)
    except EvidenceError as error:
        return ImageResult(path=task.path, unit=judged_unit(task.number, (), started, shop), trouble=error)
    except Exception as error:  # a fault of ours on one image must not cost the verdicts on all others
        words = f"our own reader failed on an image ({type(error).__name__}: {error}); report this"
        trouble = EvidenceError(words, kind="Image")
        return ImageResult(path=task.path, unit=judged_unit(task.number, (), started, shop), trouble=trouble)
    unit = judged_unit(task.number, [image], started, shop)
    return ImageResult(path=task.path, unit=unit, trouble=None)


def attached_tasks(surveys: Sequence[Surveyed], first: int) -> Iterator[AttachedTask]:
    """Every source with something attached, in order; `first` is the number of the first unit."""
    for number, surveyed in enumerate((one for one in surveys if one.survey.attached), start=first):
        yield AttachedTask(number=number, surveyed=surveyed)


def read_attached(task: AttachedTask, shop: Shop) -> AttachedResult:
    """What hangs on the images of a source: attestations verified, and the documents they carry."""
    started = time.process_time()
    records: list[Record] = []
    troubles: list[EvidenceError] = []
    for found in _attached(task.surveyed.survey, shop.params.trust):
        if isinstance(found, EvidenceError):
            troubles.append(found)
        else:
            records.append(found)
    return AttachedResult(
        path=task.surveyed.source.path,
        unit=judged_unit(task.number, records, started, shop),
        troubles=tuple(troubles),
        objects=_counted(records),
    )


def judged_unit(number: int, records: Sequence[Record], started: float, shop: Shop) -> UnitResult:
    """A unit of these records, which took the CPU time since `started` to read; checks that need one alone are run."""
    read_cpu = time.process_time() - started
    out = RunWriter()
    judge = Judge(checks(), shop.params, None)
    for record in records:
        judge.judge(record, out, _no_lines)
    return UnitResult(
        number=number,
        notes=(),
        run=out.write(Path(shop.folder) / f"run-{number}"),
        pods=None,
        others=(encode(records),),
        entries=(),
        subjects=tuple({subject.id: subject for subject in map(subject_of, records)}.values()),
        read_cpu=read_cpu,
        judge_cpu=time.process_time() - started - read_cpu,
    )


def _attached(survey: Survey, trust: TrustPolicy) -> Iterator[Record | EvidenceError]:
    """Records of everything attached; what we fail on ourselves is trouble with this source alone."""
    try:
        for found in attached_documents(survey):
            if isinstance(found, SignedDocument):
                yield from records_of(found, trust)
            elif isinstance(found, EvidenceError):
                yield found
            else:
                yield from carried_records(found)
    except Exception as error:  # a fault of ours on one document must not cost the verdicts on all others
        words = f"our own reader failed on what is attached to an image ({type(error).__name__}: {error}); report this"
        yield EvidenceError(words, kind="Attestation")


def _counted(records: Sequence[Record]) -> Mapping[str, int]:
    return Counter(CALLED[type(record)] for record in records)


def _contents(layers: Sequence[FoundLayer], shop: Shop) -> list[LayerContents | None]:
    """What was read of each layer, a blob that stands there twice decoded once; None when there were no bytes."""
    known: dict[str, LayerContents] = {}
    found: list[LayerContents | None] = []
    weight = 0
    for layer in layers:
        if layer.piece is None or layer.actual is None:
            found.append(None)
            continue
        file = _layer_file(shop, layer.actual)
        weight += file.stat().st_size
        if weight > MAX_CONTENTS:
            found.append(_beyond(layer.piece.length))
            continue
        if layer.actual not in known:
            known[layer.actual] = _decode(file.read_bytes())
        found.append(known[layer.actual])
    return found


def _beyond(size: int) -> LayerContents:
    """A layer that is not laid on those before it."""
    words = f"what matters of it and the layers below it takes more than {MAX_CONTENTS:,} bytes; it was not looked at"
    return LayerContents(diff_id="", compression="none", unpacked=0, members=0, size=size, faults=[words], read=False)


def _layer_file(shop: Shop, sha256: str) -> Path:
    return Path(shop.folder) / f"layer-{sha256.removeprefix('sha256:')}"


def _no_lines(origin: Origin, pointers: list[str]) -> None:
    """Layers and configurations have no lines."""


def notes_of(surveyed: Surveyed) -> Iterator[FileNotes]:
    """What is to be said of each file of a source; images and troubles are told of the file that names them."""
    found = surveyed.survey
    for file in found.files:
        note = FileNotes(path=file.path, sha256=file.sha256, size=file.size, reader="" if found.no_image else IMAGE)
        note.guess = found.no_image
        if found.no_image == NO_IMAGE and surveyed.source.pieces[""].packed is not Packed.NO:
            note.refused = "is a compressed archive without an image in it; unpack it (gunzip, unzstd) and hand that in"
        if file.path in surveyed.changed:
            note.refused = CHANGED
        if file.path == surveyed.source.path and found.images:
            note.objects["Image", True] = len(found.images)
            note.documents = len(found.images)
        for error in found.errors:
            if (error.path or surveyed.source.path) == file.path:
                note.trouble(error)
        yield note
