"""How does the login page find a person, and what does it admit?

Settings name these classes; allauth calls them.
"""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from kalanso.hub.people.queries.every_page import person_of
from kalanso.hub.people.queries.persons import normal_phone, person_named

JUST_NOW = 300  # seconds


class ByNameNumberOrAddress(AuthenticationBackend):
    """Find a person by user name, telephone number or e-mail address."""

    def _authenticate_by_username(self, username: str, password: str) -> Any:
        return self._check_password(person_named(username), password) if username else None

    def get_user(self, user_id: Any) -> Any:
        """Return who a session belongs to; nobody whose account is closed."""
        person = person_of(user_id)
        return person if person is not None and self.user_can_authenticate(person) else None


class Admission(DefaultAccountAdapter):
    """Accounts come by invitation only."""

    def is_open_for_signup(self, request: Any) -> bool:
        """Nobody signs up by themselves."""
        return False

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Ask for the password again before what matters, but not of who has just typed it."""
        if not super().is_reauthentication_required(app=app):
            return False
        request = context.request
        records = get_authentication_records(request, request.user)
        since = time.time() - JUST_NOW
        return not any(one["at"] > since and one["method"] != "mfa" for one in records)

    def _get_login_attempts_cache_key(self, request: Any, **credentials: Any) -> str:
        """Count wrong passwords by whom they were tried on: another spelling of a number is no new chance."""
        text = str(credentials.get("username") or credentials.get("email") or "").strip().lower()
        return f"login:{normal_phone(text) or text}"


class OtherHouses(DefaultSocialAccountAdapter):
    """Somebody known elsewhere (OIDC) enters where an account with their verified address stands ready."""

    def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:
        """A stranger of another house is no account here."""
        return False

    def authenticate_by_email(self, sociallogin: Any) -> Any:
        """Return the open account with an address that the other house has verified."""
        found = super().authenticate_by_email(sociallogin)
        return found if found and found[0].is_active else None

    def pre_social_login(self, request: Any, sociallogin: Any) -> None:
        """Say that an old password stops serving; join no account of another house but one's own.

        At the first entry by an address that was never proven here, allauth wipes the password and ends other
        sessions, since whoever prepared the account may know it.
        """
        if sociallogin.state.get("process") == "connect":
            proven = {one.email.lower() for one in sociallogin.email_addresses if one.verified}
            if not request.user.is_authenticated or (request.user.email or "").lower() not in proven:
                raise PermissionDenied(
                    _("Ce compte de l'autre maison n'a pas votre adresse e-mail vérifiée.")
                )
        address = getattr(sociallogin, "_did_authenticate_by_email", None)
        known = EmailAddress.objects.filter(user_id=sociallogin.user.pk, email__iexact=address, verified=True)
        if address and sociallogin.user.has_usable_password() and not known.exists():
            messages.warning(
                request,
                _("Votre ancien mot de passe ne sert plus : vous entrez désormais par l'autre maison."),
            )


class Sealed(DefaultMFAAdapter):
    """Second proofs are encrypted at rest; keys rotate by putting a new one first."""

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a sealed secret, with whichever key sealed it."""
        return _keys().decrypt(encrypted_text.encode()).decode()


def _keys() -> MultiFernet:
    """Return the keys derived from the site's secrets, the newest first."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"seal:{secret}".encode()).digest()))
            for secret in secrets
        ]
    )
