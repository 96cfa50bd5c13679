"""Docker container in, verdicts out on what it may use up: memory, CPU, processes, restarts, ulimits."""

from __future__ import annotations

from compliance.model.check import Verdict, check, failed, listed, not_checked, passed
from compliance.model.container_words import on_windows, unstated
from compliance.model.docker import DockerContainer
from compliance.model.outcome import Severity

#: The weight of a container without one. Source: docker run reference, --cpu-shares.
DEFAULT_SHARES = 1024
#: Source: CIS Docker Benchmark 1.8.0, 5.15.
MOST_RETRIES = 5


@check(
    id="container-memory-limit",
    title="The container has a memory limit",
    severity=Severity.MEDIUM,
    fix="Start the container with --memory.",
)
def container_memory_limit(container: DockerContainer) -> Verdict:
    """HostConfig.Memory is above 0 (bytes); 0 means no limit (Docker's default).

    Source: judged as CIS Docker Benchmark 1.8.0, 5.11, asks.
    """
    pointer = "/HostConfig/Memory"
    if container.memory is None:
        return unstated(container, pointer)
    at = (container.at(pointer),)
    if container.memory > 0:
        return passed(f"Memory is {container.memory:,} bytes", at=at)
    return failed(f"Memory is {container.memory}: no limit", at=at)


@check(
    id="container-cpu-limit",
    title="The container has a CPU share or quota of its own",
    severity=Severity.LOW,
    fix="Start the container with --cpus, or with --cpu-shares other than 1024.",
)
def container_cpu_limit(container: DockerContainer) -> Verdict:
    """HostConfig.NanoCpus or CpuQuota is above 0, or CpuShares is neither 0 nor 1024 (the default weight).

    Source: judged as CIS Docker Benchmark 1.8.0, 5.12, asks.
    """
    seen = (("NanoCpus", container.nano_cpus), ("CpuQuota", container.cpu_quota), ("CpuShares", container.cpu_shares))
    for field, value in seen:
        if value is not None and value > 0 and (field, value) != ("CpuShares", DEFAULT_SHARES):
            return passed(f"{field} is {value:,}", at=[container.at(f"/HostConfig/{field}")])
    for field, value in seen:
        if value is None:
            return unstated(container, f"/HostConfig/{field}")
    if container.windows:
        words = "no CPU limit that Linux knows is set; CpuCount and CpuPercent of Windows are not read"
        return not_checked(words, at=[container.at("/HostConfig")])
    words = listed(f"{field} is {value}" for field, value in seen)
    return failed(f"{words}: the default share", at=[container.at(f"/HostConfig/{field}") for field, _ in seen])


@check(
    id="container-pids-limit",
    title="The number of processes in the container is limited",
    severity=Severity.MEDIUM,
    fix="Start the container with --pids-limit.",
)
def container_pids_limit(container: DockerContainer) -> Verdict:
    """HostConfig.PidsLimit is above 0; null, 0 and -1 mean no limit.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.29, asks.
    """
    pointer = "/HostConfig/PidsLimit"
    if container.windows:
        return on_windows(container, "the limit is a part of Linux")
    if container.pids_limit is None:
        return unstated(container, pointer)
    at = (container.at(pointer),)
    if container.pids_limit > 0:
        return passed(f"PidsLimit is {container.pids_limit:,}", at=at)
    seen = f"is {container.pids_limit}" if container.pids_limit else "is null or 0"
    return failed(f"PidsLimit {seen}: no limit", at=at)


@check(
    id="container-restart-policy",
    title="Restarts of the container are bounded",
    severity=Severity.LOW,
    fix="Start the container with --restart=on-failure:5 or without a policy.",
)
def container_restart_policy(container: DockerContainer) -> Verdict:
    """HostConfig.RestartPolicy is none, or on-failure with 1 to 5 tries; 0 tries mean without end.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.15, asks.
    """
    pointer = "/HostConfig/RestartPolicy"
    if container.restart_policy is None:
        return unstated(container, pointer)
    at = (container.at(pointer),)
    policy, tries = container.restart_policy, container.restart_retries or 0
    if policy in ("", "no"):
        return passed("the container is not restarted", at=at)
    if policy != "on-failure":
        return failed(f"the restart policy is {policy}: restarts without end", at=at)
    if 0 < tries <= MOST_RETRIES:
        return passed(f"the restart policy is on-failure with at most {tries} tries", at=at)
    bound = f"{tries} tries" if tries > 0 else "tries without end"
    return failed(f"the restart policy is on-failure with {bound}; at most {MOST_RETRIES} are asked", at=at)


@check(
    id="container-ulimits",
    title="The container keeps the ulimits of the daemon",
    severity=Severity.LOW,
    fix="Remove --ulimit where the program does not need it, and write down why where it does.",
)
def container_ulimits(container: DockerContainer) -> Verdict:
    """HostConfig.Ulimits is empty; one that lifts a limit altogether fails.

    Whether another override is needed a person says: NOT_CHECKED.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.19, asks.
    """
    pointer = "/HostConfig/Ulimits"
    if container.windows:
        return on_windows(container, "ulimits are a part of Linux")
    if container.ulimits is None:
        return unstated(container, pointer)
    at = (container.at(pointer),)
    if not container.ulimits:
        return passed("Ulimits is empty: those of the daemon are in force", at=at)
    lifted = [each for each in container.ulimits if each.endswith(":-1")]
    if lifted:
        return failed(f"Ulimits lifts a limit altogether: {listed(lifted)} (soft:hard, -1 is unlimited)", at=at)
    return not_checked(
        f"Ulimits has {listed(container.ulimits)} (soft:hard); a person says whether they are needed", at=at
    )
