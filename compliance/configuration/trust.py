"""The keys `trust` and `remediation` of compliance.yaml in, their records out; the files they name are read here."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compliance.documents import Document, nearest
from compliance.model.configuration import (
    DeclaredSource,
    Regime,
    Remediation,
    TrustedBuilder,
    TrustedIdentity,
    TrustedKey,
    TrustedRoot,
    TrustPolicy,
)

#: The largest file of a public key, and of a trusted root: real ones have 1 kB and 10 kB.
MAX_KEY, MAX_ROOT = 64 * 1024, 4 * 1024 * 1024
#: How the PEM text of a public key begins. Source: RFC 7468, sections 5 and 13; RFC 8017, appendix A.1.1.
_PUBLIC = ("-----BEGIN PUBLIC KEY-----", "-----BEGIN RSA PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----")
_PRIVATE = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")
_ROOT_TYPE = "application/vnd.dev.sigstore.trustedroot"
#: A group with a quantifier in it that is itself repeated: such a pattern can take for ever on a crafted subject.
_NESTED = re.compile(r"\((?:[^()\\]|\\.)*(?:[+*]|\{\d*,\d*\})(?:[^()\\]|\\.)*\)(?:[+*]|\{)")

Place = list[str | int]


def trust_of(document: Document) -> TrustPolicy:
    """Whom the configuration trusts; nobody where it does not say.

    Raises:
        UsageError: a file is missing, too large or no PEM or trusted root, or a pattern cannot be used.
    """
    data = document.data.get("trust", {})
    names = [key["name"] for key in data.get("keys", ())]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise document.error(f"two keys are named {name}; give each its own name", ["trust", "keys", number])
    return TrustPolicy(
        keys=tuple(_key(document, number, key) for number, key in enumerate(data.get("keys", ()))),
        identities=tuple(_identity(document, number, one) for number, one in enumerate(data.get("identities", ()))),
        trusted_roots=tuple(_root(document, number, name) for number, name in enumerate(data.get("trusted_roots", ()))),
        builders=tuple(TrustedBuilder(**one) for one in data.get("builders", ())),
        sources=tuple(DeclaredSource(**one) for one in data.get("sources", ())),
        vex_authors=tuple(data.get("vex_authors", ())),
        threshold=data.get("threshold", 1),
    )


def remediation_of(document: Document) -> Remediation:
    """The regime of deadlines.

    Raises:
        UsageError: the regime lacks what it rests on, or has days of its own although it sets them itself.
    """
    data = document.data.get("remediation")
    if not data:
        return Remediation()
    regime = Regime(data["regime"])
    days = data.get("days", {})
    if regime is Regime.OWN and not days:
        raise document.error("the regime own needs days: a number for each severity", ["remediation"])
    if regime is not Regime.OWN and days:
        raise document.error(f"the regime {regime.value} sets the days itself; leave days out", ["remediation", "days"])
    if regime is Regime.FEDRAMP_VDR and not document.data.get("system", {}).get("class"):
        raise document.error("the regime fedramp-vdr needs system.class: A, B, C or D", ["remediation", "regime"])
    return Remediation(regime=regime, days=dict(days))


def _key(document: Document, number: int, key: dict[str, Any]) -> TrustedKey:
    place: Place = ["trust", "keys", number, "file"]
    text = _text(document, key["file"], MAX_KEY, place)
    if _PRIVATE.search(text):
        raise document.error(f"{key['file']} holds a private key; name the public one, and replace this one", place)
    if not any(begin in text for begin in _PUBLIC):
        raise document.error(f"{key['file']} is no public key in PEM ({_PUBLIC[0]})", place)
    return TrustedKey(name=key["name"], pem=text)


def _root(document: Document, number: int, name: str) -> TrustedRoot:
    place: Place = ["trust", "trusted_roots", number]
    text = _text(document, name, MAX_ROOT, place)
    try:
        kind = json.loads(text).get("mediaType", "")
    except (ValueError, AttributeError, RecursionError) as error:
        raise document.error(f"{name} is no trusted_root.json: it is not JSON of that shape", place) from error
    if not isinstance(kind, str) or not kind.startswith(_ROOT_TYPE):
        raise document.error(f"{name} is no trusted_root.json: its mediaType does not begin with {_ROOT_TYPE}", place)
    return TrustedRoot(name=Path(name).name, sha256=hashlib.sha256(text.encode()).hexdigest(), data=text)


def _text(document: Document, name: str, largest: int, place: Sequence[str | int]) -> str:
    """The text of a file beside the configuration, at most `largest` bytes."""
    path = document.path.parent / name
    try:
        if not path.is_file():
            near = nearest(path.name, (each.name for each in path.parent.iterdir())) if path.parent.is_dir() else ""
            raise document.error(f"{name} is no file. {near}".rstrip(), place)
        with path.open("rb") as file:
            data = file.read(largest + 1)
        text = data.decode("utf-8")
    except OSError as error:
        raise document.error(f"{name} cannot be read: {error.strerror}", place) from error
    except UnicodeDecodeError as error:
        raise document.error(f"{name} is no text (byte {error.start})", place) from error
    if len(data) > largest:
        raise document.error(f"{name} is larger than {largest:,} bytes, more than such a file can have", place)
    return text


def _identity(document: Document, number: int, one: dict[str, str]) -> TrustedIdentity:
    place: Place = ["trust", "identities", number, "subject_pattern"]
    if "subject" in one and "subject_pattern" in one:
        raise document.error("give subject or subject_pattern, not both", place)
    pattern = one.get("subject_pattern", "")
    if pattern:
        _check_pattern(document, pattern, place)
    return TrustedIdentity(issuer=one["issuer"], subject=one.get("subject", ""), subject_pattern=pattern)


def _check_pattern(document: Document, pattern: str, place: Place) -> None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise document.error(f"{pattern!r} is no regular expression: {error}", place) from error
    if _NESTED.search(pattern):
        raise document.error(
            f"{pattern!r} repeats a group that repeats itself, which may never end; write it flat", place
        )
    if re.fullmatch(pattern, "") is not None or re.fullmatch(pattern, "https://anybody.invalid/at\\all"):
        raise document.error(f"{pattern!r} matches anybody; name whom you trust", place)
