"""Records in, observations out: runs each check on each record of its subject type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from compliance.model import host, hosts
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.attestation import Attestation
from compliance.model.check import Check, Verdict
from compliance.model.cluster import Cluster, Header, TypedList
from compliance.model.configuration import Parameters
from compliance.model.docker import DockerContainer, Dockerfile
from compliance.model.evidence import At, Origin, Subject
from compliance.model.image import Image
from compliance.model.images import Images
from compliance.model.outcome import Outcome
from compliance.model.reader import Record
from compliance.model.rule_report import RuleReport
from compliance.model.sbom import Sbom
from compliance.model.supply_chain import SupplyChain
from compliance.model.vulnerability import EpssScores, KevCatalog, ScanReport, SsvcRecord, VexDocument
from compliance.model.workload import Pod
from compliance.pipeline.observing import REASON_KEPT, LocationLine, RunWriter, short_pointer
from compliance.rendering.text import cut

#: Places listed in one observation; the reason says how many there are.
PLACES_KEPT = 50
#: Gives the 1-based lines of pointers in the slice of an origin, or None where the file is no text.
Locate = Callable[[Origin, list[str]], list[int] | None]


class HasSubject(Protocol):
    @property
    def subject(self) -> Subject: ...


#: What records other than Kubernetes objects are called in the evidence index.
CALLED: dict[type, str] = {
    Image: "Image",
    Sbom: "SBOM",
    DockerContainer: "Docker container",
    Dockerfile: "Dockerfile",
    Attestation: "Attestation",
    ScanReport: "Vulnerability scan",
    VexDocument: "VEX document",
    KevCatalog: "KEV catalog",
    EpssScores: "EPSS scores",
    SsvcRecord: "SSVC record",
    AdmissionDecision: "Admission decision",
    host.CommandLine: "Command line",
    host.Settings: "Settings",
    host.FileListing: "File listing",
    host.ProcessList: "Process list",
    host.Services: "Service states",
    host.Mounts: "Mount points",
    host.Groups: "Groups of a host",
    host.AuditRules: "Audit rules",
    host.HostIdentity: "Host",
    RuleReport: "Rule results",
}

#: What checks of hosts judge, as reasons name it.
JOINED: dict[type, str] = {
    hosts.ApiServer: "command line of the API server",
    hosts.ControllerManager: "command line of the controller manager",
    hosts.Scheduler: "command line of the scheduler",
    hosts.Etcd: "command line of etcd",
    hosts.Kubelet: "kubelet configuration or command line",
    hosts.KubeProxy: "kube-proxy configuration or command line",
    hosts.KubernetesNode: "file listing of a Kubernetes node",
    hosts.DockerHost: "evidence of a Docker host",
}


def header_of(record: Record | hosts.Judged) -> Header | None:
    """What an object says of itself; None for a typed list, which is no object."""
    if isinstance(record, Pod):
        return Header(
            origin=record.origin,
            subject=record.subject,
            api_version=record.api_version,
            kind=record.kind,
            name=record.name,
            namespace=record.namespace,
            labels=record.labels,
            annotations=record.annotations,
        )
    return getattr(record, "header", None)


def subject_of(record: Record | hosts.Judged | Cluster) -> Subject:
    """What a record that is no typed list is about."""
    holder: HasSubject = getattr(record, "header", None) or record  # type: ignore[assignment]  # a union this long is not told apart
    return holder.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known when all evidence has been read; `as_of` is the clock of the assessment, in UTC."""

    cluster: Cluster
    images: Images
    supply_chain: SupplyChain
    hosts: hosts.Hosts
    as_of: datetime


class Judge:
    """Runs checks of one phase: those that need all evidence or the clock, or those that need the record alone."""

    def __init__(self, checks: Iterable[Check], params: Parameters, seen: Seen | None) -> None:
        context: dict[str, object] = {"params": params}
        if seen is not None:
            context.update(
                cluster=seen.cluster,
                images=seen.images,
                supply_chain=seen.supply_chain,
                hosts=seen.hosts,
                as_of=seen.as_of,
            )
        self._by_subject: dict[type, list[tuple[Check, tuple[object, ...]]]] = defaultdict(list)
        for check in checks:
            if check.needs_all == (seen is not None):
                arguments = tuple(context[name] for name in check.context)
                self._by_subject[check.subject].append((check, arguments))

    def judge(self, record: Record | hosts.Judged | Cluster, out: RunWriter, locate: Locate) -> Subject | None:
        """Run every check on a record; the subject that was judged, or None when no check reads its type."""
        if isinstance(record, TypedList):
            return None
        header = None if isinstance(record, Cluster) else header_of(record)
        subject = header.subject if header is not None else subject_of(record)
        verdicts = [
            (check, _run(check, record, arguments)) for check, arguments in self._by_subject.get(type(record), ())
        ]
        if header is not None:
            verdicts += [
                (check, _run(check, header, arguments)) for check, arguments in self._by_subject.get(Header, ())
            ]
        if not verdicts:
            return None
        lines = lines_of_failures([verdict for _, verdict in verdicts], locate)
        for check, verdict in verdicts:
            shown = places_of(verdict, lines)
            reason = cut(verdict.reason, REASON_KEPT)
            if len(verdict.at) > PLACES_KEPT:
                reason += f" (the first {PLACES_KEPT} of {len(verdict.at):,} places are listed)"
            out.add(check, subject, verdict.outcome, reason, shown)
        return subject


def _run(check: Check, record: object, arguments: Sequence[object]) -> Verdict:
    try:
        return check.function(record, *arguments)
    except Exception as error:  # a check that raises must not hide the others
        return Verdict(
            outcome=Outcome.ERROR, reason=f"the check itself failed ({type(error).__name__}: {error}); report this"
        )


def lines_of_failures(verdicts: Iterable[Verdict], locate: Locate) -> dict[tuple[int, str], int]:
    """The source line of each place that a failed verdict names, asked once for each document."""
    wanted: dict[int, tuple[Origin, set[str]]] = {}
    for verdict in verdicts:
        if verdict.outcome is Outcome.FAIL:
            for at in verdict.at[:PLACES_KEPT]:
                wanted.setdefault(id(at.origin), (at.origin, set()))[1].add(at.pointer)
    found: dict[tuple[int, str], int] = {}
    for key, (origin, pointers) in wanted.items():
        ordered = sorted(pointers)
        lines = locate(origin, [origin.inner + pointer for pointer in ordered])
        if lines is not None:
            found.update({(key, pointer): line for pointer, line in zip(ordered, lines, strict=True)})
    return found


def places_of(verdict: Verdict, lines: Mapping[tuple[int, str], int]) -> list[LocationLine]:
    """The places of a verdict, at most PLACES_KEPT; those of a failure with their line, where `lines` has it."""
    if verdict.outcome is not Outcome.FAIL:
        return [location(at, None) for at in verdict.at[:PLACES_KEPT]]
    return [location(at, lines.get((id(at.origin), at.pointer))) for at in verdict.at[:PLACES_KEPT]]


def location(at: At, line: int | None) -> LocationLine:
    """A place as observations.jsonl carries it."""
    origin = at.origin
    pointer = short_pointer(origin.pointer + at.pointer)
    return LocationLine(origin.sha256, origin.path, pointer, origin.document, line)
