"""Abbreviations and terms of the packet, of which a document prints those it uses."""

from __future__ import annotations

import re

#: Term, meaning. Written for a reader who neither runs clusters nor writes programs.
WORDS: tuple[tuple[str, str], ...] = (
    ("action", "One change that mends every failed observation of a check; its id begins with A."),
    ("ATO", "Authorisation to operate: the decision of an authority to use a system and accept its risk."),
    ("attestation", "A statement about an image in a form that can be signed, such as how it was built."),
    ("baseline", "A selection of controls for systems of one impact level."),
    (
        "check",
        "A function that looks at one subject in the evidence and says pass, fail, not applicable or not checked.",
    ),
    ("CIS", "Center for Internet Security, publisher of configuration benchmarks."),
    ("control", "One item of a framework: something an organisation must have in place."),
    ("CRD", "Custom resource definition: a kind of Kubernetes object that an add-on brings."),
    ("CUI", "Controlled unclassified information: a marking of the United States government."),
    ("deviation", "A recorded decision to live with a failed check, with an owner, an approver and an expiry."),
    ("digest", "A fingerprint of bytes; here always SHA-256. Equal digests mean equal bytes."),
    (
        "distroless",
        "Of an image: it holds a program and its libraries, but neither shell nor package manager.",
    ),
    ("EPSS", "Exploit Prediction Scoring System: the probability that a vulnerability is exploited within 30 days."),
    ("evidence", "A file handed in, known by its path and digest; its id begins with E."),
    ("FedRAMP", "The United States government's programme for authorising cloud services."),
    ("finding", "The conclusion on one control."),
    ("framework", "A catalogue of controls: a benchmark, a baseline or a guide, in one edition."),
    ("image", "What a container is started from: files in layers, and a configuration; known by its digest."),
    ("ISSO", "Information system security officer: answers for the security of one system."),
    ("JSON pointer", "The address of a value inside a structured file, such as /spec/containers/0/image."),
    ("KEV", "CISA's catalog of known exploited vulnerabilities."),
    ("KSI", "Key security indicator of FedRAMP 20x."),
    ("layer", "A set of files of an image, laid over those of the layers below it."),
    ("manifest", "A file that describes Kubernetes objects."),
    ("namespace", "A named part of a cluster that holds workloads."),
    ("NIST", "National Institute of Standards and Technology of the United States."),
    ("observation", "The outcome of one check on one subject."),
    ("pod", "The smallest unit a cluster runs: one or more containers together."),
    ("provenance", "A statement on how an image was built: by whom, from which source, with what."),
    ("PSS", "Pod Security Standards of Kubernetes."),
    ("RBAC", "Role-based access control: who may do what in a cluster."),
    ("request", "Evidence to ask for; its id begins with R."),
    ("SBOM", "Software bill of materials: the list of what is inside a piece of software."),
    ("SLSA", "Supply-chain Levels for Software Artifacts: how far a build can be trusted."),
    ("STIG", "Security Technical Implementation Guide of the United States Department of Defense."),
    ("subject", "What a check looked at: a workload, a namespace, a role, an image."),
    ("VEX", "A statement whether a known vulnerability affects a product."),
    ("workload", "A set of pods that run one program, such as a Deployment."),
)


def words_used(document: str) -> tuple[tuple[str, str], ...]:
    """Those terms that occur in the text of an HTML document, in order."""
    text = re.sub(r"<[^>]*>", " ", document)
    present = set(re.findall(r"[A-Za-z]+", text))
    folded = {word.lower() for word in present}
    return tuple((term, meaning) for term, meaning in WORDS if _occurs(term, present, folded, text))


def _occurs(term: str, present: set[str], folded: set[str], text: str) -> bool:
    """Abbreviations as they are written; other terms in any case, in singular or plural."""
    if " " in term:
        return term in text
    if term != term.lower():
        return term in present
    return term in folded or f"{term}s" in folded
