"""What does a sheet or a column of a Countdown workbook hold, by its name and headings?

Editions and languages differ: names are compared without case, accents and punctuation, with the
spellings listed in `countdown.yaml`. Doses are recognised by antigen and number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from kalanso.sources.headings import recognised, slug
from kalanso.sources.months import plain

_UNDER_ONE = re.compile(r"<\s*1\s*(?:year|an)|infants?\b|nourrissons?|moins d'?\s*(?:un|1) an|0\s*-\s*11")
# Doses that the form counts for children under one even where its heading does not say so.
_INFANT_ANTIGENS = ("bcg", "hepb0", "opv", "ipv", "dtp", "pcv", "rota", "yf")
_INFANT_DOSES = {"mcv1_doses"}


@dataclass(frozen=True, kw_only=True)
class ColumnMeaning:
    """What the numbers of one column are.

    `kind` is `value`, or for the reports of a form `expected`, `received`, `on_time` or `rate`;
    `form` is the report that carries the number. `share` marks percents.
    """

    indicator: str
    kind: str = "value"
    form: str = ""
    product: str = ""
    age_band: str = "all"
    share: bool = False
    known: bool = True


@lru_cache
def spellings() -> dict[str, Any]:
    """Return the listed spellings of sheets and columns."""
    path = resources.files("kalanso.sources") / "countdown.yaml"
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def bare(text: object) -> str:
    """Return a heading as letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", plain(str(text)).replace("°", "o"))


@lru_cache
def _by_spelling(section: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for code, entry in spellings()[section].items():
        names = entry["names"] if isinstance(entry, Mapping) else entry
        for name in [code, *names]:
            table.setdefault(bare(name), code)
    return table


def sheet_role(name: str) -> str:
    """Return what a sheet holds by its name, or an empty text: a number in front may come and go."""
    wanted = bare(name)
    table = _by_spelling("sheets")
    return table.get(wanted) or table.get(re.sub(r"^\d+", "", wanted)) or ""


def key_role(headings: Iterable[str], section: str = "keys") -> str:
    """Return which key a column holds (district, year, month ...), or an empty text."""
    table = _by_spelling(section)
    return next((table[bare(h)] for h in headings if bare(h) in table), "")


def column_meaning(role: str, headings: Sequence[str]) -> ColumnMeaning | None:
    """Return what a column of a sheet of this role holds, or None where its headings say nothing.

    `headings` are its own from the top down; a column of no listed spelling keeps a slug of the
    first of them.
    """
    said = [heading for heading in headings if heading.strip()]
    if not said:
        return None
    finders = {
        "reporting": (_reports,),
        "population": (_population,),
        "admin": (_admin,),
        "stock": (_stock,),
        "service": (_service, _dose),
    }
    for finder in finders[role]:
        for heading in said:
            if found := finder(heading, said):
                return found
    return ColumnMeaning(indicator=slug(said[0])[:60], known=False)


def _reports(heading: str, _said: Sequence[str]) -> ColumnMeaning | None:
    text = bare(heading)
    forms = [(bare(name), code) for code, names in spellings()["forms"].items() for name in names]
    ends = [(bare(name), kind) for kind, names in spellings()["reporting"].items() for name in names]
    for start, form in sorted(forms, key=lambda pair: -len(pair[0])):
        if not text.startswith(start):
            continue
        rest = re.sub(r"^(?:reporting|rapportage|rapports?)", "", text[len(start) :])
        for end, kind in ends:
            if rest in {end, re.sub(r"^(?:reporting|rapportage|rapports?)", "", end)}:
                return ColumnMeaning(indicator=f"{form}_reports", kind=kind, form=form)
    return None


def _listed(section: str, heading: str) -> tuple[str, Mapping[str, Any]] | None:
    code = _by_spelling(section).get(bare(heading))
    return (code, spellings()[section][code]) if code else None


def _population(heading: str, _said: Sequence[str]) -> ColumnMeaning | None:
    if found := _listed("population", heading):
        return ColumnMeaning(indicator=found[0], share=bool(found[1].get("share")))
    return None


def _admin(heading: str, _said: Sequence[str]) -> ColumnMeaning | None:
    found = _listed("admin", heading)
    return ColumnMeaning(indicator=found[0]) if found else None


def _service(heading: str, _said: Sequence[str]) -> ColumnMeaning | None:
    if found := _listed("columns", heading):
        return ColumnMeaning(indicator=found[0], form=str(found[1].get("form", "")))
    return None


def _stock(heading: str, _said: Sequence[str]) -> ColumnMeaning | None:
    text = bare(heading)
    products = [(bare(name), code) for code, names in spellings()["products"].items() for name in names]
    ends = [(bare(name), code) for code, names in spellings()["stock"].items() for name in names]
    for start, product in sorted(products, key=lambda pair: -len(pair[0])):
        for end, indicator in ends:
            if text == start + end:
                return ColumnMeaning(indicator=indicator, product=product)
    return None


def _dose(heading: str, said: Sequence[str]) -> ColumnMeaning | None:
    found = recognised(heading) or recognised(_in_short(heading))
    if found is None or not found.indicator.endswith("_doses"):
        return None
    under_one = any(_UNDER_ONE.search(plain(text)) for text in said)
    infant = found.indicator in _INFANT_DOSES or found.indicator.startswith(_INFANT_ANTIGENS)
    age = found.age_band or ("0-11m" if under_one or infant else "unknown")
    if found.indicator.startswith("hpv"):
        age = "all"  # girls of nine and more: none of the bands of young children
    return ColumnMeaning(indicator=found.indicator, product=found.product, age_band=age, form="vaccination")


def _in_short(heading: str) -> str:
    """Return a sentence such as `Total number of <1 year who received Polio 1 vaccine` as `Polio 1`."""
    text = _UNDER_ONE.sub(" ", plain(heading))
    if "inactivated" in text or "inactive" in text:
        text = "ipv " + " ".join(re.findall(r"\d", text))
    text = re.sub(r"girls aged[\d\s-]*years?|filles? de[\d\s-]*ans", " ", text)
    text = re.sub(
        r"\b(?:total|number|who|receiving|received|conjugate|children|vaccination|vaccine)\b", " ", text
    )
    text = re.sub(r"[()<]", " ", text)
    first = re.match(r"\W*(?:of\s+)?(\d)(?:st|nd|rd|th|ere?|re|eme|e)?\s+dose\s+(.*)", " ".join(text.split()))
    return f"{first[2]} {first[1]}" if first else " ".join(text.split())
