"""What is seen in an image, as a reason tells it: the file, what it is, its layer, and whose layer that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from compliance.model.check import Verdict, failed, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.faults import FAULTS_TOLD
from compliance.model.image import Facts, FileFact, Image, RootFileSystem, SecretFact
from compliance.model.images import BaseMatch, Images

#: Characters of one path, name or instruction that a reason tells.
TOLD = 120


#: How `docker image inspect` spells the keys of an OCI configuration.
_DOCKER_SPELLING = {"created": "Created", "os": "Os", "architecture": "Architecture", "rootfs": "RootFS"}


def at_key(image: Image, key: str) -> At:
    """A key beside the `config` object by its OCI name, spelled as this document does: `created`, `rootfs`."""
    docker = image.form == "docker-image-inspect"
    return image.at_root(_DOCKER_SPELLING.get(key, key) if docker else key)


def short(text: str) -> str:
    """A text as a reason tells it, on one line: control characters are shown, a long one keeps both its ends."""
    if len(text) > TOLD:
        half = (TOLD - 3) // 2
        text = f"{text[:half]}...{text[-half:]}"
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def layer_words(image: Image, number: int, base: BaseMatch | None) -> str:
    """A layer by its number, and whose it is where a base is declared: `layer 1 of 3, base debian:12`."""
    words = f"layer {number} of {len(image.layers)}"
    if base is None:
        return words
    return f"{words}, base {short(base.base.name)}" if number <= base.layers else f"{words}, added here"


def file_words(image: Image, fact: FileFact, base: BaseMatch | None) -> str:
    """A file with what makes it worth naming: `/usr/bin/passwd (set-user-id root, layer 1 of 3, base debian:12)`."""
    details = [fact.detail] if fact.detail not in ("", fact.path.rpartition("/")[2]) else []
    return f"{short(fact.path)} ({', '.join([*details, layer_words(image, fact.layer, base)])})"


def cut_list(words: Sequence[str], total: int) -> str:
    """The first few of `total` things."""
    told = words[:FAULTS_TOLD]
    rest = total - len(told)
    return "; ".join(told) + (f"; and {rest} more" if rest > 0 else "")


def files_words(image: Image, images: Images, params: Parameters, items: Sequence[FileFact], total: int) -> str:
    """Files as a reason tells them: those of our own layers first, then the base's."""
    base = images.base_of(image, params.base_images)
    ours_first = sorted(items, key=lambda fact: (base is not None and fact.layer <= base.layers, fact.path))
    return cut_list([file_words(image, fact, base) for fact in ours_first[:FAULTS_TOLD]], total)


def judged_files(image: Image, images: Images, params: Parameters, found: Facts, none: str) -> Verdict:
    """FAIL with the files found; else PASS with `none`, where everything was read that could hold one."""
    if not found.total:
        return absent(image, none)
    reason = files_words(image, images, params, found.items, found.total)
    return failed(reason, at=[image.at_file(fact) for fact in found.items] or image.whole())


def absent(image: Image, none: str) -> Verdict:
    """PASS: the image holds none, as `none` says; NOT_CHECKED where files of it may be unseen."""
    if image.filesystem is None:
        return unread(image)
    if image.incomplete:
        return incomplete(image, none)
    return passed(f"{none} in {layers_read(image)}", at=image.whole())


def layers_read(image: Image) -> str:
    """How much was read: `3 layers, 812 files`."""
    files = image.filesystem.files if image.filesystem else 0
    layers = "1 layer" if len(image.layers) == 1 else f"{len(image.layers)} layers"
    return f"{layers}, {'1 file' if files == 1 else f'{files} files'}"


def incomplete(image: Image, none: str) -> Verdict:
    """NOT_CHECKED: nothing was seen, and that proves nothing."""
    return not_checked(f"{none} was seen, but files of the image may be unseen: {image.incomplete}", at=image.whole())


def unread(image: Image) -> Verdict:
    """NOT_CHECKED: only the configuration was handed in."""
    reason = "only the configuration of the image was handed in; hand in the image with its layers"
    return not_checked(reason, at=[image.at_config()])


def is_known_whole(image: Image) -> bool:
    """Whether every digest that may name the image is known: that of the list over platforms is often not copied."""
    return None not in (image.digests.index, image.digests.manifest, image.digests.config)


def bytes_words(size: int) -> str:
    """A size as people read it: `812 bytes`, `3.4 MB` (a million bytes)."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"


def readable(image: Image) -> RootFileSystem | Verdict:
    """The merged files, or why they cannot be judged: not handed in, or laid out as Windows does."""
    if image.filesystem is None:
        return unread(image)
    if image.os == "windows":
        reason = "an image for Windows, whose layers keep files and rights in a way that this version does not read"
        return not_checked(reason, at=[at_key(image, "os")])
    return image.filesystem


def secret_words(image: Image, fact: SecretFact, base: BaseMatch | None) -> str:
    """A credential by place and kind, never by value, and whether a later layer hides it."""
    words = f"{short(fact.path)} ({fact.kind}, {layer_words(image, fact.layer, base)}"
    if fact.deleted_by is not None:
        words += f"; layer {fact.deleted_by} deletes or replaces it, and it ships all the same"
    return f"{words})"


def config_verdict(faults: Sequence[str], at: Iterable[At], holds: str, where: At) -> Verdict:
    """FAIL with every fault at its place, else PASS with what the configuration shows."""
    if faults:
        return failed(cut_list(list(faults), len(faults)), at=tuple(at))
    return passed(holds, at=[where])


def without_history(image: Image) -> Verdict | None:
    """NOT_CHECKED when the image does not tell how it was built; None when it does."""
    if image.history:
        return None
    reason = "the image states no history; hand in the Dockerfile it was built from"
    return not_checked(reason, at=[at_key(image, "history")])
