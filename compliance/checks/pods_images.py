"""Pod in, verdicts out on the images as its containers name them: tag, digest, registry, pull policy."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.faults import Fault, called, fault_in, judged, told
from compliance.model.image_reference import ImageReference, image_reference
from compliance.model.outcome import Severity
from compliance.model.workload import Container, Pod

#: Places that get no more updates, and what their owners say. Source: Kubernetes blog, "k8s.gcr.io Redirect to
#: registry.k8s.io" (2023); kubernetes-sigs/kubebuilder, discussion 3907 (2025); bitnami/containers, issue 83267
#: (2025); Helm blog, "Helm v2 End of Life" (2020).
RETIRED = {
    "k8s.gcr.io": "frozen since April 2023, use registry.k8s.io",
    "gcr.io/google-containers": "the old name of k8s.gcr.io, use registry.k8s.io",
    "gcr.io/google_containers": "the old name of k8s.gcr.io, use registry.k8s.io",
    "gcr.io/kubebuilder": "closed in March 2025, use the project's own registry",
    "gcr.io/kubernetes-helm": "Helm 2, ended in November 2020",
    "docker.io/bitnamilegacy": "an archive without updates since August 2025",
}


@check(
    id="pod-image-tag",
    title="Every image is named by a tag other than latest, or by digest",
    severity=Severity.MEDIUM,
    fix="Name each image by a version tag, or better by its digest.",
)
def pod_image_tag(pod: Pod) -> Verdict:
    """Every image has a tag other than latest, or a digest; no tag means latest.

    Source: judged as CIS Docker Benchmark 1.8.0, 5.28, asks; Kubernetes documentation, "Images".
    """
    faults = []
    for container, image in _images(pod):
        if image.digest is None and image.tag in (None, "latest"):
            seen = "has no tag, which means latest" if image.tag is None else "has the tag latest"
            faults.append(_fault(pod, container, seen))
    return _of_images(pod, faults, "each image with a version tag or a digest")


@check(
    id="pod-image-digest",
    title="Every image is pinned by digest",
    severity=Severity.MEDIUM,
    fix="Name each image as repository:tag@sha256:..., as the build or the registry gives it.",
)
def pod_image_digest(pod: Pod) -> Verdict:
    """Every image reference ends in @sha256: and 64 hexadecimal digits.

    Source: NIST SP 800-190, 4.2.2; Kubernetes documentation, "Image names".
    """
    faults = []
    for container, image in _images(pod):
        if not image.is_pinned():
            seen = "has no digest" if image.digest is None else "has a digest that is no whole sha256"
            faults.append(_fault(pod, container, seen))
    return _of_images(pod, faults, "each image pinned by digest")


@check(
    id="pod-image-registry",
    title="Every image comes from an approved registry",
    severity=Severity.HIGH,
    fix="Copy the image to an approved registry and name it there.",
    effort=Effort.WORKLOAD,
)
def pod_image_registry(pod: Pod, params: Parameters) -> Verdict:
    """Registry and repository of every image are, or lie below, an entry of the approved list.

    An entry is a registry or a path in one; `*.` before it stands for any host below. Docker Hub's
    short names are read in full (nginx is docker.io/library/nginx). NOT_CHECKED without a list.
    Source: NIST SP 800-190, 4.1.5; CIS Docker Benchmark 1.8.0, 4.2.
    """
    approved = params.registries_approved
    if not approved:
        return not_checked("no approved registries are configured (registries.approved)", at=_places(pod))
    faults = [
        _fault(pod, container, f"comes from {image.registry}, which is not approved")
        for container, image in _images(pod)
        if not any(image.lies_below(entry) for entry in approved)
    ]
    return _of_images(pod, faults, f"each image from an approved registry ({listed(approved)})")


@check(
    id="pod-image-registry-retired",
    title="No image comes from a retired registry",
    severity=Severity.MEDIUM,
    fix="Name the image in the registry that its project publishes to today.",
)
def pod_image_registry_retired(pod: Pod) -> Verdict:
    """No image lies in a registry or namespace whose owner says that it gets no more updates.

    Source: the announcements named beside RETIRED.
    """
    faults = []
    for container, image in _images(pod):
        owner = f"{image.registry}/{image.repository.partition('/')[0]}"
        because = RETIRED.get(image.registry) or RETIRED.get(owner)
        if because:
            faults.append(_fault(pod, container, f"comes from a retired place ({because})"))
    return _of_images(pod, faults, "none from a registry known as retired")


@check(
    id="pod-image-pull-policy",
    title="Every image is pulled anew or pinned by digest",
    severity=Severity.LOW,
    fix="Set imagePullPolicy to Always, or pin the image by digest.",
)
def pod_image_pull_policy(pod: Pod) -> Verdict:
    """imagePullPolicy is Always, or the image is pinned by digest.

    Absent means Always for the tag latest or no tag, else IfNotPresent (API default), which takes
    what lies on the node without asking the registry.
    Source: Kubernetes documentation, "Image pull policy"; admission plugin AlwaysPullImages.
    """
    faults = []
    for container, image in _images(pod):
        policy = container.image_pull_policy
        if policy == "Always" or image.is_pinned():
            continue
        if policy is None and image.digest is None and image.tag in (None, "latest"):
            continue
        seen = f"has imagePullPolicy {policy}" if policy else "has no imagePullPolicy (default: IfNotPresent)"
        faults.append(fault_in(pod, container, "imagePullPolicy", f"{seen} and an image without digest"))
    return _of_images(pod, faults, "each image pulled anew or pinned")


def _images(pod: Pod) -> list[tuple[Container, ImageReference]]:
    return [(each, image_reference(each.image)) for each in pod.all_containers() if each.image]


def _fault(pod: Pod, container: Container, words: str) -> Fault:
    return Fault(f"image {container.image} of {called(container)} {words}", pod.in_container(container, "image"))


def _places(pod: Pod) -> list[At]:
    return [pod.in_container(container, "image") for container in pod.all_containers()]


def _of_images(pod: Pod, faults: list[Fault], holds: str) -> Verdict:
    """As `judged`, but NOT_CHECKED when nothing is wrong and a container names no image."""
    if faults:
        return failed(told(faults), at=[fault.at for fault in faults])
    unnamed = [container for container in pod.all_containers() if not container.image]
    if unnamed:
        reason = f"{called(unnamed[0])} names no image; something else fills it in"
        return not_checked(reason, at=[pod.in_container(container, "image") for container in unnamed])
    return judged(pod, faults, holds)
