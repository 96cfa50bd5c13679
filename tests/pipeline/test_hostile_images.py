"""An attacker makes images and SBOMs: nothing bad passes, nothing leaks, nothing runs, no other verdict is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compliance.pipeline.running import Result
from tests.images import making
from tests.images.making import header, padded
from tests.pipeline.hostile_images import HIDDEN, KEY, config_digest, named, plain, raw_layout, su, tar_of, write
from tests.pipeline.inertness import everything
from tests.pipeline.test_running import assess, observations


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def outcomes(result: Result) -> dict[tuple[str, str], dict[str, Any]]:
    """What was said of each check and subject."""
    return {(line["check"], line["subject"]): line for line in observations(result)}


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[tuple[str, str], dict[str, Any]]]:
    """One run over all images that hide something: the subject of each by its name, and what was said."""
    folder = tmp_path_factory.mktemp("hidden")
    subjects = {}
    for number, (name, (_, layers)) in enumerate(HIDDEN.items()):
        files = raw_layout([tar_of(layer) for layer in layers], {"User": "10001", "Labels": {"case": str(number)}})
        write(folder / "evidence" / f"{number:02}", files)
        subjects[name] = f"image/{config_digest(files)}"
    return subjects, outcomes(assess(folder / "evidence"))


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_in_an_image_never_passes(
    name: str, hidden: tuple[dict[str, str], dict[tuple[str, str], dict[str, Any]]]
) -> None:
    """Whatever trick of names, links, layers or headers hides a thing, the check that it is about does not pass."""
    subjects, said = hidden
    line = said[HIDDEN[name][0], subjects[name]]
    assert line["outcome"] in ("fail", "not-checked"), line["reason"]


#: Checks whose pass rests on the configuration and the history alone, which are whole in these images.
OF_CONFIGURATION = {
    "image-add", "image-age", "image-healthcheck", "image-history-complete", "image-labels", "image-owner",
    "image-ports", "image-secret-env", "image-secret-history", "image-secret-labels", "image-unverified-packages",
    "image-update-alone", "image-user", "image-volumes",
}  # fmt: skip
CLEAN = [plain("app"), plain("etc/passwd", "app:x:10001:10001::/:/app\n", "0644")]


@pytest.fixture(scope="module")
def unread(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, Any]]]:
    """What is said, by check, of a clean image of which something could not be read."""
    folder = tmp_path_factory.mktemp("unread")
    layers = [tar_of(CLEAN), tar_of([plain("srv/x")])]
    files = {name: raw_layout(layers, {"User": "10001", "Labels": {"case": name}}) for name in ("lost", "cut", "bare")}
    second = f"blobs/{making.sha256(layers[1]).replace(':', '/')}"
    del files["lost"][second]
    files["cut"][second] = layers[1][:700]
    files["database"] = raw_layout(
        [tar_of([*CLEAN, plain("var/lib/rpm/Packages", b"\0\0\0\0", "0644")])], {"User": "10001"}
    )
    for name, parts in files.items():
        if name == "bare":
            config = next(data for data in parts.values() if b'"rootfs"' in data)
            write(folder / "evidence", {"config.json": config})
        else:
            write(folder / "evidence" / name, parts)
    said = observations(assess(folder / "evidence"))
    return {
        name: {line["check"]: line for line in said if line["subject"] == f"image/{config_digest(parts)}"}
        for name, parts in files.items()
    }


@pytest.mark.parametrize("name", ["lost", "cut", "bare"])
def test_absence_is_never_claimed_of_what_was_not_read(name: str, unread: dict[str, dict[str, dict[str, Any]]]) -> None:
    """With a layer lost, cut short, or none handed in, no check passes that would have to see all files."""
    said = unread[name]
    assert len(said) > 40
    passed = {check for check, line in said.items() if line["outcome"] in ("pass", "not-applicable")}
    assert passed <= OF_CONFIGURATION, {check: said[check]["reason"] for check in passed - OF_CONFIGURATION}


def test_a_database_that_is_not_read_says_so(unread: dict[str, dict[str, dict[str, Any]]]) -> None:
    """Every check that rests on the packages of the image is undecided, or fails."""
    for check in ("image-packages-known", "image-packages-denied", "image-scannable"):
        line = unread["database"][check]
        assert line["outcome"] in ("fail", "not-checked"), line
        assert "Berkeley" in line["reason"] or "could not be read" in line["reason"], line


def _secretive() -> dict[str, str]:
    """Steps of a build and other texts by what gives each credential in them away; all credentials are made up."""
    word = "hunter2" + "Zq9"
    return {
        "curl -u": f"RUN /bin/sh -c curl -u admin:{word}A https://repo.example/x # buildkit",
        "curl --user": f"RUN /bin/sh -c curl --user admin:{word}B https://repo.example/x # buildkit",
        "URL": f"RUN /bin/sh -c git clone https://robot:{word}C@git.example/x # buildkit",
        "argument": f"RUN |1 NPM_TOKEN={word}D /bin/sh -c npm ci # buildkit",
        "flag": f"RUN /bin/sh -c deploy --password {word}E # buildkit",
        "header": f"RUN /bin/sh -c curl -H 'Authorization: Bearer {word}F0123456' https://x.example # buildkit",
        "private header": f"RUN /bin/sh -c curl -H 'X-Api-Key: {word}G' https://x.example # buildkit",
        "gitlab header": f"RUN /bin/sh -c curl --header 'PRIVATE-TOKEN: {word}H' https://x.example # buildkit",
        "sshpass": f"RUN /bin/sh -c sshpass -p {word}I ssh host # buildkit",
        "echo": f"RUN /bin/sh -c echo {word}J | docker login -u robot --password-stdin # buildkit",
        "variable": f"ENV DB_PASSWORD={word}K",
        "old variable": f"/bin/sh -c #(nop)  ENV API_KEY={word}L",
    }


def test_no_credential_of_an_image_leaves_the_reader(tmp_path: Path) -> None:
    """Credentials in steps, variables, labels, commands, files and odd places of a configuration are in no output."""
    steps = _secretive()
    config = {
        "Env": ["APP_SECRET=hunter2Zq9M", f"NOTE={KEY}"],
        "Labels": {"build.token": "hunter2Zq9N", "url": "https://robot:hunter2Zq9O@git.example/x"},
        "Cmd": ["/app", "--password=hunter2Zq9P"],
        "Entrypoint": ["/app", "--token", "hunter2Zq9Q"],
        "Healthcheck": {"Test": ["CMD-SHELL", "curl -u admin:hunter2Zq9R localhost"]},
        "User": KEY,
        "WorkingDir": f"/srv/{KEY}",
    }
    layer = tar_of([*CLEAN, plain("srv/.env", "DB_PASSWORD=hunter2Zq9S\n", "0644"), plain("root/k", KEY, "0644")])
    history = [{"created_by": text} for text in steps.values()]
    files = raw_layout([layer] * len(history), config, history=history, created=KEY, author=KEY)
    write(tmp_path / "evidence", files)
    result = assess(tmp_path / "evidence", formats=("json", "html", "oscal", "csv", "sarif"), cache=True)
    packet = everything(result.packet)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    leaked = [chr(letter) for letter in range(65, 84) if b"hunter2Zq9" + bytes([letter]) in packet + kept]
    assert leaked == []
    assert KEY.encode() not in packet + kept


def test_no_credential_of_a_dockerfile_leaves_the_reader(tmp_path: Path) -> None:
    """What would be a credential in the history of an image is one in the recipe, too."""
    steps = [text.partition(" /bin/sh -c ")[2].removesuffix(" # buildkit") for text in _secretive().values()]
    (tmp_path / "evidence").mkdir()
    lines = ["FROM debian:12", *(f"RUN {step}" for step in steps if step), 'CMD ["curl", "-u", "a:hunter2Zq9Z", "x"]']
    (tmp_path / "evidence/Dockerfile").write_text("\n".join(lines))
    result = assess(tmp_path / "evidence", formats=("json", "html", "oscal", "csv", "sarif"))
    assert result.assessment.evidence[0].state.value == "read"
    assert b"hunter2Zq9" not in everything(result.packet)


def _deep() -> bytes:
    names = (b"%08d/" % number + b"/".join([b"abcdefghijklmn"] * 250) + b"/x" for number in range(2_500))
    return tar_of(named(b"L", name) + header(b"x") for name in names)


def _linked() -> bytes:
    target = b"a/../" * 780
    links = (named(b"K", target + b"s%d" % (number + 1)) + header(b"s%d" % number, b"2") for number in range(39))
    files = (header(b"s0/d%06d/f" % number, mode=0o755) for number in range(20_000))
    return tar_of([header(b"a/", b"5"), header(b"s39/", b"5"), *links, *files])


#: Layers that cost much more than their size where nothing stops them.
COSTLY: dict[str, Callable[[], bytes]] = {
    "deep folders": _deep,
    "links that lead through links": _linked,
    "beginnings of tokens": lambda: tar_of([plain("srv/x.env", "token\n" + "eyJ-" * 200_000, "0644")]),
    "settings and spaces": lambda: tar_of([plain("srv/x.env", ("pass=b" + " " * 1900 + "x\n") * 400, "0644")]),
    "PAX records": lambda: tar_of(
        [(header(b"x", b"x", 6 * 174_000) + padded(b"6 a=b\n" * 174_000) + header(b"f"))] * 10
    ),
    "long links": lambda: tar_of(named(b"K", b"a" * 60_000) + header(b"usr/l%07d" % n, b"2") for n in range(3_000)),
}


@pytest.mark.parametrize("name", COSTLY)
def test_what_is_costly_to_follow_costs_no_other_verdict(name: str, tmp_path: Path) -> None:
    """The run ends in seconds, and a good image beside it is judged."""
    good = raw_layout([tar_of([su()])])
    write(tmp_path / "evidence/good", good)
    write(tmp_path / "evidence/bad", raw_layout([COSTLY[name]()]))
    started = time.process_time()
    result = assess(tmp_path / "evidence")
    assert time.process_time() - started < 20
    assert outcomes(result)["image-set-id", f"image/{config_digest(good)}"]["outcome"] == "fail"


def test_a_layer_that_stands_in_an_image_many_times_is_held_once(tmp_path: Path) -> None:
    """Two hundred times the same blob of many files takes no more memory than once, and what is left out is said."""
    layer = tar_of(header(b"usr/bin/%d" % number + b"s" * 80, mode=0o4777) for number in range(8_000))
    files = raw_layout([layer] * 200)
    write(tmp_path / "evidence", files)
    said = outcomes(assess(tmp_path / "evidence"))
    assert said["image-set-id", f"image/{config_digest(files)}"]["outcome"] == "fail"
    assert said["image-shell", f"image/{config_digest(files)}"]["outcome"] == "not-checked"
