"""What does each indicator count, out of how many, and who computes it?

Reads `indicators.yaml`, writes out its families (one entry for many doses), and checks that what an
indicator refers to exists. Computing is the work of `kalanso.indicators` and of later parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kalanso.definitions.entries import Entry, rows_of
from kalanso.definitions.faults import PackFault
from kalanso.definitions.thresholds import Threshold, check_number
from kalanso.vocabulary import AgeGroup, Level

KINDS = (
    "count", "population", "coverage", "missed", "dropout", "category",
    "share_of_places", "top_share", "observed", "later",
)  # fmt: skip
STRATEGIES = ("fixed", "outreach", "mobile", "campaign", "catch_up", "unknown")
COMPUTED_BY = ("indicators", "later part")
CHAIN = ("input", "activity", "intermediate", "outcome")  # the chain of results, from money to children
# Which other indicators an entry of a kind names, and of which kind these must be.
_REFERENCES = {
    "coverage": {"doses": "count", "population": "population"},
    "missed": {"doses": "count", "population": "population"},
    "dropout": {"first": "count", "last": "count"},
    "category": {"access": "coverage", "dropout": "dropout"},
    "share_of_places": {"of": "coverage"},
    "top_share": {"of": "missed"},
}
_THRESHOLDS = {
    "category": ("access_minimum", "dropout_maximum"),
    "share_of_places": ("minimum",),
    "top_share": ("places",),
}


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """How a population is derived from another: times (or divided by, `1/...`) these thresholds."""

    source: str
    times: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class IndicatorDefinition:
    """One indicator in both languages.

    `frame` is its code in the monitoring frame of Gavi's grants, and `chain` its step in the chain of results; empty
    where it has none. `better` says
    in which direction it should move (up, down, none). `parts` holds what its kind needs: the counts it
    adds up or divides (`of`, `doses`, `first`, `last`), its `population`, the dotted paths of its
    thresholds. `numerator` and `denominator` are texts, for indicators of later parts.
    """

    code: str
    kind: str
    unit: str
    better: str
    name: Mapping[str, str]
    definition: Mapping[str, str]
    source: Mapping[str, str]
    computed_by: str
    frame: str
    chain: str
    numerator: Mapping[str, str] | None
    denominator: Mapping[str, str] | None
    ages: tuple[str, ...]
    strategies: tuple[str, ...]
    conversions: tuple[Conversion, ...]
    parts: Mapping[str, str]

    @property
    def is_evaluated(self) -> bool:
        """Whether `kalanso.indicators` computes it."""
        return self.kind not in {"observed", "later"}


def read_indicators(
    value: Any, file: str, *, doses: Mapping[str, Mapping[str, str]]
) -> dict[str, IndicatorDefinition]:
    """Return the indicators of a file by code; `doses` names the doses that families are made of."""
    found: dict[str, IndicatorDefinition] = {}
    for family in rows_of(value, file=file):
        family.key = str(family.values.get("code", family.key))
        for entry in _members(family, doses):
            indicator = _indicator(entry)
            if indicator.code in found:
                raise entry.fault("code", "a code that no other entry has")
            found[indicator.code] = indicator
    return found


def _members(family: Entry, doses: Mapping[str, Mapping[str, str]]) -> list[Entry]:
    if not family.has("for"):
        return [family]
    members = []
    for dose in family.texts("for", one_of=doses):
        body = {key: value for key, value in family.values.items() if key != "for"}
        code = str(family.values.get("code", "")).replace("{dose}", dose)
        members.append(Entry(_filled(body, dose, doses[dose]), file=family.file, key=code))
    return members


def _filled(value: Any, dose: str, names: Mapping[str, str], language: str = "en") -> Any:
    if isinstance(value, str):
        # French elides before a vowel and a silent h: doses d'hépatite.
        elided = names["fr"][0].lower() in "aeiouyéèh" and names["fr"][:3].upper() != "HPV"
        value = value.replace("de {Dose}", "d'{Dose}") if elided and language == "fr" else value
        return value.replace("{dose}", dose).replace("{Dose}", names[language])
    if isinstance(value, Mapping):
        return {k: _filled(v, dose, names, k if k in names else language) for k, v in value.items()}
    return value


def _indicator(entry: Entry) -> IndicatorDefinition:
    kind = entry.text("kind", one_of=KINDS)
    parts = {name: entry.text(name) for name in (*_REFERENCES.get(kind, ()), *_THRESHOLDS.get(kind, ()))}
    if kind == "count":
        parts["of"] = entry.text("of")
    if kind in {"share_of_places", "top_share"}:
        parts["level"] = entry.text("level", one_of=[level.value for level in Level])
    later = kind == "later"
    indicator = IndicatorDefinition(
        code=entry.text("code"),
        kind=kind,
        unit=entry.text("unit", one_of=("share", "count", "category", "days")),
        better=entry.text("better", one_of=("up", "down", "none")),
        name=entry.both("name"),
        definition=entry.both("definition"),
        source=entry.both("source"),
        computed_by=entry.text("computed_by", one_of=COMPUTED_BY, default="indicators"),
        frame=entry.text("frame", default=""),
        chain=entry.text("chain", one_of=CHAIN) if entry.has("frame") else "",
        numerator=entry.both("numerator") if later else None,
        denominator=entry.both("denominator") if later and entry.has("denominator") else None,
        ages=entry.texts("ages", one_of=[age.value for age in AgeGroup]) if kind == "count" else (),
        strategies=entry.texts("strategies", one_of=STRATEGIES) if kind == "count" else (),
        conversions=_conversions(entry) if kind == "population" else (),
        parts=parts,
    )
    if later != (indicator.computed_by == "later part"):
        raise entry.fault("computed_by", "'later part' for kind later, and for no other kind")
    entry.done()
    return indicator


def _conversions(entry: Entry) -> tuple[Conversion, ...]:
    rows = entry.raw("conversions", "a list of {from, times}")
    if not isinstance(rows, list):
        raise entry.fault("conversions", "a list of {from, times}")
    conversions = []
    for row in rows:
        below = Entry(row, file=entry.file, key=f"{entry.key}.conversions")
        conversions.append(Conversion(source=below.text("from"), times=below.texts("times")))
        below.done()
    return tuple(conversions)


def check_references(
    indicators: Mapping[str, IndicatorDefinition], thresholds: Mapping[str, Threshold], file: str
) -> None:
    """Refuse indicators that name an indicator or a threshold which does not exist."""
    for indicator in indicators.values():
        for part, kind in _REFERENCES.get(indicator.kind, {}).items():
            named = indicators.get(indicator.parts[part])
            if named is None or named.kind != kind:
                raise _misnamed(file, indicator, part, f"the code of an indicator of kind {kind}")
        for part in _THRESHOLDS.get(indicator.kind, ()):
            check_number(thresholds, indicator.parts[part], file=file, key=f"{indicator.code}.{part}")
        for conversion in indicator.conversions:
            named = indicators.get(conversion.source)
            if named is None or named.kind != "population":
                raise PackFault(
                    file=file, key=f"{indicator.code}.conversions.from",
                    expected="the code of a population", found=conversion.source,
                )  # fmt: skip
            for path in conversion.times:
                check_number(
                    thresholds, path.removeprefix("1/"), file=file, key=f"{indicator.code}.conversions.times"
                )


def _misnamed(file: str, indicator: IndicatorDefinition, part: str, expected: str) -> PackFault:
    return PackFault(
        file=file, key=f"{indicator.code}.{part}", expected=expected, found=indicator.parts[part]
    )
