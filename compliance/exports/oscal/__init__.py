"""An Assessment in, OSCAL JSON out: assessment results, the plan they import, and what the checks claim.

Every document keeps to what is valid in OSCAL 1.1.3 and 1.2.3 alike; the option changes the stated
version alone. Whatever OSCAL has no word for stands in a property of our own name space.
"""

from __future__ import annotations

from collections.abc import Iterable

from compliance.exports.oscal.definition import component_definition
from compliance.exports.oscal.identity import Ids
from compliance.exports.oscal.plan import assessment_plan
from compliance.exports.oscal.results import assessment_results
from compliance.model.assessment import Assessment, Exporter, Options, OutputFile


def write(assessment: Assessment, options: Options) -> Iterable[OutputFile]:
    """Three files under oscal/, compact."""
    ids, version = Ids(assessment), options.oscal_version
    for name, document in (
        ("assessment-results", assessment_results),
        ("assessment-plan", assessment_plan),
        ("component-definition", component_definition),
    ):
        yield OutputFile(
            path=f"oscal/{name}.json", media_type="application/json", chunks=document(assessment, ids, version)
        )


EXPORTER = Exporter(id="oscal", title="OSCAL assessment results, plan and component definition", write=write)
