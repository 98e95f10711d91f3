"""Which metrics and scores follow from what was checked, and where are they kept?

Publishes `quality_metrics` (WHO's review) and `quality_scores` (score cards in both modes) beside the findings.
"""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from kalanso import quality
from kalanso.quality import scorecards, who
from kalanso.quality.tables import QUALITY_FINDINGS, QUALITY_METRICS, QUALITY_SCORES
from kalanso.store import Mode, Provenance, Store, TableSpec
from kalanso.vocabulary import Period, PeriodType

_OF_FINDINGS = ("check", "place_code", "period", "indicator", "severity")


def publish_scores(
    store: Store, evidence: quality.Evidence, *, provenance: Provenance, now: datetime
) -> dict[str, int]:
    """Publish metrics and scores in place of the earlier ones, and return their rows by table.

    The findings must have been published before: the robust scores are read off them.
    """
    metrics = who.metrics(who.gather(evidence), evidence.threshold("who"))
    rules = evidence.threshold("scorecards")
    today = evidence.today
    cards = [
        scorecards.who_scores(metrics, rules, today=today),
        scorecards.robust_scores(
            heavy_findings(store), scorecards.months_spoken(evidence), rules, today=today
        ),
    ]
    scores = pd.concat([part for part in cards if len(part)] or cards[:1], ignore_index=True)
    tables: tuple[tuple[TableSpec, pd.DataFrame], ...] = (
        (QUALITY_METRICS, metric_rows(metrics)), (QUALITY_SCORES, scores),
    )  # fmt: skip
    for spec, frame in tables:
        rows = frame[list(spec.column_names)].astype(object).where(frame.notna(), None)
        store.publish(
            spec, spec.arrow(rows.to_dict("records")), provenance=provenance, now=now, mode=Mode.REPLACE_ALL
        )
    return {spec.name: len(frame) for spec, frame in tables}


def heavy_findings(store: Store) -> pd.DataFrame:
    """Return the findings that ask for attention, or are serious, with what a score needs of them."""
    table = store.read(QUALITY_FINDINGS)
    heavy: pd.DataFrame = table.filter(table.severity != "note").select(_OF_FINDINGS).to_pandas()
    return heavy


def metric_rows(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return metrics of `who.metrics` in the columns of QUALITY_METRICS."""
    years = {year: Period(type=PeriodType.YEAR, year=int(year)) for year in metrics["year"].unique()}
    return metrics.assign(
        period=metrics["year"].map({year: period.code for year, period in years.items()}),
        period_type="year",
        period_start=metrics["year"].map({year: period.start for year, period in years.items()}),
    )[list(QUALITY_METRICS.column_names)]
