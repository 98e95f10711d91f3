"""Under which secret do identifiers of a study's children stay the same?"""

from __future__ import annotations

from kalanso.hub.people.queries import sealing
from kalanso.hub.studies.models import Round, RoundSalt


def salt_of(one: Round) -> str:
    """Return the secret of a study; for its analysis alone. Raises NoKey, CannotOpen, RoundSalt.DoesNotExist."""
    return sealing.unseal(RoundSalt.objects.get(round=one).sealed)["salt"]


def sealed() -> list[str]:
    """Return what is sealed of every study."""
    return list(RoundSalt.objects.values_list("sealed", flat=True))
