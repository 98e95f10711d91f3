"""What is wrong with a file, where in it, and what can a person try?

A fault of the whole file stops the import before anything is stored. A fault of one row or value
is a `Rejection` on the receipt and does not stop anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kalanso.vocabulary import Message, UnknownMessage

FOUND_LETTERS = 80  # a quotation longer than this hides the sentence around it


class BadFile(ValueError):
    """A file that cannot be read as what it claims to be.

    `message_id` names the sentence; the sentence `<message_id>.try` says what to try, unless `hint`
    names another one. `file`, `sheet`, `row` (from 1) and `column` (letter or heading) say where.
    `expected` is a text or a Message; `found` what stood there. Other parameters fill the sentence.
    """

    def __init__(
        self,
        message_id: str,
        *,
        file: str | Path,
        sheet: str = "",
        row: int | None = None,
        column: str = "",
        expected: Message | object = None,
        found: object = None,
        hint: str = "",
        **params: Any,
    ) -> None:
        self.message_id = message_id
        self.file = Path(file).name
        self.sheet = sheet
        self.row = row
        self.column = column
        self.expected = expected
        self.found = None if found is None else shortened(found)
        self.hint = hint or f"{message_id}.try"
        self.params = params
        super().__init__(message_id)

    def __str__(self) -> str:
        return self.render("en")

    def message(self, locale: str = "fr") -> Message:
        """Return the sentence without the place, its parameters in plain values."""
        expected = self.expected
        known = {
            "file": self.file, "sheet": self.sheet, "row": self.row, "column": self.column,
            "expected": expected.render(locale) if isinstance(expected, Message) else expected,
            "found": self.found,
        }  # fmt: skip
        return Message(self.message_id, {**known, **self.params})

    def where(self, locale: str = "fr") -> str:
        """Return the file, sheet, row and column, as far as they are known."""
        parts = [("sheet", self.sheet), ("row", self.row), ("column", self.column)]
        known = [Message(f"sources.where.{name}", {name: value}) for name, value in parts if value]
        return ", ".join([self.file, *(part.render(locale) for part in known)])

    def render(self, locale: str = "fr") -> str:
        """Return where it is, what is wrong and what to try, for a person."""
        message = self.message(locale)
        sentences = [message.render(locale)]
        try:
            sentences.append(Message(self.hint, message.params).render(locale))
        except UnknownMessage:
            if self.hint != f"{self.message_id}.try":
                raise
        params = {"where": self.where(locale), "sentence": " ".join(sentences)}
        return Message("sources.where.sentence", params).render(locale)


def shortened(found: object) -> str:
    """Return a text that can be quoted in one line."""
    text = " ".join(str(found).split())
    return text if len(text) <= FOUND_LETTERS else text[: FOUND_LETTERS - 1] + "…"
