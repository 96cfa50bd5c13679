"""Pod and the cluster's service accounts in, verdicts out on the account and its API token."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, not_checked, passed
from compliance.model.cluster import Cluster
from compliance.model.evidence import At
from compliance.model.faults import called
from compliance.model.outcome import Severity
from compliance.model.workload import Pod

#: Where admission mounts a token. Source: Kubernetes documentation, "Configure Service Accounts for Pods".
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path, no password


@check(
    id="pod-default-service-account",
    title="The pod does not run as its namespace's default service account",
    severity=Severity.MEDIUM,
    fix="Create a ServiceAccount for the workload and set spec.serviceAccountName.",
)
def pod_default_service_account(pod: Pod) -> Verdict:
    """spec.serviceAccountName names another account than default; absent means default (API default) and fails.

    Source: judged as CIS Kubernetes Benchmark 2.0.1, 5.1.5, asks.
    """
    at = (pod.in_spec("serviceAccountName"),)
    name = pod.service_account_name
    if not name:
        return failed("serviceAccountName is not set (default: default)", at=at)
    if name == "default":
        return failed("serviceAccountName is default", at=at)
    return passed(f"serviceAccountName is {name}", at=at)


@check(
    id="pod-token-mount",
    title="The API token is not mounted into the pod",
    severity=Severity.MEDIUM,
    fix="Set automountServiceAccountToken to false on the pod, or on its ServiceAccount where no pod calls the API.",
    effort=Effort.WORKLOAD,
)
def pod_token_mount(pod: Pod, cluster: Cluster) -> Verdict:
    """The pod sets automountServiceAccountToken to false, or is silent and its ServiceAccount sets it to false.

    A mount of the token's path fails whatever is set. Where the pod is silent and its account is
    not in the evidence, nobody can say: NOT_CHECKED.
    Source: judged as CIS Kubernetes Benchmark 2.0.1, 5.1.6, asks.
    """
    field = pod.in_spec("automountServiceAccountToken")
    mount = _token_mount(pod)
    if mount is not None:
        return mount
    if pod.automount_service_account_token is not None:
        if pod.automount_service_account_token:
            return failed("automountServiceAccountToken is true on the pod", at=[field])
        return passed("automountServiceAccountToken is false on the pod", at=[field])
    name = pod.service_account_name or "default"
    account = cluster.service_account_named.get((pod.namespace, name))
    if account is None:
        reason = (
            f"the pod does not set automountServiceAccountToken and its ServiceAccount {name} is not in the evidence"
        )
        return not_checked(reason, at=[field])
    at = [field, account.header.at("/automountServiceAccountToken")]
    if account.automount_token is False:
        return passed(f"automountServiceAccountToken is false on ServiceAccount {name}", at=at)
    seen = "sets it to true" if account.automount_token else "does not either (default: true)"
    return failed(f"the pod does not set automountServiceAccountToken and ServiceAccount {name} {seen}", at=at)


def _token_mount(pod: Pod) -> Verdict | None:
    """FAIL when a container has the token's path mounted, as pods read from a cluster show it."""
    for container in pod.all_containers():
        for index, mount in enumerate(container.volume_mounts):
            if mount.mount_path == TOKEN_PATH:
                place = pod.in_container(container, f"volumeMounts/{index}")
                return failed(f"{called(container)} has the API token mounted at {TOKEN_PATH}", at=[place])
    return None


@check(
    id="pod-service-account-exists",
    title="The pod's service account exists",
    severity=Severity.MEDIUM,
    fix="Create the ServiceAccount in the pod's namespace, or correct spec.serviceAccountName.",
)
def pod_service_account_exists(pod: Pod, cluster: Cluster) -> Verdict:
    """The ServiceAccount that the pod names is in the evidence, in the pod's namespace.

    The account default exists in every namespace. NOT_CHECKED where no ServiceAccount was handed
    in, or the manifest names no namespace.
    Source: Kubernetes documentation, "Service Accounts".
    """
    field = pod.in_spec("serviceAccountName")
    name = pod.service_account_name or "default"
    if name == "default":
        return passed("the default account exists in every namespace", at=[field])
    account = cluster.service_account_named.get((pod.namespace, name))
    if account is not None:
        return passed(f"ServiceAccount {name} is in the evidence", at=[field, account.header.at()])
    if not cluster.knows("ServiceAccount"):
        return not_checked("no ServiceAccount was handed in", at=[field])
    if pod.namespace is None:
        return not_checked(f"the manifest names no namespace in which to look for ServiceAccount {name}", at=[field])
    places: tuple[At, ...] = (field, *cluster.at_list("ServiceAccount")[:1])
    return failed(f"ServiceAccount {name} is not among those of namespace {pod.namespace} handed in", at=places)
