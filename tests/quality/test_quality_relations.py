"""Do the checks that compare numbers with each other find what does not fit?"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kalanso.quality import (
    birth_doses,
    coverage,
    denominators,
    dropout,
    points,
    same_visit,
    shared_falls,
    stock,
)


def noisy(level: float, months: int, seed: int) -> list[float]:
    return [float(v) for v in np.random.default_rng(seed).poisson(level, months)]


@pytest.fixture(scope="module")
def dropouts(observed: Any, evidence: Any, found: Any) -> pd.DataFrame:
    """What the check of dropout says of each place, all judged at once."""
    doses: dict[str, tuple[list[float | None], list[float | None], str]] = {
        "negative": ([200.0] * 12, [180.0] * 8 + [300.0] * 4, "0-11m"),
        "slight": ([1000.0, 1000.0, 150.0], [1015.0, 900.0, 160.0], "0-11m"),
        "few": ([4.0] * 12, [7.0] * 12, "0-11m"),
        "older": ([100.0] * 12, [300.0] * 12, "12-23m"),
        "half a pair 1": ([150.0] * 6, [70.0] * 6, "0-11m"),
        "half a pair 2": ([None] * 6, [500.0] * 6, "0-11m"),
    }
    rows = [
        row
        for place, (first, last, age) in doses.items()
        for code, values in (("dtp1_doses", first), ("dtp3_doses", last))
        for row in observed(code, values, place_code=place, age_band=age)
    ]
    pair = ("half a pair 1", "half a pair 2")
    made = evidence(rows, tree=dict.fromkeys(pair, "above"), levels=dict.fromkeys(pair, "facility"))
    return found(dropout.find(made))


def test_more_last_than_first_doses_are_told_by_month_and_year(dropouts: pd.DataFrame) -> None:
    told = dropouts[dropouts.place_code == "negative"].reset_index(drop=True)

    assert list(told.message) == ["quality.dropout.negative_year"] + ["quality.dropout.negative"] * 4
    assert told.value[0] == -0.1
    assert told.params[0]["negative"] == 4


def test_an_excess_within_two_percent_or_chance_is_only_a_note(dropouts: pd.DataFrame) -> None:
    told = dropouts[dropouts.place_code == "slight"]

    assert list(zip(told.period, told.message, told.severity, strict=True)) == [
        ("202201", "quality.dropout.negative_slight", "note"),
        ("202203", "quality.dropout.negative_slight", "note"),
    ]


def test_few_doses_are_not_judged_and_doses_of_older_children_are_left_out(dropouts: pd.DataFrame) -> None:
    assert set(dropouts.place_code).isdisjoint({"few", "older"})


def test_facilities_are_added_up_where_both_doses_were_reported(dropouts: pd.DataFrame) -> None:
    told = dropouts[dropouts.place_code.isin(["above", "half a pair 1", "half a pair 2"])]

    assert set(told.message) == {"quality.dropout.high"}
    assert set(told.place_code) == {"above", "half a pair 1"}


def test_a_district_that_reports_its_own_total_is_not_given_its_facilities_again(
    observed: Any, evidence: Any
) -> None:
    rows = observed("dtp1_doses", [60.0], place_code="F1") + observed("dtp1_doses", [40.0], place_code="F2")
    rows += observed("dtp1_doses", [100.0], place_code="D")
    rows += [row | {"indicator": "dtp3_doses"} for row in rows]
    made = evidence(rows, tree={"F1": "D", "F2": "D"}, levels={"F1": "facility", "F2": "facility"})

    sums = dropout.both_by_place(made, "dtp1_doses", "dtp3_doses").to_pandas().set_index("place_code").earlier

    assert sums.to_dict() == {"F1": 60.0, "F2": 40.0, "D": 100.0}


def test_doses_of_one_visit_that_differ_are_told(observed: Any, evidence: Any, found: Any) -> None:
    rows = observed("dtp1_doses", [100.0] * 24)
    rows += observed("opv1_doses", [50.0] * 12 + [100.0] * 12) + observed(
        "pcv1_doses", [100.0] * 20 + [10.0] + [100.0] * 3
    )

    told = found(same_visit.find(evidence(rows)))

    assert list(zip(told.indicator, told.period, told.message, strict=True)) == [
        ("opv1_doses", "2022", "quality.same_visit.year"),
        ("pcv1_doses", "202309", "quality.same_visit.period"),
    ]


def test_a_vaccine_not_yet_given_does_not_differ(observed: Any, evidence: Any, found: Any) -> None:
    rows = observed("dtp1_doses", [100.0] * 12) + observed("rota1_doses", [0.0] * 12)

    assert found(same_visit.find(evidence(rows))).empty


@pytest.mark.parametrize("check", [dropout, same_visit, birth_doses])
def test_a_negative_number_stops_no_check_and_its_month_is_left_out(
    check: Any, observed: Any, evidence: Any, found: Any
) -> None:
    rows = observed("dtp1_doses", [100.0] * 12 + [-500.0] + [100.0] * 11)
    for code in ("dtp3_doses", "opv1_doses", "bcg_doses"):
        rows += observed(code, [100.0] * 12 + [-20.0] + [100.0] * 11)

    assert found(check.find(evidence(rows))).empty


def covered(values: list[float], *, target: float = 400.0, place: str = "D1") -> list[dict[str, Any]]:
    plain = {
        "source": "hmis", "level": "district", "tree": "health", "period_type": "quarter", "indicator": "dtp1_coverage",
        "denominator_name": "surviving_infants", "unit": "share", "adjusted": False, "cumulative": False,
        "completeness": None, "places_expected": None, "places_reporting": None, "provisional": False, "caveat": None,
    }  # fmt: skip
    return [
        plain | {
            "place_code": place, "period": f"{2023 + n // 4}Q{n % 4 + 1}", "period_start": date(2023 + n // 4, n % 4 * 3 + 1, 1),
            "numerator": value * target, "denominator": target, "value": value,
        }
        for n, value in enumerate(values)
    ]  # fmt: skip


def test_coverage_above_one_is_told_by_year_and_as_lasting(observed: Any, evidence: Any, found: Any) -> None:
    made = evidence(
        observed("dtp1_doses", [1.0]), coverage=covered([1.3] * 8) + covered([0.9, 1.2] * 4, place="D2")
    )

    told = found(coverage.find(made))

    assert list(zip(told.place_code, told.period, told.message, told.severity, strict=True)) == [
        ("D1", "2023", "quality.coverage.above", "serious"),
        ("D1", "2024", "quality.coverage.above", "serious"),
        ("D1", "2024Q4", "quality.coverage.persistent", "serious"),
        ("D2", "2023", "quality.coverage.above", "note"),
        ("D2", "2024", "quality.coverage.above", "note"),
    ]
    assert "plus de 100\u202f% pendant 8 des 8 dernières périodes" in told.fr[2]


def test_a_small_excess_over_few_children_may_be_chance(observed: Any, evidence: Any, found: Any) -> None:
    made = evidence(observed("dtp1_doses", [1.0]), coverage=covered([1.05] * 8, target=60))

    assert found(coverage.find(made)).empty


def published(year: int, category: str, share: float) -> dict[str, Any]:
    return {
        "source": "jrf", "place_code": "D1", "period": str(year), "period_type": "year", "period_start": date(year, 1, 1),
        "indicator": "dtp1_coverage", "category": category, "coverage": share, "survey": "", "evidence": "",
        "validity": "", "children_age": "", "vaccinated_by": "", "vintage": "2024",
    }  # fmt: skip


def test_published_administrative_coverage_is_judged_and_estimates_are_not(
    observed: Any, evidence: Any, found: Any
) -> None:
    from kalanso.indicators.tables import COVERAGE_SERIES

    rows = [published(2015 + n, "ADMIN", 1.06) for n in range(4)] + [published(2015, "WUENIC", 1.5)]
    made = evidence(observed("dtp1_doses", [1.0]))
    object.__setattr__(made, "published", made.engine_rows(COVERAGE_SERIES.arrow(rows)))

    told = found(coverage.find(made))

    assert list(told.message) == ["quality.coverage.above"] * 4 + ["quality.coverage.persistent"]
    assert set(told.detail) == {"ADMIN"}


PEOPLE: dict[str, dict[str, list[float]]] = {  # populations of 2020 and after, by place
    "jump": {"population_under_1": [1000.0, 1030.0, 1500.0]},
    "region": {"population_total": [100000.0]},
    "part 1": {"population_total": [60000.0]},
    "part 2": {"population_total": [20000.0]},
    "stated": {"population_total": [10000.0, 10900.0], "population_growth_rate": [3.0, 3.0]},
    "ages": {"population_under_1": [900.0], "population_under_5": [800.0], "population_total": [9000.0]},
    "steady": {"population_under_1": [1000.0, 1030.0, 1060.0]},
} | {f"census {n}": {"population_under_1": [1000.0, 700.0 + n]} for n in range(6)}


@pytest.fixture(scope="module")
def populations(observed: Any, evidence: Any, found: Any) -> pd.DataFrame:
    """What the check of denominators says of each place, all judged at once."""
    rows = [
        row
        for place, codes in PEOPLE.items()
        for code, values in codes.items()
        for row in observed(code, values, first="2020", age_band="all", place_code=place)
    ]
    for source, births in (("census", 1000.0), ("un", 1300.0)):
        rows += observed(
            "births", [births], first="2020", age_band="all", source=source, place_code="two sources"
        )
    tree = {"part 1": "region", "part 2": "region"} | {f"census {n}": "counted" for n in range(6)}
    return found(
        denominators.find(evidence(rows, tree=tree, levels={"region": "region", "counted": "country"}))
    )


def cases(told: pd.DataFrame, place: str) -> list[str]:
    return [m.removeprefix("quality.denominators.") for m in told[told.place_code == place].message]


def test_a_population_that_jumps_is_told_and_growth_is_not(populations: pd.DataFrame) -> None:
    assert cases(populations, "jump") == ["jump"]
    assert set(populations[populations.place_code == "jump"].severity) == {"serious"}
    assert cases(populations, "steady") == []


def test_a_new_census_is_told_once_for_the_country(populations: pd.DataFrame) -> None:
    assert cases(populations, "counted") == ["rebased"]
    assert [place for place in PEOPLE if place.startswith("census") and cases(populations, place)] == []


def test_parts_that_do_not_add_up_to_the_whole_are_told(populations: pd.DataFrame) -> None:
    told = populations[populations.place_code == "region"]

    assert list(zip(told.message, told.value, strict=True)) == [("quality.denominators.sums", 80000.0)]


def test_two_sources_that_disagree_are_told(populations: pd.DataFrame) -> None:
    told = populations[populations.place_code == "two sources"]

    assert list(zip(told.message, told.detail, strict=True)) == [("quality.denominators.sources", "un")]


def test_growth_is_compared_with_the_growth_stated_even_in_percent(populations: pd.DataFrame) -> None:
    assert cases(populations, "stated") == ["percent", "growth"]


def test_ages_that_contradict_each_other_are_told(populations: pd.DataFrame) -> None:
    assert set(cases(populations, "ages")) == {"order", "share"}


CARDS: dict[str, dict[str, list[float]]] = {  # stock of Penta by place
    "sound": {
        "opening": [500, 400, 300],
        "received": [0, 0, 200],
        "used": [100, 100, 100],
        "closing": [400, 300, 400],
    },
    "broken": {
        "opening": [500, 100, 300],
        "received": [0, 0, 0],
        "used": [100, 400, 100],
        "closing": [400, 300, 200],
    },
    "too many": {"opening": [900], "received": [0], "used": [100], "closing": [800]},
}
COLUMNS = {
    "opening": "stock_opening_doses", "received": "doses_received", "used": "doses_used", "closing": "stock_closing_doses",
}  # fmt: skip


@pytest.fixture(scope="module")
def cards(observed: Any, evidence: Any, found: Any) -> dict[str, pd.DataFrame]:
    """What the check of stock says of each place, all judged at once."""
    rows = [
        row
        for place, card in CARDS.items()
        for name, values in card.items()
        for row in observed(COLUMNS[name], values, product="penta", age_band="all", place_code=place)
    ]
    for code in ("dtp1_doses", "dtp2_doses", "dtp3_doses"):
        rows += observed(code, [90.0], place_code="too many")
    told = found(stock.find(evidence(rows)))
    return {place: told[told.place_code == place] for place in CARDS}


def test_a_stock_card_that_adds_up_is_not_told(cards: dict[str, pd.DataFrame]) -> None:
    assert cards["sound"].empty


def test_stock_that_does_not_add_up_is_told_by_rule(cards: dict[str, pd.DataFrame]) -> None:
    told = cards["broken"]

    assert list(zip(told.message, told.value, told.expected, strict=True)) == [
        ("quality.stock.overdrawn", 400.0, 100.0),
        ("quality.stock.balance", 300.0, -300.0),
        ("quality.stock.carried", 100.0, 400.0),
    ]
    assert set(told.detail) == {"penta"}


def test_more_children_than_doses_used_are_told(cards: dict[str, pd.DataFrame]) -> None:
    told = cards["too many"]

    assert list(zip(told.message, told.value, told.expected, strict=True)) == [
        ("quality.stock.given", 270.0, 100.0)
    ]


CODES = ("bcg_doses", "dtp1_doses", "opv1_doses", "dtp3_doses", "mcv1_doses", "anc1_visits")
HALF = dict.fromkeys(CODES, 0.5)
COUNTRIES: dict[str, dict[str, Any]] = {  # eight districts each, 36 months; what happens in the 30th
    "strike": {"fall": HALF},
    "blank": {"missing": 5},
    "gone": {"absent": 5},
    "product": {"fall": {"opv1_doses": 0.3}},
    "dated strike": {"fall": HALF, "event": "strike"},
    "contradiction": {"missing": 5, "event": "strike"},
    "new form": {"fall": HALF, "event": "form_change"},
    "old conflict": {"missing": 5, "event": "conflict", "first_day": date(2022, 1, 10), "last_day": None},
    "one closure": {"missing": 5, "event": "closure", "event_place": "one closure 6"},
    "one service": {"fall": {"anc1_visits": 0.4}},
    "one place": {"alone": True},
    "calm": {},
}


def country(observed: Any, name: str, seed: int, case: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for n in range(8):
        for c, code in enumerate(CODES):
            values: list[float | None] = [*noisy(200, 36, seed + 10 * n + c)]
            factor = (
                case.get("fall", {}).get(code, 1.0) if not case.get("alone") else (0.1 if n == 3 else 1.0)
            )
            values[29] = None if n < case.get("missing", 0) else round(values[29] * factor)
            series = observed(code, values, place_code=f"{name} {n}", source=name)
            if n < case.get("absent", 0):
                del series[29]
            rows += series
    return rows


@pytest.fixture(scope="module")
def falls(observed: Any, evidence: Any, found: Any) -> dict[str, pd.DataFrame]:
    """What the check of shared falls says of each country, all judged at once."""
    rows = [
        r for n, (name, case) in enumerate(COUNTRIES.items()) for r in country(observed, name, 100 * n, case)
    ]
    events = [
        {
            "source": "news", "place_code": case.get("event_place", name),
            "first_day": case.get("first_day", date(2024, 6, 3)), "last_day": case.get("last_day", date(2024, 6, 20)),
            "kind": case["event"], "antigen": "", "note": "",
        }
        for name, case in COUNTRIES.items() if "event" in case
    ]  # fmt: skip
    tree = {f"{name} {n}": name for name in COUNTRIES for n in range(8)}
    made = evidence(rows, tree=tree, levels=dict.fromkeys(COUNTRIES, "country"), events=events)
    told = found(shared_falls.find(made))
    return {name: told[told.place_code == name].reset_index(drop=True) for name in COUNTRIES}


def kinds(told: pd.DataFrame) -> list[tuple[str, str]]:
    return [
        (p, m.removeprefix("quality.shared_falls.")) for p, m in zip(told.period, told.message, strict=True)
    ]


def test_a_fall_of_every_service_with_reports_in_is_the_service(falls: dict[str, pd.DataFrame]) -> None:
    told = falls["strike"]

    assert kinds(told) == [("202406", "service")]
    assert told.params[0]["places"] == [f"strike {n}" for n in range(8)]
    assert set(told.params[0]["indicators"]) == set(CODES)
    assert "c’est le service qui a baissé" in told.fr[0]


@pytest.mark.parametrize("name", ["blank", "gone"])
def test_missing_reports_make_it_a_fall_of_reporting_with_or_without_rows(
    name: str, falls: dict[str, pd.DataFrame]
) -> None:
    assert kinds(falls[name]) == [("202406", "reporting")]
    assert falls[name].params[0]["silent"] == 5


def test_one_vaccine_that_falls_beside_its_visit_is_a_matter_of_the_product(
    falls: dict[str, pd.DataFrame],
) -> None:
    assert kinds(falls["product"]) == [("202406", "product")]
    assert falls["product"].indicator[0] == "opv1_doses"


def test_a_dated_event_decides_and_contradictions_stay_open(falls: dict[str, pd.DataFrame]) -> None:
    assert kinds(falls["dated strike"]) == [("202406", "service")]
    assert falls["dated strike"].params[0]["events"] == "strike"
    assert kinds(falls["contradiction"]) == [("202406", "unclear")]
    assert kinds(falls["new form"]) == [("202406", "product")]


@pytest.mark.parametrize("name", ["old conflict", "one closure"])
def test_an_old_event_or_one_of_a_single_place_explains_no_shared_fall(
    name: str, falls: dict[str, pd.DataFrame]
) -> None:
    assert kinds(falls[name]) == [("202406", "reporting")]


def test_a_fall_of_one_service_of_another_kind_stays_unclear(falls: dict[str, pd.DataFrame]) -> None:
    assert kinds(falls["one service"]) == [("202406", "unclear")]


@pytest.mark.parametrize("name", ["one place", "calm"])
def test_a_fall_of_one_place_and_a_calm_country_are_not_told(
    name: str, falls: dict[str, pd.DataFrame]
) -> None:
    assert falls[name].empty


def test_misplaced_points_become_findings_with_the_sentence_of_places(
    observed: Any, evidence: Any, found: Any
) -> None:
    made = evidence(observed("dtp1_doses", [1.0]))
    assert found(points.find(made)).empty
    row = {
        "check": "outside_parent", "severity": "serious", "place_code": "D1", "other_code": "R1", "distance_km": 640.0,
        "share": None, "area_km2": None, "message": "places.geometry.outside_parent",
        "params": '{"distance_km": 640.0, "other": "Bougouni", "place": "D1"}',
    }  # fmt: skip
    object.__setattr__(made, "misplaced", pd.DataFrame([row]))

    told = points.find(made).to_pandas()

    assert list(zip(told.check, told.period, told.value, told.message, strict=True)) == [
        ("points", "2025", 640.0, "places.geometry.outside_parent")
    ]
