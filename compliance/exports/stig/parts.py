"""What the formats of checklists share: texts that clients take, ids that stay the same, severities, times."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping

from compliance.model.assessment import Assessment
from compliance.model.checklist import ASSET_NAME, Checklist, ChecklistRule
from compliance.model.times import moment
from compliance.rendering.text import clean, number

#: Characters of finding details and comments, and of a rule's id. Source: stig-manager-client-modules 1.6.7.
LONGEST_TEXT = 32_767
RULE_ID = 45
#: The name space of every UUID in checklists; fixed for ever.
_ROOT = uuid.uuid5(uuid.NAMESPACE_URL, "https://compliance-evidence.example/ns/stig")
_RULE_END = "_rule"
_ENHANCED = re.compile(r"([A-Z]{2}-[0-9]+)\(([0-9]+)\)")
#: Room for the words on what was cut.
_WORDS = 60


def text(value: str, limit: int = LONGEST_TEXT) -> str:
    """Plain text of at most `limit` characters as JavaScript and XML count them, with words where it was cut."""
    plain = clean(value)
    if _length(plain) <= limit:
        return plain
    kept = plain[: max(0, limit - _WORDS)]
    while _length(kept) > limit - _WORDS:
        kept = kept[: len(kept) - max(1, (_length(kept) - limit + _WORDS) // 2)]
    return f"{kept} … ({number(len(kept))} of {number(len(plain))} characters)"


def short(value: str, limit: int) -> str:
    """At most `limit` characters of an id or name, which has no room for words on what was cut."""
    plain = " ".join(clean(value).split())
    while _length(plain) > limit:
        plain = plain[: len(plain) - max(1, (_length(plain) - limit) // 2)]
    return plain


def _length(value: str) -> int:
    """Characters in UTF-16."""
    if value.isascii():
        return len(value)
    return len(value) + sum(1 for character in value if character > "\uffff")


def asset_of(checklist: Checklist) -> str:
    """The asset's name; no client takes an empty one."""
    return short(checklist.asset, ASSET_NAME) or "unnamed-asset"


def rule_of(rule: ChecklistRule) -> str:
    """The rule's id as clients look it up (`SV-242376r960759_rule`)."""
    return short(rule.rule_id, RULE_ID)


def without_end(rule_id: str) -> str:
    """A rule's id without `_rule`."""
    return rule_id.removesuffix(_RULE_END)


def group_of(rule: ChecklistRule) -> str:
    """The id of the rule's group; that of the rule where it is not known."""
    return short(rule.vuln_id, RULE_ID) or without_end(rule_of(rule))


def size_of(checklist: Checklist) -> int:
    """How many rules the whole STIG has, as far as is known."""
    return max(checklist.stig.rules or 0, len(checklist.rules))


def stig_reference(checklist: Checklist) -> str:
    """`<title> :: Version N, Release: N Benchmark Date: DD Mon YYYY`"""
    stig = checklist.stig
    title = text(stig.title, 255)
    return f"{title} :: Version {stig.version}, {stig.release_info}" if stig.release else title


def nist_of(rule: ChecklistRule) -> list[str]:
    """Controls of SP 800-53 as Heimdall looks them up: `AC-2 (3)`."""
    return [_ENHANCED.sub(r"\1 (\2)", text(name, 60)) for name in rule.nist]


class Ids:
    """UUIDv5s below one system, asset and STIG: the same in every run, whatever was found."""

    def __init__(self, assessment: Assessment, checklist: Checklist) -> None:
        names = (assessment.configuration.system.id, checklist.subject.id, checklist.stig.id, checklist.stig.edition)
        self._whole = uuid.uuid5(_ROOT, _named(names))

    def __call__(self, *names: str) -> str:
        """The id of a part."""
        return str(uuid.uuid5(self._whole, _named(names)))


def stig_uuid(checklist: Checklist) -> str:
    """The id of a release of a STIG, the same for all assets."""
    return str(uuid.uuid5(_ROOT, _named(("stig", checklist.stig.id, checklist.stig.edition))))


def _named(names: tuple[str, ...]) -> str:
    """Names joined by their lengths, so that ("a", "b c") and ("a b", "c") differ."""
    return " ".join(f"{len(name)}:{name}" for name in names).encode("utf-8", "surrogateescape").decode("latin-1")


def made_at(assessment: Assessment, checklist: Checklist) -> str:
    """When it was judged, as a whole time in UTC; the time of the assessment where no other can be read."""
    found = moment(checklist.made) or moment(assessment.as_of)
    return found.strftime("%Y-%m-%dT%H:%M:%SZ") if found is not None else assessment.as_of


def unix_time(assessment: Assessment, checklist: Checklist) -> int:
    """When it was judged, in seconds since 1970."""
    found = moment(made_at(assessment, checklist))
    return max(0, int(found.timestamp())) if found is not None else 0


#: Heimdall's numbers for severities. Source: mitre/heimdall2, libs/hdf-converters, checklist mapper.
IMPACTS: Mapping[str, float] = {"high": 0.7, "medium": 0.5, "low": 0.3}
#: The severities that checklists know.
SEVERITIES = ("unknown", "low", "medium", "high")


def severity_of(rule: ChecklistRule) -> str:
    """A severity that every client takes."""
    return rule.severity if rule.severity in IMPACTS else "medium"
