"""The API server's command lines and structured configurations in; its authorizers and its rule on anonymous users out.

Source: Kubernetes, "Authorization" and "Authenticating": --authorization-config takes the place of
--authorization-mode, and `anonymous` in the file of --authentication-config that of --anonymous-auth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from compliance.model import flag_values
from compliance.model.check import Verdict, listed
from compliance.model.configuration_files import documents_of, not_handed_in
from compliance.model.evidence import At
from compliance.model.flags import (
    Answer,
    Option,
    answer,
    boolean,
    held,
    judged_sources,
    option,
    refused,
    shown,
    unknown,
)
from compliance.model.host import CommandLine, Settings
from compliance.model.hosts import ApiServer, Hosts
from compliance.model.outcome import Outcome

AUTHORIZATION = "AuthorizationConfiguration"
AUTHENTICATION = "AuthenticationConfiguration"
#: Paths that probes ask without signing in. Source: Kubernetes, "Kubernetes API health endpoints".
HEALTH_PATHS = ("/livez", "/readyz", "/healthz")

#: What --authorization-mode takes; with any other word kube-apiserver refuses to start.
#: Source: kubernetes v1.34, pkg/kubeapiserver/authorizer/modes/modes.go.
_MODES = frozenset(("AlwaysAllow", "AlwaysDeny", "ABAC", "Webhook", "RBAC", "Node"))

#: Whether a list of authorizers is as asked.
Asked = Callable[[Sequence[str]], bool]


def authorizers_are(server: ApiServer, hosts: Hosts, asked: Asked) -> Verdict:
    """Whether the authorizers of each source are as asked."""
    return judged_sources(server.lines, lambda line: _authorizers(line, server, hosts, asked))


def _authorizers(line: CommandLine, server: ApiServer, hosts: Hosts, asked: Asked) -> list[Answer]:
    mode, config = option(line, "authorization-mode"), option(line, "authorization-config")
    if config.present:
        return _in_file(config, mode, server, hosts, asked)
    if not mode.present and (mode.unknown or config.unknown):
        return [unknown(mode)]
    if mode.part_unknown:
        told = f"the authorizers of --authorization-mode cannot be known: {mode.part_unknown}"
        return [answer(line, Outcome.NOT_CHECKED, told, mode.every)]
    words = mode.words()
    if words is None:
        return [refused(mode, "a list of authorizers")]
    if not _MODES.issuperset(words):
        return [refused(mode, "a list of authorizers")]
    if not mode.present:
        return [answer(line, held(asked(("AlwaysAllow",))), "--authorization-mode is not set (default: AlwaysAllow)")]
    return [answer(line, held(asked(words)), f"--authorization-mode is {shown(','.join(words))}", mode.every)]


def _in_file(config: Option, mode: Option, server: ApiServer, hosts: Hosts, asked: Asked) -> list[Answer]:
    if mode.present:
        words = "--authorization-config and --authorization-mode are both given: kube-apiserver refuses to start"
        return [answer(config.line, Outcome.NOT_CHECKED, words, (*config.at, *mode.at))]
    if config.unknown:
        return [unknown(config)]
    documents = documents_of(config, server.host, hosts, AUTHORIZATION)
    if not documents:
        return [not_handed_in(config, "the list of authorizers")]
    return [_of_document(document, asked) for document in documents]


def _of_document(document: Settings, asked: Asked) -> Answer:
    types = [
        (str(document.values.get(f"/authorizers/{number}/type")), f"/authorizers/{number}/type")
        for number in document.keys("/authorizers")
    ]
    names = tuple(name for name, _ in types)
    places = tuple(document.place(pointer) for _, pointer in types) or (document.place("/authorizers"),)
    words = f"the authorizers of {document.kind} are {shown(listed(names)) if names else 'none'}"
    return answer(document, held(bool(names) and asked(names)), words, places)


def anonymous_are_refused(server: ApiServer, hosts: Hosts) -> Verdict:
    """Whether each source refuses anonymous requests, save for health endpoints."""
    return judged_sources(server.lines, lambda line: _anonymous(line, server, hosts))


def _anonymous(line: CommandLine, server: ApiServer, hosts: Hosts) -> list[Answer]:
    flag, config = option(line, "anonymous-auth"), option(line, "authentication-config")
    by_flag = boolean(line, "anonymous-auth", wanted=False, default=True)
    if not config.present or flag_values.truth(flag.text or "") is not None:
        return [by_flag]  # a file that speaks of anonymous users beside the option is refused: the option decides
    if config.unknown:
        return [unknown(config)]
    documents = documents_of(config, server.host, hosts, AUTHENTICATION)
    if not documents:
        return [not_handed_in(config, "whether anonymous requests are let in")]
    return [_of_anonymous(document) or by_flag for document in documents]


def _of_anonymous(document: Settings) -> Answer | None:
    """What a document says of anonymous users; None when it leaves that to the option."""
    if not document.has("/anonymous") or document.values.get("/anonymous", "") is None:
        return None
    enabled = document.values.get("/anonymous/enabled", False)
    at = (document.place("/anonymous/enabled"),)
    if enabled is False or enabled is None:
        return answer(document, Outcome.PASS, f"{document.kind} lets no anonymous request in", at)
    if enabled is not True:
        words = f"anonymous.enabled of {document.kind} is {shown(str(enabled))}, which is no truth value"
        return answer(document, Outcome.NOT_CHECKED, words, at)
    paths = [
        (str(document.values.get(f"/anonymous/conditions/{number}/path")), f"/anonymous/conditions/{number}/path")
        for number in document.keys("/anonymous/conditions")
    ]
    if not paths:
        return answer(document, Outcome.FAIL, f"{document.kind} lets anonymous requests in on every path", at)
    wide = [pair for pair in paths if not _is_health(pair[0])]
    told = shown(listed(path for path, _ in wide or paths))
    which = "paths other than health endpoints" if wide else "health endpoints only"
    words = f"{document.kind} lets anonymous requests in on {which}: {told}"
    return answer(document, held(not wide), words, _places(document, wide or paths))


def _is_health(path: str) -> bool:
    return any(path == health or path.startswith(f"{health}/") for health in HEALTH_PATHS)


def _places(document: Settings, pairs: Iterable[tuple[str, str]]) -> tuple[At, ...]:
    return tuple(document.place(pointer) for _, pointer in pairs)
