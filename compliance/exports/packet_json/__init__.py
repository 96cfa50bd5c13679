"""An Assessment in, assessment.json out: everything of a run but its observations, for machines.

Each record stands on a line of its own, so that two packets can be compared line by line. No text
is changed: what could steer a terminal or the direction of writing is written as `\\uXXXX`.
"""

from __future__ import annotations

from compliance.exports.packet_json.writing import write
from compliance.model.assessment import Exporter

EXPORTER = Exporter(id="json", title="assessment.json, for machines", write=write)
