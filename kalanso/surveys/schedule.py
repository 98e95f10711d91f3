"""By which rules is a child judged, given where and when it was born?

Turns the dated schedule of a definitions pack into a table, and that table into rules for each child: ages and
intervals in days, and whether a dose was offered at all. Whether a dose was valid is asked by `validity`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.definitions import Pack
from kalanso.surveys.estimation.design import Mask, Numbers

Days = npt.NDArray[np.datetime64]
EVERYWHERE = "everywhere"
SCHEDULE_COLUMNS = (
    "country", "vaccine", "dose", "series_position", "min_age_d", "rec_age_d", "max_age_d", "min_interval_d",
    "from_prev_dose", "valid_from", "valid_to", "geo_scope", "birth_cohort_from", "season", "counts_for", "source",
    "to_confirm",
)  # fmt: skip


class ScheduleRefused(ValueError):
    """A schedule, or a question to it, that cannot be used: what was expected, what came, what to try."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """What holds for each of n children and each dose: days of age and interval, after grace.

    `minimum`, `maximum`, `interval`, `due` and `offered` are n x doses; missing numbers are NaN. `seasons` maps
    a dose to its months. `left_out` names doses of a scope of which nobody said the places, with that scope: there they are offered to nobody.
    """

    doses: tuple[str, ...]
    minimum: Numbers
    maximum: Numbers
    interval: Numbers
    due: Numbers
    offered: Mask
    grace_days: int
    seasons: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def series(self) -> dict[str, tuple[int, ...]]:
        """The columns of each vaccine, in the order of doses."""
        found: dict[str, list[int]] = {}
        for at, dose in enumerate(self.doses):
            found.setdefault(vaccine_of(dose), []).append(at)
        return {vaccine: tuple(columns) for vaccine, columns in found.items()}


def vaccine_of(dose: str) -> str:
    """Return the vaccine of a dose code: dtp of dtp3, opv0 of opv0."""
    return dose if dose.endswith("0") else dose.rstrip("123456789")


def schedule_table(pack: Pack) -> pd.DataFrame:
    """Return the schedule of a country, a row per dose and version, in SCHEDULE_COLUMNS.

    Ages and intervals are days; `geo_scope` is `everywhere` or names a set of places in words; `season` and
    `counts_for` are lists parted by spaces. A row `to_confirm` waits for the national programme.
    """
    rows = []
    for row in pack.schedule:
        dose = row.dose.code
        number = int(dose[-1]) if dose[-1].isdigit() and dose[-1] != "0" else 1
        vaccine = vaccine_of(dose)
        rows.append(
            {
                "country": pack.country.code, "vaccine": vaccine, "dose": dose, "series_position": number,
                "min_age_d": row.minimum_days, "rec_age_d": row.due_days, "max_age_d": row.maximum_days,
                "min_interval_d": row.interval_days, "from_prev_dose": f"{vaccine}{number - 1}" if number > 1 else "",
                "valid_from": row.valid_from, "valid_to": row.valid_to, "geo_scope": row.where, "birth_cohort_from": row.born_from,
                "season": " ".join(map(str, row.season)), "counts_for": " ".join(row.counts_for), "source": row.source,
                "to_confirm": row.to_confirm,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(SCHEDULE_COLUMNS))


def doses_that_count_for(table: pd.DataFrame, what: str) -> tuple[str, ...]:
    """Return the doses that count for `fully_vaccinated` or `zero_dose`, in the order of the schedule."""
    chosen = table["counts_for"].str.split().map(lambda words: what in words)
    return tuple(dict.fromkeys(table.loc[chosen, "dose"]))


def rules_for(
    table: pd.DataFrame, doses: Sequence[str], born: Days, places: Sequence[str] | None = None, *,
    scopes: Mapping[str, Collection[str]] | None = None, grace_days: int = 0,
) -> Rules:  # fmt: skip
    """Return the rules for children born on `born` (n days, NaT where unknown) in `places` (n codes).

    A row holds for a child from `birth_cohort_from` where that is stated, otherwise if the day on which the dose
    fell due lies between `valid_from` and `valid_to`; of several rows that hold the one that began last counts.
    Children of unknown birth are judged by the newest row. `scopes` says which places a `geo_scope` means; a
    scope that nobody explained is offered to nobody, and said in `left_out`. `grace_days` are taken off minimum
    ages and intervals: a choice of the analyst, 0 unless stated. Raises ScheduleRefused for unknown doses.
    """
    if grace_days < 0:
        raise ScheduleRefused(f"grace_days: expected 0 or more, got {grace_days}")
    if unknown := [dose for dose in doses if dose not in set(table["dose"])]:
        raise ScheduleRefused(
            f"expected doses of the schedule ({', '.join(dict.fromkeys(table['dose']))}), got {', '.join(unknown)}; "
            "add a row with its source to the schedule of the country"
        )
    born = np.asarray(born, dtype="datetime64[D]")
    n, width = len(born), len(doses)
    numbers = {name: np.full((n, width), np.nan) for name in _AGES}
    offered = np.zeros((n, width), dtype=bool)
    left_out, seasons = {}, {}
    for at, dose in enumerate(doses):
        rows = table[table["dose"] == dose]
        begins = pd.to_datetime(rows["birth_cohort_from"].fillna(rows["valid_from"]))
        for _, row in rows.assign(begins=begins).sort_values("begins", na_position="first").iterrows():
            inside = _inside(row["geo_scope"], places, scopes, n)
            if inside is None:
                left_out[dose] = str(row["geo_scope"])
                continue
            holds = inside & _holds(row, born)
            for name, (column, grace) in _AGES.items():
                days = pd.to_numeric(row[column])
                value = max(float(days) - grace_days, 0.0) if grace and pd.notna(days) else days
                numbers[name][holds, at] = value
            offered[holds, at] = True
            if row["season"]:
                seasons[dose] = tuple(map(int, row["season"].split()))
    return Rules(
        doses=tuple(doses), offered=offered, grace_days=grace_days, seasons=seasons, left_out=left_out, **numbers
    )  # fmt: skip


# rule -> (column of the table, whether grace days are taken off)
_AGES = {
    "minimum": ("min_age_d", True), "maximum": ("max_age_d", False), "interval": ("min_interval_d", True),
    "due": ("rec_age_d", False),
}  # fmt: skip


def _inside(
    scope: str, places: Sequence[str] | None, scopes: Mapping[str, Collection[str]] | None, n: int
) -> Mask | None:
    if scope == EVERYWHERE:
        return np.ones(n, dtype=bool)
    if scopes is None or scope not in scopes:
        return None
    if places is None:
        raise ScheduleRefused(f"{scope}: expected the place of each child, got none")
    if len(places) != n:
        raise ScheduleRefused(f"expected {n} places, one per child, got {len(places)}")
    return np.isin(np.asarray(places, dtype=object).astype(str), list(scopes[scope]))


def _holds(row: pd.Series, born: Days) -> Mask:
    unknown = np.isnat(born)
    if pd.notna(row["birth_cohort_from"]):
        first = np.datetime64(row["birth_cohort_from"], "D")
        return unknown | (born >= first)
    due = 0 if pd.isna(row["rec_age_d"]) else int(row["rec_age_d"])
    day = born + np.timedelta64(due, "D")
    after = pd.isna(row["valid_from"]) or day >= np.datetime64(row["valid_from"], "D")
    before = pd.isna(row["valid_to"]) or day <= np.datetime64(row["valid_to"], "D")
    # the newest row has no end
    return np.asarray((after & before) | (unknown & bool(pd.isna(row["valid_to"]))), dtype=bool)
