"""Values are typed as the API server types them: YAML 1.1 by the rules of go-yaml v2, then strictly by field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import EvidenceError
from compliance.evidence import yaml_documents
from compliance.evidence.yaml_documents import decode_yaml, odd_words
from tests.evidence.kubernetes.reading import one_pod, pod_text, read_all

#: Plain scalars and what go-yaml v2 makes of them (gopkg.in/yaml.v2, resolve.go and decode_test.go).
_SCALARS: list[tuple[str, Any]] = [
    *((word, True) for word in ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"]),
    *((word, False) for word in ["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"]),
    *((word, None) for word in ["~", "null", "Null", "NULL"]),
    *((word, word) for word in ("tRue", "yEs", "oN", "nULL", "infinity", "NaN", "1.2.3", "12:30:45", "190:20:30")),
    *((word, word) for word in ("2001-01-01", "0x", "0o8", "1,000", "=", ".", "+")),
    ("0", 0),
    ("-1", -1),
    ("+1", 1),
    ("0644", 420),
    ("-0644", -420),
    ("0o17", 15),
    ("0O17", 15),
    ("0x1F", 31),
    ("0X1f", 31),
    ("0b11", 3),
    ("0B11", 3),
    ("-0b11", -3),
    ("1_000", 1000),
    ("0_1", 1),
    ("08", 8.0),
    ("01.5", 1.5),
    ("1.5", 1.5),
    ("1e3", 1000.0),
    ("1_0.5", 10.5),
    (".5", 0.5),
    ("9223372036854775807", 2**63 - 1),
    ("18446744073709551615", 2**64 - 1),
    ('"yes"', "yes"),
    ("'0644'", "0644"),
    ("!!str 012", "012"),
    ("!!int '7'", 7),
]


@pytest.mark.parametrize(("text", "value"), _SCALARS, ids=[text for text, _ in _SCALARS])
@pytest.mark.parametrize(
    "place", ["a: {}", "a: {} # why", "a: [x, {}]", "- {}", "a:\n  {}", "{{b: c, a: {}}}", '{{"a":{}}}', "a: &x {}"]
)
def test_scalars_are_typed_as_the_cluster_types_them(text: str, value: Any, place: str) -> None:
    """Wherever a plain scalar stands it has the type and value that go-yaml v2 gives it."""
    if "," in text and ("[" in place or place.count("{") > 1):
        return  # a comma divides inside brackets
    if text.startswith("!!") and place.startswith('{{"'):
        return  # a tag needs a blank before it
    document = place.format(text)
    got = decode_yaml(document, 1, odd_words(document))
    while isinstance(got, dict | list):
        got = got["a"] if isinstance(got, dict) else got[-1]
    assert got == value
    assert type(got) is type(value)


def test_keys_become_texts() -> None:
    """Keys that are numbers, booleans or words of YAML 1.1 are the texts the API server makes of them."""
    text = "1: a\ntrue: b\noff: c\n1.5: d\n012: e\nx: f\n"
    assert decode_yaml(text, 1) == {"1": "a", "true": "b", "false": "c", "1.5": "d", "10": "e", "x": "f"}


def test_merge_keys_are_merged() -> None:
    """`<<` copies what is not stated; nearer and earlier values win."""
    text = "a: &a {k: 1, m: 1}\nb: &b {<<: *a, m: 2}\nc: {<<: [*b, *a], z: 3}\nd: {m: 9, <<: *b}\n"
    value: Any = decode_yaml(text, 1)
    assert value["c"] == {"k": 1, "m": 2, "z": 3}
    assert value["d"] == {"k": 1, "m": 9}


@pytest.mark.parametrize("word", ["on", "yes", "y", "true"])
def test_privileged_on_is_privileged(word: str) -> None:
    """A boolean of YAML 1.1 is seen as the cluster sees it."""
    pod = one_pod(pod_text().replace("image: app", f"image: app, securityContext: {{privileged: {word}}}"))
    assert pod.containers[0].security.privileged is True


def test_octal_user_is_read_in_octal() -> None:
    """runAsUser 0644 is 420 in the cluster."""
    assert one_pod(pod_text("  securityContext: {runAsUser: 0644}\n")).security.run_as_user == 420


def test_merged_security_context_counts() -> None:
    """A merge key inside a pod spec is followed."""
    text = pod_text("  securityContext: &s {runAsNonRoot: true}\n").replace(
        "image: app", "image: app, securityContext: {<<: *s, privileged: false}"
    )
    assert one_pod(text).containers[0].security.run_as_non_root is True


@pytest.mark.parametrize(
    ("line", "pointer", "words"),
    [
        ('  hostNetwork: "true"\n', "/spec/hostNetwork", "expected a boolean, got text"),
        ("  hostNetwork: 1\n", "/spec/hostNetwork", "expected a boolean, got a whole number"),
        ("  terminationGracePeriodSeconds: '30'\n", "/spec/terminationGracePeriodSeconds", "a whole number, got text"),
        ("  terminationGracePeriodSeconds: 3.5\n", "/spec/terminationGracePeriodSeconds", "got a fraction"),
        ("  nodeSelector: {zone: 1}\n", "/spec/nodeSelector", "expected text"),
        ("  volumes: {name: x}\n", "/spec/volumes", "expected a list, got a mapping"),
        ("  securityContext: {runAsUser: 99999999999999999999}\n", "", "too large"),
        (
            "  securityContext: {runAsUser: 9223372036854775808}\n",
            "/spec/securityContext/runAsUser",
            "9223372036854775807",
        ),
    ],
)
def test_wrong_types_are_refused_with_place(line: str, pointer: str, words: str) -> None:
    """What the API server would refuse is unreadable: pointer, line and what was expected; the next is read."""
    records, (error,) = read_all(pod_text(line) + "---\n" + pod_text(name="other"))
    assert len(records) == 1
    assert words in error.message
    assert (error.path, error.document, error.pointer, error.line, error.kind) == ("app.yaml", 0, pointer, 5, "Pod")


@pytest.mark.parametrize("value", ["30.0", "3e1", "30", "null"])
def test_whole_numbers_and_null_are_accepted(value: str) -> None:
    """A fraction that is whole is an integer to the API server, and null is absent."""
    seconds = one_pod(pod_text(f"  terminationGracePeriodSeconds: {value}\n")).termination_grace_period_seconds
    assert seconds == (None if value == "null" else 30)


@pytest.mark.parametrize(
    "text", ["a: !thing 1", "a: !!python/object:os.system x", "a: !!set {b}", "a: !!binary aGk=", "!x {a: 1}"]
)
def test_tags_are_refused(text: str) -> None:
    """A tag beyond the core ones makes the document unreadable; none is ever constructed."""
    with pytest.raises(EvidenceError, match="tag"):
        decode_yaml(text, 1)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_every_line_break_of_yaml_counts(line_break: str) -> None:
    """However lines end, a word of YAML 1.1 at the start of one is typed as the cluster types it."""
    assert decode_yaml(f"a: 1{line_break}on: 0644{line_break}", 1) == {"a": 1, "true": 420}


_PIECES = st.sampled_from(
    (
        *(
            "a: ",
            "b:",
            "on",
            "yes",
            " ",
            "  ",
            "\n",
            "\n  ",
            "- ",
            "x",
            "0644",
            "1_0",
            "[",
            "]",
            "{",
            "}",
            ", ",
            ": ",
            ":",
        ),
        *(
            '"',
            "'",
            "# c",
            "|",
            "? ",
            "08",
            "1.5",
            "~",
            "&x ",
            "*x",
            "<<: ",
            "!!str ",
            "no",
            "\t",
            "k",
            "-",
            "\\",
            ">-",
        ),
        *("n", "0x1F", ".5", "+1", "0o7"),
    )
)


@given(st.lists(_PIECES, max_size=14).map("".join))
@settings(max_examples=1500, deadline=None)
def test_the_short_way_never_differs_from_the_cluster(text: str) -> None:
    """Whatever ryaml alone is trusted with has the values that the loader with go-yaml's rules gives."""
    try:
        quick = decode_yaml(text, 1)
        full = yaml_documents._decode_as_go(text, 1)
    except EvidenceError:
        return
    assert repr(quick) == repr(full)
