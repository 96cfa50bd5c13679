"""Runs an exporter into memory."""

from __future__ import annotations

from compliance.model.assessment import Assessment, Exporter, Options


def written(exporter: Exporter, assessment: Assessment, options: Options | None = None) -> dict[str, bytes]:
    """The files of an export by their path in the packet."""
    return {file.path: b"".join(file.chunks) for file in exporter.write(assessment, options or Options())}
