"""Hosts and reports of other tools for the exporters' tests: one seen, one shared, one unseen; sound and not."""

from __future__ import annotations

from hashlib import sha256

from compliance.model.counts import Counts
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.host_report import HostRow
from compliance.model.outcome import Outcome, Severity
from compliance.model.rule_report import Reference, RefersTo, RuleReport, RuleResult

#: The files that the reports stand in, with the kind of evidence that they are; last of all files by path.
REPORT_FILES = (
    ("xccdf/image.xml", "openscap-results"),
    ("xccdf/node-1.xml", "openscap-results"),
    ("xccdf/people.ckl", "checklist"),
)


def host(name: str) -> Subject:
    return Subject(id=f"host/{name}", type=SubjectType.HOST, name=name)


def make_hosts() -> tuple[HostRow, ...]:
    """A control plane node, what all nodes share, and a node that nobody handed anything in of."""
    shared = Subject(id="host-of/the-cluster", type=SubjectType.HOST, name="all nodes of the cluster")
    return (
        HostRow(
            subject=shared,
            system="",
            collected="",
            programs=("kube-proxy 1.34.1 (workload object)",),
            handed_in=("kube-proxy-config",),
            counts=Counts(passed=1),
        ),
        HostRow(
            subject=host("node-1"),
            system="debian 12, kernel 6.1.0-39-amd64",
            collected="2026-11-20T21:00:00Z",
            programs=(
                "etcd 3.6.4 (static pod manifest)",
                "kube-apiserver 1.34.1 (static pod manifest, process list)",
                "kubelet (process list)",
            ),
            handed_in=("audit-policy", "node-file-stat", "static-pod-manifest"),
            counts=Counts(passed=1092, failed=24, not_applicable=9, not_checked=22, error=1),
        ),
        HostRow(subject=host("node-2"), system="", collected="", programs=(), handed_in=(), counts=Counts()),
    )


def result(rule: str, outcome: Outcome, severity: Severity = Severity.MEDIUM, cci: str = "CCI-000366") -> RuleResult:
    """What was found for a rule; its word is that of the outcome."""
    seen = {Outcome.PASS: "is as asked", Outcome.FAIL: "is not as asked"}.get(outcome, "was not judged")
    return RuleResult(
        rule=rule,
        title=f"The rule {rule.replace('_', ' ')}",
        severity=severity,
        outcome=outcome,
        said=outcome.value.replace("-", ""),
        reason=f"/etc/{rule} {seen}.",
        references=(Reference(RefersTo.CCI, cci),),
        fix="Change the file.",
        at="",
    )


def make_report(path: str, subject: Subject, results: tuple[RuleResult, ...], unsound: str = "") -> RuleReport:
    """What OpenSCAP wrote of a target."""
    return RuleReport(
        origin=Origin(
            path=path,
            sha256=sha256(path.encode()).hexdigest(),
            document=None,
            pointer="",
            inner="",
            offset=0,
            length=900,
            line=1,
        ),
        subject=subject,
        source="openscap",
        tool="OpenSCAP",
        tool_version="1.4.2",
        benchmark="xccdf_org.ssgproject.content_benchmark_DEBIAN-12",
        benchmark_title="Guide to the Secure Configuration of Debian 12",
        edition="0.1.76",
        profile="anssi_bp28_high",
        target=subject.name,
        started="2026-11-20T21:05:00Z",
        ended="2026-11-20T21:06:30Z",
        by_person=False,
        person="",
        unsound=unsound,
        content_sha256=sha256(b"content").hexdigest(),
        results=results,
        not_selected=3,
    )


def make_reports(image: Subject) -> tuple[RuleReport, ...]:
    """A sound run on node-1, a run on an image that proves nothing, and a checklist of a person."""
    of_image, of_host, of_person = (path for path, _ in REPORT_FILES)
    sound = make_report(
        of_host,
        host("node-1"),
        (
            result("banner", Outcome.PASS),
            result("mounts", Outcome.NOT_APPLICABLE),
            result("password_age", Outcome.FAIL, Severity.LOW),
            result("sshd_root", Outcome.FAIL, Severity.HIGH),
            result("audit_rules", Outcome.NOT_CHECKED),
            result("time_server", Outcome.ERROR),
        ),
    )
    none = make_report(
        of_image,
        image,
        (result("banner", Outcome.NOT_CHECKED), result("mounts", Outcome.NOT_CHECKED)),
        unsound="every rule says that it does not apply",
    )
    checklist = RuleReport(
        origin=make_report(of_person, host("node-1"), ()).origin,
        subject=host("node-1"),
        source="ckl",
        tool="STIG Viewer",
        tool_version="",
        benchmark="Kubernetes_STIG",
        benchmark_title="Kubernetes Security Technical Implementation Guide",
        edition="V2R4",
        profile="",
        target="node-1",
        started="",
        ended="",
        by_person=True,
        person="Ida Officer",
        unsound="",
        content_sha256="",
        results=(result("V-242376", Outcome.PASS), result("V-242377", Outcome.FAIL, Severity.HIGH)),
    )
    return none, sound, checklist
