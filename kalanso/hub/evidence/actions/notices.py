"""Who is told what became of a sheet, or that a question waits for them: nobody hears of their own doing, nor twice of one thing?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse

from kalanso.hub.evidence.models import FindingStatus, Upload
from kalanso.hub.evidence.queries.calls import post_asked, told
from kalanso.hub.evidence.queries.uploads import place_names
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


def tell_of_question(said: FindingStatus, finding: Mapping[str, Any], *, by: Person, now: datetime) -> int:
    """Tell those who may answer at the post that a finding asks; return how many were told."""
    post = post_asked(finding)
    address = reverse("finding", args=[said.key])
    waiting = Notification.objects.filter(
        sentence="evidence.question_handed_on", address=address, read__isnull=True
    ).values_list("person_id", flat=True)
    persons = [one for one in told(by, {post}, today=now.date())[post] if one.pk not in set(waiting)]
    place = place_names({said.place_code}).get(said.place_code, said.place_code)
    params = {"by": str(by), "place": place}
    return notify(
        persons=persons, sentence="evidence.question_handed_on", params=params, address=address, now=now
    )


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
