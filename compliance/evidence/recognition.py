"""Tells from the first bytes whether a file holds Kubernetes objects, and in which notation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

#: A head this long may be a part of the file only.
HEAD = 64 * 1024
_API_VERSION = re.compile(rb"^(?:- +|[\t ]*)?[\"']?apiVersion[\"']?[ \t]*:", re.MULTILINE)
_KIND = re.compile(rb"^(?:- +|[\t ]*)?[\"']?kind[\"']?[ \t]*:", re.MULTILINE)
_FLOW = re.compile(rb"[{,]\s*[\"']?(apiVersion|kind)[\"']?\s*:")
#: What a manifest's first line that says anything looks like: a key, a list entry, or template text.
_FIRST_LINE = re.compile(rb"[\t ]*(?:- +)?(?:[\"']?[\w.$/-]+[\"']?[ \t]*:(?:\s|$)|\{|\[|- |-$|[&!?])")
_TEMPLATE = re.compile(rb"^\s*\{\{")
_IGNORED_LINE = re.compile(rb"\s*(?:#(?!!).*|---.*|\.\.\.\s*|%.*)?$")
_JSON_START = re.compile(rb"\s*(?:\{\s*(?:\"|\}|$)|\[\s*(?:\{\s*\"|$))")
#: The first line of a text about a host, whose second may be longer than all that is looked at.
_HOST_TEXT = re.compile(rb"# compliance [a-z-]{1,40} 1(?: host=[^\s]{1,253})?[ \t]*\n")
_DIVIDER = re.compile(rb"^---(?:\s|$)", re.MULTILINE)
_AUDIT_VERSION = re.compile(rb'"apiVersion"\s*:\s*"audit\.k8s\.io/v1(?:beta1|alpha1)?"')
_AUDIT_KIND = re.compile(rb'"kind"\s*:\s*"Event(?:List)?"')
#: An audit event says what it is in its first words.
_AUDIT_HEAD = 4096
#: A string, whether a colon follows it, or a bracket. A string without end takes the rest: else it is tried from
#: each of its quotes anew.
JSON_TOKEN = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(\s*:)?|".*|[{}\[\]]', re.DOTALL)


class Notation(Enum):
    JSON = "JSON"
    YAML = "YAML"
    UTF16 = "UTF-16"


def without_mark(data: bytes) -> bytes:
    """The bytes without a UTF-8 byte-order mark."""
    return data.removeprefix(b"\xef\xbb\xbf")


def notation(head: bytes) -> Notation:
    """How the text is written; JSON only when nothing in the head divides YAML documents."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or head[1:2] == b"\x00" or head[:1] == b"\x00":
        return Notation.UTF16
    text = without_mark(head)
    return Notation.JSON if _JSON_START.match(text) and not _DIVIDER.search(text) else Notation.YAML


def identify(head: bytes) -> bool:
    """Whether the first bytes, up to 64 KiB, hold a Kubernetes object or template text of one."""
    whole = len(head) < HEAD
    match notation(head):
        case Notation.UTF16:
            return _is_wide(head)
        case Notation.JSON:
            return _is_json_object(without_mark(head), whole) and not is_audit(head)
        case Notation.YAML:
            return b"\x00" not in head and _is_manifest(without_mark(head), whole)


def is_audit(head: bytes) -> bool:
    """Whether the first bytes are events of the API server's audit log, which are no objects of a cluster."""
    text = without_mark(head).lstrip()[:_AUDIT_HEAD]
    return bool(text[:1] == b"{" and _AUDIT_VERSION.search(text) and _AUDIT_KIND.search(text))


def _keys_or_ends(text: bytes, wanted: int) -> Iterator[bytes | None]:
    """Keys that stand within so many brackets, in order, and None where one of these closes."""
    depth = 0
    for found in JSON_TOKEN.finditer(text):
        if found[0] in (b"{", b"["):
            depth += 1
        elif found[0] in (b"}", b"]"):
            depth -= 1
            if depth < wanted:
                yield None
        elif depth == wanted and found[2]:
            yield found[1]


def every_key(text: bytes, wanted: int) -> Iterator[bytes]:
    """Keys that stand within so many brackets of a JSON text, in order, of all its objects."""
    return (key for key in _keys_or_ends(text, wanted) if key is not None)


def first_object(text: bytes, wanted: int) -> tuple[set[bytes], bool]:
    """Keys of the first object within so many brackets, its own among them, and whether it ends within the bytes."""
    keys: set[bytes] = set()
    for key in _keys_or_ends(text, wanted):
        if key is None:
            return keys, True
        keys.add(key)
    return keys, False


def outermost_keys(head: bytes) -> set[bytes]:
    """Keys of the first JSON object in the bytes, as far as they go."""
    return first_object(head, 1)[0]


def _is_wide(head: bytes) -> bool:
    codec = "utf-16-be" if head[:2] == b"\xfe\xff" or head[:1] == b"\x00" else "utf-16-le"
    text = head.decode(codec, "ignore").removeprefix("\ufeff").encode("utf-8", "ignore")
    return b"\x00" not in text[:4096] and identify(text[: HEAD - 1])


def _is_json_object(head: bytes, whole: bool) -> bool:
    """Keys of the outermost object, or of the objects in an outermost array."""
    keys: set[bytes] = set()
    for key in every_key(head, 1 if head.lstrip()[:1] == b"{" else 2):
        if key in (b"apiVersion", b"kind"):
            keys.add(key)
            if len(keys) == 2:
                return True
    return not whole and bool(keys) and (b'"kind"' in head or b'"items"' in head or len(keys) == 1)


def _is_manifest(head: bytes, whole: bool) -> bool:
    head = head.replace(b"\r", b"\n")  # YAML 1.1 takes a carriage return alone for a line break
    if not whole and all(map(_IGNORED_LINE.match, head.splitlines()[:-1])):
        return not _HOST_TEXT.match(head)  # a manifest may stand after comments, however long
    if not (_API_VERSION.search(head) or _FLOW.search(head)):
        return False
    if whole and not (_KIND.search(head) or _FLOW.search(head)):
        return False
    for line in head.splitlines():
        if not _IGNORED_LINE.match(line):
            return bool(_FIRST_LINE.match(line) or _TEMPLATE.match(line))
    return False
