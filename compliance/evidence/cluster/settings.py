"""Configuration documents of Kubernetes programs in, their settings as pointers to scalars out; no key is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from compliance.errors import EvidenceError
from compliance.evidence.credentials import REDACTED, suspicion
from compliance.evidence.subjects import group_of
from compliance.evidence.yaml_documents import decode_yaml
from compliance.model.cluster import ConfigMap
from compliance.model.evidence import Origin, escape
from compliance.model.host import CLUSTER_WIDE, Form, Scalar, Settings, host_of, host_subject

#: Values of one document that are kept, levels that are followed, and characters of one text that are kept.
MAX_VALUES = 50_000
MAX_DEPTH = 50
MAX_TEXT = 4096

_ENCRYPTION = "EncryptionConfiguration"
#: API group and kind of each document of settings, and what it is called here.
KINDS: Mapping[tuple[str, str], str] = {
    ("kubelet.config.k8s.io", "KubeletConfiguration"): "KubeletConfiguration",
    ("kubeproxy.config.k8s.io", "KubeProxyConfiguration"): "KubeProxyConfiguration",
    ("kubescheduler.config.k8s.io", "KubeSchedulerConfiguration"): "KubeSchedulerConfiguration",
    ("apiserver.config.k8s.io", _ENCRYPTION): _ENCRYPTION,
    ("", "EncryptionConfig"): _ENCRYPTION,
    ("apiserver.config.k8s.io", "AuthenticationConfiguration"): "AuthenticationConfiguration",
    ("apiserver.config.k8s.io", "AuthorizationConfiguration"): "AuthorizationConfiguration",
    ("apiserver.config.k8s.io", "AdmissionConfiguration"): "AdmissionConfiguration",
    ("apiserver.k8s.io", "AdmissionConfiguration"): "AdmissionConfiguration",
    ("pod-security.admission.config.k8s.io", "PodSecurityConfiguration"): "PodSecurityConfiguration",
    ("audit.k8s.io", "Policy"): "AuditPolicy",
}
#: What an encryption configuration says without giving a key away; every other text in it is replaced.
_TOLD = frozenset(("apiVersion", "kind", "name", "endpoint", "timeout", "resources"))
#: What is a number in an encryption configuration.
_NUMBERS = frozenset(("cachesize",))
_TOO_LARGE = 2**63
#: Values below these pointers may be credentials whatever they look like: headers of requests.
_HIDDEN = ("/staticPodURLHeader/",)
#: Config maps of kube-system that programs on every node take their configuration from.
#: Source: kubeadm 1.34 (kube-proxy, kubelet-config; until 1.23 kubelet-config-1.N); Amazon EKS (kube-proxy-config).
_SHARED = re.compile(r"kube-proxy|kube-proxy-config|kubelet-config(?:-1\.\d{1,2})?")
_HOLDS_SETTINGS = re.compile(
    r"(?:^|[{,])[ \t]*[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?(KubeletConfiguration|KubeProxyConfiguration)\b", re.MULTILINE
)


def settings_kind(api_version: str, kind: str) -> str | None:
    """What a document of settings is called; None for every other object."""
    return KINDS.get((group_of(api_version), kind))


def settings(document: Mapping[str, object], origin: Origin, kind: str, form: Form = Form.FILE) -> Settings:
    """The settings of one document of a host.

    Raises:
        EvidenceError: it holds too many values, or nests too deep.
    """
    host = host_of(origin.path)
    return _made(document, origin, kind, form, host)


def shared_settings(document: Mapping[str, object], found: ConfigMap) -> Iterator[Settings]:
    """Settings that a config map of the cluster holds for all nodes; nothing for other config maps.

    Raises:
        EvidenceError: a document in it cannot be read.
    """
    head, data = found.header, document.get("data")
    if head.namespace != "kube-system" or not _SHARED.fullmatch(head.name) or not isinstance(data, dict):
        return
    for key, text in data.items():
        if isinstance(text, str) and _HOLDS_SETTINGS.search(text):
            yield from _in_text(text, head.origin, f"/data/{escape(str(key))}")


def _in_text(text: str, origin: Origin, at: str) -> Iterator[Settings]:
    try:
        value = decode_yaml(text, 1)
        if isinstance(value, dict):
            kind = settings_kind(str(value.get("apiVersion", "")), str(value.get("kind", "")))
            if kind:
                # lines are known of the key alone, so that is where a place in the text is looked for
                inner = replace(origin, pointer=f"{origin.pointer}{at}!", inner=f"{origin.inner}{at}")
                yield _made(value, inner, kind, Form.CONFIG_MAP, None)
    except EvidenceError as error:
        raise EvidenceError(f"{error.message} (line {error.line} of this text)", pointer=at) from error


def _made(document: Mapping[str, object], origin: Origin, kind: str, form: Form, host: str | None) -> Settings:
    values, left_out = flattened(document, hides=kind == _ENCRYPTION)
    return Settings(
        origin=origin,
        subject=CLUSTER_WIDE if form is Form.CONFIG_MAP else host_subject(host, origin.path),
        host=host,
        kind=kind,
        form=form,
        values=values,
        left_out=left_out,
    )


def flattened(document: Mapping[str, object], *, hides: bool = False) -> tuple[dict[str, Scalar], bool]:
    """Pointers to scalars in the order of the document, and whether a long text was cut.

    `hides` replaces every text that is not known to be harmless.

    Raises:
        EvidenceError: more than MAX_VALUES values, or more than MAX_DEPTH levels.
    """
    values: dict[str, Scalar] = {}
    left_out = False
    pending: list[tuple[str, str, object, int]] = [("", "", document, 0)]
    while pending:
        at, name, value, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise EvidenceError(f"more than {MAX_DEPTH} levels within each other", pointer=at)
        if len(values) + len(pending) >= MAX_VALUES:
            raise EvidenceError(f"more than {MAX_VALUES:,} values; no program's configuration has so many")
        if isinstance(value, dict) and value:
            members = [(f"{at}/{escape(str(key))}", str(key), each, depth + 1) for key, each in value.items()]
            pending.extend(reversed(members))
        elif isinstance(value, list) and value:
            items = [(f"{at}/{number}", name, each, depth + 1) for number, each in enumerate(value)]
            pending.extend(reversed(items))
        else:
            if isinstance(value, int) and abs(value) >= _TOO_LARGE:
                raise EvidenceError("a number is too large for any field of Kubernetes (64 bits)", pointer=at)
            values[at], cut = _scalar(name, value, hides=hides or at.startswith(_HIDDEN))
            left_out = left_out or cut
    return values, left_out


def _scalar(name: str, value: object, *, hides: bool) -> tuple[Scalar, bool]:
    """A value as it is kept, and whether it was cut."""
    if isinstance(value, dict | list):
        return ("{}" if isinstance(value, dict) else "[]"), False
    if value is None or isinstance(value, bool):
        return value, False
    if isinstance(value, int | float):
        return (REDACTED if hides and name not in _NUMBERS else value), False
    text = str(value)
    if (hides and name not in _TOLD) or suspicion(name, text):
        return REDACTED, False
    return text[:MAX_TEXT], len(text) > MAX_TEXT
