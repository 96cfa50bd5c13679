"""Reads a fixture with the real readers and judges it with one check, as the engine does."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import yaml

from compliance.errors import EvidenceError
from compliance.evidence.image.building import build
from compliance.evidence.image.contents import Piece, Source
from compliance.evidence.image.layer import read_layer
from compliance.evidence.image.surveying import survey
from compliance.model.check import Check, Verdict
from compliance.model.cluster import Cluster, Header
from compliance.model.cluster_index import entry
from compliance.model.configuration import BaseImage, KubernetesVersion, Parameters
from compliance.model.image import Image
from compliance.model.reader import Record
from compliance.model.workload import Pod
from compliance.pipeline.joining import Joined, joined
from compliance.pipeline.judging import header_of
from compliance.pipeline.units import recognise
from tests.checks import supply_chain_records
from tests.images import making

PARAMETERS = "parameters.yaml"
#: How files end that describe an image (tests/images/making.py).
IMAGE = ".image.yaml"
#: The day on which every case is judged.
AS_OF = datetime(2026, 9, 1, tzinfo=UTC)


def records_of(case: Path) -> list[Record]:
    """Every record of a case: a file, or all files of a folder but its parameters; paths are from the case."""
    files = sorted(case.rglob("*")) if case.is_dir() else [case]
    above = case if case.is_dir() else case.parent
    return [
        record
        for file in files
        if file.is_file() and file.name != PARAMETERS
        for record in _read(file, file.relative_to(above).as_posix())
    ]


def _read(file: Path, path: str) -> Iterator[Record]:
    if file.name.endswith(supply_chain_records.PROOF):
        yield from supply_chain_records.records(file, _built)
        return
    if file.name.endswith(IMAGE):
        yield from images_of(making.oci_tar(making.load(file)), file.name)
        return
    data = file.read_bytes()
    reader = recognise(data[:65536])
    assert reader is not None, f"{file} is not recognised"
    for piece in reader.split(io.BytesIO(data)):
        assert not isinstance(piece, EvidenceError), piece
        piece_data = data[piece.offset : piece.offset + piece.length]
        for found in reader.read(piece_data, piece, path, hashlib.sha256(data).hexdigest()):
            assert not isinstance(found, EvidenceError), found
            yield found


def _built(description: making.Description, name: str) -> Iterator[Image]:
    yield from images_of(making.oci_tar(description), name)


def images_of(archive: bytes, name: str) -> Iterator[Image]:
    """The images in an archive, as the engine reads them."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(archive)
        file.flush()
        piece = Piece(path=name, real=os.fsencode(file.name), offset=0, length=len(archive), member="")
        found = survey(Source(path=name, archive=True, pieces={"": piece}))
        assert not found.errors, found.errors
        sha256_of = {surveyed.path: surveyed.sha256 for surveyed in found.files}
        for image in found.images:
            contents = [read_layer(layer.piece) if layer.piece else None for layer in image.layers]
            yield build(image, contents, sha256_of)


def parameters_of(case: Path) -> Parameters:
    """The organisation's values of a case; the defaults where it states none."""
    file = case / PARAMETERS
    if case.name.endswith(supply_chain_records.PROOF):
        return supply_chain_records.parameters_in(case)
    if not case.is_dir() or not file.exists():
        return Parameters()
    stated = yaml.safe_load(file.read_text())
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in stated.items()}
    if "base_images" in values:
        values["base_images"] = tuple(
            BaseImage(**{**base, "diff_ids": tuple(base.get("diff_ids", ()))}) for base in values["base_images"]
        )
    if "kubernetes" in values:
        values["kubernetes"] = KubernetesVersion(minor=int(values["kubernetes"].split(".")[1]))
    return Parameters(**values)


def joined_records(records: list[Record]) -> Joined:
    """The records joined as the engine does it."""
    return joined(records, [entry(record) for record in records if isinstance(record, Pod)])


def subjects_of(check: Check, records: list[Record], found: Joined) -> list[object]:
    """What a check is asked about in these records."""
    if check.subject is Cluster:
        return [found.cluster]
    if check.subject is Header:
        return [header for record in records if (header := header_of(record)) is not None]
    return [record for record in (*records, *found.hosts.judged) if type(record) is check.subject]


def verdicts(check: Check, records: list[Record], parameters: Parameters) -> list[Verdict]:
    """One verdict for each subject of a check."""
    return verdicts_among(check, records, joined_records(records), parameters)


def verdicts_among(check: Check, records: list[Record], found: Joined, parameters: Parameters) -> list[Verdict]:
    """One verdict for each subject of a check, of records that are joined already."""
    context: dict[str, object] = {"params": parameters, "as_of": AS_OF, **found._asdict()}
    arguments = [context[name] for name in check.context]
    return [check.function(subject, *arguments) for subject in subjects_of(check, records, found)]
