"""Statements and predicates: what they claim is told as they say it, and what is odd in them is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compliance.evidence.signed.embedding import embedded
from compliance.model.attestation import Envelope, Trust
from tests.evidence.signed.making import APP, PAYLOAD_TYPE, envelope, fault, read, refused, statement

SLSA1 = "https://slsa.dev/provenance/v1"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "https://github.com/team/app"


def test_an_unsigned_statement_is_present_and_unsigned() -> None:
    found = read(statement())
    assert found.material is None
    assert (found.claim.trust, found.claim.envelope) == (Trust.PRESENT_UNSIGNED, Envelope.NONE)
    assert found.claim.digests() == (f"sha256:{APP}",)
    assert (found.claim.subject.name, found.claim.subject.digest) == (
        "unknown of registry.example/app",
        f"sha256:{APP}",
    )


def test_version_0_1_is_kept_apart_from_version_1() -> None:
    found = read(statement(_type="https://in-toto.io/Statement/v0.1")).claim
    assert (found.statement_type, found.predicate_note) == ("https://in-toto.io/Statement/v0.1", "")
    mixed = read(statement(SLSA1, {}, _type="https://in-toto.io/Statement/v0.1")).claim
    assert mixed.predicate_note == "a predicate of SLSA v1 in a statement of version 0.1"


@pytest.mark.parametrize("kind", ["https://in-toto.io/Statement/v2", "https://in-toto.io/Statement/v1/", 7, None])
def test_a_statement_of_another_type_is_refused_with_its_type(kind: object) -> None:
    assert "which is no in-toto statement of version 0.1 or 1" in refused(statement(_type=kind))
    signed = envelope(statement(_type=kind))
    assert "which is no in-toto statement of version 0.1 or 1" in fault(signed)
    assert read(signed).claim.subjects == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"predicateType": ""}, "no predicateType"),
        ({"subject": {}}, "no subject"),
        ({"predicateType": 1}, "predicateType"),
    ],
)
def test_a_statement_without_its_parts_is_refused(change: dict[str, object], words: str) -> None:
    assert words in refused(statement(**change))
    assert words in fault(envelope(statement(**change)))


@pytest.mark.parametrize(
    ("digest", "bound", "words"),
    [
        ({"sha512": "c" * 128}, (), ""),
        ({"sha1": "d" * 40}, (), "no digest of SHA-2 is stated of registry.example/app (sha1)"),
        ({"sha256": "A" * 64}, (f"sha256:{'A' * 64}",), "a digest is not spelled as lower-case hexadecimal"),
        ({"sha256": "a" * 63}, (f"sha256:{'a' * 63}",), "a digest is not spelled as lower-case hexadecimal"),
        ({}, (), "no digest is stated of registry.example/app; a name alone binds nothing"),
        ({"sha256": 5}, (), "no digest is stated of"),
        ({"sha256": APP, "sha512": "c" * 128}, (f"sha256:{APP}",), ""),
    ],
)
def test_digests_are_kept_as_stated_and_never_mended(
    digest: dict[str, object], bound: tuple[str, ...], words: str
) -> None:
    found = read(statement(digest=digest)).claim
    assert found.digests() == bound
    assert found.predicate_note.startswith(words)
    assert bool(words) == bool(found.predicate_note)


def test_a_statement_about_nothing_says_so() -> None:
    assert "about nothing" in read(statement(subject=[])).claim.predicate_note


def test_slsa_v1_of_github_names_builder_source_commit_and_ref() -> None:
    uri = f"git+{REPOSITORY}@refs/tags/v1.2.3"
    workflow = {"ref": "refs/tags/v1.2.3", "repository": REPOSITORY, "path": ".github/workflows/build.yml"}
    predicate = {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": workflow},
            "resolvedDependencies": [
                {"uri": "git+https://github.com/evil/app@refs/tags/v1.2.3", "digest": {"gitCommit": "f" * 40}},
                {"uri": uri, "digest": {"gitCommit": COMMIT}},
            ],
        },
        "runDetails": {
            "builder": {"id": "https://github.com/team/app/.github/workflows/build.yml@refs/tags/v1.2.3"},
            "metadata": {"invocationId": "run/1", "startedOn": "2026-08-20T00:00:00Z"},
        },
    }
    found = read(statement(SLSA1, predicate)).claim.provenance
    assert found is not None
    assert (found.source, found.source_digest, found.source_ref) == (REPOSITORY, COMMIT, "refs/tags/v1.2.3")
    assert found.builder.endswith("build.yml@refs/tags/v1.2.3")
    assert (found.started, found.finished, found.invocation) == ("2026-08-20T00:00:00Z", None, "run/1")
    assert ("/workflow/path", ".github/workflows/build.yml") in found.parameters
    assert found.dependencies[1] == (uri, f"gitCommit:{COMMIT}")


def test_slsa_v0_2_and_v0_1_name_the_same() -> None:
    uri = f"git+{REPOSITORY}@refs/heads/main"
    source = {"uri": uri, "digest": {"sha1": COMMIT}, "entryPoint": "build.yml"}
    second = {
        "builder": {"id": "https://b.example"},
        "buildType": "https://t.example",
        "invocation": {"configSource": source, "parameters": {"level": 3}},
        "metadata": {"buildInvocationId": "9", "buildStartedOn": "2026-01-01T00:00:00Z"},
        "materials": [{"uri": uri, "digest": {"sha1": COMMIT}}],
    }
    first = {
        "builder": {"id": "https://b.example"},
        "recipe": {"type": "https://t.example", "definedInMaterial": 0, "entryPoint": "build.yml"},
        "metadata": {"buildInvocationId": "9", "buildStartedOn": "2026-01-01T00:00:00Z"},
        "materials": [{"uri": uri, "digest": {"sha1": COMMIT}}],
    }
    for version, predicate in (("v0.2", second), ("v0.1", first)):
        found = read(statement(f"https://slsa.dev/provenance/{version}", predicate)).claim.provenance
        assert found is not None
        assert (found.version, found.builder, found.build_type) == (version, "https://b.example", "https://t.example")
        assert (found.source, found.source_digest, found.source_ref) == (uri, COMMIT, "refs/heads/main")
        assert (found.invocation, found.started) == ("9", "2026-01-01T00:00:00Z")
        assert ("/entryPoint", "build.yml") in found.parameters


def test_a_draft_of_slsa_v1_is_read_and_said() -> None:
    found = read(statement("https://slsa.dev/provenance/v1.0?draft", {"runDetails": {"builder": {"id": "x"}}})).claim
    assert found.provenance is not None
    assert found.provenance.builder == "x"
    assert "draft" in found.predicate_note
    later = read(statement("https://slsa.dev/provenance/v2", {"runDetails": {}})).claim
    assert later.provenance is None
    assert later.predicate_note == "provenance of version v2, which is not read"


def test_no_credential_of_a_build_leaves_the_reader() -> None:
    secret = "ghp_" + "q7Rt5" * 8
    external = {
        "source": {"uri": f"https://user:{secret}@git.example/app"},
        "environment": {"API_TOKEN": "hunter2hunter2", "NOTE": f"use {secret}"},
    }
    definition = {"externalParameters": external, "resolvedDependencies": [{"uri": f"https://u:{secret}@x.example/y"}]}
    found = read(statement(SLSA1, {"buildDefinition": definition}))
    told = repr(found.claim)
    assert secret not in told
    assert "hunter2" not in told
    assert "git.example/app" in told


def test_a_summary_tells_its_result_and_levels() -> None:
    predicate = {
        "verifier": {"id": "https://v.example"},
        "timeVerified": "2026-08-20T00:00:00Z",
        "resourceUri": "registry.example/app",
        "verificationResult": "FAILED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_1"],
    }
    claim = read(statement("https://slsa.dev/verification_summary/v1", predicate)).claim
    assert claim.summary is not None
    assert (claim.about, claim.summary.result, claim.summary.levels) == ("vsa", "FAILED", ("SLSA_BUILD_LEVEL_1",))
    assert claim.summary.verifier == "https://v.example"


def test_results_of_tests_are_counted() -> None:
    predicate = {"result": "FAILED", "passedTests": ["a", "b"], "failedTests": ["c"]}
    found = read(statement("https://in-toto.io/attestation/test-result/v0.1", predicate)).claim.suite
    assert found is not None
    assert (found.result, found.passed, found.warned, found.failed) == ("FAILED", 2, 0, 1)


@pytest.mark.parametrize(
    ("kind", "predicate", "about", "data"),
    [
        ("https://cyclonedx.org/bom/v1.6", {"bomFormat": "CycloneDX"}, "sbom", b'{"bomFormat": "CycloneDX"}'),
        ("https://spdx.dev/Document", '{"spdxVersion":"SPDX-2.3"}', "sbom", b'{"spdxVersion":"SPDX-2.3"}'),
        ("https://spdx.dev/Document/v2.3", "SPDXVersion: SPDX-2.3\n", "sbom", b"SPDXVersion: SPDX-2.3\n"),
        ("https://cyclonedx.org/bom", {"Data": {"bomFormat": "x"}, "Timestamp": ""}, "sbom", b'{"bomFormat": "x"}'),
        ("https://cosign.sigstore.dev/attestation/v1", {"Data": '{"bomFormat":1}'}, "sbom", b'{"bomFormat":1}'),
        ("https://openvex.dev/ns/v0.2.0", {"@context": "openvex"}, "vex", b'{"@context": "openvex"}'),
        ("https://cosign.sigstore.dev/attestation/vuln/v1", {"scanner": {}}, "vulnerabilities", b'{"scanner": {}}'),
        ("https://in-toto.io/attestation/vulns/v0.2", {"scanner": {}}, "vulnerabilities", b'{"scanner": {}}'),
    ],
)  # fmt: skip
def test_a_document_in_a_statement_comes_out_byte_for_byte(
    kind: str, predicate: object, about: str, data: bytes
) -> None:
    found = read(envelope(statement(kind, predicate)))
    inside = embedded(found)
    assert inside is not None
    assert (inside.kind, inside.data, inside.digests) == (about, data, (f"sha256:{APP}",))
    assert found.claim.predicate_note == ""


def test_a_document_in_an_unsigned_statement_comes_out_too() -> None:
    inside = embedded(read(statement("https://cyclonedx.org/bom", {"bomFormat": "CycloneDX"})))
    assert inside is not None
    assert json.loads(inside.data) == {"bomFormat": "CycloneDX"}


def test_a_predicate_that_is_not_what_its_type_says_is_told() -> None:
    found = read(envelope(statement("https://spdx.dev/Document", {"bomFormat": "CycloneDX"}))).claim
    assert found.predicate_note == "predicateType says SPDX and the predicate is CycloneDX"
    assert found.about == "sbom"
    empty = read(envelope(statement("https://cyclonedx.org/bom", {"x": 1}))).claim
    assert empty.predicate_note == "predicateType says CycloneDX and the predicate is no such document"


def test_what_must_not_be_believed_gives_no_document() -> None:
    value = envelope(statement("https://cyclonedx.org/bom", {"bomFormat": "CycloneDX"}), signatures=[])
    assert embedded(read(value)) is None
    assert embedded(read(statement())) is None


@pytest.mark.parametrize(
    ("kind", "about", "name"),
    [
        ("https://in-toto.io/attestation/scai/attribute-report/v0.3", "other", "attribute-report"),
        ("https://in-toto.io/attestation/svr/v0.2", "other", "svr"),
        ("https://in-toto.io/attestation/link/v0.3", "other", "link"),
        ("https://sigstore.dev/cosign/sign/v1", "signature", "signature"),
        ("urn:what", "other", "urn:what"),
    ],
)
def test_unknown_predicates_are_kept_by_name(kind: str, about: str, name: str) -> None:
    claim = read(envelope(statement(kind, {"attributes": [{"attribute": "REPRODUCIBLE"}]}))).claim
    assert (claim.about, claim.subject.name) == (about, f"{name} of registry.example/app")
    assert ("REPRODUCIBLE" in claim.predicate_note) == ("scai" in kind)


@pytest.mark.parametrize("value", [[], "text", 7, None])
@pytest.mark.parametrize(
    "kind", [SLSA1, "https://slsa.dev/verification_summary/v1", "https://in-toto.io/attestation/test-result/v0.1"]
)
def test_a_predicate_of_no_shape_says_nothing(kind: str, value: Any) -> None:
    claim = read(envelope({**statement(kind), "predicate": value})).claim
    assert (claim.provenance, claim.summary, claim.suite) == (None, None, None)
    assert claim.predicate_note == "the predicate is no object, so it says nothing"


def test_a_payload_of_another_type_is_never_read_as_a_statement() -> None:
    for kind in ("text/plain", "application/vnd.in-toto+jsonp", "application/json", ""):
        found = read(envelope(statement(), payloadType=kind))
        assert found.claim.subjects == ()
        assert found.claim.statement_type == ""
        assert "no in-toto statement" in found.claim.predicate_note
        assert found.material is not None
        assert found.material.payload_type == kind
    assert read(envelope(statement(), payloadType="application/vnd.in-toto.provenance+json")).claim.subjects
    assert read(envelope(statement())).claim.media_type == PAYLOAD_TYPE
