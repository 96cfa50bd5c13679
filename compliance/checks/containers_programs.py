"""Docker container in, verdicts out on what runs in it: SSH, health, the image it runs, credentials it is given."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.container_words import judged_container, unstated
from compliance.model.docker import DockerContainer
from compliance.model.faults import Fault, counted
from compliance.model.image_reference import image_reference
from compliance.model.images import Images, full_name
from compliance.model.outcome import Severity

#: Programs and images that serve SSH.
SSH_SERVERS = frozenset({"sshd", "dropbear", "openssh-server", "ssh-server", "docker-sshd", "sshd-docker"})
_SSH_PORT = "22/tcp"
#: The value of a variable that was blanked before the evidence was handed in.
BLANKED = "<redacted>"


@check(
    id="container-ssh",
    title="The container serves no SSH",
    severity=Severity.HIGH,
    fix="Remove the SSH server; use docker exec to look inside.",
    effort=Effort.WORKLOAD,
)
def container_ssh(container: DockerContainer) -> Verdict:
    """No word of the command and no image name is an SSH server, and port 22 is neither exposed nor published.

    What a start script or an exec starts is not seen here.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.7, asks.
    """
    faults = []
    for number, text in enumerate(container.command):
        for word in text.replace(";", " ").replace("&", " ").replace("|", " ").split():
            name = word.strip("\"'`()").rpartition("/")[2]
            if name in SSH_SERVERS:
                place = container.at(f"/Args/{number - 1}" if number else "/Path")
                faults.append(Fault(f"starts {name}", place))
                break
    repository = image_reference(container.image).repository.rpartition("/")[2]
    if repository in SSH_SERVERS:
        faults.append(Fault(f"runs the image {repository}", container.at("/Config/Image")))
    if _SSH_PORT in container.exposed_ports:
        faults.append(Fault("exposes port 22", container.at("/Config/ExposedPorts/22~1tcp")))
    faults += [
        Fault("publishes port 22", container.at(port.pointer))
        for port in container.published
        if port.container == _SSH_PORT
    ]
    if not faults and not container.command:
        return unstated(container, "/Path")
    return judged_container(container, faults, "neither command, image nor ports are known to serve SSH", "/Path")


@check(
    id="container-health",
    title="The container reports its health, and is well",
    severity=Severity.LOW,
    fix="Give the image a HEALTHCHECK, or start the container with --health-cmd.",
    effort=Effort.WORKLOAD,
)
def container_health(container: DockerContainer) -> Verdict:
    """State.Health.Status is healthy; no health check and an unhealthy state fail.

    A container that has not finished its first probes is NOT_CHECKED. One that does not run reports
    nothing: not applicable.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.27, asks.
    """
    at = (container.at("/State/Health/Status"),)
    if container.running is None:
        return unstated(container, "/State/Running")
    if not container.running:
        words = "the container does not run, so it has no health to report"
        return not_applicable(words, at=[container.at("/State/Running")])
    match container.health:
        case "healthy":
            return passed("State.Health.Status is healthy", at=at)
        case "starting":
            return not_checked("State.Health.Status is starting: the first probes are not finished", at=at)
        case None:
            off = container.health_test is not None and container.health_test[:1] == ("NONE",)
            why = "the health check is switched off (NONE)" if off else "no health is reported"
            return failed(f"{why}: nobody notices when the program fails", at=[container.at("/State/Health")])
        case other:
            return failed(f"State.Health.Status is {other}", at=at)


@check(
    id="container-image-current",
    title="The container runs the image that its name means today",
    severity=Severity.MEDIUM,
    fix="Pull the image again and replace the container.",
    effort=Effort.WORKLOAD,
)
def container_image_current(container: DockerContainer, images: Images) -> Verdict:
    """The image that runs is the one handed in under the name it was started by.

    Whether that one is the newest approved version a person says. NOT_CHECKED where no image of that
    name was handed in.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.28, asks.
    """
    at = (container.at("/Image"),)
    if not container.image_id or not container.image:
        return unstated(container, "/Image")
    named = full_name(image_reference(container.image))
    meant = images.of_reference(container.image)
    if not meant:
        return not_checked(f"runs {container.image_id}; no image named {named} was handed in to compare with", at=at)
    running = {match.image.subject.id for match in images.of_digest(container.image_id)}
    if running & {match.image.subject.id for match in meant}:
        return passed(f"runs {container.image_id}, which is the image handed in as {named}", at=at)
    other = listed(sorted(match.image.digests.config or match.image.subject.id for match in meant))
    reason = f"runs {container.image_id}, but {named} as handed in is {other}"
    return failed(reason, at=[*at, *(match.image.at_config() for match in meant)])


@check(
    id="container-credential-env",
    title="No credential stands in the environment of the container",
    severity=Severity.HIGH,
    fix="Hand the value over as a file or a secret of the engine, and change the credential: it has been seen.",
    effort=Effort.WORKLOAD,
)
def container_credential_env(container: DockerContainer) -> Verdict:
    """No variable of Config.Env looks like a credential; NOT_CHECKED where Env or values were taken out.

    The look of a value is a guess: names that speak of a password, shapes of known keys.
    Source: NIST SP 800-190, 4.1.4.
    """
    pointer = "/Config/Env"
    if not container.env_given:
        return not_checked("Config.Env was taken out of this entry", at=[container.at(pointer)])
    faults = [
        Fault(f"sets {entry.name}: {entry.suspicion}", container.at(f"{pointer}/{number}"))
        for number, entry in enumerate(container.env)
        if entry.suspicion is not None
    ]
    blanked = sum(entry.value == BLANKED for entry in container.env)
    if blanked and not faults:
        words = (
            f"{counted(len(container.env), 'variable')}, none named like a credential; {blanked} with blanked values"
        )
        return not_checked(words, at=[container.at(pointer)])
    seen = f"{counted(len(container.env), 'variable')}, none that looks like a credential"
    return judged_container(container, faults, seen, pointer)
