"""What do a server's analytics say, cell by cell?

Aggregated numbers by item, period and place: the way to reports due and received, and a second way to
values where raw ones may not be read. Analytics know a value only after the nightly run and only for
items that existed then; they have a limit of cells, beyond which less is asked (E7128, E7131). DHIS2
Web API manual, "Analytics"; columns are found by their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kalanso.sources.dhis2.faults import DhisFault
from kalanso.sources.dhis2.transport import Transport, mapping

ITEMS_AT_ONCE = 60


@dataclass(frozen=True, kw_only=True)
class Cells:
    """One question: items (`DE`, `DE.COC`, `DS.EXPECTED_REPORTS`) by periods by places.

    `places` are uids; with `level` the places of that level below them.
    """

    items: tuple[str, ...]
    periods: tuple[str, ...]
    places: tuple[str, ...]
    level: int = 0

    def params(self) -> list[tuple[str, str]]:
        """Return the parameters of `/api/analytics`."""
        where = [f"LEVEL-{self.level}"] if self.level else []
        return [
            ("dimension", "dx:" + ";".join(self.items)), ("dimension", "pe:" + ";".join(self.periods)),
            ("dimension", "ou:" + ";".join([*where, *self.places])), ("skipMeta", "true"),
            ("skipRounding", "true"),
        ]  # fmt: skip

    def halves(self) -> list[Cells]:
        """Return two questions that together ask the same, or nothing where it is a single cell."""
        for name in ("periods", "items", "places"):
            listed = getattr(self, name)
            if len(listed) > 1:
                middle = len(listed) // 2
                return [replace(self, **{name: part}) for part in (listed[:middle], listed[middle:])]
        return []


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One number."""

    item: str
    period: str
    place: str
    value: float


def ask(transport: Transport, cells: Cells) -> list[Cell]:
    """Return the cells that hold a number; where they are too many, in smaller questions."""
    found: list[Cell] = []
    waiting = [cells]
    while waiting:
        now = waiting.pop(0)
        try:
            found += _once(transport, now)
        except DhisFault as fault:
            smaller = now.halves() if fault.too_much else []
            if not smaller:
                raise
            waiting = smaller + waiting
    return found


def in_runs(items: Sequence[str]) -> list[tuple[str, ...]]:
    """Cut items so that an address stays short."""
    return [tuple(items[at : at + ITEMS_AT_ONCE]) for at in range(0, len(items), ITEMS_AT_ONCE)]


def _once(transport: Transport, cells: Cells) -> list[Cell]:
    answer = mapping(transport.get_json("analytics.json", cells.params()), "analytics")
    return read_cells(answer)


def read_cells(answer: Mapping[str, Any]) -> list[Cell]:
    """Return the cells of an answer; a place that was collapsed by a filter is empty."""
    headers, rows = answer.get("headers"), answer.get("rows", [])
    if not isinstance(headers, list) or not isinstance(rows, list):
        raise DhisFault("other_shape", url="analytics", found=", ".join(sorted(answer))[:80])
    at = {str(header.get("name")): n for n, header in enumerate(headers) if isinstance(header, Mapping)}
    if not {"dx", "pe", "value"} <= set(at):
        raise DhisFault("other_shape", url="analytics", found=", ".join(at)[:80])
    found = []
    for row in rows:
        try:
            found.append(
                Cell(
                    item=str(row[at["dx"]]), period=str(row[at["pe"]]),
                    place=str(row[at["ou"]]) if "ou" in at else "", value=float(row[at["value"]]),
                )
            )  # fmt: skip
        except (IndexError, ValueError, TypeError) as error:
            raise DhisFault("other_shape", url="analytics", found=str(row)[:80]) from error
    return found
