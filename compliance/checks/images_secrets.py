"""Image in, verdicts out on credentials in it: files of every layer, environment, labels, history."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, not_checked, passed
from compliance.model.configuration import Parameters
from compliance.model.evidence import escape
from compliance.model.faults import FAULTS_TOLD, counted
from compliance.model.image import Image
from compliance.model.image_words import (
    absent,
    config_verdict,
    cut_list,
    readable,
    secret_words,
    short,
    without_history,
)
from compliance.model.images import Images
from compliance.model.outcome import Severity


@check(
    id="image-secret-files",
    title="No file of any layer holds a credential",
    severity=Severity.CRITICAL,
    fix="Rotate the credential, build without it, and hand it over at run time or as a build secret.",
    effort=Effort.WORKLOAD,
)
def image_secret_files(image: Image, images: Images, params: Parameters) -> Verdict:
    """No file of any layer holds what looks like a credential, also when a later layer deletes it.

    A file that only its name speaks against is NOT_CHECKED: a person must look into it.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.10, asks; NIST SP 800-190, 4.1.4.
    """
    root = readable(image)
    if isinstance(root, Verdict):
        return root
    base = images.base_of(image, params.base_images)
    sure = [fact for fact in root.secrets if not fact.by_name]
    unnamed = root.secrets_total - len(root.secrets)
    if sure:
        words = [secret_words(image, fact, base) for fact in sure[:FAULTS_TOLD]]
        return failed(cut_list(words, len(sure) + unnamed), at=[image.at_file(fact) for fact in sure])
    if root.secrets:
        words = [secret_words(image, fact, base) for fact in root.secrets[:FAULTS_TOLD]]
        told = cut_list(words, root.secrets_total)
        reason = f"the name alone speaks of a credential, so a person must look: {told}"
        return not_checked(reason, at=[image.at_file(fact) for fact in root.secrets])
    return absent(image, "no credential")


@check(
    id="image-secret-env",
    title="No variable of the image holds a credential",
    severity=Severity.CRITICAL,
    fix="Rotate the credential, remove the ENV, and hand it over at run time.",
    effort=Effort.WORKLOAD,
)
def image_secret_env(image: Image) -> Verdict:
    """No variable of the configuration looks like a credential, by its name or by its value.

    Source: judged as CIS Docker Benchmark 1.8.0, 4.10, asks; NIST SP 800-190, 4.1.4.
    """
    found = [(number, entry) for number, entry in enumerate(image.config.env) if entry.suspicion]
    faults = [f"variable {short(entry.name)}: {entry.suspicion}" for _, entry in found]
    at = [image.at_config(f"Env/{number}") for number, _ in found]
    holds = f"{counted(len(image.config.env), 'variable')}, no credential among them"
    return config_verdict(faults, at, holds, image.at_config("Env"))


@check(
    id="image-secret-labels",
    title="No label of the image holds a credential",
    severity=Severity.HIGH,
    fix="Rotate the credential and remove the label.",
)
def image_secret_labels(image: Image) -> Verdict:
    """No label of the configuration looks like a credential, by its key or by its value.

    Source: judged as CIS Docker Benchmark 1.8.0, 4.10, asks.
    """
    found = sorted(image.config.label_suspicions.items())
    faults = [f"label {short(key)}: {words}" for key, words in found]
    at = [image.at_config(f"Labels/{escape(key)}") for key, _ in found]
    holds = f"{counted(len(image.config.labels), 'label')}, no credential among them"
    return config_verdict(faults, at, holds, image.at_config("Labels"))


@check(
    id="image-secret-history",
    title="No build step of the image shows a credential",
    severity=Severity.CRITICAL,
    fix="Rotate the credential and use RUN --mount=type=secret; a build argument stays in the history.",
    effort=Effort.WORKLOAD,
)
def image_secret_history(image: Image) -> Verdict:
    """No entry of the history shows what looks like a credential, build arguments among them.

    NOT_CHECKED for an image without history.
    Source: judged as CIS Docker Benchmark 1.8.0, 4.10, asks; Docker documentation, "Build secrets".
    """
    missing = without_history(image)
    if missing is not None:
        return missing
    found = [step for step in image.history if step.suspicion]
    if found:
        words = [f"step {step.number}: {step.suspicion}" for step in found]
        return failed(cut_list(words, len(found)), at=[image.at_history(step) for step in found])
    at = [image.at_history(image.history[0]), image.at_history(image.history[-1])]
    return passed(f"{counted(len(image.history), 'step')}, none with a credential", at=list(dict.fromkeys(at)))
