"""What became of every row or value that a reader met?

Nothing is dropped silently: what was read is stored, skipped with a reason (a heading, a blank
line, a note), or rejected with a reason. Stored values that look doubtful are counted too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from kalanso.vocabulary import Message


class ReceiptDoesNotAddUp(AssertionError):
    """A reader lost count of what it read."""


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """One refused row or value: where it stood, why, what was found, what was expected."""

    reason: str
    row: int
    sheet: str = ""
    column: str = ""
    found: str | None = None
    expected: str | None = None

    def message(self, file: str) -> Message:
        """Return the sentence that tells a person."""
        return Message(
            self.reason,
            {
                "file": f"{file} › {self.sheet}" if self.sheet else file, "sheet": self.sheet, "row": self.row, "column": self.column,
                "found": self.found, "expected": self.expected,
            },
        )  # fmt: skip


@dataclass(kw_only=True)
class Receipt:
    """The count of one import; `unit` says whether rows or single values were counted.

    Reasons are message ids such as `sources.rejected.not_a_number`. `notes` carries what a person
    should know about the whole file.
    """

    reader: str
    file_name: str
    unit: str = "rows"
    read: int = 0
    stored: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    rejections: list[Rejection] = field(default_factory=list)
    rejected_beyond_list: Counter[str] = field(default_factory=Counter)
    suspicious: Counter[str] = field(default_factory=Counter)
    notes: list[Message] = field(default_factory=list)

    @property
    def rejected(self) -> Counter[str]:
        """How many were rejected, by reason."""
        return Counter(r.reason for r in self.rejections) + self.rejected_beyond_list

    def check(self) -> None:
        """Raise ReceiptDoesNotAddUp unless read = stored + skipped + rejected."""
        accounted = self.stored + self.skipped.total() + self.rejected.total()
        if accounted != self.read:
            raise ReceiptDoesNotAddUp(
                f"{self.file_name}: {self.read} {self.unit} read, but {self.stored} stored, "
                f"{self.skipped.total()} skipped and {self.rejected.total()} rejected"
            )

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as plain values, for JSON."""
        return {
            "reader": self.reader,
            "file": self.file_name,
            "unit": self.unit,
            "read": self.read,
            "stored": self.stored,
            "skipped": dict(self.skipped),
            "rejected": dict(self.rejected),
            "suspicious": dict(self.suspicious),
            "notes": [{"id": note.id, "params": dict(note.params)} for note in self.notes],
        }
