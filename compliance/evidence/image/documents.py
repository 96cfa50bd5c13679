"""The reader of image documents without layers: bare configurations and `docker image inspect`; one Image for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from compliance.errors import EvidenceError
from compliance.evidence.image.building import DOCKER_KEYS, DOCKER_TYPE, SHORT
from compliance.evidence.image.config_wire import MAX_HISTORY, MAX_LAYERS, Fields, cut, history, image_config
from compliance.evidence.json_documents import decode_json, values
from compliance.evidence.lines import locate
from compliance.evidence.recognition import HEAD, Notation, first_object, notation, without_mark
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.faults import counted
from compliance.model.image import HistoryStep, Image, ImageDigests, ImageFault, ImageLayer
from compliance.model.reader import Reader, Record, Slice

#: Bytes of one file. One image is described in about 10 KB.
MAX_BYTES = 64 << 20
#: Images of one file.
MAX_IMAGES = 10_000
_CHUNK = 1 << 20
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
#: Keys that other documents have: manifests, Kubernetes objects, containers, reports of scanners.
_OTHERS = frozenset(
    (b"mediaType", b"schemaVersion", b"apiVersion", b"State", b"HostConfig", b"bomFormat", b"artifacts")
)
#: Media types of lists over platforms.
_LISTS = ("application/vnd.oci.image.index.", "application/vnd.docker.distribution.manifest.list.")


def identify(head: bytes) -> bool:
    """Whether the first bytes, up to 64 KiB, are an image configuration or what `docker image inspect` prints."""
    if notation(head) is not Notation.JSON:
        return False
    text = without_mark(head).lstrip()
    keys, _ = first_object(text, 2 if text.startswith(b"[") else 1)
    whole = len(head) < HEAD
    if not keys.isdisjoint(_OTHERS):
        return False
    if text.startswith(b"["):
        return _is_inspect(keys, whole=whole)
    if b"rootfs" in keys:
        return not keys.isdisjoint((b"architecture", b"os", b"config"))
    return _is_inspect(keys, whole=whole) or (not whole and keys >= {b"architecture", b"config"})


def _is_inspect(keys: set[bytes], *, whole: bool) -> bool:
    return b"Id" in keys and (b"RootFS" in keys or (not whole and b"RepoTags" in keys))


def split(stream: BinaryIO) -> Iterator[Slice | EvidenceError]:
    """The whole file as one slice, or an EvidenceError when it is too large."""
    length = 0
    while chunk := stream.read(_CHUNK):
        length += len(chunk)
    if length > MAX_BYTES:
        yield EvidenceError(f"{length:,} bytes of image descriptions (allowed: {MAX_BYTES:,})", kind="Image")
    else:
        yield Slice(offset=0, length=length, line=1, document=None, item=None, count=1)


def read(data: bytes, slice: Slice, path: str, sha256: str) -> Iterator[Record | EvidenceError]:
    """An Image for each object, in order, without files; an EvidenceError for each that is none.

    The digest of a bare configuration is that of the file, where the file is the blob itself: compact
    JSON as every builder writes it, or named by its own digest. What is spread over lines was written
    anew (`skopeo inspect --config`, a pretty printer): its digest is not known and it is told apart by
    that of the file. Of `docker image inspect`, `Id` is the configuration's digest, but with Docker's
    containerd store that of the manifest or list, which `Descriptor` or `RepoDigests` tell.
    """
    texts = list(values(data))
    line, before = slice.line, 0
    for index, (start, end, _) in enumerate(texts):
        line += data.count(b"\n", before, start)
        before = start
        origin = Origin(
            path=path,
            sha256=sha256,
            document=index if len(texts) > 1 else None,
            pointer="",
            inner="",
            offset=slice.offset + start,
            length=end - start,
            line=line,
        )
        text = data[start:end]
        exact = len(texts) == 1 and text == data and (b"\n" not in text or path.rpartition("/")[2] == sha256)
        yield from _documents(text, origin, exact=exact)


def _documents(data: bytes, origin: Origin, *, exact: bool) -> Iterator[Image | EvidenceError]:
    try:
        value = decode_json(data.decode("utf-8"), origin.line)
    except UnicodeDecodeError as error:
        line = origin.line + data.count(b"\n", 0, error.start)
        yield _placed(EvidenceError(f"byte {error.start} is not UTF-8; convert the file to UTF-8", line=line), origin)
        return
    except EvidenceError as error:
        yield _placed(error, origin)
        return
    listed = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
    if len(listed) > MAX_IMAGES:
        yield _placed(EvidenceError(f"{len(listed):,} images (allowed: {MAX_IMAGES:,})", line=origin.line), origin)
        return
    for index, item in listed:
        at = "" if index is None else f"/{index}"
        try:
            fields = Fields(item, at)
            if "RootFS" in fields and "Id" in fields:
                yield _inspected(fields, origin)
            else:
                yield _configured(fields, origin, exact=exact and index is None)
        except EvidenceError as error:
            if error.line is None:
                error.line = locate(data, origin.line, [error.pointer])[0]
            yield _placed(error, origin)


def _placed(error: EvidenceError, origin: Origin) -> EvidenceError:
    return EvidenceError(
        error.message,
        path=origin.path,
        document=origin.document,
        pointer=error.pointer,
        line=error.line,
        kind="Image",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What tells an image apart where it stands in a document."""

    form: str
    id: str
    names: tuple[str, ...]
    digests: ImageDigests
    docker_format: bool


def _configured(root: Fields, origin: Origin, *, exact: bool) -> Image:
    """An image of its bare configuration."""
    if "rootfs" not in root:
        raise EvidenceError("no image configuration: it has no rootfs", pointer=root.at)
    config = f"sha256:{origin.sha256}" if exact else None
    named = _Named(
        form="image-config" if exact else "skopeo-config",
        id=f"image/{config}" if config else _document_id(root, origin),
        names=(),
        digests=ImageDigests(index=None, manifest=None, config=config),
        docker_format=any(key in root for key in DOCKER_KEYS),
    )
    return _image(root, origin, named, root.inner("rootfs"), "diff_ids")


def _inspected(root: Fields, origin: Origin) -> Image:
    """An image as Docker or Podman describes it."""
    os_name, architecture = root.text("Os") or "", root.text("Architecture") or ""
    digests = _digests(root)
    own = digests.config or digests.manifest
    shared = digests.index or _digest(root.text("Id"))
    if own is not None:
        identity = f"image/{own}"
    else:
        identity = f"image/{shared}/{cut(os_name)}/{cut(architecture)}" if shared else _document_id(root, origin)
    kind = root.text("ManifestType") or root.inner("Descriptor").text("mediaType") or DOCKER_TYPE
    named = _Named(
        form="docker-image-inspect",
        id=identity,
        names=tuple(sorted({cut(name) for name in root.texts("RepoTags") or () if name and name != "<none>:<none>"})),
        digests=digests,
        docker_format=kind.startswith(DOCKER_TYPE),
    )
    return _image(root, origin, named, root.inner("RootFS"), "Layers")


def _digests(root: Fields) -> ImageDigests:
    """What `Id` and its neighbours say of the digests; RepoDigests may be of a manifest or a list, so it is neither."""
    own = _digest(root.text("Id"))
    descriptor = root.inner("Descriptor")
    stored = _digest(descriptor.text("digest"))
    index = manifest = None
    if stored is not None and (descriptor.text("mediaType") or "").startswith(_LISTS):
        index = stored
    else:
        manifest = stored or _digest(root.text("Digest"))
    known = {index, manifest, *(_digest(name.rpartition("@")[2]) for name in root.texts("RepoDigests") or ())}
    return ImageDigests(index=index, manifest=manifest, config=None if own in known else own)


def _digest(text: str | None) -> str | None:
    found = _DIGEST.fullmatch(text or "")
    return f"sha256:{found[1]}" if found else None


def _document_id(root: Fields, origin: Origin) -> str:
    """An id of the place alone, where nothing says which image it is."""
    document = "" if origin.document is None else f"/{origin.document}"
    return f"image/document/{origin.sha256}{document}{root.at}"


def _image(root: Fields, origin: Origin, named: _Named, rootfs: Fields, key: str) -> Image:
    diff_ids = rootfs.texts(key, MAX_LAYERS) or ()
    steps, made = history(root.items("history", MAX_HISTORY), root.pointer("history"))
    faults = []
    if steps and made != len(diff_ids):
        words = (
            f"the history has {counted(made, 'step')} that made a layer, the image {counted(len(diff_ids), 'layer')}"
        )
        faults.append(ImageFault(words=words, origin=origin, pointer=root.pointer("history"), hides=False))
        steps = tuple(replace(step, layer=None) for step in steps)
    own = named.digests.config or named.digests.manifest or named.digests.index
    name = named.names[0] if named.names else own[: len("sha256:") + SHORT] if own else origin.path.rpartition("/")[2]
    return Image(
        origin=origin,
        subject=Subject(id=named.id, type=SubjectType.IMAGE, name=name, digest=named.digests.config),
        form=named.form,
        names=named.names,
        digests=named.digests,
        os=cut(root.text("os") or ""),
        architecture=cut(root.text("architecture") or ""),
        variant=cut(root.text("variant") or ""),
        config=image_config(root.inner("config"), root),
        config_at=root.pointer("config"),
        root_at=root.at,
        docker_format=named.docker_format,
        history=steps,
        history_at=root.pointer("history"),
        layers=_layers(diff_ids, {step.layer: step for step in steps if step.layer is not None}),
        filesystem=None,
        faults=tuple(faults),
        faults_total=len(faults),
        incomplete="",
    )


def _layers(diff_ids: tuple[str, ...], steps: Mapping[int, HistoryStep]) -> tuple[ImageLayer, ...]:
    """The layers that are stated, none of them handed in."""
    return tuple(
        ImageLayer(
            number=number,
            diff_id=cut(diff_id),
            digest=None,
            media_type="",
            compression=None,
            size=0,
            unpacked=0,
            members=0,
            created_by=steps[number].created_by if number in steps else "",
            origin=None,
            read=False,
        )
        for number, diff_id in enumerate(diff_ids, 1)
    )


READER = Reader(
    id="image-config",
    title="Image configurations, and images as docker image inspect prints them",
    revision=1,
    evidence_kinds=("image-config", "image-history"),
    identify=identify,
    split=split,
    read=read,
    locate=locate,
    record=Image,
)
