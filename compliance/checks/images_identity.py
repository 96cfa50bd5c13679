"""Image in, verdicts out on who runs in it: its user, its accounts, and the tools that make root of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.faults import counted
from compliance.model.image import Image, RootFileSystem, User
from compliance.model.image_user import effective_user
from compliance.model.image_words import absent, files_words, readable, short
from compliance.model.images import Images
from compliance.model.outcome import Severity

#: Windows accounts of containers. Source: Microsoft, "Secure Windows containers".
_WINDOWS = {"containeradministrator": True, "containeruser": False}
#: Tools that hand root to others. Source: dockle DKL-DI-0001 and its list; polkit and OpenBSD doas.
_RAISERS = frozenset({"sudo", "sudoedit", "sudo-rs", "doas", "pkexec", "super", "calife", "please"})


@check(
    id="image-user",
    title="Image names a user other than root",
    severity=Severity.HIGH,
    fix="Create a user in the build and switch to it by number, as in USER 10001:10001.",
    effort=Effort.WORKLOAD,
)
def image_user(image: Image) -> Verdict:
    """The User of the configuration is neither absent nor a name of user id 0.

    A name is looked up in the image's own etc/passwd: NOT_CHECKED when it is not there, or when files may be unseen.
    Windows images know ContainerAdministrator and ContainerUser; without a name the base image decides.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.1, asks; OCI image specification 1.1, config, "User".
    """
    place = image.at_config("User")
    if image.os == "windows":
        return _windows_user(image, place)
    user = effective_user(image)
    words = f"the image {user.words}"
    accounts = image.filesystem.user_fact if image.filesystem is not None else None
    at = [place] if accounts is None or not image.config.user else [place, image.at_file(accounts)]
    if user.root is None:
        return not_checked(words, at=at)
    return failed(words, at=at) if user.root else passed(words, at=at)


def _windows_user(image: Image, place: At) -> Verdict:
    name = (image.config.user or "").rpartition("\\")[2].lower()
    administrator = _WINDOWS.get(name)
    if administrator is None:
        seen = f"the user {short(image.config.user)}" if image.config.user else "no user"
        return not_checked(f"a Windows image with {seen}; its base decides what that account may do", at=[place])
    words = f"a Windows image with the user {short(image.config.user or '')}"
    return failed(words, at=[place]) if administrator else passed(words, at=[place])


@check(
    id="image-root-alias",
    title="Only root has user id 0",
    severity=Severity.HIGH,
    fix="Remove the accounts with user id 0 other than root from etc/passwd.",
)
def image_root_alias(image: Image) -> Verdict:
    """No line of etc/passwd but root's own has the user id 0; an image without etc/passwd passes.

    Source: judged as the Docker image practice of CIS Docker Benchmark 1.8.0, 4.1, and CIS Debian Linux 12 Benchmark,
    "Ensure root is the only UID 0 account", ask.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    aliases = [user.name for user in root.users or () if user.uid == 0 and user.name != "root"]
    if aliases:
        return failed(f"user id 0 belongs to {listed(map(short, aliases))}, too", at=_accounts(image, root))
    return _accounts_hold(image, root, "no second account with user id 0")


@check(
    id="image-empty-password",
    title="No account has an empty password",
    severity=Severity.HIGH,
    fix="Lock the account: put * or ! into the second field of etc/shadow.",
)
def image_empty_password(image: Image) -> Verdict:
    """No account of etc/passwd and etc/shadow has an empty password field; an image without etc/passwd passes.

    Source: dockle CIS-DI-0011; passwd(5) and shadow(5).
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    open_ones = [user.name for user in root.users or () if user.password == "empty"]  # noqa: S105 - a state, no password
    if open_ones:
        reason = f"{listed(map(short, open_ones))} may sign in without a password"
        return failed(reason, at=_accounts(image, root))
    return _accounts_hold(image, root, "no account with an empty password")


@check(
    id="image-duplicate-ids",
    title="No two accounts or groups share an id",
    severity=Severity.LOW,
    fix="Give each account and each group a name and a number of its own.",
)
def image_duplicate_ids(image: Image) -> Verdict:
    """User ids and names are unique in etc/passwd, group ids and names in etc/group.

    Source: dockle DKL-LI-0002 and DKL-LI-0003 (duplicate users and groups).
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    users, groups = root.users or (), root.groups or ()
    faults = [
        *_twice("user id", (str(user.uid) for user in users)),
        *_twice("user name", (short(user.name) for user in users)),
        *_twice("group id", (str(number) for _, number in groups)),
        *_twice("group name", (short(name) for name, _ in groups)),
    ]
    if faults:
        return failed(listed(faults), at=_accounts(image, root))
    return _accounts_hold(image, root, "no id or name used twice")


def _twice(what: str, values: Iterable[str]) -> list[str]:
    tally = Counter(values)
    return [f"{what} {value} stands {count} times" for value, count in sorted(tally.items()) if count > 1]


@check(
    id="image-sudo",
    title="Image holds no tool that hands out root",
    severity=Severity.MEDIUM,
    fix="Leave sudo, doas and pkexec out of the image; start the container as the user it needs.",
    effort=Effort.WORKLOAD,
)
def image_sudo(image: Image, images: Images, params: Parameters) -> Verdict:
    """No file named sudo, doas, pkexec or the like carries set-user-id.

    Source: NIST SP 800-190, 4.1.2; dockle DKL-DI-0001 (avoid sudo).
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    found = [fact for fact in root.set_id.items if fact.path.rpartition("/")[2] in _RAISERS]
    if found:
        reason = files_words(image, images, params, found, len(found))
        return failed(reason, at=[image.at_file(fact) for fact in found])
    if root.set_id.total > len(root.set_id.items):
        reason = f"{root.set_id.total} files carry set-user-id or set-group-id, too many to name them all"
        return not_checked(reason, at=image.whole())
    return absent(image, "no sudo, doas or pkexec")


def _accounts(image: Image, root: RootFileSystem) -> tuple[At, ...]:
    return (image.at_file(root.user_fact),) if root.user_fact is not None else image.whole()


def _accounts_hold(image: Image, root: RootFileSystem, none: str) -> Verdict:
    """PASS with the file that was read; NOT_CHECKED where an unseen layer may hold another one."""
    if image.incomplete:
        return absent(image, none)
    users: tuple[User, ...] | None = root.users
    if users is None:
        return passed("the image has no etc/passwd, so no account", at=image.whole())
    return passed(f"{counted(len(users), 'account')}, {none}", at=_accounts(image, root))
