"""The line of a pointer: the quick walk and a full parse agree, and neither ever fails."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.evidence import lines
from compliance.evidence.lines import locate
from compliance.model.evidence import escape

_KEYS = st.sampled_from(
    ["name", "spec", "app.kubernetes.io/name", "a~b", "x-y", "data", "1", "with space", "on", "a:b"]
)
_TEXTS = st.sampled_from(
    [
        "web",
        "",
        "8080",
        "yes",
        "a: b",
        "x # y",
        "two\nlines\n",
        "-",
        "- x",
        "[a",
        "{{ x }}",
        "it's",
        '"q"',
        "é",
        "long " * 30,
        "*",
        "#",
    ]
)
_VALUES = st.recursive(
    _TEXTS | st.integers(0, 9) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=25,
)
_DOCUMENTS = st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=4)


def _pointers(value: Any, base: str = "") -> list[str]:
    found = [base]
    if isinstance(value, dict):
        for key, item in value.items():
            found += _pointers(item, f"{base}/{escape(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += _pointers(item, f"{base}/{index}")
    return found


@given(_DOCUMENTS, st.sampled_from([2, 4]), st.sampled_from([20, 80, 1000]), st.booleans())
@settings(max_examples=300, deadline=None)
def test_the_walk_agrees_with_the_parser(document: dict[str, Any], indent: int, width: int, divider: bool) -> None:
    """Wherever the walk by indentation gives lines, they are those of libyaml's marks."""
    text = yaml.dump(document, indent=indent, width=width, sort_keys=False, explicit_start=divider)
    wanted = lines._with_ancestors(_pointers(document))
    walked = lines._walk_yaml(text, wanted)
    if walked is not None:
        assert walked == lines._compose(text, wanted)


@given(_DOCUMENTS, st.sampled_from([None, 2, 4]))
@settings(max_examples=100, deadline=None)
def test_json_lines_agree_with_the_parser(document: dict[str, Any], indent: int | None) -> None:
    """The walk over JSON tokens gives the lines that a YAML parser's marks give for the same text."""
    text = json.dumps(document, indent=indent)
    wanted = lines._with_ancestors(_pointers(document))
    assert lines._walk_json(text, wanted) == lines._compose(text, wanted)


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda data: data.decode("latin-1")))
@settings(max_examples=200, deadline=None)
def test_any_text_gives_a_line(text: str) -> None:
    """A broken text gives the line of what is there, and no exception."""
    assert all(line >= 7 for line in locate(text.encode("utf-8", "replace"), 7, ["", "/spec/0", "/a~1b"]))


_YAML = """\
# a comment
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    text: |
      spec:
        hostPID: true
    note: plain # comment
spec:
  hostNetwork: true
  containers:
  - name: a
    args: ["-c", "x"]
  -   name: b
      ports:
      - containerPort: 80

      - containerPort: 81
"""


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 3),
        ("/spec", 12),
        ("/spec/hostNetwork", 13),
        ("/spec/hostPID", 12),
        ("/spec/containers/0", 15),
        ("/spec/containers/0/args/1", 16),
        ("/spec/containers/0/securityContext/privileged", 15),
        ("/spec/containers/1/name", 17),
        ("/spec/containers/1/ports/1/containerPort", 21),
        ("/metadata/annotations/note", 11),
        ("/nothing/here", 3),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_of_a_manifest(pointer: str, line: int, newline: str) -> None:
    """Absent values have the line of their nearest present ancestor; block scalars hide nothing and add nothing."""
    data = _YAML.replace("\n", newline).encode()
    assert lines._walk_yaml(data.decode(), lines._with_ancestors([pointer])) is not None
    assert locate(data, 1, [pointer]) == [line]


@pytest.mark.parametrize(
    ("text", "pointer", "line"),
    [
        ("a: {b: 1,\n  c: 2}\nd: 3\n", "/a/c", 2),
        ("a: &x\n  b: 1\nc: *x\nd: 2\n", "/d", 4),
        ("a: 'one\n  two'\nb: 1\n", "/b", 3),
        ("a: one\n  two\nb: 1\n", "/b", 3),
        ("? a\n: 1\nb: 2\n", "/b", 3),
        ("base: &b\n  x: 1\nc:\n  <<: *b\n  y: 2\n", "/c/x", 2),
        ("a: !!str x\nb: 1\n", "/b", 2),
        ("-\n  a: 1\n- b: 2\n", "/0/a", 2),
    ],
)
def test_constructs_beyond_the_walk_are_parsed(text: str, pointer: str, line: int) -> None:
    """Flow over lines, anchors, long scalars, complex keys and tags are left to the parser."""
    assert lines._walk_yaml(text, lines._with_ancestors([pointer])) is None
    assert locate(text.encode(), 1, [pointer]) == [line]


def test_a_very_long_line_is_walked_in_linear_time() -> None:
    """A megabyte on one line neither hangs the walk nor breaks it."""
    for filler in ("a" * 1_000_000, "a " * 500_000 + ":", "- " * 500_000, "'" * 999_999, "x: " * 300_000):
        assert locate(f"k: {filler}\nb: 1\n".encode(), 1, ["/b"])[0] in (1, 2)


def test_long_names_and_deep_nesting_are_walked_in_linear_time() -> None:
    """Names are as long as their author likes: the pointer of what nobody asks for is never put together."""
    name, levels = "n" * 200_000, 900
    wide = json.dumps({"a": 1, name: {"b": [0] * 200_000}, "c": 3}, indent=1).encode()
    deep = (
        b'{"a":'
        + b'{"'
        + b"n" * 1000
        + b'":'
        + b'{"x":' * levels
        + b"["
        + b"0," * 200_000
        + b"0]"
        + b"}" * (levels + 2)
    )
    block = f"a: 1\n{name}:\n  b:\n" + "  - 0\n" * 200_000 + "c: 3\n"
    started = time.process_time()
    assert locate(wide, 1, ["/c", f"/{name}/b/7"]) == [200_007, 12]
    assert locate(deep, 1, ["/a/x"]) == [1]
    assert locate(block.encode(), 1, ["/c", f"/{name}/b/7"]) == [200_004, 11]
    assert time.process_time() - started < 10  # with every pointer put together: minutes, and gigabytes


@pytest.mark.parametrize("unit", ["[", "{a: ", "- ", "? ", "-\t", "- ? "])
def test_what_nests_deep_does_not_end_the_process(unit: str) -> None:
    """libyaml composes by calling itself: a hundred thousand levels overran the stack, whatever Python's own limit."""
    assert locate(f"a: !x b\nb:\n {unit * 100_000}\n".encode(), 1, ["/b"]) == [1]
    assert locate(f"a: !x b\nb: {'[' * 100}{']' * 100}\n".encode(), 1, ["/b"]) == [2]
