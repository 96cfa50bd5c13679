"""Makes the bundles of a small kubeadm cluster: a node of the control plane, a worker, and the cluster's objects.

Made by hand, after what collect-host.sh writes on Debian 12 with Kubernetes 1.34 by kubeadm.
"""

from __future__ import annotations

import json
from pathlib import Path

CONTROL_PLANE, WORKER = "cp1", "w1"
_KUBELET = "/usr/bin/kubelet --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml"
_PROXY = "/usr/local/bin/kube-proxy --config=/var/lib/kube-proxy/config.conf --hostname-override={}"
_CONF = "/etc/kubernetes/{}.conf"
_PKI = "/etc/kubernetes/pki"

_OPTIONS = {
    "kube-apiserver": (
        "--anonymous-auth=false",
        "--authorization-mode=Node,RBAC",
        f"--client-ca-file={_PKI}/ca.crt",
        "--profiling=false",
        "--secure-port=6443",
        f"--tls-cert-file={_PKI}/apiserver.crt",
        f"--tls-private-key-file={_PKI}/apiserver.key",
    ),
    "kube-controller-manager": (
        "--kubeconfig=/etc/kubernetes/controller-manager.conf",
        "--profiling=false",
        "--use-service-account-credentials=true",
    ),
    "kube-scheduler": ("--kubeconfig=/etc/kubernetes/scheduler.conf", "--profiling=false"),
    "etcd": ("--data-dir=/var/lib/etcd", "--client-cert-auth=true"),
}
_UNIT = """# absent /etc/systemd/system/kubelet.service
# absent /etc/systemd/system/kubelet.service.d
0600 root root f /usr/lib/systemd/system/kubelet.service
# walked /usr/lib/systemd/system/kubelet.service.d
0755 root root d /usr/lib/systemd/system/kubelet.service.d
0600 root root f /usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf
"""
_SHARED = f"""# walked /etc/kubernetes
0755 root root d /etc/kubernetes
0600 root root f /etc/kubernetes/kubelet.conf
0755 root root d {_PKI}
0644 root root f {_PKI}/ca.crt
0644 root root f /var/lib/kubelet/config.yaml
# walked /etc/cni/net.d
0755 root root d /etc/cni/net.d
0600 root root f /etc/cni/net.d/10-calico.conflist
# absent /var/lib/kube-proxy
# absent /usr/bin/kubectl
# absent /bin/kubectl
# absent /usr/local/bin/kubectl
{_UNIT}"""
_OF_CONTROL_PLANE = "\n".join(
    [
        "0700 root root d /etc/kubernetes/manifests",
        *(f"0600 root root f /etc/kubernetes/manifests/{name}.yaml" for name in _OPTIONS),
        *(
            f"0600 root root f {_CONF.format(name)}"
            for name in ("admin", "super-admin", "scheduler", "controller-manager")
        ),
        f"0644 root root f {_PKI}/apiserver.crt",
        f"0600 root root f {_PKI}/apiserver.key",
        f"0600 root root f {_PKI}/ca.key",
        "# walked /var/lib/etcd",
        "0700 etcd etcd d /var/lib/etcd",
        "0700 etcd etcd d /var/lib/etcd/member",
        "0600 etcd etcd f /var/lib/etcd/member/db",
        "",
    ]
)
_OF_WORKER = "0755 root root d /etc/kubernetes/manifests\n# absent /var/lib/etcd\n"
_CONFIGURATION = f"""apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {{enabled: false}}
  webhook: {{enabled: true}}
  x509: {{clientCAFile: {_PKI}/ca.crt}}
authorization: {{mode: Webhook}}
readOnlyPort: 0
staticPodPath: /etc/kubernetes/manifests
"""


def _text(kind: str, host: str, body: str) -> str:
    return f"# compliance {kind} 1 host={host}\n{body}# end\n"


def _manifest(program: str, host: str) -> str:
    command = "".join(f"        - {word}\n" for word in (program, *_OPTIONS[program]))
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {program}\n  namespace: kube-system\n"
        f"spec:\n  nodeName: {host}\n  hostNetwork: true\n  containers:\n    - name: {program}\n"
        f"      image: registry.k8s.io/{program}:v1.34.1\n      command:\n{command}"
    )


def _node(name: str, *labels: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **dict.fromkeys(labels, "")}},
        "status": {"nodeInfo": {"kubeletVersion": "v1.34.1"}},
    }


def make(folder: Path) -> None:
    """Write both bundles and the Node objects into a folder."""
    processes = [f"{name} {' '.join(options)}" for name, options in _OPTIONS.items()]
    bundles = {
        CONTROL_PLANE: (_SHARED + _OF_CONTROL_PLANE, [*processes, _KUBELET, _PROXY.format(CONTROL_PLANE)]),
        WORKER: (_SHARED + _OF_WORKER, [_KUBELET, _PROXY.format(WORKER)]),
    }
    for host, (listing, programs) in bundles.items():
        lines = "".join(
            f"root host {program}\n" + ("# environment\n" if program.startswith("etcd") else "") for program in programs
        )
        files = {
            "file-listing.txt": _text("file-listing", host, listing),
            "processes.txt": _text("process-list", host, f"root host /sbin/init\n{lines}"),
            "services.txt": _text(
                "services",
                host,
                "sshd.service not-found not-found\nssh.service inactive disabled\nssh.socket inactive disabled\n",
            ),
            "var/lib/kubelet/config.yaml": _CONFIGURATION,
        }
        if host == CONTROL_PLANE:
            files |= {f"etc/kubernetes/manifests/{name}.yaml": _manifest(name, host) for name in _OPTIONS}
        for path, text in files.items():
            file = bundle(folder, host) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    nodes = [_node(CONTROL_PLANE, "node-role.kubernetes.io/control-plane"), _node(WORKER)]
    (folder / "nodes.json").write_text(json.dumps({"apiVersion": "v1", "kind": "NodeList", "items": nodes}))


def bundle(folder: Path, host: str) -> Path:
    """The folder of a host's bundle."""
    return folder / f"compliance-host-{host}"


def change(folder: Path, host: str, file: str, old: str, new: str) -> None:
    """Replace a text that stands in a file of a bundle."""
    path = bundle(folder, host) / file
    text = path.read_bytes()
    assert old.encode() in text
    path.write_bytes(text.replace(old.encode(), new.encode("latin-1"), 1))
