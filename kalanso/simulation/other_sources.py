"""Which other sources of the example country tell the same facts, other facts, or nothing?

Two sources beside the monthly reports, with known truth for the source catalogue: the workbooks of
the districts, which copy the same reports (redundant) but disagree in some districts, fall silent in
others, arrive late and are corrected once; and the surveillance of measles and of flaccid paralysis by
vaccination status, which some districts never send and which stops early. What was planted is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.simulation import paralyses
from kalanso.simulation.reports import SOURCE as REPORTS
from kalanso.simulation.tables import PLANTED_SOURCES
from kalanso.simulation.timeline import MONTH_CODES, MONTH_STARTS, MONTHS, month

Numbers = npt.NDArray[np.float64]

WORKBOOKS = "demo-dvdmt"
SURVEILLANCE = "demo-surveillance"
COPIED = ("bcg_doses", "dtp1_doses", "dtp3_doses", "mcv1_doses")
STATUSES = {"unvaccinated": 0.58, "1_dose": 0.2, "2_doses": 0.05, "unknown": 0.17}
DISAGREEING, FACTOR = 0.10, 1.15  # share of districts that write more than their reports say, and by how much
SILENT, SILENT_FROM, SILENT_MONTHS = 0.08, month(2023, 3), 4
ABSENT = 0.05  # share of districts that send no workbook at all
SLOW = 0.25  # share of districts whose reports trickle in
KNOWN = {"fast": (0.97, 1.0, 1.0, 1.0), "slow": (0.45, 0.75, 0.9, 1.0)}  # known 1, 2, 3, 4 months after
FIRST_STATE, STATES = month(2024, 1), 10  # kept states, each on the 15th of a month
LAST = month(2024, 9)  # the last month that the newest state knows
CORRECTED_IN, CORRECTION = 7, 1.2  # state that corrected a quarter of one district upwards, from what to what
CORRECTED = (month(2023, 7), month(2023, 9))
NEVER_HELD = ("pertussis_cases_unvaccinated",)
UNREPORTED, ENDS = 0.15, month(2024, 6)  # districts without surveillance, and its last month


@dataclass(frozen=True, kw_only=True)
class OtherSources:
    """What the other sources sent: workbooks as kept on several days, surveillance, what is known around services, and what was planted."""

    states: tuple[tuple[date, pa.Table], ...]
    surveillance: pa.Table
    around: pa.Table
    planted: pa.Table


def other_sources(
    observations: pa.Table, district_of: dict[str, str], susceptible: Numbers, districts: Sequence[str],
    rng: np.random.Generator, *, infants: Numbers, without: Numbers, known_around: Iterable[tuple[str, str, Numbers]],
) -> OtherSources:  # fmt: skip
    """Return the two sources.

    `observations` are those of the monthly reports, `district_of` the district of each facility;
    `susceptible` expected measles cases by district (in the order of `districts`) and month;
    `infants` and `without` surviving infants and the share of them without DTP1 of the same; `known_around` is what `around` tells, by source, indicator, district and month.
    """
    planted: list[dict[str, Any]] = []
    roles = _roles(districts, rng)
    written = _copied(observations, district_of, list(districts))
    for place in roles["disagreeing"]:
        at = districts.index(place)
        written[:, at] = np.round(written[:, at] * FACTOR)
    for place in roles["silent"]:
        written[:, districts.index(place), SILENT_FROM : SILENT_FROM + SILENT_MONTHS] = np.nan
    for place in roles["absent"]:
        written[:, districts.index(place)] = np.nan
    planted += _remembered(roles, written, districts)
    states = tuple(_states(written, roles, districts))
    cases, unseen = _cases(susceptible, districts, rng)
    (chance,) = rng.spawn(1)  # what is drawn besides leaves the other sources as they are
    cases = pa.concat_tables([cases, *_paralyses(infants, without, districts, unseen, chance)])
    planted += [
        _plant(kind, source, f"{disease}_cases_unvaccinated", place)
        for place in unseen
        for disease in ("measles", "afp")
        for kind, source in (("uncovered", ""), ("absent", SURVEILLANCE))
    ]
    planted += [
        _plant("stopped", source, indicator, "ML", first=MONTH_CODES[last + 1])
        for source, last, indicators in (
            (SURVEILLANCE, ENDS, [f"measles_cases_{status}" for status in STATUSES]),
            (SURVEILLANCE, ENDS, [f"afp_cases_{status}" for status in paralyses.STATUSES]),
            (WORKBOOKS, LAST, COPIED),
        )
        for indicator in indicators
    ]
    planted += [_plant("unheld", "", indicator, "ML") for indicator in NEVER_HELD]
    return OtherSources(
        states=states,
        surveillance=cases,
        around=_around(known_around, districts),
        planted=PLANTED_SOURCES.arrow(planted),
    )


def _roles(districts: Sequence[str], rng: np.random.Generator) -> dict[str, list[str]]:
    """Draw districts for each role; the first three never overlap, so that each planted fact stands alone."""
    order = [districts[i] for i in rng.permutation(len(districts))]
    found: dict[str, list[str]] = {}
    for name, share in (("disagreeing", DISAGREEING), ("silent", SILENT), ("absent", ABSENT)):
        count = max(1, round(share * len(districts)))
        found[name], order = order[:count], order[count:]
    found["corrected"] = order[:1]
    found["slow"] = [place for place in order[1:] if rng.random() < SLOW] or order[-1:]
    return found


def _copied(observations: pa.Table, district_of: dict[str, str], districts: list[str]) -> Numbers:
    """Return the sums of the monthly reports by copied indicator, district and month; NaN where none came."""
    wanted = pc.and_(
        pc.is_in(observations["indicator"], pa.array(COPIED)), pc.equal(observations["age_band"], "0-11m")
    )
    wanted = pc.and_(wanted, pc.equal(observations["source"], REPORTS))
    rounds = pc.is_in(observations["strategy"], pa.array(["campaign", "catch_up"]))
    rows = observations.filter(pc.and_(wanted, pc.invert(rounds)))
    frame = rows.select(["place_code", "period", "indicator", "value"]).to_pandas()
    frame["district"] = frame["place_code"].map(district_of)
    sums = frame.groupby(["indicator", "district", "period"])["value"].sum(min_count=1)
    index = pd.MultiIndex.from_product([COPIED, districts, MONTH_CODES])
    return sums.reindex(index).to_numpy(copy=True).reshape(len(COPIED), len(districts), MONTHS)


def _states(
    written: Numbers, roles: dict[str, list[str]], districts: Sequence[str]
) -> Iterator[tuple[date, pa.Table]]:
    """Return what each kept state knew: recent months in part, and one district before its correction."""
    pace = np.array([KNOWN["slow" if place in roles["slow"] else "fast"] for place in districts])
    first, last = CORRECTED
    for number in range(STATES):
        newest = FIRST_STATE + number - 1
        seen = written[:, :, : newest + 1].copy()
        for back in range(4):
            seen[:, :, newest - back] = np.round(seen[:, :, newest - back] * pace[None, :, back])
        if number < CORRECTED_IN:
            for place in roles["corrected"]:
                at = districts.index(place)
                seen[:, at, first : last + 1] = np.round(seen[:, at, first : last + 1] / CORRECTION)
        start = MONTH_STARTS[newest + 1]
        yield date(start.year, start.month, 15), _rows(WORKBOOKS, COPIED, districts, seen, "0-11m")


def _cases(
    susceptible: Numbers, districts: Sequence[str], rng: np.random.Generator
) -> tuple[pa.Table, list[str]]:
    """Return measles cases by vaccination status, and the districts that never send them."""
    count = max(1, round(UNREPORTED * len(districts)))
    unseen = [districts[i] for i in rng.permutation(len(districts))[:count]]
    until = susceptible[:, : ENDS + 1]
    values = np.stack([rng.poisson(until * share).astype(float) for share in STATUSES.values()])
    for place in unseen:
        values[:, districts.index(place)] = np.nan
    codes = [f"measles_cases_{status}" for status in STATUSES]
    return _rows(SURVEILLANCE, codes, districts, values, "all"), unseen


def _around(known: Iterable[tuple[str, str, Numbers]], districts: Sequence[str]) -> pa.Table:
    """Return what is known around services as rows; yearly facts stand in the last month of their year."""
    found = []
    for source, indicator, values in known:
        told = values.copy()
        if indicator.startswith("population"):
            told[:, [at for at in range(MONTHS) if at % 12 != 11]] = np.nan
        found.append(_rows(source, [indicator], districts, told[None], "all"))
    return pa.concat_tables(found)


def _paralyses(
    infants: Numbers, without: Numbers, districts: Sequence[str], unseen: Sequence[str], rng: np.random.Generator
) -> Iterator[pa.Table]:  # fmt: skip
    """Yield cases of flaccid paralysis by vaccination status, a table for each age, of the districts that send cases."""
    told = paralyses.paralyses(infants[:, : ENDS + 1], without[:, : ENDS + 1], rng)
    for age in paralyses.AGES:
        values = np.stack([told[status, age] for status in paralyses.STATUSES])
        values[:, [districts.index(place) for place in unseen]] = np.nan
        yield _rows(
            SURVEILLANCE, [f"afp_cases_{status}" for status in paralyses.STATUSES], districts, values, age
        )


def _rows(
    source: str, indicators: Sequence[str], districts: Sequence[str], values: Numbers, age: str
) -> pa.Table:
    """Return the numbers that are there as monthly rows of `observations`."""
    which, where, when = np.nonzero(~np.isnan(values))
    told = values[which, where, when]
    count = len(told)
    starts = pa.array(MONTH_STARTS, pa.date32())
    constant = {
        "source": source, "period_type": "month", "product": "", "age_band": age, "strategy": "all",
        "sector": "all", "sex": "all",
    }  # fmt: skip
    columns: dict[str, Any] = {name: pa.repeat(value, count) for name, value in constant.items()}
    columns |= {
        "place_code": pa.array(list(districts)).take(pa.array(where)),
        "period": pa.array(MONTH_CODES).take(pa.array(when)),
        "period_start": starts.take(pa.array(when)),
        "indicator": pa.array(list(indicators)).take(pa.array(which)),
        "value": pa.array(told),
        "status": pa.array(np.where(told == 0, "zero", "reported")),
    }
    columns |= {
        name: pa.nulls(count, pa.float64())
        for name in ("reports_expected", "reports_received", "reports_on_time")
    }
    return OBSERVATIONS.arrow(pa.table(columns).select(list(OBSERVATIONS.column_names)))


def _plant(
    kind: str, source: str, indicator: str, place: str, *, first: str = "", last: str = "", value: float | None = None
) -> dict[str, Any]:  # fmt: skip
    return {
        "kind": kind, "source": source, "indicator": indicator, "place_code": place, "first_period": first,
        "last_period": last, "value": value,
    }  # fmt: skip


def _remembered(
    roles: dict[str, list[str]], written: Numbers, districts: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Say what was planted in the workbooks, for each copied indicator."""
    for number, indicator in enumerate(COPIED):
        yield _plant("redundant", WORKBOOKS, indicator, "ML")
        for place in roles["disagreeing"]:
            yield _plant("disagreement", WORKBOOKS, indicator, place, value=FACTOR)
        for at, place in enumerate(districts):
            for first, last in _silences(~np.isnan(written[number, at, : LAST + 1])):
                end = "" if last == LAST else MONTH_CODES[last]
                yield _plant("silent", WORKBOOKS, indicator, place, first=MONTH_CODES[first], last=end)
        for place in roles["absent"]:
            yield _plant("absent", WORKBOOKS, indicator, place)
        for place in roles["corrected"]:
            a, b = CORRECTED
            moved = float(np.nansum(written[number, districts.index(place), a : b + 1]))
            yield _plant(
                "corrected",
                WORKBOOKS,
                indicator,
                place,
                first=MONTH_CODES[a],
                last=MONTH_CODES[b],
                value=moved,
            )
        for place in districts:
            if place not in roles["absent"]:
                slow = place in roles["slow"]
                yield _plant("delay", WORKBOOKS, indicator, place, value=4.0 if slow else 1.0)


def _silences(there: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield first and last month of each silence of two months or more after the first number.

    Those that were planted, and those that the copied reports had already.
    """
    if not there.any():
        return
    t = int(there.argmax())
    while t < len(there):
        end = t
        while end < len(there) and not there[end]:
            end += 1
        if end - t >= 2:
            yield t, end - 1
        t = max(end, t + 1)
