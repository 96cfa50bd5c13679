"""Records of cluster objects other than pods, by kind; a kind that nobody reads is listed as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compliance.evidence.subjects import header
from compliance.evidence.wire import MetaWire
from compliance.model.cluster import ClusterObject, OtherObject
from compliance.model.evidence import Origin


def cluster_object(document: Mapping[str, Any], meta: MetaWire, origin: Origin) -> ClusterObject:
    """The record of one object."""
    return OtherObject(header=header(document, meta, origin))
