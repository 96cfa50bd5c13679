"""Image in, verdicts out on what it holds beyond its program: shells, managers, tools, servers, leftovers."""

from __future__ import annotations

from fnmatch import fnmatchcase

from compliance.model.check import Effort, Verdict, check, failed, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.faults import FAULTS_TOLD, counted
from compliance.model.image import BaseClass, DatabaseState, Image, Package, RootFileSystem
from compliance.model.image_words import absent, cut_list, incomplete, judged_files, layer_words, readable, short
from compliance.model.images import Images
from compliance.model.outcome import Severity

#: Packages that hardly any program needs at run time and every intruder likes; an organisation adds its own.
#: Source: CIS Docker Benchmark 1.8.0, 4.3, and NIST SP 800-190, 4.1.2, for the kinds; names as Debian, Alpine and
#: Red Hat give them.
DENIED = (
    "telnet", "telnetd", "inetutils-telnet*", "rsh-client", "rsh-server", "rsh-redone-*", "ftp", "ftpd", "tftp*",
    "nmap*", "ncat", "netcat*", "nc", "socat", "tcpdump", "wireshark*", "tshark", "ettercap*", "hping3", "masscan",
    "openssh-server*", "dropbear*", "vsftpd", "proftpd*", "xinetd", "nis", "ypserv", "talk", "talkd", "john", "hydra",
    "gcc", "gcc-[0-9]", "gcc-[0-9][0-9]", "g++",
    "g++-[0-9]*", "gcc-c++", "clang", "clang-[0-9]*", "build-essential", "build-base",
    "make", "cmake", "gdb", "strace", "ltrace",
)  # fmt: skip
_SYSTEM = frozenset({"deb", "apk", "rpm"})

_WORDS = {
    BaseClass.SCRATCH: "built on nothing",
    BaseClass.DISTROLESS: "distroless",
    BaseClass.SLIM: "a slim distribution",
    BaseClass.ALPINE: "Alpine or alike",
    BaseClass.FULL: "a full distribution",
}


@check(
    id="image-shell",
    title="Image holds no shell",
    severity=Severity.MEDIUM,
    fix="Copy the program onto a base without a shell (distroless or scratch).",
    effort=Effort.WORKLOAD,
)
def image_shell(image: Image, images: Images, params: Parameters) -> Verdict:
    """No shell stands in a directory of programs, nor BusyBox or another POSIX shell under any name.

    Source: CIS Docker Benchmark 1.8.0, 4.3; NIST SP 800-190, 4.1.2 and 4.4.4.
    """
    root = readable(image)
    return root if isinstance(root, Verdict) else judged_files(image, images, params, root.shells, "no shell")


@check(
    id="image-package-manager",
    title="Image holds no package manager",
    severity=Severity.MEDIUM,
    fix="Install in one build stage and copy the result onto a base without a package manager.",
    effort=Effort.WORKLOAD,
)
def image_package_manager(image: Image, images: Images, params: Parameters) -> Verdict:
    """No package manager of a system or of a language stands in a directory of programs.

    Source: CIS Docker Benchmark 1.8.0, 4.3; NIST SP 800-190, 4.1.2.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    return judged_files(image, images, params, root.package_managers, "no package manager")


@check(
    id="image-network-tools",
    title="Image holds no network tool",
    severity=Severity.MEDIUM,
    fix="Leave curl, wget, nc, ssh and the like out of the image that ships.",
    effort=Effort.WORKLOAD,
)
def image_network_tools(image: Image, images: Images, params: Parameters) -> Verdict:
    """No tool that fetches, sends or listens for its user stands in a directory of programs.

    Source: CIS Docker Benchmark 1.8.0, 4.3; NIST SP 800-190, 4.1.2.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    return judged_files(image, images, params, root.network_tools, "no network tool")


@check(
    id="image-build-tools",
    title="Image holds no compiler and no build tool",
    severity=Severity.MEDIUM,
    fix="Build in one stage and copy the result into the stage that ships.",
    effort=Effort.WORKLOAD,
)
def image_build_tools(image: Image, images: Images, params: Parameters) -> Verdict:
    """No compiler, linker, debugger or header stands in the image.

    Source: CIS Docker Benchmark 1.8.0, 4.3; NIST SP 800-190, 4.1.2.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    return judged_files(image, images, params, root.build_tools, "no build tool")


@check(
    id="image-remote-server",
    title="Image holds no server for remote administration",
    severity=Severity.HIGH,
    fix="Leave sshd and other sign-in servers out; administer through the orchestrator.",
    effort=Effort.WORKLOAD,
)
def image_remote_server(image: Image, images: Images, params: Parameters) -> Verdict:
    """No server that lets people sign in (sshd, telnetd, VNC, RDP ...) stands in the image.

    Source: NIST SP 800-190, 4.1.2; CIS Docker Benchmark 1.8.0, 5.7.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    return judged_files(image, images, params, root.remote_servers, "no server for remote administration")


@check(
    id="image-packages-denied",
    title="Image holds no denied package",
    severity=Severity.MEDIUM,
    fix="Remove the package, or build on a base without it.",
    effort=Effort.WORKLOAD,
)
def image_packages_denied(image: Image, images: Images, params: Parameters) -> Verdict:
    """No package of the image's databases is on the list of denied names, nor on the organisation's own.

    The list names servers, sniffers, scanners, compilers and debuggers by their packages, for they may stand in no
    directory of programs; compliance.yaml adds to it (packages-denied). NOT_CHECKED when a database cannot be
    read or packages are hidden.
    Source: CIS Docker Benchmark 1.8.0, 4.3; NIST SP 800-190, 4.1.2.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    found = [package for package in root.packages if _is_denied(package, params.packages_denied)]
    if found:
        return _denied(image, images, params, root, found)
    unread = [base for base in root.databases if base.state is not DatabaseState.READ]
    if unread:
        reason = f"no denied package among those read; {short(unread[0].path)} could not be read: {unread[0].reason}"
        return not_checked(reason, at=[image.in_layer(base.layer, base.path) for base in unread])
    hidden = root.scannable if root.ownership.executables else ""
    if not root.databases and root.ownership.executables:
        hidden = "the image has programs and no package database"
    if hidden:
        reason = f"no denied package among {counted(len(root.packages), 'package')}, but not all may be seen: {hidden}"
        return not_checked(reason, at=image.whole())
    return absent(image, f"no denied package among {counted(len(root.packages), 'package')}")


def _is_denied(package: Package, own: tuple[str, ...]) -> bool:
    names = (package.name, f"{package.ecosystem}:{package.name}")
    if package.ecosystem in _SYSTEM and any(fnmatchcase(package.name, pattern) for pattern in DENIED):
        return True
    return any(fnmatchcase(name, pattern) for name in names for pattern in own)


def _denied(image: Image, images: Images, params: Parameters, root: RootFileSystem, found: list[Package]) -> Verdict:
    base = images.base_of(image, params.base_images)
    databases = {package.database: root.databases[package.database] for package in found}
    words = [
        f"{short(package.name)} {short(package.version)} ({package.ecosystem}, database in "
        f"{layer_words(image, root.databases[package.database].layer, base)})"
        for package in found[:FAULTS_TOLD]
    ]
    at = [image.in_layer(database.layer, database.path) for database in databases.values()]
    return failed(cut_list(words, len(found)), at=at)


@check(
    id="image-base-minimal",
    title="Image is built on a minimal base",
    severity=Severity.LOW,
    fix="Build on distroless, scratch, Alpine or the slim variant of the distribution.",
    effort=Effort.WORKLOAD,
)
def image_base_minimal(image: Image) -> Verdict:
    """The base is decided from the files, never from a name, and is no full distribution.

    Source: NIST SP 800-190, 4.1.2 (minimal base layers).
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    if root.base_class is BaseClass.UNKNOWN:
        return not_checked(f"what the image is built on cannot be told: {root.base_because}", at=image.whole())
    words = f"{_WORDS[root.base_class]}: {root.base_because}"
    if root.base_class is BaseClass.FULL:
        return failed(words, at=image.whole())
    return incomplete(image, "no full distribution") if image.incomplete else passed(words, at=image.whole())


@check(
    id="image-leftovers",
    title="Image holds no caches and no leftovers of its build",
    severity=Severity.LOW,
    fix="Remove caches in the step that makes them, and keep .git and the like out with .dockerignore.",
)
def image_leftovers(image: Image, images: Images, params: Parameters) -> Verdict:
    """No package cache, index, repository folder, history file or build file stands in the merged root.

    Source: dockle CIS-DI-0010 and DKL-DI-0005; Docker documentation, "Building best practices".
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    return judged_files(image, images, params, root.leftovers, "no cache and no leftover")
