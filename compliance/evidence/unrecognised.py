"""Says in words what a file that no reader knows seems to be, so that nobody thinks it was judged."""

from __future__ import annotations

import re

#: What the first bytes of well-known evidence look like. The first match counts.
_LOOKS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"<rdf:RDF[^>]{0,2000}spdx\.org/rdf|xmlns:spdx="), "an SPDX SBOM in RDF; hand in its JSON form"),
    (re.compile(rb"^spdxVersion\s*:", re.MULTILINE), "an SPDX SBOM in YAML; hand in its JSON form"),
    (
        re.compile(rb"cyclonedx\.v1_\d|<(?:\w+:)?bom\b"),
        "a bill of materials of a form that is not read; hand in CycloneDX",
    ),
    (re.compile(rb'"SchemaVersion"\s*:\s*2.{0,4000}"ArtifactName"', re.DOTALL), "a Trivy report"),
    (re.compile(rb'"ArtifactName"|"ArtifactType"'), "a Trivy report"),
    (re.compile(rb'"matches"\s*:\s*\[.{0,4000}"vulnerability"', re.DOTALL), "a Grype report"),
    (re.compile(rb'"\$schema"\s*:\s*"[^"]*sarif|"version"\s*:\s*"2\.1\.0".{0,2000}"runs"', re.DOTALL), "a SARIF log"),
    (re.compile(rb'"payloadType"\s*:\s*"application/vnd\.in-toto'), "a signed attestation (DSSE envelope)"),
    (re.compile(rb'"mediaType"\s*:\s*"application/vnd\.dev\.sigstore\.bundle'), "a Sigstore bundle"),
    (re.compile(rb'"_type"\s*:\s*"https://in-toto\.io/Statement'), "an unsigned in-toto statement"),
    (re.compile(rb'"bomFormat"\s*:\s*"CycloneDX"'), "a document with a CycloneDX SBOM inside"),
    (re.compile(rb'"spdxVersion"'), "a document with an SPDX SBOM inside"),
    (re.compile(rb"openvex"), "an OpenVEX document"),
    (re.compile(rb'"imageLayoutVersion"|"mediaType"\s*:\s*"application/vnd\.oci\.image'), "a part of an OCI image"),
    (re.compile(rb'"RootFS".{0,4000}"Layers"|"rootfs"\s*:', re.DOTALL), "an image configuration"),
    (re.compile(rb'"HostConfig"\s*:'), "a docker inspect result"),
    (
        re.compile(rb'"buildahVersion"\s*:|"Podman Engine"', re.IGNORECASE),
        "what Podman says of itself; no benchmark of Docker asks about it",
    ),
    (re.compile(rb"asset-report-collection|<(?:\w+:)?arf:"), "an OpenSCAP result (ARF)"),
    (re.compile(rb"<(?:\w+:)?TestResult|<(?:\w+:)?Benchmark"), "an XCCDF document"),
    (re.compile(rb'"Controls"\s*:\s*\[.{0,2000}"node_type"', re.DOTALL), "a kube-bench report"),
    (re.compile(rb"^[ \t]*FROM[ \t]+\S", re.MULTILINE | re.IGNORECASE), "a Dockerfile"),
    (re.compile(rb"^\x1f\x8b"), "a gzip archive"),
    (re.compile(rb"^PK\x03\x04"), "a zip archive"),
    (re.compile(rb"^%PDF-"), "a PDF document"),
    (re.compile(rb"^\x89PNG|^\xff\xd8\xff|^GIF8"), "a picture"),
    (re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"), "a private key, which does not belong in evidence"),
    (re.compile(rb"-----BEGIN [A-Z ]+-----"), "a PEM certificate or key"),
)
_CONFIGURATION = re.compile(
    rb"^(system|frameworks|parameters|expected|responsibility|reviews|deviations)\s*:", re.MULTILINE
)


def describe(head: bytes, path: str) -> str:
    """One sentence on what a file seems to be, from its first bytes; never empty."""
    if not head.strip(b"\x00 \t\r\n"):
        return "the file is empty"
    if head[257:262] == b"ustar":
        return "looks like a tar archive; this version does not read it"
    if path.rpartition("/")[2] in {"compliance.yaml", "compliance.yml"} and _CONFIGURATION.search(head):
        return "is a configuration of this tool, not evidence; it counts only when given with -c"
    for pattern, name in _LOOKS:
        if pattern.search(head):
            what, _, instead = name.partition("; ")
            return f"looks like {what}; this version does not read it{f'; {instead}' if instead else ''}"
    if b"\x00" in head:
        return "is a binary file of an unknown format"
    if head.lstrip()[:1] in b"{[":
        return "is JSON without apiVersion and kind, so no Kubernetes object; no reader knows it"
    return "is text that no reader knows"
