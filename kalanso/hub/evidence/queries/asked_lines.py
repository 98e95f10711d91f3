"""How does a page show the questions of a month: grouped by whom to ask, each with what leads to its answer?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

import pandas as pd
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.definitions import Pack
from kalanso.hub.evidence.models import FindingStatus
from kalanso.hub.evidence.queries.answers import OF_PLACES, Answer, answers
from kalanso.hub.evidence.queries.calls import Call, calls, told
from kalanso.hub.evidence.queries.findings import FINDING
from kalanso.hub.evidence.queries.sources import distinct_titles
from kalanso.hub.evidence.queries.worklist import KEY_SHOWN, Basis, said_of
from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.permissions import reach
from kalanso.hub.people.queries.access import access_of, today
from kalanso.hub.people.queries.discussion import numbers
from kalanso.pipeline.worklist_files import documents, others, owing, steps
from kalanso.quality import worklist as lists
from kalanso.quality.missing_reports import OF_REPORTS
from kalanso.vocabulary import Level, Message

SHOWN = 20
STRUCTURES_SHOWN, STRUCTURES_FOLDED = (
    3,
    40,
)  # of those whose reports a question asks for; all stand in the files
OTHERS_SHOWN = 2

Whom = tuple[str, str, bool]  # who is asked, at which place, whether without a call to others


@dataclass(frozen=True, kw_only=True)
class Owing:
    """A structure whose reports lack: in words with how many months, and whom to call there."""

    says: str
    call: Call | None


@dataclass(frozen=True, kw_only=True)
class Passing:
    """How a question is passed on to who must answer it: to whom in the hub, and as a text to send.

    `telling` counts those who would be told in the hub, `closed` says that the place is under a flag, so that no
    text of it leaves the hub. `text` names no person.
    """

    to: str
    telling: int
    closed: bool
    text: str

    @property
    def whatsapp(self) -> str:
        """Return the address that opens WhatsApp with the text."""
        return f"https://wa.me/?text={quote(self.text)}"

    @property
    def letter(self) -> str:
        """Return the address that opens a letter with the text."""
        return f"mailto:?subject={quote(_('Question sur les données'))}&body={quote(self.text)}"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One question, and what was found and expected in a sentence.

    `row` holds the finding as the library knows it, `said` what people said last, `may_answer` whether the reader
    may say what it is. `steps` are asked after the question, each with its papers; `structures` owe the reports that it asks
    for, `call` is whom to call about the place where it is another than that which is asked; `others` are the numbers and
    periods for which the answer holds too.
    """

    row: Mapping[str, Any]
    question: str
    found: str
    look: tuple[str, ...]
    steps: list[tuple[str, list[str]]]
    structures: tuple[Owing, ...]
    others: list[str]
    call: Call | None
    passing: Passing | None
    said: FindingStatus | None
    may_answer: bool
    talked: int  # contributions to its discussion
    then: str  # the question that comes next on the page among the reader's own or others'; "" after the last

    @property
    def key(self) -> str:
        """Return the fingerprint of the finding."""
        return str(self.row["key"])

    @property
    def answers(self) -> list[Answer]:
        """Return what may be said of it."""
        return answers(self.row, self.said)

    @property
    def silent(self) -> bool:
        """Whether it asks what became of a silent place."""
        return self.row["message"] in OF_PLACES

    @property
    def children(self) -> int:
        """Return how many children hang on it; 0 where none do or nobody knows, and nothing is said."""
        return 0 if pd.isna(self.row["children"]) else int(self.row["children"])

    @property
    def first(self) -> tuple[Owing, ...]:
        """Return the structures that are named at once."""
        return self.structures[:STRUCTURES_SHOWN]

    @property
    def rest(self) -> tuple[Owing, ...]:
        """Return the structures that are folded away."""
        return self.structures[STRUCTURES_SHOWN:STRUCTURES_FOLDED]

    @property
    def left_out(self) -> int:
        """Return how many structures stand in the files alone."""
        return max(0, len(self.structures) - STRUCTURES_FOLDED)

    @property
    def unnamed(self) -> bool:
        """Whether the question asks for reports, and the source does not tell whose."""
        return bool(self.row["message"] in OF_REPORTS) and not self.structures

    @property
    def also(self) -> str:
        """Return the first numbers for which the answer holds too, in words."""
        return ", ".join(self.others[:OTHERS_SHOWN])

    @property
    def query(self) -> str:
        """Return the query of the list of findings that holds the others too."""
        return urlencode({"lieu": self.row["place_code"], "controle": self.row["check"]})

    @property
    def version(self) -> int:
        """Return which version of what was said the reader sees; 0 where nothing was."""
        return self.said.version if self.said else 0


@dataclass(frozen=True, kw_only=True)
class Group:
    """Everything that one person is asked: who it is, where, and the lines. `total` counts those of all pages.

    `away` says that it is asked above the place of the list: the reader hands it on. `call` is whom to call at the place, as far
    as the reader may know them. `alone` says of the reader's own post that its papers answer, without a call to others.
    """

    asked: str
    place_code: str
    name: str
    total: int
    away: bool = False
    alone: bool = True
    call: Call | None = None
    lines: list[Line] = field(default_factory=list)


def grouped(
    rows: pd.DataFrame,
    basis: Basis,
    person: Any,
    pack: Pack,
    locale: str,
    place: PlaceMirror | None = None,
    root: str = "",
    whole: pd.DataFrame | None = None,
) -> list[Group]:
    """Return lines by who is asked, in the order of the list of a place; each knows which comes next.

    What the reader's own post answers from its papers stands apart from that for which it must call others. `root` is the address
    of the hub, for the texts by which a question is passed on; `whole` are the rows of all pages, where `rows` are one of them.
    """
    line = basis.known.lineage
    country = place is None or place.level == Level.COUNTRY.value
    near = (
        set()
        if place is None or country
        else set(line.loc[line["ancestor_code"] == place.code, "place_code"])
    )
    table = _Table(rows, basis, person, pack, locale, root)
    every = rows if whole is None else whole
    totals = Counter(_whom(every, table.home))
    whoms = _whom(rows, table.home)
    order = {whom: number for number, whom in enumerate(dict.fromkeys(whoms))}
    ordered = rows.iloc[whoms.map(order).astype(int).argsort(kind="stable")] if len(rows) else rows
    groups: dict[Whom, Group] = {}
    following = _following(ordered, near)
    for row, whom, then in zip(ordered.to_dict("records"), whoms.loc[ordered.index], following, strict=True):
        if whom not in groups:
            groups[whom] = Group(
                asked=Message(f"quality.asked.{row['asked']}").render(locale), place_code=row["asked_place"],
                name=basis.names.get(row["asked_place"], row["asked_place"]), total=int(totals[whom]), alone=whom[2],
                away=bool(near) and row["asked_place"] not in near, call=table.calls.get(row["asked_place"]),
            )  # fmt: skip
        groups[whom].lines.append(table.line(row, str(then)[:KEY_SHOWN]))
    return list(groups.values())


def _whom(rows: pd.DataFrame, home: Collection[str]) -> pd.Series:
    """Return by whom each row is answered: who is asked, where, and at the reader's own posts whether without a call."""
    found = [
        (
            row.asked,
            row.asked_place,
            row.asked_place not in home or (row.place_code == row.asked_place and not row.structures),
        )
        for row in rows.itertuples()
    ]
    return pd.Series(found, index=rows.index, dtype=object)


def unreachable(groups: Iterable[Group]) -> list[Call]:
    """Return the places that some questions would call and where nobody is known whom to call, each once, by name."""
    found: dict[str, Call] = {}
    for group in groups:
        called = [] if group.call is None or group.call.own else [group.call]
        for line in group.lines:
            called += [line.call] if line.call else []
            called += [one.call for one in line.structures if one.call]
        found |= {one.place_code: one for one in called if one.nobody and not one.own and not one.above}
    return sorted(found.values(), key=lambda one: one.name)


def _following(rows: pd.DataFrame, near: set[str]) -> list[str]:
    """Return which question comes next after each: after the last that the reader asks themselves, none for others."""
    away = [bool(near) and code not in near for code in rows["asked_place"]]
    keys = list(rows["key"])
    return [
        next((keys[later] for later in range(at + 1, len(keys)) if away[later] == away[at]), "")
        for at in range(len(keys))
    ]


class _Table:
    """What the lines of one page need to know of people and places, asked once for all of them."""

    def __init__(
        self, rows: pd.DataFrame, basis: Basis, person: Any, pack: Pack, locale: str, root: str
    ) -> None:
        self.rows, self.basis, self.person = rows, basis, person
        self.pack, self.locale, self.root = pack, locale, root
        self.titles = distinct_titles()
        self.said = said_of(set(rows["key"]))
        self.talked = numbers(person, FINDING, set(rows["key"]))
        self.allowed = _allowed(person, set(rows["place_code"]))
        self.home = {one.place_code for one in access_of(person).memberships if one.place_code}

    @cached_property
    def calls(self) -> dict[str, Call]:
        """Whom to call about each place that is asked, or that a question is about."""
        named = {code for row in self.rows["structures"] for code, _months in row[:STRUCTURES_FOLDED]}
        found = calls(self.person, {*self.rows["asked_place"], *self.rows["place_code"], *named})
        # Who is told there is no secret, though their names are: else the page would say that nobody has an account.
        hidden = [code for code, one in found.items() if one.nobody and self.telling.get(code)]
        return found | {code: replace(found[code], unnamed=self.telling[code]) for code in hidden}

    @cached_property
    def telling(self) -> dict[str, int]:
        """How many people would be told at each place that is asked."""
        found = told(self.person, set(self.rows["asked_place"]), today=today())
        return {code: len(people) for code, people in found.items()}

    @cached_property
    def flagged(self) -> set[str]:
        """The places under a flag among those of the questions."""
        codes = set(self.rows["place_code"])
        return set(PlaceMirror.objects.filter(code__in=codes, flagged=True).values_list("code", flat=True))

    def line(self, row: Mapping[Any, Any], then: str) -> Line:
        """Return one line."""
        other = row["place_code"] != row["asked_place"]
        asked = lists.question(row, self.pack, self.locale, self.titles)
        said = owing(row, self.basis.names, self.locale)
        codes = [code for code, _months in row["structures"]]
        return Line(
            row={str(name): value for name, value in row.items()}, question=asked,
            found=lists.finding(row, self.pack, self.locale, self.titles),
            look=tuple(documents(row["check"], row["indicator"], self.pack, self.locale)),
            steps=steps(row["check"], self.pack, self.locale),
            structures=tuple(Owing(says=text, call=self.calls.get(code)) for text, code in zip(said, codes, strict=True)),
            others=others(row, self.pack, self.locale),
            call=self.calls.get(row["place_code"]) if other else None,
            passing=self._passing(row, asked), said=self.said.get(row["key"]),
            may_answer=row["place_code"] in self.allowed, talked=self.talked.get(row["key"], 0), then=then,
        )  # fmt: skip

    def _passing(self, row: Mapping[Any, Any], asked: str) -> Passing | None:
        """Return how to pass a question on; None where it is asked of the reader's own post, or not theirs to pass on."""
        post = self.calls.get(row["asked_place"])
        if (post is not None and post.own) or row["place_code"] not in self.allowed:
            return None
        look = ", ".join(documents(row["check"], row["indicator"], self.pack, self.locale))
        where = self.root.rstrip("/") + reverse("finding", args=[row["key"]])
        text = _("Question sur les données : %(asked)s\nÀ ouvrir : %(look)s\nRépondre ici : %(where)s") % {
            "asked": asked, "look": look, "where": where,
        }  # fmt: skip
        return Passing(
            to=self.basis.names.get(row["asked_place"], row["asked_place"]), text=text,
            telling=self.telling.get(row["asked_place"], 0), closed=row["place_code"] in self.flagged,
        )  # fmt: skip


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
