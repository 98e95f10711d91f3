"""How is a meeting noted with its minutes, and a decision with what it rests on and affects?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import cite, cite_number, record, state_of
from kalanso.hub.people.models import Organisation, Person, PlaceMirror
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.people.queries.citations import named
from kalanso.hub.portfolio.actions.references import numbered
from kalanso.hub.portfolio.actions.versions import held
from kalanso.hub.portfolio.models import Cell, Decision, Intervention, Meeting
from kalanso.hub.portfolio.queries import cells_cited, decisions

MEETING_SAID = ("title", "date", "place_code", "minutes")
DECISION_SAID = ("text", "body", "date", "place_code", "meeting")


def told_meeting(one: Meeting) -> dict[str, Any]:
    """Return a meeting as the trail keeps it; of a flagged place without its words."""
    names = ("title", "date", "place_code", "minutes", "version")
    found = state_of(one, *(("date", "version") if _flagged(one.place_code) else names))
    return found | {"bodies": ", ".join(sorted(str(house) for house in one.organisations.all()))}


def told_decision(one: Decision) -> dict[str, Any]:
    """Return a decision as the trail keeps it; where it is for the team alone, without its words."""
    kept = Decision.objects.filter(decisions.kept(), pk=one.pk).exists()
    found = state_of(
        one, *(("date", "version") if kept else ("text", "body", "date", "place_code", "version"))
    )
    return found | {"affects": ", ".join([*map(str, one.interventions.all()), *map(str, one.cells.all())])}


@transaction.atomic
def note_meeting(
    *, by: Person, said: Mapping[str, Any], present: Iterable[Organisation], now: datetime
) -> Meeting:
    """Note a meeting, before or after it is held."""
    one = Meeting(made_by=by, made=now, **said)
    refuse_unless(by, "portfolio.meet", one)
    _check_place(one.place_code)
    _save_once(one)
    one.organisations.set(present)
    record(by=by, verb="portfolio.meeting_noted", thing=one, now=now, after=told_meeting(one))
    return one


@transaction.atomic
def correct_meeting(
    *, by: Person, one: Meeting, said: Mapping[str, Any], present: Iterable[Organisation], version: int, now: datetime
) -> Meeting:  # fmt: skip
    """Write the minutes of a meeting, or correct what was noted of it."""
    kept = held(Meeting, one, version)
    refuse_unless(by, "portfolio.meet", kept)
    before = told_meeting(kept)
    for name in MEETING_SAID:
        if name in said:
            setattr(kept, name, said[name])
    refuse_unless(by, "portfolio.meet", kept)
    _check_place(kept.place_code)
    kept.version += 1
    _save_once(kept)
    kept.organisations.set(present)
    record(
        by=by,
        verb="portfolio.meeting_corrected",
        thing=kept,
        now=now,
        before=before,
        after=told_meeting(kept),
    )
    return kept


@transaction.atomic
def decide(
    *, by: Person, said: Mapping[str, Any], rests_on: Sequence[str] = (), number: str = "", source: str = "",
    cells: Iterable[Cell] = (), interventions: Iterable[Intervention] = (), now: datetime,
) -> Decision:  # fmt: skip
    """Note a decision with what it rests on: at least one thing of the hub, or a number with its source.

    Raises ValidationError without a ground.
    """
    one = Decision(made_by=by, made=now, **said)
    _check_decision(by, one)
    ends = [found for mark in rests_on if mark and (found := named(by, mark)) is not None]
    if len(ends) < len([mark for mark in rests_on if mark]):
        raise ValidationError(_("Un des appuis n'est plus là, ou n'est pas pour vous."), code="citation")
    if not ends and not (number and source):
        raise ValidationError(
            _("Une décision dit sur quoi elle s'appuie : choisissez-le dans la liste, ou donnez un chiffre et sa source."), code="ground"
        )  # fmt: skip

    def make(reference: str) -> Decision:
        one.reference = reference
        one.save(force_insert=True)
        return one

    numbered(Decision, "D", one.date.year, make)
    _affect(by, one, cells, interventions)
    record(by=by, verb="portfolio.decided", thing=one, now=now, after=told_decision(one))
    _join(by, one, ends, now=now)
    if number or source:
        cite_number(by=by, thing=one, number=number, source=source, now=now)
    return one


@transaction.atomic
def correct_decision(
    *, by: Person, one: Decision, said: Mapping[str, Any], rests_on: Sequence[str] = (), number: str = "", source: str = "",
    cells: Iterable[Cell] = (), interventions: Iterable[Intervention] = (), version: int, now: datetime,
) -> Decision:  # fmt: skip
    """Correct a decision; a ground is added to those that it has, none is taken away."""
    kept = held(Decision, one, version)
    refuse_unless(by, "portfolio.decide", kept)
    before = told_decision(kept)
    for name in DECISION_SAID:
        if name in said:
            setattr(kept, name, said[name])
    _check_decision(by, kept)
    kept.version += 1
    kept.save()
    _affect(by, kept, cells, interventions)
    record(
        by=by,
        verb="portfolio.decision_corrected",
        thing=kept,
        now=now,
        before=before,
        after=told_decision(kept),
    )
    ends = [found for mark in rests_on if mark and (found := named(by, mark)) is not None]
    _join(by, kept, ends, now=now)
    if number or source:
        cite_number(by=by, thing=kept, number=number, source=source, now=now)
    return kept


def _check_decision(by: Person, one: Decision) -> None:
    refuse_unless(by, "portfolio.decide", one)
    _check_place(one.place_code)
    if one.meeting is not None and not decisions.visible_meetings(by).filter(pk=one.meeting.pk).exists():
        raise ValidationError(_("Cette réunion n'est pas pour vous."), code="meeting")
    one.text, one.body = one.text.replace("\r\n", "\n").strip(), " ".join(one.body.split())
    if not one.text or not one.body:
        raise ValidationError(_("Dites ce qui est décidé, et par qui."), code="text")


def _affect(by: Person, one: Decision, cells: Iterable[Cell], interventions: Iterable[Intervention]) -> None:
    chosen = list(cells)
    known = cells_cited.cells(by, [str(cell.pk) for cell in chosen])
    already = set(one.cells.values_list("pk", flat=True))
    if any(str(cell.pk) not in known and cell.pk not in already for cell in chosen):
        raise ValidationError(_("Une des interventions choisies n'est pas pour vous."), code="cell")
    # What the writer may not know of was chosen by others, and stays.
    seen = cells_cited.cells(by, [str(pk) for pk in already])
    one.cells.set([*chosen, *(pk for pk in already if str(pk) not in seen)])
    one.interventions.set(interventions)


def _join(by: Person, one: Decision, ends: Iterable[Any], *, now: datetime) -> None:
    for end in ends:
        cite(by=by, thing=one, to_type=end.object_type, to_id=end.object_id, now=now)


def _check_place(place_code: str) -> None:
    if (
        place_code
        and not PlaceMirror.objects.filter(code=place_code, level__in=("region", "district")).exists()
    ):
        raise ValidationError(_("Choisissez une région ou un district."), code="place")


def _flagged(place_code: str) -> bool:
    return PlaceMirror.objects.filter(code=place_code, flagged=True).exists()


def _save_once(one: Meeting) -> None:
    try:
        with transaction.atomic():
            one.save()
    except IntegrityError as error:
        raise ValidationError(
            _("Une réunion porte déjà ce titre, à ce jour et pour ce lieu."), code="title"
        ) from error
