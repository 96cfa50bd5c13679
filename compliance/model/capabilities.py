"""Linux capabilities by name: what is granted without being asked, and the one spelling by which names are compared."""

from __future__ import annotations

from collections.abc import Iterable

#: What a pod may add under the baseline profile. Source: Pod Security Standards, baseline, "Capabilities".
BASELINE = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
#: What Docker grants without being asked. Source: moby/moby, oci/caps/defaults.go.
DOCKER_DEFAULT = BASELINE | {"NET_RAW"}


def plain(names: Iterable[str]) -> frozenset[str]:
    """Names in upper case without the prefix CAP_, as runtimes compare them."""
    return frozenset(name.upper().removeprefix("CAP_") for name in names)
