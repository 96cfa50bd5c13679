"""What is seen in a container of Docker, as a reason tells it."""

from __future__ import annotations

from collections.abc import Sequence

from compliance.model.check import Verdict, failed, not_applicable, not_checked, passed
from compliance.model.docker import DockerContainer
from compliance.model.faults import Fault, told


def unstated(container: DockerContainer, pointer: str) -> Verdict:
    """NOT_CHECKED: the key is not in this entry, though the engine writes it always."""
    key = pointer.strip("/").replace("/", ".")
    reason = f"the entry does not state {key}; hand in the output of docker inspect unchanged"
    return not_checked(reason, at=[container.at(pointer)])


def on_windows(container: DockerContainer, what: str) -> Verdict:
    """NOT_APPLICABLE, because the entry says itself that it is a Windows container."""
    return not_applicable(f"a Windows container (Platform or Isolation): {what}", at=[container.at("/Platform")])


def judged_container(container: DockerContainer, faults: Sequence[Fault], holds: str, pointer: str) -> Verdict:
    """FAIL with every fault; else PASS with what holds, read at `pointer`."""
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults])
    return passed(holds, at=[container.at(pointer)])


def security_option(container: DockerContainer, name: str) -> tuple[str, ...]:
    """The values of a security option in order, spelt `name=value` or `name:value`; empty text for the name alone."""
    found = []
    for option in container.security_opt or ():
        rest = option.removeprefix(name)
        if rest != option and rest[:1] in ("", "=", ":"):
            found.append(rest[1:])
    return tuple(found)
