"""What verifying statements and reading a scan cost, each against the limit of the library underneath; in one process.

`python -m tests.benchmarks.proof` prints two lines of JSON, each with our CPU seconds and the limit's.
"""

from __future__ import annotations

import gc
import io
import json
import time
from collections.abc import Callable

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from compliance.evidence.vulnerabilities import trivy
from compliance.model.attestation import Trust
from compliance.model.reader import Slice
from compliance.verification import verify
from compliance.verification.pae import pae
from tests.verification import making


class Identifier(msgspec.Struct):
    PURL: str = ""


class Vulnerability(msgspec.Struct, rename="pascal"):
    pkg_name: str = ""
    installed_version: str = ""
    fixed_version: str = ""
    severity: str = ""
    severity_source: str = ""
    status: str = ""
    published_date: str = ""
    pkg_identifier: Identifier | None = None
    cvss: dict[str, dict[str, str | float]] = msgspec.field(name="CVSS", default_factory=dict)
    vulnerability_id: str = msgspec.field(name="VulnerabilityID", default="")


class Result(msgspec.Struct, rename="pascal"):
    vulnerabilities: list[Vulnerability] = []


class Report(msgspec.Struct, rename="pascal"):
    """The fields that our reader reads, typed."""

    results: list[Result] = []


STATEMENTS = 1000
FINDINGS = 6000
ROUNDS = 5


def quickest(work: Callable[[], object]) -> float:
    """CPU seconds of the quickest of several rounds: others work on the machine, too."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        rounds.append(time.process_time() - started)
    return min(rounds)


def statements() -> dict[str, object]:
    """1,000 DSSE statements of 2 kB verified, against the bare verification of their signatures."""
    key = making.p256()
    trust = making.key_trust(key)
    statement = json.loads(making.STATEMENT)
    documents = [
        making.read(making.dsse(json.dumps({**statement, "n": "x" * 2000 + str(n)}).encode(), [(key, None)]))
        for n in range(STATEMENTS)
    ]
    public, algorithm = key.public_key(), ec.ECDSA(hashes.SHA256())
    signed = [
        (one.material.signatures[0].value, pae(one.material.payload_type, one.material.payload))
        for one in documents
        if one.material is not None
    ]
    assert all(verify(one, trust).trust is Trust.VERIFIED for one in documents)
    bare = quickest(lambda: [public.verify(value, message, algorithm) for value, message in signed])
    ours = quickest(lambda: [verify(one, trust) for one in documents])
    return {"phase": "verify", "cpu_s": ours, "limit_s": bare}


def report() -> bytes:
    """A Trivy report of about 20 MB."""
    findings = [
        {
            "VulnerabilityID": f"CVE-2025-{10_000 + n}",
            "PkgID": f"libpackage{n}@1.{n % 90}-1",
            "PkgName": f"libpackage{n}",
            "PkgIdentifier": {"PURL": f"pkg:deb/debian/libpackage{n}@1.{n % 90}-1?arch=amd64&distro=debian-12.5"},
            "InstalledVersion": f"1.{n % 90}-1",
            "FixedVersion": f"1.{n % 90}-1+deb12u1",
            "Status": "fixed",
            "Layer": {"DiffID": "sha256:" + "a" * 64},
            "SeveritySource": "debian",
            "PrimaryURL": f"https://avd.example/nvd/cve-2025-{10_000 + n}",
            "Title": f"package{n}: a fault of some kind in the handling of something",
            "Description": "What happens, in the words of those who found it, and under which conditions.\n" * 25,
            "Severity": ("LOW", "MEDIUM", "HIGH", "CRITICAL")[n % 4],
            "CVSS": {"nvd": {"V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "V3Score": 9.8}},
            "References": [f"https://security.example/{n}/{m}" for m in range(10)],
            "PublishedDate": "2025-06-01T00:00:00Z",
        }
        for n in range(FINDINGS)
    ]
    document = {
        "SchemaVersion": 2,
        "CreatedAt": "2026-08-20T00:00:00Z",
        "ArtifactName": "registry.example/app:1",
        "ArtifactType": "container_image",
        "Metadata": {"OS": {"Family": "debian", "Name": "12.5"}, "ImageID": "sha256:" + "b" * 64},
        "Results": [{"Target": "app", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": findings}],
    }
    return json.dumps(document, indent=1).encode()


def scan() -> dict[str, object]:
    """The report read, against decoding it typed."""
    data = report()
    piece = Slice(offset=0, length=len(data), line=1, document=None, item=None, count=1)
    assert trivy.READER.identify(data[:65536])
    assert len(list(trivy.READER.split(io.BytesIO(data)))) == 1
    gc.disable()
    decode = msgspec.json.Decoder(Report).decode
    bare = quickest(lambda: decode(data))
    ours = quickest(lambda: list(trivy.READER.read(data, piece, "report.json", "0" * 64)))
    return {"phase": "scan", "cpu_s": ours, "limit_s": bare, "bytes": len(data)}


def main() -> None:
    """Both measurements."""
    print(json.dumps(statements()))
    print(json.dumps(scan()))


if __name__ == "__main__":
    main()
