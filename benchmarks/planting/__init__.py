"""Which faults are planted for which check, in which order, and which checks have none?

`FAULTS` names for each check of the registry what is planted for it; `WITHOUT` would say why nothing is. Faults of
whole districts come first: they need districts in which nothing else is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.planting import numbers, populations, relations, reports
from benchmarks.planting.desk import Desk
from kalanso.simulation import ExampleCountry

Plant = Callable[[Desk, int], None]

FAULTS: Mapping[str, tuple[Plant, ...]] = {
    "completeness": (reports.reports_lost_in_a_month, reports.reports_lost_for_a_year, reports.reports_counted_twice),
    "timeliness": (reports.reports_late, reports.more_in_time_than_came),
    "shared_falls": (numbers.service_fell, numbers.product_fell),
    "blanks": (reports.line_left_blank_in_a_district, reports.line_left_blank),
    "denominators": (
        populations.growth_misstated, populations.growth_in_percent, populations.target_jumps, populations.sources_apart,
        populations.ages_exchanged, populations.too_many_infants, populations.whole_not_its_parts,
    ),
    "coverage": (populations.target_too_small, populations.doses_written_twice),
    "silence": (
        reports.stopped_reporting, reports.silent_for_months, reports.never_reported, relations.source_fell_silent,
    ),
    "zeros": (reports.zero_for_missing, reports.single_zero, reports.blank_for_zero),
    "impossible": (numbers.negative_number, numbers.number_with_fraction),
    "outliers": (
        numbers.ten_times, numbers.three_times, numbers.digits_exchanged, numbers.digit_lost, numbers.two_months_as_one,
    ),
    "copies": (numbers.month_copied, numbers.report_of_another),
    "heaping": (numbers.rounded_to_five, numbers.rounded_to_ten),
    "breaks": (numbers.level_higher, numbers.level_lower),
    "dropout": (
        relations.doses_exchanged, relations.doses_exchanged_for_a_year, relations.third_above_first,
        relations.third_doses_lost,
    ),
    "same_visit": (relations.visit_apart_for_a_year, relations.visit_apart_in_a_month),
    "birth_doses": (relations.births_of_elsewhere,),
    "stock": (
        relations.closing_stock_wrong, relations.opening_not_carried, relations.used_above_stock,
        relations.given_above_used,
    ),
    "target_growth": (populations.target_outgrows,),
    "benford": (relations.counts_invented,),
    "names": (populations.facility_doubled,),
    "points": (
        populations.point_swapped, populations.sign_lost, populations.point_elsewhere, populations.point_lost,
    ),
    "totals": (relations.total_apart,),  # the last: its sums are those of the rows with all other faults
}  # fmt: skip
WITHOUT: Mapping[str, str] = {}  # check: why a planted fault would have no meaning


def planted(country: ExampleCountry, count: int, seed: int) -> Desk:
    """Return a copy of the country with so many faults of each kind."""
    desk = Desk(country, np.random.default_rng(seed))
    for check in FAULTS:
        for plant in FAULTS[check]:
            plant(desk, count)
    return desk
