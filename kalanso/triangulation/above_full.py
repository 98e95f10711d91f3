"""In which places and years does coverage exceed 100 %, and which cause does the evidence support?

Gathers what the decision tree of `causes` reads: coverage over independent populations, what surveys imply, jumps of
the target, years in a row, vials, recounts, doubtful reports, and whether the places beside lack what this one has
too much. It never corrects a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation.causes import Facts, Verdict, decide
from kalanso.triangulation.denominators import implied
from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, newest
from kalanso.triangulation.inputs import each
from kalanso.vocabulary import Message

NAME = "above_full"
NEEDS = ("coverage",)
HELPS = ("populations", "quality", "stock", "counts", "recounts")
NUMBER_CHECKS = ("outliers", "copies", "heaping", "impossible", "same_visit", "stock", "dropout")


def compare(dossier: Dossier) -> Answer:
    """Return every place and year above 100 % with the leaf that it reaches; the newest years are told."""
    rows = _reported(dossier)
    above = rows[rows["value"] > 1]
    decided = [(row, decide(facts)) for row, facts in _facts(dossier, rows, above)]
    table = [_row(row, verdict) for row, verdict in decided]
    latest = {
        (row.place_code, row.indicator): int(row.year)
        for row in each(newest(rows, ["place_code", "indicator"]))
    }
    told = [_told(dossier, row, v) for row, v in decided if latest[row.place_code, row.indicator] == row.year]
    return Answer(analysis=NAME, rows=compared(dossier, NAME, table), findings=tuple(told))


def _reported(dossier: Dossier) -> pd.DataFrame:
    rows = dossier.rows("coverage")
    rows = rows[(rows["kind"] == "administrative") & rows["indicator"].isin(["dtp1", "dtp3"])]
    return rows.sort_values(["place_code", "indicator", "year", "source"]).drop_duplicates(
        ["place_code", "indicator", "year"]
    )


def _facts(dossier: Dossier, rows: pd.DataFrame, above: pd.DataFrame) -> Iterator[tuple[Any, Facts]]:
    known = {(r.place_code, r.indicator, int(r.year)): r for r in each(rows)}
    own = implied(dossier).groupby(["place_code", "year"])["surviving_infants"].max().to_dict()
    vials, visits, doubts = _vials(dossier), _visits(dossier), _doubts(dossier)
    counted_again = _recounts(dossier)
    for row in each(above):
        place, year, dose = row.place_code, int(row.year), row.indicator
        before = known.get((place, dose, year - 1))
        infants = dossier.independent_infants(place, year)
        parent = known.get((dossier.parents.get(place, ""), dose, year))
        implied_by_survey = own.get((place, year))
        yield row, Facts(
            coverage=row.value,
            recount_ratio=counted_again.get((place, year)),
            used_ratio=vials.get((place, year)),
            serious_findings=doubts.get((place, year)) if dossier.has("quality") else None,
            visit_ratio=visits.get((place, year)),
            independent_coverage=row.doses / infants[0] if infants and not np.isnan(row.doses) else None,
            implied_ratio=row.target / implied_by_survey if implied_by_survey and not np.isnan(row.target) else None,
            target_jump=_jump(row, before),
            years_above=_in_a_row(known, place, dose, year),
            parent_coverage=None if parent is None else parent.value,
            sibling_deficit=_deficit(dossier, known, row),
        )  # fmt: skip


def _jump(row: Any, before: Any) -> float | None:
    if before is None or np.isnan(row.target) or np.isnan(before.target) or before.target <= 0:
        return None
    return float(row.target / before.target - 1)


def _in_a_row(known: Mapping[tuple[str, str, int], Any], place: str, dose: str, year: int) -> int:
    years = 0
    while (row := known.get((place, dose, year - years))) is not None and row.value > 1:
        years += 1
    return years


def _deficit(dossier: Dossier, known: Mapping[tuple[str, str, int], Any], row: Any) -> float | None:
    """Return doses that the places beside lack up to their target, over the excess of this one."""
    excess = row.doses - row.target
    above = dossier.parents.get(row.place_code, "")
    if not above or np.isnan(excess) or excess <= 0:
        return None
    beside = [
        known.get((code, row.indicator, int(row.year)))
        for code in dossier.children(above)
        if code != row.place_code
    ]
    gaps = [
        max(0.0, one.target - one.doses)
        for one in beside
        if one is not None and not np.isnan(one.target + one.doses)
    ]
    return sum(gaps) / excess if gaps else None


def _recounts(dossier: Dossier) -> dict[tuple[str, int], float]:
    rows = dossier.rows("recounts")
    rows = rows[rows["reported"] > 0]
    return {(r.place_code, int(r.year)): float(r.recounted / r.reported) for r in each(rows)}


def _vials(dossier: Dossier) -> dict[tuple[str, int], float]:
    """Return doses given / used by place and year, where both were told for half of the year or more."""
    rows = dossier.rows("stock").dropna(subset=["given"])
    rows = rows.assign(year=rows["period"].str[:4].astype(int)) if len(rows) else rows.assign(year=[])
    sums = rows.groupby(["place_code", "year"]).agg(
        given=("given", "sum"), used=("used", "sum"), n=("period", "nunique")
    )
    sums = sums[(sums["n"] >= 6) & (sums["used"] > 0)]
    return {(r.place_code, int(r.year)): float(r.given / r.used) for r in each(sums.reset_index())}


def _visits(dossier: Dossier) -> dict[tuple[str, int], float]:
    """Return the ratio of a same-visit vaccine to DTP1 that is furthest from 1, by place and year."""
    rows = dossier.rows("counts")
    rows = rows[rows["period"].str.len() == 4]
    first = rows[rows["indicator"] == "dtp1_doses"].set_index(["place_code", "period"])["value"]
    others = rows[rows["indicator"].isin(["opv1_doses", "pcv1_doses", "rota1_doses"])]
    ratio = others["value"] / pd.Series(
        first.reindex(pd.MultiIndex.from_frame(others[["place_code", "period"]])).to_numpy(),
        index=others.index,
    )
    frame = others.assign(ratio=ratio.replace([np.inf, 0.0], np.nan)).dropna(subset=["ratio"])
    frame["far"] = np.log(frame["ratio"]).abs()
    frame = frame.sort_values("far").drop_duplicates(["place_code", "period"], keep="last")
    return {(r.place_code, int(r.period)): float(r.ratio) for r in each(frame)}


def _doubts(dossier: Dossier) -> _Counts:
    rows = dossier.rows("quality")
    rows = rows[(rows["severity"] == "serious") & rows["check"].isin(NUMBER_CHECKS)]
    counted = (
        rows.assign(year=rows["period"].str[:4])
        .groupby(["place_code", "year"], as_index=False)
        .agg(n=("check", "size"))
    )
    return _Counts({(r.place_code, int(r.year)): int(r.n) for r in each(counted)})


class _Counts(dict[tuple[str, int], int]):
    """Counts by place and year; where nothing was found there were none."""

    def get(self, key: Any, default: Any = 0) -> Any:
        return super().get(key, default)


def _row(row: Any, verdict: Verdict) -> dict[str, Any]:
    return {
        "place_code": row.place_code, "period": int(row.year), "indicator": row.indicator, "measure": "coverage", "unit": "share",
        "source": row.source, "kind": row.kind, "value": row.value, "numerator": row.doses, "denominator": row.target,
        "reference": 1.0, "reference_source": "full", "gap_children": row.doses - row.target, "verdict": verdict.cause,
    }  # fmt: skip


def _told(dossier: Dossier, row: Any, verdict: Verdict) -> Finding:
    params = {
        "place": row.place_code, "period": str(int(row.year)), "indicator": row.indicator, "value": row.value,
        "excess": row.doses - row.target, "branches": list(verdict.branches), "absent": list(verdict.missing),
    }  # fmt: skip
    return Finding(
        kind="check", place_code=row.place_code, period=str(int(row.year)), indicator=row.indicator, source=row.source, value=row.value,
        expected=1.0, severity="serious" if row.value > 1.2 else "attention",
        message=Message(f"triangulation.above_full.{verdict.leaf}", params), evidence=(dossier.evidence("coverage", row),),
    )  # fmt: skip
