"""ConfigMaps, Secrets and secret store objects in, verdicts out."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, listed, not_checked, passed
from compliance.model.cluster import Cluster, ConfigMap, Secret
from compliance.model.evidence import At, escape
from compliance.model.outcome import Severity

#: Kinds by which Secrets come from a store outside the cluster, or are sealed by it.
#: Source: External Secrets Operator, Secrets Store CSI Driver, Sealed Secrets, Vault Secrets Operator, 1Password
#: Operator, Infisical, Doppler and Azure Key Vault to Kubernetes, API references.
_STORE_KINDS = (
    "AzureKeyVaultSecret",
    "BitwardenSecret",
    "ClusterExternalSecret",
    "ClusterSecretStore",
    "DopplerSecret",
    "ExternalSecret",
    "HCPVaultSecretsApp",
    "InfisicalSecret",
    "OnePasswordItem",
    "PushSecret",
    "SealedSecret",
    "SecretProviderClass",
    "SecretStore",
    "VaultDynamicSecret",
    "VaultPKISecret",
    "VaultStaticSecret",
)

#: Types of Secrets that the cluster or its tools make and use themselves.
#: Source: Kubernetes documentation, "Secrets", Types of Secret; Helm, "Storage backends".
_OWN_TYPES = frozenset({"kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"})


@check(
    id="config-map-credentials",
    title="The ConfigMap holds no credentials",
    severity=Severity.HIGH,
    effort=Effort.WORKLOAD,
    fix="Move the value into a Secret or an external secret store, and replace it at its issuer.",
)
def config_map_credentials(config_map: ConfigMap) -> Verdict:
    """No value of the ConfigMap looks like a credential, by its key or by its form. Values are never shown.

    Source: Kubernetes, "ConfigMaps", Caution; NSA/CISA Kubernetes Hardening Guide 1.2, Secrets.
    """
    header = config_map.header
    if config_map.suspects:
        words = listed(f"{key} ({why})" for key, why in config_map.suspects)
        return failed(
            f"ConfigMap {header.name}: {words}",
            at=[header.at(f"/data/{escape(key)}") for key, _ in config_map.suspects],
        )
    return passed(f"none of {len(config_map.keys)} values looks like a credential", at=[header.at("/data")])


@check(
    id="secret-in-manifest",
    title="The files handed in hold no values of Secrets",
    severity=Severity.HIGH,
    effort=Effort.WORKLOAD,
    fix="Take the Secret out of the files, replace its values at their issuer, and let a secret store make it.",
)
def secret_in_manifest(secret: Secret) -> Verdict:
    """The Secret stands without values in the evidence; base64 is no protection.

    A dump of the cluster that holds values fails, too: the evidence itself now carries the credentials.
    Source: Kubernetes, "Good practices for Kubernetes Secrets", Avoid sharing Secret manifests.
    """
    header = secret.header
    if secret.has_values:
        keys = listed(secret.keys)
        return failed(
            f"Secret {header.name} of type {secret.type} stands with its values: {keys}", at=[header.at("/data")]
        )
    return passed(f"Secret {header.name} stands without values", at=[header.at("/data")])


@check(
    id="cluster-secret-store",
    title="Secrets come from an external secret store",
    severity=Severity.LOW,
    effort=Effort.PLATFORM,
    fix="Bring in an external secret store (External Secrets, Secrets Store CSI, Vault) and move Secrets to it.",
)
def cluster_secret_store(cluster: Cluster) -> Verdict:
    """Objects of an external secret store, or of one that seals Secrets, stand in the evidence.

    Without any, the question is open: fails only where a list of such a kind proves that there is
    none while application Secrets exist. Source: CIS Kubernetes 2.0.1, 5.4.2.
    """
    found = {kind: cluster.others_of[kind] for kind in _STORE_KINDS if kind in cluster.others_of}
    if found:
        words = listed(f"{len(objects)} {kind}" for kind, objects in found.items())
        return passed(f"in the evidence: {words}", at=[objects[0].header.at() for objects in found.values()])
    kept = [secret for secret in cluster.secrets if secret.type not in _OWN_TYPES]
    empty: list[At] = [at for kind in _STORE_KINDS for at in cluster.at_list(kind)]
    if kept and empty:
        return failed(
            f"{len(kept)} Secrets are kept in the cluster and there is no object of an external store",
            at=[*empty, *(secret.header.at() for secret in kept[:10])],
        )
    return not_checked("no object of an external secret store was handed in; how Secrets are kept needs a record")
