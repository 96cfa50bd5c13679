"""Finds the images of a docker-archive (`docker save`): manifest.json in, images and what does not hold of them out.

Source: Docker Image Specification v1.2, "Combined Image JSON + Filesystem Changeset Format".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from compliance.errors import EvidenceError
from compliance.evidence.image.contents import FoundFault, FoundImage, FoundLayer
from compliance.evidence.image.holdings import Held, Holdings, name_in_archive
from compliance.evidence.image.manifests import (
    MAX_LAYERS,
    MAX_MANIFESTS,
    Found,
    diff_ids_of,
    is_reference,
    with_more,
)
from compliance.evidence.printing import masked

_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})\Z|([0-9a-f]{64})\.json\Z")
_NAME_SHOWN = 120


def images_of_archive(holdings: Holdings, manifest: Held, found: Found) -> bool:
    """Add the images that manifest.json names; false when it is no manifest of Docker's (a web application's)."""
    try:
        entries = holdings.document(manifest)
        if not isinstance(entries, list):
            return False
        if len(entries) > MAX_MANIFESTS:
            raise holdings.trouble(f"{len(entries):,} images (allowed: {MAX_MANIFESTS:,})", manifest)
    except EvidenceError as error:
        found.trouble(error)
        return True
    for position, entry in enumerate(entries):
        try:
            found.images.append(_image(entry, position, manifest, holdings))
        except EvidenceError as error:
            found.trouble(error)
    return True


def _image(entry: object, position: int, manifest: Held, holdings: Holdings) -> FoundImage:
    if not isinstance(entry, dict):
        raise holdings.trouble(f"no JSON object at /{position}", manifest)
    name, layers, tags = entry.get("Config"), entry.get("Layers"), entry.get("RepoTags")
    if not isinstance(name, str) or not isinstance(layers, list):
        raise holdings.trouble(f"the image at /{position} has no Config or no Layers", manifest)
    if len(layers) > MAX_LAYERS:
        raise holdings.trouble(f"{len(layers):,} layers at /{position} (allowed: {MAX_LAYERS:,})", manifest)
    config = _file(name, holdings)
    if config is None:
        shown = masked(name, _NAME_SHOWN)
        raise holdings.trouble(f"the configuration {shown} at /{position} is not in the archive", manifest)
    diff_ids = diff_ids_of(holdings, config)
    faults = _named_wrong(name, config, "the configuration", hides=False)
    made = [
        _layer(layer, f"/{position}/Layers/{number}", number, diff_ids, manifest, holdings, faults)
        for number, layer in enumerate(layers)
    ]
    return FoundImage(
        form="docker-archive",
        names=tuple(dict.fromkeys(tag for tag in tags if is_reference(tag))) if isinstance(tags, list) else (),
        index=None,
        manifest=None,
        config=config.digest,
        config_bytes=holdings.bytes_of(config),
        config_piece=config.piece,
        layers=tuple(made),
        faults=tuple(faults),
    )


def _layer(
    name: object,
    pointer: str,
    number: int,
    diff_ids: list[str],
    manifest: Held,
    holdings: Holdings,
    faults: list[FoundFault],
) -> FoundLayer:
    """A layer by its file; what does not hold of it is added to `faults`."""
    if not isinstance(name, str):
        raise holdings.trouble(f"no text at {pointer}", manifest)
    held = _file(name, holdings)
    if held is None:
        words = f"layer {number + 1} ({masked(name, _NAME_SHOWN)}) is not in the archive"
        faults.append(FoundFault(words=words, piece=manifest.piece, pointer=pointer, hides=True))
    else:
        faults += _named_wrong(name, held, f"layer {number + 1}", hides=True)
    return FoundLayer(
        digest=None,
        actual=held.digest if held else None,
        diff_id=diff_ids[number] if number < len(diff_ids) else "",
        media_type="",
        piece=held.piece if held else None,
    )


def _file(name: str, holdings: Holdings) -> Held | None:
    """The file of the archive that manifest.json names; nothing outside it."""
    inside = name_in_archive(name)
    return None if inside is None else holdings.find(inside)


def _named_wrong(name: str, held: Held, what: str, *, hides: bool) -> list[FoundFault]:
    """A fault when the file's name is a digest, and not that of its bytes."""
    named = _BLOB.match(name)
    if named is None or held.digest == f"sha256:{named[1] or named[2]}":
        return []
    words = f"{what} is named sha256:{named[1] or named[2]} and its bytes have {held.digest}"
    return [FoundFault(words=words, piece=held.piece, pointer="", hides=hides)]


def reconciled(layout: Sequence[FoundImage], archive: Sequence[FoundImage], manifest: Held) -> list[FoundImage]:
    """The images of a source that is a layout and a docker-archive at once: each one time, contradictions told.

    `docker save` writes both since version 25. The docker side of a multi-platform image may leave platforms out.
    """
    if not layout or not archive:
        return [*layout, *archive]
    by_config: dict[str, list[int]] = {}
    made = list(layout)
    for position, image in enumerate(made):
        by_config.setdefault(image.config, []).append(position)
    named: set[str | None] = set()
    for image in archive:
        positions = by_config.get(image.config, [])
        same = [position for position in positions if _blobs(made[position]) == _blobs(image)]
        for position in same:
            made[position] = with_more(made[position], image.names, ())
        named.update(made[position].index or made[position].config for position in positions)
        if not same:
            words = f"manifest.json gives the configuration {image.config} other layers than index.json does"
            if not positions:
                words = f"manifest.json names the configuration {image.config}, which index.json does not"
            fault = FoundFault(words=words, piece=manifest.piece, pointer="", hides=bool(positions))
            for position in positions:
                made[position] = with_more(made[position], (), (fault,))
            made.append(with_more(image, (), (fault,)))
    for position, image in enumerate(layout):
        if (image.index or image.config) not in named:
            words = f"index.json names the configuration {image.config}, which manifest.json does not"
            fault = FoundFault(words=words, piece=manifest.piece, pointer="", hides=False)
            made[position] = with_more(made[position], (), (fault,))
    return made


def _blobs(image: FoundImage) -> tuple[str | None, ...]:
    return tuple(layer.actual for layer in image.layers)
