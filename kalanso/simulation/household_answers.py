"""How do the true doses of surveyed children look once a card, a register and a memory have told them to somebody?

Writes one submission of the instrument `child` per interview, as text. Register entries count for the same doses;
mistakes of writing are planted last and listed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.simulation.household_children import DOSES
from kalanso.simulation.household_settings import Fieldwork

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
IN_FORM = {"dtp": "penta"}  # what the form calls the vaccine of a series
EDUCATION = (("none", 0.55), ("koranic", 0.10), ("primary", 0.22), ("secondary", 0.13))
# Chance of a positive answer of caregivers of children without and with DTP1, by item of the drivers' questions.
DRIVERS: Mapping[str, tuple[float, float]] = {
    "besd_benefits": (0.45, 0.88), "besd_safety": (0.40, 0.82), "besd_hcw_trust": (0.45, 0.80), "besd_ease": (0.30, 0.66),
    "besd_afford": (0.35, 0.70), "besd_satisfaction": (0.40, 0.72), "besd_peer_norms": (0.40, 0.78), "besd_family_norms": (0.45, 0.86),
    "besd_religious_leaders": (0.50, 0.78), "besd_hcw_recommendation": (0.30, 0.75), "besd_recall": (0.25, 0.55), "besd_know_where": (0.70, 0.96),
    "besd_took_child": (0.20, 0.85), "besd_intention": (0.45, 0.85),
}  # fmt: skip
NEGATIVE = {"besd_autonomy": (0.55, 0.35), "besd_turned_away": (0.18, 0.12)}
# What households own: the wealth (standard normal) above which half of them have it.
POSSESSIONS: Mapping[str, float] = {
    "asset_electricity": 1.0, "asset_solar": 0.2, "asset_radio": -0.2, "asset_television": 0.8, "asset_refrigerator": 1.6, "asset_mattress": -0.6,
    "asset_bicycle": -0.1, "asset_motorcycle": 0.3, "asset_cart": 0.1, "asset_cattle": 0.2, "asset_hard_floor": 0.7, "asset_improved_water": -0.4,
    "asset_own_latrine": 0.0,
}  # fmt: skip
SCALES = frozenset(
    {"besd_benefits", "besd_safety", "besd_hcw_trust", "besd_ease", "besd_afford", "besd_satisfaction"}
)


def in_form(dose: str) -> str:
    """Return what the form calls a dose."""
    vaccine = dose.rstrip("0123456789")
    return IN_FORM.get(vaccine, vaccine) + dose[len(vaccine) :]


def written_answers(
    children: pd.DataFrame, ages: Mapping[str, Numbers], fieldwork: Fieldwork, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one submission per interview, all text, and the mistakes planted in them."""
    of_card, of_register, of_memory, of_people, of_mistakes = rng.spawn(5)
    now = children["age_days"].to_numpy(float)
    given = {dose: ages[dose] <= now for dose in DOSES}
    kept = np.where(children["urban"], fieldwork.card_urban, fieldwork.card_rural)
    card = of_card.random(len(now)) < np.where(given["dtp1"], kept, fieldwork.card_without_dtp1)
    sought = of_register.random(len(now)) < fieldwork.register_sought
    listed = sought & given["dtp1"] & (of_register.random(len(now)) < fieldwork.register_found)
    born = pd.DatetimeIndex(children["birth"])
    rows: dict[str, npt.NDArray[np.object_] | pd.Series] = {
        "id": np.asarray([f"uuid:{key}" for key in children["key"]], dtype=object),
        "round": np.full(len(now), fieldwork.survey, dtype=object), "interviewer": _teams(children),
        "today": _texts(pd.DatetimeIndex(children["interview"])), "cluster": children["cluster"].to_numpy(object),
        "household": _own(children, "household", "number"), "child": _own(children, "child"),
        "consent": np.full(len(now), "1", dtype=object), "sex": children["sex"].to_numpy(object),
        "dob_history": _texts(born), "ever_card": np.where(card | (given["bcg"] & (of_card.random(len(now)) < 0.7)), "1", "2").astype(object),
        "dob_card": _where(card, _texts(born)), "facility_visited": _codes(sought),
        "dob_register": _where(listed, _texts(born)),
        "bcg_scar": np.where(given["bcg"] & (of_card.random(len(now)) < 0.8), "1", "2").astype(object),
    }  # fmt: skip
    rows["card_seen"] = np.where(rows["ever_card"] == "1", _codes(card), "")
    for dose in DOSES:
        day = born + pd.to_timedelta(np.where(given[dose], ages[dose], 0), unit="D")
        ticked = of_card.random(len(now)) < 0.03
        for source, seen in (("card", card), ("register", listed)):
            shown = seen & given[dose]
            rows[f"{in_form(dose)}_{source}_date"] = _where(shown & ~ticked, _texts(day))
            rows[f"{in_form(dose)}_{source}_tick"] = _where(
                shown & ticked, np.full(len(now), "1", dtype=object)
            )
        said = of_memory.random(len(now)) < np.where(
            given[dose], fieldwork.recall_yes, fieldwork.recall_wrongly
        )
        rows[f"{in_form(dose)}_history"] = np.where(
            card, np.where(given[dose], "1", "2"), np.where(said, "1", "2")
        )
    rows |= _people(given["dtp1"], of_people)
    return _spoilt(pd.DataFrame(rows).fillna(""), children, fieldwork, of_mistakes)


def _people(reached: Flags, rng: np.random.Generator) -> dict[str, npt.NDArray[np.object_]]:
    """Return what caregivers are and think; those of children without DTP1 meet more obstacles."""
    n = len(reached)
    names, shares = zip(*EDUCATION, strict=True)
    weights = np.where(
        reached[:, None], np.asarray(shares), np.asarray([1.4, 1.2, 0.6, 0.3]) * np.asarray(shares)
    )
    weights /= weights.sum(axis=1, keepdims=True)
    level = (rng.random((n, 1)) > np.cumsum(weights, axis=1)).sum(axis=1).clip(0, len(names) - 1)
    found = {
        "mother_education": np.asarray(names, dtype=object)[level],
        "minutes_to_centre": np.round(rng.lognormal(np.where(reached, 3.3, 4.0), 0.7)).clip(2, 480).astype(int).astype(str).astype(object),
        "displaced": np.where(rng.random(n) < np.where(reached, 0.05, 0.16), "1", "2").astype(object),
        "phone_in_household": _codes(rng.random(n) < np.where(reached, 0.75, 0.5)),
    }  # fmt: skip
    for item, (without, with_dose) in (*DRIVERS.items(), *NEGATIVE.items()):
        yes = rng.random(n) < np.where(reached, with_dose, without)
        if item in SCALES:
            answer = np.where(yes, rng.integers(3, 5, n), rng.integers(1, 3, n)).astype(str)
        elif item == "besd_intention":
            answer = np.where(yes, "all", np.where(rng.random(n) < 0.5, "some", "none"))
        else:
            answer = np.where(yes, "yes", "no")
        found[item] = np.where(rng.random(n) < 0.02, "98", answer).astype(object)
    wealth = rng.normal(np.where(reached, 0.15, -0.5), 1.0)
    for item, half in POSSESSIONS.items():
        found[item] = _codes(wealth + rng.normal(0, 0.8, n) > half)
    return found


def _spoilt(
    rows: pd.DataFrame, children: pd.DataFrame, fieldwork: Fieldwork, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Plant mistakes of writing, each in a date or row of its own, and list them."""
    wrong, planted = fieldwork.mistakes, []
    dates = [
        (at, name)
        for name in map(str, rows)
        if name.endswith("_date")
        for at in np.flatnonzero(rows[name] != "")
    ]
    order = iter(rng.permutation(len(dates)))
    born, seen = pd.DatetimeIndex(children["birth"]), pd.DatetimeIndex(children["interview"])
    for mistake in ("day_and_month_swapped", "before_birth", "after_interview", "without_a_day"):
        for _ in range(round(getattr(wrong, mistake) * len(dates) / 1000)):
            at, name = dates[next(order)]
            day = pd.Timestamp(str(rows.at[at, name]))
            if mistake == "day_and_month_swapped" and day.day <= 12:
                continue  # such a date reads as another day, which nobody could find
            rows.at[at, name] = {
                "day_and_month_swapped": f"{day:%Y-%d-%m}", "without_a_day": f"{day:%Y-%m}",
                "before_birth": f"{born[at] - pd.Timedelta(days=200):%Y-%m-%d}",
                "after_interview": f"{seen[at] + pd.Timedelta(days=90):%Y-%m-%d}",
            }[mistake]  # fmt: skip
            planted.append((rows.at[at, "id"], name, mistake))
    for _ in range(round(wrong.code_unknown * len(rows) / 1000)):
        at = int(rng.integers(len(rows)))
        rows.at[at, "sex"] = "x"
        planted.append((rows.at[at, "id"], "sex", "code_unknown"))
    twice = rows.iloc[rng.permutation(len(rows))[: round(wrong.interview_twice * len(rows) / 1000)]]
    planted += [(one, "row", "interview_twice") for one in twice["id"]]
    rows = pd.concat([rows, twice.assign(id=twice["id"] + "-bis")], ignore_index=True)
    return rows, pd.DataFrame(sorted(planted), columns=["submission", "variable", "mistake"])


def _texts(days: pd.DatetimeIndex) -> npt.NDArray[np.object_]:
    return np.asarray(days.strftime("%Y-%m-%d"), dtype=object)


def _where(when: Flags, what: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    return np.where(when, what, "").astype(object)


def _codes(yes: Flags) -> npt.NDArray[np.object_]:
    return np.where(yes, "1", "0").astype(object)


def _own(children: pd.DataFrame, name: str, usual: str = "") -> npt.NDArray[np.object_]:
    """Return a number of each child as text; where the survey has none, another or 1."""
    column = next((one for one in (name, usual) if one in children), None)
    return (
        np.full(len(children), "1", dtype=object)
        if column is None
        else children[column].astype(str).to_numpy(object)
    )


def _teams(children: pd.DataFrame) -> npt.NDArray[np.object_]:
    if "interviewer" in children:
        return children["interviewer"].to_numpy(object)
    clusters = pd.factorize(children["cluster"])[0]
    return np.asarray([f"E{1 + number % 8:02d}" for number in clusters], dtype=object)
