"""VEX document or catalog in, verdicts out on it: who speaks, whether its statements can count, how old it is."""

from __future__ import annotations

from datetime import datetime

from compliance.model.check import Verdict, check, failed, not_applicable, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.faults import counted
from compliance.model.image_words import cut_list, short
from compliance.model.outcome import Severity
from compliance.model.supply_chain import PAIRS, SupplyChain
from compliance.model.times import is_after, moment
from compliance.model.vex import flaw, speaker
from compliance.model.vulnerability import KevCatalog, VexDocument

_PLACES = 20


@check(
    id="vex-author",
    title="VEX statements come from somebody whose word counts",
    severity=Severity.HIGH,
    fix="Sign the document as an author named under trust.vex_authors, or name its author there after a review.",
)
def vex_author(document: VexDocument, supply_chain: SupplyChain, params: Parameters) -> Verdict:
    """The author, or the verified signer of the attestation that carries it, is named under `trust.vex_authors`.

    NOT_CHECKED when nobody is named there.
    Source: NIST SP 800-53 rev 5, RA-5; OpenVEX specification 0.2.0, "author"; the list is the organisation's.
    """
    at = [document.at(document.author_at), *(one.at() for one in supply_chain.signing(document)[:1])]
    who = speaker(document, supply_chain, params.trust)
    if who.refused and not params.trust.vex_authors:
        return not_checked(who.refused, at=at)
    if who.refused:
        return failed(who.refused, at=at)
    return passed(f"{short(who.name)} speaks, who is named under trust.vex_authors", at=at)


@check(
    id="vex-statements",
    title="Every VEX statement says why and when, and on which product",
    severity=Severity.MEDIUM,
    fix="Give each not_affected statement a justification of the vocabulary, a date, and a product by digest or URL.",
)
def vex_statements(document: VexDocument, supply_chain: SupplyChain, as_of: datetime) -> Verdict:
    """No statement is void: status and justification are of the vocabulary, its date is one and not in the future, and
    it names a product, or a signed statement around it does.

    Source: OpenVEX specification 0.2.0, "Status Labels", "Status Justifications"; CSAF 2.0, profile VEX.
    """
    carried = any(one.digests() for one in supply_chain.carrying(document))
    faults = []
    for statement in document.statements:
        words = flaw(statement, document, as_of)
        if not words and not statement.products and not carried:
            words = "it names no product"
        if words:
            faults.append((f"{short(statement.id)}: {words}", statement.pointer))
    if faults:
        reason = cut_list([words for words, _ in faults], len(faults))
        return failed(reason, at=[document.at(pointer) for _, pointer in faults[:_PLACES]])
    if not document.statements:
        return not_applicable("it makes no statement", at=[document.at()])
    total = counted(len(document.statements), "statement")
    at = [document.at(statement.pointer) for statement in document.statements[:_PLACES]]
    return passed(f"{total}, none of them void", at=at)


@check(
    id="vex-contradiction",
    title="No two VEX statements of one day contradict each other",
    severity=Severity.MEDIUM,
    fix="Withdraw one of the two statements, or issue a newer one that settles it.",
)
def vex_contradiction(document: VexDocument, supply_chain: SupplyChain) -> Verdict:
    """No other statement of the evidence on the same vulnerability and product, made at the same time, says otherwise.

    A newer statement overrides an older one, and is no contradiction. Where two contradict, the open word is taken.
    Source: OpenVEX specification 0.2.0, "Updating Statements".
    """
    faults, at = [], []
    for statement in document.statements:
        for other in supply_chain.contradicting(document, statement):
            seen = f"{short(statement.status)} here, {short(other.statement.status)}"
            faults.append(f"{short(statement.id)} is {seen} in {short(other.document.origin.path)}")
            at += [document.at(statement.pointer), other.document.at(other.statement.pointer)]
    if faults:
        return failed(cut_list(faults, len(faults)), at=at[:_PLACES])
    if any(len(one.products) * len(one.components) > PAIRS for one in document.statements):
        return not_checked(f"a statement names more than {PAIRS:,} products and components", at=[document.at()])
    return passed(f"{counted(len(document.statements), 'statement')}, none contradicted", at=[document.at()])


@check(
    id="kev-current",
    title="Catalog of known exploited vulnerabilities is of these days",
    severity=Severity.MEDIUM,
    fix="Fetch CISA's catalog again on the day of the assessment.",
)
def kev_current(catalog: KevCatalog, params: Parameters, as_of: datetime) -> Verdict:
    """The catalog was released at most `kev-max-age-days` before the assessment, and not after it.

    Source: CISA, Known Exploited Vulnerabilities catalog, which grows several times a week; CISA BOD 26-04.
    """
    at = [At(catalog.origin, catalog.released_at)]
    released = moment(catalog.released or "")
    if released is None:
        return not_checked("the catalog states no date of release", at=at)
    total = counted(len(catalog.entries), "entry", "entries")
    told = f"version {short(catalog.version)}, released {released:%Y-%m-%d}, {total}"
    if is_after(released, as_of):
        return failed(f"{told}, after the day of this assessment ({as_of:%Y-%m-%d})", at=at)
    days = max((as_of.date() - released.date()).days, 0)
    if days > params.kev_max_age_days:
        return failed(f"{told}: {days} days old, more than {params.kev_max_age_days}", at=at)
    return passed(f"{told}: {counted(days, 'day')} old, at most {params.kev_max_age_days} allowed", at=at)
