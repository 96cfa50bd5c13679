"""API servers in, verdicts out on the ways of signing in that people and joining nodes have."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.cluster import Cluster
from compliance.model.flags import boolean, judged_lines
from compliance.model.hosts import ApiServer, Hosts
from compliance.model.identity_providers import has_identity_provider
from compliance.model.outcome import Outcome, Severity

#: Source: Kubernetes, "Authenticating with Bootstrap Tokens".
_BOOTSTRAP = "bootstrap.kubernetes.io/token"


@check(
    id="apiserver-identity-provider",
    title="The API server asks an identity provider who a person is",
    severity=Severity.MEDIUM,
    effort=Effort.PLATFORM,
    fix="Configure OIDC, a JWT authenticator or a token webhook, and give people no client certificates.",
)
def apiserver_identity_provider(server: ApiServer, hosts: Hosts) -> Verdict:
    """OIDC, a JWT authenticator in the structured configuration, or a token webhook is configured.

    Without one people can only hold client certificates or tokens of the cluster. An authenticating proxy in front
    is not seen, nor whether people have certificates beside the provider: a person answers for that.
    Source: CIS Kubernetes Benchmark 2.0.1, 3.1.1.
    """
    return has_identity_provider(server, hosts)


@check(
    id="apiserver-bootstrap-tokens",
    title="No bootstrap token is left in the cluster",
    severity=Severity.MEDIUM,
    fix="Delete bootstrap tokens once the nodes have joined (kubeadm token list, kubeadm token delete).",
)
def apiserver_bootstrap_tokens(server: ApiServer, cluster: Cluster) -> Verdict:
    """--enable-bootstrap-token-auth is false, which absent means; or no Secret in kube-system holds such a token.

    When a token expires stands in its value, which is not read: each one that is there is shown.
    Source: CIS Kubernetes Benchmark 2.0.1, 3.1.3.
    """
    off = judged_lines(
        server.lines, lambda line: boolean(line, "enable-bootstrap-token-auth", wanted=False, default=False)
    )
    if off.outcome is not Outcome.FAIL:
        return off
    tokens = [secret for secret in cluster.secrets if secret.type == _BOOTSTRAP]
    if tokens:
        names = listed(secret.header.name for secret in tokens)
        at = [*off.at, *(secret.header.at("/type") for secret in tokens)]
        return failed(f"bootstrap tokens are accepted, and there are {len(tokens)}: {names}", at=at)
    if "Secret" not in cluster.kinds:
        words = "bootstrap tokens are accepted; whether there are any is not known: no Secret was handed in"
        return not_checked(words, at=off.at)
    proof = cluster.at_list("Secret") or tuple(secret.header.at() for secret in cluster.secrets[:10])
    return passed("bootstrap tokens are accepted, and none is among the Secrets handed in", at=[*off.at, *proof])
