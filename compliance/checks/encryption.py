"""API servers and their encryption configurations in, verdicts out on how Secrets are stored."""

from __future__ import annotations

from collections.abc import Callable

from compliance.model.check import Effort, Verdict, check
from compliance.model.configuration_files import documents_of, not_handed_in
from compliance.model.encryption_config import PROVIDERS, Writer, writer_of_secrets
from compliance.model.flags import Answer, answer, held, is_set, judged_lines, judged_sources, option, shown, unknown
from compliance.model.host import CommandLine, Settings
from compliance.model.hosts import ApiServer, Hosts
from compliance.model.outcome import Outcome, Severity

#: Source: CIS Kubernetes Benchmark 2.0.1, 1.2.28.
_STRONG = ("aescbc", "kms", "secretbox")


@check(
    id="apiserver-encryption-config",
    title="The API server has a configuration for encryption at rest",
    severity=Severity.HIGH,
    effort=Effort.PLATFORM,
    fix="Set --encryption-provider-config to a file with a provider for secrets.",
)
def apiserver_encryption_config(server: ApiServer) -> Verdict:
    """--encryption-provider-config is set; absent means that Secrets are stored as they are.

    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.27; DISA Kubernetes STIG V2R6, V-274882.
    """
    return judged_lines(server.lines, lambda line: is_set(line, "encryption-provider-config"))


@check(
    id="encryption-strong-provider",
    title="New Secrets are encrypted by a strong provider",
    severity=Severity.HIGH,
    effort=Effort.PLATFORM,
    fix="Put kms, secretbox or aescbc first among the providers for secrets, and write all Secrets anew.",
)
def encryption_strong_provider(server: ApiServer, hosts: Hosts) -> Verdict:
    """The first provider for secrets is kms, secretbox or aescbc; identity and aesgcm fail.

    What was stored before is not seen. A configuration that is named and not handed in leaves the question open.
    Source: CIS Kubernetes Benchmark 2.0.1, 1.2.28.
    """
    return _judged(server, hosts, lambda provider: provider in _STRONG)


@check(
    id="encryption-secrets-not-identity",
    title="New Secrets are not stored as they are",
    severity=Severity.HIGH,
    effort=Effort.PLATFORM,
    fix="Put a provider that encrypts before identity in the entry for secrets, and write all Secrets anew.",
)
def encryption_secrets_not_identity(server: ApiServer, hosts: Hosts) -> Verdict:
    """The encryption configuration covers secrets, and the first provider is not identity.

    Source: DISA Kubernetes STIG V2R6, V-274882.
    """
    return _judged(server, hosts, lambda provider: provider != "identity")


def _judged(server: ApiServer, hosts: Hosts, good: Callable[[str], bool]) -> Verdict:
    return judged_sources(server.lines, lambda line: _of_line(line, server, hosts, good))


def _of_line(line: CommandLine, server: ApiServer, hosts: Hosts, good: Callable[[str], bool]) -> list[Answer]:
    found = option(line, "encryption-provider-config")
    if found.unknown:
        return [unknown(found)]
    if not found.text:
        return [answer(line, Outcome.FAIL, f"{found.told()}: Secrets are stored as they are", found.at)]
    documents = documents_of(found, server.host, hosts, "EncryptionConfiguration")
    if not documents:
        return [not_handed_in(found, "how Secrets are encrypted")]
    return [_of_document(document, good) for document in documents]


def _of_document(document: Settings, good: Callable[[str], bool]) -> Answer:
    found = writer_of_secrets(document)
    if not isinstance(found, Writer):
        return answer(document, Outcome.FAIL, found, (document.place("/resources"),))
    at = (document.place(found.at),)
    if found.provider not in PROVIDERS:
        words = f"the first provider for secrets is {shown(found.provider)}, which kube-apiserver does not know"
        return answer(document, Outcome.NOT_CHECKED, words, at)
    more = f", and {shown(', '.join(found.others))} only read" if found.others else ""
    covers = "" if found.word == "secrets" else f" (covered by {found.word})"
    return answer(document, held(good(found.provider)), f"{found.provider} writes secrets{covers}{more}", at)
