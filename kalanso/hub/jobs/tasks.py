"""How does a worker work: take a job, keep it alive, do its steps, say how far it is, and end it?

One job at a time in each worker. The work itself runs in this process; a thread renews the lease, so that
a worker that is killed or hangs with its machine loses the job to another. Kinds are listed in the
settings (`KALANSO_JOBS`): one line for each.
"""

from __future__ import annotations

import logging
import os
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
from django.db import close_old_connections, connection
from django.utils.module_loading import import_string

from kalanso.hub.jobs import actions
from kalanso.hub.jobs.models import Job
from kalanso.pipeline.progress import Cancelled

log = logging.getLogger(__name__)
HEARTBEAT = 15.0  # seconds
IDLE = 1.0


class Refused(ValueError):
    """The work cannot be done as it was asked, now or later; the text says why, for people."""


@dataclass
class Work:
    """What a job's function gets: its arguments, and how to speak with those who wait."""

    job: Job
    holder: str
    stop_asked: threading.Event = field(default_factory=threading.Event)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """With what the job was asked."""
        return dict(self.job.arguments)

    def progress(self, step: str, share: float) -> None:
        """Say how far it is; has the shape of the pipeline's `Progress`."""
        actions.tell(job=self.job, holder=self.holder, step=step, share=share, now=_now())

    def cancel(self) -> bool:
        """Whether somebody asked to stop; has the shape of the pipeline's `Cancel`."""
        return self.stop_asked.is_set()

    def once(self, step: str, do: Callable[[], Any]) -> None:
        """Do a step unless an earlier attempt did it; the step itself must bear being cut short."""
        if step in self.job.done_steps:
            return
        do()
        actions.step_done(job=self.job, holder=self.holder, step=step, now=_now())


Function = Callable[[Work], Mapping[str, Any]]


def _now() -> datetime:
    return datetime.now(UTC)


def me() -> str:
    """Return a name for this worker that no other has."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"[:80]


def function_of(kind: str) -> Function:
    """Return what does a kind of job; raises Refused for a kind that no line names."""
    known: Mapping[str, str] = settings.KALANSO_JOBS
    if kind not in known:
        raise Refused(f"{kind}: expected a kind among {', '.join(sorted(known))}")
    function: Function = import_string(known[kind])
    return function


def work_once(holder: str, *, now: datetime | None = None) -> Job | None:
    """Take one job and bring it to an end; return it, or None where nothing waited."""
    job = actions.take(holder=holder, now=now or _now(), kinds=frozenset(settings.KALANSO_JOBS))
    if job is None:
        return None
    work = Work(job, holder)
    over = threading.Event()
    alive = threading.Thread(target=_keep_alive, args=(work, over), daemon=True)
    alive.start()
    try:
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
        actions.finish(job=job, holder=holder, answer=answer, now=_now())
    except actions.LeaseLost:
        log.warning("job lost its lease", extra={"job": str(job.pk)})
    except Cancelled:
        actions.stop(job=job, holder=holder, now=_now())
    except Refused as refusal:
        actions.fail(job=job, holder=holder, error=str(refusal), now=_now(), final=True)
    except Exception:  # whatever it was, the worker goes on with the next job
        log.exception("job failed", extra={"job": str(job.pk)})
        actions.fail(job=job, holder=holder, error=traceback.format_exc(limit=-3)[-2000:], now=_now())


def _keep_alive(work: Work, over: threading.Event) -> None:
    """Renew the lease until the work is over; learn on the way whether somebody asked to stop."""
    try:
        while not over.wait(HEARTBEAT):
            close_old_connections()
            if actions.renew(job=work.job, holder=work.holder, now=_now()):
                work.stop_asked.set()
    except actions.LeaseLost:
        work.stop_asked.set()
    finally:
        connection.close()


def work_on(*, until: Callable[[], bool] | None = None, idle: float = IDLE) -> int:
    """Work until told to stop (a signal, or `until`); return the number of jobs brought to an end."""
    ended, stopping = 0, threading.Event()
    if threading.current_thread() is threading.main_thread():
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda *_: stopping.set())
    holder = me()
    while not stopping.is_set() and not (until and until()):
        close_old_connections()
        try:
            job = work_once(holder)
        except Exception:  # the database may be away for a while
            log.exception("the worker could not take a job")
            job = None
            time.sleep(idle)
        if job is None:
            stopping.wait(idle)
        else:
            ended += 1
    return ended
