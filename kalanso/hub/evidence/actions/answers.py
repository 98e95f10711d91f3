"""What did the worker answer, and is it still asked for?

A worker that lost its job, or whose sheet was put aside meanwhile, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from kalanso.hub.evidence.models import PlaceName, SavedMap, Upload
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.actions import record

State = Upload.State


def is_awaited(job: Job, state: str) -> bool:
    """Whether a sheet waits for exactly this job in a state: a job taken up later may find that none does."""
    return Upload.objects.filter(job=job, state=state).exists()


def _awaited(job: Job, state: str) -> Upload | None:
    """Return the sheet that waits for exactly this job, held until the change is written."""
    return Upload.objects.select_for_update(of=("self",)).filter(job=job, state=state).first()


@transaction.atomic
def note_reading(*, job: Job, reading: Mapping[str, Any], saved_map: SavedMap | None) -> bool:
    """Keep what the machine saw in a sheet, and the map it proposes; return whether anybody waited for it."""
    held = _awaited(job, State.READING)
    if held is None:
        return False
    held.reading, held.saved_map = dict(reading), saved_map
    held.column_map = dict(saved_map.document) if saved_map else dict(reading["map"])
    held.state, held.fault, held.tried, held.receipt = State.MAPPING, {}, "", {}
    held.save()
    return True


@transaction.atomic
def note_refusal(*, job: Job, fault: Mapping[str, str], now: datetime) -> bool:
    """Keep why a step could not be done; the sheet goes back to where a person can mend it."""
    held = Upload.objects.select_for_update(of=("self",)).filter(job=job, state__in=Upload.WAITING).first()
    if held is None:
        return False
    back = {
        State.READING: State.REFUSED,
        State.TRYING: State.MAPPING,
        State.PUBLISHING: State.TRIED,
        State.WITHDRAWING: State.PUBLISHED,
    }
    before = {"state": held.state}
    held.state, held.fault = back[State(held.state)], dict(fault)
    held.save()
    record(
        by=None, verb="evidence.refused", thing=held, now=now, before=before, after={"state": held.state},
        reason=str(fault.get("fr", "")),
    )  # fmt: skip
    return True


@transaction.atomic
def note_trial(
    *, job: Job, receipt: Mapping[str, Any], names: Sequence[Mapping[str, Any]], flagged: bool, import_id: str,
    mark: str,
) -> bool:  # fmt: skip
    """Keep the receipt of a dry run and the names it left open; decisions on names stay as they are."""
    held = _awaited(job, State.TRYING)
    if held is None:
        return False
    _keep_names(held, names)
    held.receipt, held.flagged, held.import_id, held.tried = dict(receipt), flagged, import_id, mark
    held.state, held.fault = State.TRIED, {}
    held.save()
    return True


def _keep_names(held: Upload, names: Iterable[Mapping[str, Any]]) -> None:
    known = {(one.code, one.parent_name): one for one in held.names.all()}
    met = set()
    for row in names:
        key = (row["code"], row["parent_name"])
        met.add(key)
        if key not in known and row["status"] == "reviewed":
            continue  # somebody decided it with an earlier sheet
        name = known.get(key) or PlaceName(upload=held, code=key[0], parent_name=key[1])
        for column in ("name", "status", "score", "candidates", "row", "flagged"):
            setattr(name, column, row[column])
        name.save()
    gone = [one.pk for key, one in known.items() if key not in met and one.decision == "open"]
    held.names.filter(pk__in=gone).delete()


@transaction.atomic
def note_published(*, job: Job, snapshots: Sequence[str], receipt: Mapping[str, Any], now: datetime) -> bool:
    """Keep which snapshots a sheet brought."""
    held = _awaited(job, State.PUBLISHING)
    if held is None:
        return False
    held.state, held.published, held.snapshots, held.receipt = (
        State.PUBLISHED,
        now,
        list(snapshots),
        dict(receipt),
    )
    held.save()
    record(
        by=held.published_by, verb="evidence.published", thing=held, now=now,
        after={"import": held.import_id, "snapshots": ", ".join(snapshots)},
    )  # fmt: skip
    return True


@transaction.atomic
def note_withdrawn(*, job: Job, now: datetime) -> bool:
    """Keep that what a sheet brought was taken back."""
    held = _awaited(job, State.WITHDRAWING)
    if held is None:
        return False
    held.state, held.ended = State.WITHDRAWN, now
    held.save()
    record(by=job.asked_by, verb="evidence.withdrawn", thing=held, now=now, reason=held.reason)
    return True
