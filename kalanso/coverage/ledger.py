"""On which evidence does each area's estimate rest, and which source does not fit the others?

The shares are approximate: the information of each source on the log odds of an area's coverage
over the whole series, as if it were Gaussian, against the precision of the joint draws. What the
area's own sources do not explain is borrowed: from neighbours, from places alike, from totals and
from the prior.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kalanso.coverage.aggregates import Numbers, area_draws
from kalanso.coverage.ledger_sources import SOURCE_COLUMNS, expected_vaccinated, residuals, surveys_of_areas
from kalanso.coverage.pockets import neighbour_matrix
from kalanso.vocabulary import Message

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior

LEDGER_COLUMNS = (
    "place_code", "survey_share", "routine_share", "own_share", "borrowed_share",
    "source_apart", "gap_sd", "finding", "message", "params",
)  # fmt: skip
DENOMINATORS, NUMERATORS, CATCHMENTS = "denominators", "numerators", "catchments"
APART = 2.5  # own standard deviations from which a source is said not to fit
# Used where the draws do not say them: sd of net over-reporting and of a population source (log).
REPORTING_SD, SOURCE_SD, NO_SOURCE_SD = 0.15, 0.18, 1.5


def ledger(posterior: Posterior, evidence: Evidence) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ledger of every area, and the gaps of every source in every area.

    First table (LEDGER_COLUMNS): shares of the information from the area's surveys, from its doses
    together with its populations, their sum, and what is borrowed; the source that lies furthest
    from the joint estimate, by how many of its own standard deviations; and what that suggests:
    `denominators`, `numerators`, `catchments` or nothing (""). Second table (SOURCE_COLUMNS): place_code,
    source, kind (survey, population, doses), gap (log or log odds), gap_sd.
    """
    sources = residuals(posterior, evidence)
    shares = _shares(posterior, evidence)
    apart = _furthest(sources, evidence.areas)
    finding = _findings(posterior, evidence, sources)
    said = [
        _sentence(area, str(source), gap, kind, own)
        for area, source, gap, kind, own in zip(
            evidence.areas, apart["source"], apart["gap_sd"], finding, shares["own_share"], strict=True
        )
    ]
    table = pd.DataFrame(
        {
            "place_code": list(evidence.areas), **shares, "source_apart": apart["source"].to_numpy(),
            "gap_sd": apart["gap_sd"].to_numpy(), "finding": finding,
            "message": [one.id for one in said], "params": [one.params_json() for one in said],
        }
    )  # fmt: skip
    return table[list(LEDGER_COLUMNS)], sources[list(SOURCE_COLUMNS)]


def _sentence(area: str, source: str, gap: float, finding: str, own: float) -> Message:
    told: dict[str, Any] = {"place": area, "source": source, "gap": abs(gap), "own": own}
    if finding:
        return Message(f"coverage.ledger.{finding}", told)
    if abs(gap) >= APART:
        return Message("coverage.ledger.apart", told)
    return Message("coverage.ledger.agrees" if source else "coverage.ledger.nothing", told)


def _shares(posterior: Posterior, evidence: Evidence) -> dict[str, Numbers]:
    every = list(range(len(posterior.periods)))
    surviving, vaccinated = area_draws(posterior, posterior.first, every)
    share = np.clip(vaccinated / surviving, 1e-6, 1 - 1e-6)
    odds = np.log(share / (1 - share))
    precision = 1 / np.maximum(odds.var(axis=1, ddof=min(1, odds.shape[1] - 1)), 1e-6)
    survey = surveys_of_areas(posterior, evidence, share.mean(axis=1))
    routine = _routine(posterior, evidence, share.mean(axis=1))
    # the parts are approximations: together they cannot say more than the posterior knows
    own = survey + routine
    scale = np.minimum(1.0, precision / np.maximum(own, 1e-12)) / precision
    found = {"survey_share": survey * scale, "routine_share": routine * scale}
    found["own_share"] = found["survey_share"] + found["routine_share"]
    found["own_share"] = np.minimum(found["own_share"], 1.0)  # rounding
    return found | {"borrowed_share": 1 - found["own_share"]}


def _routine(posterior: Posterior, evidence: Evidence, share: Numbers) -> Numbers:
    """Return the information of doses over populations on the log odds of coverage (areas).

    log coverage = log doses - log population - net over-reporting; a step of log odds moves log
    coverage by 1 - coverage.
    """
    local, field = (
        _hyper(posterior, name, REPORTING_SD / 2**0.5) for name in ("local_reporting", "field_reporting")
    )
    reported = local**2 + field**2
    rows = evidence.doses[
        (evidence.doses["indicator"] == f"{posterior.first}_doses") & evidence.doses["value"].notna()
    ]
    doses = _by_area(rows, evidence, rows["value"].to_numpy(dtype=float))
    counted = evidence.recounts[evidence.recounts["indicator"] == f"{posterior.first}_doses"]
    again = _by_area(counted, evidence, counted["recounted"].to_numpy(dtype=float))
    variance = (
        1 / np.maximum(doses, 0.5)
        + reported / (1 + reported * again)  # a recount of k doses has the log variance 1 / k
        + 1 / np.maximum(_population_precision(posterior, evidence), 1 / NO_SOURCE_SD**2)
    )
    return np.where(doses > 0, (1 - share) ** 2 / variance, 0.0)


def _population_precision(posterior: Posterior, evidence: Evidence) -> Numbers:
    """Return how well an area's own populations fix the log of its children (areas)."""
    rows = evidence.denominators.drop_duplicates(["source", "place_code"])
    names = list(posterior.diagnostics.get("names", {}).get("sources", ()))
    known = np.atleast_2d(np.asarray(posterior.hyper.get("source_sd", np.empty((1, 0))), dtype=float)).mean(
        axis=0
    )
    sd = dict(zip(names, known, strict=False))
    return _by_area(
        rows, evidence, np.array([sd.get(name, SOURCE_SD) ** -2 for name in rows["source"]], dtype=float)
    )


def _hyper(posterior: Posterior, name: str, otherwise: float) -> float:
    return float(np.mean(posterior.hyper[name])) if name in posterior.hyper else otherwise


def _by_area(rows: pd.DataFrame, evidence: Evidence, weights: Numbers) -> Numbers:
    """Return the sum of weights of rows by area; rows of places above areas count nowhere."""
    inside = rows["place_code"].isin(evidence.area_index).to_numpy()
    at = rows["place_code"][inside].map(evidence.area_index).to_numpy(dtype=np.intp)
    return np.bincount(at, weights=weights[inside], minlength=len(evidence.areas)).astype(np.float64)


def _furthest(sources: pd.DataFrame, areas: list[str]) -> pd.DataFrame:
    """Return per area the source with the largest gap in its own sd ("" and 0 where there is none)."""
    order = sources.assign(size=sources["gap_sd"].abs()).sort_values(
        ["size", "source"], ascending=[False, True]
    )
    first = order.drop_duplicates("place_code").set_index("place_code")[["source", "gap_sd"]].reindex(areas)
    return first.fillna({"source": "", "gap_sd": 0.0})


def _findings(posterior: Posterior, evidence: Evidence, sources: pd.DataFrame) -> list[str]:
    """Return what the gaps suggest in each area.

    A population that lies far off, further than the doses: denominators. Doses far off, and the
    neighbours as far off the other way, so that together they fit: catchments. Doses far off alone:
    numerators.
    """
    at, count = evidence.area_index, len(evidence.areas)
    population, doses = np.zeros(count), np.zeros(count)
    place = sources["place_code"].map(at).to_numpy(dtype=np.intp)
    gap, kind = sources["gap_sd"].to_numpy(dtype=float), sources["kind"].to_numpy()
    np.maximum.at(population, place[kind == "population"], np.abs(gap[kind == "population"]))
    doses[place[kind == "doses"]] = gap[kind == "doses"]
    around = _together_with_neighbours(posterior, evidence, sources)
    found = []
    for area in range(count):
        if population[area] >= APART and population[area] >= abs(doses[area]):
            found.append(DENOMINATORS)
        elif abs(doses[area]) >= APART:
            mended = abs(around[area]) < 0.5 * abs(doses[area]) and abs(around[area]) < APART / 2
            found.append(CATCHMENTS if mended else NUMERATORS)
        else:
            found.append("")
    return found


def _together_with_neighbours(posterior: Posterior, evidence: Evidence, sources: pd.DataFrame) -> Numbers:
    """Return the gap of the doses of an area and its neighbours together (in sd of one area)."""
    rows = sources[sources["kind"] == "doses"]
    count = len(evidence.areas)
    excess, expected = np.zeros(count), np.zeros(count)
    due = expected_vaccinated(posterior).sum(axis=1)
    at = rows["place_code"].map(evidence.area_index).to_numpy(dtype=np.intp)
    expected[at] = due[at]
    excess[at] = due[at] * np.expm1(rows["gap"].to_numpy(dtype=float))
    touching = neighbour_matrix(evidence)
    wide, base = excess + touching @ excess, expected + touching @ expected
    gap = np.log(np.maximum(1 + np.divide(wide, base, out=np.zeros(count), where=base > 0), 1e-3))
    unit = (
        float((rows["gap"] / rows["gap_sd"]).replace([np.inf, -np.inf], np.nan).median())
        if len(rows)
        else 1.0
    )
    return gap / (unit if unit > 0 else 1.0)
