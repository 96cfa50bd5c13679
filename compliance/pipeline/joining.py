"""Records in, whatever their order; the cluster, its images and the proof about them out, each joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from compliance.model.admission_decision import AdmissionDecision
from compliance.model.attestation import Attestation
from compliance.model.cluster import Cluster, ClusterObject, TypedList, WorkloadEntry
from compliance.model.cluster_index import index
from compliance.model.docker import DockerContainer, Dockerfile
from compliance.model.host import HostRecord
from compliance.model.hosts import Hosts, join_hosts
from compliance.model.image import Image
from compliance.model.images import Images, join
from compliance.model.reader import Record
from compliance.model.rule_report import RuleReport
from compliance.model.sbom import Sbom
from compliance.model.supply_chain import SupplyChain, join_proof
from compliance.model.vulnerability import EpssScores, KevCatalog, ScanReport, SsvcRecord, VexDocument

R = TypeVar("R")


class Joined(NamedTuple):
    """What checks that need all evidence may ask for."""

    cluster: Cluster
    images: Images
    supply_chain: SupplyChain
    hosts: Hosts


def joined(records: Sequence[Record], workloads: Iterable[WorkloadEntry]) -> Joined:
    """All records together; Pod records are passed over, `workloads` stand for them."""
    cluster = index((record for record in records if isinstance(record, ClusterObject | TypedList)), workloads)
    images = join(
        images=_those(Image, records),
        sboms=_those(Sbom, records),
        containers=_those(DockerContainer, records),
        dockerfiles=_those(Dockerfile, records),
        workloads=cluster.workloads,
    )
    supply_chain = join_proof(
        images,
        attestations=_those(Attestation, records),
        scans=_those(ScanReport, records),
        vex=_those(VexDocument, records),
        kev=_those(KevCatalog, records),
        epss=_those(EpssScores, records),
        ssvc=_those(SsvcRecord, records),
        decisions=_those(AdmissionDecision, records),
    )
    of_hosts = (record for record in records if isinstance(record, HostRecord))
    hosts = join_hosts(of_hosts, _those(RuleReport, records))
    return Joined(cluster, images, supply_chain, hosts)


def _those(kind: type[R], records: Iterable[Record]) -> list[R]:
    return [record for record in records if isinstance(record, kind)]
