"""Do the checks that compare numbers with each other find what does not fit?"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from kalanso.quality import coverage, denominators, dropout, points, same_visit, shared_falls, stock


def noisy(level: float, months: int, seed: int) -> list[float]:
    return [float(v) for v in np.random.default_rng(seed).poisson(level, months)]


def test_more_last_than_first_doses_are_told_by_month_and_year(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = observed("dtp1_doses", [200.0] * 12) + observed("dtp3_doses", [180.0] * 8 + [300.0] * 4)

    told = found(dropout.find(evidence(rows)))

    assert list(told.message) == ["quality.dropout.negative_year"] + ["quality.dropout.negative"] * 4
    assert told.value[0] == -0.1
    assert told.params[0]["negative"] == 4


def test_an_excess_within_two_percent_or_chance_is_only_a_note(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = observed("dtp1_doses", [1000.0, 1000.0, 150.0]) + observed("dtp3_doses", [1015.0, 900.0, 160.0])

    told = found(dropout.find(evidence(rows)))

    assert list(zip(told.period, told.message, told.severity, strict=True)) == [
        ("202201", "quality.dropout.negative_slight", "note"),
        ("202203", "quality.dropout.negative_slight", "note"),
    ]


def test_few_doses_are_not_judged_and_doses_of_older_children_are_left_out(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = observed("dtp1_doses", [4.0] * 12) + observed("dtp3_doses", [7.0] * 12)
    rows += observed("dtp1_doses", [100.0] * 12, age_band="12-23m", place_code="O")
    rows += observed("dtp3_doses", [300.0] * 12, age_band="12-23m", place_code="O")

    assert found(dropout.find(evidence(rows))).empty


def test_facilities_are_added_up_where_both_doses_were_reported(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = observed("dtp1_doses", [150.0], place_code="F1") + observed("dtp3_doses", [70.0], place_code="F1")
    rows += observed("dtp1_doses", [None], place_code="F2") + observed("dtp3_doses", [500.0], place_code="F2")

    told = found(
        dropout.find(evidence(rows, tree={"F1": "D", "F2": "D"}, levels={"F1": "facility", "F2": "facility"}))
    )

    assert set(told.message) == {"quality.dropout.high"}
    assert set(told.place_code) == {"D", "F1"}


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


def people(observed: Any, code: str, values: list[float], **more: Any) -> list[dict[str, Any]]:
    return observed(code, values, first="2020", age_band="all", **more)


def test_a_population_that_jumps_is_told_and_growth_is_not(observed: Any, evidence: Any, found: Any) -> None:
    rows = people(observed, "population_under_1", [1000.0, 1030.0, 1500.0])

    told = found(denominators.find(evidence(rows)))

    assert list(zip(told.message, told.period, told.severity, strict=True)) == [
        ("quality.denominators.jump", "2022", "serious")
    ]


def test_a_new_census_is_told_once_for_the_country(observed: Any, evidence: Any, found: Any) -> None:
    rows = [
        row
        for n in range(6)
        for row in people(observed, "population_under_1", [1000.0, 700.0 + n], place_code=f"P{n}")
    ]
    tree = {f"P{n}": "ML" for n in range(6)}

    told = found(denominators.find(evidence(rows, tree=tree, levels={"ML": "country"})))

    assert list(zip(told.place_code, told.message, strict=True)) == [("ML", "quality.denominators.rebased")]


def test_parts_that_do_not_add_up_to_the_whole_are_told(observed: Any, evidence: Any, found: Any) -> None:
    rows = people(observed, "population_total", [100000.0], place_code="R")
    for place, size in (("P1", 60000.0), ("P2", 20000.0)):
        rows += people(observed, "population_total", [size], place_code=place)

    told = found(denominators.find(evidence(rows, tree={"P1": "R", "P2": "R"}, levels={"R": "region"})))

    assert list(zip(told.place_code, told.message, told.value, strict=True)) == [
        ("R", "quality.denominators.sums", 80000.0)
    ]


def test_two_sources_that_disagree_are_told(observed: Any, evidence: Any, found: Any) -> None:
    rows = people(observed, "births", [1000.0], source="census") + people(
        observed, "births", [1300.0], source="un"
    )

    told = found(denominators.find(evidence(rows)))

    assert list(zip(told.message, told.detail, strict=True)) == [("quality.denominators.sources", "un")]


def test_growth_is_compared_with_the_growth_stated_even_in_percent(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = people(observed, "population_total", [10000.0, 10900.0]) + people(
        observed, "population_growth_rate", [3.0, 3.0]
    )

    told = found(denominators.find(evidence(rows)))

    assert list(told.message) == ["quality.denominators.percent", "quality.denominators.growth"]


def test_ages_that_contradict_each_other_are_told(observed: Any, evidence: Any, found: Any) -> None:
    rows = people(observed, "population_under_1", [900.0]) + people(observed, "population_under_5", [800.0])
    rows += people(observed, "population_total", [9000.0])

    told = found(denominators.find(evidence(rows)))

    assert set(told.message) == {"quality.denominators.order", "quality.denominators.share"}


def card(observed: Any, **columns: list[float]) -> list[dict[str, Any]]:
    names = {
        "opening": "stock_opening_doses",
        "received": "doses_received",
        "used": "doses_used",
        "closing": "stock_closing_doses",
    }
    return [
        row
        for name, values in columns.items()
        for row in observed(names[name], values, product="penta", age_band="all")
    ]


def test_a_stock_card_that_adds_up_is_not_told(observed: Any, evidence: Any, found: Any) -> None:
    rows = card(
        observed, opening=[500, 400, 300], received=[0, 0, 200], used=[100, 100, 100], closing=[400, 300, 400]
    )

    assert found(stock.find(evidence(rows))).empty


def test_stock_that_does_not_add_up_is_told_by_rule(observed: Any, evidence: Any, found: Any) -> None:
    rows = card(
        observed, opening=[500, 100, 300], received=[0, 0, 0], used=[100, 400, 100], closing=[400, 300, 200]
    )

    told = found(stock.find(evidence(rows)))

    assert list(zip(told.message, told.value, told.expected, strict=True)) == [
        ("quality.stock.overdrawn", 400.0, 100.0),
        ("quality.stock.balance", 300.0, -300.0),
        ("quality.stock.carried", 100.0, 400.0),
    ]
    assert set(told.detail) == {"penta"}


def test_more_children_than_doses_used_are_told(observed: Any, evidence: Any, found: Any) -> None:
    rows = card(observed, opening=[900], received=[0], used=[100], closing=[800])
    for code in ("dtp1_doses", "dtp2_doses", "dtp3_doses"):
        rows += observed(code, [90.0])

    told = found(stock.find(evidence(rows)))

    assert list(zip(told.message, told.value, told.expected, strict=True)) == [
        ("quality.stock.given", 270.0, 100.0)
    ]


CODES = ("bcg_doses", "dtp1_doses", "opv1_doses", "dtp3_doses", "mcv1_doses", "anc1_visits")
TREE = {f"P{n}": "ML" for n in range(8)}


def country(
    observed: Any, fall: dict[str, float], *, missing: int = 0, absent: int = 0
) -> list[dict[str, Any]]:
    """Eight districts, 36 months; in the 30th each number falls to a share; some do not report at all."""
    rows = []
    for n, place in enumerate(TREE):
        for c, code in enumerate(CODES):
            values: list[float | None] = [*noisy(200, 36, 10 * n + c)]
            values[29] = None if n < missing else round(values[29] * fall.get(code, 1.0))
            series = observed(code, values, place_code=place)
            if n < absent:
                del series[29]
            rows += series
    return rows


def classified(observed: Any, evidence: Any, found: Any, fall: dict[str, float], **more: Any) -> pd.DataFrame:
    absences = {name: more.pop(name) for name in ("missing", "absent") if name in more}
    made = evidence(country(observed, fall, **absences), tree=TREE, levels={"ML": "country"}, **more)
    return found(shared_falls.find(made))


def test_a_fall_of_every_service_with_reports_in_is_the_service(
    observed: Any, evidence: Any, found: Any
) -> None:
    told = classified(observed, evidence, found, dict.fromkeys(CODES, 0.5))

    assert list(zip(told.place_code, told.period, told.message, strict=True)) == [
        ("ML", "202406", "quality.shared_falls.service")
    ]
    assert told.params[0]["places"] == sorted(TREE)
    assert set(told.params[0]["indicators"]) == set(CODES)
    assert "c’est le service qui a baissé" in told.fr[0]


def test_missing_reports_make_it_a_fall_of_reporting_with_or_without_rows(
    observed: Any, evidence: Any, found: Any
) -> None:
    for absence in ({"missing": 5}, {"absent": 5}):
        told = classified(observed, evidence, found, {}, **absence)
        assert list(told.message) == ["quality.shared_falls.reporting"], absence
        assert told.params[0]["silent"] == 5


def test_one_vaccine_that_falls_beside_its_visit_is_a_matter_of_the_product(
    observed: Any, evidence: Any, found: Any
) -> None:
    told = classified(observed, evidence, found, {"opv1_doses": 0.3})

    assert list(zip(told.indicator, told.message, strict=True)) == [
        ("opv1_doses", "quality.shared_falls.product")
    ]


def event(kind: str, place: str = "ML", antigen: str = "") -> dict[str, Any]:
    return {
        "source": "news", "place_code": place, "first_day": date(2024, 6, 3), "last_day": date(2024, 6, 20),
        "kind": kind, "antigen": antigen, "note": "",
    }  # fmt: skip


def test_a_dated_event_decides_and_contradictions_stay_open(observed: Any, evidence: Any, found: Any) -> None:
    half = dict.fromkeys(CODES, 0.5)
    strike = classified(observed, evidence, found, half, events=[event("strike")])
    both = classified(observed, evidence, found, {}, missing=5, events=[event("strike")])
    form = classified(observed, evidence, found, half, events=[event("form_change")])

    assert (strike.message[0], strike.params[0]["events"]) == ("quality.shared_falls.service", "strike")
    assert list(both.message) == ["quality.shared_falls.unclear"]
    assert list(form.message) == ["quality.shared_falls.product"]


def test_a_fall_of_one_service_of_another_kind_stays_unclear(
    observed: Any, evidence: Any, found: Any
) -> None:
    told = classified(observed, evidence, found, {"anc1_visits": 0.4})

    assert list(told.message) == ["quality.shared_falls.unclear"]


def test_a_fall_of_one_place_is_not_shared(observed: Any, evidence: Any, found: Any) -> None:
    rows = country(observed, {})
    for row in rows:
        if row["place_code"] == "P3" and row["period"] == "202406":
            row["value"] *= 0.1

    assert found(shared_falls.find(evidence(rows, tree=TREE, levels={"ML": "country"}))).empty


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
