"""Proof about the images of tests/exports/images.py: attestations of each trust, scans of two days, VEX, gate."""

from __future__ import annotations

from typing import NamedTuple

from compliance.assess.attestations import attestation_rows
from compliance.assess.images import image_reports
from compliance.assess.vulnerabilities import vulnerability_report
from compliance.model.admission_decision import AdmissionDecision
from compliance.model.configuration import Configuration, DeclaredSource, TrustedBuilder, TrustedKey, TrustPolicy
from compliance.model.evidence import Subject, SubjectType
from compliance.model.image_report import ImageReport
from compliance.model.images import Images
from compliance.model.proof_report import AttestationRow, VulnerabilityReport
from compliance.model.supply_chain import SupplyChain, join_proof
from tests.checks.supply_chain_records import attestation, epss, kev, scan, vex
from tests.exports.images import careful_image, careless_image, cluster_of, digest, make_images, make_origin

#: Whom the tests' organisation trusts.
TRUST = TrustPolicy(
    keys=(TrustedKey(name="release", pem=""),),
    builders=(TrustedBuilder(id="https://build.example/hardened", level=3),),
    sources=(DeclaredSource(image="registry.example.com/shop/checkout*", repository="https://git.example/shop/web"),),
    vex_authors=("Security",),
)


#: The files that the proof below stands in, with the kind of evidence that they are.
PROOF_FILES = (
    ("proof/batch.sig", "signature-verification"),
    ("proof/batch.slsa.json", "provenance-attestation"),
    ("proof/checkout.sig", "signature-verification"),
    ("proof/checkout.slsa.json", "provenance-attestation"),
    ("proof/notation.json", "signature-verification"),
    ("proof/stranger.json", "signature-verification"),
    ("scans/batch-09.json", "vulnerability-scan"),
    ("scans/batch-11.json", "vulnerability-scan"),
    ("scans/batch-grype.json", "vulnerability-scan"),
    ("scans/checkout.json", "vulnerability-scan"),
    ("scans/elsewhere.json", "vulnerability-scan"),
    ("vex/security.json", "vex"),
)


def without_proof(images: Images) -> SupplyChain:
    """Images alone: nobody handed in anything about them."""
    return join_proof(images, (), (), (), (), (), (), ())


def make_decision(image: str, result: str = "pass") -> AdmissionDecision:
    """What Kyverno's report says of the Deployment checkout, naming an image."""
    path = "cluster/policy-report.json"
    return AdmissionDecision(
        origin=make_origin(path=path),
        subject=Subject(id=f"decision/{path}", type=SubjectType.EVIDENCE_SET, name=path),
        pointer="/results/0",
        form="policy-report",
        source="kyverno",
        policy="verify-images",
        rule="signed",
        result=result,
        message="verified image signatures",
        resource=("Deployment", "shop", "checkout"),
        images=(image,),
        enforced=True,
        time="2026-11-20T08:00:00Z",
    )


def _attestations(careful: str, careless: str) -> list[dict[str, object]]:
    """A whole chain for the careful image; a signature that does not hold and unsigned provenance for the other."""
    own, other = [careful], [careless]
    return [
        {"path": "proof/checkout.sig", "digests": own, "signer": "release", "envelope": "cosign-layout"},
        {"path": "proof/checkout.slsa.json", "digests": own, "signer": "release", "about": "provenance"}
        | {"provenance": {}, "proven_time": "2026-11-05T08:40:00Z"},
        {"path": "proof/batch.sig", "digests": other, "trust": "invalid", "because": "the digest differs"},
        {"path": "proof/batch.slsa.json", "digests": other, "about": "provenance", "trust": "present-unsigned"}
        | {"envelope": "buildkit", "provenance": {}, "because": "nobody signed it"},
        {"path": "proof/stranger.json", "digests": [digest("elsewhere")], "trust": "signed-untrusted"}
        | {"because": "the key is none of the trusted ones"},
        {"path": "proof/notation.json", "digests": own, "trust": "not-checked", "envelope": "notation"}
        | {"because": "this version lists Notation signatures and does not verify them"},
    ]


def _scans(careful: str, careless: str, careless_name: str) -> list[dict[str, object]]:
    """The careless image on three days by two scanners; the careful one once; one of an image not handed in."""
    old = {"id": "CVE-2026-2001", "package": "curl", "version": "8.5", "fixed_in": "8.6", "severity": "critical"}
    kept = {"id": "CVE-2026-2002", "package": "sudo", "version": "1.9", "fixed_in": "1.9.1", "severity": "high"}
    silent = {"id": "CVE-2026-2003", "package": "make", "version": "4.4", "severity": "medium"}
    minor = {"id": "CVE-2026-2004", "package": "gcc", "version": "12.2", "severity": "low"}
    gone = {"id": "CVE-2026-2000", "package": "wget", "version": "1.21", "severity": "high"}
    other = kept | {"severity": "critical", "aliases": ["GHSA-aaaa-bbbb-cccc"]}
    earlier = {"digests": [digest("an earlier build")], "target": careless_name, "target_type": "container"}
    return [
        earlier | {"path": "scans/batch-09.json", "created": "2026-09-20T06:00:00Z", "findings": [gone, kept, minor]},
        {"path": "scans/batch-11.json", "created": "2026-11-14T06:00:00Z", "digests": [careless]}
        | {"findings": [old, kept, silent, minor], "database": "2026-11-13T00:00:00Z"},
        {"path": "scans/batch-grype.json", "created": "2026-11-15T06:00:00Z", "digests": [careless], "tool": "grype"}
        | {"findings": [other], "tool_version": "0.90.0"},
        {"path": "scans/checkout.json", "created": "2026-11-20T06:00:00Z", "digests": [careful]}
        | {"findings": [minor | {"id": "CVE-2026-2005", "package": "libc6", "epss": 400}]},
        {"path": "scans/elsewhere.json", "created": "2026-11-20T06:00:00Z", "digests": [digest("elsewhere")]}
        | {"target": "registry.example.com/shop/other:1", "findings": [old]},
    ]


def make_chain(images: Images | None = None) -> SupplyChain:
    """All proof about the three images."""
    careful, careless = careful_image(), careless_image()
    one, two = careful.digests.manifest or "", careless.digests.config or ""
    signed = careless.digests.manifest or two
    statement = {"id": "CVE-2026-2003", "products": [f"registry.example.com/shop/batch@{two}"]}
    return join_proof(
        images or make_images(),
        [attestation(each) for each in _attestations(one, signed)],
        [scan(each) for each in _scans(one, two, careless.said)],
        [vex({"path": "vex/security.json", "created": "2026-11-16T00:00:00Z", "statements": [statement]})],
        [kev({"entries": {"CVE-2026-2001": "2026-11-18"}, "released": "2026-11-19T00:00:00Z"})],
        [epss({"CVE-2026-2002": 941_000})],
        [],
        [make_decision(f"registry.example.com/shop/checkout@{one}")],
    )


class Proof(NamedTuple):
    """What the packet says of images and their proof."""

    images: tuple[ImageReport, ...]
    attestations: tuple[AttestationRow, ...]
    vulnerabilities: VulnerabilityReport


def make_proof(configuration: Configuration, as_of: str, *, with_proof: bool = True) -> Proof:
    """The reports on the three images, with all proof about them or with none."""
    images = make_images()
    chain = make_chain(images) if with_proof else without_proof(images)
    cluster = cluster_of(images)
    found = vulnerability_report(chain, cluster, configuration, as_of)
    reports = image_reports(images, cluster, configuration, as_of, chain, found)
    return Proof(reports, attestation_rows(chain), found)
