"""Records to bytes and back, for the cache and between processes; every record keeps its type and order."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from compliance.model import cluster, host
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.attestation import Attestation
from compliance.model.docker import DockerContainer, Dockerfile
from compliance.model.image import Image
from compliance.model.reader import Record
from compliance.model.rule_report import RuleReport
from compliance.model.sbom import Sbom
from compliance.model.vulnerability import EpssScores, KevCatalog, ScanReport, SsvcRecord, VexDocument
from compliance.model.workload import Pod

#: The order is the format: a record is found by the number of its type here.
_TYPES: tuple[type, ...] = (
    Pod,
    cluster.Namespace,
    cluster.ServiceAccount,
    cluster.Role,
    cluster.RoleBinding,
    cluster.NetworkPolicy,
    cluster.Service,
    cluster.Route,
    cluster.Gateway,
    cluster.ConfigMap,
    cluster.Secret,
    cluster.Limits,
    cluster.Quota,
    cluster.DisruptionBudget,
    cluster.Autoscaler,
    cluster.PersistentVolume,
    cluster.Claim,
    cluster.WebhookConfiguration,
    cluster.AdmissionPolicy,
    cluster.PolicyBinding,
    cluster.Node,
    cluster.OtherObject,
    cluster.TypedList,
    Image,
    Sbom,
    DockerContainer,
    Dockerfile,
    Attestation,
    ScanReport,
    VexDocument,
    KevCatalog,
    EpssScores,
    SsvcRecord,
    AdmissionDecision,
    cluster.DecisionReport,
    host.CommandLine,
    host.Settings,
    host.FileListing,
    host.ProcessList,
    host.Services,
    host.Mounts,
    host.Groups,
    host.AuditRules,
    host.HostIdentity,
    RuleReport,
)
_NUMBER = {kind: number for number, kind in enumerate(_TYPES)}
_Batch = msgspec.defstruct(
    "_Batch",
    [("order", bytes), *((f"of_{number}", list[kind], []) for number, kind in enumerate(_TYPES))],  # type: ignore[valid-type]  # made at import
    array_like=True,
)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Batch)


def encode(records: Iterable[Record]) -> bytes:
    """Records as MessagePack, grouped by type, with their order beside them."""
    order = bytearray()
    groups: list[list[Record]] = [[] for _ in _TYPES]
    for record in records:
        number = _NUMBER[type(record)]
        order.append(number)
        groups[number].append(record)
    return _encoder.encode([bytes(order), *groups])


def decode(data: bytes) -> list[Record]:
    """The records that `encode` was given, equal and in order."""
    batch = _decoder.decode(data)
    following = [iter(getattr(batch, f"of_{number}")) for number in range(len(_TYPES))]
    order: bytes = batch.order  # type: ignore[attr-defined]  # a struct made at import
    return [next(following[number]) for number in order]
