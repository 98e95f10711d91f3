"""Are figures of surveys honest about few children, unequal clusters and what cannot be drawn?"""

from __future__ import annotations

import pytest

from kalanso import figures
from kalanso.figures.figure import FigureRefused
from tests.figures.test_figures_made_up import (
    curve_rows,
    lot_rows,
    pipe_rows,
    said_in,
    stack_rows,
    subject,
    worm_rows,
)


def test_the_organ_pipe_says_the_weighted_share_and_names_no_cluster() -> None:
    figure = figures.organ_pipe(
        pipe_rows().assign(cluster=[f"Village {at}" for at in range(8)]), subject=subject()
    )
    assert "54\u202f%" in figure.title
    assert (
        "Village"
        not in said_in(figures.to_svg(figure, 640)) + figure.table.to_string() + figure.data.to_string()
    )


def test_of_equal_clusters_the_heavier_stands_first() -> None:
    data = figures.organ_pipe(pipe_rows(), subject=subject()).data
    assert data["value"].tolist() == [1.0, 0.9, 0.75, 0.55, 0.55, 0.4, 0.2, 0.0]
    assert data.loc[data["value"] == 0.55, "weight"].tolist() == [15, 12]


def test_rows_of_few_children_are_bracketed_and_of_fewer_not_drawn() -> None:
    figure = figures.share_stacks(stack_rows("en"), subject=subject(), locale="en")
    words = said_in(figures.to_svg(figure, 640))
    assert "[65%]" in words
    assert "too few" in words
    assert "30%" not in figure.table.loc[figure.table["Row"] == "VAR 2"].to_string()
    assert "Fewer than 25" in figure.caption
    assert "Penta 3" in figure.title  # the lowest of those that are shown


@pytest.mark.parametrize(("width", "words"), [(640, ("fails · 12/19", "undecided · 11/15")), (320, ("12/19", "undecided"))])  # fmt: skip
def test_a_decision_of_a_lot_is_never_told_by_colour_alone(width: int, words: tuple[str, ...]) -> None:
    figure = figures.lot_decisions(lot_rows(), subject=subject(unit="count"), locale="en")
    svg = figures.to_svg(figure, width)
    for word in (*words, "passes", "fails"):
        assert word in said_in(svg)
    assert figure.table.loc[0, "R3"] == "fails (12/19)"
    assert figure.table.loc[3, "R1"] == "not sampled"
    assert "passes from 13 vaccinated on" in figure.caption


def test_of_many_lots_those_that_failed_last_are_drawn_and_all_stand_in_the_table() -> None:
    figure = figures.lot_decisions(lot_rows(), subject=subject(unit="count"), locale="en", most=2)
    words = said_in(figures.to_svg(figure, 640))
    assert "Niono" in words
    assert "Markala" not in words
    assert len(figure.table) == 4
    assert "not drawn: 2 health areas" in figure.caption


def test_two_rounds_are_told_apart_and_the_lowest_leads() -> None:
    figure = figures.inchworms(worm_rows(), subject=subject(), locale="en")
    assert "Niono Central · 2024" in figure.title
    assert {"2024", "2025"} <= set(said_in(figures.to_svg(figure, 640)).split())


def test_a_curve_stays_where_children_were_followed_and_is_unknown_beyond_the_oldest_otherwise() -> None:
    table = figures.age_curves(curve_rows(), subject=subject(), locale="en").table.set_index("Age")
    assert table.loc["2 months", "DTC 1"] == "30%"
    assert table.loc["12 months", "DTC 1"] == "70%"
    assert table.loc["2 months", "VAR 1"] == "0%"
    assert table.loc["4 months", "DTC 1 (18 s)"] == "10% (between 5% and 20%)"
    assert table.loc["9 months", "DTC 1 (18 s)"] == "no data"


@pytest.mark.parametrize(
    ("kind", "rows", "change", "said"),
    [
        ("organ_pipe", pipe_rows(), {"value": 55.0}, "value from 0 to 1"),
        ("organ_pipe", pipe_rows(), {"weight": 0.0}, "weight and children above 0"),
        ("organ_pipe", pipe_rows(), {"cluster": "A"}, "one row per cluster, got 'A' twice"),
        ("share_stacks", stack_rows("fr"), {"value": 0.9}, "add up to 1"),
        ("share_stacks", stack_rows("fr"), {"part": "late"}, "one value for each label and part"),
        ("inchworms", worm_rows(), {"value": 0.99}, "low <= value <= high"),
        ("inchworms", worm_rows(), {"level": 0.5}, "one interval for each label"),
        ("inchworms", worm_rows(), {"series": list(range(24))}, "two rounds at most"),
        ("age_curves", curve_rows(), {"share": [0.3, 0.2, 0.4, 0.5, 0.1, 0.7]}, "never fall with age"),
        ("lot_decisions", lot_rows(), {"decision": "maybe"}, "expected one of fail, pass, undecided"),
        ("lot_decisions", lot_rows(), {"vaccinated": 20}, "vaccinated <= children"),
        ("lot_decisions", lot_rows(), {"round": "R1"}, "two decisions for 'Niono'"),
        ("age_curves", curve_rows(), {"share": 30.0}, "shares from 0 to 1"),
        ("age_curves", curve_rows(), {"series": list("ABCDEF")}, "5 lines at most"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_are_refused(kind, rows, change, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FigureRefused, match=said):
        getattr(figures, kind)(rows.assign(**change), subject=subject())


def test_too_many_parts_and_an_unknown_lead_are_refused() -> None:
    rows = stack_rows("fr")
    many = rows.head(1).loc[[0] * 7].assign(part=list("abcdefg"), value=0.1).reset_index(drop=True)
    with pytest.raises(FigureRefused, match="too many to tell apart"):
        figures.share_stacks(many, subject=subject())
    with pytest.raises(FigureRefused, match="lead: expected one of"):
        figures.share_stacks(rows, subject=subject(), lead="jamais")
