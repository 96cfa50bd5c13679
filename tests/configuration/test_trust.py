"""`trust` and `remediation`: files are read at load, and what cannot be relied on is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance.configuration.loading import load
from compliance.configuration.trust import MAX_KEY
from compliance.errors import UsageError
from compliance.model.configuration import Configuration, Regime, Remediation, TrustedBuilder, TrustPolicy

PEM = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"
ROOT = '{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'


def loaded(folder: Path, text: str, **files: str) -> Configuration:
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    path = folder / "compliance.yaml"
    path.write_text(text)
    return load(path)


def refused(folder: Path, text: str, **files: str) -> str:
    with pytest.raises(UsageError) as caught:
        loaded(folder, text, **files)
    return str(caught.value)


def test_nobody_is_trusted_who_is_not_named(tmp_path: Path) -> None:
    """Without the key, every list is empty."""
    assert loaded(tmp_path, "{}").parameters.trust == TrustPolicy()
    assert loaded(tmp_path, "{}").parameters.remediation == Remediation()


def test_keys_roots_and_tables_arrive(tmp_path: Path) -> None:
    """Files are read relative to the configuration; the root keeps its digest."""
    found = loaded(
        tmp_path,
        "trust:\n  keys: [{name: ci, file: ci.pem}]\n  trusted_roots: [root.json]\n  threshold: 2\n"
        "  identities: [{issuer: 'https://issuer.example', subject_pattern: 'https://git\\.example/shop/.+'}]\n"
        "  builders: [{id: 'https://build.example/x', level: 3}]\n  vex_authors: [Security]\n"
        "owners: {'registry.example/*': Shop}\nsystem: {class: C}\n"
        "parameters: {epss-likely-percent: 2.5, scan-max-age-days: 7}\n",
        ci_pem=PEM,
        root_json=ROOT,
    ).parameters
    assert found.trust.keys[0].pem == PEM
    assert found.trust.trusted_roots[0].name == "root.json"
    assert len(found.trust.trusted_roots[0].sha256) == 64
    assert found.trust.builders == (TrustedBuilder(id="https://build.example/x", level=3),)
    assert (found.trust.threshold, found.trust.vex_authors) == (2, ("Security",))
    assert (found.epss_likely, found.scan_max_age_days, found.certification_class) == (25_000, 7, "C")
    assert found.owners == {"registry.example/*": "Shop"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not a key", "no public key in PEM"),
        ("-----BEGIN EC PRIVATE KEY-----\n", "holds a private key"),
        (PEM + "x" * MAX_KEY, "is larger than"),
    ],
)
def test_a_file_that_is_no_public_key_is_refused(tmp_path: Path, content: str, words: str) -> None:
    """A private key in a configuration is a leak, and is said to be one."""
    told = refused(tmp_path, "trust:\n  keys:\n    - {name: ci, file: ci.pem}\n", ci_pem=content)
    assert words in told
    assert "line 3" in told


def test_a_missing_file_names_the_nearest_one(tmp_path: Path) -> None:
    """A slip in a file name is told with the file that was meant."""
    told = refused(tmp_path, "trust: {keys: [{name: ci, file: cj.pem}]}\n", ci_pem=PEM)
    assert "cj.pem is no file. Did you mean ci.pem?" in told


def test_two_keys_of_one_name_are_refused(tmp_path: Path) -> None:
    """The packet names a signer by the key's name."""
    text = "trust: {keys: [{name: ci, file: ci.pem}, {name: ci, file: ci.pem}]}\n"
    assert "two keys are named ci" in refused(tmp_path, text, ci_pem=PEM)


@pytest.mark.parametrize("content", ["[]", "{", '{"mediaType": "application/json"}', '{"mediaType": 7}'])
def test_a_file_that_is_no_trusted_root_is_refused(tmp_path: Path, content: str) -> None:
    """Only Sigstore's own format is a trusted root."""
    told = refused(tmp_path, "trust: {trusted_roots: [root.json]}\n", root_json=content)
    assert "no trusted_root.json" in told


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("(", "no regular expression"), ("(a+)+", "repeats a group"), (".*", "matches anybody"), ("", "too short")],
)
def test_a_pattern_that_cannot_be_used_is_refused(tmp_path: Path, pattern: str, words: str) -> None:
    """Neither broken, nor endless, nor open to anybody."""
    text = f"trust: {{identities: [{{issuer: i, subject_pattern: '{pattern}'}}]}}\n"
    told = refused(tmp_path, text)
    assert words in told or "non-empty" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{regime: own}", "needs days"),
        ("{regime: bod-26-04, days: {high: 3}}", "sets the days itself"),
        ("{regime: fedramp-vdr}", "needs system.class"),
        ("{regime: bod-22-01}", "is not one of"),
    ],
)
def test_a_regime_without_what_it_rests_on_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """A deadline that cannot be computed is no deadline."""
    assert words in refused(tmp_path, f"remediation: {text}\n")


def test_a_table_of_ones_own_is_read(tmp_path: Path) -> None:
    """Days by severity."""
    found = loaded(tmp_path, "remediation: {regime: own, days: {critical: 7}}\n").parameters.remediation
    assert found == Remediation(regime=Regime.OWN, days={"critical": 7})
