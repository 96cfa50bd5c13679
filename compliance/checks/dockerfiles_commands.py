"""Dockerfile in, verdicts out on the commands of its steps: updates, verification, caches, credentials, rights."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from compliance.model.build_steps import lone_updates, unverified
from compliance.model.check import Effort, Verdict, check, failed, not_checked, passed
from compliance.model.docker import Dockerfile, Instruction
from compliance.model.evidence import At
from compliance.model.faults import Fault, counted, told
from compliance.model.outcome import Severity

#: Of longer commands only the beginning is looked at (model/build_steps.py), so nothing can be said of the rest.
LOOKED_AT = 16 * 1024
#: Names of files that hold credentials. Source: gitleaks and dockle, lists of sensitive file names.
_SECRET_FILES = re.compile(
    r"(?:^|/)(?:\.env|\.netrc|\.npmrc|\.pypirc|\.git-credentials|\.pgpass|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)"
    r"|credentials(?:\.json)?|service-account\.json|kubeconfig|\.kube/config|\.aws(?:/.*)?|\.ssh(?:/.*)?"
    r"|\.docker/config\.json|[^/]+\.(?:p12|pfx|jks|keystore|kdbx|ovpn))$",
    re.IGNORECASE,
)
#: Where one command of a shell ends and the next may begin.
_ENDS = re.compile(r"[;&|\n()]+")
_MANAGERS = frozenset(("apt", "apt-get", "aptitude", "apk", "dnf", "dnf5", "yum", "microdnf", "tdnf", "zypper"))
_ADDS = frozenset(("install", "add", "in"))
_OCTAL = re.compile(r"[0-7]{1,5}")
_SYMBOLIC = re.compile(r"(?P<who>[ugoa]*)[+=](?P<rights>[rwxXst]*)")
_INSTALLS: tuple[tuple[str, re.Pattern[str], re.Pattern[str], str], ...] = tuple(
    (name, re.compile(install), re.compile(clean), folder)
    for name, install, clean, folder in (
        (
            "apt",
            r"\b(?:apt-get|apt|aptitude)\b[^;&|]{0,500}\s(?:install|upgrade|dist-upgrade|full-upgrade)\b",
            r"\brm\s[^;&|]{0,500}/var/lib/apt(?:/lists)?",
            "/var/lib/apt",
        ),
        (
            "apk",
            r"\bapk\b[^;&|]{0,500}\s(?:add|upgrade)\b",
            r"--no-cache\b|\brm\s[^;&|]{0,500}/var/cache/apk",
            "/var/cache/apk",
        ),
        (
            "dnf or yum",
            r"\b(?:dnf5?|yum|microdnf|tdnf)\b[^;&|]{0,500}\s(?:install|update|upgrade)\b",
            r"\bclean\s+(?:all|packages)\b|\brm\s[^;&|]{0,500}/var/cache/(?:dnf|yum|libdnf5)|keepcache=0",
            "/var/cache",
        ),
        (
            "zypper",
            r"\bzypper\b[^;&|]{0,500}\s(?:install|in|update|up|dup)\b",
            r"\bzypper\s+(?:-\S+\s+){0,5}(?:clean|cc)\b|\brm\s[^;&|]{0,500}/var/cache/zypp",
            "/var/cache/zypp",
        ),
        (
            "pip",
            r"\bpip[0-9.]{0,5}\s+(?:-\S+\s+){0,5}install\b",
            r"--no-cache-dir\b|PIP_NO_CACHE_DIR=|\bpip[0-9.]{0,5}\s+cache\s+purge\b|\brm\s[^;&|]{0,500}\.cache",
            "/.cache",
        ),
    )
)


@check(
    id="dockerfile-update-alone",
    title="No step refreshes the package index without using it",
    severity=Severity.LOW,
    fix="Join update and install in one RUN, so that no old index comes from the build cache.",
)
def dockerfile_update_alone(dockerfile: Dockerfile) -> Verdict:
    """No RUN, in any stage, refreshes an index without installing from it in the same instruction.

    Source: judged as CIS Docker Benchmark 1.8.0, 4.7, asks; Docker documentation, "Building best practices".
    """

    def seen(text: str) -> Iterator[str]:
        for name in lone_updates(text):
            yield f"refreshes the index of {name} and does not use it"

    return _of_commands(dockerfile, seen, "none that refreshes an index alone")


@check(
    id="dockerfile-unverified",
    title="No step takes software that nothing verifies",
    severity=Severity.HIGH,
    fix="Keep signature and certificate checks on, and compare downloads with a checksum.",
    effort=Effort.WORKLOAD,
)
def dockerfile_unverified(dockerfile: Dockerfile) -> Verdict:
    """No RUN, in any stage, switches off checks of signatures or certificates, or runs a script from the network.

    Source: judged as CIS Docker Benchmark 1.8.0, 4.11, asks.
    """
    return _of_commands(dockerfile, unverified, "none that takes unverified software")


@check(
    id="dockerfile-sudo",
    title="The build neither calls nor installs sudo",
    severity=Severity.MEDIUM,
    fix="Switch users with USER; leave sudo out of the image.",
)
def dockerfile_sudo(dockerfile: Dockerfile) -> Verdict:
    """No RUN calls sudo or installs it.

    Source: Docker documentation, "Building best practices", USER; NIST SP 800-190, 4.1.2.
    """

    def seen(text: str) -> Iterator[str]:
        for words in _calls(text):
            if words[0].rpartition("/")[2] == "sudo":
                yield "calls sudo"
                return
            if "sudo" in words and not _MANAGERS.isdisjoint(words) and not _ADDS.isdisjoint(words):
                yield "installs sudo"
                return

    return _of_commands(dockerfile, seen, "none with sudo")


@check(
    id="dockerfile-world-writable",
    title="No step makes files writable for everybody",
    severity=Severity.MEDIUM,
    fix="Give the files to the user that needs them (COPY --chown) and grant no more than that.",
)
def dockerfile_world_writable(dockerfile: Dockerfile) -> Verdict:
    """No chmod of a RUN and no --chmod of COPY or ADD grants write to others; a sticky directory (1777) is fine.

    Source: NIST SP 800-190, 4.1.2.
    """

    def seen(text: str) -> Iterator[str]:
        for words in _calls(text):
            if "chmod" in words:
                mode = next((word for word in words[words.index("chmod") + 1 :] if word[:1] != "-"), "")
                if _is_for_everybody(mode):
                    yield f"lets everybody write (chmod {mode[:40]})"

    faults = [
        Fault(f"{one.keyword} on line {one.line} has --chmod={mode}", dockerfile.at(one))
        for one in dockerfile.instructions
        for name, mode in one.flags
        if name == "--chmod" and _is_for_everybody(mode)
    ]
    return _of_commands(dockerfile, seen, "none that lets everybody write", faults)


@check(
    id="dockerfile-caches",
    title="No package cache stays in the image",
    severity=Severity.LOW,
    fix="Remove the cache in the RUN that fills it, or mount it: RUN --mount=type=cache.",
)
def dockerfile_caches(dockerfile: Dockerfile) -> Verdict:
    """Every RUN of the shipped stages that installs packages removes the manager's cache, or mounts one in its place.

    Source: Docker documentation, "Building best practices".
    """
    runs = [one for one in dockerfile.shipped() if one.keyword == "RUN"]
    no_pip_cache = any(one.keyword == "ENV" and "PIP_NO_CACHE_DIR" in one.arguments for one in dockerfile.shipped())
    faults = []
    for one in runs:
        mounts = [value for name, value in one.flags if name == "--mount" and ("cache" in value or "tmpfs" in value)]
        for name, install, clean, folder in _INSTALLS:
            text = _command(one)
            if not install.search(text) or clean.search(text) or any(folder in mount for mount in mounts):
                continue
            if name == "pip" and (no_pip_cache or mounts):
                continue
            faults.append(Fault(f"the RUN on line {one.line} leaves the cache of {name}", dockerfile.at(one)))
    return _verdict(dockerfile, faults, runs, "none that leaves a package cache")


@check(
    id="dockerfile-credential",
    title="No credential stands in the build file",
    severity=Severity.HIGH,
    fix="Hand it over as a build secret (RUN --mount=type=secret), and change the credential: it has been seen.",
    effort=Effort.WORKLOAD,
)
def dockerfile_credential(dockerfile: Dockerfile) -> Verdict:
    """No instruction seems to hold a credential or to take one as build argument, and none copies a file of them.

    The look of a value is a guess: names that speak of a password, shapes of known keys.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.10, asks.
    """
    faults = []
    for one in dockerfile.instructions:
        if one.suspicion is not None:
            faults.append(Fault(f"{one.keyword} on line {one.line}: {one.suspicion}", dockerfile.at(one)))
        for name in _copied(one):
            words = f"{one.keyword} on line {one.line} copies {name}, a file that holds credentials by its name"
            faults.append(Fault(words, dockerfile.at(one)))
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults])
    seen = f"{counted(len(dockerfile.instructions), 'instruction')}, none that looks like it holds a credential"
    return passed(seen, at=[dockerfile.whole()])


def _copied(one: Instruction) -> Iterator[str]:
    """Sources of a COPY or ADD from the build context that are named like files of credentials."""
    if one.keyword not in ("COPY", "ADD") or one.heredoc or "--from" in dict(one.flags):
        return
    words = one.exec_form if one.exec_form is not None else tuple(one.arguments.split())
    for word in words[:-1]:
        name = word.strip("\"'")
        if _SECRET_FILES.search(name):
            yield name


def _calls(text: str) -> Iterator[list[str]]:
    """The words of each command of a shell script, variables that are set before it left out."""
    for command in _ENDS.split(text.replace("\\\n", " ")):
        words = [word.strip("\"'`{}") for word in command.split()]
        while words and (not words[0] or ("=" in words[0] and words[0][0] != "=")):
            words = words[1:]
        if words:
            yield words


def _is_for_everybody(mode: str) -> bool:
    """Whether a mode of chmod gives others the right to write, without the sticky bit."""
    if _OCTAL.fullmatch(mode):
        bits = int(mode, 8)
        return bool(bits & 0o002) and not bits & 0o1000
    for part in mode.split(","):
        found = _SYMBOLIC.fullmatch(part)
        if found and not {"o", "a"}.isdisjoint(found["who"]) and "w" in found["rights"] and "t" not in found["rights"]:
            return True
    return False


def _command(one: Instruction) -> str:
    return " ".join(one.exec_form) if one.exec_form is not None else one.arguments


def _runs(dockerfile: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """Every RUN with its command, those put off by ONBUILD as well."""
    for one in dockerfile.instructions:
        if one.keyword == "RUN":
            yield one, _command(one)
        elif one.keyword == "ONBUILD" and one.arguments[:4].upper() == "RUN ":
            yield one, one.arguments[4:]


def _of_commands(
    dockerfile: Dockerfile, seen: Callable[[str], Iterable[str]], holds: str, others: Iterable[Fault] = ()
) -> Verdict:
    """A verdict over every RUN: `seen` gives in words what is wrong with a command."""
    faults = list(others)
    runs = list(_runs(dockerfile))
    for one, text in runs:
        faults += [
            Fault(f"the RUN on line {one.line}: {words}", dockerfile.at(one)) for words in seen(text[:LOOKED_AT])
        ]
    return _verdict(dockerfile, faults, [one for one, _ in runs], holds)


def _verdict(dockerfile: Dockerfile, faults: list[Fault], runs: list[Instruction], holds: str) -> Verdict:
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults])
    long: list[At] = [dockerfile.at(one) for one in runs if len(_command(one)) > LOOKED_AT]
    if long:
        words = f"{counted(len(long), 'command')} longer than {LOOKED_AT:,} characters, of which the rest is not read"
        return not_checked(words, at=long)
    return passed(f"{counted(len(runs), 'RUN step')}, {holds}" if runs else "no RUN step", at=[dockerfile.whole()])
