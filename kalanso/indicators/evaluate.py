"""What do the indicators of a question say, for every place and period?

Puts the steps together: count, add up the tree, adjust, find targets, divide. Nothing is computed
here, and nothing is executed: the answer is an Ibis expression that DuckDB and Spark compute alike.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kalanso.definitions import IndicatorDefinition, Pack
from kalanso.indicators import answers
from kalanso.indicators.adjustment import with_adjusted
from kalanso.indicators.aggregation import Span, sums
from kalanso.indicators.answers import ANSWER, Material
from kalanso.indicators.calendars import outlines
from kalanso.indicators.counting import selected
from kalanso.indicators.denominators import targets
from kalanso.indicators.questions import IndicatorQuestion
from kalanso.indicators.tables import INDICATOR_VALUES

# What an indicator is made of: parts of its definition that are indicators themselves.
_MADE_OF = ("access", "dropout", "of", "doses", "first", "last", "population")


def _as_it_is(table: ir.Table) -> ir.Table:
    return table


def evaluate(
    observations: ir.Table,
    lineage: ir.Table,
    pack: Pack,
    question: IndicatorQuestion,
    *,
    keep: Callable[[ir.Table], ir.Table] = _as_it_is,
) -> ir.Table:
    """Return indicator values in the columns of INDICATOR_VALUES.

    `observations` has the columns of OBSERVATIONS; `lineage` (place_code, ancestor_code,
    ancestor_level) names each place with itself and everything above it, in the tree of the question.
    Both must stand in one engine. A place that `lineage` lacks yields no rows: see `uncounted`.
    `keep` receives every step on which several indicators rest and may have the engine compute it once
    (`ibis.Table.cache`); by default the answer is one expression that nothing has executed.

    Raises QuestionRefused where the pack does not know an indicator.
    """
    question.check_against(pack)
    needed = _needed(pack, question.indicators)
    material = _material(observations, lineage, pack, question, keep)
    found = _answers(material, needed, keep)
    rows = functools.reduce(lambda above, below: above.union(below), found)
    rows = rows.filter(ibis._.indicator.isin(list(question.indicators)))
    if question.levels:
        rows = rows.filter(ibis._.level.isin([level.value for level in question.levels]))
    return _finished(rows, pack, question)


def needed_codes(pack: Pack, question: IndicatorQuestion) -> tuple[list[str], list[str]]:
    """Return the counts and the populations of which the asked indicators are made."""
    needed = _needed(pack, question.indicators)
    populations = {definition.code for definition in needed.get("population", ())}
    if question.denominator.population is not None:
        populations.add(question.denominator.population)
    return [definition.code for definition in needed.get("count", ())], sorted(populations)


def _needed(pack: Pack, codes: Sequence[str]) -> dict[str, list[IndicatorDefinition]]:
    """Return the asked indicators and those they are made of, by kind."""
    found: dict[str, IndicatorDefinition] = {}
    waiting = list(codes)
    while waiting:
        code = waiting.pop()
        if code in found or code not in pack.indicators:
            continue
        found[code] = pack.indicators[code]
        if found[code].kind != "count":
            waiting += [found[code].parts[part] for part in _MADE_OF if part in found[code].parts]
    kinds: dict[str, list[IndicatorDefinition]] = {}
    for definition in sorted(found.values(), key=lambda d: d.code):
        kinds.setdefault(definition.kind, []).append(definition)
    return kinds


def _material(
    observations: ir.Table,
    lineage: ir.Table,
    pack: Pack,
    question: IndicatorQuestion,
    keep: Callable[[ir.Table], ir.Table],
) -> Material:
    span = Span(period_type=question.period_type, cumulative=question.cumulative, rolling=question.rolling)
    counted_from = observations
    if question.sources:
        counted_from = observations.filter(ibis._.source.isin(list(question.sources)))
    codes, populations = needed_codes(pack, question)
    rows = keep(selected(counted_from, pack, codes, asked=question.period_type, ages=question.ages))
    tolerance = pack.threshold("aggregation.parent_tolerance")
    levels = _summed_levels(pack, question)
    counts = sums(rows, lineage, span, tolerance=tolerance, keep=keep, levels=levels)
    found = None
    if populations:
        found = targets(observations, lineage, pack, populations, span, question.denominator)
    return Material(
        counts=keep(with_adjusted(counts, pack, question.adjust_k)),
        targets=None if found is None else keep(_paired(found, counted_from)),
        lineage=lineage.select("place_code", "ancestor_code", "ancestor_level").distinct(),
        pack=pack,
        question=question,
    )


def _summed_levels(pack: Pack, question: IndicatorQuestion) -> list[str]:
    """Return the levels that need sums: those asked for, and those that equity indicators compare."""
    if not question.levels:
        return []
    compared = {
        definition.parts["level"]
        for definition in (pack.indicators[code] for code in question.indicators)
        if "level" in definition.parts
    }
    return sorted({level.value for level in question.levels} | compared)


def _paired(found: ir.Table, counted_from: ir.Table) -> ir.Table:
    """Say for whose doses each target may stand: its own source's; others' where these have none."""
    pairs = found.select("population", "target_source").distinct()
    sources = counted_from.select("source").distinct()
    own = pairs.select("population", source="target_source").mutate(has_own=1)
    pairs = pairs.cross_join(sources).left_join(own, ["population", "source"])
    pairs = pairs.filter((ibis._.source == ibis._.target_source) | ibis._.has_own.isnull())
    pairs = pairs.select("population", "target_source", "source")
    return found.inner_join(pairs, ["population", "target_source"])


def _answers(
    material: Material,
    needed: Mapping[str, Sequence[IndicatorDefinition]],
    keep: Callable[[ir.Table], ir.Table],
) -> list[ir.Table]:
    found: list[ir.Table] = []
    if counts := _asked(needed.get("count", ()), material.question):
        found.append(answers.count_answers(material, counts))
    if populations := _asked(needed.get("population", ()), material.question):
        found.append(answers.population_answers(material, populations, _days(material.question)))
    divided = [*needed.get("coverage", ()), *needed.get("missed", ())]
    shares = keep(answers.coverage_answers(material, divided)) if divided else None
    losses = keep(answers.dropout_answers(material, needed["dropout"])) if "dropout" in needed else None
    found += [rows for rows in (shares, losses) if rows is not None]
    for definition in needed.get("category", ()):
        access = _only(shares, definition.parts["access"])
        found.append(
            answers.category_answers(material, definition, access, _only(losses, definition.parts["dropout"]))
        )
    for kind, answer in (("share_of_places", answers.share_answers), ("top_share", answers.top_answers)):
        for definition in needed.get(kind, ()):
            found.append(answer(material, definition, _only(shares, definition.parts["of"])))
    return found


def _asked(
    definitions: Sequence[IndicatorDefinition], question: IndicatorQuestion
) -> list[IndicatorDefinition]:
    return [definition for definition in definitions if definition.code in question.indicators]


def _only(rows: ir.Table | None, code: str) -> ir.Table:
    assert rows is not None, f"{code} was not evaluated"
    return rows.filter(ibis._.indicator == code)


def _days(question: IndicatorQuestion) -> pa.Table:
    table = outlines(question.period_type, cumulative=False, rolling=False)
    return table.select(["period", "period_start", "period_end"]).group_by(
        ["period", "period_start", "period_end"]
    ).aggregate([])  # fmt: skip


def _finished(rows: ir.Table, pack: Pack, question: IndicatorQuestion) -> ir.Table:
    """Mark provisional periods and give the columns of the published table."""
    still_open = ibis._.period_end >= question.today
    recent = ibis._.period_end >= question.today - timedelta(days=pack.threshold("provisional.days"))
    complete = (ibis._.completeness >= pack.threshold("provisional.complete")).fill_null(False)
    assert set(ANSWER) <= set(rows.columns)
    return rows.mutate(
        tree=ibis.literal(question.tree.value),
        period_type=ibis.literal(question.period_type.value),
        cumulative=ibis.literal(question.cumulative),
        provisional=still_open | (recent & ~complete),
    ).select(*INDICATOR_VALUES.column_names)
