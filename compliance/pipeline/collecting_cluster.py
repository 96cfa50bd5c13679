"""Collects a cluster through kubectl: questions that read, their answers as files of evidence, and the record of it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from compliance.errors import OutputError, ToolError, UsageError
from compliance.model.host import HOST_FOLDER
from compliance.pipeline.collected import FORMAT, RECORDS, CollectedFile, CollectionRecord, RunCommand, RunTool
from compliance.pipeline.packet import PARTIAL
from compliance.tools import kubectl
from compliance.tools.kubectl import Access
from compliance.tools.running import now, run

#: Where the objects of a cluster stand in the evidence folder, and what its record is called.
_CLUSTER = "cluster"
_CONFIGZ = "configz.json"
#: What stands in the record for the file of credentials.
_KUBECONFIG = "KUBECONFIG"
#: Nodes asked for their configuration, and resources of policy engines.
_MAX_NODES, _MAX_RESOURCES = 20_000, 500
_NODE = re.compile(r"node/([a-z0-9][a-z0-9.-]{0,252})")
_RESOURCE = re.compile(r"customresourcedefinition\.apiextensions\.k8s\.io/([a-z0-9][a-z0-9.-]{0,252})")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRequest:
    """Which cluster; `timeout` is in seconds, for each question."""

    folder: Path
    context: str = ""
    kubeconfig: str = ""
    timeout: float = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCollected:
    """Where it stands now, and in words what could not be collected."""

    place: Path
    missing: tuple[str, ...]


def shown(request: ClusterRequest) -> Iterator[str]:
    """The commands as a person may run them in a shell, one a line."""
    access = Access(request.context, request.kubeconfig)
    folder = request.folder / _CLUSTER

    def line(words: tuple[str, ...]) -> str:
        return shlex.join(kubectl.command(access, *words))

    yield f"mkdir -p {shlex.quote(str(folder))}"
    for name, words in kubectl.questions().items():
        yield f"{line(words)} > {shlex.quote(str(folder / name))}"
    groups = "|".join(re.escape(group) for group in kubectl.GROUPS)
    each = line(kubectl.objects("RESOURCE")).replace("RESOURCE", '"$r"')
    found = f"$({line(kubectl.names('crd'))} | cut -d/ -f2 | grep -E {shlex.quote(groups)})"
    yield f'for r in {found}; do {each} > {shlex.quote(str(folder))}/"$r".json; done'
    each = line(kubectl.configz("NODE")).replace("NODE", '"$n"')
    host = f'{shlex.quote(str(request.folder))}/{HOST_FOLDER}"$n"'
    nodes = f"$({line(kubectl.names('nodes'))} | cut -d/ -f2)"
    yield f"for n in {nodes}; do mkdir -p {host}; {each} > {host}/{_CONFIGZ}; done"


def collect_cluster(request: ClusterRequest) -> ClusterCollected:
    """Ask every question and write the answers with their record. A question that fails leaves no file.

    Raises:
        UsageError: something stands where it would write.
        ToolError: kubectl is absent, or the cluster does not even say its version; nothing is left.
        OutputError: the folder cannot be written.
    """
    target, record = request.folder / _CLUSTER, request.folder / RECORDS / f"{_CLUSTER}.json"
    for place in (target, record):
        if place.exists() or place.is_symlink():
            raise UsageError(f"{place} is there already; remove it or name another folder with -o")
    made = [folder for folder in (record.parent, request.folder) if not folder.exists()]
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{_CLUSTER}{PARTIAL}", dir=request.folder))
        try:
            asking = _Asking(request, work)
            asking.run()
            text = msgspec.json.format(msgspec.json.encode(asking.record()), indent=1) + b"\n"
            (work / "record.json").write_bytes(text)
            _place(work, request.folder)
            os.rename(work / "record.json", record)  # noqa: PTH104 - must fail when something is there
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{request.folder}: cannot be written: {error.strerror}") from error
    finally:
        for folder in made:
            with contextlib.suppress(OSError):  # not empty: something was collected
                folder.rmdir()
    return ClusterCollected(place=target, missing=tuple(asking.missing))


def _place(work: Path, folder: Path) -> None:
    """Put what was collected in its place: folders of hosts may be there, their configz must not."""
    for host in sorted(work.glob(f"{HOST_FOLDER}*")):
        (folder / host.name).mkdir(exist_ok=True)
        if (folder / host.name / _CONFIGZ).exists():
            raise UsageError(f"{folder / host.name / _CONFIGZ} is there already; remove it or use another -o")
    for host in sorted(work.glob(f"{HOST_FOLDER}*")):
        os.rename(host / _CONFIGZ, folder / host.name / _CONFIGZ)  # noqa: PTH104 - as below
    os.rename(work / _CLUSTER, folder / _CLUSTER)  # noqa: PTH104 - must fail when something is there


@dataclass(slots=True)
class _Asking:
    """The questions to one cluster, one after the other; `work` is laid out as the evidence folder."""

    request: ClusterRequest
    work: Path
    version: str = ""
    commands: list[RunCommand] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Ask everything."""
        self.version = kubectl.version()
        (self.work / _CLUSTER).mkdir()
        for name, words in kubectl.questions().items():
            self._ask(f"{_CLUSTER}/{name}", words, must=name == "version.json")
        for resource in self._named("crd", _RESOURCE, _MAX_RESOURCES):
            if resource.endswith(kubectl.GROUPS):
                self._ask(f"{_CLUSTER}/{resource}.json", kubectl.objects(resource))
        for node in self._named("nodes", _NODE, _MAX_NODES):
            place = self.work / f"{HOST_FOLDER}{node}"
            place.mkdir()
            if not self._ask(f"{place.name}/{_CONFIGZ}", kubectl.configz(node)):
                place.rmdir()

    def _named(self, kind: str, pattern: re.Pattern[str], most: int) -> list[str]:
        """Names that the cluster tells of a kind, sorted."""
        answer = self.work / "names"
        if not self._ask(answer.name, kubectl.names(kind)):
            return []
        lines = answer.read_text(encoding="utf-8", errors="replace").splitlines()
        answer.unlink()
        found = sorted({named[1] for line in lines if (named := pattern.fullmatch(line.strip())) is not None})
        if len(found) > most:
            self.missing.append(f"{len(found) - most:,} of {len(found):,} {kind}: more are not asked for")
        return found[:most]

    def _ask(self, path: str, words: tuple[str, ...], *, must: bool = False) -> bool:
        """Ask one question and keep the answer; whether it was given.

        Raises:
            ToolError: it was not given, and must be.
        """
        access = Access(self.request.context, self.request.kubeconfig)
        target = self.work / path
        started, code = now(), 0
        try:
            with target.open("xb") as answer:
                run(kubectl.command(access, *words), self.request.timeout, answer)
        except ToolError as error:
            target.unlink()
            if must:
                raise
            code = error.exit_code if error.exit_code is not None else -1
            self.missing.append(f"{path}: {error}")
        recorded = kubectl.command(Access(access.context, _KUBECONFIG if access.kubeconfig else ""), *words)
        self.commands.append(RunCommand(arguments=list(recorded), started=started, ended=now(), exit_code=code))
        return code == 0

    def record(self) -> CollectionRecord:
        """What was run, and every file with its hash."""
        return CollectionRecord(
            format=FORMAT,
            what="cluster",
            reference=self.request.context or "the current context",
            tool=RunTool(name=kubectl.PROGRAM, version=self.version),
            commands=self.commands,
            files=[_hashed(path, self.work) for path in sorted(self.work.rglob("*")) if path.is_file()],
        )


def _hashed(path: Path, work: Path) -> CollectedFile:
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return CollectedFile(path=path.relative_to(work).as_posix(), sha256=digest.hexdigest(), size=size)
