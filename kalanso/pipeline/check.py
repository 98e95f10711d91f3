"""What is doubtful in a store's numbers?

Runs the checks over all observations and publishes their findings. What each check asks is said by
`kalanso.quality`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kalanso import indicators, places, quality
from kalanso.indicators.delays import Delays, learnt
from kalanso.indicators.tables import COVERAGE_SERIES, REPORTING_DELAYS
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.pipeline.quality_scores import publish_scores
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import Mode, Provenance, Store
from kalanso.vocabulary import PeriodType, Tree


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the checks found: findings by check, by severity, and the snapshot that holds them.

    `scored` counts the rows of WHO's metrics and of the score cards by table.
    """

    by_check: dict[str, int]
    by_severity: dict[str, int]
    snapshot: str
    scored: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All findings."""
        return sum(self.by_check.values())


def check(
    store: Store,
    *,
    checks: Sequence[quality.Check] = quality.CHECKS,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> Checked:
    """Run checks over all observations and publish their findings in place of the earlier ones.

    WHO's metrics and the score cards of places follow. Nothing is corrected. Each check counts in the
    result, those that found nothing too.
    """
    holdings = Holdings(store, now.date())
    provenance = Provenance(sources=holdings.sources(), made_from=holdings.made_from())
    draft = store.folder / "tmp" / f"findings-{uuid4().hex}.parquet"
    draft.parent.mkdir(exist_ok=True)
    try:
        step(progress, cancel, "pipeline.check.gathering", 0.0)
        evidence = gather(holdings)
        late = quality.open_periods(
            evidence, learnt_delays(holdings), complete=holdings.pack.threshold("provisional.complete")
        )
        by_check, by_severity = _write_findings(
            evidence, late, quality.known_beside(evidence), checks, draft, progress, cancel
        )
        step(progress, cancel, "pipeline.check.writing", 0.85)
        snapshot = store.publish(
            QUALITY_FINDINGS, draft, provenance=provenance, now=now, mode=Mode.REPLACE_ALL
        )
    finally:
        draft.unlink(missing_ok=True)
    step(progress, cancel, "pipeline.check.scoring", 0.9)
    scored = publish_scores(store, evidence, provenance=provenance, now=now)
    progress("pipeline.check.done", 1.0)
    return Checked(by_check=by_check, by_severity=dict(by_severity), snapshot=snapshot.id, scored=scored)


def _write_findings(
    evidence: quality.Evidence,
    late: quality.Open,
    beside: quality.KnownBeside,
    checks: Sequence[quality.Check],
    target: Path,
    progress: Progress,
    cancel: Cancel,
) -> tuple[dict[str, int], Counter[str]]:
    """Write the findings of one check after the other, so that memory holds those of one alone."""
    by_check: dict[str, int] = {}
    by_severity: Counter[str] = Counter()
    schema = pa.schema([pa.field(f.name, f.type) for f in QUALITY_FINDINGS.arrow_schema()])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for name, findings in quality.check_all(evidence, checks=checks, progress=_within(progress)):
            if cancel():
                step(progress, cancel, "pipeline.check.gathering", 0.0)
            rows = beside.marked(late.marked(QUALITY_FINDINGS.arrow(findings.to_pyarrow())))
            writer.write_table(rows)
            by_check[name] = rows.num_rows
            for counted in pc.value_counts(rows.column("severity")).to_pylist():
                by_severity[counted["values"]] += counted["counts"]
    return by_check, by_severity


def learnt_delays(holdings: Holdings) -> Delays:
    """Return after how long numbers are final, as the catalogue learnt it from kept states; else the days of the pack."""
    days = int(holdings.pack.threshold("provisional.days"))
    if holdings.manifest(REPORTING_DELAYS) is None:
        return Delays({}, days)
    rows = holdings.read(REPORTING_DELAYS).to_pandas()
    return learnt(rows, complete=holdings.pack.threshold("provisional.complete"), days=days)


def gather(holdings: Holdings) -> quality.Evidence:
    """Return what the checks read: observations, trees, events, coverage, misplaced points."""
    lineage = holdings.lineage(Tree.HEALTH)
    return quality.Evidence(
        observations=holdings.observations,
        lineage=lineage,
        places=holdings.rows(holdings.places),
        thresholds=holdings.pack.section("quality"),
        today=holdings.today,
        events=holdings.events,
        coverage=_coverage(holdings, lineage),
        published=holdings.published_coverage(COVERAGE_SERIES),
        misplaced=_misplaced(holdings),
    )


def _coverage(holdings: Holdings, lineage: ir.Table) -> ir.Table | None:
    """Quarterly coverage with DTP1 and DTP3, on which persistence above 100 % is judged."""
    observed = set(holdings.observations.select("indicator").distinct().to_pandas()["indicator"])
    asked = tuple(
        f"{dose}_coverage" for dose in ("dtp1", "dtp3", "mcv1", "bcg") if f"{dose}_doses" in observed
    )
    if not asked:
        return None
    question = indicators.IndicatorQuestion(
        indicators=asked, period_type=PeriodType.QUARTER, today=holdings.today
    )
    keep = holdings.store.engine.computed_once
    answer = indicators.evaluate(holdings.observations, lineage, holdings.pack, question, keep=keep)
    return holdings.rows(answer.to_pyarrow())


def _misplaced(holdings: Holdings) -> pd.DataFrame | None:
    if not len(holdings.places):
        return None
    lineage = places.lineage(holdings.parents, holdings.places, tree=Tree.HEALTH.value, on=holdings.today)
    outlines = holdings.boundaries if len(holdings.boundaries) else None
    return places.geometry_findings(holdings.places, outlines, lineage)


def _within(progress: Progress) -> Progress:
    """Report the checks' own progress as the middle part of the whole."""
    return lambda message, share: progress(message, 0.1 + 0.75 * share)
