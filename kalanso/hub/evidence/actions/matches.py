"""How does a person say which place a name of a sheet is?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.evidence.models import PlaceName, Upload
from kalanso.hub.people.actions import record, state_of
from kalanso.hub.people.models import Person, PlaceMirror
from kalanso.hub.people.permissions import refuse_unless

Decision = PlaceName.Decision


@transaction.atomic
def decide(*, by: Person, name: PlaceName, decision: str, place_code: str = "", now: datetime) -> PlaceName:
    """Keep what a person said of a name: this place, no known place, later, or open again.

    The right is asked for the sheet's place and for the chosen one; a sheet for one place takes no place
    elsewhere. Decisions change nothing that is published before the sheet is.
    """
    held = PlaceName.objects.select_for_update(of=("self",)).select_related("upload").get(pk=name.pk)
    upload = held.upload
    refuse_unless(by, "evidence.match", upload)
    if upload.state != Upload.State.TRIED:
        raise ValidationError(
            _("Ce fichier n'attend pas de décision sur ses noms. Rechargez la page."), code="state"
        )
    if decision not in Decision.values:
        raise ValidationError(_("Choisissez l'une des réponses proposées."), code="decision")
    if decision == Decision.PLACE:
        _refuse_place(by, upload, place_code)
    before = state_of(held, "decision", "place_code")
    held.decision, held.place_code = decision, place_code if decision == Decision.PLACE else ""
    held.decided_by, held.decided = (None, None) if decision == Decision.OPEN else (by, now)
    held.save()
    Upload.objects.filter(pk=upload.pk).update(version=upload.version + 1)
    record(
        by=by, verb="evidence.matched", thing=held, now=now, before=before,
        after=state_of(held, "decision", "place_code"),
        place_code=guarded(held, str(before["place_code"])) or upload.place_code,
        organisation_id=upload.organisation_id,
    )  # fmt: skip
    return held


@transaction.atomic
def decide_all(
    *, by: Person, upload: Upload, told: Mapping[int, tuple[str, str]], now: datetime
) -> list[PlaceName]:
    """Keep what a person said of several names of a sheet, by the names' keys: all of it, or none where one is refused."""
    names = upload.names.in_bulk(told)
    found = []
    for key, (decision, place_code) in told.items():
        if key not in names:
            raise ValidationError(_("Choisissez l'une des réponses proposées."), code="name")
        try:
            found.append(decide(by=by, name=names[key], decision=decision, place_code=place_code, now=now))
        except ValidationError as error:
            raise ValidationError(
                [f"« {names[key].name} » : {message}" for message in error.messages], code="name"
            ) from error
    return found


def guarded(held: PlaceName, before: str = "") -> str:
    """Return a place under a security flag that the name may be: the event then stands there, and stays inside."""
    offered = [str(one["place_code"]) for one in held.candidates.get("candidates", []) if "place_code" in one]
    codes = [held.place_code, before, *offered]
    return (
        PlaceMirror.objects.filter(code__in=codes, flagged=True).values_list("code", flat=True).first() or ""
    )


def _refuse_place(by: Person, upload: Upload, place_code: str) -> None:
    place = PlaceMirror.objects.filter(code=place_code).first()
    if place is None:
        raise ValidationError(_("Ce lieu n'est pas publié. Choisissez-en un de la liste."), code="place")
    home = PlaceMirror.objects.filter(code=upload.place_code).first() if upload.place_code else None
    if upload.place_code and (home is None or not place.path.startswith(home.path)):
        raise ValidationError(
            _("Ce lieu est hors du lieu pour lequel le fichier a été déposé."), code="outside"
        )
    # A partner speaks for its own sheet wherever its lines are; the sheet's organisation goes along.
    thing = Upload(place_code=place.code, organisation_id=upload.organisation_id)
    refuse_unless(by, "evidence.match", thing)
