"""Does the catalogue say what sources hold, how far they agree and what is missing, from small tables?"""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from kalanso import definitions
from kalanso.definitions import Declarations, DeclaredSource, Need
from kalanso.indicators.tables import COVERAGE_SERIES, OBSERVATIONS
from kalanso.sources import catalogue
from kalanso.sources.catalogue.agreement import Rules, compared
from kalanso.sources.catalogue.facts import next_due
from kalanso.sources.catalogue.revisions import Vintage
from kalanso.sources.catalogue.sentences import agreement_message, gap_message, grouped, grouped_pairs
from kalanso.store import Engine
from kalanso.vocabulary import Period

PACK = definitions.load("ML")
PLACES = pd.DataFrame(
    [("ML", "country"), ("R", "region"), ("D1", "district"), ("D2", "district"), ("F1", "facility"), ("F2", "facility")],
    columns=["place_code", "level"],
)  # fmt: skip
RULES = Rules(
    equal=0.005, copied=0.75, redundant=0.5, near=0.1, near_share=0.8, spread=1.25, apart=0.05, side=0.8, periods=6,
    overlap=6,
)  # fmt: skip


def observed(*rows: tuple[Any, ...]) -> pa.Table:
    """Observations from (source, place, period, indicator, value), with `more` as a last entry."""
    made = []
    for source, place, period, indicator, value, *more in rows:
        known = Period.parse(period)
        made.append({
            "source": source, "place_code": place, "period": period, "period_type": known.type.value,
            "period_start": known.start, "indicator": indicator, "value": value,
            "status": "missing" if value is None else "reported", "product": "", "age_band": "0-11m",
            "strategy": "all", "sector": "all", "sex": "all", "reports_expected": 1.0, "reports_received": 1.0,
            "reports_on_time": None, **(more[0] if more else {}),
        })  # fmt: skip
    return OBSERVATIONS.arrow(made)


def test_doses_split_in_two_ways_become_one_number_each() -> None:
    engine = Engine.duckdb()
    table = engine.rows(observed(
        ("a", "F1", "202401", "dtp1_doses", 30.0, {"strategy": "fixed"}),
        ("a", "F1", "202401", "dtp1_doses", 12.0, {"strategy": "outreach"}),
        ("b", "F1", "202401", "dtp1_doses", 42.0),
        ("b", "F1", "202401", "dtp1_doses", 9.0, {"strategy": "campaign"}),
        ("b", "F1", "202401", "opd_visits", 70.0, {"age_band": "all"}),
        ("b", "F1", "202401", "stock_closing_doses", 80.0, {"age_band": "all", "product": "penta"}),
        ("b", "F1", "202401", "stock_closing_doses", 20.0, {"age_band": "all", "product": "mr"}),
    ))  # fmt: skip

    rows = catalogue.cells_of(table, PACK, ["dtp1_doses", "stock_closing_doses"]).to_pandas()

    assert rows.set_index(["source", "indicator", "product"])["value"].to_dict() == {
        ("a", "dtp1_doses", ""): 42, ("b", "dtp1_doses", ""): 42, ("b", "stock_closing_doses", "penta"): 80,
        ("b", "stock_closing_doses", "mr"): 20,
    }  # fmt: skip
    assert catalogue.shared(catalogue.told(table)) == ["dtp1_doses"]


def test_a_blank_is_no_number_and_completeness_counts_the_rectangle() -> None:
    engine = Engine.duckdb()
    table = engine.rows(observed(
        ("a", "F1", "202401", "opd_visits", 5.0), ("a", "F1", "202402", "opd_visits", None),
        ("a", "F1", "202403", "opd_visits", 7.0), ("a", "F2", "202403", "opd_visits", 7.0),
    ))  # fmt: skip
    found = catalogue.told(table)

    held = catalogue.holdings(found, catalogue.published_cells(pd.DataFrame()), PLACES, engine).iloc[0]

    assert (held["first_period"], held["last_period"], held["level"]) == ("202401", "202403", "facility")
    assert (held["numbers"], held["places"], held["periods"], held["periods_between"]) == (3, 2, 2, 3)
    assert held["completeness"] == pytest.approx(3 / 6)
    assert (held["places_known"], held["reports_received"]) == (2, 3.0)


def test_published_coverage_is_held_by_category_and_the_newest_edition_counts() -> None:
    base = {column.name: None for column in COVERAGE_SERIES.columns} | {
        "source": "who", "place_code": "ML", "period": "2022", "period_type": "year", "indicator": "dtp1_coverage",
        "survey": "", "evidence": "",
    }  # fmt: skip
    rows = pd.DataFrame([
        base | {"category": "WUENIC", "coverage": 0.82, "vintage": "2023"},
        base | {"category": "WUENIC", "coverage": 0.77, "vintage": "2024"},
        base | {"category": "SURVEY", "coverage": 0.60, "evidence": "card", "survey": "dhs", "vintage": "x"},
        base | {"category": "SURVEY", "coverage": 0.80, "evidence": "card or history", "survey": "dhs", "vintage": "x"},
    ])  # fmt: skip

    told = catalogue.published_cells(rows).set_index("series")["value"].to_dict()

    assert told == {"WUENIC": 0.77, "SURVEY": 0.80}
    engine = Engine.duckdb()
    none = catalogue.told(engine.rows(OBSERVATIONS.arrow([])))
    held = catalogue.holdings(none, catalogue.published_cells(rows), PLACES, engine)
    assert list(held["series"]) == ["SURVEY", "WUENIC"]


def side_by_side(**of_place: list[tuple[float | None, float | None]]) -> pd.DataFrame:
    return pd.DataFrame(
        [(place, f"2024{n + 1:02d}", a, b) for place, pairs in of_place.items() for n, (a, b) in enumerate(pairs)],
        columns=["place_code", "period", "a", "b"],
    )  # fmt: skip


KEY = ("a", "", "b", "", "dtp1_doses", "", "district", "month")


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [
        ([(50, 50)] * 8, "redundant"),
        ([(50, 52), (60, 57)] * 4, "close"),
        ([(50, 60), (80, 97)] * 4, "biased"),
        ([(50, 90), (80, 30)] * 4, "scattered"),
        ([(50, 50)] * 2, "too_few"),
        ([(50, None), (None, 50)] * 4, "too_few"),
    ],
)
def test_what_two_sources_are_to_each_other(pairs: list[Any], verdict: str) -> None:
    found = catalogue.agreement({KEY: side_by_side(D1=pairs, D2=pairs)}, RULES).iloc[0]
    assert found["verdict"] == verdict


def test_a_copy_stays_a_copy_where_some_places_write_other_numbers() -> None:
    both = side_by_side(D1=[(50, 50)] * 8, D2=[(40, 40)] * 8, D3=[(60, 69)] * 8)

    found = catalogue.agreement({KEY: both}, RULES).iloc[0]
    apart = catalogue.differences({KEY: both}, RULES)

    assert (found["verdict"], round(found["copied_share"], 2)) == ("redundant", 0.67)
    assert list(apart["place_code"]) == ["D3"]
    assert apart["ratio"].iloc[0] == pytest.approx(1.15)


def test_one_wild_month_does_not_make_a_place_lie_apart() -> None:
    both = side_by_side(D1=[(50, 50)] * 8, D2=[(40, 40)] * 7 + [(40, 400)])
    assert catalogue.differences({KEY: both}, RULES).empty


def test_counts_are_lifted_to_the_coarser_level_and_shares_are_not() -> None:
    asked: list[tuple[str, ...]] = []

    def lift(*what: str) -> pd.DataFrame:
        asked.append(what)
        return pd.DataFrame({"place_code": ["D1"], "period": ["202401"], "value": [1.0]})

    levels = pd.DataFrame(
        [
            ("a", "", "dtp1_doses", "", "month", "facility"), ("b", "", "dtp1_doses", "", "month", "district"),
            ("a", "", "dtp1_coverage", "", "month", "health_area"), ("b", "", "dtp1_coverage", "", "month", "district"),
            ("a", "", "population_total", "", "year", "commune"), ("b", "", "population_total", "", "year", "district"),
        ],
        columns=["source", "series", "indicator", "product", "period_type", "level"],
    )  # fmt: skip

    pairs = compared(levels, lift, PACK)

    assert list(pairs) == [KEY]
    assert {what[-1] for what in asked} == {"district"}


def declared(**changes: Any) -> DeclaredSource:
    both = {"fr": "x", "en": "x"}
    plain = dict.fromkeys(
        ("contact", "system", "version", "funder", "next_release", "fallback"), ""
    ) | dict.fromkeys(("places_list", "identifiers", "licence", "source"), both)  # fmt: skip
    given = plain | {
        "code": "a", "match": "^a$", "series": "", "name": both, "what": both, "owner": "x", "levels": (),
        "arises_at": "facility", "entered_at": "facility", "feeds": (), "population": both, "period": "month",
        "refresh": "monthly", "lag_days": 30, "indicators": (), "denominator": both, "access": "file",
        "biases": both, "funding_ends": None, "agreement": "signed", "request": "granted",
        "to_confirm": False,
    }  # fmt: skip
    return DeclaredSource(**given | changes)


def held_rows(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    made = []
    for source, indicator, level, first, last in rows:
        made.append({
            "source": source, "series": "", "indicator": indicator, "level": level, "period_type": "month",
            "first_period": first, "last_period": last, "last_day": Period.parse(last).end, "numbers": 10,
            "completeness": 1.0, "places": 2, "places_known": 2,
        })  # fmt: skip
    return pd.DataFrame(made)


WHY = {"fr": "x", "en": "x"}


def test_every_kind_of_gap_is_named() -> None:
    held = held_rows(
        ("a", "dtp1_doses", "facility", "202401", "202412"), ("b", "dtp1_doses", "district", "202401", "202406"),
        ("stranger", "opd_visits", "facility", "202401", "202412"),
    )  # fmt: skip
    months = [p.code for p in Period.parse("202401").until(Period.parse("202412"))]
    there = [("a", "dtp1_doses", "D1", m) for m in months if m not in {"202404", "202405", "202409"}]
    there += [("a", "dtp1_doses", "D3", m) for m in months[:9]]
    districts = pd.DataFrame(there, columns=["source", "indicator", "place_code", "period"])
    known = Declarations(
        sources=(declared(), declared(code="b", match="^b$"), declared(code="lqas", match="lqas")),
        needs=(
            Need(indicator="afp_cases", level="district", why=WHY),
            Need(indicator="dtp1_doses", level="district", why=WHY),
            Need(indicator="dtp1_doses", level="country", why=WHY),
        ),
    )
    places = pd.concat([PLACES, pd.DataFrame([("D3", "district")], columns=PLACES.columns)])
    ground = catalogue.Ground(places=places, country="ML")

    found = catalogue.gaps(
        held,
        districts,
        known,
        ground,
        {("dtp1_doses", "district"): {"D1", "D3"}, ("dtp1_doses", "country"): {"ML"}},
    )

    told = {
        (r.kind, r.source, r.indicator, r.place_code, r.first_period, r.last_period)
        for r in found.itertuples()
    }
    assert told == {
        ("unheld", "", "afp_cases", "ML", "", ""),
        ("uncovered", "", "dtp1_doses", "D2", "", ""),
        ("absent", "a", "dtp1_doses", "D2", "", ""),
        ("silent", "a", "dtp1_doses", "D1", "202404", "202405"),
        ("silent", "a", "dtp1_doses", "D3", "202410", ""),
        ("stopped", "b", "dtp1_doses", "ML", "202407", ""),
        ("undelivered", "lqas", "", "ML", "", ""),
        ("undeclared", "stranger", "", "ML", "", ""),
    }


def test_months_without_any_district_are_the_silence_of_the_source() -> None:
    months = [p.code for p in Period.parse("202401").until(Period.parse("202412"))]
    there = [("a", "dtp1_doses", place, m) for place in ("D1", "D2") for m in months[:6]]
    there += [("a", "dtp1_doses", "D1", "202412")]
    districts = pd.DataFrame(there, columns=["source", "indicator", "place_code", "period"])
    held = held_rows(("a", "dtp1_doses", "district", "202401", "202412"))
    ground = catalogue.Ground(places=PLACES, country="ML")

    found = catalogue.gaps(held, districts, Declarations(sources=(declared(),), needs=()), ground, {})

    assert [(r.kind, r.place_code, r.first_period, r.last_period) for r in found.itertuples()] == [
        ("silent", "ML", "202407", "202411")
    ]
    said = gap_message(next(found.itertuples()), source=str, indicator=str, place=str, level=str).render("fr")
    assert "rien, d’aucun lieu, de juillet 2024 à novembre 2024" in said


def test_a_source_without_a_rhythm_does_not_stop() -> None:
    held = held_rows(
        ("a", "dtp1_doses", "facility", "202401", "202412"), ("b", "opd_visits", "facility", "202401", "202402"),
    )  # fmt: skip
    ground = catalogue.Ground(places=PLACES, country="ML")
    empty = pd.DataFrame(columns=["source", "indicator", "place_code", "period"])
    known = Declarations(sources=(declared(), declared(code="b", match="^b$", refresh="sometimes")))

    assert catalogue.gaps(held, empty, known, ground, {}).empty


def test_two_sources_that_agree_on_several_numbers_are_one_sentence() -> None:
    pairs = {
        (*KEY[:4], indicator, *KEY[5:]): side_by_side(D1=[(50, 50)] * 8, D2=[(40, 40)] * 8)
        for indicator in ("dtp1_doses", "dtp3_doses")
    }

    rows = grouped_pairs(catalogue.agreement(pairs, RULES))

    assert (len(rows), rows["indicator"].iloc[0], rows["overlap"].iloc[0]) == (1, "dtp1_doses dtp3_doses", 32)
    assert grouped_pairs(rows.iloc[:0]).empty


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_gap_and_verdict_has_a_sentence_in_both_languages(locale: str) -> None:
    rows = pd.DataFrame([
        {"kind": kind, "source": "" if kind in ("unheld", "uncovered") else "snis", "series": "", "indicator": indicator, "level": "district", "place_code": "D1",
         "first_period": "202401", "last_period": last, "periods": 2}
        for kind in ("unheld", "uncovered", "absent", "silent", "stopped", "undelivered", "undeclared")
        for indicator in ("dtp1_doses", "dtp3_doses")
        for last in ("202402", "")
    ])  # fmt: skip

    told = [
        gap_message(row, source=str, indicator=str, place=str, level=str).render(locale)
        for row in grouped(rows).itertuples()
    ]

    assert len(told) == 18
    assert sum("dtp1_doses, dtp3_doses" in text for text in told) == 6
    for verdict in ("redundant", "close", "biased", "scattered", "too_few"):
        row = pd.Series({
            "verdict": verdict, "source": "a", "series": "", "other": "b", "other_series": "WUENIC", "indicator": "x",
            "overlap": 9, "copied_share": 0.5, "near_share": 0.4, "ratio": 1.2,
        })  # fmt: skip
        assert "b · WUENIC" in agreement_message(row, source=str, indicator=str).render(locale)


def state(number: int, day: date, *rows: tuple[str, str, str, float]) -> Vintage:
    frame = pd.DataFrame(rows, columns=["source", "place_code", "period", "value"]).assign(
        indicator="dtp1_doses"
    )
    return Vintage(snapshot=f"observations-{number:06d}", known_on=day, numbers=frame)


def test_a_revision_tells_late_reports_from_corrections() -> None:
    states = [
        state(1, date(2024, 6, 15), ("a", "D1", "202312", 100.0), ("a", "D1", "202405", 30.0)),
        state(2, date(2024, 7, 15), ("a", "D1", "202312", 120.0), ("a", "D1", "202405", 60.0), ("a", "D1", "202406", 9.0)),
        state(3, date(2024, 8, 15), ("a", "D1", "202312", 120.0), ("a", "D1", "202405", 60.0), ("b", "D1", "202406", 9.0)),
    ]  # fmt: skip

    found = catalogue.revisions(states, settled=4)

    first = found.iloc[0]
    assert (first["compared"], first["changed"], first["settled_changed"], first["added"]) == (2, 2, 1, 1)
    assert (first["size"], first["net"]) == (pytest.approx(50 / 130), pytest.approx(50 / 130))
    assert list(found["removed"]) == [0, 1]
    assert set(found["source"]) == {"a"}, "the first state of a source is no revision"
    assert catalogue.arrivals(states) == {"a": 15.0}


@pytest.mark.parametrize(
    ("refresh", "lag", "due"),
    [
        ("monthly", 30, date(2025, 3, 2)),
        ("quarterly", 30, date(2025, 4, 30)),
        ("yearly", 196, date(2026, 7, 15)),
        ("sometimes", 30, None),
        ("monthly", None, None),
    ],
)
def test_when_the_next_numbers_are_due(refresh: str, lag: int | None, due: date | None) -> None:
    assert next_due(date(2024, 12, 31), refresh, lag) == due


def test_every_declared_field_of_a_source_is_a_column_of_its_entry() -> None:
    from dataclasses import fields

    from kalanso import definitions
    from kalanso.definitions import DeclaredSource
    from kalanso.sources.catalogue import entries
    from kalanso.sources.catalogue.tables import SOURCE_ENTRIES

    declared = definitions.load("ML").sources
    rows = entries(declared).set_index("declared")
    columns = {name.removesuffix("_fr").removesuffix("_en") for name in SOURCE_ENTRIES.column_names}

    assert {one.name for one in fields(DeclaredSource)} - {"match", "series", "code", "source"} <= columns
    assert list(rows.index) == [one.code for one in declared.sources]
    assert rows.loc["snis", "levels"] == "country, region, district, health_area, facility"
    assert rows.loc["snis", "denominator_en"] == "projection of the census of 2009"
