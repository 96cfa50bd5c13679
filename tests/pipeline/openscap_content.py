"""SCAP content of our own, small enough to read: rules about files, with the ids that STIGs give them.

OpenSCAP passes over what follows an empty element on the same line, so each stands on one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

#: The three addresses by which OpenSCAP itself knows the rule ids of STIGs. Source: OpenSCAP, xccdf_policy.c.
STIG_ADDRESSES = (
    "http://iase.disa.mil/stigs/Pages/stig-viewing-guidance.aspx",
    "https://public.cyber.mil/stigs/srg-stig-tools/",
    "https://www.cyber.mil/stigs/srg-stig-tools/",
)
PROFILE = "xccdf_example_profile_all"


class FileRule(NamedTuple):
    """A rule that a file is there, or is not. `stig` is a STIG's rule id, `check` false for a rule nobody checks.

    `platform` makes it apply to Debian alone, or to nothing that there is.
    """

    name: str
    path: str
    there: bool
    stig: str = ""
    address: str = STIG_ADDRESSES[1]
    check: bool = True
    platform: str = ""


def write_content(folder: Path, rules: Sequence[FileRule]) -> Path:
    """The benchmark; the definitions that it names lie beside it."""
    (folder / "oval.xml").write_text(_oval(rules))
    path = folder / "xccdf.xml"
    path.write_text(_xccdf(rules))
    return path


def _xccdf(rules: Sequence[FileRule]) -> str:
    selects = "".join(f'<select idref="xccdf_example_rule_{rule.name}" selected="true"/>\n' for rule in rules)
    return (
        '<?xml version="1.0"?>\n<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" '
        'id="xccdf_example_benchmark_files"><status>draft</status>\n<title>Files</title>\n'
        '<description>Files</description>\n<version>1.0</version>\n<model system="urn:xccdf:scoring:default"/>\n'
        f'<Profile id="{PROFILE}">\n<title>All</title>\n{selects}</Profile>\n'
        f"{''.join(_rule(rule) for rule in rules)}</Benchmark>\n"
    )


def _rule(rule: FileRule) -> str:
    reference = f'<reference href="{rule.address}">{rule.stig}</reference>\n' if rule.stig else ""
    platform = f'<platform idref="{rule.platform}"/>\n' if rule.platform else ""
    check = (
        '<check system="http://oval.mitre.org/XMLSchema/oval-definitions-5">\n'
        f'<check-content-ref href="oval.xml" name="oval:example-{rule.name}:def:1"/>\n</check>\n'
        if rule.check
        else ""
    )
    return (
        f'<Rule id="xccdf_example_rule_{rule.name}" selected="false" severity="medium"><title>{rule.name}</title>'
        f"{reference}{platform}{check}</Rule>\n"
    )


def _oval(rules: Sequence[FileRule]) -> str:
    definitions = tests = objects = ""
    for number, rule in enumerate(rules, 1):
        exists = "at_least_one_exists" if rule.there else "none_exist"
        definitions += (
            f'<definition class="compliance" id="oval:example-{rule.name}:def:1" version="1"><metadata>'
            f"<title>{rule.name}</title><description/></metadata><criteria>"
            f'<criterion test_ref="oval:example:tst:{number}"/></criteria></definition>'
        )
        tests += (
            f'<unix:file_test check="all" check_existence="{exists}" comment="{rule.name}" '
            f'id="oval:example:tst:{number}" version="1"><unix:object object_ref="oval:example:obj:{number}"/>'
            "</unix:file_test>"
        )
        objects += (
            f'<unix:file_object id="oval:example:obj:{number}" version="1">'
            f"<unix:filepath>{rule.path}</unix:filepath></unix:file_object>"
        )
    space = "http://oval.mitre.org/XMLSchema/oval"
    return (
        f'<?xml version="1.0"?>\n<oval_definitions xmlns="{space}-definitions-5" xmlns:oval="{space}-common-5" '
        f'xmlns:unix="{space}-definitions-5#unix"><generator><oval:schema_version>5.11</oval:schema_version>'
        "<oval:timestamp>2026-01-01T00:00:00</oval:timestamp></generator>"
        f"<definitions>{definitions}</definitions><tests>{tests}</tests><objects>{objects}</objects>"
        "</oval_definitions>\n"
    )
