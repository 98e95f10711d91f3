"""Does work behind the pages bear workers that die, leave, hang, lose their database or come back from the dead?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import override_settings

from tests.hub.visitors import person

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
DONE: list[str] = []
DO: dict[str, Callable[[Any], Any]] = {}


def do(work: Any) -> dict[str, Any]:
    """Do what the test of the moment says."""
    found: dict[str, Any] = DO["it"](work)
    return found


@pytest.fixture(autouse=True)
def kinds(hub: None) -> Iterator[None]:
    DONE.clear()
    with override_settings(KALANSO_JOBS={"do": "tests.hub.test_hub_jobs_attacked.do"}):
        yield


def ask(key: str = "one", **options: Any) -> Any:
    from kalanso.hub.jobs.actions import ask as ask_for

    return ask_for(by=person("national"), kind="do", arguments={}, key=key, now=NOW, **options)


def test_a_worker_back_from_the_dead_cannot_speak_for_a_later_attempt_of_its_own() -> None:
    from kalanso.hub.jobs.actions import LEASE, LeaseLost, finish, step_done, take, tell

    ask()
    first = take(holder="w", now=NOW)
    again = take(holder="w", now=NOW + 2 * LEASE)
    assert first is not None
    assert again is not None
    for word in (
        lambda: finish(job=first, holder="w", answer={}, now=NOW),
        lambda: step_done(job=first, holder="w", step="x", now=NOW),
        lambda: tell(job=first, holder="w", step="x", share=0.5, now=NOW),
    ):
        with pytest.raises(LeaseLost):
            word()
    finish(job=again, holder="w", answer={"ok": True}, now=NOW)
    again.refresh_from_db()
    assert again.answer == {"ok": True}


def test_a_step_written_with_its_note_is_undone_when_the_lease_is_lost() -> None:
    from kalanso.hub.jobs.actions import LEASE, LeaseLost, step_done, take
    from kalanso.hub.people.models import Organisation

    ask()
    dead = take(holder="dead", now=NOW)
    take(holder="alive", now=NOW + 2 * LEASE)
    assert dead is not None

    def write() -> None:
        Organisation.objects.create(code="twice", name="Twice", kind="cso")

    with pytest.raises(LeaseLost):
        step_done(job=dead, holder="dead", step="write", now=NOW, do=write)
    assert not Organisation.objects.filter(code="twice").exists()


def test_a_step_written_with_its_note_is_written_once_over_two_attempts() -> None:
    from kalanso.hub.jobs.actions import AGAIN_AFTER
    from kalanso.hub.jobs.tasks import work_once

    def fail_after(work: Any) -> dict[str, Any]:
        work.written_once("write", lambda: DONE.append("written"))
        if len(DONE) == 1 and work.job.attempts == 1:
            raise OSError("the disk is away")
        return {}

    DO["it"] = fail_after
    job = ask()
    work_once("w", now=NOW)
    job.refresh_from_db()
    done = work_once("w", now=job.not_before + AGAIN_AFTER)
    assert done is not None
    assert (done.state, DONE) == ("done", ["written"])


def test_a_worker_that_is_told_to_leave_lays_its_job_down_for_another() -> None:
    from kalanso.hub.jobs.tasks import work_once
    from kalanso.pipeline.progress import Cancelled

    leaving = threading.Event()

    def work_until_told(work: Any) -> dict[str, Any]:
        work.once("first", lambda: DONE.append("first"))
        leaving.set()
        if work.cancel():
            raise Cancelled
        return {}

    DO["it"] = work_until_told
    ask()
    left = work_once("w1", now=NOW, leaving=leaving)
    assert left is not None
    assert (left.state, left.attempts, left.done_steps) == ("waiting", 0, ["first"])
    leaving.clear()
    DO["it"] = lambda work: work.once("first", lambda: DONE.append("first")) or {}
    done = work_once("w2", now=datetime.now(UTC) + timedelta(seconds=1))
    assert done is not None
    assert (done.state, DONE) == ("done", ["first"])


def test_what_was_asked_to_stop_is_stopped_and_not_tried_again_when_it_fails() -> None:
    from kalanso.hub.jobs.actions import cancel
    from kalanso.hub.jobs.tasks import work_once

    def fail_when_stopped(work: Any) -> dict[str, Any]:
        cancel(by=person("administrator"), job=work.job, now=NOW)
        raise OSError("cut short")

    DO["it"] = fail_when_stopped
    ask()
    job = work_once("w", now=NOW)
    assert job is not None
    assert job.state == "cancelled"


def test_a_database_that_is_away_for_a_moment_neither_ends_the_work_nor_loses_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from kalanso.hub.jobs import actions, tasks

    real, away = actions.finish, iter([True, True, False])

    def finish(**words: Any) -> None:
        if next(away):
            raise OperationalError("database is locked")
        real(**words)

    # The words of a test stand in one transaction; outside of tests they do not.
    monkeypatch.setattr(tasks, "connection", _Outside())
    monkeypatch.setattr(tasks, "SAID_AGAIN_AFTER", 0)
    monkeypatch.setattr(tasks.actions, "finish", finish)
    DO["it"] = lambda work: {"sum": 3}
    ask()
    job = tasks.work_once("w", now=NOW)
    assert job is not None
    assert (job.state, job.answer) == ("done", {"sum": 3})


class _Outside:
    """A connection outside of any transaction."""

    vendor, in_atomic_block = "sqlite", False

    def close_if_unusable_or_obsolete(self) -> None:
        """Keep the connection."""

    def close(self) -> None:
        """Keep the connection."""


def test_progress_that_cannot_be_told_is_left_unsaid(monkeypatch: pytest.MonkeyPatch) -> None:
    from kalanso.hub.jobs import tasks

    def tell(**_words: Any) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(tasks, "connection", _Outside())
    monkeypatch.setattr(tasks.actions, "tell", tell)
    DO["it"] = lambda work: work.progress("half", 0.5) or {"went": "on"}
    ask()
    job = tasks.work_once("w", now=NOW)
    assert job is not None
    assert (job.state, job.answer) == ("done", {"went": "on"})


def test_a_lease_that_cannot_be_renewed_in_time_stops_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from kalanso.hub.jobs import actions, tasks

    def renew(**_words: Any) -> bool:
        raise OperationalError("the server is away")

    monkeypatch.setattr(tasks, "connection", _Outside())
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    monkeypatch.setattr(tasks, "HEARTBEAT", 0.001)
    monkeypatch.setattr(actions, "LEASE", timedelta(seconds=0.02))
    monkeypatch.setattr(tasks.actions, "renew", renew)
    ask()
    job = actions.take(holder="w", now=NOW)
    assert job is not None
    work, over = tasks.Work(job, "w"), threading.Event()
    tasks._keep_alive(work, over)
    assert work.cancel()
    with pytest.raises(actions.LeaseLost):
        work.progress("late", 0.9)


def test_work_without_a_word_is_given_back_and_its_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    from kalanso.hub.jobs import actions, tasks

    class Ended(BaseException):
        pass

    def end(code: int) -> None:
        raise Ended(code)

    monkeypatch.setattr(tasks.os, "_exit", end)
    monkeypatch.setattr(tasks, "HEARTBEAT", 0.001)
    monkeypatch.setattr(tasks.connection, "close", lambda: None)
    job = ask()
    taken = actions.take(holder="w", now=NOW)
    assert taken is not None
    work = tasks.Work(taken, "w", last_word=float("-inf"))
    with pytest.raises(Ended, match=str(tasks.HUNG)):
        tasks._keep_alive(work, threading.Event())
    job.refresh_from_db()
    assert (job.state, job.error) == ("waiting", "jobs.hung")


def test_what_failed_can_be_tried_again_with_its_done_steps() -> None:
    from kalanso.hub.jobs.actions import retry
    from kalanso.hub.jobs.tasks import Refused, work_once

    def refuse(work: Any) -> dict[str, Any]:
        work.once("first", lambda: DONE.append("first"))
        raise Refused("b: expected a number")

    DO["it"] = refuse
    job = ask()
    work_once("w", now=NOW)
    retry(by=person("national"), job=job, now=NOW)
    DO["it"] = lambda work: work.once("first", lambda: DONE.append("first")) or {}
    done = work_once("w", now=NOW)
    assert done is not None
    assert (done.state, done.attempts, done.error, DONE) == ("done", 1, "", ["first"])


def test_what_is_due_is_asked_for_once_in_each_period_and_not_before_its_hour() -> None:
    from kalanso.hub.jobs.actions import ask_due

    due = (("do", "daily", 3), ("other", "weekly", 0), ("often", "hourly", 0))
    with override_settings(KALANSO_DUE=due, TIME_ZONE="Africa/Bamako"):
        day = datetime(2025, 2, 15, tzinfo=UTC)
        early = [job.kind for job in ask_due(now=day + timedelta(hours=2, minutes=59))]
        first = [job.kind for job in ask_due(now=day + timedelta(hours=3))]
        again = [job.kind for job in ask_due(now=day + timedelta(hours=3, minutes=1))]
        next_day = [job.kind for job in ask_due(now=day + timedelta(days=1, hours=4))]
        next_week = [job.kind for job in ask_due(now=day + timedelta(days=2))]
    assert (early, first, again) == (["other", "often"], ["do", "often"], [])
    assert next_day == ["do", "often"]
    assert next_week == ["other", "often"]


def test_every_line_of_the_schedule_names_a_kind_that_the_worker_knows(hub: None) -> None:
    from django.utils.module_loading import import_string

    from kalanso.hub.site import settings

    assert {kind for kind, _cadence, _hour in settings.KALANSO_DUE} <= set(settings.KALANSO_JOBS)
    assert {cadence for _kind, cadence, _hour in settings.KALANSO_DUE} <= {"hourly", "daily", "weekly"}
    for path in settings.KALANSO_JOBS.values():
        assert callable(import_string(path))


def test_old_jobs_are_forgotten_but_never_those_that_wait() -> None:
    from kalanso.hub.jobs.actions import forget
    from kalanso.hub.jobs.models import Job
    from kalanso.hub.jobs.tasks import work_once

    DO["it"] = lambda work: {}
    old = ask("old")
    work_once("w", now=NOW)
    waits = ask("waits")
    assert forget(ended_before=datetime.now(UTC) + timedelta(days=1)) == 1
    assert not Job.objects.filter(pk=old.pk).exists()
    assert Job.objects.filter(pk=waits.pk).exists()
