"""When a vulnerability must be mended: the regime and what is known of it in, the day and the row that gave it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from compliance.model.configuration import Regime, Remediation

#: Severities, worst first, as scans are translated to.
SEVERITIES = ("critical", "high", "medium", "low", "negligible", "unknown")


class Answer(Enum):
    """What evidence says to a question about a vulnerability; unknown counts as the worse case."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    @property
    def assumed(self) -> bool:
        """The answer that deadlines rest on: yes, unless evidence says no."""
        return self is not Answer.NO


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """An answer and the sentence part that says what it rests on."""

    answer: Answer
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a deadline rests on. `first_seen` is the earliest scan that shows it; None where no scan is dated.

    `kev` is whether CISA's catalog lists it (unknown without a catalog), `kev_due` the ISO day it names.
    `total` is whether its technical impact is total.
    """

    severity: str
    first_seen: datetime | None
    kev: Answer
    kev_due: str
    exploitable: Answer
    exposed: Answer
    automatable: Answer
    total: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The last day on which it may be open, None where the regime sets none or nobody can say.

    `because` names the row and what was assumed. `accepted_after` is the day after which FedRAMP calls it an accepted
    vulnerability. `unset` is true when something is missing that would set a day.
    """

    due: date | None
    because: str
    accepted_after: date | None = None
    unset: bool = False


#: Days from evaluation by class and potential agency impact: internet-reachable and likely exploitable; not
#: internet-reachable and likely exploitable; not likely exploitable.
#: Source: FedRAMP Consolidated Rules 2026.07.14, VDR-TFR-PVR.
VDR_DAYS: dict[str, dict[int, tuple[float, float, float]]] = {
    "A": {5: (4, 8, 32), 4: (8, 32, 64), 3: (32, 64, 192), 2: (96, 160, 192)},
    "B": {5: (4, 8, 32), 4: (8, 32, 64), 3: (32, 64, 192), 2: (96, 160, 192)},
    "C": {5: (2, 4, 16), 4: (4, 8, 64), 3: (16, 32, 128), 2: (48, 128, 192)},
    "D": {5: (0.5, 1, 8), 4: (2, 8, 32), 3: (8, 16, 64), 2: (24, 96, 192)},
}
#: Days from detection within which a vulnerability must have been evaluated.
#: Source: FedRAMP Consolidated Rules 2026.07.14, VER-TFR-EVU.
VDR_EVALUATE = {"A": 14, "B": 7, "C": 5, "D": 2}
#: Days from evaluation after which what is still open is an accepted vulnerability.
#: Source: FedRAMP Consolidated Rules 2026.07.14, VER-TFR-MAV.
VDR_ACCEPTED = 192
#: Potential agency impact that is assumed where nobody states one: project judgement, no rule gives it.
ASSUMED_IMPACT = {"critical": 5, "high": 4, "medium": 3, "low": 2, "negligible": 1, "unknown": 5}
#: Days from discovery. Source: FedRAMP Continuous Monitoring Performance Management Guide (Rev 5, until VDR applies).
LEGACY_DAYS = {"critical": 30, "high": 30, "medium": 90, "low": 180, "negligible": 180, "unknown": 30}
#: Days by (in KEV, asset publicly exposed, automatable, technical impact total); None: with the next system upgrade.
#: Source: CISA BOD 26-04, table 1, as CERT/CC publishes it: CERTCC/SSVC data/csv/cisa/cisa_bod_26_04_1_0_0.csv.
BOD_DAYS: dict[tuple[bool, bool, bool, bool], int | None] = {
    (False, False, False, False): None,
    (True, False, False, False): 14,
    (False, True, False, False): 60,
    (False, False, True, False): 60,
    (False, False, False, True): None,
    (True, True, False, False): 14,
    (True, False, True, False): 14,
    (False, True, True, False): 14,
    (True, False, False, True): 14,
    (False, True, False, True): 14,
    (False, False, True, True): 60,
    (True, True, True, False): 3,
    (True, True, False, True): 3,
    (True, False, True, True): 3,
    (False, True, True, True): 3,
    (True, True, True, True): 3,
}
#: Rows of that table that ask for a forensic investigation, too.
BOD_FORENSIC = frozenset({(True, True, False, True), (True, False, True, True), (True, True, True, True)})


def worst_severity(severities: list[str]) -> str:
    """The worst that anybody names; `unknown` only when nobody names one."""
    named = [one for one in severities if one in SEVERITIES and one != "unknown"]
    return min(named, key=SEVERITIES.index, default="unknown")


def deadline(remediation: Remediation, certification_class: str, known: Inputs) -> Deadline:
    """The day under the configured regime, or CISA's day for a known exploited one where that is earlier."""
    found = _under(remediation, certification_class, known)
    kev = _day(known.kev_due)
    if kev is None or (found.due is not None and found.due <= kev):
        return found
    because = f"CISA's catalog of known exploited vulnerabilities names {kev.isoformat()}"
    return Deadline(due=kev, because=because, accepted_after=found.accepted_after)


def overdue_days(due: date | None, as_of: datetime) -> int:
    """Whole days since the last day on which it might be open; 0 on that day itself and before."""
    return max(0, (as_of.date() - due).days) if due is not None else 0


def _under(remediation: Remediation, certification_class: str, known: Inputs) -> Deadline:
    match remediation.regime:
        case None:
            return Deadline(due=None, because="nobody chose a regime of deadlines (remediation.regime)", unset=True)
        case Regime.FEDRAMP_VDR:
            return _vdr(certification_class, known)
        case Regime.BOD_26_04:
            return _bod(known)
        case Regime.FEDRAMP_REV5_LEGACY:
            words = f"FedRAMP Rev5 before VDR gives one of {_said(known.severity)}"
            return _after(known, LEGACY_DAYS[known.severity], words, "discovery")
        case Regime.OWN:
            return _own(remediation, known)


def _own(remediation: Remediation, known: Inputs) -> Deadline:
    table = remediation.days
    days = table.get(known.severity)
    if known.severity == "unknown" and table:
        return _after(known, min(table.values()), f"the organisation gives one of {_said(known.severity)}", "discovery")
    if days is None:
        return Deadline(due=None, because=f"the organisation names no days for one of {_said(known.severity)}")
    return _after(known, days, f"the organisation gives one of {_said(known.severity)}", "discovery")


def _vdr(certification_class: str, known: Inputs) -> Deadline:
    table = VDR_DAYS.get(certification_class)
    if table is None:
        return Deadline(due=None, because="FedRAMP VDR sets days by class, and system.class is not stated", unset=True)
    impact = ASSUMED_IMPACT[known.severity]
    evaluate = VDR_EVALUATE[certification_class]
    row = f"class {certification_class}, N{impact} (assumed from {_said(known.severity)}: nobody states it)"
    accepted = None
    if known.first_seen is not None:
        accepted = (known.first_seen + timedelta(days=evaluate + VDR_ACCEPTED)).date()
    if impact not in table:
        return Deadline(due=None, because=f"FedRAMP VDR sets no day for {row}", accepted_after=accepted)
    column = 2 if not known.exploitable.assumed else 0 if known.exposed.assumed else 1
    words = f"FedRAMP VDR, {row}, {('reachable and ', 'not reachable, ', '')[column]}"
    words += "not likely exploitable" if column == 2 else "likely exploitable"
    found = _after(known, evaluate + table[impact][column], f"{words}, gives", "discovery")
    assumed = _assumed(("likely exploitable", known.exploitable), ("reachable", known.exposed))
    told = f"{found.because}, of which {evaluate} are for the evaluation, whose date nobody states{assumed}"
    return Deadline(due=found.due, because=told, accepted_after=accepted, unset=found.unset)


def _bod(known: Inputs) -> Deadline:
    if known.kev is Answer.UNKNOWN:
        because = (
            "BOD 26-04 asks whether it is a known exploited one, and no recent catalog of these is in the evidence"
        )
        return Deadline(due=None, because=because, unset=True)
    key = (known.kev.assumed, known.exposed.assumed, known.automatable.assumed, known.total.assumed)
    days = BOD_DAYS[key]
    words = (
        f"BOD 26-04, {'in' if key[0] else 'not in'} KEV, {'exposed' if key[1] else 'not exposed'},"
        f" {'automatable' if key[2] else 'not automatable'}, {'total' if key[3] else 'partial'} impact"
    )
    if days is None:
        return Deadline(due=None, because=f"{words}: with the next system upgrade")
    forensic = " and asks for a forensic triage" if key in BOD_FORENSIC else ""
    found = _after(known, days, f"{words}, gives", "discovery")
    assumed = _assumed(("exposed", known.exposed), ("automatable", known.automatable), ("total impact", known.total))
    return Deadline(due=found.due, because=f"{found.because}{forensic}{assumed}", unset=found.unset)


def _assumed(*inputs: tuple[str, Answer]) -> str:
    """What was taken for the worse case because nobody says."""
    unknown = [name for name, answer in inputs if answer is Answer.UNKNOWN]
    return f" (taken for {' and '.join(unknown)}: no evidence says)" if unknown else ""


def _after(known: Inputs, days: float, words: str, since: str) -> Deadline:
    """So many days after the earliest scan that shows it."""
    told = f"{days:g} day{'' if days == 1 else 's'} from {since}"
    if known.first_seen is None:
        return Deadline(due=None, because=f"{words} {told}, but no scan says when it was made", unset=True)
    return Deadline(due=(known.first_seen + timedelta(days=days)).date(), because=f"{words} {told}")


def _said(severity: str) -> str:
    return "unknown severity, taken for the worst" if severity == "unknown" else f"{severity} severity"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
