"""What reasons tell of images: files with their layer and whose it is, lists that are cut, texts on one line."""

from __future__ import annotations

from compliance.model.configuration import BaseImage, Parameters
from compliance.model.evidence import Origin, Subject, SubjectType
from compliance.model.image import FileFact, Image, ImageConfig, ImageDigests, ImageLayer, SecretFact
from compliance.model.image_words import (
    TOLD,
    at_key,
    bytes_words,
    cut_list,
    file_words,
    files_words,
    is_known_whole,
    layer_words,
    secret_words,
    short,
)
from compliance.model.images import BaseMatch, Images

ORIGIN = Origin(path="i.tar", sha256="0" * 64, document=None, pointer="", inner="", offset=0, length=1, line=1)
BASE = BaseImage(name="debian:12", diff_ids=("sha256:1",))
MATCH = BaseMatch(BASE, 1, "diff ids")
CONFIG = ImageConfig(
    user=None, env=(), exposed_ports=(), volumes=(), entrypoint=None, cmd=None, working_dir=None, labels={},
    label_suspicions={}, healthcheck=None, created=None, created_as_written=None, author=None,
)  # fmt: skip


def layer(number: int) -> ImageLayer:
    return ImageLayer(
        number=number, diff_id=f"sha256:{number}", digest=None, media_type="", compression=None, size=1, unpacked=1,
        members=1, created_by="", origin=ORIGIN, read=True,
    )  # fmt: skip


def image(form: str = "oci-layout", index: str | None = None) -> Image:
    """An image of three layers without files."""
    return Image(
        origin=ORIGIN, subject=Subject(id="image/1", type=SubjectType.IMAGE, name="web"), form=form, names=(),
        digests=ImageDigests(index=index, manifest="sha256:b", config="sha256:c"), os="linux", architecture="amd64",
        variant="", config=CONFIG, config_at="/config", root_at="", docker_format=False, history=(),
        history_at="/history", layers=(layer(1), layer(2), layer(3)), filesystem=None, faults=(), faults_total=0,
        incomplete="",
    )  # fmt: skip


def fact(path: str, number: int, detail: str = "") -> FileFact:
    return FileFact(path, number, 0o755, 0, 0, 1, detail)


def test_a_layer_is_told_with_whose_it_is() -> None:
    """The base's where one is declared and matches, else ours; nothing is said where nobody declared one."""
    assert layer_words(image(), 1, None) == "layer 1 of 3"
    assert layer_words(image(), 1, MATCH) == "layer 1 of 3, base debian:12"
    assert layer_words(image(), 2, MATCH) == "layer 2 of 3, added here"


def test_a_file_is_told_with_what_it_is_and_its_layer() -> None:
    """A detail that only repeats the name is left out."""
    su = fact("/usr/bin/su", 1, "set-user-id root")
    assert file_words(image(), su, MATCH) == "/usr/bin/su (set-user-id root, layer 1 of 3, base debian:12)"
    assert file_words(image(), fact("/bin/bash", 2, "bash"), None) == "/bin/bash (layer 2 of 3)"


def test_what_we_added_is_told_before_what_the_base_brought() -> None:
    """With many files the ones we can mend stand first, and the rest is counted."""
    files = [fact(f"/bin/a{number}", 1) for number in range(9)] + [fact("/bin/z", 3)]
    told = files_words(image(), Images(), Parameters(base_images=(BASE,)), files, 12)
    assert told.startswith("/bin/z (layer 3 of 3, added here); /bin/a0 (layer 1 of 3, base debian:12)")
    assert told.endswith("; and 4 more")


def test_a_deleted_credential_is_told_to_ship_all_the_same() -> None:
    """Where it lies, what it is, and which layer only hides it."""
    words = secret_words(image(), SecretFact("/a", 1, "a private key", False, 2), None)
    assert words == "/a (a private key, layer 1 of 3; layer 2 deletes or replaces it, and it ships all the same)"


def test_texts_stay_on_one_line_and_within_bounds() -> None:
    """Control characters and marks that turn the direction of text are shown, never printed."""
    assert short("plain text") == "plain text"
    assert short("a\nb\x1b[31m\u202ec") == "a\\nb\\x1b[31m\\u202ec"
    long = short("a" * 500 + "z")
    assert len(long) <= TOLD
    assert long.startswith("aaa")
    assert long.endswith("az")


def test_small_words() -> None:
    """Sizes, cut lists, spelling of keys by form, and whether all digests are known."""
    assert [bytes_words(size) for size in (0, 999, 3_400_000, 2_000_000_000)] == [
        "0 bytes",
        "999 bytes",
        "3.4 MB",
        "2.0 GB",
    ]
    assert cut_list(["a", "b"], 2) == "a; b"
    assert cut_list(["a", "b"], 5) == "a; b; and 3 more"
    assert at_key(image(), "created").pointer == "/created"
    assert at_key(image("docker-image-inspect"), "rootfs").pointer == "/RootFS"
    assert not is_known_whole(image())
    assert is_known_whole(image(index="sha256:a"))
