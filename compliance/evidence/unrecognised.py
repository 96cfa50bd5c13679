"""Says in words what a file that no reader knows seems to be, so that nobody thinks it was judged."""

from __future__ import annotations

import re

_UNREAD = "looks like {}; this version does not read it"
#: Of formats that are read: another reader would have known the file, were it whole and nothing else.
_PART = "looks like a part of {}, or holds one; hand it in by itself, as its tool wrote it"
#: What the first bytes of well-known evidence look like, and what is said of it. The first match counts.
_LOOKS: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (
        re.compile(rb"<rdf:RDF[^>]{0,2000}spdx\.org/rdf|xmlns:spdx="),
        "an SPDX SBOM in RDF",
        f"{_UNREAD}; hand in its JSON form",
    ),
    (re.compile(rb"^spdxVersion\s*:", re.MULTILINE), "an SPDX SBOM in YAML", f"{_UNREAD}; hand in its JSON form"),
    (
        re.compile(rb"<(?:\w+:)?bom\b"),
        "a bill of materials in XML, not written as CycloneDX",
        f"{_UNREAD}; hand in CycloneDX",
    ),
    (re.compile(rb"<(?:\w+:)?cvrfdoc\b"), "an advisory in CVRF", f"{_UNREAD}; hand in its CSAF form"),
    (
        re.compile(rb'\A(?:\xef\xbb\xbf)?"?cveID"?,'),
        "CISA's KEV catalog in CSV",
        f"{_UNREAD}; hand in its JSON form",
    ),
    (re.compile(rb'"ArtifactName"|"ArtifactType"'), "a Trivy report", _PART),
    (re.compile(rb'"matches"\s*:\s*\[.{0,4000}"vulnerability"', re.DOTALL), "a Grype report", _PART),
    (
        re.compile(rb'"\$schema"\s*:\s*"[^"]*sarif|"version"\s*:\s*"2\.1\.0".{0,2000}"runs"', re.DOTALL),
        "a SARIF log",
        _PART,
    ),
    (re.compile(rb'"mediaType"\s*:\s*"application/vnd\.dev\.sigstore\.bundle'), "a Sigstore bundle", _PART),
    (re.compile(rb'"payloadType"\s*:\s*"application/vnd\.in-toto'), "a signed attestation (DSSE envelope)", _PART),
    (re.compile(rb'"_type"\s*:\s*"https://in-toto\.io/Statement'), "an in-toto statement", _PART),
    (re.compile(rb'"bomFormat"\s*:\s*"CycloneDX"'), "a CycloneDX SBOM", _PART),
    (re.compile(rb'"spdxVersion"'), "an SPDX SBOM", _PART),
    (re.compile(rb"openvex\.dev/ns"), "an OpenVEX document", _PART),
    (
        re.compile(rb'"imageLayoutVersion"|"mediaType"\s*:\s*"application/vnd\.(?:oci\.image|docker\.distribution)'),
        "a part of an image",
        "looks like {}; hand in the whole image, as an OCI layout or an archive",
    ),
    (re.compile(rb'"RootFS".{0,4000}"Layers"|"rootfs"\s*:', re.DOTALL), "an image configuration", _PART),
    (re.compile(rb'"HostConfig"\s*:'), "a docker inspect result", _PART),
    (
        re.compile(rb'"buildahVersion"\s*:|"Podman Engine"', re.IGNORECASE),
        "what Podman says of itself",
        f"{_UNREAD}; no benchmark of Docker asks about it",
    ),
    (re.compile(rb"asset-report-collection|<(?:\w+:)?arf:"), "an OpenSCAP result (ARF)", _PART),
    (re.compile(rb"<(?:\w+:)?TestResult|<(?:\w+:)?Benchmark"), "an XCCDF document", _PART),
    (re.compile(rb'"Controls"\s*:\s*\[.{0,2000}"node_type"', re.DOTALL), "a kube-bench report", _UNREAD),
    (
        re.compile(rb'"epss"\s*:\s*"[\d.]+"'),
        "an answer of the EPSS API",
        f"{_UNREAD}; hand in the scores of a day as CSV",
    ),
    (re.compile(rb"^[ \t]*FROM[ \t]+\S+(?:[ \t]+AS[ \t]+\S+)?[ \t]*$", re.MULTILINE), "a Dockerfile", _PART),
    (re.compile(rb"\A\x1f\x8b"), "a gzip archive", f"{_UNREAD}; unpack it"),
    (re.compile(rb"\APK\x03\x04"), "a zip archive", f"{_UNREAD}; unpack it"),
    (re.compile(rb"\A%PDF-"), "a PDF document", _UNREAD),
    (re.compile(rb"\A(?:\x89PNG|\xff\xd8\xff|GIF8)"), "a picture", _UNREAD),
    (
        re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
        "a private key",
        "looks like {}, which does not belong in evidence; nobody looked into it",
    ),
    (re.compile(rb"-----BEGIN [A-Z ]+-----"), "a PEM certificate or key", f"{_UNREAD}; whom to trust is configuration"),
)
_CONFIGURATION = re.compile(
    rb"^(system|frameworks|parameters|expected|responsibility|reviews|deviations)\s*:", re.MULTILINE
)


def describe(head: bytes, path: str) -> str:
    """One sentence on what a file seems to be, from its first bytes; never empty."""
    if not head.strip(b"\x00 \t\r\n"):
        return "the file is empty"
    if path.rpartition("/")[2] in {"compliance.yaml", "compliance.yml"} and _CONFIGURATION.search(head):
        return "is a configuration of this tool, not evidence; it counts only when given with -c"
    for pattern, what, told in _LOOKS:
        if pattern.search(head):
            return told.format(what)
    if b"\x00" in head:
        return "is a binary file of an unknown format"
    if head.lstrip()[:1] in b"{[":
        return "is JSON without apiVersion and kind, so no Kubernetes object; no reader knows it"
    return "is text that no reader knows"
