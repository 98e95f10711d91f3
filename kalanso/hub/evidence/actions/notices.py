"""Who is told what became of a sheet, and when not: nobody hears of their own doing, nor twice of one thing?"""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from kalanso.hub.evidence.models import Upload
from kalanso.hub.people.actions.notices import notify
from kalanso.hub.people.models import Notification, Person

State = Upload.State
# What a refusal says, by the state to which the sheet goes back.
REFUSALS = {
    State.REFUSED: "evidence.sheet_refused",
    State.MAPPING: "evidence.sheet_columns",
    State.TRIED: "evidence.sheet_not_published",
    State.PUBLISHED: "evidence.sheet_not_withdrawn",
}


def tell_bringer(
    upload: Upload, sentence: str, *, by: Person | None, now: datetime, reason: str = ""
) -> None:
    """Tell whoever brought a sheet what somebody else, or the worker, did with it."""
    _tell(upload.by, upload, sentence, by=by, now=now, reason=reason)


def tell_of_refusal(upload: Upload, *, asked_by: Person | None, now: datetime) -> None:
    """Tell whoever brought a sheet, and whoever asked for the step, that it could not be done."""
    sentence = REFUSALS[State(upload.state)]
    persons = [upload.by]
    if upload.state not in {State.REFUSED, State.MAPPING} and asked_by not in {None, upload.by}:
        persons.append(asked_by)  # type: ignore[arg-type]
    for person in persons:
        _tell(person, upload, sentence, by=None, now=now, reason="")


def _tell(
    person: Person, upload: Upload, sentence: str, *, by: Person | None, now: datetime, reason: str
) -> None:
    if by is not None and by.pk == person.pk:
        return
    address = reverse("upload", args=[upload.pk])
    told = Notification.objects.filter(person=person, sentence=sentence, address=address, read__isnull=True)
    if told.exists():
        return
    params = {"sheet": str(upload), "by": str(by or ""), "reason": reason}
    notify(persons=[person], sentence=sentence, params=params, address=address, now=now)
