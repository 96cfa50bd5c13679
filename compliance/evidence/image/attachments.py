"""Finds what hangs on the images of a source: manifests that are no image in, the pieces they attach out.

A manifest is about another one by its `subject` (a referrer), by the tag it is stored under (cosign), or by what
the index says of it (BuildKit). Source: OCI image specification 1.1, manifest.md, "subject"; OCI distribution
specification 1.1, "Referrers Tag Schema"; sigstore/cosign, specs/SIGNATURE_SPEC.md, "Tag-based discovery";
moby/buildkit, docs/attestations/attestation-storage.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compliance.errors import EvidenceError
from compliance.evidence.image.contents import FoundAttachment
from compliance.evidence.image.holdings import Held, Holdings, is_digest, is_sha256
from compliance.evidence.printing import masked

#: Pieces attached in one source.
MAX_ATTACHED = 20_000
#: Layers of one manifest that is no image: cosign adds one for each signature.
_MAX_LAYERS = 1_000
_TEXT_KEPT = 120
#: Characters of all annotations of one layer: a certificate chain and a log entry take some 20,000.
_MAX_ANNOTATIONS = 256 << 10
#: Largest document that is looked into for a `subject` although nothing names it.
_MAX_UNNAMED = 1 << 20
_REFERENCE_DIGEST = "vnd.docker.reference.digest"
_REF_NAME = ("org.opencontainers.image.ref.name", "io.containerd.image.name")
_TAG = re.compile(r"(?:.{0,1024}:)?sha256-([0-9a-f]{64})(?:\.(?:sig|att|sbom))?", re.DOTALL)
_KINDS = re.compile(
    r"in-toto|dsse|simplesigning|sigstore|spdx|cyclonedx|syft|jose|cose|openvex|sarif|vnd\.cncf\.notary|csaf",
    re.IGNORECASE,
)

Document = Mapping[str, object]


def tagged_digest(descriptor: Document) -> str | None:
    """The digest that the tag of a descriptor names: `sha256-<hex>` with or without `.sig`, `.att`, `.sbom`."""
    annotations = descriptor.get("annotations")
    for key in _REF_NAME if isinstance(annotations, dict) else ():
        name = annotations.get(key) if isinstance(annotations, dict) else None
        if isinstance(name, str) and (found := _TAG.fullmatch(name)):
            return f"sha256:{found[1]}"
    return None


def refers_to(document: Document, descriptor: Document, tagged: str | None) -> str | None:
    """The digest of the manifest that a manifest is about: by itself, by its index, or by its tag."""
    subject = document.get("subject")
    annotations = descriptor.get("annotations")
    stated = (
        subject.get("digest") if isinstance(subject, dict) else None,
        annotations.get(_REFERENCE_DIGEST) if isinstance(annotations, dict) else None,
        tagged,
    )
    return next((digest for digest in stated if isinstance(digest, str) and is_sha256(digest)), None)


def attachments_of(
    holdings: Holdings, root: str, held: Held, document: Document, descriptor: Document, tagged: str | None
) -> Iterator[FoundAttachment | EvidenceError]:
    """What a manifest that is no image attaches; nothing for an artifact that is about no image (a Helm chart)."""
    about = refers_to(document, descriptor, tagged)
    key = "layers" if isinstance(document.get("layers"), list) else "blobs"
    layers = document.get(key)
    if not isinstance(layers, list):
        return
    kind = _artifact_type(document)
    buildkit = _is_labelled(descriptor)
    if about is None and not buildkit and not any(_is_known(layer) for layer in layers[:_MAX_LAYERS]):
        return
    if len(layers) > _MAX_LAYERS:
        words = f"{len(layers):,} attached documents in one manifest (allowed: {_MAX_LAYERS:,})"
        yield _trouble(holdings, held, words)
    for position, layer in enumerate(layers[:_MAX_LAYERS]):
        pointer = f"/{key}/{position}"
        digest = layer.get("digest") if isinstance(layer, dict) else None
        if not isinstance(layer, dict) or not isinstance(digest, str) or not is_digest(digest):
            yield _trouble(holdings, held, f"the descriptor at {pointer} has no digest")
            continue
        blob = holdings.blob(digest, root)
        yield FoundAttachment(
            piece=blob.piece if blob else None,
            digest=digest,
            actual=blob.digest if blob else "",
            media_type=_text(layer.get("mediaType")),
            artifact_type=kind,
            annotations=_annotations(layer),
            refers_to=about,
            buildkit=buildkit,
            manifest=held.piece,
            pointer=pointer,
        )


def unnamed_referrers(holdings: Holdings, root: str, seen: set[str]) -> Iterator[tuple[Held, Document]]:
    """Manifests with a `subject` that no index names: registries keep referrers apart, and so do copies of them."""
    start = f"{root}blobs/"
    for name in sorted(holdings.files):
        held = holdings.files[name]
        if not name.startswith(start) or held.digest in seen or held.piece.length > _MAX_UNNAMED:
            continue
        data = holdings.kept(held)
        if data is None or b'"subject"' not in data or not (b'"layers"' in data or b'"blobs"' in data):
            continue
        try:
            document = holdings.document(held)
        except EvidenceError:
            continue  # nothing says that it is a manifest
        if isinstance(document, dict) and isinstance(document.get("subject"), dict):
            seen.add(held.digest)
            yield held, document


def missing(holdings: Holdings, parent: Held, digest: str, tagged: str) -> EvidenceError:
    """What to say of a manifest that hangs on an image by its tag and was not handed in."""
    name = masked(digest, _TEXT_KEPT)
    return _trouble(holdings, parent, f"the manifest {name}, which hangs on {tagged}, was not handed in")


def _trouble(holdings: Holdings, held: Held, words: str) -> EvidenceError:
    error = holdings.trouble(words, held)
    error.kind = "Attestation"
    return error


def _is_labelled(descriptor: Document) -> bool:
    annotations = descriptor.get("annotations")
    return isinstance(annotations, dict) and "vnd.docker.reference.type" in annotations


def _is_known(layer: object) -> bool:
    kind = layer.get("mediaType") if isinstance(layer, dict) else None
    return isinstance(kind, str) and _KINDS.search(kind[:_TEXT_KEPT]) is not None


def _artifact_type(document: Document) -> str:
    stated = document.get("artifactType")
    config = document.get("config")
    return _text(stated) or _text(config.get("mediaType") if isinstance(config, dict) else None)


def _annotations(layer: Document) -> tuple[tuple[str, str], ...]:
    stated = layer.get("annotations")
    if not isinstance(stated, dict):
        return ()
    found = [(key, value) for key, value in sorted(stated.items()) if isinstance(value, str)]
    return tuple(found) if sum(len(key) + len(value) for key, value in found) <= _MAX_ANNOTATIONS else ()


def _text(value: object) -> str:
    return masked(value, _TEXT_KEPT) if isinstance(value, str) else ""
