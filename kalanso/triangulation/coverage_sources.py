"""What coverage does every source state, and how far do they lie apart, in points and in children?

Administrative, official, WHO/UNICEF, surveys with their interval and the estimate on one axis, by place and
year. Each number is compared with one reference of the same place: the estimate of the year, else a survey
of a birth cohort within two years, else WHO/UNICEF. The reference is what the gap is measured from; it is not
called the truth. Sources that stand without any reference are read against one another, so that their
disagreement is told although nobody can say which is right. A year of which months or places lack is named and not
compared (`whole_years`). Analysis 1 of the list of the WHO/UNICEF
guidance on triangulation (2020).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing, newest, rounded
from kalanso.triangulation.inputs import each
from kalanso.vocabulary import Message

NAME = "coverage_sources"
NEEDS = ("coverage",)
HELPS = ("populations",)
LOTS = "lots"
NAMED = 5  # places named in a sentence
REFERENCES = ("estimate", "survey", "who_unicef")
TOLD_LEVELS = ("country", "region", "district")
_OWN = ["place_code", "indicator"]


def compare(dossier: Dossier) -> Answer:
    """Return every coverage with its reference, the gap in points and in children, and what disagrees."""
    rows = referred(dossier)
    absent = missing(dossier, NAME, "reference") if rows["reference"].isna().all() else ()
    told = (
        *_told(dossier, rows),
        *_others(dossier, rows),
        *_told_apart(dossier, rows),
        *_unfinished(dossier),
        *absent,
    )
    return Answer(analysis=NAME, rows=compared(dossier, NAME, _columns(rows)), findings=told)


def referred(dossier: Dossier) -> pd.DataFrame:
    """Return the coverage table with `reference`, its interval, source and kind, `gap`, `allowed`, `verdict`."""
    rows = dossier.rows("coverage").reset_index(drop=True)
    rows = rows.assign(row=np.arange(len(rows)))
    found = _nearest(dossier, rows)
    rows = rows.merge(found, on="row", how="left")
    # A lot classifies a place: what lies between its share and an estimate is no gap.
    lots = rows["kind"] == LOTS
    rows["gap"] = (rows["value"] - rows["reference"]).where(~lots)
    half = (rows["high"] - rows["low"]).fillna(0.0) / 2
    reference_half = (rows["reference_high"] - rows["reference_low"]).fillna(0.0) / 2
    rows["allowed"] = np.maximum(dossier.threshold("coverage.points"), np.hypot(half, reference_half))
    apart = np.select(
        [rows["gap"] > rows["allowed"], rows["gap"] < -rows["allowed"]], ["above", "below"], "agrees"
    )
    unreferred = np.where(_apart(dossier, rows), "apart", "")
    rows["verdict"] = np.select([lots, rows["gap"].isna()], ["classifies", unreferred], apart)
    rows["gap_children"] = rows["gap"] * _populations(dossier, rows)
    return rows


def _apart(dossier: Dossier, rows: pd.DataFrame) -> Any:
    """Return where a number without reference lies further from another of its place, year and dose than the two allow."""
    alone = rows[rows["reference"].isna() & (rows["kind"] != LOTS)]
    half = (alone["high"] - alone["low"]).fillna(0.0) / 2
    groups = alone.assign(half=half).groupby([*_OWN, "year"])
    widest = groups["half"].transform("max")
    allowed = np.maximum(dossier.threshold("coverage.points"), np.hypot(half, widest))
    above = alone["value"] - groups["value"].transform("min")
    below = groups["value"].transform("max") - alone["value"]
    return ((above > allowed) | (below > allowed)).reindex(rows.index, fill_value=False).astype(bool)


def _nearest(dossier: Dossier, rows: pd.DataFrame) -> pd.DataFrame:
    """Return one reference per row: the estimate of the year, the nearest survey, or WHO/UNICEF."""
    order = {kind: number for number, kind in enumerate(REFERENCES)}
    of = rows[rows["kind"].isin(REFERENCES)][[*_OWN, "year", "source", "kind", "value", "low", "high", "row"]]
    of = of.rename(
        columns={"year": "year_r", "source": "reference_source", "kind": "reference_kind", "value": "reference",
                 "low": "reference_low", "high": "reference_high", "row": "row_r"}
    )  # fmt: skip
    both = rows[[*_OWN, "year", "row"]].merge(of, on=_OWN)
    both["away"] = (both["year"] - both["year_r"]).abs()
    reach = np.where(both["reference_kind"] == "survey", dossier.threshold("coverage.years"), 0)
    both = both[(both["row"] != both["row_r"]) & (both["away"] <= reach)]
    # An estimate is read against the surveys, not against itself.
    both["order"] = both["reference_kind"].map(order)
    both["width"] = (both["reference_high"] - both["reference_low"]).fillna(1.0)
    both = both.sort_values(["row", "order", "away", "width", "reference_source"])
    return both.drop_duplicates("row").drop(columns=[*_OWN, "year", "order", "away", "width"])


def _populations(dossier: Dossier, rows: pd.DataFrame) -> Any:
    pairs = rows[["place_code", "year"]].drop_duplicates()
    known = {
        (place, year): found[0] if (found := dossier.independent_infants(place, int(year))) else np.nan
        for place, year in each(pairs)
    }
    independent = pd.Series(
        [known[pair] for pair in zip(rows["place_code"], rows["year"], strict=True)], index=rows.index
    )
    return independent.fillna(rows["target"])


def _columns(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.assign(
        reference=rows["reference"].where(rows["kind"] != LOTS),
        reference_source=rows["reference_source"].where(rows["kind"] != LOTS),
    )
    return rows.assign(
        period=rows["year"], measure="coverage", unit="share", numerator=rows["doses"],
        denominator=rows["target"].fillna(rows["children"]),
    )  # fmt: skip


def _told(dossier: Dossier, rows: pd.DataFrame) -> list[Finding]:
    """Tell the newest reported numbers that lie apart from their reference, or that all agree."""
    told = []
    reported = rows[rows["kind"].isin(["administrative", "official"]) & rows["reference"].notna()]
    source_rows = each(dossier.rows("coverage"))
    for row in each(newest(reported, [*_OWN, "kind"])):
        evidence = tuple(dossier.evidence("coverage", source_rows[int(at)]) for at in (row.row, row.row_r))
        params: dict[str, Any] = {
            "place": row.place_code, "period": str(row.year), "indicator": row.indicator, "by": row.kind, "source": row.source,
            "value": row.value, "reference": row.reference, "reference_by": row.reference_kind,
            "reference_source": row.reference_source, "points": 100 * abs(row.gap),
        }  # fmt: skip
        which, kind, severity = "agrees", "agrees", "note"
        if row.verdict != "agrees":
            which, kind = row.verdict, "disagrees"
            severity = "serious" if abs(row.gap) > dossier.threshold("coverage.serious") else "attention"
            if not np.isnan(row.gap_children):
                which, params["children"] = f"{which}_children", rounded(abs(row.gap_children))
        told.append(
            Finding(
                kind=kind, place_code=row.place_code, period=str(row.year), indicator=row.indicator,
                source=row.source, value=row.value, expected=row.reference, severity=severity,
                message=Message(f"triangulation.coverage_sources.{which}", params), evidence=evidence,
            )
        )  # fmt: skip
    return told


def _others(dossier: Dossier, rows: pd.DataFrame) -> list[Finding]:
    """Tell the newest number of each model of others, and each lot, with its licence and the day of its import."""
    source_rows = each(dossier.rows("coverage"))
    told = []
    stated = rows[
        rows["kind"].isin(["external", LOTS]) & rows["place_code"].map(dossier.levels).isin(TOLD_LEVELS)
    ]
    for row in each(newest(stated, [*_OWN, "source", "kind"])):
        if row.kind != LOTS and np.isnan(row.reference):
            continue
        params: dict[str, Any] = {
            "place": row.place_code, "period": str(row.year), "indicator": row.indicator, "source": row.source, "value": row.value,
            "licence": row.licence or "?", "imported": row.imported or None,
        }  # fmt: skip
        which, at = "lots", [row.row]
        if row.kind != LOTS:
            which, at = f"external_{'agrees' if row.verdict == 'agrees' else 'apart'}", [row.row, row.row_r]
            params |= {"reference": row.reference, "reference_by": row.reference_kind, "reference_source": row.reference_source,
                       "points": 100 * abs(row.gap)}  # fmt: skip
        told.append(
            Finding(
                kind="disagrees" if which == "external_apart" else "agrees", place_code=row.place_code, period=str(row.year),
                indicator=row.indicator, source=row.source, value=row.value, expected=None if row.kind == LOTS else row.reference,
                severity="attention" if which == "external_apart" else "note",
                message=Message(f"triangulation.coverage_sources.{which}", params),
                evidence=tuple(dossier.evidence("coverage", source_rows[int(one)]) for one in at),
            )
        )  # fmt: skip
    return told


def _told_apart(dossier: Dossier, rows: pd.DataFrame) -> list[Finding]:
    """Tell the lowest and the highest of sources that disagree where no reference says which to believe, newest year of each dose."""
    alone = rows[rows["reference"].isna() & (rows["kind"] != LOTS)]
    several = alone[alone.groupby([*_OWN, "year"])["row"].transform("size") > 1]
    latest = newest(several, _OWN).sort_values([*_OWN, "value", "source", "kind"])
    source_rows = each(dossier.rows("coverage"))
    told = []
    for low, high in zip(
        each(latest.drop_duplicates(_OWN, keep="first")),
        each(latest.drop_duplicates(_OWN, keep="last")),
        strict=True,
    ):
        if high.verdict != "apart" or low.verdict != "apart":
            continue
        gap = high.value - low.value
        params: dict[str, Any] = {
            "place": low.place_code, "period": str(low.year), "indicator": low.indicator, "value": low.value, "source": low.source,
            "kind": low.kind, "other_value": high.value, "other_source": high.source, "other_kind": high.kind, "points": 100 * gap,
        }  # fmt: skip
        told.append(
            Finding(
                kind="disagrees", place_code=low.place_code, period=str(low.year), indicator=low.indicator, value=low.value,
                expected=high.value, severity="serious" if gap > dossier.threshold("coverage.serious") else "attention",
                message=Message("triangulation.coverage_sources.apart", params),
                evidence=tuple(dossier.evidence("coverage", source_rows[int(at)]) for at in (low.row, high.row)),
            )
        )  # fmt: skip
    return told


def _unfinished(dossier: Dossier) -> list[Finding]:
    """Tell the years that are not compared because months or places lack, unless the source has a newer whole one."""
    rows = dossier.rows("unfinished")
    of = ["place_code", "source"]
    whole = dossier.rows("coverage").groupby(of)["year"].max()
    upper = rows[rows["place_code"].map(dossier.levels).isin(TOLD_LEVELS)]
    latest = newest(upper, of).drop_duplicates(of)
    told = []
    for row in each(latest):
        if whole.get((row.place_code, row.source), 0) > row.year:
            continue
        months, lacking = row.months.split(), row.lacking.split()
        case = "both" if months and lacking else "months" if months else "places"
        params: dict[str, Any] = {
            "place": row.place_code, "period": str(row.year), "indicator": row.indicator, "source": row.source, "value": row.value,
            "told": row.months_told, "spans": months, "places": lacking[:NAMED], "n": len(lacking),
        }  # fmt: skip
        told.append(
            Finding(
                kind="check", place_code=row.place_code, period=str(row.year), indicator=row.indicator, source=row.source,
                value=row.value, severity="attention", message=Message(f"triangulation.coverage_sources.unfinished_{case}", params),
                evidence=(dossier.evidence("unfinished", row),),
            )
        )  # fmt: skip
    return told
