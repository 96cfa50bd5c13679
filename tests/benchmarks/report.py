"""Runs every measurement on one machine in one go and writes them as a Markdown table of ratios.

`python -m tests.benchmarks.report --out FILE [--into README.md]`. BENCH_SIZES (default `1000 10000 50000`) are the
sizes of the last measurement; BENCH_ONLY, letters a to e, takes some of the measurements only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import inputs, peers
from tests.benchmarks.measuring import PACKET_WRITTEN, Usage, machine, measure, median

REPEATS = 3
#: Deployments that give about 20,000 observations.
PACKET_DEPLOYMENTS = int(os.environ.get("BENCH_PACKET_DEPLOYMENTS", "245"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    what: str
    measured: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where inputs, logs, packets and caches of this run lie."""

    build: Path

    def deployments(self, count: int, *, per_file: int) -> Path:
        return inputs.write(self.build / "inputs" / f"{count}-by-{per_file}", count, per_file=per_file)

    def assess(self, folder: Path, *arguments: str, cache: bool = False, jobs: int = 1, formats: str = "json") -> Usage:
        """One run of ours over a folder, with a packet that is thrown away."""
        packet = self.build / "packet"
        shutil.rmtree(packet, ignore_errors=True)
        command = [str(Path(sys.executable).parent / "compliance"), "assess", str(folder), "-o", str(packet)]
        command += ["--format", formats, "--jobs", str(jobs), "--log-format", "json"]
        command += ["--as-of", "2026-09-01T00:00:00Z", *arguments]
        if not cache:
            command.append("--no-cache")
        return measure(
            command,
            log=self.build / "logs" / "ours.log",
            fine=PACKET_WRITTEN,
            environment={"XDG_CACHE_HOME": str(self.build / "cache")},
        )

    def observations(self) -> int:
        """How many observations the last packet holds."""
        with (self.build / "packet" / "observations.jsonl").open("rb") as lines:
            return sum(1 for _ in lines)


def against_peers(bench: Bench) -> Iterator[Row]:
    """(a) 1,000 Deployments of two containers, a file each."""
    folder = bench.deployments(1000, per_file=1)
    ours = median([bench.assess(folder) for _ in range(REPEATS)])
    yield Row(
        what="(a) 1,000 Deployments, all checks, JSON",
        measured=f"{ours.cpu:.1f} s CPU, {_mb(ours.memory)} peak",
        target="under 200 MB",
    )
    for peer, target in zip(peers.PEERS, ("at least 10x", "at least 4x"), strict=True):
        version = peers.install(peer, bench.build)
        if not version:
            yield Row(what=f"(a) {peer.name}", measured="not measured: not installable here", target=target)
            continue
        theirs = measure(
            peer.command(bench.build, folder), log=bench.build / "logs" / f"{peer.name}.log", fine=peer.fine
        )
        yield Row(
            what=f"(a) {peer.name} ({peer.package} {version}) on the same files",
            measured=f"{theirs.cpu:.1f} s CPU, {_mb(theirs.memory)} peak: **{theirs.cpu / ours.cpu:.1f}x our CPU**",
            target=target,
        )


def packet_formats(bench: Bench) -> Iterator[Row]:
    """(b) What it costs to write the formats for about 20,000 observations."""
    folder = bench.deployments(PACKET_DEPLOYMENTS, per_file=1)
    light = median([bench.assess(folder, formats="json,html,oscal,csv,sarif") for _ in range(REPEATS)])
    count = bench.observations()
    yield Row(
        what=f"(b) all formats but PDF, {count:,} observations, writing only",
        measured=f"**{light.phases.get('write', light.cpu):.1f} s CPU**, {_mb(light.memory)} peak of the whole run",
        target="under 5 s",
    )
    pdf = bench.assess(folder, formats="pdf")
    yield Row(
        what=f"(b) PDF, {count:,} observations, writing only",
        measured=f"**{pdf.phases.get('write', pdf.cpu):.1f} s CPU**, {_mb(pdf.memory)} peak of the whole run",
        target="under 60 s, 700 MB",
    )


def two_jobs(bench: Bench) -> Iterator[Row]:
    """(c) 10,000 Deployments with one process and with two, in turn."""
    folder = bench.deployments(10_000, per_file=25)
    pairs = [(bench.assess(folder, jobs=1), bench.assess(folder, jobs=2)) for _ in range(2)]
    one, two = median([pair[0] for pair in pairs]), median([pair[1] for pair in pairs])
    yield Row(
        what="(c) 10,000 Deployments, `--jobs 2` against `--jobs 1`",
        measured=f"{one.wall:.1f} s to {two.wall:.1f} s wall: **{one.wall / two.wall:.2f}x**",
        target="at least 1.6x",
    )


def second_run(bench: Bench) -> Iterator[Row]:
    """(d) The reading phase again over evidence that has not changed."""
    folder = bench.deployments(10_000, per_file=25)
    shutil.rmtree(bench.build / "cache", ignore_errors=True)
    first, second = bench.assess(folder, cache=True), bench.assess(folder, cache=True)
    reading = first.phases.get("read", 0.0), second.phases.get("read", 0.0)
    ratio = f"**{reading[0] / reading[1]:.1f}x**" if reading[1] else "no phase times in the log"
    yield Row(
        what="(d) 10,000 Deployments unchanged, reading phase of the second run",
        measured=f"{reading[0]:.2f} s to {reading[1]:.2f} s CPU: {ratio}; "
        f"whole run {first.cpu:.1f} s to {second.cpu:.1f} s",
        target="at least 10x",
    )


def sizes(bench: Bench) -> Iterator[Row]:
    """(e) CPU for each object as their number grows, and what `--help` costs."""
    found = []
    for size in map(int, os.environ.get("BENCH_SIZES", "1000 10000 50000").split()):
        run = bench.assess(bench.deployments(size, per_file=25))
        found.append(f"{size:,}: {run.cpu / size * 1000:.2f} ms, {_mb(run.memory)} peak")
    yield Row(what="(e) CPU for each Deployment, and memory", measured="; ".join(found), target="constant")
    program = str(Path(sys.executable).parent / "compliance")
    runs = [measure([program, "--help"], log=bench.build / "logs" / "help.log") for _ in range(5)]
    yield Row(what="(e) `compliance --help`", measured=f"**{median(runs).cpu:.2f} s CPU**", target="under 0.3 s")


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"


SECTIONS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "a": against_peers,
    "b": packet_formats,
    "c": two_jobs,
    "d": second_run,
    "e": sizes,
}


def put_into(page: Path, table: str) -> None:
    """Replace what stands between the benchmark markers of a page."""
    before, rest = page.read_text().split("<!-- benchmarks:start -->\n", 1)
    _, after = rest.split("<!-- benchmarks:end -->", 1)
    page.write_text(f"{before}<!-- benchmarks:start -->\n{table}\n<!-- benchmarks:end -->{after}")


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--into", type=Path, help="put the table between the benchmark markers of this file, too")
    asked = parser.parse_args()
    out = asked.out.absolute()
    bench = Bench(build=out.parent / "bench")
    lines = ["| what | measured | target |", "| --- | --- | --- |"]
    for letter in os.environ.get("BENCH_ONLY", "".join(SECTIONS)):
        for row in SECTIONS[letter](bench):
            print(f"bench: {row.what}: {row.measured}", file=sys.stderr)
            lines.append(f"| {row.what} | {row.measured} | {row.target} |")
    lines += ["", f"Measured on: {machine()}. Whole processes; ours are medians, peers are single runs."]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(lines) + "\n")
    if asked.into is not None:
        put_into(asked.into, "\n".join(lines))


if __name__ == "__main__":
    main()
