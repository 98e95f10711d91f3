"""Does the library get to read the portfolio and its money, without words, days and what is kept to a team?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.test import override_settings

from kalanso.planning import portfolio_tables as tables
from kalanso.store import Audience, Scope, Store, visible
from tests.hub import money_desk
from tests.hub import portfolio_follow_up_desk as follow_up
from tests.hub.portfolio_desk import NOW, intervention, planned, reported
from tests.hub.visitors import person

WORK = cast(Any, SimpleNamespace(progress=lambda step, share: None, cancel=lambda: False))


@pytest.fixture
def kept(hub: None, niono: str, code_of: Any) -> dict[str, Any]:
    """An open line with a report, and one kept to its team with an old report and a new one."""
    from kalanso.hub.portfolio.actions.reports import approve
    from kalanso.hub.portfolio.models import Cell

    by, writer = person("national"), person("national", name="writer")
    open_ = planned(by, intervention(by, "FPP-001"), niono, state="ongoing")
    secret = planned(
        by,
        intervention(by, "FPP-002"),
        code_of("Bougouni", "district"),
        state="ongoing",
        begins=date(2024, 1, 1),
        ends=date(2099, 1, 1),
    )
    Cell.objects.filter(pk=secret.pk).update(sensitive=True)
    new = datetime.now(UTC)
    running = f"{new.year}Q{(new.month + 2) // 3}"
    for cell, period in ((open_, "2025Q1"), (secret, "2025Q1"), (secret, running)):
        one = (
            reported(writer, cell, period, narrative="avec Mme Diarra")
            if period == "2025Q1"
            else _reported(writer, cell, period, new)
        )
        approve(by=by, one=one, version=1, now=NOW)
    return {"open": open_, "secret": secret, "running": running}


def _reported(by: Any, cell: Any, period: str, now: datetime) -> Any:
    from kalanso.hub.portfolio.actions.reports import write

    return write(by=by, cell=cell, period=period, said={"quantity": 3}, now=now, send=True)


def test_reports_of_lines_kept_to_their_team_go_ninety_days_after_the_quarter(kept: dict[str, Any]) -> None:
    from kalanso.hub.portfolio import exports as of_portfolio

    rows = list(of_portfolio.reports())
    assert [(row["intervention"], row["period"], row["quantity"]) for row in rows] == [
        ("FPP-001", "2025Q1", 12),
        ("FPP-002", "2025Q1", 12),
    ]
    assert "Diarra" not in str(rows)
    cells = {row["intervention"]: row for row in of_portfolio.cells()}
    assert (cells["FPP-002"]["begins"], cells["FPP-002"]["sensitive"]) == ("2024Q1", True)
    assert not any(isinstance(value, date) for row in cells.values() for value in row.values()), (
        "quarters, never days"
    )


def test_what_is_about_lines_kept_to_their_team_stays_in_the_hub(kept: dict[str, Any], niono: str) -> None:
    from kalanso.hub.portfolio import exports as of_portfolio

    by = person("national")
    for cell in (kept["open"], kept["secret"]):
        factor = follow_up.named(by, cell.place_code, cell=cell)
        follow_up.set_by(by, cell.place_code, rests_on=follow_up.mark(factor))
    assert [row["place_code"] for row in of_portfolio.factors()] == [niono]
    assert [row["place_code"] for row in of_portfolio.actions()] == [niono]


def test_money_is_summed_over_places_and_corrections_count_as_what_they_correct(
    hub: None, niono: str
) -> None:
    from kalanso.hub.grants import exports as of_grants
    from kalanso.hub.grants.actions import entries

    by = person("national")
    grant = money_desk.grant(by)
    lines = [money_desk.line(by, grant, place=place, planned=10) for place in ("", niono)]
    wrong = money_desk.entry(by, lines[0], amount=7)
    money_desk.entry(by, lines[1], amount=2)
    entries.adjust(
        by=by, entry=wrong, amount=-3, day=date(2024, 9, 9), reference="AV", reason="lue deux fois", now=NOW
    )
    found = {(row["kind"], row["amount"]) for row in of_grants.money()}
    assert found == {("planned", 20.0), ("disbursement", 6.0)}


def test_tables_are_published_and_money_is_for_nobodys_circle(
    kept: dict[str, Any], tmp_path: Any, niono: str
) -> None:
    from kalanso.hub.site.tasks import export

    money_desk.line(person("national"), money_desk.grant(person("national")))
    store = Store.create(tmp_path / "store", country="ML", now=NOW, memory="1GB", threads=1)
    with override_settings(KALANSO_STORE=store.folder):
        told = export(WORK)
    assert told["portfolio_cells"] == 2
    assert told["grant_money"] == 1
    today = date.today() + timedelta(days=1)  # noqa: DTZ011
    rows = (
        visible(store, tables.PORTFOLIO_CELLS, Scope(audience=Audience.PARTNER), today=today)
        .to_pyarrow()
        .to_pylist()
    )
    assert {row["place_code"] for row in rows} > {niono}
    for spec in (tables.GRANT_MONEY, tables.AGREED_INDICATORS):
        assert spec.audience == Audience.PRIVATE


def test_the_library_knows_every_state_of_a_line(hub: None) -> None:
    from kalanso.hub.grants.models import Entry
    from kalanso.hub.portfolio.models.cells import State

    assert set(tables.STATES) == set(State.values)
    assert set(tables.KINDS) == {"planned", *Entry.Kind.values} - {"adjustment"}
