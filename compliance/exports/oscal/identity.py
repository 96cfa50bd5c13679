"""UUIDs, tokens and properties of our OSCAL documents: the same thing has the same id in every run."""

from __future__ import annotations

import re
import uuid
from functools import cache
from typing import Any

from compliance.model.assessment import Assessment
from compliance.model.catalog import Framework

#: The name space of properties that are ours, and the root of every UUID; fixed for ever.
NS = "https://compliance-evidence.example/ns/oscal"
_ROOT = uuid.uuid5(uuid.NAMESPACE_URL, NS)

#: Frameworks whose control ids are those of NIST's OSCAL catalog of SP 800-53.
_NIST = "nist-800-53"
# `AC-6(10)`, `AC-06 (10)`, `ac-6.10` and `ac-6`; an enhancement is the second number.
_NIST_ID = re.compile(r"([a-z]{2})-0*(\d+)(?:\s*\(0*(\d+)\)|\.0*(\d+))?", re.IGNORECASE)
# OSCAL TokenDatatype, narrowed to ASCII.
_NO_TOKEN = re.compile(r"[^A-Za-z0-9._-]")


class Ids:
    """UUIDv5s below one system: `Ids(assessment)("inventory-item", "payments/Deployment/ledger")`."""

    def __init__(self, assessment: Assessment) -> None:
        self._system = uuid.uuid5(_ROOT, f"system {assessment.configuration.system.id}").bytes
        self._run = f"{assessment.evidence_sha256} {assessment.configuration.sha256} {assessment.as_of}"
        self._known = cache(self._made)

    def __call__(self, kind: str, *names: str) -> str:
        """The id of a thing that stays the same from run to run."""
        return self._known(kind, names)

    def of_run(self, kind: str) -> str:
        """The id of a thing that belongs to this evidence, configuration and time alone."""
        return self._known(kind, (self._run,))

    def _made(self, kind: str, names: tuple[str, ...]) -> str:
        # Names are joined by their lengths, so that ("a", "b c") and ("a b", "c") differ.
        text = " ".join([kind, *(f"{len(name)}:{name}" for name in names)])
        return str(uuid.uuid5(uuid.UUID(bytes=self._system), text))


def token(text: str) -> str:
    """The text as an OSCAL token: other characters become hyphens, and it starts with a letter or underscore."""
    made = _NO_TOKEN.sub("-", text)
    return made if made[:1].isalpha() or made[:1] == "_" else f"_{made}"


def control_token(framework: Framework, control: str) -> str:
    """The control's id in OSCAL: `ac-6.10` as in NIST's catalog, `cis-kubernetes-2.0.1_5.2.2` elsewhere.

    Frameworks number alike (4.1.1 stands in three of them), editions move numbers, and tokens may
    not start with a digit: so framework and edition stand first wherever NIST gives no id of its own.
    """
    found = _NIST_ID.fullmatch(control) if framework.catalog == _NIST else None
    if found is None:
        return token(f"{framework.id}-{framework.edition}_{control}")
    family, number, *enhancement = found.groups()
    extra = next((one for one in enhancement if one), "")
    return f"{family.lower()}-{number}" + (f".{extra}" if extra else "")


def prop(name: str, value: str, *, remarks: str = "") -> list[dict[str, Any]]:
    """A property in our name space as a list of one; empty when there is no value."""
    if not value:
        return []
    return [{"name": name, "ns": NS, "value": value} | ({"remarks": remarks} if remarks else {})]


def oscal_prop(name: str, value: str) -> list[dict[str, Any]]:
    """A property whose name OSCAL itself defines, as a list of one; empty when there is no value."""
    return [{"name": name, "value": value}] if value else []
