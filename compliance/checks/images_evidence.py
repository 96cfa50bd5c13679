"""Image in, verdicts out on it as evidence: digests, package databases, what scanners can see, whether it runs."""

from __future__ import annotations

from compliance.model.check import Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.faults import counted
from compliance.model.image import DatabaseState, Image
from compliance.model.image_reference import image_reference
from compliance.model.image_words import absent, cut_list, is_known_whole, readable, short, unread
from compliance.model.images import Bound, Images
from compliance.model.outcome import Severity


@check(
    id="image-evidence-verified",
    title="Every digest of the image holds",
    severity=Severity.HIGH,
    fix="Copy the image again from the registry by digest, and hand in that copy.",
)
def image_evidence_verified(image: Image) -> Verdict:
    """Manifest, configuration and every layer have the digests and diff ids that name them, and no layer is missing.

    Source: OCI image specification 1.1, descriptor and config ("rootfs"); CVE-2021-41190.
    """
    if image.faults:
        words = [fault.words for fault in image.faults]
        return failed(
            cut_list(words, max(image.faults_total, len(words))),
            at=[At(fault.origin, fault.pointer) for fault in image.faults],
        )
    if image.filesystem is None:
        return unread(image)
    if image.incomplete:
        return not_checked(f"not everything could be verified: {image.incomplete}", at=image.whole())
    return passed(f"configuration and {counted(len(image.layers), 'layer')} match their digests", at=image.whole())


@check(
    id="image-packages-known",
    title="What is installed in the image can be read from its package databases",
    severity=Severity.MEDIUM,
    fix="Keep the package database in the image, or hand in an SBOM that its build made.",
)
def image_packages_known(image: Image) -> Verdict:
    """The image has at least one package database, and every one can be read.

    FAIL when it holds programs and no database at all. NOT_CHECKED when a database is there and cannot be read. Go
    programs that carry their module list count as a database.
    Source: NIST SP 800-190, 4.1.1; NIST SP 800-53 rev 5, CM-8.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    at = [image.in_layer(database.layer, database.path) for database in root.databases]
    broken = [database for database in root.databases if database.state is not DatabaseState.READ]
    if broken:
        words = [f"{short(database.path)} could not be read: {short(database.reason)}" for database in broken]
        return not_checked(cut_list(words, len(words)), at=at)
    if root.databases:
        tally: dict[str, int] = {}
        for database in root.databases:
            tally[database.ecosystem] = tally.get(database.ecosystem, 0) + database.packages
        told = listed(f"{number} {ecosystem}" for ecosystem, number in sorted(tally.items()))
        if image.incomplete:
            return absent(image, "no database that cannot be read")
        return passed(f"every package database was read: {told}", at=at)
    if image.incomplete:
        return absent(image, "no package database")
    if root.ownership.executables:
        reason = f"{counted(root.ownership.executables, 'executable')} and no package database that lists them"
        return failed(reason, at=image.whole())
    return not_applicable("the image holds no executable and no package", at=image.whole())


@check(
    id="image-scannable",
    title="Scanners can see what the image holds",
    severity=Severity.HIGH,
    fix="Do not remove or move package databases and etc/os-release in the build.",
)
def image_scannable(image: Image) -> Verdict:
    """Nothing hides packages from scanners: no database removed, moved or cut off, no os-release missing beside one.

    Source: bgeesaman/malicious-compliance (KubeCon EU 2023); NIST SP 800-190, 4.1.1.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    if root.scannable:
        return failed(root.scannable, at=image.whole())
    return absent(image, "nothing that hides packages from scanners")


@check(
    id="image-in-use",
    title="The image handed in is one that runs",
    severity=Severity.LOW,
    fix="Hand in the image that runs, copied by the digest that the workload names.",
)
def image_in_use(image: Image, images: Images, params: Parameters) -> Verdict:
    """A workload or a Docker container runs the image, joined by digest.

    FAIL when another image of the same repository runs, by a digest that is none of this one's: what was handed in is
    not what runs. NOT_CHECKED when the join is by name and tag alone, when the digest of the list over platforms is not
    known (a copy of one platform leaves it out), or when nothing names the image. An approved base need not run.
    Source: NIST SP 800-53 rev 5, CM-8; FedRAMP Rev5 playbook, containers, asset identity per image class.
    """
    place = image.at_config()
    if not images.workloads and not images.containers:
        return not_checked("no workload and no container in the evidence", at=[place])
    uses = images.uses_of(image)
    firm = [use for use in uses if use.by is not Bound.NAME]
    digests = {image.digests.index, image.digests.manifest, image.digests.config} - {None}
    containers = [one for one in images.containers if one.image_id in digests]
    if firm or containers:
        names = sorted({use.workload.subject.id for use in firm} | {one.subject.id for one in containers})
        at = [use.workload.at() for use in firm] + [one.at("/Image") for one in containers]
        how = firm[0].by.value if firm else Bound.DIGEST.value
        return passed(f"run by {listed(map(short, names), limit=5)}, {how}", at=[place, *dict.fromkeys(at)])
    if uses:
        reason = (
            f"{short(uses[0].workload.subject.id)} names it by tag only ({short(uses[0].reference)}); a tag may move"
        )
        return not_checked(reason, at=[place, uses[0].workload.at()])
    if any(base.digest in digests for base in params.base_images if base.digest):
        return not_applicable("an approved base image, which need not run by itself", at=[place])
    return _not_run(image, images, place)


def _not_run(image: Image, images: Images, place: At) -> Verdict:
    """FAIL when another image of one of its repositories runs for certain, else NOT_CHECKED."""
    own = {image_reference(name).path for name in image.names}
    others = [
        (workload, reference)
        for workload in images.workloads
        for reference in workload.images
        if image_reference(reference).path in own
    ]
    certain = [(workload, reference) for workload, reference in others if image_reference(reference).is_pinned()]
    if not others:
        return not_checked("no workload and no container in the evidence names it", at=[place])
    workload, reference = certain[0] if certain else others[0]
    seen = f"{short(workload.subject.id)} runs {short(reference)}"
    at = [place, workload.at()]
    if certain and is_known_whole(image):
        names = listed(map(short, image.names), limit=3)
        return failed(f"{seen}; that is none of the digests of the image handed in as {names}", at=at)
    return not_checked(f"{seen}; the digests handed in do not show whether that is this image", at=at)
