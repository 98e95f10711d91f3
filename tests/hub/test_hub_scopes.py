"""What may somebody of each role see of published tables, and for which places?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kalanso.store import Audience
from tests.hub.visitors import person

PUBLIC, PARTNER, PROGRAMME = Audience.PUBLIC, Audience.PARTNER, Audience.PROGRAMME


def scope(one: Any) -> Any:
    from kalanso.hub.people.queries.access import access_of, scope_of

    return scope_of(access_of(one))


@pytest.mark.parametrize(
    ("role", "everywhere", "cleared"),
    [
        (None, PUBLIC, False), ("reader", PUBLIC, False), ("donor", PARTNER, False), ("partner", PARTNER, False),
        ("editor", PARTNER, False), ("researcher", PROGRAMME, False), ("national", PROGRAMME, True),
        ("administrator", PROGRAMME, True),
    ],
)  # fmt: skip
def test_a_role_for_the_whole_country(role: str | None, everywhere: Audience, cleared: bool) -> None:
    found = scope(person(role))
    assert (found.audience, found.places, found.cleared, found.at_home) == (everywhere, None, cleared, None)


@pytest.mark.parametrize(
    ("role", "cleared"), [("facility", True), ("coach", False), ("district", True), ("region", True)]
)
def test_a_role_at_home_opens_narrow_tables_there_alone(role: str, cleared: bool, code_of: Any) -> None:
    home, other = code_of("Niono", "district"), code_of("Ségou", "district")
    found = scope(person(role, home))

    assert (found.audience, found.at_home, found.cleared) == (PARTNER, PROGRAMME, cleared)
    assert {home, code_of("Ndébougou", "health_area"), "ML"} <= found.places
    assert other not in found.places


def test_a_national_role_held_for_one_region_is_held_to_it(code_of: Any) -> None:
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.people.permissions import may

    home, other = code_of("Niono", "district"), code_of("Ségou", "district")
    one = person("national", home)

    assert (scope(one).audience, scope(one).at_home) == (PARTNER, PROGRAMME)
    assert may(one, "people.invite", PlaceMirror.objects.get(pk=home))
    assert not may(one, "people.invite", PlaceMirror.objects.get(pk=other))


def test_a_place_that_is_no_longer_published_opens_nothing() -> None:
    found = scope(person("district", "ML-GONE"))
    assert (found.audience, found.places, found.cleared) == (PARTNER, None, False)


def test_a_membership_that_ended_opens_nothing() -> None:
    from datetime import date

    one = person("national", name="left")
    one.memberships.update(ends=date(2025, 2, 16))
    assert scope(one).audience == PUBLIC


def test_somebody_who_was_put_out_is_a_visitor() -> None:
    one = person("administrator", name="out")
    one.is_active = False
    assert scope(one).audience == PUBLIC


def test_the_manual_says_who_may_do_what_as_it_is() -> None:
    from kalanso.hub.people.models import Role
    from kalanso.hub.people.permissions import declared
    from kalanso.hub.people.queries.access import CLEARED, OPENS

    told = (
        (Path(__file__).resolve().parents[2] / "docs" / "reference" / "roles.md")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    for role in Role.values:
        abroad, home = (audience.name.lower() for audience in OPENS[role])
        flagged = "as they are" if role in CLEARED else "coarser and later"
        assert f"| `{role}` | {abroad} | {home} | {flagged} |" in told
    said = {}
    for line in told:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and "." in cells[0]:
            said[cells[0].strip("`")] = set(cells[1].split(", "))
    assert said == {verb: set(rule.roles) for verb, rule in declared().items()}
