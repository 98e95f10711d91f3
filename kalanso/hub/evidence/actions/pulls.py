"""How is a pull asked for, by a person or by the schedule, and how does it end?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions.connections import VERB, hold
from kalanso.hub.evidence.actions.figures import follow_observations
from kalanso.hub.evidence.models import Connection, ConnectionSecret, Pull
from kalanso.hub.evidence.queries.connections import is_ready, next_due, next_step
from kalanso.hub.evidence.queries.uploads import brings_numbers
from kalanso.hub.jobs.actions import ask, cancel
from kalanso.hub.jobs.models import Job
from kalanso.hub.jobs.queries import ERRORS
from kalanso.hub.people.actions import record
from kalanso.hub.people.actions.notices import notify
from kalanso.hub.people.models import Notification, Person
from kalanso.hub.people.permissions import may, refuse_unless

State = Pull.State


@transaction.atomic
def ask_pull(*, by: Person, connection: Connection, whole: bool = False, now: datetime) -> Pull:
    """Have a server asked for what is new, or for everything; a pull that was stopped goes on where it was."""
    held = hold(connection)
    refuse_unless(by, VERB, held)
    if held.closed is not None:
        raise ValidationError(_("Cette connexion est fermée. Faites-en une nouvelle."), code="closed")
    if next_step(held)[0] != "pull":
        raise ValidationError(next_step(held)[1], code="not_ready")
    if not ConnectionSecret.objects.filter(connection=held).exists():
        raise ValidationError(_("Aucun accès n'est gardé pour ce serveur : donnez-en un."), code="access")
    if _under_way(held, now=now) is not None:
        raise ValidationError(_("Une collecte est déjà en cours. Attendez-la, ou arrêtez-la."), code="busy")
    pull = _begin(held, by=by, whole=whole, now=now)
    record(by=by, verb="evidence.pull_asked", thing=pull, now=now)
    return pull


@transaction.atomic
def ask_due_pull(*, connection: Connection, now: datetime) -> Pull | None:
    """Have a server asked because its night has come; None where it is not ready or already asked."""
    held = hold(connection)
    if held.closed is not None or held.due is None or held.due > now:
        return None
    held.due = next_due(held.cadence, now=now)
    held.save()
    # Also where the server refused us when it was last looked at: a night that fails is told, one that is left out is not.
    if not is_ready(held) or _under_way(held, now=now) is not None:
        return None
    return _begin(held, by=None, whole=False, now=now)


def _under_way(held: Connection, *, now: datetime) -> Pull | None:
    """Return the pull that is under way; one whose job ended without a word is ended here."""
    pull = Pull.objects.filter(connection=held, state=State.ASKED).select_related("job").first()
    if pull is None or pull.waits:
        return pull
    _end(pull, pull.standing, now=now, fault=_silence(pull.job))
    if pull.state == State.FAILED:
        tell_of_failure(held, "evidence.pull_failed", asked_by=pull.asked_by, now=now)
    return None


def _silence(job: Job | None) -> dict[str, str]:
    """Return why a pull whose job ended without a word did so."""
    reason = ERRORS.get((job.error if job else "").partition("\n")[0], ERRORS["jobs.lease_lost"])
    found = {}
    for language in ("fr", "en"):
        with translation.override(language):
            found[language] = str(reason)
    return found


def _begin(held: Connection, *, by: Person | None, whole: bool, now: datetime) -> Pull:
    newest = Pull.objects.filter(connection=held).order_by("-number").values_list("number", flat=True).first()
    pull = Pull.objects.create(connection=held, number=(newest or 0) + 1, asked_by=by, asked=now, whole=whole)
    pull.job = ask(
        by=by, kind="evidence.pull", arguments={"pull": pull.pk}, key=f"evidence.pull:{held.pk}:{pull.number}", now=now
    )  # fmt: skip
    pull.save()
    return pull


@transaction.atomic
def stop_pull(*, by: Person, pull: Pull, now: datetime) -> None:
    """Stop a pull; what arrived stays on the disk, and the next one goes on from there."""
    refuse_unless(by, VERB, pull)
    if pull.job is not None and not pull.job.over:
        cancel(by=by, job=pull.job, now=now)


def _awaited(job: Job) -> Pull | None:
    return Pull.objects.select_for_update(of=("self",)).filter(job=job, state=State.ASKED).first()


def _end(pull: Pull, state: str, *, now: datetime, fault: Mapping[str, str] | None = None) -> None:
    pull.state, pull.ended, pull.fault = state, now, dict(fault or {}) if state == State.FAILED else {}
    pull.save()


@transaction.atomic
def note_pulled(
    *, job: Job, receipt: Mapping[str, Any], told: Mapping[str, Any], snapshots: Sequence[str], now: datetime
) -> bool:
    """Keep what a pull brought, and have the figures follow; return whether anybody waited for it."""
    pull = _awaited(job)
    if pull is None:
        return False
    pull.receipt, pull.told, pull.snapshots = dict(receipt), dict(told), list(snapshots)
    _end(pull, State.DONE, now=now)
    Connection.objects.filter(pk=pull.connection_id).exclude(fault={}).update(fault={}, checked=now)
    record(
        by=pull.asked_by, verb="evidence.pulled", thing=pull, now=now, after={"snapshots": ", ".join(snapshots)}
    )  # fmt: skip
    if brings_numbers(snapshots):
        follow_observations(by=pull.asked_by, key=job.key, now=now)
    return True


@transaction.atomic
def note_pull_failed(*, job: Job, fault: Mapping[str, str], now: datetime) -> bool:
    """Keep why a pull failed, and tell whoever made the connection and whoever asked."""
    pull = _awaited(job)
    if pull is None:
        return False
    _end(pull, State.FAILED, now=now, fault=fault)
    record(by=None, verb="evidence.pull_failed", thing=pull, now=now, reason=str(fault.get("fr", "")))
    tell_of_failure(pull.connection, "evidence.pull_failed", asked_by=pull.asked_by, now=now)
    return True


def tell_of_failure(connection: Connection, sentence: str, *, asked_by: Person | None, now: datetime) -> None:
    """Tell whoever made a connection, and whoever asked, that its server could not be worked with; once, until read."""
    address = reverse("connection", args=[connection.pk])
    persons = {
        one.pk: one
        for one in (connection.made_by, asked_by)
        if one is not None and may(one, VERB, connection)
    }
    told = Notification.objects.filter(
        person__in=persons.values(), sentence=sentence, address=address, read__isnull=True
    ).values_list("person_id", flat=True)
    notify(
        persons=[one for pk, one in persons.items() if pk not in set(told)], sentence=sentence,
        params={"source": connection.source}, address=address, now=now,
    )  # fmt: skip


@transaction.atomic
def note_looked(*, job: Job, told: Mapping[str, Any], now: datetime) -> bool:
    """Keep what a server said of itself; return whether anybody waited for it."""
    held = Connection.objects.select_for_update(of=("self",)).filter(job=job, closed__isnull=True).first()
    if held is None:
        return False
    held.told, held.fault, held.checked = {**held.told, **told}, {}, now
    held.save()
    return True


@transaction.atomic
def note_proposed(*, job: Job, told: Mapping[str, Any], proposed: Any, now: datetime) -> bool:
    """Keep what the machine proposes, under what people decided meanwhile; return whether anybody waited for it.

    `proposed` takes the plan of before and returns the new one, as plain values.
    """
    held = Connection.objects.select_for_update(of=("self",)).filter(job=job, closed__isnull=True).first()
    if held is None:
        return False
    held.plan = proposed(held.plan)
    held.told, held.fault, held.checked = {**held.told, **told}, {}, now
    held.version += 1
    held.save()
    return True


@transaction.atomic
def note_refused(*, job: Job, fault: Mapping[str, str], now: datetime) -> bool:
    """Keep why a server could not be worked with, and tell whoever made the connection and whoever asked."""
    held = Connection.objects.select_for_update(of=("self",)).filter(job=job, closed__isnull=True).first()
    if held is None:
        return False
    held.fault, held.checked = dict(fault), now
    held.save()
    record(by=None, verb="evidence.connection_refused", thing=held, now=now, reason=str(fault.get("fr", "")))
    tell_of_failure(held, "evidence.connection_refused", asked_by=job.asked_by, now=now)
    return True
