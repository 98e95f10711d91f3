"""On whose evidence does the estimate of each place rest?

A whole bar per place, cut into what its surveys say, what its doses and populations say, and what is
borrowed from elsewhere; the places that borrow most stand first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from kalanso.figures import words
from kalanso.figures.bars import ground, lay_out
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require
from kalanso.figures.letters import width_of
from kalanso.figures.marks import Key, finished, key, texts
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import ACCENT, HATCH_NO_DATA, LABEL_SIZE, SEQUENTIAL

PARTS: Final = ("survey", "routine", "borrowed")
_TONES: Final = {"survey": ACCENT, "routine": SEQUENTIAL[2], "borrowed": HATCH_NO_DATA}
THIN: Final = 0.3  # own evidence below which an estimate rests mostly on other places


def evidence_shares(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    most: int = 25,
    title: str | None = None,
    why_empty: str = "",
) -> Figure:
    """Return bars of shares, the places with least evidence of their own first.

    `table` has `place`, `survey`, `routine` and `borrowed`: shares that add up to 1.
    """
    check_locale(locale)
    require("evidence_shares", table, needed("evidence_shares"))
    if table.empty:
        return nothing("evidence_shares", subject, locale, why_empty, table)
    rows = pd.DataFrame(
        {"place": table["place"].astype(str)} | {name: pd.to_numeric(table[name]) for name in PARTS}
    )
    total = rows[list(PARTS)].sum(axis=1)
    if (
        rows[list(PARTS)].isna().any().any()
        or (rows[list(PARTS)] < 0).any().any()
        or ((total - 1).abs() > 0.02).any()
    ):
        raise FigureRefused("evidence_shares: expected shares of 0 or more that add up to 1 in every row")
    rows["own"] = 1 - rows["borrowed"]
    rows = rows.sort_values(["own", "place"]).reset_index(drop=True)
    headline = title or _headline(rows, subject, locale)
    return Figure(
        kind="evidence_shares",
        title=headline,
        subtitle=words.subtitle(subject, locale, ""),
        caption=words.sentences(
            [*_explanations(rows, most, subject, locale), *words.caveats(subject, locale)]
        ),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, rows, locale),
        table=_twin(rows, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(rows.head(most), locale, width),
    )


def _headline(rows: pd.DataFrame, subject: Subject, locale: str) -> str:
    thin = int((rows["own"] < THIN).sum())
    if not thin:
        every = words.places(len(rows), subject.level, locale)
        return words.placed(
            subject, words.say(locale, "figures.evidence_shares.none", places=every, limit=THIN), locale
        )
    finding = words.say(
        locale, "figures.evidence_shares.thin", places=words.places(thin, subject.level, locale), total=len(rows),
        limit=THIN,
    )  # fmt: skip
    return words.placed(subject, finding, locale)


def _explanations(rows: pd.DataFrame, most: int, subject: Subject, locale: str) -> list[str]:
    said = [words.say(locale, "figures.evidence_shares.explain")]
    if len(rows) > most:
        rest = words.places(len(rows) - most, subject.level, locale)
        said.append(words.say(locale, "figures.ranked_bars.rest", places=rest))
    return said


def _alt(headline: str, rows: pd.DataFrame, locale: str) -> str:
    told = [f"{row.place} {words.number(row.own, 'rate', locale)}" for row in each(rows.head(5))]
    return words.say(
        locale, "figures.evidence_shares.alt", title=headline.rstrip("."), n=len(rows), listed=", ".join(told)
    )


def _twin(rows: pd.DataFrame, locale: str) -> pd.DataFrame:
    headings = {name: words.say(locale, f"figures.evidence_shares.part_{name}") for name in PARTS}
    place = words.say(locale, "figures.heading.place")
    return pd.DataFrame([
        {place: row.place} | {headings[name]: words.number(getattr(row, name), "rate", locale) for name in PARTS}
        for row in each(rows)
    ])  # fmt: skip


def _compose(shown: pd.DataFrame, locale: str, width: int) -> dict[str, Any]:
    found = each(shown)
    labels = [words.number(row.own, "rate", locale) for row in found]
    right = max(width_of(label, LABEL_SIZE, bold=True) for label in labels) + 14
    bars = lay_out([row.place for row in found], 0.0, 1.0, width, right=right)
    layers = ground(bars, "rate", locale)
    for index, name in enumerate(PARTS):
        boxes = []
        for i, row in enumerate(found):
            before = sum(getattr(row, part) for part in PARTS[:index])
            box = bars.bar(i, before + getattr(row, name))
            boxes.append(box | {"px": bars.x(before)})
        layers.append(bars.boxes([box for box in boxes if box["px2"] > box["px"]], color=_TONES[name]))
    told = [{"text": label, "px": bars.inner + 7, "py": bars.middle(i) + 4} for i, label in enumerate(labels)]
    layers.append(texts(told, fontWeight="bold"))
    legend, tall = key(_keys(locale), left=-bars.left, top=bars.height + 6, width=width)
    padding = {"left": bars.left, "right": bars.right, "top": 22, "bottom": tall + 10}
    return finished([*layers, *legend], width=bars.inner, height=bars.height, padding=padding)


def _keys(locale: str) -> Sequence[Key]:
    return [
        Key(text=words.say(locale, f"figures.evidence_shares.part_{name}"), look="box", colour=_TONES[name])
        for name in PARTS
    ]
