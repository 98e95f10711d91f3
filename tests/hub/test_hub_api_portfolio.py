"""Does a program read of the portfolio, its money and its indicators what its person reads on the pages, and no more?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tests.hub import money_desk
from tests.hub import portfolio_follow_up_desk as follow
from tests.hub import test_hub_grants_rights as of_money
from tests.hub.portfolio_desk import NOW, intervention, planned, reported
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import ROLES, person, stranger, visitor

ROOT = "/api/v1/portfolio/"
LISTS = ("interventions", "cells", "reports", "factors", "actions", "decisions")
READERS = [role for role in ROLES if role != "reader"]
SECRET = "Le convoi passe par Dogofry le mardi."
laid = of_money.laid  # the fixture: lines of two houses, one kept to its team
SOON = date(2025, 3, 31) + timedelta(days=89)


@pytest.fixture(autouse=True)
def unhurried(quick_hand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kalanso.hub.api import api

    monkeypatch.setattr(api.Pace, "allow_request", lambda self, asked: True)


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """Let reports be read on a day."""
    from kalanso.hub.portfolio.queries import reports

    return lambda day: monkeypatch.setattr(reports, "today", lambda: day)


def items(client: Any, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return list(answer.json()["items"])


def done(by: Any, cell: Any, quantity: int, period: str = "2025Q1") -> Any:
    from kalanso.hub.portfolio.actions.reports import approve

    writer = person("national", name="writer")
    return approve(by=by, one=reported(writer, cell, period, quantity=quantity), version=1, now=NOW)


@pytest.fixture
def work(niono: str, code_of: Any) -> dict[str, Any]:
    """A line in Niono, one in Bougouni that lies under a flag, each stopped for a reason and with an approved report."""
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.portfolio.actions.cells import correct_plan

    by, away, found = person("national"), code_of("Bougouni", "district"), {}
    for name, code, place in (("near", "FPP-001", niono), ("kept", "FPP-002", away)):
        one = intervention(by, code)
        cell = planned(by, one, place, state="delayed", reason=SECRET, owner=person("national", name="owner"))
        found[name] = correct_plan(by=by, one=cell, said={}, version=1, now=NOW, targets={"2025Q1": 12})
        done(by, cell, 7 if name == "near" else 9)
    PlaceMirror.objects.filter(code=away).update(flagged=True)
    return found | {"niono": niono, "away": away}


# Who knows days and words of what happens in a protected district: by role, where it is held, and for which organisation.
KNOWS = {("region", "away"), ("national", ""), ("administrator", ""), ("district", "away"), ("facility", "away"), ("partner", "away"), ("partner", "")}  # fmt: skip
ASKS = [(role, where, "house") for role in READERS for where in ("", "away", "niono")]


@pytest.mark.parametrize(("role", "where", "house"), [*ASKS, ("partner", "away", "other")])
def test_protected_lines_are_given_by_quarters_to_whom_their_days_are_not(
    role: str, where: str, house: str, work: dict[str, Any], on: Any
) -> None:
    from kalanso.hub.people.queries.access import CLEARED

    on(SOON)
    client = visitor(role, work[where] if where else "", organisation=house)
    lines = {one["intervention"]: one for one in items(client, f"{ROOT}cells")}
    told = {one["intervention"]: one["quantity"] for one in items(client, f"{ROOT}reports")}
    knows = where != "niono" and (role in CLEARED or (role == "partner" and house == "house"))
    assert lines["FPP-001"]["begins"] == "2025-01-01"
    assert lines["FPP-001"]["reason"] == SECRET
    one = lines["FPP-002"]
    assert (one["begins_quarter"], one["ends_quarter"]) == ("2025Q1", "2025Q4")
    assert (one["protected"], one["begins"], one["ends"], one["reason"]) == (
        (False, "2025-01-01", "2025-12-31", SECRET) if knows else (True, None, None, None)
    )
    assert told == ({"FPP-001": 7, "FPP-002": 9} if knows else {"FPP-001": 7})
    page = text_of(client.get(f"/agir/portefeuille/ligne/{work['kept'].pk}/"))
    assert (SECRET in page) == knows, "the page and the program say the same"
    assert ("· 9 " in page) == knows
    answer = client.get(f"/agir/portefeuille/ligne/{work['kept'].pk}/rapport/2025Q1/")
    assert answer.status_code == (200 if knows else 404)
    on(SOON + timedelta(days=1))
    assert len(items(client, f"{ROOT}reports")) == 2
    later = text_of(client.get(f"/agir/portefeuille/ligne/{work['kept'].pk}/rapport/2025Q1/"))
    assert "Quantité" in later
    assert ("01/03/2025" in later) == knows, "the day on which it was approved stays with the team"


def test_a_line_marked_sensitive_is_kept_as_one_in_a_flagged_place(work: dict[str, Any], on: Any) -> None:
    from kalanso.hub.portfolio.models import Cell

    on(SOON)
    Cell.objects.filter(pk=work["near"].pk).update(sensitive=True)
    client = visitor("donor")
    assert [one["protected"] for one in items(client, f"{ROOT}cells")] == [True, True]
    assert items(client, f"{ROOT}reports") == []


@pytest.mark.parametrize("role", READERS)
def test_obstacles_actions_and_decisions_are_those_of_the_pages(role: str, niono: str) -> None:
    from kalanso.hub.people.models import PlaceMirror

    by = person("national", name="auteur")
    area = PlaceMirror.objects.filter(parent_code=niono, level="health_area").first()
    assert area is not None
    PlaceMirror.objects.filter(pk=area.pk).update(flagged=True)
    for place in (niono, area.code):
        words = SECRET if place == area.code else follow.WORDS
        factor = follow.named(by, place, what=words)
        follow.set_by(by, place, rests_on=follow.mark(factor), text=words)
    meeting = follow.met(by, niono)
    follow.decided(by, niono, meeting=meeting)
    client = visitor(role, niono)
    knows = role in {"district", "region", "national", "administrator", "facility"}
    shown = (
        {"factors": 2, "actions": 2, "decisions": 1}
        if knows
        else dict.fromkeys(("factors", "actions", "decisions"), 1)
    )
    for name, number in shown.items():
        answer = client.get(f"{ROOT}{name}")
        assert len(answer.json()["items"]) == number, name
        assert (SECRET in answer.content.decode()) == (knows and name != "decisions")
        assert "auteur" not in answer.content.decode(), "nobody is named"
    for name, address in (("factors", follow.BARRIERS), ("actions", follow.ACTIONS)):
        rows = client.get(f"{address}liste.csv").content.decode("utf-8-sig")
        assert (SECRET in rows) == knows, f"{name}: the file of the page says the same"


def test_a_decision_on_a_line_that_is_kept_is_for_its_team(work: dict[str, Any]) -> None:
    from kalanso.hub.portfolio.models import Cell

    Cell.objects.filter(pk=work["near"].pk).update(sensitive=True)
    follow.decided(person("national"), "", cells=[work["near"]])
    told = {role: len(items(visitor(role), f"{ROOT}decisions")) for role in ("national", "donor", "partner")}
    assert told == {"national": 1, "donor": 0, "partner": 0}


def test_nobody_is_named_and_owners_stay_away(work: dict[str, Any]) -> None:
    client = visitor("national", name="lecteur")
    for name in LISTS:
        text = client.get(f"{ROOT}{name}").content.decode()
        assert "owner" not in text
        assert "writer" not in text


@pytest.mark.parametrize("name", LISTS)
def test_those_who_do_not_read_the_portfolio_are_refused_with_a_sentence(name: str) -> None:
    for client in (stranger(), visitor(None), visitor("reader")):
        answer = client.get(f"{ROOT}{name}")
        assert answer.status_code == 403
        assert "équipes du programme" in answer.json()["detail"]


def test_pages_follow_one_another_without_gap_or_repetition(niono: str) -> None:
    by = person("national")
    made = [planned(by, intervention(by, f"FPP-{number:03d}"), niono).pk for number in range(11)]
    client, seen, after = visitor("district", niono), [], 0
    while True:
        page = client.get(f"{ROOT}cells?limit=4&after={after}").json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert seen == made


def test_lines_and_reports_are_narrowed_as_asked(work: dict[str, Any], on: Any) -> None:
    on(date(2026, 1, 1))
    client = visitor("national")

    def codes(address: str) -> list[str]:
        return [one["intervention"] for one in items(client, f"{ROOT}{address}")]

    assert codes(f"cells?place={work['niono']}") == ["FPP-001"]
    assert codes("cells?intervention=FPP-002") == ["FPP-002"]
    assert codes("cells?state=planned") == []
    assert codes("cells?period=2024Q4") == []
    assert codes("cells?period=2025Q4") == ["FPP-001", "FPP-002"]
    assert codes(f"reports?place={work['away']}&period=2025Q1") == ["FPP-002"]
    assert codes("reports?period=2024Q4") == []
    assert [one["planned"] for one in items(client, f"{ROOT}reports")] == [12, 12]


def test_follow_up_is_narrowed_by_intervention_and_quarter(work: dict[str, Any]) -> None:
    by, client = person("national"), visitor("national")
    factor = follow.named(by, work["niono"], cell=work["near"])
    follow.set_by(by, work["niono"], rests_on=follow.mark(factor))
    follow.decided(by, work["niono"], rests_on=(follow.mark(factor),), cells=[work["near"]])
    for name in ("factors", "actions", "decisions"):
        assert len(items(client, f"{ROOT}{name}?intervention=FPP-001")) == 1, name
        assert items(client, f"{ROOT}{name}?intervention=FPP-002") == [], name
        assert items(client, f"{ROOT}{name}?period=2001Q1") == [], name
        assert items(client, f"{ROOT}{name}?place={work['away']}") == [], name


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ("cells?place=nulle-part", 404, "Aucun lieu"), ("cells?intervention=RIEN", 404, "Aucune intervention"),
        ("cells?state=lost", 422, "state"), ("cells?period=2025Q5", 422, "period"), ("cells?period=0000Q1", 422, "period"),
        ("reports?limit=0", 422, "limit"), ("reports?after=x", 422, "after"), ("reports?quarter=2025Q1", 422, "quarter"),
        ("factors?kind=bad", 422, "kind"), ("factors?place=%00", 422, "place"), ("actions?state=x", 422, "state"),
        ("decisions?intervention=RIEN", 404, "Aucune intervention"), ("decisions?place=nulle-part", 404, "Aucun lieu"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_refused_with_a_sentence(asked: str, status: int, words: str) -> None:
    answer = visitor("national").get(f"{ROOT}{asked}")
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def asked_of(client: Any, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len([one for one in asked.captured_queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))])


@pytest.mark.parametrize(("role", "where"), [("national", ""), ("partner", "niono"), ("donor", "")])
def test_questions_to_the_database_do_not_grow_with_the_rows(
    role: str, where: str, work: dict[str, Any], on: Any
) -> None:
    on(date(2026, 1, 1))
    by, client = person("national"), visitor(role, work[where] if where else "", organisation="gavi")
    grant = money_desk.grant(by)
    money_desk.line(by, grant, work["near"].intervention, place=work["niono"])

    def asked() -> list[int]:
        return [asked_of(client, f"{ROOT}{name}") for name in LISTS] + [asked_of(client, "/api/v1/grants")]

    before = asked()
    for number in range(3, 9):
        cell = planned(by, intervention(by, f"FPP-{number:03d}"), work["niono"])
        done(by, cell, number)
        factor = follow.named(by, work["niono"], cell=cell)
        follow.set_by(by, work["niono"], rests_on=follow.mark(factor))
        follow.decided(by, work["niono"], rests_on=(follow.mark(factor),))
        money_desk.line(by, grant, cell.intervention, place=work["niono"])
    assert asked() == before
    assert max(before) <= 10


# Money: who reads which line is written out in `test_hub_grants_rights`.


@pytest.mark.parametrize(("role", "at", "house"), of_money.SEES)
def test_programs_read_the_budget_lines_of_their_person(
    role: str | None, at: str, house: str, laid: Any, niono: str
) -> None:  # fmt: skip
    client, grant = visitor(role, niono if at else "", organisation=house), laid["grant"]
    wanted = of_money.SEES[role, at, house]
    answers = [client.get(f"/api/v1/grants/{grant.pk}/{part}") for part in ("lines", "quarters", "framework")]
    assert [one.status_code for one in answers] == [200 if wanted else 404] * 3
    if wanted:
        lines = answers[0].json()["items"]
        assert {f"{one['planned']:.0f}" for one in lines} == wanted
        moved = [one for one in answers[1].json()["items"] if one["period"] == "2024Q2"]
        assert moved[0]["disbursed"] == sum(one["disbursed"] for one in lines)
    listed = client.get("/api/v1/grants")
    assert listed.status_code == client.get("/agir/subventions/").status_code
    if listed.status_code == 200:
        assert [one["code"] for one in listed.json()["items"]] == ([grant.code] if wanted else [])


def test_a_protected_budget_line_names_no_place_and_waits(
    laid: Any, code_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    from kalanso.hub.grants.queries import scope

    address, away = f"/api/v1/grants/{laid['grant'].pk}/lines", code_of("Bougouni", "district")
    donor, own, team = (
        visitor("donor", organisation="gavi"),
        visitor("partner", organisation="other"),
        visitor("national"),
    )

    def kept(client: Any) -> dict[str, Any]:
        return next(one for one in items(client, address) if one["planned"] == 20_000_000)

    assert (kept(donor)["protected"], kept(donor)["place_code"], kept(donor)["disbursed"]) == (
        True,
        None,
        200,
    )
    assert kept(own)["place_code"] == kept(team)["place_code"] == away
    assert items(donor, f"{address}?place={away}") == [], "asking by place finds no protected line"
    assert len(items(team, f"{address}?place={away}")) == 1
    assert len(items(team, f"{address}?year=2023")) == 0
    monkeypatch.setattr(scope, "today", lambda: date(2024, 6, 30) + timedelta(days=89))
    assert (kept(donor)["disbursed"], kept(team)["disbursed"]) == (0, 200)
    assert away not in donor.get(address).content.decode()


def test_what_moved_without_a_rate_is_said_and_not_added(laid: Any) -> None:
    by = person("national")
    money_desk.entry(by, laid["near"], "expenditure", 50, currency="CHF")
    line = next(
        one
        for one in items(visitor("national"), f"/api/v1/grants/{laid['grant'].pk}/lines")
        if one["unsummed"]
    )
    assert line["spent"] == 0
    assert line["unsummed"] == ["spent 50 CHF"]


def test_indicators_are_those_of_the_page(niono: str, laid: Any) -> None:
    client = visitor("national")
    for place in ("ML", niono):
        told = client.get(f"/api/v1/indicators?place={place}&period=2024Q4").json()
        rows = client.get(f"/agir/indicateurs/?lieu={place}&trimestre=2024Q4").context["rows"]
        assert told["period"] == "2024Q4"
        assert [(one["indicator"], one["measure"]["basis"], one["measure"]["value"], one["measure"]["reason"]) for one in told["items"]] == [
            (row.key, row.basis, row.measure.value, row.measure.reason) for row in rows
        ]  # fmt: skip
    for wrong, status in (
        ("place=nulle-part", 404),
        ("period=2024Q9", 422),
        ("grant=99999", 404),
        ("grant=-1", 422),
    ):
        answer = client.get(f"/api/v1/indicators?{wrong}")
        assert answer.status_code == status
        assert answer.json()["detail"]
    assert visitor("reader").get("/api/v1/indicators").status_code == 403
