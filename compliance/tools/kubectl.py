"""kubectl: reads objects and settings of a cluster into files; no verb is used that changes anything.

The values of Secrets are asked for by nobody: of them a template writes names and types alone. (The API server hands
them to kubectl, which forgets them.)
"""

from __future__ import annotations

from typing import NamedTuple

from compliance.tools.running import ask

PROGRAM = "kubectl"
#: Kinds of objects, read page by page.
KINDS = (
    "namespaces", "nodes", "pods", "deployments", "daemonsets", "statefulsets", "replicasets", "jobs", "cronjobs",
    "serviceaccounts", "services", "roles", "rolebindings", "clusterroles", "clusterrolebindings", "persistentvolumes",
    "persistentvolumeclaims", "horizontalpodautoscalers", "ingresses", "ingressclasses", "configmaps",
)  # fmt: skip
#: Kinds whose list proves, when it is empty, that there is none: as the API server itself answers it.
LISTS = (
    "/apis/networking.k8s.io/v1/networkpolicies",
    "/api/v1/limitranges",
    "/api/v1/resourcequotas",
    "/apis/policy/v1/poddisruptionbudgets",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
)
#: Kinds that later releases have.
NEWER = ("validatingadmissionpolicies", "validatingadmissionpolicybindings")
#: Groups of the policy engines, secret stores and networks whose objects are read, where the cluster has them.
GROUPS = (
    "kyverno.io", "gatekeeper.sh", "sigstore.dev", "external-secrets.io", "secrets-store.csi.x-k8s.io",
    "gateway.networking.k8s.io", "cilium.io", "projectcalico.org", "wgpolicyk8s.io", "openreports.io",
)  # fmt: skip
#: A list of Secrets without their values, as JSON.
_NAMES = (
    '{"apiVersion":"v1","kind":"SecretList","items":[{{range $i, $s := .items}}{{if $i}},{{end}}'
    '{"apiVersion":"v1","kind":"Secret","type":{{printf "%q" $s.type}},'
    '"metadata":{"name":{{printf "%q" $s.metadata.name}},"namespace":{{printf "%q" $s.metadata.namespace}}}}'
    "{{end}}]}\n"
)


class Access(NamedTuple):
    """Which cluster, and with which rights; empty text leaves either to kubectl."""

    context: str = ""
    kubeconfig: str = ""


def command(access: Access, *arguments: str) -> tuple[str, ...]:
    """The argument list of a question to the cluster."""
    words = [PROGRAM]
    words += ["--kubeconfig", access.kubeconfig] if access.kubeconfig else []
    words += ["--context", access.context] if access.context else []
    return (*words, "--request-timeout=120s", *arguments)


def version() -> str:
    """That of the client: `v1.34.1`.

    Raises:
        ToolError: kubectl is absent or does not say.
    """
    return ask([PROGRAM, "version", "--client"]).partition("Client Version:")[2].split("\n")[0].strip()


def questions() -> dict[str, tuple[str, ...]]:
    """What is asked of every cluster, by the name of the file that keeps the answer."""
    found: dict[str, tuple[str, ...]] = {"version.json": ("version", "-o", "json")}
    found |= {f"{kind}.json": ("get", kind, "--all-namespaces", "-o", "json") for kind in KINDS}
    found |= {f"{path.rpartition('/')[2]}.json": ("get", "--raw", path) for path in LISTS}
    found["secrets.json"] = ("get", "secrets", "--all-namespaces", "-o", f"go-template={_NAMES}")
    found |= {f"{kind}.json": ("get", kind, "-o", "json") for kind in NEWER}
    return found


def names(kind: str) -> tuple[str, ...]:
    """The question for the names of all objects of a kind, one a line after `KIND/`."""
    return ("get", kind, "-o", "name")


def objects(resource: str) -> tuple[str, ...]:
    """The question for all objects of a resource (`policies.kyverno.io`)."""
    return ("get", resource, "--all-namespaces", "-o", "json")


def configz(node: str) -> tuple[str, ...]:
    """The question for the configuration in force of a node's kubelet."""
    return ("get", "--raw", f"/api/v1/nodes/{node}/proxy/configz")
