"""Paths of a host that no container should hold: its system directories and the sockets of container runtimes."""

from __future__ import annotations

import posixpath

#: Host directories that are sensitive with all below them. Source: docker-bench-security 5.6 (/boot, /dev, /etc,
#: /lib, /proc, /sys, /usr), and the data of the kubelet, etcd and the runtimes, which hold other containers' secrets.
SENSITIVE = (
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/opt/cni",
    "/proc",
    "/root",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/lib/rancher",
    "/var/log",
    "c:/programdata",
    "c:/windows",
)
#: Sensitive by themselves: what lies below them is often harmless.
SENSITIVE_ALONE = ("/", "/run", "c:/", "c:")
#: Where container runtimes listen, /var/run written as /run. Source: documentation of Docker, containerd, CRI-O,
#: Podman, BuildKit, k3s and cri-dockerd.
SOCKETS = (
    "/run/containerd/containerd.sock",
    "/run/buildkit/buildkitd.sock",
    "/run/cri-dockerd.sock",
    "/run/crio/crio.sock",
    "/run/docker.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/podman/podman.sock",
)
#: Where they listen on a node of Kubernetes besides. Source: Kubernetes documentation, "Container Runtimes"; k0s
#: documentation.
NODE_SOCKETS = ("/run/dockershim.sock", "/run/k0s/containerd.sock")
SOCKET_NAMES = frozenset(socket.rpartition("/")[2] for socket in SOCKETS) | {"docker_engine"}
NODE_SOCKET_NAMES = frozenset(socket.rpartition("/")[2] for socket in NODE_SOCKETS) | {"containerd-containerd"}


def normal(path: str) -> str:
    """The path without `.`, `..` and doubled slashes; Windows paths with slashes and in lower case."""
    slashed = path.replace("\\", "/")
    if slashed[1:2] == ":" or slashed.startswith("//./pipe"):
        return slashed.lower().rstrip("/") or slashed
    return posixpath.normpath(f"/{slashed.lstrip('/')}") if slashed else ""


def is_sensitive(path: str) -> bool:
    """Whether a normal path is a system directory of the host, lies in one, or holds one."""
    if path in SENSITIVE_ALONE:
        return True
    below = f"{path}/"
    return any(path == place or path.startswith(f"{place}/") or place.startswith(below) for place in SENSITIVE)


def socket_in(path: str) -> str:
    """In words, the runtime's socket that a normal path is or holds; empty text when it gives none."""
    return _socket_in(path, SOCKETS, SOCKET_NAMES)


def socket_of_node_in(path: str) -> str:
    """As `socket_in`, of a path of a Kubernetes node."""
    return _socket_in(path, SOCKETS + NODE_SOCKETS, SOCKET_NAMES | NODE_SOCKET_NAMES)


def _socket_in(path: str, sockets: tuple[str, ...], names: frozenset[str]) -> str:
    if path.rpartition("/")[2] in names:
        return "where a container runtime listens"
    plain = path.removeprefix("/var") if path == "/var/run" or path.startswith("/var/run/") else path
    below = "/" if plain == "/" else f"{plain}/"
    # /var/run is a link to /run: whoever has /var alone has the link and not the socket.
    return next((f"which holds {socket}" for socket in sockets if socket.startswith(below)), "")
