"""The configured trust, read once: keys, trusted roots, identities."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from compliance.model.configuration import TrustedIdentity, TrustPolicy
from compliance.verification import patterns
from compliance.verification.keys import Key, load_pem
from compliance.verification.trusted_root import Root, read_roots


class NamedKey(NamedTuple):
    name: str
    key: Key


class Anchors(NamedTuple):
    """What signatures are judged by. `hints` leads from what a signature may call a key to its place in `keys`.

    `faults` are sentences on what of the configuration cannot be used.
    """

    keys: tuple[NamedKey, ...]
    hints: dict[str, int]
    roots: tuple[Root, ...]
    identities: tuple[TrustedIdentity, ...]
    threshold: int
    faults: tuple[str, ...]


@lru_cache(maxsize=16)
def anchors(trust: TrustPolicy) -> Anchors:
    """The trust that a configuration gives; what cannot be read is left out and told in `faults`."""
    faults: list[str] = []
    keys: list[NamedKey] = []
    for one in trust.keys:
        try:
            keys.append(NamedKey(one.name, load_pem(one.pem)))
        except ValueError as error:
            faults.append(f"The trusted key {one.name} cannot be used: {error}.")
    roots: list[Root] = []
    for file in trust.trusted_roots:
        found, wrong = read_roots(file.name, file.data)
        roots.extend(found)
        faults.extend(wrong)
    return Anchors(
        keys=tuple(keys),
        hints=_hints(keys),
        roots=tuple(roots),
        identities=tuple(_usable(trust.identities, faults)),
        threshold=max(trust.threshold, 1),
        faults=tuple(faults),
    )


def _hints(keys: list[NamedKey]) -> dict[str, int]:
    """What a signature may call each key: its name, or its fingerprint in hexadecimal or base64.

    Source: sigstore bundle, `PublicKeyIdentifier.hint` (base64 of the sha256 of the SubjectPublicKeyInfo);
    in-toto key ids (hexadecimal); OpenSSH-like `SHA256:` as cosign and slsa-github-generator write it.
    """
    found: dict[str, int] = {}
    for place, one in enumerate(keys):
        short = _base64(one.key.fingerprint)
        for hint in (
            one.name,
            one.key.fingerprint,
            short,
            f"SHA256:{short.rstrip('=')}",
            f"sha256:{one.key.fingerprint}",
        ):
            if hint:
                found.setdefault(hint, place)
    return found


def _base64(fingerprint: str) -> str:
    from base64 import b64encode

    return b64encode(bytes.fromhex(fingerprint)).decode()


def _usable(identities: tuple[TrustedIdentity, ...], faults: list[str]) -> list[TrustedIdentity]:
    found = []
    for one in identities:
        if bool(one.subject) == bool(one.subject_pattern):
            faults.append(f"A trusted identity of the issuer {one.issuer} needs either a subject or a pattern.")
            continue
        if one.subject_pattern:
            try:
                patterns.compiled(one.subject_pattern)
            except patterns.PatternError as error:
                faults.append(f"The identity pattern {one.subject_pattern} cannot be used: {error}.")
                continue
        found.append(one)
    return found


def identity_of(found: Anchors, subjects: tuple[str, ...], issuer: str) -> str | None:
    """The certificate's subject that a trusted identity names, with its issuer equal; None when nobody is named."""
    for one in found.identities:
        if one.issuer != issuer:
            continue
        for subject in subjects:
            if one.subject == subject and subject:
                return subject
            if one.subject_pattern and patterns.compiled(one.subject_pattern).matches(subject):
                return subject
    return None
