"""Cluster in, verdicts out on what DISA asks of its namespaces, its add-ons and the versions of its components."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.cluster import Cluster, WorkloadEntry
from compliance.model.evidence import At
from compliance.model.faults import Fault, counted, told
from compliance.model.flags import shown
from compliance.model.image_reference import ImageReference, image_reference
from compliance.model.outcome import Severity

#: Namespaces that every cluster has for itself. Source: Kubernetes, "Namespaces", Initial namespaces.
_RESERVED = ("default", "kube-node-lease", "kube-public")
_SYSTEM = "kube-system"
#: The one object that belongs there: how pods reach the API server.
_OWN_SERVICE = ("default", "kubernetes")
#: Source: kubernetes/dashboard, its manifests of 2.x and its chart of 7.x.
_DASHBOARD = "kubernetes-dashboard"
_DASHBOARD_LABELS = ("k8s-app", "app.kubernetes.io/name", "app.kubernetes.io/part-of")
_DASHBOARD_FAMILY = "kubernetesui/dashboard"
_DASHBOARD_NAMES = ("kubernetes-dashboard-amd64", "kubernetes-dashboard")
#: Places that one verdict shows.
_SHOWN = 200


@check(
    id="cluster-reserved-namespaces",
    title="Nothing of users stands in the namespaces default, kube-public and kube-node-lease",
    severity=Severity.HIGH,
    fix="Deploy it into a namespace of its own, then delete it from the reserved namespace.",
    effort=Effort.WORKLOAD,
)
def cluster_reserved_namespaces(cluster: Cluster) -> Verdict:
    """No workload, Service or autoscaler is in one of them, save the Service kubernetes.

    Passes only where the evidence is of a whole cluster. Source: DISA Kubernetes STIG V2R6, V-242383.
    """
    found = list(_in_reserved(cluster))
    if found:
        return failed(told(found), at=[fault.at for fault in found[:_SHOWN]])
    whole = _whole(cluster)
    if not whole:
        return not_checked(f"nothing of what was handed in is in {listed(_RESERVED)}, but {_NOT_WHOLE}")
    words = f"{_seen(cluster)}, none in {listed(_RESERVED)} but the Service kubernetes"
    return passed(words, at=whole)


def _in_reserved(cluster: Cluster) -> Iterator[Fault]:
    for namespace in _RESERVED:
        for entry in cluster.workloads_in.get(namespace, ()):
            yield Fault(f"{entry.said()} is in {namespace}", entry.at("/metadata/namespace"))
        for service in cluster.services_in.get(namespace, ()):
            header = service.header
            if (namespace, header.name) != _OWN_SERVICE:
                yield Fault(f"Service {shown(header.name)} is in {namespace}", header.at("/metadata/namespace"))
        for scaler in cluster.autoscalers_in.get(namespace, ()):
            header = scaler.header
            yield Fault(f"{header.kind} {shown(header.name)} is in {namespace}", header.at("/metadata/namespace"))


@check(
    id="cluster-dashboard",
    title="The Kubernetes dashboard is not installed",
    severity=Severity.MEDIUM,
    fix="Remove the dashboard with the tool that installed it, with its service account and role bindings.",
    effort=Effort.PLATFORM,
)
def cluster_dashboard(cluster: Cluster) -> Verdict:
    """No workload has the dashboard's labels or one of its images.

    Passes only where the evidence is of a whole cluster. Source: DISA Kubernetes STIG V2R6, V-242395.
    """
    found = [Fault(f"{entry.said()} is the dashboard: {why}", at) for entry, why, at in _dashboards(cluster)]
    if found:
        return failed(told(found), at=[fault.at for fault in found[:_SHOWN]])
    whole = _whole(cluster)
    if not whole:
        return not_checked(f"nothing of what was handed in is the dashboard, but {_NOT_WHOLE}")
    return passed(f"{_seen(cluster)}, none of them the dashboard", at=whole)


def _dashboards(cluster: Cluster) -> Iterator[tuple[WorkloadEntry, str, At]]:
    for entry in cluster.workloads:
        label = next((key for key in _DASHBOARD_LABELS if entry.pod_labels.get(key) == _DASHBOARD), None)
        image = next((image for image in entry.images if _is_dashboard(image_reference(image))), None)
        if label is not None:
            yield entry, f"label {label}", entry.at(entry.spec_at)
        elif image is not None:
            yield entry, f"image {shown(image)}", entry.at(entry.spec_at)


def _is_dashboard(image: ImageReference) -> bool:
    """Whether an image is the dashboard's, from a mirror too: `mirror/kubernetesui/dashboard-web`."""
    name = image.repository.rpartition("/")[2]
    return name in _DASHBOARD_NAMES or f"/{_DASHBOARD_FAMILY}-" in f"/{image.repository}-"


@check(
    id="cluster-component-versions",
    title="Each image runs in one version",
    severity=Severity.MEDIUM,
    fix="Finish the rolling update, and remove workloads of the older version.",
    effort=Effort.WORKLOAD,
)
def cluster_component_versions(cluster: Cluster) -> Verdict:
    """No image is named in two versions by workloads that have a pod.

    A version is a tag, or a digest where there is none. Passes only where the evidence is of a whole cluster.
    Source: DISA Kubernetes STIG V2R6, V-242442.
    """
    versions: dict[str, dict[str, WorkloadEntry]] = defaultdict(dict)
    for entry in cluster.workloads:
        for image in entry.images if entry.replicas != 0 else ():
            reference = image_reference(image)
            versions[reference.path].setdefault(reference.tag or reference.digest or "latest", entry)
    several = {path: found for path, found in sorted(versions.items()) if len(found) > 1}
    if several:
        at = [entry.at(entry.spec_at) for found in several.values() for _, entry in sorted(found.items())]
        faults = [
            Fault(f"{shown(path)} runs as {listed(sorted(map(shown, found)))}", at[0])
            for path, found in several.items()
        ]
        return failed(told(faults), at=at[:_SHOWN])
    whole = _whole(cluster)
    if not whole:
        return not_checked(f"no image was handed in with two versions, but {_NOT_WHOLE}")
    return passed(f"{counted(len(versions), 'image')} in {_seen(cluster)}, each in one version", at=whole)


_NOT_WHOLE = "the evidence is not of a whole cluster: its nodes, namespaces and the workloads of kube-system are needed"


def _whole(cluster: Cluster) -> tuple[At, ...]:
    """The places that show that the objects of a whole cluster were handed in; empty where nothing does.

    A cluster has nodes, namespaces and workloads in kube-system; manifests of an application have none of them.
    """
    system = cluster.workloads_in.get(_SYSTEM, ())
    if not (system and cluster.nodes and cluster.namespaces):
        return ()
    return (system[0].at(), cluster.nodes[0].header.at(), cluster.namespaces[0].header.at())


def _seen(cluster: Cluster) -> str:
    subjects = {entry.subject.id for entry in cluster.workloads}
    return f"{counted(len(subjects), 'workload')} in {counted(len(cluster.namespaces), 'namespace')}"
