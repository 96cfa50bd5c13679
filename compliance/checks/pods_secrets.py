"""Pod, ConfigMaps and Secrets in, verdicts out on credentials in the environment and on dangling references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.cluster import Cluster
from compliance.model.evidence import At
from compliance.model.faults import counted, fault_in, judged
from compliance.model.outcome import Severity
from compliance.model.workload import Pod, Volume

#: ConfigMaps that a controller puts into every namespace. Source: Kubernetes documentation, "RootCAConfigMap";
#: OpenShift documentation, "service CA".
EVERYWHERE = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt"})

#: Objects that make Secrets by themselves, so that a missing one may still come.
SECRET_MAKERS = ("ExternalSecret", "ClusterExternalSecret", "SealedSecret", "VaultStaticSecret", "SecretProviderClass")


@check(
    id="pod-secret-env",
    title="No secret reaches a container through its environment",
    severity=Severity.MEDIUM,
    fix="Mount the Secret as a volume and let the process read the file.",
    effort=Effort.WORKLOAD,
)
def pod_secret_env(pod: Pod) -> Verdict:
    """No variable takes a secretKeyRef, and no envFrom a secretRef.

    Source: judged as CIS Kubernetes Benchmark 2.0.1, 5.4.1, asks.
    """
    faults = []
    for container in pod.all_containers():
        for index, variable in enumerate(container.env):
            if variable.source == "secretKeyRef":
                words = f"takes {variable.name} from Secret {variable.ref_name}"
                faults.append(fault_in(pod, container, f"env/{index}/valueFrom/secretKeyRef", words))
        for index, whole in enumerate(container.env_from):
            if whole.source == "secretRef":
                words = f"takes all of Secret {whole.ref_name} into its environment"
                faults.append(fault_in(pod, container, f"envFrom/{index}/secretRef", words))
    return judged(pod, faults, "none taking a Secret into its environment")


@check(
    id="pod-credential-literal",
    title="No credential stands in a variable or an argument",
    severity=Severity.HIGH,
    fix="Move the value into a Secret, mount it as a file, and change the credential: it has been seen.",
    effort=Effort.WORKLOAD,
)
def pod_credential_literal(pod: Pod) -> Verdict:
    """No literal value of env and no word of command or args looks like a credential.

    The look of a value is a guess: names that speak of a password, shapes of known keys.
    Source: NIST SP 800-190, 4.1.4.
    """
    faults = []
    for container in pod.all_containers():
        for index, variable in enumerate(container.env):
            if variable.suspect is not None:
                words = f"sets {variable.name} to a literal: {variable.suspect}"
                faults.append(fault_in(pod, container, f"env/{index}/value", words))
        for suspect in container.command_suspects:
            field = "args" if container.args else "command"
            faults.append(fault_in(pod, container, field, f"has a credential in its command or arguments: {suspect}"))
    return judged(pod, faults, "none with a literal that looks like a credential")


class _Reference(NamedTuple):
    """An object that the pod cannot start without, and where it is named."""

    name: str
    at: At


@check(
    id="pod-config-map-exists",
    title="Every ConfigMap that the pod takes exists",
    severity=Severity.LOW,
    fix="Create the ConfigMap in the pod's namespace, correct its name, or mark the reference optional.",
)
def pod_config_map_exists(pod: Pod, cluster: Cluster) -> Verdict:
    """Every ConfigMap named by env, envFrom or a volume is in the evidence, in the pod's namespace.

    Optional references, and ConfigMaps that the cluster puts into every namespace, pass.
    NOT_CHECKED where no ConfigMap was handed in, or the manifest names no namespace.
    Source: Kubernetes documentation, "ConfigMaps".
    """
    references = [
        reference
        for reference in _references(pod, frozenset({"configMapKeyRef", "configMapRef", "configMap"}))
        if reference.name not in EVERYWHERE
    ]
    return _found(pod, cluster, "ConfigMap", references, cluster.config_map_named)


@check(
    id="pod-secret-exists",
    title="Every Secret that the pod takes exists",
    severity=Severity.LOW,
    fix="Create the Secret in the pod's namespace, correct its name, or mark the reference optional.",
)
def pod_secret_exists(pod: Pod, cluster: Cluster) -> Verdict:
    """Every Secret named by env, envFrom, a volume or imagePullSecrets is in the evidence, in the pod's namespace.

    Optional references pass. NOT_CHECKED where no Secret was handed in, where an external store may
    make it, or where the manifest names no namespace.
    Source: Kubernetes documentation, "Secrets".
    """
    references = list(_references(pod, frozenset({"secretKeyRef", "secretRef", "secret"})))
    references += [
        _Reference(name, pod.in_spec(f"imagePullSecrets/{index}/name"))
        for index, name in enumerate(pod.image_pull_secrets)
    ]
    return _found(pod, cluster, "Secret", references, cluster.secret_named)


def _references(pod: Pod, sources: frozenset[str]) -> Iterator[_Reference]:
    """Required references of some sources, in the order of the pod spec."""
    for container in pod.all_containers():
        for index, variable in enumerate(container.env):
            if variable.source in sources and variable.ref_name and not variable.optional:
                field = f"env/{index}/valueFrom/{variable.source}/name"
                yield _Reference(variable.ref_name, pod.in_container(container, field))
        for index, whole in enumerate(container.env_from):
            if whole.source in sources and whole.ref_name and not whole.optional:
                field = f"envFrom/{index}/{whole.source}/name"
                yield _Reference(whole.ref_name, pod.in_container(container, field))
    for volume in pod.volumes:
        if not volume.optional:
            yield from _of_volume(pod, volume, sources)


def _of_volume(pod: Pod, volume: Volume, sources: frozenset[str]) -> Iterator[_Reference]:
    if volume.type in sources and volume.ref_name:
        yield _Reference(volume.ref_name, pod.at(f"{volume.at}/{volume.type}"))
    for index, (source, name) in enumerate(volume.projected):
        if source in sources and name:
            yield _Reference(name, pod.at(f"{volume.at}/projected/sources/{index}/{source}/name"))


def _found(
    pod: Pod,
    cluster: Cluster,
    kind: str,
    references: list[_Reference],
    named: Mapping[tuple[str | None, str], object],
) -> Verdict:
    if not references:
        return passed(f"the pod needs no {kind}", at=[pod.at(pod.spec_at)])
    missing = [reference for reference in references if (pod.namespace, reference.name) not in named]
    if not missing:
        names = counted(len({reference.name for reference in references}), kind)
        return passed(f"{names} named, all in the evidence", at=[reference.at for reference in references])
    at = [reference.at for reference in missing]
    if not cluster.knows(kind):
        return not_checked(f"no {kind} was handed in; the pod needs {missing[0].name}", at=at)
    if pod.namespace is None:
        return not_checked(f"the manifest names no namespace in which to look for {kind} {missing[0].name}", at=at)
    if kind == "Secret" and any(cluster.knows(maker) for maker in SECRET_MAKERS):
        return not_checked(f"Secret {missing[0].name} is not in the evidence, but an external store may make it", at=at)
    names = listed(dict.fromkeys(reference.name for reference in missing))
    return failed(f"not among the {kind}s of namespace {pod.namespace} handed in: {names}", at=at)
