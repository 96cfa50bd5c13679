"""What is known of an image in, the six pillars of its page out: each answered from evidence, or said to be open.

Source: the six questions of base image evaluation (surface, tools, identity, exploitability, exposure, cadence).
"""

from __future__ import annotations

from collections import Counter

from compliance.assess.hardening import WITH_LAYERS, rebuilt
from compliance.assess.image_facts import Known, by_digest, places, told
from compliance.model.check import listed
from compliance.model.image import DatabaseState, Facts, Image, RootFileSystem
from compliance.model.image_report import Pillar, Standing
from compliance.model.reach import reach
from compliance.rendering.text import count, sentence, size

#: Ecosystems named with their number of packages.
_ECOSYSTEMS_TOLD = 6


def pillars(known: Known) -> tuple[Pillar, ...]:
    """The six pillars in the order of the page."""
    return (
        _surface(known),
        _tools(known),
        _identity(known),
        _exploitability(known),
        _exposure(known),
        _cadence(known),
    )


def _pillar(id: str, title: str, standing: Standing, facts: list[str], missing: str = "") -> Pillar:
    sentences = tuple(sentence(fact) for fact in facts if fact)
    return Pillar(id=id, title=title, standing=standing, facts=sentences, missing=sentence(missing))


def _surface(known: Known) -> Pillar:
    image, params = known.image, known.configuration.parameters
    faults = []
    if known.age.days is not None and known.age.days > params.image_max_age_days:
        faults.append(f"older than {count(params.image_max_age_days, 'day')}")
    if params.image_max_size and image.unpacked > params.image_max_size:
        faults.append(f"larger than {size(params.image_max_size)}")
    if params.image_max_layers and len(image.layers) > params.image_max_layers:
        faults.append(f"more than {count(params.image_max_layers, 'layer')}")
    files = image.filesystem
    facts = [
        known.age.words + (f"; {', '.join(faults)}" if faults else ""),
        "" if params.image_max_size or params.image_max_layers else "nobody set a limit on size or layers",
        _sizes(image),
        f"base class {files.base_class.value}: {files.base_because}" if files else "",
        _packages(files) if files else "",
    ]
    missing = [WITH_LAYERS] if files is None else ["the layers that are missing"] if image.incomplete else []
    if known.age.days is None:
        missing.append("a date that can be trusted: a build record, or a signed provenance")
    standing = Standing.MISSING if faults else Standing.UNKNOWN if missing else Standing.SHOWN
    return _pillar("surface", "Recent, and within the limits set", standing, facts, "; ".join(missing))


def _sizes(image: Image) -> str:
    layers = count(len(image.layers), "layer")
    if image.filesystem is None:
        return f"{layers}; their sizes are not known"
    files = image.filesystem
    return f"{size(image.size)} in {layers} as stored; {count(files.files, 'file')} of {size(files.size)} unpacked"


def _packages(files: RootFileSystem) -> str:
    if not files.databases:
        return "no package database"
    counted = Counter(package.ecosystem for package in files.packages)
    parts = [f"{number:,} {name}" for name, number in sorted(counted.items())[:_ECOSYSTEMS_TOLD]]
    said = f"{count(len(files.packages), 'package')} in its databases" + (f": {', '.join(parts)}" if parts else "")
    unread = [database.path for database in files.databases if database.state is DatabaseState.UNREADABLE]
    return f"at least {said}; could not be read: {listed(unread, limit=2)}" if unread else said


def _tools(known: Known) -> Pillar:
    title = "No shell, no package manager, no network tool"
    files = known.image.filesystem
    if files is None:
        return _pillar("tools", title, Standing.UNKNOWN, [known.absent], WITH_LAYERS)
    deciding = (
        ("shell", files.shells),
        ("package manager", files.package_managers),
        ("network tool", files.network_tools),
    )
    facts = [_has(what, found) for what, found in deciding]
    facts += [_has(what, found, many) for what, many, found in _besides(files) if found.total]
    if any(found.total for _, found in deciding):
        return _pillar("tools", title, Standing.MISSING, facts)
    if known.absent:
        return _pillar("tools", title, Standing.UNKNOWN, [*facts, known.absent], "the image with all of its layers")
    return _pillar("tools", title, Standing.SHOWN, facts)


def _besides(files: RootFileSystem) -> tuple[tuple[str, str, Facts], ...]:
    return (
        ("build tool", "", files.build_tools),
        ("server for remote access", "servers for remote access", files.remote_servers),
    )


def _has(what: str, found: Facts, many: str = "") -> str:
    return f"{count(found.total, what, many)}: {told(found)}" if found.total else f"no {what} found"


def _identity(known: Known) -> Pillar:
    user, files = known.user, known.image.filesystem
    standing = {True: Standing.MISSING, False: Standing.SHOWN, None: Standing.UNKNOWN}[user.root]
    facts = [f"the image {user.words}"]
    if files is not None:
        facts.append(_has("set-user-ID or set-group-ID file", files.set_id))
        if files.capabilities.total:
            facts.append(_has("file with capabilities", files.capabilities, "files with capabilities"))
        roots = [one.name for one in files.users or () if one.uid == 0]
        if len(roots) > 1:
            facts.append(f"{len(roots):,} users with the id 0: {listed(roots, limit=4)}")
    missing = "the image with its files, so that the user can be looked up" if user.root is None else ""
    return _pillar("identity", "An ordinary user, not root", standing, facts, missing)


def _exploitability(known: Known) -> Pillar:
    files = known.image.filesystem
    facts = ["no scan of this image is joined to it, so nobody can say which vulnerabilities it has"]
    if files is not None:
        sees = f"what a scanner would go by: {_packages(files)}"
        facts.append(f"{sees}; not all there is can be seen: {files.scannable}" if files.scannable else sees)
    missing = "a vulnerability scan of this very digest, and the VEX statements about it"
    return _pillar("exploitability", "Nothing exploitable is known", Standing.UNKNOWN, facts, missing)


def _exposure(known: Known) -> Pillar:
    title = "Not reachable from outside"
    ports = known.image.config.exposed_ports
    opens = f"its configuration exposes {listed(ports)}" if ports else "its configuration exposes no port"
    if not known.uses:
        wanted = "the workloads that run it, with their Services and routes"
        return _pillar("exposure", title, Standing.UNKNOWN, ["no workload in the evidence runs it", opens], wanted)
    found = reach(known.uses, known.cluster)
    runs = f"run by {count(len({use.workload.subject.id for use in known.uses}), 'workload')}: {places(known.uses)}"
    facts = [*found.ways, *found.inside, runs, opens]
    if found.ways:
        return _pillar("exposure", title, Standing.MISSING, facts)
    named_only = len(by_digest(known.uses)) < len(known.uses)
    missing = [found.missing] if found.missing else []
    if named_only:
        missing.append("workloads that name it by digest: by name and tag only they may run another build")
    return _pillar("exposure", title, Standing.UNKNOWN if missing else Standing.SHOWN, facts, "; ".join(missing))


def _cadence(known: Known) -> Pillar:
    standing, words = rebuilt(known)
    most = known.configuration.parameters.image_max_age_days
    missing = "" if standing is Standing.SHOWN else "dates of consecutive builds, and when fixes were published"
    return _pillar("cadence", f"Rebuilt at least every {count(most, 'day')}", standing, [words], missing)
