"""One assessment from arguments to packet: read, evaluate, assess, export."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from compliance.errors import UsageError
from compliance.evidence.image.contents import Source
from compliance.model.assessment import Assessment, EvidenceState, Options
from compliance.model.check import Check
from compliance.model.cluster import Header
from compliance.model.configuration import Configuration, TrustPolicy
from compliance.model.evidence import EVIDENCE_SET, UNSEEN_NODES, Subject
from compliance.model.workload import Pod
from compliance.pipeline import assembling, evaluating
from compliance.pipeline.archives import unfold
from compliance.pipeline.assembling import Asked
from compliance.pipeline.caching import Cache, cache_file, code_fingerprint, fingerprint
from compliance.pipeline.detached import pair_tasks, pairs_of, read_pair
from compliance.pipeline.evaluating import BATCH, Shared, Task, judge_task
from compliance.pipeline.files import InputFile, find
from compliance.pipeline.images import (
    attached_tasks,
    build_image,
    image_tasks,
    layer_tasks,
    notes_of,
    read_attached,
    read_blob,
    survey_source,
)
from compliance.pipeline.imported import gaps_of, observe, reports_among, rules_of
from compliance.pipeline.judging import CALLED, JOINED
from compliance.pipeline.merging import Part, StoredObservations, merge, parts_of
from compliance.pipeline.observing import Run
from compliance.pipeline.packet import Packet, check_destination
from compliance.pipeline.reading import Shop, UnitResult, read_unit
from compliance.pipeline.registered import IMAGE, checks, exporter
from compliance.pipeline.sources import image_sources
from compliance.pipeline.units import FileNotes, Unit, plan
from compliance.verification import trust_faults

A = TypeVar("A")
R = TypeVar("R")
#: Evidence smaller than this is read faster by one process than a pool of them starts.
_WORTH_A_POOL = 4 * 1024 * 1024
#: Units under way for each worker: enough to keep it busy, few enough to keep results from piling up.
_AHEAD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to assess and how. `as_of` is ISO 8601 in UTC.

    `jobs` is how many processes may work; None: as many as there are processors.
    """

    paths: tuple[str, ...]
    configuration: Configuration
    destination: Path
    as_of: str
    formats: tuple[str, ...]
    options: Options
    jobs: int | None
    cache: bool
    command: str


class Progress(Protocol):
    """Told how the run goes; what it shows is not our matter."""

    def phase(self, name: str, total: int) -> None:
        """A phase begins; it has `total` steps."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Steps of the phase are done."""
        ...

    def done(self, name: str, cpu_seconds: float, wall_seconds: float) -> None:
        """A phase has ended; CPU seconds of all processes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A packet in its place, and the assessment it was made from (its observations are gone with the run).

    `complete` is false when some evidence could not be read or a check failed to run.
    """

    assessment: Assessment
    packet: Path
    complete: bool


@dataclass(slots=True)
class _Gathered:
    """What the first phase gave, added up over units in their order: `runs` is as long as there were units."""

    notes: dict[str, FileNotes] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    pods: list[str] = field(default_factory=list)
    others: list[bytes] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)
    subjects: dict[str, Subject] = field(default_factory=dict)
    read_cpu: float = 0.0
    judge_cpu: float = 0.0


class _Here(Executor):
    """Runs each task at once in this process."""

    def submit(self, function: Callable[..., R], /, *args: object, **kwargs: object) -> Future[R]:
        future: Future[R] = Future()
        future.set_result(function(*args, **kwargs))
        return future


def run(request: Request, asked: Asked, progress: Progress) -> Result:
    """Assess the evidence and put the packet in its place.

    Raises:
        UsageError: something asked for cannot be done; nothing was written.
        ComplianceError: our own failure; the old packet is untouched.
    """
    check_destination(request.destination)
    for name in request.formats:
        exporter(name)
    faults = _trust_faults(request.configuration.parameters.trust)
    if faults:
        raise UsageError(f"trust in the configuration cannot be used: {'; '.join(faults)}")
    files = find(request.paths)
    if not files:
        raise UsageError(f"no file is in {', '.join(request.paths)}; hand in the evidence")
    work = Path(tempfile.mkdtemp(prefix="compliance-work-"))
    try:
        with _executor(request.jobs, files) as executor:
            observed = _observe(request, asked, files, work, executor, progress)
        started = _Clock(progress, "assess", 1)
        assessment = assembling.assemble(request, asked, observed)
        started.stop()
        _export(request, assessment, progress)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Result(assessment=assessment, packet=request.destination, complete=_complete(assessment))


def _trust_faults(trust: TrustPolicy) -> tuple[str, ...]:
    """What of the configured trust cannot be used; where none is, nothing that verifies signatures is imported."""
    return trust_faults(trust) if trust.keys or trust.identities or trust.trusted_roots else ()


def _complete(assessment: Assessment) -> bool:
    unread = any(file.state is EvidenceState.UNREADABLE or file.problems for file in assessment.evidence)
    unseen = any(report.image.incomplete for report in assessment.images)
    return not unread and not unseen and not any(result.counts.error for result in assessment.checks)


class _Clock:
    """Times one phase for the log; verdicts never see it."""

    def __init__(self, progress: Progress, name: str, total: int) -> None:
        self._progress, self._name = progress, name
        self._cpu, self._wall = _cpu(), time.monotonic()
        progress.phase(name, total)

    def stop(self, cpu: float | None = None) -> None:
        used = _cpu() - self._cpu if cpu is None else cpu
        self._progress.done(self._name, used, time.monotonic() - self._wall)


def _cpu() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def _executor(jobs: int | None, files: Sequence[InputFile]) -> Executor:
    wanted = jobs or os.cpu_count() or 1
    if wanted == 1 or sum(file.size for file in files) < _WORTH_A_POOL:
        return _Here()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["compliance.pipeline.preloaded"])
    return ProcessPoolExecutor(max_workers=wanted, mp_context=context)


def _in_order(executor: Executor, function: Callable[[A], R], tasks: Iterable[A]) -> Iterator[R]:
    """Results in the order of the tasks, with a bounded number of them under way."""
    waiting: list[Future[R]] = []
    limit = _AHEAD * (os.cpu_count() or 1)
    for task in tasks:
        waiting.append(executor.submit(function, task))
        if len(waiting) >= limit:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()


def _shop(request: Request, work: Path) -> Shop:
    """What every worker is told of the request."""
    code = code_fingerprint() if request.cache else b""
    return Shop(
        folder=str(work),
        cache=str(cache_file()) if request.cache else None,
        fingerprint=fingerprint(code, request.configuration.parameters),
        code=code,
        params=request.configuration.parameters,
        as_of=datetime.fromisoformat(request.as_of),
    )


def _observe(
    request: Request, asked: Asked, files: Sequence[InputFile], work: Path, executor: Executor, progress: Progress
) -> assembling.Observed:
    shop = _shop(request, work)
    unfolded = unfold(files)
    files = sorted((*unfolded.files, *unfolded.archives), key=lambda file: file.path)
    sources, others = image_sources(unfolded.files)
    pairs, others = pairs_of(others, unfolded.files)
    gathered = _read(others, shop, executor, progress)
    if sources:
        _read_images(sources, gathered, shop, executor, progress)
    for result in _in_order(
        executor, partial(read_pair, shop=shop), pair_tasks(pairs, gathered.notes, len(gathered.runs))
    ):
        _gather(gathered, result)
    gathered.notes.update({note.path: note for note in (*unfolded.notes, *unfolded.changed())})
    real = {
        evaluating.key_of(note.sha256, file.path): (file.place, note.reader)
        for file in files
        if (note := gathered.notes.get(file.path)) is not None
    }
    places = {key: (os.fsencode(place.real), reader, place.offset) for key, (place, reader) in real.items()}
    share = Shared(others=gathered.others, entries=gathered.entries, files=places)
    evaluating.share(work / "shared", share)
    seen = evaluating.world(str(work / "shared"))
    gathered.subjects.update({one.subject.id: one.subject for one in seen.hosts.judged})
    whole = (EVIDENCE_SET, evaluating.UNREADABLE, UNSEEN_NODES, seen.cluster.subject)
    subjects = gathered.subjects | {subject.id: subject for subject in whole}
    reports = reports_among(seen.records, seen.images, shop.as_of, shop.params.report_max_age_days)
    rules = rules_of(reports, asked.library)
    gaps = gaps_of(reports, rules, asked.library, seen.cluster, seen.hosts)
    locate = evaluating.Sources(seen.files).locate
    gathered.runs.append(observe(reports, rules, gaps, locate, work / "run-rules"))
    parts = _evaluate(gathered, (*checks(), *rules.checks), seen, shop, executor, progress)
    evaluating.world.cache_clear()
    return assembling.Observed(
        files=tuple(files),
        notes=gathered.notes,
        cluster=seen.cluster,
        subjects=gathered.subjects,
        observations=StoredObservations(parts, subjects),
        tallies={tally.check: tally for part in parts for tally in part.tallies},
        cited=_cited(gathered.runs),
        real={key: place for key, (place, _) in real.items()},
        images=seen.images,
        supply_chain=seen.supply_chain,
        hosts=seen.hosts,
        rules=rules,
        reports=reports,
    )


def _evaluate(
    gathered: _Gathered,
    all_checks: Sequence[Check],
    seen: evaluating.World,
    shop: Shop,
    executor: Executor,
    progress: Progress,
) -> list[Part]:
    """Run what needs the whole cluster, and join it with what the first phase and other tools found."""
    work = Path(shop.folder)
    tasks = list(_tasks(gathered.pods, len(seen.records)))
    clock = _Clock(progress, "evaluate", len(tasks))
    cpu = gathered.judge_cpu
    for result in _in_order(executor, partial(judge_task, shop=shop), tasks):
        gathered.runs.append(result.run)
        cpu += result.judge_cpu
        progress.advance()
    gathered.runs.append(evaluating.about_the_cluster(shop))
    types: set[type] = {type(record) for record in seen.records}
    if gathered.entries:
        types.add(Pod)
    if types - set(CALLED) - set(JOINED):
        types.add(Header)
    nothing = work / "run-nothing"
    notes = gathered.notes.values()
    gathered.runs.append(
        evaluating.where_nothing_is(checks(), seen.cluster, seen.hosts, frozenset(types), notes, nothing)
    )
    parts = list(_in_order(executor, merge, parts_of(gathered.runs, (check.id for check in all_checks), work)))
    clock.stop(cpu)
    return parts


def _read(files: Sequence[InputFile], shop: Shop, executor: Executor, progress: Progress) -> _Gathered:
    clock = _Clock(progress, "read", len(files))
    gathered = _Gathered()

    def units() -> Iterator[Unit]:
        for found in plan(files):
            if isinstance(found, FileNotes):
                gathered.notes[found.path] = found
            else:
                yield found

    for result in _in_order(executor, partial(read_unit, shop=shop), units()):
        _gather(gathered, result)
        progress.advance(len(result.notes))
    if shop.cache:
        cache = Cache(Path(shop.cache))
        cache.trim()
        cache.close()
    clock.stop(gathered.read_cpu)
    return gathered


def _read_images(
    sources: Sequence[Source], gathered: _Gathered, shop: Shop, executor: Executor, progress: Progress
) -> None:
    """Read the images of all sources: every file hashed, every distinct layer read once."""
    clock = _Clock(progress, "images", len(sources))
    cpu = 0.0
    surveys = []
    for surveyed in _in_order(executor, survey_source, sources):
        surveys.append(surveyed)
        cpu += surveyed.cpu
        gathered.notes.update((note.path, note) for note in notes_of(surveyed))
        progress.advance()
    for used in _in_order(executor, partial(read_blob, shop=shop), layer_tasks(surveys)):
        cpu += used
    for result in _in_order(executor, partial(build_image, shop=shop), image_tasks(surveys, len(gathered.runs))):
        if result.trouble is not None:
            gathered.notes.setdefault(result.path, FileNotes(path=result.path, reader=IMAGE)).trouble(result.trouble)
        _gather(gathered, result.unit)
        cpu += result.unit.read_cpu
    for attached in _in_order(executor, partial(read_attached, shop=shop), attached_tasks(surveys, len(gathered.runs))):
        note = gathered.notes.setdefault(attached.path, FileNotes(path=attached.path, reader=IMAGE))
        note.objects.update({(kind, True): count for kind, count in attached.objects.items()})
        for trouble in attached.troubles:
            note.trouble(trouble)
        _gather(gathered, attached.unit)
        cpu += attached.unit.read_cpu
    clock.stop(cpu)


def _gather(gathered: _Gathered, result: UnitResult) -> None:
    for note in result.notes:
        if note.path in gathered.notes and gathered.notes[note.path].sha256 == note.sha256:
            gathered.notes[note.path].add(note)
        else:
            gathered.notes[note.path] = note
    gathered.runs.append(result.run)
    if result.pods:
        gathered.pods.append(result.pods)
    gathered.others.extend(result.others)
    gathered.entries.extend(result.entries)
    for subject in result.subjects:
        gathered.subjects.setdefault(subject.id, subject)
    gathered.read_cpu += result.read_cpu
    gathered.judge_cpu += result.judge_cpu


def _tasks(pods: Sequence[str], others: int) -> Iterator[Task]:
    number = 0
    for path in pods:
        yield Task(number=number, pods=path, start=0, stop=0)
        number += 1
    for start in range(0, others, BATCH):
        yield Task(number=number, pods=None, start=start, stop=min(start + BATCH, others))
        number += 1


def _cited(runs: Iterable[Run]) -> Counter[tuple[str, str]]:
    cited: Counter[tuple[str, str]] = Counter()
    for each in runs:
        cited.update(each.cited)
    return cited


def _export(request: Request, assessment: Assessment, progress: Progress) -> None:
    clock = _Clock(progress, "write", len(request.formats))
    packet = Packet(request.destination)
    try:
        for name in request.formats:
            packet.add(exporter(name).write(assessment, request.options))
            if name == "json":
                packet.add(assembling.observation_files(assessment))
            progress.advance()
        packet.add(assembling.evidence_index(assessment))
        packet.finish({"packet": assessment.id, "as_of": assessment.as_of})
    finally:
        packet.discard()
    clock.stop()
