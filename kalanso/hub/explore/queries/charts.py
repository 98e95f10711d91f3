"""Which numbers of a table can be drawn, over time, by kind, or by place?

A chart must not add up what may not be added: counts of rows may always be; doses only within one
source, one age band and one strategy; shares never.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir

from kalanso.hub.explore.queries import places, tables
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf, remembered
from kalanso.hub.explore.queries.tables import Selection
from kalanso.store import TableSpec
from kalanso.vocabulary import AgeGroup

# the column whose values say of what kind a row is, in the order of preference
KINDS = (
    "check",
    "context",
    "kind",
    "category",
    "status",
    "level",
    "system",
    "link",
    "tree",
    "basis",
    "reader",
    "reason",
)
FIXED = ("source", "age_band", "sector", "sex")
VARIED = ("product", "strategy")  # forms and vaccines change over the years: one line each, never added up
LINES = 5
BARS = 20
POINTS = 60


@dataclass(frozen=True)
class Combination:
    """Counts that may be drawn together: one indicator of one source, age band, sector and sex."""

    indicator: str
    values: tuple[tuple[str, str], ...]


def kind_column(spec: TableSpec) -> str | None:
    """Return the column by whose values the rows of a table are best counted."""
    return next((name for name in KINDS if name in spec.column_names), None)


@remembered
def by_kind(shelf: Shelf, spec_name: str, selection: Selection) -> list[dict[str, Any]]:
    """Return how many chosen rows there are of each kind, the most frequent first."""
    spec = tables.find(shelf, spec_name)
    column = kind_column(spec)
    if column is None:
        return []
    counted = tables.selected(shelf, spec, selection).group_by(column).agg(rows=lambda t: t.count())
    rows = sorted(shelf.rows(counted), key=lambda r: (-r["rows"], str(r[column])))
    return [{"kind": row[column], "rows": row["rows"]} for row in rows[:BARS]]


@remembered
def combination(shelf: Shelf, selection: Selection) -> Combination | None:
    """Return the combination of a count that says most: doses of infants first, then the most frequent."""
    spec = tables.find(shelf, "observations")
    table = tables.selected(shelf, spec, selection)
    if not any(column == "indicator" for column, _ in selection.values):
        first = table.filter(table.indicator == "dtp1_doses")
        table = first if int(shelf.value(first.count())) else table.filter(table.indicator.endswith("_doses"))
    names = ["indicator", *FIXED]
    counted = table.filter(table.value.notnull()).group_by(names).agg(rows=lambda t: t.count())
    # Doses that count towards coverage before late ones, whichever were reported more often.
    rows = sorted(
        shelf.rows(counted),
        key=lambda r: (r["age_band"] != AgeGroup.UNDER_1, -r["rows"], *(str(r[n]) for n in names)),
    )
    if not rows:
        return None
    return Combination(rows[0]["indicator"], tuple((name, rows[0][name]) for name in FIXED))


def _of(table: ir.Table, combined: Combination) -> ir.Table:
    table = table.filter(table.indicator == combined.indicator)
    for column, value in combined.values:
        table = table.filter(table[column] == value)
    return table


@remembered
def reported_by_period(shelf: Shelf, selection: Selection, combined: Combination) -> list[dict[str, Any]]:
    """Return sums over the places of one level by period, product and strategy, oldest first.

    Of the period types the most frequent is taken, of products and strategies those reported longest.
    """
    spec = tables.find(shelf, "observations")
    table = _of(tables.selected(shelf, spec, selection), combined)
    kinds = table.group_by("period_type").agg(rows=lambda t: t.count())
    frequent = sorted(shelf.rows(kinds), key=lambda r: (-r["rows"], r["period_type"]))
    if not frequent:
        return []
    table = table.filter(table.period_type == frequent[0]["period_type"])
    table = table.filter(table.place_code.isin(_one_level(shelf, table)) & table.value.notnull())
    summed = table.group_by("period", "period_start", *VARIED).agg(value=lambda t: t.value.sum())
    rows = shelf.rows(summed.order_by("period_start", *VARIED))
    longest = Counter(tuple(row[name] for name in VARIED) for row in rows).most_common(LINES)
    shown = {line for line, _ in longest}
    return [row for row in rows if tuple(row[name] for name in VARIED) in shown]


def _one_level(shelf: Shelf, table: ir.Table) -> list[str]:
    """Return the places of the level that reported most: levels added up would count children twice."""
    codes = shelf.arrow(table.select("place_code").distinct()).column(0).to_pylist()
    known = places.tree(shelf).places
    levels: dict[str, list[str]] = {}
    for code in codes:
        levels.setdefault(known[code].level if code in known else "", []).append(code)
    return max(levels.values(), key=len, default=[])


@remembered
def rows_by_place(
    shelf: Shelf, spec_name: str, selection: Selection, codes: tuple[str, ...]
) -> dict[str, int]:
    """Return how many chosen rows concern each of some places, all below them included."""
    spec = tables.find(shelf, spec_name)
    table = tables.selected(shelf, spec, selection)
    column = next((c for c in ("place_code", "from_code") if c in spec.column_names), None)
    if column is None:
        return {}
    counted = table.group_by(column).agg(rows=lambda t: t.count())
    found = dict.fromkeys(codes, 0)
    belongs = {member: code for code in codes for member in places.below(shelf, code)}
    for row in shelf.rows(counted):
        if (code := belongs.get(row[column])) is not None:
            found[code] += row["rows"]
    return found


def centre(shelf: Shelf, selection: Selection) -> Place | None:
    """Return the place that a chart is about: the chosen one, or the country."""
    known = places.tree(shelf)
    return known.places.get(selection.place) or known.root()
