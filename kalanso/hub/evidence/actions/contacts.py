"""How is written whom to call at a place where nobody has an account, and how is it taken away?"""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions.versions import refuse_stale, save_next
from kalanso.hub.evidence.models import PlaceContact
from kalanso.hub.people.actions import record, state_of
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import Somewhere, refuse_unless
from kalanso.hub.people.queries.persons import normal_phone


@transaction.atomic
def keep_contact(
    *, by: Person, place_code: str, post: str, phone: str, version: int, now: datetime
) -> PlaceContact:
    """Keep the post and the telephone to call at a place. `version` is that which somebody saw: 0 where none was written.

    The trail says who wrote it and for which post; the number itself stands in no trail.
    """
    refuse_unless(by, "evidence.keep_contact", Somewhere(place_code))
    number = normal_phone(phone)
    if not post.strip():
        raise ValidationError(
            _("Dites à quel poste on téléphone, par exemple « chef de poste »."), code="post"
        )
    if not number:
        raise ValidationError(_("Ce n'est pas un numéro de téléphone."), code="phone")
    held = PlaceContact.objects.select_for_update().filter(place_code=place_code).first()
    stale = _("Quelqu'un a changé ce contact pendant que vous écriviez. Rechargez la page et reprenez.")
    refuse_stale(held, version, stale)
    before = state_of(held, "post") if held else {}
    held = held or PlaceContact(place_code=place_code, version=0)
    held.post, held.phone, held.by, held.at = post.strip(), number, by, now
    save_next(held, stale)
    record(
        by=by, verb="evidence.contact_kept", thing=held, now=now, before=before, after=state_of(held, "post")
    )
    return held


@transaction.atomic
def remove_contact(*, by: Person, place_code: str, version: int, now: datetime) -> None:
    """Take away whom to call at a place; nothing happens where nobody is written."""
    refuse_unless(by, "evidence.keep_contact", Somewhere(place_code))
    held = PlaceContact.objects.select_for_update().filter(place_code=place_code).first()
    if held is None:
        return
    refuse_stale(
        held,
        version,
        _("Quelqu'un a changé ce contact pendant que vous lisiez. Rechargez la page et reprenez."),
    )
    record(
        by=by,
        verb="evidence.contact_removed",
        thing=held,
        now=now,
        before=state_of(held, "post"),
        after={"post": ""},
    )
    held.delete()
