"""Of what is each whole made up: doses by how late they came, answers by whether they worry?

One bar per row from 0 to 100 %, cut into parts in the order given. It serves coverage and timeliness of doses, and
answers on behavioural and social drivers. Rows of few children are bracketed, and those of fewer are not drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from kalanso.figures import words
from kalanso.figures.bars import ground, lay_out
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, require
from kalanso.figures.letters import width_of
from kalanso.figures.marks import Key, finished, key, texts
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import LABEL_SIZE, PAPER

# Dark to light, then a warm pair: told apart in black and white by their order.
_COLOURS: Final = ("#1d3161", "#51699f", "#b9c6e1", "#e3e8f3", "#9a5c18", "#e6c9a3")
HIDDEN_BELOW, BRACKETED_BELOW = 25, 50  # children


def share_stacks(
    table: pd.DataFrame, *, subject: Subject, locale: str = "fr", when: str = "", lead: str | None = None,
    title: str | None = None, why_empty: str = "",
) -> Figure:  # fmt: skip
    """Return one bar per row, cut into its parts.

    `table` has `label`, `part` and `value` (share of the whole row, 0 to 1; parts may leave a rest), a row per label and
    part, and may have `children` (in the denominator): below 25 a row is not drawn, below 50 its number is bracketed.
    `lead` is the part of which the title names the lowest, and whose number stands at the bar; without it, all parts together.
    """
    check_locale(locale)
    require("share_stacks", table, needed("share_stacks"))
    if table.empty:
        return nothing("share_stacks", subject, locale, why_empty, table)
    wide, children = _wide(table, lead)
    told = wide.sum(axis=1) if lead is None else wide[lead]
    shown = told[(children >= HIDDEN_BELOW) & wide.notna().all(axis=1)]
    headline = title or _headline(shown, lead, subject, locale)
    numbers = [
        _number(told[label], children[label], label in shown.index, subject, locale) for label in wide.index
    ]
    return Figure(
        kind="share_stacks",
        title=headline,
        subtitle=words.subtitle(subject, locale, words.period(when, locale) if when else ""),
        caption=words.sentences(
            [*_explanations(children, len(shown), locale), *words.caveats(subject, locale)]
        ),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, numbers, list(wide.index), locale),
        table=_twin(wide, children, list(shown.index), subject, locale),
        data=table,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(wide, list(shown.index), numbers, subject, locale, width),
    )


def _wide(table: pd.DataFrame, lead: str | None) -> tuple[pd.DataFrame, pd.Series]:
    """Return shares (labels x parts), both in the order given, and the children of each label."""
    if table.duplicated(["label", "part"]).any():
        raise FigureRefused("share_stacks: expected one value for each label and part, got two")
    parts = list(dict.fromkeys(table["part"]))
    if len(parts) > len(_COLOURS):
        raise FigureRefused(
            f"share_stacks: {len(parts)} parts are too many to tell apart (most: {len(_COLOURS)})"
        )
    if lead is not None and lead not in parts:
        raise FigureRefused(f"share_stacks: lead: expected one of {', '.join(parts)}, got {lead!r}")
    wide = table.pivot(index="label", columns="part", values="value").astype("float64")
    wide = wide.reindex(index=list(dict.fromkeys(table["label"])), columns=parts)
    if (wide < 0).any(axis=None) or (wide.sum(axis=1) > 1 + 1e-9).any():
        raise FigureRefused(
            "share_stacks: expected parts from 0 to 1 that add up to 1 at most; are they percent?"
        )
    counted = table["children"] if "children" in table else pd.Series(float("inf"), index=table.index)
    return wide, counted.groupby(table["label"]).min().reindex(wide.index)


def _headline(shown: pd.Series, lead: str | None, subject: Subject, locale: str) -> str:
    if shown.empty:
        return words.placed(subject, words.say(locale, "figures.share_stacks.all_hidden"), locale)
    told = {"label": shown.idxmin(), "value": words.number(float(shown.min()), subject.unit, locale)}
    if lead is None:
        return words.placed(subject, words.say(locale, "figures.share_stacks.lowest", **told), locale)
    return words.placed(
        subject, words.say(locale, "figures.share_stacks.lowest_part", part=lead, **told), locale
    )


def _number(value: float, children: float, shown: bool, subject: Subject, locale: str) -> str:
    if not shown:
        return words.say(locale, "figures.share_stacks.hidden")
    text = words.number(value, subject.unit, locale)
    return f"[{text}]" if children < BRACKETED_BELOW else text


def _explanations(children: pd.Series, shown: int, locale: str) -> list[str]:
    said = []
    if shown < len(children):
        said.append(words.say(locale, "figures.share_stacks.few", n=HIDDEN_BELOW))
    if ((children >= HIDDEN_BELOW) & (children < BRACKETED_BELOW)).any():
        said.append(
            words.say(locale, "figures.share_stacks.bracketed", low=HIDDEN_BELOW, high=BRACKETED_BELOW - 1)
        )
    return said


def _alt(headline: str, numbers: Sequence[str], labels: Sequence[str], locale: str) -> str:
    listed = ", ".join(f"{label} {number}" for label, number in zip(labels, numbers, strict=True))
    return words.say(
        locale, "figures.share_stacks.alt", title=headline.rstrip("."), n=len(labels), listed=listed
    )


def _twin(
    wide: pd.DataFrame, children: pd.Series, shown: list[str], subject: Subject, locale: str
) -> pd.DataFrame:
    rest = [words.say(locale, "figures.heading.row"), *wide.columns]
    twin = []
    for label, shares, asked in zip(wide.index, wide.to_numpy(dtype=float), children, strict=True):
        told = [_number(float(one), asked, label in shown, subject, locale) for one in shares]
        line = dict(zip(rest, [label, *told], strict=True))
        if asked != float("inf"):
            line[words.say(locale, "figures.heading.children_asked")] = words.number(asked, "count", locale)
        twin.append(line)
    return pd.DataFrame(twin)


def _compose(
    wide: pd.DataFrame, shown: list[str], numbers: list[str], subject: Subject, locale: str, width: int
) -> dict[str, Any]:
    right = max(width_of(number, LABEL_SIZE, bold=True) for number in numbers) + 14
    bars = lay_out(list(wide.index), 0.0, 1.0, width, right=max(right, 24))
    layers = list(ground(bars, subject.unit, locale))
    shares = wide.fillna(0.0).to_numpy(dtype=float)
    ends = shares.cumsum(axis=1)
    drawn = [at for at, label in enumerate(wide.index) if label in shown]
    for column, colour in zip(range(len(wide.columns)), _COLOURS, strict=False):
        boxes = [
            bars.bar(at, 1.0)
            | {"px": bars.x(ends[at, column] - shares[at, column]), "px2": bars.x(ends[at, column])}
            for at in drawn
            if shares[at, column] > 0
        ]
        if boxes:
            layers.append(bars.boxes(boxes, color=colour, stroke=PAPER, strokeWidth=0.8))
    said = [
        {"text": number, "px": bars.inner + 8, "py": bars.middle(at) + 4} for at, number in enumerate(numbers)
    ]
    layers.append(texts(said, fontWeight="bold"))
    keys = [
        Key(text=str(part), look="box", colour=colour)
        for part, colour in zip(wide.columns, _COLOURS, strict=False)
    ]
    legend, tall = key(keys, left=-bars.left, top=bars.height + 6, width=width)
    padding = {"left": bars.left, "right": bars.right, "top": 22, "bottom": tall + 10}
    return finished([*layers, *legend], width=bars.inner, height=bars.height, padding=padding)
