"""Who sees what of a table?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from kalanso.indicators.tables import INDICATOR_VALUES, OBSERVATIONS
from kalanso.places.tables import PLACE_FLAGS, PLACE_PARENTS, PLACES
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.sources.tables import IMPORTS, REJECTED_ROWS
from kalanso.store import (
    Audience,
    Engine,
    NotVisible,
    Provenance,
    Scope,
    Security,
    Store,
    visible,
)

TODAY = date(2025, 1, 15)
PARTNER = Scope(audience=Audience.PARTNER)


def publish(store: Store, spec: Any, rows: list[dict[str, Any]], now: datetime) -> None:
    store.publish(spec, rows, provenance=Provenance(), now=now)


@pytest.fixture
def country(store: Store, now: datetime) -> Store:
    """The places alone."""
    publish_places(store, now)
    return store


def publish_places(store: Store, now: datetime) -> None:
    """Publish region R with districts D1 and D2; D1 has areas A1, A2, A3, and D2 has A4."""
    levels = {"R": "region", "D1": "district", "D2": "district"}
    levels |= {f"A{i}": "health_area" for i in (1, 2, 3, 4)}
    above = {"D1": "R", "D2": "R", "A1": "D1", "A2": "D1", "A3": "D1", "A4": "D2"}
    blank = {"valid_from": None, "valid_to": None, "source": "test"}
    publish(store, PLACES, [
        {"place_code": code, "name": code, "level": level, "kind": "", "latitude": None,
         "longitude": None, **blank} for code, level in levels.items()], now)  # fmt: skip
    publish(store, PLACE_PARENTS, [
        {"place_code": code, "tree": "health", "parent_code": parent, **blank}
        for code, parent in above.items()], now)  # fmt: skip


def flag(store: Store, code: str, since: date | None, until: date | None, now: datetime) -> None:
    row = {"place_code": code, "flag": "security", "valid_from": since, "valid_to": until,
           "source": "test", "note": None}  # fmt: skip
    publish(store, PLACE_FLAGS, [row], now)


def doses(place: str, period: str, value: float) -> dict[str, Any]:
    year, month = int(period[:4]), int(period[4:])
    return {
        "source": "routine", "place_code": place, "period": period, "period_type": "month",
        "period_start": date(year, month, 1), "indicator": "dtp1_doses", "value": value,
        "status": "reported", "product": "", "age_band": "0-11m", "strategy": "all", "sector": "all",
        "sex": "all", "reports_expected": 1.0, "reports_received": 1.0, "reports_on_time": None,
    }  # fmt: skip


def seen(store: Store, spec: Any, scope: Scope, *columns: str) -> list[tuple[Any, ...]]:
    frame = visible(store, spec, scope, today=TODAY).select(*columns).execute()
    return sorted(frame.itertuples(index=False, name=None), key=str)


def test_a_table_for_a_narrower_circle_is_refused(country: Store) -> None:
    with pytest.raises(NotVisible, match="PRIVATE"):
        visible(country, PLACE_FLAGS, Scope(audience=Audience.PROGRAMME), today=TODAY)


def test_a_reader_of_one_subtree_sees_no_other_place(country: Store, now: datetime) -> None:
    publish(country, OBSERVATIONS, [doses("A1", "202401", 10), doses("A4", "202401", 20)], now)
    scope = Scope(audience=Audience.PARTNER, places=frozenset({"D2", "A4"}))
    assert seen(country, OBSERVATIONS, scope, "place_code", "value") == [("A4", 20.0)]


def test_flagged_places_are_summed_to_their_district_and_the_newest_months_are_withheld(
    country: Store, now: datetime
) -> None:
    flag(country, "D1", date(2022, 1, 1), None, now)
    publish(country, OBSERVATIONS, [
        doses("A1", "202401", 10), doses("A2", "202401", 5), doses("A4", "202401", 20),
        doses("A1", "202412", 7), doses("A4", "202412", 9),  # within the delay of 90 days
    ], now)  # fmt: skip
    assert seen(country, OBSERVATIONS, PARTNER, "place_code", "period", "value") == [
        ("A4", "202401", 20.0),
        ("A4", "202412", 9.0),
        ("D1", "202401", 15.0),
    ]


def test_a_cleared_reader_sees_flagged_places_as_they_are(country: Store, now: datetime) -> None:
    flag(country, "D1", date(2022, 1, 1), None, now)
    publish(country, OBSERVATIONS, [doses("A1", "202401", 10)], now)
    assert seen(country, OBSERVATIONS, Scope.analyst(), "place_code", "value") == [("A1", 10.0)]


def test_a_flag_that_ended_still_guards_the_months_in_which_it_stood(country: Store, now: datetime) -> None:
    flag(country, "A1", date(2023, 1, 1), date(2023, 6, 30), now)
    publish(country, OBSERVATIONS, [doses("A1", "202303", 3), doses("A1", "202401", 10)], now)
    assert seen(country, OBSERVATIONS, PARTNER, "place_code", "period", "value") == [
        ("A1", "202401", 10.0),
        ("D1", "202303", 3.0),
    ]


def test_a_district_that_reports_itself_is_not_counted_twice(country: Store, now: datetime) -> None:
    flag(country, "D1", None, None, now)
    publish(country, OBSERVATIONS, [doses("D1", "202401", 100), doses("A1", "202401", 10)], now)
    assert seen(country, OBSERVATIONS, PARTNER, "place_code", "value") == [("D1", 100.0)]


def indicator(place: str, numerator: float, level: str = "health_area") -> dict[str, Any]:
    return {
        "source": "routine", "place_code": place, "level": level, "tree": "health",
        "period": "2024Q1", "period_type": "quarter", "period_start": date(2024, 1, 1),
        "indicator": "dtp1_coverage", "numerator": numerator, "denominator": 40.0,
        "denominator_name": "population_under_1", "value": numerator / 40, "unit": "share",
        "adjusted": False, "cumulative": False, "completeness": None, "places_expected": 1,
        "places_reporting": 1, "provisional": False, "caveat": None,
    }  # fmt: skip


def test_a_small_count_takes_the_next_smallest_sibling_with_it(country: Store, now: datetime) -> None:
    rows = [indicator("A1", 3), indicator("A2", 20), indicator("A3", 30), indicator("A4", 25)]
    publish(country, INDICATOR_VALUES, rows, now)
    hidden = [
        place
        for place, numerator, value in seen(
            country, INDICATOR_VALUES, PARTNER, "place_code", "numerator", "value"
        )
        if numerator != numerator and value != value
    ]
    # A3 could otherwise be subtracted from the district's total together with A2
    assert hidden == ["A1", "A2"]


def test_two_small_counts_protect_each_other(country: Store, now: datetime) -> None:
    publish(country, INDICATOR_VALUES, [indicator("A1", 3), indicator("A2", 2), indicator("A3", 30)], now)
    shown = seen(country, INDICATOR_VALUES, PARTNER, "place_code", "numerator")
    assert [place for place, numerator in shown if numerator == numerator] == ["A3"]


def test_zero_is_a_finding_and_stays_visible(country: Store, now: datetime) -> None:
    publish(country, INDICATOR_VALUES, [indicator("A1", 0), indicator("A2", 30)], now)
    assert seen(country, INDICATOR_VALUES, PARTNER, "place_code", "numerator") == [("A1", 0.0), ("A2", 30.0)]


def test_flagged_places_of_a_table_with_levels_leave_only_their_district(
    country: Store, now: datetime
) -> None:
    flag(country, "D1", None, None, now)
    rows = [indicator("A1", 30), indicator("D1", 90, "district"), indicator("A4", 25)]
    publish(country, INDICATOR_VALUES, rows, now)
    assert [place for (place,) in seen(country, INDICATOR_VALUES, PARTNER, "place_code")] == ["A4", "D1"]


def test_rows_that_are_known_by_another_key_than_their_place_are_guarded_as_well(
    country: Store, now: datetime
) -> None:
    flag(country, "A1", date(2022, 1, 1), None, now)
    spec = replace(OBSERVATIONS, name="months", key=("period",), part_by=(), security=Security())
    publish(country, spec, [doses("A1", "202401", 10), doses("A4", "202402", 20)], now)
    assert seen(country, spec, PARTNER, "place_code", "period") == [("A4", "202402")]


def test_an_area_that_alone_is_withheld_takes_its_neighbour_with_it(country: Store, now: datetime) -> None:
    flag(country, "A1", None, None, now)
    rows = [indicator(code, 30) for code in ("A1", "A2", "A3", "A4")] + [indicator("D1", 90, "district")]
    publish(country, INDICATOR_VALUES, rows, now)
    # Otherwise D1 less A2 and A3 would be A1.
    assert [place for (place,) in seen(country, INDICATOR_VALUES, PARTNER, "place_code")] == [
        "A3",
        "A4",
        "D1",
    ]
    publish(country, OBSERVATIONS, [doses(code, "202401", 10) for code in ("A1", "A2", "A3")], now)
    assert seen(country, OBSERVATIONS, PARTNER, "place_code", "value") == [("A3", 10.0), ("D1", 20.0)]


def test_two_flagged_areas_of_one_district_need_no_third(country: Store, now: datetime) -> None:
    row = {"flag": "security", "valid_from": None, "valid_to": None, "source": "test", "note": None}
    publish(country, PLACE_FLAGS, [row | {"place_code": code} for code in ("A1", "A3")], now)
    publish(country, INDICATOR_VALUES, [indicator(code, 30) for code in ("A1", "A2", "A3")], now)
    assert seen(country, INDICATOR_VALUES, PARTNER, "place_code") == [("A2",)]


def test_a_neighbour_is_withheld_only_while_the_flag_lay_there(country: Store, now: datetime) -> None:
    flag(country, "A1", date(2023, 2, 1), date(2023, 6, 30), now)
    months = ("202301", "202303", "202308")
    publish(
        country, OBSERVATIONS, [doses(code, month, 1) for code in ("A1", "A2", "A3") for month in months], now
    )
    assert seen(country, OBSERVATIONS, PARTNER, "place_code", "period", "value") == [
        ("A1", "202301", 1.0), ("A1", "202308", 1.0), ("A2", "202301", 1.0), ("A2", "202308", 1.0),
        ("A3", "202301", 1.0), ("A3", "202303", 1.0), ("A3", "202308", 1.0), ("D1", "202303", 2.0),
    ]  # fmt: skip


def test_the_delay_counts_from_the_last_day_of_a_period(country: Store, now: datetime) -> None:
    flag(country, "D1", None, None, now)
    newest = {"period": "2024Q4", "period_start": date(2024, 10, 1)}
    publish(country, INDICATOR_VALUES, [indicator("D1", 90, "district") | newest], now)

    def on(day: date) -> list[str]:
        rows = visible(country, INDICATOR_VALUES, PARTNER, today=day).to_pyarrow()
        return rows.column("period").to_pylist()

    assert on(date(2025, 3, 30)) == []
    assert on(date(2025, 3, 31)) == ["2024Q4"]


def test_a_flag_that_began_within_a_quarter_guards_that_quarter(country: Store, now: datetime) -> None:
    flag(country, "D1", date(2024, 2, 15), date(2024, 12, 31), now)
    publish(country, INDICATOR_VALUES, [indicator("A1", 30), indicator("A4", 30)], now)
    assert seen(country, INDICATOR_VALUES, PARTNER, "place_code") == [("A4",)]


def test_flags_without_places_close_the_table(store: Store, now: datetime) -> None:
    flag(store, "A1", None, None, now)
    publish(store, OBSERVATIONS, [doses("A1", "202401", 10)], now)
    with pytest.raises(NotVisible, match="publish the places first"):
        visible(store, OBSERVATIONS, PARTNER, today=TODAY)


def test_a_view_of_today_outlives_many_questions_about_the_past(
    country: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kalanso.store.store.KEPT", 2)
    for number in range(5):
        publish(country, INDICATOR_VALUES, [indicator("A1", 3), indicator("A2", 20 + number)], now)
    newest = visible(country, INDICATOR_VALUES, PARTNER, today=TODAY)
    for snapshot in country.history("indicator_values"):
        past = visible(country, INDICATOR_VALUES, PARTNER, today=TODAY, as_of=snapshot.id)
        assert past.count().to_pyarrow().as_py() == 2
    assert newest.count().to_pyarrow().as_py() == 2


def test_rows_that_are_not_kept_any_more_are_gone_from_the_engine(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kalanso.store.store.KEPT", 2)
    kept = [store.kept("numbers", day, lambda: pa.table({"day": [1]})) for day in (1, 2, 3)]
    assert store.kept("numbers", 3, lambda: pa.table({"day": [9]})) is kept[2]
    with pytest.raises(duckdb.CatalogException):
        kept[0].count().to_pyarrow()
    assert kept[1].count().to_pyarrow().as_py() == 1


@pytest.mark.spark
def test_spark_guards_and_suppresses_alike(country: Store, now: datetime, spark_engine: Engine) -> None:
    flag(country, "A4", None, None, now)
    rows = [indicator("A1", 3), indicator("A2", 20), indicator("A3", 30), indicator("A4", 25)]
    publish(country, INDICATOR_VALUES, rows, now)
    publish(country, OBSERVATIONS, [doses("A1", "202401", 10), doses("A4", "202401", 20)], now)
    spark = Store.open(country.folder, engine=spark_engine)
    for spec, columns in (
        (OBSERVATIONS, ("place_code", "value")),
        (INDICATOR_VALUES, ("place_code", "numerator")),
    ):
        assert str(seen(spark, spec, PARTNER, *columns)) == str(seen(country, spec, PARTNER, *columns))


def test_a_reader_at_home_sees_narrow_tables_for_own_places_and_wide_ones_for_all(
    country: Store, now: datetime
) -> None:
    publish(country, OBSERVATIONS, [doses("A1", "202401", 5), doses("A4", "202401", 7)], now)
    home = frozenset({"A4"})
    held = Scope(audience=Audience.PUBLIC, at_home=Audience.PARTNER, places=home, cleared=True)
    assert seen(country, OBSERVATIONS, held, "place_code", "value") == [("A4", 7.0)]
    wide = Scope(audience=Audience.PARTNER, at_home=Audience.PROGRAMME, places=home, cleared=True)
    assert seen(country, OBSERVATIONS, wide, "place_code", "value") == [("A1", 5.0), ("A4", 7.0)]


def test_clearance_at_home_ends_at_the_border(country: Store, now: datetime) -> None:
    publish(country, INDICATOR_VALUES, [indicator("A1", 50), indicator("A4", 70)], now)
    flag(country, "A1", None, None, now)
    flag(country, "A4", None, None, now)
    outsider = Scope(audience=Audience.PARTNER)
    away = Scope(
        audience=Audience.PARTNER, at_home=Audience.PROGRAMME, places=frozenset({"A4"}), cleared=True
    )
    assert "A4" not in {place for (place,) in seen(country, INDICATOR_VALUES, outsider, "place_code")}
    places = {place for (place,) in seen(country, INDICATOR_VALUES, away, "place_code")}
    assert "A4" in places
    assert "A1" not in places


def test_a_narrow_table_without_places_stays_closed_to_a_reader_at_home(
    country: Store, now: datetime
) -> None:
    scope = Scope(audience=Audience.PUBLIC, at_home=Audience.PROGRAMME, places=frozenset({"A4"}))
    with pytest.raises(NotVisible, match="no places"):
        visible(country, IMPORTS, scope, today=TODAY)


def test_scopes_that_may_see_differently_have_different_marks() -> None:
    home = frozenset({"A1"})
    scopes = [
        Scope(), Scope(audience=Audience.PARTNER), Scope(audience=Audience.PARTNER, cleared=True),
        Scope(audience=Audience.PARTNER, places=home), Scope(audience=Audience.PARTNER, places=frozenset()),
        Scope(audience=Audience.PARTNER, places=home, at_home=Audience.PROGRAMME),
    ]  # fmt: skip
    assert len({scope.mark for scope in scopes}) == len(scopes)
    with pytest.raises(ValueError, match="at_home"):
        Scope(at_home=Audience.PROGRAMME)


def found(place: str, other: str) -> dict[str, Any]:
    return {
        "check": "copies", "source": "s", "place_code": place, "period": "202401", "period_type": "month",
        "period_start": date(2024, 1, 1), "indicator": "dtp1_doses", "detail": "", "value": 1.0, "expected": 1.0,
        "severity": "note", "message": "quality.copies.another", "params": f'{{"others": ["{other}"]}}',
    }  # fmt: skip


def test_a_row_that_names_a_flagged_place_beside_its_own_is_for_the_cleared_alone(
    country: Store, now: datetime
) -> None:
    publish(country, QUALITY_FINDINGS, [found("A4", "A1"), found("A3", "A11"), found("D2", "A4")], now)
    flag(country, "A1", None, None, now)
    home = Scope(
        audience=Audience.PARTNER, at_home=Audience.PROGRAMME, places=frozenset({"A1", "D1"}), cleared=True
    )
    assert seen(country, QUALITY_FINDINGS, PARTNER, "place_code") == [("A3",), ("D2",)]
    assert seen(country, QUALITY_FINDINGS, home, "place_code") == [("A3",), ("A4",), ("D2",)]
    assert len(seen(country, QUALITY_FINDINGS, Scope.analyst(), "place_code")) == 3


def test_a_table_without_places_that_may_name_flagged_ones_is_for_the_cleared_alone(
    country: Store, now: datetime
) -> None:
    with pytest.raises(NotVisible, match="cleared for the whole country"):
        visible(country, REJECTED_ROWS, Scope(audience=Audience.PROGRAMME), today=TODAY)
