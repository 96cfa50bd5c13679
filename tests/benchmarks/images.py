"""Makes the images and the SBOM that are measured: the same bytes on every machine, shaped like real ones."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path

#: Files and bytes of the large image, over its layers from the lowest.
LAYERS = ((5600, 300_000_000), (1600, 130_000_000), (800, 70_000_000))
#: Executables and libraries hold most of the bytes, as in real images.
_BINARY_SHARE = 0.75
_ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00"
_WORDS = b"the of and to server value config default option return import path file name with for set".split()
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def _code(size: int, pieces: list[bytes], dice: random.Random) -> bytes:
    """Bytes that compress like machine code: short runs that repeat, and some that do not."""
    body = b"".join(dice.choices(pieces, k=size // 24 + 1))
    return (_ELF + body)[:size]


def _text(size: int, dice: random.Random) -> bytes:
    return b" ".join(dice.choices(_WORDS, k=size // 5 + 1))[:size]


def _files(number: int, total: int, dice: random.Random, base: str) -> Iterator[tuple[str, int, bytes]]:
    """(path, mode, content) of the files of one layer."""
    pieces = [dice.randbytes(dice.choice((3, 8, 24, 61))) for _ in range(3000)]
    binaries = number // 20
    for index in range(binaries):
        size = int(total * _BINARY_SHARE / binaries * dice.uniform(0.6, 1.4))
        yield (
            f"usr/{'bin' if index % 2 else 'lib'}/{base}-{index}",
            0o755 if index % 2 else 0o644,
            _code(size, pieces, dice),
        )
    rest = number - binaries
    for index in range(rest):
        size = int(total * (1 - _BINARY_SHARE) / rest * dice.uniform(0.2, 1.8))
        yield f"usr/share/{base}/part-{index % 60}/file-{index}.conf", 0o644, _text(size, dice)


def _layer(number: int, total: int, seed: int) -> bytes:
    """An uncompressed layer with its package database."""
    dice = random.Random(seed)  # noqa: S311 - made-up data, the same each time
    base = f"layer{seed}"
    written = io.BytesIO()
    paths: list[str] = []
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, mode, content in _files(number, total, dice, base):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.mtime = len(content), mode, 1_700_000_000
            archive.addfile(entry, io.BytesIO(content))
            paths.append(path)
        for path, content in _database(paths, base):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mtime = len(content), 1_700_000_000
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()


def _database(paths: list[str], base: str) -> Iterator[tuple[str, bytes]]:
    """A dpkg database of 150 packages that own the files."""
    status = "".join(
        f"Package: {base}-{n}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.{n}-1\n\n"
        for n in range(150)
    )
    yield "var/lib/dpkg/status", status.encode()
    for n in range(150):
        owned = "".join(f"/{path}\n" for path in paths[n::150])
        yield f"var/lib/dpkg/info/{base}-{n}.list", owned.encode()
    yield "etc/os-release", b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
    yield "etc/passwd", b"root:x:0:0:root:/root:/bin/bash\napp:x:10001:10001::/app:/usr/sbin/nologin\n"


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _parts(layers: list[bytes], own: bytes) -> dict[str, bytes]:
    """The files of a layout of one image; `layers` are uncompressed, `own` tells images apart."""
    blobs: dict[str, bytes] = {}
    stored = []
    for layer in layers:
        packed = gzip.compress(layer, 6, mtime=0)
        blobs[_digest(packed)] = packed
        stored.append({"mediaType": _LAYER, "digest": _digest(packed), "size": len(packed)})
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "2026-08-20T00:00:00Z",
            "config": {"User": "10001", "Cmd": ["/usr/bin/layer1-1", own.decode()]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer) for layer in layers]},
            "history": [{"created_by": f"COPY part-{n} /"} for n, _ in enumerate(layers)],
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": _CONFIG, "digest": _digest(config), "size": len(config)},
            "layers": stored,
        }
    ).encode()
    blobs.update({_digest(config): config, _digest(manifest): manifest})
    entry = {"mediaType": _MANIFEST, "digest": _digest(manifest), "size": len(manifest)}
    return {
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        "index.json": json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode(),
        **{f"blobs/{digest.replace(':', '/')}": data for digest, data in blobs.items()},
    }


def large(folder: Path) -> Path:
    """A folder with one archive: about 500 MB of content in 8,000 files; a folder that is there is kept."""
    target = folder / "image.tar"
    if target.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    layers = [_layer(number, total, seed) for seed, (number, total) in enumerate(LAYERS, start=1)]
    _write_tar(target, _parts(layers, b"large"))
    return folder


def shared(folder: Path, images: int) -> Path:
    """A folder of layouts that all have one layer of 60 MB in common, each as a copy of its own."""
    if folder.exists():
        return folder
    base = _layer(1200, 60_000_000, 40)
    for number in range(images):
        own = _layer(10, 50_000, 100 + number)
        for name, data in _parts([base, own], f"app-{number}".encode()).items():
            path = folder / f"app-{number:03d}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder


def _write_tar(path: Path, parts: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, data in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def sbom(folder: Path, components: int = 24_000) -> Path:
    """A folder with one CycloneDX file of about 20 MB, as syft writes it for a very large image."""
    target = folder / "large.cdx.json"
    if target.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    listed = [
        {
            "bom-ref": f"pkg:npm/%40scope/package-{n}@1.{n % 90}.{n % 7}?package-id={n:016x}",
            "type": "library",
            "author": "A. Author and the contributors of package " + str(n),
            "name": f"@scope/package-{n}",
            "version": f"1.{n % 90}.{n % 7}",
            "description": "A package that does one thing, and the words that its author found for it " * 2,
            "licenses": [{"license": {"id": "MIT"}}],
            "cpe": f"cpe:2.3:a:scope:package-{n}:1.{n % 90}.{n % 7}:*:*:*:*:*:*:*",
            "purl": f"pkg:npm/%40scope/package-{n}@1.{n % 90}.{n % 7}",
            "properties": [
                {"name": "syft:package:foundBy", "value": "javascript-package-cataloger"},
                {"name": "syft:location:0:path", "value": f"/app/node_modules/@scope/package-{n}/package.json"},
            ],
        }
        for n in range(components)
    ]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "version": 1,
        "metadata": {
            "timestamp": "2026-08-21T00:00:00Z",
            "tools": {"components": [{"type": "application", "name": "syft", "version": "1.18.1"}]},
            "component": {"type": "container", "name": "registry.example/app:1", "version": "sha256:" + "a" * 64},
        },
        "components": listed,
    }
    target.write_text(json.dumps(document, indent=1))
    return folder
