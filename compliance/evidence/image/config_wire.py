"""The JSON of image configurations, OCI's and Docker's: decoded objects in, typed values out, credentials replaced.

Keys are found as Go's decoder finds them, whatever their case, for that is what every runtime uses; two keys that
differ in case only are refused. Absent and null are the same. Source: OCI image specification 1.1, config.md;
moby `api/types/container/config.go`; Go 1.22 encoding/json, "Unmarshal".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone

from compliance.errors import EvidenceError
from compliance.evidence.credentials import REDACTED, is_harmless, redact_arguments, suspicion
from compliance.model.evidence import escape
from compliance.model.image import EnvEntry, HistoryStep, ImageConfig

#: Characters of one text that are kept.
MAX_TEXT = 4096
#: Entries of one list or mapping; layers and history steps have caps of their own. Linux takes about 2 MB of
#: environment and arguments together.
MAX_ENTRIES = 2_000
MAX_LAYERS = 1_000
MAX_HISTORY = 10_000
#: No container image was built before (Docker's first release): earlier dates are the constants of reproducible
#: builds, such as 0001-01-01 (Go's zero), 1970-01-01 (ko, Jib, Nix) and 1980-01-01 (buildpacks).
FIRST_YEAR = 2013
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.\d{1,12})?([Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)
#: A flag or an ENV instruction and its value, apart by blanks, quotes or a comma.
_PAIR = re.compile(
    r"(?P<before>(?:(?<![\w-])--?|\bENV[ \t]+)(?P<name>[A-Za-z][\w.-]{0,63})[\"']?[ \t,]+)"
    r"(?P<value>\"[^\"]*\"|'[^']*'|[^\s;&|\"',\[\]-][^\s;&|\"',\[\]]*)"
)
#: What commands of build steps take a credential by; the words say why.
_COMMANDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(expression), why)
    for expression, why in (
        (
            r"(?P<before>\bcurl\b[^;&|\n]{0,400}?[ \t](?:-u|--user|--proxy-user|-U)[ \t=]*[\"']?[^\s:\"'$]{1,100}:)"
            r"(?P<value>[^\s\"';&|]{1,300})",
            "curl is given a password",
        ),
        (r"(?P<before>\bsshpass[ \t]+-p[ \t]*[\"']?)(?P<value>[^\s\"';&|]{1,300})", "sshpass is given a password"),
        (
            r"(?P<before>\becho[ \t]+(?:-\w[ \t]+)?[\"']?)(?P<value>[^\s\"';&|]{1,300})"
            r"(?=[\"']?[ \t]*\|[^;&|\n]{0,300}(?:--password-stdin|chpasswd|\bsudo[ \t]+-S))",
            "a password is piped into a command",
        ),
    )
)
#: A header that a step sends, by its name.
_HEADER = re.compile(
    r"(?P<before>(?:-H|--header)[ \t=]*[\"']?(?P<name>[A-Za-z][\w-]{0,63}):[ \t]*)(?P<value>[^\s\"';&|]{1,2000})"
)

Document = Mapping[str, object]


class Fields:
    """The object at a pointer, its keys found in any case."""

    def __init__(self, value: object, at: str) -> None:
        if not isinstance(value, dict):
            raise EvidenceError(f"expected an object, got {_kind(value)}", pointer=at)
        self.at = at
        self._keys: dict[str, str] = {}
        self._value: Document = value
        self._double: dict[str, str] = {}
        for key in value:
            other = self._keys.setdefault(key.casefold(), key)
            if other != key:
                self._double[key.casefold()] = key

    def get(self, name: str) -> object:
        """The value of a key; None when it is absent or null.

        Raises:
            EvidenceError: two keys differ in case only, so that readers differ in which one they see.
        """
        folded = name.casefold()
        key = self._keys.get(folded)
        if key is None:
            return None
        if folded in self._double:
            raise EvidenceError(
                f'the keys "{key[:60]}" and "{self._double[folded][:60]}" differ in case only; keep one, so that '
                "all readers see the same value",
                pointer=self.pointer(key),
            )
        return self._value[key]

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def pointer(self, name: str) -> str:
        """Where a key stands."""
        return f"{self.at}/{escape(self._keys.get(name.casefold(), name))}"

    def text(self, name: str) -> str | None:
        """A text as written."""
        value = self.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(name, "a text", value)

    def flag(self, name: str) -> bool:
        """A switch; absent is false."""
        value = self.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self._wrong(name, "true or false", value)

    def inner(self, name: str) -> Fields:
        """An object; an empty one when it is absent."""
        value = self.get(name)
        return Fields({} if value is None else value, self.pointer(name))

    def items(self, name: str, most: int = MAX_ENTRIES) -> list[object] | None:
        """The items of a list, at most so many."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise self._wrong(name, "a list", value)
        self._counted(name, len(value), most)
        return value

    def texts(self, name: str, most: int = MAX_ENTRIES) -> tuple[str, ...] | None:
        """A list of texts; a text alone is a list of one, as Docker reads it."""
        value = self.get(name)
        if isinstance(value, str):
            return (value,)
        found = self.items(name, most)
        if found is None:
            return None
        texts: list[str] = []
        for index, item in enumerate(found):
            if not isinstance(item, str):
                raise EvidenceError(f"expected a text, got {_kind(item)}", pointer=f"{self.pointer(name)}/{index}")
            texts.append(item)
        return tuple(texts)

    def mapping(self, name: str) -> Document:
        """A mapping of names that the image chose; empty when it is absent."""
        value = self.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._wrong(name, "an object", value)
        self._counted(name, len(value), MAX_ENTRIES)
        return value

    def _counted(self, name: str, count: int, most: int) -> None:
        if count > most:
            raise EvidenceError(f"holds {count:,} entries (allowed: {most:,})", pointer=self.pointer(name))

    def _wrong(self, name: str, expected: str, value: object) -> EvidenceError:
        return EvidenceError(f"expected {expected}, got {_kind(value)}", pointer=self.pointer(name))


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def image_config(config: Fields, root: Fields) -> ImageConfig:
    """The configuration from its `config` object and the object around it (`created`, `author`).

    Raises:
        EvidenceError: a value has another type than runtimes take, or there are too many of them.
    """
    created = root.text("created")
    labels, suspicions = _labels(config)
    health = config.inner("Healthcheck") if "Healthcheck" in config else None
    return ImageConfig(
        user=_kept(config.text("User")),
        env=tuple(_env(entry) for entry in config.texts("Env") or ()),
        exposed_ports=tuple(sorted(_shown(port) for port in config.mapping("ExposedPorts"))),
        volumes=tuple(sorted(_shown(volume) for volume in config.mapping("Volumes"))),
        entrypoint=_arguments(config.texts("Entrypoint")),
        cmd=_arguments(config.texts("Cmd")),
        working_dir=_kept(config.text("WorkingDir")),
        labels=labels,
        label_suspicions=suspicions,
        healthcheck=None if health is None else _arguments(health.texts("Test")) or (),
        created=stated_time(created),
        created_as_written=_kept(created),
        author=None if (author := root.text("author")) is None else _shown(author),
    )


def history(steps: list[object] | None, at: str) -> tuple[tuple[HistoryStep, ...], int]:
    """The history in order, and how many of its steps made a layer; those are numbered as the layers are.

    Raises:
        EvidenceError: a step is no object, or a value of it has another type.
    """
    found: list[HistoryStep] = []
    layers = 0
    for index, item in enumerate(steps or ()):
        step = Fields(item, f"{at}/{index}")
        empty = step.flag("empty_layer")
        layers += not empty
        text, reason = redacted(step.text("created_by") or "")
        made = HistoryStep(
            number=index + 1,
            created_by=cut(text),
            created=stated_time(step.text("created")),
            layer=None if empty else layers,
            suspicion=reason,
        )
        found.append(made)
    return tuple(found), layers


def stated_time(text: str | None) -> str | None:
    """An RFC 3339 time in UTC, as written where it is; None for none, or for the constant of a reproducible build."""
    found = _TIME.fullmatch(text or "")
    if text is None or found is None:
        return None
    try:
        time = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3].upper()}").astimezone(timezone.utc)  # noqa: UP017 - the alias is newer
    except (ValueError, OverflowError):
        return None
    if time.year < FIRST_YEAR:
        return None
    return text if text.endswith("Z") and "T" in text else time.strftime("%Y-%m-%dT%H:%M:%SZ")


def redacted(text: str) -> tuple[str, str | None]:
    """A text with credentials replaced, and why; the value after a flag or in an ENV instruction counts too."""
    (shown,), reasons = redact_arguments([text])
    reason = reasons[0] if reasons else None

    def replace(found: re.Match[str]) -> str:
        nonlocal reason
        value = found["value"]
        why = None if REDACTED in value else suspicion(found["name"], value.strip("\"'"))
        if why is None:
            return found[0]
        reason = reason or f"{found['name']}: {why}"
        return f"{found['before']}{REDACTED}"

    shown = _HEADER.sub(replace, _PAIR.sub(replace, shown))
    for expression, words in _COMMANDS:
        found = expression.search(shown)
        if found is not None and not is_harmless(found["value"]) and REDACTED not in found["value"]:
            reason = reason or words
            shown = expression.sub(rf"\g<before>{REDACTED}", shown)
    return shown, reason


def redacted_command(words: Iterable[str]) -> tuple[str, ...]:
    """The words of a command with credentials replaced; where only the whole tells one, it is parted at its blanks."""
    shown, _ = redact_arguments(list(words))
    whole, why = redacted(" ".join(shown))
    return tuple(whole.split(" ")) if why else shown


def cut(text: str) -> str:
    """A text of at most MAX_TEXT characters."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."


def _shown(text: str) -> str:
    return cut(redacted(text)[0])


def _kept(text: str | None) -> str | None:
    return None if text is None else _shown(text)


def _arguments(found: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if found is None:
        return None
    return tuple(_shown(argument) for argument in redacted_command(found))


def _env(entry: str) -> EnvEntry:
    name, _, value = entry.partition("=")
    why = suspicion(name, value) or redacted(value)[1]
    return EnvEntry(name=_shown(name), value="" if why else cut(value), suspicion=why)


def _labels(config: Fields) -> tuple[dict[str, str], dict[str, str]]:
    labels: dict[str, str] = {}
    suspicions: dict[str, str] = {}
    found = config.mapping("Labels")
    for name in sorted(found):
        value = found[name]
        if value is not None and not isinstance(value, str):
            where = f"{config.pointer('Labels')}/{escape(name)}"
            raise EvidenceError(f"expected a text, got {_kind(value)}", pointer=where)
        text, why = redacted(value or "")
        named = suspicion(name, value or "")
        labels[cut(name)] = REDACTED if named else cut(text)
        if named or why:
            suspicions[cut(name)] = named or why or ""
    return labels, suspicions
