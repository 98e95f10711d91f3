"""Do WHO's metrics come out as its review defines them, on tables that can be read at a glance?"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from kalanso.quality import who
from kalanso.quality.who.time import ratio_to_before

TREE = {"D1": "ML", "D2": "ML"}
LEVELS = {"ML": "country"}


@pytest.fixture
def judged(evidence: Any) -> Any:
    """A maker of metrics out of rows, with some rules replaced, as one table by metric, place, indicator."""

    def make(
        rows: list[dict[str, Any]],
        *,
        coverage: Any = None,
        tree: Any = None,
        levels: Any = None,
        **rules: Any,
    ) -> pd.DataFrame:
        made = evidence(rows, tree=tree or TREE, levels=levels or LEVELS, coverage=coverage)
        return who.metrics(who.gather(made), made.threshold("who") | rules)

    return make


def at(
    metrics: pd.DataFrame, metric: str, place: str, indicator: str = "dtp1_doses", year: int = 2022
) -> Any:
    chosen = metrics[
        (metrics.metric == metric) & (metrics.place_code == place) & (metrics.indicator == indicator)
        & (metrics.year == year)
    ]  # fmt: skip
    assert len(chosen) == 1
    return next(chosen.itertuples())


def test_reports_are_received_over_expected_and_never_cut_at_one(observed: Any, judged: Any) -> None:
    rows = observed("dtp1_doses", [50.0] * 12, place_code="D1", reports_expected=10.0, reports_received=8.0)
    rows += observed("dtp1_doses", [50.0] * 12, place_code="D2", reports_expected=10.0, reports_received=11.0)

    metrics = judged(rows)

    poor, over, nation = (at(metrics, "1a", place) for place in ("D1", "D2", "ML"))
    assert (poor.numerator, poor.denominator, poor.value, poor.flag) == (96, 120, 0.8, "poor")
    assert (over.value, over.flag) == (1.1, "good")
    assert (nation.numerator, nation.denominator, nation.units, nation.units_flagged) == (228, 240, 2, 1)


def test_reports_in_time_are_judged_only_where_their_day_is_known(observed: Any, judged: Any) -> None:
    rows = observed("dtp1_doses", [50.0] * 12, place_code="D1", reports_expected=10.0, reports_received=9.0, reports_on_time=7.0)  # fmt: skip
    rows += observed("dtp1_doses", [50.0] * 12, place_code="D2", reports_expected=10.0, reports_received=9.0)

    metrics = judged(rows)

    late = at(metrics, "1b", "D1")
    assert (late.numerator, late.denominator, late.flag) == (84, 120, "poor")
    assert metrics[(metrics.metric == "1b") & (metrics.place_code == "D2")].empty
    assert at(metrics, "1b", "ML").denominator == 120


def test_cells_are_due_from_each_place_in_each_month_with_a_report_due(observed: Any, judged: Any) -> None:
    tree = {"F1": "D1", "F2": "D1", "D1": "ML"}
    levels = {"F1": "facility", "F2": "facility", "ML": "country"}
    rows = observed("dtp1_doses", [5.0] * 9 + [None] * 3, place_code="F1", reports_expected=1.0)
    rows += observed("dtp1_doses", [5.0] * 12, place_code="F2", reports_expected=1.0)

    cells = at(judged(rows, tree=tree, levels=levels), "1c", "D1")

    assert (cells.numerator, cells.denominator, cells.value, cells.flag) == (21, 24, 0.875, "poor")


def test_a_place_that_opens_late_owes_nothing_before(observed: Any, judged: Any) -> None:
    rows = observed("dtp1_doses", [5.0] * 12, place_code="D1")
    rows += observed("dtp1_doses", [5.0] * 6, place_code="D2", first="202207")

    metrics = judged(rows)

    assert at(metrics, "1c", "D2").denominator == 6
    assert at(metrics, "1c", "ML").denominator == 18


def test_twelve_months_can_show_at_most_one_extreme_value_and_two_hide_each_other(
    observed: Any, judged: Any
) -> None:
    """|z| <= (n - 1) / sqrt(n) = 3.18 for twelve values: two large errors mask each other."""
    alone = [100.0, 101.0] * 5 + [100.0, 2000.0]
    both = [100.0, 101.0] * 5 + [900.0, 2000.0]
    rows = observed("dtp1_doses", alone, place_code="D1") + observed("dtp1_doses", both, place_code="D2")

    metrics = judged(rows)

    found = {m: [at(metrics, m, place).numerator for place in ("D1", "D2")] for m in ("2a", "2b", "2c")}
    assert found == {"2a": [1, 0], "2b": [1, 1], "2c": [1, 2]}
    assert [at(metrics, "2a", place).flag for place in ("D1", "D2")] == ["divergent", "good"]
    assert [at(metrics, "2c", place).flag for place in ("D1", "D2")] == ["good", "divergent"]
    nation = at(metrics, "2a", "ML")
    assert (nation.numerator, nation.denominator, nation.units, nation.units_flagged) == (1, 24, 2, 1)


def test_a_series_of_equal_numbers_with_two_others_is_seen_by_the_modified_score(
    observed: Any, judged: Any
) -> None:
    """MAD = 0: the mean absolute deviation stands in; a peer that puts MAD there sees nothing."""
    rows = observed("dtp1_doses", [50.0] * 10 + [500.0, 600.0], place_code="D1")
    rows += observed("dtp1_doses", [50.0] * 12, place_code="D2")

    metrics = judged(rows)

    assert (at(metrics, "2c", "D1").numerator, at(metrics, "2c", "D1").flag) == (2, "divergent")
    assert (at(metrics, "2c", "D2").numerator, at(metrics, "2c", "D2").flag) == (0, "good")


def test_a_missing_month_is_no_zero(observed: Any, judged: Any) -> None:
    rows = observed("dtp1_doses", [100.0, 102.0] * 5 + [None, 101.0], place_code="D1")
    rows += observed("dtp1_doses", [100.0] * 12, place_code="D2")

    month = at(judged(rows), "2a", "D1")

    assert (month.numerator, month.denominator) == (0, 11)


def test_a_year_is_compared_with_the_country_and_the_years_before(observed: Any, judged: Any) -> None:
    rows = observed("dtp1_doses", [100.0] * 36 + [200.0] * 12, place_code="D1", first="201901")
    rows += observed("dtp1_doses", [100.0] * 36 + [100.0] * 12, place_code="D2", first="201901")

    metrics = judged(rows)

    one, other, nation = (at(metrics, "2d", place) for place in ("D1", "D2", "ML"))
    assert (one.numerator, one.denominator, one.value, one.expected, one.flag) == (
        2400,
        1200,
        2.0,
        1.5,
        "divergent",
    )
    assert (other.value, other.flag) == (1.0, "divergent")  # 1.5 x 0.67 = 1.005
    assert (nation.value, nation.expected, nation.flag, nation.units_flagged) == (1.5, 1.0, "divergent", 2)
    alone = judged(rows, over_time={"trend": "constant", "band": 0.33, "compared_with": "itself"})
    assert (at(alone, "2d", "D2").expected, at(alone, "2d", "D2").flag) == (1.0, "good")


def test_a_forecast_is_a_line_through_the_years_at_their_distance_and_never_negative() -> None:
    values = {"growing": {2019: 100, 2020: 110, 2021: 120}, "gap": {2019: 100, 2021: 120}, "falling": {2020: 100, 2021: 10},
              "one": {2021: 50}, "none": {}}  # fmt: skip
    frame = pd.DataFrame(
        [(k, y, float(v)) for k, of in values.items() for y, v in (of | {2022: 130}).items()],
        columns=["place_code", "year", "value"],
    )

    found = ratio_to_before(frame, by=["place_code"], value="value", year=2022, before=3, trend="forecast")

    expected = dict(zip(found.place_code, found.denominator, strict=True))
    assert expected == pytest.approx({"growing": 130, "gap": 130, "falling": 0, "one": 50})
    assert pd.isna(found.set_index("place_code").value["falling"])


def test_related_numbers_are_judged_by_the_kind_of_their_relation(observed: Any, judged: Any) -> None:
    rows = []
    for place, first, third, polio, care in (("D1", 100, 104, 120, 80), ("D2", 100, 90, 105, 100)):
        for code, value in (
            ("dtp1_doses", first),
            ("dtp3_doses", third),
            ("opv1_doses", polio),
            ("anc1_visits", care),
        ):
            rows += observed(code, [float(value)] * 12, place_code=place, age_band="all")

    metrics = judged(rows)
    related = metrics[metrics.metric == "2e"].set_index(["detail", "place_code"])

    assert related.value["dropout:dtp3_doses", "D1"] == pytest.approx(-0.04)
    flags = {key: flag for key, flag in related.flag.items() if key[1] != "ML"}
    assert flags == {
        ("dropout:dtp3_doses", "D1"): "divergent", ("dropout:dtp3_doses", "D2"): "good",
        ("equal:opv1_doses", "D1"): "divergent", ("equal:opv1_doses", "D2"): "good",
        ("at_least:dtp1_doses", "D1"): "divergent", ("at_least:dtp1_doses", "D2"): "good",
        ("level:anc1_visits", "D1"): "good", ("level:anc1_visits", "D2"): "good",
    }  # fmt: skip


def test_routine_over_survey_is_one_formula_for_country_and_districts(observed: Any, evidence: Any) -> None:
    """A peer divides survey by routine in districts: 140 % against 100 % is divergent there in one place only."""
    numbers = who.Numbers(
        monthly=pd.DataFrame(), filled=pd.DataFrame(), reports=pd.DataFrame(), populations=pd.DataFrame(),
        coverage=pd.DataFrame({
            "source": "hmis", "place_code": ["ML", "D1", "D2"], "indicator": "dtp1_coverage", "denominator_name": "t",
            "year": 2022, "numerator": [140.0, 140.0, 90.0], "denominator": 100.0}),
        surveys=pd.DataFrame({
            "survey": ["eds", "eds", "eds", "mics"], "place_code": ["ML", "D1", "D2", "D2"], "indicator": "dtp1_coverage",
            "year": [2021, 2021, 2021, 2015], "value": [1.0, 1.0, 0.9, 0.2], "collected": 2021}),
        levels={"ML": "country", "D1": "district", "D2": "district"}, years=(2022,),
    )  # fmt: skip
    rules = evidence(observed("dtp1_doses", [1.0])).threshold("who")

    from kalanso.quality.who.comparison import external

    told = external(numbers, rules, 2022).set_index("place_code")

    assert told.value.to_dict() == {"ML": 1.4, "D1": 1.4, "D2": 1.0}
    assert told.flag.to_dict() == {"ML": "divergent", "D1": "divergent", "D2": "good"}
    assert (told.units["ML"], told.units_flagged["ML"]) == (2, 1)


def test_populations_are_compared_between_sources_and_within_one(observed: Any, judged: Any) -> None:
    rows = observed("dtp1_doses", [5.0] * 12, place_code="D1")
    for place, plan, census in (("D1", 115.0, 100.0), ("D2", 100.0, 100.0)):
        for source, value in (("plan", plan), ("census", census)):
            rows += observed(
                "live_births", [value], first="2022", place_code=place, source=source, age_band="all"
            )

    metrics = judged(rows)
    told = metrics[metrics.metric.isin(["4a", "4b"])].set_index("place_code")

    assert told.source.unique().tolist() == ["census"]  # in the order of the alphabet: census / plan
    assert told.value.round(4).to_dict() == {"D1": 0.8696, "D2": 1.0, "ML": 0.9302}
    assert told.metric.to_dict() == {"D1": "4b", "D2": "4b", "ML": "4a"}
    assert told.flag.to_dict() == {"D1": "divergent", "D2": "good", "ML": "good"}
    assert told.units_flagged["ML"] == 1


def test_a_year_with_a_month_that_nobody_reported_is_not_judged_unasked(observed: Any, evidence: Any) -> None:
    made = evidence(observed("dtp1_doses", [5.0] * 17, place_code="D1"), tree=TREE, levels=LEVELS)
    numbers = who.gather(made)

    assert numbers.years == (2022,)
    assert set(who.metrics(numbers, made.threshold("who"), years=[2023]).year) == {2023}


def test_doses_of_older_children_and_of_campaigns_are_no_part_of_the_sums(observed: Any, judged: Any) -> None:
    rows = observed("dtp1_doses", [10.0] * 12, place_code="D1")
    rows += observed("dtp1_doses", [90.0] * 12, place_code="D1", age_band="12-23m")
    rows += observed("dtp1_doses", [900.0] * 12, place_code="D1", strategy="campaign")
    rows += observed("dtp3_doses", [8.0] * 12, place_code="D1")

    metrics = judged(rows)

    assert at(metrics, "2e", "D1").denominator == 120


def test_a_rule_that_nobody_knows_is_refused(observed: Any, judged: Any) -> None:
    with pytest.raises(ValueError, match=r"who.relations.kind: expected one of equal"):
        judged(
            observed("dtp1_doses", [5.0] * 12, place_code="D1"),
            relations=[{"kind": "near", "first": "dtp1_doses", "second": "dtp1_doses"}],
        )
