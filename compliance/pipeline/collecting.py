"""Collects an image: a reference or an archive in; an OCI layout (or a saved archive) and the record of it out."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from compliance.errors import OutputError, UsageError
from compliance.evidence.image.contents import FoundImage, Packed
from compliance.evidence.image.surveying import survey
from compliance.pipeline.collected import FORMAT, RECORDS, CollectedFile, CollectionRecord, RunCommand, RunTool
from compliance.pipeline.files import find
from compliance.pipeline.packet import PARTIAL
from compliance.pipeline.sources import image_sources
from compliance.tools import docker, skopeo
from compliance.tools.running import available, run

#: Where collected images stand in the evidence folder.
_IMAGES = "images"
#: A reference: no option, no space, no control character, no user name before the registry.
#: Source: distribution/reference, "Grammar", with the characters that it allows and 512 of them at most.
_REFERENCE = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?/)?[A-Za-z0-9][A-Za-z0-9._/-]*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9._-]*)?(?:@sha256:[0-9a-f]{64})?"
)
_LONGEST = 512
_PLATFORM = re.compile(r"[a-z0-9]{1,20}(?:/[a-z0-9_]{1,20}){1,2}")
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst")
#: What stands in the record for the file of credentials.
_AUTHFILE = "AUTHFILE"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectRequest:
    """What was asked for. `what` is a reference or the path of an archive; empty text where nothing was said.

    `platform` is `os/arch`, `os/arch/variant` or `all`; `timeout` is in seconds, for each program run.
    """

    what: str
    folder: Path
    platform: str = ""
    program: str = ""
    authfile: str = ""
    timeout: float = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One image to collect: `name` is that of its folder or archive below images/, `source` where it comes from.

    `asked` is what to look for in the record; `reference` the full name that the layout gives the image, empty text
    when it has none. `archive` is the path of the archive it comes from, else empty text.
    """

    program: str
    name: str
    source: str
    asked: str
    reference: str
    platform: str
    authfile: str = ""
    archive: str = ""

    def command(self, folder: str, authfile: str) -> tuple[str, ...]:
        """The argument list that collects it into `folder`."""
        target = f"{folder}/{self.name}"
        if self.program == docker.PROGRAM:
            return docker.save(self.source, target, platform=self.platform)
        layout = f"oci:{target}:{self.reference}" if self.reference else f"oci:{target}"
        return skopeo.copy(self.source, layout, platform=self.platform, authfile=authfile)

    def recorded(self) -> list[str]:
        """The argument list without places of this machine: the archive by its name, the folder as `images`."""
        words = self.command(_IMAGES, _AUTHFILE if self.authfile else "")
        if not self.archive:
            return list(words)
        return [word.replace(self.archive, Path(self.archive).name, 1) for word in words]

    def shown(self, folder: Path) -> tuple[str, ...]:
        """The argument list for a person to run."""
        return self.command(str(folder / _IMAGES), self.authfile)


def plan(request: CollectRequest) -> tuple[Step, ...]:
    """What would be run, one step for each image; nothing is run.

    Raises:
        UsageError: the reference, platform or folder cannot be used, the archive holds no image, or what would be
            written is there already.
    """
    if request.platform not in ("", skopeo.ALL) and not _PLATFORM.fullmatch(request.platform):
        raise UsageError(f"--platform {request.platform!r} is none; write linux/amd64, linux/arm64/v8 or all")
    if ":" in str(request.folder):
        raise UsageError(f"-o {request.folder}: skopeo takes no folder whose name holds a colon")
    steps = tuple(_of_archive(request)) if _is_archive(request.what) else (_of_reference(request),)
    for step in steps:
        for place in (request.folder / _IMAGES / step.name, request.folder / RECORDS / f"{step.name}.json"):
            if place.exists() or place.is_symlink():
                raise UsageError(f"{place} is there already; remove it or name another folder with -o")
    return steps


def _is_archive(what: str) -> bool:
    """Whether a file is meant; what is spelt like one and is not there must not be asked of a registry."""
    if what.startswith("-"):
        return False
    if Path(what).is_dir():
        raise UsageError(f"{what} is a folder; hand it to assess as it is")
    if Path(what).is_file():
        return True
    if what.endswith(_ARCHIVES):
        raise UsageError(f"{what} does not exist; name an archive, or an image by its reference")
    return False


def _of_reference(request: CollectRequest) -> Step:
    reference = request.what
    if not _REFERENCE.fullmatch(reference) or len(reference) > _LONGEST:
        raise UsageError(
            f"{reference!r} is neither a file nor an image reference; write registry.example/team/app:1.2, "
            "with @sha256:... behind it when it must be that image"
        )
    tagged, _, digest = reference.partition("@")
    program = request.program or (
        docker.PROGRAM if not available(skopeo.PROGRAM) and available(docker.PROGRAM) else skopeo.PROGRAM
    )
    name = _name(reference)
    if program == docker.PROGRAM:
        if request.platform == skopeo.ALL:
            raise UsageError("docker saves one platform at a time; name it, or collect with skopeo")
        name, source = f"{name}.tar", reference
    else:
        # skopeo takes a tag or a digest, not both; the digest says which image it is
        source = f"docker://{_untagged(tagged)}@{digest}" if digest else f"docker://{tagged}"
    return Step(
        program=program,
        name=name,
        source=source,
        asked=reference,
        reference=tagged,
        platform=request.platform,
        authfile=request.authfile,
    )


def _of_archive(request: CollectRequest) -> Iterator[Step]:
    """A step for each image of an archive, whatever number of platforms it has."""
    path = Path(request.what)
    if request.program == docker.PROGRAM:
        raise UsageError("docker copies no archive; collect it with skopeo, or hand the archive itself to assess")
    if ":" in str(path):
        raise UsageError(f"{path}: skopeo takes no archive whose path holds a colon; rename it")
    sources, _ = image_sources(find((request.what,)))
    if not sources:
        raise UsageError(f"{path} is no archive of images; name a tar of docker save, skopeo or buildx")
    if any(piece.packed is not Packed.NO for piece in sources[0].pieces.values()):
        raise UsageError(f"{path} is compressed as a whole; unpack it first, or hand it to assess as it is")
    found = survey(sources[0])
    if not found.images:
        words = found.no_image or "; ".join(str(error) for error in found.errors) or "it names none"
        raise UsageError(f"{path} holds no image: {words}")
    seen: set[str] = set()
    for number, image in enumerate(found.images):
        reference = next((name for name in image.names if _REFERENCE.fullmatch(name)), "")
        source = _archived(path, image, number, reference)
        if source not in seen:
            seen.add(source)
            yield Step(
                program=skopeo.PROGRAM,
                name=_name(reference or path.name.split(".")[0]) + ("" if reference else f"-{number + 1}"),
                source=source,
                asked=reference or path.name,
                reference=reference,
                platform=request.platform,
                archive=str(path),
            )


def _archived(path: Path, image: FoundImage, number: int, reference: str) -> str:
    if image.form == "docker-archive":
        return f"docker-archive:{path}:{reference or f'@{number}'}"
    return f"oci-archive:{path}:{reference}" if reference else f"oci-archive:{path}"


def _name(reference: str) -> str:
    """A name for files: registry, repository and tag with `_` between them; long ones end in a hash of all."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", reference).strip("._-") or "image"
    if len(plain) <= 150:
        return plain
    return f"{plain[:120]}_{hashlib.sha256(reference.encode()).hexdigest()[:16]}"


def _untagged(tagged: str) -> str:
    head, colon, tag = tagged.rpartition(":")
    return head if colon and "/" not in tag else tagged


def collect(step: Step, request: CollectRequest) -> Path:
    """Collect one image into the evidence folder and write its record; where the image stands now.

    Nothing half-written is left in the folder: it grows beside, in a folder that `assess` passes over.

    Raises:
        ToolError: the program is absent, failed or ran out of time.
        OutputError: the folder cannot be written.
    """
    images, records = request.folder / _IMAGES, request.folder / RECORDS
    made = [folder for folder in (images, records, request.folder) if not folder.exists()]
    try:
        images.mkdir(parents=True, exist_ok=True)
        records.mkdir(exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{step.name[:60]}{PARTIAL}", dir=request.folder))
        try:
            record = _run(step, request, work)
            text = msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"
            (work / "record.json").write_bytes(text)
            os.rename(work / step.name, images / step.name)  # noqa: PTH104 - must fail when something is there
            os.rename(work / "record.json", records / f"{step.name}.json")  # noqa: PTH104 - same
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{request.folder}: cannot be written: {error.strerror}") from error
    finally:
        for folder in made:
            with contextlib.suppress(OSError):  # not empty: something was collected
                folder.rmdir()
    return images / step.name


def _run(step: Step, request: CollectRequest, work: Path) -> CollectionRecord:
    tool = docker if step.program == docker.PROGRAM else skopeo
    version = tool.version()
    ran = run(step.command(str(work), step.authfile), request.timeout)
    target = work / step.name
    if target.is_dir():
        _named(target, step.reference)
    return CollectionRecord(
        format=FORMAT,
        what="image",
        reference=step.asked,
        tool=RunTool(name=step.program, version=version),
        commands=[
            RunCommand(
                arguments=step.recorded(),
                started=ran.started,
                ended=ran.ended,
                exit_code=0,
            )
        ],
        files=[_hashed(path, work) for path in sorted(_files(target))],
    )


def _named(layout: Path, reference: str) -> None:
    """Give the one manifest of a layout its name where skopeo left it out: it does for manifests of Docker's format."""
    index = layout / "index.json"
    document = msgspec.json.decode(index.read_bytes(), type=dict[str, object])
    manifests = document.get("manifests")
    if reference and isinstance(manifests, list) and len(manifests) == 1 and "annotations" not in manifests[0]:
        manifests[0]["annotations"] = {"org.opencontainers.image.ref.name": reference}
        index.write_bytes(msgspec.json.encode(document))


def _files(target: Path) -> Iterator[Path]:
    if target.is_dir():
        yield from (path for path in target.rglob("*") if path.is_file())
    else:
        yield target


def _hashed(path: Path, work: Path) -> CollectedFile:
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return CollectedFile(path=f"{_IMAGES}/{path.relative_to(work).as_posix()}", sha256=digest.hexdigest(), size=size)
