"""What is the sum for every place of the tree, and how complete is it?

A parent's value is the sum of the places below it that report; what the source says of the parent
itself is then not added, only compared. Places count as expected from their first report on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from kalanso.indicators.calendars import outlines, windows
from kalanso.indicators.counting import CELL, counted, of_unknown_age
from kalanso.vocabulary import Level, PeriodType

SUMS = (
    "source", "place_code", "level", "period", "period_start", "period_end", "counted", "value", "cells",
    "completeness", "places_expected", "places_reporting", "guessed_age", "doubtful_product", "age_unknown",
    "parent_differs",
)  # fmt: skip
# One row of such a place is one report; a district's row may stand for any number of them.
_REPORTING_LEVELS = (Level.FACILITY.value, Level.HEALTH_AREA.value)


@dataclass(frozen=True, kw_only=True)
class Span:
    """The asked periods: their type, and whether they reach back beyond their own start."""

    period_type: PeriodType
    cumulative: bool = False
    rolling: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether every period stands for itself."""
        return not (self.cumulative or self.rolling)


def sums(
    rows: ir.Table,
    lineage: ir.Table,
    span: Span,
    *,
    tolerance: float,
    keep: Callable[[ir.Table], ir.Table],
    levels: Sequence[str] = (),
) -> ir.Table:
    """Return the sum of each count for each place, itself and all above it, in the columns SUMS.

    `rows` come from `counting.selected`; `lineage` has place_code, ancestor_code, ancestor_level.
    `tolerance` is the share by which a place's own figure may differ from the sum below it. `keep` may
    have the engine compute a step once that several others rest on. Sums are made for `levels` only, all
    of them where it is empty.
    """
    lineage = lineage.select("place_code", "ancestor_code", "ancestor_level").distinct()
    cells = keep(counted(rows).inner_join(_own_levels(lineage), "place_code"))
    below = lineage.filter(ibis._.place_code != ibis._.ancestor_code).select("place_code", "ancestor_code")
    parents = _reporting_parents(cells, below)
    leaves = _with_reports(cells.anti_join(parents, CELL))
    seen = _seen(leaves, parents)
    shown = lineage.filter(ibis._.ancestor_level.isin(list(levels))) if levels else lineage
    added = _added_up(_spread(_by_place(leaves), span), seen, shown)
    framed = _framed(added, cells, span)
    expected = _expected(seen, shown, cells, span)
    marked = _marked(
        framed, _differing(cells.semi_join(parents, CELL), leaves, below, tolerance), "parent_differs", span
    )
    marked = _marked(marked, _with_ancestors(of_unknown_age(rows), shown), "age_unknown", span)
    return _completed(marked, expected)


def _own_levels(lineage: ir.Table) -> ir.Table:
    own = lineage.filter(ibis._.place_code == ibis._.ancestor_code)
    return own.select("place_code", own_level="ancestor_level")


def _reporting_parents(cells: ir.Table, below: ir.Table) -> ir.Table:
    """Return the cells of places below which some other place reported a number."""
    reported = cells.filter(ibis._.value.notnull()).select(*CELL)
    return reported.inner_join(below, "place_code").select(
        "source", "reported", "counted", place_code="ancestor_code"
    ).distinct()  # fmt: skip


def _with_reports(leaves: ir.Table) -> ir.Table:
    """Say how many reports were due and came behind each cell, where that is known."""
    known = ibis._.expected.notnull() & ibis._.received.notnull()
    single = ibis._.expected.isnull() & ibis._.own_level.isin(_REPORTING_LEVELS)
    filled = ibis._.value.notnull().cast("float64")
    unknown = ibis.null("float64")
    return leaves.mutate(
        due=ibis.cases((known, ibis._.expected), (single, ibis.literal(1.0)), else_=unknown),
        came=ibis.cases((known, ibis._.received), (single, filled), else_=unknown),
    )


def _seen(leaves: ir.Table, parents: ir.Table) -> ir.Table:
    """Return since when each place reports, how many reports it owes a time, and whether it is ever a parent."""
    ever = parents.select("source", "counted", "place_code").distinct().mutate(is_parent=1)
    seen = leaves.group_by("source", "counted", "place_code", "grain").agg(
        seen_from=ibis._.slot.min(), due_each=ibis._.due.mean()
    )
    return seen.left_join(ever, ["source", "counted", "place_code"]).select(
        *seen.columns, is_parent=ibis._.is_parent.fill_null(0)
    )


def _by_place(leaves: ir.Table) -> ir.Table:
    return leaves.group_by("source", "place_code", "counted", "period", "grain").agg(
        value=ibis._.value.sum(),
        cells=ibis._.value.count(),
        rows=ibis._.count(),
        due=ibis._.due.sum(),
        came=ibis._.came.sum(),
        guessed_age=ibis._.guessed_age.max(),
        doubtful_product=ibis._.doubtful_product.max(),
    )


def _spread(by_place: ir.Table, span: Span) -> ir.Table:
    """Add up the periods that reach into each asked one."""
    if span.is_plain:
        return by_place
    spread = by_place.rename(part="period").inner_join(_windows(span), "part")
    return spread.group_by("source", "place_code", "counted", "period", "grain").agg(
        **{name: ibis._[name].sum() for name in ("value", "cells", "rows", "due", "came")},
        guessed_age=ibis._.guessed_age.max(),
        doubtful_product=ibis._.doubtful_product.max(),
    )


def _windows(span: Span) -> ir.Table:
    return ibis.memtable(windows(span.period_type, cumulative=span.cumulative, rolling=span.rolling))


def _outlines(span: Span) -> ir.Table:
    return ibis.memtable(outlines(span.period_type, cumulative=span.cumulative, rolling=span.rolling))


def _added_up(by_place: ir.Table, seen: ir.Table, lineage: ir.Table) -> ir.Table:
    rows = by_place.inner_join(seen, ["source", "counted", "place_code", "grain"])
    joined = rows.inner_join(lineage, "place_code")
    return joined.group_by("source", "counted", "period", "ancestor_code", "ancestor_level").agg(
        value=ibis._.value.sum(),
        cells=ibis._.cells.sum(),
        due=ibis._.due.sum(),
        came=ibis._.came.sum(),
        steady_rows_due=(ibis._.rows * ibis._.due_each).sum(where=ibis._.is_parent == 0),
        passing_places=ibis._.is_parent.sum(),
        places_reporting=(ibis._.cells > 0).cast("int64").sum(),
        guessed_age=ibis._.guessed_age.max(),
        doubtful_product=ibis._.doubtful_product.max(),
    ).rename(place_code="ancestor_code", level="ancestor_level")  # fmt: skip


def _framed(added: ir.Table, cells: ir.Table, span: Span) -> ir.Table:
    """Give periods their days, and keep those in which the source reports and whose window it fills."""
    grains = cells.group_by("source", "counted", "period").agg(grain=ibis._.grain.min())
    framed = added.inner_join(grains, ["source", "counted", "period"])
    framed = framed.inner_join(_outlines(span), ["period", "grain"])
    if not span.rolling:
        return framed
    earliest = cells.group_by("source", "counted", "grain").agg(earliest=ibis._.slot.min())
    framed = framed.inner_join(earliest, ["source", "counted", "grain"])
    return framed.filter(ibis._.first_slot >= ibis._.earliest).drop("earliest")


def _expected(seen: ir.Table, lineage: ir.Table, cells: ir.Table, span: Span) -> ir.Table:
    """Return how many places, and how many reports of them, were due in each period."""
    steady = seen.filter(ibis._.is_parent == 0).inner_join(lineage, "place_code")
    steady = steady.group_by("source", "counted", "grain", "seen_from", place_code="ancestor_code").agg(
        places=ibis._.count(), due_each=ibis._.due_each.sum()
    )
    newest = cells.group_by("source", "grain").agg(newest=ibis._.slot.max())
    wanted = cells.group_by("source", "counted", "period").agg(grain=ibis._.grain.min())
    wanted = wanted.inner_join(_outlines(span), ["period", "grain"]).inner_join(newest, ["source", "grain"])
    wanted = wanted.mutate(last_slot=ibis.least(ibis._.last_slot, ibis._.newest))
    wanted = wanted.select("source", "counted", "grain", "period", "first_slot", "last_slot")
    both = steady.inner_join(wanted, ["source", "counted", "grain"]).filter(
        ibis._.seen_from <= ibis._.last_slot
    )
    slots = ibis._.last_slot - ibis.greatest(ibis._.first_slot, ibis._.seen_from) + 1
    return both.group_by("source", "counted", "period", "place_code").agg(
        steady_places=ibis._.places.sum(), steady_due=(ibis._.due_each * slots).sum()
    )


def _differing(own: ir.Table, leaves: ir.Table, below: ir.Table, tolerance: float) -> ir.Table:
    """Return where a place's own figure is not the sum of the places below it."""
    own = own.filter(ibis._.value.notnull()).select(
        "source", "reported", "counted", "period", ancestor_code="place_code", own_value="value"
    )
    pairs = own.inner_join(below, "ancestor_code")
    values = leaves.select(*CELL, below_value="value")
    summed = pairs.inner_join(values, CELL).group_by(
        "source", "reported", "counted", "period", "ancestor_code", "own_value"
    ).agg(below_value=ibis._.below_value.sum())  # fmt: skip
    apart = (ibis._.own_value - ibis._.below_value).abs() > tolerance * ibis._.own_value.abs()
    return summed.filter(apart).select("source", "counted", "period", place_code="ancestor_code").distinct()


def _with_ancestors(places: ir.Table, lineage: ir.Table) -> ir.Table:
    return places.inner_join(lineage, "place_code").select(
        "source", "counted", "period", place_code="ancestor_code"
    ).distinct()  # fmt: skip


def _marked(framed: ir.Table, places: ir.Table, name: str, span: Span) -> ir.Table:
    if not span.is_plain:
        places = places.rename(part="period").inner_join(_windows(span), "part")
        places = places.select("source", "counted", "period", "place_code").distinct()
    keys = ["source", "counted", "period", "place_code"]
    joined = framed.left_join(places.mutate(**{name: 1}), keys)
    return joined.select(*framed.columns, **{name: ibis._[name].fill_null(0)})


def _completed(framed: ir.Table, expected: ir.Table) -> ir.Table:
    keys = ["source", "counted", "period", "place_code"]
    joined = framed.left_join(expected, keys)
    absent = ibis.greatest(ibis._.steady_due.fill_null(0) - ibis._.steady_rows_due.fill_null(0), 0.0)
    due = ibis._.due + absent
    return joined.mutate(
        completeness=ibis.ifelse(due > 0, ibis._.came / due, ibis.null("float64")),
        places_expected=(ibis._.steady_places.fill_null(0) + ibis._.passing_places).cast("int64"),
        places_reporting=ibis._.places_reporting.cast("int64"),
        cells=ibis._.cells.cast("int64"),
    ).select(*SUMS)
