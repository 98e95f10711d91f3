"""Does the whole way of a household survey, from forms to published intervals, hold the truth as often as it says?

The study of the Mali Learning Hub with a known truth (six catchments, two cohorts, 1,146 children, planted mistakes), over and
over: written as submissions, read, cleaned, estimated. Each interval of DTP1 is held against what a census with the same
questions would find. `KALANSO_PROOF_SURVEYS` sets how many.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SURVEYS = 1000
AREAS = (
    (0.95, 0.88),
    (0.88, 0.85),
    (0.80, 0.80),
    (0.72, 0.75),
    (0.62, 0.70),
    (0.50, 0.60),
)  # DTP1, and DTP3 of these
LOWEST, HIGHEST = 0.93, 0.97


def prove(folder: Path, surveys: int | None = None) -> str:
    """Carry out what is still missing; return what was seen in one sentence."""
    wanted = surveys or int(os.environ.get("KALANSO_PROOF_SURVEYS", SURVEYS))
    sys.path.insert(0, str(ROOT))
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "surveys.jsonl"
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    done = {int(line["seed"]): line for line in map(json.loads, lines)}
    for seed in range(wanted):
        if seed not in done:
            done[seed] = {"seed": seed, **_one(seed)}
            with kept.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(done[seed]) + "\n")
    rows = [done[seed] for seed in range(wanted)]
    held = float(np.mean([one["held"] for one in rows]))
    whole = float(np.mean([one["whole"] for one in rows]))
    found, planted = (sum(one[name] for one in rows) for name in ("found", "planted"))
    if not LOWEST <= held <= HIGHEST or found != planted:
        raise SystemExit(
            f"expected {LOWEST:.0%} to {HIGHEST:.0%} and {planted} mistakes found, got {held:.1%} and {found}"
        )
    bias = float(np.mean([one["bias"] for one in rows]))
    return (
        f"{wanted:,} studies of 1,146 children: intervals of catchments and cohorts held the truth in {held:.1%}, "
        f"those of a cohort as a whole in {whole:.1%} (asked: {LOWEST:.0%} to {HIGHEST:.0%}); all {planted:,} planted mistakes of "
        f"writing found; estimates lie {bias:+.2%} off what a census with the same questions finds"
    )


def _one(seed: int) -> dict[str, Any]:
    """Carry out one study; return which intervals held, the mean error, and mistakes planted and found."""
    from kalanso.definitions import load
    from kalanso.simulation.household_folder import declaration
    from kalanso.simulation.household_settings import COHORTS, Catchment, Fieldwork
    from kalanso.simulation.household_survey import household_survey
    from kalanso.surveys import Cohort, Round, clean, estimate, instruments, record, schedule_table
    from kalanso.surveys.measures import coverage
    from kalanso.surveys.sampled_children import sampled

    field = Fieldwork()
    catchments = [
        Catchment(place_code=f"C{number}", dtp1_coverage=first, dtp3_given_dtp1=third)
        for number, (first, third) in enumerate(AREAS)
    ]
    study = household_survey(catchments, field, np.random.default_rng([11, seed]))
    form = instruments.load("child")
    answers = instruments.read_answers({"": study.submissions}, form).rows
    found = sampled(
        instruments.received(answers, form, survey=field.survey), study.sample, salt="proof", cohorts=COHORTS
    )
    told = declaration(field)
    asked = Round(
        survey=field.survey, first_day=field.first_day, last_day=told["last_day"], doses=tuple(told["doses"]), swap_day_month=True,
        cohorts=tuple(Cohort(name=name, from_days=low, to_days=high) for name, (low, high) in COHORTS.items()),
    )  # fmt: skip
    cleaned = clean(found.children, found.doses, asked)
    rows = estimate(
        record(cleaned, schedule_table(load("ML")), policy="SOUGHT_FOR_ALL"), measures=(coverage,)
    )
    rows = rows[(rows["indicator"] == "crude_coverage") & (rows["detail"] == "dtp1")]
    one = rows.set_index(["stratum", "cohort"])
    truth = study.truth
    held = [
        bool(one.at[key, "low"] <= share <= one.at[key, "high"])
        for *key_, share in truth[["place_code", "cohort", "expected_dtp1_answers"]].itertuples(index=False)
        for key in [tuple(key_)]
    ]
    errors = [
        float(one.at[(place, cohort), "estimate"] - share)
        for place, cohort, share in truth[["place_code", "cohort", "expected_dtp1_answers"]].itertuples(
            index=False
        )
    ]
    planted = (
        study.planted["mistake"]
        .isin(["without_a_day", "before_birth", "day_and_month_swapped", "interview_twice"])
        .sum()
    )
    counted = sum(
        cleaned.rows_of(rule)
        for rule in ("date_partial", "date_before_birth", "day_month_swapped", "interview_repeated")
    )
    return {
        "held": held, "whole": _whole(rows, study), "bias": float(np.mean(errors)), "planted": int(planted), "found": int(counted),
    }  # fmt: skip


def _whole(rows: Any, study: Any) -> list[bool]:
    """Return whether the interval of each cohort holds the truth of all catchments, weighed by their children."""
    weights = study.truth.groupby("cohort")
    found = []
    for cohort, own in weights:
        row = rows[(rows["cohort"] == cohort) & (rows["stratum"] == "all")].iloc[0]
        share = float(np.average(own["expected_dtp1_answers"], weights=own["children"]))
        found.append(bool(row["low"] <= share <= row["high"]))
    return found
