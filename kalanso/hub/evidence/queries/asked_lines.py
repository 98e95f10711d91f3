"""How does a page show the questions of a month: grouped by whom to ask, each with what leads to its answer?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from kalanso.definitions import Pack
from kalanso.hub.evidence.models import FindingStatus
from kalanso.hub.evidence.queries.sources import distinct_titles
from kalanso.hub.evidence.queries.worklist import KEY_SHOWN, Basis, said_of
from kalanso.hub.people.models import Person, PlaceMirror
from kalanso.hub.people.permissions import reach
from kalanso.hub.people.queries.access import today
from kalanso.hub.people.queries.persons import staff_at
from kalanso.pipeline.worklist_files import documents
from kalanso.quality import worklist as lists
from kalanso.vocabulary import Level, Message

SHOWN = 20
PEOPLE_SHOWN = 3  # to call about a place


@dataclass(frozen=True, kw_only=True)
class Line:
    """One question, and what was found and expected in a sentence.

    `row` holds the finding as the library knows it, `said` what people said last, `may_answer` whether the reader
    may say what it is.
    """

    row: Mapping[str, Any]
    question: str
    found: str
    look: tuple[str, ...]
    more: str
    said: FindingStatus | None
    may_answer: bool
    then: str  # the question that comes next on the page among the reader's own or others'; "" after the last

    @property
    def key(self) -> str:
        """Return the fingerprint of the finding."""
        return str(self.row["key"])

    @property
    def version(self) -> int:
        """Return which version of what was said the reader sees; 0 where nothing was."""
        return self.said.version if self.said else 0


@dataclass(frozen=True, kw_only=True)
class Group:
    """Everything that one person is asked: who it is, where, and the lines. `total` counts those of all pages.

    `away` says that it is asked above the place of the list: the reader hands it on. `people` are those whom the hub knows
    at the place, as far as the reader may know them.
    """

    asked: str
    place_code: str
    name: str
    total: int
    away: bool = False
    people: tuple[Person, ...] = ()
    lines: list[Line] = field(default_factory=list)


def grouped(
    rows: pd.DataFrame, basis: Basis, person: Any, pack: Pack, locale: str, place: PlaceMirror | None = None
) -> list[Group]:
    """Return lines by who is asked, in the order of the list of a place; each knows which comes next."""
    line = basis.known.lineage
    country = place is None or place.level == Level.COUNTRY.value
    near = (
        set()
        if place is None or country
        else set(line.loc[line["ancestor_code"] == place.code, "place_code"])
    )
    said, allowed = said_of(set(rows["key"])), _allowed(person, set(rows["place_code"]))
    totals = rows.groupby(["asked", "asked_place"]).size().to_dict() if len(rows) else {}
    groups: dict[tuple[str, str], Group] = {}
    people = _people(person, set(rows["asked_place"]))
    titles = distinct_titles()
    for row, then in zip(rows.to_dict("records"), _following(rows, near), strict=True):
        whom = (row["asked"], row["asked_place"])
        if whom not in groups:
            groups[whom] = Group(
                asked=Message(f"quality.asked.{row['asked']}").render(locale), place_code=row["asked_place"],
                name=basis.names.get(row["asked_place"], row["asked_place"]), total=int(totals[whom]),
                away=bool(near) and row["asked_place"] not in near, people=people.get(row["asked_place"], ()),
            )  # fmt: skip
        groups[whom].lines.append(_line(row, said, allowed, pack, locale, titles, str(then)[:KEY_SHOWN]))
    return list(groups.values())


def _following(rows: pd.DataFrame, near: set[str]) -> list[str]:
    """Return which question comes next after each: after the last that the reader asks themselves, none for others."""
    away = [bool(near) and code not in near for code in rows["asked_place"]]
    keys = list(rows["key"])
    return [
        next((keys[later] for later in range(at + 1, len(keys)) if away[later] == away[at]), "")
        for at in range(len(keys))
    ]


def _line(
    row: Mapping[Any, Any],
    said: Mapping[str, FindingStatus],
    allowed: set[str],
    pack: Pack,
    locale: str,
    titles: Mapping[str, str],
    then: str,
) -> Line:
    more = int(row["more"])
    return Line(
        row={str(name): value for name, value in row.items()},
        question=lists.question(row, pack, locale, titles),
        found=lists.finding(row, pack, locale, titles),
        look=tuple(documents(row["check"], row["indicator"], pack, locale)),
        more=Message("quality.worklist.more", {"n": more}).render(locale) if more else "",
        said=said.get(row["key"]),
        may_answer=row["place_code"] in allowed,
        then=then,
    )


def _people(person: Any, codes: set[str]) -> dict[str, tuple[Person, ...]]:
    """Return who can be called about each place: those at it, or where it is a structure without anybody, of its area."""
    above = dict(
        PlaceMirror.objects.filter(code__in=codes, level="facility").values_list("code", "parent_code")
    )
    found = staff_at(reach(person, "people.list"), codes | set(above.values()), today=today())
    return {
        code: tuple((found.get(code) or found.get(above.get(code, ""), []))[:PEOPLE_SHOWN]) for code in codes
    }


def _allowed(person: Any, codes: Iterable[str]) -> set[str]:
    """Return at which of some places somebody may say what a finding is."""
    within = reach(person, "evidence.set_finding").places()
    return set(PlaceMirror.objects.filter(within, code__in=list(codes)).values_list("code", flat=True))


def page(rows: pd.DataFrame, number: int, size: int = SHOWN) -> tuple[pd.DataFrame, int, int]:
    """Return one page of rows, its number and how many pages there are."""
    pages = max(1, -(-len(rows) // size))
    number = min(max(1, number), pages)
    return rows.iloc[(number - 1) * size : number * size], number, pages


def by_child(rows: pd.DataFrame, place: PlaceMirror | None) -> list[tuple[PlaceMirror, int]]:
    """Return the places right below one with how many questions are about each and what lies in it, most first."""
    if place is None or rows.empty:
        return []
    counts: dict[str, int] = {}
    paths = dict(PlaceMirror.objects.filter(code__in=set(rows["place_code"])).values_list("code", "path"))
    for code in rows["place_code"]:
        below = paths.get(code, "")[len(place.path) :].strip("/").split("/")[0]
        if below:
            counts[below] = counts.get(below, 0) + 1
    found = PlaceMirror.objects.filter(code__in=counts)
    return sorted(((one, counts[one.code]) for one in found), key=lambda pair: (-pair[1], pair[0].name))
