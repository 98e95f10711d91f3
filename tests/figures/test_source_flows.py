"""Does the picture of the flows say where sources begin, and where their detail is lost?"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from kalanso import figures
from kalanso.figures import FigureRefused, Subject

ABOUT = Subject(measure="sources", unit="count", place="Mali")


def lanes(**changes: Any) -> pd.DataFrame:
    rows = [
        {"source": "SNIS", "arises": "facility", "entered": "facility", "held": "facility", "state": "current", "feeds": "eJRF"},
        {"source": "DVD-MT", "arises": "facility", "entered": "district", "held": "district", "state": "late", "feeds": ""},
        {"source": "LQAS", "arises": "health_area", "entered": "district", "held": None, "state": "declared_only", "feeds": None},
    ]  # fmt: skip
    return pd.DataFrame([row | changes for row in rows])


def lines(spec: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for layer in spec["layer"]:
        for part in layer.get("layer", [layer]):
            if part["mark"]["type"] == "rule":
                dash = bool(part["mark"].get("strokeDash"))
                found += [
                    row | {"dash": dash}
                    for row in part["data"]["values"]
                    if "px2" in row and "py1" not in row
                ]
    return found


def test_the_title_counts_what_comes_what_is_detailed_and_what_is_late() -> None:
    figure = figures.source_flows(lanes(), subject=ABOUT)

    assert figure.title == (
        "Mali\u00a0: 2 sources sur 3 apportent des nombres, dont 1 avec le détail des formations sanitaires et 1 en retard"
    )
    assert "LQAS" in figure.alt


def test_the_table_twin_says_the_same_as_the_drawing() -> None:
    table = figures.source_flows(lanes(), subject=ABOUT, locale="en").table

    assert table.iloc[1].tolist() == ["DVD-MT", "facility", "district", "district", "late", "none"]
    assert table.iloc[2].tolist() == ["LQAS", "area", "district", "none", "known, nothing came", "none"]


def test_how_and_how_late_a_source_is_reached_stands_in_lane_and_table_where_it_is_known() -> None:
    known = lanes().assign(by=["by a file, 30 days", "", ""])
    figure = figures.source_flows(known, subject=ABOUT, locale="en")

    assert "by a file, 30 days" in figure.table["Access and lag"].tolist()
    assert "by a file, 30 days" in str(figure.spec_at(760))
    assert "Access and lag" not in figures.source_flows(lanes(), subject=ABOUT, locale="en").table


@pytest.mark.parametrize("width", [320, 760])
def test_paper_is_dotted_until_numbers_are_typed_in(width: int) -> None:
    drawn = lines(figures.source_flows(lanes(), subject=ABOUT).spec_at(width))

    dotted = [line for line in drawn if line["dash"]]
    # DVD-MT from facility to district, LQAS from area to district
    assert len(dotted) == 2
    assert dotted[0]["px2"] == dotted[1]["px2"]
    assert dotted[0]["px"] < dotted[1]["px"]


def test_a_projection_comes_down_from_the_country_and_is_typed_all_the_way() -> None:
    rows = lanes(arises="country", entered="country", held="health_area")

    drawn = lines(figures.source_flows(rows, subject=ABOUT).spec_at(640))

    assert not [line for line in drawn if line["dash"]]


def test_administrative_places_stand_beside_health_places_of_their_size() -> None:
    table = figures.source_flows(lanes(arises="commune", entered="cercle"), subject=ABOUT, locale="en").table
    assert table.iloc[0].tolist()[1:3] == ["area", "district"]


@pytest.mark.parametrize(
    ("change", "said"),
    [({"state": "lost"}, "lost"), ({"arises": "village"}, "village"), ({"arises": ""}, "expected a level")],
)
def test_a_row_that_cannot_be_drawn_is_refused(change: dict[str, str], said: str) -> None:
    with pytest.raises(FigureRefused, match=said):
        figures.source_flows(lanes(**change), subject=ABOUT)


def test_no_source_at_all_is_an_answer() -> None:
    figure = figures.source_flows(lanes().iloc[:0], subject=ABOUT, why_empty="Aucune source n’est décrite.")
    assert "Aucune source" in figure.alt
