"""How does a finding read?

Fills a sentence with the names that people know: of places, doses, sources (by their title where the caller knows it), estimators, branches of the tree. Which sentence it is was
decided by the analysis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kalanso.definitions import Pack
from kalanso.vocabulary import Message
from kalanso.vocabulary.formats import format_value
from kalanso.vocabulary.messages import catalogue

# How the names of codes are called in the catalogue of this package.
_NAMES: Mapping[str, Callable[[str], str]] = {
    "kind": lambda code: f"triangulation.kind.{code}",
    "by": lambda code: f"triangulation.by.{code}",
    "population": lambda code: f"triangulation.population.{code}",
    "estimator": lambda code: f"triangulation.estimator.{code}",
    "branch": lambda code: f"triangulation.branch.{code}",
    "evidence": lambda code: f"triangulation.evidence.{code}",
    "analysis": lambda code: f"triangulation.analysis.{code}",
    "disease": lambda code: f"triangulation.disease.{code}",
    "age": lambda code: f"triangulation.age.{code}",
    "basis": lambda code: f"triangulation.basis.{code}",
    "sector": lambda code: f"triangulation.sector.{code}",
    "event": lambda code: f"triangulation.event.{code}",
    "access_measure": lambda code: f"triangulation.access_measure.{code}",
    "quality": lambda code: f"triangulation.quality.{code}",
    "agreement": lambda code: f"triangulation.agreement.{code}",
    "grade": lambda code: f"triangulation.grade.{code}",
    "section": lambda code: f"triangulation.section.{code}",
}
# Parameter -> the family of its codes.
FAMILIES = {
    "kind": "kind", "other_kind": "kind", "by": "by", "reference_by": "by", "population_kind": "population", "low_source": "estimator", "high_source": "estimator",
    "one": "estimator", "other": "estimator", "branches": "branch", "absent": "evidence", "evidence": "evidence", "analysis": "analysis",
    "disease": "disease", "age": "age", "basis": "basis", "sector": "sector", "events": "event", "access": "access_measure", "quality": "quality", "agreement": "agreement", "analyses": "analysis",
}  # fmt: skip
PACK_CODES = ("first", "last", "count", "product")
PLACES = ("place", "places", "above")
# Codes of sources, and the estimator whose numbers come from one.
SOURCES = ("source", "other_source", "reference_source", "target_source", "low_of", "high_of", "sources")
WHOSE = {"low_source": "low_of", "high_source": "high_of"}


def sentence(
    message: Message,
    names: Mapping[str, str],
    pack: Pack,
    locale: str = "fr",
    titles: Mapping[str, str] | None = None,
) -> str:
    """Return the sentence of a finding; `names` are those of places by code, `titles` those of sources."""
    titles = titles or {}
    params = dict(message.params)
    if isinstance(params.get("example"), str):
        inner = Message(params.pop("example"), params.pop("params", {}))
        params["example"] = sentence(inner, names, pack, locale, titles)
    for name, value in params.items():
        if name in PLACES:
            params[name] = _listed([names.get(code, code) for code in _items(value)], locale)
        elif name == "spans":
            params[name] = _listed([_span(code, locale) for code in _items(value)], locale)
        elif name in FAMILIES:
            said = [word(FAMILIES[name], code, locale) or pack.name(code, locale) for code in _items(value)]
            params[name] = _listed(said, locale)
        elif name in SOURCES:
            params[name] = _listed([titles.get(code, code) for code in _items(value)], locale)
        elif name in PACK_CODES and isinstance(value, str):
            params[name] = value if value.isdigit() else pack.name(value, locale)
    for name, of in WHOSE.items():
        if params.get(of):
            told = {"estimator": params[name], "source": params[of]}
            params[name] = Message("triangulation.zero_dose.of", told).render(locale)
    return Message(message.id, params).render(locale)


def word(family: str, code: str, locale: str = "fr") -> str:
    """Return what people call a code of a family, such as kind administrative; nothing for an unknown code."""
    known = _NAMES[family](code)
    return Message(known).render(locale) if catalogue("triangulation", locale).get(known) else ""


def _span(code: str, locale: str) -> str:
    """Return months such as 202410-202412 in words, the year said once."""
    first, last = code.split("-")
    until = format_value(last, "period", locale)
    if first == last:
        return until
    begun = format_value(first, "period", locale)
    if first[:4] == last[:4]:
        begun = begun.removesuffix(f" {first[:4]}")
    return f"{begun} {'à' if locale == 'fr' else 'to'} {until}"


def _items(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]


def _listed(items: list[str], locale: str) -> str:
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + {"fr": " et ", "en": " and "}[locale] + items[-1]
