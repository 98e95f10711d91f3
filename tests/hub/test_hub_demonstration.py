"""Does a simulated portfolio tell its story once, signed by who may, with something in every state and nothing of protected places?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import stranger

pytestmark = pytest.mark.long

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def hand(quick_hand: Any) -> None:
    """Nothing is drawn here."""


@pytest.fixture
def told(hub: None) -> None:
    from kalanso.hub.site import actions

    actions.prepare(now=NOW)


def _as(username: str) -> Any:
    from kalanso.hub.people.models import Person

    client = stranger()
    client.force_login(Person.objects.get(username=username))
    return client


def test_the_story_is_told_once_and_every_page_has_something_to_show(told: None) -> None:
    from kalanso.hub.portfolio.models import ActionPoint, Decision, Escalation, Factor, Meeting, Report
    from kalanso.hub.site import actions

    kinds = (ActionPoint, Decision, Escalation, Factor, Meeting, Report)
    before = [kind.objects.count() for kind in kinds]
    actions.prepare(now=NOW + timedelta(days=1))
    assert [kind.objects.count() for kind in kinds] == before
    assert set(Report.objects.values_list("state", flat=True)) == {"draft", "submitted", "returned", "approved"}  # fmt: skip
    assert set(ActionPoint.objects.values_list("state", flat=True)) == {"open", "done", "verified"}
    assert set(Factor.objects.values_list("state", flat=True)) == {"open", "answered", "lifted"}
    assert set(Escalation.objects.values_list("step", flat=True)) == {1, 2}
    assert Meeting.objects.filter(date__lt=NOW.date()).exclude(minutes="").count() == 1
    assert Meeting.objects.filter(date__gt=NOW.date()).count() == 1
    words = [
        *Factor.objects.values_list("what", flat=True), *ActionPoint.objects.values_list("text", flat=True),
        *Decision.objects.values_list("text", flat=True), *Meeting.objects.values_list("title", flat=True),
        *Report.objects.values_list("narrative", flat=True),
    ]  # fmt: skip
    assert all(text.startswith("DÉMO") for text in words)


def test_nothing_is_dated_later_than_now_and_nobody_judges_their_own(told: None) -> None:
    from kalanso.hub.people.models import Event
    from kalanso.hub.portfolio.models import ActionPoint, Report

    assert not Event.objects.filter(at__gt=NOW).exists()
    assert all(one.by_id != one.reviewed_by_id for one in Report.objects.all())
    assert all(one.closed_by_id != one.verified_by_id for one in ActionPoint.objects.exclude(closed_by=None))


def test_a_decision_says_what_was_done_before_and_since(told: None) -> None:
    from kalanso.hub.portfolio.models import Decision

    one = Decision.objects.exclude(place_code="").get()
    said = text_of(_as("ibrahim").get(f"/agir/decisions/{one.reference}/"))
    assert "1 sur 6 → T" in said
    assert "6 sur 6" in said
    assert "n'en vient pas forcément" in said
    # A donor reads approved quantities; the last report before is of the quarter that ended before the decision.
    changes = _as("jeanne").get(f"/agir/decisions/{one.reference}/").context["changes"]
    assert [(each.before.quantity, each.since.quantity) for each in changes] == [(1, 6)]


def test_what_is_named_in_a_protected_place_is_counted_for_others_and_not_read(told: None) -> None:
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.portfolio.models import Factor

    flagged = PlaceMirror.objects.filter(flagged=True, level="district").values("code")
    kept = Factor.objects.filter(place_code__in=flagged).get()
    assert kept.what in text_of(_as("ibrahim").get("/agir/obstacles/"))
    for username in ("oumar", "jeanne", "mariam"):
        answer = _as(username).get(f"/agir/obstacles/{kept.pk}/")
        assert answer.status_code == 404


def test_a_place_leads_to_what_is_planned_in_its_district(told: None, niono: str) -> None:
    from django.template import engines
    from django.test import RequestFactory

    from kalanso.hub.people.models import Person, PlaceMirror

    area = PlaceMirror.objects.filter(level="health_area", path__contains=f"/{niono}/").first()
    assert area is not None
    template = engines["django"].from_string("{% districts_of code as homes %}{% planned_in homes %}")
    request = RequestFactory().get("/")
    request.user = Person.objects.get(username="jeanne")
    assert f"/agir/portefeuille/district/{niono}/" in template.render({"code": area.code}, request)
    assert "/agir/" not in template.render({"code": "ML"}, request)
