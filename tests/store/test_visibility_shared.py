"""Which readers may share an answer, since they see the same rows of the tables that it rests on?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from kalanso.indicators.tables import INDICATOR_VALUES
from kalanso.places.tables import PLACES
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import Audience, Scope, Store, TableSpec, visible, withheld_places
from tests.store.test_visibility import (
    PARTNER,
    TODAY,
    flag,
    found,
    indicator,
    publish,
    publish_places,
)

pytestmark = pytest.mark.long

HELD = replace(INDICATOR_VALUES, name="held_values", audience=Audience.PROGRAMME)
HELD_NAMING = replace(QUALITY_FINDINGS, name="held_findings", audience=Audience.PROGRAMME)
AT_HOME = {"audience": Audience.PARTNER, "at_home": Audience.PROGRAMME}


OWN = (set(), {"A4", "D2", "R"}, {"A3", "D1", "R"}, {"A1"}, {"A1", "A2", "A3", "D1", "R"}, {"A3", "A4"})
READERS = [
    Scope(), PARTNER, Scope(audience=Audience.PROGRAMME), Scope.analyst(),
    *(Scope(**AT_HOME, places=frozenset(own), cleared=cleared) for own in OWN for cleared in (True, False)),
    *(Scope(audience=Audience.PROGRAMME, places=frozenset(own), cleared=True) for own in OWN),
]  # fmt: skip
ABOUT = (None, *(frozenset({code}) for code in ("A1", "A2", "A3", "A4", "D1")), frozenset({"A1", "A4"}))
READ = {  # tables that are asked together: kept for partners or held to the own places, with small counts or with names
    "counts": (INDICATOR_VALUES,), "findings": (QUALITY_FINDINGS, PLACES), "together": (INDICATOR_VALUES, QUALITY_FINDINGS),
    "at home": (HELD,), "at home, with names": (HELD_NAMING, INDICATOR_VALUES),
}  # fmt: skip


@pytest.fixture(scope="module")
def under_a_flag(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A country with A1 under a flag (A2 goes with it), a small count in A3, and a row on A4 that names A1."""
    now = datetime(2025, 1, 15, tzinfo=UTC)
    country = Store.create(
        tmp_path_factory.mktemp("flag") / "store", country="ML", now=now, memory="1GB", threads=1
    )
    publish_places(country, now)
    flag(country, "A1", None, None, now)
    areas = {"A1": 20, "A2": 30, "A3": 3, "A4": 40, "D1": 53}
    for spec in (INDICATOR_VALUES, HELD):
        publish(country, spec, [indicator(code, number) for code, number in areas.items()], now)
    for spec in (QUALITY_FINDINGS, HELD_NAMING):
        publish(country, spec, [found(code, "A1" if code == "A4" else "A3") for code in areas], now)
    return country


@pytest.mark.parametrize("specs", READ.values(), ids=READ)
def test_whoever_shares_an_answer_sees_the_rows_that_were_theirs_alone(
    specs: tuple[TableSpec, ...], under_a_flag: Store
) -> None:
    withheld = withheld_places(under_a_flag, specs, today=TODAY)
    told = cache(lambda scope: [rows_of(under_a_flag, spec, scope) for spec in specs])
    shared = 0
    for scope in READERS:
        if any(scope.refusal(spec) for spec in specs):
            assert scope.as_for(specs, withheld) == scope
            continue
        for about in ABOUT:
            narrow = scope.as_for(specs, withheld, about)
            assert narrow == scope or narrow.widest == max(spec.audience for spec in specs)
            assert about_them(told(narrow), about) == about_them(told(scope), about), (scope, about)
            shared += narrow != scope
    assert shared


@pytest.mark.parametrize("spec", [INDICATOR_VALUES, HELD], ids=["counts", "at home"])
def test_what_is_told_by_place_is_put_together_from_what_many_see(
    spec: TableSpec, under_a_flag: Store
) -> None:
    withheld = withheld_places(under_a_flag, [spec], today=TODAY)
    together = 0
    for scope in READERS:
        parts, own = scope.parted(spec, withheld), scope.places or frozenset()
        if parts is None:
            assert scope.places is None or scope.refusal(spec) or (withheld & own and not scope.cleared)
            continue
        beyond, home = parts
        rows = [row for row in rows_of(under_a_flag, spec, home) if row["place_code"] in own]
        if beyond:
            rows += [row for row in rows_of(under_a_flag, spec, beyond) if row["place_code"] not in own]
        assert sorted(rows, key=str) == rows_of(under_a_flag, spec, scope), scope
        together += 1
    assert together > len(OWN)


@pytest.mark.parametrize(
    ("scope", "about", "shared"),
    [
        (PARTNER, None, PARTNER),
        (Scope(audience=Audience.PROGRAMME), None, PARTNER),
        (Scope(**AT_HOME, places=frozenset({"A4", "D2", "R"}), cleared=True), None, PARTNER),
        (Scope(**AT_HOME, places=frozenset({"A3", "D1", "R"})), None, PARTNER),
        (Scope(**AT_HOME, places=frozenset({"A1", "D1"}), cleared=True), {"A4"}, PARTNER),
        (
            Scope(**AT_HOME, places=frozenset({"A1", "D1"}), cleared=True), {"A1"},
            Scope(audience=Audience.PARTNER, cleared=True),
        ),
        (
            Scope(**AT_HOME, places=frozenset({"A1", "A2", "R"}), cleared=True), None,
            Scope(audience=Audience.PARTNER, at_home=Audience.PARTNER, places=frozenset({"A1", "A2"}), cleared=True),
        ),
        (Scope.analyst(), None, Scope(audience=Audience.PARTNER, cleared=True)),
    ],
    ids=[
        "partner", "researcher", "team-elsewhere", "team-not-cleared", "team-about-others", "team-about-its-own",
        "team-about-all", "analyst",
    ],
)  # fmt: skip
def test_readers_share_with_as_many_as_see_the_same(
    scope: Scope, about: set[str] | None, shared: Scope, under_a_flag: Store
) -> None:
    withheld = withheld_places(under_a_flag, [INDICATOR_VALUES], today=TODAY)
    assert scope.as_for([INDICATOR_VALUES], withheld, about) == shared


def rows_of(store: Store, spec: TableSpec, scope: Scope) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = visible(store, spec, scope, today=TODAY).to_pyarrow().to_pylist()
    return sorted(rows, key=str)


def about_them(told: list[list[dict[str, Any]]], about: frozenset[str] | None) -> list[list[dict[str, Any]]]:
    return [[row for row in rows if about is None or row.get("place_code") in about] for rows in told]
