"""How many reports were due and came, by place and period?

One number stands for its form (reports due and received stand on every number of a form), and
places are added up to those above. Which rates are too low is decided by the checks.
"""

from __future__ import annotations

from typing import Any, Protocol

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa


class Numbers(Protocol):
    """What is asked of the evidence here: see `evidence.Evidence`."""

    @property
    def observations(self) -> ir.Table:
        """Numbers as they were reported."""

    @property
    def profile(self) -> pd.DataFrame:
        """Rows by source, indicator and period."""

    @property
    def calendar(self) -> ir.Table:
        """Every period of every source with its place in time."""

    def keep(self, table: ir.Table) -> ir.Table:
        """Have the engine compute a step once."""

    def threshold(self, path: str) -> Any:
        """Return a threshold by its dotted path."""

    def engine_rows(self, rows: pa.Table) -> ir.Table:
        """Put rows into the engine."""

    def upwards(self, rows: ir.Table) -> ir.Table:
        """Join rows with the places above theirs."""


def tracers(evidence: Numbers) -> list[tuple[str, str]]:
    """Return (source, indicator): the numbers that stand for the forms of each source.

    The tracers of the definitions where the source has them with reports, else its indicator with
    the most rows that carry reports.
    """
    known = evidence.profile.groupby(["source", "indicator"], sort=True).with_reports.sum().reset_index()
    known = known[known.with_reports > 0]
    chosen: list[tuple[str, str]] = []
    for source, part in known.groupby("source", sort=True):
        listed = [code for code in evidence.threshold("completeness.tracers") if code in set(part.indicator)]
        fullest = part.sort_values(["with_reports", "indicator"], ascending=[False, True]).indicator.iloc[0]
        chosen += [(str(source), code) for code in listed or [str(fullest)]]
    return chosen


def reports_by_place(evidence: Numbers) -> ir.Table | None:
    """Return reports by source, form, place and period, or None where no source counts them.

    `form` is the indicator that stands for it; `timed_reports` are those due whose day of arrival is known. Rows of one place and period are the same report,
    whatever age or strategy they count, so the largest figure stands for all. Places are joined by
    those above at the levels of the definitions.
    """
    chosen = tracers(evidence)
    if not chosen:
        return None
    pairs = evidence.engine_rows(
        pa.table({"source": [s for s, _ in chosen], "indicator": [i for _, i in chosen]})
    )
    o = evidence.observations.filter(evidence.observations.reports_expected.notnull())
    own = o.semi_join(pairs, ["source", "indicator"])
    single = own.group_by("source", "place_code", "period_type", "period", form=own.indicator).agg(
        expected_reports=own.reports_expected.max(),
        received_reports=own.reports_received.max(),
        on_time_reports=own.reports_on_time.max(),
    )
    spread = evidence.upwards(single)
    summed = spread.group_by("source", "form", "period_type", "period", place_code=spread.ancestor_code).agg(
        expected_reports=spread.expected_reports.sum(),
        received_reports=spread.received_reports.sum().fill_null(0.0),
        on_time_reports=spread.on_time_reports.sum(),
        timed_reports=spread.expected_reports.sum(where=spread.on_time_reports.notnull()),
    )
    when = evidence.calendar.select("source", "period_type", "period", "step", "year")
    return evidence.keep(summed.join(when, ["source", "period_type", "period"]))
