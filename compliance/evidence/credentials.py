"""Recognises credentials so that none leaves the reader: values are judged and dropped, lines are redacted."""

from __future__ import annotations

import re

REDACTED = "<redacted>"

#: Shapes of well-known credentials. The words say what was seen, never the value.
SHAPES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----", "it holds a private key"),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", "it looks like an AWS access key"),
        (r'"type"\s*:\s*"service_account"', "it looks like a Google service account key"),
        (r"\bAIza[0-9A-Za-z_-]{35}", "it looks like a Google API key"),
        (r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}", "it looks like a GitHub token"),
        (r"\bglpat-[A-Za-z0-9_-]{16,}", "it looks like a GitLab token"),
        (r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}", "it looks like a Slack token"),
        (r"https://hooks\.slack\.com/services/\S{20,}", "it looks like a Slack webhook"),
        (r"\b[sr]k_live_[A-Za-z0-9]{16,}", "it looks like a Stripe key"),
        (r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", "it looks like a SendGrid key"),
        (r"\bnpm_[A-Za-z0-9]{30,}", "it looks like an npm token"),
        (r"\bhvs\.[A-Za-z0-9_-]{20,}", "it looks like a Vault token"),
        (r"\bSWM(?:TKN|KEY)-1-[A-Za-z0-9+/-]{20,}", "it looks like a swarm's join token or unlock key"),
        # Only where a run of these characters begins: a search at each of its hyphens takes the square of its length.
        (r"(?<![\w-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", "it looks like a JSON web token"),
        (
            r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s/:@\"'<>${}]{0,100}:(?!\$|<|\*+@|xxx)[^\s/@\"'<>]{1,200}@",
            "it is a URL with a password in it",
        ),
        (r"(?i)\b(?:bearer|basic)\s+(?=[A-Z._~+/=-]*[0-9])[A-Z0-9._~+/=-]{12,}", "it holds an Authorization header"),
        (r"(?i)\b(?:password|passwd|pwd)=(?![$<*{%\"']|\s|$)[^\s;&,\"']{3,}", "it holds a password"),
        (r"(?i)\bAccountKey=[A-Za-z0-9+/]{40,}={0,2}", "it looks like an Azure storage key"),
    )
)
_HINT = re.compile(
    r"(?:^|[_.\-])(?:PASS|PASSWD|PASSWORD|PASSPHRASE|PWD|SECRET|SECRETS|TOKEN|CREDENTIAL|CREDENTIALS|APIKEY|ACCESSKEY|PRIVATEKEY|SECRETKEY)"
    r"(?:$|[_.\-]?\d*$)|(?:API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION|MASTER|AUTH|SSH|ACCOUNT|STORAGE|SHARED)[_.\-]?KEY(?:[_.\-]?ID)?$"
    r"|(?:PASSWORD|PASSWD|SECRET|TOKEN|APIKEY)$",
    re.IGNORECASE,
)
#: Names that speak of a credential without being one.
_HARMLESS_NAME = re.compile(
    r"(?:FILE|PATH|DIR|DIRECTORY|NAME|URL|URI|HOST|PORT|ENABLED|REQUIRED|LENGTH|TTL|TIMEOUT|EXPIRY|EXPIRATION|ALGORITHM|POLICY|TYPE"
    r"|FORMAT|VERSION|REF|MOUNT|ISSUER|AUDIENCE|HEADER|FIELD|PUBLIC_?KEY)$",
    re.IGNORECASE,
)
#: Values that are no credential: references, paths, switches, numbers, durations, placeholders.
_HARMLESS_VALUE = re.compile(
    r"\$\(.*\)|\$\{.*\}|\$\w+|\{\{.*\}\}|<.*>|\.{0,2}/[\w./@:-]*|file:.*|env:.*|vault:.*|secret:.*|arn:aws:\S+"
    r"|(?i:true|false|yes|no|on|off|none|null|nil|enabled|disabled|changeit\?|\*+|x{3,})|[-+]?\d{1,5}(?:\.\d+)?(?:ms|s|m|h|d)?",
    re.DOTALL,
)
_FLAG = re.compile(r"--?([A-Za-z][\w.-]*)(?:=(.*))?", re.DOTALL)
# Of a longer name the end is taken: an unbounded one makes the search quadratic in the length of the text.
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_][\w.-]{0,63})=(?P<value>(?:\"[^\"]*\"|'[^']*'|[^\s;&|]+))")
#: How much of a long value is looked at.
_LOOKED_AT = 64 * 1024


def suspicion(name: str, value: str) -> str | None:
    """Why a literal looks like a credential, in words without the value; None when it does not."""
    if not value:
        return None
    text = value[:_LOOKED_AT]
    if len(text) > 5:
        for pattern, words in SHAPES:
            if pattern.search(text):
                return words
    if _HINT.search(name) and not _HARMLESS_NAME.search(name) and not _HARMLESS_VALUE.fullmatch(text.strip()):
        return "its name speaks of a credential and its value is a literal"
    return None


def redact_arguments(arguments: list[str] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Arguments with credentials replaced, and why each was; a value after `--password` counts as well."""
    shown: list[str] = []
    why: list[str] = []
    pending = ""
    for argument in arguments or ():
        text, reason = _redact_argument(argument, pending)
        shown.append(text)
        if reason:
            why.append(reason)
        flag = _FLAG.fullmatch(argument)
        pending = flag[1] if flag and flag[2] is None else ""
    return tuple(shown), tuple(why)


def _redact_argument(argument: str, pending: str) -> tuple[str, str | None]:
    if _HINT.search(pending) and not argument.startswith("-") and suspicion(pending, argument):
        return REDACTED, f"the value after --{pending} looks like a credential"
    flag = _FLAG.fullmatch(argument)
    if flag and flag[2] and (reason := suspicion(flag[1], flag[2])):
        return f"{argument[: flag.start(2)]}{REDACTED}", f"--{flag[1]}: {reason}"
    if "=" in argument or "://" in argument or len(argument) > 15:
        return _redact_text(argument)
    return argument, None


def _redact_text(text: str) -> tuple[str, str | None]:
    """A longer text, a shell script perhaps, with assignments and shapes of credentials replaced."""
    if len(text) > _LOOKED_AT:
        text = text[:_LOOKED_AT]
    reason: str | None = None

    def replace(found: re.Match[str]) -> str:
        nonlocal reason
        if REDACTED in found[0] or not (why := suspicion(found["name"], found["value"].strip("\"'"))):
            return found[0]
        reason = reason or f"{found['name']}: {why}"
        return f"{found['name']}={REDACTED}"

    text = _ASSIGNMENT.sub(replace, text)
    for pattern, words in SHAPES:
        if pattern.search(text):
            reason = reason or words
            text = REDACTED if "PRIVATE KEY" in pattern.pattern else pattern.sub(REDACTED, text)
    return text, reason


_PLACEHOLDER = re.compile(r"<[^>]*>|\*+|(?i:redacted|removed|omitted|x{3,})")
#: A line of a settings file: `name: value`, `name = value` or `"name": "value"`.
_SETTING = re.compile(
    r"^[ \t]*(?:export[ \t]+|-[ \t]+)?[\"']?(?P<name>[A-Za-z_][\w.-]*)[\"']?"
    r"[ \t]*[:=][ \t]*(?P<value>[^\s#].*)$",
    re.MULTILINE,
)


def is_placeholder(value: str) -> bool:
    """Whether a value only says that another one was taken out."""
    return _PLACEHOLDER.fullmatch(value.strip()) is not None


def is_harmless(value: str) -> bool:
    """Whether a value is a reference, a path, a switch, a number or a placeholder: no credential under any name."""
    return _HARMLESS_VALUE.fullmatch(value) is not None


def text_suspicion(name: str, text: str) -> str | None:
    """Why a ConfigMap's value looks like it holds a credential, in words without the value; None when it does not."""
    if reason := suspicion(name, text):
        return reason
    for found in _SETTING.finditer(text[:_LOOKED_AT]):
        value = found["value"].rstrip(" \t,;").strip("\"'")
        if value and _HINT.search(found["name"]) and suspicion(found["name"], value):
            return f"{found['name']} in it is a literal, and its name speaks of a credential"
    return None
