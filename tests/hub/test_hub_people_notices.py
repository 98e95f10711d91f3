"""Are people told what concerns them, once, in their language, and may they refuse?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings

from tests.hub.visitors import person, stranger, visitor

NOW = datetime.now(UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def empty_box(hub: None) -> None:
    """No letter of another test."""
    from django.core import mail

    mail.outbox = []


def tell(
    *persons: Any, sentence: str = "people.invitation_accepted", address: str = "/moi/", **params: Any
) -> int:
    from kalanso.hub.people.actions import notify

    return notify(
        persons=persons, sentence=sentence, params=params or {"name": "Awa"}, address=address, now=NOW
    )


def with_address(role: str = "district", **told: Any) -> Any:
    found = person(role, **({"name": told.pop("name")} if "name" in told else {}))
    found.email = f"{found.username}@exemple.ml"
    for name, value in told.items():
        setattr(found, name, value)
    found.save()
    return found


def test_somebody_named_twice_is_told_once_and_who_left_is_not() -> None:
    who, gone = person("district"), person("coach")
    gone.is_active = False
    gone.save()
    assert tell(who, who, gone) == 1
    assert "Awa a accepté votre invitation" in visitor("district").get("/notifications/").content.decode()


def test_an_unknown_sentence_an_empty_blank_and_an_address_elsewhere_are_refused() -> None:
    who = person("district")
    with pytest.raises(LookupError, match=r"people\.none: expected one of"):
        tell(who, sentence="people.none")
    with pytest.raises(LookupError):
        tell(who, nom="Awa")
    for address in (
        "https://ailleurs.example/",
        "//ailleurs.example/",
        "/\\ailleurs.example/",
        "javascript:alert(1)",
    ):
        with pytest.raises(ValueError, match="a path of the hub"):
            tell(who, address=address)


def test_a_refused_kind_is_not_told_but_what_was_done_to_the_account_is() -> None:
    who = person("district")
    client = visitor("district")
    fields = {"language": "en", "wants_digest": "on"}
    assert client.post("/moi/preferences/", fields).status_code == 302
    who.refresh_from_db()

    assert (who.language, who.wants_digest) == ("en", True)
    assert tell(who) == 0
    assert tell(who, sentence="people.password_reset", by="Chef") == 1


def test_preferences_refuse_what_is_not_there() -> None:
    from kalanso.hub.people.actions.notices import choose

    who = person("district")
    with pytest.raises(ValidationError):
        choose(by=who, unwanted=["people.none"], wants_digest=True, language="fr")
    with pytest.raises(ValidationError):
        choose(by=who, unwanted=[], wants_digest=True, language="xx")


def test_the_bell_counts_for_one_query_and_visitors_pay_none() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    tell(person("district"))
    tell(person("district"))
    client = visitor("district")
    with CaptureQueriesContext(connection) as asked:
        told = client.get("/glossaire/").content.decode()
    with CaptureQueriesContext(connection) as by_a_visitor:
        stranger().get("/glossaire/")

    assert "2 notifications non lues" in told
    assert len([q for q in asked.captured_queries if "people_notification" in q["sql"]]) == 1
    assert not [q for q in by_a_visitor.captured_queries if "people_" in q["sql"]]


def test_opening_a_notification_marks_it_and_leads_on_and_reading_all_marks_all() -> None:
    from kalanso.hub.people.models import Notification

    who = person("district")
    tell(who, address="/glossaire/")
    tell(who)
    client = visitor("district")
    first = Notification.objects.order_by("pk").first()
    assert client.get(f"/notifications/{first.pk}/").status_code == 405
    assert client.post(f"/notifications/{first.pk}/")["Location"] == "/glossaire/"
    assert Notification.objects.filter(read__isnull=True).count() == 1
    client.post("/notifications/lues/")
    assert not Notification.objects.filter(read__isnull=True).exists()


def test_somebody_elses_notification_is_not_there() -> None:
    from kalanso.hub.people.models import Notification

    tell(person("district"))
    kept = Notification.objects.get()
    assert visitor("coach").post(f"/notifications/{kept.pk}/").status_code == 404
    kept.refresh_from_db()
    assert kept.read is None


def test_old_notifications_are_reached_page_by_page() -> None:
    who = person("district")
    for number in range(65):
        tell(who, name=f"n{number:03}.")
    client, address, seen = visitor("district"), "/notifications/", set()
    for _ in range(3):
        told = client.get(address).content.decode()
        seen |= {n for n in range(65) if f"n{n:03}." in told}
        address = "/notifications/" + told.partition('class="pager"><a href="')[2].partition('"')[0]
    assert seen == set(range(65))


def send(who: Any, **options: Any) -> bool:
    from kalanso.hub.people.actions.letters import send_letter

    return send_letter(person=who, now=options.pop("now", NOW), **options)


def test_a_letter_tells_the_news_in_the_readers_language_with_a_way_to_stop() -> None:
    from django.core import mail

    for name, language, hello in (("awa", "fr", "Bonjour"), ("jane", "en", "Hello")):
        who = with_address(name=name, language=language)
        tell(who, name="Moussa & <b>Fils</b>")
        assert send(who)
        letter = mail.outbox[-1]
        html = letter.alternatives[0][0]
        assert letter.to == [who.email]
        assert hello in letter.body
        assert "Moussa & <b>Fils</b>" in letter.body
        assert "Moussa &amp; &lt;b&gt;Fils&lt;/b&gt;" in html
        assert letter.extra_headers["List-Unsubscribe"].strip("<>") in letter.body


def test_a_letter_goes_out_once_a_week_and_the_next_tells_only_what_is_new() -> None:
    from django.core import mail

    who = with_address()
    tell(who, name="Première")
    assert send(who)
    assert not send(who)
    assert len(mail.outbox) == 1
    tell(who, name="Seconde")
    assert send(who, now=NOW + timedelta(days=7))
    assert "Seconde" in mail.outbox[-1].body
    assert "Première" not in mail.outbox[-1].body


def test_nothing_to_say_is_not_said() -> None:
    assert not send(with_address())


def test_a_worker_that_dies_between_sending_and_noting_sends_no_second_letter_and_loses_no_news() -> None:
    from django.core import mail

    who = with_address()
    tell(who, name="Awa")

    class Killed(BaseException):
        """What ends a process at once."""

    def send_and_die(message: Any) -> None:
        message.send()
        raise Killed

    with pytest.raises(Killed):
        send(who, send=send_and_die)
    assert not send(who)
    assert len(mail.outbox) == 1
    assert send(who, now=NOW + timedelta(days=7))
    assert "Awa" in mail.outbox[-1].body


def test_a_mail_server_that_refuses_gets_the_letter_again() -> None:
    from django.core import mail

    who = with_address()
    tell(who)

    def refuse(message: Any) -> None:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        send(who, send=refuse)
    assert send(who)
    assert len(mail.outbox) == 1
    assert mail.outbox[0].extra_headers["Message-ID"].startswith("<digest-")


def test_the_weekly_job_sends_to_all_who_want_it_and_says_how_many() -> None:
    from django.core import mail

    from kalanso.hub.jobs.actions import ask
    from kalanso.hub.jobs.tasks import work_once

    one, two = with_address("district"), with_address("coach", wants_digest=False)
    three = person("facility")
    tell(one, two, three)
    ask(by=None, kind="people.digest", arguments={}, key="digest-2025-W07", now=NOW)
    with override_settings(KALANSO_MAIL=True):
        done = work_once("w1", now=NOW)

    assert done is not None
    assert (done.state, done.answer) == ("done", {"sent": 1, "refused": 0})
    assert [letter.to for letter in mail.outbox] == [[one.email]]


def test_without_a_mail_server_the_job_is_refused_with_a_sentence() -> None:
    from kalanso.hub.jobs.actions import ask
    from kalanso.hub.jobs.tasks import work_once

    ask(by=None, kind="people.digest", arguments={}, key="digest-2025-W08", now=NOW)
    done = work_once("w1", now=NOW)
    assert done is not None
    assert done.state == "failed"
    assert "KALANSO_EMAIL" in done.error


def test_one_refused_address_holds_nobody_else_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core import mail
    from django.core.mail import EmailMultiAlternatives

    from kalanso.hub.jobs.actions import ask
    from kalanso.hub.jobs.tasks import work_once

    bad, good = with_address("district"), with_address("coach")
    tell(bad, good)
    sent = EmailMultiAlternatives.send

    def pick(message: Any, *args: Any) -> Any:
        if message.to == [bad.email]:
            raise OSError("no such address")
        return sent(message)

    monkeypatch.setattr(EmailMultiAlternatives, "send", pick)
    ask(by=None, kind="people.digest", arguments={}, key="digest-2025-W09", now=NOW)
    with override_settings(KALANSO_MAIL=True):
        first = work_once("w1", now=NOW)
    assert first is not None
    assert first.state == "waiting"
    with override_settings(KALANSO_MAIL=True):
        work_once("w1", now=NOW + timedelta(hours=1))
        last = work_once("w1", now=NOW + timedelta(hours=2))
    assert last is not None
    assert (last.state, last.answer) == ("done", {"sent": 0, "refused": 1})
    assert [letter.to for letter in mail.outbox] == [[good.email]]


def test_a_look_at_the_stopping_link_changes_nothing_and_its_button_stops_the_letter() -> None:
    from kalanso.hub.people.queries.letters import STOP, sealed

    who = with_address()
    address = f"/lettre/arreter/{sealed(who, STOP)}/"
    assert stranger().get(address).status_code == 200
    who.refresh_from_db()
    assert who.wants_digest
    stranger().post(address)
    who.refresh_from_db()
    assert not who.wants_digest
    assert stranger().get("/lettre/arreter/rien/").status_code == 404


def entries(answer: Any) -> list[str]:
    root = ElementTree.fromstring(answer.content)  # noqa: S314 - our own feed
    return [str(found.text) for found in root.iter(f"{ATOM}title")]


def test_the_public_feed_tells_what_everybody_may_see_and_nothing_else() -> None:
    from kalanso.hub.explore.queries import shelf, tables

    answer = stranger().get("/flux/publications.atom")
    assert answer["Content-Type"].startswith("application/atom+xml")
    assert len(entries(answer)) == 1 + len([card for card in tables.cards(shelf.current()) if card.manifest])
    logged_in = visitor("national").get("/flux/publications.atom")
    assert entries(logged_in) == entries(answer)


def test_a_secret_feed_tells_what_its_person_may_see_until_the_link_is_renewed_or_the_account_closed() -> (
    None
):
    from kalanso.hub.people.queries.letters import FEED, STOP, sealed

    who = person("national")
    tell(who, name="Awa <b>")
    address = f"/flux/{sealed(who, FEED)}.atom"
    told = entries(stranger().get(address))
    assert "Awa <b> a accepté votre invitation." in told
    assert len(told) > len(entries(stranger().get("/flux/publications.atom")))
    assert "no-store" in stranger().get(address)["Cache-Control"]
    assert stranger().get(f"/flux/{sealed(who, STOP)}.atom").status_code == 404

    visitor("national").post("/moi/flux/renouveler/")
    assert stranger().get(address).status_code == 404
    who.refresh_from_db()
    fresh = f"/flux/{sealed(who, FEED)}.atom"
    assert stranger().get(fresh).status_code == 200
    who.is_active = False
    who.save()
    assert stranger().get(fresh).status_code == 404


def test_my_page_shows_my_places_tasks_and_account(code_of: Any) -> None:
    code = code_of("Niono", "district")
    tell(person("district", code))
    told = visitor("district", code).get("/moi/").content.decode()

    assert "Lire 1 notification" in told
    assert f"/lieux/{code}/" in told
    assert "premières doses" in told
    assert "Changer mon mot de passe" in told


def test_my_page_shows_the_three_tasks_that_wait_longest_and_what_apps_offer() -> None:
    from kalanso.hub.people.queries import tasks

    def many(who: Any) -> list[tasks.Task]:
        return [
            tasks.Task(says=f"Tâche {n}", address="/moi/", since=NOW - timedelta(days=2000 + n))
            for n in range(5)
        ]

    tasks.offer(many)
    tasks.offer_drafts(many)
    try:
        told = visitor("district").get("/moi/").content.decode()
    finally:
        tasks._TASKS.remove(many)
        tasks._DRAFTS.remove(many)
    first, more, later = told.partition("Ce que vous avez commencé")[0].partition("3 autres attendent")
    assert more  # the questions of the month are one more
    assert [n for n in range(5) if f"Tâche {n}" in first] == [2, 3, 4]
    assert [n for n in range(5) if f"Tâche {n}" in later] == [0, 1]


def test_a_job_that_failed_waits_for_who_asked_for_it() -> None:
    from kalanso.hub.jobs.models import Job

    who = person("district")
    Job.objects.create(kind="x", key="x", asked_by=who, asked=NOW, not_before=NOW, state="failed", ended=NOW)
    assert "Voir pourquoi cela a échoué" in visitor("district").get("/moi/").content.decode()
    assert "Voir pourquoi cela a échoué" not in visitor("coach").get("/moi/").content.decode()
