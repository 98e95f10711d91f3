"""How is nobody's change lost where two people change one record?"""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

Kept = TypeVar("Kept", bound=models.Model)


class ChangedMeanwhile(ValidationError):
    """Somebody changed the record since it was read."""

    def __init__(self) -> None:
        told = _("Quelqu'un a changé cette fiche pendant que vous écriviez. Rechargez la page et reprenez.")
        super().__init__(told, code="version")


def held(kind: type[Kept], one: Kept, version: int) -> Kept:
    """Return a record as it stands, which nobody else changes meanwhile; call it in a transaction.

    Raises ChangedMeanwhile unless it stands at the version that was read.
    """
    rows: Any = kind._default_manager
    kept: Any = rows.select_for_update(of=("self",)).get(pk=one.pk)
    if kept.version != version:
        raise ChangedMeanwhile
    return kept  # type: ignore[no-any-return]
