"""OpenSCAP: evaluates an unpacked root that it cannot write, without network, as root or in a user namespace.

Source: oscap(8) 1.3 and 1.4; what each exit code leaves behind was measured with 1.3.7 and 1.4.2.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from compliance.errors import ToolError
from compliance.tools.running import ask, now

PROGRAM = "oscap"
#: What `oscap --version` begins with.
_VERSION = re.compile(r"\(oscap\) ([0-9][0-9A-Za-z.+~_-]{0,63})")
#: Exit codes that leave results: nothing failed; something failed, or was an error.
_DONE = frozenset({0, 2})
#: Characters of each of its two streams that are looked at.
_STREAM_READ = 4 << 20
#: Blocks of 512 bytes that it may write into one file, and KiB of memory that it may have.
_BLOCKS, _MEMORY = 2 << 20, 8 << 20
#: Seconds between asking it to end and ending it.
_PATIENCE = 5
_LINES_TOLD = 5
#: Binds the root over itself, so that nobody can write there, names the machine, sets limits, and becomes the tool.
#: Everything comes as a parameter, nothing is put into the text.
_SCRIPT = (
    'mount --bind "$1" "$1" && { mount -o remount,bind,ro,nosuid,nodev "$1" 2>/dev/null || '
    'mount -o remount,bind,ro,nosuid,nodev,noexec "$1"; } && '
    '{ printf %s "$2" > /proc/sys/kernel/hostname 2>/dev/null || true; } && '
    'ulimit -c 0 && ulimit -f "$3" && ulimit -v "$4" && cd "$5" && shift 5 && exec "$@"'
)


class Said(Enum):
    """What lines on its standard error mean for a run. The value is what an auditor reads."""

    PACKAGES = "its look into the package database failed, so that packages may count as absent"
    RPM = "its look for RPM packages failed, so that they count as absent"
    SYSTEM = "it could not read the file system of the target"
    ENGINE = "it told an error of its own"
    REMOTE = "a feed that its content takes from the network was left out; its rules are not checked"
    OFFLINE = "probes of a running system found nothing, as is usual for an image"


#: Words of a line, and what they mean; the first that fits counts.
_MEANS = (
    (re.compile(r"dpkginfo_init|apk.*fail", re.IGNORECASE), Said.PACKAGES),
    (re.compile(r"^E: .*\bRPM:|rpmdb|rpm_init|Unable to open /usr/lib/rpm/", re.IGNORECASE), Said.RPM),
    (re.compile(r"fsdev_init|[Cc]an't read .*/proc|Can't open .*root"), Said.SYSTEM),
    (re.compile(r"OpenSCAP Error|^E: "), Said.ENGINE),
    (re.compile(r"fetch-remote-resources|Skipping .* (?:file|component)"), Said.REMOTE),
    (re.compile(r"offline mode is not supported"), Said.OFFLINE),
)
#: What makes a run worthless, whatever its results say; a root of RPM packages adds RPM.
WORTHLESS = frozenset({Said.PACKAGES, Said.SYSTEM, Said.ENGINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """An installed OpenSCAP. `isolation` is how its root is made read-only: options of unshare."""

    version: str
    isolation: tuple[str, ...]
    as_root: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What to evaluate: absolute paths, a full profile id, `name` for the machine that the tool believes to be on."""

    root: Path
    work: Path
    content: Path
    profile: str
    tailoring: Path | None
    target: str
    name: str
    environment: str
    timeout: float

    @property
    def results(self) -> Path:
        return self.work / "arf.xml"

    def command(self) -> tuple[str, ...]:
        """The argument list of the tool itself."""
        return (
            *(PROGRAM, "xccdf", "eval", "--progress", "--profile", self.profile),
            *(("--tailoring-file", str(self.tailoring)) if self.tailoring else ()),
            *("--results-arf", str(self.results), str(self.content)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """A run that left results. `rules` are the lines `rule:result` that it printed on its way, `said` counts its
    complaints by what they mean, `told` has the first of each."""

    exit_code: int
    started: str
    ended: str
    rules: Mapping[str, str]
    said: Mapping[Said, int]
    told: Mapping[Said, str]
    lines: tuple[str, ...]


def probe() -> Tool:
    """The installed OpenSCAP and how it can be run.

    Raises:
        ToolError: oscap or unshare is absent, or no read-only root can be made here.
    """
    found = _VERSION.search(ask([PROGRAM, "--version"]))
    if found is None:
        raise ToolError((PROGRAM, "--version"), 0, (), "does not tell its version; is it OpenSCAP?")
    as_root = os.geteuid() == 0
    isolation = ("unshare", "--mount", "--net", "--uts", *(() if as_root else ("--user", "--map-root-user")))
    try:
        ask([*isolation, "--", "true"])
    except ToolError as error:
        words = "cannot make the namespaces that keep the target read-only; run as root, or allow user namespaces"
        raise ToolError(error.command, error.exit_code, error.lines, words) from error
    return Tool(version=found[1], isolation=isolation, as_root=as_root)


def whole_command(tool: Tool, asked: Evaluation) -> tuple[str, ...]:
    """The argument list that evaluates in namespaces of its own."""
    parameters = (str(asked.root), asked.name, str(_BLOCKS), str(_MEMORY), str(asked.work))
    return (*tool.isolation, "--", "sh", "-c", _SCRIPT, "sh", *parameters, *asked.command())


def environment_of(asked: Evaluation) -> dict[str, str]:
    """All that the tool sees of the environment."""
    return {
        "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        "LC_ALL": "C",
        "TZ": "UTC",
        "OSCAP_PROBE_ROOT": str(asked.root),
        "OSCAP_EVALUATION_TARGET": asked.target,
        "OSCAP_CONTAINER_VARS": asked.environment,
    }


def evaluate(tool: Tool, asked: Evaluation) -> Evaluated:
    """Run it to its end or its time limit.

    Raises:
        ToolError: it left no results; the words say which exit code means what.
    """
    command = whole_command(tool, asked)
    started = now()
    out, err = asked.work / "stdout", asked.work / "stderr"
    with out.open("wb") as output, err.open("wb") as errors:
        try:
            process = subprocess.Popen(  # noqa: S603 - a fixed list; its values are checked by the caller
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env=environment_of(asked),
                cwd=asked.work,
                start_new_session=True,
            )
        except OSError as error:
            raise ToolError(asked.command(), None, (), f"cannot be started: {error.strerror}") from error
        try:
            code: int | None = process.wait(asked.timeout)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _stop(process)
    lines = _lines(err)
    if code not in _DONE:
        raise ToolError(asked.command(), code, lines[-_LINES_TOLD:], _failed(code, asked.timeout))
    if not asked.results.is_file():
        raise ToolError(asked.command(), code, lines[-_LINES_TOLD:], "ended well and wrote no results")
    said = _said(lines)
    return Evaluated(
        exit_code=code or 0,
        started=started,
        ended=now(),
        rules=_rules(out),
        said={means: len(found) for means, found in said.items()},
        told={means: found[0] for means, found in said.items()},
        lines=lines[-_LINES_TOLD:],
    )


def _failed(code: int | None, timeout: float) -> str:
    if code is None:
        return f"did not end within {timeout:g} seconds and was stopped; it writes results only at its end"
    if code < 0:
        return f"was ended by signal {-code}; it writes results only at its end"
    if code == 1:
        return "could not evaluate: content, profile or place of the results (exit code 1)"
    if 100 <= code < 110:
        return f"does not know an option (exit code {code}); it may be too old"
    return f"ended with exit code {code}, which none of its versions has"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a program that still runs, and everything that it started: asked first, then made to."""
    for how, patience in ((signal.SIGTERM, _PATIENCE), (signal.SIGKILL, None)):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)


def _lines(file: Path) -> tuple[str, ...]:
    """What it wrote, without control characters; of very much, the beginning."""
    with file.open("rb") as stream:
        text = stream.read(_STREAM_READ).decode("utf-8", "replace")
    shown = ("".join(letter if letter.isprintable() else " " for letter in line).strip() for line in text.splitlines())
    return tuple(line[:300] for line in shown if line)


def _rules(file: Path) -> dict[str, str]:
    pairs = (line.rpartition(":") for line in _lines(file))
    return {rule: result for rule, colon, result in pairs if colon and result.isalpha()}


def _said(lines: tuple[str, ...]) -> dict[Said, list[str]]:
    found: dict[Said, list[str]] = {}
    for line in lines:
        means = next((means for words, means in _MEANS if words.search(line)), None)
        if means is not None:
            found.setdefault(means, []).append(line)
    return found


def installed() -> bool:
    """Whether OpenSCAP can be tried at all."""
    return shutil.which(PROGRAM) is not None
