"""Where a value was read: the subject it speaks of, and the bytes it stands in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class SubjectType(Enum):
    """What kind of thing was looked at."""

    WORKLOAD = "workload"
    NAMESPACE = "namespace"
    SERVICE_ACCOUNT = "service-account"
    ROLE = "role"
    ROLE_BINDING = "role-binding"
    NETWORK_POLICY = "network-policy"
    SERVICE = "service"
    ROUTE = "route"
    CONFIGURATION = "configuration"
    ADMISSION = "admission"
    OBJECT = "object"
    CLUSTER = "cluster"
    EVIDENCE_SET = "evidence-set"
    IMAGE = "image"
    NODE = "node"
    SBOM = "sbom"
    CONTAINER = "container"
    DOCKERFILE = "dockerfile"
    ATTESTATION = "attestation"
    SCAN = "scan"
    VEX = "vex"
    CATALOG = "catalog"
    HOST = "host"
    COMPONENT = "component"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was looked at. `id` is unique in an assessment: `namespace/Kind/name` for objects.

    `digest` is the image digest (`sha256:...`) of an image, else None.
    """

    id: str
    type: SubjectType
    name: str
    namespace: str | None = None
    kind: str | None = None
    digest: str | None = None


#: The subject of an observation that is about no object at all: the evidence lacks the kind.
EVIDENCE_SET = Subject(id="evidence-set", type=SubjectType.EVIDENCE_SET, name="the evidence handed in")


#: The subject of what is said about nodes that the cluster names and nobody handed anything in of.
UNSEEN_NODES = Subject(id="nodes-unseen", type=SubjectType.EVIDENCE_SET, name="nodes that nothing was handed in of")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The document a record was read from.

    `path` is relative to the argument it came from; `sha256` is that of the whole file.
    `document` is the 0-based number in a file of several YAML documents, None in a file of one.
    `pointer` is where the object stands in that document: empty, or `/items/3` in a List.
    `offset` and `length` are the bytes of a slice of the file that can be read by itself and holds
    the object, `line` the 1-based line at `offset`. `inner` is the pointer from the slice's root to
    the object: empty when the slice is the object itself.
    """

    path: str
    sha256: str
    document: int | None
    pointer: str
    inner: str
    offset: int
    length: int
    line: int


class At(NamedTuple):
    """A value that was read or missed: its document, and the pointer from the object's root.

    The pointer of an absent value is where it would stand.
    """

    origin: Origin
    pointer: str

    def location(self) -> Location:
        """The place as the packet prints it, without its line."""
        origin = self.origin
        return Location(
            path=origin.path,
            sha256=origin.sha256,
            document=origin.document,
            pointer=origin.pointer + self.pointer,
            line=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """An `At` as the packet prints it: pointer from the document's root, and the source line.

    `line` is 1-based, of the value or of its nearest present ancestor; None where nobody asked.
    """

    path: str
    sha256: str
    document: int | None
    pointer: str
    line: int | None


def escape(key: str) -> str:
    """One reference token of an RFC 6901 JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")
