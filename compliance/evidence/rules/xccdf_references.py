"""References of a rule in: the lists that we know, told apart by the address and the shape of the id, out.

Source: ComplianceAsCode/content, ssg/constants.py (reference addresses); DISA, STIG naming as published.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from compliance.model.rule_report import Reference, RefersTo

_CCI = re.compile(r"CCI-[0-9]{6}")
_SRG = re.compile(r"SRG-(?:OS|APP|NET)-[0-9]{6}-[A-Z]{2,6}-[0-9]{3,6}")
_STIG_RULE = re.compile(r"SV-[0-9]{1,7}(?:r[0-9]{1,8})?(?:_rule)?")
_VULN_ID = re.compile(r"V-[0-9]{1,7}")
_STIG_ID = re.compile(r"[A-Z0-9]{2,8}-[A-Z0-9]{2}-[0-9]{6}")
_NIST = re.compile(r"[A-Z]{2}-[0-9]{1,2}(?: ?\([0-9a-z]{1,3}\))*\.?")
#: The shapes of DISA's ids; no id has two of them.
_SHAPES = (
    (_CCI, RefersTo.CCI),
    (_SRG, RefersTo.SRG),
    (_STIG_RULE, RefersTo.STIG_RULE),
    (_VULN_ID, RefersTo.VULN_ID),
    (_STIG_ID, RefersTo.STIG_ID),
)
#: Whose ids have the shapes above. OpenSCAP knows the rule ids of STIGs by three whole addresses below these
#: (`/stigs/Pages/stig-viewing-guidance.aspx`, twice `/stigs/srg-stig-tools/`), and loses them when one changes.
_DISA = re.compile(r"https?://(?:[a-z0-9-]+\.)*(?:cyber\.mil|disa\.mil)(?:/|$)", re.IGNORECASE)
_NIST_R4 = re.compile(r"800-53r4|800-53/rev-4|800-53-rev-?4", re.IGNORECASE)
_NIST_R5 = re.compile(r"800-53r5|800-53/rev-5|800-53-rev-?5", re.IGNORECASE)
#: Results of CIS-CAT name benchmark, edition and item in their ids; addresses of cisecurity.org name no edition.
_CIS_BENCHMARK = re.compile(
    r"xccdf_org\.cisecurity\.benchmarks_benchmark_v?([0-9]+(?:\.[0-9]+)+)_CIS_(Kubernetes|Docker)_Benchmark"
)
_CIS_RULE = re.compile(r"xccdf_org\.cisecurity\.benchmarks_rule_([0-9]+(?:\.[0-9]+)*)(?:_.*)?", re.DOTALL)
_CIS_FRAMEWORKS = {"Kubernetes": "cis-kubernetes", "Docker": "cis-docker"}
#: `xccdf_<name space>_<kind>_<name>`. Source: XCCDF 1.2 (NIST IR 7275 r4), section 6.2.3.
_SPACED = re.compile(r"xccdf_[^_]+_(?:rule|group|profile|benchmark)_(.+)", re.DOTALL)
_LONGEST = 64


class Publisher(Enum):
    """Whose ids stand under an address."""

    DISA = "DISA"
    NIST_R4 = "NIST SP 800-53 rev. 4"
    NIST_R5 = "NIST SP 800-53 rev. 5"


@lru_cache(maxsize=4096)
def publisher(address: str) -> Publisher | None:
    """Whose ids the references to an address are; None for lists that we do not know."""
    if _DISA.match(address):
        return Publisher.DISA
    if _NIST_R4.search(address):
        return Publisher.NIST_R4
    return Publisher.NIST_R5 if _NIST_R5.search(address) else None


def reference(of: Publisher, value: str) -> Reference | None:
    """What a reference names; None where the text is no id of the publisher's."""
    if of is Publisher.DISA:
        return by_shape(value)
    if len(value) > _LONGEST or not _NIST.fullmatch(value):
        return None
    return Reference(RefersTo.NIST_800_53_R4 if of is Publisher.NIST_R4 else RefersTo.NIST_800_53_R5, value)


def by_shape(value: str) -> Reference | None:
    """An id of DISA's by its shape alone; None for any other."""
    if len(value) > _LONGEST:
        return None
    return next((Reference(system, value) for shape, system in _SHAPES if shape.fullmatch(value)), None)


def plain(name: str) -> str:
    """An id without its name space: `xccdf_org.ssgproject.content_rule_no_shelllogin` is `no_shelllogin`.

    Of a CIS item only the number stays: the rest of its id is the benchmark's own text.
    """
    if item := _CIS_RULE.fullmatch(name):
        return item[1]
    found = _SPACED.fullmatch(name)
    return found[1] if found else name


def cis_item(benchmark: str, rule: str) -> Reference | None:
    """The CIS item that a rule of CIS-CAT is; None where we do not have the benchmark."""
    known, item = _CIS_BENCHMARK.fullmatch(benchmark), _CIS_RULE.fullmatch(rule)
    if known is None or item is None:
        return None
    edition = known[1]
    if known[2] == "Kubernetes" and edition.startswith("1."):
        edition = ".".join(edition.split(".")[:2])
    return Reference(RefersTo.CIS, item[1], _CIS_FRAMEWORKS[known[2]], edition)


def is_cis(rule: str) -> bool:
    """Whether the words of a rule are CIS's own, which are not printed."""
    return _CIS_RULE.fullmatch(rule) is not None
