"""A vulnerability and what is known of it in; whether it is exploited, reached and used, each with its source, out."""

from __future__ import annotations

from compliance.model.catalogs import Catalogs, Epss
from compliance.model.cluster import Cluster
from compliance.model.deadlines import Answer, Weighed
from compliance.model.image import Image
from compliance.model.image_words import short
from compliance.model.reach import reach
from compliance.model.supply_chain import SupplyChain
from compliance.model.vulnerability import KevEntry, SsvcRecord

_PERCENT = 10_000
KEV_MISSING = "no recent catalog of known exploited vulnerabilities is in the evidence"


def kev_answer(id: str, known: Catalogs, *, scanner_says: bool) -> Weighed:
    """Whether it is known to be exploited: a recent catalog says yes or no, an old one or a scanner's copy only yes."""
    if known.kev is not None:
        entry: KevEntry | None = known.kev.entries.get(id)
        version = short(known.kev.version or known.kev.released or "undated")
        if entry is not None:
            return Weighed(answer=Answer.YES, because=f"in CISA's catalog {version} since {short(entry.added)}")
        if not scanner_says and known.kev_recent:
            return Weighed(answer=Answer.NO, because=f"not in CISA's catalog {version}")
    if scanner_says:
        return Weighed(answer=Answer.YES, because="a scanner says that CISA's catalog lists it")
    return Weighed(answer=Answer.UNKNOWN, because=KEV_MISSING)


def epss_of(id: str, known: Catalogs, scanner_says: Epss | None) -> Epss | None:
    """The probability of exploitation by the scores handed in, else by a scanner; None where nobody states one."""
    found = known.epss.of(id) if known.epss is not None else None
    if found is None or known.epss is None:
        return scanner_says
    return Epss(found[0], f"EPSS of {short(known.epss.scored or 'an unknown day')}", known.epss_recent)


def exploitable(kev: Weighed, epss: Epss | None, ssvc: SsvcRecord | None, likely: int) -> Weighed:
    """Whether it is likely to be exploited; no only where the catalog lacks it and recent EPSS or SSVC says so, too.

    Source: FedRAMP Consolidated Rules 2026, "Likely Exploitable Vulnerability", judged by CISA KEV, FIRST EPSS and
    CISA's SSVC points; the threshold is the organisation's.
    """
    said = [kev.because]
    yes, low = kev.answer is Answer.YES, False
    if ssvc is not None and ssvc.exploitation:
        said.append(f"SSVC exploitation: {short(ssvc.exploitation)}")
        yes = yes or ssvc.exploitation.lower() in ("active", "poc")
        low = ssvc.exploitation.lower() == "none"
    if epss is not None:
        told = f"{epss.source}: {epss.value / _PERCENT:.2f} %"
        yes = yes or epss.value >= likely
        low = low or (epss.recent and epss.value < likely)
        said.append(told if epss.recent or epss.value >= likely else f"{told}, too old to count")
    else:
        said.append("no EPSS score")
    if yes:
        return Weighed(answer=Answer.YES, because="; ".join(said))
    if low and kev.answer is Answer.NO:
        return Weighed(answer=Answer.NO, because="; ".join(said))
    return Weighed(answer=Answer.UNKNOWN, because=f"{'; '.join(said)}; taken for likely")


def exposed(image: Image, chain: SupplyChain, cluster: Cluster) -> Weighed:
    """Whether a workload that runs the image can be reached from outside; no only when all ways in are known."""
    uses = chain.images.uses_of(image)
    if not uses:
        return Weighed(answer=Answer.UNKNOWN, because="no workload in the evidence runs it; taken for reachable")
    found = reach(uses, cluster)
    if found.ways:
        return Weighed(answer=Answer.YES, because=found.ways[0])
    if found.missing:
        words = f"no way in from outside is seen, and {found.missing} are not in the evidence; taken for reachable"
        return Weighed(answer=Answer.UNKNOWN, because=words)
    return Weighed(answer=Answer.NO, because="no Service, route or port of a host leads to it from outside")


def active() -> Weighed:
    """Whether the vulnerable code is loaded: no evidence of a running process is read, so nobody knows."""
    return Weighed(answer=Answer.UNKNOWN, because="no runtime evidence shows whether it is loaded; taken for loaded")


def automatable(ssvc: SsvcRecord | None) -> Answer:
    """Whether an exploit can be automated; yes is assumed unless CISA says no.

    Source: FedRAMP Consolidated Rules 2026, VER-EVA-AIA.
    """
    return _said(ssvc.automatable if ssvc else "", yes=("yes",), no=("no",))


def total_impact(ssvc: SsvcRecord | None) -> Answer:
    """Whether an attacker gains total control of what is attacked."""
    return _said(ssvc.technical_impact if ssvc else "", yes=("total",), no=("partial",))


def _said(text: str, *, yes: tuple[str, ...], no: tuple[str, ...]) -> Answer:
    word = text.strip().lower()
    return Answer.YES if word in yes else Answer.NO if word in no else Answer.UNKNOWN
