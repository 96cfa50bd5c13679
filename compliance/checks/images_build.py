"""Image in, verdicts out on how it was built: the base it stands on, and the steps of its history."""

from __future__ import annotations

from collections.abc import Callable

from compliance.model.build_steps import Step, StepKind, lone_updates, step_of, unverified
from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.configuration import BaseImage, Parameters
from compliance.model.evidence import At
from compliance.model.faults import counted
from compliance.model.image import BaseClass, HistoryStep, Image
from compliance.model.image_words import at_key, cut_list, layer_words, short, without_history
from compliance.model.images import BaseMatch, Images
from compliance.model.outcome import Severity

#: Labels by which a build says what it is based on: a claim, for anybody may write them.
#: Source: OCI image specification 1.1, "Pre-Defined Annotation Keys".
_BASE_NAME = "org.opencontainers.image.base.name"
_BASE_DIGEST = "org.opencontainers.image.base.digest"


@check(
    id="image-base-approved",
    title="Image is built on an approved base",
    severity=Severity.HIGH,
    fix="Build FROM an approved base by digest, and list its diff ids in compliance.yaml (base_images.approved).",
    effort=Effort.WORKLOAD,
)
def image_base_approved(image: Image, images: Images, params: Parameters) -> Verdict:
    """The lowest layers are, by their diff ids, those of an approved base (base_images.approved).

    A base is known by diff ids in compliance.yaml, or by a digest when that image is handed in, too. A label that
    names the base proves nothing: anybody may write it. NOT_CHECKED without a list, when a base of the list cannot
    be compared, and for an image that stands on nothing.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.2, asks; NIST SP 800-190, 4.1.2.
    """
    approved = params.base_images
    at = _layers_at(image)
    if not approved:
        return not_checked("no approved base images are configured (base_images.approved)", at=at)
    match = images.base_of(image, approved)
    if match is not None:
        return _on_base(image, match)
    if not image.layers:
        return not_checked("the evidence names no layer of the image", at=at)
    return _on_no_base(image, approved, [base for base in approved if not _is_known(base, images)], at)


def _layers_at(image: Image) -> tuple[At, ...]:
    return image.whole() if image.filesystem is not None else (at_key(image, "rootfs"),)


def _is_known(base: BaseImage, images: Images) -> bool:
    return bool(base.diff_ids) or bool(images.of_digest(base.digest))


def _on_base(image: Image, match: BaseMatch) -> Verdict:
    numbers = range(1, match.layers + 1)
    at = tuple(dict.fromkeys(image.in_layer(number) for number in numbers))
    if image.filesystem is not None and not all(image.layers[number - 1].read for number in numbers):
        reason = f"the configuration names the layers of {short(match.base.name)}, and not all of them could be read"
        return not_checked(reason, at=at)
    how = "the diff ids in compliance.yaml" if match.by == "diff ids" else "the base image handed in"
    lowest = "its lowest layer is that" if match.layers == 1 else f"its lowest {match.layers} layers are those"
    return passed(f"{lowest} of {short(match.base.name)}, by {how}", at=at)


def _on_no_base(image: Image, approved: tuple[BaseImage, ...], unknown: list[BaseImage], at: tuple[At, ...]) -> Verdict:
    name, digest = image.config.labels.get(_BASE_NAME), image.config.labels.get(_BASE_DIGEST)
    claim = f"; its labels claim {short(name or digest or '')}, which is a claim and no proof" if name or digest else ""
    if unknown:
        missing = listed([base.name for base in unknown], limit=3)
        reason = f"its layers cannot be compared with {missing}: give the diff ids or hand in the base image{claim}"
        return not_checked(reason, at=at)
    root = image.filesystem
    if root is not None and root.base_class is BaseClass.SCRATCH:
        reason = f"it stands on no base ({root.base_because}), and none of its layers is that of an approved one{claim}"
        return not_checked(reason, at=at)
    first = short(image.layers[0].diff_id)
    reason = f"its lowest layer {first} is not that of {listed([base.name for base in approved], limit=3)}{claim}"
    return failed(reason, at=at)


@check(
    id="image-update-alone",
    title="No build step refreshes the package index by itself",
    severity=Severity.LOW,
    fix="Join update and install in one RUN instruction.",
)
def image_update_alone(image: Image, images: Images, params: Parameters) -> Verdict:
    """No RUN step of the history refreshes a package index without installing or upgrading in the same step.

    NOT_CHECKED when a layer's step does not say how it was made.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.7, asks.
    """

    def fault(step: Step) -> str:
        managers = lone_updates(step.text) if step.kind is StepKind.RUN else ()
        return f"refreshes the index of {listed(managers)} alone" if managers else ""

    return _of_steps(image, images, params, fault, "none refreshing a package index alone")


@check(
    id="image-add",
    title="Files came into the image with COPY, not with ADD",
    severity=Severity.LOW,
    fix="Use COPY, and fetch remote files with a checksum.",
)
def image_add(image: Image, images: Images, params: Parameters) -> Verdict:
    """No step of the history is ADD, but for those of the declared base and the one that made the lowest layer.

    Every base begins with an ADD of its root archive. NOT_CHECKED when a layer's step does not say how it was made.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.9, asks; dockle CIS-DI-0009.
    """
    base = images.base_of(image, params.base_images)
    excused = base.layers if base is not None else 1

    def fault(step: Step) -> str:
        return f"is ADD {short(step.text)}" if step.kind is StepKind.ADD else ""

    return _of_steps(image, images, params, fault, "none above the base that is ADD", above=excused)


@check(
    id="image-unverified-packages",
    title="No build step takes software that nothing verifies",
    severity=Severity.MEDIUM,
    fix="Keep the checks of signatures and certificates on, and verify downloads by checksum.",
)
def image_unverified_packages(image: Image, images: Images, params: Parameters) -> Verdict:
    """No RUN step switches off the check of signatures or certificates, or runs a script straight from the network.

    That every package was really signed the history does not show.
    Source: CIS Docker Benchmark 1.8.0, 4.11.
    """

    def fault(step: Step) -> str:
        return listed(unverified(step.text)) if step.kind is StepKind.RUN else ""

    return _of_steps(image, images, params, fault, "none taking unverified software")


def _of_steps(
    image: Image, images: Images, params: Parameters, fault: Callable[[Step], str], none: str, above: int = 0
) -> Verdict:
    """FAIL with every step that `fault` names; NOT_CHECKED when a layer's step does not say what it did."""
    missing = without_history(image)
    if missing is not None:
        return missing
    base = images.base_of(image, params.base_images)
    steps = [(step, step_of(step.created_by)) for step in image.history if step.layer is None or step.layer > above]
    found = [(step, words) for step, taken in steps if (words := fault(taken))]
    if found:
        told = [f"step {step.number} {words}{_whose(image, step, base)}" for step, words in found]
        return failed(cut_list(told, len(told)), at=[image.at_history(step) for step, _ in found])
    silent = [step for step, taken in steps if taken.kind is StepKind.UNKNOWN and step.layer is not None]
    if silent:
        seen = f"says only: {short(silent[0].created_by)}" if silent[0].created_by else "says nothing"
        reason = f"{none} was seen, but step {silent[0].number} made a layer and {seen}"
        return not_checked(reason, at=[image.at_history(step) for step in silent])
    layers = {step.layer for step in image.history if step.layer is not None}
    if len(layers) < len(image.layers):
        reason = f"the history accounts for {len(layers)} of {counted(len(image.layers), 'layer')}"
        return not_checked(reason, at=[at_key(image, "history")])
    return passed(f"{counted(len(image.history), 'step')}, {none}", at=[at_key(image, "history")])


def _whose(image: Image, step: HistoryStep, base: BaseMatch | None) -> str:
    return f" ({layer_words(image, step.layer, base)})" if step.layer is not None else ""


@check(
    id="image-history-complete",
    title="The history accounts for every layer",
    severity=Severity.LOW,
    fix="Build with a tool that writes the history, and do not squash it away.",
)
def image_history_complete(image: Image) -> Verdict:
    """The history has as many steps that made a layer as the image has layers, and each says what it did.

    Source: OCI image specification 1.1, config, "history"; NIST SP 800-190, 4.1.5.
    """
    at = [at_key(image, "history")]
    if not image.layers:
        return not_checked("the evidence names no layer of the image", at=at)
    if image.form == "docker-image-inspect":
        return not_checked("docker image inspect does not show the history", at=at)
    made = [step for step in image.history if step.layer is not None]
    if len(made) != len(image.layers):
        reason = f"{counted(len(made), 'step')} that made a layer, {counted(len(image.layers), 'layer')} in the image"
        return failed(reason, at=at)
    silent = [step for step in made if not step.created_by.strip()]
    if silent:
        reason = f"{counted(len(silent), 'step')} of {len(made)} say nothing of what they did"
        return failed(reason, at=[image.at_history(step) for step in silent])
    return passed(f"{counted(len(made), 'layer')}, each with the step that made it", at=at)
