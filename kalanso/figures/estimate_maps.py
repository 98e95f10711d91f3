"""Where is coverage surely low, and where do we not know?

Maps of what a posterior alone can say: the chance that coverage lies under a threshold, and the
width of its interval. Coverage and missed children themselves are drawn by `choropleths`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import pandas as pd

from kalanso.figures import classes, words
from kalanso.figures.choropleth_layout import Map, compose
from kalanso.figures.choropleths import map_rows
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require, row_at
from kalanso.figures.nothing import nothing
from kalanso.figures.outlines import read_outlines
from kalanso.figures.tables import needed

NAMED_PLACES: Final = 10
# Chances at which a class ends: nearly surely not, unlikely, open, likely, nearly surely.
CHANCES: Final = (0.1, 0.4, 0.6, 0.9)
WIDTHS: Final = (0.1, 0.2, 0.3, 0.4)
TOO_WIDE: Final = 0.3  # the width from which `choropleths` hatches too
_CUTS: Final = {"chance": CHANCES, "width": WIDTHS}


def estimate_map(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    show: str = "chance",
    threshold: float = 0.8,
    when: str = "",
    title: str | None = None,
    why_empty: str = "",
) -> Figure:
    """Return the map of a chance (`show="chance"`) or of the width of an interval (`show="width"`).

    `table` has `place`, `value` (0 to 1: the chance that coverage lies under `threshold`, or the width
    in points of coverage) and `geometry`, and may have `low`, `high` (the interval of coverage), `kind`,
    `reason` and `grade`.
    """
    check_locale(locale)
    require("estimate_map", table, needed("estimate_map"))
    if show not in _CUTS:
        raise FigureRefused(f"show: expected chance or width, got {show!r}")
    if table.empty or table["value"].isna().all() or table["geometry"].isna().all():
        return nothing("estimate_map", subject, locale, why_empty, table)
    if not table["value"].dropna().between(0, 1).all():
        raise FigureRefused("estimate_map: value: expected numbers from 0 to 1")
    rows, cuts = map_rows(table).assign(wide=False), _CUTS[show]
    rows["class"] = [None if pd.isna(v) else classes.class_of(v, cuts, "rate") for v in rows["value"]]
    names = class_names(show, locale)
    headline = title or _headline(rows, show, threshold, subject, locale)
    drawn = Map(
        rows=rows, outlines=read_outlines(rows["geometry"].tolist()), cuts=cuts, subject=subject,
        locale=locale, named=_named(rows), class_names=names,
    )  # fmt: skip
    return Figure(
        kind="estimate_map",
        title=headline,
        subtitle=words.subtitle(subject, locale, words.reached(subject, when, locale)),
        caption=words.sentences(
            [*_explanations(rows, show, subject, locale), *words.caveats(subject, locale)]
        ),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, rows, names, locale),
        table=_twin(rows, show, names, subject, locale),
        data=rows.drop(columns=["geometry"]),
        locale=locale,
        demo=subject.demo,
        compose=lambda width: compose(drawn, width),
    )


def class_names(show: str, locale: str) -> list[str]:
    """Return what each class is called: chances out of ten, or points of coverage."""
    if show == "chance":
        cuts = [round(10 * cut) for cut in CHANCES]
        middle = [
            words.say(locale, "figures.estimate_map.chances", low=low, high=high)
            for low, high in pairwise(cuts)
        ]
        first = words.say(locale, "figures.estimate_map.chances_below", high=cuts[0])
        return [first, *middle, words.say(locale, "figures.estimate_map.chances_from", low=cuts[-1])]
    cuts = [round(100 * cut) for cut in WIDTHS]
    middle = [
        words.say(locale, "figures.estimate_map.points", low=low, high=high) for low, high in pairwise(cuts)
    ]
    first = words.say(locale, "figures.estimate_map.points_below", high=cuts[0])
    return [first, *middle, words.say(locale, "figures.estimate_map.points_from", low=cuts[-1])]


def _named(rows: pd.DataFrame) -> list[int]:
    shown = rows[rows["value"].notna() & rows["geometry"].notna()]
    return shown.sort_values(["value", "place"], ascending=[False, True]).index[:NAMED_PLACES].tolist()


def _headline(rows: pd.DataFrame, show: str, threshold: float, subject: Subject, locale: str) -> str:
    known = rows.dropna(subset=["value"])
    total, level = len(known), subject.level
    if show == "chance":
        sure = int((known["value"] >= CHANCES[-1]).sum())
        open_ = int(known["value"].between(CHANCES[0], CHANCES[-1], inclusive="left").sum())
        message = "figures.estimate_map.sure" if sure else "figures.estimate_map.none_sure"
        finding = words.say(
            locale, message, places=words.places(sure, level, locale), total=total,
            limit=threshold, unsure=open_,
        )  # fmt: skip
        return words.placed(subject, finding, locale)
    widest = row_at(known, known["value"].idxmax())
    wide = int((known["value"] > TOO_WIDE).sum())
    finding = words.say(
        locale, "figures.estimate_map.width", places=words.places(wide, level, locale), total=total,
        points=round(100 * TOO_WIDE), place=widest["place"], widest=round(100 * widest["value"]),
    )  # fmt: skip
    return words.placed(subject, finding, locale)


def _explanations(rows: pd.DataFrame, show: str, subject: Subject, locale: str) -> list[str]:
    said = [words.say(locale, f"figures.estimate_map.explain_{show}")]
    gaps = rows[rows["value"].isna()]
    if len(gaps):
        reasons = Counter(
            reason or words.say(locale, "figures.choropleth.no_reason") for reason in gaps["reason"]
        )
        listed = words.listed([f"{reason} ({count})" for reason, count in sorted(reasons.items())], locale)
        named = words.places(len(gaps), subject.level, locale)
        said.append(words.say(locale, "figures.choropleth.no_data", places=named, reasons=listed))
    lost = rows[rows["geometry"].isna() & rows["value"].notna()]
    if len(lost):
        names = words.listed(lost["place"].tolist(), locale)
        said.append(words.say(locale, "figures.choropleth.no_outline", names=names))
    if (rows["kind"] == "catchment").any():
        said.append(words.say(locale, "figures.words.catchments"))
    return said


def _alt(headline: str, rows: pd.DataFrame, names: Sequence[str], locale: str) -> str:
    counted = Counter(int(value) for value in rows["class"].dropna())
    colon = words.say(locale, "figures.words.colon")
    told = [f"{name}{colon}{counted.get(index, 0)}" for index, name in enumerate(names)]
    return words.say(locale, "figures.choropleth.alt", title=headline.rstrip("."), classes=" ; ".join(told))


def _twin(rows: pd.DataFrame, show: str, names: Sequence[str], subject: Subject, locale: str) -> pd.DataFrame:
    twin: list[dict[str, Any]] = []
    for row in each(rows.sort_values(["value", "place"], ascending=[False, True], na_position="last")):
        line = {words.say(locale, "figures.heading.place"): row.place}
        line[subject.measure] = words.number(row.value, "rate", locale)
        if show == "width" and not pd.isna(row.value):
            line[subject.measure] = words.say(
                locale, "figures.estimate_map.width_of", n=round(100 * row.value)
            )
        if rows["low"].notna().any():
            interval = "" if pd.isna(row.low) else words.between(row.low, row.high, "share", locale)
            line[words.say(locale, "figures.heading.interval")] = interval
        if rows["grade"].any():
            line[words.say(locale, "figures.heading.confidence")] = row.grade
        in_class = rows.loc[row.Index, "class"]
        line[words.say(locale, "figures.heading.class")] = "" if pd.isna(in_class) else names[int(in_class)]
        line[words.say(locale, "figures.heading.remarks")] = row.reason
        twin.append(line)
    return pd.DataFrame(twin)
