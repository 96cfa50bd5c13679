"""Dockerfile in, verdicts out on what it is built on and what it sets: base, user, health, ports, ADD, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.docker import Dockerfile, Instruction, Stage
from compliance.model.evidence import At
from compliance.model.faults import Fault, counted, told
from compliance.model.image import Image
from compliance.model.image_reference import ImageReference, image_reference
from compliance.model.image_user import resolve_user
from compliance.model.images import Images
from compliance.model.outcome import Severity

SCRATCH = "scratch"
_REMOTE = re.compile(r"(?:https?|ftp|git|ssh)://|git@", re.IGNORECASE)
_ARCHIVE = re.compile(r"\.(?:tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz|zst))[\"']?$", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_UID_ZERO = re.compile(r"(?:-o\b|--non-unique\b|(?:-u|--uid)[= ]0+\b)")


@check(
    id="dockerfile-user",
    title="The build file switches to a user other than root",
    severity=Severity.HIGH,
    fix="End the last stage with USER and a numeric id: USER 10001:10001.",
    effort=Effort.WORKLOAD,
)
def dockerfile_user(dockerfile: Dockerfile, images: Images) -> Verdict:
    """The last USER of the stage that ships is not root.

    A number decides; a name does when the build file creates it, or when the base was handed in
    and no step makes users. Without USER the base's user is in force: NOT_CHECKED unless that image
    was handed in; on scratch it is root.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.1, asks.
    """
    users = [one for one in dockerfile.shipped() if one.keyword == "USER"]
    stage, at = _root_stage(dockerfile)
    base = _base_image(stage, images)
    if users:
        return _user_verdict(dockerfile, users[-1], base)
    if stage.base == SCRATCH:
        return failed("no USER, and scratch has none either: the image runs as root (user id 0)", at=at)
    if base is None:
        words = f"no USER, so the user of its base {stage.base} is in force, and that image was not handed in"
        return not_checked(words, at=at)
    files = base.filesystem
    known = files is not None and not base.incomplete
    user = resolve_user(base.config.user, files.users if files is not None else None, known=known)
    words = f"no USER, and its base {stage.base} {user.words}"
    at = (*at, base.at_config("User"))
    if user.root is None:
        return not_checked(words, at=at)
    return failed(words, at=at) if user.root else passed(words, at=at)


def _user_verdict(dockerfile: Dockerfile, last: Instruction, base: Image | None) -> Verdict:
    at = [dockerfile.at(last)]
    text = last.arguments.strip().strip("\"'")
    if "$" in text:
        return not_checked(f"USER {text} depends on a build argument or variable", at=at)
    maker = _maker(dockerfile, text.partition(":")[0])
    if maker is not None:
        words = f"USER {text}, which the step on line {maker.line} creates"
        return passed(words, at=[*at, dockerfile.at(maker)])
    files = base.filesystem if base is not None and not base.incomplete else None
    changed = any("passwd" in one.arguments or "user" in one.arguments for one in _runs(dockerfile.shipped()))
    user = resolve_user(text, files.users if files is not None else None, known=files is not None and not changed)
    words = f"the image {user.words}"
    if user.root is None:
        return not_checked(words, at=at)
    return failed(words, at=at) if user.root else passed(words, at=at)


def _maker(dockerfile: Dockerfile, name: str) -> Instruction | None:
    """The RUN of the shipped stages that creates a user by name with an id other than 0."""
    if not _PLAIN_NAME.fullmatch(name) or name == "root":
        return None
    call = re.compile(rf"\b(?:useradd|adduser)\b[^;&|\n]{{0,500}}\s{re.escape(name)}(?=[\s;&|]|$)")
    for one in _runs(dockerfile.shipped()):
        found = call.search(one.arguments)
        if found is not None:
            return None if _UID_ZERO.search(found[0]) else one
    return None


@check(
    id="dockerfile-health",
    title="The build file states a health check",
    severity=Severity.LOW,
    fix="Add HEALTHCHECK CMD to the last stage; in Kubernetes use probes.",
    effort=Effort.WORKLOAD,
)
def dockerfile_health(dockerfile: Dockerfile, images: Images) -> Verdict:
    """The last HEALTHCHECK of the stage that ships is not NONE.

    Without one the base's is in force: NOT_CHECKED unless that image was handed in; scratch has none.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.6, asks.
    """
    found = [one for one in dockerfile.shipped() if one.keyword == "HEALTHCHECK"]
    if found:
        at = [dockerfile.at(found[-1])]
        if found[-1].arguments.strip().upper() == "NONE":
            return failed("HEALTHCHECK NONE switches the health check off", at=at)
        return passed("HEALTHCHECK states a command", at=at)
    stage, at_base = _root_stage(dockerfile)
    if stage.base == SCRATCH:
        return failed("no HEALTHCHECK, and scratch has none either", at=at_base)
    base = _base_image(stage, images)
    if base is None:
        words = f"no HEALTHCHECK; whether its base {stage.base} has one is not known, for it was not handed in"
        return not_checked(words, at=at_base)
    test = base.config.healthcheck
    places = [*at_base, base.at_config("Healthcheck")]
    if test and test[0] != "NONE":
        return passed(f"no HEALTHCHECK, but its base {stage.base} has one", at=places)
    return failed(f"no HEALTHCHECK, and its base {stage.base} has none either", at=places)


@check(
    id="dockerfile-base-digest",
    title="Every base of the build is pinned by digest",
    severity=Severity.MEDIUM,
    fix="Name every base with its digest: FROM registry.example.com/base/python:3.12@sha256:DIGEST.",
)
def dockerfile_base_digest(dockerfile: Dockerfile) -> Verdict:
    """The image after each FROM carries a whole sha256 digest; scratch and earlier stages need none.

    A base that depends on a build argument without a default is NOT_CHECKED.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.2, asks; NIST SP 800-190, 4.1.5.
    """
    faults = [
        Fault(f"{_stage_words(stage)} is built on {stage.base}, which is not pinned by digest", at)
        for stage, reference, at in _bases(dockerfile)
        if not reference.is_pinned()
    ]
    return _of_bases(dockerfile, faults, "pinned by digest")


@check(
    id="dockerfile-base-tag",
    title="No base of the build is whatever is newest",
    severity=Severity.MEDIUM,
    fix="Name every base with a version, better with its digest as well.",
)
def dockerfile_base_tag(dockerfile: Dockerfile) -> Verdict:
    """The image after each FROM has a digest, or a tag other than latest; no tag means latest.

    Source: Docker documentation, "Building best practices"; NIST SP 800-190, 4.2.2.
    """
    faults = []
    for stage, reference, at in _bases(dockerfile):
        if reference.digest is None and reference.tag in (None, "latest"):
            seen = "the tag latest" if reference.tag else "no tag (which means latest)"
            faults.append(Fault(f"{_stage_words(stage)} is built on {stage.base}, with {seen}", at))
    return _of_bases(dockerfile, faults, "named by a version")


@check(
    id="dockerfile-base-approved",
    title="The image is built on an approved base",
    severity=Severity.HIGH,
    fix="Build on a base from base_images.approved by its digest, or from an approved registry.",
    effort=Effort.WORKLOAD,
)
def dockerfile_base_approved(dockerfile: Dockerfile, params: Parameters) -> Verdict:
    """The base of the stage that ships is an approved one by digest, or comes from an approved registry.

    scratch holds nothing and needs no approval. NOT_CHECKED where nothing is configured.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.2, asks.
    """
    stage, at = _root_stage(dockerfile)
    if stage.base == SCRATCH:
        return passed("built on scratch, which holds nothing", at=at)
    digests = {base.digest: base.name for base in params.base_images if base.digest}
    if not (digests or params.registries_approved):
        return not_checked("no approved base by digest and no approved registry is configured", at=at)
    if "$" in stage.base or not stage.base:
        return not_checked(f"the base {stage.base} depends on a build argument without a default", at=at)
    reference = image_reference(stage.base)
    if reference.digest in digests:
        return passed(f"built on {stage.base}, approved as {digests[reference.digest]}", at=at)
    if any(reference.lies_below(entry) for entry in params.registries_approved):
        return passed(f"built on {stage.base}, from an approved registry", at=at)
    return failed(f"built on {stage.base}, which is no approved base and comes from no approved registry", at=at)


@check(
    id="dockerfile-add",
    title="Files are copied with COPY, not with ADD",
    severity=Severity.LOW,
    fix="Use COPY for files of the build context; fetch remote files with ADD --checksum.",
)
def dockerfile_add(dockerfile: Dockerfile) -> Verdict:
    """No ADD, in any stage, save of a remote file with --checksum.

    Source: judged as CIS Docker Benchmark 1.8.0, 4.9, asks; Docker documentation, "ADD or COPY".
    """
    faults = []
    for one in dockerfile.instructions:
        keyword, rest = _effective(one)
        if keyword != "ADD" or (_REMOTE.search(rest) and ("--checksum" in dict(one.flags) or "--checksum=" in rest)):
            continue
        if _REMOTE.search(rest):
            words = "fetches a remote file without checksum"
        elif any(_ARCHIVE.search(word) for word in rest.split()):
            words = "unpacks an archive"
        else:
            words = "adds files that COPY would copy"
        faults.append(Fault(f"ADD on line {one.line} {words}", dockerfile.at(one)))
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults])
    return passed(f"{counted(len(dockerfile.instructions), 'instruction')}, no ADD", at=[dockerfile.whole()])


@check(
    id="dockerfile-port-ssh",
    title="The image does not expose the port of SSH",
    severity=Severity.MEDIUM,
    fix="Remove EXPOSE 22 and the SSH server.",
)
def dockerfile_port_ssh(dockerfile: Dockerfile) -> Verdict:
    """No EXPOSE of the stage that ships names port 22, alone or in a range.

    Source: NIST SP 800-190, 4.1.2; CIS Docker Benchmark 1.8.0, 5.7.
    """
    faults = [
        Fault(f"EXPOSE {word} on line {one.line}", dockerfile.at(one))
        for one in dockerfile.shipped()
        if one.keyword == "EXPOSE"
        for word in one.arguments.split()
        if _holds_port(word, 22)
    ]
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults])
    return passed("no EXPOSE of port 22", at=[dockerfile.whole()])


@check(
    id="dockerfile-one-command",
    title="Each stage states one command and one entry point",
    severity=Severity.LOW,
    fix="Keep the last CMD and the last ENTRYPOINT of each stage; the others have no effect.",
)
def dockerfile_one_command(dockerfile: Dockerfile) -> Verdict:
    """No stage has two CMD or two ENTRYPOINT: only the last one counts.

    Source: Dockerfile reference, "CMD" and "ENTRYPOINT".
    """
    faults = []
    for keyword in ("CMD", "ENTRYPOINT"):
        for stage in dockerfile.stages:
            found = [one for one in dockerfile.instructions if one.stage == stage.number and one.keyword == keyword]
            for one in found[:-1]:
                words = f"{keyword} on line {one.line} has no effect, for line {found[-1].line} replaces it"
                faults.append(Fault(words, dockerfile.at(one)))
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults])
    return passed(f"{counted(len(dockerfile.stages), 'stage')}, one command each at most", at=[dockerfile.whole()])


def _holds_port(word: str, port: int) -> bool:
    first, _, last = word.strip("\"'").partition("/")[0].partition("-")
    if not (first.isdecimal() and (last or first).isdecimal()) or len(word) > 40:
        return False
    return int(first) <= port <= int(last or first)


def _effective(one: Instruction) -> tuple[str, str]:
    """Keyword and rest; of ONBUILD those of the instruction that it puts off."""
    if one.keyword != "ONBUILD":
        return one.keyword, one.arguments
    keyword, _, rest = one.arguments.partition(" ")
    return keyword.upper(), rest


def _runs(instructions: tuple[Instruction, ...]) -> list[Instruction]:
    return [one for one in instructions if one.keyword == "RUN"]


def _root_stage(dockerfile: Dockerfile) -> tuple[Stage, tuple[At, ...]]:
    """The stage at the root of the one that ships, whose base is an image, and the place of its FROM."""
    stage = dockerfile.stages[-1]
    while stage.base_stage is not None:
        stage = dockerfile.stages[stage.base_stage]
    return stage, (dockerfile.at(dockerfile.instructions[stage.instruction]),)


def _base_image(stage: Stage, images: Images) -> Image | None:
    """The base as it was handed in; None when it was not, or more than one image may be meant."""
    found = images.of_reference(stage.base) if stage.base and "$" not in stage.base else ()
    return found[0].image if len(found) == 1 else None


def _bases(dockerfile: Dockerfile) -> Iterator[tuple[Stage, ImageReference, At]]:
    """Stages that are built on an image that is named in full, with the place of their FROM."""
    for stage in dockerfile.stages:
        if stage.base_stage is None and stage.base != SCRATCH and "$" not in stage.base:
            place = dockerfile.at(dockerfile.instructions[stage.instruction])
            yield stage, image_reference(stage.base), place


def _of_bases(dockerfile: Dockerfile, faults: list[Fault], holds: str) -> Verdict:
    """FAIL with the faults; NOT_CHECKED where a base is not known; else PASS."""
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults])
    places = {stage.number: dockerfile.at(dockerfile.instructions[stage.instruction]) for stage in dockerfile.stages}
    unknown = [stage for stage in dockerfile.stages if "$" in stage.base and stage.base_stage is None]
    if unknown:
        bases = listed(dict.fromkeys(stage.base for stage in unknown))
        words = f"the base {bases} depends on a build argument without a default"
        return not_checked(words, at=[places[stage.number] for stage in unknown])
    named = list(dict.fromkeys(stage.base for stage, _, _ in _bases(dockerfile)))
    if not named:
        return passed("built on scratch, which holds nothing", at=list(places.values()))
    return passed(f"{counted(len(named), 'base')} ({listed(named)}), {holds}", at=list(places.values()))


def _stage_words(stage: Stage) -> str:
    return f"stage {stage.name}" if stage.name else f"stage {stage.number + 1}"
