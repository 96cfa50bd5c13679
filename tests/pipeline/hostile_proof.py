"""One image with all the proof that it may have, signed by a key of ours, and what an attacker makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.model.configuration import (
    Configuration,
    DeclaredSource,
    Parameters,
    Regime,
    Remediation,
    TrustedBuilder,
    TrustPolicy,
)
from compliance.pipeline.running import Result
from tests.images import making
from tests.pipeline.test_running import assess, observations
from tests.verification.making import dsse, key_trust

Json = dict[str, Any]
Said = dict[tuple[str, str], Json]

NAME = "registry.example/shop/app"
TODAY = "2026-11-21T12:00:00Z"
SOURCE = "https://git.example/shop/app"
BUILDER = "https://ci.example/builders/release"
AUTHOR = "security@shop.example"
PURL = "pkg:deb/debian/{}@{}?arch=amd64&distro=debian-12"
CVE = "CVE-2026-1001"
KEY, STRANGER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
STATUS = "".join(
    f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
    for name, version in (("openssl", "3.0.11"), ("zlib1g", "1.2.13"))
)
IMAGE: Json = {
    "names": [f"{NAME}:1.0"],
    "listed": True,
    "created": "2026-11-01T00:00:00Z",
    "config": {"User": "10001", "Labels": {"org.opencontainers.image.revision": "c0ffee" * 6 + "abcd"}},
    "layers": [
        [
            {"path": "etc/os-release", "content": 'ID=debian\nVERSION_ID="12"\n'},
            {"path": "var/lib/dpkg/status", "content": STATUS},
        ]
    ],
}


def digest(name: str) -> str:
    """A digest that no image here has, by a name."""
    return making.sha256(name.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An image in a layout, with the digests by which the world may call it."""

    files: Mapping[str, bytes]
    manifest: str
    config: str
    index: str

    @property
    def subject(self) -> str:
        return f"image/{self.config}"


def made(description: Json = IMAGE) -> Made:
    files = making.parts(description)
    (entry,) = json.loads(files["index.json"])["manifests"]
    index = json.loads(files[making.blob_name(entry["digest"])])
    manifest = index["manifests"][0]["digest"]
    config = json.loads(files[making.blob_name(manifest)])["config"]["digest"]
    return Made(files=files, manifest=manifest, config=config, index=entry["digest"])


APP = made()
OTHER = made({**IMAGE, "names": ["registry.example/shop/other:1.0"], "created": "2026-11-02T00:00:00Z"})


def statement(predicate_type: str, predicate: object, about: str = APP.manifest, **more: object) -> Json:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": NAME, "digest": {"sha256": about.removeprefix("sha256:")}}],
        "predicateType": predicate_type,
        "predicate": predicate,
        **more,
    }


def signed(value: object, key: Ed25519PrivateKey = KEY) -> Json:
    return dsse(json.dumps(value).encode(), [(key, None)])


def provenance(about: str = APP.manifest, *, source: str = SOURCE, builder: str = BUILDER, **external: object) -> Json:
    predicate = {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {"repository": source, "ref": "refs/tags/v1"}, **external},
            "resolvedDependencies": [{"uri": f"git+{source}@refs/tags/v1", "digest": {"gitCommit": _COMMIT}}],
        },
        "runDetails": {"builder": {"id": builder}, "metadata": {"finishedOn": "2026-11-01T00:00:00Z"}},
    }
    return statement("https://slsa.dev/provenance/v1", predicate, about)


_COMMIT = "c0ffee" * 6 + "abcd"


def sbom(about: str = APP.manifest, packages: tuple[tuple[str, str], ...] = ()) -> Json:
    listed = packages or (("openssl", "3.0.11"), ("zlib1g", "1.2.13"))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "version": 1,
        "metadata": {
            "timestamp": "2026-11-02T00:00:00Z",
            "component": {"type": "container", "name": NAME, "version": about, "bom-ref": "root"},
        },
        "components": [
            {"type": "library", "name": name, "version": version, "purl": PURL.format(name, version), "bom-ref": name}
            for name, version in listed
        ],
    }


def match(id: str = CVE, package: str = "openssl", version: str = "3.0.11", **more: object) -> Json:
    found = {
        "id": id,
        "severity": "High",
        "fix": {"versions": ["9.9"], "state": "fixed"},
        "cvss": [{"version": "3.1", "metrics": {"baseScore": 8.1}}],
        **more,
    }
    artifact = {"name": package, "version": version, "type": "deb", "purl": PURL.format(package, version)}
    return {"vulnerability": found, "relatedVulnerabilities": [], "matchDetails": [], "artifact": artifact}


def grype(*matches: Json, of: Made = APP, on: str = "2026-11-20T00:00:00Z", **target: object) -> Json:
    said = {
        "userInput": f"{NAME}:1.0",
        "imageID": of.config,
        "manifestDigest": of.manifest,
        "repoDigests": [f"{NAME}@{of.manifest}"],
        "tags": [f"{NAME}:1.0"],
        **target,
    }
    return {
        "matches": list(matches),
        "source": {"type": "image", "target": said},
        "distro": {"name": "debian", "version": "12"},
        "descriptor": {
            "name": "grype",
            "version": "0.100.0",
            "timestamp": on,
            "db": {"status": {"built": "2026-11-19T00:00:00Z", "valid": True}},
            "configuration": {"only-fixed": False},
        },
    }


def vex(products: object = None, *, author: str = AUTHOR, id: str = CVE, **more: object) -> Json:
    said = {
        "vulnerability": {"name": id},
        "products": [{"@id": f"pkg:oci/app@{APP.manifest}"}] if products is None else products,
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
        **more,
    }
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://shop.example/vex/1",
        "author": author,
        "timestamp": "2026-11-20T00:00:00Z",
        "version": 1,
        "statements": [said],
    }


def kev(*ids: str, released: str = "2026-11-20T00:00:00Z", due: str = "2026-11-25") -> Json:
    rows = [
        {"cveID": id, "dateAdded": "2026-11-10", "dueDate": due, "knownRansomwareCampaignUse": "Unknown"}
        for id in ids or ("CVE-2020-0001",)
    ]
    return {
        "title": "CISA Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": "2026.11.20",
        "dateReleased": released,
        "count": len(rows),
        "vulnerabilities": rows,
    }


TRUST = replace(
    key_trust(KEY),
    builders=(TrustedBuilder(id=BUILDER, level=3),),
    sources=(DeclaredSource(image=f"{NAME}*", repository=SOURCE),),
    vex_authors=(AUTHOR,),
)
REMEDIATION = Remediation(regime=Regime.OWN, days={"critical": 7, "high": 30, "medium": 90, "low": 180})


def configuration(trust: TrustPolicy = TRUST, **more: Any) -> Configuration:
    return Configuration(parameters=Parameters(trust=trust, **{"remediation": REMEDIATION, **more}))


def whole() -> dict[str, Any]:
    """The evidence in which everything is proven: files by name; what is not bytes is written as JSON."""
    return {
        **{f"image/{name}": data for name, data in APP.files.items()},
        "provenance.json": signed(provenance()),
        "sbom.att.json": signed(statement("https://cyclonedx.org/bom", sbom())),
        "summary.json": signed(
            statement(
                "https://slsa.dev/verification_summary/v1",
                {
                    "verifier": {"id": "https://ci.example/verifier"},
                    "resourceUri": f"{NAME}@{APP.manifest}",
                    "verificationResult": "PASSED",
                    "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
                    "timeVerified": "2026-11-02T00:00:00Z",
                },
            )
        ),
        "scan.json": grype(match()),
        "vex.json": vex(),
        "kev.json": kev(),
    }


def write(folder: Path, files: Mapping[str, Any]) -> Path:
    return making.write_files(
        folder, {name: data if isinstance(data, bytes) else json.dumps(data).encode() for name, data in files.items()}
    )


def judged(folder: Path, files: Mapping[str, Any], settings: Configuration | None = None, **more: Any) -> Result:
    return assess(
        write(folder / "evidence", files), configuration=settings or configuration(), **{"as_of": TODAY, **more}
    )


def outcomes(result: Result) -> Said:
    return {(line["check"], line["subject"]): line for line in observations(result)}


def of_app(
    folder: Path, files: Mapping[str, Any], settings: Configuration | None = None, **more: Any
) -> dict[str, Json]:
    """What was said of the image, by check."""
    said = outcomes(judged(folder, files, settings, **more))
    return {check: line for (check, subject), line in said.items() if subject == APP.subject}


def changed(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, str]:
    """The checks whose outcome is another, with the new one."""
    return {
        check: line["outcome"]
        for check, line in after.items()
        if line["outcome"] != before.get(check, {"outcome": ""})["outcome"]
    }
