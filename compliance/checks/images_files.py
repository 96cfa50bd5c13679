"""Image in, verdicts out on rights and kinds of its files: set-id bits, capabilities, world-writable paths, devices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from compliance.model.check import Effort, Verdict, check, failed, not_applicable, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.faults import counted
from compliance.model.image import DatabaseState, Facts, FileFact, Image, RootFileSystem
from compliance.model.image_user import effective_user
from compliance.model.image_words import absent, files_words, judged_files, layers_read, readable, short
from compliance.model.images import Images
from compliance.model.outcome import Severity

_SYSTEM = frozenset({"deb", "apk", "rpm"})
#: Directories that belong to the package manager alone. Source: FHS 3.0, 3.4, 3.16 and 4.4 (local software elsewhere).
_OF_PACKAGES = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/")
_UMASK = re.compile(r"umask ([0-7]{1,4})$")
#: Group and others must not write. Source: CIS Debian Linux 12 Benchmark, "Ensure default user umask" (027 asked,
#: 022 is what distributions and runtimes set).
_NO_WRITE = 0o022


@check(
    id="image-set-id",
    title="No file carries set-user-id or set-group-id beyond the approved list",
    severity=Severity.MEDIUM,
    fix="Take the bits away in the build: find / -xdev -perm /6000 -type f -exec chmod a-s {} +.",
)
def image_set_id(image: Image, images: Images, params: Parameters) -> Verdict:
    """Every file with set-user-id or set-group-id in the merged root is on the approved list (set-id-approved).

    Each name of a hard link counts. Source: judged as CIS Docker Benchmark 1.8.0, 4.8, asks.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    return _beyond(image, images, params, root.set_id, params.set_id_approved, "file with set-user-id or set-group-id")


@check(
    id="image-file-capabilities",
    title="No file carries capabilities beyond the approved list",
    severity=Severity.MEDIUM,
    fix="Remove them in the build with setcap -r PATH, or approve the path.",
)
def image_file_capabilities(image: Image, images: Images, params: Parameters) -> Verdict:
    """Every file with the attribute security.capability is on the approved list (set-id-approved).

    They give rights as set-user-id does, and no listing of modes shows them.
    Source: capabilities(7); judged with CIS Docker Benchmark 1.8.0, 4.8.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    return _beyond(image, images, params, root.capabilities, params.set_id_approved, "file with capabilities")


@check(
    id="image-devices",
    title="Image holds no device beyond the approved list",
    severity=Severity.MEDIUM,
    fix="Remove the device nodes; the runtime makes those a container needs.",
)
def image_devices(image: Image, images: Images, params: Parameters) -> Verdict:
    """Every device node of the merged root is on the approved list (devices-approved).

    Source: OCI runtime specification 1.2, "Default Devices" (made by the runtime); CIS Docker Benchmark 1.8.0, 5.18.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    return _beyond(image, images, params, root.devices, params.devices_approved, "device node")


def _beyond(
    image: Image, images: Images, params: Parameters, facts: Facts, approved: Sequence[str], noun: str
) -> Verdict:
    """FAIL with the files that no pattern approves; NOT_CHECKED when not all files could be named."""
    found = [fact for fact in facts.items if not any(fnmatchcase(fact.path, pattern) for pattern in approved)]
    unnamed = facts.total - len(facts.items)
    if found:
        reason = files_words(image, images, params, found, len(found) + unnamed)
        return failed(reason, at=[image.at_file(fact) for fact in found])
    if unnamed:
        return not_checked(f"{counted(unnamed, noun)} beyond the {len(facts.items)} approved", at=image.whole())
    return absent(image, f"no {noun} beyond {counted(facts.total, 'approved one')}" if facts.total else f"no {noun}")


@check(
    id="image-world-writable",
    title="Nothing in the image can be written by everybody",
    severity=Severity.MEDIUM,
    fix="Take the right away (chmod o-w), or give shared directories the sticky bit (chmod +t).",
)
def image_world_writable(image: Image, images: Images, params: Parameters) -> Verdict:
    """No file, and no directory without the sticky bit, can be written by all users.

    Source: SRG-OS-000138-GPOS-00069; NIST SP 800-190, 4.1.2.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    return judged_files(image, images, params, root.world_writable, "nothing that everybody may write")


@check(
    id="image-path-writable",
    title="The image's user cannot change the programs on its path",
    severity=Severity.MEDIUM,
    fix="Let root own programs and their directories, and run as another user.",
)
def image_path_writable(image: Image, images: Images, params: Parameters) -> Verdict:
    """No program or directory on PATH can be written by the user the image names.

    NOT_APPLICABLE when that is root, who may write everything; NOT_CHECKED when it cannot be told who that is.
    Source: NIST SP 800-190, 4.4.4; NIST SP 800-53 rev 5, CM-5(6).
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    user = effective_user(image)
    place = image.at_config("User")
    if user.root is None:
        return not_checked(f"the image {user.words}", at=[place])
    if user.root:
        return not_applicable(f"the image {user.words}, who may write everything", at=[place])
    return judged_files(image, images, params, root.path_writable, "no program on PATH that the image's user may write")


@check(
    id="image-umask",
    title="Settings of the image let neither group nor others write new files",
    severity=Severity.LOW,
    fix="Set umask 027, or at least 022, in etc/login.defs and the profiles.",
)
def image_umask(image: Image, images: Images, params: Parameters) -> Verdict:
    """Every umask set in login.defs, profiles and start scripts takes the right to write from group and others.

    NOT_CHECKED without a setting: then the runtime's holds. NOT_APPLICABLE without a shell, which would read them.
    Source: SRG-OS-000480-GPOS-00228.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    loose = [fact for fact in root.umasks.items if _is_loose(fact)]
    if loose:
        reason = files_words(image, images, params, loose, len(loose))
        return failed(reason, at=[image.at_file(fact) for fact in loose])
    if root.umasks.items:
        return _umasks_hold(image, root)
    if image.incomplete:
        return absent(image, "no umask setting")
    if not root.shells.total:
        return not_applicable("the image has no shell that would read a umask setting", at=image.whole())
    return not_checked("the image sets no umask; that of the runtime holds, which the node shows", at=image.whole())


def _is_loose(fact: FileFact) -> bool:
    found = _UMASK.search(fact.detail)
    return found is not None and int(found[1], 8) & _NO_WRITE != _NO_WRITE


def _umasks_hold(image: Image, root: RootFileSystem) -> Verdict:
    if image.incomplete:
        return absent(image, "no loose umask")
    unknown = [fact for fact in root.umasks.items if _UMASK.search(fact.detail) is None]
    if unknown or root.umasks.total > len(root.umasks.items):
        place = unknown[0] if unknown else root.umasks.items[-1]
        return not_checked(f"not every umask setting is a number, as in {short(place.path)}", at=[image.at_file(place)])
    tightest = sorted({fact.detail for fact in root.umasks.items})
    at = [image.at_file(fact) for fact in root.umasks.items]
    return passed(f"{counted(len(at), 'setting')}: {', '.join(tightest)}", at=at)


@check(
    id="image-unowned-programs",
    title="Every program in the system's directories belongs to a package",
    severity=Severity.LOW,
    fix="Install it as a package, or put own programs into /usr/local, /opt or /app.",
    effort=Effort.WORKLOAD,
)
def image_unowned_programs(image: Image, images: Images, params: Parameters) -> Verdict:
    """Each executable in bin, sbin, usr/bin and usr/sbin is listed by a package database of the system.

    What no package owns, no update renews and no scanner knows. NOT_APPLICABLE without such a database.
    Source: NIST SP 800-190, 4.1.1 and 4.1.2; anchore-engine policy "packages: verify".
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    system = [database for database in root.databases if database.ecosystem in _SYSTEM]
    at = [image.in_layer(database.layer, database.path) for database in system]
    broken = [database for database in system if database.state is not DatabaseState.READ]
    if broken:
        return not_checked(f"{short(broken[0].path)} could not be read: {broken[0].reason}", at=at)
    if not system:
        none = absent(image, "no package database of a system")
        return not_applicable(f"{none.reason}", at=none.at) if not image.incomplete else none
    unowned = root.ownership.unowned
    found = [fact for fact in unowned.items if fact.path.startswith(_OF_PACKAGES)]
    if found:
        return failed(files_words(image, images, params, found, len(found)), at=[image.at_file(fact) for fact in found])
    if unowned.total > len(unowned.items) or image.incomplete:
        why = image.incomplete or f"{unowned.total} executables belong to no package, too many to name them all"
        return not_checked(f"none was seen, but not all could be looked at: {why}", at=at)
    reason = f"{root.ownership.owned} of {counted(root.ownership.executables, 'executable')} owned by packages"
    return passed(f"{reason}, none of the others in a directory of the system ({layers_read(image)})", at=at)
