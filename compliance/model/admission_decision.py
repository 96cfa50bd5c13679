"""Decisions of the cluster's gate: what a policy said of a workload or an image, and when."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.model.evidence import At, Origin, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionDecision:
    """One result of a policy report, constraint status, audit annotation or audit event.

    `source` is `kyverno`, `gatekeeper`, `validating-admission-policy`, `pod-security` or as written.
    `result` is `pass`, `fail`, `warn`, `error` or `skip`. `resource` is (kind, namespace, name), None where
    it names none. `images` are references or digests (`sha256:...`) that it names itself. `enforced`
    says whether a failure would have kept the workload out; None where the document does not say.
    `time` is ISO 8601 or None. `outside` is true where the document shows that a command line judged files or objects
    that were fetched, and not the cluster's own gate.
    """

    origin: Origin
    subject: Subject
    pointer: str
    form: str
    source: str
    policy: str
    rule: str
    result: str
    message: str
    resource: tuple[str, str | None, str] | None
    images: tuple[str, ...]
    enforced: bool | None
    time: str | None
    outside: bool = False

    @property
    def said_by(self) -> str:
        """Who decided by what, as a reason tells it: `kyverno signed-images/keys`."""
        who = f"{self.source} (its command line, not the cluster's gate)" if self.outside else self.source
        return f"{who} {'/'.join(part for part in (self.policy, self.rule) if part)}".strip()

    def at(self) -> At:
        """The result in its document."""
        return At(self.origin, self.pointer)
