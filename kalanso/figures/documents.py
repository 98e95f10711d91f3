"""What does a report consist of, before it becomes PDF or Word?

Headings, paragraphs, lists, tables and figures in reading order, in one language. `typeset` makes PDF of
them, `word_pages` a Word file; what a report says is written by the report itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from kalanso.figures.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading: level 1 for a chapter, 2 for a section."""

    text: str
    level: int = 1


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A paragraph; `small` for methods and notes."""

    text: str
    small: bool = False


@dataclass(frozen=True, kw_only=True)
class Bullets:
    """A list of short sentences."""

    items: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table: headings, rows of texts, and how wide each column is against the others.

    `numbers` are the columns set to the right. `tones` colours cells by (row, column): `bad`, `fair`,
    `good`; a tone never says what the text does not.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    numbers: frozenset[int] = frozenset()
    tones: dict[tuple[int, int], str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure with its words."""

    figure: Figure


Block: TypeAlias = Heading | Paragraph | Bullets | Grid | Picture


@dataclass(frozen=True, kw_only=True)
class Document:
    """A report in one language: title, line below it, blocks, and what stands at the foot of each page."""

    title: str
    subtitle: str
    locale: str
    blocks: Sequence[Block]
    foot: str
    demo: bool = False
