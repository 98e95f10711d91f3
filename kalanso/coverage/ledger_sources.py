"""How far does each source lie from the joint estimate, area by area?

A gap is taken from the source's own middle: a population that is 8 % too high everywhere has no gap
anywhere, since the model has learned its bias. Its own standard deviation is how far it usually
lies off, so that one area stands out only among the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kalanso.coverage.aggregates import Numbers
from kalanso.coverage.fit import GROWTH, SAME_CLUSTER, infants_by_year, share_at, told

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior

SOURCE_COLUMNS = ("place_code", "source", "kind", "gap", "gap_sd")
SMALLEST_SD = 0.05  # no source is exact to five percent in one area
USUAL_SD = 0.18  # where too few areas show how far a source usually lies off
ENOUGH = 8  # areas from which they do
COMPLETENESS = 0.9  # exponent of completeness, where the draws do not say it


def residuals(posterior: Posterior, evidence: Evidence) -> pd.DataFrame:
    """Return the gap of every source in every area where it speaks (SOURCE_COLUMNS)."""
    parts = [
        _of_surveys(posterior, evidence),
        _of_populations(posterior, evidence),
        _of_doses(posterior, evidence),
    ]
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(SOURCE_COLUMNS))


def _clusters(posterior: Posterior, evidence: Evidence) -> pd.DataFrame:
    """Return surveys of the first dose by area: seen, asked, effective children, fitted share, bias."""
    rows = evidence.surveys[
        (evidence.surveys["indicator"] == posterior.first) & (evidence.surveys["children"] > 0)
    ]
    rows = rows.reset_index(drop=True)
    if rows.empty:
        return pd.DataFrame(columns=["place_code", "survey", "seen", "asked", "effective", "fitted", "bias"])
    area = rows["place_code"].map(evidence.area_index).to_numpy(dtype=np.intp)
    recalled = np.clip(1 - rows["card_share"].fillna(1.0).to_numpy(dtype=float), 0, 1)
    shares = told(posterior, share_at(posterior, evidence, rows, [[at] for at in area]), recalled)
    correlation = float(np.mean(posterior.hyper.get("same_cluster", SAME_CLUSTER)))
    children = rows["children"].to_numpy(dtype=float)
    rows = rows.assign(
        seen=rows["vaccinated"], asked=children, effective=children / (1 + (children - 1) * correlation),
        fitted=shares.mean(axis=1) * children, bias=rows["bias_sd"].fillna(0.0),
    )  # fmt: skip
    by = rows.groupby(["place_code", "survey"], as_index=False)
    found = by.agg(
        seen=("seen", "sum"), asked=("asked", "sum"), effective=("effective", "sum"), fitted=("fitted", "sum"),
        bias=("bias", "max"),
    )  # fmt: skip
    return found.assign(fitted=found["fitted"] / found["asked"])


def surveys_of_areas(posterior: Posterior, evidence: Evidence, share: Numbers) -> Numbers:
    """Return the information of an area's own survey clusters on its log odds (areas)."""
    found = np.zeros(len(evidence.areas))
    rows = _clusters(posterior, evidence)
    if rows.empty:
        return found
    at = rows["place_code"].map(evidence.area_index).to_numpy(dtype=np.intp)
    variance = 1 / (rows["effective"].to_numpy() * share[at] * (1 - share[at])) + rows["bias"].to_numpy() ** 2
    np.add.at(found, at, 1 / variance)
    return found


def _of_surveys(posterior: Posterior, evidence: Evidence) -> pd.DataFrame:
    rows = _clusters(posterior, evidence)
    if rows.empty:
        return pd.DataFrame(columns=list(SOURCE_COLUMNS))
    seen = (rows["seen"] + 0.5) / (rows["asked"] + 1)
    fitted = rows["fitted"].clip(1e-3, 1 - 1e-3)
    gap = np.log(seen / (1 - seen)) - np.log(fitted / (1 - fitted))
    sd = np.sqrt(1 / (rows["effective"] * fitted * (1 - fitted)) + rows["bias"] ** 2)
    return pd.DataFrame(
        {
            "place_code": rows["place_code"],
            "source": rows["survey"],
            "kind": "survey",
            "gap": gap,
            "gap_sd": gap / sd,
        }
    )


def _of_populations(posterior: Posterior, evidence: Evidence) -> pd.DataFrame:
    rows = evidence.denominators
    rows = rows[rows["place_code"].isin(evidence.area_index) & (rows["surviving_infants"] > 0)]
    if rows.empty:
        return pd.DataFrame(columns=list(SOURCE_COLUMNS))
    infants, years = infants_by_year(posterior)
    yearly = infants.mean(axis=2).T
    year = rows["period"].to_numpy(dtype=int)
    nearest = np.abs(year[:, None] - years[None, :]).argmin(axis=1)
    area = rows["place_code"].map(evidence.area_index).to_numpy(dtype=np.intp)
    carried = np.log(yearly[area, nearest]) + GROWTH * (year - years[nearest])
    found = rows.assign(gap=np.log(rows["surviving_infants"].to_numpy(dtype=float)) - carried)
    found = found.groupby(["place_code", "source"], as_index=False)[["gap"]].mean()
    return _against_the_middle(found.assign(kind="population"))


def _of_doses(posterior: Posterior, evidence: Evidence) -> pd.DataFrame:
    """Return how far an area's doses lie from those that its children would have had (log)."""
    rows = evidence.doses
    rows = rows[(rows["indicator"] == f"{posterior.first}_doses") & (rows["value"] > 0)]
    rows = rows[~(rows["reports_received"] <= 0)]
    if rows.empty:
        return pd.DataFrame(columns=list(SOURCE_COLUMNS))
    complete = (rows["reports_received"] / rows["reports_expected"]).fillna(1.0).clip(0.05, 1.0)
    exponent = float(np.mean(posterior.hyper.get("completeness", COMPLETENESS)))
    area = rows["place_code"].map(evidence.area_index).to_numpy(dtype=np.intp)
    quarter = rows["period"].map(evidence.period_index).to_numpy(dtype=np.intp)
    due = expected_vaccinated(posterior)[area, quarter]
    found = rows.assign(doses=rows["value"] / complete**exponent, due=due)
    found = found.groupby("place_code", as_index=False)[["doses", "due"]].sum()
    found = found.assign(gap=np.log(found["doses"] / found["due"]), source="doses", kind="doses")
    return _against_the_middle(found)


def expected_vaccinated(posterior: Posterior) -> Numbers:
    """Return the expected children with the first dose (areas x quarters)."""
    found = np.zeros(posterior.surviving_infants.shape[1:])
    for infants, share in zip(posterior.surviving_infants, posterior.dtp1_coverage, strict=True):
        found += infants * share
    return found / len(posterior.surviving_infants)


def _against_the_middle(rows: pd.DataFrame) -> pd.DataFrame:
    """Return gaps from each source's median, in units of its usual distance (MAD)."""
    middle = rows.groupby("source")["gap"].transform("median")
    gap = rows["gap"] - middle
    spread = 1.4826 * gap.abs().groupby(rows["source"]).transform("median")
    many = rows.groupby("source")["gap"].transform("size") >= ENOUGH
    sd = np.where(many, np.maximum(spread, SMALLEST_SD), USUAL_SD)
    return rows.assign(gap=gap, gap_sd=gap / sd)[list(SOURCE_COLUMNS)]
