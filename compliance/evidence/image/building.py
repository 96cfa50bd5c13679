"""An image as it was found and the contents of its layers in, one Image record out, with all that does not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from compliance.errors import EvidenceError
from compliance.evidence.image.config_wire import MAX_HISTORY, MAX_LAYERS, Fields, cut, history, image_config
from compliance.evidence.image.contents import FoundImage, FoundLayer, LayerContents, Piece
from compliance.evidence.image.linked import unread
from compliance.evidence.image.merging import merged
from compliance.evidence.image.rootfs import root_file_system
from compliance.evidence.image.tree import Root
from compliance.evidence.json_documents import decode_json
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.faults import counted
from compliance.model.image import (
    Compression,
    HistoryStep,
    Image,
    ImageConfig,
    ImageDigests,
    ImageFault,
    ImageLayer,
    RootFileSystem,
)

#: Faults of one image that are kept; all are counted.
MAX_FAULTS = 200
#: Reasons for files that may be unseen, told in one sentence.
_TOLD = 4
#: Keys beside `config` that Docker's builder writes and OCI's format does not know.
#: Source: moby `image/image.go` (V1Image); OCI image specification 1.1, config.md.
DOCKER_KEYS = ("docker_version", "container", "container_config")
DOCKER_TYPE = "application/vnd.docker."
#: How many digits tell an image where no name does.
SHORT = 12


def build(found: FoundImage, contents: Sequence[LayerContents | None], sha256_of: Mapping[str, str]) -> Image:
    """The image: its layers merged, everything stated compared with what was computed.

    `contents` are of `found.layers` in their order, None for what was not there to be read. `sha256_of`
    gives the digest of each evidence file by path. The same image in another form gives an equal record
    but for `origin`, `form`, and of the layers their origin, digest, media type, compression and size.

    Raises:
        EvidenceError: the configuration cannot be decoded, or is beyond a cap.
    """
    return _Building(found, contents, sha256_of).image()


def origin_of(piece: Piece, sha256_of: Mapping[str, str]) -> Origin:
    """The bytes of a piece as a document; of a member of an archive the pointer begins with its name and `!`."""
    return Origin(
        path=piece.path,
        sha256=sha256_of.get(piece.path, ""),
        document=None,
        pointer=f"{piece.member}!" if piece.member else "",
        inner="",
        offset=piece.offset,
        length=piece.length,
        line=1,
    )


def config_document(data: bytes) -> Fields:
    """The decoded configuration.

    Raises:
        EvidenceError: no JSON object, a key twice, or nested too deep.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EvidenceError(f"the image configuration is not UTF-8 (byte {error.start})") from error
    return Fields(decode_json(text, 1), "")


class _Building:
    """One image on its way."""

    def __init__(
        self, found: FoundImage, contents: Sequence[LayerContents | None], sha256_of: Mapping[str, str]
    ) -> None:
        self._found = found
        self._contents = contents
        self._sha256_of = sha256_of
        self._origin = origin_of(found.config_piece, sha256_of)
        self._faults: list[ImageFault] = []
        self._unseen: list[str] = []

    def image(self) -> Image:
        """The record."""
        try:
            return self._image()
        except EvidenceError as error:
            raise EvidenceError(
                f"the image configuration: {error.message}",
                path=self._origin.path,
                pointer=self._origin.pointer + error.pointer,
                kind="Image",
            ) from error

    def _image(self) -> Image:
        found = self._found
        root = config_document(found.config_bytes)
        config = image_config(root.inner("config"), root)
        steps = self._history(root)
        layers = self._layers(root, steps)
        for fault in found.faults:
            self._fault(fault.words, origin_of(fault.piece, self._sha256_of), fault.pointer, hides=fault.hides)
        filesystem = self._filesystem(config)
        names = tuple(sorted(set(found.names)))
        name = names[0] if names else found.config[: len("sha256:") + SHORT]
        return Image(
            origin=self._origin,
            subject=Subject(id=f"image/{found.config}", type=SubjectType.IMAGE, name=name, digest=found.config),
            form=found.form,
            names=names,
            digests=ImageDigests(index=found.index, manifest=found.manifest, config=found.config),
            os=cut(root.text("os") or ""),
            architecture=cut(root.text("architecture") or ""),
            variant=cut(root.text("variant") or ""),
            config=config,
            config_at=root.pointer("config"),
            root_at="",
            docker_format=self._is_docker(root),
            history=steps,
            history_at=root.pointer("history"),
            layers=layers,
            filesystem=filesystem,
            faults=tuple(self._faults[:MAX_FAULTS]),
            faults_total=len(self._faults),
            incomplete=self._incomplete(),
        )

    def _fault(self, words: str, origin: Origin, pointer: str, *, hides: bool) -> None:
        self._faults.append(ImageFault(words=words, origin=origin, pointer=pointer, hides=hides))
        if hides:
            self._unseen.append(words)

    # -- configuration ----------------------------------------------------------------------------------------

    def _history(self, root: Fields) -> tuple[HistoryStep, ...]:
        """The history; a step is given to a layer only where their numbers agree."""
        steps, made = history(root.items("history", MAX_HISTORY), root.pointer("history"))
        layers = len(self._found.layers)
        if not steps or made == layers:
            return steps
        words = f"the history has {counted(made, 'step')} that made a layer, the image {counted(layers, 'layer')}"
        self._fault(words, self._origin, root.pointer("history"), hides=False)
        return tuple(replace(step, layer=None) for step in steps)

    def _is_docker(self, root: Fields) -> bool:
        """Whether this is Docker's format, which can carry HEALTHCHECK, and not OCI's, which cannot.

        Media types say so, or keys that Docker's builder alone writes. An archive that `docker save`
        wrote states no types, and its configuration may be of either.
        """
        if any(layer.media_type.startswith(DOCKER_TYPE) for layer in self._found.layers):
            return True
        return any(key in root for key in DOCKER_KEYS)

    # -- layers -----------------------------------------------------------------------------------------------

    def _layers(self, root: Fields, steps: Sequence[HistoryStep]) -> tuple[ImageLayer, ...]:
        found = self._found.layers
        if len(found) > MAX_LAYERS:
            raise EvidenceError(f"the image has {len(found):,} layers (allowed: {MAX_LAYERS:,})")
        rootfs = root.inner("rootfs")
        kind, stated = rootfs.text("type"), rootfs.texts("diff_ids", MAX_LAYERS) or ()
        if kind != "layers":
            words = f'the type of rootfs is {_quoted(kind)}, where "layers" is the only one'
            self._fault(words, self._origin, rootfs.pointer("type"), hides=False)
        if len(stated) != len(found):
            words = f"the configuration states {counted(len(stated), 'diff id')}, but the image has "
            words += counted(len(found), "layer")
            self._fault(words, self._origin, rootfs.pointer("diff_ids"), hides=len(stated) > len(found))
        made_by = {step.layer: step.created_by for step in steps if step.layer is not None}
        where = rootfs.pointer("diff_ids")
        return tuple(
            self._layer(number, layer, read, made_by.get(number, ""), f"{where}/{number - 1}")
            for number, (layer, read) in enumerate(zip(found, self._contents, strict=True), 1)
        )

    def _layer(
        self, number: int, layer: FoundLayer, read: LayerContents | None, created_by: str, stated_at: str
    ) -> ImageLayer:
        origin = None if layer.piece is None else origin_of(layer.piece, self._sha256_of)
        self._compare(number, layer, read, origin, stated_at)
        return ImageLayer(
            number=number,
            diff_id=(read.diff_id if read is not None else "") or layer.diff_id,
            digest=layer.actual or layer.digest,
            media_type=layer.media_type,
            compression=None if read is None else Compression(read.compression),
            size=0 if layer.piece is None else layer.piece.length,
            unpacked=0 if read is None else read.unpacked,
            members=0 if read is None else read.members,
            created_by=created_by,
            origin=origin,
            read=read is not None and read.read,
        )

    def _compare(
        self, number: int, layer: FoundLayer, read: LayerContents | None, origin: Origin | None, stated_at: str
    ) -> None:
        """What does not hold of a layer."""
        said = f"layer {number} of {len(self._found.layers)}"
        if read is None or origin is None:
            if not any(fault.hides for fault in self._found.faults):  # else the survey says it better
                self._unseen.append(f"{said} is not in the evidence")
            return
        for words in read.faults:
            self._fault(f"{said}: {words}", origin, "", hides=False)
        if not read.read:
            self._unseen.append(f"{said} could not be read whole ({'; '.join(read.faults[-1:]) or 'no reason known'})")
        if layer.diff_id and read.diff_id and layer.diff_id != read.diff_id:
            words = f"{said} unpacks to {read.diff_id}, but the configuration states the diff id {layer.diff_id}"
            self._fault(words, self._origin, stated_at, hides=False)

    # -- files ------------------------------------------------------------------------------------------------

    def _filesystem(self, config: ImageConfig) -> RootFileSystem | None:
        """The merged root; None when there are layers and none of them is in the evidence."""
        contents = self._contents
        if contents and all(layer is None for layer in contents):
            return None
        root = merged(contents)
        self._merge_faults(root)
        for words in unread(root):
            self._fault(words, self._origin, "", hides=True)
        files = root_file_system(
            root,
            config,
            complete=not self._unseen,
            secrets_total=sum(layer.secrets_total for layer in contents if layer is not None),
        )
        if root.exhausted:
            self._fault("its symbolic links are more than are followed", self._origin, "", hides=True)
        return files

    def _merge_faults(self, root: Root) -> None:
        for fault in root.faults:
            piece = self._found.layers[fault.layer - 1].piece
            origin = self._origin if piece is None else origin_of(piece, self._sha256_of)
            words = f"layer {fault.layer} of {len(self._found.layers)}: {fault.words}"
            self._fault(words, origin, "", hides=fault.hides)

    def _incomplete(self) -> str:
        unseen = list(dict.fromkeys(self._unseen))
        more = len(unseen) - _TOLD
        return "; ".join(unseen[:_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _quoted(text: str | None) -> str:
    return "absent" if text is None else f'"{text[:60]}"'
