"""What would the first rows of a sheet say, and what is published now for the same place, month and count?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from kalanso.hub.evidence.models import Upload
from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries.doubts import product_named
from kalanso.hub.evidence.queries.uploads import language, place_names
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.store import NotVisible
from kalanso.vocabulary import format_value

# What makes two rows speak of the same number, within one source.
SAME = tuple(name for name in OBSERVATIONS.key if name != "source")


@dataclass(frozen=True)
class FirstRow:
    """A row as it would stand; `named` is what the file calls the place where that differs.

    `value` and `before` are numbers as people read them, empty where none is told.
    """

    place: str
    named: str
    period: str
    indicator: str
    product: str
    age: str
    value: str
    before: str

    @property
    def changes(self) -> bool:
        """Whether a number that is published now would become another."""
        return bool(self.before) and self.before != self.value


@dataclass(frozen=True)
class FirstRows:
    """The first rows of a sheet, and how many there are beyond them."""

    rows: tuple[FirstRow, ...]
    beyond: int


def first_rows(upload: Upload) -> FirstRows:
    """Return the first rows of the newest dry run; what is published now is read as the reader may see it."""
    if not upload.first_rows_path.is_file():
        return FirstRows(rows=(), beyond=0)
    told = json.loads(upload.first_rows_path.read_text(encoding="utf-8"))
    rows = told["rows"]
    standing = _standing(upload, rows) if upload.state in Upload.OPEN else {}
    names, pack, words = place_names({row["place_code"] for row in rows}), published.pack(), language()
    found = []
    for row in rows:
        place = names.get(row["place_code"], row["place_code"])
        others = [name for name in row["names"] if name.casefold() != place.casefold()]
        age = row["age_band"]
        found.append(
            FirstRow(
                place=place, named=", ".join(others), period=row["period"], indicator=row["indicator"],
                product=product_named(row["product"]),
                age="" if age == "all" else pack.name(f"age_band.{age}", words),
                value=_number(row["value"]), before=_number(standing.get(_key(row))),
            )
        )  # fmt: skip
    return FirstRows(rows=tuple(found), beyond=max(0, told["total"] - len(rows)))


def _standing(upload: Upload, rows: list[dict[str, Any]]) -> dict[tuple[str, ...], float | None]:
    """Return the numbers that stand now under the same source for these places and periods."""
    codes, periods = ({row[name] for row in rows} for name in ("place_code", "period"))
    try:
        now = published.rows_of_places(
            OBSERVATIONS,
            codes,
            lambda t: t.filter((t.source == upload.source) & t.period.isin(sorted(periods))).select(
                *SAME, "value"
            ),
        )
    except NotVisible:
        return {}
    return {_key(row): row["value"] for row in now}


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in SAME)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return format_value(value, "count" if value == int(value) else "decimal", language())
