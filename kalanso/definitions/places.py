"""Which country is this, and what are the rungs of its trees called?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kalanso.definitions.entries import Entry
from kalanso.vocabulary import Level, Tree


@dataclass(frozen=True, kw_only=True)
class Country:
    """A country: ISO code, names, time zone, currency (ISO 4217) and languages, the first one leading.

    `calling_code` stands before its telephone numbers abroad, such as "+223" ("" where unknown);
    `phone_digits` is how many digits a number has without it (0 where unknown).
    """

    code: str
    name: Mapping[str, str]
    time_zone: str
    currency: str
    languages: tuple[str, ...]
    calling_code: str = ""
    phone_digits: int = 0


@dataclass(frozen=True, kw_only=True)
class LevelDefinition:
    """What one rung of one tree is called; `seat` is the office or facility that runs it."""

    tree: Tree
    level: Level
    name: Mapping[str, str]
    plural: Mapping[str, str]
    seat: str


def read_country(value: Any, file: str) -> Country:
    """Return the country that `country.yaml` describes."""
    entry = Entry(value, file=file, key="country")
    country = Country(
        code=entry.text("code"),
        name=entry.both("name"),
        time_zone=entry.text("time_zone"),
        currency=entry.text("currency"),
        languages=entry.texts("languages"),
        calling_code=entry.text("calling_code", default=""),
        phone_digits=int(entry.number("phone_digits")) if entry.has("phone_digits") else 0,
    )
    if country.calling_code and not re.fullmatch(r"\+[1-9]\d{0,2}", country.calling_code):
        raise entry.fault("calling_code", 'a calling code such as "+223"')
    try:
        ZoneInfo(country.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise entry.fault("time_zone", "a time zone such as Africa/Bamako") from error
    if not country.languages:
        raise entry.fault("languages", "at least one language")
    entry.done()
    return country


def read_levels(value: Any, file: str) -> tuple[LevelDefinition, ...]:
    """Return the rungs of both trees, each tree from the country downwards."""
    trees = Entry(value, file=file, key="levels")
    found: list[LevelDefinition] = []
    for tree in Tree:
        entry = Entry(trees.raw(tree, "name and levels of this tree"), file=file, key=tree)
        entry.both("name")
        rungs = [_level(row, tree, file) for row in entry.raw("levels", "a list of levels")]
        depths = [rung.level.depth for rung in rungs]
        if depths != sorted(set(depths)) or not rungs or rungs[0].level is not Level.COUNTRY:
            raise entry.fault("levels", "levels from the country downwards, each once")
        found.extend(rungs)
        entry.done()
    trees.done()
    return tuple(found)


def _level(value: Any, tree: Tree, file: str) -> LevelDefinition:
    entry = Entry(value, file=file, key=f"{tree}.levels")
    rung = LevelDefinition(
        tree=tree,
        level=Level(entry.text("level", one_of=[level.value for level in Level])),
        name=entry.both("name"),
        plural=entry.both("plural"),
        seat=entry.text("seat"),
    )
    entry.done()
    return rung
