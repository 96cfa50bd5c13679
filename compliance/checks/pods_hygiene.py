"""Pod in, verdicts out on what does not belong in one: SSH, sudo, debug containers, doubled names."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, passed
from compliance.model.faults import Fault, called, counted, fault_in, judged
from compliance.model.image_reference import image_reference
from compliance.model.outcome import Severity
from compliance.model.workload import Container, Pod

#: Programs and images that serve SSH.
SSH_SERVERS = frozenset({"sshd", "dropbear", "openssh-server", "ssh-server", "docker-sshd", "sshd-docker"})
SSH_PORT = 22


@check(
    id="pod-ssh",
    title="No container serves SSH",
    severity=Severity.HIGH,
    fix="Remove the SSH server; use kubectl exec or an ephemeral container to look inside.",
    effort=Effort.WORKLOAD,
)
def pod_ssh(pod: Pod) -> Verdict:
    """No command, argument or image name is an SSH server, and no container port is 22.

    What the image starts by itself is not seen here.
    Source: judged as CIS Docker Benchmark 1.8.0, 5.7, asks.
    """
    faults = []
    for container in pod.all_containers():
        for field, server in _calls(container, SSH_SERVERS):
            faults.append(fault_in(pod, container, field, f"starts {server}"))
        if container.image and "ss" in container.image:
            name = image_reference(container.image).repository.rpartition("/")[2]
            if name in SSH_SERVERS:
                faults.append(fault_in(pod, container, "image", f"runs the image {name}"))
        for index, port in enumerate(container.ports):
            if port.container_port == SSH_PORT:
                faults.append(fault_in(pod, container, f"ports/{index}/containerPort", "declares port 22"))
    return judged(pod, faults, "none known to serve SSH")


@check(
    id="pod-sudo",
    title="No container calls sudo",
    severity=Severity.MEDIUM,
    fix="Run the process as the user it needs; remove sudo from command and args.",
    effort=Effort.WORKLOAD,
)
def pod_sudo(pod: Pod) -> Verdict:
    """No word of command or args is sudo, by itself or as a path's last part.

    Source: project judgement, as trivy's and checkov's checks on sudo.
    """
    faults = [
        fault_in(pod, container, field, "calls sudo")
        for container in pod.all_containers()
        for field, _ in _calls(container, frozenset({"sudo"}))
    ]
    return judged(pod, faults, "none calling sudo")


def _calls(container: Container, programs: frozenset[str]) -> list[tuple[str, str]]:
    """The places in command and args where one of some programs is called, and its name."""
    if not (container.command or container.args):
        return []
    found = []
    for field, texts in (("command", container.command), ("args", container.args)):
        for index, text in enumerate(texts):
            for word in text.replace(";", " ").replace("&", " ").replace("|", " ").split():
                name = word.strip("\"'`()").rpartition("/")[2]
                if name in programs:
                    found.append((f"{field}/{index}", name))
                    break
    return found


@check(
    id="pod-service-links",
    title="The pod gets no variables about Services",
    severity=Severity.LOW,
    fix="Set spec.enableServiceLinks to false.",
)
def pod_service_links(pod: Pod) -> Verdict:
    """spec.enableServiceLinks is false; absent means true (API default): every Service's address is in the environment.

    Source: Kubernetes documentation, "Accessing the Service".
    """
    at = (pod.in_spec("enableServiceLinks"),)
    if pod.enable_service_links is False:
        return passed("enableServiceLinks is false", at=at)
    seen = "is true" if pod.enable_service_links else "is not set (default: true)"
    return failed(f"enableServiceLinks {seen}: the namespace's Services are listed in the environment", at=at)


@check(
    id="pod-host-aliases",
    title="The pod overrides no host names",
    severity=Severity.LOW,
    fix="Remove spec.hostAliases and let DNS answer.",
)
def pod_host_aliases(pod: Pod) -> Verdict:
    """spec.hostAliases is absent or empty.

    Source: project judgement, as kyverno's restriction of hostAliases.
    """
    at = (pod.in_spec("hostAliases"),)
    if pod.host_aliases:
        return failed(f"hostAliases sets names of {counted(pod.host_aliases, 'address', 'addresses')} past DNS", at=at)
    return passed("hostAliases is not set", at=at)


@check(
    id="pod-duplicate-env",
    title="No container sets a variable twice",
    severity=Severity.LOW,
    fix="Remove the double entry from env; the last one wins.",
)
def pod_duplicate_env(pod: Pod) -> Verdict:
    """Names in env are unique in each container; of two the last one wins, unseen.

    Source: Kubernetes API, Container.env, merged by name.
    """
    faults = []
    for container in pod.all_containers():
        names = {variable.name for variable in container.env}
        if len(names) != len(container.env):
            faults += _doubles(pod, container)
    return judged(pod, faults, "none setting a variable twice")


def _doubles(pod: Pod, container: Container) -> list[Fault]:
    seen: set[str] = set()
    faults = []
    for index, variable in enumerate(container.env):
        if variable.name in seen:
            faults.append(fault_in(pod, container, f"env/{index}/name", f"sets {variable.name} again"))
        seen.add(variable.name)
    return faults


@check(
    id="pod-debug-container",
    title="No debug container is present",
    severity=Severity.MEDIUM,
    fix="Delete the pod and let its controller make a new one; ephemeral containers cannot be removed.",
)
def pod_debug_container(pod: Pod) -> Verdict:
    """spec.ephemeralContainers is absent or empty.

    Source: Kubernetes documentation, "Ephemeral Containers".
    """
    if pod.ephemeral_containers:
        names = listed(f"{called(each)} (image {each.image})" for each in pod.ephemeral_containers)
        return failed(f"present: {names}", at=[pod.at(each.at) for each in pod.ephemeral_containers])
    return passed("no ephemeral container", at=(pod.in_spec("ephemeralContainers"),))
