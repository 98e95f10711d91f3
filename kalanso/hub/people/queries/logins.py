"""How does the login page find a person, and what does it admit?

Settings name these classes; allauth calls them.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

from kalanso.hub.people.queries.persons import person_named


class ByNameNumberOrAddress(AuthenticationBackend):
    """Find a person by user name, telephone number or e-mail address."""

    def _authenticate_by_username(self, username: str, password: str) -> Any:
        return self._check_password(person_named(username), password) if username else None


class Admission(DefaultAccountAdapter):
    """Accounts come by invitation only."""

    def is_open_for_signup(self, request: Any) -> bool:
        """Nobody signs up by themselves."""
        return False


class OtherHouses(DefaultSocialAccountAdapter):
    """Somebody known elsewhere (OIDC) enters where an account with their verified address stands ready."""

    def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:
        """A stranger of another house is no account here."""
        return False


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
