"""Documents of settings: which give a record, what is kept of them, and what is refused."""

from __future__ import annotations

import io
import json

import pytest

from compliance.errors import EvidenceError
from compliance.evidence.cluster import configz, version
from compliance.evidence.cluster.settings import MAX_DEPTH, MAX_TEXT, MAX_VALUES, flattened
from compliance.evidence.cluster.whole import MAX_SIZE
from compliance.evidence.records import decode, encode
from compliance.model.cluster import ConfigMap
from compliance.model.host import CLUSTER_WIDE, Form, Settings
from compliance.model.reader import Reader, Record
from compliance.pipeline.registered import readers
from tests.evidence.kubernetes.reading import read_all

KUBELET = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"


def one(data: str, path: str = "config.yaml") -> Settings:
    records, errors = read_all(data, path)
    assert not errors
    (found,) = records
    assert isinstance(found, Settings)
    return found


def read_with(reader: Reader, data: bytes, path: str = "x.json") -> list[Record | EvidenceError]:
    """Records and problems of a file, through a reader that knows it."""
    found: list[Record | EvidenceError] = []
    for piece in reader.split(io.BytesIO(data)):
        if isinstance(piece, EvidenceError):
            found.append(piece)
        else:
            found += reader.read(data[piece.offset :][: piece.length], piece, path, "f" * 64)  # type: ignore[arg-type]  # signs nothing
    kept = [record for record in found if not isinstance(record, EvidenceError)]
    assert decode(encode(kept)) == kept
    return found


def test_a_kubelet_configuration_becomes_pointers() -> None:
    """Scalars keep their types, lists have numbers, and what is empty is told."""
    text = (
        "authentication: {anonymous: {enabled: false}}\nreadOnlyPort: 0\ntlsCipherSuites: [A, B]\n"
        "featureGates: {}\nregisterWithTaints: []\nstreamingConnectionIdleTimeout: 4h0m0s\n"
    )
    found = one(KUBELET + text, "b.tar/compliance-host-w1/var/lib/kubelet/config.yaml")
    assert (found.kind, found.form, found.host, found.subject.id) == (
        "KubeletConfiguration",
        Form.FILE,
        "w1",
        "host/w1",
    )
    assert found.values["/authentication/anonymous/enabled"] is False
    assert found.values["/readOnlyPort"] == 0
    assert found.items("/tlsCipherSuites") == ("A", "B")
    assert (found.values["/featureGates"], found.values["/registerWithTaints"]) == ("{}", "[]")
    assert not found.left_out


@pytest.mark.parametrize(
    ("api_version", "kind", "called"),
    [
        ("kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration", "KubeProxyConfiguration"),
        ("kubescheduler.config.k8s.io/v1", "KubeSchedulerConfiguration", "KubeSchedulerConfiguration"),
        ("apiserver.config.k8s.io/v1", "EncryptionConfiguration", "EncryptionConfiguration"),
        ("v1", "EncryptionConfig", "EncryptionConfiguration"),
        ("apiserver.config.k8s.io/v1beta1", "AuthenticationConfiguration", "AuthenticationConfiguration"),
        ("apiserver.config.k8s.io/v1", "AuthorizationConfiguration", "AuthorizationConfiguration"),
        ("apiserver.config.k8s.io/v1", "AdmissionConfiguration", "AdmissionConfiguration"),
        ("pod-security.admission.config.k8s.io/v1", "PodSecurityConfiguration", "PodSecurityConfiguration"),
        ("audit.k8s.io/v1", "Policy", "AuditPolicy"),
    ],
)
def test_documents_are_known_by_group_and_kind(api_version: str, kind: str, called: str) -> None:
    """In YAML and in JSON; a kind of the same name in another group is another thing."""
    assert one(f"apiVersion: {api_version}\nkind: {kind}\n").kind == called
    assert one(json.dumps({"apiVersion": api_version, "kind": kind})).kind == called
    records, _ = read_all(f"apiVersion: example.com/v1\nkind: {kind}\nmetadata: {{name: x}}\n")
    assert not isinstance(records[0], Settings)


def test_an_embedded_pod_security_configuration_is_part_of_the_document() -> None:
    """A plugin's configuration stands inline below its name."""
    text = """apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: PodSecurity
  configuration:
    kind: PodSecurityConfiguration
    defaults: {enforce: baseline}
"""
    assert one(text).values["/plugins/0/configuration/defaults/enforce"] == "baseline"


def test_keys_of_an_encryption_configuration_are_never_kept() -> None:
    """Whatever stands where a key may stand is replaced, a misspelled field included."""
    text = """apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets, configmaps]
  providers:
  - aescbc: {keys: [{name: key1, secret: c2VjcmV0IGlzIHNlY3VyZQ==, secert: bWlzc3BlbGxlZA==, raw: 918273645}]}
  - kms: {apiVersion: v2, name: vault, endpoint: 'unix:///tmp/kms.sock', cachesize: 100}
  - identity: {}
"""
    found = one(text)
    shown = str(dict(found.values))
    assert "c2Vj" not in shown
    assert "bWlz" not in shown
    assert "918273645" not in shown
    assert found.values["/resources/0/providers/0/aescbc/keys/0/secret"] == "<redacted>"
    assert found.values["/resources/0/providers/0/aescbc/keys/0/name"] == "key1"
    assert found.values["/resources/0/providers/1/kms/endpoint"] == "unix:///tmp/kms.sock"
    assert found.values["/resources/0/providers/1/kms/cachesize"] == 100
    assert found.values["/resources/0/providers/2/identity"] == "{}"
    assert found.items("/resources/0/resources") == ("secrets", "configmaps")


@pytest.mark.parametrize(
    ("name", "key", "kind"),
    [
        ("kube-proxy", "config.conf", "KubeProxyConfiguration"),
        ("kubelet-config", "kubelet", "KubeletConfiguration"),
        ("kubelet-config-1.23", "kubelet", "KubeletConfiguration"),
    ],
)
def test_a_config_map_that_nodes_share_gives_settings_of_the_whole_cluster(name: str, key: str, kind: str) -> None:
    """Beside the record of the config map itself; places name the key and the pointer within its text."""
    group = "kubeproxy" if "proxy" in name else "kubelet"
    inner = f"apiVersion: {group}.config.k8s.io/v1\nkind: {kind}\nmetricsBindAddress: ''\n"
    document = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "kube-system"},
        "data": {key: inner, "kubeconfig.conf": "kind: Config"},
    }
    records, errors = read_all(json.dumps(document))
    assert not errors
    assert isinstance(records[0], ConfigMap)
    (found,) = records[1:]
    assert isinstance(found, Settings)
    assert (found.kind, found.form, found.subject) == (kind, Form.CONFIG_MAP, CLUSTER_WIDE)
    assert found.values["/metricsBindAddress"] == ""
    at = found.place("/metricsBindAddress")
    assert at.origin.pointer + at.pointer == f"/data/{key}!/metricsBindAddress"
    elsewhere, _ = read_all(json.dumps({**document, "metadata": {"name": name, "namespace": "shop"}}))
    assert len(elsewhere) == 1


def test_a_broken_document_in_a_config_map_is_a_problem_with_its_place() -> None:
    """The config map itself is still there."""
    data = {"config.conf": "kind: KubeProxyConfiguration\na: 1\na: 2\n"}
    document = {"apiVersion": "v1", "kind": "ConfigMap", "data": data}
    document["metadata"] = {"name": "kube-proxy", "namespace": "kube-system"}  # type: ignore[assignment]  # a document
    records, errors = read_all(json.dumps(document))
    assert isinstance(records[0], ConfigMap)
    assert [(error.pointer, "stands twice" in error.message) for error in errors] == [("/data/config.conf", True)]


def test_what_a_kubelet_has_in_force_is_read() -> None:
    """Its pointers are from the configuration, its places from the document."""
    data = json.dumps({"kubeletconfig": {"readOnlyPort": 10255}}).encode()
    (found,) = read_with(configz.READER, data, "compliance-host-w1/configz.json")
    assert isinstance(found, Settings)
    assert (found.kind, found.form, found.host) == ("KubeletConfiguration", Form.CONFIGZ, "w1")
    assert dict(found.values) == {"/readOnlyPort": 10255}
    assert found.origin.pointer == "/kubeletconfig"


def test_versions_of_a_cluster_are_read() -> None:
    """Client and server; the server's is the cluster's."""
    data = json.dumps({"clientVersion": {"gitVersion": "v1.34.0"}, "serverVersion": {"gitVersion": "v1.33.2"}}).encode()
    (found,) = read_with(version.READER, data)
    assert isinstance(found, Settings)
    assert (found.kind, found.subject) == ("kubectl version", CLUSTER_WIDE)
    assert found.values["/serverVersion/gitVersion"] == "v1.33.2"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"kubeletconfig": {"a": 1}}', ["configz"]),
        (b'\xef\xbb\xbf {"kubeletconfig": {"a": 1}}', ["configz"]),
        (b'{"clientVersion": {"major": "1"}}', ["kubectl-version"]),
        (b'{"apiVersion": "v1", "kind": "X", "kubeletconfig": {"a": 1}}', ["kubernetes"]),
        (b'{"x": {"kubeletconfig": 1}}', []),
        (b'["kubeletconfig"]', []),
    ],
)
def test_each_file_is_known_to_one_reader(data: bytes, expected: list[str]) -> None:
    """An object of Kubernetes stays one, whatever else it holds."""
    assert [id for id, reader in readers().items() if reader.identify(data)] == expected


@pytest.mark.parametrize(
    "data",
    [
        b'{"kubeletconfig": {"a": 1, "a": 2}}',
        b'{"kubeletconfig": null}',
        b'{"kubeletconfig": []}',
        b'{"kubeletconfig": {"a": "\xff"}}',
        b'{"kubeletconfig": {"a": 99999999999999999999999}}',
        b'{"kubeletconfig": ' + b'{"a":' * 2000 + b"1" + b"}" * 2000 + b"}",
        b'{"kubeletconfig": {',
        b'{"kubeletconfig": "' + b"x" * MAX_SIZE + b'"}',
    ],
)
def test_bad_documents_are_problems(data: bytes) -> None:
    """None raises, and none gives a record."""
    found = read_with(configz.READER, data)
    assert len(found) == 1
    assert isinstance(found[0], EvidenceError)


def test_settings_have_caps() -> None:
    """On values, depth and the length of a text."""
    with pytest.raises(EvidenceError, match="more than 50,000 values"):
        flattened({"a": list(range(MAX_VALUES + 1))})
    deep: object = 1
    for _ in range(MAX_DEPTH + 1):
        deep = {"a": deep}
    with pytest.raises(EvidenceError, match="levels"):
        flattened({"a": deep})
    values, left_out = flattened({"a": "x" * (MAX_TEXT + 1)})
    assert (len(str(values["/a"])), left_out) == (MAX_TEXT, True)


def test_credentials_in_settings_are_replaced() -> None:
    """By their shape, by the name of their field, or as headers of requests."""
    text = "staticPodURLHeader: {X-Key: [abcdefgh]}\nother: Bearer ijklmnop12345678\npassword: hunter2hunter2\n"
    shown = str(dict(one(KUBELET + text).values))
    assert "hunter2" not in shown
    assert "abcdefgh" not in shown
    assert "ijklmnop" not in shown
    assert shown.count("<redacted>") == 3
