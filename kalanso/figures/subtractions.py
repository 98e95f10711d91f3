"""How many children did subtraction miss, and where does subtraction fail?

Expected children minus doses, by place, as bars on both sides of zero. Below zero the subtraction
has failed: more doses than expected children. Estimates that repair this belong to other packages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from kalanso.figures import words
from kalanso.figures.bars import Bars, ground, lay_out, upright
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require
from kalanso.figures.letters import width_of
from kalanso.figures.marks import Key, finished, key, texts
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import ACCENT, ATTENTION, HATCH_NEGATIVE, INK, LABEL_SIZE


def missed_children(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    when: str = "",
    most: int = 40,
    title: str | None = None,
    why_empty: str = "",
) -> Figure:
    """Return missed children by place, negative numbers included, the most missed first.

    `table` has `place` and either `value` (expected children minus doses) or `target` and `doses`.
    `subject.unit` must be count. Of more than `most` places the highest and the lowest are drawn, and
    the rest is counted in the caption.
    """
    check_locale(locale)
    if subject.unit != "count":
        raise FigureRefused("missed_children: expected subject.unit count, since children are counted")
    require(
        "missed_children",
        table,
        [*needed("missed_children"), *([] if "value" in table else ["target", "doses"])],
    )
    if table.empty:
        return nothing("missed_children", subject, locale, why_empty, table)
    rows = _rows(table)
    known = rows.dropna(subset=["value"])
    if known.empty:
        return nothing("missed_children", subject, locale, why_empty, table)
    headline = title or _headline(known, subject, locale)
    shown = _shown(known, most)
    caption = [*_explanations(rows, known, shown, subject, locale), *words.caveats(subject, locale)]
    return Figure(
        kind="missed_children",
        title=headline,
        subtitle=words.subtitle(subject, locale, words.reached(subject, when, locale)),
        caption=words.sentences(caption),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, known, locale),
        table=_twin(rows, subject, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(shown, locale, width),
    )


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    rows = pd.DataFrame({"place": table["place"].astype(str)})
    for name in ("target", "doses"):
        if name in table:
            rows[name] = pd.to_numeric(table[name])
    rows["value"] = pd.to_numeric(table["value"]) if "value" in table else rows["target"] - rows["doses"]
    return rows.sort_values(["value", "place"], ascending=[False, True], na_position="last").reset_index(
        drop=True
    )


def _shown(known: pd.DataFrame, most: int) -> pd.DataFrame:
    if len(known) <= most:
        return known
    top = most - most // 3
    return pd.concat([known.head(top), known.tail(most - top)])


def _headline(known: pd.DataFrame, subject: Subject, locale: str) -> str:
    missed, negative = known[known["value"] > 0], int((known["value"] < 0).sum())
    params = {
        "n": int(missed["value"].sum()), "places": words.places(len(missed), subject.level, locale),
        "failed": words.places(negative, subject.level, locale),
    }  # fmt: skip
    if negative and len(missed):
        finding = words.say(locale, "figures.missed_children.both", **params)
    elif negative:
        finding = words.say(locale, "figures.missed_children.only_negative", failed=params["failed"])
    else:
        finding = words.say(
            locale, "figures.missed_children.only_missed", n=params["n"], places=params["places"]
        )
    return words.placed(subject, finding, locale)


def _explanations(
    rows: pd.DataFrame, known: pd.DataFrame, shown: pd.DataFrame, subject: Subject, locale: str
) -> list[str]:
    said = [words.say(locale, "figures.missed_children.how")]
    if (known["value"] < 0).any():
        surplus = -int(known.loc[known["value"] < 0, "value"].sum())
        said.append(words.say(locale, "figures.missed_children.why_negative", n=surplus))
    if len(shown) < len(known):
        rest = words.places(len(known) - len(shown), subject.level, locale)
        said.append(words.say(locale, "figures.missed_children.rest", places=rest))
    gaps = rows[rows["value"].isna()]
    if len(gaps):
        said.append(
            words.say(
                locale, "figures.ranked_bars.no_data", names=words.listed(gaps["place"].tolist(), locale)
            )
        )
    return said


def _alt(headline: str, known: pd.DataFrame, locale: str) -> str:
    first, last = each(known)[0], each(known)[-1]
    return words.say(
        locale, "figures.missed_children.alt", title=headline.rstrip("."), highest=first.place,
        high=words.number(first.value, "count", locale), lowest=last.place, low=words.number(last.value, "count", locale),
    )  # fmt: skip


def _twin(rows: pd.DataFrame, subject: Subject, locale: str) -> pd.DataFrame:
    twin = []
    for row in each(rows):
        line = {words.say(locale, "figures.heading.place"): row.place}
        if "target" in rows and "doses" in rows:
            line[words.say(locale, "figures.heading.target")] = words.number(row.target, "count", locale)
            line[words.say(locale, "figures.heading.doses")] = words.number(row.doses, "count", locale)
        line[subject.measure] = words.number(row.value, "count", locale)
        failed = not pd.isna(row.value) and row.value < 0
        line[words.say(locale, "figures.heading.remarks")] = (
            words.say(locale, "figures.flag.surplus") if failed else ""
        )
        twin.append(line)
    return pd.DataFrame(twin)


def _compose(shown: pd.DataFrame, locale: str, width: int) -> dict[str, Any]:
    rows = each(shown)
    labels = [words.number(row.value, "count", locale) for row in rows]
    low, high = min(float(shown["value"].min()), 0.0), max(float(shown["value"].max()), 0.0)
    room = max(width_of(label, LABEL_SIZE, bold=True) for label in labels) + 8
    # Negative bars carry their number at their left, so the axis reaches a little further there.
    span = max(high - low, 1.0)
    below = low - span * room / max(width * 0.5, 1) if low < 0 else 0.0
    bars = lay_out([row.place for row in rows], below, max(high, span * 0.02), width, right=room + 4)
    layers = [*ground(bars, "count", locale), *_drawn(bars, rows, labels)]
    layers.append(upright([{"px": bars.x(0), "py1": 0, "py2": bars.height}], color=INK))
    legend, tall = key(_keys(rows, locale), left=-bars.left, top=bars.height + 6, width=width)
    padding = {"left": bars.left, "right": bars.right, "top": 22, "bottom": tall + 10}
    return finished([*layers, *legend], width=bars.inner, height=bars.height, padding=padding)


def _drawn(bars: Bars, rows: Sequence[Any], labels: Sequence[str]) -> list[alt.Chart]:
    sides = ((False, ACCENT, "left", 6), (True, HATCH_NEGATIVE, "right", -6))
    layers = []
    for failed, colour, align, gap in sides:
        chosen = [(i, row) for i, row in enumerate(rows) if (row.value < 0) is failed]
        if chosen:
            look = {"stroke": ATTENTION, "strokeWidth": 1} if align == "right" else {}
            layers.append(bars.boxes([bars.bar(i, row.value) for i, row in chosen], color=colour, **look))
            told = [
                {"text": labels[i], "px": bars.x(row.value) + gap, "py": bars.middle(i) + 4}
                for i, row in chosen
            ]
            tone = ATTENTION if align == "right" else INK
            layers.append(texts(told, halo=True, align=align, fontWeight="bold", color=tone))
    return layers


def _keys(rows: Sequence[Any], locale: str) -> list[Key]:
    items = []
    if any(row.value > 0 for row in rows):
        items.append(
            Key(text=words.say(locale, "figures.missed_children.key_missed"), look="box", colour=ACCENT)
        )
    if any(row.value < 0 for row in rows):
        items.append(
            Key(
                text=words.say(locale, "figures.missed_children.key_negative"),
                look="box",
                colour=HATCH_NEGATIVE,
            )
        )
    return items
