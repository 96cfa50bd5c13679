"""Installed Node packages: the package.json right below node_modules."""

from __future__ import annotations

import pytest

from compliance.evidence.packages.reading import read_database, unpack_paths, wanted

_PATH = "usr/lib/node_modules/npm/package.json"


@pytest.mark.parametrize(
    "path",
    [
        _PATH,
        "app/node_modules/@scope/name/package.json",
        "app/node_modules/a/node_modules/b/package.json",
        "app/node_modules/.pnpm/a@1.0.0/node_modules/a/package.json",
        "node_modules/a/package.json",
        "usr/share/nodejs/acorn/package.json",
        "usr/share/nodejs/@types/node/package.json",
        "usr/lib/x86_64-linux-gnu/nodejs/a/package.json",
    ],
)
def test_roots_of_installed_packages_are_databases(path: str) -> None:
    """Nested ones and those of a scope too."""
    assert wanted(path) is not None


@pytest.mark.parametrize(
    "path",
    [
        "app/package.json",
        "package.json",
        "app/node_modules/package.json",
        "app/node_modules/a/dist/esm/package.json",
        "app/node_modules/.cache/package.json",
        "app/node_modules/@scope/package.json",
        "app/@scope/name/package.json",
        "app/node_modules/a/package.jsonx",
        "usr/share/nodejs/acorn/dist/package.json",
        "home/usr/share/nodejs/acorn/package.json",
    ],
)
def test_others_are_not(path: str) -> None:
    """An application's own manifest and those inside a package name no installed package."""
    assert wanted(path) is None


def test_a_package_owns_its_folder() -> None:
    """Name and version are read; everything below the folder belongs to it."""
    found = read_database(_PATH, b'{"name": "@npmcli/x", "version": "10.1.0", "bin": {"x": "bin/x"}}')
    assert (found.ecosystem, found.packages, found.reason) == ("npm", [("@npmcli/x", "10.1.0", "")], "")
    assert unpack_paths(found.owned) == ["/usr/lib/node_modules/npm/"]


def test_a_byte_order_mark_is_passed_over() -> None:
    """As npm does."""
    assert read_database(_PATH, b'\xef\xbb\xbf{"name":"a","version":"1"}').packages == [("a", "1", "")]


@pytest.mark.parametrize("data", [b"{}", b'{"name":"a"}', b'{"name":"","version":"1"}', b'{"name":1,"version":"1"}'])
def test_a_manifest_without_name_or_version_is_of_no_released_package(data: bytes) -> None:
    """Fixtures of tests and private parts have none."""
    found = read_database(_PATH, data)
    assert (found.packages, found.reason) == ([], "")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is no JSON object"),
        (b'{"name":"a","version":"1"', "it is no JSON object"),
        (b"[" * 100_000, "it is no JSON object"),
        (b'{"a":' * 100_000, "it is no JSON object"),
        (b'{"name":"\\ud800","version":"1"}', "it is no JSON object"),
        (b'{"name":"\xff","version":"1"}', "it is no JSON object"),
        (b'{"name":"a\\u0000","version":"1"}', "its name or version holds spaces or control characters"),
        (b'{"name":"' + b"a" * 2000 + b'","version":"1"}', "its name or version is longer than 1,024 characters"),
    ],
)
def test_damage_is_told(data: bytes, reason: str) -> None:
    """A manifest that npm could not read hides a package."""
    found = read_database(_PATH, data)
    assert (found.packages, found.reason) == ([], reason)
