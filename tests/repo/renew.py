"""`make docs`: writes everything anew that is generated from the code, the catalogs and the samples."""

from __future__ import annotations

import tempfile
from pathlib import Path

from compliance.catalog.loading import load_library
from compliance.catalog.pages import pages
from tests.repo import generated, ledger


def main() -> None:
    """Renew all of it; what differs is for a person to review."""
    for path, text in pages(load_library()).items():
        (generated.ROOT / path).write_text(text)
    generated.CHECKS_PAGE.write_text(generated.checks_page())
    generated.README.write_text(generated.renewed(generated.README.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        ledger.LEDGER.write_text(ledger.written(ledger.assess(Path(folder))))


if __name__ == "__main__":
    main()
