"""Makes a fleet of images that is measured: each with an SBOM, a scan, a signed provenance and a signed summary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.images import making
from tests.verification.making import dsse, pem

#: Packages in each image's database and SBOM, and findings in each scan.
PACKAGES = 120
FINDINGS = 40
#: The same on every machine; it signs nothing but these inputs.
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BUILDER = "https://ci.example/builders/release"
STATUS = "".join(
    f"Package: lib{n}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.{n}-1\n\n" for n in range(PACKAGES)
)
CONFIGURATION = f"""\
trust:
  keys: [{{name: release, file: release.pub}}]
  builders: [{{id: {BUILDER}, level: 3}}]
remediation: {{regime: fedramp-rev5-legacy}}
"""

Json = dict[str, Any]


def write(folder: Path, count: int) -> Path:
    """The evidence of so many images, with the configuration beside it as `<folder>.yaml`; kept when it is there."""
    if folder.exists():
        return folder
    for number in range(count):
        _image(folder / f"app-{number}", f"registry.example/team-{number % 20}/app-{number}", number)
    folder.with_suffix(".yaml").write_text(CONFIGURATION)
    (folder.parent / "release.pub").write_text(pem(KEY))
    return folder


def _image(folder: Path, name: str, number: int) -> None:
    description = {
        "names": [f"{name}:1.0"],
        "listed": True,
        "created": "2026-08-20T00:00:00Z",
        "config": {"User": "10001"},
        "layers": [
            [
                {"path": "etc/os-release", "content": 'ID=debian\nVERSION_ID="12"\n'},
                {"path": "var/lib/dpkg/status", "content": STATUS},
            ],
            [{"path": f"app/server-{number}", "content": name}],
        ],
    }
    files = making.parts(description)
    (entry,) = json.loads(files["index.json"])["manifests"]
    index = json.loads(files[making.blob_name(entry["digest"])])
    manifest = index["manifests"][0]["digest"]
    proof = {
        "sbom.cdx.json": _sbom(name, manifest),
        "scan.json": _scan(name, manifest, number),
        "provenance.json": _signed("https://slsa.dev/provenance/v1", _provenance(number), name, manifest),
        "summary.json": _signed("https://slsa.dev/verification_summary/v1", _summary(name, manifest), name, manifest),
    }
    making.write_files(folder / "image", files)
    making.write_files(folder, {path: json.dumps(value).encode() for path, value in proof.items()})


def _purl(number: int) -> str:
    return f"pkg:deb/debian/lib{number}@1.{number}-1?arch=amd64&distro=debian-12"


def _sbom(name: str, manifest: str) -> Json:
    listed = [
        {"type": "library", "name": f"lib{n}", "version": f"1.{n}-1", "purl": _purl(n), "bom-ref": f"lib{n}"}
        for n in range(PACKAGES)
    ]
    root = {"type": "container", "name": name, "version": manifest, "bom-ref": "root"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": "2026-08-21T00:00:00Z", "component": root},
        "components": listed,
    }


def _scan(name: str, manifest: str, number: int) -> Json:
    matches = [
        {
            "vulnerability": {
                "id": f"CVE-2026-{1000 + (number * 7 + n) % 400}",
                "severity": ("Low", "Medium", "High", "Critical")[n % 4],
                "fix": {"versions": ["9.9"], "state": "fixed"},
                "cvss": [{"version": "3.1", "metrics": {"baseScore": 8.1}}],
            },
            "relatedVulnerabilities": [],
            "matchDetails": [],
            "artifact": {"name": f"lib{n}", "version": f"1.{n}-1", "type": "deb", "purl": _purl(n)},
        }
        for n in range(FINDINGS)
    ]
    target = {"userInput": f"{name}:1.0", "manifestDigest": manifest, "repoDigests": [f"{name}@{manifest}"]}
    return {
        "matches": matches,
        "source": {"type": "image", "target": target},
        "distro": {"name": "debian", "version": "12"},
        "descriptor": {
            "name": "grype",
            "version": "0.100.0",
            "timestamp": "2026-08-30T00:00:00Z",
            "db": {"status": {"built": "2026-08-29T00:00:00Z", "valid": True}},
        },
    }


def _provenance(number: int) -> Json:
    commit = f"{number:040x}"
    source = f"https://git.example/team-{number % 20}/app-{number}"
    return {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {"repository": source, "ref": "refs/tags/v1"}},
            "resolvedDependencies": [{"uri": f"git+{source}@refs/tags/v1", "digest": {"gitCommit": commit}}],
        },
        "runDetails": {"builder": {"id": BUILDER}, "metadata": {"finishedOn": "2026-08-20T00:00:00Z"}},
    }


def _summary(name: str, manifest: str) -> Json:
    return {
        "verifier": {"id": "https://ci.example/verifier"},
        "resourceUri": f"{name}@{manifest}",
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        "timeVerified": "2026-08-21T00:00:00Z",
    }


def _signed(kind: str, predicate: Json, name: str, manifest: str) -> Json:
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": manifest.removeprefix("sha256:")}}],
        "predicateType": kind,
        "predicate": predicate,
    }
    return dsse(json.dumps(statement).encode(), [(KEY, None)])
