"""What is a form on a server, and what must every kind of server be able to answer?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

# Columns of the server that name a person or a telephone; left out unless asked for.
PERSONAL = frozenset(
    {
        "__system/submitterId", "__system/submitterName", "__system/deviceId", "__system/creatorId",
        "__system/creatorName", "_submitted_by", "username", "deviceid", "phonenumber", "subscriberid", "simserial",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form or list of entities: its code, title, version and number of answers (None if unsaid)."""

    code: str
    title: str
    version: str = ""
    answers: int | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of one table of a form: `table` is empty for the answers themselves, else the repeat's path.

    `id` identifies the row, `answer` the answer that it belongs to, `changed` when that was last changed.
    """

    table: str
    id: str
    answer: str
    changed: str
    values: Mapping[str, Any]


class Server(Protocol):
    """What the command line and the pull ask of a server."""

    name: str

    def whoami(self) -> str:
        """Return how the server calls the account; raises NotPulled where it is not let in."""

    def forms(self) -> list[Form]:
        """Return the forms that the account may read."""

    def rows(self, form: str, *, since: str = "") -> Iterator[Row]:
        """Yield rows of a form, those of answers first, changed at or after a moment (ISO, UTC)."""
