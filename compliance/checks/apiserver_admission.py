"""API servers in, verdicts out on the admission plugins that are in force."""

from __future__ import annotations

from compliance.model.admission_plugins import plugin
from compliance.model.check import Verdict, check
from compliance.model.flags import judged_lines
from compliance.model.hosts import ApiServer, Hosts
from compliance.model.outcome import Severity
from compliance.model.pod_security_admission import defaults_are_enforced, plugin_or_gate_is_on


@check(
    id="apiserver-admission-deny-external-ips",
    title="Services cannot take external addresses",
    severity=Severity.MEDIUM,
    fix="Add DenyServiceExternalIPs to --enable-admission-plugins.",
)
def apiserver_admission_deny_external_ips(server: ApiServer) -> Verdict:
    """DenyServiceExternalIPs is enabled; it is off by default.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.3.
    """
    return judged_lines(server.lines, lambda line: plugin(line, "DenyServiceExternalIPs", wanted=True, default=False))


@check(
    id="apiserver-admission-event-rate-limit",
    title="Floods of events are limited at admission",
    severity=Severity.LOW,
    fix="Add EventRateLimit to --enable-admission-plugins, and its limits to the admission configuration file.",
)
def apiserver_admission_event_rate_limit(server: ApiServer) -> Verdict:
    """EventRateLimit is enabled; it is off by default.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.9.
    """
    return judged_lines(server.lines, lambda line: plugin(line, "EventRateLimit", wanted=True, default=False))


@check(
    id="apiserver-admission-always-admit",
    title="The plugin that admits everything is off",
    severity=Severity.HIGH,
    fix="Remove AlwaysAdmit from --enable-admission-plugins.",
)
def apiserver_admission_always_admit(server: ApiServer) -> Verdict:
    """AlwaysAdmit is not enabled; it is off by default.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.10.
    """
    return judged_lines(server.lines, lambda line: plugin(line, "AlwaysAdmit", wanted=False, default=False))


@check(
    id="apiserver-admission-always-pull-images",
    title="Every start of a pod asks the registry for its images",
    severity=Severity.MEDIUM,
    fix="Add AlwaysPullImages to --enable-admission-plugins.",
)
def apiserver_admission_always_pull_images(server: ApiServer) -> Verdict:
    """AlwaysPullImages is enabled; it is off by default.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.11.
    """
    return judged_lines(server.lines, lambda line: plugin(line, "AlwaysPullImages", wanted=True, default=False))


@check(
    id="apiserver-admission-service-account",
    title="Admission gives pods their service account",
    severity=Severity.MEDIUM,
    fix="Remove ServiceAccount from --disable-admission-plugins.",
)
def apiserver_admission_service_account(server: ApiServer) -> Verdict:
    """ServiceAccount is not disabled; it is on by default.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.12.
    """
    return judged_lines(server.lines, lambda line: plugin(line, "ServiceAccount", wanted=True, default=True))


@check(
    id="apiserver-admission-namespace-lifecycle",
    title="Admission refuses objects in namespaces that do not exist",
    severity=Severity.MEDIUM,
    fix="Remove NamespaceLifecycle from --disable-admission-plugins.",
)
def apiserver_admission_namespace_lifecycle(server: ApiServer) -> Verdict:
    """NamespaceLifecycle is not disabled; it is on by default.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.13.
    """
    return judged_lines(server.lines, lambda line: plugin(line, "NamespaceLifecycle", wanted=True, default=True))


@check(
    id="apiserver-admission-node-restriction",
    title="Kubelets may change only their own node and its pods",
    severity=Severity.HIGH,
    fix="Add NodeRestriction to --enable-admission-plugins.",
)
def apiserver_admission_node_restriction(server: ApiServer) -> Verdict:
    """NodeRestriction is enabled; it is off by default.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.14.
    """
    return judged_lines(server.lines, lambda line: plugin(line, "NodeRestriction", wanted=True, default=False))


@check(
    id="apiserver-admission-validating-webhook",
    title="Validating admission webhooks are asked",
    severity=Severity.HIGH,
    fix="Remove ValidatingAdmissionWebhook from --disable-admission-plugins.",
)
def apiserver_admission_validating_webhook(server: ApiServer) -> Verdict:
    """ValidatingAdmissionWebhook is not disabled; it is on by default.

    Source: DISA Kubernetes STIG V2R6, V-242436.
    """
    name = "ValidatingAdmissionWebhook"
    return judged_lines(server.lines, lambda line: plugin(line, name, wanted=True, default=True))


@check(
    id="apiserver-admission-pod-security",
    title="Pod Security admission is not switched off",
    severity=Severity.HIGH,
    fix="Remove PodSecurity from --disable-admission-plugins, and its gate from --feature-gates.",
)
def apiserver_admission_pod_security(server: ApiServer, hosts: Hosts) -> Verdict:
    """The plugin PodSecurity is not disabled. The feature gate that the item names is gone since Kubernetes 1.28.

    NOT_APPLICABLE from 1.28 on where the plugin is on; on older versions the gate must not be off, and before 1.23
    it must be on. The version is that of the server's image, or of `kubectl version`.
    Source: DISA Kubernetes STIG V2R6, V-254801; Kubernetes, "Feature Gates (removed)", PodSecurity.
    """
    return plugin_or_gate_is_on(server, hosts)


@check(
    id="apiserver-admission-pod-security-defaults",
    title="Pod Security admission has defaults for namespaces without labels",
    severity=Severity.HIGH,
    fix="Enforce baseline or restricted in PodSecurity's defaults, in the file of --admission-control-config-file.",
)
def apiserver_admission_pod_security_defaults(server: ApiServer, hosts: Hosts) -> Verdict:
    """The file of --admission-control-config-file configures PodSecurity, with baseline or restricted enforced.

    The configuration may stand in the file itself or in one that it names. The level privileged lets everything in
    and fails: least privilege is what the item asks.
    Source: DISA Kubernetes STIG V2R6, V-254800.
    """
    return defaults_are_enforced(server, hosts)
