"""Does a round draw its clusters from the cells of a grid, and does nobody learn of cells in protected places?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from tests.hub import study_desk
from tests.hub.study_desk import PAGE, declared
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

PLAN = {
    "frame": "cells", "clusters": 3, "reserves": 1, "households": 20, "teams": 2, "strata": "", "seed": 5, "least": 60,
}  # fmt: skip
HEAD = "cell_code,place_code,longitude,latitude,children,stratum\n"


@pytest.fixture(autouse=True)
def own_folder(quick_hand: Any, tmp_path: Path) -> Iterator[None]:
    with override_settings(KALANSO_DATA=tmp_path / "data", KALANSO_CREDENTIAL_KEYS=[study_desk.KEY]):
        yield


def district(flagged: bool = False) -> str:
    from kalanso.hub.people.models import PlaceMirror

    found = PlaceMirror.objects.filter(level="district", flagged=flagged).order_by("code").first()
    assert found is not None
    return str(found.code)


def grid(place: str, side: int = 8) -> str:
    """Return a square of cells of 0 to 50 children."""
    rows = [
        f"c{x}-{y},{place},{-5 + x / 100:.3f},{12 + y / 100:.3f},{(7 * x + 3 * y) % 51},\n"
        for x in range(side)
        for y in range(side)
    ]
    return HEAD + "".join(rows)


def send(client: Any, one: Any, text: str, **changes: Any) -> Any:
    file = SimpleUploadedFile("grille.csv", text.encode())
    return client.post(f"{PAGE}{one.pk}/tirage/nouveau/", PLAN | {"file": file} | changes)


def test_cells_are_joined_until_a_unit_holds_enough_children_and_each_belongs_to_one(hub: None) -> None:
    one, mariam, place = declared(person("researcher")), visitor("researcher"), district()
    answer = send(mariam, one, grid(place))
    assert answer.status_code == 302, text_of(answer)
    drawn = one.draws.get()
    assert drawn.asked["frame"] == "cells"
    assert drawn.children == sum((7 * x + 3 * y) % 51 for x in range(8) for y in range(8))
    inside = [code for row in drawn.clusters for code in row["cells"].split()]
    assert len(inside) == len(set(inside))
    for row in drawn.clusters:
        assert row["children"] >= 60
        assert row["place_code"] == place
        assert row["unit_code"] in row["cells"].split()
        assert row["p_cluster"] == pytest.approx(3 * row["children"] / drawn.children)
    page = text_of(mariam.get(f"{PAGE}{one.pk}/tirage/"))
    assert "Autour de 12." in page
    file = mariam.get(f"{PAGE}{one.pk}/tirage-1.csv").content.decode()
    assert drawn.clusters[0]["cells"] in file


def test_the_same_seed_and_grid_draw_the_same_units(hub: None) -> None:
    found = []
    for name in ("une", "deux"):
        one = declared(person("researcher"), survey=name)
        assert send(visitor("researcher"), one, grid(district())).status_code == 302
        found.append([row["unit_code"] for row in one.draws.get().clusters])
    assert found[0] == found[1]


def test_who_may_not_see_a_protected_place_learns_neither_where_its_units_lie_nor_their_cells(
    hub: None,
) -> None:
    one = declared(person("researcher"))
    assert send(visitor("researcher"), one, grid(district(flagged=True))).status_code == 302
    answer = visitor("facility", district()).get(f"{PAGE}{one.pk}/tirage-1.csv")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "c1-1" not in page
    assert "Autour" not in page


@pytest.mark.parametrize(
    ("text", "changes", "words"),
    [
        ("cell_code,children\na,3\n", {}, "place_code"),
        (HEAD + "a,rien,-5,12,3,\n", {}, "rien"),
        (HEAD + "a,{place},-5,12,3,\na,{place},-5,12,3,\n", {}, "cell_code manque ou se répète"),
        (HEAD + "a,{place},-500,12,3,\n", {}, "degrés"),
        (HEAD + "a b,{place},-5,12,3,\n", {}, "sans espace"),
        (HEAD + "a,{place},-5,12,3,\n", {}, "60"),
        (HEAD + "a,{place},-5,12,300,\n", {"least": ""}, "au moins"),
        (HEAD, {}, "aucune ligne"),
    ],
)
def test_a_grid_that_cannot_be_used_says_where(
    hub: None, text: str, changes: dict[str, str], words: str
) -> None:
    one = declared(person("researcher"))
    answer = send(visitor("researcher"), one, text.replace("{place}", district()), **changes)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not one.draws.exists()


def test_a_grid_of_too_many_cells_is_refused(hub: None) -> None:
    one = declared(person("researcher"))
    answer = send(visitor("researcher"), one, grid(district(), side=90))
    assert answer.status_code == 422
    assert "8 000 cases" in text_of(answer).replace("\u202f", " ").replace("\xa0", " ")
