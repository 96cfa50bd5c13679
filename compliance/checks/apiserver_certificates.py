"""API servers in, verdicts out on their certificates, on whom they trust, and on the TLS they speak."""

from __future__ import annotations

from compliance.model.check import Verdict, check
from compliance.model.flags import is_set, judged_lines
from compliance.model.hosts import ApiServer
from compliance.model.outcome import Severity
from compliance.model.tls_options import minimum_version, suites_among, suites_include


@check(
    id="apiserver-kubelet-client-certificate",
    title="The API server has a client certificate for kubelets",
    severity=Severity.HIGH,
    fix="Set --kubelet-client-certificate to the API server's client certificate.",
)
def apiserver_kubelet_client_certificate(server: ApiServer) -> Verdict:
    """--kubelet-client-certificate is set.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.4; DISA Kubernetes STIG V2R6, V-245544.
    """
    return judged_lines(server.lines, lambda line: is_set(line, "kubelet-client-certificate"))


@check(
    id="apiserver-kubelet-client-key",
    title="The API server has the key of its client certificate for kubelets",
    severity=Severity.HIGH,
    fix="Set --kubelet-client-key to the key of the API server's client certificate.",
)
def apiserver_kubelet_client_key(server: ApiServer) -> Verdict:
    """--kubelet-client-key is set.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.4; DISA Kubernetes STIG V2R6, V-245544.
    """
    return judged_lines(server.lines, lambda line: is_set(line, "kubelet-client-key"))


@check(
    id="apiserver-kubelet-certificate-authority",
    title="The API server verifies the certificates of kubelets",
    severity=Severity.HIGH,
    fix="Set --kubelet-certificate-authority to the authority that signs the kubelets' serving certificates.",
)
def apiserver_kubelet_certificate_authority(server: ApiServer) -> Verdict:
    """--kubelet-certificate-authority is set; absent means that kubelets are not verified.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.5.
    """
    return judged_lines(server.lines, lambda line: is_set(line, "kubelet-certificate-authority"))


@check(
    id="apiserver-etcd-certificate",
    title="The API server has a client certificate for etcd",
    severity=Severity.HIGH,
    fix="Set --etcd-certfile to the API server's client certificate for etcd.",
)
def apiserver_etcd_certificate(server: ApiServer) -> Verdict:
    """--etcd-certfile is set.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.23; DISA Kubernetes STIG V2R6, V-242430.
    """
    return judged_lines(server.lines, lambda line: is_set(line, "etcd-certfile"))


@check(
    id="apiserver-etcd-key",
    title="The API server has the key of its client certificate for etcd",
    severity=Severity.HIGH,
    fix="Set --etcd-keyfile to the key of the API server's client certificate for etcd.",
)
def apiserver_etcd_key(server: ApiServer) -> Verdict:
    """--etcd-keyfile is set.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.23; DISA Kubernetes STIG V2R6, V-242431.
    """
    return judged_lines(server.lines, lambda line: is_set(line, "etcd-keyfile"))


@check(
    id="apiserver-etcd-ca",
    title="The API server verifies the certificate of etcd",
    severity=Severity.HIGH,
    fix="Set --etcd-cafile to the authority that signs etcd's serving certificate.",
)
def apiserver_etcd_ca(server: ApiServer) -> Verdict:
    """--etcd-cafile is set.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.26; DISA Kubernetes STIG V2R6, V-242429.
    """
    return judged_lines(server.lines, lambda line: is_set(line, "etcd-cafile"))


@check(
    id="apiserver-serving-certificate",
    title="The API server has a serving certificate and its key",
    severity=Severity.HIGH,
    fix="Set --tls-cert-file and --tls-private-key-file in the manifest of kube-apiserver.",
)
def apiserver_serving_certificate(server: ApiServer) -> Verdict:
    """--tls-cert-file and --tls-private-key-file are set; absent means a self-made certificate.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.24; DISA Kubernetes STIG V2R6, V-242422.
    """
    return judged_lines(server.lines, lambda line: is_set(line, "tls-cert-file", "tls-private-key-file"))


@check(
    id="apiserver-client-ca",
    title="The API server knows the authority of client certificates",
    severity=Severity.HIGH,
    fix="Set --client-ca-file to the authority that signs client certificates.",
)
def apiserver_client_ca(server: ApiServer) -> Verdict:
    """--client-ca-file is set.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.25; DISA Kubernetes STIG V2R6, V-242419.
    """
    return judged_lines(server.lines, lambda line: is_set(line, "client-ca-file"))


@check(
    id="apiserver-tls-cipher-suites",
    title="The API server is confined to strong TLS suites",
    severity=Severity.MEDIUM,
    fix="Set --tls-cipher-suites to suites with forward secrecy and authenticated encryption only.",
)
def apiserver_tls_cipher_suites(server: ApiServer) -> Verdict:
    """--tls-cipher-suites is given and names strong suites only; absent leaves the choice to the Go version.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.29.
    """
    return judged_lines(server.lines, suites_among)


@check(
    id="apiserver-tls-cipher-suites-stig",
    title="The API server offers the four TLS suites of the STIG",
    severity=Severity.MEDIUM,
    fix="Set --tls-cipher-suites to the four ECDHE suites with AES-GCM, for ECDSA and RSA, 128 and 256 bits.",
)
def apiserver_tls_cipher_suites_stig(server: ApiServer) -> Verdict:
    """--tls-cipher-suites is given and names all four suites; the item does not forbid others.

    Source: DISA Kubernetes STIG V2R6, V-242418.
    """
    return judged_lines(server.lines, suites_include)


@check(
    id="apiserver-tls-min-version",
    title="The API server is set to TLS 1.2 or newer",
    severity=Severity.MEDIUM,
    fix="Set --tls-min-version=VersionTLS12, or VersionTLS13, in the manifest of kube-apiserver.",
)
def apiserver_tls_min_version(server: ApiServer) -> Verdict:
    """--tls-min-version is given as VersionTLS12 or VersionTLS13; the default does not count.

    Source: DISA Kubernetes STIG V2R6, V-242378.
    """
    return judged_lines(server.lines, minimum_version)
