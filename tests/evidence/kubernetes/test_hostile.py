"""Hostile documents end in an error with file, line and cap, without hanging, and never hide the next document."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.evidence.kubernetes import READER
from compliance.evidence.yaml_documents import MAX_FLOW_DEPTH
from tests.evidence.kubernetes.reading import pod_text, read_all

_GOOD = pod_text(name="good")
_HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\n"


def _nines(mark: str) -> str:
    """An alias bomb: nine to the ninth items."""
    rows = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for above, name in zip("abcdefgh", "bcdefghi", strict=True):
        rows.append(f"{name}: &{name} {mark % ', '.join([f'*{above}'] * 9)}")
    return "\n".join(rows) + "\n"


def _merge_bomb() -> str:
    """A merge bomb below a kilobyte: each level copies the last nine times."""
    return _nines("{<<: [%s]}").replace("[x, x, x, x, x, x, x, x, x]", "{k1: 1, k2: 2, k3: 3}")


def _wide_merges() -> str:
    """Few aliases, many copied keys."""
    keys = ", ".join(f"k{number}: 1" for number in range(300))
    return f"a: &a {{{keys}}}\n" + "".join(f"b{number}: {{<<: *a}}\n" for number in range(120))


_HOSTILE = [
    ("flow depth", "a: " + "[" * 100_000 + "\n", f"more than {MAX_FLOW_DEPTH} brackets", 4),
    ("closed flow depth", "a: " + "[" * 5_000 + "]" * 5_000 + "\n", f"more than {MAX_FLOW_DEPTH} brackets", 4),
    ("braces over lines", "a: " + "{b:\n" * 150 + "\n", f"more than {MAX_FLOW_DEPTH} brackets", 4 + MAX_FLOW_DEPTH),
    ("block depth", "a:\n" + "".join(" " * depth + "- \n" for depth in range(1, 400)), "128 levels", None),
    ("dashes", "a:\n " + "- " * 100_000 + "x\n", "128 levels", None),
    ("alias bomb", _nines("[%s]"), "aliases expand too far", None),
    ("merge bomb", _merge_bomb(), "", None),
    ("wide merges", _wide_merges(), "", None),
    ("cycle", "a: &a [*a]\n", "aliases expand too far", None),
    ("merge cycle", "a: &a {<<: *a}\n", "", None),
    ("duplicate key", "data:\n  a: x\n  b: y\n  a: z\n", 'the key "a" stands twice', 7),
    ("duplicate after typing", "data:\n  yes: x\n  true: z\n", 'the key "true" stands twice', 6),
    ("long integer", "a: " + "9" * 5_000 + "\n", "", None),
    ("hex integer", "a: 0x" + "f" * 100_000 + "\n", "", None),
    ("infinity", "a: .inf\n", "infinity and NaN", 4),
    ("not a number", "a: [.nan]\n", "infinity and NaN", 4),
    ("unhashable key", "? [a]\n: b\n", "stands as a key", None),
    ("template as flow", "a: {{ x }}\n", "helm template", 4),
    ("tab", "a:\n\t- b\n", "not valid YAML", 5),
    ("open quote", "a: 'x\n", "not valid YAML", None),
    ("control character", "a: \x01\n", "not valid YAML", None),
    ("python tag", "a: !!python/object/apply:os.system [id]\n", "tag", 4),
    ("unknown tag", "a: !thing x\n", "tag", 4),
    ("surrogate", 'a: "\\ud800"\n', "not valid YAML", 4),
]


#: Rows of these might be another `kind` of the object: none is said, and every check is touched.
_IN_DOUBT = {"braces over lines", "unhashable key"}


@pytest.mark.parametrize(("name", "text", "words", "line"), _HOSTILE, ids=[case[0] for case in _HOSTILE])
def test_a_hostile_document_never_hides_the_next(name: str, text: str, words: str, line: int | None) -> None:
    """The error names file, document and line; documents before and after are read; nothing hangs."""
    started = time.process_time()
    records, errors = read_all(f"{_GOOD}---\n{_HEAD}{text}---\n{_GOOD}")
    assert time.process_time() - started < 5  # others hang for minutes
    good = [record for record in records if getattr(record, "name", "") == "good"]
    assert len(good) == 2
    if not words and not errors:
        return  # read without harm is as good as refused
    (error,) = errors
    assert words in error.message
    assert (error.path, error.document) == ("app.yaml", 1)
    assert error.kind == ("" if name in _IN_DOUBT else "ConfigMap")
    first = _GOOD.count("\n")
    assert error.line is not None
    assert first < error.line <= first + 1 + len((_HEAD + text).splitlines()) + 1
    if line is not None:
        assert error.line == first + 1 + line


def test_the_merge_bomb_is_small() -> None:
    """The bomb above is the one that hangs other parsers: below a kilobyte."""
    assert len(_merge_bomb()) < 1024


_JSON_GOOD = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "good"}})
_JSON_BAD = [
    ("depth", '"a": ' + "[" * 100_000 + "]" * 100_000, "nested too deeply", 1),
    ("duplicate", '\n"x": {"k": 1,\n"k": 2}', 'the key "k" stands twice', 3),
    ("nan", '"x": NaN', "no JSON number", 1),
    ("infinity", '"x": -Infinity', "no JSON number", 1),
    ("long integer", '"x": ' + "9" * 5_000, "4300 digits", 1),
    ("surrogate", '"x": "\\ud800"', "surrogate", 1),
    ("comment", '\n"x": 1, // no\n"y": 2', "not valid JSON", 2),
    ("control", '"x": "\x01"', "not valid JSON", 1),
]


@pytest.mark.parametrize(
    ("text", "words", "line"), [case[1:] for case in _JSON_BAD], ids=[case[0] for case in _JSON_BAD]
)
@pytest.mark.parametrize("listed", [True, False])
def test_a_hostile_item_never_hides_the_next(text: str, words: str, line: int, listed: bool) -> None:
    """One bad object among others, in a List or one after the other, is one error with its line."""
    bad = f'{{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "bad"}}, {text}}}'
    if listed:
        data = f'{{"apiVersion": "v1", "kind": "List", "items": [\n{_JSON_GOOD},\n{bad},\n{_JSON_GOOD}]}}'
    else:
        data = f"\n{_JSON_GOOD}\n{bad}\n{_JSON_GOOD}\n"
    records, (error,) = read_all(data, "dump.json")
    assert len(records) == 2
    assert words in error.message
    assert (error.path, error.line, error.kind) == ("dump.json", 2 + line, "ConfigMap")
    assert error.pointer == ("/items/1" if listed else "")


def test_a_surrogate_pair_is_text() -> None:
    """Both halves of a pair are one character."""
    data = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "\\ud83d\\ude00"}}'
    assert read_all(data)[1] == []


def test_a_truncated_dump_gives_what_came_before() -> None:
    """The items before the cut are read; the error says where the file ends."""
    data = f'{{"apiVersion": "v1", "kind": "List", "items": [\n{_JSON_GOOD},\n{_JSON_GOOD},\n{_JSON_GOOD[:40]}'
    records, (error,) = read_all(data)
    assert len(records) == 2
    assert "cut short" in error.message
    assert error.line == 4


def test_bytes_that_are_no_text_are_refused_with_line() -> None:
    """A byte that is not UTF-8 spoils its own document only."""
    records, (error,) = read_all(f"{_GOOD}---\n{_HEAD}data: ".encode() + b"\xff\xfe\n---\n" + _GOOD.encode())
    assert len(records) == 2
    assert "UTF-8" in error.message
    assert error.line == _GOOD.count("\n") + 5


_SOURCES = [
    f"{_GOOD}---\n{_HEAD}data: {{a: yes}}\n".encode(),
    f'{{"apiVersion": "v1", "kind": "List", "items": [\n{_JSON_GOOD},\n{_JSON_GOOD}]}}'.encode(),
    f"apiVersion: v1\nkind: PodList\nitems:\n- {_GOOD.replace(chr(10), chr(10) + '  ')}\n".encode(),
    _merge_bomb().encode(),
]


@given(st.sampled_from(_SOURCES), st.integers(0, 400), st.integers(0, 20), st.binary(max_size=12))
@settings(max_examples=300, deadline=None)
def test_mutated_input_never_raises(source: bytes, at: int, cut: int, inserted: bytes) -> None:
    """Whatever is cut out or put in, reading gives records and errors."""
    mutated = source[:at] + inserted + source[at + cut :]
    READER.identify(mutated)
    read_all(mutated)


@given(st.sampled_from(_SOURCES), st.integers(0, 400))
@settings(max_examples=100, deadline=None)
def test_truncated_input_never_raises(source: bytes, at: int) -> None:
    """A file cut anywhere is read up to the cut."""
    READER.identify(source[:at])
    read_all(source[:at])


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_never_raise(data: bytes) -> None:
    """Bytes of no format give nothing worse than errors."""
    READER.identify(data)
    read_all(data)
