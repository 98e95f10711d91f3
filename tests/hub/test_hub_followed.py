"""Does somebody's own feed tell what changed in what they follow, and never of what is protected?"""

from __future__ import annotations

from datetime import date
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.hub import portfolio_follow_up_desk as follow
from tests.hub.portfolio_desk import NOW, intervention, planned, reported
from tests.hub.visitors import person, stranger

ATOM = "{http://www.w3.org/2005/Atom}"
SECRET = "Le convoi passe par Dogofry le mardi."


@pytest.fixture(autouse=True)
def drawn(quick_hand: Any) -> None:
    """Figures cost nothing here."""


def feed_of(who: Any) -> str:
    """Return the address of somebody's feed."""
    from kalanso.hub.people.queries.letters import FEED, sealed

    who.refresh_from_db()
    return f"/flux/{sealed(who, FEED)}.atom"


def told(who: Any) -> list[str]:
    """Return what a feed says of notices and of what is followed; published tables left out."""
    root = ElementTree.fromstring(stranger().get(feed_of(who)).content)  # noqa: S314 - our own feed
    found = [str(one.text) for one in root.iter(f"{ATOM}title")][1:]
    return [one for one in found if "la table" not in one]


def follows(who: Any, thing: Any) -> None:
    from kalanso.hub.people.models import Subscription

    Subscription.objects.create(
        person=who, object_type=thing._meta.label_lower, object_id=str(thing.pk), since=NOW
    )


def advance(cell: Any, by: Any, state: str = "delayed") -> Any:
    from kalanso.hub.portfolio.actions.cells import advance as move

    cell.refresh_from_db()
    return move(by=by, one=cell, state=state, reason=SECRET, version=cell.version, now=NOW)


def approve(cell: Any, by: Any) -> Any:
    from kalanso.hub.portfolio.actions.reports import approve as agree

    return agree(by=by, one=reported(person("national", name="writer"), cell, "2025Q1"), version=1, now=NOW)


@pytest.fixture
def line(niono: str) -> Any:
    by = person("national", name="auteur")
    return planned(by, intervention(by, "FPP-001"), niono, state="ongoing", begins=date(2025, 1, 1))


def flag(code: str) -> None:
    from kalanso.hub.people.models import PlaceMirror

    PlaceMirror.objects.filter(code=code).update(flagged=True)


def test_a_line_that_is_followed_tells_its_state_and_approved_reports(line: Any, niono: str) -> None:
    by, who, other = person("national", name="auteur"), person("partner", niono), person("coach", niono)
    follows(who, line)
    advance(line, by)
    approve(line, by)
    said = told(who)
    assert any("FPP-001" in one and "Niono" in one and "en retard" in one for one in said)
    assert [one for one in said if "rapport" in one] == [one for one in said if "T1 2025" in one] != []
    text = stranger().get(feed_of(who)).content.decode()
    assert SECRET not in text
    assert "auteur" not in text
    assert told(other) == [], "who follows nothing is told nothing"


def test_obstacles_actions_and_decisions_that_are_followed_are_told_by_name_or_number(niono: str) -> None:
    by, who = person("national", name="auteur"), person("district", niono)
    factor = follow.named(by, niono)
    action = follow.set_by(by, niono, rests_on=follow.mark(factor))
    for one in (factor, action):
        follows(who, one)
    follow.moved(by, factor, "gone", "La moto est réparée.")
    follow.closed(by, action)
    text = stranger().get(feed_of(who)).content.decode()
    assert "n’a plus lieu" in text
    assert f"L’action {action.reference} est dite faite" in text
    assert "auteur" not in text
    assert "La moto est réparée" not in text


@pytest.mark.parametrize("role", ["district", "national", "partner"])
@pytest.mark.parametrize("how", ["flagged", "sensitive"])
def test_nothing_of_a_protected_line_leaves_by_the_feed_whoever_holds_it(
    role: str, how: str, line: Any, niono: str
) -> None:
    from kalanso.hub.portfolio.models import Cell

    by, who = person("national", name="auteur"), person(role, niono)
    factor = follow.named(by, niono, cell=line)
    action = follow.set_by(by, niono, rests_on=follow.mark(factor))
    decision = follow.decided(by, niono, rests_on=(follow.mark(factor),), cells=[line])
    for one in (line, factor, action, decision):
        follows(who, one)
    advance(line, by)
    approve(line, by)
    follow.closed(by, action)
    assert len(told(who)) >= 3
    if how == "flagged":
        flag(niono)
    else:
        Cell.objects.filter(pk=line.pk).update(sensitive=True)
    assert told(who) == []


def test_notices_of_a_protected_line_say_in_feed_and_letter_only_that_there_is_news(
    line: Any, niono: str
) -> None:
    from kalanso.hub.people.queries.letters import letter_to
    from kalanso.hub.portfolio.models import Cell

    by, writer = person("national", name="auteur"), person("district", niono, name="equipe")
    from kalanso.hub.portfolio.actions.reports import approve as agree

    agree(by=by, one=reported(writer, line), version=1, now=NOW)
    assert any("FPP-001" in one for one in told(writer))
    Cell.objects.filter(pk=line.pk).update(sensitive=True)
    assert told(writer) == ["Du nouveau dans une zone ou une activité protégée\xa0: à lire dans Kalanso."]
    letter = letter_to(writer, now=NOW)
    assert letter is not None
    for form in (letter.text, letter.html):
        assert "Du nouveau dans une zone" in form
        assert "FPP-001" not in form
        assert "/ligne/" not in form


def test_comments_at_a_flagged_place_say_in_the_feed_only_that_there_is_news(niono: str) -> None:
    from kalanso.hub.people.actions.notices import notify

    who = person("district", niono)
    notify(
        persons=[who], sentence="people.commented", params={"by": "Awa", "about": "Niono", "place_code": niono},
        address=f"/discussion/place/{niono}/", now=NOW,
    )  # fmt: skip
    assert any("Niono" in one for one in told(who))
    flag(niono)
    text = stranger().get(feed_of(who)).content.decode()
    assert "Awa" not in text
    assert niono not in text.split("la table")[0] or f"/discussion/place/{niono}" not in text


def test_who_lost_their_role_or_renewed_their_link_is_told_no_more(line: Any, niono: str) -> None:
    from kalanso.hub.people.actions.notices import renew_feed

    who = person("partner", niono)
    follows(who, line)
    advance(line, person("national", name="auteur"))
    assert len(told(who)) == 1 + 1, "the change and that the line was planned"
    old = feed_of(who)
    who.memberships.all().delete()
    assert told(person("partner", niono)) == []
    renew_feed(by=who)
    assert stranger().get(old).status_code == 404


def test_a_feed_asks_few_questions_however_much_is_followed(niono: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    by, who = person("national", name="auteur"), person("partner", niono)

    def asked() -> int:
        address = feed_of(who)
        stranger().get(address)
        with CaptureQueriesContext(connection) as found:
            assert stranger().get(address).status_code == 200
        return len(found.captured_queries)

    follows(who, planned(by, intervention(by, "FPP-100"), niono))
    before = asked()
    for number in range(6):
        follows(who, planned(by, intervention(by, f"FPP-{number:03d}"), niono))
    assert asked() == before
