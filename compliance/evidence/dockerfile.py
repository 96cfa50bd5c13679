"""The reader of Dockerfiles and Containerfiles: text in, one record of stages and instructions out, no credential."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from compliance.errors import EvidenceError
from compliance.evidence.credentials import REDACTED, redact_arguments, suspicion
from compliance.evidence.dockerfile_syntax import (
    Logical,
    Parts,
    assignments,
    expanded,
    logical_lines,
    parts_of,
    shell_words,
)
from compliance.evidence.image.config_wire import redacted
from compliance.evidence.printing import numbered
from compliance.model.docker import Dockerfile, Instruction, Stage
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.reader import Reader, Record, Slice

#: Longest file that is taken: the largest in public repositories hold some tens of kilobytes.
MAX_FILE = 1024 * 1024
_MARK = b"\xef\xbb\xbf"
#: How many rows of comments, directives and ARG may stand before the first FROM for a file to be recognised.
_ROWS_LOOKED_AT = 500
_IMAGE = r"[A-Za-z0-9$][\w./:@${}+-]{0,300}"
_FROM = re.compile(
    rf"from[ \t]+(?:--platform=\S{{1,100}}[ \t]+)?(?:{_IMAGE}|\"{_IMAGE}\")(?:[ \t]+as[ \t]+[\w.-]{{1,100}})?[ \t]*\\?",
    re.IGNORECASE,
)
_ARG = re.compile(r"arg[ \t]+[A-Za-z_]\w*(?:[ \t]*=.*|[ \t]+[A-Za-z_].*)?", re.IGNORECASE)
_NEXT = re.compile(
    r"(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER"
    r"|VOLUME|WORKDIR)[ \t]+\S",
    re.IGNORECASE,
)
#: Credentials that commands take in their own way; the group is the secret.
_COMMAND_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (
            r"(?P<before>\b(?:curl|wget|http)\b[^\n;&|]{0,500}?\s(?:-u|--user)[= ]?[\"']?[^\s:\"'$]{1,100}:)"
            r"(?P<secret>[^\s\"'$]{1,200})",
            "a command is given a user and a password",
        ),
        (r"(?P<before>\bsshpass\s+-p\s*[\"']?)(?P<secret>[^\s\"'$]{1,200})", "sshpass is given a password"),
        (
            r"(?P<before>\becho\s+(?:-\w+\s+)?[\"']?[\w.-]{1,64}:)(?P<secret>[^\s\"'$|]{1,200})"
            r"(?=[\"']?\s{0,9}\|\s{0,9}(?:sudo\s+)?chpasswd)",
            "a password is set with chpasswd",
        ),
        (
            r"(?P<before>\bmachine\s+\S{1,200}\s+login\s+\S{1,200}\s+password\s+[\"']?)(?P<secret>[^\s\"'$]{1,200})",
            "a netrc entry with a password",
        ),
        (r"(?P<before>:_authToken=[\"']?)(?P<secret>[^\s\"'$]{1,300})", "an npm token"),
    )
)
#: A flag whose value may be the word after it.
_SECRET_FLAG = re.compile(r"-\w{0,40}(?:pass|pwd|secret|token|key|cred)", re.IGNORECASE)


def identify(head: bytes) -> bool:
    """Whether the first bytes, up to 64 KiB, are text whose first instruction, save ARG, is a FROM of an image."""
    data = head.removeprefix(_MARK)
    if b"\x00" in data or not data:
        return False
    rows = data.decode("utf-8", "replace").split("\n")[:_ROWS_LOOKED_AT]
    going_on = False
    for number, row in enumerate(rows):
        text = row.strip()
        if not text or text.startswith("#"):
            continue
        if going_on or _ARG.fullmatch(text):
            going_on = text.endswith(("\\", "`"))
            continue
        return _FROM.fullmatch(text) is not None and _goes_on(rows[number + 1 :], text)
    return False


def _goes_on(rows: Sequence[str], first: str) -> bool:
    """Whether what follows the first FROM is nothing, or another instruction: the word alone begins other texts too."""
    if first.endswith("\\"):
        return True
    for row in rows:
        text = row.strip()
        if text and not text.startswith("#"):
            return _NEXT.match(text) is not None
    return True


def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """The whole file as one slice; an EvidenceError when it is longer than MAX_FILE."""
    data = stream.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        yield EvidenceError(f"a Dockerfile of more than {MAX_FILE:,} bytes; no build file comes near", line=1)
        return
    yield Slice(offset=0, length=len(data), line=1, document=None, item=None, count=1)


def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[Record | EvidenceError]:
    """The record of a file; an EvidenceError when it is no Dockerfile to its end, for half of one proves nothing."""
    origin = Origin(
        path=path,
        sha256=sha256,
        document=None,
        pointer="",
        inner="",
        offset=slice.offset,
        length=len(data),
        line=slice.line,
    )
    try:
        logical = list(logical_lines(_text(data)))
        yield _record(logical, origin)
    except EvidenceError as error:
        yield EvidenceError(error.message, path=path, line=error.line or 1)


def _text(data: bytes) -> str:
    plain = data.removeprefix(_MARK)
    if b"\x00" in plain:
        where = 1 + plain.count(b"\n", 0, plain.index(b"\x00"))
        raise EvidenceError("holds a NUL byte, which no Dockerfile does", line=where)
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError as error:
        where = 1 + plain.count(b"\n", 0, error.start)
        raise EvidenceError(f"byte {error.start} is not UTF-8; convert the file to UTF-8", line=where) from error


def _record(logical: Sequence[Logical], origin: Origin) -> Dockerfile:
    stages: list[Stage] = []
    by_name: dict[str, int] = {}
    values: dict[str, str] = {}
    made: list[Instruction] = []
    for number, each in enumerate(logical):
        parts = parts_of(each.rest)
        if each.keyword == "FROM":
            stage = _stage(each, parts, len(stages), number, values, by_name)
            stages.append(stage)
            if stage.name:
                by_name[stage.name.lower()] = stage.number
        elif not stages:
            if each.keyword != "ARG":
                raise EvidenceError(f"{each.keyword} stands before the first FROM", line=each.line)
            values |= {name: expanded(value, values) for name, value in assignments(parts.arguments) if value}
        made.append(_instruction(each, parts, number, len(stages) - 1))
    if not stages:
        raise EvidenceError("holds no FROM, so it builds nothing", line=1)
    name = origin.path.rpartition("/")[2]
    subject = Subject(id=f"dockerfile/{origin.path}", type=SubjectType.DOCKERFILE, name=name)
    return Dockerfile(origin=origin, subject=subject, stages=tuple(stages), instructions=tuple(made))


def _stage(
    each: Logical, parts: Parts, number: int, instruction: int, values: dict[str, str], by_name: dict[str, int]
) -> Stage:
    words = [word.strip("\"'") for word in shell_words(parts.arguments)]
    base = _printable(expanded(words[0], values)) if words else ""
    named = len(words) == 3 and words[1].lower() == "as"
    if len(words) != 1 and not named:
        raise EvidenceError("FROM takes one image, or an image AS a name", line=each.line)
    return Stage(
        number=number,
        name=_printable(words[2][:200]) if named else "",
        base=_hidden(base)[0],
        base_stage=by_name.get(base.lower()),
        instruction=instruction,
    )


def _instruction(each: Logical, parts: Parts, number: int, stage: int) -> Instruction:
    shown = _shown(each, parts)
    return Instruction(
        number=number,
        stage=stage,
        keyword=each.keyword,
        flags=tuple((name, _hidden(_printable(value))[0]) for name, value in parts.flags),
        arguments=shown.text,
        exec_form=shown.exec_form,
        heredoc=each.heredoc,
        suspicion=shown.suspicion,
        line=each.line,
    )


class _Shown(NamedTuple):
    """Arguments without any credential, and why one was taken out."""

    text: str
    exec_form: tuple[str, ...] | None
    suspicion: str | None


def _shown(each: Logical, parts: Parts) -> _Shown:
    text = parts.arguments if not each.body else f"{parts.arguments}\n{each.body}"
    keyword, rest = each.keyword, text
    if keyword == "ONBUILD":
        keyword, _, rest = text.partition(" ")
        keyword = keyword.upper()
    pairs = assignments(rest) if keyword in ("ENV", "ARG", "LABEL") else []
    reasons = [_pair_suspicion(keyword, name, value) for name, value in pairs]
    if any(reasons):
        shown = " ".join(
            f"{name}={REDACTED if reason else value}" if value else name
            for (name, value), reason in zip(pairs, reasons, strict=True)
        )
        return _Shown(_printable(shown), None, next(reason for reason in reasons if reason))
    if parts.exec_form is not None:
        words, why = redact_arguments(list(parts.exec_form))
        _, joined = _hidden(" ".join(parts.exec_form))
        if joined and not why:
            return _Shown(REDACTED, (REDACTED,), joined)
        if why:
            return _Shown(_printable(json.dumps(words)), tuple(map(_printable, words)), why[0])
    hidden, reason = _hidden(text)
    exec_form = tuple(map(_printable, parts.exec_form)) if parts.exec_form is not None and not reason else None
    return _Shown(_printable(hidden), exec_form, reason)


def _pair_suspicion(keyword: str, name: str, value: str) -> str | None:
    """Why a variable, build argument or label looks like a credential, with its name; None when it does not."""
    said = _printable(name[:100])
    if reason := suspicion(name, value):
        return f"{said}: {reason}"
    by_reference = not value or value.startswith("$")
    if keyword == "LABEL" or not by_reference or suspicion(name, "a literal") is None:
        return None
    if keyword == "ARG":
        return f"{said}: its name speaks of a credential, and a build argument stays in the history of the image"
    return f"{said}: its name speaks of a credential, and its value is put in from a build argument" if value else None


def _hidden(text: str) -> tuple[str, str | None]:
    """A command or text with credentials replaced, and why the first one was."""
    reason: str | None = None
    for pattern, words in _COMMAND_SECRETS:
        text, count = pattern.subn(rf"\g<before>{REDACTED}", text)
        reason = reason or (words if count else None)
    shown, why = redact_arguments([text])
    if _SECRET_FLAG.search(shown[0]):
        worded, more = redact_arguments(shown[0].split(" "))
        shown, why = (" ".join(worded),), (*why, *more)
    text, more_why = redacted(shown[0])
    return text, reason or (why[0] if why else None) or more_why


def _printable(text: str) -> str:
    """The text with each control or invisible character but tab and line feed as `\\xNN`."""
    return numbered(text, kept="\t\n")


def redact_dockerfile(lines: Sequence[str]) -> tuple[str, ...]:
    """The source lines with every instruction that holds a credential replaced from its keyword to its last line.

    Unreadable files come back with nothing shown: what cannot be understood cannot be redacted.
    """
    try:
        logical = list(logical_lines("\n".join(lines)))
    except EvidenceError:
        return tuple(REDACTED for _ in lines)
    shown = list(lines)
    for each in logical:
        if _shown(each, parts_of(each.rest)).suspicion:
            shown[each.line - 1] = f"{each.keyword} {REDACTED}"
            for number in range(each.line, min(each.last, len(shown))):
                shown[number] = REDACTED
    return tuple(shown)


def locate(data: bytes, line: int, pointers: list[str]) -> list[int]:
    """The 1-based line of each pointer `/N` to an instruction; the first line for the file itself."""
    try:
        starts = [each.line for each in logical_lines(_text(data))]
    except EvidenceError:
        starts = []
    found = []
    for pointer in pointers:
        number = pointer.removeprefix("/").partition("/")[0]
        known = number.isdecimal() and int(number) < len(starts)
        found.append(line - 1 + (starts[int(number)] if known else 1))
    return found


READER = Reader(
    id="dockerfile",
    title="Dockerfiles and Containerfiles",
    revision=1,
    evidence_kinds=("dockerfile",),
    identify=identify,
    split=split,
    read=read,
    locate=locate,
    record=Dockerfile,
    redact=redact_dockerfile,
)
