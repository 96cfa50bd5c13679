"""What the readers of VEX formats share: vocabularies, what a statement must hold, products as they are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from compliance.evidence.purl import component
from compliance.evidence.sbom_parts import Said
from compliance.evidence.vulnerabilities.parts import cleaned
from compliance.model.sbom import Component
from compliance.model.vulnerability import JUSTIFICATIONS, STATUSES, VexStatement

#: CycloneDX words by those of OpenVEX. Sources: CycloneDX 1.6, "impactAnalysisState", "impactAnalysisJustification";
#: CISA, "Vulnerability Exploitability eXchange (VEX) - Status Justifications" (2022) for what the five mean.
CYCLONEDX_STATES: Mapping[str, str] = {
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
    "exploitable": "affected",
    "in_triage": "under_investigation",
    "false_positive": "not_affected",
    "not_affected": "not_affected",
}
CYCLONEDX_JUSTIFICATIONS: Mapping[str, str] = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "requires_configuration": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_dependency": "vulnerable_code_not_in_execute_path",
    "requires_environment": "vulnerable_code_cannot_be_controlled_by_adversary",
    "protected_by_compiler": "inline_mitigations_already_exist",
    "protected_at_runtime": "inline_mitigations_already_exist",
    "protected_at_perimeter": "inline_mitigations_already_exist",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
}
#: What says of which build a package URL of an image is. Their digest alone may be that of a list over platforms.
_OF_A_PLATFORM = ("arch=", "os=")
_NO_PACKAGE = frozenset(("oci", "docker"))


class Things(NamedTuple):
    """Products or components: as they are compared, and the package beside each that is one."""

    names: tuple[str, ...]
    packages: tuple[Component | None, ...]


#: A product that cannot be compared with any. To name none would mean whatever the document is signed for.
NOTHING = Things(("",), (None,))


def things(found: Iterable[str]) -> Things:
    """Identifiers, each once, in order.

    A package URL of an image with its digest, for no platform in particular, is that digest.
    """
    names: dict[str, Component | None] = {}
    for text in found:
        name, package = _thing(text)
        if name:
            names.setdefault(name, package)
    return Things(tuple(names), tuple(names.values()))


def _thing(text: str) -> tuple[str, Component | None]:
    if not text.startswith("pkg:"):
        return cleaned(text.strip()), None
    package = component(text)
    if package is None or package.ecosystem not in _NO_PACKAGE:
        return cleaned(text), package
    version = unquote(text).partition("?")[0].rpartition("@")[2]
    qualifiers = text.partition("?")[2].split("&")
    if version.startswith("sha256:") and not any(one.startswith(_OF_A_PLATFORM) for one in qualifiers):
        return digest_of(version) or cleaned(text), None
    return cleaned(text), None


def digest_of(text: str | None) -> str:
    """`sha256:...` of a digest; empty text when it is none."""
    said = Said.nothing()
    said.digest(text if text is None or text.lower().startswith("sha256:") else f"sha256:{text}", "")
    return next(iter(said.digests), "")


def of_image(text: str) -> bool:
    """Whether a text names an image, and no package."""
    return text.lower().startswith(("pkg:oci/", "pkg:docker/"))


def problem_of(status: str, justification: str, impact: str, action: str, *, written: str = "") -> str:
    """What is wrong with a statement; `justification` is as written, `written` the status as written.

    Source: OpenVEX specification 0.2.0: not_affected needs a justification or an impact statement,
    affected an action statement.
    """
    if status == "not_affected":
        if justification and justification not in JUSTIFICATIONS:
            return f"the justification {cleaned(justification)} is not in the vocabulary"
        return "" if justification or impact else "not_affected with neither a justification nor an impact statement"
    if status == "affected":
        return "" if action else "affected without a word on what to do"
    if status not in STATUSES:
        return f"the status {written or status or 'is missing and'} is none that is known"
    return f"a justification with the status {status}, where none belongs" if justification else ""


def with_note(statement: VexStatement, note: str) -> VexStatement:
    """A statement with one more thing that is wrong with it."""
    notes = "; ".join(filter(None, (statement.justification_note, note)))
    return statement._replace(justification_note=notes)
