"""What do all sources of a store say together?

Runs the analyses over everything that the store holds and publishes their numbers, findings, grades and proposed targets, each with the
snapshots from which it was made. What each analysis asks is said by `kalanso.triangulation`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd
import pyarrow as pa

from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.pipeline.triangulation_evidence import gather_dossier
from kalanso.store import Mode, Provenance, Store, TableSpec
from kalanso.triangulation import findings_table, for_partners, grades, run
from kalanso.triangulation.tables import (
    CONFIDENCE_GRADES,
    CONFIDENCE_GRADES_PARTNERS,
    PROPOSED_TARGETS,
    TRIANGULATION,
    TRIANGULATION_FINDINGS,
)
from kalanso.triangulation.targets import proposed_targets


@dataclass(frozen=True, kw_only=True)
class Triangulated:
    """What was found: rows by analysis, findings by kind, sources by grade, and the snapshots that hold them."""

    by_analysis: dict[str, int]
    by_kind: dict[str, int]
    by_grade: dict[str, int]
    snapshots: tuple[str, ...]


def triangulate(
    store: Store,
    *,
    state: str = "draft",
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> Triangulated:
    """Run all analyses and publish their tables in place of the earlier ones.

    Running it again on the same snapshots changes nothing.
    """
    step(progress, cancel, "pipeline.triangulate.gathering", 0.0)
    holdings = Holdings(store, now.date())
    dossier = gather_dossier(holdings)
    provenance = Provenance(
        sources=holdings.sources(), made_from=tuple(sorted(dossier.snapshots.values())), state=state
    )
    answers = []
    for answer in run(
        dossier, progress=lambda message, share: step(progress, cancel, message, 0.2 + 0.5 * share)
    ):
        answers.append(answer)
    step(progress, cancel, "pipeline.triangulate.writing", 0.75)
    found = [answer.rows for answer in answers if len(answer.rows)]
    rows = (
        pd.concat(found, ignore_index=True)
        if found
        else pd.DataFrame(columns=list(TRIANGULATION.column_names))
    )
    ids = [_publish(store, TRIANGULATION, rows, provenance, now)]
    dossier = replace(dossier, snapshots={**dossier.snapshots, TRIANGULATION.name: ids[0]})
    findings, graded = findings_table(dossier, answers), grades(dossier)
    for spec, table in (
        (TRIANGULATION_FINDINGS, findings), (CONFIDENCE_GRADES, graded), (CONFIDENCE_GRADES_PARTNERS, for_partners(graded)),
        (PROPOSED_TARGETS, proposed_targets(dossier)),
    ):  # fmt: skip
        ids.append(_publish(store, spec, table, provenance, now))
    progress("pipeline.triangulate.done", 1.0)
    return Triangulated(
        by_analysis={answer.analysis: len(answer.rows) for answer in answers},
        by_kind=dict(Counter(findings["kind"])), by_grade=dict(sorted(Counter(graded["grade"]).items())), snapshots=tuple(ids),
    )  # fmt: skip


def _publish(store: Store, spec: TableSpec, rows: pd.DataFrame, provenance: Provenance, now: datetime) -> str:
    schema = pa.schema([pa.field(field.name, field.type) for field in spec.arrow_schema()])
    table = pa.Table.from_pandas(rows[list(spec.column_names)], schema=schema, preserve_index=False)
    return store.publish(spec, spec.arrow(table), provenance=provenance, now=now, mode=Mode.REPLACE_ALL).id
