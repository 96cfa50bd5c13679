"""Proof about an image from a short description: what readers and the verification engine would make of real files.

A `*.proof.yaml` file has these keys, all optional: `image` (a description of tests/images/making.py), `images` (more of
them), `scans`, `vex`, `kev`, `epss`, `ssvc`, `attestations` (lists of records, absent fields filled in), and
`parameters`. The words MANIFEST, CONFIG and INDEX stand for the digests of `image`, OTHER for one that nothing has.
Signatures are described by their verdict: that a verdict is right is for tests/verification to show.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from compliance.model.attestation import (
    Attestation,
    Envelope,
    Provenance,
    StatementSubject,
    Trust,
    VerificationSummary,
)
from compliance.model.configuration import (
    DeclaredSource,
    Parameters,
    Regime,
    Remediation,
    TrustedBuilder,
    TrustedKey,
    TrustPolicy,
)
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.image import Image
from compliance.model.reader import Record
from compliance.model.sbom import DescribedDigest
from compliance.model.vulnerability import (
    EPSS_ROW,
    EpssScores,
    KevCatalog,
    KevEntry,
    ScanFinding,
    ScanReport,
    SsvcRecord,
    VexDocument,
    VexStatement,
    epss_key,
)

#: How files end that describe proof.
PROOF = ".proof.yaml"
OTHER = f"sha256:{'0' * 63}1"
STATEMENT = "https://in-toto.io/Statement/v1"

Described = Mapping[str, Any]  # as YAML gives it
Build = Callable[[Described, str], Iterator[Image]]


def records(file: Path, build: Build) -> Iterator[Record]:
    """The records that a description stands for; `build` makes images of theirs."""
    described = yaml.safe_load(file.read_text())
    assert isinstance(described, dict)
    own = list(build(described["image"], file.name)) if "image" in described else []
    yield from own
    for more in described.get("images", ()):
        yield from build(more, file.name)
    yield from proof(described, own[0] if own else None, file.name)


def proof(described: Described, image: Image | None, path: str = "proof.json") -> Iterator[Record]:
    """All proof of a description about one image."""
    digests = image.digests if image else None
    words = {
        "MANIFEST": (digests and digests.manifest) or OTHER,
        "CONFIG": (digests and digests.config) or OTHER,
        "INDEX": (digests and digests.index) or OTHER,
        "OTHER": OTHER,
    }
    known = _replaced({key: value for key, value in described.items() if key not in ("image", "images")}, words)
    for number, each in enumerate(known.get("attestations", ())):
        yield attestation(each, f"attestation-{number}.json")
    for number, each in enumerate(known.get("scans", ())):
        yield scan(each, f"scan-{number}.json")
    for number, each in enumerate(known.get("vex", ())):
        yield vex(each, f"vex-{number}.json")
    for number, each in enumerate(_each(known.get("kev"))):
        yield kev(each, f"kev-{number}.json")
    for number, each in enumerate(_each(known.get("epss"))):
        yield epss(each, f"epss-{number}.csv")
    for each in known.get("ssvc", ()):
        yield ssvc(each)


def parameters(described: Described) -> Parameters:
    """The organisation's values of a description; the defaults where it states none."""
    stated = dict(described.get("parameters", {}))
    trust = stated.pop("trust", {})
    remediation = stated.pop("remediation", {})
    return Parameters(
        trust=TrustPolicy(
            keys=tuple(TrustedKey(name=name, pem="") for name in trust.get("keys", ())),
            builders=tuple(TrustedBuilder(**each) for each in trust.get("builders", ())),
            sources=tuple(DeclaredSource(**each) for each in trust.get("sources", ())),
            vex_authors=tuple(trust.get("vex_authors", ())),
        ),
        remediation=Remediation(
            regime=Regime(remediation["regime"]) if "regime" in remediation else None,
            days=remediation.get("days", {}),
        ),
        **stated,
    )


def parameters_in(file: Path) -> Parameters:
    """The values that a file states."""
    return parameters(yaml.safe_load(file.read_text()))


def _replaced(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, words) for each in value]
    if isinstance(value, str):
        for word, digest in words.items():
            value = value.replace(word, digest)
    return value


def origin(path: str) -> Origin:
    """A file of its own."""
    return Origin(
        path=path,
        sha256=hashlib.sha256(path.encode()).hexdigest(),
        document=None,
        pointer="",
        inner="",
        offset=0,
        length=1,
        line=1,
    )


def _subject(kind: str, path: str) -> Subject:
    return Subject(id=f"{kind}/{path}", type=SubjectType.EVIDENCE_SET, name=path)


def finding(described: Described, number: int = 0) -> ScanFinding:
    """A finding: `high` in openssl 3.0.1 unless it says otherwise."""
    return ScanFinding(
        id=described.get("id", "CVE-2026-1000"),
        aliases=tuple(described.get("aliases", ())),
        ecosystem=described.get("ecosystem", "deb"),
        package=described.get("package", "openssl"),
        version=described.get("version", "3.0.1"),
        fixed_in=described.get("fixed_in", ""),
        severity=described.get("severity", "high"),
        severity_source=described.get("severity_source", ""),
        cvss=described.get("cvss"),
        suppressed=described.get("suppressed", ""),
        published=described.get("published", ""),
        pointer=f"/Results/0/Vulnerabilities/{number}",
        kev=described.get("kev", False),
        epss=described.get("epss"),
    )


def scan(described: Described, path: str = "scan.json") -> ScanReport:
    """A scan by trivy of the day before the assessment, of the image's configuration, unless it says otherwise."""
    digests = described.get("digests", [])
    return ScanReport(
        origin=origin(described.get("path", path)),
        subject=_subject("scan", described.get("path", path)),
        format=described.get("format", "trivy"),
        tool=described.get("tool", "trivy"),
        tool_version=described.get("tool_version", "0.70.0"),
        target=described.get("target", "registry.example.com/shop/web:1.0.0"),
        target_at="/ArtifactName",
        digests=tuple(DescribedDigest(each, f"/Metadata/{number}") for number, each in enumerate(digests)),
        diff_ids=(),
        created=described.get("created", "2026-08-31T12:00:00Z"),
        created_at="/CreatedAt",
        database=described.get("database"),
        database_at="/Metadata/DB",
        settings=described.get("settings", ""),
        failed=described.get("failed", ""),
        findings=tuple(finding(each, number) for number, each in enumerate(described.get("findings", ()))),
        findings_at="/Results",
        target_type=described.get("target_type", "container"),
        incomplete=tuple(described.get("incomplete", ())),
    )


def vex(described: Described, path: str = "vex.json") -> VexDocument:
    """A document of one day before the assessment by `Security`, unless it says otherwise."""
    return VexDocument(
        origin=origin(described.get("path", path)),
        subject=_subject("vex", described.get("path", path)),
        format="openvex",
        version="0.2.0",
        author=described.get("author", "Security"),
        author_at="/author",
        created=described.get("created", "2026-08-31T12:00:00Z"),
        statements=tuple(statement(each, number) for number, each in enumerate(described.get("statements", ()))),
    )


def statement(described: Described, number: int = 0) -> VexStatement:
    """A sound not_affected on the image's manifest unless it says otherwise."""
    status = described.get("status", "not_affected")
    return VexStatement(
        id=described.get("id", "CVE-2026-1000"),
        aliases=tuple(described.get("aliases", ())),
        status=status,
        status_as_written=status,
        justification=described.get(
            "justification", "vulnerable_code_not_in_execute_path" if status == "not_affected" else ""
        ),
        justification_note=described.get("note", ""),
        impact=described.get("impact", ""),
        products=tuple(described.get("products", ())),
        components=tuple(described.get("components", ())),
        timestamp=described.get("timestamp", ""),
        pointer=f"/statements/{number}",
    )


def _each(described: Any) -> list[Described]:
    """One description, or a list of them."""
    return described if isinstance(described, list) else [described] if described is not None else []


def kev(described: Described, path: str = "kev.json") -> KevCatalog:
    """The catalog of the day before the assessment, unless it says otherwise; `entries` are due days by id."""
    return KevCatalog(
        origin=origin(described.get("path", path)),
        subject=_subject("kev", described.get("path", path)),
        version=described.get("version", "2026.08.31"),
        released=described.get("released", "2026-08-31T12:00:00Z"),
        released_at="/dateReleased",
        entries={
            id: KevEntry(added="2026-08-01", due=due, ransomware="Unknown", pointer=f"/vulnerabilities/{number}")
            for number, (id, due) in enumerate(described.get("entries", {}).items())
        },
    )


def epss(described: Described, path: str = "epss.csv") -> EpssScores:
    """Probabilities in parts per million by CVE id, of the day before the assessment unless `scored` says otherwise."""
    rows = sorted((epss_key(id) or 0, value) for id, value in described.items() if id.startswith("CVE-"))
    return EpssScores(
        origin=origin(path),
        subject=_subject("epss", path),
        model="v2025.03.14",
        scored=described.get("scored", "2026-08-31T00:00:00Z"),
        table=b"".join(EPSS_ROW.pack(key, value, value) for key, value in rows),
    )


def ssvc(described: Described) -> SsvcRecord:
    """CISA's points for one CVE."""
    id = described.get("id", "CVE-2026-1000")
    return SsvcRecord(
        origin=origin(described.get("path", f"{id}.json")),
        subject=_subject("ssvc", described.get("path", id)),
        id=id,
        exploitation=described.get("exploitation", ""),
        automatable=described.get("automatable", ""),
        technical_impact=described.get("technical_impact", ""),
        timestamp=described.get("timestamp", "2026-08-01T00:00:00Z"),
    )


def attestation(described: Described, path: str = "attestation.json") -> Attestation:
    """A verified signature on the image's manifest unless it says otherwise."""
    about = described.get("about", "signature")
    trust = Trust(described.get("trust", "verified"))
    digests = described.get("digests", [])
    return Attestation(
        origin=origin(described.get("path", path)),
        subject=_subject("attestation", described.get("path", path)),
        envelope=Envelope(described.get("envelope", "dsse")),
        media_type="application/vnd.in-toto+json",
        statement_type=described.get("statement_type", STATEMENT),
        predicate_type="",
        about=about,
        subjects=tuple(
            StatementSubject("web", (tuple(digest.split(":", 1)),))  # type: ignore[arg-type]  # two parts by the fixture
            for digest in digests
        )
        + tuple(StatementSubject(name, ()) for name in described.get("named", ())),
        refers_to=described.get("refers_to"),
        trust=trust,
        because=described.get("because", "the signature holds" if trust is Trust.VERIFIED else "as described"),
        signer=described.get("signer", "ci" if trust is Trust.VERIFIED else ""),
        issuer=described.get("issuer", ""),
        fingerprint="",
        signatures=0 if trust is Trust.PRESENT_UNSIGNED else 1,
        proven_time=described.get("proven_time"),
        time_source="",
        claims=described.get("claims", {}),
        provenance=provenance(described["provenance"]) if "provenance" in described else None,
        summary=summary(described["summary"]) if "summary" in described else None,
        suite=None,
        predicate_note="",
        unread=described.get("unread", ""),
    )


def provenance(described: Described) -> Provenance:
    """A complete predicate unless it says otherwise."""
    return Provenance(
        version="v1",
        builder=described.get("builder", "https://build.example/hardened"),
        build_type=described.get("build_type", "https://actions.github.io/buildtypes/workflow/v1"),
        source=described.get("source", "git+https://git.example/shop/web@refs/heads/main"),
        source_digest=described.get("source_digest", "sha1:00000000000000000000000000000000000000aa"),
        source_ref=described.get("source_ref", "refs/heads/main"),
        invocation="",
        started=described.get("started"),
        finished=described.get("finished"),
        parameters=(),
        dependencies=(),
    )


def summary(described: Described) -> VerificationSummary:
    """A summary that passed unless it says otherwise."""
    return VerificationSummary(
        verifier=described.get("verifier", "https://verify.example"),
        time_verified=described.get("time_verified"),
        resource=described.get("resource", "registry.example.com/shop/web"),
        result=described.get("result", "PASSED"),
        levels=tuple(described.get("levels", ["SLSA_BUILD_LEVEL_2"])),
    )
