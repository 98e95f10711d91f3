"""What became of every row of an evidence folder?

Counts rows read, used, set aside and handled, by reason, and turns each reason into one sentence
with the first row that it concerns. Nothing is dropped silently.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kalanso.vocabulary import Message


@dataclass
class TableReceipt:
    """Rows of one file: read, used, set aside by reason, and changed by reason (`handled`)."""

    read: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    handled: Counter[str] = field(default_factory=Counter)

    @property
    def used(self) -> int:
        """Rows that reached the evidence, changed ones included."""
        return self.read - self.set_aside.total()

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "read": self.read,
            "used": self.used,
            "set_aside": dict(sorted(self.set_aside.items())),
            "handled": dict(sorted(self.handled.items())),
        }


@dataclass
class Receipt:
    """The receipts of all files of one folder, and the sentences about them."""

    tables: dict[str, TableReceipt] = field(default_factory=dict)
    notes: list[Message] = field(default_factory=list)

    def of(self, table: str) -> TableReceipt:
        """Return the receipt of one table."""
        return self.tables.setdefault(table, TableReceipt())

    def set_aside(self, table: str, reason: str, rows: Any, **params: Any) -> None:
        """Remember rows that are not used, and say why (`rows`: their numbers in the file)."""
        self._count(self.of(table).set_aside, table, reason, rows, params)

    def handled(self, table: str, reason: str, rows: Any, **params: Any) -> None:
        """Remember rows that are used after a change, and say which."""
        self._count(self.of(table).handled, table, reason, rows, params)

    def _count(
        self, counts: Counter[str], table: str, reason: str, rows: Any, params: dict[str, Any]
    ) -> None:
        numbers = np.asarray(rows).ravel()
        if not len(numbers):
            return
        counts[reason] += len(numbers)
        first = int(numbers.min())
        self.say(reason, n=len(numbers), file=f"{table}.csv", row=first, **params)

    def say(self, reason: str, **params: Any) -> None:
        """Add a sentence that belongs to no row."""
        self.notes.append(Message(f"coverage.folder.{reason}", params))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values by table."""
        return {name: receipt.as_dict() for name, receipt in sorted(self.tables.items())}
