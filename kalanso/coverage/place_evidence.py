"""What does every source say of a place, as it stands, before any model?

Doses over each source's population, survey results with the interval that their sampling alone gives,
populations, and estimates by others: on one axis, for areas, every place above and the country.
Weighing them against each other belongs to the model, measuring their distance from it to `ledger`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.coverage.baselines.rows import INDICATORS, QUARTERS, dose_counts
from kalanso.coverage.comparison_tables import POPULATION, PUBLISHED, REPORTED, SURVEYED
from kalanso.coverage.evidence import Evidence, quarter_year

Numbers = npt.NDArray[np.float64]
Z = 1.959964
USUAL_DESIGN_EFFECT = 1.5  # of some ten children of one cluster, where a survey has too few to tell
FEWEST_CLUSTERS = 10  # from which a survey's own design effect is taken
_EDGE = 0.001
COLUMNS = (
    "place_code", "period", "period_from", "indicator", "source", "kind", "value", "low", "high", "numerator",
    "denominator", "design_effect", "place_level",
)  # fmt: skip


def place_evidence(evidence: Evidence, indicators: Sequence[str] = INDICATORS) -> pd.DataFrame:
    """Return what every source says of every place, with COLUMNS.

    `reported`: doses of a quarter over a quarter of the source's figure for the year (the nearest year
    that it gives). Where the source counts all areas of a place, these are added up, area-quarters without
    doses or without a population left out of both; else the source's own figure for the place is taken,
    else the areas that it counts. `surveyed`: clusters of one survey pooled, with Wilson's interval at the
    number of children over the design effect, which is the survey's own over the whole country (at least
    1, and 1.5 with fewer than 10 clusters); results published with a standard error get their interval on
    the logit scale; lot samples are taken as drawn child by child. `population`: surviving infants per
    quarter of the years that a source states.
    """
    parts = [*_reported(evidence, indicators), *_clusters(evidence), *_results(evidence), *_lots(evidence), *_populations(evidence)]  # fmt: skip
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=list(COLUMNS))
    found = pd.concat([part.reindex(columns=list(COLUMNS)) for part in filled], ignore_index=True)
    levels = {code: evidence.level_of(code) for code in evidence.aggregates}
    return found.assign(place_level=found["place_code"].map(levels))


def wilson(vaccinated: Numbers, children: Numbers, design_effect: Numbers) -> tuple[Numbers, Numbers]:
    """Return Wilson's 95 % interval of a share, the sample shrunk by the design effect."""
    share, size = vaccinated / children, children / design_effect
    middle = share + Z**2 / (2 * size)
    reach = Z * np.sqrt(share * (1 - share) / size + Z**2 / (4 * size**2))
    whole = 1 + Z**2 / size
    return np.clip((middle - reach) / whole, 0.0, 1.0), np.clip((middle + reach) / whole, 0.0, 1.0)


def design_effect(vaccinated: Numbers, children: Numbers) -> float:
    """Return by how much the variance of clusters exceeds that of children drawn one by one, at least 1.

    Between-cluster variance of the ratio estimate (Cochran 1977, §9), strata not taken out, over
    p (1 - p) / n. With fewer than FEWEST_CLUSTERS clusters, or no variation, USUAL_DESIGN_EFFECT.
    """
    clusters, total = len(children), float(children.sum())
    share = float(vaccinated.sum()) / total if total > 0 else 0.0
    if clusters < FEWEST_CLUSTERS or not 0 < share < 1:
        return USUAL_DESIGN_EFFECT
    between = clusters / (clusters - 1) * float(((vaccinated - share * children) ** 2).sum()) / total**2
    return max(1.0, between * total / (share * (1 - share)))


def _targets(evidence: Evidence, rows: pd.DataFrame) -> dict[str, Numbers]:
    """Return children due per quarter (T) of every place that a source gives."""
    years = np.array([quarter_year(code) for code in evidence.periods])
    found = {}
    for code, own in rows.dropna(subset="surviving_infants").groupby("place_code"):
        stated, values = own["period"].to_numpy(), own["surviving_infants"].to_numpy(float)
        nearest = np.abs(stated[None, :] - years[:, None]).argmin(axis=1)
        found[str(code)] = values[nearest] / QUARTERS
    return found


def _reported(evidence: Evidence, indicators: Sequence[str]) -> Iterator[pd.DataFrame]:
    if not len(evidence.doses):
        return
    size = (len(evidence.areas), len(evidence.periods))
    membership, codes = evidence.membership, evidence.aggregates
    areas_of = np.asarray(membership.sum(axis=1)).ravel()
    counts = {name: dose_counts(evidence, name) for name in indicators}
    for source, rows in evidence.denominators.groupby("source", sort=False):
        stated = _targets(evidence, rows)
        due = np.full(size, np.nan)
        for code in stated.keys() & evidence.area_index.keys():
            due[evidence.area_index[code]] = stated[code]
        counted = membership @ np.isfinite(due).any(axis=1).astype(float)
        own = np.array([code in stated and has < of for code, has, of in zip(codes, counted, areas_of, strict=True)])  # fmt: skip
        for indicator, doses in counts.items():
            reports = np.isfinite(doses)
            known = reports & np.isfinite(due)
            given = membership @ np.where(known, doses, 0.0)
            targets = membership @ np.where(known, due, 0.0)
            for at in np.flatnonzero(own):
                given[at] = membership[[at]] @ np.where(reports, doses, 0.0)
                targets[at] = np.where(
                    (membership[[at]] @ reports.astype(float))[0] > 0, stated[codes[at]], 0.0
                )
            yield _reported_rows(evidence, str(source), indicator, given, targets)


def _reported_rows(
    evidence: Evidence, source: str, indicator: str, given: Numbers, targets: Numbers
) -> pd.DataFrame:
    place, quarter = np.nonzero(targets > 0)
    period = np.array(evidence.periods, dtype=object)[quarter]
    doses, due = given[place, quarter], targets[place, quarter]
    return pd.DataFrame(
        {
            "place_code": np.array(evidence.aggregates, dtype=object)[place], "period": period,
            "period_from": period, "indicator": indicator, "source": source, "kind": REPORTED,
            "value": doses / due, "numerator": doses, "denominator": due,
        }
    )  # fmt: skip


def _clusters(evidence: Evidence) -> Iterator[pd.DataFrame]:
    membership = evidence.membership
    codes = np.array(evidence.aggregates, dtype=object)
    for (survey, start, end, indicator, kind), rows in evidence.surveys.groupby(
        ["survey", "start", "end", "indicator", "kind"], sort=False
    ):
        rows = rows[rows["place_code"].isin(evidence.area_index) & (rows["children"] > 0)]
        of_clusters = rows.groupby(["cluster", "place_code"])[["vaccinated", "children"]].sum()
        effect = design_effect(*(of_clusters[name].to_numpy(float) for name in ("vaccinated", "children")))
        of_areas = rows.groupby("place_code")[["vaccinated", "children"]].sum()
        vaccinated, children = (
            membership @ of_areas[name].reindex(evidence.areas, fill_value=0.0).to_numpy(float)
            for name in ("vaccinated", "children")
        )
        asked = children > 0
        low, high = wilson(vaccinated[asked], children[asked], np.full(int(asked.sum()), effect))
        yield pd.DataFrame(
            {
                "place_code": codes[asked], "period": end, "period_from": start, "indicator": indicator,
                "source": survey, "kind": PUBLISHED if kind == "external" else SURVEYED,
                "value": vaccinated[asked] / children[asked], "low": low, "high": high,
                "numerator": vaccinated[asked], "denominator": children[asked], "design_effect": effect,
            }
        )  # fmt: skip


def _results(evidence: Evidence) -> Iterator[pd.DataFrame]:
    rows = evidence.survey_areas
    rows = rows[rows["coverage"].notna()]
    share = rows["coverage"].to_numpy(float)
    inside = np.clip(share, _EDGE, 1 - _EDGE)
    middle = np.log(inside / (1 - inside))
    reach = Z * rows["standard_error"].to_numpy(float) / (inside * (1 - inside))
    low, high = (1 / (1 + np.exp(-(middle + side * reach))) for side in (-1.0, 1.0))
    yield pd.DataFrame(
        {
            "place_code": rows["place_code"], "period": rows["end"], "period_from": rows["start"],
            "indicator": rows["indicator"], "source": rows["survey"],
            "kind": np.where(rows["kind"] == "external", PUBLISHED, SURVEYED), "value": share,
            "low": np.minimum(low, share), "high": np.maximum(high, share),
        }
    )  # fmt: skip


def _lots(evidence: Evidence) -> Iterator[pd.DataFrame]:
    rows = evidence.lots
    rows = rows[rows["vaccinated"].notna() & (rows["children"] > 0)]
    vaccinated, children = (rows[name].to_numpy(float) for name in ("vaccinated", "children"))
    low, high = wilson(vaccinated, children, np.ones(len(rows)))
    yield pd.DataFrame(
        {
            "place_code": rows["place_code"], "period": rows["end"], "period_from": rows["start"],
            "indicator": rows["indicator"], "source": rows["round"], "kind": SURVEYED,
            "value": vaccinated / children, "low": low, "high": high, "numerator": vaccinated,
            "denominator": children, "design_effect": 1.0,
        }
    )  # fmt: skip


def _populations(evidence: Evidence) -> Iterator[pd.DataFrame]:
    """Yield what each source states, per quarter; for places above areas it does not name, their sum.

    A sum stands only for places of which the source counts every area in that year.
    """
    membership = evidence.membership
    areas_of = np.asarray(membership.sum(axis=1)).ravel()
    codes = np.array(evidence.aggregates, dtype=object)
    for (source, year), rows in evidence.denominators.groupby(["source", "period"], sort=False):
        stated = rows.dropna(subset="surviving_infants").groupby("place_code")["surviving_infants"].first()
        of_areas = stated.reindex(evidence.areas).to_numpy(float)
        whole = (membership @ np.isfinite(of_areas).astype(float)) == areas_of
        total = np.where(whole, membership @ np.nan_to_num(of_areas), np.nan)
        value = stated.reindex(codes).to_numpy(float)
        value = np.where(whole, total, value)
        known = np.isfinite(value)
        yield pd.DataFrame(
            {
                "place_code": codes[known], "period": f"{year}Q4", "period_from": f"{year}Q1", "indicator": "",
                "source": source, "kind": POPULATION, "denominator": value[known] / QUARTERS,
            }
        )  # fmt: skip
