"""What did the worker answer, and is it still asked for?

A worker that lost its job, or whose sheet was put aside meanwhile, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from kalanso.hub.evidence.actions.figures import follow_observations
from kalanso.hub.evidence.actions.matches import guarded
from kalanso.hub.evidence.actions.notices import tell_bringer, tell_of_refusal
from kalanso.hub.evidence.actions.uploads import try_out
from kalanso.hub.evidence.models import PlaceName, SavedMap, Upload
from kalanso.hub.evidence.queries.matches import SETTLED
from kalanso.hub.evidence.queries.uploads import brings_numbers, mark_of
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.actions import record

Key = tuple[str, str]  # code and name of the place above, of a name in its list
State = Upload.State


def is_awaited(job: Job, state: str) -> bool:
    """Whether a sheet waits for exactly this job in a state: a job taken up later may find that none does."""
    return Upload.objects.filter(job=job, state=state).exists()


def _awaited(job: Job, state: str) -> Upload | None:
    """Return the sheet that waits for exactly this job, held until the change is written."""
    return Upload.objects.select_for_update(of=("self",)).filter(job=job, state=state).first()


@transaction.atomic
def note_reading(
    *, job: Job, reading: Mapping[str, Any], saved_map: SavedMap | None, known: bool = False, now: datetime
) -> bool:
    """Keep what the machine saw in a sheet, and the map it proposes; return whether anybody waited for it.

    Where its columns are `known`, the sheet is tried at once, for whoever had it read.
    """
    held = _awaited(job, State.READING)
    if held is None:
        return False
    held.reading, held.saved_map = dict(reading), saved_map
    held.column_map = dict(saved_map.document) if saved_map else dict(reading["map"])
    held.state, held.fault, held.tried, held.receipt = State.MAPPING, {}, "", {}
    held.save()
    if known and job.asked_by is not None:
        try_out(held, by=job.asked_by, now=now)
    else:
        tell_bringer(held, "evidence.sheet_columns", by=job.asked_by, now=now)
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
    if not held.has_columns_to_say:
        back[State.TRYING] = State.REFUSED
    before = {"state": held.state}
    held.state, held.fault = back[State(held.state)], dict(fault)
    held.save()
    record(
        by=None, verb="evidence.refused", thing=held, now=now, before=before, after={"state": held.state},
        reason=str(fault.get("fr", "")),
    )  # fmt: skip
    tell_of_refusal(held, asked_by=job.asked_by, now=now)
    return True


@transaction.atomic
def note_trial(
    *, job: Job, receipt: Mapping[str, Any], names: Sequence[Mapping[str, Any]], earlier: Mapping[Key, PlaceName],
    flagged: bool, import_id: str, mark: str, now: datetime,
) -> bool:  # fmt: skip
    """Keep the receipt of a dry run and the names it left open; decisions on names stay as they are.

    `earlier` are decisions of other sheets on which it rests too: they become decisions of this sheet, signed by
    whoever took them.
    """
    held = _awaited(job, State.TRYING)
    if held is None:
        return False
    unchanged = mark == mark_of(held)
    _keep_names(held, names, earlier, now)
    held.tried = mark_of(held) if unchanged else mark
    held.receipt, held.flagged, held.import_id = dict(receipt), flagged, import_id
    held.state, held.fault = State.TRIED, {}
    held.save()
    if held.names.filter(decision=PlaceName.Decision.OPEN).exclude(status__in=SETTLED).exists():
        tell_bringer(held, "evidence.sheet_names", by=None, now=now)
    return True


def _keep_names(
    held: Upload, names: Iterable[Mapping[str, Any]], earlier: Mapping[Key, PlaceName], now: datetime
) -> None:
    known = {(one.code, one.parent_name): one for one in held.names.all()}
    met = set()
    for row in names:
        key = (row["code"], row["parent_name"])
        met.add(key)
        before = earlier.get(key)
        if key not in known and row["status"] == "reviewed" and before is None:
            continue  # somebody decided it with a sheet that is published
        name = known.get(key) or PlaceName(upload=held, code=key[0], parent_name=key[1])
        for column in ("name", "status", "score", "candidates", "row", "flagged"):
            setattr(name, column, row[column])
        name.save()
        if before is not None and name.decision == PlaceName.Decision.OPEN:
            _decide_as_before(name, before, now)
    gone = [one.pk for key, one in known.items() if key not in met and one.decision == "open"]
    held.names.filter(pk__in=gone).delete()


def _decide_as_before(name: PlaceName, before: PlaceName, now: datetime) -> None:
    """Keep for a name what somebody said of it with another sheet that is not published yet."""
    name.decision, name.place_code = before.decision, before.place_code
    name.decided_by, name.decided = before.decided_by, before.decided
    name.save()
    record(
        by=None, verb="evidence.matched", thing=name, now=now, before={"decision": "open"},
        after={"decision": name.decision, "place_code": name.place_code}, reason=str(before.upload),
        place_code=guarded(name) or name.upload.place_code, organisation_id=name.upload.organisation_id,
    )  # fmt: skip


@transaction.atomic
def note_published(*, job: Job, snapshots: Sequence[str], receipt: Mapping[str, Any], now: datetime) -> bool:
    """Keep which snapshots a sheet brought."""
    held = _awaited(job, State.PUBLISHING)
    if held is None:
        return False
    held.state, held.published, held.snapshots = State.PUBLISHED, now, list(snapshots)
    held.receipt = {**held.receipt, **receipt}
    held.save()
    record(
        by=held.published_by, verb="evidence.published", thing=held, now=now,
        after={"import": held.import_id, "snapshots": ", ".join(snapshots)},
    )  # fmt: skip
    tell_bringer(held, "evidence.sheet_published", by=held.published_by, now=now)
    if brings_numbers(snapshots):
        follow_observations(by=held.published_by, key=job.key, now=now)
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
    tell_bringer(held, "evidence.sheet_withdrawn", by=job.asked_by, now=now, reason=held.reason)
    if brings_numbers(held.snapshots):
        follow_observations(by=job.asked_by, key=job.key, now=now)
    return True
