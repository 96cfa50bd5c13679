"""Sigstore trusted roots: certificate authorities, transparency logs, CT logs and timestamp authorities, each in time.

Source: sigstore protobuf-specs, sigstore_trustroot.proto.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from compliance.verification.certificates import load_certificate
from compliance.verification.keys import Key, UnusableKeyError, key_of, load_der

#: Characters of one trusted root file, and instances of one kind in it.
TEXT_CHARACTERS = 8_000_000
INSTANCES = 256
CHAIN = 16
_MEDIA = re.compile(r"application/vnd\.dev\.sigstore\.trustedroot(\+json;version=0\.1|\.v0\.[12]\+json)")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")

T = TypeVar("T")


class ValidFor(NamedTuple):
    """A closed interval of Unix seconds; None for an open end."""

    start: float
    end: float | None

    def holds(self, seconds: float) -> bool:
        return self.start <= seconds and (self.end is None or seconds <= self.end)


class Log(NamedTuple):
    """A transparency log or CT log. `ids` are all that it may be called by."""

    name: str
    ids: tuple[bytes, ...]
    key: Key
    valid: ValidFor


class Authority(NamedTuple):
    """A certificate authority or timestamp authority: `chain` from the one nearest the leaf to the root."""

    name: str
    chain: tuple[x509.Certificate, ...]
    valid: ValidFor


class Root(NamedTuple):
    """One trusted root. An instance that cannot be read is left out, and `demands_*` still says that there was one."""

    name: str
    authorities: tuple[Authority, ...]
    logs: tuple[Log, ...]
    ct_logs: tuple[Log, ...]
    timestamps: tuple[Authority, ...]
    demands_log: bool
    demands_sct: bool

    def log(self, log_id: bytes) -> Log | None:
        return next((one for one in self.logs if log_id in one.ids), None)


def read_roots(name: str, text: str) -> tuple[list[Root], list[str]]:
    """The trusted roots of a file, one or one a line, and sentences on what of it cannot be used."""
    faults: list[str] = []
    if len(text) > TEXT_CHARACTERS:
        return [], [f"The trusted root {name} is above the cap of {TEXT_CHARACTERS} characters."]
    try:
        found = [_root(name, document, faults) for document in _documents(text)]
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        return [], [f"The trusted root {name} cannot be read: {_said(error)}."]
    return found, faults


def _said(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error).rstrip(".")


def _documents(text: str) -> list[dict[str, object]]:
    try:
        return [_mapping(json.loads(text), "it")]
    except json.JSONDecodeError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or len(lines) > INSTANCES:
            raise
        return [_mapping(json.loads(line), "a line") for line in lines]


def _root(name: str, document: dict[str, object], faults: list[str]) -> Root:
    media = document.get("mediaType")
    if not isinstance(media, str) or not _MEDIA.fullmatch(media):
        raise ValueError("its mediaType is not that of a sigstore trusted root")
    logs = list(_instances(document, "tlogs"))
    ct_logs = list(_instances(document, "ctlogs"))

    def read(instances: list[dict[str, object]], kind: str, reader: Callable[[dict[str, object]], T]) -> tuple[T, ...]:
        found = []
        for place, one in enumerate(instances):
            try:
                found.append(reader(one))
            except (ValueError, TypeError, KeyError, OverflowError) as error:
                faults.append(f"The trusted root {name}, {kind}/{place}, cannot be used: {_said(error)}.")
        return tuple(found)

    return Root(
        name=name,
        authorities=read(list(_instances(document, "certificateAuthorities")), "certificateAuthorities", _authority),
        logs=read(logs, "tlogs", _log),
        ct_logs=read(ct_logs, "ctlogs", _log),
        timestamps=read(list(_instances(document, "timestampAuthorities")), "timestampAuthorities", _authority),
        demands_log=bool(logs),
        demands_sct=bool(ct_logs),
    )


def _instances(document: dict[str, object], kind: str) -> Iterator[dict[str, object]]:
    found = document.get(kind, [])
    if not isinstance(found, list) or len(found) > INSTANCES:
        raise ValueError(f"{kind} is not a list of at most {INSTANCES}")
    return (_mapping(one, kind) for one in found)


def _log(one: dict[str, object]) -> Log:
    public = _mapping(one["publicKey"], "publicKey")
    raw = _bytes(public["rawBytes"])
    ids = tuple(
        _bytes(_mapping(one[field], field)["keyId"])
        for field in ("logId", "checkpointKeyId")
        if one.get(field) is not None
    )
    if not ids or any(len(each) < 4 for each in ids):
        raise ValueError("it has no log id")
    return Log(_text(one.get("baseUrl", "")), ids, load_der(raw), _valid_for(public))


def _authority(one: dict[str, object]) -> Authority:
    certificates = _mapping(one["certChain"], "certChain")["certificates"]
    if not isinstance(certificates, list) or not 0 < len(certificates) <= CHAIN:
        raise ValueError(f"certChain holds not 1 to {CHAIN} certificates")
    chain = tuple(load_certificate(_bytes(_mapping(each, "certificates")["rawBytes"])) for each in certificates)
    for certificate in chain:
        try:
            key_of(certificate.public_key())
        except (UnusableKeyError, UnsupportedAlgorithm) as error:
            raise ValueError(f"a certificate cannot be used: {error}") from error
    return Authority(_text(one.get("uri", "")), chain, _valid_for(one))


def _valid_for(one: dict[str, object]) -> ValidFor:
    """The interval; its start is required, for a missing bound must not trust for ever."""
    valid = _mapping(one.get("validFor") or {}, "validFor")
    if not valid.get("start"):
        raise ValueError("validFor has no start")
    end = valid.get("end")
    return ValidFor(seconds_of(_text(valid["start"])), None if end is None else seconds_of(_text(end)))


def seconds_of(text: str) -> float:
    """Unix seconds of an RFC 3339 time. Raises ValueError."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no time")
    base, fraction, zone = found.groups()
    offset = "+00:00" if zone == "Z" else zone
    whole = datetime.fromisoformat(base + offset).astimezone(UTC)
    return int(whole.timestamp()) + float(f"0{fraction}" if fraction else 0)


def _mapping(value: object, called: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{called} is not an object")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is missing")
    return value


def _bytes(value: object) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=True)
    except binascii.Error as error:
        raise ValueError("a value is not base64") from error
