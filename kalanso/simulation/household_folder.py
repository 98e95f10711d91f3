"""Which study of the example country can somebody try the analysis on, as a folder of files?

Six of its health areas that interviewers can enter, from the least to the best covered, surveyed as the Mali Learning Hub
surveyed its own; the truth stands in a folder beside, for whoever compares.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import yaml

from kalanso.simulation.country import ExampleCountry
from kalanso.simulation.household_children import DOSES
from kalanso.simulation.household_doors import household_list
from kalanso.simulation.household_settings import COHORTS, Catchment, Fieldwork
from kalanso.simulation.household_survey import HouseholdSurvey, household_survey

CATCHMENTS = 6
COHORT_YEARS = ("2023", "2024")  # births of which the study finds the children
TRUTH = "truth"


class NoCatchments(ValueError):
    """A country without enough health areas that interviewers can enter."""


def catchments_of(country: ExampleCountry, number: int = CATCHMENTS) -> tuple[Catchment, ...]:
    """Return health areas without a security flag, evenly spaced from the least to the best covered with DTP1."""
    truth = country.truth_coverage.to_pandas()
    truth = truth[truth["period"].str[:4].isin(COHORT_YEARS)].dropna(
        subset=["dtp1_coverage", "dtp3_coverage"]
    )
    flagged = set(country.place_flags.to_pandas()["place_code"])
    parents = country.place_parents.to_pandas()
    within = dict(zip(parents["place_code"], parents["parent_code"], strict=True))
    closed = {code for code in truth["place_code"].unique() if _lineage(code, within) & flagged}
    shares = (
        truth[~truth["place_code"].isin(closed)]
        .groupby("place_code")[["dtp1_coverage", "dtp3_coverage"]]
        .mean()
    )
    if len(shares) < number:
        raise NoCatchments(f"expected {number} health areas without a security flag, got {len(shares)}")
    ranked = shares.sort_values(["dtp1_coverage"]).index
    chosen = [ranked[at] for at in np.linspace(0, len(ranked) - 1, number).round().astype(int)]
    contexts = country.place_contexts.to_pandas()
    towns = set(contexts.loc[contexts["context"].astype(str).str.startswith("urban"), "place_code"])
    return tuple(
        Catchment(
            place_code=str(code), dtp1_coverage=float(np.clip(shares["dtp1_coverage"][code], 0.02, 0.98)),
            dtp3_given_dtp1=float(np.clip(shares["dtp3_coverage"][code] / max(shares["dtp1_coverage"][code], 1e-9), 0.02, 0.98)),
            urban=code in towns,
        )
        for code in chosen
    )  # fmt: skip


def _lineage(code: str, within: dict[str, str]) -> set[str]:
    found = {code}
    while (above := within.get(code, "")) and above not in found:
        found.add(above)
        code = above
    return found


def write_study(
    country: ExampleCountry, folder: Path, rng: np.random.Generator, fieldwork: Fieldwork | None = None
) -> HouseholdSurvey:
    """Write a study of the example country: `round.yaml`, `answers.csv`, `homes.csv`, `sample.csv`, and the truth beside; return it."""
    chosen = fieldwork or Fieldwork()
    found = household_survey(catchments_of(country), chosen, rng)
    (folder / TRUTH).mkdir(parents=True, exist_ok=True)
    found.submissions.to_csv(folder / "answers.csv", index=False)
    household_list(found.submissions, chosen, rng).to_csv(folder / "homes.csv", index=False)
    places = country.places.to_pandas()
    names = dict(zip(places["place_code"], places["name"], strict=True))
    sample = found.sample.assign(stratum_name=found.sample["stratum"].map(names))
    sample.to_csv(folder / "sample.csv", index=False)
    for name, table in (("shares", found.truth), ("doses", found.true_doses), ("mistakes", found.planted)):
        table.to_csv(folder / TRUTH / f"{name}.csv", index=False)
    told = yaml.safe_dump(declaration(chosen), allow_unicode=True, sort_keys=False, width=110)
    (folder / "round.yaml").write_text(told, encoding="utf-8")
    return found


def declaration(fieldwork: Fieldwork) -> dict[str, object]:
    """Return what `round.yaml` says of the made-up study; its approvals are made up too, and say so."""
    last: date = fieldwork.first_day + timedelta(days=fieldwork.days)
    return {
        "survey": fieldwork.survey,
        "title": {
            "fr": "DÉMO : enquête auprès des ménages dans six aires de santé",
            "en": "DEMO: household survey in six health areas",
        },
        "country": "ML", "demo": True, "chosen_places": True, "first_day": fieldwork.first_day, "last_day": last,
        "cohorts": [{"name": name, "from_days": low, "to_days": high} for name, (low, high) in COHORTS.items()],
        "doses": list(DOSES), "policy": "SOUGHT_FOR_ALL", "mode": "vcqi", "grace_days": 0, "swap_day_month": True,
        "groups": ["sex", "mother_education", "distance", "displaced"],
        "ethics": {
            "approval": "DÉMO 2025/001", "data_protection": "DÉMO 2025/001", "consent_version": "1, français et bambara",
            "kept_until": date(2035, 1, 31), "destroyed_on": date(2035, 2, 28),
        },
    }  # fmt: skip


__all__ = ["NoCatchments", "catchments_of", "declaration", "write_study"]
