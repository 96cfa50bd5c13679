"""What a Docker host says of the swarm it is in, if any."""

from __future__ import annotations

from typing import NamedTuple

from compliance.model.check import Verdict, not_applicable, not_checked
from compliance.model.docker_daemon import infos, told
from compliance.model.evidence import At
from compliance.model.host import Scalar, Settings
from compliance.model.hosts import Host


class Swarm(NamedTuple):
    """One account of the swarm. `base` is the pointer at which it stands in its document."""

    document: Settings
    base: str

    def value(self, pointer: str) -> Scalar:
        return self.document.values.get(f"{self.base}{pointer}")

    def place(self, pointer: str) -> At:
        return self.document.place(f"{self.base}{pointer}")

    @property
    def active(self) -> bool:
        """Whether the node takes part in a swarm; `pending`, `error` and `locked` are states of one that does."""
        return self.value("/LocalNodeState") != "inactive"

    @property
    def manager(self) -> bool:
        return self.value("/ControlAvailable") is True


def swarms(host: Host) -> tuple[Swarm, ...]:
    """All accounts of the swarm that tell its state: docker info, and its part about the swarm handed in alone."""
    found = (
        *(Swarm(document, "/Swarm") for document in infos(host)),
        *(Swarm(document, "") for document in host.settings_of("docker swarm")),
    )
    return tuple(one for one in found if one.value("/LocalNodeState") not in (None, ""))


def no_swarm(host: Host) -> Verdict | None:
    """NOT_APPLICABLE when the host is proven to be in no swarm, NOT_CHECKED when nothing tells; None when in one."""
    found = swarms(host)
    if not found:
        return not_checked("the state of the swarm was not handed in (docker info --format '{{json .}}')")
    if any(one.active for one in found):
        return None
    places = [one.place("/LocalNodeState") for one in found]
    return not_applicable("the host is in no swarm: LocalNodeState is inactive", at=places)


def no_manager(host: Host) -> Verdict | None:
    """As `no_swarm`; NOT_CHECKED on a worker, which knows nothing of the swarm's settings."""
    outside = no_swarm(host)
    if outside is not None:
        return outside
    if any(one.active and one.manager for one in swarms(host)):
        return None
    places = [one.place("/ControlAvailable") for one in swarms(host)]
    return not_checked("a worker does not know this: hand in docker info of a manager of the swarm", at=places)


def managers(host: Host) -> tuple[Swarm, ...]:
    """Accounts of a manager."""
    return tuple(one for one in swarms(host) if one.active and one.manager)


def said(one: Swarm, pointer: str) -> str:
    """A value with its name, as a reason prints it."""
    return f"{pointer.rpartition('/')[2]} is {told(one.value(pointer))}"
