"""What in the hub's own records grows too old to serve, and is removed?"""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction

from kalanso.hub.people.models import Invitation

LINKS_KEPT = timedelta(days=1)  # links themselves serve half an hour
INVITATIONS_KEPT = timedelta(days=90)


@transaction.atomic
def end_old_sessions(*, now: datetime) -> int:
    """Remove sessions that have run out, with their lines in people's lists of devices."""
    gone = Session.objects.filter(expire_date__lt=now).delete()[0]
    living = Session.objects.values("session_key")
    UserSession.objects.exclude(session_key__in=living).delete()
    return gone


def remove_used_links(*, now: datetime) -> int:
    """Remove the marks of one-time links that are too old to serve anyway."""
    folder, gone = settings.KALANSO_DATA / "links", 0
    for mark in folder.iterdir() if folder.is_dir() else ():
        if now.timestamp() - mark.stat().st_mtime > LINKS_KEPT.total_seconds():
            mark.unlink(missing_ok=True)
            gone += 1
    return gone


@transaction.atomic
def remove_dead_invitations(*, now: datetime) -> int:
    """Remove invitations that nobody accepted and that serve no more; the trail keeps that they were sent."""
    dead = Invitation.objects.filter(accepted_by__isnull=True, expires__lt=now - INVITATIONS_KEPT)
    return dead.delete()[0]
