"""How does what was written on a telephone without network become a comment, or a changed one?"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from kalanso.hub.offline.forms import Differs, Sent
from kalanso.hub.people.actions import discussion
from kalanso.hub.people.models import Comment, Person
from kalanso.hub.people.queries.discussion import address_of


def comment(*, by: Person, sent: Sent, now: datetime) -> str:
    """Add a comment and return where it is shown."""
    given = sent.fields
    written = discussion.write_comment(
        by=by, key=sent.uuid, object_type=given.get("object_type", ""), object_id=given.get("object_id", ""),
        place_code=given.get("place_code", ""), text=given.get("text", ""), answers=_answered(given.get("answers", "")),
        photo=sent.photos.get("photo"), photo_alt=given.get("photo_alt", ""), written=sent.captured, now=now,
    )  # fmt: skip
    return address_of(written)


def comment_change(*, by: Person, sent: Sent, now: datetime) -> str:
    """Change one's own comment and return where it is shown; where it changed meanwhile, both texts are told."""
    try:
        key, version = UUID(sent.fields.get("key", "")), int(sent.fields.get("version", ""))
    except ValueError as error:
        raise ValidationError(_("Ce message est abîmé. Recopiez votre texte dans le formulaire.")) from error
    try:
        changed = discussion.change_comment(
            by=by, key=key, text=sent.fields.get("text", ""), version=version, now=now
        )
    except discussion.ChangedMeanwhile as meanwhile:
        stands = meanwhile.comment
        raise Differs(
            str(meanwhile), theirs={"text": stands.text}, merge={"version": str(stands.version)}
        ) from meanwhile
    return address_of(changed)


def _answered(key: str) -> Comment | None:
    """Return the comment that is answered; where it never came, the answer stands for itself."""
    try:
        return Comment.objects.filter(key=UUID(key)).first() if key else None
    except ValueError:
        return None
