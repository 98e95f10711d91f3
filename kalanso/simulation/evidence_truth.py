"""What is true in a made-up country: who is due, who is vaccinated, and what drew it so?

The truth follows the equations of the estimator's model (DTP1, DTP3 given DTP1, children due), with
parameters drawn from given distributions. Nothing here knows how estimates are made.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from kalanso.simulation.evidence_fields import Neighbourhood, autoregression, bym2, random_walk
from kalanso.simulation.evidence_land import Land
from kalanso.simulation.evidence_settings import CoverageSettings, EvidenceSettings
from kalanso.vocabulary import Period

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Parameters = dict[str, float | list[float]]

EARLIER = 1  # quarters before the first, whose children still receive DTP3 in it
TRIES = 200


@dataclass(frozen=True, kw_only=True)
class EvidenceTruth:
    """What estimates are scored against.

    `dtp1_coverage`, `dtp3_coverage` shares and `surviving_infants` children due per quarter, all
    (N, T) by area and quarter; `parents` the parent of every place ("" at the top); `conflict` and
    `surveyed` flags by area; `parameters` every number that was drawn.
    """

    areas: tuple[str, ...]
    periods: tuple[str, ...]
    dtp1_coverage: Numbers
    dtp3_coverage: Numbers
    surviving_infants: Numbers
    parents: dict[str, str]
    conflict: Flags
    surveyed: Flags
    parameters: Parameters


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """The truth with the quarters before the first: arrays (N, EARLIER + T).

    `stay` is the share of children with DTP1 who also get DTP3; `growth` by area and year, and
    `log_size` at the middle of the series, so that sources can reckon whole years.
    """

    periods: tuple[str, ...]
    dtp1: Numbers
    stay: Numbers
    due: Numbers
    log_size: Numbers
    growth: Numbers
    season: Numbers
    parameters: Parameters

    def log_due(self, period: Period) -> Numbers:
        """Return log children due (N,) in any quarter, also outside the series."""
        first = Period.parse(self.periods[0])
        ahead = (period.year - first.year) * 4 + period.number - first.number
        middle = (len(self.periods) - 1) / 2
        return np.asarray(self.log_size + self.growth * (ahead - middle) / 4 + self.season[period.number - 1])

    def due_in_year(self, year: int) -> Numbers:
        """Return children due (N,) in the four quarters of a year."""
        return np.sum([np.exp(self.log_due(Period.quarter(year, one))) for one in (1, 2, 3, 4)], axis=0)


def hidden_truth(
    country: Land, quarters: int, neighbourhood: Neighbourhood, settings: EvidenceSettings,
    rng: np.random.Generator,
) -> Hidden:  # fmt: skip
    """Draw the truth of a country.

    National DTP1 outside `settings.coverage.plausible` is drawn again, coverage and all; raises
    ValueError where the settings hardly ever give a plausible country.
    """
    if quarters < 1:
        raise ValueError(f"quarters: expected at least 1, got {quarters}; try 12")
    start = Period.parse(settings.first_period)
    periods = tuple((start + step).code for step in range(quarters))
    sizes = _sizes(country, periods, settings, rng)
    low, high = settings.coverage.plausible
    for _ in range(TRIES):
        drawn, parameters = _coverage(country, quarters, neighbourhood, settings.coverage, rng)
        weight = sizes.due[:, EARLIER:]
        national = float((weight * drawn[0][:, EARLIER:]).sum() / weight.sum())
        if low <= national <= high:
            return replace(sizes, dtp1=drawn[0], stay=drawn[1], parameters={**sizes.parameters, **parameters})
    raise ValueError(
        f"coverage: expected settings that give national DTP1 within {low} to {high}, "
        f"got none in {TRIES} draws; try a wider `plausible`"
    )


def _sizes(
    country: Land, periods: tuple[str, ...], settings: EvidenceSettings, rng: np.random.Generator
) -> Hidden:
    chosen = settings.population
    areas, quarters = len(country.areas), len(periods)
    log_size = np.log(chosen.median_size) + chosen.size_sd * rng.normal(size=areas)
    growth = chosen.growth.mean + chosen.growth.sd * rng.normal(size=areas)
    season = chosen.season_sd * rng.normal(size=4)
    season -= season.mean()
    empty = np.empty((areas, EARLIER + quarters))
    found = Hidden(
        periods=periods, dtp1=empty, stay=empty, due=empty, log_size=log_size, growth=growth,
        season=season, parameters={"season": season.tolist()},
    )  # fmt: skip
    first = Period.parse(periods[0])
    logs = [found.log_due(first + step) for step in range(-EARLIER, quarters)]
    return replace(found, due=np.exp(np.column_stack(logs)))


def _coverage(
    country: Land, quarters: int, neighbourhood: Neighbourhood, chosen: CoverageSettings,
    rng: np.random.Generator,
) -> tuple[tuple[Numbers, Numbers], Parameters]:  # fmt: skip
    """Return DTP1 and the share that stays for DTP3, both (N, EARLIER + T), and their parameters."""
    covariates = country.design.shape[1]
    drawn: Parameters = {
        "intercept": chosen.intercept.draw(rng),
        "slopes": [chosen.slope.draw(rng) for _ in range(covariates)],
        "stay_intercept": chosen.stay_intercept.draw(rng),
        "stay_slopes": [chosen.stay_slope.draw(rng) for _ in range(covariates)],
        "stay_follows_level": chosen.stay_follows_level.draw(rng),
    }
    one = _field("", country, quarters, neighbourhood, chosen, drawn, rng)
    three = _field("stay_", country, quarters, neighbourhood, chosen, drawn, rng)
    logit1 = drawn["intercept"] + country.design @ np.array(drawn["slopes"])
    logit3 = drawn["stay_intercept"] + country.design @ np.array(drawn["stay_slopes"])
    logit3 = logit3 + drawn["stay_follows_level"] * one[0]
    return (expit(logit1[:, None] + one[0][:, None] + one[1]),
            expit(logit3[:, None] + three[0][:, None] + three[1])), drawn  # fmt: skip


def _field(
    prefix: str, country: Land, quarters: int, neighbourhood: Neighbourhood, chosen: CoverageSettings,
    drawn: Parameters, rng: np.random.Generator,
) -> tuple[Numbers, Numbers]:  # fmt: skip
    """Return a level (N,) and its course (N, EARLIER + T): national walk and each area's own."""
    value = {}
    for name in ("level_sd", "level_spatial_share", "time_sd", "interaction_sd", "interaction_persistence"):
        value[name] = getattr(chosen, prefix + name).draw(rng)
        drawn[prefix + name] = value[name]
    level = bym2(neighbourhood, value["level_sd"], value["level_spatial_share"], rng)
    walk = random_walk(quarters, EARLIER, value["time_sd"], rng)
    own = autoregression(
        len(country.areas), EARLIER + quarters, value["interaction_sd"],
        value["interaction_persistence"], rng,
    )  # fmt: skip
    return level, walk[None, :] + own


def write_truth(truth: EvidenceTruth, path: Path) -> Path:
    """Write the truth as one JSON file, which must not lie among the evidence; return its path."""
    content = {
        "areas": list(truth.areas),
        "periods": list(truth.periods),
        "dtp1_coverage": truth.dtp1_coverage.tolist(),
        "dtp3_coverage": truth.dtp3_coverage.tolist(),
        "surviving_infants": truth.surviving_infants.tolist(),
        "parents": truth.parents,
        "conflict": truth.conflict.tolist(),
        "surveyed": truth.surveyed.tolist(),
        "parameters": truth.parameters,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def read_truth(path: Path) -> EvidenceTruth:
    """Read what `write_truth` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return EvidenceTruth(
        areas=tuple(content["areas"]),
        periods=tuple(content["periods"]),
        dtp1_coverage=np.array(content["dtp1_coverage"], dtype=float),
        dtp3_coverage=np.array(content["dtp3_coverage"], dtype=float),
        surviving_infants=np.array(content["surviving_infants"], dtype=float),
        parents=content["parents"],
        conflict=np.array(content["conflict"], dtype=bool),
        surveyed=np.array(content["surveyed"], dtype=bool),
        parameters=content["parameters"],
    )
