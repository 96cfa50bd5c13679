"""API servers and their authentication configuration in, the identity providers that they ask out."""

from __future__ import annotations

from compliance.model.authorizers import AUTHENTICATION
from compliance.model.check import Verdict
from compliance.model.configuration_files import documents_of, not_handed_in
from compliance.model.faults import counted
from compliance.model.flags import Answer, answer, judged_sources, option, unknown
from compliance.model.host import CommandLine, Settings
from compliance.model.hosts import ApiServer, Hosts
from compliance.model.outcome import Outcome

#: Options that name a provider. Source: Kubernetes, "Authenticating".
_OPTIONS = ("oidc-issuer-url", "authentication-token-webhook-config-file")
_NONE = "no identity provider is configured: people can only sign in with client certificates or tokens of the cluster"


def has_identity_provider(server: ApiServer, hosts: Hosts) -> Verdict:
    """Whether each source names a provider."""
    return judged_sources(server.lines, lambda line: _of_line(line, server, hosts))


def _of_line(line: CommandLine, server: ApiServer, hosts: Hosts) -> list[Answer]:
    given = [found for name in _OPTIONS if (found := option(line, name)).text]
    if given:
        return [answer(line, Outcome.PASS, given[0].told(), given[0].at)]
    config = option(line, "authentication-config")
    for found in (*(option(line, name) for name in _OPTIONS), config):
        if found.unknown:
            return [unknown(found)]
    if not config.text:
        return [answer(line, Outcome.FAIL, _NONE)]
    documents = documents_of(config, server.host, hosts, AUTHENTICATION)
    if not documents:
        return [not_handed_in(config, "which identity providers are asked")]
    return [_of_document(document) for document in documents]


def _of_document(document: Settings) -> Answer:
    issuers = document.keys("/jwt")
    at = (document.place("/jwt"),)
    if not issuers:
        return answer(document, Outcome.FAIL, _NONE, at)
    return answer(document, Outcome.PASS, f"{document.kind} names {counted(len(issuers), 'JWT issuer')}", at)
