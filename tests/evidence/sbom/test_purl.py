"""Package URLs: the names and versions that package databases use come out of them."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compliance.evidence.purl import MAX_PURL, component, components, plain_text, splitter
from compliance.model.sbom import Component


@pytest.mark.parametrize(
    ("purl", "expected"),
    [
        ("pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64", ("deb", "libstdc++6", "12.2.0-14+deb12u1")),
        ("pkg:deb/debian/passwd@1:4.13%2Bdfsg1-1?arch=amd64", ("deb", "passwd", "1:4.13+dfsg1-1")),
        ("pkg:deb/debian/passwd@4.13%2Bdfsg1-1?arch=amd64&epoch=1", ("deb", "passwd", "1:4.13+dfsg1-1")),
        ("pkg:deb/debian/passwd@1%3A4.13-1", ("deb", "passwd", "1:4.13-1")),
        ("pkg:deb/debian/passwd@1:4.13-1?epoch=1", ("deb", "passwd", "1:4.13-1")),
        ("pkg:DEB/debian/bash@5.2", ("deb", "bash", "5.2")),
        ("pkg:rpm/redhat/bash@5.1.8-9.el9?arch=x86_64&epoch=0", ("rpm", "bash", "5.1.8-9.el9")),
        ("pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?epoch=1&arch=x86_64", ("rpm", "openssl-libs", "1:3.0.7-27.el9")),
        ("pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64", ("apk", "musl", "1.2.5-r0")),
        ("pkg:npm/%40babel/core@7.24.1", ("npm", "@babel/core", "7.24.1")),
        ("pkg:npm/@babel/core@7.24.1", ("npm", "@babel/core", "7.24.1")),
        ("pkg:npm/@babel/core", ("npm", "@babel/core", "")),
        ("pkg:pypi/Lazr_uri.Thing@1.0", ("pypi", "lazr-uri-thing", "1.0")),
        ("pkg:golang/github.com/x/y@v2.0.0#v2", ("golang", "github.com/x/y/v2", "v2.0.0")),
        ("pkg:golang/github.com/x/y/v2@v2.0.0", ("golang", "github.com/x/y/v2", "v2.0.0")),
        ("pkg:golang/github.com/x/y@(devel)#cmd/y", ("golang", "github.com/x/y/cmd/y", "(devel)")),
        ("pkg:golang/stdlib@1.23.4", ("golang", "stdlib", "1.23.4")),
        ("pkg://maven/org.example/core@1?type=jar", ("maven", "org.example/core", "1")),
        ("pkg:generic/openssl@1.1.1?download_url=https://example.com/a@b#c", ("generic", "openssl", "1.1.1")),
        ("pkg:gem/rake", ("gem", "rake", "")),
    ],
)
def test_names_and_versions_as_the_ecosystem_compares_them(purl: str, expected: tuple[str, str, str]) -> None:
    """Whichever tool wrote it, in whichever of the allowed spellings."""
    assert component(purl) == Component(*expected)
    assert splitter([purl])(purl) == Component(*expected)
    assert components(["", purl, "pkg:deb/a/b@1", purl]) == [None, expected, ("deb", "b", "1"), expected]


@pytest.mark.parametrize(
    "purl",
    [
        "", "pkg:", "pkg:npm", "pkg:npm/", "pkg:npm/@1", "pkg:/a@1", "npm/a@1", "pkg:npm/a%0Ab@1", "pkg:npm/a@1%1B[31m",
        "pkg:npm/a\n@1", "pkg:deb/debian/a@1\x7f", "pkg:deb/debian/@1", "pkg:n pm/a@1", "pkg:npm/a%C2%9B@1",
        f"pkg:npm/{'a' * MAX_PURL}@1", f"pkg:deb/debian/{'a' * MAX_PURL}@1",
    ],
)  # fmt: skip
def test_what_is_no_package_url_gives_none(purl: str) -> None:
    """Also one with a control character, raw or escaped, or one that is too long."""
    assert component(purl) is None
    assert splitter([purl])(purl) is None
    assert components([purl, "pkg:deb/a/b@1"]) == [None, ("deb", "b", "1")]


_PART = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="/"), min_size=1)


@given(kind=st.sampled_from(["deb", "npm", "golang", "maven", "generic"]), namespace=_PART, name=_PART, version=_PART)
def test_what_is_escaped_as_the_specification_asks_is_read_back(
    kind: str, namespace: str, name: str, version: str
) -> None:
    """Each part percent-encoded by itself: whatever characters it holds come out again."""
    parts = [quote(part, safe=":") for part in (namespace, name, version)]
    found = component(f"pkg:{kind}/{parts[0]}/{parts[1]}@{parts[2]}?arch=any")
    assert found is not None
    assert (found.ecosystem, found.name) == (kind, name if kind == "deb" else f"{namespace}/{name}")
    if not version.startswith("0:"):
        assert found.version == version


@given(st.text(max_size=80))
def test_any_text_is_taken(text: str) -> None:
    """Hostile text never raises, and nothing invisible comes out."""
    for found in (component(text), component(f"pkg:deb/{text}"), component(f"pkg:npm/a@{text}")):
        assert found is None or (found.name + found.version).isprintable()
    assert plain_text(text).isprintable()


_LIKE = st.from_regex(
    r"pkg:(deb|rpm|apk|npm|golang|maven)/(%40)?[a-z%/.@]{0,6}/?[a-z+~%:2B40]{0,6}"
    r"@[0-9:%2B+~/]{0,6}(/%40|@)?[a-z]?(\?[a-z=&@/#1]{0,9})?"
)


@given(st.lists(_LIKE | st.text(max_size=20), max_size=6))
@example(["pkg:npm/x@1/%40y", "pkg:npm/%40a/b@1", "pkg:npm/%401", "pkg:npm/a%40b@1", "pkg:deb/debian/a@1?epoch=2"])
@settings(max_examples=300)
def test_many_at_once_are_what_each_is_alone(purls: list[str]) -> None:
    """Whatever stands beside them, and whatever line ends they hold."""
    assert components(purls) == [component(purl) for purl in purls]
