"""The Jinja2 environment: escaping on, undefined names refused, data never compiled, all text cleaned."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from compliance.rendering import images, proof, states, text
from compliance.rendering.charts import SEVERITY_FILLS, bar, columns
from compliance.resources import templates

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def environment() -> Environment:
    """Templates come from the package alone; every value printed passes `text.shown`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(templates()),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=text.shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        cut=text.cut,
        middle=text.middle,
        number=text.number,
        size=text.size,
        digest=text.digest,
        moment=text.moment,
        sentence=text.sentence,
    )
    made.globals.update(
        count=text.count,
        percent=text.percent,
        bar=bar,
        by_state=states.by_state,
        by_outcome=states.by_outcome,
        state_of=states.state_of,
        outcome_state=states.outcome_state,
        control_states=states.CONTROL_STATES,
        reason_words=states.REASON_WORDS,
        standing_states=images.STANDING_STATES,
        link_states=images.LINK_STATES,
        link_names=images.LINK_NAMES,
        told_links=images.told_links,
        missing_links=images.missing_links,
        trust_states=proof.TRUST_STATES,
        item_states=proof.ITEM_STATES,
        trusts=proof.trusts,
        answer_words=proof.answer_words,
        epss_words=proof.epss_words,
        severity_words=proof.severity_words,
        sums=proof.sums,
        total_words=proof.total_words,
        severities_shown=proof.severities_shown,
        columns=columns,
        severity_fills=SEVERITY_FILLS,
        standings=images.standings,
        digest_of=images.digest_of,
        os_of=images.os_of,
        packages_total=images.packages_total,
        secrets_of=images.secrets_of,
        fact_rows=images.fact_rows,
    )
    return made


def render(name: str, values: Mapping[str, object]) -> str:
    """The text of one template of the package."""
    return environment().get_template(name).render(values)


def packaged(name: str) -> str:
    """A style sheet or script of ours, as it is."""
    return (templates() / name).read_text(encoding="utf-8")
