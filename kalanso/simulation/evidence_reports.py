"""What do facilities report, and what do the sources of the target population say?

Doses: expected doses of residents, net over-reporting, reports that never came, gamma-Poisson scatter
that both doses share in part, quarters in which doses move everywhere, missing cells, typing errors.
Denominators: biases shared with a parent, errors of areas, drift away from a base year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_matrix, diags
from scipy.special import expit, logit

from kalanso.simulation.evidence_fields import Neighbourhood, bym2
from kalanso.simulation.evidence_land import Land
from kalanso.simulation.evidence_settings import EvidenceSettings, PopulationSettings, Source
from kalanso.simulation.evidence_truth import EARLIER, Hidden, Parameters
from kalanso.vocabulary import Period

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

REPORTS = 3  # monthly reports of one facility a quarter
HUB_COLUMN = 0  # covariate that marks areas whom their neighbours attend


@dataclass(frozen=True)
class Hubs:
    """Which children go to a hub: from `home` to `away` with chance `share`."""

    home: Counts
    away: Counts
    share: Numbers


def hubs_of(country: Land, hidden: Hidden, settings: EvidenceSettings, rng: np.random.Generator) -> Hubs:
    """Return the hubs of a country: the largest area of some districts, to which the others' children go."""
    chosen = settings.reporting
    home, away, share = [], [], []
    for district in range(int(country.district.max()) + 1):
        inside = np.flatnonzero(country.district == district)
        if not (rng.random() < chosen.hubs and len(inside) > 1):
            continue
        hub = inside[np.argmax(hidden.log_size[inside])]
        others = inside[inside != hub]
        odds = logit(chosen.hub_share.draw(rng)) + chosen.hub_share_sd * rng.normal(size=len(others))
        home.append(others)
        away.append(np.full(len(others), hub))
        share.append(expit(odds))
    nobody = np.empty(0, np.int64)
    return Hubs(
        np.concatenate([nobody, *home]),
        np.concatenate([nobody, *away]),
        np.concatenate([np.empty(0), *share]),
    )


def attendance_table(hubs: Hubs, country: Land) -> pd.DataFrame:
    """Return the evidence on hubs: which areas are some; whose children come is left to the district."""
    names = np.array(country.areas)[np.unique(hubs.away)].tolist()
    return pd.DataFrame({"place_code": names, "kind": "hub"}, columns=["place_code", "kind"])


def expected_doses(
    hidden: Hidden, country: Land, settings: EvidenceSettings, later: float, hubs: Hubs | None = None
) -> dict[str, Numbers]:
    """Return doses truly given (N, T) by place of vaccination, before any error of reporting.

    DTP1 is given in the quarter in which the child is due; of DTP3 a share `later` falls into the
    quarter after.
    """
    first = hidden.due * hidden.dtp1
    third = first * hidden.stay
    given = {
        "dtp1_doses": first[:, EARLIER:],
        "dtp3_doses": (1 - later) * third[:, EARLIER:] + later * third[:, EARLIER - 1 : -1],
    }
    moving = _attendance(country, settings.reporting.attendance)
    if hubs is not None and len(hubs.home):
        areas = len(country.areas)
        gone = csr_matrix((hubs.share, (hubs.home, hubs.away)), shape=(areas, areas))
        moving = moving @ (diags(1 - np.asarray(gone.sum(axis=1)).ravel()) + gone)
    return {name: moving.T @ value for name, value in given.items()}


def _attendance(country: Land, share: float) -> csr_matrix:
    """Return by place of residence and of vaccination (N, N) which share of children goes there."""
    areas = len(country.areas)
    hub = country.design[:, HUB_COLUMN] > 0
    home, away = np.vstack([country.edges, country.edges[:, ::-1]]).T
    towards = hub[away] & ~hub[home]
    home, away = home[towards], away[towards]
    hubs = np.bincount(home, minlength=areas)
    stay = np.where(hubs > 0, 1 - share, 1.0)
    going = csr_matrix((share / hubs[home], (home, away)), shape=(areas, areas))
    return csr_matrix(diags(stay) + going)


def doses(
    hidden: Hidden, country: Land, neighbourhood: Neighbourhood, settings: EvidenceSettings,
    rng: np.random.Generator, drawn: Parameters, hubs: Hubs | None = None,
) -> tuple[pd.DataFrame, Numbers]:  # fmt: skip
    """Return the table of reported doses, and the log bias of each area's reports (N,).

    What was drawn is added to `drawn`. Cells that are missing have no row.
    """
    chosen = settings.reporting
    # A generator beside: all else of a seed stays what it is.
    later = drawn["delay"] = chosen.delay.draw(rng.spawn(1)[0])
    given = expected_doses(hidden, country, settings, later, hubs)
    areas, quarters = given["dtp1_doses"].shape
    bias = _reporting_bias(country, neighbourhood, settings, rng, drawn)
    came = rng.choice([3, 2, 1], p=chosen.completeness, size=(areas, quarters))
    power = drawn["completeness_power"] = chosen.completeness_power.draw(rng)
    missing = _missing(hidden, country, settings, rng)
    timing = drawn["timing_sd"] = chosen.timing_sd.draw(rng)
    moved = timing * rng.normal(size=quarters) + _swings((areas, quarters), settings, rng)
    together = drawn["shared_scatter"] = chosen.shared_scatter.draw(rng)
    scatter = drawn["scatter"] = chosen.scatter.draw(rng)
    common = _factor(scatter, together, (areas, quarters), rng)
    third = chosen.third_dose_sd * rng.normal(size=(areas,))
    own: dict[str, Numbers] = {"dtp1_doses": np.zeros(areas), "dtp3_doses": third}
    rows = []
    for indicator, value in given.items():
        mean = value * np.exp((bias + own[indicator])[:, None] + moved) * (came / REPORTS) ** power
        alone = _factor(scatter, 1.0 - together, (areas, quarters), rng)
        drawn_doses = rng.poisson(mean * common * alone)
        counted = _mistyped(drawn_doses.astype(float), chosen.outliers, rng)
        at, quarter = np.nonzero(~missing)
        rows.append(
            pd.DataFrame(
                {
                    "place_code": np.array(country.areas)[at].tolist(),
                    "period": np.array(hidden.periods)[quarter].tolist(),
                    "indicator": indicator,
                    "value": counted[at, quarter],
                    "reports_received": came[at, quarter].astype(float),
                    "reports_expected": float(REPORTS),
                }
            )
        )
    return pd.concat(rows, ignore_index=True), bias


def _factor(scatter: float, share: float, shape: tuple[int, int], rng: np.random.Generator) -> Numbers:
    """Return gamma factors of mean one that carry a share of the scatter of counts."""
    if share <= 0:
        return np.ones(shape)
    return np.asarray(rng.gamma(scatter / share, share / scatter, size=shape))


def _swings(shape: tuple[int, int], settings: EvidenceSettings, rng: np.random.Generator) -> Numbers:
    """Return what moves an area's reported doses of both kinds for some quarters, on the log scale."""
    chosen = settings.reporting
    swing = rng.normal(size=shape)
    fresh = np.sqrt(1.0 - chosen.swing_memory**2)
    for quarter in range(1, shape[1]):
        swing[:, quarter] = chosen.swing_memory * swing[:, quarter - 1] + fresh * swing[:, quarter]
    return np.asarray(chosen.swing_sd * swing)


def _reporting_bias(
    country: Land, neighbourhood: Neighbourhood, settings: EvidenceSettings, rng: np.random.Generator,
    drawn: Parameters,
) -> Numbers:  # fmt: skip
    chosen = settings.reporting
    common = drawn["reporting_bias"] = chosen.bias.draw(rng)
    sd = drawn["reporting_area_sd"] = chosen.bias_area_sd.draw(rng)
    share = drawn["reporting_spatial_share"] = chosen.bias_spatial_share.draw(rng)
    local = bym2(neighbourhood, sd, share, rng)
    return np.asarray(common + local + chosen.conflict_bias * country.conflict)


def _missing(
    hidden: Hidden, country: Land, settings: EvidenceSettings, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Return which cells are missing; where asked, the more so the lower DTP1 is."""
    chosen = settings.reporting
    level = logit(np.clip(hidden.dtp1[:, EARLIER:], 1e-6, 1 - 1e-6))
    low = -(level - level.mean()) / (level.std() or 1.0)
    chance = expit(logit(np.clip(chosen.missing, 1e-9, 1 - 1e-9)) + chosen.missing_follows_coverage * low)
    missing = rng.random(level.shape) < chance
    more = rng.random(level.shape) < chosen.missing_in_conflict
    return np.asarray(missing | (more & country.conflict[:, None]))


def _mistyped(counted: Numbers, share: float, rng: np.random.Generator) -> Numbers:
    """Return the counts with a share of them multiplied or divided by ten."""
    wrong = rng.random(counted.shape) < share
    factor = np.where(rng.random(counted.shape) < 0.5, 10.0, 0.1)
    return np.asarray(np.where(wrong, np.round(counted * factor), counted))


def denominators(
    hidden: Hidden, country: Land, settings: EvidenceSettings, rng: np.random.Generator, drawn: Parameters
) -> dict[str, pd.DataFrame]:
    """Return the tables denominators and denominator_sources.

    log D = log n + bias of the source + biases of its parents + error of the area
    + (drift of the source + drift of the area) (year - middle of the series) + noise of the year;
    n is the number of children due in a whole year.
    """
    chosen = settings.population
    first, last = Period.parse(hidden.periods[0]), Period.parse(hidden.periods[-1])
    middle = (first.year + last.year + (first.number + last.number) / 4 - 1.25) / 2
    own = {one.name: _source_bias(one, chosen, rng) for one in chosen.sources}
    parents = {one.name: one.parent for one in chosen.sources}
    rows = []
    for one in chosen.sources:
        sd, drift = one.area_error.draw(rng), float(rng.normal(0, one.drift_sd))
        drawn |= {f"bias_{one.name}": own[one.name], f"error_{one.name}": sd, f"drift_{one.name}": drift}
        bias = _with_parents(one.name, own, parents)
        if chosen.drift_since_base and one.base_year is not None:
            bias += drift * (middle - one.base_year)
        error = bias + sd * _errors(len(country.areas), chosen.error_degrees, rng)
        slope = drift + one.drift_area_sd * rng.normal(size=len(error))
        kept = np.flatnonzero(one.covers_conflict | ~country.conflict)
        for year in range(first.year, last.year + 1):
            noise = chosen.year_noise_sd * rng.normal(size=len(error))
            value = hidden.due_in_year(year) * np.exp(error + slope * (year - middle) + noise)
            rows.append(
                pd.DataFrame(
                    {
                        "source": one.name,
                        "place_code": np.array(country.areas)[kept].tolist(),
                        "period": year,
                        "surviving_infants": np.round(value[kept], 1),
                    }
                )
            )
    return {
        "denominators": pd.concat(rows, ignore_index=True),
        "denominator_sources": _declared(chosen),
    }


def _source_bias(source: Source, chosen: PopulationSettings, rng: np.random.Generator) -> float:
    drawn = float(rng.normal())
    if source.anchor and chosen.anchor_bias is not None:
        drawn = chosen.anchor_bias * (1 if drawn >= 0 else -1)
    return drawn * source.bias_sd


def _with_parents(name: str, own: dict[str, float], parents: dict[str, str]) -> float:
    total, seen = 0.0, set()
    while name and name not in seen:
        seen.add(name)
        total += own[name]
        name = parents[name]
    return total


def _errors(areas: int, degrees: float | None, rng: np.random.Generator) -> Numbers:
    return rng.normal(size=areas) if degrees is None else rng.standard_t(degrees, size=areas)


def _declared(chosen: PopulationSettings) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": [one.name for one in chosen.sources],
            "parent_source": [one.parent if chosen.declare_parents else "" for one in chosen.sources],
            "bias_sd": [one.bias_sd for one in chosen.sources],
            "base_year": [
                np.nan if one.base_year is None else float(one.base_year) for one in chosen.sources
            ],
            "anchor": [one.anchor for one in chosen.sources],
        }
    )
