"""Loading: what users' catalogs may say, and what the messages tell when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance.catalog.loading import load_library
from compliance.catalog.questions import find_framework, rows_of
from compliance.errors import CatalogError
from compliance.model.catalog import FrameworkId, Judged

CATALOG = """\
format: control-catalog/1
id: house-rules
edition: "3"
title: House rules
publisher: The platform team
words: maps to the house rules
licence: ours
sections: [{id: "1", title: Pods}]
controls:
  - id: "1.1"
    title: No privileged pods
    section: "1"
    asks: Pods are not privileged.
    judged: automated
    evidence: [workload-manifest]
  - {id: "1.10", title: Another, section: "1", asks: Something else.}
"""
MAPPING = """\
format: check-mapping/1
framework: house-rules
editions: ["3"]
source: house judgement
rows:
  - {check: pod-privileged, control: "1.1", coverage: sufficient, rationale: The same question.}
"""


def folder(tmp_path: Path, **files: str) -> Path:
    """A folder with one YAML file for each argument."""
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def refused(tmp_path: Path, **files: str) -> str:
    """The message with which the folder is refused."""
    with pytest.raises(CatalogError) as caught:
        load_library([folder(tmp_path, **files)])
    return str(caught.value)


def test_own_catalog_stands_beside_the_shipped_ones(tmp_path: Path) -> None:
    """A folder of a user's adds a framework and its rows; ids like 1.1 and 1.10 stay two."""
    library = load_library([folder(tmp_path, catalog=CATALOG, mapping=MAPPING)])
    own = find_framework(library, "house-rules")
    assert [control.id for control in own.controls] == ["1.1", "1.10"]
    assert own.controls[0].judged is Judged.AUTOMATED
    assert own.controls[1].judged is Judged.PERSON
    assert [row.check for row in rows_of(library, own)["1.1"]] == ["pod-privileged"]
    assert find_framework(library, "cis-kubernetes").edition == "2.0.1"


def test_folders_may_be_laid_out_like_ours(tmp_path: Path) -> None:
    """With controls/ and mappings/ inside, other files of the folder are left alone."""
    (tmp_path / "controls").mkdir()
    (tmp_path / "mappings").mkdir()
    folder(tmp_path / "controls", catalog=CATALOG)
    folder(tmp_path / "mappings", mapping=MAPPING)
    (tmp_path / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    assert find_framework(load_library([tmp_path]), "house-rules").edition == "3"


def test_official_titles_can_be_laid_over(tmp_path: Path) -> None:
    """An edition of one's own may select a shipped one and change words; it is mapped as the shipped one is."""
    text = """\
format: control-catalog/1
id: cis-kubernetes
edition: "2.0.1-licensed"
title: CIS Kubernetes Benchmark
publisher: Center for Internet Security
words: maps to CIS Kubernetes Benchmark 2.0.1
licence: under our licence
selects:
  framework: cis-kubernetes
  edition: "2.0.1"
  changes:
    "5.2.2": {title: The licensed title, properties: {overlay: "yes"}}
"""
    library = load_library([folder(tmp_path, overlay=text)])
    found = find_framework(library, "cis-kubernetes@2.0.1-licensed")
    control = next(c for c in found.controls if c.id == "5.2.2")
    assert (control.title, control.edition, control.properties["overlay"]) == (
        "The licensed title",
        "2.0.1-licensed",
        "yes",
    )
    assert control.properties["component"] == "pod-policy"
    assert [row.check for row in rows_of(library, found)["5.2.2"]] == ["pod-privileged"]


def test_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    """The message has file, line, pointer and the key that was meant."""
    message = refused(tmp_path, catalog=CATALOG.replace("judged: automated", "juged: automated"))
    assert "catalog.yaml line 14: at /controls/0: unknown key juged. Did you mean judged?" in message


def test_unquoted_id_is_told_to_be_quoted(tmp_path: Path) -> None:
    """An id that YAML reads as a number is refused with its line and the remedy."""
    message = refused(tmp_path, catalog=CATALOG.replace('id: "1.10"', "id: 1.10"))
    assert "catalog.yaml line 16: at /controls/1/id: 1.1 is not text; put it in quotes" in message


def test_wrong_word_names_the_nearest(tmp_path: Path) -> None:
    """A value outside a closed choice names the choice."""
    message = refused(tmp_path, catalog=CATALOG, mapping=MAPPING.replace("sufficient", "suficient"))
    assert "mapping.yaml line 6: at /rows/0/coverage" in message
    assert "Did you mean sufficient?" in message


def test_missing_key_is_named(tmp_path: Path) -> None:
    """A required key that is absent is named with the place."""
    message = refused(tmp_path, catalog=CATALOG.replace("    asks: Pods are not privileged.\n", ""))
    assert "catalog.yaml line 10: at /controls/0: 'asks' is a required property" in message


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('control: "1.1"', 'control: "1.11"', "line 6: house-rules 3 has no control 1.11 to assess. Did you mean 1.1"),
        (
            'editions: ["3"]',
            'editions: ["4"]',
            "line 3: there is no catalog house-rules 4. Did you mean house-rules 3?",
        ),
        ("framework: house-rules", "framework: fedramp-low", "there is no catalog fedramp-low 3"),
    ],
)
def test_rows_must_lead_somewhere(tmp_path: Path, before: str, after: str, expected: str) -> None:
    """A row that names what does not exist is refused with the nearest name."""
    assert expected in refused(tmp_path, catalog=CATALOG, mapping=MAPPING.replace(before, after))


def test_baselines_take_no_rows_of_their_own(tmp_path: Path) -> None:
    """Rows for a baseline belong to its catalog, or they would hide it."""
    text = MAPPING.replace("house-rules", "fedramp-low").replace('"3"', "rev5").replace('"1.1"', '"AC-6"')
    assert "fedramp-low is a selection of nist-800-53; map to nist-800-53 instead" in refused(tmp_path, mapping=text)


def test_withdrawn_controls_take_no_rows(tmp_path: Path) -> None:
    """A withdrawn id of SP 800-53 is nothing to assess."""
    text = MAPPING.replace("house-rules", "nist-800-53").replace('"3"', '"5.2.0"').replace('"1.1"', '"AC-2(10)"')
    assert "nist-800-53 5.2.0 has no control AC-2(10) to assess" in refused(tmp_path, mapping=text)


def test_rows_between_controls_must_lead_somewhere(tmp_path: Path) -> None:
    """The far end of a row exists too."""
    text = """\
format: control-mapping/1
framework: house-rules
editions: ["3"]
to: nist-800-53
rows:
  - {from: "1.1", to: "AC-6(99)", relationship: intersects-with, basis: project-judgement, source: us}
"""
    assert "line 6: nist-800-53 has no control AC-6(99). Did you mean" in refused(tmp_path, catalog=CATALOG, m=text)


def test_evidence_words_come_from_the_vocabulary(tmp_path: Path) -> None:
    """A word that no evidence kind has is refused with the nearest."""
    message = refused(tmp_path, catalog=CATALOG.replace("[workload-manifest]", "[workload-manifests]"))
    assert "catalog.yaml line 10: workload-manifests is no word of the evidence vocabulary" in message
    assert "Did you mean workload-manifest?" in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1\nb: 2\n", "is not valid YAML"),
        ("format: control-catalog/1\nid: a\nid: b\n", "line 3: is not valid YAML: duplicate"),
        ("services: {}\n", "`format` says None"),
        ("format: control-catalogue/1\n", "Did you mean control-catalog/1?"),
        ("- 1\n", "holds no mapping of keys to values"),
        ("format: [1]\n", "`format` says [1]"),
        ("", "holds no mapping of keys to values"),
        ("x: !!python/object/apply:os.system [id]\n", "`format` says None"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    """What is no catalog is refused with a reason, and no tag in it is carried out."""
    assert expected in refused(tmp_path, other=text)


def test_a_catalog_needs_controls(tmp_path: Path) -> None:
    """Without `controls` and `selects` there is nothing to assess; the message is short however long the file."""
    text = CATALOG.partition("controls:\n")[0]
    assert refused(tmp_path, catalog=text).endswith("at /: needs `controls` or `selects`")


def test_editions_by_kubernetes_minor_need_a_minor(tmp_path: Path) -> None:
    """`versioned_by` belongs to files whose edition is a Kubernetes minor."""
    message = refused(tmp_path, catalog=CATALOG.replace("title: House", "versioned_by: kubernetes-minor\ntitle: House"))
    assert "line 3: versioned_by asks for an edition such as 1.37, not 3" in message


def test_changes_of_a_selection_are_held_to_the_vocabulary(tmp_path: Path) -> None:
    """Evidence that a selection names otherwise is a word of the vocabulary too."""
    text = """\
format: control-catalog/1
id: mine
edition: "1"
title: t
publisher: p
words: w
licence: l
selects: {framework: nsa-cisa, edition: "1.2", changes: {nsa-01: {evidence: [hearsay]}}}
"""
    assert "line 8: hearsay is no word of the evidence vocabulary" in refused(tmp_path, catalog=text)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A file that is not UTF-8 is named."""
    (tmp_path / "latin.yaml").write_bytes(b"title: caf\xe9\n")
    with pytest.raises(CatalogError, match=r"latin\.yaml: is not UTF-8 text"):
        load_library([tmp_path])


def test_one_edition_is_described_once(tmp_path: Path) -> None:
    """A second file for a shipped edition is refused: verdicts must not depend on which one wins."""
    text = CATALOG.replace("house-rules", "nsa-cisa").replace('"3"', '"1.2"')
    assert "nsa-cisa 1.2 is described in" in refused(tmp_path, catalog=text)


def test_an_id_stands_once(tmp_path: Path) -> None:
    """Two controls of one id in a catalog are refused."""
    assert "two controls carry the id 1.1" in refused(tmp_path, catalog=CATALOG.replace('"1.10"', '"1.1"'))


def test_a_pair_is_joined_once(tmp_path: Path) -> None:
    """A check and a control joined twice would be counted twice."""
    row = MAPPING.splitlines()[-1]
    assert "joined twice" in refused(tmp_path, catalog=CATALOG, mapping=f"{MAPPING}{row}\n")


def test_selections_in_a_circle_are_refused(tmp_path: Path) -> None:
    """Two selections of each other end in a message, not in a hang."""
    text = """\
format: control-catalog/1
id: {0}
edition: "1"
title: t
publisher: p
words: w
licence: l
selects: {{framework: {1}, edition: "1"}}
"""
    assert "in a circle" in refused(tmp_path, one=text.format("one", "two"), two=text.format("two", "one"))


def test_a_selection_names_what_is_there(tmp_path: Path) -> None:
    """A selection from an unknown catalog, or of an unknown control, is refused."""
    text = """\
format: control-catalog/1
id: mine
edition: "1"
title: t
publisher: p
words: w
licence: l
selects: {framework: nist-800-53, edition: "5.2.0", controls: ["AC-2", "AC-99"]}
"""
    assert "nist-800-53 5.2.0 has no control AC-99 to select" in refused(tmp_path, catalog=text)
    assert "there is no catalog nist-800-54 5.2.0 to select from" in refused(
        tmp_path, catalog=text.replace("nist-800-53", "nist-800-54")
    )


def test_a_folder_must_be_there(tmp_path: Path) -> None:
    """A folder that is missing or empty is refused, since the user believes that it counts."""
    with pytest.raises(CatalogError, match="is no folder"):
        load_library([tmp_path / "absent"])
    with pytest.raises(CatalogError, match="holds no YAML file"):
        load_library([tmp_path])


def test_loading_twice_gives_the_same(tmp_path: Path) -> None:
    """A library depends on its files alone."""
    first, second = load_library(), load_library()
    assert first == second
    assert list(first.frameworks) == list(second.frameworks)
    assert next(iter(first.frameworks)) == (FrameworkId("cis-docker"), "1.8.0")
