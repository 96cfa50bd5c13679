"""Runs every measurement on one machine in one go and writes them as a Markdown table of ratios.

`python -m tests.benchmarks.report --out FILE [--into README.md]`. BENCH_SIZES (default `1000 10000 50000`) are the
sizes of the last measurement; BENCH_ONLY, letters a to l, takes some of the measurements only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import fleet as proven_images
from tests.benchmarks import images, inputs, nodes, peers
from tests.benchmarks.measuring import PACKET_WRITTEN, Usage, machine, measure, median

REPEATS = 3
#: Images with all their proof.
FLEET = 500
#: Nodes of a large cluster.
NODES = 5000
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


def large_image(bench: Bench) -> Iterator[Row]:
    """(f) An image of 500 MB and 8,000 files against merely inflating and hashing it, and against a peer."""
    folder = images.large(bench.build / "inputs" / "image-large")
    archive = folder / "image.tar"
    limit_command = [sys.executable, "-m", "tests.benchmarks.inflating", str(archive)]
    pairs = [
        (bench.assess(folder), measure(limit_command, log=bench.build / "logs" / "inflate.log")) for _ in range(REPEATS)
    ]
    ours, limit = median([pair[0] for pair in pairs]), median([pair[1] for pair in pairs])
    judged = ours.phases["images"] + ours.phases["evaluate"]
    yield Row(
        what="(f) image of 500 MB in 8,000 files, read, verified and judged, against inflating and hashing it only",
        measured=f"{judged:.2f} s against {limit.phases['inflate']:.2f} s CPU: "
        f"**{limit.phases['inflate'] / judged:.0%} of its speed**, {_mb(ours.memory)} peak of the whole run",
        target="60 %, under 150 MB",
    )
    yield from _trivy_on_image(bench, archive, ours)


def _trivy_on_image(bench: Bench, archive: Path, ours: Usage) -> Iterator[Row]:
    """The peer on the same image: configuration and packages only, no vulnerability database."""
    peer = peers.PEERS[0]
    version = peers.install(peer, bench.build)
    layout = bench.build / "inputs" / "image-large-layout"
    if not layout.exists():
        with tarfile.open(archive) as packed:
            packed.extractall(layout, filter="data")
    if version:
        theirs = measure(peers.on_image(bench.build, layout), log=bench.build / "logs" / "trivy-image.log")
        measured = f"{theirs.cpu:.1f} s CPU, {_mb(theirs.memory)} peak: **{theirs.cpu / ours.cpu:.1f}x our CPU**"
    else:
        measured = "not measured: not installable here"
    yield Row(
        what=f"(f) trivy {version} on the same image, misconfiguration and package list, whole processes",
        measured=measured,
        target="at least 2x",
    )


def shared_layers(bench: Bench) -> Iterator[Row]:
    """(g) 50 images that have a layer of 60 MB in common, and the same again unchanged."""
    one = bench.assess(images.shared(bench.build / "inputs" / "images-1", 1))
    folder = images.shared(bench.build / "inputs" / "images-50", 50)
    shutil.rmtree(bench.build / "cache", ignore_errors=True)
    first, second = bench.assess(folder, cache=True), bench.assess(folder, cache=True)
    yield Row(
        what="(g) 50 images with a layer of 60 MB in common, a copy each, against one such image",
        measured=f"{one.phases['images']:.2f} s to {first.phases['images']:.2f} s CPU to read them: "
        f"**{first.phases['images'] / one.phases['images']:.1f}x for 50 images**, {_mb(first.memory)} peak",
        target="the layer is read once",
    )
    yield Row(
        what="(g) the same 50 images unchanged, second run",
        measured=f"{first.phases['images']:.2f} s to {second.phases['images']:.2f} s CPU (hashing only)",
        target="not read again",
    )


def large_sbom(bench: Bench) -> Iterator[Row]:
    """(h) A CycloneDX file of 20 MB against decoding it typed."""
    folder = images.sbom(bench.build / "inputs" / "sbom-large")
    command = [sys.executable, "-m", "tests.benchmarks.decoding", str(folder / "large.cdx.json")]
    limit = median([measure(command, log=bench.build / "logs" / "decode.log") for _ in range(REPEATS)])
    small = images.sbom(bench.build / "inputs" / "sbom-small", components=10)
    runs = [(bench.assess(folder), bench.assess(small)) for _ in range(REPEATS)]
    # what a file of ten components costs is start-up: importing readers and checks
    judged = min(_sbom_cpu(large) for large, _ in runs) - min(_sbom_cpu(little) for _, little in runs)
    yield Row(
        what="(h) CycloneDX file of 20 MB, hashed, read and judged, against msgspec decoding it typed",
        measured=f"{judged * 1000:.0f} ms against {limit.phases['decode'] * 1000:.0f} ms CPU: "
        f"**{judged / limit.phases['decode']:.1f}x**",
        target="under 4x",
    )


def proof(bench: Bench) -> Iterator[Row]:
    """(i) Statements verified and a scan read, against the libraries underneath."""
    log = bench.build / "logs" / "proof.log"
    measure([sys.executable, "-m", "tests.benchmarks.proof"], log=log)
    verified, scanned = (json.loads(line) for line in log.read_text().splitlines()[:2])
    yield Row(
        what="(i) 1,000 DSSE statements verified, against bare verification by `cryptography`",
        measured=f"{verified['cpu_s'] * 1000:.0f} ms against {verified['limit_s'] * 1000:.0f} ms CPU: "
        f"**{verified['limit_s'] / verified['cpu_s']:.0%} of its rate**",
        target="70 %",
    )
    yield Row(
        what=f"(i) Trivy report of {scanned['bytes'] / 1e6:.0f} MB read, against msgspec decoding it typed",
        measured=f"{scanned['cpu_s'] * 1000:.0f} ms against {scanned['limit_s'] * 1000:.0f} ms CPU: "
        f"**{scanned['cpu_s'] / scanned['limit_s']:.1f}x**",
        target="under 4x",
    )


def fleet(bench: Bench) -> Iterator[Row]:
    """(j) Images with an SBOM, a scan and two attestations each, joined and judged: half of them, and all."""
    runs = []
    for count in (FLEET // 2, FLEET):
        folder = proven_images.write(bench.build / "inputs" / f"fleet-{count}", count)
        runs.append(bench.assess(folder, "-c", str(folder.with_suffix(".yaml"))))
    half, whole = runs
    evidence = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    grown = (whole.memory - half.memory) / (FLEET - FLEET // 2)
    yield Row(
        what=f"(j) {FLEET} images, each with an SBOM, a scan and two attestations, joined and judged",
        measured=f"{whole.cpu:.1f} s CPU, **{_mb(whole.memory)} peak**; {_mb(half.memory)} for half of them: "
        f"{grown / 1000:,.0f} kB for each image more, of {evidence / FLEET / 1000:,.0f} kB of evidence",
        target="under 300 MB",
    )


def openscap(bench: Bench) -> Iterator[Row]:
    """(k) An ARF of 34 MB read, and OpenSCAP run through our command, where it is installed."""
    log = bench.build / "logs" / "openscap.log"
    folder = bench.build / "inputs" / "openscap"
    measure([sys.executable, "-m", "tests.benchmarks.openscap", str(folder)], log=log)
    read, *wrapped = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
    yield Row(
        what=f"(k) ARF of {read['bytes'] / 1e6:.0f} MB read, against expat with handlers that do nothing",
        measured=f"{read['cpu_s'] * 1000:.0f} ms against {read['limit_s'] * 1000:.0f} ms CPU: "
        f"**{read['cpu_s'] / read['limit_s']:.1f}x**, {_mb(read['memory'])} of memory",
        target="under 2x, 30 MB",
    )
    for run in wrapped:
        yield Row(
            what="(k) OpenSCAP through our command, image unpacked before, against OpenSCAP alone",
            measured=f"{run['cpu_s']:.2f} s against {run['limit_s']:.2f} s CPU: "
            f"**{run['cpu_s'] / run['limit_s'] - 1:.0%} more**",
            target="under 15 %",
        )


def large_cluster(bench: Bench) -> Iterator[Row]:
    """(l) A dump of 5,000 nodes, each with its kube-proxy, against as many Deployments."""
    folder = nodes.write(bench.build / "inputs" / f"nodes-{NODES}", NODES)
    ours = median([bench.assess(folder) for _ in range(REPEATS)])
    deployments = median([bench.assess(bench.deployments(NODES, per_file=25)) for _ in range(REPEATS)])
    yield Row(
        what=f"(l) {NODES:,} nodes and their kube-proxies in one dump, CPU for each object against a Deployment's",
        measured=f"{ours.cpu:.1f} s CPU, {_mb(ours.memory)} peak: **{ours.cpu / deployments.cpu / 2:.2f}x**",
        target="at most 1x",
    )


def _sbom_cpu(run: Usage) -> float:
    return run.phases["read"] + run.phases["evaluate"]


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"


SECTIONS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "a": against_peers,
    "b": packet_formats,
    "c": two_jobs,
    "d": second_run,
    "e": sizes,
    "f": large_image,
    "g": shared_layers,
    "h": large_sbom,
    "i": proof,
    "j": fleet,
    "k": openscap,
    "l": large_cluster,
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
