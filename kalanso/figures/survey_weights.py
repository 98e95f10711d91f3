"""How does the report of a survey say where its weights come from, so that nobody trusts more or less than can be followed?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kalanso.figures.documents import Block, Bullets, Paragraph
from kalanso.figures.survey_words import (
    SurveyFacts,
    ages_told,
    decimals,
    group_called,
    kind_called,
    stratum_called,
)
from kalanso.figures.words import say
from kalanso.surveys.weight_origins import BASE, CHANCES, FOLLOWED, RAKING, WeightOrigin
from kalanso.vocabulary import format_value


def weights_come_from(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    """Say where weights come from, whether their factors multiply to them, and to what they were raked."""
    origin = facts.beside.origin
    yield Paragraph(text=origin_told(origin, locale))
    if RAKING in origin.factors:
        yield Paragraph(text=say(locale, "figures.survey.weights.raked_before"))
    if not origin.margins:
        return
    low, high = (decimals(value, 2, locale) for value in (origin.raked_low, origin.raked_high))
    yield Paragraph(text=say(locale, "figures.survey.weights.raked", low=low, high=high))
    yield Bullets(items=list(_margins_told(facts, locale)))


def origin_told(origin: WeightOrigin, locale: str) -> str:
    """Say in words where weights come from."""
    factors = _product_told(origin.factors, locale)
    where = say(locale, f"figures.survey.weights.{'beside' if origin.beside else 'within'}")
    if origin.kind != FOLLOWED:
        return say(locale, f"figures.survey.weights.{origin.kind}", factors=factors, where=where)
    if origin.holds:
        return say(locale, "figures.survey.weights.followed", factors=factors, where=where, rows=origin.rows)
    return say(
        locale, "figures.survey.weights.broken", factors=factors, where=where, rows=origin.rows, differing=origin.differing, lacking=origin.lacking,
    )  # fmt: skip


def _product_told(factors: tuple[str, ...], locale: str) -> str:
    """Write a product: chances that stand beside the base weight are in it already, others divide."""
    named = {name: say(locale, f"figures.survey.factor.{name}") for name in factors}
    chances = [named[name] for name in CHANCES if name in named]
    inverse = f"1 / ({' × '.join(chances)})" if chances else ""
    parts = (
        [named[BASE] + (f" [= {inverse}]" if inverse else "")] if BASE in named else [inverse] * bool(inverse)
    )
    return " × ".join(
        [*parts, *(word for name, word in named.items() if name != BASE and name not in CHANCES)]
    )


def _margins_told(facts: SurveyFacts, locale: str) -> Iterator[str]:
    """Say to which shares (or numbers) of the population weights were brought, a variable a line."""
    for kind, shares in facts.beside.origin.margins.items():
        form = "percent1" if np.isclose(sum(shares.values()), 1) else "count"
        told = (
            f"{_category(kind, name, facts, locale)} {format_value(share, form, locale)}"
            for name, share in shares.items()
        )
        yield say(
            locale, "figures.survey.weights.margin", name=kind_called(kind, locale), shares=", ".join(told)
        )


def _category(kind: str, name: str, facts: SurveyFacts, locale: str) -> str:
    if kind == "stratum":
        return stratum_called(name, facts, locale)
    if kind == "cohort" and name in facts.cohorts:
        return ages_told(facts.cohorts[name], locale)
    return name if kind in ("cohort", "place_code") else group_called(kind, name, locale)
