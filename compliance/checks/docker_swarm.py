"""Docker host in, verdicts out on the swarm it is in: managers, addresses, keys, certificates, networks, secrets."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.docker_daemon import INFO, told
from compliance.model.docker_swarm import Swarm, managers, no_manager, no_swarm, said, swarms
from compliance.model.faults import Fault, counted
from compliance.model.faults import told as all_told
from compliance.model.flags import Answer, agreed, held
from compliance.model.host import Scalar, Settings
from compliance.model.hosts import DockerHost, Host
from compliance.model.outcome import Outcome, Severity

#: More managers make a swarm slower and no safer. Source: Docker documentation, "Administer and maintain a swarm".
_MOST_MANAGERS = 7
#: Nanoseconds of a day.
_DAY = 86_400 * 10**9
#: Addresses that stand for all of a host.
_EVERYWHERE = ("0.0.0.0", "::", "[::]", "")  # noqa: S104 - compared with, never bound
_VALID = re.compile(r"valid from ([0-9T:-]{19})Z until ([0-9T:-]{19})Z")
#: Networks that every engine on Linux has: a list without them is not whole.
_BUILT_IN = frozenset(("bridge", "host", "none"))
#: A variable or the name of a secret of a service, with the number of the service.
_IN_SERVICE = re.compile(r"/([0-9]+)/Spec/TaskTemplate/ContainerSpec/(Env|Secrets)/[0-9]+(?:/SecretName)?")
_STATE = "/var/lib/docker/swarm/docker-state.json"


@check(
    id="docker-swarm-off",
    title="The host is in no swarm unless one is needed",
    severity=Severity.MEDIUM,
    fix="Leave the swarm, or state parameters.docker-swarm-needed.",
    effort=Effort.PLATFORM,
)
def docker_swarm_off(host: DockerHost, params: Parameters) -> Verdict:
    """LocalNodeState is inactive, or the organisation states that hosts may be in a swarm.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.1, asks.
    """
    found = swarms(host.host)
    if not found:
        return not_checked("the state of the swarm was not handed in (docker info --format '{{json .}}')")
    places = [one.place("/LocalNodeState") for one in found]
    words = listed(dict.fromkeys(said(one, "/LocalNodeState") for one in found))
    if not any(one.active for one in found):
        return passed(words, at=places)
    if params.docker_swarm_needed:
        return passed(f"{words}; a swarm is declared as needed (docker-swarm-needed)", at=places)
    return failed(f"{words}; no swarm is declared as needed (docker-swarm-needed)", at=places)


@check(
    id="docker-swarm-managers",
    title="The swarm has an odd number of managers, and not too many",
    severity=Severity.MEDIUM,
    fix="Promote or demote nodes until the swarm has an odd number of managers, seven at most.",
    effort=Effort.PLATFORM,
)
def docker_swarm_managers(host: DockerHost) -> Verdict:
    """The number of managers is odd and at most 7: an even one bears no more failures than one less.

    docker info of a manager counts them, and so does the list of nodes where it was handed in.
    Source: Docker documentation, "Administer and maintain a swarm"; judged as CIS Docker Benchmark 1.8.0, 7.1, asks.
    """
    outside = no_manager(host.host)
    if outside is not None:
        return outside
    counts = [(one.value("/Managers"), one.place("/Managers"), one.document.kind) for one in managers(host.host)]
    for document in host.host.settings_of("docker nodes"):
        roles = [f"/{number}/Spec/Role" for number in document.keys("")]
        named = [pointer for pointer in roles if document.values.get(pointer) == "manager"]
        counts.append((len(named), document.place(named[0] if named else ""), document.kind))
    return agreed([Answer(*_few(number), (place,), kind) for number, place, kind in counts])


def _few(value: Scalar) -> tuple[Outcome, str]:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        return Outcome.NOT_CHECKED, f"Managers is {told(value)}, which is no number of managers"
    bears = f"it bears the failure of {(value - 1) // 2}"
    return held(value % 2 == 1 and value <= _MOST_MANAGERS), f"{counted(value, 'manager')}: {bears}"


def _of_managers(host: Host, pointer: str, rule: Callable[[Scalar], tuple[Outcome, str]]) -> Verdict:
    """A rule asked of a value that managers know, of each account of a manager."""
    outside = no_manager(host)
    if outside is not None:
        return outside
    answers = []
    for one in managers(host):
        outcome, words = rule(one.value(pointer))
        answers.append(Answer(outcome, words, (one.place(pointer),), one.document.kind))
    return agreed(answers)


@check(
    id="docker-swarm-address",
    title="The swarm listens on one address",
    severity=Severity.MEDIUM,
    fix="Create the swarm anew, or join it again, with --listen-addr and the address of one interface.",
    effort=Effort.PLATFORM,
)
def docker_swarm_address(host: DockerHost) -> Verdict:
    """Neither the advertised address nor the one that the node was told to listen on stands for all of the host.

    docker info shows the advertised one only; the other is in docker-state.json.
    Source: moby daemon/cluster/noderunner.go, nodeStartConfig; judged as CIS Docker Benchmark 1.8.0, 7.2, asks.
    """
    outside = no_manager(host.host)
    if outside is not None:
        return outside
    answers = [_advertised(one) for one in managers(host.host)]
    states = host.host.settings_of("docker swarm state")
    for state in states:
        address = str(state.values.get("/ListenAddr", ""))
        words = f"ListenAddr is {address or 'empty'}"
        wide = address.rpartition(":")[0] in _EVERYWHERE
        answers.append(Answer(held(not wide), words, (state.place("/ListenAddr"),), state.kind))
    if not states:
        words = f"where it listens docker info does not say: hand in {_STATE}"
        answers.append(Answer(Outcome.NOT_CHECKED, words, answers[0].at, INFO))
    return agreed(answers)


def _advertised(one: Swarm) -> Answer:
    address = str(one.value("/NodeAddr") or "")
    words = said(one, "/NodeAddr")
    return Answer(held(address not in _EVERYWHERE), words, (one.place("/NodeAddr"),), one.document.kind)


@check(
    id="docker-swarm-overlay-encrypted",
    title="Overlay networks of the swarm are encrypted",
    severity=Severity.HIGH,
    fix="Create the network anew with --opt encrypted.",
    effort=Effort.PLATFORM,
)
def docker_swarm_overlay_encrypted(host: DockerHost) -> Verdict:
    """Every overlay network has the option encrypted; the list must be whole, with the engine's own networks in it.

    Source: Docker documentation, "Overlay network driver"; judged as CIS Docker Benchmark 1.8.0, 7.3, asks.
    """
    outside = no_swarm(host.host)
    if outside is not None:
        return outside
    documents = host.host.settings_of("docker networks")
    if not documents:
        return not_checked("the networks were not handed in (docker network inspect $(docker network ls -q))")
    overlays = [
        (document, number)
        for document in documents
        for number in document.keys("")
        if document.values.get(f"/{number}/Driver") == "overlay"
    ]
    faults = [
        Fault(f"the network {_name(document, number)} is not encrypted", document.place(f"/{number}/Options"))
        for document, number in overlays
        if not _encrypted(document, number)
    ]
    if faults:
        return failed(all_told(faults), at=[fault.at for fault in faults])
    names = {str(_name(document, number)) for document in documents for number in document.keys("")}
    places = [document.place(f"/{number}/Options/encrypted") for document, number in overlays]
    if not names >= _BUILT_IN:
        lacks = listed(sorted(_BUILT_IN - names))
        return not_checked(f"the list of networks is not whole: {lacks} not in it", at=places)
    words = listed(_name(document, number) for document, number in overlays)
    return passed(
        f"encrypted: {words}" if words else "no overlay network",
        at=places or [document.place() for document in documents],
    )


def _name(document: Settings, number: str) -> Scalar:
    return document.values.get(f"/{number}/Name")


def _encrypted(document: Settings, number: str) -> bool:
    """Whether the option is there and not switched off; alone it means that it is on."""
    value = document.values.get(f"/{number}/Options/encrypted", "false")
    return str(value).lower() not in ("false", "0", "f", "none")


@check(
    id="docker-swarm-secrets",
    title="Services take credentials from secrets, not from variables",
    severity=Severity.HIGH,
    fix="Create a secret, give it to the service with --secret, and remove the variable.",
    effort=Effort.WORKLOAD,
)
def docker_swarm_secrets(host: DockerHost) -> Verdict:
    """No variable of a service holds what looks like a credential, and services use secrets.

    Without any secret nobody can tell from the evidence whether one is needed: NOT_CHECKED.
    Source: Docker documentation, "Manage sensitive data with Docker secrets"; judged as CIS Docker Benchmark 1.8.0,
    7.4, asks.
    """
    outside = no_manager(host.host)
    if outside is not None:
        return outside
    documents = host.host.settings_of("docker services")
    if not documents:
        return not_checked("the services were not handed in (docker service inspect, values of variables blanked)")
    faults: list[Fault] = []
    secrets = []
    for document in documents:
        for pointer, value in document.values.items():
            place = _IN_SERVICE.fullmatch(pointer)
            if place is None:
                continue
            if place[2] == "Secrets":
                secrets.append(document.place(pointer))
            elif str(value).endswith("=<redacted>"):
                service = document.values.get(f"/{place[1]}/Spec/Name")
                words = f"the variable {str(value).partition('=')[0]} of {told(service)} holds a credential"
                faults.append(Fault(words, document.place(pointer)))
    if faults:
        return failed(all_told(faults), at=[fault.at for fault in faults])
    if not secrets:
        places = [document.place() for document in documents]
        return not_checked("no service uses a secret; whether one is needed a person says", at=places)
    return passed(f"{counted(len(secrets), 'secret')} in use, no credential in a variable", at=secrets)


@check(
    id="docker-swarm-autolock",
    title="Managers of the swarm ask for a key after a restart",
    severity=Severity.MEDIUM,
    fix="Run docker swarm update --autolock=true and keep the unlock key in a safe place.",
    effort=Effort.PLATFORM,
)
def docker_swarm_autolock(host: DockerHost) -> Verdict:
    """AutoLockManagers of the swarm is true.

    Source: Docker documentation, "Lock your swarm"; judged as CIS Docker Benchmark 1.8.0, 7.5, asks.
    """

    def rule(value: Scalar) -> tuple[Outcome, str]:
        outcome = held(value) if isinstance(value, bool) else Outcome.NOT_CHECKED
        return outcome, f"AutoLockManagers is {told(value)}"

    return _of_managers(host.host, "/Cluster/Spec/EncryptionConfig/AutoLockManagers", rule)


@check(
    id="docker-swarm-certificate-expiry",
    title="Certificates of swarm nodes are valid for a short time",
    severity=Severity.LOW,
    fix="Run docker swarm update --cert-expiry with the time that policy allows.",
)
def docker_swarm_certificate_expiry(host: DockerHost, params: Parameters) -> Verdict:
    """NodeCertExpiry is at most as long as the organisation allows; swarm's own default is 90 days.

    Source: Docker documentation, "docker swarm update"; judged as CIS Docker Benchmark 1.8.0, 7.7, asks.
    """
    most = params.docker_node_certificate_days

    def rule(value: Scalar) -> tuple[Outcome, str]:
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            return Outcome.NOT_CHECKED, f"NodeCertExpiry is {told(value)}, which is no time"
        days = value / _DAY
        return held(value <= most * _DAY), f"certificates of nodes are valid for {days:g} days; allowed: {most}"

    return _of_managers(host.host, "/Cluster/Spec/CAConfig/NodeCertExpiry", rule)


@check(
    id="docker-swarm-ca-age",
    title="The root certificate of the swarm is renewed in time",
    severity=Severity.LOW,
    fix="Run docker swarm ca --rotate.",
    effort=Effort.PLATFORM,
)
def docker_swarm_ca_age(host: DockerHost, params: Parameters, as_of: datetime) -> Verdict:
    """The root certificate is valid on the day of the assessment, and no older than the organisation allows.

    NOT_CHECKED when it allows for no age. A certificate that has ended fails whatever its age.
    Source: Docker documentation, "Rotate the CA certificate"; judged as CIS Docker Benchmark 1.8.0, 7.8, asks.
    """
    most = params.docker_swarm_ca_days

    def rule(value: Scalar) -> tuple[Outcome, str]:
        dates = _VALID.fullmatch(str(value))
        if dates is None:
            return Outcome.NOT_CHECKED, "the root certificate is not among what was handed in"
        begins, ends = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in dates.groups())
        age = (as_of - begins).days
        words = f"the root certificate is of {begins:%Y-%m-%d}, {counted(age, 'day')} old"
        if as_of > ends:
            return Outcome.FAIL, f"{words}, and ended on {ends:%Y-%m-%d}"
        if most is None:
            return Outcome.NOT_CHECKED, f"{words}; how old it may be is not configured (docker-swarm-ca-days)"
        return held(0 <= age <= most), f"{words}; allowed: {most}"

    return _of_managers(host.host, "/Cluster/TLSInfo/TrustRoot", rule)


@check(
    id="docker-swarm-data-path",
    title="The swarm's data goes another way than its management",
    severity=Severity.LOW,
    fix="Join the swarm with --data-path-addr and the address of another interface than --advertise-addr.",
    effort=Effort.PLATFORM,
)
def docker_swarm_data_path(host: DockerHost) -> Verdict:
    """DataPathAddr of docker-state.json is set, and another address than the advertised one.

    Source: moby daemon/cluster/noderunner.go, nodeStartConfig; judged as CIS Docker Benchmark 1.8.0, 7.9, asks.
    """
    outside = no_swarm(host.host)
    if outside is not None:
        return outside
    states = host.host.settings_of("docker swarm state")
    if not states:
        return not_checked(f"where the swarm's data goes docker info does not say: hand in {_STATE}")
    answers = []
    for state in states:
        data, advertised = (str(state.values.get(pointer, "")) for pointer in ("/DataPathAddr", "/AdvertiseAddr"))
        apart = data not in ("", advertised, advertised.rpartition(":")[0])
        words = f"DataPathAddr is {data or 'not set'}, AdvertiseAddr is {advertised or 'not set'}"
        answers.append(Answer(held(apart), words, (state.place("/DataPathAddr"),), state.kind))
    return agreed(answers)
