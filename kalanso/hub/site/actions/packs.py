"""Who has the pack of a review written?"""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.jobs.actions import ask
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person, PlaceMirror
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.site.queries import packs, review


@transaction.atomic
def ask_pack(*, by: Person, place_code: str, period: str, now: datetime) -> Job:
    """Have the pack of a place and quarter written for somebody; asking while it is being written asks nothing more."""
    refuse_unless(by, "portfolio.read")
    if not PlaceMirror.objects.filter(code=place_code, level__in=review.LEVELS).exists():
        raise ValidationError(_("Choisissez le pays, une région ou un district."), code="place")
    if period not in review.quarters(now.date()):
        raise ValidationError(_("Choisissez un trimestre de la liste."), code="period")
    told = {"place": place_code, "period": period, "mark": packs.scope_mark(by)}
    busy = Job.objects.filter(
        kind=packs.KIND, asked_by=by, state__in=(Job.State.WAITING, Job.State.RUNNING), **{f"arguments__{name}": value for name, value in told.items()}
    ).first()  # fmt: skip
    if busy is not None:
        return busy
    job = ask(by=by, kind=packs.KIND, arguments=told, key=f"{packs.KIND}:{uuid4()}", now=now)
    record(by=by, verb="site.pack_asked", thing=job, now=now, place_code=place_code, after={"period": period})
    return job
