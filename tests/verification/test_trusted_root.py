"""Trusted roots: what is read, and what is left out and told."""

from __future__ import annotations

import base64
import json

import pytest

from compliance.verification.trusted_root import read_roots, seconds_of
from tests.verification.making import Simulator

WORLD = Simulator()


def test_everything_of_a_root() -> None:
    """A root gives its authorities, logs, CT logs and timestamp authorities."""
    (root,), faults = read_roots("root", WORLD.trusted_root())
    assert faults == []
    assert [len(one) for one in (root.authorities, root.logs, root.ct_logs, root.timestamps)] == [1, 2, 1, 1]
    assert (root.demands_log, root.demands_sct) == (True, True)
    (bare,), _ = read_roots("root", WORLD.trusted_root(logs=False, ct=False))
    assert (bare.demands_log, bare.demands_sct) == (False, False)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"mediaType":"application/json"}', '{"a":' * 100_000, "null\nnull", '{"mediaType":5}'],
)
def test_no_root_at_all(text: str) -> None:
    """What is no trusted root gives none, and a sentence that names it."""
    roots, faults = read_roots("root.json", text)
    assert roots == []
    assert len(faults) == 1
    assert faults[0].startswith("The trusted root root.json cannot be read")


_START = {"start": "2020-01-01T00:00:00Z"}
_BROKEN: dict[str, dict[str, object]] = {
    "no start": {"publicKey": {"rawBytes": json.loads(WORLD.trusted_root())["tlogs"][0]["publicKey"]["rawBytes"]}},
    "no key": {"publicKey": None},
    "no id": {"logId": None},
    "other key": {"publicKey": {"rawBytes": "AAAA", "validFor": _START}},
    "no base64": {"publicKey": {"rawBytes": "!", "validFor": _START}},
    "no time": {"publicKey": {"rawBytes": "AAAA", "validFor": {"start": "yesterday"}}},
}


@pytest.mark.parametrize("change", _BROKEN.values(), ids=_BROKEN.keys())
def test_broken_instance(change: dict[str, object]) -> None:
    """A log that cannot be used is left out and told; that the root asks for a log still stands."""
    document = json.loads(WORLD.trusted_root())
    document["tlogs"] = document["tlogs"][:1]
    document["tlogs"][0].update(change)
    (root,), faults = read_roots("root", json.dumps(document))
    assert root.logs == ()
    assert root.demands_log
    assert len(faults) == 1
    assert "tlogs/0" in faults[0]


def test_checkpoint_key_id() -> None:
    """A log may be known by the id of its checkpoint key as well."""
    document = json.loads(WORLD.trusted_root())
    document["tlogs"][0]["checkpointKeyId"] = {"keyId": "c2l4dGVlbiBieXRlcyEhIQ=="}
    (root,), _ = read_roots("root", json.dumps(document))
    assert root.log(b"sixteen bytes!!!") is root.logs[0]


def test_times() -> None:
    """RFC 3339 times, with fractions and zones."""
    assert seconds_of("1970-01-01T00:00:01Z") == 1
    assert seconds_of("1970-01-01T01:00:01+01:00") == 1
    assert seconds_of("2022-12-31T23:59:59.999Z") == pytest.approx(1672531199.999)
    for text in ("1970-01-01", "1970-13-01T00:00:00Z", "", "1970-01-01T00:00:00"):
        with pytest.raises(ValueError, match=r"time|month"):
            seconds_of(text)


def test_an_authority_with_a_key_of_another_kind() -> None:
    """A certificate for a key that is not known here, such as one of a later kind, is left out and told."""
    document = json.loads(WORLD.trusted_root())
    held = document["certificateAuthorities"][0]["certChain"]["certificates"][0]
    der = base64.b64decode(held["rawBytes"])
    elliptic = bytes.fromhex("06072a8648ce3d0201")
    assert der.count(elliptic) == 1
    held["rawBytes"] = base64.b64encode(der.replace(elliptic, bytes.fromhex("06072a8648ce3d0202"))).decode()
    (root,), faults = read_roots("root", json.dumps(document))
    assert root.authorities == ()
    assert len(faults) == 1
    assert "certificateAuthorities/0, cannot be used: a certificate cannot be used" in faults[0]
