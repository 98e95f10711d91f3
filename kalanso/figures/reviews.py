"""Of what does a quarterly review consist, before it becomes pages, slides or the sheet of a district?

Texts in one language, and numbers that each lead to where they are shown: a snapshot of a published table, or the page
of a record. Whoever gathers a review says what stands in it; how it looks is decided in `review_pages`,
`review_slides` and `district_sheets`. Importing this loads nothing that draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Linked:
    """A text, and the address at which it is shown; "" where it is shown nowhere."""

    text: str
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A number with its label; `beside` is its interval, or of how many it is."""

    label: str
    value: Linked
    beside: str = ""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A table whose cells lead somewhere; `more` says what is not listed, `note` how it is to be read.

    `widths` are how wide columns are against one another, `numbers` the columns that are set to the right.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Linked]]
    widths: Sequence[float]
    numbers: frozenset[int] = frozenset()
    note: str = ""
    more: str = ""

    @property
    def labelled(self) -> list[list[tuple[str, Linked]]]:
        """The rows, each cell with the heading of its column."""
        return [list(zip(self.headings, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A figure that is still to be drawn: the job of `kalanso.figures.render`; `shown` is what a page shows of it already."""

    job: Mapping[str, Any]
    shown: Any = None


@dataclass(frozen=True, kw_only=True)
class Section:
    """One question of a review: `message` answers it in a sentence, the rest supports it.

    `told` are further sentences; `notes` say how the numbers came about and what they are not; `sources` are the
    snapshots or records on which they rest.
    """

    name: str
    title: str
    message: str
    facts: Sequence[Fact] = ()
    told: Sequence[Linked] = ()
    listings: Sequence[Listing] = ()
    drawings: Sequence[Drawing] = ()
    notes: Sequence[str] = ()
    sources: Sequence[Linked] = ()


@dataclass(frozen=True, kw_only=True)
class Review:
    """A review in one language: `marks` are what must be read first (DÉMO, draft), `built` the moment of its numbers."""

    title: str
    subtitle: str
    locale: str
    built: str
    page: Linked
    sections: Sequence[Section]
    marks: Sequence[str] = ()
    demo: bool = False


def placed(review: Review, base: str) -> Review:
    """Return a review whose addresses begin with the address of the hub, so that they lead there from any file."""

    def whole(one: Linked) -> Linked:
        return replace(one, address=f"{base}{one.address}") if one.address.startswith("/") else one

    def of_section(one: Section) -> Section:
        return replace(
            one,
            facts=tuple(replace(fact, value=whole(fact.value)) for fact in one.facts),
            told=tuple(whole(line) for line in one.told),
            listings=tuple(
                replace(table, rows=tuple(tuple(whole(cell) for cell in row) for row in table.rows)) for table in one.listings
            ),
            sources=tuple(whole(source) for source in one.sources),
        )  # fmt: skip

    return replace(review, page=whole(review.page), sections=tuple(map(of_section, review.sections)))


def texts(review: Review) -> Iterator[str]:
    """Yield every text of a review but those inside of drawings, to be searched for what must not stand there."""
    yield from (review.title, review.subtitle, review.built, *review.marks)
    for one in review.sections:
        yield from (one.title, one.message, *one.notes)
        for fact in one.facts:
            yield from (fact.label, fact.value.text, fact.beside)
        yield from (line.text for line in (*one.told, *one.sources))
        for table in one.listings:
            yield from (table.title, table.note, table.more, *table.headings)
            yield from (cell.text for row in table.rows for cell in row)
