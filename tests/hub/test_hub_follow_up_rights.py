"""Do obstacles, actions and decisions of protected places stay with their teams, and do pages stay small and few of questions?"""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any

import pytest

from tests.hub import portfolio_follow_up_desk as desk
from tests.hub.portfolio_follow_up_desk import ACTIONS, BARRIERS, DECISIONS, MEETINGS, NOW, mark
from tests.hub.visitors import person, stranger, visitor

SECRET = "Le convoi passe par Dogofry le mardi."
LONG_AGO = NOW - timedelta(days=200)


@pytest.fixture(autouse=True)
def drawn(quick_hand: Any) -> None:
    """Figures cost nothing here."""


@pytest.fixture
def flagged(niono: str) -> str:
    """An area of Niono under a security flag."""
    from kalanso.hub.people.models import PlaceMirror

    one = PlaceMirror.objects.filter(parent_code=niono, level="health_area").first()
    assert one is not None
    PlaceMirror.objects.filter(pk=one.pk).update(flagged=True)
    return str(one.code)


# Who reads what happens in a protected area of Niono, and who does not.
CLEARED = [("district", "niono"), ("national", ""), ("administrator", ""), ("region", "")]
OUTSIDE = [
    ("partner", "niono"),
    ("partner", ""),
    ("donor", ""),
    ("researcher", ""),
    ("coach", "niono"),
    ("editor", ""),
]


def everything(by: Any, place: str, **more: Any) -> tuple[Any, Any, Any]:
    """A factor of a place with an action that answers it and a decision that rests on it."""
    factor = desk.named(by, place, what=SECRET, at=LONG_AGO, **more)
    action = desk.set_by(by, place, rests_on=mark(factor), text=SECRET, at=LONG_AGO)
    decision = (
        desk.decided(by, "", rests_on=(mark(factor),)) if by.memberships.get().role == "national" else None
    )
    return factor, action, decision


@pytest.mark.parametrize(("role", "where"), [*CLEARED, *OUTSIDE])
def test_what_happens_in_a_protected_place_is_for_the_cleared(
    role: str, where: str, flagged: str, niono: str
) -> None:
    factor, action, decision = everything(person("national", name="auteur"), flagged)
    client = visitor(role, niono if where else "", organisation="other")
    seen = (role, where) in CLEARED
    pages = (
        f"{BARRIERS}{factor.pk}/",
        f"{ACTIONS}{action.reference}/",
        f"{ACTIONS}{action.reference}/photo.jpg",
    )
    assert [client.get(page).status_code for page in pages] == ([200, 200, 404] if seen else [404] * 3)
    lists = (
        BARRIERS,
        ACTIONS,
        f"{BARRIERS}liste.csv",
        f"{ACTIONS}liste.csv",
        f"{DECISIONS}{decision.reference}/",
        f"{BARRIERS}leves/",
        "/moi/",
    )
    told = [client.get(page).content.decode() for page in lists]
    assert [SECRET[:20] in text for text in told[:4]] == [seen] * 4
    if not seen:
        assert not any(SECRET[:20] in text for text in told)
        assert "1 autre lien n" in told[4], "that there is a ground is not hidden"
    counts = client.get(BARRIERS).context["kept"]
    assert bool(counts) is not seen
    if not seen:
        assert [(one.district, one.n) for one in counts] == [("Niono", 1)], (
            "the district and the quarter, no more"
        )


def test_the_quarter_under_way_of_a_protected_place_is_not_counted(flagged: str) -> None:
    desk.named(person("national", name="auteur"), flagged, what=SECRET)
    assert visitor("donor").get(BARRIERS).context["kept"] == []


@pytest.mark.parametrize(("role", "where"), [*CLEARED, *OUTSIDE])
def test_what_a_sensitive_cell_meets_is_for_the_cleared(role: str, where: str, niono: str) -> None:
    cell = desk.cell(niono, sensitive=True)
    by = person("national", name="auteur")
    factor, action, _decision = everything(by, niono, cell=cell)
    decision = desk.decided(by, "", cells=[cell])
    client = visitor(role, niono if where else "", organisation="other")
    seen = (role, where) in CLEARED
    pages = (f"{BARRIERS}{factor.pk}/", f"{ACTIONS}{action.reference}/", f"{DECISIONS}{decision.reference}/")
    assert [client.get(page).status_code for page in pages] == [200 if seen else 404] * 3
    meeting = desk.met(by, "")
    agenda = client.get(f"{MEETINGS}{meeting.pk}/").content.decode()
    if not seen:
        assert SECRET[:20] not in agenda
        assert decision.reference not in client.get(DECISIONS).content.decode()
    assert client.get(f"/discussion/portfolio.factor/{factor.pk}/").status_code == 404, (
        "talked about elsewhere, by its team"
    )


def test_what_is_decided_far_away_on_a_line_of_a_protected_place_is_for_its_team(flagged: str) -> None:
    from kalanso.hub.people.models import Event

    line = desk.cell(flagged, code="INT-077", organisation=desk.house("mobile"))
    one = desk.decided(person("national"), "", cells=[line])
    kept = Event.objects.get(verb="portfolio.decided", object_id=str(one.pk)).after
    assert kept["version"] == one.version
    assert "text" not in kept, "the trail keeps no words of it"
    for role, where, organisation, reads in (
        ("national", "", "house", True), ("district", flagged, "house", True), ("partner", "", "mobile", True),
        ("partner", "", "elsewhere", False), ("donor", "", "elsewhere", False), ("researcher", "", "house", False),
    ):  # fmt: skip
        client = visitor(role, where, organisation=organisation)
        assert client.get(f"{DECISIONS}{one.reference}/").status_code == (200 if reads else 404), role
        told = client.get("/api/v1/portfolio/decisions").json()["items"]
        assert [row["reference"] for row in told] == ([one.reference] if reads else []), role


def test_who_named_an_obstacle_reads_it_wherever_it_is(flagged: str, niono: str) -> None:
    author = person("partner", niono, organisation="ong")
    one = desk.named(author, flagged, what=SECRET)
    client = visitor("partner", niono, organisation="ong")
    assert client.get(f"{BARRIERS}{one.pk}/").status_code == 200
    assert visitor("partner", niono, organisation="other").get(f"{BARRIERS}{one.pk}/").status_code == 404


def test_the_trail_keeps_no_words_of_what_is_for_the_team_alone(niono: str) -> None:
    from kalanso.hub.people.models import Event

    cell = desk.cell(niono, sensitive=True)
    factor, _action, _decision = everything(person("national", name="auteur"), niono, cell=cell)
    desk.moved(person("district", niono), factor, "lifted", SECRET)
    written = [str(vars(event)) for event in Event.objects.filter(verb__startswith="portfolio.")]
    assert len(written) >= 4
    assert not [text for text in written if SECRET[:20] in text]


def test_no_letter_says_the_words_of_a_protected_action(flagged: str, niono: str) -> None:
    from kalanso.hub.people.models import Notification
    from kalanso.hub.portfolio.queries.waiting_actions import own_actions

    team = person("district", niono)
    one = desk.late(desk.set_by(person("national", name="auteur"), flagged, owner=team, text=SECRET), 3)
    says = [task.says for task in own_actions(team)]
    assert len(says) == 1
    assert one.reference in says[0]
    assert SECRET[:20] not in says[0]
    assert not Notification.objects.filter(params__icontains=SECRET[:20]).exists()


def test_visitors_and_public_readers_are_let_in_nowhere(niono: str) -> None:
    for address in (
        BARRIERS,
        ACTIONS,
        DECISIONS,
        MEETINGS,
        f"{BARRIERS}matrice/",
        f"{BARRIERS}leves/",
        f"{ACTIONS}liste.csv",
    ):
        assert stranger().get(address).status_code == 302, address
        assert visitor("reader").get(address).status_code == 403, address
        assert visitor(None).get(address).status_code == 403, address


def test_pages_are_small_and_ask_few_questions_however_much_there_is(niono: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    team = person("district", niono)
    for number in range(30):
        one = desk.named(team, niono, what=f"Obstacle {number} : la moto est en panne.")
        desk.set_by(team, niono, rests_on=mark(one))
        desk.decided(team, niono, rests_on=(mark(one),))
    factor = one
    meeting = desk.met(team, niono)
    client = visitor("district", niono)
    bounds = {BARRIERS: 16, f"{BARRIERS}matrice/": 18, f"{BARRIERS}leves/": 14, f"{BARRIERS}{factor.pk}/": 32, ACTIONS: 18, DECISIONS: 14,
              MEETINGS: 16, f"{MEETINGS}{meeting.pk}/": 40, f"{BARRIERS}nouveau/": 20, f"{ACTIONS}nouvelle/": 20}  # fmt: skip
    for address, most in bounds.items():
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(address, headers={"accept-encoding": "identity"})
        texts = [
            query["sql"]
            for query in asked.captured_queries
            if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))
        ]
        assert len(texts) <= most, (address, len(texts), texts)
        assert len(gzip.compress(answer.content)) < 25_000, address


@pytest.mark.parametrize(("role", "reads"), [("district", True), ("coach", False), ("researcher", False)])
def test_the_trail_of_protected_work_is_for_those_cleared_there(role: str, reads: bool, niono: str) -> None:
    from kalanso.hub.people.permissions import reach
    from kalanso.hub.people.queries.trail import visible_events

    author = person("national", name="auteur")
    secret, _action, _decision = everything(author, niono, cell=desk.cell(niono, sensitive=True))
    open_, _other, _same = everything(author, niono, cell=desk.cell(niono, code="INT-077"))
    who = person(role, niono)

    events = visible_events(who, reach(who, "people.read_trail")).filter(object_type="portfolio.factor")

    assert set(events.values_list("object_id", flat=True)) == {str(open_.pk)} | (
        {str(secret.pk)} if reads else set()
    )
