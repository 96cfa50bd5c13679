"""Pod in, verdicts out on where it stands: its namespace, and what manages it."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, not_applicable, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.outcome import Severity
from compliance.model.workload import Pod

#: Labels that components of the platform carry. Source: Kubernetes add-ons and static pods of kubeadm.
PLATFORM_LABELS = ("k8s-app", "kubernetes.io/cluster-service", "addonmanager.kubernetes.io/mode")
#: Names of platform components, or how they begin. Source: the object lists of kubeadm, kind, k3s, EKS, GKE and AKS.
PLATFORM_NAMES = (
    "aws-",
    "azure-",
    "calico-",
    "cilium",
    "cloud-controller-manager",
    "cluster-autoscaler",
    "coredns",
    "csi-",
    "ebs-csi-",
    "efs-csi-",
    "eks-",
    "etcd",
    "fluentbit-gke",
    "gke-",
    "helm-install-",
    "kindnet",
    "konnectivity-",
    "kube-",
    "local-path-provisioner",
    "metrics-server",
    "node-local-dns",
    "pdcsi-",
    "snapshot-controller",
    "svclb-",
    "tigera-",
    "traefik",
)
_CRITICAL = ("system-node-critical", "system-cluster-critical")


@check(
    id="pod-default-namespace",
    title="The workload is not in namespace default",
    severity=Severity.LOW,
    fix="Give the workload a namespace of its own and set metadata.namespace.",
    effort=Effort.WORKLOAD,
)
def pod_default_namespace(pod: Pod) -> Verdict:
    """metadata.namespace names another namespace than default.

    A manifest that names none lands where the deployer points, default among them: NOT_CHECKED.
    Source: judged as CIS Kubernetes Benchmark 2.0.1, 5.6.4, asks.
    """
    at = (pod.at("/metadata/namespace"),)
    if pod.namespace is None:
        return not_checked("the manifest names no namespace; the deployer chooses it (default: default)", at=at)
    if pod.namespace == "default":
        return failed("the workload is in namespace default", at=at)
    return passed(f"the workload is in namespace {pod.namespace}", at=at)


@check(
    id="pod-system-namespace",
    title="No application workload is in a system namespace",
    severity=Severity.MEDIUM,
    fix="Move the workload into a namespace of its own; system namespaces are the platform's.",
    effort=Effort.WORKLOAD,
)
def pod_system_namespace(pod: Pod, params: Parameters) -> Verdict:
    """The namespace is no system namespace, or the workload is a component of the platform.

    A component is known by a label, a critical priority class, or its name; the reason says by which.
    Source: NSA and CISA, Kubernetes Hardening Guide 1.2, "Namespaces".
    """
    at = [pod.at("/metadata/namespace")]
    if pod.namespace is None:
        return not_checked("the manifest names no namespace; the deployer chooses it", at=at)
    if pod.namespace not in params.system_namespaces:
        return passed(f"namespace {pod.namespace} is no system namespace", at=at)
    because = _platform_sign(pod)
    if because:
        return passed(f"in system namespace {pod.namespace} as a component of the platform: {because}", at=at)
    return failed(f"in system namespace {pod.namespace} and not known as a component of the platform", at=at)


def _platform_sign(pod: Pod) -> str:
    for labels in (pod.pod_labels, pod.labels):
        for key in PLATFORM_LABELS:
            if key in labels:
                return f"label {key} is {labels[key]}"
        if labels.get("tier") in ("control-plane", "node"):
            return f"label tier is {labels['tier']}"
    if pod.priority_class_name in _CRITICAL:
        return f"priorityClassName is {pod.priority_class_name}"
    if pod.name.startswith(PLATFORM_NAMES):
        return f"its name is {pod.name}"
    return ""


@check(
    id="pod-managed",
    title="A controller manages the pod",
    severity=Severity.LOW,
    fix="Make the pod by a Deployment, StatefulSet, DaemonSet or Job, so that it is replaced when its node fails.",
    effort=Effort.WORKLOAD,
)
def pod_managed(pod: Pod) -> Verdict:
    """The pod has a controlling owner, or the object is a workload that makes pods.

    Static pods are managed by their kubelet. A PodTemplate makes no pods by itself: not applicable.
    Source: Kubernetes documentation, "Configuration Good Practices", naked pods.
    """
    at = [pod.at("/kind")]
    if pod.kind == "PodTemplate":
        return not_applicable("a PodTemplate makes no pods by itself", at=at)
    if pod.kind != "Pod":
        return passed(f"a {pod.kind} makes and replaces the pods", at=at)
    if pod.owner is not None:
        return passed(f"{pod.owner[0]} {pod.owner[1]} owns the pod", at=[pod.at("/metadata/ownerReferences")])
    if "kubernetes.io/config.mirror" in pod.annotations:
        return passed("a static pod, managed by its kubelet", at=[pod.at("/metadata/annotations")])
    return failed("a Pod of its own: nothing replaces it when its node fails", at=at)
