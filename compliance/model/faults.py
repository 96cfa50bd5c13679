"""What is wrong with a pod, told in one shape: a sentence for each fault, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from compliance.model.check import Verdict, failed, not_applicable, not_checked, passed
from compliance.model.evidence import At
from compliance.model.workload import Container, ContainerKind, Pod

#: Faults told in one reason, and characters of one fault; the places of all faults are kept.
FAULTS_TOLD = 8
WORDS_TOLD = 300

_CALLED = {
    ContainerKind.INIT: "init container",
    ContainerKind.SIDECAR: "sidecar container",
    ContainerKind.REGULAR: "container",
    ContainerKind.EPHEMERAL: "ephemeral container",
}


class Fault(NamedTuple):
    """One thing that is not as asked: a clause with the value seen, and its place."""

    words: str
    at: At


def called(container: Container) -> str:
    """A container as a reason names it: `init container migrate`."""
    return f"{_CALLED[container.kind]} {container.name}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: `1 container`, `2 containers`."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def holding(number: int, noun: str, holds: str) -> str:
    """What holds of a number of things; `each`, `all` and `none` at its beginning give way when there is one."""
    if number != 1:
        return f"{number} {noun}s, {holds}"
    first, _, rest = holds.partition(" ")
    one = rest if first in ("each", "all") else f"not {rest}" if first == "none" else holds
    return f"1 {noun}, {one}"


def fault_in(pod: Pod, container: Container, field: str, words: str) -> Fault:
    """A fault of one container at a field of it; `words` go on after the container's name."""
    return Fault(f"{called(container)} {words}", At(pod.origin, f"{container.at}/{field}"))


def told(faults: Sequence[Fault]) -> str:
    """The faults as one reason, cut with how many there are in all."""
    words = [fault.words if len(fault.words) <= WORDS_TOLD else f"{fault.words[:WORDS_TOLD]}..." for fault in faults]
    rest = len(words) - FAULTS_TOLD
    return "; ".join(words[:FAULTS_TOLD]) + (f"; and {rest} more" if rest > 0 else "")


def judged(pod: Pod, faults: Sequence[Fault], holds: str) -> Verdict:
    """FAIL with every fault, or PASS for all containers; NOT_CHECKED for a pod without containers.

    `holds` says what is true of the containers when there is no fault: `none privileged`.
    """
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults])
    containers = pod.all_containers()
    if not containers:
        return no_containers(pod)
    origin = pod.origin
    at = tuple([At(origin, container.at) for container in containers])
    return passed(holding(len(at), "container", holds), at=at)


def no_containers(pod: Pod) -> Verdict:
    """NOT_CHECKED: there is nothing to judge."""
    return not_checked("the pod has no container in this evidence", at=[pod.in_spec("containers")])


def windows(pod: Pod, what: str) -> Verdict:
    """NOT_APPLICABLE, because the pod says itself that it is a Windows pod."""
    return not_applicable(f"a Windows pod (spec.os.name): {what}", at=[pod.in_spec("os/name")])


def not_yet(pod: Pod, minor: int) -> Verdict:
    """NOT_APPLICABLE: the assessed Kubernetes version is older than the rule."""
    return not_applicable(
        f"the Pod Security Standards do not ask this before Kubernetes 1.{minor}", at=[pod.at(pod.spec_at)]
    )
