"""How do counts and targets become indicators?

One function per kind of indicator, each returning rows in the columns ANSWER. Counting belongs to
`counting` and `aggregation`, targets to `denominators`; which functions are needed is said by `evaluate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kalanso.definitions import IndicatorDefinition, Pack
from kalanso.indicators.caveats import worst
from kalanso.indicators.questions import IndicatorQuestion
from kalanso.vocabulary import AgeGroup, Level

ANSWER = (
    "source", "place_code", "level", "period", "period_start", "period_end", "indicator", "numerator",
    "denominator", "denominator_name", "value", "unit", "adjusted", "completeness", "places_expected",
    "places_reporting", "caveat",
)  # fmt: skip
_WHEN = ("source", "period", "period_start", "period_end", "adjusted", "denominator_name")


@dataclass(frozen=True, kw_only=True)
class Material:
    """What indicators are made of.

    `counts` has the columns of `aggregation.SUMS`, adjusted and refused; `targets` those of
    `denominators.targets` and the source for whose doses they may stand, or are None where no population is needed; `lineage` as given.
    """

    counts: ir.Table
    targets: ir.Table | None
    lineage: ir.Table
    pack: Pack
    question: IndicatorQuestion

    def ending(self, rows: ir.Table) -> ir.StringValue:
        """Return what the name of a denominator ends with: the k of adjusted rows."""
        k = self.question.adjust_k
        return ibis.ifelse(rows.adjusted, f";k={k:g}" if k is not None else "", "")

    @property
    def rolling(self) -> str:
        """Return what tells rolling counts, which have no target, from those of the quarter."""
        return ":rolling4" if self.question.rolling else ""

    def doubts(self, rows: ir.Table) -> dict[str, ir.BooleanValue]:
        """Return the caveats that come with a count."""
        found = {
            "no_report": rows.cells == 0,
            "adjustment_refused": rows.refused == 1,
            "age_never_recorded": rows.guessed_age == 1,
            "age_partly_unknown": rows.age_unknown == 1,
            "doubtful_product": rows.doubtful_product == 1,
            "parent_differs": rows.parent_differs == 1,
            "low_completeness": rows.completeness < self.pack.threshold("completeness.low"),
        }
        if self.question.ages:
            under_1 = [c for c, d in self.pack.indicators.items() if AgeGroup.UNDER_1 in d.ages]
            found["ages_widened"] = rows.counted.isin(under_1)
        return found


def count_answers(material: Material, definitions: Sequence[IndicatorDefinition]) -> ir.Table:
    """Return counts as they were added up."""
    rows = material.counts.filter(ibis._.counted.isin([d.code for d in definitions]))
    return rows.mutate(
        indicator="counted",
        numerator="value",
        denominator=ibis.null("float64"),
        denominator_name=(material.rolling + material.ending(rows)).nullif(""),
        unit=ibis.literal("count"),
        caveat=worst(material.doubts(rows)),
    ).select(*ANSWER)


def population_answers(
    material: Material, definitions: Sequence[IndicatorDefinition], days: pa.Table
) -> ir.Table:
    """Return the people due in each period; `days` has the first and last day of each period."""
    assert material.targets is not None
    rows = material.targets.filter(ibis._.population.isin([d.code for d in definitions]))
    rows = rows.filter(ibis._.source == ibis._.target_source).inner_join(ibis.memtable(days), "period")
    grown = ibis.literal(material.question.denominator.base_year is not None)
    return rows.mutate(
        indicator="population",
        numerator=ibis.null("float64"),
        denominator="target",
        denominator_name="target_name",
        value="target",
        unit=ibis.literal("count"),
        adjusted=False,
        completeness=ibis.null("float64"),
        places_expected=ibis.null("int64"),
        places_reporting=ibis.null("int64"),
        caveat=worst(
            {
                "target_incomplete": rows.target_incomplete == 1,
                "target_differs": rows.target_differs == 1,
                "grown_target": grown,
            }
        ),
    ).select(*ANSWER)


def coverage_answers(material: Material, definitions: Sequence[IndicatorDefinition]) -> ir.Table:
    """Return coverage (doses / target) and missed children (target - doses); neither is ever cut off."""
    asked = material.question.denominator.population
    table = pa.table(
        {
            "indicator": [d.code for d in definitions],
            "counted": [d.parts["doses"] for d in definitions],
            "population": [asked or d.parts["population"] for d in definitions],
            "unit": [d.unit for d in definitions],
        }
    )
    rows = material.counts.inner_join(ibis.memtable(table), "counted")
    keys = ["source", "population", "place_code", "period"]
    assert material.targets is not None
    targets = material.targets.select(*keys, "target", "target_name", "target_incomplete", "target_differs")
    rows = rows.left_join(targets, keys).select(
        *rows.columns, "target", "target_name", "target_incomplete", "target_differs"
    )
    positive = rows.target > 0
    share = rows.value / ibis.ifelse(positive, rows.target, ibis.null("float64"))
    rows = rows.mutate(
        numerator=rows.value, result=ibis.ifelse(rows.unit == "share", share, rows.target - rows.value)
    )
    above = (rows.unit == "share") & (rows.result > material.pack.threshold("coverage.highest_plausible"))
    doubts = material.doubts(rows) | {
        "no_denominator": rows.target.isnull(),
        "target_not_positive": ~positive,
        "coverage_above_one": above,
        "missed_negative": (rows.unit == "count") & (rows.result < 0),
        "target_incomplete": rows.target_incomplete == 1,
        "target_differs": rows.target_differs == 1,
        "grown_target": ibis.literal(material.question.denominator.base_year is not None),
    }
    return rows.mutate(
        value=rows.result,
        denominator=rows.target,
        # Without a target, rolling quarters would share the label of the quarter itself.
        denominator_name=ibis.coalesce(rows.target_name, ibis.literal(material.rolling).nullif(""))
        + material.ending(rows),
        caveat=worst(doubts),
    ).select(*ANSWER)


def dropout_answers(material: Material, definitions: Sequence[IndicatorDefinition]) -> ir.Table:
    """Return (first - last) / first. Negative where more last than first doses were reported."""
    table = pa.table(
        {
            name: [getattr(d, name, None) or d.parts[name] for d in definitions]
            for name in ("code", "first", "last")
        }
    )
    table = table.rename_columns(["indicator", "counted", "last"])
    rows = material.counts.inner_join(ibis.memtable(table), "counted")
    keys = ["source", "place_code", "period", "adjusted"]
    last = material.counts.select(
        *keys, last="counted", last_value="value", last_cells="cells", last_completeness="completeness",
        last_refused="refused", last_guessed="guessed_age",
    )  # fmt: skip
    rows = rows.left_join(last, [*keys, "last"]).select(
        *rows.columns, "last_value", "last_cells", "last_completeness", "last_refused", "last_guessed"
    )
    rows = rows.mutate(
        numerator=rows.value - rows.last_value,
        cells=ibis.least(rows.cells, rows.last_cells.fill_null(0)),
        unequal=rows.cells != rows.last_cells,
        refused=ibis.greatest(rows.refused, rows.last_refused.fill_null(0)),
        guessed_age=ibis.greatest(rows.guessed_age, rows.last_guessed.fill_null(0)),
        completeness=ibis.least(rows.completeness, rows.last_completeness),
    )
    result = rows.numerator / ibis.ifelse(rows.value > 0, rows.value, ibis.null("float64"))
    doubts = material.doubts(rows) | {
        "no_first_dose": (rows.value == 0).fill_null(False),
        "dropout_negative": result < 0,
        "unequal_reports": rows.unequal,
    }
    return rows.mutate(
        denominator=rows.value,
        denominator_name=rows.counted + material.rolling + material.ending(rows),
        value=result,
        unit=ibis.literal("share"),
        caveat=worst(doubts),
    ).select(*ANSWER)


def category_answers(
    material: Material, definition: IndicatorDefinition, access: ir.Table, dropout: ir.Table
) -> ir.Table:
    """Return categories 1 to 4 from access (coverage) and utilization (dropout): WHO/IVB/09.11.

    1 good access, good utilization; 2 good, poor; 3 poor, good; 4 poor, poor.
    """
    reached = ibis._.value >= material.pack.threshold(definition.parts["access_minimum"])
    stayed = ibis._.dropout < material.pack.threshold(definition.parts["dropout_maximum"])
    keys = ["source", "place_code", "period", "adjusted"]
    losses = dropout.select(
        *keys, dropout="value", dropout_caveat="caveat", dropout_completeness="completeness"
    )
    rows = access.left_join(losses, keys).select(
        *access.columns, "dropout", "dropout_caveat", "dropout_completeness"
    )
    rows = rows.mutate(
        category=ibis.cases(
            (reached & stayed, 1.0), (reached & ~stayed, 2.0), (~reached & stayed, 3.0), (~reached & ~stayed, 4.0),
            else_=ibis.null("float64"),
        )
    )  # fmt: skip
    return rows.mutate(
        indicator=ibis.literal(definition.code),
        numerator=ibis.null("float64"),
        denominator=ibis.null("float64"),
        value=rows.category,
        unit=ibis.literal("category"),
        completeness=ibis.least(rows.completeness, rows.dropout_completeness),
        caveat=ibis.coalesce(
            worst({"no_category": rows.category.isnull()}), rows.caveat, rows.dropout_caveat
        ),
    ).select(*ANSWER)


def share_answers(material: Material, definition: IndicatorDefinition, coverage: ir.Table) -> ir.Table:
    """Return which share of the places of a level, among those with a value, reach a threshold."""
    reached = ibis._.value >= material.pack.threshold(definition.parts["minimum"])
    rows = _of_level(material, coverage, definition.parts["level"])
    grouped = rows.group_by(*_WHEN, "ancestor_code", "ancestor_level", "places_expected").agg(
        numerator=reached.fill_null(False).cast("float64").sum(),
        denominator=ibis._.value.count().cast("float64"),
    )
    return _equity(grouped, definition, {})


def top_answers(material: Material, definition: IndicatorDefinition, missed: ir.Table) -> ir.Table:
    """Return what the most affected places of a level make up of the whole country's missed children."""
    rows = _of_level(material, missed, definition.parts["level"])
    rows = rows.filter(ibis._.ancestor_level == Level.COUNTRY.value)
    order = ibis.window(
        group_by=[*_WHEN, "ancestor_code"],
        order_by=[ibis._.value.isnull(), ibis.desc(ibis._.value), ibis._.place_code],
    )
    rows = rows.mutate(place_in_order=ibis.row_number().over(order))
    foremost = ibis._.place_in_order < int(material.pack.threshold(definition.parts["places"]))
    grouped = rows.group_by(*_WHEN, "ancestor_code", "ancestor_level", "places_expected").agg(
        numerator=ibis._.value.sum(where=foremost),
        denominator=ibis._.value.sum(),
        valued=ibis._.value.count(),
        lowest=ibis._.value.min(),
    )
    doubts = {
        "missed_negative_somewhere": grouped.lowest < 0,
        "target_not_positive": (grouped.denominator <= 0).fill_null(False),
    }
    return _equity(grouped, definition, doubts)


def _of_level(material: Material, rows: ir.Table, level: str) -> ir.Table:
    """Return the values of the places of one level beside each place above them."""
    above = material.lineage.filter(ibis._.place_code != ibis._.ancestor_code)
    of_level = material.lineage.filter(
        (ibis._.place_code == ibis._.ancestor_code) & (ibis._.ancestor_level == level)
    ).select("place_code")
    above = (
        above.semi_join(of_level, "place_code")
        .select("place_code", "ancestor_code", "ancestor_level")
        .distinct()
    )
    totals = above.group_by("ancestor_code").agg(places_expected=ibis._.count().cast("int64"))
    # A place without a target belongs to no label; it is missing among the places that report.
    kept = rows.filter(ibis._.denominator.notnull()).select(*_WHEN, "place_code", "value")
    return kept.inner_join(above, "place_code").inner_join(totals, "ancestor_code")


def _equity(
    grouped: ir.Table, definition: IndicatorDefinition, doubts: dict[str, ir.BooleanValue]
) -> ir.Table:
    valued = grouped.valued if "valued" in grouped.columns else grouped.denominator
    positive = grouped.denominator > 0
    return grouped.mutate(
        place_code="ancestor_code",
        level="ancestor_level",
        indicator=ibis.literal(definition.code),
        value=grouped.numerator / ibis.ifelse(positive, grouped.denominator, ibis.null("float64")),
        unit=ibis.literal("share"),
        completeness=ibis.null("float64"),
        places_reporting=valued.cast("int64"),
        caveat=worst({"places_without_value": valued < grouped.places_expected} | doubts),
    ).select(*ANSWER)
