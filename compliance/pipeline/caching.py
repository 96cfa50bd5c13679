"""Keeps what the first phase made of a file, so that an unchanged file is never parsed twice."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

import zstandard

from compliance import checks, evidence, model
from compliance.model.configuration import Parameters

#: The cache forgets its oldest entries above this many bytes.
_MAX_BYTES = 512 * 1024 * 1024


def cache_file() -> Path:
    """Where the cache of this user stands (XDG base directory specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "compliance-evidence" / "records.sqlite"


def code_fingerprint() -> bytes:
    """A hash of the code that decides what is made of a file: other code never reads what this kept."""
    digest = hashlib.sha256()
    for package in (evidence, model, checks):
        for folder in package.__path__:
            for source in sorted(Path(folder).rglob("*.py")):
                digest.update(source.name.encode() + source.read_bytes())
    return digest.digest()


def fingerprint(code: bytes, params: Parameters) -> bytes:
    """A hash of the code and of the organisation's values, by which single records are judged."""
    return hashlib.sha256(code + repr(params).encode()).digest()


def _opened(path: Path) -> sqlite3.Connection:
    """The database at a path, made when it is not there; closed again when it cannot be used."""
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")  # a torn entry fails its checksum and is read anew
        connection.execute(
            "CREATE TABLE IF NOT EXISTS record "
            "(key BLOB PRIMARY KEY, checksum BLOB NOT NULL, value BLOB NOT NULL) WITHOUT ROWID"
        )
        path.chmod(0o600)
    except (sqlite3.Error, OSError):
        connection.close()
        raise
    return connection


class Cache:
    """Bytes by key, on disk; it can be lost or damaged at any time and only costs time."""

    def __init__(self, path: Path | None) -> None:
        self._connection: sqlite3.Connection | None = None
        # records and lines repeat themselves: packed they cost a tenth of the disk and less time to fetch
        self._pack = zstandard.ZstdCompressor(level=1)
        self._unpack = zstandard.ZstdDecompressor()
        if path is None:
            return
        with suppress(sqlite3.Error, OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = _opened(path)

    def get(self, key: bytes) -> bytes | None:
        """What was kept under a key, or None; a value that does not match its checksum is not given."""
        if self._connection is None:
            return None
        try:
            row = self._connection.execute("SELECT checksum, value FROM record WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error:
            return None
        if row is None or hashlib.sha256(key + row[1]).digest() != row[0]:
            return None
        try:
            return self._unpack.decompress(row[1])
        except zstandard.ZstdError:
            return None

    def put_all(self, entries: dict[bytes, bytes]) -> None:
        """Keep entries, in one transaction."""
        if self._connection is None or not entries:
            return
        packed = ((key, self._pack.compress(value)) for key, value in entries.items())
        rows = [(key, hashlib.sha256(key + value).digest(), value) for key, value in packed]
        with suppress(sqlite3.Error):
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", rows)
            self._connection.execute("COMMIT")

    def trim(self) -> None:
        """Empty the cache when it has grown above its limit."""
        if self._connection is None:
            return
        with suppress(sqlite3.Error):
            pages, size = (
                self._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
            )
            if pages * size > _MAX_BYTES:
                self._connection.execute("DELETE FROM record")
                self._connection.execute("VACUUM")

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
