"""How does the worker ask a server who we are for it, what it holds, and what its numbers may count?

A server is not trusted: its name is looked at after resolution, redirections are refused, answers are bounded in
time and bytes. Why it could not be worked with is kept as a sentence on the connection.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions import pulls as answers
from kalanso.hub.evidence.models import Connection, ConnectionSecret
from kalanso.hub.evidence.queries import credentials, published
from kalanso.hub.evidence.queries.connections import doorkeeper
from kalanso.hub.evidence.queries.readings import plain_plan
from kalanso.hub.jobs.tasks import Refused, Work
from kalanso.pipeline.import_file import CannotImport
from kalanso.pipeline.progress import Cancelled
from kalanso.sources import BadFile, odk
from kalanso.sources.dhis2 import (
    Credentials,
    Limits,
    Metadata,
    Transport,
    fetch_metadata,
    suggest,
    who_am_i,
)
from kalanso.sources.dhis2.meanings import from_document
from kalanso.sources.dhis2.transport import MIB, PullStopped
from kalanso.sources.fetching import NotFetched
from kalanso.store import TableRefused

# A look at a server is quick or says why not; a pull may take the night.
LOOK = Limits(connect=10.0, read=60.0, total=180.0, small=64 * MIB, attempts=3, longest_wait=30.0)
PULL = Limits()
FORMS_SHOWN = 500
MOST_ANSWERS = 512 * MIB  # of one pull from a server of forms
LONGEST, MOST_ELEMENTS = 200, 20_000
pause: Callable[[float], None] = time.sleep


def now() -> datetime:
    """Return the moment."""
    return datetime.now(UTC)


def both(say: Callable[[], str]) -> dict[str, str]:
    """Return a sentence in both languages."""
    found = {}
    for language in ("fr", "en"):
        with translation.override(language):
            found[language] = say()
    return found


class Unusable(ValueError):
    """A connection that cannot be used; `fault` says why in both languages."""

    def __init__(self, say: Callable[[], str]) -> None:
        self.fault = both(say)
        super().__init__(self.fault["en"])


@contextmanager
def refusals(keep: Callable[[dict[str, str]], Any]) -> Iterator[None]:
    """Keep why a server could not be worked with, and end the job with the same words; a stop ends it quietly."""
    try:
        yield
    except PullStopped as error:
        raise Cancelled from error
    except (NotFetched, odk.NotPulled, BadFile, CannotImport) as error:
        fault = {language: error.render(language) for language in ("fr", "en")}
    except Unusable as error:
        fault = error.fault
    except TableRefused as error:
        told = str(error)
        fault = both(lambda: _("Le magasin a refusé ces lignes : %(why)s") % {"why": told})
    else:
        return
    keep(fault)
    raise Refused(fault["fr"])


def access_to(connection: Connection) -> dict[str, str]:
    """Return the words of access to a server. Raises Unusable."""
    held = ConnectionSecret.objects.filter(connection=connection).first()
    if held is None:
        raise Unusable(lambda: _("Aucun accès n'est gardé pour ce serveur : donnez-en un."))
    try:
        return credentials.unseal(held.sealed)
    except credentials.NoKey as error:
        raise Unusable(
            lambda: _(
                "L'accès gardé ne peut pas être ouvert : aucune clé n'est réglée (KALANSO_CREDENTIAL_KEYS)."
            )
        ) from error
    except credentials.CannotOpen as error:
        raise Unusable(
            lambda: _("L'accès gardé a été scellé avec une clé qui n'est plus là : donnez-le de nouveau.")
        ) from error


@contextmanager
def dhis2_of(connection: Connection, work: Work, limits: Limits) -> Iterator[Transport]:
    """Lend a DHIS2 server with its words of access."""
    told = access_to(connection)
    account = Credentials(
        user=told.get("user", ""), password=told.get("password", ""), token=told.get("token", "")
    )
    with Transport(
        address=connection.address, credentials=account, limits=limits, cancel=work.cancel, sleep=pause,
        admit=doorkeeper(),
    ) as transport:  # fmt: skip
        yield transport


@contextmanager
def forms_of(connection: Connection, work: Work) -> Iterator[Any]:
    """Lend a server of forms with its words of access."""
    told = access_to(connection)
    account = odk.Credentials(
        email=told.get("user", ""), password=told.get("password", ""), token=told.get("token", "")
    )

    def patiently(seconds: float) -> None:
        if work.cancel():
            raise PullStopped
        pause(seconds)

    with odk.opened(connection.address, admit=doorkeeper(), sleep=patiently, most=MOST_ANSWERS) as transport:
        if connection.kind == Connection.Kind.KOBO:
            yield odk.Kobo(transport, account)
        else:
            yield odk.Central(transport, account, project=connection.project or 0)


def check(work: Work) -> Mapping[str, Any]:
    """Ask a server who we are, what it holds, and what time it is there."""
    connection = Connection.objects.get(pk=work.arguments["connection"])
    with refusals(lambda fault: answers.note_refused(job=work.job, fault=fault, now=now())):
        work.progress("pipeline.dhis2.asking", 0.1)
        if connection.counts:
            with dhis2_of(connection, work, LOOK) as transport:
                told = _identity(transport)
                wanted = ("organisationUnitLevels", "organisationUnits", "dataSets")
                work.progress("pipeline.dhis2.lists", 0.4)
                metadata = fetch_metadata(transport, wanted)
            told |= _lists(metadata, told.pop("capture"))
        else:
            with forms_of(connection, work) as server:
                told = {
                    "user": _short(server.whoami()),
                    "forms": [_form(one) for one in server.forms()[:FORMS_SHOWN]],
                }
        answers.note_looked(job=work.job, told=told, now=now())
    return {"connection": connection.pk}


def _identity(transport: Transport) -> dict[str, Any]:
    who = who_am_i(transport)
    return {
        "version": _short(who.version.text), "user": _short(who.username), "server_time": who.server_now.isoformat(),
        "clock_known": who.clock_known, "superuser": who.sees_all, "newer": who.newer_than_known,
        "analytics_at": _short(who.analytics_at), "capture": [uid for uid, _level in who.capture],
    }  # fmt: skip


def _short(text: Any) -> str:
    """Return what a server said, no longer than anybody reads: it is not trusted."""
    return " ".join(str(text).split())[:LONGEST]


def _form(one: odk.Form) -> dict[str, Any]:
    return {
        "code": one.code[:LONGEST],
        "title": _short(one.title),
        "version": _short(one.version),
        "answers": one.answers,
    }


def _lists(metadata: Metadata, capture: list[str]) -> dict[str, Any]:
    names = [_short(metadata.units.get(uid, {}).get("name", uid)) for uid in capture[:20]]
    forms = sorted(metadata.data_sets.items(), key=lambda item: str(item[1].get("name")))
    return {
        "places": names, "places_total": len(capture), "units": len(metadata.units),
        "levels": [[number, _short(name)] for number, name in sorted(metadata.level_names.items())[:20]],
        "data_sets": [
            {"id": _short(uid), "name": _short(form.get("name", "")), "period_type": _short(form.get("periodType", "")),
             "elements": len(metadata.elements_of(uid))}
            for uid, form in forms[:FORMS_SHOWN]
        ],
    }  # fmt: skip


def propose(work: Work) -> Mapping[str, Any]:
    """Propose what each number of a DHIS2 server counts; nothing is read before a person confirms."""
    connection = Connection.objects.get(pk=work.arguments["connection"])
    with refusals(lambda fault: answers.note_refused(job=work.job, fault=fault, now=now())):
        work.progress("pipeline.dhis2.lists", 0.1)
        with dhis2_of(connection, work, LOOK) as transport:
            told = _identity(transport)
            metadata = fetch_metadata(transport)
        found = suggest(metadata, published.pack(), server=connection.address, source=connection.source)
        told |= _lists(metadata, told.pop("capture"))
        if len(found.elements) > MOST_ELEMENTS:
            raise Unusable(
                lambda: (
                    _(
                        "Ce serveur montre plus de %(n)s nombres : limitez le compte aux formulaires de vaccination."
                    )
                    % {"n": MOST_ELEMENTS}
                )
            )

        def proposed(before: Mapping[str, Any]) -> dict[str, Any]:
            kept = found.kept_from(from_document(before)) if before else found
            return plain_plan(kept)

        answers.note_proposed(job=work.job, told=told, proposed=proposed, now=now())
    return {"elements": len(found.elements)}
