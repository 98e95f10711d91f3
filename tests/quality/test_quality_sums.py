"""Do the checks of sums, growth, first digits, birth doses and names find what was planted, and little else?"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kalanso.indicators.tables import COVERAGE_SERIES
from kalanso.quality import benford, birth_doses, names, target_growth, totals
from kalanso.quality.names import pairs_alike


def pair(observed: Any, place: str, births: float, first: float) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = observed("bcg_doses", [births] * 12, place_code=place)
    return rows + observed("dtp1_doses", [first] * 12, place_code=place)


def test_far_more_birth_doses_than_first_doses_are_told_by_year(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = (
        pair(observed, "many", 100, 50) + pair(observed, "some", 100, 75) + pair(observed, "usual", 105, 100)
    )
    rows += pair(observed, "few", 6, 4)  # too few to judge

    told = found(birth_doses.find(evidence(rows)))

    assert dict(zip(told.place_code, told.severity, strict=True)) == {"many": "serious", "some": "attention"}
    assert told.params[0]["lost"] == 600


def test_more_first_doses_than_birth_doses_are_not_the_matter_of_this_check(
    observed: Any, evidence: Any, found: Any
) -> None:
    assert found(birth_doses.find(evidence(pair(observed, "D", 50, 100)))).empty


def counts(rng: np.random.Generator, places: int) -> list[list[float]]:
    """Counts of places whose sizes span four orders of ten, as those of posts and hospitals together do."""
    sizes = 10 ** rng.uniform(0.3, 4.3, places)
    return [[float(v) for v in rng.poisson(size, 12)] for size in sizes]


@pytest.mark.parametrize(("invented", "expected"), [(False, 0), (True, 1)])
def test_first_digits_are_judged_on_pooled_counts_alone(
    invented: bool, expected: int, observed: Any, evidence: Any, found: Any
) -> None:
    rng = np.random.default_rng(7)
    rows, tree = [], {}
    for place, values in enumerate(counts(rng, 150)):
        if invented:  # each number keeps its size but begins with a digit that somebody likes
            values = [float(f"{rng.integers(4, 10)}{str(int(v))[1:]}") if v else 0.0 for v in values]
        tree[f"F{place}"] = "R"
        rows += observed("dtp1_doses", values, place_code=f"F{place}")

    told = found(
        benford.find(evidence(rows, tree=tree, levels=dict.fromkeys(tree, "facility") | {"R": "region"}))
    )

    assert list(told.place_code) == ["R"] * expected
    assert set(told.severity) <= {"note"}


def test_counts_that_span_little_say_nothing_of_first_digits(
    observed: Any, evidence: Any, found: Any
) -> None:
    rng = np.random.default_rng(8)
    tree = {f"F{place}": "R" for place in range(100)}
    rows = [
        row
        for place in tree
        for row in observed("dtp1_doses", [float(v) for v in rng.poisson(55, 12)], place_code=place)
    ]

    assert found(
        benford.find(evidence(rows, tree=tree, levels=dict.fromkeys(tree, "facility") | {"R": "region"}))
    ).empty


def test_a_total_that_its_parts_do_not_make_is_told_by_year(observed: Any, evidence: Any, found: Any) -> None:
    rows = observed("dtp1_doses", [60.0] * 12, place_code="D1") + observed(
        "dtp1_doses", [40.0] * 12, place_code="D2"
    )
    rows += observed("dtp1_doses", [130.0] * 12, place_code="R", source="summary")
    rows += observed("dtp3_doses", [50.0] * 12, place_code="D1") + observed(
        "dtp3_doses", [51.0] * 12, place_code="R", source="summary"
    )

    told = found(totals.find(evidence(rows, tree={"D1": "R", "D2": "R"}, levels={"R": "region"})))

    assert list(
        zip(told.place_code, told.indicator, told.value, told.expected, told.severity, strict=True)
    ) == [("R", "dtp1_doses", 1200, 1560, "serious")]
    assert told.params[0]["places"] == 2


def test_a_list_of_a_few_places_is_not_taken_for_the_sum_of_a_district(
    observed: Any, evidence: Any, found: Any
) -> None:
    tree = {f"F{number}": "D" for number in range(5)}
    rows = [row for place in tree for row in observed("dtp1_doses", [20.0] * 12, place_code=place)]
    rows += observed("dtp1_doses", [100.0] * 12, place_code="D", source="summary")
    rows += observed("dtp1_doses", [20.0] * 12, place_code="F1", source="list of a partner")

    told = totals.find(evidence(rows, tree=tree, levels=dict.fromkeys(tree, "facility")))

    assert found(told).empty


def test_doses_published_for_a_year_are_held_against_twelve_months(
    observed: Any, evidence: Any, found: Any
) -> None:
    import dataclasses

    rows = observed("dtp1_doses", [60.0] * 12, place_code="D1") + observed(
        "dtp1_doses", [40.0] * 12, place_code="D2"
    )
    made = evidence(rows, tree={"D1": "ML", "D2": "ML"}, levels={"ML": "country"})
    blank = dict.fromkeys(
        ("survey", "evidence", "validity", "children_age", "vaccinated_by", "vintage"), ""
    ) | dict.fromkeys(("survey_title", "collected_year", "card_seen_share", "children"))
    published = COVERAGE_SERIES.arrow([
        blank | {"source": "jrf", "place_code": "ML", "period": "2022", "period_type": "year", "period_start": date(2022, 1, 1),
                 "indicator": "dtp1_coverage", "category": "ADMIN", "coverage": 1.0, "doses": 1300.0, "target": 1300.0},
        blank | {"source": "jrf", "place_code": "ML", "period": "2023", "period_type": "year", "period_start": date(2023, 1, 1),
                 "indicator": "dtp1_coverage", "category": "ADMIN", "coverage": 1.0, "doses": 9000.0, "target": 1300.0},
    ])  # fmt: skip
    made = dataclasses.replace(made, published=made.engine_rows(published))

    told = found(totals.find(made))

    assert list(zip(told.source, told.period, told.value, told.expected, strict=True)) == [
        ("jrf", "2022", 1200, 1300)
    ]


def people(observed: Any, source: str, start: float, growth: float, years: int = 5) -> list[dict[str, Any]]:
    values = [round(start * (1 + growth) ** year) for year in range(years)]
    rows: list[dict[str, Any]] = observed(
        "live_births", values, first="2018", place_code="ML", source=source, age_band="all"
    )
    return rows


def test_a_target_that_outgrows_the_projections_of_the_united_nations_is_told(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = people(observed, "un-wpp-2024", 100_000, 0.028) + people(observed, "snis", 90_000, 0.06)
    rows += people(observed, "census", 90_000, 0.031) + people(observed, "lagging", 90_000, 0.015)

    told = found(target_growth.find(evidence(rows, levels={"ML": "country"})))

    assert dict(zip(told.source, told.severity, strict=True)) == {"snis": "serious", "lagging": "attention"}
    assert told.set_index("source").value["snis"] == pytest.approx(0.06, abs=1e-4)


def test_without_projections_growth_is_not_judged(observed: Any, evidence: Any, found: Any) -> None:
    assert found(
        target_growth.find(evidence(people(observed, "snis", 90_000, 0.06), levels={"ML": "country"}))
    ).empty


def test_one_facility_under_two_names_in_two_sources_is_named_once(
    observed: Any, evidence: Any, found: Any
) -> None:
    called = {"F1": "CSCom Kolokani", "F2": "Centre de santé de Kolocani", "F3": "CSCom Sélingué", "F4": "CSCom Sélingué 2",
              "F5": "CSCom Massala", "F6": "CSCom Massala"}  # fmt: skip
    sources = {
        "F1": ["dhis2"],
        "F2": ["elmis"],
        "F3": ["dhis2"],
        "F4": ["elmis"],
        "F5": ["dhis2", "elmis"],
        "F6": ["elmis"],
    }
    rows = [
        row
        for place, of in sources.items()
        for source in of
        for row in observed("dtp1_doses", [5.0], place_code=place, source=source)
    ]
    tree = dict.fromkeys(called, "D")

    told = found(
        names.find(evidence(rows, tree=tree, levels=dict.fromkeys(called, "facility"), names=called))
    )

    assert list(zip(told.place_code, told.detail, strict=True)) == [("F1", "F2")]
    assert "CSCom Kolokani" in told.fr[0]
    assert "Kolocani" in told.en[0]


def test_names_are_weighed_only_under_one_place_and_between_sources() -> None:
    frame = pd.DataFrame(
        [("a", "P1", "Boura", "facility", "D1"), ("b", "P2", "Boura", "facility", "D2"), ("a", "P3", "Boura", "facility", "D2"),
         ("a", "P4", "Boura", "health_area", "D2")],
        columns=["source", "place_code", "name", "level", "group_code"],
    )  # fmt: skip

    told = pairs_alike(frame, limit=0.9, most=100)

    assert list(zip(told.place_code, told.other_code, strict=True)) == [("P2", "P3")]
    assert pairs_alike(frame, limit=0.9, most=1).empty
