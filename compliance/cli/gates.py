"""Rules of --fail-on: text in, a question to the assessment out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from compliance.errors import UsageError
from compliance.model.assessment import Assessment, EvidenceState, Finding
from compliance.model.catalog import Framework
from compliance.model.outcome import Severity, Status

_SEVERITIES = [severity.value for severity in Severity]
_KNOWN = "not-satisfied, not-reviewed, severity:LEVEL, check:ID, control:FRAMEWORK:ID, unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A rule as written, taken apart."""

    rule: str
    topic: str
    framework: str
    value: str

    def tripped(self, assessment: Assessment) -> bool:
        """Whether the assessment meets the rule."""
        match self.topic:
            case "not-satisfied" | "control":
                return any(finding.status is Status.NOT_SATISFIED for finding in self._findings(assessment))
            case "not-reviewed":
                return any(
                    finding.status in (Status.NOT_REVIEWED, Status.ERROR) for finding in self._findings(assessment)
                )
            case "severity":
                worse = _SEVERITIES[: _SEVERITIES.index(self.value) + 1]
                return any(
                    result.counts.failed and result.check.severity.value in worse for result in assessment.checks
                )
            case "check":
                return any(result.counts.failed and result.check.id == self.value for result in assessment.checks)
            case _:
                return any(file.state is EvidenceState.UNREADABLE or file.problems for file in assessment.evidence)

    def _findings(self, assessment: Assessment) -> Iterator[Finding]:
        for result in assessment.results:
            if self.framework in ("", result.framework.id):
                for finding in result.findings:
                    if self.topic != "control" or finding.control == self.value:
                        yield finding


def check_names(gate: Gate, frameworks: Iterable[Framework], checks: Iterable[str]) -> None:
    """Refuse a rule that names what the assessment will not have: it could never be met.

    Raises:
        UsageError: the framework is not assessed, or the control or check is not known.
    """
    if gate.topic == "check" and gate.value not in checks:
        raise UsageError(f"--fail-on {gate.rule}: there is no check {gate.value}")
    if not gate.framework:
        return
    controls = [{str(control.id) for control in f.controls} for f in frameworks if f.id == gate.framework]
    if not controls:
        raise UsageError(f"--fail-on {gate.rule}: {gate.framework} is not assessed in this run; name it with -f")
    if gate.topic == "control" and all(gate.value not in ids for ids in controls):
        raise UsageError(f"--fail-on {gate.rule}: {gate.framework} has no control {gate.value}")


def parse(rule: str) -> Gate:
    """A rule taken apart.

    Raises:
        UsageError: it is none of the known ones.
    """
    topic, _, rest = rule.partition(":")
    framework, value = "", ""
    match topic:
        case "not-satisfied" | "not-reviewed":
            framework = rest
        case "severity" if rest in _SEVERITIES:
            value = rest
        case "check" if rest:
            value = rest
        case "control" if ":" in rest:
            framework, _, value = rest.partition(":")
        case "unreadable" if not rest:
            pass
        case _:
            raise UsageError(f"--fail-on {rule} is no rule; {_KNOWN} are (LEVEL: {', '.join(_SEVERITIES)})")
    return Gate(rule=rule, topic=topic, framework=framework, value=value)
