"""Are WHO's metrics of a real workbook, computed again from its cells by plain loops, the same to the last digit?

Reads the workbook by itself (calamine, no reader of the library) and computes metrics 1a to 4b with sums,
sorted lists and square roots alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from kalanso.quality import who
from tests.quality.kenya_workbook import FILE, kenya_evidence

pytestmark = [pytest.mark.long, pytest.mark.shared_data]

MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December"]  # fmt: skip
COLUMNS = {
    "ANC1": "anc1_visits", "Instdelivery": "facility_deliveries", "OPD_total": "opd_visits", "BCG": "bcg_doses",
    "Penta1": "dtp1_doses", "Penta3": "dtp3_doses", "Measles1": "mcv1_doses", "opv1": "opv1_doses",
    "pcv1": "pcv1_doses",
}  # fmt: skip
ELEMENTS = (
    "anc1_visits",
    "facility_deliveries",
    "opd_visits",
    "bcg_doses",
    "dtp1_doses",
    "dtp3_doses",
    "mcv1_doses",
)
# The number that stands for each form, and the columns of its reports.
FORMS = {
    "anc1_visits": "ANC_reporting", "dtp1_doses": "Vacc_reporting", "facility_deliveries": "Instdelivey_reporting",
    "opd_visits": "OPD_reporting",
}  # fmt: skip
YEARS = (2019, 2020, 2021, 2022, 2023)
SURVEYS = {"dtp1": {2014: 0.964, 2022: 0.964}, "dtp3": {2014: 0.873, 2022: 0.869}}
SURVIVAL = 0.951  # surviving infants per live birth, as the pack states it
NATION = "Kenya"
Cells = dict[tuple[str, str, int, int], float]
Told = dict[tuple[str, int, str, str, str], tuple[float | None, float | None, float | None, str]]


def sheets(path: Path) -> tuple[Cells, Cells, Cells, dict[tuple[str, str, int], float], list[str]]:
    """Return counts, expected and received reports by (column, county, year, month), and populations."""
    book = CalamineWorkbook.from_path(str(path))
    counts: Cells = {}
    expected: Cells = {}
    received: Cells = {}
    people: dict[tuple[str, str, int], float] = {}
    names: list[str] = []

    def rows(sheet: str) -> tuple[list[str], list[list[Any]]]:
        table = book.get_sheet_by_name(sheet).to_python()
        return [str(cell).strip() for cell in table[0]], table[1:]

    for sheet in ("Service_data_1", "Service_data_2", "Service_data_3"):
        heads, body = rows(sheet)
        for row in body:
            if row[2] in MONTHS:
                county, year, month = str(row[0]).strip(), int(row[1]), MONTHS.index(row[2]) + 1
                for head, code in COLUMNS.items():
                    if head in heads and isinstance(row[heads.index(head)], (int, float)):
                        counts[code, county, year, month] = float(row[heads.index(head)])
    heads, body = rows("Reporting_completeness")
    for row in body:
        if row[2] in MONTHS:
            county, year, month = str(row[0]).strip(), int(row[1]), MONTHS.index(row[2]) + 1
            names.append(county)
            for form, head in FORMS.items():
                at = next(i for i, text in enumerate(heads) if text.startswith(f"{head}_exp"))
                expected[form, county, year, month] = float(row[at])
                received[form, county, year, month] = float(row[at + 1])
    heads, body = rows("Population_data")
    for row in body:
        if isinstance(row[1], (int, float)):
            for head, code in (("Live_births", "live_births"), ("Total_births", "births"),
                               ("Population_under_1year", "population_under_1")):  # fmt: skip
                people[code, str(row[0]).strip(), int(row[1])] = float(row[heads.index(head)])
    return counts, expected, received, people, sorted(set(names))


def ratio(a: float, b: float) -> float | None:
    return a / b if b else None


def low(value: float | None, limit: float) -> str:
    return "not_judged" if value is None else "poor" if value < limit else "good"


def within(value: float | None, lower: float | None, upper: float | None) -> str:
    if value is None or lower is None or upper is None:
        return "not_judged"
    return "good" if lower <= value <= upper else "divergent"


def median(values: list[float]) -> float:
    ordered, n = sorted(values), len(values)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


def outliers_of(values: list[float]) -> tuple[int, int, int]:
    """Return how many values are beyond 3 and 2 sample standard deviations, and 3.5 modified z."""
    n, mean = len(values), sum(values) / len(values)
    sd = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1)) if n > 1 else 0.0
    middle = median(values)
    away = [abs(v - middle) for v in values]
    mad = median(away)
    scatter = 1.486 * mad if mad > 0 else 1.253314 * sum(away) / n
    z = [abs(v - mean) / sd for v in values] if sd > 0 else []
    modified = [a / scatter for a in away] if scatter > 0 else []
    return sum(s > 3 for s in z), sum(s > 2 for s in z), sum(s > 3.5 for s in modified)


def by_hand(path: Path) -> tuple[Told, dict[tuple[str, int, str, str], tuple[int, int]]]:
    """Return every metric, and for the country how many counties were judged and flagged."""
    counts, expected, received, people, counties = sheets(path)
    told: Told = {}

    def months(code: str, place: str, year: int) -> list[float]:
        own = counties if place == NATION else [place]
        sums = []
        for month in range(1, 13):
            there = [counts[code, c, year, month] for c in own if (code, c, year, month) in counts]
            if there:
                sums.append(sum(there))
        return sums

    def reports(table: Cells, form: str, place: str, year: int) -> float:
        own = counties if place == NATION else [place]
        # The form's reports stand on the rows of the number that stands for it.
        return sum(table[form, c, year, m] for m in range(1, 13) for c in own)

    places = [NATION, *counties]
    for year in YEARS:
        before = [y for y in range(year - 3, year) if y in YEARS]
        for form in FORMS:
            rate = {}
            for place in places:
                e, r = (reports(t, form, place, year) for t in (expected, received))
                told["1a", year, form, "", place] = (r, e, ratio(r, e), low(ratio(r, e), 0.90))
                if before:
                    earlier = [
                        reports(received, form, place, y) / reports(expected, form, place, y) for y in before
                    ]
                    rate[place] = (r / e, sum(earlier) / len(earlier))
            for place, (now, mean) in rate.items():
                nation = rate[NATION][0] / rate[NATION][1]
                reference = 1.0 if place == NATION else nation
                told["1d", year, form, "", place] = (
                    now, mean, now / mean, within(now / mean, reference * (1 - 0.33), reference * (1 + 0.33))
                )  # fmt: skip
        for code in ELEMENTS:
            far = defaultdict(int)
            size, due = 0, 0
            for place in counties:
                values = months(code, place, year)
                told["1c", year, code, "", place] = (
                    len(values),
                    12,
                    len(values) / 12,
                    low(len(values) / 12, 0.90),
                )
                due += 12
                found = outliers_of(values)
                size += len(values)
                for metric, n, enough in zip(("2a", "2b", "2c"), found, (1, 2, 2), strict=True):
                    far[metric] += n
                    flag = "divergent" if n >= enough else "good"
                    told[metric, year, code, "", place] = (n, len(values), n / len(values), flag)
            told["1c", year, code, "", NATION] = (size, due, size / due, low(size / due, 0.90))
            for metric in ("2a", "2b", "2c"):
                told[metric, year, code, "", NATION] = (far[metric], size, far[metric] / size, "not_judged")
            if before:
                change = {}
                for place in places:
                    earlier = [sum(months(code, place, y)) for y in before]
                    change[place] = (sum(months(code, place, year)), sum(earlier) / len(earlier))
                for place, (now, mean) in change.items():
                    reference = 1.0 if place == NATION else change[NATION][0] / change[NATION][1]
                    told["2d", year, code, "", place] = (
                        now, mean, now / mean, within(now / mean, reference * 0.67, reference * 1.33)
                    )  # fmt: skip
        relations = (("dropout", "dtp1_doses", "dtp3_doses", 0.0), ("equal", "dtp1_doses", "opv1_doses", 0.1),
                     ("equal", "dtp1_doses", "pcv1_doses", 0.1), ("at_least", "anc1_visits", "dtp1_doses", 0.1),
                     ("level", "dtp1_doses", "anc1_visits", 0.33))  # fmt: skip
        for kind, one, other, band in relations:
            for place in places:
                a, b = months(one, place, year), months(other, place, year)
                if not a or not b:
                    continue
                x, y = sum(a), sum(b)
                if kind == "dropout":
                    flag = "divergent" if (x - y) / x < 0 else "good"
                    told["2e", year, one, f"{kind}:{other}", place] = (x - y, x, (x - y) / x, flag)
                    continue
                nation = sum(months(one, NATION, year)) / sum(months(other, NATION, year))
                reference = nation if kind == "level" else 1.0
                upper = math.inf if kind == "at_least" else reference * (1 + band)
                flag = within(x / y, reference * (1 - band), upper)
                flag = "not_judged" if kind == "level" and place == NATION else flag
                told["2e", year, one, f"{kind}:{other}", place] = (x, y, x / y, flag)
        for dose, surveys in SURVEYS.items():
            recent = [y for y in surveys if year - 3 <= y <= year]
            if recent:
                births = sum(people["live_births", c, year] for c in counties) * SURVIVAL
                routine, survey = sum(months(f"{dose}_doses", NATION, year)) / births, surveys[max(recent)]
                told["3a", year, f"{dose}_coverage", f"DHS {max(recent)}", NATION] = (
                    routine, survey, routine / survey, within(routine / survey, 0.67, 1.33)
                )  # fmt: skip
        for first, second in (("live_births", "births"), ("population_under_1", "live_births")):
            for place in places:
                own = counties if place == NATION else [place]
                a, b = (sum(people[code, c, year] for c in own) for code in (first, second))
                told["4a" if place == NATION else "4b", year, first, second, place] = (
                    a,
                    b,
                    a / b,
                    within(a / b, 0.9, 1.1),
                )
    return told, _units(told)


def _units(told: Told) -> dict[tuple[str, int, str, str], tuple[int, int]]:
    units: dict[tuple[str, int, str, str], list[str]] = defaultdict(list)
    for (metric, year, code, detail, place), (*_rest, flag) in told.items():
        if place != NATION and flag != "not_judged":
            units["4a" if metric == "4b" else metric, year, code, detail].append(flag)
    return {key: (len(flags), sum(flag != "good" for flag in flags)) for key, flags in units.items()}


def test_every_metric_of_the_workbook_equals_the_plain_computation(shared_data: Path) -> None:
    evidence = kenya_evidence(shared_data)

    metrics = who.metrics(who.gather(evidence), evidence.threshold("who"))

    told, units = by_hand(shared_data / FILE)
    found = {}
    for row in metrics.itertuples():
        detail = row.detail[:8] if row.metric == "3a" else row.detail
        found[row.metric, row.year, row.indicator, detail, row.place_code] = row
    assert set(found) == set(told)
    assert len(found) > 11_000
    differ = []
    for key, (numerator, denominator, value, flag) in told.items():
        row = found[key]
        same = all(
            a is not None and math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)
            for a, b in ((numerator, row.numerator), (denominator, row.denominator), (value, row.value))
        )
        if not same or flag != row.flag:
            differ.append((key, (numerator, denominator, value, flag), row))
        if row.place_code == NATION:
            metric, year, code, detail, _place = key
            assert (row.units, row.units_flagged) == units.get((metric, year, code, detail), (0, 0)), key
    assert differ == []
