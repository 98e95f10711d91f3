"""How are secrets sealed and opened, and which sealed ones does the newest key not open yet?

Sealed with Fernet (AES and HMAC) under keys of the settings, the newest first; any key of the list opens. What
is opened goes to the work that needs it alone, never into a page, a log or a job.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class NoKey(LookupError):
    """The settings name no key."""


class CannotOpen(ValueError):
    """No key of the settings opens what was sealed."""


def keys_are_set() -> bool:
    """Whether anything can be sealed at all."""
    return bool(settings.KALANSO_CREDENTIAL_KEYS)


def _keys() -> MultiFernet:
    if not keys_are_set():
        raise NoKey
    return MultiFernet([Fernet(key) for key in settings.KALANSO_CREDENTIAL_KEYS])


def seal(words: Mapping[str, str]) -> str:
    """Return words sealed with the newest key. Raises NoKey."""
    return _keys().encrypt(json.dumps(dict(words)).encode()).decode()


def unseal(sealed: str) -> dict[str, str]:
    """Return what was sealed. Raises NoKey or CannotOpen."""
    try:
        told: dict[str, str] = json.loads(_keys().decrypt(sealed.encode()))
    except InvalidToken as error:
        raise CannotOpen from error
    return told


def sealed_anew(sealed: str) -> str:
    """Return the same words sealed with the newest key. Raises NoKey or CannotOpen."""
    try:
        return _keys().rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise CannotOpen from error


@dataclass(frozen=True)
class Sealing:
    """How sealed records stand: how many there are, are still under an older key, and are opened by none."""

    keys: int
    all: int
    older: int
    lost: int


def standing(records: Sequence[str]) -> Sealing:
    """Return how sealed records stand."""
    keys = settings.KALANSO_CREDENTIAL_KEYS
    newest = sum(_opens(Fernet(keys[0]), one) for one in records) if keys else 0
    opened = sum(_opens(_keys(), one) for one in records) if keys else 0
    return Sealing(keys=len(keys), all=len(records), older=opened - newest, lost=len(records) - opened)


def _opens(keys: Fernet | MultiFernet, sealed: str) -> bool:
    try:
        keys.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True
