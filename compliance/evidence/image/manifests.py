"""Finds the images of an OCI layout: index and manifests in, images and what does not hold of them out.

Source: OCI image specification 1.1 (image-layout, image-index, manifest, descriptor, annotations);
CVE-2021-41190 (a document that is a manifest and an index at once).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from compliance.errors import EvidenceError
from compliance.evidence.image.attachments import (
    MAX_ATTACHED,
    attachments_of,
    missing,
    tagged_digest,
    unnamed_referrers,
)
from compliance.evidence.image.contents import FoundAttachment, FoundFault, FoundImage, FoundLayer
from compliance.evidence.image.holdings import Held, Holdings, is_digest, is_sha256
from compliance.evidence.printing import masked

#: Manifests named by all indexes of one source.
MAX_MANIFESTS = 10_000
#: Indexes one inside the other; a registry gives one.
MAX_DEPTH = 5
#: Layers of one image; Docker's own limit is 127.
MAX_LAYERS = 1_000
#: Errors told of one source.
MAX_ERRORS = 100
#: Platforms named in one message.
_PLATFORMS_TOLD = 6
_WORD_SHOWN = 120

_NAMES = ("org.opencontainers.image.ref.name", "io.containerd.image.name")
_REFERENCE_TYPE = "vnd.docker.reference.type"
_CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
#: What layers of attestations, signatures and SBOMs are, which hold no file system.
_REFERENCE = re.compile(r"(?=[^/:]*[/:])[\w.:/@+-]{1,1024}\Z", re.ASCII)
_NO_LAYER = ("json", "in-toto", "cosign", "sigstore", "simplesigning", "spdx", "cyclonedx", "jws", "notary")


@dataclass(slots=True)
class Found:
    """What is found in a source, growing."""

    images: list[FoundImage] = field(default_factory=list)
    errors: list[EvidenceError] = field(default_factory=list)
    attached: list[FoundAttachment] = field(default_factory=list)
    set_aside: int = 0

    def trouble(self, error: EvidenceError) -> None:
        error.kind = error.kind or "Image"  # so that the checks of images know that one may be missing
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(error)
        elif len(self.errors) == MAX_ERRORS:
            more = f"more than {MAX_ERRORS} manifests or files of the source cannot be read; the rest is not told"
            self.errors.append(EvidenceError(more, path=error.path, kind="Image"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A descriptor still to be followed: where it stands, and what was gathered on the way to it."""

    descriptor: object
    parent: Held
    pointer: str
    depth: int
    names: tuple[str, ...] = ()
    index: str | None = None
    faults: tuple[FoundFault, ...] = ()
    tagged: str | None = None


def images_of_layout(holdings: Holdings, root: str, found: Found) -> None:
    """Add the images of the layout whose files begin with `root` (empty text, or a folder with its slash)."""
    index = holdings.find(f"{root}index.json")
    if index is None:
        found.trouble(holdings.trouble("an OCI layout without its index.json: save the image again"))
        return
    try:
        top = _mapping(holdings.document(index), holdings, index)
        _no_double(top, holdings, index)
        stack = _entries(top, _Named(descriptor=None, parent=index, pointer="", depth=0), holdings, index)
    except EvidenceError as error:
        found.trouble(error)
        return
    _Walk(holdings, root, found).run(stack)


class _Walk:
    """The descriptors of one layout, followed in order."""

    def __init__(self, holdings: Holdings, root: str, found: Found) -> None:
        self.holdings = holdings
        self.root = root
        self.found = found
        self.absent: dict[str, tuple[Held, list[str]]] = {}
        self.images: dict[tuple[str | None, str], FoundImage] = {}
        self.seen: set[tuple[str | None, str]] = set()

    def run(self, stack: list[_Named]) -> None:
        followed = 0
        while stack:
            named = stack.pop()
            followed += 1
            if followed + len(stack) > MAX_MANIFESTS:
                words = f"more than {MAX_MANIFESTS:,} manifests, which is the most that is read; split the layout"
                self.found.trouble(self.holdings.trouble(words))
                break
            try:
                stack.extend(self._follow(named))
            except EvidenceError as error:
                self.found.trouble(error)
        self._unnamed()
        self._tell_absent()
        self.found.images.extend(self.images.values())

    def _follow(self, named: _Named) -> list[_Named]:
        """What an index names, in reverse; nothing for a manifest, whose image is kept."""
        holdings = self.holdings
        descriptor = _mapping(named.descriptor, holdings, named.parent, named.pointer)
        digest = descriptor.get("digest")
        if not isinstance(digest, str) or not is_digest(digest):
            raise holdings.trouble(f"the descriptor at {named.pointer} has no digest", named.parent)
        held = holdings.blob(digest, self.root)
        names = named.names or _names_of(descriptor)
        named = replace(named, tagged=named.tagged or tagged_digest(descriptor))
        if held is None:
            self._missing(named, descriptor, digest)
            return []
        if (named.index, held.digest) in self.seen:
            self._again(named, names, descriptor, digest, held)
            return []
        self.seen.add((named.index, held.digest))
        document = _mapping(holdings.document(held), holdings, held)
        _no_double(document, holdings, held)
        faults = named.faults + tuple(_differences(descriptor, digest, document, held, named))
        if "manifests" not in document:
            self._image(replace(named, names=names, faults=faults), held, document, descriptor)
            return []
        if named.depth >= MAX_DEPTH:
            raise holdings.trouble(f"indexes {named.depth + 1} deep (allowed: {MAX_DEPTH})", held)
        inner = replace(named, depth=named.depth + 1, names=names, index=named.index or held.digest, faults=faults)
        return _entries(document, inner, holdings, held)

    def _again(
        self, named: _Named, names: tuple[str, ...], descriptor: Mapping[str, object], digest: str, held: Held
    ) -> None:
        """A manifest that was read: it may have another name here, and be named by another digest."""
        image = self.images.get((named.index, held.digest))
        if image is not None:
            faults = _blob_faults(descriptor, digest, held, named.parent, named.pointer, "the manifest", hides=False)
            self.images[named.index, held.digest] = with_more(image, names, (*named.faults, *faults))

    def _missing(self, named: _Named, descriptor: Mapping[str, object], digest: str) -> None:
        platform = _platform(descriptor)
        if named.tagged is not None:
            self.found.set_aside += 1
            self.found.trouble(missing(self.holdings, named.parent, digest, named.tagged))
        elif named.index is None:
            words = f"index.json names {digest} at {named.pointer}, which was not handed in: save the image again"
            self.found.trouble(self.holdings.trouble(words, named.parent))
        elif _is_about_another(descriptor):
            self.found.set_aside += 1
        else:
            self.absent.setdefault(named.index, (named.parent, []))[1].append(platform or digest)

    def _tell_absent(self) -> None:
        """Platforms of a list that were not handed in: told of the images that were, else of the list."""
        for index, (parent, platforms) in self.absent.items():
            shown = ", ".join(platforms[:_PLATFORMS_TOLD]) + (", ..." if len(platforms) > _PLATFORMS_TOLD else "")
            words = f"the list over platforms names {shown} too, which was not handed in"
            siblings = [key for key in self.images if key[0] == index]
            if not siblings:
                self.found.trouble(self.holdings.trouble(f"none of its platforms ({shown}) was handed in", parent))
            for key in siblings:
                fault = FoundFault(words=words, piece=parent.piece, pointer="/manifests", hides=False)
                self.images[key] = with_more(self.images[key], (), (fault,))

    def _image(self, named: _Named, held: Held, document: Mapping[str, object], stated: Mapping[str, object]) -> None:
        holdings = self.holdings
        if "fsLayers" in document or document.get("schemaVersion") == 1:
            raise holdings.trouble(
                "a manifest of schema 1, which is not read; pull and save it with a current tool", held
            )
        layers = document.get("layers")
        config = document.get("config")
        if not isinstance(layers, list) or not isinstance(config, dict):
            if "artifactType" in document or "blobs" in document:
                self._set_aside(held, document, stated, named.tagged)
                return
            raise holdings.trouble("neither an index (manifests) nor an image manifest (config and layers)", held)
        labelled = _is_about_another(stated)
        if not _is_image(document, config, layers, labelled):
            self._set_aside(held, document, stated, named.tagged)
            return
        faults = list(named.faults)
        if labelled:
            words = "is labelled an attestation and holds layers of a file system; it was read as an image"
            faults.append(FoundFault(words=words, piece=named.parent.piece, pointer=named.pointer, hides=False))
        self.images[named.index, held.digest] = self._made(named, held, config, layers, faults)

    def _set_aside(
        self, held: Held, document: Mapping[str, object], stated: Mapping[str, object], tagged: str | None
    ) -> None:
        """Keep what a manifest that is no image attaches to one."""
        self.found.set_aside += 1
        for one in attachments_of(self.holdings, self.root, held, document, stated, tagged):
            if isinstance(one, EvidenceError):
                self.found.trouble(one)
            elif len(self.found.attached) < MAX_ATTACHED:
                self.found.attached.append(one)
            elif len(self.found.attached) == MAX_ATTACHED:
                words = f"more than {MAX_ATTACHED:,} documents are attached to images; the rest is not read"
                raise self.holdings.trouble(words, held)

    def _unnamed(self) -> None:
        """Referrers in the blobs that nothing names."""
        seen = {digest for _, digest in self.seen}
        for held, document in unnamed_referrers(self.holdings, self.root, seen):
            config, layers = document.get("config"), document.get("layers")
            try:
                if isinstance(config, dict) and isinstance(layers, list):
                    if _is_image(document, config, layers, labelled=False):
                        continue
                elif "blobs" not in document:
                    continue
                self._set_aside(held, document, {}, None)
            except EvidenceError as error:
                self.found.trouble(error)

    def _made(
        self, named: _Named, held: Held, config: Mapping[str, object], layers: list[object], faults: list[FoundFault]
    ) -> FoundImage:
        holdings = self.holdings
        digest = config.get("digest")
        if not isinstance(digest, str) or not is_digest(digest):
            raise holdings.trouble("the descriptor at /config has no digest", held)
        file = holdings.blob(digest, self.root)
        if file is None:
            raise holdings.trouble(f"its configuration {digest} was not handed in: save the image again", held)
        diff_ids = diff_ids_of(holdings, file)
        faults += _blob_faults(config, digest, file, held, "/config", "its configuration", hides=False)
        if len(layers) > MAX_LAYERS:
            raise holdings.trouble(f"{len(layers):,} layers (allowed: {MAX_LAYERS:,})", held)
        made = [self._layer(position, layer, diff_ids, held, faults) for position, layer in enumerate(layers)]
        return FoundImage(
            form="oci-layout",
            names=named.names,
            index=named.index,
            manifest=held.digest,
            config=file.digest,
            config_bytes=holdings.bytes_of(file),
            config_piece=file.piece,
            layers=tuple(made),
            faults=tuple(faults),
        )

    def _layer(
        self, position: int, stated: object, diff_ids: list[str], manifest: Held, faults: list[FoundFault]
    ) -> FoundLayer:
        pointer = f"/layers/{position}"
        descriptor = _mapping(stated, self.holdings, manifest, pointer)
        digest = descriptor.get("digest")
        if not isinstance(digest, str) or not is_digest(digest):
            raise self.holdings.trouble(f"the descriptor at {pointer} has no digest", manifest)
        held = self.holdings.blob(digest, self.root)
        if held is None:
            where = " (its manifest gives addresses, which are never fetched)" if descriptor.get("urls") else ""
            words = f"layer {position + 1} ({digest}) was not handed in{where}"
            faults.append(FoundFault(words=words, piece=manifest.piece, pointer=pointer, hides=True))
        else:
            faults += _blob_faults(descriptor, digest, held, manifest, pointer, f"layer {position + 1}", hides=True)
        media_type = descriptor.get("mediaType")
        return FoundLayer(
            digest=digest,
            actual=held.digest if held else None,
            diff_id=diff_ids[position] if position < len(diff_ids) else "",
            media_type=_short(media_type) if isinstance(media_type, str) else "",
            piece=held.piece if held else None,
        )


def diff_ids_of(holdings: Holdings, config: Held) -> list[str]:
    """The diff ids that a configuration states; empty text for one that is no text.

    Raises:
        EvidenceError: the configuration is no JSON object, or states no rootfs.
    """
    document = _mapping(holdings.document(config), holdings, config)
    rootfs = document.get("rootfs")
    stated = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if stated is None and isinstance(rootfs, dict):
        stated = []
    if not isinstance(stated, list):
        raise holdings.trouble("is no image configuration: it has no rootfs", config)
    return [text if isinstance(text, str) and is_digest(text) else "" for text in stated]


def with_more(image: FoundImage, names: tuple[str, ...], faults: tuple[FoundFault, ...]) -> FoundImage:
    """The image with names and faults that it did not have."""
    return FoundImage(
        form=image.form,
        names=tuple(dict.fromkeys(image.names + names)),
        index=image.index,
        manifest=image.manifest,
        config=image.config,
        config_bytes=image.config_bytes,
        config_piece=image.config_piece,
        layers=image.layers,
        faults=tuple(dict.fromkeys(image.faults + faults)),
    )


# -- descriptors --------------------------------------------------------------------------------------------


def _mapping(value: object, holdings: Holdings, held: Held, pointer: str = "") -> Mapping[str, object]:
    if not isinstance(value, dict):
        where = f" at {pointer}" if pointer else ""
        raise holdings.trouble(f"no JSON object{where}, where a manifest has one", held)
    return value


def _no_double(document: Mapping[str, object], holdings: Holdings, held: Held) -> None:
    """Refuse what one tool reads as a manifest and another as an index."""
    if "manifests" in document and ("layers" in document or "config" in document or "fsLayers" in document):
        words = "is a manifest and an index at once (CVE-2021-41190): tools differ on what it ships; refused"
        raise holdings.trouble(words, held)


def _entries(document: Mapping[str, object], outer: _Named, holdings: Holdings, held: Held) -> list[_Named]:
    """The descriptors of an index, the last one first."""
    entries = document.get("manifests")
    if not isinstance(entries, list):
        raise holdings.trouble("an index without its list of manifests", held)
    if len(entries) > MAX_MANIFESTS:
        raise holdings.trouble(f"{len(entries):,} manifests in one index (allowed: {MAX_MANIFESTS:,})", held)
    made = [
        replace(outer, descriptor=entry, parent=held, pointer=f"/manifests/{position}")
        for position, entry in enumerate(entries)
    ]
    return made[::-1]


def _annotations(descriptor: Mapping[str, object]) -> Mapping[str, object]:
    found = descriptor.get("annotations")
    return found if isinstance(found, dict) else {}


def _names_of(descriptor: Mapping[str, object]) -> tuple[str, ...]:
    """The references a descriptor carries; a tag alone names nothing."""
    annotations = _annotations(descriptor)
    texts = [annotations.get(key) for key in _NAMES]
    return tuple(dict.fromkeys(text for text in texts if is_reference(text) and isinstance(text, str)))


def is_reference(text: object) -> bool:
    """Whether a value may be the name of an image: visible ASCII with a slash or a colon, not `<none>:<none>`."""
    return isinstance(text, str) and _REFERENCE.match(text) is not None


def _is_about_another(descriptor: Mapping[str, object]) -> bool:
    """Whether a descriptor says that it is an attestation about another manifest."""
    return _REFERENCE_TYPE in _annotations(descriptor)


def _platform(descriptor: Mapping[str, object]) -> str:
    platform = descriptor.get("platform")
    if not isinstance(platform, dict):
        return ""
    texts = [platform.get(key) for key in ("os", "architecture", "variant")]
    return "/".join(_short(text) for text in texts if isinstance(text, str) and text)


def _is_image(
    document: Mapping[str, object], config: Mapping[str, object], layers: list[object], labelled: bool
) -> bool:
    """Whether a manifest ships a file system; by what it holds, so that no label hides an image."""
    kind = config.get("mediaType")
    if isinstance(kind, str) and kind not in _CONFIGS:
        return False
    kinds = [str(layer.get("mediaType", "")).lower() for layer in layers if isinstance(layer, dict)]
    if not kinds:
        return not (labelled or "artifactType" in document or "subject" in document)
    return not all("tar" not in kind and any(word in kind for word in _NO_LAYER) for kind in kinds)


def _differences(
    descriptor: Mapping[str, object], digest: str, document: Mapping[str, object], held: Held, named: _Named
) -> list[FoundFault]:
    """Where a manifest or index is not what its descriptor says."""
    kind = "index" if "manifests" in document else "manifest"
    found = _blob_faults(descriptor, digest, held, named.parent, named.pointer, f"the {kind}", hides=False)
    stated, own = descriptor.get("mediaType"), document.get("mediaType")
    if isinstance(own, str) and isinstance(stated, str) and own != stated:
        words = f"the {kind} is called {_short(stated)} by what names it and {_short(own)} by itself"
        found.append(FoundFault(words=words, piece=held.piece, pointer="/mediaType", hides=False))
    said = own if isinstance(own, str) else stated
    if isinstance(said, str) and ((kind == "index") != ("index" in said or "manifest.list" in said)):
        words = f"the {kind} is called {_short(said)}, which it is not"
        found.append(FoundFault(words=words, piece=named.parent.piece, pointer=named.pointer, hides=False))
    return found


def _blob_faults(
    descriptor: Mapping[str, object], digest: str, held: Held, parent: Held, pointer: str, what: str, *, hides: bool
) -> list[FoundFault]:
    """Where a blob is not what its descriptor says: other bytes, or another length."""
    found = []
    if not is_sha256(digest):
        words = f"{what} is named by {_short(digest)}, which is no sha256 and was not verified"
        found.append(FoundFault(words=words, piece=parent.piece, pointer=f"{pointer}/digest", hides=False))
    elif held.digest != digest:
        words = f"{what} is named {digest} and its bytes have {held.digest}"
        found.append(FoundFault(words=words, piece=held.piece, pointer="", hides=hides))
    size = descriptor.get("size")
    if isinstance(size, int) and size != held.piece.length:
        words = f"{what} should have {size} bytes and has {held.piece.length}"
        found.append(FoundFault(words=words, piece=parent.piece, pointer=f"{pointer}/size", hides=hides))
    return found


def _short(text: str) -> str:
    return masked(text, _WORD_SHOWN) + ("..." if len(text) > _WORD_SHOWN else "")
