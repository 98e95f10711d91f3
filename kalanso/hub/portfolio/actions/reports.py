"""How does a team report on a cell, and how does somebody else approve it or send it back?

Draft, submitted, returned or approved: what is approved never changes; what is returned says why and is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import notify, record, state_of
from kalanso.hub.people.actions.photos import clean_photo
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.portfolio.actions.interventions import refuse_changed
from kalanso.hub.portfolio.models import Cell, Report
from kalanso.hub.portfolio.queries import reports as queries
from kalanso.vocabulary import Period

SAID = ("quantity", "reached", "expected", "narrative")
State = Report.State


class ChangedMeanwhile(ValidationError):
    """Somebody else changed the report; it holds the one that stands."""

    def __init__(self, report: Report) -> None:
        super().__init__(_("Quelqu'un a changé ce rapport pendant que vous écriviez."), code="version")
        self.report = report


@transaction.atomic
def write(
    *, by: Person, cell: Cell, period: str, said: Mapping[str, Any], now: datetime, version: int = 0, key: UUID | None = None,
    photo: bytes | BinaryIO | None = None, photo_alt: str = "", send: bool = False,
) -> Report:  # fmt: skip
    """Write a report, or write it anew, and send it if asked. `version` is the one that was read, 0 for none.

    Raises PermissionDenied, ChangedMeanwhile, and ValidationError for what cannot be reported.
    """
    refuse_unless(by, "portfolio.report", cell)
    kept = (
        Report.objects.select_for_update(of=("self",))
        .select_related("cell")
        .filter(cell=cell, period=period)
        .first()
    )
    _refuse_wrong(cell, period, said, now, send)
    if kept is not None and (not kept.open or kept.version != version):
        raise ChangedMeanwhile(kept)
    before = state_of(kept, *SAID, "state") if kept is not None else {}
    one = kept or Report(cell=cell, period=period, by=by, written=now, **({"key": key} if key else {}))
    for name in SAID:
        setattr(one, name, said.get(name))
    one.narrative = str(said.get("narrative") or "").strip()
    one.by, one.changed = by, now
    if photo is not None:
        one.photo.save("photo.jpg", ContentFile(clean_photo(photo)), save=False)
        one.photo_alt = photo_alt.strip()[:300]
    if send:
        one.state, one.submitted, one.note, one.reviewed, one.reviewed_by = (
            State.SUBMITTED,
            now,
            "",
            None,
            None,
        )
    one.version = (kept.version + 1) if kept is not None else 1
    try:
        with transaction.atomic():
            one.save()
    except IntegrityError as error:
        raise ChangedMeanwhile(Report.objects.get(cell=cell, period=period)) from error
    verb = "portfolio.report_sent" if send else "portfolio.report_written"
    record(by=by, verb=verb, thing=one, now=now, before=before, after=state_of(one, *SAID, "state"))
    return one


def _refuse_wrong(cell: Cell, period: str, said: Mapping[str, Any], now: datetime, send: bool) -> None:
    """Refuse what cannot be: a quarter to come, one outside of the plan, more children than were looked for."""
    try:
        quarter = Period.parse(period)
    except ValueError as error:
        raise ValidationError(_("Un rapport porte sur un trimestre."), code="period") from error
    if str(quarter) != period or period not in queries.due_quarters(cell, now.date()):
        raise ValidationError(_("Ce trimestre n'est pas à rapporter pour cette ligne."), code="period")
    if send and said.get("quantity") is None:
        raise ValidationError(_("Dites combien ; 0 si rien n'a été fait."), code="quantity")
    reached, expected = said.get("reached"), said.get("expected")
    if reached is not None and expected is not None and reached > expected:
        raise ValidationError(_("Il y a plus d'enfants vaccinés que d'enfants cherchés."), code="reached")


@transaction.atomic
def approve(*, by: Person, one: Report, version: int, now: datetime) -> Report:
    """Agree with a report; somebody else than who wrote it."""
    kept = _sent(by, one, version)
    if kept.by_id == by.pk:
        raise ValidationError(
            _("Un rapport est approuvé par une autre personne que celle qui l'a écrit."), code="own"
        )
    kept.state, kept.reviewed, kept.reviewed_by = State.APPROVED, now, by
    return _reviewed(by, kept, "portfolio.report_approved", now)


@transaction.atomic
def send_back(*, by: Person, one: Report, note: str, version: int, now: datetime) -> Report:
    """Send a report back with what is to be corrected."""
    kept = _sent(by, one, version)
    if not note.strip():
        raise ValidationError(_("Dites ce qui est à corriger : l'équipe le lira."), code="note")
    kept.state, kept.reviewed, kept.reviewed_by, kept.note = State.RETURNED, now, by, note.strip()
    return _reviewed(by, kept, "portfolio.report_returned", now)


def _sent(by: Person, one: Report, version: int) -> Report:
    kept = (
        Report.objects.select_for_update(of=("self",))
        .select_related("cell__intervention", "by")
        .get(pk=one.pk)
    )
    refuse_unless(by, "portfolio.approve", kept)
    refuse_changed(kept.version, version)
    if kept.state != State.SUBMITTED:
        raise ValidationError(_("Seul un rapport envoyé s'approuve ou se renvoie."), code="state")
    return kept


def _reviewed(by: Person, kept: Report, verb: str, now: datetime) -> Report:
    kept.version += 1
    kept.save()
    record(
        by=by, verb=verb, thing=kept, now=now, before={"state": State.SUBMITTED}, after={"state": kept.state}, reason=kept.note
    )  # fmt: skip
    if kept.by_id != by.pk:
        notify(
            persons=[kept.by],
            sentence=verb,
            params={"by": str(by), "what": str(kept)},
            address=queries.address_of(kept),
            now=now,
        )
    return kept


@transaction.atomic
def remind(*, now: datetime) -> int:
    """Tell those who answer for a cell that the report of the quarter that ended is missing; once for each quarter."""
    told = 0
    quarter = queries.last_quarter(now.date())
    for cell in (
        queries.without_report(quarter).filter(owner__isnull=False).select_related("owner", "intervention")
    ):
        if queries.was_reminded(cell, quarter):
            continue
        told += notify(
            persons=[cell.owner] if cell.owner else [], sentence="portfolio.report_due", params={"what": str(cell), "quarter": quarter},
            address=queries.address_for(cell, quarter), now=now,
        )  # fmt: skip
    return told
