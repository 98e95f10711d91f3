"""How is something said, changed, taken back, and who is told?

Each action may be repeated: a comment is added once for its key, wherever the answer got lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions.photos import clean_photo, size_of_photo
from kalanso.hub.people.actions.trail import record, state_of
from kalanso.hub.people.models import Comment, Mention, Notification, Person, Subscription
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.discussion import followers, named_in
from kalanso.hub.people.queries.subjects import NoSubject, Subject, may_read, subject

LONGEST = 4000
CLOCKS_DIFFER = timedelta(minutes=10)  # a telephone's clock may be a little ahead


class ChangedMeanwhile(Exception):
    """The comment was changed since the writer read it; `comment` is how it stands now."""

    def __init__(self, comment: Comment) -> None:
        super().__init__(_("Ce commentaire a changé entre-temps."))
        self.comment = comment


@transaction.atomic
def write_comment(
    *, by: Person, key: UUID, object_type: str, object_id: str, place_code: str, text: str,
    answers: Comment | None = None, photo: bytes | BinaryIO | None = None, photo_alt: str = "",
    written: datetime, now: datetime,
) -> Comment:  # fmt: skip
    """Add a comment and tell who is named in it or follows its subject; the same key adds nothing.

    Raises PermissionDenied where the writer may not speak here, ValidationError for a text, photo or key
    that cannot be kept.
    """
    about = _subject(by, object_type, object_id, place_code)
    before = _already(by, key, about)
    if before is not None:
        return before
    text, photo_alt = clean_text(text), _clean_alt(photo_alt, photo is not None)
    image = clean_photo(photo) if photo is not None else None
    comment = Comment(
        key=key, object_type=object_type, object_id=object_id, place_code=place_code, by=by, text=text,
        answers=_head(answers, about), photo_alt=photo_alt, written=min(written, now + CLOCKS_DIFFER),
        received=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            comment.save()
    except IntegrityError:  # sent twice at once: the other one came first
        before = _already(by, key, about)
        if before is None:
            raise
        return before
    if image is not None:
        comment.photo.save(f"{uuid4().hex}.jpg", ContentFile(image), save=False)
        comment.photo_width, comment.photo_height = size_of_photo(image)
        comment.photo_bytes = len(image)
        comment.save(update_fields=["photo", "photo_width", "photo_height", "photo_bytes"])
    record(by=by, verb="people.commented", thing=comment, now=now, after=_state(comment))
    _tell(comment, about, now=now)
    return comment


@transaction.atomic
def change_comment(*, by: Person, key: UUID, text: str, version: int, now: datetime) -> Comment:
    """Replace the text of one's own comment, as long as nobody changed it since `version` was read.

    Raises ChangedMeanwhile with the comment as it stands; the same text again changes nothing.
    """
    comment, about = _own(by, key)
    text = clean_text(text)
    if comment.text == text:
        return comment
    if comment.version != version:
        raise ChangedMeanwhile(comment)
    before = _state(comment)
    comment.text, comment.version, comment.changed = text, version + 1, now
    comment.save(update_fields=["text", "version", "changed"])
    record(by=by, verb="people.comment_changed", thing=comment, now=now, before=before, after=_state(comment))
    _tell(comment, about, now=now, followers_too=False)
    return comment


@transaction.atomic
def withdraw_comment(*, by: Person, key: UUID, now: datetime, reason: str = "") -> Comment:
    """Take a comment back: its author, or who keeps order there. The trail keeps that it was there."""
    comment = Comment.objects.select_for_update().filter(key=key).first()
    if comment is None or not may_read(by, comment):
        raise PermissionDenied(_("Ce commentaire n'est pas là."))
    if comment.by_id != by.pk and not may(by, "people.withdraw_comment", comment):
        raise PermissionDenied(_("Seuls l'auteur et le responsable du lieu retirent un commentaire."))
    if comment.withdrawn is None:
        comment.withdrawn = now
        comment.version += 1
        comment.save(update_fields=["withdrawn", "version"])
        record(
            by=by, verb="people.comment_withdrawn", thing=comment, now=now, reason=reason[:500],
            before={"withdrawn": None}, after={"withdrawn": now.isoformat()},
        )  # fmt: skip
    return comment


@transaction.atomic
def follow(*, by: Person, about: Subject, now: datetime) -> None:
    """Be told from now on what is said of a thing."""
    if not may_read(by, about):
        raise PermissionDenied(_("Cette discussion n'est pas ouverte à votre rôle ou à vos lieux."))
    _follow(by, about, now=now)


@transaction.atomic
def unfollow(*, by: Person, about: Subject) -> None:
    """Be told no longer."""
    Subscription.objects.filter(person=by, object_type=about.object_type, object_id=about.object_id).delete()


def clean_text(text: str) -> str:
    """Return a text as it is kept, or raise ValidationError where there is none or too much of it."""
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise ValidationError(_("Écrivez quelque chose avant d'envoyer."), code="text")
    if len(text) > LONGEST:
        raise ValidationError(
            _("Ce texte a %(n)s caractères ; il en faut %(most)s au plus.") % {"n": len(text), "most": LONGEST},
            code="text",
        )  # fmt: skip
    return text


def _clean_alt(photo_alt: str, has_photo: bool) -> str:
    photo_alt = " ".join(photo_alt.replace("\x00", "").split())[:300]
    if has_photo and not photo_alt:
        raise ValidationError(
            _("Dites en une phrase ce que montre la photo, pour qui ne la voit pas."), code="photo_alt"
        )
    return photo_alt if has_photo else ""


def _subject(by: Person, object_type: str, object_id: str, place_code: str) -> Subject:
    try:
        about = subject(object_type, object_id)
    except NoSubject as error:
        raise ValidationError(_("Ce dont vous parlez n'est plus publié."), code="subject") from error
    if about.place_code != place_code:
        raise ValidationError(_("Ce dont vous parlez a changé de lieu. Rechargez la page."), code="subject")
    if not (may(by, "people.comment", about) and may_read(by, about)):
        raise PermissionDenied(_("Votre rôle ou vos lieux ne permettent pas de commenter ici."))
    return about


def _already(by: Person, key: UUID, about: Subject) -> Comment | None:
    """Return the comment of a key, if it is this writer's on this subject; another's key is refused."""
    found = Comment.objects.filter(key=key).first()
    if found is None:
        return None
    if (found.by_id, found.object_type, found.object_id) != (by.pk, about.object_type, about.object_id):
        raise ValidationError(_("Ce message porte la marque d'un autre. Écrivez-le de nouveau."), code="key")
    return found


def _head(answers: Comment | None, about: Subject) -> Comment | None:
    """Return the contribution that is answered: an answer to an answer stands under the same head."""
    if answers is None:
        return None
    if (answers.object_type, answers.object_id) != (about.object_type, about.object_id):
        raise ValidationError(
            _("La réponse et le commentaire ne parlent pas de la même chose."), code="answers"
        )
    return answers.answers or answers


def _own(by: Person, key: UUID) -> tuple[Comment, Subject]:
    comment = Comment.objects.select_for_update().filter(key=key).first()
    if comment is None or comment.by_id != by.pk:
        raise PermissionDenied(_("Seul l'auteur modifie son commentaire."))
    if comment.withdrawn is not None:
        raise ValidationError(_("Ce commentaire a été retiré ; il ne change plus."), code="state")
    return comment, _subject(by, comment.object_type, comment.object_id, comment.place_code)


def _state(comment: Comment) -> dict[str, Any]:
    return state_of(comment, "text", "photo_alt", "version") | {"photo": bool(comment.photo)}


def _follow(person: Person, about: Subject, *, now: datetime) -> None:
    Subscription.objects.get_or_create(
        person=person, object_type=about.object_type, object_id=about.object_id, defaults={"since": now}
    )


def _tell(comment: Comment, about: Subject, *, now: datetime, followers_too: bool = True) -> None:
    """Notify those named for the first time, then those who follow; nobody of their own words, nobody twice."""
    told = {comment.by_id}
    for person in named_in(comment.text, about):
        _mention, new = Mention.objects.get_or_create(comment=comment, person=person)
        if new and person.pk not in told:
            told.add(person.pk)
            _follow(person, about, now=now)
            _notify([person], "people.mentioned", comment, about, now=now)
    if followers_too:
        rest = [person for person in followers(about) if person.pk not in told]
        _notify(rest, "people.commented", comment, about, now=now)
    _follow(comment.by, about, now=now)


def _notify(
    people: Iterable[Person], sentence: str, comment: Comment, about: Subject, *, now: datetime
) -> None:
    params = {"by": str(comment.by), "about": about.name, "place_code": about.place_code}
    Notification.objects.bulk_create(
        Notification(
            person=person, sentence=sentence, params=params, at=now,
            address=f"{about.address}#commentaire-{comment.pk}",
        )
        for person in people
    )  # fmt: skip
