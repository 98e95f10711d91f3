"""How unequal is coverage between districts, and does it follow poverty?

Difference and ratio between the best and the worst fifth of districts (by their own coverage, weighted by children), the slope
from least to most poor where poverty is known, and how many children the worst fifth holds without DTP1 (WHO Handbook on
Health Inequality Monitoring, 2013). Girls and boys, poor and rich are compared in `inequality_groups`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation import inequality_groups
from kalanso.triangulation.access import without_dose
from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing
from kalanso.vocabulary import Message

NAME = "inequality"
NEEDS = ("coverage",)
HELPS = ("populations", "access")  # what groups of children lack is said group by group


def compare(dossier: Dossier) -> Answer:
    """Return the measures of inequality over districts for the newest year."""
    shares = weighted(dossier)
    grouped, spoken, absent = inequality_groups.read(dossier)
    if len(shares) < dossier.threshold("access.fewest_districts"):
        lacking = missing(dossier, NAME, "districts", *absent)
        return Answer(analysis=NAME, rows=compared(dossier, NAME, grouped), findings=(*spoken, *lacking))
    best, worst, burden = fifths(shares)
    year, kind = str(int(shares["year"].max())), str(shares["kind"].iloc[0])
    common = {
        "place_code": dossier.root,
        "period": year,
        "indicator": "dtp1",
        "kind": kind,
        "denominator": len(shares),
    }
    rows = [
        common | {"measure": "fifth_difference", "source": "best_worst", "value": best - worst, "unit": "share"},
        common | {"measure": "fifth_ratio", "source": "best_worst", "value": best / worst if worst > 0 else np.nan, "unit": "ratio"},
        common | {"measure": "worst_fifth_of_missed", "source": "best_worst", "value": burden, "unit": "share"},
    ]  # fmt: skip
    rows += [
        common | {"measure": "fifth_coverage", "source": f"fifth_{at}", "value": value, "unit": "share"}
        for at, value in enumerate(by_fifth(shares), start=1)
    ]
    poverty = dossier.rows("access")
    poor = shares.merge(poverty[poverty["measure"] == "poverty"][["place_code", "value"]], on="place_code")
    if len(poor) >= dossier.threshold("access.fewest_districts"):
        rows.append(common | {"measure": "slope", "source": "poverty", "value": slope(poor), "unit": "share"})
    told = _told(dossier, best, worst, burden, year, len(shares))
    return Answer(
        analysis=NAME,
        rows=compared(dossier, NAME, [*rows, *grouped]),
        findings=(told, *spoken, *missing(dossier, NAME, *absent)),
    )


def weighted(dossier: Dossier) -> pd.DataFrame:
    """Return districts with `without` (share without DTP1) and `infants`, by which they are weighted (equally where unknown)."""
    shares = without_dose(dossier)
    populations = dossier.rows("populations")
    official = populations[populations["kind"].isin(["official", "projection"])].sort_values(
        ["year", "source"]
    )
    infants = official.drop_duplicates("place_code", keep="last").set_index("place_code")["surviving_infants"]
    shares = shares.assign(infants=shares["place_code"].map(infants))
    return shares.assign(infants=1.0) if shares["infants"].isna().any() else shares


def fifths(shares: pd.DataFrame) -> tuple[float, float, float]:
    """Return coverage of the best and the worst fifth of districts, and the worst fifth's share of children without DTP1."""
    ordered = shares.sort_values(["without", "place_code"])
    size = max(1, len(ordered) // 5)
    best, worst = ordered.head(size), ordered.tail(size)
    means = [1 - float(np.average(part["without"], weights=part["infants"])) for part in (best, worst)]
    missed = (ordered["without"] * ordered["infants"]).clip(lower=0)
    burden = float(missed.loc[worst.index].sum() / missed.sum()) if missed.sum() > 0 else float("nan")
    return means[0], means[1], burden


def by_fifth(shares: pd.DataFrame) -> list[float]:
    """Return the coverage of each fifth of districts, the least covered first; the first and the last are those of `fifths`."""
    ordered = shares.sort_values(["without", "place_code"], ascending=[False, True])
    size = max(1, len(ordered) // 5)
    between = np.array_split(np.arange(size, len(ordered) - size), 3)
    parts = [ordered.head(size), *(ordered.iloc[part] for part in between if len(part)), ordered.tail(size)]
    return [1 - float(np.average(part["without"], weights=part["infants"])) for part in parts]


def slope(rows: pd.DataFrame) -> float:
    """Return the slope index: change of coverage from the least to the most poor, by weighted least squares on ranks from 0 to 1."""
    ordered = rows.sort_values(["value", "place_code"])
    weight = ordered["infants"].to_numpy(float)
    rank = (np.cumsum(weight) - weight / 2) / weight.sum()
    covered = 1 - ordered["without"].to_numpy(float)
    middle, mean = np.average(rank, weights=weight), np.average(covered, weights=weight)
    return float(np.sum(weight * (rank - middle) * (covered - mean)) / np.sum(weight * (rank - middle) ** 2))


def _told(dossier: Dossier, best: float, worst: float, burden: float, year: str, districts: int) -> Finding:
    params: dict[str, Any] = {
        "place": dossier.root,
        "period": year,
        "best": best,
        "worst": worst,
        "burden": burden,
        "districts": districts,
    }
    wide = best - worst > dossier.threshold("inequality.difference")
    key = {"analysis": NAME, "measure": "fifth_difference", "period": year}
    return Finding(
        kind="check" if wide else "agrees", place_code=dossier.root, period=year, indicator="dtp1", source="best_worst", value=best, expected=worst,
        severity="attention" if wide else "note", message=Message(f"triangulation.inequality.{'wide' if wide else 'narrow'}", params),
        evidence=({"table": "triangulation", "key": key, "snapshot": ""},),
    )  # fmt: skip
