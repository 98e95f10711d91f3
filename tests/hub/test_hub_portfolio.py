"""Does the portfolio show what is planned, and do plans and states change as they should and leave their trail?"""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from tests.hub.portfolio_desk import NOW, PAGE, house, intervention, planned
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

LATER = datetime(2025, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def hand(quick_hand: Any) -> None:
    """Nothing is drawn here."""


@pytest.fixture
def line(hub: None) -> Any:
    return intervention(person("national"))


@pytest.fixture
def cell(line: Any, niono: str) -> Any:
    return planned(person("national"), line, niono)


def test_an_empty_portfolio_teaches_and_a_full_one_counts(hub: None, niono: str, code_of: Any) -> None:
    client = visitor("national")
    assert "Le portefeuille est vide" in text_of(client.get(PAGE))
    one = intervention(person("national"))
    planned(person("national"), one, niono, state="ongoing")
    planned(person("national"), one, code_of("Bougouni", "district"), state="delayed", reason="route coupée")
    said = text_of(client.get(PAGE))
    assert "2 lignes prévues : 1 interventions, 2 districts" in said
    assert "En cours : 1" in said
    assert "En retard : 1" in said


def test_what_is_chosen_narrows_the_grid_and_its_file(line: Any, niono: str, code_of: Any) -> None:
    by, client = person("national"), visitor("national")
    other = intervention(by, "INT-002", title_fr="Pirogues", approach="rolling_logistics")
    planned(by, line, niono, state="ongoing")
    planned(by, other, code_of("Bougouni", "district"))
    for query, codes in {
        "approche=rolling_logistics": {"INT-002"}, "etat=ongoing": {"INT-001"}, "mot=pirog": {"INT-002"}, f"district={niono}": {"INT-001"},
        "etape=reach": {"INT-001", "INT-002"}, "responsable=nobody": set(), "etat=xyz": {"INT-001", "INT-002"}, "etat=late": {"INT-001", "INT-002"},
    }.items():  # fmt: skip
        grid = client.get(f"{PAGE}?{query}").context["grid"]
        assert {one.intervention.code for one in grid.lines} == codes, query
        rows = client.get(f"/agir/portefeuille.csv?{query}").content.decode("utf-8-sig").splitlines()[1:]
        assert {row.split(";")[0] for row in rows} == codes, query


def test_a_cell_whose_end_has_passed_is_late_until_it_is_over(line: Any, niono: str) -> None:
    from kalanso.hub.portfolio.actions.cells import advance
    from kalanso.hub.portfolio.queries.grid import Chosen, grid

    by = person("national")
    one = planned(by, line, niono, ends=date(2025, 2, 1), state="ongoing")
    assert grid(by, Chosen(), today=date(2025, 2, 1)).late == 0
    assert grid(by, Chosen(), today=date(2025, 2, 2)).late == 1
    advance(by=by, one=one, state="completed", reason="", version=1, now=LATER)
    assert grid(by, Chosen(), today=date(2025, 2, 2)).late == 0


@pytest.mark.parametrize(
    ("state", "reason", "refused"),
    [
        ("ongoing", "", ""), ("delayed", "", "reason"), ("delayed", "  ", "reason"), ("delayed", "pas de route", ""),
        ("dropped", "fonds repris", ""), ("completed", "", "state"), ("planned", "", "state"), ("nowhere", "", "state"),
    ],
)  # fmt: skip
def test_a_state_follows_its_steps_and_says_why(cell: Any, state: str, reason: str, refused: str) -> None:
    from kalanso.hub.people.models import Event
    from kalanso.hub.portfolio.actions.cells import advance

    by = person("national")
    if refused:
        with pytest.raises(ValidationError) as caught:
            advance(by=by, one=cell, state=state, reason=reason, version=1, now=LATER)
        assert caught.value.code == refused
        return
    done = advance(by=by, one=cell, state=state, reason=reason, version=1, now=LATER)
    assert (done.state, done.reason, done.since, done.version) == (state, reason, LATER, 2)
    told = Event.objects.filter(verb="portfolio.cell_advanced").get()
    assert (told.before["state"], told.after["state"], told.place_code) == ("planned", state, cell.place_code)


def test_nobody_writes_over_what_somebody_else_wrote_meanwhile(cell: Any) -> None:
    from kalanso.hub.portfolio.actions.cells import advance, correct_plan

    by = person("national")
    advance(by=by, one=cell, state="ongoing", reason="", version=1, now=LATER)
    for do in (
        lambda: advance(by=by, one=cell, state="completed", reason="", version=1, now=LATER),
        lambda: correct_plan(by=by, one=cell, said={"target": 5}, version=1, now=LATER),
    ):
        with pytest.raises(ValidationError, match="pendant que vous écriviez"):
            do()


def test_the_quarters_of_a_plan_stay_within_its_target(cell: Any) -> None:
    from kalanso.hub.portfolio.actions.cells import correct_plan

    by = person("national")
    correct_plan(by=by, one=cell, said={}, version=1, now=LATER, targets={"2025Q1": 12, "2025Q2": 36})
    assert [(one.period, one.quantity) for one in cell.targets.all()] == [("2025Q1", 12), ("2025Q2", 36)]
    with pytest.raises(ValidationError, match="plus que la cible"):
        correct_plan(by=by, one=cell, said={}, version=2, now=LATER, targets={"2025Q1": 49})
    correct_plan(by=by, one=cell, said={}, version=2, now=LATER, targets={})
    assert not cell.targets.exists()


def test_milestones_are_fixed_once_and_done_once_and_not_tomorrow(cell: Any) -> None:
    from kalanso.hub.portfolio.actions.cells import milestone_done, set_milestone

    by = person("national")
    one = set_milestone(by=by, one=cell, title="Relais formés", due=date(2025, 4, 1), now=NOW)
    with pytest.raises(ValidationError, match="déjà prévue"):
        set_milestone(by=by, one=cell, title="Relais formés", due=date(2025, 4, 1), now=NOW)
    with pytest.raises(ValidationError, match="pas encore venu"):
        milestone_done(by=by, one=one, day=date(2025, 3, 2), now=NOW)
    assert milestone_done(by=by, one=one, day=date(2025, 3, 1), now=NOW).done == date(2025, 3, 1)
    with pytest.raises(ValidationError, match="déjà notée"):
        milestone_done(by=by, one=one, day=date(2025, 3, 1), now=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "nowhere"}, {"state": "delayed", "reason": ""}, {"place_code": ""}, {"begins": date(2025, 5, 1), "ends": date(2025, 4, 1)},
    ],
)  # fmt: skip
def test_the_database_holds_what_must_hold(cell: Any, changes: dict[str, Any]) -> None:
    from kalanso.hub.portfolio.models import Cell

    with pytest.raises(IntegrityError), transaction.atomic():
        Cell.objects.filter(pk=cell.pk).update(**changes)


def test_an_intervention_stands_once_in_a_district_and_under_one_code(cell: Any, line: Any) -> None:
    by = person("national")
    with pytest.raises(ValidationError, match="déjà prévue"):
        planned(by, line, cell.place_code)
    with pytest.raises(ValidationError, match="déjà ce code"):
        intervention(by)
    with pytest.raises(ValidationError, match="district publié"):
        planned(by, line, "ML-X999")


def test_the_pages_lead_from_the_grid_to_a_change_and_back(cell: Any) -> None:
    client = visitor("national")
    assert f"ligne/{cell.pk}/" in client.get(PAGE).content.decode()
    answer = client.post(f"{PAGE}ligne/{cell.pk}/etat/", {"version": 1, "state": "delayed"})
    assert answer.status_code == 422
    answer = client.post(
        f"{PAGE}ligne/{cell.pk}/etat/", {"version": 1, "state": "delayed", "reason": "pas de carburant"}
    )
    assert answer.status_code == 302
    said = text_of(client.get(answer.headers["Location"]))
    assert "En retard : pas de carburant" in said
    assert "Prévue → En retard" in said.replace("planned → delayed", "Prévue → En retard")
    plan = {
        "version": 2,
        "organisation": house().pk,
        "begins": "2025-01-01",
        "ends": "2025-06-30",
        "target": 20,
        "q_2025Q1": 5,
        "q_2025Q2": 15,
    }
    assert client.post(f"{PAGE}ligne/{cell.pk}/plan/", plan).status_code == 302
    assert "T1 2025 : 5" in text_of(client.get(f"{PAGE}ligne/{cell.pk}/"))


def test_organisations_gaps_and_overlaps_are_shown(line: Any, niono: str) -> None:
    by = person("national")
    planned(by, line, niono)
    planned(by, intervention(by, "INT-002"), niono, organisation=house("other"))
    work = visitor("national").get(f"{PAGE}qui/").context["work"]
    assert [(one.code, total) for one, _row, total in work.rows] == [("house", 1), ("other", 1)]
    assert work.overlaps == ((niono, "Niono", "Horaires élargis", "House, Other"),)
    assert niono not in [code for code, _name in work.gaps]
    assert work.gaps


def test_79_interventions_in_every_district_open_within_the_budget(hub: None, niono: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.portfolio.models import Cell, Intervention

    by = person("national")
    lines = [
        intervention(by, f"INT-{n:03d}", title_fr=f"Intervention numéro {n} dans les zones rurales")
        for n in range(79)
    ]
    for at in range(44):
        PlaceMirror.objects.create(
            code=f"ML-T{at:02d}",
            name=f"District {at}",
            level="district",
            parent_code="ML",
            path=f"/ML/ML-T{at:02d}/",
            snapshot="t",
        )
    states = ("planned", "ongoing", "completed", "preparing")
    Cell.objects.bulk_create(
        Cell(
            intervention=one,
            place_code=f"ML-T{at:02d}",
            organisation=house(),
            state=states[(at * 7 + one.pk) % 4],
            since=NOW,
        )
        for one in lines
        for at in range(44)
    )
    client = visitor("national")
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(PAGE)
    assert len(asked) < 20
    assert answer.context["grid"].cells == 3476
    assert len(gzip.compress(answer.content)) < 60 * 1024
    assert Intervention.objects.count() == 79


def test_only_the_cleared_and_those_who_carry_it_out_see_days_and_reasons(line: Any, niono: str) -> None:
    one = planned(
        person("national"),
        line,
        niono,
        state="delayed",
        reason="accès par Siribala",
        sensitive=True,
        begins=date(2025, 1, 14),
    )
    sees = {"national": True, "partner": True, "researcher": False, "donor": False}
    for role, open_ in sees.items():
        said = text_of(visitor(role).get(f"{PAGE}ligne/{one.pk}/"))
        assert ("Siribala" in said, "14/01/2025" in said) == (open_, open_), role
        assert "En retard" in said
        rows = visitor(role).get("/agir/portefeuille.csv").content.decode()
        assert ("Siribala" in rows, "14/01/2025" in rows) == (open_, open_), role
    away = visitor("partner", organisation="other")
    assert "Siribala" not in text_of(away.get(f"{PAGE}district/{niono}/"))


def test_partners_plan_what_they_lead_and_nothing_else(line: Any, niono: str) -> None:
    own, other = person("partner"), person("partner", organisation="other")
    assert planned(own, line, niono).organisation == house()
    with pytest.raises(PermissionDenied):
        intervention(other, "INT-009")
    with pytest.raises(PermissionDenied):
        planned(other, intervention(own, "INT-003"), niono)
    from kalanso.hub.portfolio.actions.interventions import correct

    with pytest.raises(PermissionDenied):
        correct(by=own, one=line, said={"lead": house("other")}, version=1, now=NOW)


def test_a_district_advances_its_own_cells_alone(line: Any, niono: str, code_of: Any) -> None:
    from kalanso.hub.portfolio.actions.cells import advance

    team = person("district", niono)
    at_home, away = (
        planned(person("national"), line, code) for code in (niono, code_of("Bougouni", "district"))
    )
    assert advance(by=team, one=at_home, state="ongoing", reason="", version=1, now=LATER).state == "ongoing"
    with pytest.raises(PermissionDenied):
        advance(by=team, one=away, state="ongoing", reason="", version=1, now=LATER)


def test_the_demonstration_has_79_interventions_and_is_made_once(hub: None) -> None:
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.portfolio.actions.demonstration import seed
    from kalanso.hub.portfolio.models import Cell, Intervention

    by = person("national")
    made = seed(by=by, now=NOW)
    assert Intervention.objects.count() == 79
    districts = min(44, PlaceMirror.objects.filter(level="district").count())
    assert districts < made < 79 * districts
    assert Cell.objects.count() == made
    assert seed(by=by, now=NOW) == 0
