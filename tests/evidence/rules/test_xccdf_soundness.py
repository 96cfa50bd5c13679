"""Runs that prove nothing: no result of theirs passes, fails or does not apply, and the report says why."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from compliance.model.outcome import Outcome
from tests.evidence.rules.xccdf_documents import DEBIAN, RuleText, Run, oval, report

_IMAGE = {"urn:xccdf:fact:identifier": "image://registry.example/app"}


def _rules(*said: str, platforms: Sequence[str] = ("#machine",)) -> list[RuleText]:
    return [RuleText(name=f"r{number}", said=word, platforms=platforms) for number, word in enumerate(said)]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (
            Run(rules=_rules("notapplicable", "notapplicable")),
            "every one of the 2 selected rules was found not applicable",
        ),
        (Run(rules=_rules("pass", "notapplicable"), there=()), "the content is for cpe:/o:debian:debian_linux:11"),
        (Run(rules=_rules("notselected", "notselected")), "no rule was selected"),
        (Run(rules=[]), "no rule was selected"),
        (Run(rules=_rules("notchecked", "notapplicable", "error")), "not one of the 3 selected rules passed or failed"),
        (Run(rules=_rules("pass", "fail"), ended=""), "the run has no end"),
        (
            Run(
                rules=_rules("pass"), facts={**_IMAGE, "urn:compliance:fact:run:unsound": "E: dpkginfo_init has failed"}
            ),
            "dpkginfo_init",
        ),
    ],
    ids=["all-na", "wrong-os", "no-profile", "empty", "no-verdict", "no-end", "collector-says-so"],
)
def test_a_run_that_proves_nothing(run: Run, words: str) -> None:
    """Every outcome is not checked or an error, the words of the tool stay to be seen."""
    for data in (run.arf(), run.xccdf()):
        found = report(data)
        assert words in found.unsound
        assert {result.outcome for result in found.results} <= {Outcome.NOT_CHECKED, Outcome.ERROR}
        assert [result.said for result in found.results] == [
            rule.said for rule in run.rules if rule.said != "notselected"
        ]


def test_passes_over_an_empty_folder_prove_nothing() -> None:
    """Where OVAL collected not one file or package, "nothing forbidden was found" is no result."""
    empty = oval("", "", "")
    uname = '<unix:uname_item id="1" status="exists"/>'
    absent = '<unix:file_item id="2" status="does not exist"/>'
    present = '<unix:file_item id="3" status="exists"/>'
    for details in (empty, oval("", "", uname + absent)):
        found = report(Run(rules=_rules("pass", "fail")).arf(details))
        assert "not a single file or package" in found.unsound
    assert report(Run(rules=_rules("pass", "fail")).arf(oval("", "", uname + present))).unsound == ""


@pytest.mark.parametrize(
    ("platforms", "group", "there", "words"),
    [
        (["#machine"], "", (DEBIAN,), "a whole machine and this target is a container"),
        (["#system_with_kernel"], "", (DEBIAN,), "the host kernel's responsibility"),
        ([], '<platform idref="#machine"/>', (DEBIAN,), "a whole machine"),
        (
            ["#package_gdm", "#package_sudo"],
            "",
            (DEBIAN,),
            "package gdm is not installed; package sudo is not installed",
        ),
        (["#pam"], '<platform idref="#grub2"/>', (DEBIAN, "#pam"), "the boot loader"),
        (["#not_aarch64_arch"], "", (DEBIAN,), "another processor architecture"),
        (["#something"], "", (DEBIAN,), "a platform that was not found here (platform #something)"),
        (["cpe:/o:redhat:enterprise_linux:9"], "", (DEBIAN,), "another operating system"),
    ],
)
def test_why_a_rule_does_not_apply(platforms: list[str], group: str, there: Sequence[str], words: str) -> None:
    """The platform of the rule, or of a group around it, that was not found is the reason."""
    rules = [RuleText(name="a", said="notapplicable", platforms=platforms), RuleText(name="b", said="fail")]
    (result, _) = report(Run(rules=rules, group=group, there=there).arf()).results
    assert result.outcome is Outcome.NOT_APPLICABLE
    assert words in result.reason


@pytest.mark.parametrize(
    ("platforms", "there"), [([], (DEBIAN,)), (["#pam"], (DEBIAN, "#pam")), (["#gdm", "#pam"], (DEBIAN, "#pam"))]
)
def test_without_a_reason_nothing_is_not_applicable(platforms: list[str], there: Sequence[str]) -> None:
    """No platform, or one that was found: the tool's word alone takes nothing off the list."""
    rules = [RuleText(name="a", said="notapplicable", platforms=platforms), RuleText(name="b")]
    (result, _) = report(Run(rules=rules, there=there).xccdf()).results
    assert result.outcome is Outcome.NOT_CHECKED
    assert "nothing in the document says why" in result.reason


@pytest.mark.parametrize(
    ("version", "facts", "outcome"),
    [
        ("1.3.7", {}, Outcome.NOT_CHECKED),
        ("1.3.7", {"urn:compliance:fact:root:read-only": "true"}, Outcome.NOT_APPLICABLE),
        ("1.3.10", {}, Outcome.NOT_APPLICABLE),
        ("1.4.2", {}, Outcome.NOT_APPLICABLE),
        ("", {}, Outcome.NOT_CHECKED),
    ],
)
def test_packages_that_an_old_openscap_may_have_forgotten(
    version: str, facts: dict[str, str], outcome: Outcome
) -> None:
    """Before 1.3.10 a package of Debian counts as absent after the first failed look, unless the root was read-only."""
    rules = [RuleText(name="a", said="notapplicable", platforms=["#package_sudo"]), RuleText(name="b")]
    (result, _) = report(Run(rules=rules, version=version, facts={**_IMAGE, **facts}).arf()).results
    assert result.outcome is outcome


def test_an_old_openscap_forgets_no_kernel() -> None:
    """Only packages are asked of the database."""
    rules = [RuleText(name="a", said="notapplicable", platforms=["#machine"]), RuleText(name="b")]
    assert report(Run(rules=rules, version="1.3.7").arf()).results[0].outcome is Outcome.NOT_APPLICABLE


def test_a_rule_that_its_content_declares_not_applicable() -> None:
    """The content's own reason is told; a platform that is none says that it is for good."""
    inside = "<rationale>Containers inherit\n  the clock of their host.</rationale>"
    rules = [
        RuleText(name="a", said="notapplicable", inside=f'{inside}<platform idref="cpe:/o:notapplicable"/>'),
        RuleText(name="b"),
    ]
    (result, _) = report(Run(rules=rules).arf()).results
    assert result.outcome is Outcome.NOT_APPLICABLE
    assert result.reason == "its content declares it not applicable: Containers inherit the clock of their host."


@pytest.mark.parametrize(("said", "outcome"), [("pass", Outcome.NOT_CHECKED), ("fail", Outcome.NOT_CHECKED)])
def test_a_script_speaks_of_the_machine_that_it_ran_on(said: str, outcome: Outcome) -> None:
    """Of an image it decides nothing; of a host it does."""
    check = '<check system="http://open-scap.org/page/SCE"><check-content-ref href="./AslrCheck.sh"/></check>'
    rules = [RuleText(name="a", said=said, check=False, more=check), RuleText(name="b")]
    (result, _) = report(Run(rules=rules).arf()).results
    assert result.outcome is outcome
    assert "scripts look at the machine that they run on" in result.reason
    (result, _) = report(Run(rules=rules, facts={}, target="node-1").arf()).results
    assert result.outcome.value == said


@pytest.mark.parametrize(
    ("name", "owners", "outcome"),
    [
        ("file_owner_etc_shadow", "lost", Outcome.NOT_CHECKED),
        ("no_files_ungrouped", "lost", Outcome.NOT_CHECKED),
        ("file_permissions_etc_shadow", "lost", Outcome.FAIL),
        ("file_owner_etc_shadow", "kept", Outcome.FAIL),
    ],
)
def test_rules_about_owners_need_owners(name: str, owners: str, outcome: Outcome) -> None:
    """Where an image was unpacked without root, all its files seem to be root's."""
    facts = {**_IMAGE, "urn:compliance:fact:root:owners": owners}
    rules = [RuleText(name=name, said="fail"), RuleText(name="b")]
    assert report(Run(rules=rules, facts=facts).arf()).results[0].outcome is outcome
