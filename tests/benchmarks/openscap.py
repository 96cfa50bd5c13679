"""What reading an ARF of 34 MB costs against bare expat, and what our wrapper adds to OpenSCAP itself.

`python -m tests.benchmarks.openscap FOLDER` prints lines of JSON; with a second argument it reads the ARF in FOLDER,
in a process that has held nothing before. Where OpenSCAP or its content for Debian 11 is not
installed, the ARF is one of our own making and the second line is left out. The root that is evaluated has an operating
system's name and nothing else: the less OpenSCAP has to do, the more what we add weighs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from compliance.errors import ToolError
from compliance.evidence.rules.xccdf_parsing import PIECE, parse
from compliance.pipeline import scanning
from compliance.pipeline.scanning import ScanRequest
from compliance.pipeline.unpacking import unpack
from compliance.tools import oscap
from tests.evidence.rules.xccdf_documents import RuleText, Run, oval
from tests.pipeline.openscap_images import DEBIAN, write_image

CONTENT = Path("/usr/share/xml/scap/ssg/content/ssg-debian11-ds.xml")
SIZE = 34_000_000
LARGE = "arf-34.xml"
ROUNDS = 7


def main() -> None:
    """Measure both."""
    folder = Path(sys.argv[1])
    if len(sys.argv) > 2:
        print(json.dumps(reading(folder / LARGE)))
        return
    folder.mkdir(parents=True, exist_ok=True)
    tool = _tool()
    small = _evaluated(folder, tool) if tool is not None else _made()
    (folder / LARGE).write_bytes(_padded(small))
    subprocess.run([sys.executable, "-m", "tests.benchmarks.openscap", str(folder), "read"], check=True)
    if tool is not None:
        print(json.dumps(wrapping(folder, tool)))


def _tool() -> oscap.Tool | None:
    if not oscap.installed() or not CONTENT.exists():
        return None
    try:
        return oscap.probe()
    except ToolError:
        return None


def _request(folder: Path, name: str) -> ScanRequest:
    image = folder / "image.tar"
    write_image(image, DEBIAN)
    return ScanRequest(what=str(image), content=str(CONTENT), profile="standard", folder=folder / name)


def _evaluated(folder: Path, tool: oscap.Tool) -> bytes:
    """The ARF of a real run."""
    name = f"evidence-{time.time_ns()}"
    (done,) = scanning.scan_all(scanning.plan(_request(folder, name)), tool)
    if not isinstance(done, scanning.Scanned):
        raise done
    return done.results.read_bytes()


def _made() -> bytes:
    rules = [RuleText(name=f"r{number}", said="fail" if number % 9 else "pass") for number in range(1500)]
    return Run(rules=rules).arf(oval("", "", '<unix:file_item id="1" status="exists"/>'))


def _padded(arf: bytes) -> bytes:
    """The ARF with the largest part of its content repeated where it stands, until it has the size."""
    for tag in (b"oval_definitions", b"Benchmark"):
        start = next(_places(arf, tag), None)
        if start is not None:
            name = arf[start + 1 : arf.index(tag, start) + len(tag)]
            end = arf.index(b"</" + name + b">", start) + len(name) + 3
            return arf[:end] + arf[start:end] * ((SIZE - len(arf)) // (end - start)) + arf[end:]
    raise ValueError("an ARF without content")


def _places(arf: bytes, tag: bytes) -> Iterator[int]:
    """Where elements of a name begin."""
    at = arf.find(tag)
    while at >= 0:
        start = arf.rfind(b"<", 0, at)
        if b"/" not in arf[start:at] and b" " not in arf[start:at]:
            yield start
        at = arf.find(tag, at + 1)


# -- reading -------------------------------------------------------------------------------------------------


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece


def _bare(path: Path) -> None:
    """Expat alone with handlers that do nothing, which is the least that reading elements in Python takes."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda _, __: None
    parser.EndElementHandler = lambda _: None
    for piece in _pieces(path):
        parser.Parse(piece, False)
    parser.Parse(b"", True)


def _peak(*, reset: bool = False) -> int:
    """The most bytes that this process has held since the last reset."""
    if reset:  # Source: proc(5), /proc/PID/clear_refs
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def reading(path: Path) -> dict[str, float]:
    """CPU seconds of the quickest round of each, in turn, and the memory that reading adds to the process."""
    before = _peak(reset=True)
    parse(_pieces(path))
    after = _peak()
    ours, bare = [], []
    for _ in range(ROUNDS):
        started = time.process_time()
        parse(_pieces(path))
        ours.append(time.process_time() - started)
        started = time.process_time()
        _bare(path)
        bare.append(time.process_time() - started)
    return {
        "bytes": path.stat().st_size,
        "cpu_s": min(ours),
        "limit_s": min(bare),
        "memory": after - before,
    }


# -- wrapping ------------------------------------------------------------------------------------------------


def _used() -> float:
    """CPU seconds of this process and of all that it has waited for."""
    return sum(os.times()[:4])


def wrapping(folder: Path, tool: oscap.Tool) -> dict[str, float]:
    """CPU seconds of OpenSCAP alone and of our run of it over the same root, in turn: the quickest of each."""
    (one,) = scanning.plan(_request(folder, f"evidence-{time.time_ns()}"))
    private = folder / f"root-{time.time_ns()}"
    private.mkdir()
    unpacked = unpack(one.found, private)
    bare, ours = [], []
    for number in range(ROUNDS):
        work = folder / f"{private.name}-{number}"
        work.mkdir()
        asked = one.evaluation(unpacked.root.resolve(), work.resolve())
        started = _used()
        subprocess.run(
            asked.command(), env=oscap.environment_of(asked), cwd=work, stdout=subprocess.DEVNULL, check=False
        )
        bare.append(_used() - started)
        started = _used()
        scanning.content_of(one.request)
        scanning.results_of(one, tool, asked, unpacked)
        ours.append(_used() - started)
    return {"cpu_s": min(ours), "limit_s": min(bare)}


if __name__ == "__main__":
    main()
