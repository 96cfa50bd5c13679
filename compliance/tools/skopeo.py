"""skopeo: copies an image from a registry or an archive into an OCI layout folder."""

from __future__ import annotations

from compliance.tools.running import ask

PROGRAM = "skopeo"
#: Not one platform, but all of a list.
ALL = "all"


def version() -> str:
    """`1.9.3`.

    Raises:
        ToolError: skopeo is absent or does not say.
    """
    return ask([PROGRAM, "--version"]).removeprefix("skopeo version ").split(" ")[0]


def copy(source: str, target: str, *, platform: str, authfile: str) -> tuple[str, ...]:
    """The argument list that copies `source` to `target` (both with their transport: `docker://`, `oci:`).

    `platform` is `os/arch`, `os/arch/variant`, ALL or empty text (Linux on this machine's architecture).
    Skopeo then fails rather than change a digest: manifests and layers stay byte by byte as they are.
    """
    words = [PROGRAM]
    if platform != ALL:
        system, _, rest = (platform or "linux").partition("/")
        architecture, _, variant = rest.partition("/")
        words += ["--override-os", system]
        words += ["--override-arch", architecture] if architecture else []
        words += ["--override-variant", variant] if variant else []
    words += ["copy", "--quiet", "--preserve-digests"]
    words += ["--all"] if platform == ALL else []
    words += ["--src-authfile", authfile] if authfile else []
    return (*words, source, target)
