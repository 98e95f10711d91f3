"""Which indicators does a store show, once its observations were checked?

Evaluates the pack's indicators along both trees for months, quarters and years, with the wall chart
and rolling quarters, and publishes `indicator_values`; neighbours of places with them. What an
indicator means is said by `kalanso.indicators`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kalanso import definitions, indicators, places
from kalanso.indicators.tables import INDICATOR_VALUES
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.places.tables import PLACE_BOUNDARIES, PLACE_NEIGHBOURS, PLACES
from kalanso.store import Manifest, Mode, Provenance, Store
from kalanso.vocabulary import Level, PeriodType, Tree

# Facilities stand in the observations themselves; a month of one facility is too few children to divide.
SHOWN_LEVELS = tuple(level for level in Level if level is not Level.FACILITY)
# Months are the rhythm of health areas; communes and cercles are looked at by quarter and year.
_PERIODS = {
    Tree.HEALTH: (PeriodType.MONTH, PeriodType.QUARTER, PeriodType.YEAR),
    Tree.ADMINISTRATIVE: (PeriodType.QUARTER, PeriodType.YEAR),
}
OUTLINES = (PLACES, PLACE_BOUNDARIES)  # what neighbours follow from
_WALL_CHART = ("dtp1_coverage", "dtp3_coverage", "dtp1_dtp3_dropout")


@dataclass(frozen=True, kw_only=True)
class Published:
    """What was published: rows by table, and the names of the snapshots."""

    rows: dict[str, int] = field(default_factory=dict)
    snapshots: tuple[str, ...] = ()


def publish(
    store: Store,
    *,
    adjust_k: float | None = None,
    state: str = "draft",
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> Published:
    """Evaluate all indicators that the observations allow, and publish them.

    `adjust_k` adds rows adjusted for missing reports beside the unadjusted ones. `state` is the
    state of the run that readers will see. Running it again on the same observations changes nothing.
    """
    holdings = Holdings(store, now.date())
    provenance = Provenance(sources=holdings.sources(), made_from=holdings.made_from(), state=state)
    questions = list(_questions(holdings, adjust_k))
    draft = store.folder / "tmp" / f"indicator-values-{uuid4().hex}.parquet"
    draft.parent.mkdir(exist_ok=True)
    try:
        _write_answers(holdings, questions, draft, progress, cancel)
        step(progress, cancel, "pipeline.publish.writing", 0.85)
        values = store.publish(INDICATOR_VALUES, draft, provenance=provenance, now=now, mode=Mode.REPLACE_ALL)
    finally:
        draft.unlink(missing_ok=True)
    step(progress, cancel, "pipeline.publish.neighbours", 0.95)
    border = holdings.manifest(PLACE_NEIGHBOURS)
    if border is None or _outlines_changed(holdings, border):
        border = store.publish(
            PLACE_NEIGHBOURS,
            _neighbours(holdings),
            provenance=_of_outlines(holdings),
            now=now,
            mode=Mode.REPLACE_ALL,
        )
    progress("pipeline.publish.done", 1.0)
    return Published(
        rows={values.table: values.rows, border.table: border.rows}, snapshots=(values.id, border.id)
    )


def _write_answers(
    holdings: Holdings,
    questions: Sequence[indicators.IndicatorQuestion],
    target: Path,
    progress: Progress,
    cancel: Cancel,
) -> None:
    schema = pa.schema([pa.field(f.name, f.type) for f in INDICATOR_VALUES.arrow_schema()])
    lines = {tree: holdings.lineage(tree) for tree in {question.tree for question in questions}}
    keep = holdings.store.engine.computed_once
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for number, question in enumerate(questions):
            step(progress, cancel, "pipeline.publish.evaluating", 0.85 * number / len(questions))
            answer = indicators.evaluate(
                holdings.observations, lines[question.tree], holdings.pack, question, keep=keep
            )
            # A whole result, not a stream: DuckDB 1.5 can wait for ever on a stream over kept tables.
            writer.write_table(INDICATOR_VALUES.arrow(answer.to_pyarrow()))


def _questions(holdings: Holdings, adjust_k: float | None) -> Iterator[indicators.IndicatorQuestion]:
    """The questions whose answers are shown: each tree, each length of period, the wall chart."""
    codes = _answerable(holdings)
    if not codes:
        return  # places and populations alone answer no question yet
    wall_chart = tuple(code for code in _WALL_CHART if code in codes)
    coverage = tuple(code for code in codes if code.endswith("_coverage") or code == "rec_category")
    for tree in holdings.trees():
        common: dict[str, Any] = {"today": holdings.today, "tree": tree, "adjust_k": adjust_k}
        levels = _levels_of(holdings)
        for period_type in _PERIODS[tree]:
            yield indicators.IndicatorQuestion(
                indicators=codes, period_type=period_type, levels=levels, **common
            )
        if wall_chart and tree is Tree.HEALTH:
            yield indicators.IndicatorQuestion(
                indicators=wall_chart, period_type=PeriodType.MONTH, cumulative=True, levels=levels, **common
            )
        if coverage and tree is Tree.HEALTH:
            yield indicators.IndicatorQuestion(
                indicators=coverage, period_type=PeriodType.QUARTER, rolling=True, levels=levels, **common
            )


def _levels_of(holdings: Holdings) -> tuple[Level, ...]:
    standing = set(holdings.places["level"])
    shown = tuple(level for level in SHOWN_LEVELS if level.value in standing)
    return shown or SHOWN_LEVELS


def _answerable(holdings: Holdings) -> tuple[str, ...]:
    """The indicators whose counts, and populations, stand in the observations."""
    observed = set(_column(holdings.observations.select("indicator").distinct()))
    pack = holdings.pack
    found = []
    for code, definition in pack.indicators.items():
        if not definition.is_evaluated or definition.kind in {"population", "observed"}:
            continue
        needed = _counts_behind(pack, code)
        if needed and needed <= observed:
            found.append(code)
    return tuple(found)


def _counts_behind(pack: definitions.Pack, code: str) -> set[str]:
    """The codes of observations without which an indicator has no value."""
    definition = pack.indicators[code]
    if definition.kind == "count":
        return {definition.parts["of"]}
    below = [part for part in definition.parts.values() if part in pack.indicators]
    # Populations can be converted from one another, so that none of them is indispensable.
    counted = [part for part in below if pack.indicators[part].kind != "population"]
    return set().union(*(_counts_behind(pack, part) for part in counted))


def _column(table: ir.Table) -> list[str]:
    return [row for (row,) in table.to_pandas().itertuples(index=False)]


def _of_outlines(holdings: Holdings) -> Provenance:
    """Return what neighbours are made from: places and their outlines, whatever was observed."""
    made_from = [m.id for spec in OUTLINES if (m := holdings.manifest(spec)) is not None]
    return Provenance(sources=holdings.sources(), made_from=tuple(made_from))


def _outlines_changed(holdings: Holdings, border: Manifest) -> bool:
    """Whether neighbours are to be found anew: they take long, and a sheet of doses moves no border."""
    # Neighbours that were found beside numbers name those too; only what they follow from is compared.
    names = {spec.name for spec in OUTLINES}
    mine = {one for one in border.provenance.made_from if one.rpartition("-")[0] in names}
    return mine != set(_of_outlines(holdings).made_from)


def _neighbours(holdings: Holdings) -> pa.Table:
    """Neighbours of the places that have an outline, level by level."""
    outlines = holdings.boundaries
    levels = holdings.places.set_index("place_code")["level"]
    found = [PLACE_NEIGHBOURS.arrow([])]
    outlines = outlines.assign(level=outlines["place_code"].map(levels))
    for _, group in outlines.groupby("level"):
        newest = group.sort_values("vintage").drop_duplicates("place_code", keep="last")
        rows = places.neighbours(newest.drop(columns="level"))
        rows = rows.to_pandas() if isinstance(rows, pa.Table) else pd.DataFrame(rows)
        found.append(PLACE_NEIGHBOURS.arrow(pa.Table.from_pandas(rows, preserve_index=False)))
    return pa.concat_tables(found)
