"""Owner and mode of a host's files: what is seen, what is proven absent, and what nobody can tell."""

from __future__ import annotations

import pytest

from compliance.model.evidence import Origin
from compliance.model.file_modes import (
    MAX_LINKS_BELOW,
    MAX_PLACES,
    NO_LISTING,
    judged_mode,
    judged_owner,
    look,
    look_below,
)
from compliance.model.host import FileEntry, FileListing, Group, Groups, host_subject
from compliance.model.hosts import Host
from compliance.model.outcome import Outcome

SUBJECT = host_subject("one", "files.txt")


def _origin(path: str) -> Origin:
    return Origin(path=path, sha256="0" * 64, document=None, pointer="", inner="", offset=0, length=1, line=1)


def _listing(
    files: dict[str, FileEntry],
    walked: tuple[str, ...] = (),
    absent: tuple[str, ...] = (),
    problems: tuple[str, ...] = (),
    path: str = "files.txt",
) -> FileListing:
    return FileListing(
        origin=_origin(path),
        subject=SUBJECT,
        host="one",
        files=files,
        walked=walked,
        absent=absent,
        problems=problems,
    )


def _host(*listings: FileListing, groups: tuple[Groups, ...] = ()) -> Host:
    return Host(subject=SUBJECT, name="one", listings=listings, groups=groups)


def _file(mode: int, user: str = "root", group: str = "root", kind: str = "f", target: str = "") -> FileEntry:
    return FileEntry(kind, mode, user, group, "/0", target)


@pytest.mark.parametrize(
    ("mode", "most", "outcome"),
    [
        (0o644, 0o644, Outcome.PASS),
        (0o600, 0o644, Outcome.PASS),
        (0o000, 0o400, Outcome.PASS),
        (0o645, 0o644, Outcome.FAIL),
        (0o4644, 0o644, Outcome.FAIL),
        (0o610, 0o604, Outcome.FAIL),
    ],
)
def test_a_mode_passes_only_without_a_bit_outside_the_limit(mode: int, most: int, outcome: Outcome) -> None:
    """Less is allowed, and a smaller number with another bit is not."""
    found = look(_host(_listing({"/etc/a": _file(mode)})), "/etc/a")
    assert judged_mode(found, most).outcome is outcome


def test_absence_is_only_proven_where_the_listing_was_asked() -> None:
    """Nothing handed in, not asked, unreadable, behind a link: unknown. Asked and not there: absent."""
    assert look(_host(), "/etc/a").unknown == (NO_LISTING,)
    assert look(_host(_listing({})), "/etc/a").unknown
    assert look(_host(_listing({}, walked=("/etc",), problems=("/etc/a",))), "/etc/a").unknown
    behind = _listing({"/etc/docker": _file(0o777, kind="l")}, walked=("/etc/docker",))
    assert look(_host(behind), "/etc/docker/daemon.json").unknown
    assert look(_host(_listing({}, absent=("/etc/a",))), "/etc/a").is_absent
    assert judged_mode(look(_host(_listing({}, walked=("/etc",))), "/etc/a"), 0o644).outcome is Outcome.NOT_APPLICABLE


def test_a_unit_is_absent_only_when_no_place_can_hold_it() -> None:
    """One of two places is not known: that it is in neither is not proven, and what was seen alone is no pass."""
    places = ("/etc/systemd/system/a.service", "/usr/lib/systemd/system/a.service")
    seen = {places[1]: _file(0o644)}
    assert judged_mode(look(_host(_listing(seen)), *places), 0o644).outcome is Outcome.NOT_CHECKED
    assert judged_mode(look(_host(_listing(seen, absent=places[:1])), *places), 0o644).outcome is Outcome.PASS
    assert judged_mode(look(_host(_listing({places[1]: _file(0o666)})), *places), 0o644).outcome is Outcome.FAIL


def test_both_spellings_of_one_folder_count() -> None:
    """/var/run is /run, so either tells; /lib is /usr/lib on most hosts only, so absence needs both."""
    socket = _listing({"/run/docker.sock": _file(0o660, group="docker", kind="s")})
    assert look(_host(socket), "/var/run/docker.sock").seen[0].path == "/run/docker.sock"
    assert look(_host(_listing({}, absent=("/run/docker.sock",))), "/var/run/docker.sock").is_absent
    one = _listing({}, absent=("/lib/systemd/system/a.service",))
    assert look(_host(one), "/usr/lib/systemd/system/a.service").unknown


def test_a_link_is_judged_where_it_leads() -> None:
    """The mode of a link says nothing; one that leads in a circle, or nowhere that is known, is unknown."""
    files = {
        "/a/link": _file(0o777, kind="l", target="real"),
        "/a/real": _file(0o600),
        "/a/ring": _file(0o777, kind="l", target="/a/ring"),
        "/a/blind": _file(0o777, kind="l"),
        "/a/dead": _file(0o777, kind="l", target="gone"),
    }
    host = _host(_listing(files, walked=("/a",)))
    assert judged_mode(look(host, "/a/link"), 0o600).outcome is Outcome.PASS
    assert look(host, "/a/ring").unknown
    assert look(host, "/a/blind").unknown
    assert look(host, "/a/dead").is_absent
    assert judged_mode(look_below(host, "/a", lambda path: path.endswith("link")), 0o600).outcome is Outcome.PASS


def test_a_tree_with_a_folder_that_could_not_be_read_is_no_pass() -> None:
    """What lies in it is unknown; a fault beside it still fails."""
    walked = ("/etc/pki",)
    good = {"/etc/pki": _file(0o755, kind="d"), "/etc/pki/a.key": _file(0o600)}
    hidden = ("/etc/pki/deep",)
    assert judged_mode(look_below(_host(_listing(good, walked)), "/etc/pki"), 0o600).outcome is Outcome.PASS
    partly = look_below(_host(_listing(good, walked, problems=hidden)), "/etc/pki")
    assert judged_mode(partly, 0o600).outcome is Outcome.NOT_CHECKED
    bad = {**good, "/etc/pki/b.key": _file(0o644)}
    assert judged_mode(look_below(_host(_listing(bad, walked)), "/etc/pki"), 0o600).outcome is Outcome.FAIL
    assert look_below(_host(_listing({}, absent=("/etc/pki",))), "/etc/pki").is_absent
    assert look_below(_host(_listing({})), "/etc/pki").unknown
    alone = _listing({"/etc/pki": _file(0o755, kind="d")})
    assert look_below(_host(alone), "/etc/pki").unknown


def test_a_tree_of_links_without_end_is_followed_so_far() -> None:
    """Beyond the limit what they lead to is unknown, and a fault before it still counts."""
    links = {f"/a/{number:05}": _file(0o777, kind="l", target="/b") for number in range(MAX_LINKS_BELOW + 1)}
    unread = tuple(f"/c/{number}" for number in range(1000))
    tree = _listing({"/a": _file(0o755, kind="d"), "/b": _file(0o600), **links}, ("/a",), problems=unread)
    found = look_below(_host(tree), "/a")
    assert len(found.seen) == 1
    assert judged_mode(found, 0o600).outcome is Outcome.NOT_CHECKED
    assert judged_mode(found, 0o400).outcome is Outcome.FAIL


def test_numbers_are_owners_where_something_names_them() -> None:
    """Number 0 is root; another number is the docker group only when the host's groups say so."""
    socket = {"/run/docker.sock": _file(0o660, "0", "998", "s")}
    groups = Groups(origin=_origin("group"), subject=SUBJECT, host="one", groups={"docker": Group(998, (), "/0")})
    found = look(_host(_listing(socket)), "/run/docker.sock")
    assert judged_owner(_host(_listing(socket)), found, ("root",), ("docker",)).outcome is Outcome.NOT_CHECKED
    named = _host(_listing(socket), groups=(groups,))
    assert judged_owner(named, found, ("root",), ("docker",)).outcome is Outcome.PASS
    assert judged_owner(named, found).outcome is Outcome.FAIL


def test_two_listings_that_contradict_each_other_fail() -> None:
    """The worse one decides, whatever the order of the files."""
    good, bad = _listing({"/a": _file(0o600)}), _listing({"/a": _file(0o666)}, path="later.txt")
    for host in (_host(good, bad), _host(bad, good)):
        verdict = judged_mode(look(host, "/a"), 0o600)
        assert verdict.outcome is Outcome.FAIL
        assert [place.origin.path for place in verdict.at] == ["later.txt"]


def test_a_folder_within_what_could_not_be_read_is_unknown() -> None:
    """A listing that is cut short, or stopped somewhere above, has said nothing for certain of what lies below."""
    files = {"/etc/pki": _file(0o755, kind="d"), "/etc/pki/a.key": _file(0o600)}
    for trouble in ("/", "/etc", "/etc/pki", "/etc/pki/more"):
        found = look_below(_host(_listing(files, walked=("/etc",), problems=(trouble,))), "/etc/pki")
        assert found.unknown == (f"{trouble} could not be read wholly",)
        assert judged_mode(found.without("d"), 0o600).outcome is Outcome.NOT_CHECKED
    assert judged_mode(look_below(_host(_listing(files, walked=("/etc",))), "/etc/pki"), 0o600).outcome is Outcome.PASS


def test_folders_alone_prove_that_there_is_no_file() -> None:
    """What is left out was seen: it is the place that proves that nothing else is there."""
    files = {"/etc/cni": _file(0o755, kind="d"), "/etc/cni/a": _file(0o755, kind="d")}
    found = look_below(_host(_listing(files, walked=("/etc",))), "/etc/cni").without("d")
    assert found.is_absent
    assert judged_mode(found, 0o600).outcome is Outcome.NOT_APPLICABLE


def test_nothing_is_below_what_does_not_exist() -> None:
    """A folder that is absent has no files, unless what is above could not be read."""
    assert look(_host(_listing({}, absent=("/srv/a",))), "/srv/a/b/c").is_absent
    assert look(_host(_listing({}, absent=("/srv/a",), problems=("/srv",))), "/srv/a/b/c").unknown


def test_a_verdict_names_so_many_places_and_tells_how_many_there_are() -> None:
    """A hostile listing of many open files makes no observation as large as itself."""
    number = MAX_PLACES + 500
    files = {f"/etc/pki/{name}.key": _file(0o666) for name in range(number)}
    found = look_below(_host(_listing({"/etc/pki": _file(0o755, kind="d"), **files}, walked=("/etc",))), "/etc/pki")
    verdict = judged_mode(found, 0o600)
    assert verdict.outcome is Outcome.FAIL
    assert len(verdict.at) == MAX_PLACES
    assert f"and {number - 8} more" in verdict.reason
    assert len(judged_mode(found, 0o666).at) == MAX_PLACES


def test_a_name_with_a_line_feed_stays_on_its_line() -> None:
    """What a terminal or a report would act on is told as bytes."""
    found = look(_host(_listing({"/etc/a\n\x1b[2Jb": _file(0o666, "o\ne")})), "/etc/a\n\x1b[2Jb")
    reasons = [judged_mode(found, most).reason for most in (0o600, 0o666)] + [judged_owner(_host(), found).reason]
    assert all(reason.isprintable() and "\\x0a\\x1b[2Jb" in reason for reason in reasons)
