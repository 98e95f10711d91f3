"""How far has a verb come, and should it stop?

Every verb takes `progress`, which hears a message id and the share done from 0 to 1, and `cancel`,
which is asked between steps. How progress looks belongs to the command line and to the hub.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from kalanso.vocabulary import Message

Progress: TypeAlias = Callable[[str, float], None]
Cancel: TypeAlias = Callable[[], bool]


class Cancelled(RuntimeError):
    """Somebody asked the verb to stop; what was published before stays valid."""

    def __init__(self, message_id: str = "pipeline.cancelled") -> None:
        self.message_id = message_id
        super().__init__(self.render("en"))

    def render(self, locale: str = "fr") -> str:
        """Return the sentence for a person."""
        return Message(self.message_id).render(locale)


def quiet(_step: str, _share: float) -> None:
    """Tell nobody."""


def never() -> bool:
    """Do not stop."""
    return False


def step(progress: Progress, cancel: Cancel, message_id: str, share: float) -> None:
    """Announce the next step, or raise Cancelled where somebody asked to stop."""
    if cancel():
        raise Cancelled
    progress(message_id, share)
