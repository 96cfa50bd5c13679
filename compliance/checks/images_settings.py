"""Image in, verdicts out on its configuration and bounds: health check, ports, volumes, labels, age, size, layers."""

from __future__ import annotations

from datetime import datetime

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.evidence import escape
from compliance.model.faults import counted
from compliance.model.image import Image
from compliance.model.image_words import at_key, bytes_words, config_verdict, short
from compliance.model.images import Images
from compliance.model.outcome import Severity

#: Ports of servers that people sign in to. Source: IANA Service Name and Port Number Registry; Docker documentation.
_SIGN_IN = {
    21: "FTP", 22: "SSH", 23: "Telnet", 512: "rexec", 513: "rlogin", 514: "rsh", 2375: "Docker API",
    2376: "Docker API", 3389: "RDP", 5900: "VNC", 5985: "WinRM", 5986: "WinRM",
}  # fmt: skip
#: Directories that the kernel fills. Source: dockle CIS-DI-0008 list of mounts; FHS 3.0, 6.1.
_KERNEL = ("/dev", "/proc", "/sys")
#: What an image says of itself. Source: OCI image specification 1.1, "Pre-Defined Annotation Keys".
_LABELS = tuple(f"org.opencontainers.image.{key}" for key in ("title", "source", "revision", "version", "licenses"))


@check(
    id="image-healthcheck",
    title="Image says how to tell whether its program is well",
    severity=Severity.LOW,
    fix="Add HEALTHCHECK to the Dockerfile; in Kubernetes set probes.",
)
def image_healthcheck(image: Image, images: Images) -> Verdict:
    """The configuration has a Healthcheck other than NONE.

    The OCI format defines none, so its absence there is NOT_CHECKED and no fault: probes of the workloads, or the
    container as Docker runs it, answer instead. A Healthcheck in an OCI configuration is an extension that Docker's
    engine reads, and counts. Kubernetes reads neither.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.6, asks; OCI image specification 1.1, config; moby
    docker-image-spec.
    """
    place = image.at_config("Healthcheck")
    test = image.config.healthcheck
    if test and test[0] != "NONE":
        extension = "" if image.docker_format else " (an extension of the OCI format that Docker's engine reads)"
        return passed(f"the image names a health check: {short(' '.join(test))}{extension}", at=[place])
    if test:
        return failed("the image switches the health check off (NONE)", at=[place])
    if image.docker_format:
        return failed("the image names no health check", at=[place])
    users = sorted({use.workload.subject.id for use in images.uses_of(image)})
    where = f"the probes of {listed(map(short, users), limit=3)} answer" if users else "probes or the container answer"
    return not_checked(f"the OCI image format has no place for a health check; {where}", at=[place])


@check(
    id="image-ports",
    title="Image opens no port that people sign in to",
    severity=Severity.MEDIUM,
    fix="Remove EXPOSE of the port, and the server behind it.",
)
def image_ports(image: Image) -> Verdict:
    """No exposed port is that of SSH, Telnet, FTP, remote desktops, WinRM or the Docker API; a range counts whole.

    Source: NIST SP 800-190, 4.1.2 (no remote administration); CIS Docker Benchmark 1.8.0, 5.7.
    """
    faults, at = [], []
    for written in image.config.exposed_ports:
        ports = _numbers(written)
        if ports is None:
            where = image.at_config(f"ExposedPorts/{escape(written)}")
            return not_checked(f"the exposed port {short(written)} is no number of a port", at=[where])
        named = [f"{number} ({words})" for number, words in _SIGN_IN.items() if ports[0] <= number <= ports[1]]
        if named:
            faults.append(f"exposes {listed(named)}")
            at.append(image.at_config(f"ExposedPorts/{escape(written)}"))
    number = len(image.config.exposed_ports)
    holds = f"{counted(number, 'exposed port')}, none to sign in at" if number else "no port is exposed"
    return config_verdict(faults, at, holds, image.at_config("ExposedPorts"))


def _numbers(written: str) -> tuple[int, int] | None:
    """First and last port of `22`, `22/tcp` or `8000-8010/tcp`; None for anything else."""
    first, dash, last = written.partition("/")[0].partition("-")
    texts = (first, last if dash else first)
    if not all(text.isascii() and text.isdigit() and len(text) <= 5 for text in texts):
        return None
    return int(texts[0]), int(texts[1])


@check(
    id="image-volumes",
    title="No volume of the image covers a directory of the kernel",
    severity=Severity.MEDIUM,
    fix="Remove VOLUME of /, /dev, /proc or /sys.",
)
def image_volumes(image: Image) -> Verdict:
    """No declared volume is the root, or lies in /dev, /proc or /sys.

    Source: dockle DKL-DI-0002 (sensitive directory mounts); FHS 3.0, 6.1.
    """
    found = [path for path in image.config.volumes if _is_of_kernel(path)]
    at = [image.at_config(f"Volumes/{escape(path)}") for path in found]
    holds = f"{counted(len(image.config.volumes), 'volume')}, none over a directory of the kernel"
    faults = [f"the volume {short(path)} covers a directory of the kernel or the root" for path in found]
    return config_verdict(faults, at, holds, image.at_config("Volumes"))


def _is_of_kernel(path: str) -> bool:
    plain: list[str] = []
    for part in path.split("/"):
        if part == "..":
            plain = plain[:-1]
        elif part not in ("", "."):
            plain.append(part)
    return not plain or f"/{plain[0]}" in _KERNEL


@check(
    id="image-labels",
    title="Image says what it is, from which source, and in which version",
    severity=Severity.LOW,
    fix="Set the labels org.opencontainers.image.title, .source, .revision, .version and .licenses in the build.",
)
def image_labels(image: Image) -> Verdict:
    """The labels title, source, revision, version and licenses of the OCI vocabulary are there and not empty.

    They are the builder's word; provenance proves them.
    Source: OCI image specification 1.1, "Pre-Defined Annotation Keys"; NIST SP 800-53 rev 5, CM-8.
    """
    missing = [key for key in _LABELS if not image.config.labels.get(key, "").strip()]
    place = image.at_config("Labels")
    if missing:
        return failed(f"no label {listed(missing)}", at=[place])
    version = short(image.config.labels["org.opencontainers.image.version"])
    source = short(image.config.labels["org.opencontainers.image.source"])
    return passed(f"version {version} from {source}", at=[place])


@check(
    id="image-age",
    title="Image is not older than agreed",
    severity=Severity.MEDIUM,
    fix="Rebuild the image on the newest base, at least as often as agreed (image-max-age-days).",
    effort=Effort.WORKLOAD,
)
def image_age(image: Image, params: Parameters, as_of: datetime) -> Verdict:
    """The image was created at most image-max-age-days (30 by default) before the assessment.

    NOT_CHECKED when the date cannot be trusted: absent, the epoch (a reproducible build), no date, or after the
    assessment. The date is the builder's word; a signed provenance proves it.
    Source: NIST SP 800-190, 4.2.2; CIS Docker Benchmark 1.8.0, 4.4 (rebuild).
    """
    at = [at_key(image, "created")]
    written = image.config.created
    if written is None:
        stated = image.config.created_as_written
        words = f"the date stated is a placeholder ({short(stated)})" if stated else "the image states no date"
        return not_checked(f"{words}, so its age is unknown", at=at)
    try:
        created = datetime.fromisoformat(written)
    except ValueError:
        return not_checked(f"the date stated, {short(written)}, is no date", at=at)
    if created.tzinfo is None:
        return not_checked(f"the date stated, {short(written)}, names no time zone", at=at)
    days = (as_of - created).days
    if created > as_of:
        return not_checked(f"the date stated, {created:%Y-%m-%d}, lies after the assessment: not trustworthy", at=at)
    reason = f"created {created:%Y-%m-%d}, {counted(days, 'day')} ago, {params.image_max_age_days} allowed"
    return failed(reason, at=at) if days > params.image_max_age_days else passed(reason, at=at)


@check(
    id="image-size",
    title="Image is not larger than agreed",
    severity=Severity.LOW,
    fix="Leave out what the program does not need, or build on a smaller base.",
    effort=Effort.WORKLOAD,
)
def image_size(image: Image, params: Parameters) -> Verdict:
    """The layers, unpacked, sum up to at most image-max-size-mb; NOT_CHECKED without a limit or without the layers.

    Source: NIST SP 800-190, 4.1.2 (no more than is needed).
    """
    if image.filesystem is None:
        return not_checked("only the configuration was handed in, which does not say the size", at=[image.at_config()])
    if image.incomplete:
        return not_checked(f"not every layer could be measured: {image.incomplete}", at=image.whole())
    size = f"{bytes_words(image.unpacked)} unpacked in {counted(len(image.layers), 'layer')}"
    if not params.image_max_size:
        return not_checked(f"{size}; no limit is configured (image-max-size-mb)", at=image.whole())
    reason = f"{size}, {bytes_words(params.image_max_size)} allowed"
    if image.unpacked > params.image_max_size:
        return failed(reason, at=image.whole())
    return passed(reason, at=image.whole())


@check(
    id="image-layer-count",
    title="Image has no more layers than agreed",
    severity=Severity.LOW,
    fix="Join build steps, or copy the result into a fresh stage.",
)
def image_layer_count(image: Image, params: Parameters) -> Verdict:
    """The image has at most image-max-layers layers; NOT_CHECKED without a limit.

    Source: NIST SP 800-190, 4.1.2; Docker documentation, "Building best practices".
    """
    at = [at_key(image, "rootfs")]
    if not image.layers:
        return not_checked("the evidence names no layer of the image", at=at)
    layers = counted(len(image.layers), "layer")
    if not params.image_max_layers:
        return not_checked(f"{layers}; no limit is configured (image-max-layers)", at=at)
    reason = f"{layers}, {params.image_max_layers} allowed"
    return failed(reason, at=at) if len(image.layers) > params.image_max_layers else passed(reason, at=at)
