"""What is wrong with a list, a tree or an outline, and what could be tried?

One error for the whole package: a sentence in both languages with its parameters. Doubts that do
not stop the work are rows of a table, not errors.
"""

from __future__ import annotations

from typing import Any

from kalanso.vocabulary import Message


class PlacesRefused(ValueError):
    """Input that cannot be used as it is.

    `message_id` names a sentence of this package; `params` say file, row, column, what was
    expected, what was found and what to try, as far as they are known.
    """

    def __init__(self, message_id: str, **params: Any) -> None:
        self.message_id = message_id
        self.params = params
        super().__init__(self.render("en"))

    def render(self, locale: str = "fr") -> str:
        """Return the sentence for a person."""
        return Message(self.message_id, self.params).render(locale)
