"""An encryption configuration in, by which provider new Secrets are written out.

Source: Kubernetes, "Encrypting Confidential Data at Rest": the first entry that names a resource counts, and its first
provider writes; `*.` stands for all resources of the core group, `*.*` for all resources.
"""

from __future__ import annotations

from typing import NamedTuple

from compliance.model.host import Settings

PROVIDERS = ("aescbc", "aesgcm", "identity", "kms", "secretbox")
_COVER = ("secrets", "*.", "*.*")


class Writer(NamedTuple):
    """The provider that writes Secrets: its name, the word that covers Secrets, and its pointer.

    `others` are the providers after it, which only read.
    """

    provider: str
    word: str
    at: str
    others: tuple[str, ...]


def writer_of_secrets(document: Settings) -> Writer | str:
    """The provider that writes Secrets, or in words why there is none."""
    for number in document.keys("/resources"):
        entry = f"/resources/{number}"
        named = [str(one) for one in document.items(f"{entry}/resources")]
        word = next((one for one in named if one in _COVER), None)
        if word is None:
            continue
        providers = _providers(document, f"{entry}/providers/")
        if not providers:
            return f"the entry for {word} has no provider"
        first = providers[0]
        if len(first) != 1:
            return f"the first provider of the entry for {word} is not one provider but {len(first)}"
        others = tuple(dict.fromkeys(one for group in providers[1:] for one in group))
        return Writer(first[0], word, f"{entry}/providers/0/{first[0]}", others)
    return "no entry covers secrets"


def _providers(document: Settings, below: str) -> list[tuple[str, ...]]:
    """The names in each element of a list of providers, in order."""
    found: dict[str, dict[str, None]] = {}
    for pointer in document.values:
        if pointer.startswith(below):
            number, _, rest = pointer[len(below) :].partition("/")
            names = found.setdefault(number, {})
            if rest:
                names[rest.partition("/")[0]] = None
    return [tuple(names) for names in found.values()]
