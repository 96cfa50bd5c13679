"""Documents of scanners, of VEX and of catalogs, in their real shape, and the readers' answers to them."""

from __future__ import annotations

import gzip
import io
import json
from typing import TypeVar

from compliance.errors import EvidenceError
from compliance.evidence import cyclonedx
from compliance.evidence.vulnerabilities import csaf, epss, grype, kev, openvex, sarif, scan_predicate, ssvc, trivy
from compliance.model.reader import Reader, Record, Slice

T = TypeVar("T")
Json = dict[str, object]

READERS: dict[str, Reader] = {
    one.READER.id: one.READER
    for one in (trivy, grype, sarif, scan_predicate, openvex, csaf, kev, epss, ssvc, cyclonedx)
}
MANIFEST = "sha256:" + "a1" * 32
CONFIG = "sha256:" + "b2" * 32
LAYER = "sha256:" + "c3" * 32
OPENSSL = "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12.5"
REQUESTS = "pkg:pypi/requests@2.25.0"
IMAGE_PURL = "pkg:oci/app@sha256%3A" + "a1" * 32


def encoded(document: object) -> bytes:
    return json.dumps(document, indent=2).encode()


def answers(reader: str, data: bytes, path: str = "file") -> list[Record | EvidenceError]:
    """Everything a reader gives for a whole file, its splitting included."""
    found: list[Record | EvidenceError] = []
    for piece in READERS[reader].split(io.BytesIO(data)):
        if isinstance(piece, EvidenceError):
            found.append(piece)
        else:
            assert isinstance(piece, Slice)
            found += READERS[reader].read(data, piece, path, "0" * 64)
    return found


def the(kind: type[T], reader: str, document: object) -> T:
    """The one record of a kind that a document gives."""
    data = document if isinstance(document, bytes) else encoded(document)
    found = [one for one in answers(reader, data) if isinstance(one, kind)]
    assert len(found) == 1, answers(reader, data)
    return found[0]


def refusal(reader: str, document: object) -> str:
    """What is said of a document that gives an error and nothing else."""
    data = document if isinstance(document, bytes) else encoded(document)
    found = answers(reader, data)
    assert len(found) == 1
    assert isinstance(found[0], EvidenceError), found
    assert found[0].path == "file"
    return str(found[0])


def trivy_vulnerability(**changes: object) -> Json:
    return {
        "VulnerabilityID": "CVE-2023-5678",
        "VendorIDs": ["DSA-5612-1"],
        "PkgID": "libssl3@3.0.11-1~deb12u2",
        "PkgName": "libssl3",
        "PkgIdentifier": {"PURL": OPENSSL, "UID": "4f5c1a"},
        "InstalledVersion": "3.0.11-1~deb12u2",
        "FixedVersion": "3.0.13-1~deb12u1",
        "Status": "fixed",
        "SeveritySource": "nvd",
        "Title": "openssl: excessive time spent in DH checks",
        "Description": 'Generating "excessively" long keys, as "VulnerabilityID" may be quoted.',
        "Severity": "MEDIUM",
        "CVSS": {"nvd": {"V2Score": 5, "V3Score": 5.3}, "redhat": {"V3Score": 7.5}},
        "PublishedDate": "2023-11-06T16:15:42.67Z",
        **changes,
    }


def trivy_report(*vulnerabilities: Json, **changes: object) -> Json:
    found = list(vulnerabilities) or [trivy_vulnerability()]
    return {
        "SchemaVersion": 2,
        "Trivy": {"Version": "0.76.0"},
        "CreatedAt": "2026-11-01T08:00:00.123456789+01:00",
        "ArtifactName": "registry.example/app:1",
        "ArtifactType": "container_image",
        "Metadata": {
            "OS": {"Family": "debian", "Name": "12.5"},
            "ImageID": CONFIG,
            "DiffIDs": [LAYER],
            "RepoTags": ["registry.example/app:1"],
            "RepoDigests": [f"registry.example/app@{MANIFEST}"],
            "ImageConfig": {"architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [LAYER]}},
        },
        "Results": [
            {
                "Target": "registry.example/app:1 (debian 12.5)",
                "Class": "os-pkgs",
                "Type": "debian",
                "Vulnerabilities": found,
            }
        ],
        **changes,
    }


def trivy_cluster(*resources: Json) -> Json:
    return {"SchemaVersion": 2, "ClusterName": "production", "Resources": list(resources)}


def grype_match(**changes: object) -> Json:
    return {
        "vulnerability": {
            "id": "GHSA-j8r2-6x86-q33q",
            "dataSource": "https://github.com/advisories/GHSA-j8r2-6x86-q33q",
            "namespace": "github:language:python",
            "severity": "Medium",
            "urls": [],
            "cvss": [{"type": "Secondary", "version": "3.1", "vector": "CVSS:3.1/x", "metrics": {"baseScore": 6.1}}],
            "fix": {"versions": ["2.31.0"], "state": "fixed"},
            "advisories": [],
        },
        "relatedVulnerabilities": [
            {
                "id": "CVE-2023-32681",
                "namespace": "nvd:cpe",
                "severity": "Medium",
                "epss": [{"cve": "CVE-2023-32681", "epss": 0.00615, "percentile": 0.7, "date": "2026-10-31"}],
                "knownExploited": [{"cve": "CVE-2023-32681", "knownRansomwareCampaignUse": "Known"}],
            }
        ],
        "matchDetails": [{"type": "exact-direct-match", "matcher": "python-matcher"}],
        "artifact": {"id": "x", "name": "requests", "version": "2.25.0", "type": "python", "purl": REQUESTS},
        **changes,
    }


def grype_report(**changes: object) -> Json:
    return {
        "matches": [grype_match()],
        "ignoredMatches": [],
        "source": {
            "type": "image",
            "target": {
                "userInput": "registry.example/app:1",
                "imageID": CONFIG,
                "manifestDigest": MANIFEST,
                "tags": [],
                "repoDigests": [],
                "layers": [{"digest": LAYER, "size": 1}],
            },
        },
        "distro": {"name": "debian", "version": "12", "idLike": []},
        "descriptor": {
            "name": "grype",
            "version": "0.110.0",
            "timestamp": "2026-11-01T09:00:00Z",
            "configuration": {"only-fixed": False, "ignore": []},
            "db": {"status": {"schemaVersion": "v6.1.0", "built": "2026-10-31T06:00:00Z", "valid": True}},
        },
        **changes,
    }


def sarif_log(*results: Json, **run: object) -> Json:
    rules = [
        {
            "id": "CVE-2023-5678",
            "name": "OsPackageVulnerability",
            "properties": {"precision": "very-high", "security-severity": "5.3", "tags": ["vulnerability", "MEDIUM"]},
        }
    ]
    return {
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [
            {
                "tool": {"driver": {"name": "Trivy", "version": "0.76.0", "rules": rules}},
                "results": list(results) or [sarif_result()],
                **run,
            }
        ],
    }


def sarif_result(**changes: object) -> Json:
    text = (
        "Package: libssl3\nInstalled Version: 3.0.11\nVulnerability CVE-2023-5678\nSeverity: MEDIUM\n"
        "Fixed Version: 3.0.13\nLink: [CVE-2023-5678](https://avd.aquasec.com/nvd/cve-2023-5678)"
    )
    return {"ruleId": "CVE-2023-5678", "ruleIndex": 0, "level": "warning", "message": {"text": text}, **changes}


def predicate(result: object, **scanner: object) -> Json:
    return {
        "invocation": {"parameters": ["--severity", "HIGH"], "uri": "", "event_id": "", "builder.id": ""},
        "scanner": {
            "uri": "pkg:github/aquasecurity/trivy@0.76.0",
            "version": "0.76.0",
            "db": {"uri": "", "version": "2", "lastUpdate": "2026-10-30T06:00:00Z"},
            "result": result,
            **scanner,
        },
        "metadata": {"scanStartedOn": "2026-11-01T10:00:00Z", "scanFinishedOn": "2026-11-01T10:05:00Z"},
    }


def vex_statement(**changes: object) -> Json:
    return {
        "vulnerability": {"@id": "https://nvd.nist.gov/vuln/detail/CVE-2023-5678", "name": "CVE-2023-5678"},
        "products": [{"@id": IMAGE_PURL, "subcomponents": [{"@id": OPENSSL}]}],
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
        **changes,
    }


def openvex_document(*statements: Json, **changes: object) -> Json:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.com/vex/1",
        "author": "Example Security Team",
        "timestamp": "2026-10-01T00:00:00Z",
        "version": 1,
        "statements": list(statements) or [vex_statement()],
        **changes,
    }


def csaf_document(vulnerability: Json, *, tree: Json | None = None, **head: object) -> Json:
    return {
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "publisher": {"category": "vendor", "name": "Example", "namespace": "https://example.com"},
            "title": "VEX",
            "tracking": {
                "id": "EX-1",
                "status": "final",
                "version": "1",
                "current_release_date": "2026-10-01T00:00:00Z",
            },
            **head,
        },
        "product_tree": tree or csaf_tree(),
        "vulnerabilities": [{"cve": "CVE-2023-5678", **vulnerability}],
    }


def csaf_tree(**helper: object) -> Json:
    def product(id: str, **identification: object) -> Json:
        return {"name": id, "product_id": id, "product_identification_helper": identification}

    return {
        "branches": [
            {
                "category": "vendor",
                "name": "Example",
                "branches": [
                    {
                        "category": "product_version",
                        "name": "1",
                        "product": product("APP", **(helper or {"purl": IMAGE_PURL})),
                    },
                    {"category": "product_version_range", "name": "<2", "product": product("OLD", purl="pkg:npm/old")},
                    {"category": "product_version", "name": "3", "product": product("SSL", purl=OPENSSL)},
                ],
            }
        ],
        "relationships": [
            {
                "category": "default_component_of",
                "product_reference": "SSL",
                "relates_to_product_reference": "APP",
                "full_product_name": {"product_id": "APP:SSL", "name": "libssl3 in app"},
            }
        ],
        "product_groups": [{"group_id": "G", "product_ids": ["APP:SSL"]}],
    }


def bom(*vulnerabilities: Json, **changes: object) -> Json:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "version": 2,
        "metadata": {
            "timestamp": "2026-11-01T11:00:00Z",
            "tools": {"components": [{"type": "application", "name": "trivy", "version": "0.76.0"}]},
            "authors": [{"name": "Example Security Team"}],
            "component": {"bom-ref": "root", "type": "container", "name": "app", "version": MANIFEST},
        },
        "components": [
            {
                "bom-ref": OPENSSL,
                "type": "library",
                "name": "libssl3",
                "version": "3.0.11-1~deb12u2",
                "purl": OPENSSL,
            }
        ],
        "vulnerabilities": list(vulnerabilities),
        **changes,
    }


def bom_vulnerability(**changes: object) -> Json:
    return {
        "id": "CVE-2023-5678",
        "source": {"name": "debian"},
        "ratings": [
            {"source": {"name": "nvd"}, "score": 7.5, "severity": "high", "method": "CVSSv31"},
            {"source": {"name": "debian"}, "severity": "low"},
        ],
        "recommendation": "Upgrade libssl3 to version 3.0.13-1~deb12u1",
        "published": "2023-11-06T16:15:42+00:00",
        "affects": [{"ref": OPENSSL, "versions": [{"version": "3.0.11-1~deb12u2", "status": "affected"}]}],
        **changes,
    }


def kev_catalog(*entries: Json, **changes: object) -> Json:
    listed = list(entries) or [
        {
            "cveID": "CVE-2021-44228",
            "vendorProject": "Apache",
            "dateAdded": "2021-12-10",
            "dueDate": "2021-12-24",
            "knownRansomwareCampaignUse": "Known",
        }
    ]
    return {
        "title": "CISA Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": "2026.10.30",
        "dateReleased": "2026-10-30T15:00:37.4498Z",
        "count": len(listed),
        "vulnerabilities": listed,
        **changes,
    }


EPSS = b"""#model_version:v2025.03.14,score_date:2026-10-31T00:00:00+0000
cve,epss,percentile
CVE-2021-44228,0.94358,0.99957
CVE-1999-0001,0.00043,0.1
CVE-2023-5678,0.0,0.00001
"""


def cve_record(**points: str) -> Json:
    options = [{key.replace("_", " "): value} for key, value in points.items()]
    content = {"id": "CVE-2024-1234", "role": "CISA Coordinator", "version": "2.0.3", "options": options}
    return {
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2024-1234", "state": "PUBLISHED"},
        "containers": {
            "cna": {"providerMetadata": {"orgId": "00000000-0000-4000-9000-000000000000"}},
            "adp": [
                {
                    "title": "CISA ADP Vulnrichment",
                    "providerMetadata": {
                        "orgId": "134c704f-9b21-4f2e-91b3-4a467353bcc0",
                        "shortName": "CISA-ADP",
                    },
                    "metrics": [
                        {"other": {"type": "ssvc", "content": {"timestamp": "2026-03-01T01:02:03.5Z", **content}}}
                    ],
                }
            ],
        },
    }


def everything() -> dict[str, tuple[str, bytes]]:
    """A file of every form, and the id of the reader that must know it."""
    resource = {
        "Namespace": "shop",
        "Kind": "Deployment",
        "Name": "web",
        "Metadata": [trivy_report()["Metadata"]],
        "Results": trivy_report()["Results"],
    }
    not_affected = {
        "product_status": {"known_not_affected": ["APP:SSL"]},
        "flags": [{"label": "component_not_present"}],
    }
    return {
        "trivy": ("trivy", encoded(trivy_report())),
        "trivy, one line": ("trivy", json.dumps(trivy_report()).encode()),
        "trivy, a cluster": ("trivy", encoded(trivy_cluster(resource))),
        "grype": ("grype", encoded(grype_report())),
        "sarif": ("sarif", encoded(sarif_log())),
        "cosign": ("scan-predicate", encoded(predicate(trivy_report()))),
        "in-toto": ("scan-predicate", encoded(predicate([{"id": "CVE-2023-5678", "severity": []}]))),
        "openvex": ("openvex", encoded(openvex_document())),
        "csaf": ("csaf", encoded(csaf_document(not_affected))),
        "cyclonedx": ("cyclonedx", encoded(bom(bom_vulnerability()))),
        "kev": ("kev", encoded(kev_catalog())),
        "epss": ("epss", EPSS),
        "epss, compressed": ("epss", gzip.compress(EPSS, mtime=0)),
        "epss, without its comment": ("epss", EPSS.partition(b"\n")[2]),
        "cve": ("ssvc", encoded(cve_record(Exploitation="none"))),
        "cves": ("ssvc", encoded([cve_record(Exploitation="none")])),
    }
