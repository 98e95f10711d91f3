"""Which indicator may each data element of a server be?

By identifier or code of WHO's immunization package, by our own code, by the words of its name, or by
likeness to the names of indicators in French and English. Every proposal says how it was found and
how sure that is; a person confirms it before any number is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from rapidfuzz import fuzz, process

from kalanso.definitions import Pack, immunization_package
from kalanso.sources.dhis2.hierarchy import levels_from_names
from kalanso.sources.dhis2.meanings import ElementMeaning, Meanings
from kalanso.sources.dhis2.metadata import Metadata
from kalanso.sources.dhis2.periods import TYPES
from kalanso.sources.headings import quality_code, recognised
from kalanso.sources.months import plain

NUMERIC = ("INTEGER", "NUMBER", "PERCENTAGE", "UNIT_INTERVAL")
LIKE_ENOUGH = 80.0  # of 100, below which two names have little to do with each other
# How sure each way of finding is, from 0 to 1.
SURE = {"package_uid": 1.0, "package_code": 1.0, "own_code": 1.0, "words": 0.9, "likeness": 0.6}
_STOCK = re.compile(
    r"\b(?:received|issued|broken|expired|frozen|vvm|balance|on hand|redistributed|wasted|discarded|opened|stock\w*|vials?|"
    r"recue?s?|sorti\w*|livre\w*|perdu\w*|pertes?|perime\w*|casse\w*|gele\w*|ouvert\w*|flacons?|rupture\w*|solde|entrees?|disponible\w*)\b"
)
_CHILDREN = re.compile(r"\b(?:ayant|enfants?|femmes?|children|women|infants?)\b")
# Words before the name that say only which programme it belongs to.
_PROGRAMME = re.compile(
    r"^(?:[A-Z][A-Z0-9]{1,7}|PEV|EPI|SNIS|Vaccination|Immunization|Immunisation)\s*[-–:_/]\s*"
)


def suggest(
    metadata: Metadata, pack: Pack, *, server: str = "", source: str = "", data_sets: Iterable[str] = ()
) -> Meanings:
    """Return proposals for the numeric elements of the named data sets (without names: of all that a pull can read).

    Elements for which nothing speaks are proposed without an indicator, so that a person sees that they are there.
    """
    wanted = tuple(data_sets) or tuple(
        uid for uid, form in sorted(metadata.data_sets.items()) if form.get("periodType") in TYPES
    )
    names = _indicator_names(pack)
    found: list[ElementMeaning] = []
    useful: list[str] = []
    for data_set in wanted:
        for uid in metadata.elements_of(data_set):
            element = metadata.elements.get(uid)
            if element is None or not str(element.get("valueType", "")).startswith(NUMERIC):
                continue
            entries = _of_element(element, pack, names)
            if any(entry.indicator for entry in entries):
                useful.append(data_set)
            found += entries
    unique = list({(entry.element, entry.option): entry for entry in found}.values())
    return Meanings(
        server=server, source=source, levels=levels_from_names(metadata.level_names),
        data_sets=tuple(dict.fromkeys(useful)) or wanted,
        elements=tuple(sorted(_doubt_twins(unique), key=lambda e: (not e.indicator, e.indicator, e.name, e.option_name))),
    )  # fmt: skip


def _of_element(element: Mapping[str, Any], pack: Pack, names: Mapping[str, str]) -> list[ElementMeaning]:
    base = _base(element, pack, names)
    options = (element.get("categoryCombo") or {}).get("categoryOptionCombos") or []
    if len(options) <= 1 or not base.indicator:
        return [base]
    return [_with_option(base, option) for option in sorted(options, key=lambda o: str(o.get("name", "")))]


def _base(element: Mapping[str, Any], pack: Pack, names: Mapping[str, str]) -> ElementMeaning:
    uid, code = str(element["id"]), str(element.get("code") or "").strip()
    made = ElementMeaning(element=uid, name=str(element.get("name") or code or uid))
    package = immunization_package().elements
    for key, method in ((uid, "package_uid"), (code.upper(), "package_code")):
        if fact := package.get(key):
            return replace(
                made, indicator=fact.indicator, product=fact.product, method=method, score=SURE[method],
                doubt="package_unsure" if fact.to_confirm else "",
            )  # fmt: skip
    if code.lower() in pack.indicators and pack.indicators[code.lower()].kind in {
        "count",
        "population",
        "observed",
    }:
        return replace(made, indicator=code.lower(), method="own_code", score=SURE["own_code"])
    texts = _spellings(element)
    if any(_of_stock(text) for text in texts):
        return made
    for text in texts:
        meaning = recognised(text)
        if meaning and meaning.indicator in pack.indicators:
            return replace(
                made, indicator=meaning.indicator, product=meaning.product, age_band=meaning.age_band,
                method="words", score=SURE["words"],
            )  # fmt: skip
    return _by_likeness(made, texts, names)


def _of_stock(text: str) -> bool:
    """Whether a name speaks of vials rather than of children: "BCG received" is no dose of BCG given."""
    words = plain(text)
    return bool(_STOCK.search(words)) and not _CHILDREN.search(words)


def _spellings(element: Mapping[str, Any]) -> list[str]:
    told = [element.get(name) for name in ("name", "formName", "shortName")]
    told += [
        t.get("value")
        for t in element.get("translations") or ()
        if t.get("property") in {"NAME", "SHORT_NAME", "FORM_NAME"}
    ]
    return list(dict.fromkeys(_PROGRAMME.sub("", str(text)).strip() for text in told if text))


def _indicator_names(pack: Pack) -> dict[str, str]:
    """Return indicators by the words that name them in French and English."""
    found: dict[str, str] = {}
    for code, definition in pack.indicators.items():
        if definition.kind not in {"count", "population", "observed"} or re.search(
            r"_(late|unknown_age|catch_up|campaign)_doses$", code
        ):
            continue
        for text in definition.name.values():
            found.setdefault(plain(text), code)
    return found


def _by_likeness(made: ElementMeaning, texts: Iterable[str], names: Mapping[str, str]) -> ElementMeaning:
    best: tuple[float, str] = (0.0, "")
    for text in texts:
        match = process.extractOne(
            plain(text), list(names), scorer=fuzz.token_sort_ratio, score_cutoff=LIKE_ENOUGH
        )
        if match and match[1] > best[0] and _same_numbers(plain(text), match[0]):
            best = (match[1], names[match[0]])
    if not best[1]:
        return made
    score = round(SURE["likeness"] * best[0] / 100, 2)
    return replace(made, indicator=best[1], method="likeness", score=score, doubt="likeness")


def _same_numbers(one: str, other: str) -> bool:
    # "Penta 1" and "Penta 3" are nearly the same letters and quite another number.
    return re.findall(r"\d+", one) == re.findall(r"\d+", other)


def _with_option(base: ElementMeaning, option: Mapping[str, Any]) -> ElementMeaning:
    uid, name, code = str(option["id"]), str(option.get("name") or ""), str(option.get("code") or "")
    made = replace(base, option=uid, option_name=name)
    package = immunization_package().options
    if fact := package.get(uid) or package.get(code.upper()):
        return replace(
            made,
            age_band=fact.age_band or base.age_band,
            doubt="package_unsure" if fact.to_confirm else base.doubt,
        )
    told: dict[str, Any] = {}
    unknown = []
    for part in (part.strip() for part in name.split(",")):
        role = next((r for r in ("age_band", "strategy", "sex", "sector") if quality_code(r, part, {})), "")
        if role and role not in told:
            told[role] = str(quality_code(role, part, {}))
        elif plain(part) not in {"default", "defaut"}:
            unknown.append(part)
    made = replace(made, **told)
    return replace(made, doubt="option_unknown", score=round(made.score * 0.5, 2)) if unknown else made


def _doubt_twins(entries: list[ElementMeaning]) -> list[ElementMeaning]:
    """Doubt every proposal whose meaning another data element has too: confirmed, they would be added."""
    holders: Counter[tuple[str, ...]] = Counter()
    for meaning, elements in _elements_by_meaning(entries).items():
        holders[meaning] = len(elements)
    return [
        replace(e, doubt=e.doubt or "twin") if e.indicator and holders[_meaning_key(e)] > 1 else e
        for e in entries
    ]  # fmt: skip


def _elements_by_meaning(entries: Iterable[ElementMeaning]) -> dict[tuple[str, ...], set[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    for entry in entries:
        if entry.indicator:
            found.setdefault(_meaning_key(entry), set()).add(entry.element)
    return found


def _meaning_key(entry: ElementMeaning) -> tuple[str, ...]:
    m = entry.meaning
    return (m.indicator, m.product, m.age_band, m.strategy, m.sector, m.sex)
