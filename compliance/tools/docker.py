"""docker: saves an image that the local engine has into a tar archive; it neither pulls nor changes anything."""

from __future__ import annotations

from compliance.tools.running import ask

PROGRAM = "docker"


def version() -> str:
    """That of the client: `28.2.2`.

    Raises:
        ToolError: docker is absent or does not say.
    """
    return ask([PROGRAM, "--version"]).removeprefix("Docker version ").split(",")[0]


def save(reference: str, target: str, *, platform: str) -> tuple[str, ...]:
    """The argument list that saves `reference` into the archive `target`."""
    return (PROGRAM, "save", *(("--platform", platform) if platform else ()), "--output", target, reference)
