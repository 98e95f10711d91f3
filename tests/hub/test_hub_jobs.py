"""Is work behind the pages taken by one worker, kept alive, given back when its worker dies, and never done twice?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import override_settings

from tests.hub.visitors import person, visitor

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
DONE: list[str] = []


def add(work: Any) -> dict[str, int]:
    """Do two steps and say so."""
    work.once("first", lambda: DONE.append("first"))
    work.progress("halfway", 0.5)
    work.once("second", lambda: DONE.append("second"))
    return {"sum": work.arguments["a"] + work.arguments["b"]}


def refuse(work: Any) -> dict[str, int]:
    """Refuse what was asked."""
    from kalanso.hub.jobs.tasks import Refused

    raise Refused("b: expected a number, got a word")


def break_down(work: Any) -> dict[str, int]:
    """Fail for a reason that may pass."""
    raise OSError("the disk is away")


@pytest.fixture(autouse=True)
def kinds(hub: None) -> Any:
    DONE.clear()
    here = "tests.hub.test_hub_jobs"
    known = {"add": f"{here}.add", "refuse": f"{here}.refuse", "break": f"{here}.break_down"}
    with override_settings(KALANSO_JOBS=known):
        yield


def ask(kind: str = "add", key: str = "one", **options: Any) -> Any:
    from kalanso.hub.jobs.actions import ask as ask_for

    return ask_for(by=person("national"), kind=kind, arguments={"a": 1, "b": 2}, key=key, now=NOW, **options)


def test_a_job_is_done_and_answers() -> None:
    from kalanso.hub.jobs.tasks import work_once

    job = ask()
    done = work_once("w1", now=NOW)

    assert done is not None
    assert (done.pk, done.state, done.answer, done.share) == (job.pk, "done", {"sum": 3}, 1.0)
    assert DONE == ["first", "second"]
    assert work_once("w1", now=NOW) is None


def test_asking_twice_asks_once() -> None:
    assert ask().pk == ask().pk


def test_two_workers_never_hold_the_same_job() -> None:
    from kalanso.hub.jobs.actions import take

    ask()
    first, second = take(holder="w1", now=NOW), take(holder="w2", now=NOW)
    assert first is not None
    assert second is None


def test_a_dead_workers_job_goes_on_with_the_steps_that_are_left() -> None:
    from kalanso.hub.jobs.actions import LEASE, LeaseLost, finish, step_done, take
    from kalanso.hub.jobs.tasks import work_once

    ask()
    job = take(holder="dead", now=NOW)
    assert job is not None
    step_done(job=job, holder="dead", step="first", now=NOW)
    done = work_once("alive", now=NOW + 2 * LEASE)

    assert done is not None
    assert (done.state, done.attempts) == ("done", 2)
    assert DONE == ["second"]
    with pytest.raises(LeaseLost):
        finish(job=job, holder="dead", answer={"sum": 0}, now=NOW)


def test_what_kills_its_worker_every_time_fails_in_the_end() -> None:
    from kalanso.hub.jobs.actions import LEASE, take

    job = ask()
    for number in range(4):
        take(holder=f"w{number}", now=NOW + number * 2 * LEASE)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error) == ("failed", 3, "jobs.lease_lost")


def test_a_refusal_is_not_tried_again_but_a_fault_is_later() -> None:
    from kalanso.hub.jobs.actions import AGAIN_AFTER
    from kalanso.hub.jobs.tasks import work_once

    ask("refuse", "r")
    refused = work_once("w", now=NOW)
    ask("break", "b")
    broken = work_once("w", now=NOW)

    assert refused is not None
    assert (refused.state, refused.error) == ("failed", "b: expected a number, got a word")
    assert broken is not None
    assert (broken.state, "the disk is away" in broken.error) == ("waiting", True)
    assert broken.not_before >= NOW + AGAIN_AFTER


def test_progress_is_written_at_most_once_a_second() -> None:
    from kalanso.hub.jobs.actions import take, tell

    ask()
    job = take(holder="w", now=NOW)
    assert job is not None
    for tenth in range(10):
        tell(
            job=job,
            holder="w",
            step=f"part {tenth}",
            share=tenth / 10,
            now=NOW + timedelta(seconds=tenth / 10),
        )
    job.refresh_from_db()
    assert (job.step, job.share) == ("part 0", 0.0)
    tell(job=job, holder="w", step="late", share=0.95, now=NOW + timedelta(seconds=1.5))
    job.refresh_from_db()
    assert (job.step, job.share) == ("late", 0.95)


def test_waiting_work_is_cancelled_at_once_and_running_work_is_asked_to_stop() -> None:
    from kalanso.hub.jobs.actions import cancel, renew, take

    boss, waiting = person("national"), ask(key="w")
    cancel(by=boss, job=waiting, now=NOW)
    running = ask(key="r")
    taken = take(holder="w", now=NOW)
    assert taken is not None
    assert not renew(job=taken, holder="w", now=NOW)
    cancel(by=boss, job=running, now=NOW)
    waiting.refresh_from_db()

    assert waiting.state == "cancelled"
    assert renew(job=taken, holder="w", now=NOW)


def test_somebody_elses_job_is_neither_seen_nor_cancelled(code_of: Any) -> None:
    from kalanso.hub.jobs.actions import cancel
    from kalanso.hub.jobs.queries import visible_jobs

    job, other = ask(), person("district", code_of("Niono", "district"))
    assert not visible_jobs(other).exists()
    assert visible_jobs(person("administrator")).filter(pk=job.pk).exists()
    with pytest.raises(PermissionDenied):
        cancel(by=other, job=job, now=NOW)


def test_a_reader_may_not_ask_for_work() -> None:
    from kalanso.hub.jobs.actions import ask as ask_for

    with pytest.raises(PermissionDenied):
        ask_for(by=person("reader"), kind="add", arguments={}, key="x", now=NOW)


def test_what_takes_seconds_does_not_wait_behind_what_takes_minutes_or_hours() -> None:
    from kalanso.hub.jobs.tasks import lanes, work_once

    with override_settings(KALANSO_JOBS_OF_HOURS={"break"}, KALANSO_JOBS_OF_MINUTES={"refuse"}):
        every, without_hours, short = lanes()
        assert (every, without_hours, short) == ({"add", "break", "refuse"}, {"add", "refuse"}, {"add"})
        waits = ask("break", key="long")
        job = ask(key="short")
        done = work_once("w1", now=NOW, kinds=short)
        assert done is not None
        assert done.pk == job.pk
        assert work_once("w1", now=NOW, kinds=short) is None
        job.refresh_from_db()
        waits.refresh_from_db()
    assert (job.state, waits.state) == ("done", "waiting")


def test_the_kinds_of_hours_and_minutes_are_kinds_that_there_are() -> None:
    from kalanso.hub.site import settings

    assert set(settings.KALANSO_JOBS) >= settings.KALANSO_JOBS_OF_HOURS | settings.KALANSO_JOBS_OF_MINUTES


def test_jobs_wait_while_the_database_lacks_a_migration(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from kalanso.hub.jobs import queries, tasks

    job, looks, lacking = ask(), iter([False, False, True]), iter([1, 1, 0])
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)  # those of this test's transaction
    monkeypatch.setattr(queries, "KNOWN_FOR", -1.0)
    monkeypatch.setattr(queries, "unapplied_migrations", lambda: next(lacking, 0))
    monkeypatch.setattr(tasks, "LOOKS_AGAIN", 0.0)
    assert tasks.work_on(until=lambda: next(looks), schedule=False) == 0
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("waiting", 0)
    assert [one.getMessage().count("kalanso.hub upgrade") for one in caplog.records] == [1]
    assert tasks.work_on(until=lambda: bool(DONE), schedule=False) == 1


def test_the_page_of_jobs_says_that_an_update_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    from kalanso.hub.jobs import queries

    job = ask()
    monkeypatch.setattr(queries, "held_up", lambda: True)
    for address in ("/travaux/", f"/travaux/{job.pk}/"):
        page = visitor("administrator").get(address).content.decode()
        assert "La base de données attend une mise à jour" in page, address


def test_a_failure_names_its_thing_and_cause_and_goes_once_the_same_was_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from kalanso.hub.jobs import queries
    from kalanso.hub.jobs.models import Job

    now = datetime.now(UTC)
    monkeypatch.setitem(queries.THINGS, "a", lambda value: f"fichier {value}")
    refused, broken = ask("refuse"), ask("break", key="two")
    for job, error in ((refused, "b: expected a number"), (broken, "jobs.fault\nTraceback")):
        Job.objects.filter(pk=job.pk).update(state="failed", ended=now, error=error)
    told = {task.address: task for task in queries.failures(person("national"))}
    says = told[f"/travaux/{refused.pk}/"].says
    assert "refuse · fichier 1. Cause" in says
    assert says.endswith("b: expected a number")
    assert "administrateur" in told[f"/travaux/{broken.pk}/"].says
    assert "Traceback" not in told[f"/travaux/{broken.pk}/"].says
    assert all(task.can_wait for task in told.values())
    again = ask("refuse", key="three")
    Job.objects.filter(pk=again.pk).update(state="done", ended=now + timedelta(minutes=1))
    assert [task.address for task in queries.failures(person("national"))] == [f"/travaux/{broken.pk}/"]


def test_decisions_stand_above_what_can_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    from kalanso.hub.people.queries import tasks

    old = tasks.Task(says="a", address="/", since=NOW, can_wait=True)
    new = tasks.Task(says="b", address="/", since=NOW + timedelta(days=1))
    monkeypatch.setattr(tasks, "_TASKS", [lambda _person: [old, new]])
    assert tasks.tasks_of(person("national")) == [new, old]
