"""Which work behind the pages belongs to no single app?"""

from __future__ import annotations

import gc
import logging
from datetime import UTC, datetime, timedelta
from importlib import import_module
from smtplib import SMTPException
from threading import Event, Thread
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils.translation import override

from kalanso.hub.evidence.tasks import runs as of_runs
from kalanso.hub.explore import tasks as of_explore
from kalanso.hub.explore.queries import places, shelf
from kalanso.hub.jobs import actions as of_jobs
from kalanso.hub.jobs.tasks import Refused, Work, store_of_hub
from kalanso.hub.people import tasks as of_people
from kalanso.hub.people.actions.letters import send_letter
from kalanso.hub.people.queries import here
from kalanso.hub.people.queries.letters import readers
from kalanso.hub.site.actions import upkeep
from kalanso.pipeline.progress import Cancelled
from kalanso.pipeline.publish_records import publish_records
from kalanso.store import Audience, NotVisible, Scope

log = logging.getLogger(__name__)

JOBS_KEPT = timedelta(days=90)
HOURLY_KEPT = timedelta(days=2)
FIGURES_KEPT = timedelta(days=30)
RUN_FILES_KEPT = timedelta(days=180)  # of runs that were never let out
REPORTS_KEPT = timedelta(days=400)  # a yearly report until the next one stands
# What is asked before anybody comes: these pages, and those of every place of these levels, as these readers see them. Teams
# share what the first of them is told (`Scope.as_for`), but for their own places under a flag.
FIRST_PAGES = ("home", "missed", "where", "evidence", "tables", "quality")
FIRST_LEVELS = ("country", "region", "district")
FIRST_READERS = (
    Scope(audience=Audience.PROGRAMME),
    Scope.analyst(),
    Scope(audience=Audience.PARTNER),
    Scope(),
)
LOOKED_AGAIN = 30.0  # seconds


def mirror_places(work: Work) -> dict[str, Any]:
    """Bring the mirror of places up to date with what is published."""
    return {"places": of_people.mirror(store_of_hub(), today=datetime.now(UTC).date())}


def export(work: Work) -> dict[str, Any]:
    """Hand the hub's records over to the library as tables; what did not change makes no new snapshot."""
    store, found = store_of_hub(), {}
    lines = [line for module in settings.KALANSO_EXPORTS for line in import_module(module).EXPORTS]
    for number, (spec, rows) in enumerate(lines):
        if work.cancel():
            raise Cancelled
        snapshot = publish_records(store, spec, rows(), now=datetime.now(UTC))
        found[spec.name] = snapshot.rows if snapshot else 0
        work.progress(spec.name, (number + 1) / len(lines))
    return found


def digest(work: Work) -> dict[str, Any]:
    """Send everybody their letter of the week, once.

    Whoever got theirs in an earlier attempt gets no second one. An address that the mail server refuses
    holds nobody else up: the next attempt tries only those, and the last one says how many were left.
    """
    if not settings.KALANSO_MAIL:
        raise Refused("KALANSO_EMAIL: expected a mail server, got none: no letter can be sent")
    sent = refused = 0
    everybody = list(readers())
    for number, person in enumerate(everybody):
        if work.cancel():
            raise Cancelled
        try:
            sent += send_letter(person=person, now=datetime.now(UTC))
        except (OSError, SMTPException) as error:
            refused += 1
            log.warning("a letter was refused", extra={"person": person.pk, "error": type(error).__name__})
        work.progress("people.digest", (number + 1) / len(everybody))
    if refused and work.job.attempts < work.job.most_attempts:
        raise OSError(f"{refused} letters refused by the mail server, {sent} sent")
    return {"sent": sent, "refused": refused}


def clean_up(work: Work) -> dict[str, Any]:
    """Remove what is too old to serve: sessions, used links, dead invitations, reports, ended jobs, figures."""
    from kalanso.hub.evidence.tasks import reports as of_reports  # draws, which web processes never load
    from kalanso.hub.site.tasks import reviews as of_reviews

    now = datetime.now(UTC)
    found: dict[str, Any] = {}
    work.progress("", 0.1)
    found["sessions"] = upkeep.end_old_sessions(now=now)
    work.progress("", 0.4)
    found["links"] = upkeep.remove_used_links(now=now)
    found["invitations"] = upkeep.remove_dead_invitations(now=now)
    work.progress("", 0.7)
    found["reports"] = of_reports.forget(asked_before=now - REPORTS_KEPT)
    found["jobs"] = of_jobs.forget(ended_before=now - JOBS_KEPT)
    # What runs each hour would otherwise bury what people asked for.
    hourly = [kind for kind, often, _hour in settings.KALANSO_DUE if often == "hourly"]
    found["jobs"] += of_jobs.forget(ended_before=now - HOURLY_KEPT, kinds=hourly)
    found["packs"] = of_reviews.forget()
    found["runs"] = of_runs.forget_files(store_of_hub(), ended_before=now - RUN_FILES_KEPT)
    found["figures"] = of_explore.forget_figures(before=now - FIGURES_KEPT)
    return found


_preparing = Event()


def is_preparing() -> bool:
    """Whether this process is still answering what is asked first: pages come, but slowly."""
    return _preparing.is_set()


def keep_ready() -> None:
    """Answer what is asked first after every publication, beside the pages and for as long as they are served."""
    if settings.KALANSO_STORE is not None:
        _preparing.set()
        Thread(target=_keep_ready, args=(Event(),), daemon=True).start()


def _keep_ready(over: Event) -> None:
    answered = ""
    while True:
        try:
            mark = shelf.current().state().mark
            if mark != answered:
                _preparing.set()
                ask_first_pages(over)
                answered = mark
                # What is there now stays: to look through it again and again would stop all readers for a third of a second.
                gc.unfreeze()  # what an earlier publication left
                gc.collect()
                gc.freeze()
        except Exception:  # whatever is wrong with the store, the first reader will be told
            log.warning("what is asked first was not answered", exc_info=True)
        _preparing.clear()
        connections.close_all()
        if over.wait(LOOKED_AGAIN):
            return


def ask_first_pages(over: Event) -> int:
    """Compose the first pages for nobody, so that their answers and figures are there; return how many were."""
    composed = 0
    for reader in FIRST_READERS:
        with here.reading_as(reader), override("fr"):
            shelf.current().state()  # answers are kept for a state that is known
            known = places.tree(shelf.current()).places.values()
            codes = [one.code for one in known if one.level in FIRST_LEVELS]
            for address in (*map(reverse, FIRST_PAGES), *(reverse("place", args=[code]) for code in codes)):
                if over.is_set():
                    return composed
                composed += _composed(address)
    return composed


def _composed(address: str) -> bool:
    """Compose a page as nobody in particular; one that this reader may not see is left to whoever may."""
    request, found = HttpRequest(), resolve(address)
    request.method, request.path, request.path_info = "GET", address, address
    request.user, request.resolver_match = AnonymousUser(), found
    request.session = {}  # type: ignore[assignment]  # nobody's
    try:
        return bool(found.func(request, *found.args, **found.kwargs).status_code == 200)
    except NotVisible:
        return False
