"""How does the weekly letter go out, once to each person and week?

Each letter is claimed (a row, committed) before it is sent, and noted after. A worker that dies in between
leaves a claim without a note: that letter may have gone or not, and is not tried again, since a person who
gets none this week gets its news with the next, and a person who gets two trusts neither. A mail server
that refuses gives the claim back. Should a server say "no" after it took the letter, a second one goes out
with the same Message-ID, which mail programs show once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction

from kalanso.hub.people.models import Digest, Notification, Person
from kalanso.hub.people.queries.letters import Letter, letter_to, week_of

Send = Callable[[EmailMultiAlternatives], Any]


def send_letter(*, person: Person, now: datetime, send: Send | None = None) -> bool:
    """Send a person the letter of the week and return whether one went out; call it outside a transaction.

    Raises what the mail server raised (OSError, SMTPException), after giving the claim back.
    """
    letter = letter_to(person, now=now)
    if letter is None or not _claim(person, now):
        return False
    message = _message(person, letter, week_of(now))
    try:
        (send or EmailMultiAlternatives.send)(message)
    except Exception:
        Digest.objects.filter(person=person, week=week_of(now), sent__isnull=True).delete()
        raise
    _note(person, letter, now)
    return True


def _claim(person: Person, now: datetime) -> bool:
    if Digest.objects.filter(person=person, week=week_of(now)).exists():
        return False
    try:
        with transaction.atomic():
            Digest.objects.create(person=person, week=week_of(now), claimed=now)
    except IntegrityError:  # another worker was faster
        return False
    return True


@transaction.atomic
def _note(person: Person, letter: Letter, now: datetime) -> None:
    Digest.objects.filter(person=person, week=week_of(now)).update(sent=now)
    Notification.objects.filter(pk__in=letter.told).update(mailed=now)


def _message(person: Person, letter: Letter, week: str) -> EmailMultiAlternatives:
    house = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        to=[str(person.email)],
        headers={
            "Message-ID": f"<digest-{person.pk}-{week}@{house}>",
            "List-Unsubscribe": f"<{letter.stop}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(letter.html, "text/html")
    return message
