"""How does a server get connected, changed, looked at and disconnected?

What opens it is sealed at once and never read back. A connection whose server changes needs new words of access:
those of before would otherwise be sent to whoever answers at the new address.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions.versions import refuse_stale, save_next
from kalanso.hub.evidence.models import Connection, ConnectionSecret
from kalanso.hub.evidence.queries import credentials
from kalanso.hub.evidence.queries.connections import first_due, is_filled_otherwise
from kalanso.hub.jobs.actions import ask, cancel
from kalanso.hub.people.actions import record, state_of
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless

VERB = "evidence.manage_connections"
COLUMNS = ("address", "project", "form", "first_month", "new_places", "cadence")


def _stale() -> str:
    return _("Quelqu'un a changé cette connexion pendant que vous écriviez. Rechargez la page et reprenez.")


@transaction.atomic
def connect(
    *, by: Person, kind: str, source: str, words: Mapping[str, Any], access: Mapping[str, str], now: datetime
) -> Connection:
    """Connect a server as the one from which a source comes; it is looked at right away.

    `access` holds a token, or a user name with a password.
    """
    made = Connection(
        kind=kind, source=source, made_by=by, made=now, changed_by=by, changed=now,
        **{name: words[name] for name in COLUMNS if name in words},
    )  # fmt: skip
    refuse_unless(by, VERB, made)
    if made.counts and is_filled_otherwise(source):
        raise ValidationError(
            _(
                "Des chiffres publiés portent déjà le nom %(source)s : une collecte les remplacerait tous. Choisissez un autre nom."
            )
            % {"source": source},
            code="source",
        )
    made.due = first_due(made.cadence, now=now)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise ValidationError(
            _("Cette source est déjà reliée à un serveur. Changez cette connexion-là, ou fermez-la."),
            code="twice",
        ) from error
    _seal(made, by=by, access=access, now=now)
    record(
        by=by, verb="evidence.connected", thing=made, now=now,
        after={"kind": kind, **state_of(made, *COLUMNS)},
    )  # fmt: skip
    return _look(made, by=by, now=now)


@transaction.atomic
def change(
    *, by: Person, connection: Connection, words: Mapping[str, Any], access: Mapping[str, str], version: int,
    now: datetime,
) -> Connection:  # fmt: skip
    """Change where a server is, what is asked of it and how often; without words of access those of before stay."""
    held = hold(connection)
    refuse_unless(by, VERB, held)
    _refuse_closed(held)
    refuse_stale(held, version, _stale())
    moved = _server_of(words["address"]) != _server_of(held.address)
    if moved and not access:
        raise ValidationError(
            _("L'adresse mène à un autre serveur : donnez de nouveau l'accès, celui d'avant ne lui sera pas envoyé."),
            code="moved",
        )  # fmt: skip
    before, cadence = state_of(held, *COLUMNS), held.cadence
    for name in COLUMNS:
        if name in words:
            setattr(held, name, words[name])
    if held.cadence != cadence:
        held.due = first_due(held.cadence, now=now)
    if moved:
        held.told = {}
    held.changed_by, held.changed = by, now
    save_next(held, _stale())
    record(
        by=by, verb="evidence.connection_changed", thing=held, now=now, before=before,
        after=state_of(held, *COLUMNS),
    )  # fmt: skip
    if access:
        _seal(held, by=by, access=access, now=now)
    if access or before["address"] != held.address or before["project"] != held.project:
        return _look(held, by=by, now=now)
    return held


def _server_of(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc.lower()


def hold(connection: Connection) -> Connection:
    """Return a connection as it stands now, held until the change is written."""
    return Connection.objects.select_for_update(of=("self",)).select_related("job").get(pk=connection.pk)


def _refuse_closed(held: Connection) -> None:
    if held.closed is not None:
        raise ValidationError(_("Cette connexion est fermée. Faites-en une nouvelle."), code="closed")


def _seal(held: Connection, *, by: Person, access: Mapping[str, str], now: datetime) -> None:
    """Keep words of access sealed; the trail says that they came, and of which kind they are."""
    what = ConnectionSecret.What.TOKEN if access.get("token") else ConnectionSecret.What.PASSWORD
    try:
        sealed = credentials.seal(access)
    except credentials.NoKey as error:
        raise ValidationError(
            _(
                "Aucun accès ne peut être gardé : la personne qui tient Kalanso doit d'abord donner une clé (KALANSO_CREDENTIAL_KEYS)."
            ),
            code="key",
        ) from error
    ConnectionSecret.objects.update_or_create(
        connection=held, defaults={"what": what, "sealed": sealed, "set_by": by, "set_at": now}
    )
    record(
        by=by,
        verb="evidence.connection_access",
        thing=held,
        now=now,
        after={"access": str(what)},
    )


@transaction.atomic
def look(*, by: Person, connection: Connection, now: datetime) -> Connection:
    """Have a server asked who we are for it, and what it holds."""
    held = hold(connection)
    refuse_unless(by, VERB, held)
    refuse_busy(held)
    return _look(held, by=by, now=now)


def _look(held: Connection, *, by: Person, now: datetime) -> Connection:
    held.checked, held.fault = None, {}
    return ask_of_server(held, "evidence.connection_check", by=by, now=now)


@transaction.atomic
def propose(*, by: Person, connection: Connection, now: datetime) -> Connection:
    """Have the machine propose what each number of a DHIS2 server counts; what people decided stays."""
    held = hold(connection)
    refuse_unless(by, VERB, held)
    refuse_busy(held)
    if not held.counts:
        raise ValidationError(_("Seul un serveur DHIS2 a un plan de lecture."), code="kind")
    return ask_of_server(held, "evidence.connection_read", by=by, now=now)


def refuse_busy(held: Connection) -> None:
    """Refuse what must not be asked of a server that is being asked, or of a closed one."""
    _refuse_closed(held)
    if held.waits:
        raise ValidationError(_("Le serveur est déjà interrogé : attendez sa réponse."), code="busy")


def ask_of_server(held: Connection, kind: str, *, by: Person, now: datetime, **arguments: Any) -> Connection:
    """Have the worker do something with a server that the caller holds."""
    held.asked_times += 1
    held.job = ask(
        by=by, kind=kind, arguments={"connection": held.pk, **arguments}, key=f"{kind}:{held.pk}:{held.asked_times}",
        now=now,
    )  # fmt: skip
    held.save()
    return held


@transaction.atomic
def choose_form(*, by: Person, connection: Connection, form: str, now: datetime) -> Connection:
    """Say which form of a server of forms is read."""
    held = hold(connection)
    refuse_unless(by, VERB, held)
    _refuse_closed(held)
    if form not in {one["code"] for one in held.told.get("forms", ())}:
        raise ValidationError(_("Choisissez l'une des réponses proposées."), code="form")
    before = {"form": held.form}
    held.form, held.changed_by, held.changed = form, by, now
    save_next(held, _stale())
    record(
        by=by, verb="evidence.connection_changed", thing=held, now=now, before=before, after={"form": form}
    )
    return held


@transaction.atomic
def close(*, by: Person, connection: Connection, reason: str, now: datetime) -> Connection:
    """End a connection: its words of access and raw files go, what it brought to the published tables stays."""
    held = hold(connection)
    refuse_unless(by, VERB, held)
    _refuse_closed(held)
    if not reason.strip():
        raise ValidationError(_("Dites pourquoi : cette raison reste dans l'historique."), code="reason")
    under_way = [held.job, *(pull.job for pull in held.pulls.filter(state="asked").select_related("job"))]
    for job in under_way:
        if job is not None and not job.over:
            cancel(by=by, job=job, now=now)
    ConnectionSecret.objects.filter(connection=held).delete()
    held.closed, held.closed_by, held.reason = now, by, reason.strip()
    held.cadence, held.due = Connection.Cadence.NEVER, None
    held.changed_by, held.changed = by, now
    save_next(held, _stale())
    record(by=by, verb="evidence.disconnected", thing=held, now=now, reason=held.reason)
    folder = held.folder
    transaction.on_commit(lambda: shutil.rmtree(folder, ignore_errors=True))
    return held


@transaction.atomic
def seal_anew() -> int:
    """Seal everything with the newest key, all or nothing, and return how many records. Raises NoKey or CannotOpen."""
    records = list(ConnectionSecret.objects.select_for_update())
    for one in records:
        one.sealed = credentials.sealed_anew(one.sealed)
        one.save(update_fields=["sealed"])
    return len(records)
