"""Rules in force in the kernel's audit subsystem: output of `auditctl -l` in, one AuditRules out.

The format is that output below `# compliance audit-rules 1`; without the header it cannot be told from a file of rules
that nobody loaded. `No rules` proves that there are none. A rule counts as a watch when nothing narrows it: `-w PATH`,
or `-a always,exit` on a path or folder without conditions on users, outcomes or single system calls. A line `# enabled
0`, from `auditctl -s`, says that auditing is switched off.
Source: audit-userspace, auditctl(8).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from compliance.errors import EvidenceError
from compliance.evidence.host.text import Line, Text, Unparsed, problems, reader, shown, trouble, word
from compliance.model.host import AuditRules, HostRecord, Watch

_ALL = "rwxa"
#: Conditions that narrow nothing.
_HARMLESS = frozenset((b"key", b"perm", b"path", b"dir", b"arch"))
#: Records that may be left out and what happened is still told. Source: audit-userspace, msg_typetab.h.
_SPARED = frozenset((b"CWD", b"PROCTITLE", b"EOE", b"BPF", b"CRYPTO_KEY_USER", b"SERVICE_START", b"SERVICE_STOP"))


class _Rule(NamedTuple):
    """A rule of the long form: what it says for which list, and its conditions."""

    action: bytes
    fields: dict[bytes, bytes]
    plain: bool
    calls: bool


def _records(text: Text) -> Iterator[HostRecord | EvidenceError]:
    unparsed = Unparsed("the output of `auditctl -l`")
    watches: list[Watch] = []
    doubts: list[EvidenceError] = []
    halves: dict[tuple[str, str, bool], bytes] = {}
    none = False
    for line in text.lines:
        if line.text.strip() == b"No rules":
            none = True
        elif line.text.startswith(b"-w "):
            watch = _watch(line)
            if watch is None:
                unparsed.add(line)
            else:
                watches.append(watch)
        elif line.text.startswith(b"-a "):
            rule = _rule(line)
            if rule is None:
                unparsed.add(line)
            elif b"never" in rule.action.split(b","):
                if not _spared(rule):
                    doubts.append(trouble(f"leaves events out, perhaps those of watches: {shown(line.text)}", line))
            else:
                watches.extend(_of_rule(rule, line, halves))
        else:
            unparsed.add(line)
    whole = bool(text.lines) and not unparsed.count and not doubts and not (none and len(text.lines) > 1)
    if whole:
        off = any(note.text.split() == [b"enabled", b"0"] for note in text.notes)
        yield AuditRules(origin=text.origin, subject=text.subject, host=text.host, watches=tuple(watches), off=off)
    elif not unparsed.count and not doubts:
        yield EvidenceError("says neither what rules there are nor `No rules`; run auditctl -l as root")
    yield from doubts[:5]
    yield from unparsed.errors()
    yield from problems(text)


def _watch(line: Line) -> Watch | None:
    """`-w PATH -p PERMISSIONS -k KEY`; without -p all permissions are watched."""
    words = line.text.split()
    permissions = _ALL.encode()
    for option, value in zip(words[2::2], words[3::2], strict=False):
        if option == b"-p":
            permissions = value
        elif option != b"-k":
            return None
    if len(words) % 2 or not words[1].startswith(b"/") or permissions.strip(_ALL.encode()):
        return None
    return Watch(_path(words[1]), permissions.decode(), True, line.at)


def _rule(line: Line) -> _Rule | None:
    words = line.text.split()
    fields: dict[bytes, bytes] = {}
    plain, calls = True, False
    for option, value in zip(words[2::2], words[3::2], strict=False):
        if option == b"-F":
            name, equals, rest = value.partition(b"=")
            plain = plain and bool(equals) and name in _HARMLESS and name not in fields
            fields[name] = rest
        elif option == b"-S":
            calls = calls or value != b"all"
        elif option != b"-k":
            return None
    return None if len(words) % 2 or len(words) < 2 else _Rule(words[1], fields, plain, calls)


def _spared(rule: _Rule) -> bool:
    """Whether a rule leaves out no more than records that nothing rests on."""
    return set(rule.fields) == {b"msgtype"} and rule.fields[b"msgtype"] in _SPARED


def _of_rule(rule: _Rule, line: Line, halves: dict[tuple[str, str, bool], bytes]) -> tuple[Watch, ...]:
    """The watch that a rule of the long form is; nothing when something narrows it, or it is about no path.

    A rule for programs of 64 bits and one for those of 32 are a watch together; `halves` are those seen alone.
    """
    place = rule.fields.get(b"dir") or rule.fields.get(b"path") or b""
    parts = set(rule.action.split(b","))
    if parts != {b"always", b"exit"} or not rule.plain or rule.calls or not place.startswith(b"/"):
        return ()
    permissions = rule.fields.get(b"perm", _ALL.encode())
    if permissions.strip(_ALL.encode()):
        return ()
    watch = Watch(_path(place), permissions.decode(), b"dir" in rule.fields, line.at)
    arch = rule.fields.get(b"arch")
    if arch is None or {arch, halves.setdefault(watch[:3], arch)} == {b"b32", b"b64"}:
        return (watch,)
    return ()


def _path(path: bytes) -> str:
    return word(path).rstrip("/") or "/"


READER = reader("audit-rules", "Audit rules in force on a host", "auditctl-rules", AuditRules, _records)
