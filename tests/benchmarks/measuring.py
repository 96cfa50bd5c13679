"""Runs a command as a whole process and reads what the operating system counted of it."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: Exit codes of ours that still mean a packet was written.
PACKET_WRITTEN = (0, 1, 3)


class BenchmarkError(Exception):
    """A command under measurement failed; its last lines say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """CPU and wall in seconds; `memory` is the peak of the largest process in bytes; `phases` as our log tells them."""

    cpu: float
    wall: float
    memory: int
    phases: Mapping[str, float] = field(default_factory=dict)


def measure(
    command: Sequence[str],
    *,
    log: Path,
    fine: Sequence[int] = (0,),
    environment: Mapping[str, str] | None = None,
) -> Usage:
    """What one run of a command used, its children included; everything it prints goes to `log`.

    Raises:
        BenchmarkError: it ended with a code that is not in `fine`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    if process.returncode not in fine:
        last = log.read_text(errors="replace").strip().splitlines()[-5:]
        raise BenchmarkError(f"{' '.join(command)} ended with {process.returncode}: {' / '.join(last)}")
    return Usage(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=wall,
        memory=usage.ru_maxrss * 1024,
        phases=_phases(log),
    )


def _phases(log: Path) -> dict[str, float]:
    """CPU seconds by phase, from the lines of `--log-format json` among what was printed."""
    found: dict[str, float] = {}
    with log.open("rb") as lines:  # line by line: a child's peak memory begins at what this process holds
        for line in lines:
            if line.startswith(b"{") and b'"phase"' in line and b'"cpu_s"' in line:
                record = json.loads(line)
                found[record["phase"]] = float(record["cpu_s"])
    return found


def median(runs: Sequence[Usage]) -> Usage:
    """Each figure's median by itself."""
    names = {name for run in runs for name in run.phases}
    return Usage(
        cpu=statistics.median(run.cpu for run in runs),
        wall=statistics.median(run.wall for run in runs),
        memory=int(statistics.median(run.memory for run in runs)),
        phases={name: statistics.median(run.phases.get(name, 0.0) for run in runs) for name in sorted(names)},
    )


def machine() -> str:
    """The machine in one line: processor, cores, system, Python."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, {platform.system()} {platform.release()}, Python {sys.version.split()[0]}"
