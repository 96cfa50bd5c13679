"""Kubelets in, verdicts out on their certificates and cipher suites."""

from __future__ import annotations

from compliance.model.check import Verdict, check
from compliance.model.hosts import Hosts, Kubelet
from compliance.model.kubelet_settings import Kind, Setting, either, in_file_only, judged
from compliance.model.outcome import Severity

#: Source of all defaults: Kubernetes 1.34, "Kubelet Configuration (v1beta1)", "kubelet" and "Feature Gates".
_CERTIFICATE = Setting(pointer="/tlsCertFile", flag="tls-cert-file", kind=Kind.TEXT, default="", flag_default="")
_KEY = Setting(pointer="/tlsPrivateKeyFile", flag="tls-private-key-file", kind=Kind.TEXT, default="", flag_default="")
_BOOTSTRAP = Setting(
    pointer="/serverTLSBootstrap",
    flag="rotate-server-certificates",
    kind=Kind.SWITCH,
    default=False,
    flag_default=False,
)
_ROTATION = Setting(
    pointer="/rotateCertificates", flag="rotate-certificates", kind=Kind.SWITCH, default=False, flag_default=False
)
_GATE = Setting(
    pointer="/featureGates/RotateKubeletServerCertificate",
    flag="feature-gates",
    kind=Kind.SWITCH,
    default=True,
    flag_default=True,
    gate="RotateKubeletServerCertificate",
    above="AllBeta",
)
_SUITES = Setting(
    pointer="/tlsCipherSuites",
    flag="tls-cipher-suites",
    kind=Kind.LIST,
    default=(),
    flag_default=(),
    default_words="all suites that the program has",
)
#: Suites that the kubelet may offer, two of them in both spellings that Go knows.
#: Source: CIS Kubernetes Benchmark 2.0.1 and 1.12, 4.2.12, as aquasecurity/kube-bench, cfg/cis-1.12/node.yaml, lists
#: them.
_STRONG = frozenset(
    (
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    )
)


@check(
    id="kubelet-serving-certificate",
    title="The kubelet serves its port with a certificate that was issued to it",
    severity=Severity.HIGH,
    fix="Set serverTLSBootstrap to true and approve the node's requests, or set tlsCertFile and tlsPrivateKeyFile.",
)
def kubelet_serving_certificate(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """Certificate and key are named, or the kubelet has them issued and rotated; else it signs its own.

    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.9; Kubernetes, "Kubelet TLS bootstrapping", "Certificate Rotation".
    """
    named = [judged(kubelet, hosts, setting, bool) for setting in (_CERTIFICATE, _KEY)]
    issued = [judged(kubelet, hosts, setting, lambda value: value is True) for setting in (_BOOTSTRAP, _GATE)]
    return either(named, issued)


@check(
    id="kubelet-serving-certificate-file",
    title="The kubelet's configuration file names its serving certificate",
    severity=Severity.MEDIUM,
    fix="State tlsCertFile in the KubeletConfiguration, and remove --tls-cert-file.",
)
def kubelet_serving_certificate_file(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The file names it, and the option is not on the command line, whatever its value there.

    Source: DISA Kubernetes STIG V2R6, V-242425.
    """
    return in_file_only(kubelet, hosts, _CERTIFICATE, bool, needed=True)


@check(
    id="kubelet-private-key-file",
    title="The kubelet's configuration file names its private key",
    severity=Severity.MEDIUM,
    fix="State tlsPrivateKeyFile in the KubeletConfiguration, and remove --tls-private-key-file.",
)
def kubelet_private_key_file(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The file names it, and the option is not on the command line, whatever its value there.

    Source: DISA Kubernetes STIG V2R6, V-242424.
    """
    return in_file_only(kubelet, hosts, _KEY, bool, needed=True)


@check(
    id="kubelet-certificate-rotation",
    title="The kubelet renews its client certificate by itself",
    severity=Severity.MEDIUM,
    fix="Set rotateCertificates to true in the KubeletConfiguration, and restart the kubelet.",
)
def kubelet_certificate_rotation(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """Rotation is on, in force and after a restart; absent means off, with a file and without.

    kube-bench passes an absent setting; the kubelet's own default does not rotate, so here it fails.
    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.10; Kubernetes 1.34, "Kubelet Configuration (v1beta1)".
    """
    return judged(kubelet, hosts, _ROTATION, lambda value: value is True)


@check(
    id="kubelet-serving-rotation-gate",
    title="The rotation of the kubelet's serving certificate is not switched off",
    severity=Severity.LOW,
    fix="Remove RotateKubeletServerCertificate: false from the kubelet's feature gates, and restart the kubelet.",
)
def kubelet_serving_rotation_gate(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """The feature gate is not false, by itself or with all others of its kind; absent means on since 1.12.

    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.11; Kubernetes 1.34, "Feature Gates".
    """
    return judged(kubelet, hosts, _GATE, lambda value: value is True)


@check(
    id="kubelet-cipher-suites",
    title="The kubelet offers strong TLS cipher suites and no others",
    severity=Severity.MEDIUM,
    fix="Set tlsCipherSuites in the KubeletConfiguration to ECDHE suites with AES-GCM or ChaCha20-Poly1305.",
)
def kubelet_cipher_suites(kubelet: Kubelet, hosts: Hosts) -> Verdict:
    """Suites are named, in force and after a restart, and all are on the list; absent means all that Go offers.

    Source: CIS Kubernetes Benchmark 2.0.1, 4.2.12.
    """
    return judged(
        kubelet,
        hosts,
        _SUITES,
        lambda value: isinstance(value, tuple) and bool(value) and _STRONG.issuperset(value),
        "ECDHE suites with AES-GCM or ChaCha20-Poly1305 only",
    )
