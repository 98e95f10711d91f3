"""Does every listed name come out matched, ambiguous or unmatched, and never guessed?"""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso import places
from kalanso.places.tables import PLACE_MATCHES


def listed(*names: str, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"code": [f"L{at}" for at in range(len(names))], "name": names, **columns})


def known(*names: str, **columns: object) -> pd.DataFrame:
    return pd.DataFrame(
        {"place_code": [f"ML-H{at:04d}" for at in range(len(names))], "name": names, **columns}
    )


def outcome(one: pd.DataFrame, other: pd.DataFrame, **more: object) -> list[tuple[str, str | None]]:
    found = places.match(one, other, system="list", vintage="2024", **more)
    return list(
        zip(found["status"], found["place_code"].where(found["place_code"].notna(), None), strict=True)
    )


def reasons(found: pd.DataFrame) -> list[str]:
    return [json.loads(evidence)["reason"] for evidence in found["candidates"]]


@pytest.mark.parametrize(
    "written",
    [
        "Ndébougou",
        "N'Debougou",
        "CSCOM de N’Débougou",
        "NDEBOUGOU ",
        "Ndebougou Community Health Centre",
        "N Debougou",
    ],
)
def test_a_name_is_matched_however_it_is_spelled(written: str) -> None:
    assert outcome(listed(written), known("Boura", "N'Debougou")) == [("matched", "ML-H0001")]


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("Bougouni Est", "Bougouni Ouest"),
        ("Pelengana Nord", "Pelengana Sud"),
        ("Niono", "Niono Central"),
        ("Asacoga II", "Asacoga I"),
        ("Kalabancoro A", "Kalabancoro B"),
        ("Western Area Rural", "Western Area Urban"),
    ],
)
def test_words_that_tell_neighbours_apart_are_asked_about(written: str, there: str) -> None:
    found = places.match(listed(written), known(there, "Boura"), system="list", vintage="2024")

    assert list(found["status"]) == ["ambiguous"]
    assert found["place_code"].isna().all()
    assert reasons(found) == ["marks_differ"]
    assert json.loads(found["candidates"][0])["candidates"][0]["place_code"] == "ML-H0000"


def test_such_a_place_is_asked_about_even_when_it_is_the_last_one_left() -> None:
    names = ["Boura", "Karangana", "Kologo", "Cinzana", "Sokolo", "Diabaly"]

    found = outcome(listed(*names, "Bougouni Est"), known(*names, "Bougouni Ouest"))

    assert found[-1] == ("ambiguous", None)


def test_the_exact_neighbour_is_matched_and_the_other_asked_about() -> None:
    found = outcome(listed("Bougouni Ouest", "Bougouni Est"), known("Bougouni Ouest"))

    assert found == [("matched", "ML-H0000"), ("ambiguous", None)]


def test_two_codes_that_claim_one_place_are_both_asked_about() -> None:
    assert outcome(listed("Ségou", "Segou"), known("Segou", "Boura")) == [("ambiguous", None)] * 2


def test_two_spellings_of_a_list_without_codes_are_one_name() -> None:
    one = pd.DataFrame({"code": ["Turkana", "Turkana "], "name": ["Turkana", "Turkana "]})

    assert outcome(one, known("Turkana", "Nandi")) == [("matched", "ML-H0000")] * 2


def test_one_name_that_two_places_bear_is_asked_about() -> None:
    assert outcome(listed("Doura"), known("Doura", "Doura")) == [("ambiguous", None)]


def test_the_place_above_tells_homonyms_apart() -> None:
    one = listed("Doura", "Doura", parent_name=["Ségou", "Kayes"])
    other = known("Doura", "Doura", parent_name=["Kayes", "Segou"])

    assert outcome(one, other) == [("matched", "ML-H0001"), ("matched", "ML-H0000")]


def test_the_distance_tells_homonyms_apart() -> None:
    one = listed("Doura", latitude=[13.69], longitude=[-6.01], level="facility")
    other = known("Doura", "Doura", latitude=[14.9, 13.70], longitude=[-9.0, -6.02], level="facility")

    assert outcome(one, other) == [("matched", "ML-H0001")]


def test_another_place_above_is_asked_about() -> None:
    one = listed("Ansongo", "Boura", parent_name=["Tombouctou", "Sikasso"])
    other = known("Ansongo", "Diré", "Boura", parent_name=["Gao", "Tombouctou", "Sikasso"])
    found = places.match(one, other, system="list", vintage="2024")

    assert list(found["status"]) == ["ambiguous", "matched"]
    assert reasons(found)[0] == "parent_differ"


def test_a_division_that_nobody_knows_is_no_evidence_against() -> None:
    one = listed("Boura", parent_name=["Zone 4"])

    assert outcome(one, known("Boura", "Kologo", parent_name=["Yorosso", "Bougouni"])) == [
        ("matched", "ML-H0000")
    ]


def test_a_point_far_away_is_asked_about() -> None:
    one = listed("Boura", latitude=[16.7], longitude=[-2.5], level="facility")
    other = known("Boura", latitude=[12.4], longitude=[-4.5], level="facility")
    found = places.match(one, other, system="list", vintage="2024")

    assert reasons(found) == ["distance_differ"]
    assert json.loads(found["candidates"][0])["candidates"][0]["distance_km"] == pytest.approx(525, abs=15)


def test_another_kind_of_facility_is_asked_about() -> None:
    found = places.match(listed("CSRéf de Kita"), known("CSCom de Kita"), system="list", vintage="2024")

    assert reasons(found) == ["kind_differ"]


def test_levels_do_not_mix() -> None:
    one = listed("Kayes", level="region")

    assert outcome(one, known("Kayes", "Kayes", level=["cercle", "region"])) == [("matched", "ML-H0001")]


def test_a_strange_name_is_unmatched() -> None:
    assert outcome(listed("Zzyzx"), known("Boura", "Kologo")) == [("unmatched", None)]


def test_an_alias_counts_as_the_name() -> None:
    assert outcome(listed("Médine"), known("Madina", "Boura", aliases=[["Médine"], []])) == [
        ("matched", "ML-H0000")
    ]


def test_the_last_pair_is_inferred_when_all_others_have_found_each_other() -> None:
    names = ["Meru", "Embu", "Kitui", "Machakos", "Makueni", "Nyeri"]
    found = places.match(
        listed(*names, "Tharaka Nithi"), known(*names, "Tharaka"), system="list", vintage="2024"
    )

    assert list(found["status"]) == ["matched"] * 7
    assert reasons(found)[-1] == "last_pair"


def test_the_last_pair_is_asked_about_while_another_name_is_open() -> None:
    names = ["Meru", "Embu", "Kitui", "Machakos", "Makueni", "Nyeri"]

    found = outcome(listed(*names, "Tharaka Nithi"), known(*names, "Tharaka", "Isiolo"))

    assert found[-1] == ("ambiguous", None)


def test_reviewed_matches_are_used_again_and_rejected_ones_stay_away() -> None:
    first = places.match(
        listed("Bougouni Est", "Boura", parent_name=""),
        known("Bougouni Ouest", "Boura"),
        system="l",
        vintage="1",
    )
    decided = places.with_review(
        first, {("L0", ""): "ML-H0000", ("L1", ""): None}, by="awa@cni.example", on=date(2025, 1, 15)
    )

    again = places.match(
        listed("Bougouni Est", "Boura", parent_name=""),
        known("Bougouni Ouest", "Boura"),
        system="l",
        vintage="1",
        reviewed=decided,
    )

    assert list(again["status"]) == ["reviewed", "rejected"]
    assert again["place_code"][0] == "ML-H0000"
    assert pd.isna(again["place_code"][1])
    assert list(again["reviewed_by"]) == ["awa@cni.example"] * 2
    assert list(again["reviewed_on"]) == [date(2025, 1, 15)] * 2


def test_a_review_of_another_vintage_is_not_used() -> None:
    first = places.match(
        listed("Bougouni Est", parent_name=""), known("Bougouni Ouest"), system="l", vintage="2017"
    )
    decided = places.with_review(first, {("L0", ""): "ML-H0000"}, by="awa", on=date(2025, 1, 15))

    again = places.match(
        listed("Bougouni Est", parent_name=""),
        known("Bougouni Ouest"),
        system="l",
        vintage="2023",
        reviewed=decided,
    )

    assert list(again["status"]) == ["ambiguous"]


def test_a_decision_about_a_name_that_is_not_listed_is_refused() -> None:
    first = places.match(listed("Boura", parent_name=""), known("Boura"), system="l", vintage="1")

    with pytest.raises(places.PlacesRefused, match="not among the listed names"):
        places.with_review(first, {("L9", ""): None}, by="awa", on=date(2025, 1, 15))


def test_a_table_without_names_is_refused_with_its_columns() -> None:
    with pytest.raises(places.PlacesRefused, match="missing: name"):
        places.match(pd.DataFrame({"code": ["a"]}), known("Boura"), system="l", vintage="1")


def test_every_outcome_has_a_sentence_in_both_languages() -> None:
    one = listed("Boura", "Bougouni Est", "Zzyzx", "Bla")
    found = places.match(one, known("Boura", "Bougouni Ouest", "Kologo"), system="l", vintage="1")

    for row in found.to_dict("records"):
        assert row["name"] in places.explain(row).render("fr")
        assert row["name"] in places.explain(row).render("en")


def test_the_rows_fit_the_declared_table() -> None:
    found = places.match(listed("Boura", "Zzyzx"), known("Boura"), system="l", vintage="1")

    assert PLACE_MATCHES.arrow(found.to_dict("list")).num_rows == 2


@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.lists(st.text(alphabet="abekoué -'IN", max_size=8), min_size=1, max_size=12))
def test_no_listed_row_is_ever_lost(names: list[str]) -> None:
    found = places.match(listed(*names), known("Boka", "Kobé Nord", "Beko II"), system="l", vintage="1")

    assert list(found["name"]) == names
    assert sum(places.summary(found).values()) == len(names)


@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.permutations(["Boura", "Bougouni Est", "Kologo", "Niono Central", "Ségou", "Segou", "Bla"]))
def test_the_order_of_the_list_does_not_matter(names: list[str]) -> None:
    found = places.match(
        pd.DataFrame({"code": [f"c-{name}" for name in names], "name": names}),
        known("Boura", "Bougouni Ouest", "Kologho", "Niono", "Segou"), system="l", vintage="1",
    )  # fmt: skip

    by_name = dict(zip(found["name"], found["status"], strict=True))
    assert by_name == {
        "Boura": "matched", "Bougouni Est": "ambiguous", "Kologo": "matched", "Niono Central": "ambiguous",
        "Ségou": "ambiguous", "Segou": "ambiguous", "Bla": "unmatched",
    }  # fmt: skip


def test_2600_names_against_2600_take_seconds() -> None:
    rng = np.random.default_rng(7)
    parts = [
        "ka",
        "ti",
        "bou",
        "gou",
        "ni",
        "se",
        "ko",
        "ro",
        "dia",
        "la",
        "ma",
        "san",
        "to",
        "nio",
        "fa",
        "ban",
        "yel",
    ]
    names = ["".join(rng.choice(parts, 4)).capitalize() for _ in range(2600)]
    parents = [f"District {at % 75}" for at in range(2600)]
    other = known(*names, parent_name=parents, level="facility")
    one = listed(*[f"CSCOM de {name}" for name in names], parent_name=parents, level="facility")

    began = time.process_time()
    found = places.match(one, other, system="l", vintage="1")

    assert time.process_time() - began < 15  # about 2 seconds on a machine of 2020
    matched = found["status"] == "matched"
    assert (found["place_code"] == other["place_code"])[matched].all()
    assert matched.mean() > 0.98


@pytest.mark.shared_data
def test_all_47_counties_of_the_kenyan_workbook_find_their_outline(shared_data: Path) -> None:
    from python_calamine import CalamineWorkbook

    counties = places.from_geojson(shared_data / "kenya" / "counties.geojson", level="region").to_pandas()
    other = counties.rename(columns={"code": "place_code"})[["place_code", "name", "level"]]
    book = CalamineWorkbook.from_path(shared_data / "kenya" / "countdown_workbook_2019_2023.xlsx")
    for sheet in ("Service_data_2", "Population_data"):
        spelled = {str(row[0]) for row in book.get_sheet_by_name(sheet).to_python()[3:] if row[0]}
        names = sorted(name for name in spelled if len(name) < 30)
        one = pd.DataFrame({"code": names, "name": names, "level": "region"})

        found = places.match(one, other, system="kenya-countdown", vintage="2023")

        assert places.summary(found)["matched"] == len(names) >= 47
        assert found["place_code"].nunique() == 47


@pytest.mark.shared_data
def test_the_cercles_of_the_2009_census_find_the_codes_of_2017(shared_data: Path) -> None:
    outlines = places.from_geojson(shared_data / "mali" / "cercles_2017.geojson", level="cercle").to_pandas()
    census = pd.read_csv(shared_data / "mali" / "census_2009_by_cercle.csv")
    census = census[census["Population résidente"].notna()]
    one = pd.DataFrame(
        {
            "code": census["Location"],
            "name": census["Cercle"],
            "parent_name": census["District"],
            "level": "cercle",
        }
    )

    found = places.match(
        one, outlines.rename(columns={"code": "place_code"}), system="census", vintage="2009"
    )

    # The list puts Gao's four cercles under Tombouctou and Bamako under Kidal.
    asked = found[found["status"] == "ambiguous"]
    assert set(asked["name"]) == {"Gao Cercle", "Ansongo", "Bourem", "Menaka", "Bamako"}
    assert set(reasons(asked)) == {"parent_differ"}
    assert (found["status"] == "matched").sum() == 45
    codes = dict(zip(found["name"], found["place_code"], strict=True))
    assert (codes["Goudam"], codes["Baraoueli"], codes["Kayes Cercle"]) == ("ML0602", "ML0401", "ML0103")


@pytest.mark.shared_data
def test_half_of_the_facilities_never_take_the_place_of_the_other_half(shared_data: Path) -> None:
    facilities = places.from_rows(
        shared_data / "mali" / "health_facilities_2019.csv",
        {
            "name": "Facility name",
            "parent_name": "Admin1",
            "kind": "Facility type",
            "latitude": "Lat",
            "longitude": "Long",
        },
        level="facility",
    ).to_pandas()
    facilities["spelling"] = facilities["name"].map(places.normalise)
    there, away = facilities.iloc[::2], facilities.iloc[1::2]
    away = away[~(away["spelling"] + away["parent_name"]).isin(there["spelling"] + there["parent_name"])]

    found = places.match(away, there.rename(columns={"code": "place_code"}), system="l", vintage="1")

    # Of some 730 facilities that are not among the known, hardly one may be taken for another.
    assert (found["status"] == "matched").sum() <= 3
    assert len(found) == len(away)


def test_empty_lists_and_empty_names_are_no_trouble() -> None:
    assert places.match(listed(), known("Boura"), system="l", vintage="1").empty
    assert outcome(listed("Boura"), known()) == [("unmatched", None)]
    assert outcome(listed("", "Boura"), known("Boura")) == [("unmatched", None), ("matched", "ML-H0000")]
