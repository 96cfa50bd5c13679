"""Controller managers in, verdicts out on their options."""

from __future__ import annotations

from compliance.model import flag_values
from compliance.model.check import Verdict, check
from compliance.model.flags import Answer, answer, boolean, gate, held, is_set, judged_lines, option, refused, unknown
from compliance.model.host import CommandLine
from compliance.model.hosts import ControllerManager
from compliance.model.listen_addresses import loopback_only
from compliance.model.outcome import Outcome, Severity
from compliance.model.tls_options import minimum_version


@check(
    id="controller-manager-pod-gc-threshold",
    title="From how many finished pods on they are cleared away has been chosen",
    severity=Severity.LOW,
    fix="Set --terminated-pod-gc-threshold to a number that fits the cluster, for example 10.",
)
def controller_manager_pod_gc_threshold(manager: ControllerManager) -> Verdict:
    """--terminated-pod-gc-threshold is given and positive; absent means 12500, 0 and less mean never.

    Which number fits is the organisation's choice.
    Source: CIS Kubernetes Benchmark 2.0.1, 1.3.1.
    """

    def rule(line: CommandLine) -> Answer:
        found = option(line, "terminated-pod-gc-threshold")
        if found.unknown:
            return unknown(found)
        if found.text is None:
            return answer(line, Outcome.FAIL, f"{found.told()} (default: 12500)")
        value = flag_values.number(found.text)
        return refused(found, "a number") if value is None else answer(line, held(value > 0), found.told(), found.at)

    return judged_lines(manager.lines, rule)


@check(
    id="controller-manager-profiling",
    title="The controller manager serves no profiling data",
    severity=Severity.MEDIUM,
    fix="Set --profiling=false in the manifest of kube-controller-manager.",
)
def controller_manager_profiling(manager: ControllerManager) -> Verdict:
    """--profiling is false; absent means true.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.3.2; DISA Kubernetes STIG V2R6, V-242409.
    """
    return judged_lines(manager.lines, lambda line: boolean(line, "profiling", wanted=False, default=True))


@check(
    id="controller-manager-own-accounts",
    title="Each controller has a service account of its own",
    severity=Severity.HIGH,
    fix="Set --use-service-account-credentials=true in the manifest of kube-controller-manager.",
)
def controller_manager_own_accounts(manager: ControllerManager) -> Verdict:
    """--use-service-account-credentials is true; absent means false.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.3.3; DISA Kubernetes STIG V2R6, V-242381.
    """
    name = "use-service-account-credentials"
    return judged_lines(manager.lines, lambda line: boolean(line, name, wanted=True, default=False))


@check(
    id="controller-manager-service-account-key",
    title="The controller manager signs service account tokens with a key of their own",
    severity=Severity.MEDIUM,
    fix="Set --service-account-private-key-file to the private key of service account tokens.",
)
def controller_manager_service_account_key(manager: ControllerManager) -> Verdict:
    """--service-account-private-key-file is set.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.3.4.
    """
    return judged_lines(manager.lines, lambda line: is_set(line, "service-account-private-key-file"))


@check(
    id="controller-manager-root-ca",
    title="The controller manager hands the API server's authority to pods",
    severity=Severity.MEDIUM,
    fix="Set --root-ca-file to the authority that signs the API server's serving certificate.",
)
def controller_manager_root_ca(manager: ControllerManager) -> Verdict:
    """--root-ca-file is set.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.3.5; DISA Kubernetes STIG V2R6, V-242421.
    """
    return judged_lines(manager.lines, lambda line: is_set(line, "root-ca-file"))


@check(
    id="controller-manager-kubelet-certificate-rotation",
    title="The controller manager lets kubelets rotate their serving certificates",
    severity=Severity.MEDIUM,
    fix="Remove RotateKubeletServerCertificate=false from --feature-gates.",
)
def controller_manager_kubelet_certificate_rotation(manager: ControllerManager) -> Verdict:
    """The gate RotateKubeletServerCertificate is not off, by itself or with AllBeta; absent means on.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.3.6.
    """
    name = "RotateKubeletServerCertificate"
    return judged_lines(manager.lines, lambda line: gate(line, name, wanted=True, default=True, stage="AllBeta"))


@check(
    id="controller-manager-bind-address",
    title="The controller manager answers on the loopback address only",
    severity=Severity.MEDIUM,
    fix="Set --bind-address=127.0.0.1 in the manifest of kube-controller-manager.",
)
def controller_manager_bind_address(manager: ControllerManager) -> Verdict:
    """--bind-address is 127.0.0.1, or ::1; absent means all addresses of the host.

    kube-bench passes where the option is absent; the program's default is 0.0.0.0, so this fails.
    Source: CIS Kubernetes Benchmark 2.0.1, 1.3.7; DISA Kubernetes STIG V2R6, V-242385.
    """
    return judged_lines(manager.lines, loopback_only)


@check(
    id="controller-manager-tls-min-version",
    title="The controller manager is set to TLS 1.2 or newer",
    severity=Severity.MEDIUM,
    fix="Set --tls-min-version=VersionTLS12, or VersionTLS13, in the manifest of kube-controller-manager.",
)
def controller_manager_tls_min_version(manager: ControllerManager) -> Verdict:
    """--tls-min-version is given as VersionTLS12 or VersionTLS13; the default does not count.

    Source: DISA Kubernetes STIG V2R6, V-242376.
    """
    return judged_lines(manager.lines, minimum_version)
