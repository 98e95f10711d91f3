"""What is wrong with evidence or with a question, where, and what can a person try?

One error for evidence that cannot be used as it is. What can be handled is handled and said in
`Evidence.notes` instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kalanso.vocabulary import Message, UnknownMessage


class EvidenceRefused(ValueError):
    """Evidence that cannot be used as it is.

    `message_id` names the sentence, `<message_id>.try` what to try (where there is such a
    sentence). `file`, `row` (as a spreadsheet counts, the heading is row 1) and `column` say where;
    `expected` and `found` what was wanted and what stood there.
    """

    def __init__(
        self,
        message_id: str,
        *,
        file: str = "",
        row: int | None = None,
        column: str = "",
        expected: object = None,
        found: object = None,
        **params: Any,
    ) -> None:
        self.message_id = message_id
        self.file = file
        self.row = row
        self.column = column
        self.params = {**params, "expected": expected, "found": _shortened(found)}
        super().__init__(message_id)

    def __str__(self) -> str:
        return self.render("en")

    def where(self, locale: str = "fr") -> str:
        """Return the file, row and column, as far as they are known."""
        parts = [("row", self.row), ("column", self.column)]
        known = [Message(f"coverage.where.{name}", {name: value}) for name, value in parts if value]
        return ", ".join(filter(None, [self.file, *(part.render(locale) for part in known)]))

    def render(self, locale: str = "fr") -> str:
        """Return where it is, what is wrong and what to try, for a person."""
        params = {
            name: value.render(locale) if isinstance(value, Message) else value
            for name, value in self.params.items()
        }
        sentences = [Message(self.message_id, params).render(locale)]
        with suppress(UnknownMessage):
            sentences.append(Message(f"{self.message_id}.try", params).render(locale))
        where = self.where(locale)
        text = " ".join(sentences)
        return (
            Message("coverage.where.sentence", {"where": where, "text": text}).render(locale)
            if where
            else text
        )


def _shortened(found: object) -> object:
    if not isinstance(found, str):
        return found
    text = " ".join(found.split())
    return text if len(text) <= 80 else text[:79] + "…"


class EstimateRefused(RuntimeError):
    """An estimate that must not be published: the draws do not support it.

    `message_id` names the sentence; `diagnostics` (plain values) say what was measured and which
    gate was missed, and are written although no table is.
    """

    def __init__(
        self, message_id: str, *, diagnostics: Mapping[str, Any] | None = None, **params: Any
    ) -> None:
        self.message_id = message_id
        self.diagnostics = dict(diagnostics or {})
        self.params = params
        super().__init__(message_id)

    def __str__(self) -> str:
        return self.render("en")

    def message(self) -> Message:
        """Return the sentence."""
        return Message(self.message_id, self.params)

    def render(self, locale: str = "fr") -> str:
        """Return the sentence for a person."""
        return self.message().render(locale)
