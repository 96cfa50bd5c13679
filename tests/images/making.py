"""Small images from a description: the same description gives the same configuration and diff ids in every form.

A description (a dict, or a `*.image.yaml` file) has these keys, all optional:
`names`, `created`, `platform` (`linux/amd64`), `docker` (Docker's media types), `config` (the object, verbatim),
`history` (default: one step a layer), `layers` (each a list of members, see `member`), `listed` (true: it stands in a
list over platforms, which has a digest of its own), and `broken` with 1-based layer numbers: `wrong_diff_id`,
`wrong_digest`, `missing_layer`, `truncated_layer`.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import yaml
import zstandard

BLOCK = 512
OCI = {
    "index": "application/vnd.oci.image.index.v1+json",
    "manifest": "application/vnd.oci.image.manifest.v1+json",
    "config": "application/vnd.oci.image.config.v1+json",
    "none": "application/vnd.oci.image.layer.v1.tar",
    "gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}
DOCKER = {
    "index": "application/vnd.docker.distribution.manifest.list.v2+json",
    "manifest": "application/vnd.docker.distribution.manifest.v2+json",
    "config": "application/vnd.docker.container.image.v1+json",
    "none": "application/vnd.docker.image.rootfs.diff.tar",
    "gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "zstd": "application/vnd.docker.image.rootfs.diff.tar.zstd",
}
#: Linux capabilities by number (include/uapi/linux/capability.h).
_CAPABILITY_NAMES = (
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service "
    "net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct "
    "sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control "
    "setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"
)
CAPABILITIES = _CAPABILITY_NAMES.split()
TYPES = {"file": b"0", "hardlink": b"1", "symlink": b"2", "char": b"3", "block": b"4", "dir": b"5", "fifo": b"6"}

Description = Mapping[str, Any]  # as YAML gives it


def load(path: Path) -> Description:
    """The description in a `*.image.yaml` file."""
    loaded = yaml.safe_load(path.read_text())
    assert isinstance(loaded, dict)
    return loaded


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def as_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_written).encode()


def _written(value: object) -> str:
    """A date that YAML made of plain text, as an image configuration writes it."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: UP017 - the alias is newer
    assert isinstance(value, date)
    return f"{value.isoformat()}T00:00:00Z"


# -- tar ----------------------------------------------------------------------------------------------------


def number(value: int, width: int) -> bytes:
    """A number of a tar header: octal, or base-256 when it does not fit."""
    octal = b"%0*o\0" % (width - 1, max(value, 0))
    if value >= 0 and len(octal) == width:
        return octal
    return ((1 << (8 * width - 1)) | (value & ((1 << (8 * width - 1)) - 1))).to_bytes(width, "big")


def header(
    name: bytes,
    kind: bytes = b"0",
    size: int | bytes = 0,
    *,
    mode: int = 0o644,
    uid: int = 0,
    gid: int = 0,
    link: bytes = b"",
    device: tuple[int, int] = (0, 0),
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
) -> bytes:
    """One 512-byte header with its checksum; `size` may be the raw field."""
    raw_size = size if isinstance(size, bytes) else number(size, 12)
    fields = [
        name[:100].ljust(100, b"\0"), number(mode, 8), number(uid, 8), number(gid, 8), raw_size, number(0, 12),
        b" " * 8, kind, link[:100].ljust(100, b"\0"), magic, b"\0" * 64,
        number(device[0], 8), number(device[1], 8), prefix.ljust(155, b"\0"), b"\0" * 12,
    ]  # fmt: skip
    made = b"".join(fields)
    return made[:148] + b"%06o\0 " % sum(made) + made[156:]


def padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % BLOCK)


def pax_record(key: bytes, value: bytes) -> bytes:
    """`LENGTH KEY=VALUE\\n`, where the length counts itself."""
    rest = len(key) + len(value) + 3
    size = rest + len(str(rest))
    size = rest + len(str(size))
    return b"%d %s=%s\n" % (size, key, value)


def pax(records: Mapping[bytes, bytes], kind: bytes = b"x") -> bytes:
    """A whole PAX member."""
    body = b"".join(pax_record(key, value) for key, value in records.items())
    return header(b"PaxHeaders/0", kind, len(body)) + padded(body)


def capability(text: str) -> bytes:
    """The security.capability attribute, version 2, of `cap_net_raw,cap_chown=ep`."""
    names, _, flags = text.replace("+", "=").partition("=")
    bits = 0
    for name in names.split(","):
        bits |= 1 << CAPABILITIES.index(name.strip().removeprefix("cap_"))
    permitted = bits if "p" in flags else 0
    inherited = bits if "i" in flags else 0
    low = 0xFFFFFFFF
    magic = 0x02000000 | (1 if "e" in flags else 0)
    return struct.pack("<5I", magic, permitted & low, inherited & low, permitted >> 32, inherited >> 32)


def elf(kind: str) -> bytes:
    """A 64-bit ELF header with program headers: `static` has no interpreter, `dynamic` has one."""
    interpreter = b"/lib64/ld-linux-x86-64.so.2\0" if kind == "dynamic" else b""
    headers = 2 if interpreter else 1
    ident = b"\x7fELF\x02\x01\x01" + b"\0" * 9
    body = 64 + 56 * headers
    start = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400000, 64, 0, 0, 64, 56, headers, 64, 0, 0)
    made = ident + start + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, body, body, 0x1000)
    if interpreter:
        size = len(interpreter)
        made += struct.pack("<IIQQQQQQ", 3, 4, body, 0x400000 + body, 0x400000 + body, size, size, 1)
    return made + interpreter


def _content(item: Mapping[str, Any]) -> bytes:
    content = b""
    if "content" in item:
        content = item["content"] if isinstance(item["content"], bytes) else str(item["content"]).encode()
    elif "content_base64" in item:
        content = base64.b64decode(item["content_base64"])
    return (elf(item["elf"]) if "elf" in item else b"") + content


def member(item: Mapping[str, Any]) -> bytes:
    """A member of a layer, with the PAX member before it where it needs one.

    `path`, `type` (file, dir, symlink, hardlink, char, block, fifo), `mode` (octal text), `uid`, `gid`, `link`,
    `content` or `content_base64`, `elf` (static, dynamic: a header, before the content), `capability`, `xattrs`.
    """
    kind = TYPES[item.get("type", "file")]
    content = _content(item) if kind == b"0" else b""
    name, link = _raw(item["path"]), _raw(item.get("link", ""))
    records: dict[bytes, bytes] = {}
    if len(name) > 100:
        records[b"path"] = name
    if len(link) > 100:
        records[b"linkpath"] = link
    if "capability" in item:
        records[b"SCHILY.xattr.security.capability"] = capability(item["capability"])
    for key, value in item.get("xattrs", {}).items():
        records[b"SCHILY.xattr." + _raw(key)] = _raw(value)
    mode = item.get("mode", "0755" if kind == b"5" else "0777" if kind == b"2" else "0644")
    made = header(
        name, kind, len(content),
        mode=mode if isinstance(mode, int) else int(mode, 8),
        uid=item.get("uid", 0), gid=item.get("gid", 0), link=link,
        device=(item.get("major", 0), item.get("minor", 0)),
    )  # fmt: skip
    return (pax(records) if records else b"") + made + padded(content)


def _raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def tar_of(members: Iterable[bytes]) -> bytes:
    """Members and the end of an archive."""
    return b"".join([*members, b"\0" * (2 * BLOCK)])


def layer_tar(items: Iterable[Mapping[str, Any]]) -> bytes:
    """The tar of a layer."""
    return tar_of(member(item) for item in items)


def archive(files: Mapping[str, bytes]) -> bytes:
    """A tar of plain files, in the order given."""
    return tar_of(member({"path": name, "content": data}) for name, data in files.items())


def packed(data: bytes, compression: str) -> bytes:
    """The bytes as gzip or zstd (or as they are: none), the same each time."""
    if compression == "gzip":
        return gzip.compress(data, mtime=0)
    if compression == "zstd":
        return zstandard.ZstdCompressor(level=3).compress(data)
    assert compression == "none", compression
    return data


# -- images -------------------------------------------------------------------------------------------------


def layer_tars(description: Description) -> list[bytes]:
    """The uncompressed tar of each layer."""
    return [layer_tar(items or ()) for items in description.get("layers", ())]


def config_of(description: Description) -> bytes:
    """The configuration: its sha256 is the image ID."""
    diff_ids = [sha256(layer) for layer in layer_tars(description)]
    broken = _broken(description)
    if "wrong_diff_id" in broken:
        diff_ids[broken["wrong_diff_id"] - 1] = sha256(b"another layer")
    os_name, _, rest = str(description.get("platform", "linux/amd64")).partition("/")
    architecture, _, variant = rest.partition("/")
    created = description.get("created")
    default_history = [{"created_by": f"COPY layer {n} / # buildkit"} for n in range(1, len(diff_ids) + 1)]
    made: dict[str, object] = {
        "architecture": architecture,
        "config": description.get("config") or {},
        "history": description.get("history", default_history),
        "os": os_name,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }
    if created is not None:
        made["created"] = created
    if variant:
        made["variant"] = variant
    return as_json(made)


def _broken(description: Description) -> dict[str, int]:
    return dict(description.get("broken") or {})


def descriptor(media_type: str, data: bytes, **more: object) -> dict[str, object]:
    return {"mediaType": media_type, "digest": sha256(data), "size": len(data), **more}


def blob_name(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def image_blobs(description: Description, compression: str = "gzip") -> tuple[bytes, dict[str, bytes]]:
    """The manifest, and the blobs by file name (the manifest's own included)."""
    types = DOCKER if description.get("docker") else OCI
    broken = _broken(description)
    config = config_of(description)
    blobs = {blob_name(sha256(config)): config}
    layers = []
    for position, tar in enumerate(layer_tars(description), 1):
        blob = packed(tar, compression)
        stated = descriptor(types[compression], blob)
        if broken.get("wrong_digest") == position:
            stated["digest"] = sha256(b"another blob")
        if broken.get("truncated_layer") == position:
            blob = blob[: len(blob) // 2]
        layers.append(stated)
        if broken.get("missing_layer") != position:
            blobs[blob_name(str(stated["digest"]))] = blob
    manifest = as_json(
        {
            "schemaVersion": 2,
            "mediaType": types["manifest"],
            "config": descriptor(types["config"], config),
            "layers": layers,
        }
    )
    blobs[blob_name(sha256(manifest))] = manifest
    return manifest, blobs


def index_json(entries: Sequence[Mapping[str, object]]) -> bytes:
    return as_json({"schemaVersion": 2, "mediaType": OCI["index"], "manifests": list(entries)})


def layout(entries: Sequence[Mapping[str, object]], blobs: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of an OCI layout whose index.json has these entries."""
    return {
        "oci-layout": as_json({"imageLayoutVersion": "1.0.0"}),
        "index.json": index_json(entries),
        **dict(sorted(blobs.items())),
    }


def entries_of(description: Description, manifest: bytes) -> list[dict[str, object]]:
    """What index.json says of the image: one entry for each name."""
    types = DOCKER if description.get("docker") else OCI
    names = list(description.get("names") or ())
    if not names:
        return [descriptor(types["manifest"], manifest)]
    return [
        descriptor(types["manifest"], manifest, annotations={"org.opencontainers.image.ref.name": name})
        for name in names
    ]


def parts(description: Description, compression: str = "gzip") -> dict[str, bytes]:
    """The files of an OCI layout by name: `oci-layout`, `index.json`, `blobs/sha256/...`."""
    if description.get("listed"):
        return platforms([description], next(iter(description.get("names") or ()), ""), compression)
    manifest, blobs = image_blobs(description, compression)
    return layout(entries_of(description, manifest), blobs)


def several(descriptions: Sequence[Description], compression: str = "gzip") -> dict[str, bytes]:
    """The files of an OCI layout with several images side by side."""
    entries: list[Mapping[str, object]] = []
    blobs: dict[str, bytes] = {}
    for description in descriptions:
        manifest, own = image_blobs(description, compression)
        entries += entries_of(description, manifest)
        blobs |= own
    return layout(entries, blobs)


def platforms(descriptions: Sequence[Description], name: str = "", compression: str = "gzip") -> dict[str, bytes]:
    """The files of an OCI layout with one multi-platform image, a description for each platform."""
    entries = []
    blobs: dict[str, bytes] = {}
    for description in descriptions:
        manifest, own = image_blobs(description, compression)
        os_name, _, rest = str(description.get("platform", "linux/amd64")).partition("/")
        architecture, _, variant = rest.partition("/")
        platform = {"os": os_name, "architecture": architecture, **({"variant": variant} if variant else {})}
        entries.append(descriptor(OCI["manifest"], manifest, platform=platform))
        blobs |= own
    index = index_json(entries)
    blobs[blob_name(sha256(index))] = index
    named = {"annotations": {"org.opencontainers.image.ref.name": name}} if name else {}
    return layout([descriptor(OCI["index"], index, **named)], blobs)


def oci_tar(description: Description, compression: str = "gzip", outer: str = "none") -> bytes:
    """The OCI layout as one tar; `outer` compresses the tar as a whole."""
    return packed(archive(parts(description, compression)), outer)


def docker_archive(description: Description, compression: str = "none", outer: str = "none") -> bytes:
    """What `skopeo copy ... docker-archive:` writes: manifest.json, the configuration, the layers by diff id."""
    broken = _broken(description)
    config = config_of(description)
    config_name = sha256(config).removeprefix("sha256:") + ".json"
    files: dict[str, bytes] = {}
    names = []
    for position, tar in enumerate(layer_tars(description), 1):
        name = sha256(tar).removeprefix("sha256:") + ".tar"
        blob = packed(tar, compression)
        names.append(name)
        if broken.get("missing_layer") != position:
            files[name] = blob[: len(blob) // 2] if broken.get("truncated_layer") == position else blob
    listed = [{"Config": config_name, "RepoTags": list(description.get("names") or ()), "Layers": names}]
    return packed(archive({**files, config_name: config, "manifest.json": as_json(listed)}), outer)


def write_layout(folder: Path, description: Description, compression: str = "gzip") -> Path:
    """The OCI layout as a folder."""
    return write_files(folder, parts(description, compression))


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder
