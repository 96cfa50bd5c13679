"""Admission policies and webhooks in, verdicts out: what is enforced, and what escapes it."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.model.admission import covers, enforces, policies_on
from compliance.model.check import Effort, Verdict, check, failed, listed, not_applicable, not_checked, passed
from compliance.model.cluster import AdmissionPolicy, Cluster, LabelSelector, Webhook, WebhookConfiguration
from compliance.model.configuration import Parameters
from compliance.model.evidence import At
from compliance.model.outcome import Severity

#: Words in the names of the webhooks by which policy engines judge pods.
#: Source: the engines' own installation manifests.
_ENGINES = (
    "connaisseur",
    "cosign",
    "gatekeeper",
    "kubewarden",
    "kyverno",
    "neuvector",
    "openpolicyagent",
    "policy.sigstore.dev",
    "ratify",
)

#: Namespaces in which the policy engines themselves run and which they leave out of their own judgement.
#: Source: the engines' installation guides.
_ENGINE_NAMESPACES = frozenset(
    {"cosign-system", "gatekeeper-system", "kubewarden", "kyverno", "policy-controller-system", "ratify"}
)

#: Resources from which pods come.
_POD_SOURCES = frozenset(
    {
        "*",
        "*/*",
        "pods",
        "pods/*",
        "deployments",
        "statefulsets",
        "daemonsets",
        "replicasets",
        "replicationcontrollers",
        "jobs",
        "cronjobs",
    }
)


def _guards(configuration: WebhookConfiguration) -> bool:
    """Whether a configuration guards: all that validate do, mutating ones only of a policy engine."""
    if not configuration.mutating:
        return True
    names = (configuration.header.name, *(webhook.name for webhook in configuration.webhooks))
    return any(engine in name.lower() for name in names for engine in _ENGINES)


def _unguarded(configuration: WebhookConfiguration) -> Verdict:
    header = configuration.header
    return not_applicable(f"{header.name} changes objects and is of no policy engine", at=[header.at("/kind")])


@check(
    id="webhook-failure-policy",
    title="Admission webhooks that guard refuse when they cannot be reached",
    severity=Severity.MEDIUM,
    effort=Effort.PLATFORM,
    fix="Set failurePolicy: Fail on the webhook, and run the webhook's service in several replicas.",
)
def webhook_failure_policy(configuration: WebhookConfiguration) -> Verdict:
    """failurePolicy is Fail on every webhook that validates, and on mutating ones of policy engines.

    Absent means Fail in admissionregistration.k8s.io/v1 and Ignore in v1beta1.
    Source: Kubernetes API, ValidatingWebhook.failurePolicy; "Deprecated API Migration Guide", v1.22.
    """
    header = configuration.header
    if not _guards(configuration):
        return _unguarded(configuration)
    default = "Ignore" if header.api_version.endswith("/v1beta1") else "Fail"
    found = [webhook for webhook in configuration.webhooks if (webhook.failure_policy or default) != "Fail"]
    if found:
        names = listed(f"{w.name} ({w.failure_policy or 'not set, so Ignore'})" for w in found)
        return failed(
            f"objects pass unjudged when these are down: {names}", at=[_field(header.at(w.at)) for w in found]
        )
    return passed("failurePolicy is Fail on each webhook", at=[header.at("/webhooks")])


def _field(at: At) -> At:
    return At(at.origin, f"{at.pointer}/failurePolicy")


@check(
    id="webhook-scope",
    title="Admission webhooks that judge pods leave out no application namespace",
    severity=Severity.MEDIUM,
    effort=Effort.PLATFORM,
    fix="Select namespaces by exclusion of the platform's own, not by a label that each must carry.",
)
def webhook_scope(configuration: WebhookConfiguration, cluster: Cluster, params: Parameters) -> Verdict:
    """No guarding webhook on pods or workloads misses an application namespace, or objects without a label.

    Namespaces in the evidence are matched one by one; without them, a namespaceSelector is judged on
    a namespace that carries only its name. A webhook without resources judges nothing and fails.
    Source: Kubernetes, "Dynamic Admission Control", Matching requests.
    """
    header = configuration.header
    if not _guards(configuration):
        return _unguarded(configuration)
    empty = [webhook for webhook in configuration.webhooks if not webhook.resources]
    if empty or not configuration.webhooks:
        names = listed(webhook.name for webhook in empty) or header.name
        places = [header.at(f"{webhook.at}/rules") for webhook in empty] or [header.at("/webhooks")]
        return failed(f"judges no resource at all: {names}", at=places)
    judging = [webhook for webhook in configuration.webhooks if _POD_SOURCES & set(webhook.resources)]
    if not judging:
        kinds = listed(sorted({name for webhook in configuration.webhooks for name in webhook.resources}))
        return not_applicable(f"{header.name} judges no pods, only {kinds}", at=[header.at("/webhooks")])
    gaps = [gap for webhook in judging for gap in _gaps(webhook, cluster, params)]
    if gaps:
        return failed(listed(words for _, words in gaps), at=[header.at(pointer) for pointer, _ in gaps])
    return passed(
        f"{listed(webhook.name for webhook in judging)} misses no application namespace",
        at=[header.at(webhook.at) for webhook in judging],
    )


def _gaps(webhook: Webhook, cluster: Cluster, params: Parameters) -> Iterator[tuple[str, str]]:
    """Pointer and words of each selector of a webhook that leaves something out."""
    if webhook.namespace_selector is not None:
        missed = _missed(webhook.namespace_selector, cluster, params)
        if missed:
            yield f"{webhook.at}/namespaceSelector", f"{webhook.name} leaves out {missed}"
    if webhook.object_selector is not None and not webhook.object_selector.selects({}):
        yield f"{webhook.at}/objectSelector", f"{webhook.name} judges only objects that carry a label"


def _missed(selector: LabelSelector, cluster: Cluster, params: Parameters) -> str:
    """Words for the application namespaces that a selector misses, empty when none."""
    own = {*params.system_namespaces, *_ENGINE_NAMESPACES}
    names = [found.header.name for found in cluster.namespaces if found.header.name not in own]
    if not names:
        plain = {"kubernetes.io/metadata.name": "an-application"}
        return "" if selector.selects(plain) else "namespaces that do not carry a label"
    missed = [
        found.header.name
        for found in cluster.namespaces
        if found.header.name not in own
        and not selector.selects({"kubernetes.io/metadata.name": found.header.name, **found.header.labels})
    ]
    return f"namespace {listed(missed)}" if missed else ""


def _policy(policy: AdmissionPolicy) -> str:
    return f"{policy.header.kind} {policy.header.name}"


@check(
    id="policy-enforcing",
    title="The admission policy refuses what breaks it",
    severity=Severity.HIGH,
    effort=Effort.PLATFORM,
    fix="Set the policy, or its binding, to enforce (Enforce, deny, Deny) once its audit results are clean.",
)
def policy_enforcing(policy: AdmissionPolicy, cluster: Cluster) -> Verdict:
    """The policy denies; a ValidatingAdmissionPolicy does so by a binding with Deny.

    Source: Kyverno, "Policy Settings", validationFailureAction; Gatekeeper, "Handling Constraint Violations";
    Kubernetes, "Validating Admission Policy", validationActions.
    """
    at = [policy.header.at(policy.at)]
    bindings = cluster.policy_bindings_of.get(policy.header.name, ())
    if policy.engine == "validating-admission-policy":
        at += [binding.header.at("/spec/validationActions") for binding in bindings]
    match enforces(policy, cluster):
        case True:
            return passed(f"{_policy(policy)} enforces", at=at)
        case False:
            return failed(f"{_policy(policy)} only reports: nothing is refused", at=at)
        case None:
            return not_checked(f"whether {_policy(policy)} enforces is set by an object that was not handed in", at=at)


@check(
    id="policy-exemptions",
    title="The admission policy exempts only the platform's own namespaces",
    severity=Severity.MEDIUM,
    effort=Effort.WORKLOAD,
    fix="Remove the application namespaces from the policy's exclusions, or record them as system namespaces.",
)
def policy_exemptions(policy: AdmissionPolicy, params: Parameters) -> Verdict:
    """Named exclusions are system namespaces or those of a policy engine, and nothing else is left out.

    Exclusions by a selector or a condition cannot be listed and are for a person to judge.
    Source: Kyverno, "Match and Exclude"; Gatekeeper, "Constraint match"; NSA/CISA Kubernetes Hardening Guide 1.2.
    """
    header = policy.header
    at = [header.at("/spec")]
    allowed = {*params.system_namespaces, *_ENGINE_NAMESPACES}
    extra = [name for name in policy.exempt_namespaces if name not in allowed]
    if extra:
        return failed(f"{_policy(policy)} leaves out namespace {listed(extra)}", at=at)
    if policy.exempts_by_selector:
        return not_checked(f"{_policy(policy)} leaves out objects by a selector or a condition; see it", at=at)
    return passed(f"{_policy(policy)} leaves out {listed(policy.exempt_namespaces) or 'no namespace'}", at=at)


@check(
    id="admission-image-signature",
    title="Image signatures or provenance are verified before pods are admitted",
    severity=Severity.HIGH,
    effort=Effort.PLATFORM,
    fix="Enforce an image verification policy (Kyverno verifyImages, policy-controller, Ratify) on all namespaces.",
)
def admission_image_signature(cluster: Cluster, params: Parameters) -> Verdict:
    """An enforcing policy on signatures, provenance or SBOMs covers each namespace that holds application workloads.

    No admission policy in the evidence leaves the question open: ImagePolicyWebhook is a setting of the API
    server. Source: CIS Kubernetes 2.0.1, 5.5.1; NIST SP 800-190, 4.1.5.
    """
    return _coverage("image-signature", "image signatures", cluster, params)


@check(
    id="admission-registry",
    title="Only images from named registries are admitted",
    severity=Severity.MEDIUM,
    effort=Effort.PLATFORM,
    fix="Enforce a policy that allows images from your registries alone, on all namespaces.",
)
def admission_registry(cluster: Cluster, params: Parameters) -> Verdict:
    """An enforcing policy on registries covers each namespace that holds application workloads.

    Source: NIST SP 800-190, 4.1.5; NSA/CISA Kubernetes Hardening Guide 1.2, Building secure container images.
    """
    return _coverage("image-registry", "image registries", cluster, params)


@check(
    id="admission-sbom",
    title="Only images with an attested SBOM are admitted",
    severity=Severity.MEDIUM,
    effort=Effort.PLATFORM,
    fix="Enforce a policy that asks for a signed SBOM attestation of each image, on all namespaces.",
)
def admission_sbom(cluster: Cluster, params: Parameters) -> Verdict:
    """An enforcing policy that asks for SBOM attestations covers each namespace that holds application workloads.

    Source: NIST SP 800-190, 4.1.1 and 4.1.5; NIST SP 800-53 rev 5, SR-4; Kyverno documentation, "Verify Images".
    """
    return _coverage("sbom", "SBOMs of images", cluster, params)


def _coverage(topic: str, words: str, cluster: Cluster, params: Parameters) -> Verdict:
    """Whether enforcing policies on a topic cover every application namespace that is seen."""
    if not cluster.policies:
        return not_checked("no admission policy was handed in")
    found = list(policies_on(topic, cluster))
    at = [policy.header.at(policy.at) for policy, _ in found]
    if not found:
        names = listed(_policy(policy) for policy in cluster.policies)
        return failed(
            f"none of the {len(cluster.policies)} admission policies is about {words}: {names}",
            at=[policy.header.at() for policy in cluster.policies[:25]],
        )
    if all(enforcing is False for _, enforcing in found):
        return failed(f"no policy on {words} enforces: {listed(_policy(policy) for policy, _ in found)}", at=at)
    namespaces = _application_namespaces(cluster, params)
    if not namespaces:
        return not_checked(f"{listed(_policy(p) for p, _ in found)}: no application namespace was handed in", at=at)
    bare = [name for name in namespaces if all(e is False or covers(p, name, cluster) is False for p, e in found)]
    if bare:
        return failed(f"no enforcing policy on {words} covers namespace {listed(bare)}", at=at)
    unsure = [name for name in namespaces if not any(e and covers(p, name, cluster) for p, e in found)]
    if unsure:
        return not_checked(f"whether a policy on {words} covers namespace {listed(unsure)} cannot be told", at=at)
    names = listed(_policy(policy) for policy, enforcing in found if enforcing)
    return passed(f"{names} enforces on {words} in {listed(namespaces)}", at=at)


def _application_namespaces(cluster: Cluster, params: Parameters) -> list[str]:
    """Namespaces that hold workloads or stand in the evidence, beside the platform's and the engines' own."""
    own = {*params.system_namespaces, *_ENGINE_NAMESPACES}
    seen = {name for name in cluster.workloads_in if name} or set(cluster.namespace_named)
    return sorted(seen - own)
