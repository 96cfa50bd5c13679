"""Pod and images in, verdicts out on whether the workload and the image it runs fit each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from compliance.model.check import Effort, Verdict, check, listed, not_applicable, not_checked
from compliance.model.evidence import At, escape
from compliance.model.faults import Fault, called, told, windows
from compliance.model.image import Image
from compliance.model.image_reference import image_reference
from compliance.model.image_user import effective_user
from compliance.model.image_words import is_known_whole, short
from compliance.model.images import Bound, ImageMatch, Images
from compliance.model.outcome import ORDER, Outcome, Severity, worst
from compliance.model.workload import Container, ContainerKind, Pod, effective_security

#: Kinds whose pods end by themselves, so that nobody probes them.
_ENDING = frozenset({"Job", "CronJob"})
#: A user that the runtime reports as a number. Source: containerd CRI getUserFromImage (strconv.ParseInt).
_NUMBER = re.compile(r"[+-]?[0-9]+")
_ARCHITECTURE = ("kubernetes.io/arch", "beta.kubernetes.io/arch")
_SYSTEM = ("kubernetes.io/os", "beta.kubernetes.io/os")


class _Said(NamedTuple):
    """What is said of one container: its outcome, a clause, and the places that show it."""

    outcome: Outcome
    words: str
    at: tuple[At, ...]


_Judge = Callable[[Pod, Container, Image], _Said]


@check(
    id="pod-image-handed-in",
    title="The images that run are those handed in",
    severity=Severity.LOW,
    fix="Hand in each image that runs, copied by the digest that the workload names.",
)
def pod_image_handed_in(pod: Pod, images: Images) -> Verdict:
    """The image of every container is in the evidence, joined by digest.

    FAIL when another image of the repository was handed in, all of whose digests differ from the one that is pinned.
    NOT_CHECKED when nothing of the repository is there, when the digest of the list over platforms is not known (a copy
    of one platform leaves it out), or when the join is by name and tag, which may move.
    Source: NIST SP 800-53 rev 5, CM-8; FedRAMP Rev5 playbook, containers, asset identity per image class.
    """
    return _judged(pod, images, _handed_in)


def _handed_in(pod: Pod, container: Container, images: Images) -> _Said:
    place = _image_at(pod, container)
    found = _matches(container, images)
    name = f"{called(container)} runs {short(container.image or 'an image without a name')}"
    if found and found[0].by is not Bound.NAME:
        words = f"{name}, handed in as {short(found[0].image.said)}, {found[0].by.value}"
        return _Said(Outcome.PASS, words, (place, found[0].image.at_config()))
    if found:
        return _Said(Outcome.NOT_CHECKED, f"{name}, joined by name and tag only", (place,))
    own = image_reference(container.image or "").path
    others = [image for image in images.images if any(image_reference(each).path == own for each in image.names)]
    if container.image and others:
        certain = image_reference(container.image).is_pinned() and all(map(is_known_whole, others))
        words = f"{name}, and the image handed in of that repository is {listed(_names(others), limit=3)}"
        doubt = "" if certain else "; the digests do not show whether that is the same image"
        outcome = Outcome.FAIL if certain else Outcome.NOT_CHECKED
        return _Said(outcome, f"{words}{doubt}", (place, others[0].at_config()))
    return _Said(Outcome.NOT_CHECKED, f"{name}, which was not handed in", (place,))


def _names(images: Sequence[Image]) -> list[str]:
    return [
        short(f"{image.said} ({image.digests.manifest or image.digests.config or 'no digest'})") for image in images
    ]


@check(
    id="pod-image-identity",
    title="What runs is the image that is named and handed in",
    severity=Severity.HIGH,
    fix="Deploy by digest, and restart pods that run an older image of the same tag.",
    effort=Effort.WORKLOAD,
)
def pod_image_identity(pod: Pod, images: Images) -> Verdict:
    """The digest that the kubelet reports, and the image handed in under the reference, are one image.

    Index, manifest and configuration digest of one image count as the same. FAIL only when both sides are known and
    differ. NOT_CHECKED when a digest belongs to no image handed in, or when nothing but a tag names the image.
    Source: NIST SP 800-190, 4.1.5; Kubernetes API, ContainerStatus.imageID.
    """
    return _judged(pod, images, _identity)


def _identity(pod: Pod, container: Container, images: Images) -> _Said:
    at = (_image_at(pod, container),)
    name = f"{called(container)} names {short(container.image or 'no image')}"
    meant = {match.image.subject.id: match.image for match in images.of_reference(container.image or "")}
    pinned = image_reference(container.image or "").digest
    if container.image_id is None:
        if pinned is None:
            return _Said(Outcome.NOT_CHECKED, f"{name} without digest, and no status says what runs", at)
        return _pinned(container, images, meant, name, at)
    runs = {match.image.subject.id: match.image for match in images.of_digest(container.image_id)}
    if container.image_id == pinned or set(runs) & set(meant):
        return _Said(Outcome.PASS, f"{name} and runs {short(container.image_id)}, the same image", at)
    if runs and meant:
        seen = f"runs {listed(_names(list(runs.values())), limit=2)}, which is another image"
        return _Said(Outcome.FAIL, f"{name} and {seen} than that handed in under this name", at)
    return _Said(Outcome.NOT_CHECKED, f"{name} and runs {short(container.image_id)}, which cannot be compared", at)


def _pinned(container: Container, images: Images, meant: dict[str, Image], name: str, at: tuple[At, ...]) -> _Said:
    """A pinned image without a status: the digest is handed in, or the name stands for another image."""
    if meant:
        return _Said(Outcome.PASS, f"{name}, which is the image handed in", at)
    named = image_reference(container.image or "")
    tagged = images.of_reference(f"{named.path}:{named.tag}") if named.tag else ()
    known = [match.image for match in tagged if is_known_whole(match.image)]
    if known:
        words = f"{name}, and the image handed in under that tag is {listed(_names(known), limit=2)}"
        return _Said(Outcome.FAIL, words, (*at, known[0].at_config()))
    return _Said(Outcome.NOT_CHECKED, f"{name}, which was not handed in", at)


@check(
    id="pod-image-user",
    title="No container runs as root, by its settings and the user of its image",
    severity=Severity.HIGH,
    fix="Give the image a numeric USER other than 0, or set runAsUser to one.",
    effort=Effort.WORKLOAD,
)
def pod_image_user(pod: Pod, images: Images) -> Verdict:
    """runAsUser, else the USER of the image, is not root, and a container that must run as non-root can start.

    With runAsNonRoot and no runAsUser the kubelet starts only an image whose USER is a number other than 0: a name it
    cannot check. A join by name and tag alone never passes.
    Source: Kubernetes pkg/kubelet/kuberuntime, verifyRunAsNonRoot; CIS Kubernetes Benchmark 2.0.1, 5.2.7.
    """
    if pod.is_windows():
        return windows(pod, "user ids do not apply")
    return _judged(pod, images, _user)


def _user(pod: Pod, container: Container, images: Images) -> _Said:
    own = _own_user(pod, container)
    return own if own is not None else _of_image(pod, container, images, _image_user)


def _own_user(pod: Pod, container: Container) -> _Said | None:
    """What runAsUser says by itself; None when it is not set."""
    user = effective_security(pod, container).run_as_user
    if user.value is None:
        return None
    outcome = Outcome.FAIL if user.value == 0 else Outcome.PASS
    words = f"{called(container)} has runAsUser {user.value}, whatever the image says"
    return _Said(outcome, words, (pod.at(user.pointer),))


def _image_user(pod: Pod, container: Container, image: Image) -> _Said:
    must = effective_security(pod, container).run_as_non_root
    user = effective_user(image)
    at = (_image_at(pod, container), image.at_config("User"))
    name = f"{called(container)}: the image {user.words}"
    written = (image.config.user or "").partition(":")[0]
    if must.value and written and not _NUMBER.fullmatch(written):
        words = f"{name}, a name that the kubelet cannot check: with runAsNonRoot it refuses to start"
        return _Said(Outcome.FAIL, words, (*at, pod.at(must.pointer)))
    if user.root is None:
        return _Said(Outcome.NOT_CHECKED, name, at)
    if user.root and must.value:
        return _Said(Outcome.FAIL, f"{name}; with runAsNonRoot it does not start", (*at, pod.at(must.pointer)))
    if user.root:
        return _Said(Outcome.FAIL, f"{name}, and no runAsUser changes that", at)
    return _Said(Outcome.PASS, name, at)


@check(
    id="pod-image-ports",
    title="Containers declare the ports that their images expose",
    severity=Severity.LOW,
    fix="Make containerPort and EXPOSE agree, and remove the port nobody needs.",
)
def pod_image_ports(pod: Pod, images: Images) -> Verdict:
    """Every port that the image exposes is a containerPort, and every containerPort is exposed by the image.

    Both are words: neither opens nor closes a port. Where they differ, whoever reads only the manifest does not know
    what listens. NOT_APPLICABLE when the image exposes nothing.
    Source: Dockerfile reference, "EXPOSE"; Kubernetes API, Container.ports.
    """
    return _judged(pod, images, partial(_of_image, judge=_image_ports))


def _image_ports(pod: Pod, container: Container, image: Image) -> _Said:
    exposed = {_port(written): written for written in image.config.exposed_ports}
    at = (pod.in_container(container, "ports"), image.at_config("ExposedPorts"))
    if not exposed:
        return _Said(Outcome.NOT_APPLICABLE, f"{called(container)}: the image exposes no port", at)
    odd = [short(written) for port, written in exposed.items() if port is None]
    if odd:
        words = f"{called(container)}: the image exposes {listed(odd)}, which is no single port"
        return _Said(Outcome.NOT_CHECKED, words, at)
    declared = {(port.container_port, port.protocol.upper()) for port in container.ports if port.container_port}
    hidden = sorted({port for port in exposed if port is not None} - declared)
    unknown = sorted(
        (number, protocol) for number, protocol in declared if number and (number, protocol) not in exposed
    )
    faults = []
    if hidden:
        faults.append(f"the image exposes {_ports(hidden)}, which the container does not declare")
    if unknown:
        faults.append(f"the container declares {_ports(unknown)}, which the image does not expose")
    if not faults:
        return _Said(Outcome.PASS, f"{called(container)} declares {_ports(list(exposed))} as the image does", at)
    where = tuple(image.at_config(f"ExposedPorts/{escape(exposed[port])}") for port in hidden)
    return _Said(Outcome.FAIL, f"{called(container)}: {' and '.join(faults)}", (at[0], *where) if where else at)


def _port(written: str) -> tuple[int, str] | None:
    number, _, protocol = written.partition("/")
    if not (number.isascii() and number.isdigit() and len(number) <= 5):
        return None
    return int(number), protocol.upper() or "TCP"


def _ports(ports: Sequence[tuple[int, str] | None]) -> str:
    return listed(f"{port[0]}/{port[1]}" for port in ports if port is not None)


@check(
    id="pod-image-health",
    title="A health check of the image is not lost in Kubernetes",
    severity=Severity.LOW,
    fix="Put the image's HEALTHCHECK into a livenessProbe or readinessProbe.",
)
def pod_image_health(pod: Pod, images: Images) -> Verdict:
    """A container whose image has a HEALTHCHECK has a probe: Kubernetes does not run HEALTHCHECK.

    NOT_APPLICABLE when the image has none, for init and debug containers, and for jobs, which end by themselves.
    Source: Kubernetes documentation, "Liveness, Readiness and Startup Probes"; CIS Docker Benchmark 1.8.0, 4.6.
    """
    if pod.kind in _ENDING:
        return not_applicable(f"a {pod.kind} ends by itself", at=[pod.at("/kind")])
    return _judged(pod, images, partial(_of_image, judge=_image_health))


def _image_health(pod: Pod, container: Container, image: Image) -> _Said:
    if container.kind not in (ContainerKind.REGULAR, ContainerKind.SIDECAR):
        words = f"{called(container)} is no container that goes on running"
        return _Said(Outcome.NOT_APPLICABLE, words, (pod.at(container.at),))
    test = image.config.healthcheck
    place = image.at_config("Healthcheck")
    if not test or test[0] == "NONE":
        return _Said(Outcome.NOT_APPLICABLE, f"{called(container)}: the image has no HEALTHCHECK", (place,))
    probes = {"liveness": container.liveness, "readiness": container.readiness, "startup": container.startup}
    named = [name for name, probe in probes.items() if probe is not None]
    if named:
        at = tuple(pod.in_container(container, f"{name}Probe") for name in named)
        return _Said(Outcome.PASS, f"{called(container)} has a {' and a '.join(named)} probe", (*at, place))
    words = f"{called(container)} has no probe, and Kubernetes does not run the image's HEALTHCHECK"
    return _Said(Outcome.FAIL, words, (pod.in_container(container, "livenessProbe"), place))


@check(
    id="pod-image-volumes",
    title="Every volume of the image is mounted by the workload",
    severity=Severity.MEDIUM,
    fix="Mount an emptyDir with a size limit, or a claim, at each VOLUME of the image.",
)
def pod_image_volumes(pod: Pod, images: Images) -> Verdict:
    """Each VOLUME of the image is the mountPath of a volumeMount.

    For one that is not, containerd makes a writable directory on the node, also under a read-only root file system and
    beyond every size limit, while CRI-O makes none that can be written. NOT_APPLICABLE when the image declares none.
    Source: containerd internal/cri/server volumeMounts; CRI-O crio.conf(5), image_volumes; CIS Docker Benchmark
    1.8.0, 5.13.
    """
    return _judged(pod, images, partial(_of_image, judge=_image_volumes))


def _image_volumes(pod: Pod, container: Container, image: Image) -> _Said:
    volumes = image.config.volumes
    if not volumes:
        where = image.at_config("Volumes")
        return _Said(Outcome.NOT_APPLICABLE, f"{called(container)}: the image declares no volume", (where,))
    mounted = {mount.mount_path.rstrip("/") or "/" for mount in container.volume_mounts}
    bare = [path for path in volumes if (path.rstrip("/") or "/") not in mounted]
    place = pod.in_container(container, "volumeMounts")
    if not bare:
        return _Said(Outcome.PASS, f"{called(container)} mounts {listed(map(short, volumes))}", (place,))
    read_only = container.security.read_only_root_filesystem
    effect = (
        "so its read-only root has a hole or it cannot write there" if read_only else "so it fills up the node's disk"
    )
    noun = "a volume" if len(bare) == 1 else "volumes"
    words = f"{called(container)} mounts nothing at {listed(map(short, bare))}, {noun} of the image"
    at = tuple(image.at_config(f"Volumes/{escape(path)}") for path in bare)
    return _Said(Outcome.FAIL, f"{words}, {effect}", (place, *at))


@check(
    id="pod-image-platform",
    title="The image is made for the nodes that the workload asks for",
    severity=Severity.MEDIUM,
    fix="Name an image for the platform of the nodes, or correct the nodeSelector.",
)
def pod_image_platform(pod: Pod, images: Images) -> Verdict:
    """The operating system and architecture of the image are those of nodeSelector and spec.os.

    NOT_CHECKED when the workload names neither: node affinity or the scheduler decides then.
    Source: Kubernetes documentation, "Well-Known Labels": kubernetes.io/arch, kubernetes.io/os.
    """
    architecture = next((pod.node_selector[key] for key in _ARCHITECTURE if key in pod.node_selector), None)
    system = pod.os or next((pod.node_selector[key] for key in _SYSTEM if key in pod.node_selector), None)
    if architecture is None and system is None:
        return not_checked("the workload names no platform by nodeSelector or os", at=[pod.in_spec("nodeSelector")])
    asked = "/".join(part for part in (system, architecture) if part)

    def judge(pod: Pod, container: Container, image: Image) -> _Said:
        fits = system in (None, image.os) and architecture in (None, image.architecture)
        made_for = short(image.platform) or "no stated platform"
        words = f"{called(container)}: the image is for {made_for}, the workload asks {asked}"
        at = (pod.in_spec("nodeSelector"), image.at_config())
        if not image.os or not image.architecture:
            return _Said(Outcome.NOT_CHECKED, words, at)
        return _Said(Outcome.PASS if fits else Outcome.FAIL, words, at)

    return _judged(pod, images, partial(_platform, judge=judge))


def _platform(pod: Pod, container: Container, images: Images, judge: _Judge) -> _Said:
    """As `_of_image`, but of a list over platforms one that fits is enough, and none that fits proves nothing."""
    found = _matches(container, images)
    said = [judge(pod, container, match.image) for match in found]
    fitting = next((one for one in said if one.outcome is Outcome.PASS), None)
    if fitting is not None and found[0].by is not Bound.NAME:
        return fitting
    if found and found[0].by is Bound.INDEX:
        words = f"{said[0].words}; other platforms of that list were not handed in"
        return _Said(Outcome.NOT_CHECKED, words, said[0].at)
    return _of_image(pod, container, images, judge)


def _matches(container: Container, images: Images) -> tuple[ImageMatch, ...]:
    """The images a container runs: by the kubelet's digest, else by the reference."""
    found = images.of_digest(container.image_id) if container.image_id else ()
    if not found and container.image:
        found = images.of_reference(container.image)
    return tuple(sorted(found, key=lambda match: match.image.subject.id))


def _of_image(pod: Pod, container: Container, images: Images, judge: _Judge) -> _Said:
    """What `judge` says of the worst image a container may run; what is joined by name alone never passes."""
    found = _matches(container, images)
    if not found:
        name = short(container.image or "its image")
        return _Said(
            Outcome.NOT_CHECKED, f"{called(container)}: {name} was not handed in", (_image_at(pod, container),)
        )
    said = [judge(pod, container, match.image) for match in found]
    chosen = max(said, key=lambda one: ORDER.index(one.outcome))
    if found[0].by is not Bound.NAME:
        return chosen
    words = f"{chosen.words} (joined by name and tag only, which is weaker than by digest)"
    outcome = Outcome.FAIL if chosen.outcome is Outcome.FAIL else Outcome.NOT_CHECKED
    return _Said(outcome, words, chosen.at)


def _image_at(pod: Pod, container: Container) -> At:
    return pod.in_container(container, "image")


def _judged(pod: Pod, images: Images, say: Callable[[Pod, Container, Images], _Said]) -> Verdict:
    """The worst that is said of a container, with every container of that outcome; NOT_CHECKED without any image."""
    containers = pod.all_containers()
    if not images.images or not containers:
        reason = "no image was handed in" if containers else "the pod has no container in this evidence"
        return not_checked(reason, at=[pod.in_spec("containers")])
    said = [say(pod, container, images) for container in containers]
    outcome = worst(one.outcome for one in said)
    chosen = [one for one in said if one.outcome is outcome]
    at = tuple(dict.fromkeys(place for one in chosen for place in one.at))
    reason = told([Fault(one.words, one.at[0]) for one in chosen])
    return Verdict(outcome=outcome, reason=reason, at=at)
