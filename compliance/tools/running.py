"""Runs one outside program to its end or its time limit: argument list in, times and exit code out; never a shell."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from compliance.errors import ToolError

#: Lines, and bytes, of what a program said at its end that are told when it fails.
_LINES_TOLD = 5
_BYTES_READ = 4096
#: Bytes of an answer (a version) that are read.
_ANSWER = 64 * 1024
#: Seconds that a program may take to say its version.
_VERSION_TIMEOUT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A program that ended with exit code 0; times are ISO 8601 UTC to the second."""

    started: str
    ended: str
    said: str


def available(program: str) -> bool:
    """Whether a program is on PATH."""
    return shutil.which(program) is not None


def ask(arguments: Sequence[str]) -> str:
    """What a program answers to a question such as its version, without spaces at the ends.

    Raises:
        ToolError: it is absent, failed, or did not answer in time.
    """
    return run(arguments, _VERSION_TIMEOUT).said.strip()


def run(arguments: Sequence[str], timeout: float, answer: IO[bytes] | None = None) -> Ran:
    """Run a program, with no input, for at most `timeout` seconds; `said` is the beginning of its output.

    All of its output goes into `answer`, where a file is given; `said` is then empty.

    Raises:
        ToolError: it is absent, ended with another exit code than 0, or ran out of time (then it is stopped, with
            all that it started).
    """
    started = now()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(  # noqa: S603 - a fixed list, no shell; its values are checked by the caller
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output if answer is None else answer,
                stderr=errors,
                env={**os.environ, "LC_ALL": "C"},
                start_new_session=True,
            )
        except OSError as error:
            raise ToolError(tuple(arguments), None, (), f"cannot be started: {error.strerror}") from error
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            words = f"did not end within {timeout:g} seconds and was stopped"
            raise ToolError(tuple(arguments), None, _last_lines(errors), words) from error
        finally:
            _stop(process)
        if code != 0:
            raise ToolError(tuple(arguments), code, _last_lines(errors), f"ended with exit code {code}")
        output.seek(0)
        return Ran(started=started, ended=now(), said=output.read(_ANSWER).decode("utf-8", "replace"))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a program that still runs, and everything that it started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_lines(errors: IO[bytes]) -> tuple[str, ...]:
    """The last lines that a program wrote, without control characters."""
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _BYTES_READ))
    lines = errors.read().decode("utf-8", "replace").splitlines()
    shown = ("".join(letter if letter.isprintable() else "?" for letter in line).strip() for line in lines)
    return tuple([line for line in shown if line][-_LINES_TOLD:])


def now() -> str:
    """The time, ISO 8601 UTC to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
