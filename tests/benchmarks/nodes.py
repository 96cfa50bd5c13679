"""Makes a dump of a large cluster's nodes as `kubectl get nodes,pods -A -o json` prints it; always the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path


def write(folder: Path, count: int) -> Path:
    """Nodes in one file, each with its kube-proxy."""
    file = folder / "objects.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        items = [item for number in range(count) for item in _node(number)]
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=4) + "\n")
    return folder


def _node(number: int) -> Iterator[dict[str, object]]:
    name = f"node-{number}"
    made = "2026-08-14T07:20:11Z"
    conditions = ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")
    yield {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "uid": f"00000000-0000-4000-8000-{number:012d}",
            "resourceVersion": str(100_000 + number),
            "creationTimestamp": made,
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"},
            "annotations": {"node.alpha.kubernetes.io/ttl": "300"},
        },
        "spec": {"podCIDR": f"10.{number // 256}.{number % 256}.0/24"},
        "status": {
            "addresses": [{"address": f"192.0.2.{number % 256}", "type": "InternalIP"}],
            "capacity": {"cpu": "8", "memory": "32Gi", "pods": "110"},
            "conditions": [
                {
                    "type": one,
                    "status": "False",
                    "lastHeartbeatTime": made,
                    "reason": "KubeletHasNo",
                    "message": "as it should be",
                }
                for one in conditions
            ],
            "images": [
                {"names": [f"registry.example/shop/service-{n}@sha256:{n:064x}"], "sizeBytes": 50_000_000}
                for n in range(20)
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "containerRuntimeVersion": "containerd://1.7.28",
                "kernelVersion": "6.1.0-39-amd64",
                "kubeletVersion": "v1.34.1",
                "operatingSystem": "linux",
                "osImage": "Debian GNU/Linux 12 (bookworm)",
            },
        },
    }
    yield {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"kube-proxy-{number}",
            "namespace": "kube-system",
            "uid": f"00000000-0000-4000-9000-{number:012d}",
            "resourceVersion": str(200_000 + number),
            "creationTimestamp": made,
            "labels": {"k8s-app": "kube-proxy"},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "kube-proxy", "controller": True, "uid": "1"}
            ],
        },
        "spec": {
            "nodeName": name,
            "hostNetwork": True,
            "containers": [
                {
                    "name": "kube-proxy",
                    "image": "registry.k8s.io/kube-proxy:v1.34.1",
                    "command": [
                        "/usr/local/bin/kube-proxy",
                        "--config=/var/lib/kube-proxy/config.conf",
                        f"--hostname-override={name}",
                    ],
                    "securityContext": {"privileged": True},
                }
            ],
        },
        "status": {"phase": "Running"},
    }
