"""What is known of exploitation: CISA's catalog, EPSS scores, CISA's decision points."""

from __future__ import annotations

import gzip

import pytest

from compliance.model.vulnerability import EpssScores, KevCatalog, KevEntry, SsvcRecord, epss_key
from tests.evidence.vulnerabilities.making import EPSS, answers, cve_record, encoded, kev_catalog, refusal, the


def test_the_catalog_is_read_by_id() -> None:
    catalog = the(KevCatalog, "kev", kev_catalog())
    assert (catalog.version, catalog.released) == ("2026.10.30", "2026-10-30T15:00:37Z")
    assert catalog.entries == {
        "CVE-2021-44228": KevEntry("2021-12-10", "2021-12-24", "Known", "/vulnerabilities/0"),
    }


def test_a_catalog_that_was_cut_is_refused() -> None:
    """What it lacks would pass for not exploited."""
    assert "counts 2 entries and holds 1" in refusal("kev", kev_catalog(count=2))
    entry = {"cveID": "CVE-2021-1"}
    assert "listed twice" in refusal("kev", kev_catalog(entry, entry))
    assert "no vulnerabilities" in refusal("kev", {"catalogVersion": "1", "count": 0})


def test_a_due_date_that_is_none_is_noted() -> None:
    """It is not made up, and no other word stands for a day."""
    entry = {"cveID": "CVE-2021-1", "dateAdded": "2021-12-10", "dueDate": "2021-02-30"}
    catalog = the(KevCatalog, "kev", kev_catalog(entry, dateReleased=None))
    assert catalog.entries["CVE-2021-1"].due == ""
    assert (catalog.released, catalog.notes) == (None, ("a date of CVE-2021-1 is 2021-02-30, which is no day",))


def test_scores_are_found_by_id() -> None:
    """Not listed is not zero (case 44)."""
    scores = the(EpssScores, "epss", EPSS)
    assert (scores.model, scores.scored, len(scores)) == ("v2025.03.14", "2026-10-31T00:00:00Z", 3)
    assert scores.of("CVE-2021-44228") == (943580, 999570)
    assert scores.of("CVE-2023-5678") == (0, 10)
    assert scores.of("CVE-1999-0001") == (430, 100000)
    for other in ("CVE-2021-44229", "CVE-2099-0001", "CVE-1998-9999", "GHSA-j8r2-6x86-q33q", ""):
        assert scores.of(other) is None


def test_compressed_scores_are_the_same() -> None:
    plain, packed = the(EpssScores, "epss", EPSS), the(EpssScores, "epss", gzip.compress(EPSS))
    assert (plain.table, plain.scored) == (packed.table, packed.scored)


def test_scores_without_their_comment_have_no_date() -> None:
    scores = the(EpssScores, "epss", EPSS.partition(b"\n")[2])
    assert (scores.scored, scores.model, len(scores)) == (None, "", 3)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (b"CVE-2021-44228,0.5,0.5", "CVE-2021-44228 is listed twice"),
        (b"CVE-2022-1111,1.5,0.5", "share above 1"),
        (b"CVE-2022-1111,nan,0.5", "no row"),
        (b"CVE-2022-1111,0.5", "no row"),
        (b"CVE-2022-1111,-0.5,0.5", "no row"),
        (b"GHSA-x,0.5,0.5", "no row"),
        (b"CVE-2022-1111,\xff,0.5", "not UTF-8"),
    ],
)
def test_a_row_that_is_none_is_refused(row: bytes, words: str) -> None:
    assert words in refusal("epss", EPSS + row + b"\n")


def test_damaged_or_longer_gzip_data_are_refused() -> None:
    """What was cut off, or what follows, might hold the id that is asked for."""
    packed = gzip.compress(EPSS)
    assert "cut short" in refusal("epss", packed[:-5])
    assert "cut short" in refusal("epss", packed + gzip.compress(b"CVE-2030-1111,1,1\n"))


def test_a_gzip_bomb_is_stopped_at_the_cap() -> None:
    """80 MB of one row from 80 KB."""
    assert "unpacks to more than" in refusal("epss", gzip.compress(EPSS + b"\n" * (80 << 20), compresslevel=1))


def test_keys_of_ids_are_in_their_order() -> None:
    """By year, then by number, however many digits it has."""
    ids = ["CVE-1999-0001", "CVE-2021-9999", "CVE-2021-10000", "CVE-2022-0001"]
    keys = [key for id in ids if (key := epss_key(id)) is not None]
    assert keys == sorted(keys)
    assert len(keys) == 4
    assert epss_key("CVE-2021-1") is None


def test_decision_points_are_read() -> None:
    record = the(SsvcRecord, "ssvc", cve_record(Exploitation="Active", Automatable="yes", Technical_Impact="total"))
    assert (record.id, record.exploitation, record.automatable) == ("CVE-2024-1234", "active", "yes")
    assert (record.technical_impact, record.timestamp) == ("total", "2026-03-01T01:02:03Z")
    assert record.pointer == "/containers/adp/0/metrics/0/other/content"


def test_points_of_anybody_else_are_not_cisa_s() -> None:
    """A record without them says nothing; it is no error."""
    document = cve_record(Exploitation="none")
    publisher = document["containers"]["adp"][0]  # type: ignore[index]  # a document of our own making
    publisher["providerMetadata"] = {"orgId": "someone", "shortName": "someone"}
    record = the(SsvcRecord, "ssvc", document)
    assert (record.exploitation, record.timestamp) == ("", "")


def test_points_about_another_vulnerability_are_refused() -> None:
    document = cve_record(Exploitation="none")
    document["cveMetadata"] = {"cveId": "CVE-2024-9999"}
    assert "about CVE-2024-1234, not CVE-2024-9999" in refusal("ssvc", document)


def test_an_array_of_records_gives_each() -> None:
    found = answers("ssvc", encoded([cve_record(Exploitation="poc"), cve_record()]))
    assert [one.pointer for one in found if isinstance(one, SsvcRecord)] == [
        "/0/containers/adp/0/metrics/0/other/content",
        "/1/containers/adp/0/metrics/0/other/content",
    ]
    assert len({one.subject.id for one in found if isinstance(one, SsvcRecord)}) == 2
