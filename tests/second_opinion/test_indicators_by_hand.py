"""Does a slow, plain reading of the definitions give the same numbers?

No engine and no joins: loops over lists, written from the words of the definitions. Small random
tables with blanks, options, parents that report too, and places that come and go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.vocabulary import Period, PeriodType
from tests.spec.text_tables import answer, lineage, question

pytestmark = pytest.mark.long

TREE = lineage(
    """
    place | level    | parent
    ML    | country  | -
    D1    | district | ML
    D2    | district | ML
    F1    | facility | D1
    F2    | facility | D1
    F3    | facility | D2
    """
)
LEVELS = {
    "ML": "country",
    "D1": "district",
    "D2": "district",
    "F1": "facility",
    "F2": "facility",
    "F3": "facility",
}
PARENTS = {"D1": "ML", "D2": "ML", "F1": "D1", "F2": "D1", "F3": "D2"}
ROUTINE = ("fixed", "outreach", "mobile", "unknown", "all")
MONTHS = [
    Period.parse(code) for code in ("202310", "202311", "202312", "202401", "202402", "202403", "202404")
]


def above(place: str) -> list[str]:
    return [place, *(above(PARENTS[place]) if place in PARENTS else [])]


def total(values: Iterable[float | None]) -> float | None:
    """Return the sum of what is there, or nothing where nothing is there."""
    there = [value for value in values if value is not None]
    return sum(there) if there else None


def one_number(rows: Sequence[dict[str, Any]], options: Sequence[tuple[str, str]]) -> float | None:
    """Return the total of the first option where given, else the sum of its parts, each found alike."""
    if not options:
        return total(row["value"] for row in rows)
    (option, whole), *rest = options
    groups = defaultdict(list)
    for row in rows:
        groups[row[option]].append(row)
    found = {name: one_number(group, rest) for name, group in groups.items()}
    if found.get(whole) is not None:
        return found[whole]
    return total(value for name, value in found.items() if name != whole)


class ByHand:
    """The counts of one source by place and asked period."""

    def __init__(
        self, rows: Sequence[dict[str, Any]], indicator: str, kind: PeriodType, cumulative: bool
    ) -> None:
        self.kind, self.cumulative = kind, cumulative
        mine = [r for r in rows if r["indicator"] == indicator and r["strategy"] in ROUTINE]
        banded = any(r["age_band"] == "0-11m" for r in mine)
        mine = [r for r in mine if r["age_band"] in (("0-11m",) if banded else ("unknown", "all"))]
        order = [("strategy", "all"), ("age_band", "all"), ("sex", "all"), ("product", "")]
        self.cells: dict[tuple[str, str], float | None] = {}
        self.reports: dict[tuple[str, str], tuple[float | None, float | None]] = {}
        for place, month in {(r["place_code"], r["period"]) for r in mine}:
            here = [r for r in mine if (r["place_code"], r["period"]) == (place, month)]
            self.cells[place, month] = one_number(here, order)
            stated = [(r["reports_expected"], r["reports_received"]) for r in here]
            self.reports[place, month] = tuple(
                max((x[i] for x in stated if x[i] is not None), default=None) for i in (0, 1)
            )  # type: ignore[assignment]
        self.parents = {
            (parent, month)
            for (place, month), v in self.cells.items()
            if v is not None
            for parent in above(place)[1:]
        }
        self.ever = {place for place, _ in self.parents}
        self.leaves = {key: value for key, value in self.cells.items() if key not in self.parents}

    def due(self, place: str, month: str) -> tuple[float | None, float | None]:
        expected, received = self.reports[place, month]
        if expected is not None and received is not None:
            return expected, received
        if expected is None and LEVELS[place] == "facility":
            return 1.0, float(self.leaves[place, month] is not None)
        return None, None

    def months_of(self, period: Period) -> list[str]:
        first = Period.month(period.year, 1) if self.cumulative else period.months()[0]
        return [month.code for month in first.until(period.months()[-1])]

    def value(self, place: str, period: Period, newest: str) -> dict[str, Any] | None:
        months = self.months_of(period)
        rows = {k: v for k, v in self.leaves.items() if k[1] in months and place in above(k[0])}
        if not rows or period.code not in self.periods():
            return None
        reporting = {p for (p, _), v in rows.items() if v is not None}
        steady = {p for p, _ in self.leaves if place in above(p) and p not in self.ever}
        since = {p: min(m for q, m in self.leaves if q == p) for p in steady}
        expected = {p for p in steady if since[p] <= min(months[-1], newest)} | {
            p for p, _ in rows if p in self.ever
        }
        due = total(self.due(*key)[0] for key in rows)
        came = total(self.due(*key)[1] for key in rows)
        for p in steady:
            each = total(self.due(p, m)[0] for q, m in self.leaves if q == p)
            known = sum(self.due(p, m)[0] is not None for q, m in self.leaves if q == p)
            missing = [m for m in months if since[p] <= m <= newest and (p, m) not in self.leaves]
            if each is not None and due is not None:
                due += each / known * len(missing)
        return {
            "value": total(rows.values()),
            "completeness": came / due if due else None,
            "places_expected": len(expected),
            "places_reporting": len(reporting),
        }

    def periods(self) -> set[str]:
        return {Period.parse(month).to(self.kind).code for _, month in self.cells}


@st.composite
def reports(draw: st.DrawFn) -> list[dict[str, Any]]:
    cells = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["F1", "F2", "F3", "F1", "F2", "F3", "D1", "D2"]),
                st.sampled_from(MONTHS),
                st.sampled_from(["dtp1_doses", "dtp3_doses"]),
                st.sampled_from(["0-11m", "0-11m", "0-11m", "unknown", "12-23m"]),
                st.sampled_from(["all", "all", "fixed", "outreach", "campaign"]),
                st.sampled_from(["all", "all", "female", "male"]),
                st.sampled_from(["", "", "penta", "hexa"]),
            ),
            min_size=20,
            max_size=60,
            unique=True,
        )
    )
    # the reports are those of the form: one statement for each place and month
    forms = {
        (place, month.code): draw(st.none() | st.integers(0, 4).map(float))
        for place, month in sorted({(c[0], c[1]) for c in cells}, key=str)
    }
    rows = []
    for place, month, indicator, age, strategy, sex, product in cells:
        value = draw(st.none() | st.integers(0, 50))
        received = forms[place, month.code]
        rows.append(
            {
                "source": "s", "place_code": place, "period": month.code, "period_type": "month",
                "period_start": month.start, "indicator": indicator,
                "value": None if value is None else float(value),
                "status": "missing" if value is None else "zero" if value == 0 else "reported",
                "product": product, "age_band": age, "strategy": strategy, "sector": "all", "sex": sex,
                "reports_expected": None if received is None else 4.0,
                "reports_received": received,
                "reports_on_time": None,
            }
        )  # fmt: skip
    return rows


def targets() -> list[dict[str, Any]]:
    found = []
    for place, people in (("D1", 400.0), ("D2", 700.0)):
        for year in (2023, 2024):
            found.append(
                {
                    "source": "s", "place_code": place, "period": str(year), "period_type": "year",
                    "period_start": date(year, 1, 1), "indicator": "surviving_infants", "value": people + year,
                    "status": "reported", "product": "", "age_band": "all", "strategy": "all", "sector": "all",
                    "sex": "all", "reports_expected": None, "reports_received": None, "reports_on_time": None,
                }
            )  # fmt: skip
    return found


def target(place: str, period: Period, cumulative: bool) -> float | None:
    below = [
        t["value"] for t in targets() if t["period"] == str(period.year) and place in above(t["place_code"])
    ]
    months = 12 if period.type is PeriodType.YEAR else len(period.months())
    if cumulative:
        months = period.months()[-1].number
    return sum(below) * months / 12 if below else None


@pytest.mark.parametrize(("kind", "cumulative"), [("month", True), ("quarter", False), ("year", False)])
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(rows=reports())
def test_counts_coverage_dropout_and_completeness_agree_with_the_slow_way(
    kind: str, cumulative: bool, rows: list[dict[str, Any]]
) -> None:
    codes = ("dtp1_doses", "dtp1_coverage", "dtp1_missed_children", "dtp1_dtp3_dropout")
    found = answer(
        OBSERVATIONS.arrow(rows + targets()), TREE, question(*codes, period=kind, cumulative=cumulative)
    )

    first = ByHand(rows, "dtp1_doses", PeriodType(kind), cumulative)
    last = ByHand(rows, "dtp3_doses", PeriodType(kind), cumulative)
    # a month for which the source sent anything at all is due from every place
    newest = max((month for _, month in [*first.cells, *last.cells]), default="")
    expected: dict[tuple[str, str, str], tuple[Any, ...]] = {}
    for place in LEVELS:
        for code in first.periods():
            period = Period.parse(code)
            here, there = first.value(place, period, newest), last.value(place, period, newest)
            if here is None:
                continue
            due, given_ = target(place, period, cumulative), here["value"]
            whole = here["completeness"], here["places_expected"], here["places_reporting"]
            expected[place, code, "dtp1_doses"] = (given_, *whole)
            expected[place, code, "dtp1_coverage"] = (
                None if due is None or given_ is None else given_ / due,
                *whole,
            )
            expected[place, code, "dtp1_missed_children"] = (
                None if due is None or given_ is None else due - given_,
                *whole,
            )
            left = None if there is None else there["value"]
            lost = None if not given_ or left is None else (given_ - left) / given_
            expected[place, code, "dtp1_dtp3_dropout"] = (lost,)

    got = {(r["place_code"], r["period"], r["indicator"]): r for r in found}
    assert set(got) == set(expected)
    for key, (value, *whole) in expected.items():
        assert got[key]["value"] == pytest.approx(value, abs=1e-9), key
        if whole:
            names = ("completeness", "places_expected", "places_reporting")
            assert [got[key][name] for name in names] == pytest.approx(whole, abs=1e-9), key
