"""How is an action set, closed with evidence, verified by another, reopened or cancelled?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO
from uuid import uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import cite, notify, record, state_of
from kalanso.hub.people.actions.photos import clean_photo
from kalanso.hub.people.models import Person, PlaceMirror
from kalanso.hub.people.permissions import may, refuse_unless
from kalanso.hub.people.queries.access import path_of
from kalanso.hub.people.queries.citations import named
from kalanso.hub.portfolio.actions import factors as of_factors
from kalanso.hub.portfolio.actions.references import numbered
from kalanso.hub.portfolio.actions.versions import held
from kalanso.hub.portfolio.models import ActionPoint
from kalanso.hub.portfolio.models.follow_up import ActionState
from kalanso.hub.portfolio.queries import cells_cited, factors, follow_up

SAID = ("text", "place_code", "owner", "organisation", "due", "priority")


def told(one: ActionPoint) -> dict[str, Any]:
    """Return an action as the trail keeps it; where it is for the team alone, without its words and its place."""
    open_ = ("owner", "organisation", "due", "priority", "state", "version")
    inside = ("text", "place_code", "closing", "link", "photo_alt", "reason")
    names = open_ if follow_up.is_kept(one) else (*open_, *inside)
    found = state_of(one, *names) | {"photo": bool(one.photo)}
    return found | {"owner": str(one.owner), "organisation": str(one.organisation)}


@transaction.atomic
def set_action(
    *, by: Person, said: Mapping[str, Any], rests_on: Sequence[str] = (), now: datetime
) -> ActionPoint:
    """Set an action; `rests_on` marks what it answers. Its owner is told, and an open obstacle counts as answered.

    Raises PermissionDenied where somebody may not set actions, ValidationError for what cannot be kept.
    """
    ends = [found for mark in rests_on if mark and (found := named(by, mark)) is not None]
    if len(ends) < len([mark for mark in rests_on if mark]):
        raise ValidationError(
            _("Ce à quoi l'action répond n'est plus là, ou n'est pas pour vous."), code="citation"
        )
    one = ActionPoint(made_by=by, made=now, **said)
    for end in ends:
        if end.object_type == factors.NAME:
            one.factor_id = int(end.object_id)
        elif end.object_type == cells_cited.CELL:
            one.cell_id = int(end.object_id)
    _check(one)
    refuse_unless(by, "portfolio.set_action", one)

    def make(reference: str) -> ActionPoint:
        one.reference = reference
        one.save(force_insert=True)
        return one

    numbered(ActionPoint, "A", now.year, make)
    record(by=by, verb="portfolio.action_set", thing=one, now=now, after=told(one))
    for end in ends:
        cite(by=by, thing=one, to_type=end.object_type, to_id=end.object_id, now=now)
    if one.factor is not None:
        of_factors.answered(by=by, one=one.factor, now=now)
    if one.owner_id != by.pk:
        _notify(
            one, [one.owner], "portfolio.action_given", {"by": str(by), "due": one.due.isoformat()}, now=now
        )
    return one


@transaction.atomic
def correct_action(
    *, by: Person, one: ActionPoint, said: Mapping[str, Any], version: int, now: datetime
) -> ActionPoint:
    """Correct an action that is not verified; a new owner is told."""
    kept = held(ActionPoint, one, version)
    refuse_unless(by, "portfolio.set_action", kept)
    if kept.state in (ActionState.VERIFIED, ActionState.CANCELLED):
        raise ValidationError(_("Une action vérifiée ou annulée ne change plus."), code="state")
    before, owner = told(kept), kept.owner_id
    for name in SAID:
        if name in said:
            setattr(kept, name, said[name])
    _check(kept)
    # Nobody gives an action away to where they may not set one.
    refuse_unless(by, "portfolio.set_action", kept)
    kept.version += 1
    kept.save()
    record(by=by, verb="portfolio.action_corrected", thing=kept, now=now, before=before, after=told(kept))
    if kept.owner_id not in (owner, by.pk):
        _notify(
            kept,
            [kept.owner],
            "portfolio.action_given",
            {"by": str(by), "due": kept.due.isoformat()},
            now=now,
        )
    return kept


@transaction.atomic
def close_action(
    *, by: Person, one: ActionPoint, closing: str, link: str = "", photo: bytes | BinaryIO | None = None,
    photo_alt: str = "", version: int, now: datetime,
) -> ActionPoint:  # fmt: skip
    """Say that an action is done, with what shows it: words, and a link or a photo where there is one."""
    kept = held(ActionPoint, one, version)
    if kept.owner_id != by.pk and not may(by, "portfolio.set_action", kept):
        raise PermissionDenied(
            _("Seule la personne responsable, ou l'équipe du lieu, dit qu'une action est faite.")
        )
    if not kept.to_do:
        raise ValidationError(_("Cette action n'est plus à faire."), code="state")
    closing, photo_alt = closing.replace("\x00", "").strip()[:2000], " ".join(photo_alt.split())[:300]
    if not closing:
        raise ValidationError(
            _("Dites en une phrase ce qui a été fait et comment on le voit."), code="closing"
        )
    if photo is not None and not photo_alt:
        raise ValidationError(
            _("Dites en une phrase ce que montre la photo, pour qui ne la voit pas."), code="photo_alt"
        )
    before = told(kept)
    kept.state, kept.closing, kept.link = ActionState.DONE, closing, link
    kept.closed_by, kept.closed, kept.photo_alt = by, now, photo_alt if photo is not None else ""
    if photo is not None:
        kept.photo.save(f"{uuid4().hex}.jpg", ContentFile(clean_photo(photo)), save=False)
    kept.version += 1
    kept.save()
    record(by=by, verb="portfolio.action_closed", thing=kept, now=now, before=before, after=told(kept))
    if kept.made_by_id != by.pk:
        _notify(kept, [kept.made_by], "portfolio.action_closed", {"by": str(by)}, now=now)
    return kept


@transaction.atomic
def verify_action(*, by: Person, one: ActionPoint, version: int, now: datetime) -> ActionPoint:
    """Say that an action which somebody else closed is done indeed."""
    kept = held(ActionPoint, one, version)
    _refuse_verdict(by, kept)
    before = told(kept)
    kept.state, kept.verified_by, kept.verified = ActionState.VERIFIED, by, now
    kept.version += 1
    kept.save()
    record(by=by, verb="portfolio.action_verified", thing=kept, now=now, before=before, after=told(kept))
    _notify(kept, [kept.owner], "portfolio.action_verified", {"by": str(by)}, now=now, but=by)
    return kept


@transaction.atomic
def reopen_action(*, by: Person, one: ActionPoint, reason: str, version: int, now: datetime) -> ActionPoint:
    """Say why an action that was closed is not done; what closed it stays in the trail."""
    kept = held(ActionPoint, one, version)
    _refuse_verdict(by, kept)
    reason = " ".join(reason.split())[:500]
    if not reason:
        raise ValidationError(_("Dites ce qui manque : la personne responsable le lira."), code="reason")
    before = told(kept)
    kept.state, kept.reason = ActionState.REOPENED, reason
    kept.closing, kept.link, kept.photo, kept.photo_alt, kept.closed_by, kept.closed = (
        "",
        "",
        None,
        "",
        None,
        None,
    )
    kept.version += 1
    kept.save()
    record(
        by=by, verb="portfolio.action_reopened", thing=kept, now=now, before=before, after=told(kept),
        reason="" if follow_up.is_kept(kept) else reason,
    )  # fmt: skip
    _notify(kept, [kept.owner], "portfolio.action_reopened", {"by": str(by)}, now=now, but=by)
    return kept


@transaction.atomic
def cancel_action(*, by: Person, one: ActionPoint, reason: str, version: int, now: datetime) -> ActionPoint:
    """Say why an action will not be done; it stays, and its number too."""
    kept = held(ActionPoint, one, version)
    refuse_unless(by, "portfolio.set_action", kept)
    if not kept.to_do:
        raise ValidationError(_("Seule une action encore à faire s'annule."), code="state")
    reason = " ".join(reason.split())[:500]
    if not reason:
        raise ValidationError(_("Dites pourquoi elle ne se fera pas."), code="reason")
    before = told(kept)
    kept.state, kept.reason = ActionState.CANCELLED, reason
    kept.version += 1
    kept.save()
    record(
        by=by, verb="portfolio.action_cancelled", thing=kept, now=now, before=before, after=told(kept),
        reason="" if follow_up.is_kept(kept) else reason,
    )  # fmt: skip
    _notify(kept, [kept.owner], "portfolio.action_cancelled", {"by": str(by)}, now=now, but=by)
    return kept


def _refuse_verdict(by: Person, one: ActionPoint) -> None:
    refuse_unless(by, "portfolio.verify_action", one)
    if one.state != ActionState.DONE:
        raise ValidationError(_("Seule une action faite se vérifie."), code="state")
    if one.closed_by_id == by.pk:
        raise PermissionDenied(_("Vous avez fermé cette action : une autre personne la vérifie."))


def _check(one: ActionPoint) -> None:
    if one.place_code and not PlaceMirror.objects.filter(code=one.place_code).exists():
        raise ValidationError(_("Ce lieu n'est plus publié."), code="place")
    # An action stands where what it answers stands: its words are for the same people.
    if one.factor is not None:
        one.place_code = one.factor.place_code
    elif one.cell is not None and f"/{one.cell.place_code}/" not in (path_of(one.place_code) or ""):
        one.place_code = one.cell.place_code
    one.text = one.text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not one.text:
        raise ValidationError(_("Dites ce qu'il y a à faire."), code="text")
    known = {(row.person_id, row.organisation_id) for row in follow_up.owners([one.place_code])}
    if (one.owner_id, one.organisation_id) not in known:
        raise ValidationError(
            _("Cette personne n'a pas de rôle dans ce lieu : choisissez-en une autre."), code="owner"
        )


def _notify(
    one: ActionPoint, persons: list[Person], sentence: str, more: dict[str, str], *, now: datetime, but: Person | None = None
) -> None:  # fmt: skip
    others = [person for person in persons if but is None or person.pk != but.pk]
    params = {"reference": one.reference, **more}
    notify(
        persons=others,
        sentence=sentence,
        params=params,
        address=reverse("action", args=[one.reference]),
        now=now,
    )
