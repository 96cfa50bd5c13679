"""The parts of README.md that the program itself says; `make docs` (this module, run) writes them anew."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


def said(*arguments: str) -> str:
    """What the installed command prints on a terminal of 100 columns."""
    program = Path(sys.executable).parent / "compliance"
    done = subprocess.run(
        [str(program), *arguments],
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def fenced(*commands: tuple[str, ...]) -> str:
    """Commands and what they print, as one block of text."""
    shown = "\n\n".join(f"$ compliance {' '.join(command)}\n{said(*command)}" for command in commands)
    return f"```text\n{shown}\n```"


#: Marker in README.md, and what stands between it and its end marker.
BLOCKS: dict[str, Callable[[], str]] = {
    "help": lambda: fenced(("--help",), ("assess", "--help")),
    "coverage": lambda: fenced(("catalog", "coverage")),
}


def block(text: str, name: str) -> str:
    """What stands between the markers of a block today.

    Raises:
        ValueError: the markers are not there once each.
    """
    found = re.findall(rf"<!-- {name}:start -->\n(.*?)<!-- {name}:end -->", text, flags=re.DOTALL)
    if len(found) != 1:
        raise ValueError(f"README.md holds {len(found)} blocks marked {name}; it needs one")
    return str(found[0]).strip("\n")


def renewed(text: str) -> str:
    """The text with every block as the program says it now."""
    for name, make in BLOCKS.items():
        block(text, name)
        before, rest = text.split(f"<!-- {name}:start -->\n", 1)
        _, after = rest.split(f"<!-- {name}:end -->", 1)
        text = f"{before}<!-- {name}:start -->\n{make()}\n<!-- {name}:end -->{after}"
    return text


if __name__ == "__main__":
    README.write_text(renewed(README.read_text()))
