"""What should be asked this month, and of whom, by what a store holds?

Reads the findings and what people said of them. Which questions there are, and in which order, is said by
`kalanso.quality.worklist`; how they read stands in `worklist_files`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.check import gather
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.worklist_files import UnknownEnding, Worklist, in_words, to_csv, to_xlsx, write
from kalanso.pipeline.worklist_month import reports_checked, spoken
from kalanso.quality import missing_reports
from kalanso.quality import worklist as lists
from kalanso.quality.tables import FINDING_STATUSES, QUALITY_FINDINGS
from kalanso.store import Store, TableSpec
from kalanso.vocabulary import Period, Refusal, Tree

__all__ = [
    "NoSuchPlace",
    "SeveralPlaces",
    "UnknownEnding",
    "Worklist",
    "in_words",
    "to_csv",
    "to_xlsx",
    "worklist",
    "write",
]


class NoSuchPlace(Refusal, ValueError):
    """A place that was asked for and does not stand in the store."""

    def __init__(self, place: str) -> None:
        super().__init__("pipeline.worklist.no_place", place=place)


class SeveralPlaces(Refusal, ValueError):
    """A name that several places of the store carry."""

    def __init__(self, place: str, codes: Sequence[str]) -> None:
        super().__init__("pipeline.worklist.several_places", place=place, codes=", ".join(codes))


def worklist(store: Store, *, month: Period | None = None, place: str = "", now: datetime) -> Worklist:
    """Return what should be asked in a month (default: the newest that is complete enough), below a place by code or name.

    Raises NoSuchPlace where no place has this code or name, SeveralPlaces where several have this name, NothingToWorkOn where there are no observations.
    """
    holdings = Holdings(store, now.date())
    evidence = gather(holdings)
    names = dict(zip(holdings.places["place_code"], holdings.places["name"], strict=True))
    code = _code(place, names)
    lineage = holdings.lineage(Tree.HEALTH).to_pandas()
    found = (
        store.read(QUALITY_FINDINGS).to_pandas()
        if store.latest(QUALITY_FINDINGS.name)
        else _empty(QUALITY_FINDINGS)
    )
    rules = holdings.pack.section("quality")["worklist"]
    asked = month or _month_asked(store, lineage, code, rules, now)
    rows = lists.worklist(
        found,
        store.read(FINDING_STATUSES).to_pandas() if store.latest(FINDING_STATUSES.name) else _empty(FINDING_STATUSES),
        lists.Known(
            lineage=lineage, usual=lists.usual_first_doses(evidence),
            children=lists.children_of(_populations(holdings, asked.year), lineage),
            reports=missing_reports.by_structure(
                holdings.observations, missing_reports.asked_for(found), _first_of_year(asked, rules), asked.end
            ).to_pandas(),
        ),
        rules,
        month=asked,
        place=code,
    )  # fmt: skip
    return Worklist(month=asked, place=code, rows=rows, names=names, pack=holdings.pack)


def _first_of_year(month: Period, rules: Mapping[str, Any]) -> date:
    """Return the first day of the year in which the earliest questions of a month begin."""
    return date((month + -int(rules["months_back"])).start.year, 1, 1)


def _populations(holdings: Holdings, until: int) -> pd.DataFrame:
    """Return surviving infants by source, place and year, up to a year."""
    rows = holdings.stated_infants
    frame = rows.select("source", "place_code", "value", year=rows.period.cast("int64")).to_pandas()
    return frame[frame["year"] <= until]


def _month_asked(
    store: Store, lineage: pd.DataFrame, code: str, rules: Mapping[str, Any], now: datetime
) -> Period:
    """Return the newest complete month below a place, of the reports that the checks have read, as the page of the hub takes it."""
    given = spoken(store.read(OBSERVATIONS, as_of=reports_checked(store))).to_pandas()
    if code:
        below = set(lineage.loc[lineage["ancestor_code"] == code, "place_code"]) | {code}
        given = given[given["place_code"].isin(below)]
    counts = {str(period): int(n) for period, n in given["period"].value_counts().items()}
    return lists.month_asked(counts, rules, last=Period.month(now.year, now.month) + -1)


def _empty(spec: TableSpec) -> pd.DataFrame:
    empty: pd.DataFrame = spec.arrow([]).to_pandas()
    return empty


def _code(place: str, names: Mapping[str, str]) -> str:
    if not place or place in names:
        return place
    wanted = place.casefold().strip()
    found = sorted(code for code, name in names.items() if name.casefold() == wanted)
    if not found:
        raise NoSuchPlace(place)
    if len(found) > 1:
        raise SeveralPlaces(place, found)
    return found[0]
