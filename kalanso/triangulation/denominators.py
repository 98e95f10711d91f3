"""How many children does every population count, and how far are they apart?

Official target, projection, census, United Nations, gridded populations and head counts beside the population that
is implied by doses / survey coverage (WHO Data Quality Review, module 2, metrics 4a and 4b: 10 %). Ratios are
official / other: below 1 means that the target is the smaller.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation.dossier import INDEPENDENT, Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing, newest
from kalanso.triangulation.inputs import each
from kalanso.vocabulary import Message

NAME = "denominators"
NEEDS = ("populations",)
HELPS = ("coverage",)
IMPLIED = "implied"
_KEY = ["place_code", "year"]


def compare(dossier: Dossier) -> Answer:
    """Return every population with its ratio to the official one, and where they part by more than a tenth."""
    rows = side_by_side(dossier)
    if rows["reference"].isna().all():
        return Answer(
            analysis=NAME,
            rows=compared(dossier, NAME, _columns(rows)),
            findings=missing(dossier, NAME, "official_target"),
        )
    absent = [f"population_{kind}" for kind in INDEPENDENT if kind not in set(rows["kind"])]
    told = (*_told(dossier, rows), *_growth(dossier, rows), *missing(dossier, NAME, *absent))
    return Answer(analysis=NAME, rows=compared(dossier, NAME, _columns(rows)), findings=told)


def side_by_side(dossier: Dossier) -> pd.DataFrame:
    """Return populations, implied ones with them, each with the official figure of its place and year as `reference`.

    `ratio` is official / other. The official figure is the smallest in order of kind (official, projection) and name.
    """
    rows = pd.concat([dossier.rows("populations"), implied(dossier)], ignore_index=True)
    rows = rows[rows["surviving_infants"] > 0]
    official = rows[rows["kind"].isin(["official", "projection"])].sort_values(["kind", "source"])
    official = official.drop_duplicates(_KEY)[[*_KEY, "source", "surviving_infants"]]
    official = official.rename(columns={"source": "reference_source", "surviving_infants": "reference"})
    rows = rows.merge(official, on=_KEY, how="left")
    own = rows["source"] == rows["reference_source"]
    rows["reference"] = rows["reference"].where(~own)
    rows["reference_source"] = rows["reference_source"].where(~own, "")
    rows["ratio"] = rows["reference"] / rows["surviving_infants"]
    return rows.sort_values([*_KEY, "kind", "source"]).reset_index(drop=True)


def implied(dossier: Dossier) -> pd.DataFrame:
    """Return the population that doses of a year and a survey of the same birth cohort imply: doses / coverage."""
    rows = dossier.rows("coverage")
    rows = rows[rows["indicator"] == "dtp1"]
    doses = rows[(rows["kind"] == "administrative") & rows["doses"].notna()][
        [*_KEY, "doses"]
    ].drop_duplicates(_KEY)
    surveys = rows[(rows["kind"] == "survey") & (rows["value"] > 0)][
        [*_KEY, "source", "value", "low", "high"]
    ]
    both = surveys.merge(doses, on=_KEY)
    return pd.DataFrame(
        {
            "place_code": both["place_code"], "year": both["year"], "source": IMPLIED + ":" + both["source"], "kind": IMPLIED,
            "surviving_infants": both["doses"] / both["value"], "low": both["doses"] / both["high"],
            "high": both["doses"] / both["low"],
        }
    )  # fmt: skip


def _columns(rows: pd.DataFrame) -> pd.DataFrame:
    verdict = np.where(rows["ratio"].isna(), "", np.where(rows["ratio"] < 1 / 1.1, "above", np.where(rows["ratio"] > 1.1, "below", "agrees")))  # fmt: skip
    return rows.assign(
        period=rows["year"], measure="surviving_infants", unit="children", value=rows["surviving_infants"],
        gap_children=rows["surviving_infants"] - rows["reference"], verdict=verdict,
    )  # fmt: skip


def _told(dossier: Dossier, rows: pd.DataFrame) -> Iterator[Finding]:
    """Tell, for each place, the independent population of the newest year that is furthest from the target."""
    limit = dossier.threshold("denominators.ratio")
    other = rows[rows["kind"].isin([*INDEPENDENT, IMPLIED]) & rows["ratio"].notna()].copy()
    other["far"] = np.log(other["ratio"]).abs()
    other = newest(other, ["place_code"]).sort_values(
        ["place_code", "far", "source"], ascending=[True, False, True]
    )
    for row in each(other.drop_duplicates("place_code")):
        which = "agrees" if row.far <= np.log(1 + limit) else "small" if row.ratio < 1 else "large"
        params: dict[str, Any] = {
            "place": row.place_code, "period": str(row.year), "target": row.reference, "target_source": row.reference_source,
            "other_count": row.surviving_infants, "other_source": row.source, "population_kind": row.kind, "ratio": row.ratio,
        }  # fmt: skip
        yield Finding(
            kind="agrees" if which == "agrees" else "disagrees", place_code=row.place_code, period=str(row.year),
            source=row.source, value=row.reference, expected=row.surviving_infants,
            severity="note" if which == "agrees" else "serious" if row.far > np.log(1 + 2 * limit) else "attention",
            message=Message(f"triangulation.denominators.{which}", params), evidence=_evidence(dossier, row),
        )  # fmt: skip


def _growth(dossier: Dossier, rows: pd.DataFrame) -> Iterator[Finding]:
    """Tell targets that jump by more than a tenth from one year to the next."""
    limit = dossier.threshold("denominators.ratio")
    official = rows[rows["kind"].isin(["official", "projection"])].sort_values(
        ["place_code", "source", "year"]
    )
    before = official.groupby(["place_code", "source"])[["surviving_infants", "year"]].shift()
    official = official.assign(
        before=before["surviving_infants"], gap_years=official["year"] - before["year"]
    )
    official["jump"] = official["surviving_infants"] / official["before"] - 1
    for row in each(newest(official, ["place_code", "source"])):
        if row.gap_years == 1 and abs(row.jump) > limit:
            params = {"place": row.place_code, "period": str(row.year), "target_source": row.source, "jump": row.jump,
                      "before": row.before, "target": row.surviving_infants}  # fmt: skip
            yield Finding(
                kind="check", place_code=row.place_code, period=str(row.year), source=row.source, value=row.surviving_infants,
                expected=row.before, message=Message("triangulation.denominators.jump", params),
                evidence=(dossier.evidence("populations", row),),
            )  # fmt: skip


def _evidence(dossier: Dossier, row: Any) -> tuple[dict[str, Any], ...]:
    table = "coverage_series" if row.kind == IMPLIED else "observations"
    key = {"place_code": row.place_code, "year": int(row.year)}
    return tuple(
        {"table": where, "key": key | {"source": source}, "snapshot": dossier.snapshots.get(where, "")}
        for where, source in (("observations", row.reference_source), (table, row.source))
    )
