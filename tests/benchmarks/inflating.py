"""The limit that reading an image is measured against: inflate every layer and hash what comes out, nothing else."""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
import time
from pathlib import Path

from isal import igzip_lib

_CHUNK = 1024 * 1024


def main() -> None:
    """Print the CPU seconds that hashing and inflating each gzip layer of an archive takes."""
    path = Path(sys.argv[1])
    with tarfile.open(path) as archive:
        blobs = [(member.offset_data, member.size) for member in archive if member.name.startswith("blobs/")]
    started = time.process_time()
    unpacked = 0
    with path.open("rb") as stream:
        for offset, size in blobs:
            stream.seek(offset)
            unpacked += _one(stream.read(2) == b"\x1f\x8b", stream, offset, size)
    print(json.dumps({"phase": "inflate", "cpu_s": time.process_time() - started, "bytes": unpacked}))


def _one(packed: bool, stream: object, offset: int, size: int) -> int:
    stream.seek(offset)  # type: ignore[attr-defined]  # a file
    blob, content, total = hashlib.sha256(), hashlib.sha256(), 0
    inflate = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    while size > 0:
        chunk = stream.read(min(_CHUNK, size))  # type: ignore[attr-defined]  # a file
        size -= len(chunk)
        blob.update(chunk)
        if packed:
            out = inflate.decompress(chunk)
            content.update(out)
            total += len(out)
    return total


if __name__ == "__main__":
    main()
