"""What may somebody say of a question, in the words of its status?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from kalanso.hub.evidence.models import FindingStatus
from kalanso.quality.tables import OF_SILENCE

Status = FindingStatus.Status
# What is asked beside an answer, and whether words are needed.
ASKS: Mapping[str, tuple[Any, bool]] = {
    Status.EXPLAINED: (gettext_lazy("Le nombre est juste, voici ce qui l'explique"), True),
    Status.NO_ERROR: (gettext_lazy("L'alerte se trompe, voici pourquoi"), True),
    Status.PLACE_CLOSED: (gettext_lazy("Depuis quand, et pourquoi ? (facultatif)"), False),
    Status.NOT_VACCINATING: (gettext_lazy("Depuis quand, et où vont les enfants ? (facultatif)"), False),
}
OF_PLACES = ("quality.silence.stopped", "quality.silence.never")  # a place is silent, and may be closed


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer as a form offers it: its status and the word for it, what is asked beside, whether words are needed."""

    status: str
    label: str
    asks: str = ""
    needs: bool = False


def answers(row: Mapping[str, Any], said: FindingStatus | None) -> list[Answer]:
    """Return what may be said of a finding: of a silent place what became of it, of a number what it is."""
    offered = [Status.KNOWN] if said is None else []
    if row["message"] in OF_PLACES:
        offered = [Status(one) for one in OF_SILENCE] + offered + [Status.NO_ERROR]
    else:
        offered += [Status.EXPLAINED, Status.CORRECTED, Status.NO_ERROR]
    return [
        Answer(
            status=one.value, label=str(one.label),
            asks=str(ASKS[one][0]) if one in ASKS else "", needs=ASKS[one][1] if one in ASKS else False,
        )
        for one in offered
        if said is None or said.status != one.value
    ]  # fmt: skip
