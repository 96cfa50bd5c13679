"""Reads a fixture with the real readers and judges it with one check, as the engine does."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import yaml

from compliance.errors import EvidenceError
from compliance.evidence.kubernetes import READER
from compliance.model.check import Check, Verdict
from compliance.model.cluster import Cluster, Header
from compliance.model.cluster_index import entry, index
from compliance.model.configuration import KubernetesVersion, Parameters
from compliance.model.reader import Record
from compliance.model.workload import Pod
from compliance.pipeline.judging import header_of

PARAMETERS = "parameters.yaml"


def records_of(case: Path) -> list[Record]:
    """Every record of a case: a file, or all files of a folder but its parameters."""
    files = sorted(case.rglob("*")) if case.is_dir() else [case]
    return [record for file in files if file.is_file() and file.name != PARAMETERS for record in _read(file)]


def _read(file: Path) -> Iterator[Record]:
    data = file.read_bytes()
    assert READER.identify(data[:65536]), f"{file} is not recognised"
    for piece in READER.split(io.BytesIO(data)):
        assert not isinstance(piece, EvidenceError), piece
        piece_data = data[piece.offset : piece.offset + piece.length]
        for found in READER.read(piece_data, piece, file.name, hashlib.sha256(data).hexdigest()):
            assert not isinstance(found, EvidenceError), found
            yield found


def parameters_of(case: Path) -> Parameters:
    """The organisation's values of a case; the defaults where it states none."""
    file = case / PARAMETERS
    if not case.is_dir() or not file.exists():
        return Parameters()
    stated = yaml.safe_load(file.read_text())
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in stated.items()}
    if "kubernetes" in values:
        values["kubernetes"] = KubernetesVersion(minor=int(values["kubernetes"].split(".")[1]))
    return Parameters(**values)


def cluster_of(records: list[Record]) -> Cluster:
    """The records indexed as the engine does it."""
    pods = [record for record in records if isinstance(record, Pod)]
    others = [record for record in records if not isinstance(record, Pod)]
    return index(others, [entry(pod) for pod in pods])


def subjects_of(check: Check, records: list[Record], cluster: Cluster) -> list[object]:
    """What a check is asked about in these records."""
    if check.subject is Cluster:
        return [cluster]
    if check.subject is Header:
        return [header for record in records if (header := header_of(record)) is not None]
    return [record for record in records if type(record) is check.subject]


def verdicts(check: Check, records: list[Record], parameters: Parameters) -> list[Verdict]:
    """One verdict for each subject of a check."""
    cluster = cluster_of(records)
    context = {"cluster": cluster, "params": parameters}
    arguments = [context[name] for name in check.context]
    return [check.function(subject, *arguments) for subject in subjects_of(check, records, cluster)]
