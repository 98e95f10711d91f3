"""When are the raw data of a study destroyed, who hears of it before, and what stays?

Files as they came, rows of single children and the study's secret go on the day that was promised when they were
taken; what was analysed of them stays. The trail says so.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.urls import reverse

from kalanso.hub.people.actions import record
from kalanso.hub.people.actions.notices import notify
from kalanso.hub.people.models import Membership, Person, Role
from kalanso.hub.studies.actions.rounds import held
from kalanso.hub.studies.models import Analysis, Correction, Round, RoundSalt
from kalanso.hub.studies.queries.destruction import day_of

WARNED_BEFORE = timedelta(days=28)


@transaction.atomic
def warn(*, one: Round, day: date, now: datetime) -> int:
    """Tell once that raw data will be destroyed: who declared the round, its researchers, and the national centre."""
    kept = held(one)
    if kept.warned_for == day or kept.destroyed is not None:
        return 0
    kept.warned_for = day
    kept.save(update_fields=["warned_for"])
    record(
        by=None, verb="studies.destruction_told", thing=kept, now=now, after={"destroyed_on": day.isoformat()}
    )
    return notify(
        persons=_answer_for(kept, day=now.date()), sentence="studies.to_be_destroyed",
        params={"study": str(kept), "day": f"{day:%d/%m/%Y}"}, address=reverse("round", args=[kept.pk]), now=now,
    )  # fmt: skip


def _answer_for(one: Round, *, day: date) -> list[Person]:
    own = Membership.objects.filter(role=Role.RESEARCHER, organisation_id=one.organisation_id)
    centre = Membership.objects.filter(role=Role.NATIONAL, place_code="")
    held_now = [m.person for m in (own | centre).select_related("person") if m.holds_on(day)]
    return [one.declared_by, *held_now]


@transaction.atomic
def destroy(*, one: Round, now: datetime) -> bool:
    """Destroy the raw data of a round: files, rows of single children, corrections of them, its secret. False while they are being analysed.

    Cut short, it is done again: only what is gone is noted as gone. Raises OSError where a file cannot be removed.
    """
    kept = held(one)
    day = day_of(kept)
    if kept.destroyed is not None or day is None or day > now.date():
        return False
    newest = Analysis.objects.filter(round=kept).select_related("job").first()
    if newest is not None and newest.waits:
        return False
    files = _destroy_files(kept.folder)
    # A correction holds what one child's line said and became: it goes with the line.
    Correction.objects.filter(round=kept).delete()
    RoundSalt.objects.filter(round=kept).delete()
    kept.destroyed = now
    kept.version += 1
    kept.save()
    record(
        by=None, verb="studies.destroyed", thing=kept, now=now, after={"destroyed_on": day.isoformat(), "destroyed_files": files}
    )  # fmt: skip
    return True


def _destroy_files(folder: Path) -> int:
    """Remove files as they came and every folder of single children; return how many files went."""
    gone = 0
    for raw in (folder / "files", *sorted(folder.glob("analyses/*/private"))):
        gone += sum(1 for path in raw.rglob("*") if path.is_file()) if raw.is_dir() else 0
        if raw.is_dir():
            shutil.rmtree(raw)
    return gone
