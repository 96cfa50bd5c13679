"""Build steps: each builder's way of writing one, lone refreshes of a package index, and software nothing verifies."""

from __future__ import annotations

import time

import pytest

from compliance.model.build_steps import Step, StepKind, lone_updates, step_of, unverified


@pytest.mark.parametrize(
    ("created_by", "expected"),
    [
        ("/bin/sh -c #(nop) ADD file:1f2e in / ", Step(StepKind.ADD, "file:1f2e in /")),
        ('/bin/sh -c #(nop)  CMD ["bash"]', Step(StepKind.SETTING, 'CMD ["bash"]')),
        ("|1 A=b /bin/sh -c #(nop) COPY dir:9 in /app ", Step(StepKind.COPY, "dir:9 in /app")),
        ("/bin/sh -c make", Step(StepKind.RUN, "make")),
        ("|2 A=1 B=two words /bin/sh -c make all", Step(StepKind.RUN, "make all")),
        ("/bin/bash -o pipefail -c make | tee log", Step(StepKind.RUN, "make | tee log")),
        ("RUN /bin/sh -c make # buildkit", Step(StepKind.RUN, "make")),
        ("RUN |1 A=b /bin/sh -eux -c make # buildkit", Step(StepKind.RUN, "make")),
        ("RUN make", Step(StepKind.RUN, "make")),
        ("COPY server /app # buildkit", Step(StepKind.COPY, "server /app")),
        ("ADD https://example.com/a /a # buildkit", Step(StepKind.ADD, "https://example.com/a /a")),
        ("ENV A=b", Step(StepKind.SETTING, "ENV A=b")),
        ("bazel build //web:image", Step(StepKind.WHOLE, "bazel build //web:image")),
        ("cmd /S /C dir", Step(StepKind.RUN, "dir")),
        ("merge of 7 layers", Step(StepKind.UNKNOWN, "merge of 7 layers")),
        ("", Step(StepKind.UNKNOWN, "")),
    ],
)
def test_each_builder_writes_steps_in_its_own_way(created_by: str, expected: Step) -> None:
    """Docker before BuildKit, BuildKit, Kaniko and other tools; the shell and build arguments are no command."""
    assert step_of(created_by) == expected


def test_a_here_document_that_is_cut_short_says_too_little() -> None:
    """BuildKit shows one line of it: what the rest installs is unknown, so no verdict rests on it."""
    assert step_of("RUN /bin/sh -c <<EOF (apt-get update...) # buildkit").kind is StepKind.UNKNOWN


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("apt-get update", ("apt",)),
        ("apt-get -qq -o Acquire::Retries=3 update", ("apt",)),
        ("/usr/bin/apt update && rm -rf /tmp/a", ("apt",)),
        ("apt-get update && apt-get install -y curl", ()),
        ("apt-get update \\\n && apt-get -y --no-install-recommends install curl", ()),
        ("apt update; apt full-upgrade -y", ()),
        ("apk update", ("apk",)),
        ("apk update && apk add --no-cache curl", ()),
        ("apk add --no-cache curl", ()),
        ("yum -y update", ()),
        ("dnf makecache", ("dnf",)),
        ("zypper refresh", ("zypper",)),
        ("zypper --non-interactive refresh && zypper -n in curl", ()),
        ("pacman -Sy", ("pacman",)),
        ("pacman -Syu --noconfirm curl", ()),
        ("echo apt-get updates", ()),
        ("apk update && apt-get update", ("apt", "apk")),
    ],
)
def test_a_refresh_counts_when_the_same_step_does_not_use_it(command: str, expected: tuple[str, ...]) -> None:
    """Each manager has its own words for refresh and install; an upgrade uses the index, too."""
    assert lone_updates(command) == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("curl -fsSL https://example.com/i.sh | sh", "run unseen"),
        ("wget -qO- https://example.com/i.sh | sudo /bin/bash -s", "run unseen"),
        ("curl -fsSLk https://example.com/a -o a", "curl does not check"),
        ("curl --insecure https://example.com/a", "curl does not check"),
        ("wget --no-check-certificate https://example.com/a", "wget does not check"),
        ("apt-get install --allow-unauthenticated a", "without signature"),
        ("echo 'deb [arch=amd64 trusted=yes] https://example.com a main' > a.list", "trusted without signature"),
        ("apk add --allow-untrusted a.apk", "apk takes"),
        ("dnf install -y --nogpgcheck a", "rpm packages"),
        ("pip install --trusted-host example.com a", "pip trusts"),
        ("npm config set strict-ssl false", "npm does not"),
        ("git config --global http.sslVerify false", "git does not"),
    ],
)
def test_software_that_nothing_verifies_is_told(command: str, expected: str) -> None:
    """Switched-off checks of signatures and certificates, and scripts run as they come."""
    (words,) = unverified(command)
    assert expected in words


@pytest.mark.parametrize(
    "command",
    [
        "curl -fsSLO https://example.com/a && sha256sum -c a.sum",
        "curl -fsSL https://example.com/key | gpg --dearmor -o /usr/share/keyrings/a.gpg",
        "apt-get install -y --no-install-recommends curl",
        "rpm --import https://example.com/key",
        "apk add --no-cache curl",
    ],
)
def test_verified_software_is_no_fault(command: str) -> None:
    """Downloads with a checksum, keys, and plain installs."""
    assert unverified(command) == ()


@pytest.mark.parametrize(
    "text",
    [
        "|1 /bin/sh -" + "c" * 70_000,
        "curl " * 13_000,
        "apt-get" + " -o" * 30_000,
        "/bin/sh " + "-c" * 30_000,
        "curl -" + "k" * 60_000,
        "|1 " + "/a" * 30_000,
        "[ trusted" * 9_000,
    ],
)
def test_hostile_steps_take_no_time(text: str) -> None:
    """A step of 70 KB made to send a search astray is done in well under a second."""
    started = time.process_time()
    lone_updates(step_of(text).text)
    unverified(text)
    assert time.process_time() - started < 1
