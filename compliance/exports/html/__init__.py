"""Assessment to packet.html: one offline page with every control, and every observation down to the line."""

from __future__ import annotations

from compliance.exports.html.page import write
from compliance.model.assessment import Exporter

EXPORTER = Exporter(id="html", title="One offline page to search, filter and drill down to the evidence", write=write)
