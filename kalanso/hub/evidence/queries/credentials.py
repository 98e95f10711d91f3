"""How is what opens a server sealed and opened, and which records does the newest key not open yet?"""

from __future__ import annotations

from kalanso.hub.evidence.models import ConnectionSecret
from kalanso.hub.people.queries import sealing
from kalanso.hub.people.queries.sealing import (
    CannotOpen,
    NoKey,
    Sealing,
    keys_are_set,
    seal,
    sealed_anew,
    unseal,
)


def sealed() -> list[str]:
    """Return what is sealed of every connection."""
    return list(ConnectionSecret.objects.values_list("sealed", flat=True))


def standing() -> Sealing:
    """Return how sealed records of connections stand."""
    return sealing.standing(sealed())


__all__ = [
    "CannotOpen",
    "NoKey",
    "Sealing",
    "keys_are_set",
    "seal",
    "sealed",
    "sealed_anew",
    "standing",
    "unseal",
]
