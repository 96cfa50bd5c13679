"""Parts of samples/proof/build.sh: the layouts, archives and statements that no tool writes the way the samples need.

Developer only. `main` runs one part by name; each part reads files or the registry and writes files.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import re
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Json = dict[str, Any]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
NAME = "org.opencontainers.image.ref.name"
STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
BUILDER = "https://builds.harbour.example/runners/hosted/v1"
WORKFLOW = "https://actions.github.io/buildtypes/workflow/v1"
#: 2026-07-20T14:30:00Z, when wait-for was made; 2026-08-20T06:00:00Z, when the gate was asked.
ARCHIVE_TIME, REPORT_TIME = 1784557800, 1787205600


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class Layout:
    """An OCI layout that is being filled; the same content gives the same bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = folder / "blobs/sha256"
        self.blobs.mkdir(parents=True, exist_ok=True)

    def add(self, data: bytes, media_type: str, **more: object) -> Json:
        """The descriptor of a blob, which is stored."""
        value = hashlib.sha256(data).hexdigest()
        (self.blobs / value).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{value}", "size": len(data), **more}

    def finish(self, descriptors: list[Json]) -> None:
        (self.folder / "oci-layout").write_bytes(compact({"imageLayoutVersion": "1.0.0"}))
        (self.folder / "index.json").write_bytes(
            compact({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors})
        )


class Registry:
    def __init__(self, address: str, repository: str) -> None:
        self.base = f"{address}/v2/{repository}"
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str) -> bytes:
        asked = urllib.request.Request(f"{self.base}/{path}", headers={"Accept": f"{MANIFEST}, {INDEX}"})  # noqa: S310
        with self.opener.open(asked, timeout=10) as answer:
            return bytes(answer.read())

    def manifest(self, reference: str, layout: Layout, **more: object) -> Json:
        """The descriptor of a manifest, which is stored with its blobs."""
        data = self.get(f"manifests/{reference}")
        document = json.loads(data)
        for one in (document["config"], *document["layers"]):
            layout.add(self.get(f"blobs/{one['digest']}"), one["mediaType"])
        if "artifactType" in document:
            more["artifactType"] = document["artifactType"]
        return layout.add(data, MANIFEST, **more)

    def attached(self, name: str, digest: str, layout: Layout) -> Iterator[Json]:
        """What hangs on a manifest: by cosign's tags, with their names, and by the referrers that name it."""
        tag = digest.replace(":", "-")
        for suffix in (".sig", ".att"):
            try:
                yield self.manifest(tag + suffix, layout, annotations={NAME: f"{name}:{tag}{suffix}"})
            except urllib.error.HTTPError:
                continue
        try:
            listed = json.loads(self.get(f"referrers/{digest}"))
        except urllib.error.HTTPError:
            try:
                listed = json.loads(self.get(f"manifests/{tag}"))
            except urllib.error.HTTPError:
                return
        for one in sorted(listed["manifests"], key=lambda one: str(one["digest"])):
            yield self.manifest(one["digest"], layout)


def _content(tar: tarfile.TarFile, name: str) -> bytes:
    found = tar.extractfile(name)
    return found.read() if found is not None else b""


def plain(archive: str, folder: str) -> None:
    """The image's own part of an archive as a layout: one manifest, and nothing that hangs on it."""
    layout = Layout(Path(folder))
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            if member.isfile() and "blobs/" in member.name:
                layout.add(_content(tar, member.name), "")
        named = json.loads(_content(tar, "index.json"))["manifests"][0]
    name = named.get("annotations", {})
    if named["mediaType"] == INDEX:
        named = json.loads((layout.blobs / named["digest"][7:]).read_bytes())["manifests"][0]
    manifest = json.loads((layout.blobs / named["digest"][7:]).read_bytes())
    kept = {one["digest"][7:] for one in (named, manifest["config"], *manifest["layers"])}
    for blob in layout.blobs.iterdir():
        if blob.name not in kept:
            blob.unlink()
    layout.finish([{key: named[key] for key in ("mediaType", "digest", "size")} | {"annotations": name}])


def provenance(repository: str, revision: str, finished: str) -> Json:
    """A SLSA v1 predicate of a build on the harbour's own runners."""
    return {
        "buildDefinition": {
            "buildType": WORKFLOW,
            "externalParameters": {
                "workflow": {"ref": "refs/heads/main", "repository": repository, "path": ".github/workflows/image.yml"}
            },
            "internalParameters": {},
            "resolvedDependencies": [
                {"uri": f"git+{repository}@refs/heads/main", "digest": {"gitCommit": revision}},
            ],
        },
        "runDetails": {
            "builder": {"id": BUILDER},
            "metadata": {"invocationId": f"{repository}/actions/runs/5023", "finishedOn": finished},
        },
    }


def _revision(samples: Path) -> str:
    layout = samples / "images/bookings-api"
    index = json.loads((layout / "index.json").read_bytes())
    blobs = layout / "blobs/sha256"
    manifest = json.loads((blobs / index["manifests"][0]["digest"][7:]).read_bytes())
    config = json.loads((blobs / manifest["config"]["digest"][7:]).read_bytes())
    return str(config["config"]["Labels"]["org.opencontainers.image.revision"])


def write_provenance(samples: str, file: str) -> None:
    made = provenance("https://git.harbour.example/core/bookings-api", _revision(Path(samples)), "2026-08-11T09:16:40Z")
    Path(file).write_text(json.dumps(made), encoding="utf-8")


def pull(address: str, name: str, digest: str, folder: str) -> None:
    """All that hangs on an image, without the image, as a layout."""
    shutil.rmtree(folder, ignore_errors=True)
    layout = Layout(Path(folder))
    registry = Registry(address, name.partition("/")[2])
    layout.finish(list(registry.attached(name, digest, layout)))


def archive(address: str, reference: str, digest: str, folder: str, file: str) -> None:
    """The archive that BuildKit would write of wait-for, an index with unsigned provenance, and what hangs on it."""
    layout = Layout(Path(folder))
    data = (layout.blobs / digest[7:]).read_bytes()
    image = {"mediaType": MANIFEST, "digest": digest, "size": len(data)}
    unsigned = layout.add(_buildkit(digest), "application/vnd.in-toto+json")
    unsigned["annotations"] = {"in-toto.io/predicate-type": PROVENANCE}
    config: Json = {
        "architecture": "unknown",
        "os": "unknown",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    config["rootfs"]["diff_ids"] = [unsigned["digest"]]
    kind = "application/vnd.oci.image.config.v1+json"
    attestation = {"schemaVersion": 2, "mediaType": MANIFEST, "config": layout.add(compact(config), kind)}
    described = layout.add(compact({**attestation, "layers": [unsigned]}), MANIFEST)
    described["annotations"] = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": digest,
    }
    described["platform"] = {"architecture": "unknown", "os": "unknown"}
    image["platform"] = {"architecture": "amd64", "os": "linux"}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [image, described]}
    name = reference.rpartition(":")[0]
    registry = Registry(address, name.partition("/")[2])
    whole = layout.add(compact(index), INDEX, annotations={NAME: reference})
    layout.finish([whole, *registry.attached(name, digest, layout)])
    _tar(layout.folder, Path(file))


def _buildkit(digest: str) -> bytes:
    """What `docker buildx build --provenance=mode=min` says, in its shape of SLSA v1; nobody signs it."""
    base = "pkg:docker/registry.harbour.example/base/runtime@12?platform=linux%2Famd64"
    predicate = {
        "buildDefinition": {
            "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
            "externalParameters": {
                "configSource": {"path": "Dockerfile"},
                "request": {"frontend": "dockerfile.v0", "locals": [{"name": "context"}, {"name": "dockerfile"}]},
            },
            "internalParameters": {"builderPlatform": "linux/amd64"},
            "resolvedDependencies": [{"uri": base}],
        },
        "runDetails": {
            "builder": {"id": ""},
            "metadata": {"startedOn": "2026-07-20T14:29:31Z", "finishedOn": "2026-07-20T14:30:00Z"},
        },
    }
    subject = {"name": "pkg:docker/registry.harbour.example/base/wait-for@1.4.0?platform=linux%2Famd64"}
    return compact(
        {
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": PROVENANCE,
            "subject": [{**subject, "digest": {"sha256": digest[7:]}}],
            "predicate": predicate,
        }
    )


def _tar(folder: Path, file: Path) -> None:
    with tarfile.open(file, "w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(folder.rglob("*")):
            info = tarfile.TarInfo(str(path.relative_to(folder)) + ("/" if path.is_dir() else ""))
            info.mtime, info.mode = ARCHIVE_TIME, 0o755 if path.is_dir() else 0o644
            info.type = tarfile.DIRTYPE if path.is_dir() else tarfile.REGTYPE
            data = path.read_bytes() if path.is_file() else b""
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


class Signer:
    """A key of ours, made now and forgotten at the end: its envelopes carry no key id, as cosign's do not."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self.key = key

    def certificate(self) -> bytes:
        """A certificate of the key by a test authority that nobody trusts, DER: it tells which key must have signed."""
        authority = ec.generate_private_key(ec.SECP256R1())
        start = datetime(2026, 7, 20, 14, 25, tzinfo=UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "Harbour test authority")]))
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(minutes=10))
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name("build@harbour.example")]), critical=True)
            .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        )
        return made.sign(authority, hashes.SHA256()).public_bytes(Encoding.DER)

    def envelope(self, name: str, digest: str, kind: str, predicate: Json) -> Json:
        subject = [{"name": name, "digest": {"sha256": digest[7:]}}]
        payload = compact({"_type": STATEMENT, "subject": subject, "predicateType": kind, "predicate": predicate})
        type_ = b"application/vnd.in-toto+json"
        signed = b"DSSEv1 %d %b %d %b" % (len(type_), type_, len(payload), payload)
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return {
            "payloadType": type_.decode(),
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"sig": base64.b64encode(signature).decode()}],
        }


def lines(samples: str, api: str, waiter: str, public: str, file: str) -> None:
    """Envelopes as a pipeline of the harbour's own makes them; one of them was altered after it was signed."""
    signer = Signer(ec.generate_private_key(ec.SECP256R1()))
    pem = signer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    Path(public).write_bytes(pem)
    of_api, of_waiter = "registry.harbour.example/core/bookings-api", "registry.harbour.example/base/wait-for"
    tests = _tests(_revision(Path(samples)))
    elsewhere = provenance("https://git.harbour.example/j.doe/wait-for", "b6589fc6ab0dc82c" * 2, "2026-07-20T14:31:09Z")
    altered = signer.envelope(of_waiter, waiter, "https://spdx.dev/Document/v2.3", _bom(Path(samples)))
    text = base64.b64decode(altered["payload"]).replace(b"Tool: syft", b"Tool: sift")
    altered["payload"] = base64.b64encode(text).decode()
    envelopes = [
        signer.envelope(of_api, api, "https://in-toto.io/attestation/test-result/v0.1", tests),
        signer.envelope(of_api, api, "https://slsa.dev/verification_summary/v1", _summary(f"{of_api}@{api}")),
        signer.envelope(of_waiter, waiter, PROVENANCE, elsewhere),
        {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"certificate": {"rawBytes": base64.b64encode(signer.certificate()).decode()}},
            "dsseEnvelope": altered,
        },
    ]
    Path(file).write_bytes(b"".join(compact(one) + b"\n" for one in envelopes))


def _tests(revision: str) -> Json:
    source = {"uri": "git+https://git.harbour.example/core/bookings-api", "digest": {"gitCommit": revision}}
    passed = ["unit", "contract", "smoke"]
    return {
        "result": "PASSED",
        "configuration": [source],
        "passedTests": passed,
        "warnedTests": [],
        "failedTests": [],
    }


def _summary(resource: str) -> Json:
    return {
        "verifier": {"id": "https://builds.harbour.example/verifier"},
        "timeVerified": "2026-08-11T09:18:02Z",
        "resourceUri": resource,
        "policy": {"uri": "https://builds.harbour.example/policies/release", "digest": {"sha256": "1d" * 32}},
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_2"],
        "slsaVersion": "1.1",
    }


def _bom(samples: Path) -> Json:
    """The head of the SBOM of wait-for, without its packages."""
    whole = json.loads((samples / "sboms/wait-for.spdx.json").read_bytes())
    kept = {"SPDXID", "spdxVersion", "creationInfo", "name", "dataLicense", "documentNamespace"}
    return {key: value for key, value in whole.items() if key in kept} | {"packages": [], "relationships": []}


def policies(samples: str, public: str, file: str, pods: str) -> None:
    """The Kyverno policies of the manifests with the new key; a copy that may ask without TLS; the pods to judge."""
    manifest = Path(samples) / "manifests/81-admission.yaml"
    text = manifest.read_text(encoding="utf-8")
    key = Path(public).read_text(encoding="utf-8").strip().splitlines()
    pattern = re.compile(r"^( *)-----BEGIN PUBLIC KEY-----\n.*?-----END PUBLIC KEY-----$", re.MULTILINE | re.DOTALL)
    text = pattern.sub(lambda found: "\n".join(found[1] + line for line in key), text)
    manifest.write_text(text, encoding="utf-8")
    found = [one for one in yaml.safe_load_all(text) if one["kind"] == "ClusterPolicy"]
    for policy in found:
        for rule in policy["spec"]["rules"]:
            for one in rule.get("verifyImages", ()):
                one["imageRegistryCredentials"] = {"allowInsecureRegistry": True}
    Path(file).write_text(yaml.safe_dump_all(found), encoding="utf-8")
    objects = json.loads((Path(samples) / "cluster/objects.json").read_bytes())["items"]
    judged = [one for one in objects if one["kind"] == "Pod" and one["metadata"]["namespace"].startswith("harbour-")]
    Path(pods).write_text("\n---\n".join(json.dumps(one) for one in judged), encoding="utf-8")


def report(printed: str, file: str) -> None:
    """Kyverno's report without what it prints around it, dated to the day that the samples tell of."""
    text = Path(printed).read_text(encoding="utf-8")
    document: Json = copy.deepcopy(yaml.safe_load(text[text.index("apiVersion:") :]))
    for one in document["results"]:
        one["timestamp"] = {"nanos": 0, "seconds": REPORT_TIME}
    document["results"].sort(key=lambda one: (one["resources"][0]["namespace"], one["resources"][0]["name"]))
    target = Path(file)
    target.parent.mkdir(exist_ok=True)
    target.write_text(yaml.safe_dump(document, sort_keys=True, width=120), encoding="utf-8")


PARTS: dict[str, Callable[..., None]] = {
    "plain": plain,
    "provenance": write_provenance,
    "pull": pull,
    "archive": archive,
    "lines": lines,
    "policies": policies,
    "report": report,
}


if __name__ == "__main__":
    PARTS[sys.argv[1]](*sys.argv[2:])
