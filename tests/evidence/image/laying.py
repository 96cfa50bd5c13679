"""Layers and images from descriptions, through the real reader of layers, without an archive around them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from compliance.evidence.image.building import build
from compliance.evidence.image.contents import FoundFault, FoundImage, FoundLayer, LayerContents, Piece
from compliance.evidence.image.layer import read_layer
from compliance.evidence.image.merging import merged
from compliance.evidence.image.tree import Root
from compliance.model.image import Image, RootFileSystem
from tests.images import making

Item = Mapping[str, Any]


def piece_of(folder: Path, name: str, data: bytes) -> Piece:
    place = folder / name
    place.write_bytes(data)
    return Piece(path=name, real=os.fsencode(place), offset=0, length=len(data), member="")


def contents_of(folder: Path, items: Iterable[Item], number: int = 1) -> LayerContents:
    return read_layer(piece_of(folder, f"layer-{number}.tar", making.layer_tar(items)))


def root_of(folder: Path, *layers: Sequence[Item]) -> Root:
    """The merged root of layers, each a list of members."""
    return merged([contents_of(folder, items, number) for number, items in enumerate(layers, 1)])


def names(root: Root) -> dict[str, int]:
    """Every name that is no directory, with its layer (0 for files that are only counted)."""
    found = {path: node.layer for path, node in root.walk() if node.kind.value != "d"}
    for path, node in [("", root.top), *root.walk()]:
        for name in node.others or ():
            found[f"{path}/{name}" if path else name] = 0
    return found


def found_of(folder: Path, description: Mapping[str, Any], faults: tuple[FoundFault, ...] = ()) -> FoundImage:
    """The image as a survey of it would find it, layers plain."""
    config = making.config_of(description)
    broken = description.get("broken") or {}
    stated = making.config_of({**description, "broken": {**broken}})
    layers = []
    for number, tar in enumerate(making.layer_tars(description), 1):
        missing = broken.get("missing_layer") == number
        piece = None if missing else piece_of(folder, f"layer-{number}.tar", tar)
        layers.append(
            FoundLayer(
                digest=making.sha256(tar),
                actual=None if missing else making.sha256(tar),
                diff_id=making.sha256(b"another layer" if broken.get("wrong_diff_id") == number else tar),
                media_type=(making.DOCKER if description.get("docker") else making.OCI)["none"],
                piece=piece,
            )
        )
    return FoundImage(
        form="oci-layout",
        names=tuple(description.get("names") or ()),
        index=None,
        manifest=making.sha256(b"manifest"),
        config=making.sha256(config),
        config_bytes=stated,
        config_piece=piece_of(folder, "config.json", config),
        layers=tuple(layers),
        faults=faults,
    )


def image_of(folder: Path, description: Mapping[str, Any], faults: tuple[FoundFault, ...] = ()) -> Image:
    found = found_of(folder, description, faults)
    contents = [None if layer.piece is None else read_layer(layer.piece) for layer in found.layers]
    return build(found, contents, sha256_of(folder))


def files_of(folder: Path, *layers: Sequence[Item], **more: Any) -> RootFileSystem:
    """The merged root of an image of these layers."""
    filesystem = image_of(folder, {"layers": list(layers), **more}).filesystem
    assert filesystem is not None
    return filesystem


def sha256_of(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}
