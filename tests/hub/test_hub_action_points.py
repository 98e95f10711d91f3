"""Is an action numbered once, closed with evidence, verified by another, told when it is late, and found on one's page?"""

from __future__ import annotations

import csv
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.db.models import F
from django.test import override_settings

from tests.hub import portfolio_follow_up_desk as desk
from tests.hub.portfolio_follow_up_desk import ACTIONS, NOW, TODAY
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor


@pytest.fixture(autouse=True)
def own_folder(quick_hand: Any, tmp_path: Path) -> Any:
    with override_settings(KALANSO_DATA=tmp_path / "data", MEDIA_ROOT=tmp_path / "media"):
        yield


@pytest.fixture
def team(niono: str) -> Any:
    """Somebody of the team of Niono, whose browser is `awa`."""
    return person("district", niono)


@pytest.fixture
def moussa(niono: str) -> Any:
    """Somebody who works in Niono for another organisation."""
    return person("facility", niono, organisation="other", name="moussa")


def region_of(code: str) -> str:
    from kalanso.hub.people.models import PlaceMirror

    return str(PlaceMirror.objects.get(code=code).parent_code)


def told(who: Any) -> list[str]:
    from kalanso.hub.people.models import Notification

    return list(Notification.objects.filter(person=who).order_by("pk").values_list("sentence", flat=True))


def photo(where: bool = True) -> SimpleUploadedFile:
    """A photo that says where it was taken."""
    from PIL import Image

    out, image = BytesIO(), Image.new("RGB", (640, 480), "white")
    exif = Image.Exif()
    exif[0x010E] = "prise à Dogofry"
    image.save(out, "JPEG", exif=exif)
    return SimpleUploadedFile("moto.jpg", out.getvalue(), content_type="image/jpeg")


def test_numbers_follow_one_another_and_are_never_given_twice(team: Any, niono: str) -> None:
    from kalanso.hub.portfolio.actions import references
    from kalanso.hub.portfolio.models import ActionPoint

    first, second = desk.set_by(team, niono), desk.set_by(team, niono)
    assert (first.reference, second.reference) == (f"A-{NOW.year}-0001", f"A-{NOW.year}-0002")
    tried: list[str] = []

    def make(reference: str) -> Any:
        tried.append(reference)
        if len(tried) == 1:  # somebody else was quicker
            reference = second.reference
        return ActionPoint.objects.create(
            reference=reference,
            text="x",
            owner=team,
            organisation=desk.house(),
            due=TODAY,
            made_by=team,
            made=NOW,
        )

    assert references.numbered(ActionPoint, "A", NOW.year, make).reference == f"A-{NOW.year}-0003"
    assert len(tried) == 2


def test_an_action_goes_from_its_page_to_verified_by_another(awa: Any, team: Any, niono: str) -> None:
    one = desk.named(team, niono)
    address = f"{ACTIONS}nouvelle/?from={desk.mark(one)}"
    form = desk.form(awa, address, text="Réparer la moto.")
    assert form["place"] == niono
    owner = f"{team.pk}-{desk.house().pk}"
    answer = awa.post(address, {**form, "owner": owner})
    assert answer.status_code == 302, answer.context["form"].errors
    action = one.actions.get()
    here = f"{ACTIONS}{action.reference}/"
    assert answer["Location"] == here
    assert "la moto du CSCom" in text_of(awa.get(here)), "the obstacle that it answers stands below it"
    form = {
        "version": action.version,
        "closing": "Elle roule.",
        "photo": photo(),
        "photo_alt": "La moto devant le CSCom",
    }
    assert awa.post(f"{here}faite/", form).status_code == 302
    action.refresh_from_db()
    assert (action.state, action.closed_by) == ("done", team)
    with action.photo.open("rb") as file:
        kept = file.read()
    assert b"Dogofry" not in kept
    shown = awa.get(f"{here}photo.jpg")
    assert b"".join(shown.streaming_content) == kept
    assert shown["Content-Type"] == "image/jpeg"
    assert "une autre personne la vérifie" in text_of(awa.get(here))
    refused = awa.post(f"{here}verifier/", {"version": action.version, "verdict": "yes"})
    assert refused.status_code == 403, "whoever closed it does not verify it"
    region = visitor("region", region_of(niono))
    assert region.post(f"{here}verifier/", {"version": action.version, "verdict": "yes"}).status_code == 302
    page = text_of(awa.get(here))
    assert "Vérifiée" in page
    assert "Vérifié par" in page
    assert told(team) == ["portfolio.action_verified"]


def test_what_is_not_done_is_reopened_with_what_is_missing(team: Any, niono: str) -> None:
    one = desk.closed(team, desk.set_by(team, niono))
    region = visitor("region", region_of(niono))
    here = f"{ACTIONS}{one.reference}/"
    no = {"version": one.version, "verdict": "no", "reason": ""}
    assert region.post(f"{here}verifier/", no).status_code == 422
    assert (
        region.post(f"{here}verifier/", {**no, "reason": "La moto est encore au garage."}).status_code == 302
    )
    one.refresh_from_db()
    assert (one.state, one.closed_by, one.closing, one.reason) == (
        "reopened",
        None,
        "",
        "La moto est encore au garage.",
    )
    from kalanso.hub.people.models import Event

    event = Event.objects.get(verb="portfolio.action_reopened")
    assert event.before["closing"].startswith("La moto roule"), "what closed it stays in the trail"


def test_the_database_knows_that_another_verifies(team: Any, niono: str) -> None:
    from kalanso.hub.portfolio.models import ActionPoint

    one = desk.closed(team, desk.set_by(team, niono))
    rows = ActionPoint.objects.filter(pk=one.pk)
    wrong = (
        {"state": "verified", "verified_by": F("closed_by"), "verified": NOW}, {"state": "verified"}, {"closing": ""},
        {"state": "open", "verified_by": team, "verified": NOW}, {"state": "cancelled", "reason": ""}, {"state": "reopened", "reason": ""},
        {"photo": "x.jpg", "photo_alt": ""}, {"closed_by": None}, {"text": ""}, {"priority": "urgent"},
    )  # fmt: skip
    for changes in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**changes)
    copy = {
        "text": "x",
        "owner": team,
        "organisation": desk.house(),
        "due": TODAY,
        "made_by": team,
        "made": NOW,
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        ActionPoint.objects.create(reference=one.reference, **copy)


def test_a_late_action_is_told_upwards_step_by_step_and_each_step_once(team: Any, niono: str) -> None:
    from kalanso.hub.jobs.actions import ask
    from kalanso.hub.portfolio.models import Escalation
    from tests.hub.desk import work

    region, centre = person("region", region_of(niono)), person("national")
    one = desk.late(desk.set_by(centre, niono, owner=team), 3)

    def run() -> Any:
        ask(
            by=None,
            kind="portfolio.late_actions",
            arguments={},
            key=f"late-{Escalation.objects.count()}-{run.n}",
            now=NOW,
        )
        run.n += 1
        return work()

    run.n = 0  # type: ignore[attr-defined]
    assert run().answer == {"late": 1, "told": 1}
    assert run().answer == {"late": 0, "told": 0}
    assert told(team)[-1] == "portfolio.own_action_late"
    assert told(region) == []
    desk.late(one, 9)
    assert run().answer["late"] == 2, "a date that was moved begins anew"
    assert told(region) == ["portfolio.action_late"]
    desk.late(one, 40)
    run()
    assert "portfolio.action_late" in told(centre)
    before = len(told(region))
    desk.closed(team, one)
    assert run().answer == {"late": 0, "told": 0}
    assert len(told(region)) == before


def test_an_action_of_a_region_or_the_country_is_told_to_the_country(niono: str) -> None:
    from kalanso.hub.portfolio.queries.late_actions import ABOVE, whom

    centre = person("national")
    for place in ("", region_of(niono)):
        one = desk.late(desk.set_by(centre, place), 9)
        assert whom(one, ABOVE, TODAY) == [centre]


def test_one_s_page_names_late_actions_first_and_those_to_verify(awa: Any, team: Any, niono: str) -> None:
    soon, far = (
        desk.set_by(team, niono, due=TODAY + timedelta(days=3)),
        desk.set_by(team, niono, due=TODAY + timedelta(days=60)),
    )
    overdue = desk.late(desk.set_by(team, niono), 12)
    page = text_of(awa.get("/moi/"))
    assert f"En retard de 12 jours : {overdue.reference}" in page
    assert soon.reference in page
    assert far.reference not in page
    assert page.index(overdue.reference) < page.index(soon.reference)
    desk.closed(team, overdue)
    region = visitor("region", region_of(niono))
    assert f"Vérifier que l'action {overdue.reference} est faite" in text_of(region.get("/moi/")).replace(
        "’", "'"
    )
    assert "Vérifier que" not in text_of(awa.get("/moi/"))


def test_the_list_is_narrowed_and_taken_along(awa: Any, team: Any, niono: str, moussa: Any) -> None:
    mine = desk.late(desk.set_by(team, niono, priority="high"), 2)
    other = desk.set_by(team, niono, owner=moussa, text="Payer les relais.")
    desk.closed(moussa, other)

    def rows(query: str) -> list[str]:
        return [one.reference for one, _late, _place in awa.get(f"{ACTIONS}?{query}").context["rows"]]

    assert rows("etat=late") == [mine.reference]
    assert rows("qui=mine") == [mine.reference]
    assert rows("etat=done") == [other.reference]
    assert rows("priorite=high") == [mine.reference]
    assert rows(f"organisation={desk.house('other').pk}") == [other.reference]
    assert rows(f"q={other.reference}") == [other.reference]
    assert rows("q=relais") == [other.reference]
    assert set(rows(f"lieu={niono}")) == {mine.reference, other.reference}
    page = text_of(awa.get(ACTIONS))
    assert "1 action est à faire" in page
    assert "dont 1 en retard" in page
    assert "en retard de 2 jours" in page
    found = list(
        csv.DictReader(awa.get(f"{ACTIONS}liste.csv?etat=late").content.decode("utf-8-sig").splitlines())
    )
    assert [(row["Numéro"], row["Jours de retard"]) for row in found] == [(mine.reference, "2")]


def test_a_page_read_too_long_ago_changes_nothing(awa: Any, team: Any, niono: str) -> None:
    one = desk.set_by(team, niono)
    here = f"{ACTIONS}{one.reference}/"
    form = desk.form(awa, f"{here}modifier/", text="Réparer les deux motos.")
    assert awa.post(f"{here}modifier/", form).status_code == 302
    for page, more in (
        ("modifier", {}),
        ("faite", {"closing": "Fait."}),
        ("annuler", {"reason": "plus besoin"}),
    ):
        answer = awa.post(f"{here}{page}/", {**form, **more})
        assert answer.status_code == 422, page
        assert "pendant que vous écriviez" in text_of(answer)
    one.refresh_from_db()
    assert (one.text, one.version, one.state) == ("Réparer les deux motos.", 2, "open")


def test_a_partner_is_offered_only_those_to_whom_it_may_give_an_action(team: Any, niono: str) -> None:
    from kalanso.hub.portfolio.forms.follow_up import ActionForm

    partner = person("partner", niono, organisation="ong")

    def offered(who: Any) -> set[str]:
        return {key for key, _name in ActionForm(who, today=TODAY).fields["owner"].choices} - {""}

    theirs, ours = f"{partner.pk}-{desk.house('ong').pk}", f"{team.pk}-{desk.house().pk}"
    assert offered(partner) == {theirs}
    assert ActionForm(partner, today=TODAY).initial["owner"] == theirs
    assert {theirs, ours} <= offered(team)


def test_who_may_not_set_close_verify_or_cancel_is_refused(team: Any, niono: str, moussa: Any) -> None:
    from kalanso.hub.portfolio.actions.follow_up import cancel_action

    with pytest.raises(PermissionDenied):
        desk.set_by(moussa, niono)
    partner = person("partner", niono, organisation="ong")
    with pytest.raises(PermissionDenied):
        desk.set_by(partner, niono, owner=team)
    own = desk.set_by(partner, niono)
    one = desk.set_by(team, niono, owner=moussa)
    with pytest.raises(PermissionDenied):
        desk.closed(partner, one)
    with pytest.raises(PermissionDenied):
        cancel_action(by=moussa, one=one, reason="non", version=one.version, now=NOW)
    desk.closed(moussa, one)
    with pytest.raises(PermissionDenied):
        desk.verified(moussa, one)
    with pytest.raises(PermissionDenied):
        desk.verified(partner, one)
    desk.verified(team, one)
    assert (
        cancel_action(by=partner, one=own, reason="un autre le fait", version=own.version, now=NOW).state
        == "cancelled"
    )
    with pytest.raises(ValidationError, match="pas de rôle"):
        desk.set_by(team, niono, owner=moussa, organisation=desk.house())
