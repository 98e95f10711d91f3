"""How does a change leave its line in the trail? Called inside the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models, transaction

from kalanso.hub.people.models import Event, Person

# Never written into the trail, whatever the record.
SECRET = frozenset({"password", "fingerprint", "last_login", "secret", "sealed", "data"})


def state_of(thing: models.Model, *names: str) -> dict[str, Any]:
    """Return fields of a record as the trail keeps them: all of them where none is named."""
    found = {}
    for one in thing._meta.concrete_fields:
        if one.name in SECRET or (names and one.name not in names):
            continue
        value = one.value_from_object(thing)
        found[one.name] = value if isinstance(value, (int, float, bool, type(None))) else str(value)
    return found


def record(
    *,
    by: Person | None,
    verb: str,
    thing: models.Model,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    place_code: str = "",
    organisation_id: int | None = None,
    reason: str = "",
) -> Event:
    """Write one event, of the fields that differ between before and after.

    Raises RuntimeError outside a transaction, since an event without its change (or the reverse) would be
    a lie.
    """
    event = _event(
        by=by, verb=verb, thing=thing, now=now, before=before, after=after, place_code=place_code,
        organisation_id=organisation_id, reason=reason,
    )  # fmt: skip
    event.save()
    return event


def record_many(told: Iterable[Mapping[str, Any]]) -> int:
    """Write many events at once, each given as the arguments of `record`; return how many."""
    return len(Event.objects.bulk_create([_event(**one) for one in told], batch_size=500))


def _event(
    *, by: Person | None, verb: str, thing: models.Model, now: datetime, before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None, place_code: str = "", organisation_id: int | None = None, reason: str = "",
) -> Event:  # fmt: skip
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{verb}: expected to be recorded in the transaction of the change")
    old, new = dict(before or {}), dict(after or {})
    same = {name for name in old.keys() & new.keys() if old[name] == new[name]}
    return Event(
        at=now,
        by=by,
        verb=verb,
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        object_name=str(thing)[:200],
        place_code=place_code or str(getattr(thing, "place_code", "") or ""),
        organisation_id=organisation_id or getattr(thing, "organisation_id", None),
        before={name: value for name, value in old.items() if name not in same},
        after={name: value for name, value in new.items() if name not in same},
        reason=reason,
    )
