"""An image reference as a container names it, taken apart by the rules of the distribution project."""

from __future__ import annotations

from typing import NamedTuple

_DOCKER_HUB = ("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")


class ImageReference(NamedTuple):
    """`registry` and `repository` in full (`docker.io`, `library/nginx`); tag and digest None when not named.

    `digest` is with its algorithm: `sha256:...`, as written.
    """

    registry: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def path(self) -> str:
        """Registry and repository: `docker.io/library/nginx`."""
        return f"{self.registry}/{self.repository}"

    def is_pinned(self) -> bool:
        """Whether the digest is a whole sha256, so that the content cannot change."""
        if self.digest is None:
            return False
        algorithm, _, value = self.digest.partition(":")
        return algorithm == "sha256" and len(value) == 64 and not value.strip("0123456789abcdef")

    def lies_below(self, entry: str) -> bool:
        """Whether registry and repository are, or lie below, an entry of an approved list.

        An entry is a registry or a path in one; `*.` before it stands for any host below.
        """
        plain = entry.strip().removeprefix("https://").rstrip("/")
        if plain.startswith("*."):
            domain, _, folder = plain[1:].partition("/")
            if not self.registry.endswith(domain):
                return False
            return not folder or f"{self.repository}/".startswith(f"{folder}/")
        return self.path == plain or self.path.startswith(f"{plain}/")


def image_reference(text: str) -> ImageReference:
    """Take a reference apart; whatever the text, something is given back.

    The first part is a registry when it holds a dot or a colon, or is `localhost`; else the image
    is Docker Hub's.
    Source: distribution/reference, "ParseNormalizedNamed".
    """
    named, _, digest = text.strip().partition("@")
    first, slash, rest = named.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, remainder = first, rest
    else:
        registry, remainder = "docker.io", named
    name, colon, tag = remainder.rpartition(":")
    if not colon:
        name, tag = remainder, ""
    if registry in _DOCKER_HUB:
        registry = "docker.io"
    if registry == "docker.io" and "/" not in name:
        name = f"library/{name}"
    return ImageReference(registry, name, tag or None, digest or None)
