"""What was read and observed in, the frozen Assessment out, and the files of the packet that no format owns."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import zstandard

from compliance import __version__
from compliance.assess.attestations import attestation_rows
from compliance.assess.checklists import checklists, warnings_of
from compliance.assess.findings import Basis, assess_framework
from compliance.assess.gaps import actions, requests
from compliance.assess.hosts import host_rows
from compliance.assess.images import image_reports
from compliance.assess.imported import Imported
from compliance.assess.summary import Seen, population, summarise
from compliance.assess.vulnerabilities import vulnerability_report
from compliance.catalog.ccis import controls_by_cci
from compliance.catalog.loading import load_library
from compliance.catalog.questions import find_framework
from compliance.errors import CatalogError, UsageError
from compliance.model.assessment import (
    Assessment,
    CheckResult,
    EvidenceFile,
    EvidenceState,
    ObjectCount,
    OutputFile,
    Tool,
)
from compliance.model.catalog import Framework, Library
from compliance.model.cluster import Cluster
from compliance.model.configuration import Configuration
from compliance.model.evidence import Subject
from compliance.model.hosts import Hosts, evidence_words, settings_word
from compliance.model.images import Images
from compliance.model.proof_report import VulnerabilityReport
from compliance.model.provider import provider_of
from compliance.model.rule_report import RuleReport
from compliance.model.supply_chain import SupplyChain
from compliance.pipeline.collected import KIND as RECORD
from compliance.pipeline.collected import Collected, collected_of
from compliance.pipeline.files import InputFile, Place
from compliance.pipeline.merging import StoredObservations, Tally
from compliance.pipeline.observing import observation_id
from compliance.pipeline.registered import ARCHIVE, IMAGE, checks, readers
from compliance.pipeline.snippets import EvidenceSnippets
from compliance.pipeline.units import FileNotes, Problem

if TYPE_CHECKING:
    from compliance.pipeline.running import Request

#: What is assessed when nobody says (DESIGN "Command line").
DEFAULT_FRAMEWORKS = ("cis-kubernetes", "cis-docker", "nist-800-190", "fedramp-moderate")
#: JSON lines above this size are written compressed.
_COMPRESS_ABOVE = 64 * 1024 * 1024
#: The two kinds of evidence that Kubernetes files are.
_WORKLOAD_EVIDENCE = "workload-manifest"
_OBJECT_EVIDENCE = "k8s-objects"
#: What an image with its layers is evidence of; its files are filed under the first.
_IMAGE_EVIDENCE = ("image-filesystem", "image-config", "image-history")
#: What an archive is filed under whose members are evidence, each filed under a word of its own.
_ARCHIVE_EVIDENCE = "evidence-archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What reading and evaluating gave. `real` maps a file's key to where it can be opened again."""

    files: tuple[InputFile, ...]
    notes: Mapping[str, FileNotes]
    cluster: Cluster
    subjects: Mapping[str, Subject]
    observations: StoredObservations
    tallies: Mapping[str, Tally]
    cited: Counter[tuple[str, str]]
    real: Mapping[str, Place]
    images: Images
    supply_chain: SupplyChain
    hosts: Hosts
    rules: Imported
    reports: tuple[RuleReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The library, and the frameworks to assess, in order."""

    library: Library
    frameworks: tuple[Framework, ...]


def frameworks_of(configuration: Configuration, named: Sequence[str]) -> Asked:
    """The frameworks that were asked for on the command line, else in the configuration, else the default ones.

    Raises:
        UsageError: a framework is not known, or a catalog of the user's is wrong.
    """
    try:
        library = load_library(configuration.catalogs)
        specs = tuple(named) or configuration.frameworks or DEFAULT_FRAMEWORKS
        version = configuration.parameters.kubernetes
        found = {(f.id, f.edition): f for f in (find_framework(library, spec, version) for spec in specs)}
    except CatalogError as error:
        raise UsageError(str(error)) from error
    return Asked(library=library, frameworks=tuple(found.values()))


def assemble(request: Request, asked: Asked, observed: Observed) -> Assessment:
    """Everything that exporters need, in one record."""
    library, configuration, as_of = asked.library, request.configuration, request.as_of
    of_checks = _results_of_checks(observed)
    evidence = _evidence(observed)
    basis = _basis(request, library, observed, of_checks, evidence)
    results = tuple(assess_framework(framework, basis) for framework in asked.frameworks)
    proof = observed.supply_chain
    found = vulnerability_report(proof, observed.cluster, configuration, as_of)
    seen = _seen(observed, evidence, found)
    parts = population(seen, configuration)
    evidence_sha256 = _evidence_hash(evidence)
    assessment = Assessment(
        id=observation_id(f"{evidence_sha256} {configuration.sha256} {as_of}", _names(asked.frameworks)),
        as_of=as_of,
        tool=Tool(name="compliance", version=__version__),
        configuration=configuration,
        evidence_sha256=evidence_sha256,
        results=results,
        checks=tuple(of_checks.values()),
        evidence=evidence,
        subjects=seen.subjects,
        observations=observed.observations,
        snippets=EvidenceSnippets(observed.real),
        requests=requests(results, of_checks, library.evidence_kinds),
        actions=actions(results, of_checks, configuration.owners),
        population=parts,
        deviations=configuration.deviations,
        control_mappings=library.control_mappings,
        images=image_reports(observed.images, observed.cluster, configuration, as_of, proof, found),
        attestations=seen.attestations,
        vulnerabilities=found,
        evidence_kinds=library.evidence_kinds,
        summary=summarise(results, seen, parts, configuration, as_of),
        command=request.command,
        reports=observed.reports,
        hosts=host_rows(observed.hosts, observed.cluster, checks(), observed.observations),
    )
    return _with_checklists(assessment, basis)


def _with_checklists(assessment: Assessment, basis: Basis) -> Assessment:
    """The assessment with the checklists of STIGs, and what the packet warns of in them."""
    made = checklists(assessment, basis, controls_by_cci() if assessment.reports else {})
    summary = replace(
        assessment.summary, warnings=(*assessment.summary.warnings, *warnings_of(made, assessment, basis))
    )
    return replace(assessment, checklists=made, summary=summary)


def _results_of_checks(observed: Observed) -> dict[str, CheckResult]:
    """What each check found, by its id, in order of the ids."""
    return {
        check.id: CheckResult(
            check=check,
            outcome=observed.tallies[check.id].outcome,
            counts=observed.tallies[check.id].counts,
            worst=tuple(observed.observations.observation(line) for line in observed.tallies[check.id].worst),
            ids=observed.tallies[check.id].ids,
        )
        for check in sorted((*checks(), *observed.rules.checks), key=lambda one: one.id)
    }


def _basis(
    request: Request,
    library: Library,
    observed: Observed,
    of_checks: Mapping[str, CheckResult],
    evidence: Iterable[EvidenceFile],
) -> Basis:
    """What controls are judged by."""
    return Basis(
        library=replace(library, check_mappings=(*library.check_mappings, *observed.rules.mappings)),
        results=of_checks,
        configuration=request.configuration,
        present=frozenset(file.kind for file in evidence if file.state is EvidenceState.READ) | _also(observed),
        as_of=request.as_of,
        provider=provider_of(observed.cluster),
    )


def _seen(observed: Observed, evidence: tuple[EvidenceFile, ...], found: VulnerabilityReport) -> Seen:
    """What the summary counts."""
    named = _images(observed.cluster)
    return Seen(
        subjects=tuple(observed.subjects[key] for key in sorted(observed.subjects)),
        images=named,
        handed_in=len(observed.images.images),
        unseen=tuple(name for name in named if not observed.images.of_reference(name)),
        evidence=evidence,
        attestations=attestation_rows(observed.supply_chain),
        vulnerabilities=found,
    )


def _names(frameworks: Iterable[Framework]) -> str:
    return " ".join(f"{framework.id}@{framework.edition}" for framework in frameworks)


def _also(observed: Observed) -> frozenset[str]:
    """Kinds of evidence that stand in files filed under another kind: a dump holds workloads, an image its history."""
    found = {_WORKLOAD_EVIDENCE} if observed.cluster.workloads else set()
    if any(image.filesystem is not None for image in observed.images.images):
        found.update(_IMAGE_EVIDENCE)
    proof = observed.supply_chain
    if proof.attestations:
        found.add("signature-verification")
    if any(one.about == "provenance" for one in proof.attestations):
        found.add("provenance-attestation")
    if observed.images.sboms:
        found.add("sbom")
    if proof.scans:
        found.add("vulnerability-scan")
    if proof.vex:
        found.add("vex")
    if any(one.form in ("policy-report", "constraint-status") for one in proof.decisions):
        found.add("admission-report")
    found.update(word for host in observed.hosts.hosts for one in host.records() for word in evidence_words(one))
    return frozenset(found)


def _images(cluster: Cluster) -> tuple[str, ...]:
    return tuple(sorted({image for workload in cluster.workloads for image in workload.images}))


def _evidence_hash(evidence: Iterable[EvidenceFile]) -> str:
    digest = hashlib.sha256()
    for pair in sorted(f"{file.sha256} {file.path}" for file in evidence):
        digest.update(pair.encode("utf-8", "surrogateescape") + b"\n")
    return digest.hexdigest()


def _evidence(observed: Observed) -> tuple[EvidenceFile, ...]:
    notes = [observed.notes[file.path] for file in observed.files]
    collected = collected_of(observed.files, observed.notes)
    return tuple(
        _file(number, note, observed.cited[(note.sha256, note.path)], collected)
        for number, note in enumerate(notes, start=1)
    )


def _file(number: int, note: FileNotes, used_for: int, collected: Collected) -> EvidenceFile:
    problems = tuple(_words(problem) for problem in note.problems)
    if note.path in collected.problems:
        problems += (collected.problems[note.path],)
    if note.more_problems:
        problems += (f"and {note.more_problems:,} more documents that cannot be read",)
    state, reason = EvidenceState.READ, ""
    is_record = note.path in collected.records
    if note.refused:
        state, reason = EvidenceState.UNREADABLE, note.refused
    elif not note.reader and not is_record:
        state, reason = EvidenceState.UNRECOGNISED, note.guess
    elif problems and not note.objects and not is_record:
        state, reason = EvidenceState.UNREADABLE, problems[0]
    return EvidenceFile(
        id=f"E-{number:04d}",
        path=note.path,
        sha256=note.sha256,
        size=note.size,
        kind=RECORD if is_record else _kind(note),
        collected=collected.texts.get(note.path, ""),
        state=state,
        reason=reason,
        problems=problems,
        documents=note.documents,
        objects=tuple(
            ObjectCount(kind=kind, count=count, understood=understood)
            for (kind, understood), count in sorted(note.objects.items())
        ),
        used_for=used_for,
    )


def _kind(note: FileNotes) -> str:
    """The word of the evidence vocabulary for a file; empty when no reader knows it.

    Kubernetes objects are those of a running cluster where the file shows that it was taken from one, else manifests.
    """
    if note.reader == IMAGE:
        return _IMAGE_EVIDENCE[0]
    if note.reader == ARCHIVE:
        return _ARCHIVE_EVIDENCE
    reader = readers().get(note.reader)
    if reader is None:
        return ""
    words = {settings_word(kind) for kind, _ in note.objects}
    if len(words) == 1 and (word := words.pop()) is not None:
        return word
    if reader.record is not None:
        return reader.evidence_kinds[0]
    captured = note.captured or any(kind.endswith("List") for kind, _ in note.objects)
    return _OBJECT_EVIDENCE if captured else _WORKLOAD_EVIDENCE


def _words(problem: Problem) -> str:
    place = f"line {problem.line}: " if problem.line is not None else ""
    document = f"document {problem.document + 1}, " if problem.document is not None else ""
    pointer = f" (at {problem.pointer})" if problem.pointer else ""
    return f"{document}{place}{problem.message}{pointer}"


def observation_files(assessment: Assessment) -> Iterator[OutputFile]:
    """observations.jsonl, compressed when it is large."""
    stored = assessment.observations
    assert isinstance(stored, StoredObservations)  # noqa: S101 - assemble() made it
    if stored.size() > _COMPRESS_ABOVE:
        chunks = _compressed(stored.chunks())
        yield OutputFile(path="observations.jsonl.zst", media_type="application/zstd", chunks=chunks)
    else:
        yield OutputFile(path="observations.jsonl", media_type="application/jsonl", chunks=stored.chunks())


def _compressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    # one thread: the bytes must not depend on how many processors there are
    compressor = zstandard.ZstdCompressor(level=3, threads=0, write_content_size=False).compressobj()
    for chunk in chunks:
        yield compressor.compress(chunk)
    yield compressor.flush()


def evidence_index(assessment: Assessment) -> Iterator[OutputFile]:
    """evidence/index.json: every input, what it is, and what it was used for."""
    entries = [
        {
            "id": file.id,
            "path": file.path,
            "sha256": file.sha256,
            "size": file.size,
            "kind": file.kind,
            "collected": file.collected,
            "state": file.state.value,
            "reason": file.reason,
            "problems": list(file.problems),
            "documents": file.documents,
            "objects": [{"kind": o.kind, "count": o.count, "understood": o.understood} for o in file.objects],
            "used_for": file.used_for,
        }
        for file in assessment.evidence
    ]
    document = {
        "format": "compliance-evidence-index",
        "version": "1",
        "as_of": assessment.as_of,
        "evidence_set_sha256": assessment.evidence_sha256,
        "files": entries,
    }
    text = msgspec.json.format(msgspec.json.encode(document), indent=1)
    yield OutputFile(path="evidence/index.json", media_type="application/json", chunks=(text, b"\n"))
