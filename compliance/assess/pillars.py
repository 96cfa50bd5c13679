"""What is known of an image in, the six pillars of its page out: each answered from evidence, or said to be open.

Source: the six questions of base image evaluation (surface, tools, identity, exploitability, exposure, cadence).
"""

from __future__ import annotations

from collections import Counter

from compliance.assess.hardening import WITH_LAYERS, rebuilt
from compliance.assess.image_facts import Known, by_digest, places, repositories, told
from compliance.model.check import listed
from compliance.model.image import DatabaseState, Facts, Image, RootFileSystem
from compliance.model.image_report import Pillar, Standing
from compliance.model.images import Bound
from compliance.model.proof_report import ImageVulnerabilities
from compliance.model.reach import reach
from compliance.model.scan_lineage import mended
from compliance.model.times import moment
from compliance.rendering.text import count, cut, sentence, size

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
    """Shown only by a complete and fresh scan of the very digest in which nothing open is likely to be exploited."""
    title, files, found = "Nothing exploitable is known", known.image.filesystem, known.vulnerabilities
    sees = f"what a scanner would go by: {_packages(files)}" if files else ""
    if files and files.scannable:
        sees += f"; not all there is can be seen: {files.scannable}"
    if found is None:
        facts = ["no usable scan of this image is joined to it, so nobody can say which vulnerabilities it has", sees]
        missing = "a vulnerability scan of this very digest, and the VEX statements about it"
        return _pillar("exploitability", title, Standing.UNKNOWN, facts, missing)
    missing_parts = _lacking_of_scan(known, found)
    facts = [_open_words(found), _set_aside(found), _deadline_words(found), _scan_words(known, found), sees]
    bad = found.likely or found.overdue
    sure = bad and found.bound is Bound.DIGEST
    standing = Standing.MISSING if sure else Standing.UNKNOWN if missing_parts or bad else Standing.SHOWN
    return _pillar("exploitability", title, standing, facts, "; ".join(missing_parts))


def _lacking_of_scan(known: Known, found: ImageVulnerabilities) -> list[str]:
    """What keeps a scan without grave findings from showing that there are none."""
    missing = []
    if found.bound is not Bound.DIGEST:
        missing.append(f"a scan of this very digest: this one is joined {found.bound.value}")
    age = _days_since(found.scanned, known)
    most = known.configuration.parameters.scan_max_age_days
    if age is None or age > most:
        missing.append(f"a scan of the last {count(most, 'day')}")
    if found.incomplete:
        missing.append(f"a scan that sees everything: {found.incomplete[0]}")
    return missing


def _days_since(stated: str, known: Known) -> int | None:
    when = moment(stated)
    return None if when is None else (known.clock - when).days


def _open_words(found: ImageVulnerabilities) -> str:
    if not found.counts.open:
        return "no vulnerability is open"
    kinds = listed([f"{number:,} {severity}" for severity, number in found.severities if number], limit=6)
    return (
        f"{count(found.counts.open, 'vulnerability is', 'vulnerabilities are')} open ({kinds}): {found.kev:,} known to "
        f"be exploited, {found.likely:,} likely to be or taken for it, {found.fixable:,} with a fix"
    )


def _set_aside(found: ImageVulnerabilities) -> str:
    counts = found.counts
    if counts.raw == counts.open:
        return ""
    return (
        f"{counts.raw:,} raw = {counts.open:,} open + {counts.vex_suppressed:,} answered by VEX + "
        f"{counts.deviated:,} deviated + {counts.fixed:,} fixed since"
    )


def _deadline_words(found: ImageVulnerabilities) -> str:
    parts = [f"{found.overdue:,} past the day they had to be mended"] if found.overdue else []
    parts += [f"{found.undated:,} without a day, because something is missing that sets it"] if found.undated else []
    parts += [f"the next day is {found.next_due}"] if found.next_due else []
    return "; ".join(parts)


def _scan_words(known: Known, found: ImageVulnerabilities) -> str:
    age = _days_since(found.scanned, known)
    when = f"{found.scanned[:10]}, {count(age, 'day')} before" if age is not None else "of no date"
    differ = f"; scanners differ about {found.disagreements:,}" if found.disagreements else ""
    return f"scanned by {listed(found.scanners, limit=3)}, {when}, joined {found.bound.value}{differ}"


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
    facts = [words, *_mended_words(known)]
    return _pillar("cadence", f"Rebuilt at least every {count(most, 'day')}", standing, facts, missing)


def _mended_words(known: Known) -> list[str]:
    """How long vulnerabilities of the same repositories lasted, as far as several scans show it."""
    found = []
    for name in repositories(known.image):
        scans = known.chain.lineages.get(name, ())
        days = sorted(one.days for one in mended(scans, known.chain.names))
        dated = {scan.created[:10] for scan in scans if scan.created}
        if len(dated) < 2:
            continue
        said = "none is gone since the first"
        if len(days) == 1:
            said = f"1 vulnerability is gone, {count(days[0], 'day')} after it was first seen"
        elif days:
            said = (
                f"{len(days):,} vulnerabilities are gone, half of them within "
                f"{count(days[(len(days) - 1) // 2], 'day')} of first sight, the slowest after {count(days[-1], 'day')}"
            )
        found.append(f"scans of {cut(name, 80)} on {count(len(dated), 'day')}: {said}")
    return found
