"""Do figures of estimates show what is not known, and never pass one kind of number for another?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
import shapely

from kalanso import figures
from kalanso.figures import FigureRefused, Subject
from kalanso.figures.bars import begin

RATE = Subject(measure="P(sous 80 %)", unit="rate", level="district", place="Mali", number="estimated")
SHARE = Subject(measure="Couverture DTC1", place="Niono", level="district", number="estimated")
COUNT = Subject(measure="enfants zéro dose", unit="count", level="health_area", number="estimated")


def marks(spec: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = []
    for layer in spec["layer"]:
        for part in layer.get("layer", [layer]):
            if part["mark"]["type"] == kind:
                found.append(part | {"rows": part["data"]["values"]})
    return found


def words_of(figure: figures.Figure) -> str:
    return " ".join(str(row["text"]) for mark in marks(figure.spec, "text") for row in mark["rows"])


def on_map(values: list[float | None]) -> pd.DataFrame:
    squares = [shapely.box(n, 0, n + 1, 1).wkb for n in range(len(values))]
    return pd.DataFrame(
        {"place": [f"Lieu {n}" for n in range(len(values))], "value": values, "geometry": squares}
    )


def test_a_map_of_chances_says_how_many_places_are_sure_and_how_many_are_open() -> None:
    figure = figures.estimate_map(on_map([0.95, 0.92, 0.5, 0.2, 0.03]), subject=RATE)

    assert figure.title == (
        "Mali\u00a0: 2 districts sur 5 presque sûrement sous 80\u202f% (au moins 9 chances sur 10)\u202f; "
        "on ne peut pas trancher pour 2"
    ).replace("\u202f;", " ;").replace("Mali\u00a0:", "Mali\u00a0:")  # fmt: skip
    assert "9 chances" in words_of(figure)
    assert "%" not in figure.table["Classe"].iloc[0]


def test_a_map_of_widths_speaks_of_points_and_names_the_widest() -> None:
    figure = figures.estimate_map(on_map([0.05, 0.35, 0.48]), subject=RATE, show="width", locale="en")

    assert "more than 30 points for 2 districts of 3" in figure.title
    assert "Lieu 2 (48 points)" in figure.title
    assert figure.table[RATE.measure].tolist() == ["48 points", "35 points", "5 points"]


@pytest.mark.parametrize(("change", "said"), [({"show": "mean"}, "chance or width"), ({}, "0 to 1")])
def test_a_map_of_chances_refuses_what_is_no_chance(change: dict[str, str], said: str) -> None:
    with pytest.raises(FigureRefused, match=said):
        figures.estimate_map(on_map([1.4]), subject=RATE, **change)  # type: ignore[arg-type]


def sources(**more: Any) -> pd.DataFrame:
    rows = [
        {"period": "2024Q3", "kind": "estimated", "source": "", "value": 0.74, "low": 0.7, "high": 0.78},
        {"period": "2024Q4", "kind": "estimated", "source": "", "value": 0.75, "low": 0.7, "high": 0.8},
        {"period": "2024Q3", "kind": "reported", "source": "RGPH", "value": 1.2},
        {"period": "2024Q4", "kind": "reported", "source": "RGPH", "value": 1.3},
        {"period": "2024Q4", "period_from": "2024Q1", "kind": "surveyed", "source": "EDS", "value": 0.7, "low": 0.6, "high": 0.8},
    ]  # fmt: skip
    return pd.DataFrame([row | more for row in rows])


def test_all_sources_share_an_axis_each_with_a_mark_of_its_kind() -> None:
    figure = figures.evidence_axis(sources(), subject=SHARE)

    assert "75\u202f% estimés (entre 70\u202f% et 80\u202f%)" in figure.title
    assert "doses notifiées donnent 120\u202f% à 130\u202f%" in figure.title
    assert {tuple(mark["mark"]["strokeDash"]) for mark in marks(figure.spec, "line")} == {(1, 0), (7, 3)}
    assert {mark["mark"]["shape"] for mark in marks(figure.spec, "point")} == {"diamond"}
    assert len(marks(figure.spec, "area")) == 1
    assert "Au-dessus de 100" in figure.caption
    assert {"estimation", "RGPH (doses notifiées)", "EDS (enquêtes)"} == set(figure.table["Série"])


def test_a_survey_reaches_over_the_quarters_that_it_speaks_of() -> None:
    figure = figures.evidence_axis(sources(), subject=SHARE)

    spans = [row for mark in marks(figure.spec, "rule") for row in mark["rows"] if "end" in row]
    assert spans == [{"position": -0.4, "end": 3.4, "value": 0.7}]
    assert "T1 2024" in " ".join(figure.table["Période"])


def test_the_simulated_truth_is_called_so() -> None:
    truth = pd.DataFrame([{"period": "2024Q4", "kind": "simulated", "source": "", "value": 0.77}])
    figure = figures.evidence_axis(pd.concat([sources(), truth]), subject=SHARE)

    assert "vérité simulée" in words_of(figure)
    assert "Le pays est simulé" in figure.caption


def test_an_unknown_kind_of_source_is_refused() -> None:
    with pytest.raises(FigureRefused, match="guessed"):
        figures.evidence_axis(sources(kind="guessed"), subject=SHARE)


def ranked(**changes: Any) -> pd.DataFrame:
    rows = {
        "place": ["Boura", "Kologo", "Niono"], "value": [400, 390, 50], "rank": [1.4, 1.6, 3], "rank_low": [1, 1, 3],
        "rank_high": [2, 2, 3], "group": [1, 1, 2],
    }  # fmt: skip
    return pd.DataFrame(rows | changes)


def test_places_whose_order_is_not_known_share_a_letter_and_the_title_says_so() -> None:
    figure = figures.rank_intervals(ranked(), subject=COUNT)

    assert figure.title == "Boura vient en tête (400), sans qu’on puisse le distinguer de 1 autre lieu"
    assert figure.table["Groupe"].tolist() == ["A", "A", "B"]
    assert figure.table["Rang"].tolist() == ["1 à 2", "1 à 2", "3"]
    assert "leur ordre ne dit rien" in figure.caption


def test_of_places_that_cannot_be_told_apart_the_largest_number_leads_as_on_a_map() -> None:
    figure = figures.rank_intervals(ranked(value=[400, 410, 50]), subject=COUNT)
    assert figure.title.startswith("Kologo vient en tête (410), sans qu’on puisse le distinguer")


def test_a_title_of_ranks_names_the_place_that_it_is_about() -> None:
    told = figures.rank_intervals(ranked(), subject=replace(COUNT, place="Mali, parmi les lieux montrés"))
    assert told.title.startswith("Mali, parmi les lieux montrés\u00a0: Boura vient en tête")


def test_ranks_outside_their_interval_are_refused() -> None:
    with pytest.raises(FigureRefused, match="rank_low"):
        figures.rank_intervals(ranked(rank_low=[3, 1, 3]), subject=COUNT)


def test_an_answer_is_read_against_the_interval_of_the_chosen_one() -> None:
    rows = pd.DataFrame(
        {"label": ["Estimation", "Administratif"], "value": [0.7, 1.1], "low": [0.6, None], "high": [0.8, None],
         "chosen": [True, False]}
    )  # fmt: skip
    figure = figures.interval_rows(rows, subject=SHARE)

    assert figure.title == "Niono\u00a0: de 70\u202f% (Estimation) à 110\u202f% (Administratif)"
    assert "Sans intervalle" in figure.caption
    assert "cible est sans doute trop basse" in figure.caption


def methods(other: float) -> pd.DataFrame:
    return pd.DataFrame([
        {"place": place, "method": method, "value": value, "low": low, "high": high}
        for place in ("Ségou", "Niono")
        for method, value, low, high in (("Estimation", 0.7, 0.6, 0.8), ("Administratif", other, None, None))
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("other", "said"), [(1.1, "« Administratif » sort de l’intervalle"), (0.75, "aucune méthode ne sort")]
)
def test_the_title_counts_the_places_where_a_method_leaves_the_interval(other: float, said: str) -> None:
    assert said in figures.method_dots(methods(other), subject=SHARE).title


def test_two_values_of_one_method_for_a_place_are_refused() -> None:
    with pytest.raises(FigureRefused, match="two values"):
        figures.method_dots(pd.concat([methods(1.1), methods(1.1)]), subject=SHARE)


@pytest.mark.parametrize(
    ("low", "high", "least"),
    [(0.6, 0.8, 0.5), (0.05, 1.1, 0.0), (-40, 100, -60), (300, 400, 250), (0.0, 0.0, 0.0)],
)
def test_an_axis_of_points_begins_at_a_round_value_below_them(low: float, high: float, least: float) -> None:
    assert begin(low, high) == least


def test_places_with_least_evidence_of_their_own_stand_first() -> None:
    rows = pd.DataFrame(
        {"place": ["Boura", "Kologo"], "survey": [0.5, 0.0], "routine": [0.2, 0.1], "borrowed": [0.3, 0.9]}
    )
    figure = figures.evidence_shares(rows, subject=Subject(measure="part", unit="rate", level="health_area"))

    assert figure.table["Lieu"].tolist() == ["Kologo", "Boura"]
    assert figure.title.startswith("1 aire de santé sur 2")


def test_shares_that_do_not_add_up_are_refused() -> None:
    rows = pd.DataFrame({"place": ["Boura"], "survey": [0.5], "routine": [0.2], "borrowed": [0.9]})
    with pytest.raises(FigureRefused, match="add up to 1"):
        figures.evidence_shares(rows, subject=Subject(measure="part", unit="rate"))
