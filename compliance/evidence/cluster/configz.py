"""The reader of a component's configuration in force, as `/configz` answers it: JSON bytes in, settings out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from compliance.errors import EvidenceError
from compliance.evidence.cluster.settings import settings
from compliance.evidence.cluster.whole import has_keys, reading, split
from compliance.evidence.lines import locate
from compliance.model.evidence import Origin, escape
from compliance.model.host import Form, Settings
from compliance.model.reader import Reader

#: The key a component's configuration stands under, and what such a document is called.
#: Source: kubernetes v1.34, staging/src/k8s.io/component-base/configz, and its callers.
CONFIGZ: Mapping[str, str] = {
    "kubeletconfig": "KubeletConfiguration",
    "kubeproxy.config.k8s.io": "KubeProxyConfiguration",
    "kubescheduler.config.k8s.io": "KubeSchedulerConfiguration",
}
_KEYS = frozenset(key.encode() for key in CONFIGZ)


def identify(head: bytes) -> bool:
    """Whether the first bytes are what `/configz` of a component answers."""
    return has_keys(head, _KEYS)


def _records(document: Mapping[str, object], origin: Origin) -> Iterator[Settings]:
    for key, kind in CONFIGZ.items():
        value = document.get(key)
        if key not in document:
            continue
        at = f"/{escape(key)}"
        if not isinstance(value, dict) or not value:
            raise EvidenceError("holds no configuration", pointer=at)
        yield settings(value, replace(origin, pointer=at, inner=at), kind, Form.CONFIGZ)


READER = Reader(
    id="configz",
    title="Configuration in force of a Kubernetes component (/configz)",
    revision=1,
    evidence_kinds=("kubelet-config",),
    identify=identify,
    split=split,
    read=reading(_records),
    locate=locate,
    record=Settings,
)
