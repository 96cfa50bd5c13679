"""VEX in OpenVEX, CSAF and CycloneDX: statuses, justifications, products; what makes a statement count for nothing."""

from __future__ import annotations

import pytest

from compliance.evidence.vulnerabilities.vex_parts import CYCLONEDX_JUSTIFICATIONS, CYCLONEDX_STATES, JUSTIFICATIONS
from compliance.model.sbom import Component, Sbom
from compliance.model.vulnerability import VexDocument, VexStatement
from tests.evidence.vulnerabilities.making import (
    IMAGE_PURL,
    MANIFEST,
    OPENSSL,
    answers,
    bom,
    bom_vulnerability,
    csaf_document,
    csaf_tree,
    encoded,
    openvex_document,
    refusal,
    the,
    vex_statement,
)

LIBSSL = Component("deb", "libssl3", "3.0.11-1~deb12u2")
NOT_AFFECTED = {"product_status": {"known_not_affected": ["APP:SSL"]}}


def openvex(*statements: dict[str, object], **changes: object) -> VexDocument:
    return the(VexDocument, "openvex", openvex_document(*statements, **changes))


def stated(**changes: object) -> VexStatement:
    (found,) = openvex(vex_statement(**changes)).statements
    return found


def csaf(vulnerability: dict[str, object], **changes: object) -> VexDocument:
    return the(VexDocument, "csaf", csaf_document(vulnerability, **changes))  # type: ignore[arg-type]  # tree or head


def analysed(**changes: object) -> tuple[VexStatement, ...]:
    analysis = {"state": "not_affected", "justification": "code_not_reachable", "detail": "it is not called"}
    return the(VexDocument, "cyclonedx", bom(bom_vulnerability(**{"analysis": analysis, **changes}))).statements


def test_an_openvex_document_is_read() -> None:
    """The product by its digest, the component as the package that scanners name."""
    document = openvex()
    assert (document.version, document.author, document.created) == (
        "0.2.0",
        "Example Security Team",
        "2026-10-01T00:00:00Z",
    )
    (found,) = document.statements
    assert (found.id, found.status, found.justification) == (
        "CVE-2023-5678",
        "not_affected",
        "vulnerable_code_not_in_execute_path",
    )
    assert (found.justification_note, found.timestamp, found.pointer) == ("", "2026-10-01T00:00:00Z", "/statements/0")
    assert (found.products, found.product_packages) == ((MANIFEST,), (None,))
    assert (found.components, found.component_packages) == ((OPENSSL,), (LIBSSL,))


def test_a_context_without_a_version_is_0_0_1() -> None:
    """Vulnerabilities, products and subcomponents were plain texts then."""
    statement = {
        "vulnerability": "CVE-2023-5678",
        "products": ["pkg:apk/wolfi/bash@1.0.0", "registry.example/app:1"],
        "subcomponents": [OPENSSL],
        "status": "fixed",
        "timestamp": "2022-12-22T16:36:43-05:00",
    }
    document = openvex(statement, **{"@context": "https://openvex.dev/ns"})
    (found,) = document.statements
    assert (document.version, found.timestamp) == ("0.0.1", "2022-12-22T21:36:43Z")
    assert found.product_packages == (Component("apk", "bash", "1.0.0"), None)
    assert found.component_packages == (LIBSSL,)


def test_not_affected_needs_a_justification_or_an_impact_statement() -> None:
    """Without either it counts for nothing, and says so (case 38)."""
    assert "neither a justification nor an impact statement" in stated(justification=None).justification_note
    impact = stated(justification=None, impact_statement="the module is\nnot built in")
    assert (impact.justification_note, impact.impact) == ("", "the module is not built in")


def test_a_justification_outside_the_vocabulary_counts_for_nothing() -> None:
    """Also beside an impact statement (case 39)."""
    found = stated(justification="we_think_so", impact_statement="trust us")
    assert found.justification == ""
    assert found.justification_note == "the justification we_think_so is not in the vocabulary"


def test_affected_without_an_action_is_noted() -> None:
    assert "what to do" in stated(status="affected", justification=None).justification_note
    assert stated(status="affected", justification=None, action_statement="upgrade").justification_note == ""


def test_an_unknown_status_is_kept_and_noted() -> None:
    found = stated(status="probably_fine")
    assert (found.status_as_written, "is none that is known" in found.justification_note) == ("probably_fine", True)


def test_aliases_are_kept() -> None:
    """GHSA in VEX, CVE in the scan: they join by alias (case 41)."""
    found = stated(vulnerability={"name": "GHSA-J8R2-6X86-Q33Q", "aliases": ["cve-2023-32681"]})
    assert (found.id, found.aliases) == ("GHSA-j8r2-6x86-q33q", ("CVE-2023-32681",))


def test_a_hash_goes_before_a_name_that_several_builds_share() -> None:
    """A statement on one build says nothing of another one of the same name (case 40)."""
    product = {"@id": "pkg:oci/app?tag=1", "hashes": {"sha-256": "a1" * 32, "sha-512": "00"}}
    assert stated(products=[product]).products == (MANIFEST,)


def test_an_image_of_one_platform_keeps_its_package_url() -> None:
    """Its digest may be that of a list over platforms: the platform must still be compared (case 40)."""
    purl = f"{IMAGE_PURL}?arch=arm64"
    assert stated(products=[{"@id": purl}]).products == (purl,)


def test_components_stay_with_their_product() -> None:
    """Two products with components of their own are two statements: none is said of the other's."""
    products = [
        {"@id": "pkg:oci/a@sha256:" + "0" * 64, "subcomponents": [{"@id": "pkg:npm/x@1"}]},
        {"@id": "pkg:oci/b@sha256:" + "1" * 64, "subcomponents": ["pkg:npm/y@1"]},
    ]
    first, second = openvex(vex_statement(products=products)).statements
    assert (first.products, first.components) == (("sha256:" + "0" * 64,), ("pkg:npm/x@1",))
    assert (second.products, second.components) == (("sha256:" + "1" * 64,), ("pkg:npm/y@1",))


def test_no_product_means_what_the_document_is_signed_for_and_an_unnamed_one_means_nothing() -> None:
    """An empty name must not widen a statement to everything."""
    assert stated(products=[]).products == ()
    assert stated(products=[{"identifiers": {"cpe23": "cpe:2.3:a:x"}}]).products == ("",)


def test_dates_that_are_none_are_noted() -> None:
    """A statement with a broken date is older than any other."""
    document = openvex(vex_statement(timestamp="soon"), timestamp=None)
    assert document.created is None
    assert document.statements[0].timestamp == ""
    assert document.notes == (
        "it states no timestamp, which OpenVEX asks for",
        "the timestamp of statement 1 is soon, which is no date",
    )


def test_a_credential_in_a_statement_is_replaced() -> None:
    found = stated(impact_statement="see https://bot:hunter2secret@git.example/x", justification=None)
    assert "hunter2secret" not in repr(found)


def test_another_version_of_openvex_is_refused() -> None:
    assert "OpenVEX 9.0.0" in refusal("openvex", openvex_document(**{"@context": "https://openvex.dev/ns/v9.0.0"}))


def test_csaf_is_read_with_its_relations() -> None:
    """A component within a product, its label and its impact; flags and threats by group of products."""
    vulnerability = {
        **NOT_AFFECTED,
        "ids": [{"system_name": "GHSA", "text": "GHSA-j8r2-6x86-q33q"}],
        "flags": [{"label": "component_not_present", "group_ids": ["G"]}],
        "threats": [{"category": "impact", "details": "not shipped", "product_ids": ["APP:SSL"]}],
    }
    document = csaf(vulnerability)
    (found,) = document.statements
    assert (document.author, document.created) == ("Example", "2026-10-01T00:00:00Z")
    assert (found.products, found.component_packages) == ((MANIFEST,), (LIBSSL,))
    assert (found.status, found.justification, found.impact) == ("not_affected", "component_not_present", "not shipped")
    assert (found.justification_note, found.aliases) == ("", ("GHSA-j8r2-6x86-q33q",))
    assert found.pointer == "/vulnerabilities/0/product_status/known_not_affected"


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("known_affected", "affected"),
        ("first_affected", "affected"),
        ("last_affected", "affected"),
        ("fixed", "fixed"),
        ("first_fixed", "fixed"),
        ("under_investigation", "under_investigation"),
    ],
)
def test_csaf_statuses_are_translated(written: str, status: str) -> None:
    (found,) = csaf({"product_status": {written: ["APP"]}}).statements
    assert (found.status, found.status_as_written, found.products) == (status, written, (MANIFEST,))


@pytest.mark.parametrize(
    ("vulnerability", "words"),
    [
        (NOT_AFFECTED, "neither a justification nor an impact statement"),
        ({**NOT_AFFECTED, "flags": [{"label": "no_idea"}]}, "no_idea is not in the vocabulary"),
        ({"product_status": {"known_not_affected": ["OLD"]}}, "a range of versions"),
        ({"product_status": {"known_not_affected": ["GONE"]}}, "does not hold the product"),
        ({"product_status": {"known_not_affected": ["APP"], "known_affected": ["APP"]}}, "has another status, too"),
    ],
)
def test_what_makes_a_csaf_statement_count_for_nothing(vulnerability: dict[str, object], words: str) -> None:
    assert any(words in found.justification_note for found in csaf(vulnerability).statements)


def test_a_range_of_versions_names_no_package() -> None:
    """Its package URL has no version, which would otherwise mean every one."""
    (found,) = csaf({"product_status": {"known_not_affected": ["OLD"]}}).statements
    assert (found.products, found.product_packages) == (("",), (None,))


def test_a_draft_counts_for_nothing() -> None:
    tracking = {"id": "EX-1", "status": "draft", "current_release_date": "2026-10-01T00:00:00Z"}
    document = csaf({**NOT_AFFECTED, "flags": [{"label": "component_not_present"}]}, tracking=tracking)
    assert document.statements[0].justification_note == "the document is a draft"


def test_hashes_of_csaf_products_go_before_names() -> None:
    hashes = [{"file_hashes": [{"algorithm": "sha256", "value": "a1" * 32}], "filename": "x"}]
    document = csaf(NOT_AFFECTED, tree=csaf_tree(purl="pkg:npm/app@1", hashes=hashes))
    assert document.statements[0].products == (MANIFEST,)


def test_csaf_that_is_no_vex_is_refused() -> None:
    assert "csaf_security_advisory" in refusal("csaf", csaf_document(NOT_AFFECTED, category="csaf_security_advisory"))
    assert "CSAF 2.1" in refusal("csaf", csaf_document(NOT_AFFECTED, csaf_version="2.1"))


def test_relations_without_end_are_cut() -> None:
    """A product that is a component of itself."""
    tree = csaf_tree()
    name = {"product_id": "LOOP", "name": "loop"}
    tree["relationships"] = [
        {"product_reference": "SSL", "relates_to_product_reference": "LOOP", "full_product_name": name}
    ]
    (found,) = csaf({"product_status": {"fixed": ["LOOP"]}}, tree=tree).statements
    assert "more than 30 deep" in found.justification_note


def test_a_product_id_defined_twice_is_refused() -> None:
    tree = csaf_tree()
    tree["full_product_names"] = [{"product_id": "APP", "name": "another"}]
    assert "defined twice" in refusal("csaf", csaf_document(NOT_AFFECTED, tree=tree))


def test_cyclonedx_analysis_is_translated() -> None:
    """State and justification by the table; the product is the image that the document describes."""
    (found,) = analysed()
    assert (found.status, found.status_as_written) == ("not_affected", "not_affected")
    assert (found.justification, found.impact) == ("vulnerable_code_not_in_execute_path", "it is not called")
    assert found.products == (MANIFEST, "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/2")
    assert found.component_packages == (LIBSSL,)


def test_the_tables_lead_into_the_vocabulary() -> None:
    assert set(CYCLONEDX_JUSTIFICATIONS.values()) <= JUSTIFICATIONS
    assert set(CYCLONEDX_STATES.values()) == {"fixed", "affected", "under_investigation", "not_affected"}


def test_a_false_positive_needs_a_reason_too() -> None:
    (found,) = analysed(analysis={"state": "false_positive"})
    assert (found.status, "neither" in found.justification_note) == ("not_affected", True)


def test_a_bom_link_names_the_other_document() -> None:
    """Only that document's image is meant, and the component inside it."""
    ref = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:maven/org.x/y@2.6.0"
    (found,) = analysed(affects=[{"ref": ref}])
    assert found.products == ("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1",)
    assert found.component_packages == (Component("maven", "org.x/y", "2.6.0"),)


def test_versions_narrow_what_is_meant() -> None:
    """Those listed, in place of the component's own; a range is not compared; unknown is nobody's."""
    (found,) = analysed(affects=[{"ref": OPENSSL, "versions": [{"version": "3.1", "status": "unaffected"}]}])
    assert found.component_packages == (Component("deb", "libssl3", "3.1"),)
    (found,) = analysed(affects=[{"ref": OPENSSL, "versions": [{"range": "vers:deb/<4"}]}])
    assert (found.component_packages, "range of versions" in found.justification_note) == ((None,), True)
    assert analysed(affects=[{"ref": OPENSSL, "versions": [{"version": "1", "status": "unknown"}]}]) == ()


def test_the_described_thing_as_a_whole() -> None:
    (found,) = analysed(affects=[{"ref": "root"}])
    assert (found.products[0], found.components) == (MANIFEST, ())


def test_a_reference_that_leads_nowhere_is_said() -> None:
    (found,) = analysed(affects=[{"ref": "gone"}])
    assert (found.components, "does not hold" in found.justification_note) == (("",), True)


def test_vex_alone_is_no_sbom() -> None:
    """A document of statements without a component is no empty inventory."""
    document = bom(bom_vulnerability(analysis={"state": "exploitable"}), components=None)
    found = answers("cyclonedx", encoded(document))
    assert [type(one) for one in found] == [VexDocument]
    assert any(isinstance(one, Sbom) for one in answers("cyclonedx", encoded(bom(components=None))))
