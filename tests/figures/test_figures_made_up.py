"""Do all kinds of figures keep the promises that every figure makes?"""

from __future__ import annotations

import dataclasses
import gzip
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import altair
import numpy as np
import pandas as pd
import pytest
import shapely

from kalanso import figures
from kalanso.figures import Figure, FigureRefused, Source, Subject
from kalanso.figures.tables import INPUTS
from kalanso.vocabulary import Message

QUARTERS = ["2022Q4", "2023Q1", "2023Q2", "2023Q3", "2023Q4", "2024Q1", "2024Q2", "2024Q3", "2024Q4"]
NIONO = [0.66, 0.74, 0.28, 0.49, 0.63, 0.78, 0.72, 0.75, 0.70]
CAVEAT = Message("figures.trend.gaps")


def subject(**changes: Any) -> Subject:
    given = {
        "measure": "Couverture DTP1", "age": "0-11m", "place": "Niono Central", "level": "health_area",
        "population": "enfants de moins d’un an", "version": "0.1.0", "demo": True,
        "sources": (Source(system="DHIS2", snapshot="2025-01-15"),), "caveats": (CAVEAT,),
    }  # fmt: skip
    return Subject(**given | changes)


def trend_rows() -> pd.DataFrame:
    return pd.DataFrame({"period": QUARTERS, "value": NIONO, "provisional": [False] * 8 + [True]})


def many_rows() -> pd.DataFrame:
    rows = [
        {"place": f"Aire {n}", "group": "Ségou", "period": p, "value": v + n / 10}
        for n in range(8)
        for p, v in zip(QUARTERS, NIONO, strict=True)
    ]
    rows[5]["value"] = None
    return pd.DataFrame(rows)


def map_rows(count: int = 6) -> pd.DataFrame:
    boxes = [shapely.box(-8 + n % 3, 12 + n // 3, -7 + n % 3, 13 + n // 3) for n in range(count)]
    values = [0.42, 0.66, 0.75, 0.9, 1.12, None]
    return pd.DataFrame(
        {
            "place": ["Bla", "San", "Tominian", "Macina", "Niono", "Ségou"],
            "value": values,
            "geometry": shapely.to_wkb(boxes),
            "kind": "catchment",
            "reason": ["", "", "", "", "", "zone non accessible"],
        }
    )


def ranked_rows() -> pd.DataFrame:
    values = [1677.0, 1624.0, 700.0, 100.0]
    rows = pd.DataFrame({"place": ["Kita", "Bla", "San", "Kati"], "value": values})
    return rows.assign(low=rows["value"] * 0.8, high=rows["value"] * 1.2)


def wall_rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period": ["202401", "202402", "202403", "202404"],
            "first_doses": [96, 88, None, 91],
            "third_doses": [82, 80, None, 77],
        }
    )


def missed_rows() -> pd.DataFrame:
    return pd.DataFrame({"place": ["Boura", "Bougouni Est"], "target": [900, 1500], "doses": [630, 1890]})


def posterior_map_rows() -> pd.DataFrame:
    """Chances of four districts, one of them without an estimate."""
    rows = map_rows().drop(columns=["value"]).reset_index(drop=True)
    return rows.assign(value=[None, *(round(0.05 + 0.9 * n / len(rows), 3) for n in range(1, len(rows)))])


def axis_rows() -> pd.DataFrame:
    """Two years of an estimate, of doses over two populations, a survey and a published series."""
    quarters = [f"{year}Q{n}" for year in (2023, 2024) for n in range(1, 5)]
    rows = [
        {"period": q, "kind": kind, "source": name, "value": value + n / 100, "low": low, "high": high}
        for n, q in enumerate(quarters)
        for kind, name, value, low, high in (
            ("estimated", "", 0.7, 0.65, 0.8), ("reported", "RGPH", 1.05, None, None),
            ("reported", "WorldPop", 0.9, None, None), ("simulated", "", 0.72, None, None),
        )
    ]  # fmt: skip
    rows.append({"period": "2023Q4", "period_from": "2023Q1", "kind": "surveyed", "source": "EDS", "value": 0.7, "low": 0.6, "high": 0.8})  # fmt: skip
    rows.append(
        {"period": "2024Q4", "period_from": "2024Q1", "kind": "published", "source": "WUENIC", "value": 0.77}
    )
    return pd.DataFrame(rows)


def share_rows() -> pd.DataFrame:
    """What the estimates of three areas rest on."""
    return pd.DataFrame(
        {"place": ["Boura", "Karangana", "Kologo"], "survey": [0.0, 0.2, 0.5], "routine": [0.1, 0.3, 0.3],
         "borrowed": [0.9, 0.5, 0.2]}
    )  # fmt: skip


def answer_rows() -> pd.DataFrame:
    """Three answers to one question, the first the one compared."""
    return pd.DataFrame(
        {"label": ["Estimation", "Administratif", "Vérité"], "value": [0.7, 1.1, 0.72], "low": [0.6, None, None],
         "high": [0.8, None, None], "chosen": [True, False, False], "number": ["estimated", "reported", "simulated"]}
    )  # fmt: skip


def method_rows() -> pd.DataFrame:
    """Three methods in three districts."""
    return pd.DataFrame([
        {"place": place, "method": method, "value": value - n / 20, "low": 0.6 if method == "Estimation" else None,
         "high": 0.8 if method == "Estimation" else None}
        for n, place in enumerate(("Ségou", "Niono", "Yorosso"))
        for method, value in (("Estimation", 0.75), ("Administratif", 1.1), ("Enquêtes", 0.7))
    ])  # fmt: skip


def rank_rows() -> pd.DataFrame:
    """Four areas whose order is known in part."""
    return pd.DataFrame(
        {"place": ["Boura", "Karangana", "Kologo", "Niono Central"], "value": [400, 380, 200, 50], "rank": [1.4, 1.6, 3.0, 4.0],
         "rank_low": [1, 1, 3, 4], "rank_high": [2, 3, 3, 4], "group": [1, 1, 2, 3], "low": [300, 280, 150, 20],
         "high": [500, 480, 250, 90]}
    )  # fmt: skip


COUNT = subject(unit="count", measure="Enfants", population="")
MADE: Mapping[str, Callable[[str], Figure]] = {
    "trend": lambda locale: figures.trend(trend_rows(), subject=subject(), locale=locale),
    "small_multiples": lambda locale: figures.small_multiples(many_rows(), subject=subject(), locale=locale),
    "choropleth": lambda locale: figures.choropleth(
        map_rows(), subject=subject(), locale=locale, when="2024Q4"
    ),
    "heat_grid": lambda locale: figures.heat_grid(many_rows(), subject=subject(), locale=locale),
    "ranked_bars": lambda locale: figures.ranked_bars(ranked_rows(), subject=COUNT, locale=locale),
    "wall_chart": lambda locale: figures.wall_chart(
        wall_rows(), subject=COUNT, annual_target=1240, locale=locale
    ),
    "missed_children": lambda locale: figures.missed_children(missed_rows(), subject=COUNT, locale=locale),
    "estimate_map": lambda locale: figures.estimate_map(
        posterior_map_rows(), subject=subject(unit="rate"), locale=locale, when="2024Q4"
    ),
    "evidence_axis": lambda locale: figures.evidence_axis(axis_rows(), subject=subject(), locale=locale),
    "evidence_shares": lambda locale: figures.evidence_shares(
        share_rows(), subject=subject(unit="rate"), locale=locale
    ),
    "interval_rows": lambda locale: figures.interval_rows(answer_rows(), subject=subject(), locale=locale),
    "method_dots": lambda locale: figures.method_dots(method_rows(), subject=subject(), locale=locale),
    "rank_intervals": lambda locale: figures.rank_intervals(rank_rows(), subject=COUNT, locale=locale),
    "organ_pipe": lambda locale: figures.organ_pipe(pipe_rows(), subject=subject(), locale=locale),
    "inchworms": lambda locale: figures.inchworms(worm_rows(), subject=subject(), locale=locale),
    "share_stacks": lambda locale: figures.share_stacks(stack_rows(locale), subject=subject(), locale=locale),
    "age_curves": lambda locale: figures.age_curves(curve_rows(), subject=subject(), locale=locale),
    "lot_decisions": lambda locale: figures.lot_decisions(lot_rows(), subject=COUNT, locale=locale),
    "cell_grid": lambda locale: figures.cell_grid(
        cell_rows(), subject=subject(measure="notes"), locale=locale
    ),
    "timeline": lambda locale: figures.timeline(
        dated_rows(), subject=subject(measure="ruptures"), locale=locale
    ),
    "source_flows": lambda locale: figures.source_flows(
        flow_rows(), subject=subject(unit="count", place="Mali"), locale=locale
    ),
}


def pipe_rows() -> pd.DataFrame:
    """Eight clusters of unequal weight."""
    return pd.DataFrame(
        {"cluster": list("ABCDEFGH"), "value": [0.9, 0.2, 1.0, 0.55, 0.55, 0.0, 0.75, 0.4], "weight": [10, 22, 8, 15, 12, 9, 30, 11],
         "children": [7, 12, 6, 10, 9, 7, 12, 8]}
    )  # fmt: skip


def worm_rows() -> pd.DataFrame:
    """Two places in two rounds, six nested intervals each."""
    return pd.DataFrame([
        {"label": place, "series": series, "value": value, "level": level, "low": value - 0.12 * level, "high": value + 0.1 * level,
         "lower_bound": value - 0.09, "upper_bound": value + 0.08}
        for place, first in (("Ségou", 0.55), ("Niono Central", 0.4))
        for series, value in (("2024", first), ("2025", first + 0.15))
        for level in (0.95, 0.8, 0.6, 0.4, 0.2, 0.01)
    ])  # fmt: skip


def curve_rows() -> pd.DataFrame:
    """Two doses of children who were followed, and one with an interval of which nothing is known after six months."""
    rows = [
        ("DTC 1", 45, 0.3, None, None),
        ("DTC 1", 80, 0.7, None, None),
        ("VAR 1", 275, 0.4, None, None),
        ("VAR 1", 340, 0.55, None, None),
        ("DTC 1 (18 s)", 42, 0.1, 0.05, 0.2),
        ("DTC 1 (18 s)", 180, 0.75, 0.65, 0.83),
    ]
    return pd.DataFrame(rows, columns=["series", "age_days", "share", "low", "high"])  # fmt: skip


def stack_rows(locale: str) -> pd.DataFrame:
    """Three doses by when they came, one of few children."""
    parts = {"fr": ["à temps", "en retard", "inconnu"], "en": ["timely", "late", "unknown"]}[locale]
    return pd.DataFrame([
        {"label": dose, "part": part, "value": share, "children": children}
        for dose, children, shares in (("BCG", 191, (0.5, 0.2, 0.15)), ("Penta 3", 40, (0.3, 0.25, 0.1)), ("VAR 2", 12, (0.1, 0.2, 0.0)))
        for part, share in zip(parts, shares, strict=True)
    ])  # fmt: skip


def lot_rows() -> pd.DataFrame:
    """Four lots in three rounds, one sampled late and one not whole."""
    rows = [
        ("Niono", "R1", "fail", 9, 19), ("Bla", "R1", "pass", 15, 19), ("Ségou", "R1", "pass", 17, 19),
        ("Niono", "R2", "fail", 11, 19), ("Bla", "R2", "pass", 13, 19), ("Ségou", "R2", "fail", 12, 19),
        ("Niono", "R3", "fail", 12, 19), ("Bla", "R3", "pass", 14, 19), ("Ségou", "R3", "pass", 16, 19), ("Markala", "R3", "undecided", 11, 15),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["place", "round", "decision", "vaccinated", "children"]).assign(
        decision_value=13, planned_children=19
    )


def cell_rows() -> pd.DataFrame:
    """Two sources by grade and quality, one cell blank."""
    rows = [("SNIS", "note", "B", 3), ("SNIS", "qualité", "bonne", 4), ("Enquête", "note", "C", 1)]
    return pd.DataFrame(rows, columns=["label", "column", "text", "shade"])


def dated_rows() -> pd.DataFrame:
    """Two series that broke, once beside an event."""
    rows = [("DTC 1", "202203", "grève"), ("DTC 1", "202311", "sans événement"), ("BCG", "202203", "grève")]
    return pd.DataFrame(rows, columns=["label", "period", "mark"])


def flow_rows() -> pd.DataFrame:
    rows = [
        ("SNIS sur DHIS2", "facility", "facility", "facility", "current", "Rapport conjoint (eJRF)"),
        ("Outil de gestion des données de vaccination du district (DVD-MT)", "facility", "district", "district", "late", ""),
        ("Cibles officielles", "country", "country", "health_area", "current", "SNIS sur DHIS2"),
        ("Déplacements", "commune", "cercle", "", "declared_only", ""),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["source", "arises", "entered", "held", "state", "feeds"])


@lru_cache
def drawn(kind: str, locale: str, width: int) -> tuple[Figure, str]:
    figure = MADE[kind](locale)
    return figure, figures.to_svg(figure, width)


EVERY = pytest.mark.parametrize("kind", sorted(MADE))


def said_in(svg: str) -> str:
    """Return all words of a drawing, lines joined by spaces."""
    root = ElementTree.fromstring(svg)  # noqa: S314
    return " ".join("".join(node.itertext()) for node in root.iter() if node.tag.endswith("}text")).replace(
        "\u00a0", " "
    )


def test_every_kind_of_figure_is_tested_here() -> None:
    # This one picks another kind for the rows that it is given, and has a file of tests of its own.
    assert set(MADE) == set(figures.KINDS) - {"beside_sources"}


@EVERY
@pytest.mark.parametrize(("locale", "width"), [("fr", 320), ("en", 640), ("fr", 960)])
def test_a_drawing_has_title_words_width_and_no_broken_number(kind: str, locale: str, width: int) -> None:
    figure, svg = drawn(kind, locale, width)

    assert f'width="{width}"' in svg
    assert "NaN" not in svg
    assert "undefined" not in svg
    assert "null" not in svg
    words = said_in(svg)
    for word in figure.title.replace("\u00a0", " ").replace("\u202f", " ").split():
        assert word in words
    assert "Kalanso 0.1.0" in words
    assert ("DÉMO" in words) is figure.demo


@EVERY
def test_a_drawing_is_an_image_with_a_name_and_a_description(kind: str) -> None:
    figure, svg = drawn(kind, "fr", 320)

    root = ElementTree.fromstring(svg)  # noqa: S314

    assert root.get("role") == "img"
    assert root.get("lang") == "fr"
    labels = (root.get("aria-labelledby") or "").split()
    named = {node.get("id"): node.text or "" for node in root.iter() if node.get("id")}
    plain = {key: text.replace("\u00a0", " ") for key, text in named.items()}
    assert plain[labels[0]] == figure.title.replace("\u202f", " ").replace("\u00a0", " ")
    assert plain[labels[1]] == figure.alt.replace("\u202f", " ").replace("\u00a0", " ")


@EVERY
def test_no_two_drawings_on_a_page_share_an_id(kind: str) -> None:
    french, english = drawn(kind, "fr", 320)[1], drawn(kind, "en", 640)[1]

    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in (french, english)]

    assert not ids[0] & ids[1]
    for svg, own in zip((french, english), ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= own


@EVERY
def test_the_same_figure_gives_the_same_bytes(kind: str) -> None:
    _, first = drawn(kind, "fr", 320)

    assert figures.to_svg(MADE[kind]("fr"), 320) == first


@EVERY
def test_a_drawing_is_small_enough_for_a_slow_link(kind: str) -> None:
    _, svg = drawn(kind, "fr", 960)

    assert len(gzip.compress(svg.encode(), 9)) < 12_000
    assert "font-face" not in svg
    assert "base64" not in svg


@EVERY
def test_the_alternative_text_says_the_finding(kind: str) -> None:
    figure = MADE[kind]("fr")

    assert figure.title.rstrip(".") in figure.alt


@EVERY
def test_subtitle_and_source_line_say_what_was_measured_and_by_whom(kind: str) -> None:
    french, english = (MADE[kind](locale) for locale in ("fr", "en"))

    assert "0 à 11 mois" in french.subtitle
    assert "chiffres déclarés" in french.subtitle
    assert "reported numbers" in english.subtitle
    assert "DHIS2 (extrait du 15/01/2025)" in french.source_line
    assert CAVEAT.render("fr") in french.caption


@EVERY
def test_the_twin_has_a_row_for_every_fact_and_headings_in_the_language(kind: str) -> None:
    french, english = (MADE[kind](locale) for locale in ("fr", "en"))

    assert len(french.table) == len(english.table) > 0
    assert set(french.table.columns) != set(english.table.columns)
    assert french.table.notna().all().all()


@EVERY
def test_a_table_without_rows_becomes_a_figure_that_says_why(kind: str) -> None:
    make = getattr(figures, kind)
    more = {"annual_target": 100} if kind == "wall_chart" else {}
    about = COUNT if kind in ("wall_chart", "missed_children") else subject()

    figure = make(pd.DataFrame([]), subject=about, why_empty="Aucun rapport reçu depuis janvier.", **more)

    assert "pas de donnée" in figure.title
    assert "Aucun rapport reçu depuis janvier." in figure.alt
    assert "Aucun rapport reçu depuis janvier." in said_in(figures.to_svg(figure, 320))


@EVERY
def test_a_missing_column_is_named(kind: str) -> None:
    make = getattr(figures, kind)
    more = {"annual_target": 100} if kind == "wall_chart" else {}

    with pytest.raises(FigureRefused, match="missing columns"):
        make(pd.DataFrame({"something": [1]}), subject=COUNT, **more)


@EVERY
def test_specifications_are_plain_json_of_the_grammar_with_the_alternative_text(kind: str) -> None:
    figure = MADE[kind]("fr")

    spec = json.loads(json.dumps(figure.spec, allow_nan=False))

    altair.Chart.from_dict(spec, validate=True)

    assert spec["description"] == figure.alt
    assert "vega-lite" in spec["$schema"]


def test_print_fits_on_a_page_and_pictures_are_sharp() -> None:
    figure = MADE["small_multiples"]("fr")

    pdf, png = figures.to_pdf(figure, 320), figures.to_png(figure, 320, scale=2)

    box = re.search(rb"MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert box is not None
    assert float(box[1]) <= 595
    assert float(box[2]) <= 842
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(png[16:20], "big") == 640


@pytest.mark.parametrize("width", [319, 961])
def test_a_width_beyond_phone_and_page_is_refused(width: int) -> None:
    with pytest.raises(FigureRefused, match="320 to 960"):
        figures.to_svg(MADE["trend"]("fr"), width)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(FigureRefused, match="svg, png, pdf"):
        figures.draw(MADE["trend"]("fr"), "gif")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"unit": "percent"}, "share, rate, ratio, count"),
        ({"number": "guessed"}, "surveyed"),
        ({"age": "6m"}, "0-11m"),
    ],
)
def test_an_unknown_word_about_the_subject_is_refused(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(FigureRefused, match=said):
        figures.trend(trend_rows(), subject=subject(**wrong))


@pytest.mark.parametrize("value", ["douze", np.inf])
def test_what_is_no_finite_number_is_refused_with_its_row(value: Any) -> None:
    table = pd.DataFrame({"period": ["2024Q1", "2024Q2"], "value": [0.5, value]}, dtype=object)

    with pytest.raises(FigureRefused, match="value in row 1: expected a finite number"):
        figures.trend(table, subject=subject())


def test_another_language_is_refused() -> None:
    with pytest.raises(FigureRefused, match="fr, en"):
        figures.trend(trend_rows(), subject=subject(), locale="de")


def test_a_drawing_without_words_leaves_them_to_the_page_but_keeps_the_mark_of_a_demonstration() -> None:
    figure = MADE["trend"]("fr")

    words = said_in(figures.to_svg(figure, 640, with_words=False))

    assert "DHIS2" not in words
    assert "DÉMO" in words


@EVERY
def test_the_columns_of_each_kind_stand_in_the_reference(kind: str) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "figures.md").read_text(
        encoding="utf-8"
    )
    row = next(line for line in page.splitlines() if line.startswith(f"| `{kind}`"))

    assert all(column.name in row for column in INPUTS[kind])


def test_every_threshold_of_the_rules_stands_in_the_explanation() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "reading-the-figures.md"
    text = page.read_text(encoding="utf-8")

    for field in dataclasses.fields(figures.Thresholds):
        assert f"`{field.name}`" in text or field.name.startswith("recent_")
