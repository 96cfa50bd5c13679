"""Build steps as commands: what one did, read from a history entry or from a Dockerfile instruction."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

#: Longer commands are cut before they are searched.
_LOOKED_AT = 16 * 1024


class StepKind(Enum):
    """What a history entry is: a Dockerfile instruction, or another tool's word for how a layer was made."""

    RUN = "RUN"
    ADD = "ADD"
    COPY = "COPY"
    SETTING = "setting"
    WHOLE = "whole"
    UNKNOWN = "unknown"


class Step(NamedTuple):
    """A history entry taken apart: its kind, and the command or arguments without the builder's own words.

    RUN, ADD and COPY are instructions, SETTING any other one. WHOLE is the word of a tool that makes layers from
    files and runs no command in them. UNKNOWN says nothing that can be judged, or not all of it.
    """

    kind: StepKind
    text: str


_SETTINGS = (
    "ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR|FROM"
)
_NOP = re.compile(r"^(?:\|\d+ .*?)?/bin/sh -c #\(nop\)\s+(?P<word>[A-Z]+)\s+(?P<rest>.*)", re.DOTALL)
_WORD = re.compile(rf"^(?P<word>RUN|ADD|COPY|{_SETTINGS})(?:\s+(?P<rest>.*))?$", re.DOTALL)
_CALL = (
    r"(?:(?:/[\w.-]{1,40}){0,5}/[a-z]{0,8}sh (?:[-+][a-zA-Z]{1,20} (?:[a-z]{1,20} )?){0,8}?-[a-z]{0,20}c[a-z]{0,20} "
    r"|cmd /S /C |powershell -Command )"
)
#: Docker puts the build arguments before the command: `|2 A=1 B=2 /bin/sh -c make`.
_ARGUMENTS = re.compile(rf"^\|\d+ .*?(?={_CALL})", re.DOTALL)
_SHELL = re.compile(rf"^{_CALL}(?P<rest>.*)", re.DOTALL)
#: BuildKit shows the first line of a here-document only: `RUN /bin/sh -c <<EOF (apt-get update...)`.
_ABBREVIATED = re.compile(r"^<<-?\S{1,200} \(.*\.\.\.\)$", re.DOTALL)
_MARK = " # buildkit"
#: Tools that make layers from files and run no command in the image, by how their history entries begin.
#: Source: GoogleContainerTools distroless and jib, ko-build/ko, chainguard-dev/apko, tianon's debuerreotype.
_WHOLE = re.compile(
    r"^(?:bazel build|apko|ko build|ko$|jib|# debian\.sh|Imported from|crane|nix|Created by umoci|umoci )"
)


def step_of(created_by: str) -> Step:
    """A history entry, in the words of BuildKit, Docker's older builder, Buildah, or another tool."""
    text = created_by[:_LOOKED_AT].strip()
    text = text[: -len(_MARK)] if text.endswith(_MARK) else text
    nop = _NOP.match(text)
    if nop is not None:
        return _instruction(nop["word"], nop["rest"])
    word = _WORD.match(text)
    if word is not None:
        return _instruction(word["word"], word["rest"] or "")
    if _SHELL.match(_ARGUMENTS.sub("", text, count=1)) is not None:
        return _run(text)
    return Step(StepKind.WHOLE if _WHOLE.match(text) else StepKind.UNKNOWN, text)


def _instruction(word: str, rest: str) -> Step:
    if word == "RUN":
        return _run(rest)
    if word in ("ADD", "COPY"):
        return Step(StepKind(word), rest.strip())
    return Step(StepKind.SETTING, f"{word} {rest}".strip())


def _run(text: str) -> Step:
    command = command_of(text)
    return Step(StepKind.UNKNOWN if _ABBREVIATED.match(command) else StepKind.RUN, command)


def command_of(text: str) -> str:
    """The command of a RUN step without build arguments and the shell that starts it."""
    plain = _ARGUMENTS.sub("", text.strip(), count=1)
    shell = _SHELL.match(plain)
    return (shell["rest"] if shell is not None else plain).strip()


# --- the package index ---------------------------------------------------------------------------------------------

# Each option may hold the name of a manager, after which its options are looked for anew: no command has fifty of them.
_OPTIONS = r"(?:\s+-\S+(?:\s+[\w.:/]+=\S+)?){0,50}"
#: What refreshes the index, and what must stand in the same step to use it. Each manager installs with its own words;
#: `upgrade` uses the fresh index, too. Managers that refresh by themselves (dnf, yum, apk --no-cache) and their
#: `update`, which upgrades packages, are no lone refresh.
_REFRESH: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"(?<![\w./-])(?:/usr)?(?:/s?bin/)?{refresh}"), re.compile(rf"(?<![\w.-]){uses}"))
    for name, refresh, uses in (
        (
            "apt",
            rf"(?:apt-get|apt|aptitude){_OPTIONS}\s+update\b",
            rf"(?:apt-get|apt|aptitude){_OPTIONS}\s+(?:\S+\s+)?(?:install|upgrade|full-upgrade|dist-upgrade|build-dep|download|source|satisfy)\b",
        ),
        ("apk", rf"apk{_OPTIONS}\s+update\b", rf"apk{_OPTIONS}\s+(?:add|upgrade|fix|fetch)\b"),
        (
            "dnf",
            rf"(?:dnf5?|yum|microdnf|tdnf){_OPTIONS}\s+(?:makecache|check-update)\b",
            rf"(?:dnf5?|yum|microdnf|tdnf){_OPTIONS}\s+(?:install|upgrade|update|distro-sync|groupinstall|reinstall)\b",
        ),
        (
            "zypper",
            rf"zypper{_OPTIONS}\s+(?:refresh|ref)\b",
            rf"zypper{_OPTIONS}\s+(?:install|in|update|up|dup|dist-upgrade|patch)\b",
        ),
        ("pacman", r"pacman\s+-Sy+(?=\s*(?:$|[;&|]))", r"pacman\s+(?:-\S+\s+)*-Sy*u?\S*\s+\S"),
    )
)


def lone_updates(command: str) -> tuple[str, ...]:
    """The package managers whose index a command refreshes without using it; sorted as the table is.

    Source: CIS Docker Benchmark 1.8.0, 4.7; Docker documentation, "Building best practices", apt-get.
    """
    text = " ".join(command[:_LOOKED_AT].replace("\\\n", " ").split())
    return tuple(name for name, refresh, uses in _REFRESH if refresh.search(text) and not uses.search(text))


# --- packages that nobody verifies ----------------------------------------------------------------------------------

_PIPED = r"\b(?:curl|wget)\b[^|;&]{0,2000}\|\s*(?:sudo\s+)?(?:\S{0,200}/)?(?:ba|da|z|a)?sh\b"
#: Source: apt-get(8), apk(8), dnf.conf(5), zypper(8), pip and npm documentation; CIS Docker Benchmark 1.8.0, 4.11.
_UNVERIFIED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for words, pattern in (
        (
            "apt takes packages without signature",
            r"--allow-unauthenticated\b|APT::Get::AllowUnauthenticated(?:=|\s+)\"?(?:true|1|yes)",
        ),
        (
            "apt takes unsigned repositories",
            r"--allow-insecure-repositories\b|AllowInsecureRepositories(?:=|\s+)\"?(?:true|1|yes)",
        ),
        ("an apt source is trusted without signature", r"\[[^\]\n]{0,200}\btrusted=yes\b"),
        ("apt is forced to take anything", r"--force-yes\b"),
        ("apk takes packages without signature", r"\bapk\b[^;&|]{0,500}--allow-untrusted\b"),
        (
            "the signature of rpm packages is not checked",
            r"--nogpgcheck\b|\bgpgcheck\s*=\s*(?:0|False|false|no)\b|--no-gpg-checks?\b"
            r"|--setopt=\S{0,200}gpgcheck=(?:0|false|no)",
        ),
        ("rpm does not check signatures", r"\brpm\b[^;&|]{0,500}--(?:nosignature|nodigest)\b"),
        ("pip trusts a host without checking its certificate", r"--trusted-host\b"),
        (
            "npm does not check certificates",
            r"\bstrict-ssl[= ]\s*false\b|NODE_TLS_REJECT_UNAUTHORIZED=[\"']?0",
        ),
        ("wget does not check certificates", r"--no-check-certificate\b"),
        (
            "curl does not check certificates",
            r"\bcurl\b[^;&|]{0,500}\s(?:--insecure\b|-(?!-)[a-zA-Z]{0,20}k[a-zA-Z]{0,20}(?=\s))",
        ),
        (
            "git does not check certificates",
            r"\bhttp\.sslVerify[= ]\s*false\b|GIT_SSL_NO_VERIFY=[\"']?(?:1|true)",
        ),
        ("a script from the network is run unseen", _PIPED),
    )
)


def unverified(command: str) -> tuple[str, ...]:
    """In words, how a command takes software that nothing verifies; each once, in the order of the table."""
    text = command[:_LOOKED_AT].replace("\\\n", " ")
    return tuple(dict.fromkeys(words for pattern, words in _UNVERIFIED if pattern.search(text)))
