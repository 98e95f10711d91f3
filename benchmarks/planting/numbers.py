"""Which faults of single numbers are planted: slips of the pen, copies, rounding, new levels, and falls that many share?"""

from __future__ import annotations

import numpy as np

from benchmarks.planting.desk import Desk
from kalanso.simulation.timeline import MONTHS

TYPED = ("bcg_doses", "dtp1_doses", "dtp2_doses", "dtp3_doses", "opv1_doses", "pcv1_doses", "mcv1_doses")
DTP = ("dtp1_doses", "dtp2_doses", "dtp3_doses")


def negative_number(desk: Desk, count: int) -> None:
    """A number stands with a minus."""
    _one_number(desk, count, "negative_number", lambda v: -v)


def number_with_fraction(desk: Desk, count: int) -> None:
    """A count stands with a half."""
    _one_number(desk, count, "number_with_fraction", lambda v: v + 0.5)


def ten_times(desk: Desk, count: int) -> None:
    """A digit too many: a number ten times too large."""
    _one_number(desk, count, "ten_times", lambda v: 10 * v + float(desk.rng.integers(0, 10)))


def three_times(desk: Desk, count: int) -> None:
    """A number three times too large, as where a session is counted again and again."""
    _one_number(desk, count, "three_times", lambda v: 3 * v)


def digits_exchanged(desk: Desk, count: int) -> None:
    """The last two digits of a number change places, and the number changes by two fifths at least."""
    _one_number(desk, count, "digits_exchanged", _turned)


def digit_lost(desk: Desk, count: int) -> None:
    """The last digit of a number is left out."""
    _one_number(desk, count, "digit_lost", lambda v: float(v // 10), least=30)


def _turned(value: float) -> float:
    tens, ones = value // 10 % 10, value % 10
    turned = value - 10 * tens - ones + 10 * ones + tens
    return float(turned if abs(turned - value) >= 0.4 * value else value)


def _one_number(desk: Desk, count: int, kind: str, wrong: object, *, least: float = 10) -> None:
    """Write one number of a facility wrongly, where the whole number stands in one row or in its largest part."""
    for number, place in enumerate(desk.facilities(count)):
        code = TYPED[number % len(TYPED)]
        for _try in range(40):
            month = desk.month_of(place)
            at = desk.at(place, code, month, month, infants=True)
            at = at[~np.isnan(desk.value[at])]
            true = desk.total(at)
            written = float(wrong(true)) if len(at) else true  # type: ignore[operator]
            if true >= least and written != true:
                desk.value[at] = 0.0
                desk.value[at[0]] = written
                desk.remember(kind, place, month, month, indicator=code, true=true, wrong=written)
                break


def two_months_as_one(desk: Desk, count: int) -> None:
    """The report of a month does not come, and its doses stand in that of the next."""
    for place in desk.facilities(count, reports=44):
        month = desk.month_of(place, before=True)
        at, before = desk.doses(place, month, month), desk.doses(place, month - 1, month - 1)
        true = desk.total(desk.at(place, "dtp1_doses", month, month, infants=True))
        share = desk.total(before) / max(desk.total(at), 1.0)
        desk.scale(at, 1 + share)
        desk.lose(before)
        written = desk.total(desk.at(place, "dtp1_doses", month, month, infants=True))
        desk.remember(
            "two_months_as_one", place, month, month, indicator="dtp1_doses", true=true, wrong=written
        )


def month_copied(desk: Desk, count: int) -> None:
    """A whole report is that of the month before."""
    for place in desk.facilities(count, reports=44):
        month = desk.month_of(place, before=True)
        _write_like(desk, place, month, desk.doses(place, month - 1, month - 1))
        desk.remember("month_copied", place, month, month)


def report_of_another(desk: Desk, count: int) -> None:
    """A whole report is that of another facility in the same month."""
    chosen = desk.facilities(2 * count, reports=44)
    for place, other in zip(chosen[::2], chosen[1::2], strict=False):
        told = desk.first_doses.loc[[place, other]].notna().all()
        months = [m for m in range(13, 42) if told.to_numpy()[m]]
        month = int(desk.rng.choice(months))
        _write_like(desk, place, month, desk.doses(other, month, month))
        for one in (place, other):
            desk.remember("report_of_another", one, month, month)


def _write_like(desk: Desk, place: str, month: int, model: np.ndarray) -> None:
    """Give the numbers of a report those of another report, by indicator and age."""
    code, band = desk.columns["indicator"], desk.columns["age_band"]
    own = desk.doses(place, month, month)
    for key in {(code[n], band[n]) for n in own}:
        mine = own[(code[own] == key[0]) & (band[own] == key[1])]
        theirs = model[(code[model] == key[0]) & (band[model] == key[1])]
        if len(theirs) and not np.isnan(desk.value[theirs]).all():
            desk.value[mine] = 0.0
            desk.value[mine[0]] = desk.total(theirs)


def rounded_to_five(desk: Desk, count: int) -> None:
    """A facility rounds every number to the next five."""
    _rounded(desk, count, "rounded_to_five", 5)


def rounded_to_ten(desk: Desk, count: int) -> None:
    """A facility rounds every number to the next ten."""
    _rounded(desk, count, "rounded_to_ten", 10)


def _rounded(desk: Desk, count: int, kind: str, step: int) -> None:
    for place in desk.facilities(count, usual=20):
        at = desk.doses(place)
        desk.value[at] = step * np.round(desk.value[at] / step)
        desk.remember(kind, place)


def level_higher(desk: Desk, count: int) -> None:
    """From one month on all numbers of a facility are 2.2 times as high."""
    _level(desk, count, "level_higher", 2.2)


def level_lower(desk: Desk, count: int) -> None:
    """From one month on all numbers of a facility are two fifths."""
    _level(desk, count, "level_lower", 0.4)


def _level(desk: Desk, count: int, kind: str, factor: float) -> None:
    for place in desk.facilities(count, usual=30, reports=44):
        month = int(desk.rng.integers(16, 32))
        desk.scale(desk.doses(place, month), factor)
        # The break is told a month or two beside the true one, where chance draws it there.
        desk.remember(kind, place, month - 3, min(month + 3, MONTHS - 1))


def service_fell(desk: Desk, count: int) -> None:
    """All services of a district are halved in one month, though the reports come."""
    for district in desk.districts(count, reports=0.6):
        month = int(desk.rng.integers(13, 42))
        for place in desk.below(district):
            desk.scale(desk.doses(place, month, month), 0.45)
        desk.remember("service_fell", district, month, month)


def product_fell(desk: Desk, count: int) -> None:
    """Only the doses of DTP of a district fall, to two fifths, in one month."""
    for district in desk.districts(count, reports=0.6):
        month = int(desk.rng.integers(13, 42))
        for place in desk.below(district):
            desk.scale(desk.at(place, DTP, month, month), 0.4)
        desk.remember("product_fell", district, month, month)
