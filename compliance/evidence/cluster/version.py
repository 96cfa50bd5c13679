"""The reader of `kubectl version -o json`: JSON bytes in, the versions of client and server as settings out.

What names no server (`--client`) and lies in the folder of a host is of that host, else of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compliance.evidence.cluster.settings import flattened
from compliance.evidence.cluster.whole import has_keys, reading, split
from compliance.evidence.lines import locate
from compliance.model.evidence import Origin
from compliance.model.host import CLUSTER_WIDE, Form, Settings, host_of, host_subject
from compliance.model.reader import Reader

_KEYS = frozenset((b"clientVersion", b"serverVersion"))


def identify(head: bytes) -> bool:
    """Whether the first bytes are what `kubectl version -o json` prints."""
    return has_keys(head, _KEYS)


def _records(document: Mapping[str, object], origin: Origin) -> Iterator[Settings]:
    values, left_out = flattened(document)
    host = host_of(origin.path) if "serverVersion" not in document else None
    yield Settings(
        origin=origin,
        subject=CLUSTER_WIDE if host is None else host_subject(host, origin.path),
        host=host,
        kind="kubectl version",
        form=Form.COMMAND,
        values=values,
        left_out=left_out,
    )


READER = Reader(
    id="kubectl-version",
    title="Versions of a cluster (kubectl version)",
    revision=1,
    evidence_kinds=("k8s-objects",),
    identify=identify,
    split=split,
    read=reading(_records),
    locate=locate,
    record=Settings,
)
