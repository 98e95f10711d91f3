"""Who has the fieldwork counted, and what is kept of it? It is counted by the worker each time a file comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from kalanso.hub.jobs.actions import ask
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions.rounds import held
from kalanso.hub.studies.models import FieldCount, Round, RoundFile
from kalanso.hub.studies.queries import draws

KIND = "studies.count"
COUNTED = (RoundFile.Kind.ANSWERS, RoundFile.Kind.HOUSEHOLDS, RoundFile.Kind.SECOND)


@transaction.atomic
def ask_count(*, by: Person, one: Round, now: datetime) -> FieldCount | None:
    """Have the files that stand counted; nothing where there are none, and what was asked already is not asked again."""
    kept = held(one)
    refuse_unless(by, "studies.declare", kept)
    standing = {file.kind: file.pk for file in kept.files.filter(kind__in=COUNTED, replaced__isnull=True)}
    if not standing:
        return None
    drawn, before = draws.newest(kept), kept.field_counts.first()
    lines = drawn.replacements.count() if drawn is not None else 0
    told = {**standing, "replaced": lines}
    if (
        before is not None
        and before.files == told
        and before.draw_id == (drawn.pk if drawn else None)
        and before.state != FieldCount.State.FAILED
    ):
        return before
    count = FieldCount.objects.create(
        round=kept, number=before.number + 1 if before else 1, files=told, draw=drawn, asked=now
    )
    count.job = ask(
        by=by, kind=KIND, arguments={"count": count.pk}, key=f"{KIND}:{count.pk}", now=now, place_code=kept.place_code,
        organisation_id=kept.organisation_id,
    )  # fmt: skip
    count.save(update_fields=["job"])
    return count


@transaction.atomic
def note_counted(*, count: FieldCount, found: Mapping[str, Any], now: datetime) -> None:
    """Keep how far the fieldwork is; an earlier attempt may have done so."""
    kept = FieldCount.objects.select_for_update(of=("self",)).get(pk=count.pk)
    if kept.state == FieldCount.State.ASKED:
        kept.state, kept.counted, kept.found = FieldCount.State.DONE, now, dict(found)
        kept.save()


@transaction.atomic
def note_uncounted(*, count: FieldCount, fault: Mapping[str, str], now: datetime) -> None:
    """Keep why the files could not be counted."""
    kept = FieldCount.objects.select_for_update(of=("self",)).get(pk=count.pk)
    if kept.state == FieldCount.State.ASKED:
        kept.state, kept.counted, kept.fault = FieldCount.State.FAILED, now, dict(fault)
        kept.save()
