"""The Check type, the verdicts a check gives, and how checks are found."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import NewType, get_args

from compliance.errors import CatalogError
from compliance.model.cluster import Cluster
from compliance.model.evidence import At
from compliance.model.hosts import Judged
from compliance.model.images import Images
from compliance.model.outcome import Outcome, Severity

CheckId = NewType("CheckId", str)


#: Context that is known only when everything has been read, or changes from one assessment to the next.
_LATE = frozenset({"cluster", "images", "supply_chain", "hosts", "as_of"})


class Effort(Enum):
    """How large the change is that mends a failed observation."""

    SETTING = "one setting"
    WORKLOAD = "change and test the workload"
    PLATFORM = "change of the platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check found on one subject: a sentence for an auditor and where it was read."""

    outcome: Outcome
    reason: str
    at: tuple[At, ...] = ()


def passed(reason: str, *, at: Sequence[At]) -> Verdict:
    """The setting is as asked, and `at` shows it; a pass without a place is refused."""
    if not at:
        raise ValueError("a pass must name the place that shows it")
    return Verdict(outcome=Outcome.PASS, reason=reason, at=tuple(at))


def failed(reason: str, *, at: Sequence[At]) -> Verdict:
    """The setting is not as asked; `at` names each offending place, or where the value is missing."""
    if not at:
        raise ValueError("a fail must name the place that shows it")
    return Verdict(outcome=Outcome.FAIL, reason=reason, at=tuple(at))


def not_applicable(reason: str, *, at: Sequence[At]) -> Verdict:
    """The question cannot arise, and a fact in the evidence (`at`) says so."""
    if not at:
        raise ValueError("not-applicable needs a fact from evidence")
    return Verdict(outcome=Outcome.NOT_APPLICABLE, reason=reason, at=tuple(at))


def not_checked(reason: str, *, at: Sequence[At] = ()) -> Verdict:
    """Nobody can say from this evidence; the reason names what is missing."""
    return Verdict(outcome=Outcome.NOT_CHECKED, reason=reason, at=tuple(at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A function we run, and what its parameters ask for.

    `subject` is the record type of the first parameter; `context` names the further parameters
    (`cluster`, `images`, `supply_chain`, `hosts`, `params`, `as_of`). `family` is the module it stands in. `fix` says
    in words what to change.
    """

    id: CheckId
    title: str
    revision: int
    severity: Severity
    fix: str
    effort: Effort
    function: Callable[..., Verdict]
    subject: type
    context: tuple[str, ...]
    family: str
    doc: str

    @property
    def needs_all(self) -> bool:
        """Whether it can run only when all evidence has been read, or on the day of the assessment."""
        return not _LATE.isdisjoint(self.context) or self.subject in (Cluster, Images, *get_args(Judged))


def check(
    *,
    id: str,
    title: str,
    severity: Severity,
    fix: str,
    revision: int = 1,
    effort: Effort = Effort.SETTING,
) -> Callable[[Callable[..., Verdict]], Check]:
    """Make a function a Check; its annotations are the evidence contract.

    The first parameter is the subject record. Besides, a check may ask for `cluster: Cluster`,
    `images: Images`, `supply_chain: SupplyChain`, `hosts: Hosts`, `params: Parameters`, and `as_of: datetime`, the
    clock of the assessment (UTC).
    """

    def decorate(function: Callable[..., Verdict]) -> Check:
        names = list(inspect.signature(function).parameters)
        hints = typing.get_type_hints(function)
        unknown = set(names[1:]) - {"params", *_LATE}
        if unknown:
            raise CatalogError(f"check {id}: unknown context {sorted(unknown)}; use params, {', '.join(sorted(_LATE))}")
        return Check(
            id=CheckId(id),
            title=title,
            revision=revision,
            severity=severity,
            fix=fix,
            effort=effort,
            function=function,
            subject=hints[names[0]],
            context=tuple(names[1:]),
            family=function.__module__.rpartition(".")[2],
            doc=inspect.getdoc(function) or "",
        )

    return decorate


def discover(package: ModuleType) -> tuple[Check, ...]:
    """Every Check defined in the modules of `package`, sorted by id.

    Raises:
        CatalogError: two checks carry one id.
    """
    found: dict[str, Check] = {}
    for module_info in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        for value in vars(module).values():
            if not isinstance(value, Check):
                continue
            if value.id in found and found[value.id] is not value:
                raise CatalogError(f"two checks carry the id {value.id}; rename one")
            found[value.id] = value
    return tuple(found[key] for key in sorted(found))


def listed(values: Iterable[object], *, limit: int = 8) -> str:
    """Values as an auditor reads them: `a, b, c`, cut with how many there are in all."""
    texts = [str(value) for value in values]
    if len(texts) <= limit:
        return ", ".join(texts)
    return f"{', '.join(texts[:limit])} and {len(texts) - limit} more"
