"""What evidence does a store hold for an estimate?

Gathers it from published tables (doses, populations, surveys, stock, events, contexts), settles it by
the rules of a folder, and can write the folder, which anybody may then read, change and estimate from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from kalanso.coverage import Evidence
from kalanso.coverage.folder import from_frames, to_folder
from kalanso.pipeline import (
    evidence_doses,
    evidence_places,
    evidence_populations,
    evidence_studies,
    evidence_surveys,
)
from kalanso.pipeline.evidence import Holdings, NothingToWorkOn
from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.pipeline.recounted import recounts_table
from kalanso.store import Store
from kalanso.vocabulary import Message, Period, PeriodType

QUARTERS = 36  # the newest quarters that an estimate looks back on


@dataclass(frozen=True, kw_only=True)
class EvidenceWritten:
    """What was written: the folder, and the evidence in it."""

    folder: Path
    evidence: Evidence


def write_evidence(
    store: Store,
    out: Path,
    *,
    quarters: int = QUARTERS,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> EvidenceWritten:
    """Build the folder of evidence of a store; see `evidence_of`."""
    step(progress, cancel, "pipeline.evidence.gathering", 0.0)
    evidence = evidence_of(Holdings(store, now.date()), quarters=quarters)
    step(progress, cancel, "pipeline.evidence.writing", 0.8)
    folder = to_folder(evidence, out)
    progress("pipeline.evidence.done", 1.0)
    return EvidenceWritten(folder=folder, evidence=evidence)


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What an estimate from a store needs: its tables, the evidence, and the area of each facility."""

    holdings: Holdings
    evidence: Evidence
    area_of: Mapping[str, str]

    @property
    def names(self) -> dict[str, str]:
        """The name of each place."""
        rows = self.holdings.places
        return dict(zip(rows["place_code"], rows["name"], strict=True))


def evidence_of(holdings: Holdings, *, quarters: int = QUARTERS) -> Evidence:
    """Return the evidence of a store; see `gathered`."""
    return gathered(holdings, quarters=quarters).evidence


def gathered(holdings: Holdings, *, quarters: int = QUARTERS) -> Gathered:
    """Return the evidence of a store, settled by the rules of a folder.

    Areas are the places at whose level doses are reported. Looks back on the newest `quarters`.
    Raises NothingToWorkOn where there are no doses at all.
    """
    notes: list[Message] = []
    rows, unused = evidence_doses.reported(holdings)
    if unused:
        notes.append(_note("other_sources", found=", ".join(unused), n=len(unused)))
    if len(rows):
        where = evidence_places.ground(holdings, sorted(set(rows["place_code"])))
        given = _newest(evidence_doses.doses_table(rows, where), quarters)
    else:
        given = _newest(evidence_doses.yearly_doses(holdings), quarters)
        if given.empty:
            raise NothingToWorkOn(
                f"{holdings.store.folder}: expected doses of DTP by place and period, found none; "
                "import monthly reports or an administrative series first (kalanso import --help)"
            )
        where = evidence_places.ground(holdings, sorted(set(given["place_code"])))
        notes.append(_note("yearly_doses", n=len(given) // 4))
    frames = _frames(holdings, where, rows, given, notes)
    evidence = from_frames({name: frame for name, frame in frames.items() if len(frame)})
    settled = replace(evidence, notes=(*notes, *evidence.notes))
    return Gathered(holdings=holdings, evidence=settled, area_of=where.area_of)


def _frames(
    holdings: Holdings,
    where: evidence_places.Ground,
    rows: pd.DataFrame,
    given: pd.DataFrame,
    notes: list[Message],
) -> dict[str, pd.DataFrame]:
    codes = sorted({_quarter(code) for code in given["period"].unique()})
    first, last = codes[0], codes[-1]
    periods = [quarter.code for quarter in Period.parse(first).until(Period.parse(last))]
    populations = evidence_populations.denominators_table(holdings, where, periods, targets=rows.empty)
    # Surveys may speak of children due up to a year before the first doses: coverage moves slowly.
    early = (Period.parse(first) + -4).code
    clusters = evidence_surveys.clusters_table(holdings, where)
    known = set(clusters["survey"]) if len(clusters) else set()
    results, others = evidence_surveys.results_table(holdings, where, known=known, first=early, last=last)
    told = evidence_studies.studies(holdings, where, first=early, last=last)
    if told.names and len(results):  # a study whose result others publish too counts once
        results = results[~results["survey"].isin(told.names)]
    notes += told.notes
    if others:
        notes.append(_note("estimates_by_others", found=", ".join(others), n=len(others)))
    recounted = recounts_table(holdings.store, where.area_of)
    stock = evidence_doses.stock_table(holdings, where, rows) if len(rows) else pd.DataFrame()
    return {
        "places": evidence_places.places_table(holdings, where),
        "neighbours": evidence_places.neighbours_table(holdings, where),
        "covariates": evidence_places.covariates_table(holdings, where, periods, populations),
        "doses": given,
        "denominators": populations,
        "denominator_sources": evidence_populations.sources_table(holdings.pack, populations),
        "surveys": _both(clusters[clusters["start"] >= early] if len(clusters) else clusters, told.clusters),
        "survey_areas": _both(results, told.areas),
        "lots": told.lots,
        "stock": stock[stock["period"].map(_quarter) >= first] if len(stock) else stock,
        "recounts": recounted[recounted["period"].map(_quarter) >= first] if len(recounted) else recounted,
        "facility_status": evidence_doses.status_table(holdings, where, rows, periods)
        if len(rows)
        else pd.DataFrame(),
    }


def _both(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Put two tables under each other, either of which may be empty."""
    there = [rows for rows in (one, other) if len(rows)]
    return pd.concat(there, ignore_index=True) if there else pd.DataFrame()


def _newest(rows: pd.DataFrame, quarters: int) -> pd.DataFrame:
    """Return the rows of the newest quarters; whole quarters, since months are added up later."""
    if rows.empty:
        return rows
    codes = {code: _quarter(code) for code in rows["period"].unique()}
    last = max(codes.values())
    first = (Period.parse(last) + -(quarters - 1)).code
    return rows[rows["period"].map(codes) >= first]


def _quarter(code: str) -> str:
    period = Period.parse(code)
    return period.code if period.type is PeriodType.QUARTER else period.to(PeriodType.QUARTER).code


def _note(name: str, **params: object) -> Message:
    return Message(f"pipeline.evidence.{name}", params)
