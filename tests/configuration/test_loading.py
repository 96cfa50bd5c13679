"""compliance.yaml: everything optional, everything checked, and each refusal says where and what was meant."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from compliance.configuration.loading import load, schema
from compliance.errors import UsageError
from compliance.model.configuration import NEWEST

REVIEW = """\
reviews:
  - {framework: f, control: "5.6.1", status: satisfied, reviewer: R, date: "%s", expires: "%s", statement: S}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "compliance.yaml"
    path.write_text(text)
    return path


def refused(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        load(written(folder, text))
    return str(caught.value)


def test_the_published_schema_is_a_schema() -> None:
    """Editors and other tools can use it."""
    jsonschema.Draft202012Validator.check_schema(schema())


def test_an_empty_configuration_is_the_default_one(tmp_path: Path) -> None:
    """Every key is optional; the newest Kubernetes is assumed, and said to be assumed."""
    found = load(written(tmp_path, "{}"))
    assert found.frameworks == ()
    assert found.parameters.kubernetes == NEWEST
    assert not found.parameters.kubernetes_stated


def test_values_arrive_where_checks_and_packets_look_for_them(tmp_path: Path) -> None:
    """Names with hyphens, nested registries, owners by namespace, and folders relative to the file."""
    found = load(
        written(
            tmp_path,
            "system: {id: s1, name: Demo, class: C, period: {start: '2026-01-01', end: '2026-01-31'}}\n"
            "kubernetes: {version: v1.34.2}\n"
            "registries: {approved: [registry.example]}\n"
            "parameters: {minimum-replicas: 3, rbac-approved-subjects: ['Group:ops']}\n"
            "owners: {shop: Shop team, '*/Deployment/*': Platform}\n"
            "catalogs: [own]\n",
        )
    )
    assert found.system.certification_class == "C"
    assert (found.parameters.kubernetes.minor, found.parameters.kubernetes_stated) == (34, True)
    assert found.parameters.registries_approved == ("registry.example",)
    assert found.parameters.minimum_replicas == 3
    assert found.parameters.rbac_approved_subjects == ("Group:ops",)
    assert found.owners == {"shop/*": "Shop team", "*/Deployment/*": "Platform"}
    assert found.catalogs == (str(tmp_path / "own"),)
    assert len(found.sha256) == 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sytem: {}", "Did you mean system?"),
        ("system:\n  nam: x", "line 2"),
        ("system: {impact: medium}", "moderate"),
        ("kubernetes: {version: 1.34}", "put it in quotes"),
        ("kubernetes: {version: '1.99'}", "newer than the newest"),
        ("frameworks: []", "/frameworks"),
        (REVIEW % ("2026-02-30", "2026-12-31"), "no date of the calendar"),
        (REVIEW % ("2026-12-31", "2026-01-01"), "lies before"),
        ("system: {period: {start: '2026-02-01', end: '2026-01-01'}}", "lies before"),
        ("a: 1\na: 2", "duplicate"),
        ("- 1", "holds no mapping"),
        ("system: !!python/object/apply:os.system [id]", "/system"),
        ("x: &a [*a]", "is not valid YAML"),
    ],
)
def test_what_cannot_be_carried_out_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    """Unknown keys, wrong words, impossible dates, and YAML that is none."""
    assert expected in refused(tmp_path, text)


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    """A mistyped -c never assesses with defaults."""
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "missing.yaml")
