"""Exception types of every layer: what failed, where, and what to do next."""

from __future__ import annotations


class ComplianceError(Exception):
    """Base of every failure that a person can act on; its message says what to do next."""


class UsageError(ComplianceError):
    """A command line or a configuration that cannot be carried out; nothing was written."""


class EvidenceError(ComplianceError):
    """Evidence that cannot be read; everything else is still judged.

    `path` is relative to the argument it came from, `line` is 1-based, `pointer` is an RFC 6901
    pointer inside the document. `kind` is the Kubernetes kind of the document where it could be
    told, else empty text: the checks that read other kinds are not touched by this failure.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str = "",
        document: int | None = None,
        pointer: str = "",
        line: int | None = None,
        kind: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.document = document
        self.pointer = pointer
        self.line = line
        self.kind = kind

    def __str__(self) -> str:
        place = self.path
        if self.line is not None:
            place += f" line {self.line}"
        if self.pointer:
            place += f" at {self.pointer}"
        return f"{place}: {self.message}" if place else self.message


class CatalogError(ComplianceError):
    """A catalog or a mapping file that does not keep to its schema, or names what does not exist."""


class ExportError(ComplianceError):
    """An output that could not be made or does not keep to its own schema."""


class ToolError(ComplianceError):
    """An outside program that is absent, failed or ran out of time.

    `command` is its argument list, `exit_code` None when it never ended by itself, `lines` the last it
    wrote to standard error, without control characters.
    """

    def __init__(self, command: tuple[str, ...], exit_code: int | None, lines: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.command = command
        self.exit_code = exit_code
        self.lines = lines
        self.message = message

    def __str__(self) -> str:
        told = f"; it said: {' | '.join(self.lines)}" if self.lines else ""
        return f"{' '.join(self.command[:1])} {self.message}{told}"


class OutputError(ComplianceError):
    """The packet could not be put in its place; the old one is untouched."""
