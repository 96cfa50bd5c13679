"""Platforms that a rule is limited to in: why it does not apply to this target, in words for an auditor, out.

Source: ComplianceAsCode/content, shared/applicability/ and products/*/product.yml, 0.1.65 to 0.1.76.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

_HOST = "the host that runs it answers for this"
_WORDS = {
    "machine": f"it asks about a whole machine and this target is a container or its image: {_HOST}",
    "system_with_kernel": f"it asks about a kernel, and a container has none of its own: the host kernel's "
    f"responsibility, so {_HOST}",
    "not_container": f"its content leaves containers out: {_HOST}",
    "not_bootc_and_not_container": f"its content leaves containers and bootable images out: {_HOST}",
    "container": "it asks about containers, and this target is none",
    "bootc": "it asks about bootable images, and this target is none",
    "uefi": "it asks about a boot by UEFI, which was not found",
    "non-uefi": "it asks about a boot without UEFI, which was not found",
    "wifi-iface": "it asks about wireless interfaces, and none was found",
}
#: Boot loaders: named as packages, and a matter of the machine.
_BOOT = frozenset({"grub2", "zipl", "grub2_bls"})
#: Old content names some packages without saying that they are packages.
_PACKAGES = frozenset(
    {"audit", "authselect", "chrony", "dconf", "gdm", "firewalld", "iptables", "libuser", "login_defs", "net-snmp"}
    | {"nftables", "nss-pam-ldapd", "ntp", "pam", "polkit", "postfix", "rsyslog", "sshd", "sssd", "sudo", "systemd"}
    | {"tftp", "tmux", "ufw", "usbguard", "vsftpd", "yum", "zypper", "openssh", "openssh-server", "crypto_policies"}
)
_PACKAGE = re.compile(r"package_(.+)")
_ARCHITECTURE = re.compile(r"(not_)?(.*?)_arch|(not_)?(aarch64|ppc64le|s390x|x86_64)")
_SYSTEM = re.compile(r"cpe:(?:/|2\.3:)o[:/]")
#: What content names that declares a rule not applicable for good. Source: chainguard-dev/stigs, 3.2.16.
DECLARED = "cpe:/o:notapplicable"
_TOLD = 4
_LONGEST = 120


def missing(levels: Iterable[Sequence[str]], there: Collection[str]) -> tuple[str, ...]:
    """The platforms of the first level of which none was found; empty when every level has one.

    Source: XCCDF 1.2 (NIST IR 7275 r4), section 7.2.3.3: one platform of an item must match, and of each around it.
    """
    for level in levels:
        if level and not any(one in there for one in level):
            return tuple(level)
    return ()


def words(platforms: Sequence[str]) -> str:
    """Why a rule does not apply that is limited to these platforms, none of which was found."""
    told = "; ".join(dict.fromkeys(_words(one) for one in platforms[:_TOLD]))
    named = ", ".join(one[:_LONGEST] for one in platforms[:_TOLD])
    more = f" and {len(platforms) - _TOLD} more" if len(platforms) > _TOLD else ""
    return f"{told} (platform {named}{more})"


def is_package(platform: str) -> bool:
    """Whether a platform is that a package is installed, which the tool must have asked the package database for."""
    name = platform.removeprefix("#")
    return name in _PACKAGES or _PACKAGE.fullmatch(name) is not None


def is_system(platform: str) -> bool:
    """Whether a platform is an operating system."""
    return _SYSTEM.match(platform) is not None


def _words(platform: str) -> str:
    name = platform.removeprefix("#")
    if name in _WORDS:
        return _WORDS[name]
    if name in _BOOT or name.split("_")[0] in _BOOT:
        return f"it asks about the boot loader, which was not found here: {_HOST}"
    if found := _PACKAGE.fullmatch(name):
        return f"package {found[1][:_LONGEST]} is not installed"
    if name in _PACKAGES:
        return f"{name} is not installed"
    if found := _ARCHITECTURE.fullmatch(name):
        return "it asks about another processor architecture"
    if is_system(platform):
        return "it is for another operating system"
    return "its content limits it to a platform that was not found here"
