"""API servers in, verdicts out on who may sign in to them, and on who decides what they may do."""

from __future__ import annotations

from compliance.model.authorizers import anonymous_are_refused, authorizers_are
from compliance.model.check import Verdict, check
from compliance.model.flags import is_absent, judged_lines
from compliance.model.hosts import ApiServer, Hosts
from compliance.model.outcome import Severity


@check(
    id="apiserver-anonymous-auth",
    title="The API server answers nobody who has not signed in",
    severity=Severity.HIGH,
    fix="Set --anonymous-auth=false, or name the health endpoints in `anonymous` of an AuthenticationConfiguration.",
)
def apiserver_anonymous_auth(server: ApiServer, hosts: Hosts) -> Verdict:
    """Anonymous requests are refused, by option or by configuration file, save for /livez, /readyz and /healthz.

    Absent means that they are let in. A configuration file that was not handed in leaves the question open, unless
    the option is given beside it.
    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.1; DISA Kubernetes STIG V2R6, V-242390.
    """
    return anonymous_are_refused(server, hosts)


@check(
    id="apiserver-token-auth-file",
    title="No file of static tokens opens the API server",
    severity=Severity.HIGH,
    fix="Remove --token-auth-file, delete the file and give its users another way to sign in.",
)
def apiserver_token_auth_file(server: ApiServer) -> Verdict:
    """--token-auth-file is not used.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.2; DISA Kubernetes STIG V2R6, V-245543.
    """
    return judged_lines(server.lines, lambda line: is_absent(line, "token-auth-file"))


@check(
    id="apiserver-authorization-always-allow",
    title="No authorizer of the API server lets every request through",
    severity=Severity.HIGH,
    fix="Set --authorization-mode=Node,RBAC in the manifest of kube-apiserver.",
)
def apiserver_authorization_always_allow(server: ApiServer, hosts: Hosts) -> Verdict:
    """AlwaysAllow is not among the authorizers, of the option or of the configuration file; absent means AlwaysAllow.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.6; DISA Kubernetes STIG V2R6, V-242382.
    """
    return authorizers_are(server, hosts, lambda names: "AlwaysAllow" not in names)


@check(
    id="apiserver-authorization-node",
    title="The API server confines kubelets by the Node authorizer",
    severity=Severity.MEDIUM,
    fix="Set --authorization-mode=Node,RBAC in the manifest of kube-apiserver.",
)
def apiserver_authorization_node(server: ApiServer, hosts: Hosts) -> Verdict:
    """Node is among the authorizers, of the option or of the configuration file.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.7; DISA Kubernetes STIG V2R6, V-242382.
    """
    return authorizers_are(server, hosts, lambda names: "Node" in names)


@check(
    id="apiserver-authorization-rbac",
    title="The API server authorises by roles",
    severity=Severity.HIGH,
    fix="Set --authorization-mode=Node,RBAC in the manifest of kube-apiserver.",
)
def apiserver_authorization_rbac(server: ApiServer, hosts: Hosts) -> Verdict:
    """RBAC is among the authorizers, of the option or of the configuration file.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.8; DISA Kubernetes STIG V2R6, V-242382.
    """
    return authorizers_are(server, hosts, lambda names: "RBAC" in names)
