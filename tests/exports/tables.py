"""The rows from which the assessment of the exporters' tests is made."""

from __future__ import annotations

from compliance.model.catalog import (
    EvidenceKind,
)
from compliance.model.check import Effort
from compliance.model.outcome import Outcome

AS_OF = "2026-11-21T09:30:00Z"
NAMESPACES = ("payments", "storefront", "platform-observability", "kube-system")
KINDS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob")
NAMES = ("checkout-api", "ledger", "支払い-gateway", "search", "mail-relay", "库存", "session-cache", "nightly-report")


#: id, title, family, severity, effort, fix, outcomes in turn over the subjects (p, f, n, c, e).
CHECKS = (
    (
        "pod-privileged",
        "No container runs privileged",
        "pods",
        "critical",
        "setting",
        "Set privileged: false",
        "pppppfpp",
    ),
    ("pod-host-pid", "No pod shares the host's process ids", "pods", "high", "setting", "Remove hostPID", "p"),
    ("pod-host-network", "No pod shares the host's network", "pods", "high", "workload", "Remove hostNetwork", "pppf"),
    (
        "pod-non-root",
        "Every container runs as non-root",
        "pods",
        "high",
        "workload",
        "Set runAsNonRoot",
        "pf",
    ),
    ("pod-read-only-root", "The root filesystem is read-only", "pods", "medium", "workload", "Mount a volume", "ppf"),
    ("pod-net-raw", "NET_RAW is dropped", "pods", "medium", "setting", "Drop ALL", "ppppn"),
    ("pod-seccomp-set", "A seccomp profile is set", "pods", "medium", "setting", "Set RuntimeDefault", "pppppppppn"),
    ("pod-apparmor-set", "An AppArmor profile is set", "pods", "medium", "setting", "Set RuntimeDefault", "pc"),
    ("pod-image-digest", "Images are pinned by digest", "pods", "medium", "setting", "Name the digest", "fp"),
    ("pod-memory-limit", "Every container has a memory limit", "pods", "low", "setting", "Set limits.memory", "p"),
    ("pod-host-process", "No Windows HostProcess container", "pods", "high", "setting", "Remove hostProcess", "n"),
    ("pod-spread", "Replicas are spread over nodes", "pods", "low", "workload", "Add a spread constraint", "pppe"),
    ("pod-token-mount", "The API token is not mounted", "pods", "medium", "setting", "Set automount to false", "cp"),
)
CLUSTER_CHECKS = (
    ("namespace-network-policy", "Each namespace has a network policy", "cluster", "high", "platform", "Add one", "pf"),
    ("rbac-wildcard", "No role grants everything", "cluster", "high", "platform", "Name verbs and resources", "p"),
    ("cluster-network-plugin", "The network plugin enforces policies", "cluster", "high", "platform", "Use one", "c"),
)
IMAGE_CHECKS = (
    ("image-user", "The image runs as an ordinary user", "images", "high", "workload", "Set USER to a number", "pfc"),
    ("image-shell", "The image holds no shell", "images", "medium", "workload", "Build on a smaller base", "cfp"),
)
LETTERS = {
    "p": Outcome.PASS,
    "f": Outcome.FAIL,
    "n": Outcome.NOT_APPLICABLE,
    "c": Outcome.NOT_CHECKED,
    "e": Outcome.ERROR,
}
EFFORTS = {"setting": Effort.SETTING, "workload": Effort.WORKLOAD, "platform": Effort.PLATFORM}

#: Section, control, title, how judged, rows (`check` sufficient, `check~` partial), and what else decides.
KUBERNETES = (
    ("5.1", "5.1.1", "Use of the widest role is rare", "automated", "", "no-evidence"),
    ("5.1", "5.1.3", "Roles avoid wildcards", "automated", "rbac-wildcard", ""),
    ("5.1", "5.1.6", "Tokens are mounted where needed", "automated", "pod-token-mount", ""),
    ("5.1", "5.1.7", "No use of the masters group", "automated", "", "no-evidence"),
    ("5.2", "5.2.2", "Privileged containers are kept out", "automated", "pod-privileged", ""),
    ("5.2", "5.2.3", "Host process ids are not shared", "automated", "pod-host-pid", ""),
    ("5.2", "5.2.5", "Host network is not shared", "automated", "pod-host-network", ""),
    ("5.2", "5.2.7", "Root containers are kept out", "automated", "pod-non-root", ""),
    ("5.2", "5.2.8", "NET_RAW is kept out", "automated", "pod-net-raw", ""),
    ("5.2", "5.2.10", "Windows HostProcess containers are kept out", "automated", "pod-host-process", ""),
    ("5.3", "5.3.1", "The network plugin supports policies", "assisted", "cluster-network-plugin", ""),
    ("5.3", "5.3.2", "Every namespace has policies", "automated", "namespace-network-policy", ""),
    ("5.6", "5.6.1", "Namespaces separate resources", "person", "", "person"),
    ("5.6", "5.6.2", "Seccomp is set", "automated", "pod-seccomp-set", ""),
    ("5.6", "5.6.3", "Security contexts are applied", "assisted", "pod-read-only-root pod-non-root", ""),
)
CONTAINER_GUIDE = (
    ("4.1", "4.1.1", "Image vulnerabilities", "automated", "", "no-evidence"),
    ("4.1", "4.1.2", "Image configuration defects", "automated", "image-user image-shell", ""),
    ("4.1", "4.1.5", "Use of untrusted images", "assisted", "pod-image-digest~", ""),
    ("4.4", "4.4.2", "Unbounded network access", "assisted", "namespace-network-policy~", ""),
    ("4.4", "4.4.3", "Insecure runtime configuration", "automated", "pod-privileged pod-host-pid", ""),
    ("4.4", "4.4.4", "App vulnerabilities", "assisted", "pod-seccomp-set~ pod-apparmor-set~", ""),
    ("4.5", "4.5.1", "Large attack surface of the host", "person", "", "person"),
    ("4.5", "4.5.5", "Host file system tampering", "automated", "pod-memory-limit", ""),
)
MODERATE = (
    ("AC", "ac-2", "Account Management", "person", "", "person"),
    ("AC", "ac-3", "Access Enforcement", "assisted", "rbac-wildcard~", ""),
    ("AC", "ac-4", "Information Flow Enforcement", "assisted", "namespace-network-policy~", ""),
    ("AC", "ac-6", "Least Privilege", "assisted", "pod-privileged~ pod-non-root~ rbac-wildcard~", ""),
    ("AC", "ac-6.1", "Authorize Access to Security Functions", "assisted", "pod-host-pid~", ""),
    ("AU", "au-2", "Event Logging", "assisted", "", "no-evidence"),
    ("CM", "cm-2", "Baseline Configuration", "person", "", "review"),
    ("CM", "cm-6", "Configuration Settings", "assisted", "pod-seccomp-set~ pod-memory-limit~", ""),
    ("CM", "cm-7", "Least Functionality", "assisted", "pod-memory-limit~", "review"),
    ("CM", "cm-8", "System Component Inventory", "assisted", "", "stale"),
    ("PE", "pe-3", "Physical Access Control", "person", "", "inherited"),
    ("PE", "pe-6", "Monitoring Physical Access", "person", "", "inherited"),
    ("RA", "ra-5", "Vulnerability Monitoring and Scanning", "automated", "", "no-evidence"),
    ("SC", "sc-5", "Denial-of-service Protection", "assisted", "pod-spread", ""),
    ("SC", "sc-7", "Boundary Protection", "assisted", "namespace-network-policy~ pod-host-network~", ""),
    ("SC", "sc-39", "Process Isolation", "automated", "pod-host-pid pod-host-process", ""),
    ("SI", "si-2", "Flaw Remediation", "assisted", "", "unreadable"),
    ("SI", "si-7", "Software, Firmware, and Information Integrity", "assisted", "pod-image-digest~", ""),
)
FRAMEWORKS = (
    ("cis-kubernetes", "2.0.1", "CIS Kubernetes Benchmark", "Center for Internet Security", KUBERNETES),
    ("nist-800-190", "2017", "Application Container Security Guide", "NIST", CONTAINER_GUIDE),
    ("fedramp-moderate", "rev5", "FedRAMP Rev. 5 Moderate baseline", "FedRAMP", MODERATE),
)
SECTION_TITLES = {
    "5.1": "Roles and service accounts",
    "5.2": "Pod security",
    "5.3": "Network policies",
    "5.6": "General policies",
    "4.1": "Image risks",
    "4.4": "Container risks",
    "4.5": "Host risks",
    "AC": "Access Control",
    "AU": "Audit and Accountability",
    "CM": "Configuration Management",
    "PE": "Physical and Environmental Protection",
    "RA": "Risk Assessment",
    "SC": "System and Communications Protection",
    "SI": "System and Information Integrity",
}
EVIDENCE_KINDS = (
    EvidenceKind(
        id="kubernetes-objects",
        title="Kubernetes objects",
        from_whom="platform team",
        command="kubectl get all -A -o json",
        supported=True,
    ),
    EvidenceKind(
        id="image-filesystem",
        title="Container images with their layers",
        from_whom="whoever builds the images",
        command="skopeo copy docker://IMAGE oci:images:NAME",
        supported=True,
    ),
    EvidenceKind(
        id="image-scan",
        title="Vulnerability scan of each image",
        from_whom="security team",
        command="trivy image --format json IMAGE",
        supported=False,
    ),
    EvidenceKind(
        id="audit-policy",
        title="Audit policy of the API server",
        from_whom="platform team",
        command="cat /etc/kubernetes/audit.yaml",
        supported=False,
    ),
)
