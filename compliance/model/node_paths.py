"""A node in, what is known of the files that Kubernetes uses there out; where they stand is told by what runs there.

Each function gives a Look, or a Verdict where the question does not arise or nobody can say where the file is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from compliance.model.check import Verdict, not_applicable
from compliance.model.configuration_files import path_on_host
from compliance.model.evidence import At
from compliance.model.file_modes import Look, look, look_below, spellings
from compliance.model.flags import shown
from compliance.model.host import CLUSTER_WIDE, Form, Program
from compliance.model.hosts import Host, Hosts
from compliance.model.node_programs import (
    CLIENT_CA,
    STATIC_PODS,
    Named,
    of_kubelet,
    options_of,
    paths,
    ruled_out,
    running,
    settings_of,
)

Found = Look | Verdict
Finder = Callable[[Host, Hosts], Found]

#: Where kubeadm puts things. Source: kubeadm, "Implementation details".
MANIFESTS = "/etc/kubernetes/manifests"
PKI = "/etc/kubernetes/pki"
KUBELET_CONFIG = "/var/lib/kubelet/config.yaml"
KUBELET_KUBECONFIG = "/etc/kubernetes/kubelet.conf"
CLIENT_CA_FILE = "/etc/kubernetes/pki/ca.crt"
ETCD_DATA = "/var/lib/etcd"
#: Source: Container Network Interface, libcni, and Kubernetes 1.23, kubelet --cni-conf-dir.
CNI = "/etc/cni/net.d"
#: Source: systemd.unit(5), "Unit File Load Path".
_UNITS = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")
#: Kubeconfigs of kube-proxy, as installers write them.
_PROXY_KUBECONFIGS = ("/var/lib/kube-proxy/kubeconfig.conf", "/var/lib/kube-proxy/kubeconfig")
_SERVERS = (Program.API_SERVER, Program.CONTROLLER_MANAGER, Program.SCHEDULER, Program.ETCD)
_NOT_SURE = "no list of all processes of this node rules out that"


def at(*places: str) -> Finder:
    """Files that stand where they stand, whatever runs."""
    return lambda host, _: look(host, *places)


def manifest(program: Program) -> Finder:
    """The static pod manifest of a program of the control plane."""

    def find(host: Host, _: Hosts) -> Found:
        folders = _static_pods(host)
        known, bad = paths(folders.values)
        own = [path_on_host(line) for line in host.lines_of(program) if line.form is Form.STATIC_POD]
        places = [f"{folder}/{program.value}.yaml" for folder in known or (MANIFESTS,)]
        read = [path for path in own if path.startswith("/")]
        gone = [path for path in read if look(host, path).is_absent]
        doubts = [f"{shown(path)} was handed in, and the listing of files does not have it" for path in gone]
        found = _with(look(host, *dict.fromkeys([*places, *read])), doubts)
        sure: tuple[At, ...] = ()
        if not folders.unknown and not bad:
            whole = _joined([look_below(host, folder).without("d") for folder in known])
            sure = whole.absent if known and whole.is_absent else () if known else folders.silent
        return _unless_absent(host, found, program, sure)

    return find


def manifests(host: Host, _: Hosts) -> Found:
    """All files in the folder that the kubelet starts static pods from."""
    folders = _static_pods(host)
    known, bad = paths(folders.values)
    if not known and not bad and not folders.unknown:
        return not_applicable(
            "the kubelet of this node starts no static pods: staticPodPath is not set", at=folders.silent
        )
    found = _joined([look_below(host, folder).without("d") for folder in known or (MANIFESTS,)], bad)
    if found.is_absent and folders.unknown:
        return _with(found, folders.unknown)
    return found


def _static_pods(host: Host) -> Named:
    return of_kubelet(host, "pod-manifest-path", STATIC_PODS)


def kubeconfig(program: Program, default: str, *also: str) -> Finder:
    """The kubeconfigs that a program's options name, and the one where kubeadm puts it."""

    def find(host: Host, _: Hosts) -> Found:
        named = options_of(host, program, "kubeconfig", *also)
        return _named_or_default(host, program, named, default)

    return find


def kubelet_config(host: Host, _: Hosts) -> Found:
    """The kubelet's configuration file."""
    named = options_of(host, Program.KUBELET, "config")
    found = look(host, KUBELET_CONFIG)
    if found.is_absent and named.silent and not named.values and not named.unknown:
        words = "the kubelet is started without a configuration file: --config is not set"
        return not_applicable(words, at=(*named.silent, *found.absent))
    return _named_or_default(host, Program.KUBELET, named, KUBELET_CONFIG)


def client_ca(host: Host, _: Hosts) -> Found:
    """The file of the authority whose certificates the kubelet lets in."""
    named = of_kubelet(host, "client-ca-file", CLIENT_CA)
    known, bad = paths(named.values)
    if not known and not bad and not named.unknown:
        return not_applicable(
            "the kubelet is told no authority for its clients: clientCAFile is not set", at=named.silent
        )
    found = _stated(host, known, "the kubelet") if known else look(host, CLIENT_CA_FILE)
    return _with(found, (*bad, *named.unknown))


def pki(suffix: str = "") -> Finder:
    """Files below /etc/kubernetes/pki whose name ends so; without a suffix the folder and all that is in it."""

    def find(host: Host, _: Hosts) -> Found:
        below = look_below(host, PKI, lambda path: path.endswith(suffix))
        whole = look(host, PKI)
        found = replace(below.without("d"), asked=f"*{suffix} below {PKI}") if suffix else _joined([whole, below])
        if not whole.is_absent:
            return found
        for program in _SERVERS:
            if running(host, program):
                return _with(found, (f"{program.value} runs here, and its certificates do not stand in {PKI}",))
        return _ruled_out(
            host, found, _SERVERS, f"a program of the control plane has its certificates elsewhere than {PKI}"
        )

    return find


def etcd_folder(host: Host, _: Hosts) -> Found:
    """The data folder of etcd itself."""
    return _etcd(host, lambda folder: look(host, folder))


def etcd_files(host: Host, _: Hosts) -> Found:
    """Files in the data folder of etcd, without folders."""
    return _etcd(host, lambda folder: look_below(host, folder).without("d"))


def etcd_tree(host: Host, _: Hosts) -> Found:
    """The data folder of etcd and all that is in it."""
    return _etcd(host, lambda folder: _joined([look(host, folder), look_below(host, folder)]))


def _etcd(host: Host, seek: Callable[[str], Look]) -> Found:
    named = options_of(host, Program.ETCD, "data-dir")
    known, bad = paths(named.values)
    if not host.lines_of(Program.ETCD):
        return _unless_absent(host, _guessed(host, seek(ETCD_DATA), Program.ETCD), Program.ETCD, ())
    unknown = [*bad, *named.unknown]
    for folder in known:
        if look(host, folder).is_absent:
            unknown.append(f"etcd runs here with its data in {shown(folder)}, which the listing of files does not have")
    if not known and not unknown:
        unknown.append("etcd runs here without --data-dir: its data stands in the folder that it was started in")
    return _with(_joined([seek(folder) for folder in known or (ETCD_DATA,)]), unknown)


def cni(kinds: str = "") -> Finder:
    """Files in the folder of network configurations; `kinds` are kinds of files to leave out (`d`)."""

    def find(host: Host, _: Hosts) -> Found:
        named = options_of(host, Program.KUBELET, "cni-conf-dir")
        known, bad = paths(named.values)
        found = _joined([look_below(host, folder) for folder in known or (CNI,)], bad)
        found = _with(found, named.unknown)
        for kind in kinds:
            found = found.without(kind)
        return _ruled_out(
            host, found, (Program.KUBELET,), "the container runtime has its network configuration elsewhere"
        )

    return find


def kubelet_unit(host: Host, _: Hosts) -> Found:
    """The unit of systemd that starts the kubelet, and the files that add to it, wherever systemd looks for them."""
    unit = look(host, *(f"{folder}/kubelet.service" for folder in _read_units(host)))
    added = [_added(host, folder, ".conf") for folder in _read_units(host)]
    return _unless_absent(host, _joined([unit, *added]), Program.KUBELET, ())


def kubeadm_drop_in(host: Host, _: Hosts) -> Found:
    """The file that kubeadm's packages add to the kubelet's unit; NOT_APPLICABLE where there is none."""
    return _joined([_added(host, folder, "kubeadm.conf") for folder in _read_units(host)])


def _added(host: Host, folder: str, suffix: str) -> Look:
    """Files that add to the kubelet's unit in a folder of units; absent only where they are in all its spellings."""
    place = f"{folder}/kubelet.service.d"
    found = replace(look_below(host, place, lambda path: path.endswith(suffix)), asked=f"*{suffix} below {place}")
    if found.seen:
        return found
    missed = [path for path in spellings(place) if not any(listing.knows(path) for listing in host.listings)]
    return _with(found, [f"the listing of files does not tell whether {path} exists" for path in missed])


def _read_units(host: Host) -> tuple[str, ...]:
    """Folders of units; that of /run, which holds nothing that was installed, only where a listing tells of it."""
    known = any(listing.knows(f"{_UNITS[1]}/kubelet.service.d") for listing in host.listings)
    return _UNITS if known else (_UNITS[0], _UNITS[2])


def proxy_kubeconfig(host: Host, hosts: Hosts) -> Found:
    """The kubeconfig of kube-proxy; NOT_APPLICABLE where it is proven to run in a pod, whose files are no host's."""
    named = options_of(host, Program.KUBE_PROXY, "kubeconfig")
    documents = [one for one in host.settings_of("KubeProxyConfiguration") if one.form is not Form.CONFIG_MAP]
    known, bad = paths((named + settings_of(documents, "/clientConnection/kubeconfig")).values)
    found = look(host, *dict.fromkeys((*known, *_PROXY_KUBECONFIGS)))
    if found.seen:
        return _with(found, bad)
    lists = ruled_out(host, Program.KUBE_PROXY)
    if lists:
        return not_applicable("no kube-proxy is among the processes of this node", at=lists)
    if not found.is_absent:
        return found
    in_pods = _proxy_in_pods(host, hosts)
    if in_pods:
        words = "kube-proxy runs in a pod, and this node has no kubeconfig of it"
        return not_applicable(words, at=(*in_pods, *found.absent))
    if running(host, Program.KUBE_PROXY):
        return _with(found, ("kube-proxy runs here, and where its kubeconfig stands is not known",))
    return _with(found, (f"there is none of {found.asked}, but {_NOT_SURE} kube-proxy runs with another one",))


def _proxy_in_pods(host: Host, hosts: Hosts) -> tuple[At, ...]:
    """What proves that kube-proxy runs in a pod: its workload or pod, or a file of its own that no host has."""
    wide = next((one for one in hosts.nameless if one.subject.id == CLUSTER_WIDE.id), None)
    shared = wide.lines_of(Program.KUBE_PROXY) if wide is not None else ()
    pods = [line.place() for line in (*host.lines_of(Program.KUBE_PROXY), *shared) if line.form in _PODS]
    if pods:
        return tuple(pods[:1])
    files = options_of(host, Program.KUBE_PROXY, "config", "kubeconfig")
    own, _ = paths(files.values)
    looked = [look(host, path) for path in own]
    if own and all(one.is_absent for one in looked):
        return tuple(line.place() for line in host.lines_of(Program.KUBE_PROXY))
    return ()


_PODS = (Form.WORKLOAD, Form.MIRROR_POD, Form.STATIC_POD)


def _named_or_default(host: Host, program: Program, named: Named, default: str) -> Found:
    """The files that options name, each of which must be there; the default one too, or alone where none is named."""
    usual = look(host, default)
    known, bad = paths(named.values)
    others = [path for path in known if path != default]
    if not host.lines_of(program):
        return _unless_absent(host, _guessed(host, usual, program), program, ())
    if default in known or usual.seen:
        others = [*others, default]
    if others:
        return _with(_stated(host, others, program.value), (*bad, *named.unknown))
    if bad or named.unknown:
        return _with(usual, (*bad, *named.unknown))
    return _with(usual, (f"{program.value} runs here, and its command line does not name the file",))


def _guessed(host: Host, found: Look, program: Program) -> Look:
    """What is at the usual place, with the doubt that a program runs here which nobody knows the command line of."""
    if not running(host, program):
        return found
    return _with(found, (f"{program.value} runs on this node, and its command line was not handed in",))


def _stated(host: Host, places: Sequence[str], who: str) -> Look:
    """Files that somebody uses: one that is absent stands elsewhere, as a pod sees other paths than its host."""
    found = look(host, *places)
    gone = [path for path in places if look(host, path).is_absent]
    return _with(found, [f"{who} uses {shown(path)}, which the listing of files does not have" for path in gone])


def _unless_absent(host: Host, found: Look, program: Program, sure: tuple[At, ...]) -> Found:
    """What was found; of nothing at all NOT_APPLICABLE only where the program is proven not to run from elsewhere."""
    if not found.is_absent:
        return found
    if running(host, program):
        return _with(found, (f"{program.value} runs on this node, and there is none of {found.asked}",))
    if sure:
        words = f"the listing of files shows that there is none: {found.asked}"
        return not_applicable(
            f"{words}; the kubelet of this node starts no static pods", at=tuple(dict.fromkeys((*found.absent, *sure)))
        )
    return _ruled_out(host, found, (program,), f"{program.value} runs from elsewhere")


def _ruled_out(host: Host, found: Look, programs: Sequence[Program], what: str) -> Found:
    """NOT_APPLICABLE of what is proven absent where a list of processes holds none of some programs."""
    if not found.is_absent:
        return found
    lists = ruled_out(host, *programs)
    if not lists:
        return _with(found, (f"there is none of {found.asked}, but {_NOT_SURE} {what}",))
    names = " or ".join(program.value for program in programs)
    words = (
        f"the listing of files shows that there is none: {found.asked}; no {names} is among the processes of this node"
    )
    return not_applicable(words, at=(*found.absent, *lists))


def _with(found: Look, unknown: Sequence[str]) -> Look:
    """The same with more that nobody can tell."""
    if not unknown:
        return found
    more = tuple(dict.fromkeys((*found.unknown, *unknown)))
    return Look(asked=found.asked, seen=found.seen, absent=found.absent, unknown=more)


def _joined(looks: Sequence[Look], unknown: Sequence[str] = ()) -> Look:
    """Several looks as one."""
    return Look(
        asked=", ".join(dict.fromkeys(one.asked for one in looks)),
        seen=tuple(dict.fromkeys(seen for one in looks for seen in one.seen)),
        absent=tuple(dict.fromkeys(place for one in looks for place in one.absent)),
        unknown=tuple(dict.fromkeys([*(words for one in looks for words in one.unknown), *unknown])),
    )
