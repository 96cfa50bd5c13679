"""Which program of the control plane a container runs, and which of its words are that program's arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from compliance.evidence.cluster.arguments import Argument
from compliance.model.host import Program
from compliance.model.image_reference import image_reference

#: Programs that clusters run in pods.
IN_PODS: Mapping[str, Program] = {
    program.value: program
    for program in (
        Program.API_SERVER,
        Program.CONTROLLER_MANAGER,
        Program.SCHEDULER,
        Program.ETCD,
        Program.KUBE_PROXY,
    )
}
#: How hyperkube calls them. Source: kubernetes v1.18, cmd/hyperkube; openshift/hyperkube.
_OF_HYPERKUBE = {
    **IN_PODS,
    "apiserver": Program.API_SERVER,
    "controller-manager": Program.CONTROLLER_MANAGER,
    "scheduler": Program.SCHEDULER,
    "proxy": Program.KUBE_PROXY,
}
_SHELLS = frozenset(("sh", "bash", "ash", "dash", "busybox"))
#: Programs that start another one with the arguments given, and add none.
_LAUNCHERS = frozenset(("go-runner", "kube-log-runner", "nice", "ionice", "tini", "dumb-init", "catatonit"))
#: Sub-commands of etcd that are proxies, not members of the cluster. Source: etcd 3.6, server/etcdmain.
_NO_MEMBER = frozenset(("gateway", "grpc-proxy"))
_RUNS_SCRIPT = re.compile(r"-[a-z]*c")
#: A program's name where a command of a shell script begins.
_COMMAND = re.compile(
    rf"(?:^|[;&|(\n]|\b(?:exec|hyperkube)[ \t])[ \t]*(?:[^\s;&|()'\"]*/)?({'|'.join(IN_PODS)})"
    r"(?=[\s\\;&|]|$)(?!\s+(?:grpc-proxy|gateway)\b)"
)
#: How much of a script is looked at.
_LOOKED_AT = 64 * 1024
_VERSION = re.compile(r"v?(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?)(?![\d.])")


class Started(NamedTuple):
    """A program and its arguments. `opaque` says why there may be others; empty when these are all."""

    program: Program
    arguments: Sequence[Argument]
    opaque: str


def started(words: Sequence[Argument], image: str | None, name: str) -> Started | None:
    """What a container of an image and a name starts; None when it is no program of the control plane."""
    own = IN_PODS.get(base_name(image_reference(image).repository)) if image else None
    if not words or words[0].text.startswith("-"):
        return Started(own, words, "the image's own entry point starts it and may add options") if own else None
    first = base_name(words[0].text)
    if first in IN_PODS:
        return _member(IN_PODS[first], words[1:], "")
    if first == "hyperkube" and len(words) > 1 and words[1].text in _OF_HYPERKUBE:
        return Started(_OF_HYPERKUBE[words[1].text], words[2:], "")
    if first in _SHELLS and any(_RUNS_SCRIPT.fullmatch(word.text) for word in words[1:4]):
        return _in_script(words)
    wrapper = f"{base_name(words[0].text)[:100]} starts it and may add options"
    if first in _LAUNCHERS or IN_PODS.get(name) or own:
        for number, word in enumerate(words[1:], 1):
            if program := IN_PODS.get(base_name(word.text)):
                return _member(program, words[number + 1 :], "" if first in _LAUNCHERS else wrapper)
    is_script = any(word.text.endswith(".sh") for word in words[:2])
    return Started(own, (), wrapper) if own and is_script else None


def _member(program: Program, arguments: Sequence[Argument], opaque: str) -> Started | None:
    if program is Program.ETCD and arguments and arguments[0].text in _NO_MEMBER:
        return None
    return Started(program, arguments, opaque)


def _in_script(words: Sequence[Argument]) -> Started | None:
    """A program that a shell script starts; its options are the script's business."""
    for word in words[1:]:
        if found := _COMMAND.search(word.text[:_LOOKED_AT]):
            return Started(IN_PODS[found[1]], (), "a shell script starts it, and its options are not known from here")
    return None


def base_name(path: str) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]


def version_of(image: str | None) -> str | None:
    """The version that an image's tag states, as `1.34.1`; None when it states none."""
    tag = image_reference(image).tag if image else None
    found = _VERSION.match(tag) if tag else None
    return found[1] if found else None
