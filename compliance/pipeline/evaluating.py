"""The second phase: checks that need the whole cluster, and what is said where there is nothing to judge."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, get_args

import msgspec

from compliance.evidence.records import decode
from compliance.model import cluster as objects
from compliance.model.check import Check, listed
from compliance.model.cluster import Cluster, Header, TypedList, WorkloadEntry
from compliance.model.evidence import EVIDENCE_SET, UNSEEN_NODES, Origin, Subject, SubjectType
from compliance.model.flags import shown
from compliance.model.host import HOST_FOLDER, CommandLine, FileListing, HostRecord, ProcessList, Services, Settings
from compliance.model.hosts import (
    CONTROL_PLANE,
    ApiServer,
    ControllerManager,
    Etcd,
    Hosts,
    Judged,
    Kubelet,
    KubeProxy,
    KubernetesNode,
    Scheduler,
)
from compliance.model.image import Image
from compliance.model.images import Images
from compliance.model.outcome import Outcome
from compliance.model.provider import Provider, provider_of
from compliance.model.reader import Record
from compliance.model.supply_chain import SupplyChain
from compliance.model.unseen_nodes import nodes_to_see, unseen
from compliance.model.workload import Pod
from compliance.pipeline.joining import joined
from compliance.pipeline.judging import CALLED, JOINED, Judge, Seen, location
from compliance.pipeline.observing import LocationLine, Run, RunWriter
from compliance.pipeline.reading import Shop
from compliance.pipeline.registered import IMAGE, checks, readers
from compliance.pipeline.units import FileNotes

#: Unreadable places named in one observation.
_PLACES = 10
#: The first bytes of a file packed by gzip: it has no lines.
_PACKED = b"\x1f\x8b"
#: Objects judged by one task of the second phase.
BATCH = 2000

#: The kinds whose objects become each record type; a typed list of one of them proves absence.
KINDS: dict[type, tuple[str, ...]] = {
    Pod: ("Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"),
    objects.Namespace: ("Namespace",),
    objects.ServiceAccount: ("ServiceAccount",),
    objects.Role: ("Role", "ClusterRole"),
    objects.RoleBinding: ("RoleBinding", "ClusterRoleBinding"),
    objects.NetworkPolicy: ("NetworkPolicy",),
    objects.Service: ("Service",),
    objects.Route: ("Ingress", "HTTPRoute"),
    objects.Gateway: ("Gateway",),
    objects.ConfigMap: ("ConfigMap",),
    objects.Secret: ("Secret",),
    objects.Limits: ("LimitRange",),
    objects.Quota: ("ResourceQuota",),
    objects.DisruptionBudget: ("PodDisruptionBudget",),
    objects.Autoscaler: ("HorizontalPodAutoscaler",),
    objects.PersistentVolume: ("PersistentVolume",),
    objects.Claim: ("PersistentVolumeClaim",),
    objects.WebhookConfiguration: ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"),
    objects.AdmissionPolicy: ("ClusterPolicy", "ValidatingAdmissionPolicy"),
    objects.Node: ("Node",),
    Header: (),
}

_RBAC = frozenset({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount"})
#: What checks of a subject look up in the cluster, where that is narrow: an unreadable document of another kind
#: cannot change what they say. Checks of other subjects may look up anything.
LOOKED_UP: dict[type, frozenset[str]] = {objects.Role: _RBAC, objects.RoleBinding: _RBAC}

#: Context in which evidence of images is joined: what cannot be read of it could change what such checks say.
_JOINS = frozenset({"images", "supply_chain"})

#: What is joined to hosts, and the kinds of Kubernetes documents that hold such records.
_HOST_RECORDS = frozenset(get_args(HostRecord))
_PROGRAM_RECORDS = frozenset({CommandLine, Settings, ProcessList})
#: What records checks of a subject rest on, where those are few: an unreadable document of another type cannot change
#: what they say. A process list holds command lines.
_RESTS_ON: dict[type, frozenset[type]] = {
    ApiServer: _PROGRAM_RECORDS,
    ControllerManager: _PROGRAM_RECORDS,
    Scheduler: _PROGRAM_RECORDS,
    Etcd: _PROGRAM_RECORDS,
    Kubelet: _PROGRAM_RECORDS,
    KubeProxy: _PROGRAM_RECORDS,
    KubernetesNode: _PROGRAM_RECORDS | {FileListing, Services},
}
_OF_HOSTS = frozenset({"Pod", "DaemonSet", "ConfigMap", "Policy"})

#: The subject of what is said about documents that could not be read.
UNREADABLE = Subject(id="evidence-unreadable", type=SubjectType.EVIDENCE_SET, name="documents that could not be read")


class Shared(msgspec.Struct):
    """What every worker of the second phase needs, on disk: all that is not a pod, and where files are.

    `files` are paths as the system has them (a name need not be UTF-8), each with the reader that knows it and where
    in the file its bytes begin.
    """

    others: list[bytes]
    entries: list[bytes]
    files: dict[str, tuple[bytes, str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A part of the second phase: a file of Pod records, or a range of the other objects."""

    number: int
    pods: str | None
    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    number: int
    run: Run
    judge_cpu: float


_decode_entries = msgspec.msgpack.Decoder(list[WorkloadEntry]).decode


def key_of(sha256: str, path: str) -> str:
    """How a file is looked up in Shared.files."""
    return f"{sha256} {path}"


def share(path: Path, shared: Shared) -> None:
    """Put what workers need on disk."""
    path.write_bytes(msgspec.msgpack.encode(shared))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The whole cluster as one process sees it; `records` are all that checks judge but pods."""

    cluster: Cluster
    images: Images
    supply_chain: SupplyChain
    hosts: Hosts
    records: tuple[Record | Judged, ...]
    files: dict[str, tuple[str, str, int]]

    def known(self, as_of: datetime) -> Seen:
        """What checks may ask for."""
        return Seen(
            cluster=self.cluster, images=self.images, supply_chain=self.supply_chain, hosts=self.hosts, as_of=as_of
        )


@lru_cache(maxsize=1)
def world(path: str) -> World:
    """Read what was shared, once for each process."""
    shared = msgspec.msgpack.decode(Path(path).read_bytes(), type=Shared)
    records: list[Record] = []
    for data in shared.others:
        records.extend(record for record in decode(data) if not isinstance(record, Pod))
    single = tuple(record for record in records if not isinstance(record, TypedList))
    entries = [entry for data in shared.entries for entry in _decode_entries(data)]
    files = {key: (os.fsdecode(real), reader, offset) for key, (real, reader, offset) in shared.files.items()}
    found = joined(records, entries)
    return World(
        cluster=found.cluster,
        images=found.images,
        supply_chain=found.supply_chain,
        hosts=found.hosts,
        records=(*single, *found.hosts.judged),
        files=files,
    )


def judge_task(task: Task, shop: Shop) -> TaskResult:
    """Run the checks that need the cluster, on a part of the records."""
    started = time.process_time()
    collecting = gc.isenabled()
    gc.disable()
    try:
        seen = world(str(Path(shop.folder) / "shared"))
        judge = Judge(checks(), shop.params, seen.known(shop.as_of))
        out = RunWriter()
        locate = Sources(seen.files).locate
        for record in _pods(task.pods) if task.pods else seen.records[task.start : task.stop]:
            judge.judge(record, out, locate)
        run = out.write(Path(shop.folder) / f"cluster-run-{task.number}")
    finally:
        if collecting:
            gc.enable()
    return TaskResult(number=task.number, run=run, judge_cpu=time.process_time() - started)


def _pods(path: str) -> Iterator[Record]:
    """The Pod records of a unit, file after file."""
    for encoded in msgspec.msgpack.decode(Path(path).read_bytes(), type=list[bytes]):
        yield from decode(encoded)


class Sources:
    """Opens evidence again by where a record came from."""

    def __init__(self, files: Mapping[str, tuple[str, str, int]]) -> None:
        self._files = files
        self._last: tuple[Origin, bytes] | None = None

    def data(self, origin: Origin) -> bytes | None:
        """The bytes of the slice an object stands in, or None when the file is gone."""
        if self._last is not None and self._last[0] == origin:
            return self._last[1]
        real, _, offset = self._files.get(key_of(origin.sha256, origin.path), ("", "", 0))
        if not real:
            return None
        try:
            with Path(real).open("rb") as stream:
                stream.seek(offset + origin.offset)
                found = stream.read(origin.length)
        except OSError:
            return None
        self._last = (origin, found)
        return found

    def locate(self, origin: Origin, pointers: list[str]) -> list[int] | None:
        """The source lines of pointers, or None when the file is gone or has no lines."""
        _, name, _ = self._files.get(key_of(origin.sha256, origin.path), ("", "", 0))
        reader = readers().get(name)
        found = self.data(origin) if reader is not None else None
        if reader is None or found is None or found.startswith(_PACKED):
            return None
        return reader.locate(found, origin.line, pointers)


def about_the_cluster(shop: Shop) -> Run:
    """The checks whose subject is the cluster as a whole."""
    seen = world(str(Path(shop.folder) / "shared"))
    out = RunWriter()
    known = seen.known(shop.as_of)
    Judge(checks(), shop.params, known).judge(seen.cluster, out, Sources(seen.files).locate)
    return out.write(Path(shop.folder) / "cluster-run-whole")


def where_nothing_is(
    all_checks: Sequence[Check],
    cluster: Cluster,
    hosts: Hosts,
    types: frozenset[type],
    notes: Iterable[FileNotes],
    path: Path,
) -> Run:
    """What each check says of records that are not there: none handed in, proven absent, or unreadable.

    `types` are the record types of which at least one was read.
    """
    out = RunWriter()
    trouble = list(_trouble(notes))
    gaps = {subject: _unseen(subject, cluster, hosts) for subject in {check.subject for check in all_checks}}
    provider = provider_of(cluster)
    for check in all_checks:
        kinds = KINDS.get(check.subject, ())
        if check.subject not in types and check.subject is not Cluster:
            proof = [at for kind in kinds for at in cluster.at_list(kind)]
            if proof:
                shown = [LocationLine(at.origin.sha256, at.origin.path, at.pointer, at.origin.document) for at in proof]
                reason = f"the evidence holds a complete list of {' and '.join(kinds[:2])} objects, and it is empty"
                out.add(check, EVIDENCE_SET, Outcome.NOT_APPLICABLE, reason, shown)
            else:
                reason, places = _absent(check, provider)
                out.add(check, EVIDENCE_SET, Outcome.NOT_CHECKED, reason, places)
        elif gap := gaps[check.subject]:
            out.add(check, UNSEEN_NODES, Outcome.NOT_CHECKED, *gap)
        touched = [unread for unread in trouble if _touches(check, unread, kinds)]
        if touched:
            number = sum(unread.number for unread in touched)
            reason = (
                f"{number:,} document{'s' if number > 1 else ''} could not be read and may hold objects that "
                f"this check judges; see the evidence index"
            )
            places = [unread.place for unread in touched if unread.place is not None]
            out.add(check, UNREADABLE, Outcome.NOT_CHECKED, reason, places[:_PLACES])
    return out.write(path)


def _absent(check: Check, provider: Provider | None) -> tuple[str, Sequence[LocationLine]]:
    """Why there is nothing that a check could judge, with what shows it; of a control plane its maker may be why."""
    if provider is None or check.subject not in CONTROL_PLANE or not (provider.inherited or provider.elsewhere):
        return f"{_nothing(check)} is in the evidence", ()
    place = location(provider.at, None)
    if not provider.inherited:
        return f"{provider.elsewhere} ({provider.said})", (place,)
    reason = (
        f"the control plane is run by {provider.name} ({provider.said}): its settings are inherited from the provider "
        "and cannot be seen here"
    )
    return reason, (place,)


def _unseen(subject: type, cluster: Cluster, hosts: Hosts) -> tuple[str, Sequence[LocationLine]] | None:
    """Which nodes of the cluster checks of a subject saw nothing of; None where they saw all, or nodes do not tell."""
    nodes = nodes_to_see(cluster, subject)
    missing = unseen(nodes, hosts, subject)
    if not missing:
        return None
    names = listed(shown(node.header.name) for node in missing)
    reason = (
        f"of {len(missing):,} of {len(nodes):,} nodes ({names}) no {JOINED[subject]} was handed in; put what is of a "
        f"node into a folder {HOST_FOLDER}NAME"
    )
    return reason, [location(node.header.at(), None) for node in missing[:_PLACES]]


def _nothing(check: Check) -> str:
    """What a check found none of, in words."""
    called = CALLED.get(check.subject) or JOINED.get(check.subject)
    if called:
        return f"no {called}"
    kinds = KINDS.get(check.subject, ())
    return f"no {' or '.join(kinds)} object" if kinds else "no Kubernetes object"


class _Unread(NamedTuple):
    """Documents that could not be read.

    `anything` is true of a file of which nothing is known. Else `record` is the type of record that it
    holds, None for Kubernetes objects; of these `kind` is the kind, empty when it is not known. `place`
    is None for a file never opened.
    """

    anything: bool
    record: type | None
    kind: str
    place: LocationLine | None
    number: int


def _trouble(notes: Iterable[FileNotes]) -> Iterator[_Unread]:
    for note in notes:
        reader = readers().get(note.reader)
        record = Image if note.reader == IMAGE else reader.record if reader is not None else None
        anything = not note.reader
        whole = LocationLine(note.sha256, note.path, "") if note.sha256 else None
        if note.refused:
            yield _Unread(anything, record, "", whole, 1)
        for problem in note.problems:
            place = LocationLine(note.sha256, note.path, problem.pointer, problem.document, problem.line)
            yield _Unread(anything, record, problem.kind, place, 1)
        if note.more_problems:
            yield _Unread(anything, record, "", whole, note.more_problems)


def _touches(check: Check, unread: _Unread, kinds: tuple[str, ...]) -> bool:
    """Whether an unreadable document could have changed what a check says; one of an unknown kind always could."""
    if unread.anything:
        return True
    kind = unread.kind
    if check.subject in JOINED or "hosts" in check.context:
        rests_on = _RESTS_ON.get(check.subject, _HOST_RECORDS)
        return unread.record in rests_on or (unread.record is None and _tells_of_hosts(kind))
    if unread.record is not None:
        return check.subject is unread.record or not _JOINS.isdisjoint(check.context)
    if check.subject in CALLED:
        return "cluster" in check.context
    if not kind or kind.endswith("List") or kind in kinds or check.subject is Header:
        return True
    if "cluster" in check.context or check.subject is Cluster:
        return kind in LOOKED_UP.get(check.subject, frozenset({kind}))
    known = {name for names in KINDS.values() for name in names}
    return check.subject is Pod and kind not in known


def _tells_of_hosts(kind: str) -> bool:
    """Whether a Kubernetes document of a kind may hold settings of a component; one of an unknown kind always may."""
    return not kind or kind.endswith(("List", "Configuration")) or kind in _OF_HOSTS
