"""The reader of HDF results (exec-json: InSpec, Heimdall, SAF): a profile's controls in, a RuleReport for each out.

Statuses are rolled up as Heimdall does, but nothing skipped or waived counts as done: skipped is not checked, and what
somebody waived or attested is said with their words. Source: mitre/heimdall2, libs/inspecjs/schemas/exec-json.json and
src/compat_impl/compat_inspec_1_0.ts; MITRE SAF, "Attestations".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import msgspec

from compliance.errors import EvidenceError
from compliance.evidence.rules.checklist_parts import OURS, edition_of, subject_of
from compliance.evidence.rules.rule_ids import rule_id, shown
from compliance.evidence.rules.xccdf_references import by_shape
from compliance.evidence.sbom_parts import locate, top_keys
from compliance.evidence.vulnerabilities.parts import Source, decoded, origin_of, reading, splitter, unambiguous
from compliance.model.checklist import WRITTEN_BY
from compliance.model.outcome import Outcome, Severity
from compliance.model.reader import Reader, Record
from compliance.model.rule_report import Reference, RuleReport, RuleResult

#: What errors and the evidence index call these documents.
KIND = "HDF result"
#: Profiles and controls of one document, and results of all controls.
MAX_PROFILES = 200
MAX_CONTROLS = 50_000
MAX_RESULTS = 500_000
_MAX_TAGS = 100
#: Results of a control that its reason tells of.
_TOLD = 3
_NOT_OF_A_RULE = re.compile(r"[^A-Za-z0-9._:-]+")
_VERSION = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})")
_NAME = 300
#: Name, or the controls' tags that may hold ids of other lists.
_TAGS = ("gid", "rid", "stig_id", "gtitle")

Texts = str | list[str | None] | None


class _Result(msgspec.Struct):
    status: str | None = None
    code_desc: str | None = None
    message: str | None = None
    skip_message: str | None = None
    exception: str | None = None


class _Waiver(msgspec.Struct):
    justification: str | None = None
    run: bool | None = None
    skipped_due_to_waiver: bool | str | None = None


class _Attestation(msgspec.Struct):
    explanation: str | None = None
    status: str | None = None
    updated: str | None = None
    updated_by: str | None = None


class _Description(msgspec.Struct):
    label: str | None = None
    data: str | None = None


class _Control(msgspec.Struct):
    id: str | None = None
    title: str | None = None
    impact: float | None = None
    tags: dict[str, msgspec.Raw] | None = None
    descriptions: list[_Description] | dict[str, str | None] | None = None
    results: list[_Result] | None = None
    waiver_data: _Waiver | None = None
    attestation_data: _Attestation | None = None


class _Profile(msgspec.Struct):
    name: str | None = None
    title: str | None = None
    version: str | None = None
    controls: list[_Control] | None = None


class _Platform(msgspec.Struct):
    name: str | None = None
    release: str | None = None
    target_id: str | None = None


class _Run(msgspec.Struct):
    profiles: list[_Profile]
    platform: _Platform | None = None
    version: str | None = None


class _Place(NamedTuple):
    """The pointer of a profile in its document."""

    pointer: str
    source: Source


_decoder = msgspec.json.Decoder(_Run)
_texts: msgspec.json.Decoder[Texts] = msgspec.json.Decoder(Texts)


def identify(head: bytes) -> bool:
    """Whether the outermost object is a run with a platform, statistics and profiles."""
    if b'"profiles"' not in head and b'"platform"' not in head:
        return False
    keys = top_keys(head)
    if b"profiles" in keys:
        return bool(keys & {b"platform", b"statistics"})
    return {b"platform", b"statistics", b"version"} <= keys and b"apiVersion" not in keys


def records(data: bytes, source: Source) -> Iterator[Record]:
    """A report for each profile; controls that a profile has only handed on to another are left to that.

    Raises:
        EvidenceError: it cannot be read, is above a cap, or no profile has a control.
    """
    run = decoded(data, _decoder)
    if len(run.profiles) > MAX_PROFILES:
        raise EvidenceError(f"{len(run.profiles):,} profiles, above the limit of {MAX_PROFILES} for one document")
    controls = [one for profile in run.profiles for one in profile.controls or ()]
    results = sum(len(one.results or ()) for one in controls)
    if len(controls) > MAX_CONTROLS or results > MAX_RESULTS:
        words = f"{len(controls):,} controls with {results:,} results, above the limit of {MAX_CONTROLS:,}"
        raise EvidenceError(f"{words} and {MAX_RESULTS:,} for one document", pointer="/profiles")
    most = results + len(controls) + len(run.profiles)
    unambiguous(data, {b'"results"': len(controls), b'"impact"': len(controls), b'"status"': most})
    if not controls:
        raise EvidenceError(
            "no profile holds a control: a conversion that failed writes such a file", pointer="/profiles"
        )
    ran = frozenset(one.id for one in controls if one.results)
    for index, profile in enumerate(run.profiles):
        found = [(number, one) for number, one in enumerate(profile.controls or ()) if one.results or one.id not in ran]
        if found:
            yield _report(run, profile, found, _Place(f"/profiles/{index}", source))


def _report(run: _Run, profile: _Profile, controls: list[tuple[int, _Control]], place: _Place) -> RuleReport:
    platform = run.platform or _Platform()
    target = (platform.target_id or "").strip()
    edition = _edition(profile.version or "")
    by_us = all(_is_ours(one) for _, one in controls)
    found = tuple(_result(one, f"/controls/{index}") for index, one in controls)
    return RuleReport(
        origin=replace(origin_of(place.source), pointer=place.pointer, inner=place.pointer),
        subject=subject_of(target, place.source.path),
        source="hdf",
        tool=shown(platform.name, _NAME),
        tool_version=shown(run.version or platform.release, 60),
        benchmark=shown(profile.name, _NAME),
        benchmark_title=shown(profile.title, _NAME),
        edition=edition or shown(profile.version, 60),
        profile="",
        target=shown(target, _NAME),
        started="",
        ended="",
        by_person=False,
        person="",
        unsound=OURS if by_us else _unsound(found),
        content_sha256="",
        results=found,
        stig_edition=edition,
    )


def _edition(version: str) -> str:
    found = _VERSION.fullmatch(version.strip())
    return edition_of(found[1], found[2]) if found else ""


def _unsound(found: tuple[RuleResult, ...]) -> str:
    if any(one.outcome in (Outcome.PASS, Outcome.FAIL) for one in found):
        return ""
    return f"not one of its {len(found):,} controls passed or failed: nothing shows that the target was looked at"


def _is_ours(control: _Control) -> bool:
    """Whether this product wrote the result: its mark stands in the comments."""
    described = control.descriptions or []
    texts = described.values() if isinstance(described, dict) else (one.data for one in described)
    return any(WRITTEN_BY in text for text in texts if text)


def _result(control: _Control, at: str) -> RuleResult:
    tags = control.tags or {}
    references = _references(control, tags)
    outcome, reason = _judged(control)
    title = shown(control.title, _NAME)
    hidden = _NOT_OF_A_RULE.sub("-", (control.id or "").strip()).strip("-")
    return RuleResult(
        rule=rule_id(hidden, at, "a control"),
        title=title,
        severity=_severity(control, tags),
        outcome=outcome,
        said=_said(control),
        reason=f"{reason}.",
        references=references,
        fix="",
        at=at,
    )


def _references(control: _Control, tags: dict[str, msgspec.Raw]) -> tuple[Reference, ...]:
    """Ids of DISA's in the id and the tags; `nist` tags name no revision, and the CCI leads where they do."""
    texts = [control.id or "", *(text for name in (*_TAGS, "cci") for text in _tag(tags, name))]
    found = {reference for text in texts if (reference := by_shape(text.strip()))}
    return tuple(sorted(found, key=lambda one: (one.system.value, one.value)))


def _tag(tags: dict[str, msgspec.Raw], name: str) -> list[str]:
    """The texts of a tag; none where it holds anything else."""
    if name not in tags:
        return []
    try:
        value = _texts.decode(tags[name])
    except msgspec.DecodeError:
        return []
    texts = [value] if isinstance(value, str) else value or []
    return [text for text in texts[:_MAX_TAGS] if text]


def _severity(control: _Control, tags: dict[str, msgspec.Raw]) -> Severity:
    """The word of the tags, else that of the impact. Source: heimdall2, convertImpactToSeverity."""
    words = {"critical": Severity.CRITICAL, "high": Severity.HIGH, "medium": Severity.MEDIUM, "low": Severity.LOW}
    for text in _tag(tags, "severity"):
        if text.lower() in words:
            return words[text.lower()]
    impact = control.impact or 0.5
    if impact >= 0.9:
        return Severity.CRITICAL
    return Severity.HIGH if impact >= 0.7 else Severity.MEDIUM if impact >= 0.4 else Severity.LOW


def _said(control: _Control) -> str:
    words = dict.fromkeys((one.status or "").strip() for one in control.results or ())
    return shown(", ".join(word for word in words if word), 40) or "nothing"


def _judged(control: _Control) -> tuple[Outcome, str]:
    if _is_ours(control):
        return Outcome.NOT_CHECKED, OURS
    outcome, reason = _rolled_up(control)
    parts = [reason]
    waiver, attested = control.waiver_data, control.attestation_data
    if waiver is not None and (waiver.justification or waiver.skipped_due_to_waiver):
        parts.append(f"waived: {shown(waiver.justification) or 'no justification given'}")
        outcome = outcome if outcome in (Outcome.FAIL, Outcome.ERROR) else Outcome.NOT_CHECKED
    if attested is not None and (attested.status or attested.explanation):
        who = f" by {shown(attested.updated_by, 100)}" if attested.updated_by else ""
        when = f" on {shown(attested.updated, 40)}" if attested.updated else ""
        words = shown(attested.explanation) or "no explanation given"
        parts.append(f"attested{who}{when} as {shown(attested.status, 40) or 'nothing'}: {words}")
        if outcome is Outcome.PASS and not attested.explanation:
            outcome = Outcome.NOT_CHECKED
    return outcome, "; ".join(part.rstrip(". ") for part in parts if part)


def _rolled_up(control: _Control) -> tuple[Outcome, str]:
    """Any error or no result: an error; then impact 0; then failed before skipped before passed."""
    results = control.results or []
    statuses = [(one.status or "").strip() for one in results]
    if not results:
        return Outcome.ERROR, "it has no result"
    unknown = [word for word in statuses if word not in ("passed", "failed", "skipped", "error")]
    if unknown:
        return Outcome.ERROR, f"{shown(unknown[0], 40) or 'nothing'} is no status of HDF"
    if "error" in statuses or any(one.exception for one in results):
        return Outcome.ERROR, _told(results, ("error", "failed"))
    if "failed" in statuses:
        return Outcome.FAIL, _told(results, ("failed",))
    if control.impact == 0:
        return _not_applicable(results)
    if "skipped" in statuses:
        return Outcome.NOT_CHECKED, _told(results, ("skipped",)) or "it was skipped"
    return Outcome.PASS, _told(results, ("passed",)) or "the result gives no details"


def _not_applicable(results: list[_Result]) -> tuple[Outcome, str]:
    """Impact 0 says that it does not apply; only with a reason does that hold."""
    why = "; ".join(text for one in results[:_TOLD] if (text := shown(one.skip_message or one.message)))
    if why:
        return Outcome.NOT_APPLICABLE, why
    return Outcome.NOT_CHECKED, "called not applicable (impact 0) without a word on why"


def _told(results: list[_Result], statuses: tuple[str, ...]) -> str:
    found = [one for one in results if (one.status or "").strip() in statuses or one.exception]
    words = [_sentence(one) for one in found[:_TOLD]]
    more = [f"{len(found) - _TOLD:,} more"] if len(found) > _TOLD else []
    return "; ".join(part for part in (*words, *more) if part)


def _sentence(one: _Result) -> str:
    """What was looked at, and what was found."""
    texts = (shown(one.code_desc), shown(one.message or one.skip_message))
    return ": ".join(text.rstrip(". ") for text in texts if text)


READER = Reader(
    id="hdf",
    title="HDF results (InSpec, Heimdall, SAF)",
    revision=1,
    evidence_kinds=("hdf",),
    identify=identify,
    split=splitter(KIND),
    read=reading(KIND, records),
    locate=locate,
    record=RuleReport,
)
