"""Command lines made by hand, for tests of what is read from them."""

from __future__ import annotations

from compliance.model.evidence import Origin
from compliance.model.host import CommandLine, Flag, Form, Program, host_subject
from compliance.model.hosts import program_subject

ORIGIN = Origin(
    path="compliance-host-one/etc/kubernetes/manifests/one.yaml",
    sha256="0" * 64,
    document=None,
    pointer="",
    inner="",
    offset=0,
    length=1,
    line=1,
)


def command_line(
    *options: str,
    program: Program = Program.API_SERVER,
    form: Form = Form.STATIC_POD,
    opaque: str = "",
    version: str | None = "1.34.1",
) -> CommandLine:
    """A program started with options as they stand in a shell: `--profiling=false`."""
    flags = []
    for number, one in enumerate(options):
        name, equals, value = one.lstrip("-").partition("=")
        flags.append(Flag(name, value if equals else None, f"/spec/containers/0/command/{number + 1}"))
    return CommandLine(
        origin=ORIGIN,
        subject=program_subject(host_subject("one", ORIGIN.path), program),
        host="one",
        program=program,
        form=form,
        flags=tuple(flags),
        opaque=opaque,
        image=None,
        version=version,
        at="/spec/containers/0/command",
    )
