"""compliance.yaml in, a Configuration out; what cannot be carried out is refused with the place and the nearest key."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

from compliance import documents
from compliance.configuration.trust import remediation_of, trust_of
from compliance.errors import UsageError
from compliance.model.configuration import (
    NEWEST,
    BaseImage,
    Configuration,
    Deviation,
    Expected,
    KubernetesVersion,
    Parameters,
    Party,
    Responsibility,
    Review,
    System,
)

#: Bytes of a megabyte, as registries and Docker count sizes.
MEGABYTE = 1_000_000
#: Parts per million in one percent.
PARTS_PER_PERCENT = 10_000


def schema() -> Any:
    """The published schema of compliance.yaml."""
    return json.loads((Path(__file__).parent / "schema" / "compliance.schema.json").read_bytes())


def load(path: Path) -> Configuration:
    """A configuration; relative paths in it are resolved against its own folder.

    Raises:
        UsageError: the file cannot be read, breaks its schema, or says what cannot be.
    """
    document = documents.read(path, UsageError)
    document.check(schema())
    _check_dates(document)
    data = document.data
    return Configuration(
        system=_system(data.get("system", {})),
        frameworks=tuple(data.get("frameworks", ())),
        parameters=_parameters(document),
        expected=Expected(**{key: tuple(names) for key, names in data.get("expected", {}).items()}),
        owners=_owners(data),
        responsibilities=tuple(Responsibility(**entry) for entry in data.get("responsibility", ())),
        reviews=tuple(Review(**entry) for entry in data.get("reviews", ())),
        deviations=tuple(
            Deviation(**{**entry, "subjects": tuple(entry.get("subjects", ()))}) for entry in data.get("deviations", ())
        ),
        catalogs=tuple(str((path.parent / folder).resolve()) for folder in data.get("catalogs", ())),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _pattern(key: str) -> str:
    """A pattern of subject ids; a bare word is a namespace."""
    return key if "/" in key or "*" in key else f"{key}/*"


def _system(data: dict[str, Any]) -> System:
    period = data.get("period", {})
    return System(
        id=data.get("id", ""),
        name=data.get("name", ""),
        operator=data.get("operator", ""),
        impact=data.get("impact", ""),
        certification_class=data.get("class", ""),
        marking=data.get("marking", ""),
        boundary=data.get("boundary", "").strip(),
        period_start=period.get("start", ""),
        period_end=period.get("end", ""),
        parties=tuple(
            Party(role=party["role"], name=party["name"], email=party.get("email")) for party in data.get("parties", ())
        ),
    )


def _parameters(document: documents.Document) -> Parameters:
    data = document.data
    own = {key.replace("-", "_"): _frozen(value) for key, value in data.get("parameters", {}).items()}
    if "image_max_size_mb" in own:
        own["image_max_size"] = own.pop("image_max_size_mb") * MEGABYTE
    if "epss_likely_percent" in own:
        own["epss_likely"] = round(own.pop("epss_likely_percent") * PARTS_PER_PERCENT)
    bases = tuple(
        BaseImage(name=base["name"], digest=base.get("digest", ""), diff_ids=tuple(base.get("diff_ids", ())))
        for base in data.get("base_images", {}).get("approved", ())
    )
    approved = tuple(data.get("registries", {}).get("approved", ()))
    stated = data.get("kubernetes", {}).get("version", "")
    version = NEWEST
    if stated:
        version = KubernetesVersion(minor=int(stated.lstrip("v").split(".")[1]))
        if version.minor > NEWEST.minor:
            raise document.error(
                f"Kubernetes {version} is newer than the newest this version knows ({NEWEST})",
                ["kubernetes", "version"],
            )
    return Parameters(
        kubernetes=version,
        kubernetes_stated=bool(stated),
        registries_approved=approved,
        base_images=bases,
        trust=trust_of(document),
        remediation=remediation_of(document),
        certification_class=data.get("system", {}).get("class", ""),
        owners=_owners(data),
        **own,
    )


def _owners(data: dict[str, Any]) -> dict[str, str]:
    return {_pattern(key): owner for key, owner in data.get("owners", {}).items()}


def _frozen(value: object) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check_dates(document: documents.Document) -> None:
    """Dates exist in the calendar, and nothing ends before it begins."""
    for part in ("reviews", "deviations"):
        for number, entry in enumerate(document.data.get(part, ())):
            _check_order(document, entry, "date", "expires", [part, number])
    period = document.data.get("system", {}).get("period")
    if period:
        _check_order(document, period, "start", "end", ["system", "period"])


def _check_order(
    document: documents.Document, entry: dict[str, Any], first: str, last: str, place: list[str | int]
) -> None:
    for key in (first, last):
        try:
            date.fromisoformat(entry[key])
        except ValueError as error:
            raise document.error(f"{entry[key]} is no date of the calendar", [*place, key]) from error
    if entry[first] > entry[last]:
        raise document.error(f"{last} ({entry[last]}) lies before {first} ({entry[first]})", [*place, last])
