"""The catalogs and mappings that ship: complete, in keeping with their schemas, and with ids that survive YAML."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import jsonschema
import pytest
import yaml

from compliance.catalog import reading
from compliance.catalog.loading import load_library, shipped_files
from compliance.catalog.questions import rows_of
from compliance.model.catalog import Coverage, FrameworkId, Judged, Library, Relationship

#: Controls to assess in each edition. Source: the publishers' own counts.
COUNTS = {
    ("cis-kubernetes", "2.0.1"): 131,
    ("cis-kubernetes", "1.12"): 131,
    ("cis-docker", "1.8.0"): 118,
    ("nist-800-190", "2017"): 24,
    ("nist-800-53", "5.2.0"): 1014,
    ("fedramp-low", "rev5"): 156,
    ("fedramp-moderate", "rev5"): 323,
    ("fedramp-high", "rev5"): 410,
    ("fedramp-li-saas", "rev5"): 156,
    ("fedramp-class-b", "2026"): 155,
    ("fedramp-class-c", "2026"): 322,
    ("fedramp-class-d", "2026"): 409,
    ("fedramp-20x", "2026.07.14.01"): 46,
    ("fedramp-containers", "2026-04"): 17,
    ("pss-baseline", "1.37"): 12,
    ("pss-restricted", "1.37"): 15,
    ("nsa-cisa", "1.2"): 28,
    ("sbom-minimum-elements", "NTIA-2021"): 14,
    ("sbom-minimum-elements", "CISA-2025-draft"): 17,
    ("sbom-minimum-elements", "CISA-2026"): 23,
    ("slsa-build", "1.2"): 9,
    ("srg-container-platform", "V2R4"): 173,
    ("srg-gpos-container", "V3R2"): 198,
    ("stig-kubernetes", "V2R6"): 92,
    ("stig-docker", "V2R2"): 101,
}
FEDRAMP = [
    key for key in COUNTS if key[0].startswith("fedramp-") and key[0] not in ("fedramp-20x", "fedramp-containers")
]

#: CIS Kubernetes items that manifests and objects decide without a person.
DECIDED = (
    [f"5.1.{n}" for n in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13)]
    + [f"5.2.{n}" for n in range(1, 13)]
    + ["5.3.2", "5.4.1", "5.6.2", "5.6.3", "5.6.4"]
)
ASSISTED = ["5.1.7", "5.3.1", "5.4.2", "5.5.1", "5.6.1"]


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


def ids(library: Library, framework: str, edition: str) -> set[str]:
    return {str(control.id) for control in library.frameworks[FrameworkId(framework), edition].controls}


@pytest.mark.parametrize("path", shipped_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_shipped_file_keeps_to_its_schema(path: Path) -> None:
    """What ships is valid, since loading does not validate it again."""
    reading.read(path, validate=True)


@pytest.mark.parametrize("name", sorted(set(reading.SCHEMAS.values())))
def test_schemas_are_schemas(name: str) -> None:
    """The published schemas are valid JSON Schema 2020-12."""
    jsonschema.Draft202012Validator.check_schema(reading.schema(name))


@pytest.mark.parametrize("path", shipped_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_files_read_alike_under_both_yaml_rules(path: Path) -> None:
    """YAML 1.1 and 1.2 readers see the same values: every id is quoted text, no word is a switch or a number."""
    strict = reading.read(path, validate=False).data
    assert yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) == strict


@pytest.mark.parametrize(("key", "count"), COUNTS.items(), ids=str)
def test_every_edition_is_complete(library: Library, key: tuple[str, str], count: int) -> None:
    """Each edition holds as many controls as its publisher counts, every id once."""
    found = [control.id for control in library.frameworks[FrameworkId(key[0]), key[1]].controls]
    assert len(found) == count
    assert len(set(found)) == count


def test_no_edition_is_left_uncounted(library: Library) -> None:
    """A new catalog needs its count above."""
    assert {key for key in library.frameworks if not (key[0].startswith("pss-") and key[1] != "1.37")} == set(COUNTS)


def test_withdrawn_controls_are_listed_and_not_assessed(library: Library) -> None:
    """The 182 ids that NIST withdrew stand apart from the 1,014 that are assessed: 1,196 in all."""
    nist = library.frameworks[FrameworkId("nist-800-53"), "5.2.0"]
    assert len(nist.withdrawn) == 182
    assert not {c.id for c in nist.withdrawn} & {c.id for c in nist.controls}
    assert all(control.properties["withdrawn"] for control in nist.withdrawn)


def test_ids_that_look_like_numbers_survive(library: Library) -> None:
    """2.1 and 2.10 are two items, as are 4.1 and 4.10, and all are text."""
    assert {"2.1", "2.10", "4.1", "4.10", "5.1", "5.10", "5.20", "5.2", "3.1", "3.10"} <= ids(
        library, "cis-docker", "1.8.0"
    )
    assert {"1.1.1", "1.1.10", "1.2.20", "5.1.1", "5.1.10"} <= ids(library, "cis-kubernetes", "2.0.1")


def test_docker_items_know_their_older_ids(library: Library) -> None:
    """A new 2.7 pushed later items on by one; the older ids are kept beside them."""
    items = {c.id: c.properties for c in library.frameworks[FrameworkId("cis-docker"), "1.8.0"].controls}
    assert "id-in-1.6" not in items["2.7"]
    assert (items["2.8"]["id-in-1.6"], items["2.8"]["id-in-1.7"]) == ("2.7", "2.7")
    assert items["2.19"]["id-in-1.6"] == "2.18"


def test_the_two_kubernetes_editions_differ_in_one_level(library: Library) -> None:
    """1.12 and 2.0.1 share all numbers; 5.2.9 moved from level 1 to level 2."""
    newer, older = (
        {c.id: c.level for c in library.frameworks[FrameworkId("cis-kubernetes"), edition].controls}
        for edition in ("2.0.1", "1.12")
    )
    assert {name: (older[name], newer[name]) for name in newer if older[name] != newer[name]} == {"5.2.9": ("1", "2")}


def test_labels_and_levels_of_the_benchmarks(library: Library) -> None:
    """CIS labels 64 Kubernetes and 23 Docker items automated; 116 and 87 are of level 1."""
    kubernetes = library.frameworks[FrameworkId("cis-kubernetes"), "2.0.1"].controls
    docker = library.frameworks[FrameworkId("cis-docker"), "1.8.0"].controls
    assert Counter(c.label for c in kubernetes) == {"automated": 64, "manual": 67}
    assert Counter(c.label for c in docker) == {"automated": 23, "manual": 95}
    assert Counter(c.level for c in kubernetes) == {"1": 116, "2": 15}
    assert Counter(c.level for c in docker) == {"1": 87, "2": 31}


@pytest.mark.parametrize("key", FEDRAMP, ids=lambda key: key[0])
def test_baselines_select_from_800_53(library: Library, key: tuple[str, str]) -> None:
    """A baseline is mapped through SP 800-53 and holds neither SR-4 nor IA-9."""
    baseline = library.frameworks[FrameworkId(key[0]), key[1]]
    assert (baseline.catalog, baseline.catalog_edition) == ("nist-800-53", "5.2.0")
    held = ids(library, *key)
    assert not held & {"SR-4", "IA-9", "IA-13", "SA-24"}
    assert all(control.framework == key[0] and control.edition == key[1] for control in baseline.controls)
    assert rows_of(library, baseline).keys() & held


@pytest.mark.parametrize(
    ("klass", "level"), [("fedramp-class-b", "low"), ("fedramp-class-c", "moderate"), ("fedramp-class-d", "high")]
)
def test_classes_are_the_baselines_without_plans_of_action(library: Library, klass: str, level: str) -> None:
    """The 2026 classes are the Rev5 baselines without CA-5."""
    assert ids(library, f"fedramp-{level}", "rev5") - ids(library, klass, "2026") == {"CA-5"}
    assert not ids(library, klass, "2026") - ids(library, f"fedramp-{level}", "rev5")


def test_saas_baseline_carries_its_methods(library: Library) -> None:
    """Every control of LI-SaaS says how FedRAMP wants it answered."""
    controls = library.frameworks[FrameworkId("fedramp-li-saas"), "rev5"].controls
    assert all(control.properties.get("li-saas-method") for control in controls)


def test_every_control_says_what_it_asks(library: Library) -> None:
    """Each control has a sentence, a section of its framework, remediation and evidence that the vocabulary knows."""
    for framework in library.frameworks.values():
        sections = {section.id for section in framework.sections}
        for control in framework.controls:
            assert control.asks.endswith("."), control
            assert control.section in sections, control
            assert control.remediation.text, control
            assert control.evidence, control
            if control.judged is not Judged.PERSON:
                assert control.remediation.example, control


def test_what_is_decided_by_objects_is_judged_wholly(library: Library) -> None:
    """Every CIS Kubernetes item that YAML and objects can decide has only sufficient rows, in both editions."""
    for edition in ("2.0.1", "1.12"):
        rows = rows_of(library, library.frameworks[FrameworkId("cis-kubernetes"), edition])
        for item in DECIDED:
            assert {row.coverage for row in rows[item]} == {Coverage.SUFFICIENT}, item
        for item in ASSISTED:
            assert {row.coverage for row in rows[item]} == {Coverage.PARTIAL}, item


def test_pod_security_is_judged_wholly(library: Library) -> None:
    """Every control of the Pod Security Standards is decided by checks, in every version."""
    for (name, _), framework in library.frameworks.items():
        if name.startswith("pss-"):
            rows = rows_of(library, framework)
            for control in framework.controls:
                assert {row.coverage for row in rows[control.id]} == {Coverage.SUFFICIENT}, control.id
    baseline = rows_of(library, library.frameworks[FrameworkId("pss-baseline"), "1.37"])
    assert {row.check for row in baseline["hostNamespaces"]} == {"pod-host-pid", "pod-host-ipc", "pod-host-network"}


def test_no_machine_settles_a_control_of_800_53(library: Library) -> None:
    """Checks show parts of SP 800-53 controls; the judged ones are marked assisted, the others a person's."""
    nist = library.frameworks[FrameworkId("nist-800-53"), "5.2.0"]
    rows = rows_of(library, nist)
    assert {row.coverage for found in rows.values() for row in found} == {Coverage.PARTIAL}
    for control in nist.controls:
        assert (control.judged is Judged.ASSISTED) == (control.id in rows), control.id


def test_provenance_is_mapped_into_the_baselines_too(library: Library) -> None:
    """A check that bears on SR-4, which no baseline holds, bears on SI-7, SI-7(1), SR-3 or SR-11 as well."""
    rows = rows_of(library, library.frameworks[FrameworkId("nist-800-53"), "5.2.0"])
    beside = {row.check for name in ("SI-7", "SI-7(1)", "SR-3", "SR-11") for row in rows[name]}
    assert {row.check for row in rows["SR-4"]} <= beside


def test_our_own_judgement_never_claims_two_controls_are_equal(library: Library) -> None:
    """Rows between controls that rest on our judgement say that they intersect or that one is part of the other."""
    for row in library.control_mappings:
        if row.basis == "project-judgement":
            assert row.relationship in (Relationship.INTERSECTS, Relationship.SUBSET)
            assert "project judgement" in row.source
        else:
            assert row.source
            assert "project judgement" not in row.source


def test_every_check_row_has_a_reason_and_a_source(library: Library) -> None:
    """Each row says why the check bears on the control, and who says so."""
    for row in library.check_mappings:
        assert row.rationale.endswith("."), row
        assert row.source, row


def test_texts_claim_no_certification(library: Library) -> None:
    """Nothing we ship says that a system is certified by, or compliant with, a framework."""
    claim = re.compile(r"\b(CIS|FedRAMP|NIST|STIG)[ -](compliant|certified|approved)\b", re.IGNORECASE)
    titles = re.compile(r'^    title: ".*$', re.MULTILINE)  # titles of DISA are its own words
    for path in shipped_files():
        text = path.read_text("utf-8")
        assert not claim.search(titles.sub("", text) if path.parent.name.startswith("srg-") else text), path


def test_commands_only_read(library: Library) -> None:
    """The commands that make evidence write nothing but the evidence, and print no secret value."""
    changing = re.compile(r"\bkubectl (apply|create|delete|edit|patch|replace|scale|label|annotate|exec|run)\b|\brm\b")
    for kind in library.evidence_kinds.values():
        assert not changing.search(kind.command), kind.id
    objects = library.evidence_kinds["k8s-objects"].command
    assert "del(.items[].data" in objects
    assert {kind.id for kind in library.evidence_kinds.values() if kind.supported} == {
        "workload-manifest",
        "k8s-objects",
        "image-config",
        "openscap-results",
        "image-history",
        "image-filesystem",
        "secret-scan",
        "dockerfile",
        "container-inspect",
        "sbom",
        "admission-report",
        "api-audit-log",
        "vulnerability-scan",
        "vex",
        "kev",
        "signature-verification",
        "provenance-attestation",
        "audit-policy-file",
        "encryption-config-file",
        "kube-proxy-config",
        "kubelet-config",
        "static-pod-manifest",
        "daemon-json",
        "docker-bench",
        "kube-bench",
        "checklist",
        "hdf",
        "docker-info",
        "swarm",
        "host-file-stat",
        "host-mounts",
        "host-users",
        "auditctl-rules",
        "node-service",
        "node-file-stat",
    }


def test_rules_of_the_docker_stig_name_their_ids(library: Library) -> None:
    """24 CAT I, 72 CAT II and 5 CAT III rules with the ids that results name them by; the end of life is said."""
    stig = library.frameworks[FrameworkId("stig-docker"), "V2R2"]
    levels = [control.level for control in stig.controls]
    assert [levels.count(level) for level in ("CAT I", "CAT II", "CAT III")] == [24, 72, 5]
    assert "end of life" in stig.words
    for control in stig.controls:
        said = control.properties
        assert said["vuln-id"] == control.id
        assert re.fullmatch(rf"S{control.id}r\d+_rule", said["rule-id"])
        assert said["stig-id"].startswith("DKER-EE-")
        assert said["srg"].startswith("SRG-APP-")
        assert all(cci.startswith("CCI-") for cci in said["cci"].split())
        assert control.level == f"CAT {said['cat']}"


def test_rules_of_the_kubernetes_stig_name_their_ids(library: Library) -> None:
    """18 CAT I and 74 CAT II rules with the ids that results name them by, and two that V2R6 dropped."""
    stig = library.frameworks[FrameworkId("stig-kubernetes"), "V2R6"]
    levels = [control.level for control in stig.controls]
    assert [levels.count(level) for level in ("CAT I", "CAT II", "CAT III")] == [18, 74, 0]
    assert {control.id for control in stig.withdrawn} == {"V-242386", "V-242388"}
    for control in stig.controls:
        said = control.properties
        assert said["vuln-id"] == control.id
        assert re.fullmatch(rf"S{control.id}r\d+_rule", said["rule-id"])
        assert said["rule-id-from"] in ("V2R4", "V2R6")
        assert said["stig-id"].startswith("CNTR-K8-")
        assert said["srg"].startswith("SRG-APP-")
        assert all(cci.startswith("CCI-") for cci in said["cci"].split())
        assert (control.level, said["severity"]) in (("CAT I", "high"), ("CAT II", "medium"))


def test_rules_of_the_srg_name_their_ids(library: Library) -> None:
    """Each rule of the operating system SRG has the ids that results name it by, and 800-53 controls that are there."""
    nist = ids(library, "nist-800-53", "5.2.0")
    for control in library.frameworks[FrameworkId("srg-gpos-container"), "V3R2"].controls:
        assert re.fullmatch(rf"{control.id}r\d+_rule", control.properties["rule-id"])
        assert control.properties["srg-id"].startswith("SRG-OS-")
        assert control.properties["vuln-id"] == control.id.replace("SV-", "V-")
        assert set(control.properties.get("nist-800-53-r5", "").split()) <= nist
    for control in library.frameworks[FrameworkId("srg-container-platform"), "V2R4"].controls:
        assert control.id.startswith("SRG-APP-")
        assert set(control.properties.get("nist-800-53-r5", "").split()) <= nist
