"""Do people see how far their work is, without scripts and with them, and only their own?"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tests.hub.visitors import person, stranger, visitor

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def job(hub: None) -> Any:
    from kalanso.hub.jobs.actions import ask

    return ask(by=person("researcher"), kind="site.clean_up", arguments={}, key="page", now=NOW)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def put(job: Any, **state: Any) -> None:
    from kalanso.hub.jobs.models import Job

    Job.objects.filter(pk=job.pk).update(**state)


def test_a_running_job_says_its_step_and_share_and_asks_again_by_itself(job: Any) -> None:
    put(job, state="running", holder="w", leased_until=NOW, share=0.42, step="Matching names", started=NOW)
    page = text_of(visitor("researcher").get(f"/travaux/{job.pk}/"))
    assert 'value="42"' in page
    assert "Matching names" in page
    assert 'hx-trigger="every 2s"' in page
    assert "htmx-2.min" in page
    assert "Voir où il en est maintenant" in page


def test_a_panel_stops_asking_when_the_work_is_over(job: Any) -> None:
    put(job, state="done", ended=NOW, started=NOW, answer={"address": "/tables/"})
    page = text_of(visitor("researcher").get(f"/travaux/{job.pk}/"))
    panel = text_of(visitor("researcher").get(f"/travaux/{job.pk}/avancement/"))
    assert "hx-" not in panel
    assert "htmx-2.min" not in page
    assert 'href="/tables/"' in panel


def test_an_answer_cannot_lead_to_another_host(job: Any) -> None:
    for address in ("//example.org/", "https://example.org/", "javascript:alert(1)", "/\\example.org"):
        put(job, state="done", ended=NOW, answer={"address": address})
        panel = text_of(visitor("researcher").get(f"/travaux/{job.pk}/avancement/"))
        assert "example.org" not in panel
        assert "alert(1)" not in panel


def test_a_panel_whose_reader_is_logged_out_says_so_and_stops_asking(job: Any) -> None:
    answer = stranger().get(f"/travaux/{job.pk}/avancement/")
    assert answer.status_code == 286
    assert "rechargez" in text_of(answer)
    assert str(job.pk) not in text_of(answer)


def test_a_fault_is_a_sentence_for_people_and_a_place_in_the_software_for_administrators(job: Any) -> None:
    put(job, state="failed", ended=NOW, error="jobs.fault\nTraceback: File x.py line 3 KeyError")
    own = text_of(visitor("researcher").get(f"/travaux/{job.pk}/"))
    all_of_them = text_of(visitor("administrator").get(f"/travaux/{job.pk}/"))
    assert "Une panne est survenue de notre côté" in own
    assert "KeyError" not in own
    assert "KeyError" in all_of_them


@pytest.mark.parametrize("error", ["jobs.lease_lost", "jobs.hung", "jobs.fault"])
def test_every_error_id_has_a_sentence_in_both_languages(job: Any, error: str) -> None:
    put(job, state="failed", ended=NOW, error=error)
    for prefix in ("", "/en"):
        page = text_of(visitor("researcher").get(f"{prefix}/travaux/{job.pk}/"))
        assert error not in page
        assert 'class="caveat"' in page


def test_a_refusal_is_shown_in_its_own_words_and_escaped(job: Any) -> None:
    put(job, state="failed", ended=NOW, error="colonne <b>: expected a number")
    page = text_of(visitor("researcher").get(f"/travaux/{job.pk}/"))
    assert "colonne &lt;b&gt;: expected a number" in page


@pytest.mark.parametrize("role", ["reader", "district", "national", "donor", "partner"])
def test_somebody_elses_job_is_not_there(job: Any, role: str, code_of: Callable[[str, str], str]) -> None:
    client = visitor(role, code_of("Niono", "district") if role == "district" else "", raises=False)
    for address in ("", "avancement/"):
        assert client.get(f"/travaux/{job.pk}/{address}").status_code == 404
    for verb in ("arreter", "relancer"):
        assert client.post(f"/travaux/{job.pk}/{verb}/").status_code == 404
    assert str(job.pk) not in text_of(client.get("/travaux/"))
    assert client.get(f"/travaux/{uuid.uuid4()}/").status_code == 404


def test_administrators_see_all_jobs_and_that_the_worker_is_away(job: Any) -> None:
    put(job, asked=datetime.now(UTC) - timedelta(hours=1), not_before=datetime.now(UTC) - timedelta(hours=1))
    page = text_of(visitor("administrator").get("/travaux/"))
    assert str(job.pk) in page
    assert "Le plus ancien attend depuis plus de cinq minutes." in page


def test_a_visitor_is_led_to_the_login_page(job: Any) -> None:
    answer = stranger().get("/travaux/")
    assert answer.status_code == 302
    assert "/connexion" in answer["Location"] or "login" in answer["Location"]


def test_stopping_and_trying_again_are_for_posts_with_their_token(job: Any) -> None:
    client = visitor("researcher", raises=False)
    assert client.get(f"/travaux/{job.pk}/arreter/").status_code == 405
    careful = Client(enforce_csrf_checks=True, HTTP_HOST="127.0.0.1")
    careful.force_login(person("researcher"))
    assert careful.post(f"/travaux/{job.pk}/arreter/").status_code == 403
    job.refresh_from_db()
    assert job.state == "waiting"

    assert client.post(f"/travaux/{job.pk}/arreter/").status_code == 302
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert "Relancer" in text_of(client.get(f"/travaux/{job.pk}/"))
    assert client.post(f"/travaux/{job.pk}/relancer/").status_code == 302
    job.refresh_from_db()
    assert job.state == "waiting"


def test_an_empty_list_says_what_will_stand_there(hub: None) -> None:
    page = text_of(visitor("facility").get("/travaux/"))
    assert "Rien ne travaille pour vous en ce moment." in page


def test_a_list_of_many_jobs_costs_as_many_queries_as_one_of_few(
    hub: None, django_assert_max_queries: Callable[[int], Any]
) -> None:
    from kalanso.hub.jobs.actions import ask

    client, asker = visitor("administrator"), person("administrator")
    for number in range(40):
        ask(by=asker, kind="site.clean_up", arguments={}, key=f"many{number}", now=NOW)
    client.get("/travaux/")
    with django_assert_max_queries(14):
        page = text_of(client.get("/travaux/"))
    assert "?page=2" in page


@pytest.fixture
def django_assert_max_queries(hub: None) -> Callable[[int], Any]:
    from contextlib import contextmanager

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    @contextmanager
    def at_most(number: int) -> Any:
        with CaptureQueriesContext(connection) as caught:
            yield
        assert len(caught) <= number, [one["sql"][:90] for one in caught]

    return at_most
