"""Are axes, marks and groups of figures honest?"""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shapely
from shapely.geometry import shape

from kalanso import figures
from kalanso.figures import FigureRefused, Source, Subject
from kalanso.figures.axes import period_ticks, value_ticks
from kalanso.figures.classes import class_of, limits, names, tones
from kalanso.figures.letters import width_of, wrap
from kalanso.figures.outlines import on_sheet, read_outlines
from kalanso.figures.rankings import groups
from kalanso.vocabulary import Period

ABOUT = Subject(measure="Couverture DTP1", place="Boura")
COUNT = Subject(measure="Enfants", unit="count", level="district")
MONTHS = [f"2024{month:02d}" for month in range(1, 7)]


def marks(spec: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = []
    for layer in spec["layer"]:
        for part in layer.get("layer", [layer]):
            if part["mark"]["type"] == kind:
                found.append(part | {"rows": part["data"]["values"]})
    return found


def drawn_texts(figure: figures.Figure, width: int = 640) -> list[str]:
    return [row["text"] for mark in marks(figure.spec_at(width), "text") for row in mark["rows"]]


def test_coverage_above_100_percent_is_drawn_as_it_is() -> None:
    table = pd.DataFrame({"period": ["2024Q1", "2024Q2", "2024Q3", "2024Q4"], "value": [0.9, 1.55, 1.2, 1.1]})

    figure = figures.trend(table, subject=ABOUT)

    points = [row["value"] for mark in marks(figure.spec, "point") for row in mark["rows"] if "value" in row]
    assert sorted(points) == [0.9, 1.1, 1.2, 1.55]
    domain = marks(figure.spec, "line")[0]["encoding"]["y"]["scale"]["domain"]
    assert domain[0] == 0
    assert domain[1] > 1.55
    assert figure.table["Couverture DTP1"].tolist() == ["90\u202f%", "155\u202f%", "120\u202f%", "110\u202f%"]


def test_a_month_without_a_number_breaks_the_line_and_is_hatched() -> None:
    table = pd.DataFrame({"period": MONTHS, "value": [1.0, 2.0, None, 4.0, 5.0, 6.0]})

    figure = figures.trend(table, subject=Subject(measure="Doses", unit="count"))

    runs = [[row["position"] for row in mark["rows"]] for mark in marks(figure.spec, "line")]
    assert runs == [[0, 1], [3, 4, 5]]
    hatched = [row for mark in marks(figure.spec, "rect") for row in mark["rows"] if "end" in row]
    assert hatched == [{"position": 1.5, "end": 2.5}]
    assert figure.table["Doses"].tolist()[2] == "pas de donnée"
    assert "Là où la ligne s’interrompt" in figure.caption


def test_months_that_no_row_mentions_are_gaps_too() -> None:
    table = pd.DataFrame({"period": ["202401", "202402", "202405"], "value": [1.0, 2.0, 5.0]})

    figure = figures.trend(table, subject=Subject(measure="Doses", unit="count"))

    assert [len(mark["rows"]) for mark in marks(figure.spec, "line")] == [2]


def test_findings_become_marks_that_are_explained_in_words() -> None:
    table = pd.DataFrame({"period": MONTHS, "value": [10.0, 90.0, 11.0, 11.0, 12.0, 13.0]})
    findings = pd.DataFrame(
        {"check": ["outliers", "copies", "digit_heaping"], "period": ["202402", "202404", "202405"]}
    )

    figure = figures.trend(table, subject=Subject(measure="Doses", unit="count"), findings=findings)

    shapes = {mark["mark"]["shape"] for mark in marks(figure.spec, "point")}
    assert {"circle", "square", "diamond"} <= shapes
    assert {
        "valeur aberrante à vérifier",
        "copie du mois précédent",
        "valeur signalée par un contrôle",
    } <= set(drawn_texts(figure))
    assert figure.table["Remarques"].tolist()[1] == "valeur aberrante à vérifier"
    assert "rien n’a été corrigé" in figure.caption


def test_provisional_values_are_dashed_hollow_and_left_out_of_the_finding() -> None:
    table = pd.DataFrame(
        {"period": MONTHS, "value": [50.0, 50.0, 51.0, 50.0, 49.0, 10.0], "provisional": [False] * 5 + [True]}
    )

    figure = figures.trend(table, subject=Subject(measure="Doses", unit="count", place="Boura"))

    dashes = [mark["mark"]["strokeDash"] for mark in marks(figure.spec, "line")]
    assert [1, 0] in dashes
    assert [3, 4] in dashes
    assert "stable" in figure.title
    assert "provisoire" in figure.caption


def test_sources_keep_their_own_marks_and_surveys_are_not_joined() -> None:
    rows = [
        {"series": "Administratif", "number": "reported", "period": str(y), "value": 1.04}
        for y in range(2018, 2024)
    ]
    rows += [
        {"series": "Enquêtes", "number": "surveyed", "period": str(y), "value": 0.75, "low": 0.7, "high": 0.8}
        for y in (2018, 2023)
    ]

    figure = figures.trend(pd.DataFrame(rows), subject=ABOUT)

    assert len(marks(figure.spec, "line")) == 1
    assert {mark["mark"]["shape"] for mark in marks(figure.spec, "point")} == {"circle", "diamond"}
    assert "chiffres déclarés et chiffres d’enquête" in figure.subtitle
    assert "méthodes différentes" in figure.caption


def test_spaghetti_is_refused_in_favour_of_small_multiples() -> None:
    table = pd.DataFrame({"series": list("abcdef"), "period": "2024", "value": 0.5})

    with pytest.raises(FigureRefused, match="use small_multiples"):
        figures.trend(table, subject=ABOUT)


def test_two_values_for_one_period_are_refused() -> None:
    with pytest.raises(FigureRefused, match="two values for 2024Q1"):
        figures.trend(pd.DataFrame({"period": ["2024Q1", "2024Q1"], "value": [1, 2]}), subject=ABOUT)


def test_a_negative_rate_reaches_below_zero_and_has_no_line_of_100_percent() -> None:
    table = pd.DataFrame({"period": MONTHS, "value": [0.1, -0.04, 0.2, 0.1, 0.1, 0.1]})

    figure = figures.trend(table, subject=Subject(measure="Abandon", unit="rate"))

    domain = marks(figure.spec, "line")[0]["encoding"]["y"]["scale"]["domain"]
    assert domain[0] < -0.04
    assert domain[1] < 0.5
    assert not any("cible" in text for text in drawn_texts(figure))


def test_small_multiples_share_one_scale() -> None:
    rows = [
        {"place": p, "period": q, "value": v}
        for p, v in (("A", 0.2), ("B", 1.0))
        for q in ("2024Q1", "2024Q2")
    ]

    figure = figures.small_multiples(pd.DataFrame(rows), subject=ABOUT)

    heights = {row["run"]: row["py"] for row in marks(figure.spec, "line")[0]["rows"]}
    zero = max(row["py"] for mark in marks(figure.spec, "rule") for row in mark["rows"] if "mid" not in row)
    assert (zero - heights["1.0"]) / (zero - heights["0.0"]) == pytest.approx(5, rel=0.02)


def test_the_legend_counts_the_places_of_each_class() -> None:
    boxes = [shapely.box(n, 10, n + 1, 11) for n in range(5)]
    table = pd.DataFrame(
        {"place": list("ABCDE"), "value": [0.4, 0.45, 0.9, 1.0, 1.2], "geometry": shapely.to_wkb(boxes)}
    )

    figure = figures.choropleth(table, subject=Subject(measure="Couverture", level="district"))

    counts = [text for text in drawn_texts(figure) if text.isdigit()]
    assert counts == ["2", "0", "0", "2", "1"]
    assert "moins de 50\u202f%\u00a0: 2" in figure.alt
    assert figure.title == "2 districts sur 5 sous 80\u202f%\u00a0; au plus bas, A (40\u202f%)"


def test_the_table_of_a_map_tells_the_grade_of_each_value_where_there_is_one() -> None:
    boxes = [shapely.box(n, 10, n + 1, 11) for n in range(2)]
    table = pd.DataFrame({"place": list("AB"), "value": [0.4, 0.9], "geometry": shapely.to_wkb(boxes)})
    graded = table.assign(grade=["C", ""])
    about = Subject(measure="Couverture", level="district")

    for draw in (figures.choropleth, figures.estimate_map):
        told = draw(graded, subject=about).table.set_index("Lieu")["Confiance (A à D)"]
        assert told.to_dict() == {"A": "C", "B": ""}
        assert "Confiance (A à D)" not in draw(table, subject=about).table


def test_places_without_outline_or_value_are_said_not_dropped() -> None:
    boxes = [shapely.to_wkb(shapely.box(0, 10, 1, 11)), shapely.to_wkb(shapely.box(1, 10, 2, 11)), None]
    table = pd.DataFrame({"place": ["A", "B", "C"], "value": [0.9, None, 0.5], "geometry": boxes})
    table["reason"] = ["", "zone non accessible", ""]

    figure = figures.choropleth(table, subject=Subject(measure="Couverture", level="district"))

    assert "C (50\u202f%)" in figure.caption
    assert "zone non accessible (1)" in figure.caption
    assert len(figure.table) == 3


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.9, 0.95], "80\u202f% ou plus partout (2 districts, soit 2 sur 2)"),
        ([0.9, None], "80\u202f% ou plus dans 1 district sur 2, 1 sans donnée"),
        ([0.7, 0.9, None], "1 district sur 3 sous 80\u202f%, 1 sans donnée"),
    ],
)
def test_a_map_says_everywhere_only_where_every_place_has_data(values: list[float | None], said: str) -> None:
    boxes = [shapely.to_wkb(shapely.box(n, 10, n + 1, 11)) for n in range(len(values))]
    table = pd.DataFrame({"place": list("ABC")[: len(values)], "value": values, "geometry": boxes})

    figure = figures.choropleth(table, subject=Subject(measure="Couverture", level="district"))

    assert figure.title.startswith(said)


def test_a_ranking_names_the_level_of_its_places() -> None:
    table = pd.DataFrame({"place": ["A", "B"], "value": [1.09, 1.2]})
    subject = Subject(measure="Couverture", level="region")
    assert (
        figures.ranked_bars(table, subject=subject, order="low").title
        == "Au plus bas des 2 régions, A\u00a0: 109\u202f%"
    )


def test_snapshots_of_one_day_are_dated_once() -> None:
    table = pd.DataFrame({"place": ["A", "B"], "value": [1.09, 1.2]})
    days = ("2025-01-15", "2025-01-15"), ("2025-01-15", "2025-02-15")
    lines = [
        figures.ranked_bars(
            table,
            subject=Subject(
                measure="x",
                sources=tuple(Source(system=s, snapshot=d) for s, d in zip("PQ", two, strict=True)),
            ),
        ).source_line
        for two in days
    ]
    assert lines == [
        "Sources\u00a0: P et Q (extraits du 15/01/2025)",
        "Sources\u00a0: P (extrait du 15/01/2025) et Q (extrait du 15/02/2025)",
    ]


def test_catchments_are_called_approximate() -> None:
    table = pd.DataFrame(
        {"place": ["A"], "value": [0.9], "geometry": [shapely.to_wkb(shapely.box(0, 10, 1, 11))]}
    )

    figure = figures.choropleth(table.assign(kind="catchment"), subject=ABOUT)

    assert "approximatives" in figure.caption


@pytest.mark.parametrize("geometry", [b"not wkb", "zz", 12])
def test_an_outline_that_is_no_wkb_is_refused_with_its_row(geometry: Any) -> None:
    table = pd.DataFrame({"place": ["A"], "value": [0.9], "geometry": [geometry]})

    with pytest.raises(FigureRefused, match="row 0: expected WKB"):
        figures.choropleth(table, subject=ABOUT)


def test_outlines_in_metres_are_refused() -> None:
    with pytest.raises(FigureRefused, match="degrees"):
        on_sheet([shapely.box(500_000, 1_000_000, 600_000, 1_100_000)], 640, 600, 0.7)


def test_neighbours_keep_touching_after_simplification() -> None:
    wavy = [(0.5 + 0.05 * (n % 2), n / 20) for n in range(21)]
    left = shapely.Polygon([(0, 0), *wavy, (0, 1)])
    right = shapely.Polygon([(1, 0), (1, 1), *reversed(wavy)])

    sheet = on_sheet([left, right], 200, 200, 2.0)

    assert sheet.shapes[0] is not None
    assert sheet.shapes[1] is not None
    assert sheet.shapes[0].intersection(sheet.shapes[1]).area < 1e-6
    assert shapely.union_all(list(sheet.shapes)).area == pytest.approx(
        sheet.shapes[0].area + sheet.shapes[1].area
    )


def test_hexadecimal_outlines_are_read_like_bytes() -> None:
    box = shapely.box(0, 10, 1, 11)

    read = read_outlines([shapely.to_wkb(box, hex=True), shapely.to_wkb(box), None])

    assert read[0] == read[1] == box
    assert read[2] is None


def test_bars_begin_at_zero_and_negative_children_stand_on_the_other_side() -> None:
    table = pd.DataFrame({"place": ["Boura", "Bougouni Est"], "value": [270, -390]})

    figure = figures.missed_children(table, subject=COUNT)

    bars = [row for mark in marks(figure.spec, "rect") for row in mark["rows"] if row["py2"] < 60]
    assert bars[0]["px"] == bars[1]["px2"]
    assert (bars[1]["px2"] - bars[1]["px"]) / (bars[0]["px2"] - bars[0]["px"]) == pytest.approx(
        390 / 270, rel=0.02
    )
    assert "−390" in drawn_texts(figure)
    assert "270 enfants manqués dans 1 district\u00a0; la soustraction échoue dans 1 district" in figure.title
    assert "390 doses de trop" in figure.caption


def test_ranked_places_whose_intervals_overlap_the_leader_cannot_be_told_apart() -> None:
    rows = pd.DataFrame(
        {
            "place": list("abcd"),
            "low": [90, 85, 40, None],
            "high": [110, 95, 60, None],
            "value": [100, 90, 50, 10],
        }
    )

    assert groups(rows) == ["A", "A", "B", ""]


def test_bars_not_drawn_are_counted() -> None:
    table = pd.DataFrame({"place": [f"d{n}" for n in range(30)], "value": range(30)})

    figure = figures.ranked_bars(table, subject=COUNT, most=10)

    assert "20 districts" in figure.caption
    assert len(figure.table) == 30


def test_the_wall_chart_adds_up_and_says_that_missing_months_make_it_a_minimum() -> None:
    table = pd.DataFrame({"period": ["202401", "202403"], "first_doses": [100, 80], "third_doses": [90, 60]})

    figure = figures.wall_chart(table, subject=COUNT, annual_target=1200)

    assert figure.data["first_so_far"].tolist() == [100, 100, 180]
    assert figure.data["dropout"].tolist() == [10, 10, 30]
    assert figure.data["target_so_far"].tolist() == [100, 200, 300]
    assert "février 2024" in figure.caption
    assert "180 DTP1 sur 300 enfants attendus (60\u202f%)" in figure.title


@pytest.mark.parametrize("periods", [["2024Q1"], ["202312", "202401"], ["202401", "202401"]])
def test_a_wall_chart_needs_the_months_of_one_year(periods: list[str]) -> None:
    table = pd.DataFrame({"period": periods, "first_doses": 1, "third_doses": 1})

    with pytest.raises(FigureRefused, match="month"):
        figures.wall_chart(table, subject=COUNT, annual_target=100)


def test_a_grid_counts_pairs_without_a_row_as_missing() -> None:
    table = pd.DataFrame(
        {"place": ["A", "A", "B"], "period": ["202401", "202402", "202401"], "value": [0.5, 0.6, 0.7]}
    )

    figure = figures.heat_grid(table, subject=Subject(measure="Couverture"))

    assert "1 case sur 4 sans donnée" in figure.title
    assert figure.table.iloc[1, 2] == "pas de donnée"


@pytest.mark.parametrize(("value", "expected"), [(0.49, 0), (0.5, 1), (0.8, 3), (1.0, 3), (1.001, 4)])
def test_exactly_100_percent_is_not_above_100_percent(value: float, expected: int) -> None:
    assert class_of(value, (0.5, 0.7, 0.8, 1.0), "share") == expected


def test_counts_are_cut_at_round_numbers() -> None:
    cuts = limits([float(n) for n in range(3, 1003, 7)], "count")

    assert cuts == (200.0, 400.0, 600.0, 800.0)
    assert names(cuts, "count", "fr")[1] == "200 à 400"
    assert len(set(tones(cuts))) == 5


@pytest.mark.parametrize("values", [[5.0], [0.0, 0.0], [7.0, 7.0, 7.0], [1.0, 2.0], [-5.0, 10.0, 10.0]])
def test_few_or_equal_values_still_make_classes(values: list[float]) -> None:
    cuts = limits(values, "count")

    assert len(names(cuts, "count", "fr")) == len(tones(cuts)) == len(cuts) + 1
    assert all(0 <= class_of(value, cuts, "count") <= len(cuts) for value in values)


def test_ticks_are_round_and_few() -> None:
    assert value_ticks(0, 1.18, 6) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert value_ticks(-0.1, 0.2, 3) == [-0.1, 0.0, 0.1, 0.2] or len(value_ticks(-0.1, 0.2, 3)) <= 4
    assert 0 in value_ticks(-390, 390, 4)


def test_ticks_of_a_count_are_whole() -> None:
    """Facilities, places, incidents are few: 2.5 would be written 2, and 7.5 written 8."""
    assert value_ticks(0, 8.6, 4, "count") == [0, 5]
    assert value_ticks(0, 1.1, 4, "count") == [0, 1]
    assert value_ticks(0, 30, 4, "count") == value_ticks(0, 30, 4) == [0, 10, 20, 30]
    assert value_ticks(0, 8.6, 4) == [0, 2.5, 5, 7.5]
    assert value_ticks(3.2, 3.8, 4, "count")


@pytest.mark.parametrize(("pixels", "most"), [(200, 6), (500, 13), (900, 25)])
def test_period_labels_fit_their_pixels(pixels: int, most: int) -> None:
    periods = Period.parse("202001").until(Period.parse("202412"))

    ticks = period_ticks(periods, pixels, "fr")

    assert 2 <= len(ticks) <= most
    each = pixels / len(periods)
    for (a, lines), (b, _) in pairwise(ticks):
        assert (b - a) * each >= max(width_of(line, 12) for line in lines)


def test_lines_break_at_words_but_never_between_number_and_unit() -> None:
    lines = wrap("Niono : 1\u202f240 enfants au T4 2024, soit 12,5\u202f% de la cible", 90, 12)

    assert all(width_of(line, 12) <= 100 for line in lines)
    assert any("T4\u00a02024" in line for line in lines)
    assert any("12,5\u202f%" in line for line in lines)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("file", "key"), [("mali/cercles_2017.geojson", "adm2"), ("kenya/counties.geojson", "shapeName")]
)
def test_a_national_map_of_real_outlines_stays_small(shared_data: Path, file: str, key: str) -> None:
    features = json.loads((shared_data / file).read_text(encoding="utf-8"))["features"]
    table = pd.DataFrame(
        {
            "place": [f["properties"].get(key, str(n)) for n, f in enumerate(features)],
            "value": [0.4 + n / 60 for n in range(len(features))],
            "geometry": [shapely.to_wkb(shape(f["geometry"])) for f in features],
        }
    )

    figure = figures.choropleth(table, subject=Subject(measure="Couverture", level="district"))

    for width in (320, 640, 960):
        svg = figures.to_svg(figure, width)
        assert svg.count("<path") >= len(features)
        assert len(gzip.compress(svg.encode(), 9)) < 25_000 * len(features) / 75
