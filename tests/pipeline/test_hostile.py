"""An attacker beside good evidence: nothing is lost, nothing passes because of it, nothing runs, nothing leaks."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema_rs
import pikepdf
import pytest
import zstandard
from trestle.oscal.assessment_results import AssessmentResults

import compliance.pipeline.running
import compliance.pipeline.units
from compliance.cli.terminal import Terminal
from compliance.configuration.loading import load
from compliance.exports import packet_json
from compliance.pipeline.caching import cache_file
from compliance.pipeline.running import Result
from tests.exports.oscal.integrity import problems
from tests.pipeline.hostile_inputs import HOSTILE, SECRETS, configuration, dump, manifest, notations, secretive
from tests.pipeline.inertness import (
    REASON_LIMIT,
    csv_is_inert,
    everything,
    html_is_inert,
    json_is_sound,
    oscal_is_sound,
    page_of,
    sarif_is_inert,
)
from tests.pipeline.test_running import GOOD, assess, observations, of

#: All formats but PDF, which is slow and has tests of its own below.
FORMATS = ("json", "oscal", "csv", "sarif", "html")
HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: bad, namespace: shop}\n"
POD = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"bad","namespace":"shop"},"spec":%s}'


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    return _folder(tmp_path)


def _folder(parent: Path) -> Path:
    folder = parent / "evidence"
    folder.mkdir()
    (folder / "good.yaml").write_text(GOOD)
    return folder


def satisfied(result: Result) -> set[str]:
    return {f.control for one in result.assessment.results for f in one.findings if f.status.value == "satisfied"}


def entry(result: Result, path: str) -> dict[str, Any]:
    index = json.loads((result.packet / "evidence/index.json").read_bytes())
    (found,) = [file for file in index["files"] if file["path"] == path]
    assert isinstance(found, dict)
    return found


def good_passes(result: Result) -> bool:
    return bool(of(result, "pod-privileged")["shop/Pod/good"]["outcome"] == "pass")


def _nines(levels: int) -> str:
    rows = "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, levels))
    return f"a0: &a0 [{','.join('x' * 9)}]\n{rows}"


def _merges(levels: int) -> str:
    rows = "".join(f"  k{n}: &k{n} {{<<: [{','.join([f'*k{n - 1}'] * 9)}], y{n}: 1}}\n" for n in range(1, levels))
    return f"x:\n  k0: &k0 {{y0: 1}}\n{rows}"


#: What cannot be read: what is handed in, words of what is said, and the line that is named.
UNREADABLE: dict[str, tuple[str, str | bytes, str, str]] = {
    "duplicate key, YAML": ("f.yaml", f"{HEAD}spec: {{}}\nspec: {{}}\n", "stands twice", "line 5"),
    "duplicate key, JSON": ("f.json", POD % '{"hostPID":true,\n"hostPID":false}', "stands twice", "line 2"),
    "two kinds": ("f.yaml", GOOD.replace("kind: Pod", "kind: ConfigMap\nkind: Pod"), "stands twice", "line 3"),
    "a kind inside before": (
        "f.yaml",
        "metadata:\n  kind: ConfigMap\napiVersion: v1\nkind: Pod\nspec:\n\tx: 1\n",
        "not valid YAML",
        "line 6",
    ),
    "two kinds, JSON": ("f.json", '{"apiVersion":"v1","kind":"ConfigMap","kind":"Pod"}', "stands twice", "line 1"),
    "kind spelt with escapes": ("f.json", '{"apiVersion":"v1","kind":"Secret","\\u006bind":"Pod"}', "twice", "line 1"),
    "merge bomb": ("f.yaml", HEAD + _merges(30), "aliases expand too far", "line 1"),
    "alias bomb": ("f.yaml", HEAD + _nines(12), "aliases expand too far", "line 1"),
    "holds itself": ("f.yaml", f"{HEAD}spec: &s [*s]\n", "aliases expand too far", "line 4"),
    "flow nesting": ("f.yaml", f"{HEAD}spec: {'[' * 100_000}", "more than 100 brackets", "line 4"),
    "deep JSON": ("f.json", POD % ("[" * 1_000_000 + "]" * 1_000_000), "nested too deeply", "line 1"),
    "huge integer, YAML": ("f.yaml", f"{HEAD}spec: {{priority: {'9' * 5000}}}\n", "digits", "line 1"),
    "huge integer, JSON": ("f.json", POD % f'{{"priority":{"9" * 5000}}}', "digits", "line 1"),
    "NaN, YAML": ("f.yaml", f"{HEAD}spec: {{priority: .nan}}\n", "NaN", "line 4"),
    "NaN, JSON": ("f.json", POD % '{"priority":NaN}', "NaN", "line 1"),
    "tabs": ("f.yaml", f"{HEAD}spec:\n\tcontainers: []\n", "not valid YAML", "line 5"),
    "UTF-16": ("f.yaml", GOOD.encode("utf-16"), "iconv", "line 1"),
    "UTF-16 without mark": ("f.yaml", GOOD.encode("utf-16-be"), "iconv", "line 1"),
    "Latin-1": ("f.yaml", GOOD.replace("good", "b\u00e4d").encode("latin-1"), "convert the file to UTF-8", "line 3"),
    "lone surrogate, JSON": ("f.json", '{"apiVersion":"v1","kind":"Pod","x":"\\ud800"}', "surrogate", "line 1"),
    "lone surrogate, YAML": ("f.yaml", HEAD.replace("bad", '"\\ud800"'), "Unicode", "line 3"),
    "tag that runs": ("f.yaml", HEAD + 'spec: !!python/object/apply:os.system ["id"]\n', "not understood", "line 4"),
    "template": ("f.yaml", HEAD + "spec: {{ .Values.x }}\n", "helm template", "line 4"),
    "lists in lists": ("f.json", '{"apiVersion":"v1","kind":"List","items":[' * 9 + "]}" * 9, "5 lists", "line 1"),
    "typed list of broken items": (
        "f.yaml",
        "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a, name: b}\n",
        "stands twice",
        "line 4",
    ),
    "name without end": ("f.json", (POD % "{}").replace("bad", "M" * 1_000_000), "1,000,000 characters", "line 1"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_told_with_its_place_and_lets_nothing_pass(case: str, evidence: Path) -> None:
    """The entry names file, line and what is wrong; good evidence is judged; no control on pods is satisfied."""
    name, content, words, line = UNREADABLE[case]
    (evidence / name).write_bytes(content.encode() if isinstance(content, str) else content)
    result = assess(evidence, formats=FORMATS)
    file = entry(result, name)
    assert not result.complete
    assert file["state"] == "unreadable"
    assert words in file["reason"]
    assert line in file["reason"]
    assert len(file["reason"]) < REASON_LIMIT
    assert good_passes(result)
    assert of(result, "pod-privileged")["evidence-unreadable"]["outcome"] == "not-checked"
    assert satisfied(result) == set()
    json_is_sound(result.packet)


@pytest.mark.parametrize(
    ("content", "subject"),
    [
        (b"\xef\xbb\xbf" + GOOD.replace("good", "marked").encode(), "shop/Pod/marked"),
        (GOOD.replace("good", "crlf").replace("\n", "\r\n").encode(), "shop/Pod/crlf"),
        (GOOD.replace("good", "cr").replace("\n", "\r").encode(), "shop/Pod/cr"),
        (b"# nothing to see here\n" * 10_000 + GOOD.replace("good", "late").encode(), "shop/Pod/late"),
    ],
    ids=["byte-order mark", "CRLF", "CR", "after 200 kB of comments"],
)
def test_odd_but_valid_text_is_judged(content: bytes, subject: str, evidence: Path) -> None:
    """What the cluster would take is never passed over as an unknown kind of file."""
    (evidence / "odd.yaml").write_bytes(content.replace(b"privileged: false", b"privileged: true"))
    result = assess(evidence)
    assert result.complete
    assert of(result, "pod-privileged")[subject]["outcome"] == "fail"


def test_a_dump_cut_short_gives_the_objects_before_and_no_pass_for_those_behind(evidence: Path) -> None:
    """Whole objects count; the cut is told with its line."""
    spec = '{"containers":[{"name":"app","image":"x"}]}'
    whole = dump([json.loads((POD % spec).replace("bad", f"p{number}")) for number in range(5)])
    (evidence / "dump.json").write_bytes(whole[:-80])
    result = assess(evidence, formats=FORMATS)
    assert not result.complete
    assert "hand it in whole" in entry(result, "dump.json")["problems"][0]
    assert {"shop/Pod/p0", "shop/Pod/p3", "shop/Pod/good"} < set(of(result, "pod-host-pid"))
    assert satisfied(result) == set()


def test_troubles_beyond_those_listed_still_count(evidence: Path) -> None:
    """Sixty unreadable Services do not hide the unreadable Pod behind them."""
    service = "apiVersion: v1\nkind: Service\nmetadata: 5\n"
    (evidence / "f.yaml").write_text("---\n".join([service] * 60 + [f"{HEAD}spec: 7\n"]))
    result = assess(evidence)
    assert entry(result, "f.yaml")["problems"][-1] == "and 11 more documents that cannot be read"
    assert of(result, "pod-privileged")["evidence-unreadable"]["outcome"] == "not-checked"
    assert satisfied(result) == set()


@pytest.mark.parametrize("kind", ["fifo", "loop", "outside", "folder"])
def test_what_may_not_be_opened_keeps_everything_from_passing(kind: str, evidence: Path) -> None:
    """A pipe, a link to itself or out of the folder is told, never followed, and might hold anything."""
    place = evidence / "odd.yaml"
    match kind:
        case "fifo":
            os.mkfifo(place)
        case "loop":
            place.symlink_to(place)
        case "outside":
            (evidence.parent / "secret.yaml").write_text(GOOD.replace("good", "outside"))
            place.symlink_to(evidence.parent / "secret.yaml")
        case "folder":
            (evidence / "real").mkdir()
            place.symlink_to(evidence / "real")
    result = assess(evidence)
    assert not result.complete
    assert entry(result, "odd.yaml")["state"] == "unreadable"
    assert entry(result, "odd.yaml")["reason"]
    assert good_passes(result)
    assert "shop/Pod/outside" not in of(result, "pod-privileged")
    assert satisfied(result) == set()


def test_a_folder_named_like_a_file_is_walked(evidence: Path) -> None:
    """Names decide nothing."""
    (evidence / "dump.json").mkdir()
    (evidence / "dump.json/x").write_text(GOOD.replace("good", "inner"))
    assert "shop/Pod/inner" in of(assess(evidence), "pod-privileged")


def test_no_file_hides_behind_the_name_of_another(evidence: Path) -> None:
    """A name that is not UTF-8 and one that is spelt like its escape are two files, both judged and listed."""
    (evidence / os.fsdecode(b"\xff.yaml")).write_text(GOOD.replace("good", "one").replace("false", "true"))
    (evidence / "\\xff.yaml").write_text(GOOD.replace("good", "two"))
    result = assess(evidence, formats=FORMATS)
    assert [file.path for file in result.assessment.evidence] == ["\\\\xff.yaml", "\\xff.yaml", "good.yaml"]
    found = of(result, "pod-privileged")
    assert (found["shop/Pod/one"]["outcome"], found["shop/Pod/two"]["outcome"]) == ("fail", "pass")
    assert found["shop/Pod/one"]["at"][0]["line"] == 8


def test_a_file_named_twice_is_one_file(evidence: Path) -> None:
    """A folder and a file in it as arguments give each file once."""
    result = assess(evidence, paths=(str(evidence), f"{evidence}/", str(evidence / "good.yaml")))
    assert [(file.path, file.documents) for file in result.assessment.evidence] == [("good.yaml", 1)]


def test_the_same_evidence_under_another_name_changes_no_verdict(evidence: Path) -> None:
    """Both files are listed; each object has one observation for each check, which cites both."""
    once = {(line["check"], line["subject"]): line["outcome"] for line in observations(assess(evidence))}
    (evidence / "copy.yaml").write_text(GOOD)
    result = assess(evidence, "second")
    assert {(line["check"], line["subject"]): line["outcome"] for line in observations(result)} == once
    places = of(result, "pod-privileged")["shop/Pod/good"]["at"]
    assert [place["path"] for place in places] == ["copy.yaml", "good.yaml"]
    assert [file.path for file in result.assessment.evidence] == ["copy.yaml", "good.yaml"]


def test_of_two_files_that_disagree_the_worse_counts_and_both_are_named(evidence: Path) -> None:
    """No good copy of a bad object makes it pass."""
    (evidence / "a.yaml").write_text(GOOD.replace("false", "true"))
    line = of(assess(evidence), "pod-privileged")["shop/Pod/good"]
    assert line["outcome"] == "fail"
    assert line["at"][0]["path"] == "a.yaml"
    assert "good.yaml" in line["reason"]


@pytest.mark.parametrize("when", ["between", "gone"])
def test_a_large_file_that_changes_while_it_is_read_lets_nothing_pass(
    when: str, evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that are not those that were hashed are not judged, and the file is told."""
    monkeypatch.setattr(compliance.pipeline.units, "WHOLE", 1024)
    large = evidence / "large.yaml"
    large.write_text("---\n".join(GOOD.replace("good", f"p{number}") for number in range(20)))
    real = compliance.pipeline.units._large

    def changing(*arguments: Any) -> Any:
        found = list(real(*arguments))
        if when == "gone":
            large.unlink()
        else:
            large.write_text(large.read_text().replace("privileged: false", "privileged: true "))
        yield from found

    monkeypatch.setattr(compliance.pipeline.units, "_large", changing)
    result = assess(evidence)
    assert not result.complete
    assert entry(result, "large.yaml")["state"] == "unreadable"
    assert set(of(result, "pod-privileged")) == {"shop/Pod/good", "evidence-unreadable"}
    assert satisfied(result) == set()


def test_a_small_file_that_changes_while_it_is_read_is_not_judged(
    evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer at work between two looks at the file is noticed."""
    (evidence / "small.yaml").write_text(GOOD.replace("good", "small"))
    real = os.pread

    def pread(handle: int, length: int, offset: int) -> bytes:
        data = real(handle, length, offset)
        if b"small" in data:
            (evidence / "small.yaml").write_text(GOOD.replace("good", "swapped") + "# longer")
        return data

    monkeypatch.setattr(os, "pread", pread)
    result = assess(evidence)
    assert "hand in a file that nobody writes to" in entry(result, "small.yaml")["reason"]
    assert set(of(result, "pod-privileged")) == {"shop/Pod/good", "evidence-unreadable"}
    assert satisfied(result) == set()


def test_20000_documents_in_one_file_are_each_judged(evidence: Path) -> None:
    """None is lost, and the assessment stays small."""
    row = '{apiVersion: v1, kind: ConfigMap, metadata: {name: "c%d", namespace: shop}}\n'
    (evidence / "many.yaml").write_text("---\n".join(row % number for number in range(20_000)))
    result = assess(evidence)
    assert entry(result, "many.yaml")["documents"] == 20_000
    assert len(of(result, "config-map-credentials")) == 20_000
    assert (result.packet / "assessment.json").stat().st_size < 40_000_000


def test_a_pod_of_5000_containers_is_judged_and_its_reasons_stay_short(evidence: Path) -> None:
    """Every container counts; of the places the first are listed and the number of all is told."""
    pod = manifest(str)[0]
    container = pod["spec"]["containers"][0]
    pod["spec"]["containers"] = [{**container, "name": f"c{number}"} for number in range(5_000)]
    (evidence / "pod.json").write_bytes(dump([pod]))
    result = assess(evidence, formats=FORMATS)
    line = of(result, "pod-privileged")["shop/Pod/pod"]
    assert line["outcome"] == "fail"
    assert "of 5,000 places" in line["reason"]
    json_is_sound(result.packet)


def test_an_argument_of_one_long_word_costs_no_time(evidence: Path) -> None:
    """The search for credentials is linear: 64 kB without an equals sign once took a quarter of a minute."""
    pod = manifest(str)[0]
    pod["spec"]["containers"][0]["args"] = ["L" * 64_000, "a-" * 32_000, "eyJaaaaaaaa." * 5_000]
    (evidence / "pod.json").write_bytes(dump([pod]))
    started = time.process_time()
    assert assess(evidence).complete
    assert time.process_time() - started < 5


def test_names_and_values_without_end_make_no_packet_without_end(evidence: Path) -> None:
    """Texts of 200,000 characters in every place: reasons and pointers are cut, with their length told."""
    names = {"pod", "deployment", "shop", "clusterrolebinding"}
    objects = manifest(lambda text: text if text in names else text + "L" * 200_000)
    (evidence / "long.json").write_bytes(dump([one for one in objects if one["kind"] in ("Pod", "Deployment")]))
    result = assess(evidence, formats=FORMATS)
    assert of(result, "pod-privileged")["shop/Pod/pod"]["outcome"] == "fail"
    assert any("characters)" in line["reason"] for line in observations(result))
    json_is_sound(result.packet)
    csv_is_inert(result.packet)
    for path in result.packet.rglob("*"):
        assert b"L" * 40_000 not in (path.read_bytes() if path.is_file() else b""), path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """One packet over manifests, file names and a configuration that hold every hostile text in every place."""
    folder = _folder(tmp_path_factory.mktemp("hostile"))
    for number, text in enumerate(HOSTILE):
        (folder / f"before-{number}.json").write_bytes(dump(manifest(_before(text))))
        (folder / f"behind-{number}.json").write_bytes(dump(manifest(_behind(text))))
        name = text.replace("/", "|").replace("\x00", "")
        (folder / f"{name}.yaml").write_text(GOOD.replace("good", f"named-{number}").replace("false", "true"))
    (folder.parent / "compliance.yaml").write_text(configuration(_before("".join(HOSTILE))))
    own = load(folder.parent / "compliance.yaml")
    frameworks = ("cis-kubernetes", "cis-docker", "nist-800-190")
    return assess(folder, formats=FORMATS, configuration=own, frameworks=frameworks)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The same with harmless texts."""
    folder = _folder(tmp_path_factory.mktemp("plain"))
    (folder / "all.json").write_bytes(dump(manifest(str)))
    (folder.parent / "compliance.yaml").write_text(configuration(str))
    own = load(folder.parent / "compliance.yaml")
    frameworks = ("cis-kubernetes", "cis-docker", "nist-800-190")
    return assess(folder, formats=FORMATS, configuration=own, frameworks=frameworks)


def _before(text: str) -> Callable[[str], str]:
    return lambda word: text + word


def _behind(text: str) -> Callable[[str], str]:
    return lambda word: word + text


def test_hostile_names_are_judged_like_others(hostile: Result) -> None:
    """They are not refused, so that nobody escapes a verdict by a name; the good workload passes."""
    assert hostile.complete
    found = of(hostile, "pod-privileged")
    for text in HOSTILE:
        assert found[f"{text}shop/Pod/{text}pod"]["outcome"] == "fail"
        assert found[f"shop{text}/Deployment/deployment{text}"]["outcome"] == "fail"
    assert good_passes(hostile)


def test_hostile_texts_are_inert_in_html(hostile: Result, plain: Result) -> None:
    """No element, attribute or address comes from data, only our own script runs, and template text stays text."""
    html_is_inert(hostile.packet, page_of(plain.packet))
    assert "{{7*7}}" in page_of(hostile.packet).data().decode()


def test_hostile_texts_are_inert_in_csv(hostile: Result) -> None:
    """No cell is a formula."""
    csv_is_inert(hostile.packet)


def test_hostile_texts_are_inert_in_sarif(hostile: Result, plain: Result) -> None:
    """No address has a foreign scheme."""
    sarif_is_inert(hostile.packet, plain.packet)


def test_hostile_texts_keep_to_the_datatypes_of_oscal(hostile: Result) -> None:
    """Tokens, ids, lines and references hold, and trestle loads the result."""
    oscal_is_sound(hostile.packet)
    paths = sorted((hostile.packet / "oscal").iterdir())
    assert problems([json.loads(path.read_bytes()) for path in paths]) == []
    assert AssessmentResults.oscal_read(hostile.packet / "oscal/assessment-results.json") is not None


def test_hostile_texts_keep_to_our_own_schemas(hostile: Result) -> None:
    """assessment.json and each observation are UTF-8 and valid."""
    json_is_sound(hostile.packet)
    folder = Path(packet_json.__file__).parents[1] / "schema"
    for name, documents in (
        ("observation", observations(hostile)),
        ("assessment", [json.loads((hostile.packet / "assessment.json").read_bytes())]),
    ):
        validator = jsonschema_rs.validator_for(json.loads((folder / f"{name}.schema.json").read_bytes()))
        for document in documents:
            validator.validate(document)


def test_hostile_texts_are_inert_on_the_terminal(hostile: Result, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing printed moves the cursor, colours the screen or turns the reading direction."""
    Terminal(log_format="text", quiet=False).tell(hostile, ())
    printed = capsys.readouterr().out
    assert "Packet:" in printed
    assert all(char.isprintable() or char == "\n" for char in printed)


def test_hostile_problems_are_inert_on_the_terminal(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither are the names of files and keys in what could not be read."""
    (evidence / "\x1b[2J\u202e.yaml").write_text('apiVersion: v1\nkind: Pod\n"\\e[31m": 1\n"\\e[31m": 2\n')
    Terminal(log_format="text", quiet=False).tell(assess(evidence), ())
    printed = capsys.readouterr().out
    assert "stands twice" in printed.replace("\n", " ")
    assert all(char.isprintable() or char == "\n" for char in printed)


def test_no_credential_is_in_any_file_of_the_packet_or_the_cache(evidence: Path) -> None:
    """Judged and reported, never repeated: plain or in base64, in any format, in what is kept for the next run."""
    (evidence / "leaky.yaml").write_text(secretive())
    result = assess(evidence, formats=FORMATS, cache=True)
    found = {check: of(result, check) for check in ("pod-credential-literal", "secret-in-manifest")}
    assert found["pod-credential-literal"]["shop/Pod/leaky"]["outcome"] == "fail"
    assert found["secret-in-manifest"]["shop/Secret/plain"]["outcome"] == "fail"
    with closing(sqlite3.connect(cache_file())) as database, database:
        rows = database.execute("SELECT value FROM record").fetchall()
    kept = b"\n".join(zstandard.ZstdDecompressor().decompress(value) for (value,) in rows)
    written = everything(result.packet)
    assert b"leaky" in kept
    assert b"leaky" in written
    for place, value in SECRETS.items():
        for form in (value.encode(), base64.b64encode(value.encode()).rstrip(b"=")):
            assert form not in written, place
            assert form not in kept, place
    assert b"hunter2-Data" not in written + kept


def test_no_notation_carries_a_credential_into_the_packet(evidence: Path) -> None:
    """Over several lines, in flow, behind flags, in broken documents: errors and source lines never repeat it."""
    for number, (name, text) in enumerate(notations("hunter2-Probe-55ee66ff").items()):
        (evidence / f"{number} {name}.yaml").write_text(text)
    result = assess(evidence, formats=FORMATS)
    written = everything(result.packet)
    at = written.find(b"hunter2-Probe")
    assert at < 0, written[max(at - 200, 0) : at + 40]


def test_a_pdf_of_hostile_texts_holds_no_action_address_or_attachment(evidence: Path) -> None:
    """Links lead inside the document; nothing runs, opens or is embedded."""
    for number, text in enumerate(HOSTILE):
        (evidence / f"{number}.json").write_bytes(dump(manifest(_before(text))[:2]))
    (evidence / "leaky.yaml").write_text(secretive())
    result = assess(evidence, formats=("pdf",))
    with pikepdf.open(result.packet / "packet.pdf") as pdf:
        assert "/Names" not in pdf.Root or "/EmbeddedFiles" not in pdf.Root.Names
        assert not {"/OpenAction", "/AA", "/AcroForm"} & set(pdf.Root.keys())
        for page in pdf.pages:
            for link in page.get("/Annots", ()):
                assert link.Subtype == "/Link"
                assert "/A" not in link or link.A.S == "/GoTo"
