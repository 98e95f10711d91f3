"""How do two people who write the same record at once learn of one another?

A record that both had read counts its changes; whoever saw an earlier count is told to read again.
"""

from __future__ import annotations

from typing import Protocol

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction


class Counted(Protocol):
    """A record that counts its changes."""

    version: int

    def save(self) -> None:
        """Write the record."""


def refuse_stale(held: Counted | None, version: int, told: str) -> None:
    """Raise ValidationError with a sentence where a record is no longer what somebody had read (0: none yet)."""
    if (held.version if held else 0) != version:
        raise ValidationError(told, code="version")


def save_next(held: Counted, told: str) -> None:
    """Write the next version; raises ValidationError where two people wrote the first one at the same moment."""
    held.version += 1
    try:
        with transaction.atomic():
            held.save()
    except IntegrityError as error:
        raise ValidationError(told, code="version") from error
