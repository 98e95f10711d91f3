"""How do people say what each number of a DHIS2 server counts?

One by one, all of a sound kind together, or by a whole document; each decision is signed. What a form saw is
compared with what stands there, so that nobody decides over another's head.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions.connections import VERB, hold
from kalanso.hub.evidence.models import Connection
from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries.readings import (
    KINDS,
    SOUND,
    is_ageless,
    key_of,
    plain_plan,
    plan_of,
    signed,
)
from kalanso.hub.evidence.queries.uploads import language
from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.indicators.tables import AGE_BANDS
from kalanso.sources import BadFile
from kalanso.sources.dhis2.meanings import STATUSES, ElementMeaning, Meanings, from_document

QUALITIES = ("indicator", "product", "age_band", "strategy", "sector", "sex", "attributes")


def _held(by: Person, connection: Connection) -> tuple[Connection, Meanings | None]:
    held = hold(connection)
    refuse_unless(by, VERB, held)
    if held.closed is not None or not held.counts:
        raise ValidationError(_("Cette connexion n'a pas de plan de lecture à changer."), code="closed")
    return held, plan_of(held)


def _keep(held: Connection, plan: Meanings, by: Person, now: datetime) -> None:
    """Write a plan that is sound as a whole. Raises ValidationError."""
    document = plain_plan(plan)
    try:
        from_document(document, file="plan")
    except BadFile as error:
        raise ValidationError(error.render(language()), code="plan") from error
    known = published.pack().indicators
    for one in plan.confirmed:
        if one.indicator not in known or known[one.indicator].kind not in KINDS:
            told = {"name": one.name or one.element, "indicator": one.indicator}
            raise ValidationError(
                _("« %(name)s » : %(indicator)s n'est pas un indicateur qui se compte.") % told,
                code="indicator",
            )
    held.plan, held.version = document, held.version + 1
    held.changed_by, held.changed = by, now
    held.save()


def _told(entry: ElementMeaning) -> str:
    qualities = [getattr(entry, name) for name in QUALITIES[1:-1] if getattr(entry, name)]
    vials = [f"× {entry.doses_each}"] if entry.doses_each > 1 else []
    return " · ".join([entry.indicator or "—", *qualities, *vials, entry.status])


def _change_one(
    by: Person, connection: Connection, key: str, seen: str, now: datetime,
    do: Callable[[ElementMeaning], ElementMeaning],
) -> None:  # fmt: skip
    held, plan = _held(by, connection)
    entry = next((one for one in plan.elements if key_of(one) == key), None) if plan else None
    if plan is None or entry is None:
        raise ValidationError(_("Ce nombre n'est plus dans le plan. Rechargez la page."), code="gone")
    if entry.status != seen:
        raise ValidationError(
            _("« %(name)s » : quelqu'un en a décidé autrement entre-temps. Relisez, puis décidez.")
            % {"name": entry.name},
            code="seen",
        )
    changed = do(entry)
    undecided = changed.status == "proposed"
    changed = replace(
        changed, by="" if undecided else str(by), on="" if undecided else now.date().isoformat()
    )
    _keep(
        held,
        replace(plan, elements=tuple(changed if one is entry else one for one in plan.elements)),
        by,
        now,
    )
    record(
        by=by, verb="evidence.reading_decided", thing=held, now=now, before={"meaning": _told(entry)},
        after={"meaning": _told(changed)}, reason=" ".join(filter(None, (entry.name, entry.option_name)))[:500],
    )  # fmt: skip


@transaction.atomic
def decide(*, by: Person, connection: Connection, key: str, status: str, seen: str, now: datetime) -> None:
    """Confirm a proposal, reject it, or leave it open again; `seen` is how it stood for whoever decides."""
    if status not in STATUSES:
        raise ValidationError(_("Choisissez l'une des réponses proposées."), code="status")
    _change_one(by, connection, key, seen, now, lambda one: replace(one, status=status))


@transaction.atomic
def say(
    *, by: Person, connection: Connection, key: str, words: Mapping[str, str], seen: str, now: datetime
) -> None:
    """Say oneself what a number counts: that is confirmed."""
    told = {name: str(words.get(name, "")) for name in QUALITIES}
    each = int(words.get("doses_each") or 1)
    _change_one(
        by, connection, key, seen, now,
        lambda one: replace(
            one, **told, doses_each=each, status="confirmed", doubt="" if _differs(one, told) else one.doubt
        ),
    )  # fmt: skip


def _differs(entry: ElementMeaning, told: Mapping[str, str]) -> bool:
    return any(getattr(entry, name) != value for name, value in told.items())


@transaction.atomic
def decide_sound(
    *, by: Person, connection: Connection, methods: Sequence[str], age_band: str = "", now: datetime
) -> int:
    """Confirm all open proposals without a doubt that were recognised in sound ways; return how many.

    `age_band` is that of the children whose doses the server counts without saying their age.
    """
    if not methods or set(methods) - set(SOUND) or age_band not in ("", *AGE_BANDS):
        raise ValidationError(_("Choisissez l'une des réponses proposées."), code="methods")
    held, plan = _held(by, connection)
    if plan is None:
        raise ValidationError(_("Ce nombre n'est plus dans le plan. Rechargez la page."), code="gone")
    after = plan.decided("confirmed", by=str(by), on=now.date(), methods=methods)
    aged = [
        replace(new, age_band=age_band) if new.status != old.status and is_ageless(new) else new
        for old, new in zip(plan.elements, after.elements, strict=True)
    ]
    after = replace(after, elements=tuple(aged))
    number = len(plan.open) - len(after.open)
    if number:
        _keep(held, after, by, now)
        record(
            by=by, verb="evidence.reading_confirmed", thing=held, now=now,
            after={"methods": ", ".join(methods), "entries": number, "age_band": age_band},
        )  # fmt: skip
    return number


@transaction.atomic
def say_frame(
    *, by: Person, connection: Connection, levels: Mapping[int, str], data_sets: Sequence[str], feed: str,
    now: datetime,
) -> None:  # fmt: skip
    """Say which level of the server is which of ours, which of its forms are read, and by which door."""
    held, plan = _held(by, connection)
    if plan is None:
        raise ValidationError(_("Ce nombre n'est plus dans le plan. Rechargez la page."), code="gone")
    after = replace(plan, levels=dict(levels), data_sets=tuple(data_sets), feed=feed)
    _keep(held, after, by, now)
    record(
        by=by, verb="evidence.reading_framed", thing=held, now=now, before=_frame(plan), after=_frame(after)
    )  # fmt: skip


def _frame(plan: Meanings) -> dict[str, str]:
    levels = ", ".join(f"{number} {level}" for number, level in sorted(plan.levels.items()))
    return {"levels": levels, "data_sets": ", ".join(plan.data_sets), "feed": plan.feed}


@transaction.atomic
def replace_plan(*, by: Person, connection: Connection, document: Any, name: str, now: datetime) -> int:
    """Take a whole document in, as the command line reads it; new decisions are signed by whoever brings it."""
    held, plan = _held(by, connection)
    try:
        told = from_document(document, file=name)
    except BadFile as error:
        raise ValidationError(error.render(language()), code="plan") from error
    after = signed(plan, told, by=str(by), on=now.date())
    _keep(held, replace(after, server=held.address, source=held.source), by, now)
    record(
        by=by, verb="evidence.reading_brought", thing=held, now=now, after={"entries": len(after.elements)}
    )
    return len(after.elements)
