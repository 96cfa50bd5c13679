"""Checklists of every kind of answer and asset, from model records alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from compliance.model.assessment import Assessment
from compliance.model.checklist import Checklist, ChecklistRule, Stig
from compliance.model.evidence import Subject, SubjectType
from compliance.model.outcome import Outcome
from tests.exports.building import make_assessment
from tests.exports.hostility import HOSTILE, LONG

DIGEST = f"sha256:{'5e' * 32}"
#: One letter for each rule of a checklist.
LETTERS = {
    "p": Outcome.PASS,
    "f": Outcome.FAIL,
    "n": Outcome.NOT_APPLICABLE,
    "c": Outcome.NOT_CHECKED,
    "e": Outcome.ERROR,
}
KUBERNETES = Stig("Kubernetes_STIG", "Kubernetes STIG", "V2R6", "01 Apr 2026", 92)
UBUNTU = Stig("CAN_Ubuntu_22-04_LTS_STIG", "CAN Ubuntu 22-04 LTS STIG", "V2R1", "", None)
NO_RELEASE = Stig("RHEL_9_STIG", "RHEL 9 STIG", "", "", None)
CLUSTER = Subject(id="cluster", type=SubjectType.CLUSTER, name="harbour")
IMAGE = Subject(id=f"image/{DIGEST}", type=SubjectType.IMAGE, name="registry.example/app:1", digest=DIGEST)


def rule(number: int, outcome: Outcome, *, text: str = "") -> ChecklistRule:
    return ChecklistRule(
        vuln_id=f"V-{242376 + number}",
        rule_id=f"SV-{242376 + number}r960759_rule",
        stig_id=f"CNTR-K8-{150 + number:06}",
        srg="SRG-APP-000014-CTR-000035",
        title=f"{text}Setting {number} is as asked",
        discussion=text,
        check=f"{text}Look at setting {number}.",
        fix=f"{text}Change setting {number}.",
        severity=("high", "medium", "low")[number % 3],
        ccis=("CCI-000068", "CCI-000366"),
        nist=("AC-17(2)", "CM-6"),
        outcome=outcome,
        details=f"{text}Check {number}: seen in manifests/app.yaml, line {number}, sha256 {'a' * 64}",
        comments=f"{text}Because of setting {number}.\nWritten by compliance.",
    )


def checklist(stem: str, subject: Subject, stig: Stig, letters: str, *, text: str = "") -> Checklist:
    image = subject.digest or ""
    return Checklist(
        stem=stem,
        asset=text + (f"{subject.name}@{image}" if image else subject.name),
        subject=subject,
        image=image,
        stig=stig,
        rules=tuple(rule(number, LETTERS[letter], text=text) for number, letter in enumerate(letters)),
        remarks=(f"{text}Written by compliance 0.1.0.", "Evidence set sha256 1234."),
        made="2026-11-20T22:00:00+01:00",
    )


def with_checklists() -> Assessment:
    """A cluster with every answer, an image with two STIGs, one of them of no stated release."""
    made = (
        checklist("app-5e5e--CAN_Ubuntu_22-04_LTS_STIG", IMAGE, UBUNTU, "pppfnncc"),
        checklist("app-5e5e--RHEL_9_STIG", IMAGE, NO_RELEASE, "cccc"),
        checklist("harbour--Kubernetes_STIG", CLUSTER, KUBERNETES, "ppfcnepfcne"),
    )
    return replace(make_assessment(0), checklists=made)


def hostile_checklists() -> Assessment:
    """The same with markup, control characters and texts of every length in each field that is free text."""
    found = []
    for number, one in enumerate(with_checklists().checklists):
        rules = tuple(_hostile(each, HOSTILE[(number + place) % len(HOSTILE)]) for place, each in enumerate(one.rules))
        first = replace(rules[0], details=LONG, comments="\U0001f600" * 30_000, fix="x" * 40_000)
        text = HOSTILE[number]
        found.append(
            replace(
                one,
                asset=text + "a" * 300,
                rules=(first, *rules[1:]),
                remarks=tuple(text + remark for remark in one.remarks),
                stig=one.stig._replace(title=text + one.stig.title),
                made=text,
            )
        )
    return replace(make_assessment(0), checklists=tuple(found))


def _hostile(one: ChecklistRule, text: str) -> ChecklistRule:
    return replace(
        one,
        title=text + one.title,
        srg=text + one.srg,
        check=text + one.check,
        fix=text + one.fix,
        details=text + one.details,
        comments=text + one.comments,
        stig_id=text + one.stig_id,
    )


def counted(one: Checklist) -> Counter[str]:
    """Rules by our own words for their answers."""
    return Counter(each.outcome.value for each in one.rules)


def named(one: Checklist, words: dict[Outcome, str]) -> Counter[str]:
    """Rules by the words of a format; several of our answers may share one of its words."""
    return Counter(words[each.outcome] for each in one.rules)
