"""SLSA provenance predicates, v0.1, v0.2 and v1: decoded JSON in; builder, source, parameters and dependencies out.

Source: slsa.dev/provenance v0.1, v0.2, v1; the build types of GitHub Actions, slsa-github-generator, Google
Cloud Build, Tekton Chains and BuildKit for where the source stands.
"""

from __future__ import annotations

import json
from functools import lru_cache

from compliance.evidence.credentials import REDACTED, redact_arguments, suspicion
from compliance.evidence.signed.encoding import Document, clean, inner, items, mapping
from compliance.model.attestation import Provenance
from compliance.model.evidence import escape

_PREFIX = "https://slsa.dev/provenance/"
#: Parameters and dependencies kept of one predicate; values of parameters visited.
MAX_PARAMETERS = 1_000
MAX_DEPENDENCIES = 10_000
_MAX_VISITED = 20_000
_VALUE_KEPT = 1_000
_DATE_KEPT = 64
_POINTER_KEPT = 500
#: Where build types state their source among the external parameters.
_SOURCES = ("workflow", "source", "configSource", "buildConfigSource", "sourceToBuild", "repository")
#: Algorithms that name a commit, and those that name a file, best first.
_COMMITS = ("gitCommit", "sha1")
_FILES = ("sha256", "sha512", "sha384")
_VCS = "https://mobyproject.org/buildkit@v1#metadata"


def provenance_of(kind: str, value: object) -> tuple[Provenance | None, str]:
    """The record of a predicate, and what is odd in it; None for a version or a shape we do not know."""
    version = kind.removeprefix(_PREFIX)
    if not isinstance(value, dict):
        return None, "the predicate is no object, so it says nothing"
    if version == "v1" or version.startswith(("v1?", "v1.", "v1#")):
        note = "" if version == "v1" else f"predicate type of a draft ({clean(kind)}), read as v1"
        return _first(value), note
    if version in ("v0.1", "v0.2"):
        return _early(version, value), ""
    return None, f"provenance of version {clean(version)}, which is not read"


def _first(value: Document) -> Provenance:
    """Version 1."""
    definition = mapping(value.get("buildDefinition"))
    metadata = inner(value, "runDetails", "metadata")
    external = mapping(definition.get("externalParameters"))
    dependencies = items(definition.get("resolvedDependencies"))
    source, digest, ref = _source(external, dependencies, metadata)
    return Provenance(
        version="v1",
        builder=_safe(inner(value, "runDetails", "builder").get("id")),
        build_type=_safe(definition.get("buildType")),
        source=_safe(source),
        source_digest=clean(digest),
        source_ref=clean(ref),
        invocation=_safe(metadata.get("invocationId")),
        started=clean(metadata.get("startedOn"))[:_DATE_KEPT] or None,
        finished=clean(metadata.get("finishedOn"))[:_DATE_KEPT] or None,
        parameters=_flat(external),
        dependencies=_dependencies(dependencies),
    )


def _early(version: str, value: Document) -> Provenance:
    """Versions 0.1 and 0.2, which differ in the names of what was invoked."""
    recipe = mapping(value.get("recipe" if version == "v0.1" else "invocation"))
    metadata = mapping(value.get("metadata"))
    materials = items(value.get("materials"))
    if version == "v0.1":
        number = recipe.get("definedInMaterial")
        inside = isinstance(number, int) and 0 <= number < len(materials)
        stated = {"configSource": mapping(materials[number])} if inside and isinstance(number, int) else {}
        parameters = {"arguments": recipe.get("arguments"), "entryPoint": recipe.get("entryPoint")}
    else:
        stated = {"configSource": mapping(recipe.get("configSource"))}
        parameters = {**mapping(recipe.get("parameters"))}
        entry = inner(recipe, "configSource").get("entryPoint")
        parameters |= {"entryPoint": entry} if entry else {}
    source, digest, ref = _source(stated, materials, metadata)
    return Provenance(
        version=version,
        builder=_safe(mapping(value.get("builder")).get("id")),
        build_type=_safe(recipe.get("type") if version == "v0.1" else value.get("buildType")),
        source=_safe(source),
        source_digest=clean(digest),
        source_ref=clean(ref),
        invocation=_safe(metadata.get("buildInvocationId") or metadata.get("buildInvocationID")),
        started=clean(metadata.get("buildStartedOn"))[:_DATE_KEPT] or None,
        finished=clean(metadata.get("buildFinishedOn"))[:_DATE_KEPT] or None,
        parameters=_flat(parameters),
        dependencies=_dependencies(materials),
    )


# -- the source ---------------------------------------------------------------------------------------------


def _source(external: Document, dependencies: list[object], metadata: Document) -> tuple[str, str, str]:
    """Address, commit and branch or tag of the source; of the parameters first, then of what was fetched."""
    address = digest = ref = ""
    for key in _SOURCES:
        stated = external.get(key)
        address = _address(stated)
        if address:
            digest = _commit(mapping(stated).get("digest"))
            ref = _text(mapping(stated).get("ref"))
            break
    fetched = [mapping(one) for one in dependencies[:MAX_DEPENDENCIES]]
    if address:
        same = [one for one in fetched if _repository(_text(one.get("uri"))) == _repository(address)]
        digest = digest or next(filter(None, (_commit(one.get("digest")) for one in same)), "")
        ref = ref or next(filter(None, (_ref(_text(one.get("uri"))) for one in same)), "")
        return address, digest, ref or _ref(address)
    for one in fetched:
        if (commit := _commit(one.get("digest"))) and _text(one.get("uri")):
            return _text(one.get("uri")), commit, _ref(_text(one.get("uri")))
    vcs = inner(metadata, _VCS, "vcs") or inner(metadata, "buildkit_metadata", "vcs")
    return _text(vcs.get("source")), _text(vcs.get("revision")), ""


def _address(stated: object) -> str:
    if isinstance(stated, str):
        return stated
    found = mapping(stated)
    return next(filter(None, (_text(found.get(key)) for key in ("uri", "repository", "url"))), "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _commit(stated: object) -> str:
    found = mapping(stated)
    return next(filter(None, (_text(found.get(kind)) for kind in _COMMITS)), "")


def _repository(address: str) -> str:
    """A repository's address without how it is fetched and without what is fetched of it, to compare two."""
    bare = address.removeprefix("git+").partition("#")[0].partition("?")[0]
    head, at, ref = bare.rpartition("@")
    bare = head if at and "://" in head and ref.startswith(("refs/", "heads/", "tags/")) else bare
    return bare.rstrip("/").removesuffix(".git").casefold()


def _ref(address: str) -> str:
    """The branch or tag in an address: `git+https://host/repository@refs/tags/v1`, `...#refs/heads/main`."""
    for mark in ("@", "#"):
        _, found, ref = address.rpartition(mark)
        if found and ref.startswith("refs/"):
            return ref
    return ""


# -- parameters and dependencies ----------------------------------------------------------------------------


def _dependencies(stated: list[object]) -> tuple[tuple[str, str], ...]:
    """(address, `algorithm:digest`) in their order."""
    found = []
    for one in stated[:MAX_DEPENDENCIES]:
        item = mapping(one)
        address = item.get("uri") or item.get("downloadLocation") or item.get("name")
        found.append((_safe(address), _digest(mapping(item.get("digest")))))
    return tuple(found)


def _digest(stated: Document) -> str:
    best = [kind for kind in (*_FILES, *_COMMITS) if _text(stated.get(kind))]
    kinds = best or sorted(kind for kind in stated if _text(stated.get(kind)))
    return f"{clean(kinds[0])}:{clean(stated[kinds[0]])}" if kinds else ""


def _flat(stated: Document) -> tuple[tuple[str, str], ...]:
    """Each value with its pointer, sorted; credentials are replaced, and so is what their names speak of."""
    found: list[tuple[str, str]] = []
    pending: list[tuple[str, str, object]] = [("", "", stated)]
    for pointer, name, value in pending:  # grows while it is walked, level by level
        if len(found) >= MAX_PARAMETERS or len(pending) > _MAX_VISITED:
            break
        if isinstance(value, dict) and value:
            pending += [(f"{pointer}/{escape(key)}"[:_POINTER_KEPT], key, below) for key, below in value.items()]
        elif isinstance(value, list) and value:
            pending += [(f"{pointer}/{index}"[:_POINTER_KEPT], name, below) for index, below in enumerate(value)]
        elif value not in (None, "", {}, []):
            found.append((clean(pointer), _shown(name, value)))
    return tuple(sorted(found))


def _shown(name: str, value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    if suspicion(name.rpartition(":")[2], text):
        return REDACTED
    return clean(_redacted(text[:_VALUE_KEPT]))


def _safe(value: object) -> str:
    """A text without the credentials that an address may carry."""
    return clean(_redacted(value[:_VALUE_KEPT])) if isinstance(value, str) else ""


@lru_cache(maxsize=4096)  # builders, types and repositories come again in every statement
def _redacted(text: str) -> str:
    return redact_arguments([text])[0][0]
