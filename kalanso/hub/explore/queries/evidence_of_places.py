"""What does every source say of a place, and what does the run add: backlog, dropout, change, priorities?

Reads the tables of one run about one place, and the ledger of its evidence. Estimates of coverage
belong to `estimates`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import ibis

from kalanso.coverage.comparison_tables import PLACE_EVIDENCE
from kalanso.coverage.guard_tables import (
    CORRECTED_POPULATIONS,
    EVIDENCE_LEDGER,
    FIT_CHECKS,
    LIVING_BACKLOG,
    PRIORITIES,
    SOURCE_GAPS,
)
from kalanso.coverage.tables import COVERAGE_CHANGES, DROPOUT_CHILDREN
from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.estimates import Number
from kalanso.hub.explore.queries.runs import table
from kalanso.hub.explore.queries.shelf import Shelf, by_place, remembered, shared

AGE_BANDS = ("0-11m", "12-23m", "24-59m")
FINDINGS = ("denominators", "numerators", "catchments")


def _of(shelf: Shelf, name: str, code: str, *order: str) -> list[dict[str, Any]]:
    """Return the rows of a table about one place."""
    rows = table(shelf, name)
    if rows is None:
        return []
    chosen = rows.filter(rows.place_code == code)
    return shelf.rows(chosen.order_by(list(order)) if order else chosen)


@shared(PLACE_EVIDENCE, about=lambda code: (code,))
def said_by_sources(shelf: Shelf, code: str) -> list[dict[str, Any]]:
    """Return what every source says of a place: reports, surveys, populations, published series."""
    return _of(shelf, "place_evidence", code, "kind", "source", "period")


@shared(LIVING_BACKLOG, about=lambda code: (code,))
def backlog(shelf: Shelf, code: str) -> list[dict[str, Any]]:
    """Return the living children without DTP1 at the end of the newest quarter, by age."""
    rows = _of(shelf, "living_backlog", code)
    newest = max((row["period_start"] for row in rows), default=None)
    now = [row for row in rows if row["period_start"] == newest]
    return sorted(now, key=lambda row: AGE_BANDS.index(row["age_band"]))


@remembered
def backlog_assumptions(shelf: Shelf) -> list[dict[str, Any]]:
    """Return what the backlog assumes where nothing was measured."""
    rows = table(shelf, "backlog_assumptions")
    return shelf.rows(rows.order_by("name")) if rows is not None else []


@shared(DROPOUT_CHILDREN, about=lambda code: (code,))
def dropout(shelf: Shelf, code: str) -> list[dict[str, Any]]:
    """Return children who began and did not finish, by quarter, oldest first."""
    return _of(shelf, "dropout_children", code, "period_start")


@shared(COVERAGE_CHANGES, about=lambda code: (code,))
def changes(shelf: Shelf, code: str) -> dict[str, dict[str, Any]]:
    """Return whether coverage changed from one year to the next, by indicator."""
    return {row["indicator"]: row for row in _of(shelf, "coverage_changes", code)}


def priorities(shelf: Shelf, code: str) -> list[dict[str, Any]]:
    """Return the areas inside a place by district, those with most missed children first in each."""
    inside = places.below(shelf, code)
    found = sorted(_priorities(shelf).values(), key=lambda row: (row["district_code"], row["position"]))
    return [row for row in found if row["place_code"] in inside]


@by_place(PRIORITIES)
def _priorities(shelf: Shelf) -> dict[str, dict[str, Any]]:
    rows = table(shelf, "priorities")
    return {row["place_code"]: row for row in shelf.rows(rows)} if rows is not None else {}


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """On what the estimate of one area rests; `finding` is empty where nothing is apart."""

    place_code: str
    survey: float
    routine: float
    borrowed: float
    own: float
    source_apart: str
    gap_sd: float
    finding: str
    row: dict[str, Any]


def ledger(shelf: Shelf, code: str) -> list[Ledger]:
    """Return the ledger of the areas inside a place, those with least evidence of their own first."""
    inside = places.below(shelf, code)
    found = sorted(_ledger(shelf).values(), key=lambda entry: (entry.own, entry.place_code))
    return [entry for entry in found if entry.place_code in inside]


@by_place(EVIDENCE_LEDGER)
def _ledger(shelf: Shelf) -> dict[str, Ledger]:
    rows = table(shelf, "evidence_ledger")
    if rows is None:
        return {}
    return {
        row["place_code"]: Ledger(
            place_code=row["place_code"], survey=row["survey_share"], routine=row["routine_share"],
            borrowed=row["borrowed_share"], own=row["own_share"], source_apart=row["source_apart"],
            gap_sd=row["gap_sd"], finding=row["finding"], row=row,
        )
        for row in shelf.rows(rows)
    }  # fmt: skip


@shared(SOURCE_GAPS, about=lambda code: (code,))
def gaps(shelf: Shelf, code: str) -> list[dict[str, Any]]:
    """Return how far each source of one area lies from the estimate, the furthest first."""
    return sorted(_of(shelf, "source_gaps", code), key=lambda row: -abs(row["gap_sd"]))


@remembered
def gaps_by_source(shelf: Shelf, code: str) -> list[dict[str, Any]]:
    """Return for each source in how many areas inside a place it lies far from the estimate (2 of its own sd)."""
    rows = table(shelf, "source_gaps")
    if rows is None:
        return []
    rows = rows.filter(rows.place_code.isin(sorted(places.below(shelf, code))))
    counted = rows.group_by("source", "kind").agg(
        areas=lambda t: t.count(),
        far=lambda t: (t.gap_sd.abs() >= 2).sum().fill_null(0),
        middle=lambda t: t.gap.approx_median(),
    )
    return sorted(
        shelf.rows(counted), key=lambda row: (-row["far"] / row["areas"], row["kind"], row["source"])
    )


@shared(FIT_CHECKS, about=lambda code: (code,))
def fit(shelf: Shelf, code: str) -> list[dict[str, Any]]:
    """Return whether the draws give back the data of a place, the worst first."""
    rows = table(shelf, "fit_checks")
    if rows is None:
        return []
    return shelf.rows(rows.filter(rows.place_code == code).order_by("p_value", "source", "kind", "indicator"))


@shared(CORRECTED_POPULATIONS, about=lambda code: (code,))
def populations(shelf: Shelf, code: str) -> list[dict[str, Any]]:
    """Return the estimated children of one area beside what every source states, newest year first."""
    rows = table(shelf, "corrected_populations")
    if rows is None:
        return []
    return shelf.rows(rows.filter(rows.place_code == code).order_by(ibis.desc("period"), "source"))


@remembered
def populations_by_source(shelf: Shelf, code: str) -> list[dict[str, Any]]:
    """Return for each population how its areas inside a place compare with the estimate, in its newest year.

    `stated` and `estimated` are sums; `below` and `above` count the areas whose whole interval of the
    ratio lies on one side of 1.
    """
    rows = table(shelf, "corrected_populations")
    if rows is None:
        return []
    rows = rows.filter(rows.place_code.isin(sorted(places.below(shelf, code))))
    counted = rows.group_by("source", "period").agg(
        areas=lambda t: t.count(),
        stated=lambda t: t.stated.sum(),
        estimated=lambda t: t.surviving_infants_mean.sum(),
        low=lambda t: (t.ratio_q975 < 1).sum().fill_null(0),
        high=lambda t: (t.ratio_q025 > 1).sum().fill_null(0),
    )
    newest: dict[str, dict[str, Any]] = {}
    for row in sorted(shelf.rows(counted), key=lambda r: r["period"]):
        newest[row["source"]] = row
    return sorted(newest.values(), key=lambda row: row["source"])


@dataclass(frozen=True, kw_only=True)
class Pocket:
    """Areas that touch and lie under a threshold together."""

    key: str
    row: dict[str, Any]
    missed: Number
    coverage: Number
    areas: tuple[dict[str, Any], ...]
    contexts: tuple[dict[str, Any], ...]
    records: tuple[dict[str, Any], ...]


def pockets(shelf: Shelf, threshold: float, code: str) -> list[Pocket]:
    """Return the pockets under a threshold that reach into a place, most missed children first."""
    inside = places.below(shelf, code)
    return [
        pocket
        for pocket in all_pockets(shelf)
        if abs(pocket.row["threshold"] - threshold) < 1e-9
        and any(a["place_code"] in inside for a in pocket.areas)
    ]


@remembered
def pocket_thresholds(shelf: Shelf) -> tuple[float, ...]:
    """Return the thresholds under which the run looked for pockets, the highest first."""
    return tuple(sorted({pocket.row["threshold"] for pocket in all_pockets(shelf)}, reverse=True))


@remembered
def all_pockets(shelf: Shelf) -> list[Pocket]:
    """Return the pockets of the run under every threshold, most missed children first."""
    rows, members = table(shelf, "pockets"), table(shelf, "pocket_areas")
    if rows is None:
        return []
    areas: dict[str, list[dict[str, Any]]] = {}
    for row in (
        shelf.rows(members.order_by(ibis.desc("probability_below"), "place_code"))
        if members is not None
        else ()
    ):
        areas.setdefault(row["pocket"], []).append(row)
    return [
        Pocket(
            key=row["pocket"], row=row, missed=Number.of(row, "missed_children"),
            coverage=Number.of(row, "coverage"), areas=tuple(areas.get(row["pocket"], ())),
            contexts=tuple(json.loads(row["contexts"] or "[]")),
            records=tuple(json.loads(row["cause_records"] or "[]")),
        )
        for row in shelf.rows(rows.order_by(ibis.desc("missed_children_mean"), "pocket"))
    ]  # fmt: skip
