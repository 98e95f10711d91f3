"""How does a worker work: take a job, keep it alive, do its steps, say how far it is, and end it?

One job at a time in each lane of a worker. The work itself runs in this process; a thread renews the lease, so that
a worker that is killed or hangs with its machine loses the job to another. Kinds are listed in the
settings (`KALANSO_JOBS`): one line for each. A database that is away for a while neither ends the work nor
loses its answer: the worker says it again until its lease has run out.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils.module_loading import import_string

from kalanso.hub.jobs import actions
from kalanso.hub.jobs.models import Job
from kalanso.hub.jobs.queries import held_up
from kalanso.hub.people.queries.here import working_for
from kalanso.pipeline.progress import Cancelled
from kalanso.store import Store

log = logging.getLogger(__name__)
HEARTBEAT = 15.0  # seconds
IDLE = 1.0
LOOKS_AGAIN = 5.0  # seconds between two looks whether others are done
SAID_AGAIN_AFTER = 1.0  # seconds, where the database was away
HUNG = 70  # exit code of a worker whose work says nothing any more


class Refused(ValueError):
    """The work cannot be done as it was asked, now or later; the text says why, for people."""


@dataclass
class Work:
    """What a job's function gets: its arguments, and how to speak with those who wait.

    `stop_asked`: somebody asked to stop, or the job is no longer ours. `leaving`: the worker itself was
    told to end, and another will go on.
    """

    job: Job
    holder: str
    stop_asked: threading.Event = field(default_factory=threading.Event)
    lost: threading.Event = field(default_factory=threading.Event)
    leaving: threading.Event = field(default_factory=threading.Event)
    last_word: float = field(default_factory=time.monotonic)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """With what the job was asked."""
        return dict(self.job.arguments)

    def progress(self, step: str, share: float) -> None:
        """Say how far it is; has the shape of the pipeline's `Progress`. Raises LeaseLost.

        What cannot be said because the database is away is left unsaid.
        """
        self._still_ours()
        try:
            actions.tell(job=self.job, holder=self.holder, step=step, share=share, now=_now())
        except (DatabaseError, InterfaceError) as error:
            _let_go(error)

    def cancel(self) -> bool:
        """Whether the work should stop; has the shape of the pipeline's `Cancel`."""
        self.last_word = time.monotonic()
        return self.stop_asked.is_set() or self.leaving.is_set()

    def wait_while(self, busy: Callable[[], bool], step: str) -> None:
        """Wait until others are done with what is done by one at a time. Raises Cancelled, LeaseLost."""
        while busy():
            if self.cancel():
                raise Cancelled
            self.progress(step, 0.0)
            time.sleep(LOOKS_AGAIN)

    def once(self, step: str, do: Callable[[], Any]) -> None:
        """Do a step unless an earlier attempt did it; the step itself must bear being cut short and done again."""
        self._still_ours()
        if step in self.job.done_steps:
            return
        do()
        _insist(lambda: actions.step_done(job=self.job, holder=self.holder, step=step, now=_now()))

    def written_once(self, step: str, do: Callable[[], Any]) -> None:
        """Do a short step that only writes to the database, in one transaction with its note: exactly once."""
        self._still_ours()
        if step not in self.job.done_steps:
            _insist(lambda: actions.step_done(job=self.job, holder=self.holder, step=step, now=_now(), do=do))

    def _still_ours(self) -> None:
        self.last_word = time.monotonic()
        if self.lost.is_set():
            raise actions.LeaseLost(str(self.job.pk))


Function = Callable[[Work], Mapping[str, Any]]


def _now() -> datetime:
    """Return the moment by the clock that all workers share: on PostgreSQL, the server's."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            found: datetime = cursor.fetchone()[0]
            return found
    return datetime.now(UTC)


def store_of_hub() -> Store:
    """Return the store on which jobs work; raises Refused where the settings name none."""
    if settings.KALANSO_STORE is None:
        raise Refused("KALANSO_STORE: expected the folder of a store, got none")
    return Store.open(settings.KALANSO_STORE, memory=settings.KALANSO_MEMORY, threads=1)


def me() -> str:
    """Return a name for this worker that no other has or had."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(6)}"


def function_of(kind: str) -> Function:
    """Return what does a kind of job; raises Refused for a kind that no line names."""
    known: Mapping[str, str] = settings.KALANSO_JOBS
    if kind not in known:
        raise Refused(f"{kind}: expected a kind among {', '.join(sorted(known))}")
    function: Function = import_string(known[kind])
    return function


def work_once(
    holder: str, *, now: datetime | None = None, leaving: threading.Event | None = None,
    kinds: frozenset[str] | None = None,
) -> Job | None:  # fmt: skip
    """Take one job, of all kinds or of some, and bring it to an end; return it, or None where nothing waited."""
    known = frozenset(settings.KALANSO_JOBS)
    job = actions.take(holder=holder, now=now or _now(), kinds=known if kinds is None else known & kinds)
    if job is None:
        return None
    work = Work(job, holder, leaving=leaving or threading.Event())
    over = threading.Event()
    alive = threading.Thread(target=_keep_alive, args=(work, over), daemon=True)
    alive.start()
    try:
        with working_for(job=str(job.pk)):
            _do(work)
    finally:
        over.set()
        alive.join(timeout=HEARTBEAT)
    job.refresh_from_db()
    return job


def _do(work: Work) -> None:
    job, holder = work.job, work.holder
    try:
        answer = function_of(job.kind)(work)
        _insist(lambda: actions.finish(job=job, holder=holder, answer=answer, now=_now()))
    except actions.LeaseLost:
        log.warning("job lost its lease")
    except Cancelled:
        leaves = work.leaving.is_set() and not work.stop_asked.is_set()
        end = actions.lay_down if leaves else actions.stop
        _insist(lambda: end(job=job, holder=holder, now=_now()))
    except Refused as refusal:
        told = str(refusal)
        _insist(lambda: actions.fail(job=job, holder=holder, error=told, now=_now(), final=True))
    except Exception:  # whatever it was, the worker goes on with the next job
        log.exception("job failed")
        told = "jobs.fault\n" + traceback.format_exc(limit=-3)[-2000:]
        _insist(lambda: actions.fail(job=job, holder=holder, error=told, now=_now()))


def _insist(say: Callable[[], None]) -> None:
    """Say a word to the database, again while it is away, for as long as the lease may still hold."""
    until = time.monotonic() + actions.LEASE.total_seconds()
    while True:
        try:
            say()
            return
        except (DatabaseError, InterfaceError) as error:
            if connection.in_atomic_block or time.monotonic() > until or not _passes(error):
                raise
            _let_go(error)
            time.sleep(SAID_AGAIN_AFTER)


def _passes(error: Exception) -> bool:
    """Whether a fault of the database may pass by itself: it is away, or another writes."""
    return type(error).__name__ in {"OperationalError", "InterfaceError"}


def _let_go(error: Exception) -> None:
    """Forget a connection that broke, so that the next word opens another."""
    if connection.in_atomic_block or not _passes(error):
        raise error
    log.warning("the database did not answer: %s", type(error).__name__)
    connection.close_if_unusable_or_obsolete()


def _keep_alive(work: Work, over: threading.Event) -> None:
    """Renew the lease until the work is over; learn on the way whether somebody asked to stop.

    A lease that could not be renewed in time is lost, also where no database says so.
    """
    held_until = time.monotonic() + actions.LEASE.total_seconds()
    with working_for(job=str(work.job.pk)):
        try:
            while not over.wait(HEARTBEAT if time.monotonic() < held_until else SAID_AGAIN_AFTER):
                if time.monotonic() - work.last_word > settings.KALANSO_SILENCE:
                    _give_up(work)
                begun = time.monotonic()
                try:
                    close_old_connections()
                    if actions.renew(job=work.job, holder=work.holder, now=_now()):
                        work.stop_asked.set()
                    held_until = begun + actions.LEASE.total_seconds()
                except (DatabaseError, InterfaceError) as error:
                    log.warning("the lease could not be renewed: %s", type(error).__name__)
                    if time.monotonic() > held_until:
                        raise actions.LeaseLost(str(work.job.pk)) from error
        except actions.LeaseLost:
            work.lost.set()
            work.stop_asked.set()
        finally:
            connection.close()


def _give_up(work: Work) -> None:
    """End this process with work that says nothing any more, after giving the job back: nothing else stops it."""
    log.error("job hangs: no word for %s seconds", settings.KALANSO_SILENCE)
    try:
        actions.fail(job=work.job, holder=work.holder, error="jobs.hung", now=_now())
    finally:
        os._exit(HUNG)


def lanes() -> tuple[frozenset[str], ...]:
    """Return the kinds that each lane of a worker takes: all, all but those of hours, those of seconds alone."""
    known = frozenset(settings.KALANSO_JOBS)
    shorter = known - settings.KALANSO_JOBS_OF_HOURS
    return known, shorter, shorter - settings.KALANSO_JOBS_OF_MINUTES


def work_in_lanes(*, until: Callable[[], bool] | None = None) -> int:
    """Work like `work_on` in every lane at once; the first one also asks for what is due."""
    stopping, ended = threading.Event(), [0, 0, 0]
    whole, *others = lanes()

    def along(number: int, kinds: frozenset[str]) -> None:
        try:
            ended[number] = work_on(until=until, schedule=False, kinds=kinds, stopping=stopping)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=along, args=(number, kinds), daemon=True)
        for number, kinds in enumerate(others, start=1)
    ]
    for one in threads:
        one.start()
    try:
        ended[0] = work_on(until=until, kinds=whole, stopping=stopping)
    finally:
        stopping.set()
        for one in threads:
            one.join(HEARTBEAT)
    return sum(ended)


def work_on(
    *, until: Callable[[], bool] | None = None, idle: float = IDLE, schedule: bool = True,
    kinds: frozenset[str] | None = None, stopping: threading.Event | None = None,
) -> int:  # fmt: skip
    """Work until told to stop (a signal, `stopping` or `until`); return the number of jobs brought to an end.

    Told by a signal, the job in hand is laid down at its next word, for another worker. Once a minute what
    is due is asked for. `kinds` are those that are taken, all unless stated. While the database lacks migrations
    of this software, nothing is taken: a job would break on it and be given up, where it can wait.
    """
    stopping = stopping or threading.Event()
    ended, looked, waits = 0, float("-inf"), False
    if threading.current_thread() is threading.main_thread():
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda *_: stopping.set())
    holder = me()
    while not stopping.is_set() and not (until and until()):
        close_old_connections()
        try:
            if held_up():
                if not waits:
                    log.warning(
                        "the database lacks migrations: jobs wait until `python -m kalanso.hub upgrade`"
                    )
                waits = True
                stopping.wait(LOOKS_AGAIN)
                continue
            waits = False
            if schedule and time.monotonic() - looked > 60:
                looked = time.monotonic()
                actions.ask_due(now=_now())
            job = work_once(holder, leaving=stopping, kinds=kinds)
        except Exception:  # the database may be away for a while
            log.exception("the worker could not take a job")
            job = None
        if job is None:
            stopping.wait(idle)
        else:
            ended += 1
    return ended
