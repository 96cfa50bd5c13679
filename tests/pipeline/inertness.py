"""What must hold of every file of a packet, whatever was handed in."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.exports.html_page import Page

#: Longest reason, with what is said of its cut and of the places left out.
REASON_LIMIT = 2_200
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_ADDRESS = re.compile(r"[A-Za-z0-9._~/%-]+")
#: Members of OSCAL objects that the specification types as text in one line (markup-line or string).
_ONE_LINE = frozenset({"title", "value", "description-line", "name", "text"})


def page_of(packet: Path) -> Page:
    return Page((packet / "packet.html").read_bytes().decode())


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of every object, and every text of every list, at any depth."""
    pending: list[tuple[str, Any]] = [("", value)]
    while pending:
        key, item = pending.pop()
        yield key, item
        if isinstance(item, dict):
            pending += item.items()
        elif isinstance(item, list):
            pending += [(key, member) for member in item]


def html_is_inert(packet: Path, plain: Page) -> None:
    """No element, attribute or address is made from data; one script of ours runs, by its hash."""
    page = page_of(packet)
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in plain.elements}
    names = {(tag, name) for tag, attributes in page.elements for name in attributes}
    assert names <= {(tag, name) for tag, attributes in plain.elements for name in attributes}
    assert not {name for _, name in names if name.startswith("on") or name in ("src", "style", "srcdoc", "action")}
    assert all((attributes.get("href") or "#").startswith("#") for _, attributes in page.elements)
    (script,) = (text for attributes, text in page.raw if "const DRAWN" in text and "type" not in attributes)
    policy = next(a["content"] or "" for tag, a in page.elements if tag == "meta" and "http-equiv" in a)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}';")
    assert "unsafe" not in policy
    assert not _STEERING.search("".join(page.visible))
    assert not any(isinstance(text, str) and _STEERING.search(text) for _, text in walk(json.loads(page.data())))


def csv_is_inert(packet: Path) -> None:
    """No cell is a formula, too long for a spreadsheet, or holds a line break or control character."""
    rows = list(csv.reader(io.StringIO((packet / "findings.csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert len(cell) <= 32_767
        assert not _STEERING.search(cell)
        assert "\n" not in cell


def sarif_is_inert(packet: Path, plain: Path) -> None:
    """No address has a scheme but our own; no message is taken for a link or a placeholder."""
    log = json.loads((packet / "findings.sarif").read_bytes())
    ours = {
        uri for key, uri in walk(json.loads((plain / "findings.sarif").read_bytes())) if key.lower().endswith("uri")
    }
    for key, uri in walk(log):
        if key.lower().endswith("uri") and isinstance(uri, str) and uri not in ours:
            parts = urlsplit(uri)
            assert not parts.scheme, uri
            assert not parts.netloc, uri
            assert _ADDRESS.fullmatch(uri), uri
            assert not uri.startswith("/"), uri
    for result in log["runs"][0]["results"]:
        assert not re.search(r"(?<!\{)\{\d|\]\(", result["message"]["text"])
        assert not _STEERING.search(result["message"]["text"])


def oscal_is_sound(packet: Path) -> None:
    """Ids are UUIDs, names are tokens, values are trimmed, and what stands in one line does."""
    for path in sorted((packet / "oscal").iterdir()):
        for _, item in walk(json.loads(path.read_bytes())):
            if not isinstance(item, dict):
                continue
            if "uuid" in item:
                assert _UUID.fullmatch(item["uuid"])
            for prop in item.get("props", ()):
                assert _TOKEN.fullmatch(prop["name"])
                assert re.fullmatch(r"\S(?s:.*\S)?", prop["value"])
            for key in _ONE_LINE & item.keys():
                if isinstance(item[key], str):
                    assert re.fullmatch(r"[^\n\r]+", item[key]), (path.name, key, item[key])
                    assert not _STEERING.search(item[key]), (path.name, key, item[key])


def json_is_sound(packet: Path) -> None:
    """Every JSON file and line is UTF-8, has no lone surrogate, and says no reason without end."""
    for path in packet.rglob("*.json*"):
        for text in path.read_bytes().splitlines() if path.suffix == ".jsonl" else [path.read_bytes()]:
            value = json.loads(text.decode())
            json.dumps(value, ensure_ascii=False).encode()
    for line in (packet / "observations.jsonl").read_bytes().splitlines():
        assert len(json.loads(line)["reason"]) <= REASON_LIMIT


def everything(packet: Path) -> bytes:
    """All bytes of a packet one after another, what the HTML page packs among them unpacked."""
    parts = [path.read_bytes() for path in sorted(packet.rglob("*")) if path.is_file()]
    return b"\n".join([*parts, page_of(packet).data()])
