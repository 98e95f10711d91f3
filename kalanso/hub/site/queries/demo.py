"""How does a newcomer enter a simulated country, and try its second proof without a telephone?

Everything here answers on this computer and in a simulated country only.
"""

from __future__ import annotations

from allauth.account.internal.stagekit import get_pending_stage
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from kalanso.hub.explore.queries import shelf
from kalanso.hub.site import queries

SECONDS = 30  # how long a code stands


def may_enter_as(request: HttpRequest, username: str) -> bool:
    """Say whether somebody may enter as a simulated person: on this computer, in a simulated country."""
    here = request.META.get("HTTP_HOST", "").rsplit(":", 1)[0] in settings.HERE_ONLY
    simulated = settings.KALANSO_STORE is not None and shelf.current().store.demo
    return here and simulated and username in queries.demo_usernames()


def asked_for_codes(usernames: frozenset[str]) -> frozenset[str]:
    """Return which of some people have a second proof."""
    found = Authenticator.objects.filter(type=Authenticator.Type.TOTP, user__username__in=usernames)
    return frozenset(found.values_list("user__username", flat=True))


def on_the_page_of_codes(request: HttpRequest) -> dict[str, str]:
    """Return what the page that asks for a code says more in a simulated country."""
    match = getattr(request, "resolver_match", None)
    return {"shown_code": code_shown(request)} if match and match.url_name == "mfa_authenticate" else {}


def code_shown(request: HttpRequest) -> str:
    """Return the code that the telephone of a simulated person would show now; nothing for anybody else.

    Only of who is being entered as: the first step of a login must have been taken in this session.
    """
    stage = get_pending_stage(request)
    person = stage.login.user if stage else None
    if person is None or not may_enter_as(request, person.username):
        return ""
    sealed = Authenticator.objects.filter(type=Authenticator.Type.TOTP, user=person).first()
    if sealed is None:
        return ""
    try:
        secret = decrypt(sealed.data["secret"])
    except InvalidToken:  # sealed by a key that is gone
        return ""
    return str(format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // SECONDS)))
