"""What would an estimate from this store hear, before it is asked for: which sources, of when, and what is missing?

Counts, never estimates. Reading the evidence and settling it belongs to `evidence_folder`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from kalanso.coverage import Evidence
from kalanso.coverage.folder import FILES
from kalanso.pipeline import estimate_account as account
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.evidence_folder import QUARTERS, gathered
from kalanso.pipeline.kept_runs import evidence_snapshots
from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.store import Store

# Tables without which there is still an estimate, in the order in which pages name them.
SPEAKING = (
    "doses", "denominators", "surveys", "survey_areas", "lots", "stock", "recounts", "facility_status",
    "attendance", "covariates", "neighbours",
)  # fmt: skip
_NAMED = ("source", "survey", "round", "kind")
_UNNAMED = ""


def look(
    store: Store, *, quarters: int = QUARTERS, snapshots: Mapping[str, str] | None = None, progress: Progress = quiet,
    cancel: Cancel = never, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Gather the evidence of a store and return what it holds, as plain values; see `heard`.

    `snapshots` name what is heard of each table, the newest unless stated.
    Raises NothingToWorkOn and EvidenceRefused, as an estimate would.
    """
    step(progress, cancel, "pipeline.evidence.gathering", 0.1)
    named = dict(snapshots) if snapshots else evidence_snapshots(store)
    evidence = gathered(Holdings(store, now.date(), named), quarters=quarters).evidence
    progress("pipeline.evidence.done", 1.0)
    return heard(evidence) | {"snapshots": named, "quarters": quarters}


def heard(evidence: Evidence) -> dict[str, Any]:
    """Return what evidence there is: areas, periods, rows by table and source, doses by year, notes.

    `missing` are the tables without a row; `newest` how many areas have doses in the newest four quarters.
    """
    doses = evidence.doses
    newest = set(evidence.periods[-4:])
    with_doses = doses.loc[doses["period"].isin(newest), "place_code"].nunique() if len(doses) else 0
    return {
        "areas": len(evidence.areas),
        "places": len(evidence.places),
        "first": evidence.periods[0],
        "last": evidence.periods[-1],
        "tables": {name: len(getattr(evidence, name)) for name in FILES},
        "missing": [name for name in SPEAKING if not len(getattr(evidence, name))],
        "sources": [row for name in SPEAKING for row in _sources(name, getattr(evidence, name))],
        "years": list(_years(doses)),
        "newest_areas": int(with_doses),
        "notes": [account.noted(note) for note in evidence.notes],
    }


def _sources(name: str, rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Count the rows and places of a table by the source that each names."""
    if not len(rows) or name in {"covariates", "neighbours"}:
        return
    by = next((column for column in _NAMED if column in rows.columns), None)
    groups = rows.groupby(by, sort=True) if by else [(_UNNAMED, rows)]
    first = "start" if "start" in rows.columns else "period"
    last = "end" if "end" in rows.columns else "period"
    for source, own in groups:
        yield {
            "table": name, "source": str(source), "rows": len(own), "places": int(own["place_code"].nunique()),
            "first": str(own[first].min()) if first in own else "", "last": str(own[last].max()) if last in own else "",
        }  # fmt: skip


def _years(doses: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Count first doses, reports and areas by year."""
    if not len(doses):
        return
    first = doses[doses["indicator"] == "dtp1_doses"]
    for year, own in first.groupby(first["period"].str[:4], sort=True):
        told = own.dropna(subset=["reports_received", "reports_expected"])
        yield {
            "year": str(year), "quarters": int(own["period"].nunique()), "areas": int(own["place_code"].nunique()),
            "doses": float(own["value"].sum()), "received": float(told["reports_received"].sum()),
            "expected": float(told["reports_expected"].sum()),
        }  # fmt: skip
