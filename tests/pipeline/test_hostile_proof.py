"""An attacker makes proof: nothing unproven passes, each bend flips what rests on it and no more, nothing leaks."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compliance.model.configuration import TrustPolicy
from tests.pipeline import inertness
from tests.pipeline.hostile_proof import (
    APP,
    AUTHOR,
    BUILDER,
    CVE,
    NAME,
    OTHER,
    PURL,
    STRANGER,
    TRUST,
    changed,
    configuration,
    grype,
    judged,
    kev,
    match,
    of_app,
    outcomes,
    provenance,
    sbom,
    signed,
    statement,
    vex,
    whole,
    write,
)

Json = dict[str, Any]
WHOLE = whole()
#: The same, where nothing answers the vulnerability that the scan shows.
OPEN = {name: data for name, data in WHOLE.items() if name != "vex.json"}
CYCLONEDX = "https://cyclonedx.org/bom"
SUMMARY = "https://slsa.dev/verification_summary/v1"
OPENVEX = "https://openvex.dev/ns"
BUILT = [
    "image-provenance",
    "image-provenance-build-type",
    "image-provenance-builder",
    "image-provenance-commit",
    "image-provenance-source",
    "image-signature",
]
LEVELS = ["image-slsa-level-1", "image-slsa-level-2", "image-slsa-level-3"]
DESCRIBED = ["image-sbom-accurate", "image-sbom-complete", "image-sbom-current"]
SCANNED = [
    "image-scan-age",
    "image-vulnerability-exploited",
    "image-vulnerability-fixable",
    "image-vulnerability-overdue",
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Json]]:
    """What is said of the image by check, with all proof (`whole`) and without VEX (`open`)."""
    cases = {"whole": WHOLE, "open": OPEN}
    return {name: of_app(tmp_path_factory.mktemp(name), files) for name, files in cases.items()}


def each(names: list[str], outcome: str) -> dict[str, str]:
    return dict.fromkeys(names, outcome)


def carried(about: str = APP.manifest, of: str = APP.manifest, **more: Any) -> Json:
    """An SBOM of one digest in a signed statement about another."""
    return signed(statement(CYCLONEDX, sbom(of, **more), about))


def summary(**more: str) -> Json:
    said = {
        "verifier": {"id": "https://ci.example/verifier"},
        "resourceUri": f"{NAME}@{APP.manifest}",
        "verificationResult": "PASSED",
        **more,
    }
    return signed(statement(SUMMARY, said))


FIXABLE = {"image-vulnerability-fixable": "fail"}
UNSCANNED = each(["image-scan", *SCANNED], "not-checked")
NOT_THIS_SCAN = {"image-scan": "fail", **each(SCANNED, "not-checked")}
NOT_THIS_SBOM = {"image-sbom": "fail", **each(DESCRIBED, "not-checked")}
DISTRUSTED = {
    "image-attestations-hold": "not-checked",
    "image-provenance": "fail",
    **each(BUILT[1:], "not-checked"),
    "image-slsa-level-2": "fail",
    "image-slsa-level-3": "fail",
}
ALTERED = {"image-attestations-hold": "not-checked"}
UNSIGNED = {check: outcome for check, outcome in DISTRUSTED.items() if check != "image-attestations-hold"}
UNDECIDED = each([*SCANNED[1:]], "not-checked")
#: What is handed in instead (of all proof), and every verdict on the image that is then another.
PROOF: dict[str, tuple[Json, dict[str, str]]] = {
    "provenance by a stranger": ({"provenance.json": signed(provenance(), STRANGER)}, DISTRUSTED),
    "provenance unsigned": ({"provenance.json": provenance()}, UNSIGNED),
    "provenance of another image": (
        {"provenance.json": signed(provenance(OTHER.manifest))},
        each([*BUILT, *LEVELS], "not-checked"),
    ),
    "provenance of the sha512 alone": (
        {"provenance.json": signed({**provenance(), "subject": [{"name": NAME, "digest": {"sha512": "a" * 128}}]})},
        each([*BUILT, *LEVELS], "not-checked"),
    ),
    "provenance of a name alone": (
        {"provenance.json": signed({**provenance(), "subject": [{"name": NAME, "digest": {}}]})},
        each([*BUILT, *LEVELS], "not-checked"),
    ),
    "provenance in a statement of no known type": (
        {"provenance.json": signed({**provenance(), "_type": "https://in-toto.io/Statement/v9"})},
        each([*BUILT, *LEVELS], "not-checked"),
    ),
    "provenance in a file of two thousand levels": (
        {"deep.json": b'{"payloadType": "application/vnd.in-toto+json", "payload": ' + b"[" * 2000 + b"]" * 2000},
        {},
    ),
    "provenance of the list over platforms": ({"provenance.json": signed(provenance(APP.index))}, {}),
    "source of another owner": (
        {"provenance.json": signed(provenance(source="https://git.example/evil/app"))},
        {"image-provenance-source": "fail"},
    ),
    "builder that begins like a trusted one": (
        {"provenance.json": signed(provenance(builder=f"{BUILDER}-evil"))},
        each(["image-provenance-builder", "image-slsa-level-2", "image-slsa-level-3"], "fail"),
    ),
    "summary that failed": (
        {"summary.json": summary(verificationResult="FAILED")},
        {"image-verification-summary": "fail"},
    ),
    "summary of another resource": (
        {"summary.json": summary(resourceUri="registry.example/shop/other")},
        {"image-verification-summary": "fail"},
    ),
    "SBOM about this image that describes another": ({"sbom.att.json": carried(of=OTHER.manifest)}, NOT_THIS_SBOM),
    "SBOM about the list over platforms": (
        {"sbom.att.json": carried(APP.index)},
        each(["image-sbom", "image-sbom-signature", *DESCRIBED], "not-checked"),
    ),
    "SBOM by a stranger": (
        {"sbom.att.json": signed(statement(CYCLONEDX, sbom()), STRANGER)},
        {"image-sbom-signature": "fail", "image-attestations-hold": "not-checked"},
    ),
    "SBOM unsigned": ({"sbom.att.json": statement(CYCLONEDX, sbom())}, {"image-sbom-signature": "fail"}),
    "SBOM said to be SPDX": ({"sbom.att.json": signed(statement("https://spdx.dev/Document", sbom()))}, {}),
    "SBOM that lacks a package": (
        {"sbom.att.json": carried(packages=(("openssl", "3.0.11"),))},
        {"image-sbom-complete": "fail"},
    ),
    "VEX by nobody known": ({"vex.json": vex(author="mallory")}, FIXABLE),
    "VEX that names a signer and is not signed": ({"vex.json": vex(author="key-1")}, FIXABLE),
    "VEX of the author by a stranger's key": (
        {"vex.json": signed(statement(OPENVEX, vex()), STRANGER)},
        {**FIXABLE, **ALTERED},
    ),
    "VEX by the signer": ({"vex.json": signed(statement(OPENVEX, vex([], author="x")))}, {}),
    "VEX without a product, unsigned": ({"vex.json": vex([])}, FIXABLE),
    "VEX without a justification": ({"vex.json": vex(justification="")}, FIXABLE),
    "VEX outside the vocabulary": ({"vex.json": vex(justification="because")}, FIXABLE),
    "VEX for another digest": ({"vex.json": vex([{"@id": f"pkg:oci/app@{OTHER.manifest}"}])}, FIXABLE),
    "VEX for a name and tag": ({"vex.json": vex([{"@id": f"{NAME}:1.0"}])}, FIXABLE),
    "VEX for the package": ({"vex.json": vex([{"@id": PURL.format("openssl", "3.0.11")}])}, {}),
    "VEX for every version": ({"vex.json": vex([{"@id": "pkg:deb/debian/openssl"}])}, FIXABLE),
    "VEX for another version": ({"vex.json": vex([{"@id": PURL.format("openssl", "3.0.12")}])}, FIXABLE),
    "VEX for another distribution": ({"vex.json": vex([{"@id": "pkg:deb/ubuntu/openssl@3.0.11"}])}, FIXABLE),
    "VEX for another platform": ({"vex.json": vex([{"@id": f"pkg:oci/app@{APP.manifest}?arch=arm64"}])}, FIXABLE),
    "VEX for another package of the image": (
        {
            "vex.json": vex(
                [{"@id": f"pkg:oci/app@{APP.manifest}", "subcomponents": [{"@id": PURL.format("zlib1g", "1.2.13")}]}]
            )
        },
        FIXABLE,
    ),
    "VEX from the future": ({"vex.json": {**vex(), "timestamp": "2026-12-20T00:00:00Z"}}, FIXABLE),
    "VEX overridden by a newer one": (
        {"vex2.json": {**vex(status="affected"), "timestamp": "2026-11-21T00:00:00Z"}},
        FIXABLE,
    ),
    "VEX after an older one": ({"vex2.json": {**vex(status="affected"), "timestamp": "2026-11-19T00:00:00Z"}}, {}),
    "VEX by a name of it that nobody joins": ({"vex.json": vex(id="GHSA-aaaa-bbbb-cccc")}, FIXABLE),
    "VEX by a name of it that a scan joins": (
        {
            "vex.json": vex(id="GHSA-aaaa-bbbb-cccc"),
            "scan.json": grype({**match("GHSA-aaaa-bbbb-cccc"), "relatedVulnerabilities": [{"id": CVE}]}),
        },
        {},
    ),
    "known exploited, and answered": ({"kev.json": kev(CVE)}, {}),
}  # fmt: skip
KNOWN = {"image-vulnerability-exploited": "fail"}
CLEAN = {"image-vulnerability-fixable": "pass"}
#: The same, where nothing answers the vulnerability.
SCANS: dict[str, tuple[Json, dict[str, str]]] = {
    "nothing found": ({"scan.json": grype()}, CLEAN),
    "nothing found of another image": ({"scan.json": grype(of=OTHER)}, NOT_THIS_SCAN),
    "nothing found of another image, in a statement about this one": (
        {"scan.json": statement("https://in-toto.io/attestation/vulns/v0.1", grype(of=OTHER))},
        NOT_THIS_SCAN,
    ),
    "nothing found in the list over platforms": (
        {"scan.json": grype(imageID="", manifestDigest="", repoDigests=[f"{NAME}@{APP.index}"])},
        UNSCANNED,
    ),
    "nothing found under its name": (
        {"scan.json": grype(imageID="", manifestDigest="", repoDigests=[])},
        UNSCANNED,
    ),
    "no database": (
        {
            "scan.json": {
                **grype(),
                "descriptor": {"name": "grype", "db": {"status": {"error": "none", "valid": False}}},
            }
        },
        UNSCANNED,
    ),
    "distribution past its end of life": ({"scan.json": {**grype(), "alertsByPackage": [{"alerts": []}]}}, UNDECIDED),
    "left out by the scanner": (
        {"scan.json": {**grype(), "ignoredMatches": [{**match(), "appliedIgnoreRules": [{"vulnerability": CVE}]}]}},
        {},
    ),
    "tomorrow's scan": ({"scan.json": grype(match(), on="2026-11-25T00:00:00Z")}, UNSCANNED),
    "undated scan": (
        {"scan.json": grype(match(), on="yesterday")},
        each(["image-scan-age", "image-vulnerability-overdue"], "not-checked"),
    ),
    "thirty days old": ({"scan.json": grype(on="2026-10-22T00:00:00Z")}, CLEAN),
    "thirty-one days old": ({"scan.json": grype(on="2026-10-21T00:00:00Z")}, {**CLEAN, "image-scan-age": "fail"}),
    "known exploited": ({"kev.json": kev(CVE)}, KNOWN),
    "due today": ({"kev.json": kev(CVE, due="2026-11-21")}, KNOWN),
    "due yesterday": ({"kev.json": kev(CVE, due="2026-11-20")}, {**KNOWN, "image-vulnerability-overdue": "fail"}),
    "catalog of eight days ago": (
        {"kev.json": kev(released="2026-11-13T00:00:00Z")},
        {"image-vulnerability-exploited": "not-checked"},
    ),
    "seen before under no VEX": (
        {"old.json": grype(match(), on="2026-10-20T00:00:00Z")},
        {"image-vulnerability-overdue": "fail"},
    ),
}
#: The key's name as an author, too: a document by it counts when it is signed.
SETTINGS = configuration(replace(TRUST, vex_authors=(AUTHOR, "key-1")))


@pytest.mark.parametrize("name", PROOF)
def test_bent_proof_flips_what_rests_on_it(name: str, before: dict[str, dict[str, Json]], tmp_path: Path) -> None:
    """Exactly the verdicts named, none of them to pass."""
    files, expected = PROOF[name]
    after = of_app(tmp_path, WHOLE | files, SETTINGS)
    assert changed(before["whole"], after) == expected
    assert "pass" not in expected.values()


@pytest.mark.parametrize("name", SCANS)
def test_a_bent_scan_flips_what_rests_on_it(name: str, before: dict[str, dict[str, Json]], tmp_path: Path) -> None:
    """Exactly the verdicts named; a pass only where a sound scan no longer shows the vulnerability."""
    files, expected = SCANS[name]
    assert changed(before["open"], of_app(tmp_path, OPEN | files)) == expected


def test_an_image_without_a_name_is_seen_first_by_its_oldest_scan(tmp_path: Path) -> None:
    """Days run from the first scan of the digest, though no repository joins the scans."""
    files = {name: data.replace(b"org.opencontainers.image.ref.name", b"x") if name.endswith("index.json") else data
             for name, data in OPEN.items()}  # fmt: skip
    said = of_app(tmp_path, files | {"old.json": grype(match(), on="2026-10-20T00:00:00Z")})
    assert said["image-vulnerability-overdue"]["outcome"] == "fail"


def test_a_statement_on_one_package_answers_for_no_other(tmp_path: Path) -> None:
    """One vulnerability in two packages, of which VEX speaks of one."""
    scan = grype(match(), match(package="zlib1g", version="1.2.13"))
    said = of_app(tmp_path, WHOLE | {"scan.json": scan, "vex.json": vex([{"@id": PURL.format("openssl", "3.0.11")}])})
    reason = said["image-vulnerability-fixable"]["reason"]
    assert "zlib1g" in reason
    assert "openssl" not in reason


@pytest.mark.parametrize("trust", [TrustPolicy(), replace(TRUST, keys=())], ids=["nothing", "no key"])
def test_without_an_anchor_nothing_signed_passes(
    trust: TrustPolicy, before: dict[str, dict[str, Json]], tmp_path: Path
) -> None:
    """What rests on a signature is not-checked; what complete provenance alone shows stays level 1."""
    after = of_app(tmp_path, WHOLE, configuration(trust))
    flipped = changed(before["whole"], after)
    signed_only = {"image-attestations-hold", "image-sbom-signature", "image-verification-summary", *BUILT, *LEVELS[1:]}
    assert {check for check, outcome in flipped.items() if outcome == "not-checked"} == signed_only
    assert "pass" not in flipped.values()


def test_a_flipped_byte_of_a_signature_flips_what_rests_on_that_file(
    before: dict[str, dict[str, Json]], tmp_path: Path
) -> None:
    """Of each attestation in turn: the others hold."""
    rests = {
        "provenance.json": {*BUILT, *LEVELS},
        "sbom.att.json": {"image-sbom", "image-sbom-signature", *DESCRIBED},
        "summary.json": {"image-verification-summary"},
    }
    for number, (name, resting) in enumerate(rests.items()):
        bent = json.loads(json.dumps(WHOLE[name]))
        text = bent["signatures"][0]["sig"]
        bent["signatures"][0]["sig"] = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
        flipped = changed(before["whole"], of_app(tmp_path / str(number), WHOLE | {name: bent}))
        assert set(flipped) <= resting | {"image-attestations-hold"}, name
        assert flipped["image-attestations-hold"] == "not-checked"
        assert len(flipped) > 1
        assert "pass" not in flipped.values()


def test_spaces_and_order_of_unsigned_json_change_nothing(before: dict[str, dict[str, Json]], tmp_path: Path) -> None:
    """Scan, VEX and catalog, written otherwise."""
    names = ("scan.json", "vex.json", "kev.json")
    again = {name: json.dumps(WHOLE[name], indent=3, sort_keys=True).encode() for name in names}
    assert changed(before["whole"], of_app(tmp_path, WHOLE | again)) == {}


#: A made-up credential in the shape of a real one, put together so that no scanner takes this file for a leak.
SECRET = "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"
EVIL = "<script>alert(1)</script>\u202e=cmd|' /C calc'!A0\x1b[31m{{7*7}}"


def test_nothing_leaks_and_nothing_runs_from_proof(tmp_path: Path) -> None:
    """Names, texts and parameters of attestations, scans, VEX and catalogs are inert in every format."""
    odd = [{"name": EVIL, "digest": {"sha256": "0" * 64}}]
    files = WHOLE | {
        "more.json": signed(provenance(password=SECRET, note=EVIL, builderToken=SECRET)),
        "odd.json": signed(statement(f"https://x.example/{EVIL}", {"token": SECRET}, subject=odd)),
        "vex.json": vex(impact_statement=f"{EVIL} token={SECRET}", author=EVIL),
        "scan2.json": grype(match(f"CVE-2026-1002{EVIL}", package=f"p{EVIL}", namespace=EVIL), userInput=EVIL),
        "kev.json": {**kev(), "catalogVersion": EVIL},
    }  # fmt: skip
    formats = ("json", "html", "oscal", "csv", "sarif")
    plain = judged(tmp_path / "plain", WHOLE, formats=formats).packet
    packet = judged(tmp_path / "bent", files, formats=formats).packet
    assert SECRET.encode() not in inertness.everything(packet)
    inertness.html_is_inert(packet, inertness.page_of(plain))
    inertness.csv_is_inert(packet)
    inertness.sarif_is_inert(packet, plain)
    inertness.oscal_is_sound(packet)
    inertness.json_is_sound(packet)


def _statements(number: int, *, id: str | None = None, package: str = "") -> Json:
    (one,) = vex()["statements"]
    said = []
    for n in range(number):
        product = [{"@id": PURL.format(f"{package}{n}", "1")}] if package else one["products"]
        said.append({**one, "vulnerability": {"name": id or f"CVE-2026-{10_000 + n}"}, "products": product})
    return {**vex(), "statements": said}


MANY = 4_000
#: Much of one thing, where a careless join looks at all pairs.
COSTLY: dict[str, Json] = {
    "a statement each": {
        "scan.json": grype(*(match(f"CVE-2026-{10_000 + n}") for n in range(MANY))),
        "vex.json": _statements(MANY),
    },
    "one vulnerability in many packages": {
        "scan.json": grype(*(match(CVE, f"p{n}", "1") for n in range(MANY))),
        "vex.json": _statements(MANY, id=CVE, package="p"),
    },
    "many statements on one vulnerability": {
        "scan.json": grype(*(match(CVE, f"p{n}", "1") for n in range(MANY))),
        "vex.json": _statements(MANY, id=CVE),
    },
}


@pytest.mark.parametrize("name", COSTLY)
def test_many_statements_on_many_findings_are_judged_in_seconds(name: str, tmp_path: Path) -> None:
    """Time grows with the number of documents' parts, not with its square, and all are answered."""
    write(tmp_path / "evidence", OPEN | COSTLY[name])
    started = time.process_time()
    said = outcomes(judged(tmp_path, {}))
    assert time.process_time() - started < 15
    assert f"{MANY} answered by VEX" in said["image-vulnerability-fixable", APP.subject]["reason"]
