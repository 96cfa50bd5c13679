"""API servers and their audit policies in, verdicts out on what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from compliance.model.audit_coverage import any_recorded, coverage, records_everything
from compliance.model.audit_policy import Policy, policy_of
from compliance.model.check import Effort, Verdict, check
from compliance.model.configuration_files import documents_of, not_handed_in
from compliance.model.flags import Answer, answer, judged_sources, option, unknown
from compliance.model.host import CommandLine
from compliance.model.hosts import ApiServer, Hosts
from compliance.model.outcome import Outcome, Severity


@check(
    id="audit-policy-set",
    title="The API server has an audit policy that records something",
    severity=Severity.HIGH,
    fix="Set --audit-policy-file to a policy with at least one rule of level Metadata or more.",
)
def audit_policy_set(server: ApiServer, hosts: Hosts) -> Verdict:
    """--audit-policy-file is set, and a rule of that policy has another level than None.

    Source: CIS Kubernetes Benchmark 2.0.1, 3.2.1; DISA Kubernetes STIG V2R6, V-242461.
    """
    return _judged(server, hosts, any_recorded)


@check(
    id="audit-policy-sensitive",
    title="The audit policy records what matters, and of secrets no content",
    severity=Severity.MEDIUM,
    effort=Effort.PLATFORM,
    fix="Put rules for secrets, config maps and token reviews at Metadata first, and a rule at Metadata for all last.",
)
def audit_policy_sensitive(server: ApiServer, hosts: Hosts) -> Verdict:
    """The rules, in order, record each sensitive action for everybody, and secrets at Metadata only.

    Asked of: secrets, config maps and token reviews; exec, attach, port-forward and proxies; changes of pods and
    workloads; any other request. Requests of the cluster's own components may be left out and are told.
    Source: CIS Kubernetes Benchmark 2.0.1, 3.2.2; Kubernetes, "Auditing".
    """
    return _judged(server, hosts, lambda policies: [coverage(policy) for policy in policies])


@check(
    id="audit-policy-request-response",
    title="The audit policy records every request and its answer whole",
    severity=Severity.MEDIUM,
    effort=Effort.PLATFORM,
    fix="Make a rule of level RequestResponse for every request the first of the policy, with no omitStages.",
)
def audit_policy_request_response(server: ApiServer, hosts: Hosts) -> Verdict:
    """The first rule is about every request, of level RequestResponse, and no stage is left out.

    This contradicts what CIS asks for secrets: an organisation cannot satisfy both.
    Source: DISA Kubernetes STIG V2R6, V-242403.
    """
    return _judged(server, hosts, lambda policies: [records_everything(policy) for policy in policies])


def _judged(server: ApiServer, hosts: Hosts, ask: Callable[[Sequence[Policy]], list[Answer]]) -> Verdict:
    return judged_sources(server.lines, lambda line: _of_line(line, server, hosts, ask))


def _of_line(
    line: CommandLine, server: ApiServer, hosts: Hosts, ask: Callable[[Sequence[Policy]], list[Answer]]
) -> list[Answer]:
    found = option(line, "audit-policy-file")
    if found.unknown:
        return [unknown(found)]
    if not found.text:
        return [answer(line, Outcome.FAIL, f"{found.told()}: nothing is recorded", found.at)]
    documents = documents_of(found, server.host, hosts, "AuditPolicy")
    if not documents:
        return [not_handed_in(found, "the audit policy")]
    return ask([policy_of(document) for document in documents])
