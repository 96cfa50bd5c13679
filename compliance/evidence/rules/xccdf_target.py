"""What a test result says of its target in; the image or the host that it is of, out.

Source: OpenSCAP, `xccdf_session` and `oscap-docker`, `oscap-podman` (OSCAP_EVALUATION_TARGET).
"""

from __future__ import annotations

import re

from compliance.evidence.rules.oval_items import printable
from compliance.evidence.rules.xccdf_parts import TestResult
from compliance.model.evidence import Subject, SubjectType
from compliance.model.host import host_of, host_subject

#: Where OpenSCAP puts what it was told of the target; `<target>` is the name of the machine that it runs on.
_IDENTIFIERS = ("urn:xccdf:fact:identifier", "urn:xccdf:fact:asset:identifier:ein")
#: Facts that our own collection adds: the digest that images are known by here, why a run does not count, the sha256
#: of the content, `true` where the root could not be written, and `kept` or `lost` for the owners of its files.
CONFIG_DIGEST = "urn:compliance:fact:image:config-digest"
UNSOUND = "urn:compliance:fact:run:unsound"
CONTENT = "urn:compliance:fact:content:sha256"
READ_ONLY = "urn:compliance:fact:root:read-only"
OWNERS = "urn:compliance:fact:root:owners"
_DIGEST = re.compile(r"(?<![0-9a-z])sha256:[0-9a-f]{64}(?![0-9a-f])")
_IMAGE = re.compile(r"(?:[a-z]+-)?image://(.+)", re.DOTALL)
_CONTAINER = re.compile(r"(?:[a-z]+-)?container://(.+)", re.DOTALL)
#: Names that say nothing of the target.
_NAMELESS = frozenset({"", "unknown", "localhost", "localhost.localdomain"})
_LONGEST = 300


def target_of(test: TestResult) -> str:
    """The name of the target: what the tool was told, else what it calls it."""
    return printable(_identifier(test) or (test.targets[0] if test.targets else ""))[:_LONGEST]


def subject_of(test: TestResult, path: str) -> Subject:
    """An image, by its digest where the document has one; a container; else the host that folder or document name."""
    told = printable(_identifier(test))[:_LONGEST]
    name = target_of(test)
    config = test.fact(CONFIG_DIGEST)
    digest = config if _DIGEST.fullmatch(config) else ""
    if not digest and (found := _DIGEST.search(told)):
        digest = found[0]
    image, container = _IMAGE.match(told), _CONTAINER.match(told)
    if container:
        return Subject(id=f"container/{container[1]}", type=SubjectType.CONTAINER, name=container[1])
    if digest:
        shown = image[1] if image else name
        return Subject(id=f"image/{digest}", type=SubjectType.IMAGE, name=shown, digest=digest)
    if image:
        return Subject(id=f"image/{image[1]}", type=SubjectType.IMAGE, name=image[1])
    return host_subject(host_of(path) or (name if name not in _NAMELESS else None), path)


def _identifier(test: TestResult) -> str:
    return next((value for name in _IDENTIFIERS if (value := test.fact(name))), "")
