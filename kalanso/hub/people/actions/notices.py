"""How is somebody told, and how do they say what they read and what they want to be told?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.models import Notification, Person
from kalanso.hub.people.queries.notices import declared, say


@transaction.atomic
def notify(
    *, persons: Iterable[Person], sentence: str, params: Mapping[str, Any], address: str, now: datetime
) -> int:
    """Tell persons something and return how many were told.

    Each is told once, however often named; whoever left or refused this kind is not. `sentence` is an id
    that an app declared, `params` fill its blanks, `address` is a path of the hub ("" for none). Raises
    LookupError for an unknown sentence or an empty blank, ValueError for an address elsewhere.
    """
    say(sentence, params)
    if address and (not address.startswith("/") or address.startswith(("//", "/\\"))):
        raise ValueError(f"address: expected a path of the hub, got {address!r}")
    always = declared()[sentence].always
    told = {
        person.pk: person
        for person in persons
        if person.is_active and (always or sentence not in person.unwanted)
    }
    Notification.objects.bulk_create(
        [
            Notification(person=person, sentence=sentence, params=dict(params), address=address[:300], at=now)
            for person in told.values()
        ]
    )
    return len(told)


@transaction.atomic
def mark_read(*, by: Person, notification: Notification | None, now: datetime) -> int:
    """Note that a person read one notification, or all of theirs where none is given; return how many."""
    mine = Notification.objects.filter(person=by, read__isnull=True)
    if notification is not None:
        mine = mine.filter(pk=notification.pk)
    return mine.update(read=now)


@transaction.atomic
def choose(*, by: Person, unwanted: Sequence[str], wants_digest: bool, language: str) -> None:
    """Keep what a person wants to be told, by letter or not, and in which language."""
    known = {sentence for sentence, notice in declared().items() if not notice.always}
    if unknown := set(unwanted) - known:
        raise ValidationError(
            _("Ce choix n'existe pas : %(what)s.") % {"what": ", ".join(sorted(unknown))}, code="kind"
        )
    if language not in dict(settings.LANGUAGES):
        raise ValidationError(_("Cette langue n'existe pas ici."), code="language")
    person = Person.objects.select_for_update().get(pk=by.pk)
    person.unwanted, person.wants_digest, person.language = sorted(set(unwanted)), wants_digest, language
    person.save(update_fields=["unwanted", "wants_digest", "language"])


@transaction.atomic
def stop_digest(*, by: Person) -> None:
    """Send a person no weekly letter any more."""
    Person.objects.filter(pk=by.pk).update(wants_digest=False)


@transaction.atomic
def renew_feed(*, by: Person) -> None:
    """Make the person's secret feed link useless; their page shows a new one."""
    person = Person.objects.select_for_update().get(pk=by.pk)
    person.feed_edition += 1
    person.save(update_fields=["feed_edition"])
