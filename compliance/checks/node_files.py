"""Kubernetes node in, verdicts out on who owns the files of Kubernetes and what others may do with them.

Where two frameworks want other limits of one file there are two checks of it, the second named by its limit.
Source of all limits: CIS Kubernetes Benchmark 2.0.1, 1.1 and 4.1, and DISA Kubernetes STIG V2R6, as facts.
"""

from __future__ import annotations

from typing import NamedTuple

from compliance.model import node_paths
from compliance.model.check import Check, Verdict, check
from compliance.model.file_modes import Look, judged_mode, judged_owner
from compliance.model.host import Program
from compliance.model.hosts import Hosts, KubernetesNode
from compliance.model.node_paths import Finder
from compliance.model.outcome import Severity

_ROOT = "root"


class _Thing(NamedTuple):
    """Files of Kubernetes: their name in a title, the command that names them to a shell, and how they are found."""

    id: str
    title: str
    shell: str
    find: Finder


def _kubeconfig(program: Program, name: str, *also: str) -> Finder:
    return node_paths.kubeconfig(program, f"/etc/kubernetes/{name}", *also)


_DELEGATED = ("authentication-kubeconfig", "authorization-kubeconfig")
_MANIFEST = f"{node_paths.MANIFESTS}/{{}}.yaml"

_API_SERVER = _Thing(
    "apiserver-manifest",
    "API server's manifest",
    _MANIFEST.format("kube-apiserver"),
    node_paths.manifest(Program.API_SERVER),
)
_CONTROLLERS = _Thing(
    "controller-manager-manifest",
    "controller manager's manifest",
    _MANIFEST.format("kube-controller-manager"),
    node_paths.manifest(Program.CONTROLLER_MANAGER),
)
_SCHEDULER = _Thing(
    "scheduler-manifest",
    "scheduler's manifest",
    _MANIFEST.format("kube-scheduler"),
    node_paths.manifest(Program.SCHEDULER),
)
_ETCD = _Thing("etcd-manifest", "manifest of etcd", _MANIFEST.format("etcd"), node_paths.manifest(Program.ETCD))
_MANIFESTS = _Thing("manifests", "manifests of static pods", f"{node_paths.MANIFESTS}/*", node_paths.manifests)
_CNI = _Thing("cni", "network configurations", f"{node_paths.CNI}/*", node_paths.cni())
_CNI_FILES = _CNI._replace(find=node_paths.cni("d"))
_DATA = _Thing("etcd-data", "data folder of etcd", node_paths.ETCD_DATA, node_paths.etcd_folder)
_DATA_FILES = _Thing("etcd-files", "files of etcd's data", f"{node_paths.ETCD_DATA}/*", node_paths.etcd_files)
_DATA_TREE = _DATA_FILES._replace(find=node_paths.etcd_tree)
_ADMIN = _Thing(
    "admin-conf",
    "administrators' kubeconfigs",
    "/etc/kubernetes/admin.conf",
    node_paths.at("/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf"),
)
_SCHEDULER_CONF = _Thing(
    "scheduler-conf",
    "scheduler's kubeconfig",
    "/etc/kubernetes/scheduler.conf",
    _kubeconfig(Program.SCHEDULER, "scheduler.conf", *_DELEGATED),
)
_CONTROLLERS_CONF = _Thing(
    "controller-manager-conf",
    "controller manager's kubeconfig",
    "/etc/kubernetes/controller-manager.conf",
    _kubeconfig(Program.CONTROLLER_MANAGER, "controller-manager.conf", *_DELEGATED),
)
_PKI = _Thing("pki", "folder of certificates and keys, with all in it", f"-R {node_paths.PKI}", node_paths.pki())
_CERTIFICATES = _Thing("pki-certificate", "certificates", f"{node_paths.PKI}/**/*.crt", node_paths.pki(".crt"))
_KEYS = _Thing("pki-key", "private keys", f"{node_paths.PKI}/**/*.key", node_paths.pki(".key"))
_UNIT = _Thing(
    "kubelet-unit", "unit that starts the kubelet", "kubelet.service and kubelet.service.d/*", node_paths.kubelet_unit
)
_DROP_IN = _Thing(
    "kubeadm-drop-in",
    "file that kubeadm adds to the kubelet's unit",
    "kubelet.service.d/10-kubeadm.conf",
    node_paths.kubeadm_drop_in,
)
_PROXY = _Thing("kube-proxy-conf", "kubeconfig of kube-proxy", "the kubeconfig", node_paths.proxy_kubeconfig)
_KUBELET_CONF = _Thing(
    "kubelet-conf",
    "kubelet's kubeconfig",
    node_paths.KUBELET_KUBECONFIG,
    node_paths.kubeconfig(Program.KUBELET, node_paths.KUBELET_KUBECONFIG),
)
_CLIENT_CA = _Thing("kubelet-ca", "kubelet's client authority", node_paths.CLIENT_CA_FILE, node_paths.client_ca)
_CONFIG = _Thing("kubelet-config", "kubelet's configuration file", node_paths.KUBELET_CONFIG, node_paths.kubelet_config)


def _owner(thing: _Thing, source: str, owner: str = _ROOT, severity: Severity = Severity.HIGH) -> Check:
    """The check that files belong to a user and the group of its name."""

    def judge(node: KubernetesNode, hosts: Hosts) -> Verdict:
        found = thing.find(node.host, hosts)
        return judged_owner(node.host, found, (owner,), (owner,)) if isinstance(found, Look) else found

    judge.__doc__ = (
        f"Every such file belongs to the user {owner} and the group {owner}; NOT_APPLICABLE where there is proven to be"
        f" none.\n\nSource: {source}."
    )
    return check(
        id=f"node-{thing.id}-owner",
        title=f"The {thing.title}: owned by {owner}, group {owner}",
        severity=severity,
        fix=f"Run chown {owner}:{owner} on {thing.shell}.",
    )(judge)


def _mode(thing: _Thing, source: str, most: int, severity: Severity = Severity.HIGH, *, second: bool = False) -> Check:
    """The check that files have no permission bit outside a limit; `second` of a further limit of theirs."""

    def judge(node: KubernetesNode, hosts: Hosts) -> Verdict:
        found = thing.find(node.host, hosts)
        return judged_mode(found, most) if isinstance(found, Look) else found

    judge.__doc__ = (
        f"No such file has a permission bit outside {most:04o}; NOT_APPLICABLE where there is proven to be none.\n\n"
        f"Source: {source}."
    )
    return check(
        id=f"node-{thing.id}-mode" + (f"-{most:04o}" if second else ""),
        title=f"The {thing.title}: mode within {most:04o}",
        severity=severity,
        fix=f"Run chmod {most:04o} on {thing.shell}.",
    )(judge)


def _cis(item: str, *rules: str) -> str:
    """The source of a limit that a benchmark item sets, and that rules of the STIG share."""
    stig = f"; DISA Kubernetes STIG V2R6, {', '.join(rules)}" if rules else ""
    return f"CIS Kubernetes Benchmark 2.0.1, {item}{stig}"


def _stig(*rules: str) -> str:
    return f"DISA Kubernetes STIG V2R6, {', '.join(rules)}"


API_SERVER_MODE = _mode(_API_SERVER, _cis("1.1.1"), 0o600)
API_SERVER_OWNER = _owner(_API_SERVER, _cis("1.1.2"))
CONTROLLERS_MODE = _mode(_CONTROLLERS, _cis("1.1.3"), 0o600)
CONTROLLERS_OWNER = _owner(_CONTROLLERS, _cis("1.1.4"))
SCHEDULER_MODE = _mode(_SCHEDULER, _cis("1.1.5"), 0o600)
SCHEDULER_OWNER = _owner(_SCHEDULER, _cis("1.1.6"))
ETCD_MODE = _mode(_ETCD, _cis("1.1.7"), 0o600)
ETCD_OWNER = _owner(_ETCD, _cis("1.1.8"))
MANIFESTS_MODE = _mode(_MANIFESTS, _stig("V-242408"), 0o644)
MANIFESTS_OWNER = _owner(_MANIFESTS, _stig("V-242405", "V-242444"))
CNI_MODE = _mode(_CNI_FILES, _cis("1.1.9"), 0o600, Severity.MEDIUM)
CNI_OWNER = _owner(_CNI, _cis("1.1.10"), severity=Severity.MEDIUM)
DATA_MODE = _mode(_DATA, _cis("1.1.11"), 0o700)
DATA_OWNER = _owner(_DATA, _cis("1.1.12"), "etcd", Severity.MEDIUM)
DATA_FILES_MODE = _mode(_DATA_FILES, _stig("V-242459"), 0o644)
DATA_FILES_OWNER = _owner(_DATA_TREE, _stig("V-242445"), "etcd", Severity.MEDIUM)
ADMIN_MODE = _mode(_ADMIN, _cis("1.1.13"), 0o600)
ADMIN_MODE_OF_STIG = _mode(_ADMIN, _stig("V-242460"), 0o644, second=True)
ADMIN_OWNER = _owner(_ADMIN, _cis("1.1.14", "V-242446"))
SCHEDULER_CONF_MODE = _mode(_SCHEDULER_CONF, _cis("1.1.15"), 0o600)
SCHEDULER_CONF_MODE_OF_STIG = _mode(_SCHEDULER_CONF, _stig("V-242460"), 0o644, second=True)
SCHEDULER_CONF_OWNER = _owner(_SCHEDULER_CONF, _cis("1.1.16", "V-242446"))
CONTROLLERS_CONF_MODE = _mode(_CONTROLLERS_CONF, _cis("1.1.17"), 0o600)
CONTROLLERS_CONF_MODE_OF_STIG = _mode(_CONTROLLERS_CONF, _stig("V-242460"), 0o644, second=True)
CONTROLLERS_CONF_OWNER = _owner(_CONTROLLERS_CONF, _cis("1.1.18", "V-242446"))
PKI_OWNER = _owner(_PKI, _cis("1.1.19", "V-242451"))
CERTIFICATES_MODE = _mode(_CERTIFICATES, _cis("1.1.20", "V-242466"), 0o644, Severity.MEDIUM)
KEYS_MODE = _mode(_KEYS, _cis("1.1.21", "V-242467"), 0o600)
UNIT_MODE = _mode(_UNIT, _cis("4.1.1"), 0o600)
UNIT_OWNER = _owner(_UNIT, _cis("4.1.2"))
DROP_IN_MODE = _mode(_DROP_IN, _stig("V-242455"), 0o644)
DROP_IN_OWNER = _owner(_DROP_IN, _stig("V-242454"))
PROXY_MODE = _mode(_PROXY, _cis("4.1.3"), 0o600)
PROXY_MODE_OF_STIG = _mode(_PROXY, _stig("V-242447"), 0o644, second=True)
PROXY_OWNER = _owner(_PROXY, _cis("4.1.4", "V-242448"))
KUBELET_CONF_MODE = _mode(_KUBELET_CONF, _cis("4.1.5"), 0o600)
KUBELET_CONF_MODE_OF_STIG = _mode(_KUBELET_CONF, _stig("V-242452"), 0o644, second=True)
KUBELET_CONF_OWNER = _owner(_KUBELET_CONF, _cis("4.1.6", "V-242453"))
CLIENT_CA_MODE = _mode(_CLIENT_CA, _cis("4.1.7", "V-242449"), 0o644)
CLIENT_CA_OWNER = _owner(_CLIENT_CA, _cis("4.1.8", "V-242450"))
CONFIG_MODE = _mode(_CONFIG, _cis("4.1.9"), 0o600)
CONFIG_MODE_OF_STIG = _mode(_CONFIG, _stig("V-242407", "V-242456"), 0o644, second=True)
CONFIG_OWNER = _owner(_CONFIG, _cis("4.1.10", "V-242406", "V-242457"))
