"""What an option is set to: the occurrence that counts, the words a program reads, and what cannot be known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance.model import flag_values
from compliance.model.flags import agreed, answer, at_least, boolean, combined, is_absent, is_set, judged_lines, option
from compliance.model.host import Form, Mounted, Program
from compliance.model.outcome import Outcome
from tests.model.command_lines import command_line

PASS, FAIL, NOT_CHECKED = Outcome.PASS, Outcome.FAIL, Outcome.NOT_CHECKED


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        (["--profiling=false"], PASS),
        (["--profiling=F"], PASS),
        (["--profiling=true"], FAIL),
        (["--profiling"], FAIL),
        ([], FAIL),
        (["--profiling=true", "--profiling=false"], PASS),
        (["--profiling=false", "--profiling"], FAIL),
        (["--profiling=no"], NOT_CHECKED),
        (["--profiling="], NOT_CHECKED),
        (["--profiling=$(PROFILING)"], NOT_CHECKED),
        (["--profiling=<redacted>"], NOT_CHECKED),
    ],
)
def test_a_truth_value_is_read_as_the_program_reads_it(options: list[str], outcome: Outcome) -> None:
    """The last occurrence counts, the default when there is none, and nothing passes that the program refuses."""
    found = boolean(command_line(*options), "profiling", wanted=False, default=True)
    assert found.outcome is outcome
    place = f"/{len(options)}" if options else ""
    assert found.at[0].pointer == f"/spec/containers/0/command{place}"


def test_underscores_are_dashes_only_for_the_programs_of_kubernetes() -> None:
    """kube-apiserver takes `--anonymous_auth`, etcd does not know `--auto_tls`."""
    assert option(command_line("--anonymous_auth=false"), "anonymous-auth").text == "false"
    assert option(command_line("--auto_tls=true", program=Program.ETCD), "auto-tls").absent


def test_an_option_that_may_stand_elsewhere_is_unknown() -> None:
    """Behind a shell an option that is not seen may be there; one that is seen counts."""
    line = command_line("--profiling=false", opaque="a shell script starts it")
    assert boolean(line, "anonymous-auth", wanted=False, default=True).outcome is NOT_CHECKED
    assert is_absent(line, "token-auth-file").outcome is NOT_CHECKED
    assert boolean(line, "profiling", wanted=False, default=True).outcome is PASS


def test_the_configuration_file_of_etcd_takes_the_place_of_its_options() -> None:
    """With --config-file no other option of etcd counts."""
    line = command_line("--config-file=/etc/etcd.yaml", "--client-cert-auth=true", program=Program.ETCD)
    assert boolean(line, "client-cert-auth", wanted=True, default=False).outcome is NOT_CHECKED


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        (["--a=/x", "--b=/y"], PASS),
        (["--a=/x"], FAIL),
        (["--a=/x", "--b="], FAIL),
        (["--a=/x", "--b"], FAIL),
        (["--a=/x", "--b=$(KEY)"], NOT_CHECKED),
        (["--a=<redacted>", "--b=/y"], PASS),
    ],
)
def test_options_are_set_when_each_has_a_value(options: list[str], outcome: Outcome) -> None:
    """An empty value is none; a hidden one is one."""
    assert is_set(command_line(*options), "a", "b").outcome is outcome


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ([], PASS),
        (["--token-auth-file="], PASS),
        (["--token-auth-file=/x"], FAIL),
        (["--token-auth-file=/x", "--token-auth-file="], PASS),
        (["--token-auth-file=<redacted>"], FAIL),
        (["--token-auth-file=$(FILE)"], NOT_CHECKED),
    ],
)
def test_an_option_that_must_not_be_used(options: list[str], outcome: Outcome) -> None:
    """Its last value decides, and no value is as good as none."""
    assert is_absent(command_line(*options), "token-auth-file").outcome is outcome


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        (["--n=30"], PASS),
        (["--n=036"], PASS),
        (["--n=29"], FAIL),
        (["--n=-40"], FAIL),
        (["--n=99999999999999999999"], NOT_CHECKED),
        (["--n=many"], NOT_CHECKED),
        ([], FAIL),
    ],
)
def test_a_number_is_compared_in_the_notation_of_go(options: list[str], outcome: Outcome) -> None:
    """036 is thirty, as the program reads it."""
    assert at_least(command_line(*options), "n", 30).outcome is outcome


def test_sources_that_contradict_each_other_are_told_both() -> None:
    """The manifest says one thing and the running process another: the worse counts, both values are shown."""
    lines = [
        command_line("--profiling=false"),
        command_line("--profiling=true", form=Form.PROCESS),
    ]
    verdict = judged_lines(lines, lambda line: boolean(line, "profiling", wanted=False, default=True))
    assert verdict.outcome is FAIL
    assert verdict.reason == (
        "sources differ: --profiling is true (process list); --profiling is false (static pod manifest)"
    )
    assert verdict.at


def test_sources_that_agree_are_told_once() -> None:
    """One sentence names all of them."""
    lines = [command_line("--profiling=false"), command_line("--profiling=false", form=Form.MIRROR_POD)]
    verdict = judged_lines(lines, lambda line: boolean(line, "profiling", wanted=False, default=True))
    assert verdict.reason == "--profiling is false (static pod manifest, pod of the running cluster)"


def test_no_source_is_no_answer() -> None:
    """Nothing read means not-checked."""
    assert agreed([]).outcome is NOT_CHECKED


def test_answers_to_parts_of_a_question_give_the_worst() -> None:
    """One part that fails decides, whatever the others say."""
    line = command_line()
    both = combined([answer(line, PASS, "good"), answer(line, FAIL, "bad"), answer(line, FAIL, "worse")])
    assert (both.outcome, both.words) == (FAIL, "bad; worse")


def test_lists_add_up_and_gates_are_overruled() -> None:
    """Each occurrence of a list adds to it; of a feature gate the last counts."""
    line = command_line("--l=A,B", "--l=C", "--g=X=true,Y=false", "--g=kube:X=false")
    assert option(line, "l").words() == ("A", "B", "C")
    assert option(line, "g").gates() == {"X": False, "Y": False}
    assert option(command_line("--g=X=maybe"), "g").gates() is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("4h", 4 * 3_600 * 10**9),
        ("1h30m", 5_400 * 10**9),
        ("1.5s", 1_500_000_000),
        (".5s", 500_000_000),
        ("-1m", -60 * 10**9),
        ("300ms", 300_000_000),
        ("60", None),
        ("", None),
        ("1 h", None),
        (".s", None),
        ("9999999h", None),
    ],
)
def test_durations_are_those_of_go(text: str, value: int | None) -> None:
    """A number without a unit is no duration."""
    assert flag_values.duration(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("A,B", ("A", "B")), ("", ()), ('"A,B",C', ("A,B", "C")), ("A, B", ("A", " B")), ('A"B', ('A"B',))],
)
def test_words_of_a_list(text: str, value: tuple[str, ...]) -> None:
    """Commas separate, quotes hold together, blanks stay."""
    assert flag_values.words(text) == value


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0"), (60 * 10**9, "1m"), (90 * 10**9, "90s"), (1500, "1500ns"), (3_600 * 10**9, "1h")],
)
def test_durations_are_told_in_the_largest_whole_unit(nanoseconds: int, text: str) -> None:
    """A reader need not count nanoseconds."""
    assert flag_values.told_duration(nanoseconds) == text


def test_a_value_that_would_break_a_reason_is_made_printable() -> None:
    """No line feed of the evidence reaches a reason, and a long value is cut."""
    told = option(command_line("--x=a\nb" + "c" * 500), "x").told()
    assert "\n" not in told
    assert len(told) < 200


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/kubernetes/pki/ca.crt", "/etc/kubernetes/pki/ca.crt"),
        ("/var/lib/etcd", "/data/etcd"),
        ("/var/lib/etcd/member", "/data/etcd/member"),
        ("/var/lib/etcd-other", "/var/lib/etcd-other"),
        ("/var/lib/etcd/hidden/x", ""),
    ],
)
def test_a_path_of_a_container_is_followed_to_its_host(path: str, expected: str) -> None:
    """The nearest mount counts; what is mounted from no folder of the host is nowhere on it."""
    mounts = (Mounted("/var/lib/etcd", "/data/etcd"), Mounted("/var/lib/etcd/hidden", ""))
    line = replace(command_line(), mounts=mounts)
    assert line.on_host(path) == expected
