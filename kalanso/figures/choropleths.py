"""Where is a number low or high on the map?

Places with outlines, one value each, in five classes with how many places stand in each. Places
without data are hatched and explained, wide intervals hatched too. Outlines that are approximate
catchments are called so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from kalanso.figures import classes, words
from kalanso.figures.choropleth_layout import Map, compose
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require, row_at
from kalanso.figures.nothing import nothing
from kalanso.figures.outlines import read_outlines
from kalanso.figures.tables import needed

NAMED_PLACES = 10
# An interval wider than this (points of coverage; for counts, as a share of the value) is hatched.
WIDE_INTERVAL = 0.3


def choropleth(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    when: str = "",
    limits: Sequence[float] | None = None,
    attention: float = 0.8,
    relevant: str = "",
    title: str | None = None,
    total: float | None = None,
    why_empty: str = "",
) -> Figure:
    """Return the map of one value per place.

    `table` has `place` (name), `value` (share or count, null = no data) and `geometry` (outline in degrees as WKB bytes
    or hexadecimal text), and may have `low`, `high`, `kind` (published or catchment), `reason` (why there is no
    value, in the reader's language) and `grade` (confidence in the value, told in the table alone). `when` is the period code; `limits` cut the classes; `attention` is the coverage
    below which places are counted in the title; `relevant` (low or high) says which places are named: the lowest
    coverage or the highest count unless stated; `total` is the count of all together, where rounded values differ.
    """
    check_locale(locale)
    require("choropleth", table, needed("choropleth"))
    if relevant not in ("", "low", "high"):
        raise FigureRefused(f"relevant: expected low or high, got {relevant!r}")
    if table.empty or table["value"].isna().all() or table["geometry"].isna().all():
        return nothing("choropleth", subject, locale, why_empty, table)
    rows = map_rows(table)
    cuts = classes.limits(rows["value"].dropna().tolist(), subject.unit, limits)
    rows["class"] = [None if pd.isna(v) else classes.class_of(v, cuts, subject.unit) for v in rows["value"]]
    rows["wide"] = _wide(rows, subject.unit)
    first = relevant or ("low" if subject.unit == "share" else "high")
    headline = title or _headline(rows, subject, locale, attention, total)
    drawn = Map(
        rows=rows, outlines=read_outlines(rows["geometry"].tolist()), cuts=cuts, subject=subject, locale=locale,
        named=_named(rows, first == "low"),
    )  # fmt: skip
    return Figure(
        kind="choropleth",
        title=headline,
        subtitle=words.subtitle(subject, locale, words.reached(subject, when, locale)),
        caption=words.sentences([*_explanations(rows, subject, locale), *words.caveats(subject, locale)]),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, rows, cuts, subject, locale),
        table=_twin(rows, cuts, subject, locale),
        data=rows.drop(columns=["geometry"]),
        locale=locale,
        demo=subject.demo,
        compose=lambda width: compose(drawn, width),
    )


def map_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per place: value, bounds and outline where there are any, kind, and why no value."""
    rows = pd.DataFrame({"place": table["place"].astype(str), "value": pd.to_numeric(table["value"])})
    rows["geometry"] = table["geometry"].astype(object).where(table["geometry"].notna(), None)
    for bound in ("low", "high"):
        rows[bound] = pd.to_numeric(table[bound]) if bound in table else float("nan")
    rows["kind"] = table.get("kind", "published")
    rows["reason"] = table["reason"].fillna("").astype(str) if "reason" in table else ""
    rows["grade"] = table["grade"].fillna("").astype(str) if "grade" in table else ""
    return rows.reset_index(drop=True)


def _wide(rows: pd.DataFrame, unit: str) -> pd.Series:
    width = rows["high"] - rows["low"]
    return width > (WIDE_INTERVAL if unit != "count" else WIDE_INTERVAL * 2 * rows["value"].abs())


def _named(rows: pd.DataFrame, lowest_first: bool) -> list[int]:
    """Return the rows whose names stand on the map, the most relevant first."""
    shown = rows[rows["value"].notna() & rows["geometry"].notna()]
    return shown.sort_values(["value", "place"], ascending=[lowest_first, True]).index[:NAMED_PLACES].tolist()


def _headline(
    rows: pd.DataFrame, subject: Subject, locale: str, attention: float, whole: float | None = None
) -> str:
    known = rows.dropna(subset=["value"])
    lowest, highest = (row_at(known, where) for where in (known["value"].idxmin(), known["value"].idxmax()))
    low, high = (words.number(edge["value"], subject.unit, locale) for edge in (lowest, highest))
    if subject.unit == "rate":
        params = {"low_place": lowest["place"], "low": low, "high_place": highest["place"], "high": high}
        return words.placed(subject, words.say(locale, "figures.choropleth.range", **params), locale)
    if subject.unit == "share":
        below, gaps, above = int((known["value"] < attention).sum()), len(rows) - len(known), 0
        if below:
            message = "figures.choropleth.below_some" if gaps else "figures.choropleth.below"
        elif above := int((known["value"] > 1).sum()):
            message = "figures.choropleth.none_below_above"
        else:
            message = "figures.choropleth.none_below_some" if gaps else "figures.choropleth.none_below"
        counted = below or above or len(known)
        finding = words.say(
            locale, message, places=words.places(counted, subject.level, locale), total=len(rows),
            gaps=gaps, limit=attention, place=lowest["place"], value=low,
        )  # fmt: skip
        return words.placed(subject, finding, locale)
    carried = known["value"].clip(lower=0).sort_values(ascending=False).cumsum()
    total = carried.iloc[-1]
    few = int((carried < total / 2).sum()) + 1
    finding = words.say(
        locale, "figures.choropleth.half", total=total if whole is None else whole, places=words.places(few, subject.level, locale),
        of=len(known), place=highest["place"], value=high,
    )  # fmt: skip
    return words.placed(subject, finding, locale)


def _explanations(rows: pd.DataFrame, subject: Subject, locale: str) -> list[str]:
    said = []
    above = int((rows["value"] > 1).sum()) if subject.unit == "share" else 0
    if above:
        said.append(
            words.say(
                locale, "figures.choropleth.above_full", places=words.places(above, subject.level, locale)
            )
        )
    gaps = rows[rows["value"].isna()]
    if len(gaps):
        reasons = Counter(
            reason or words.say(locale, "figures.choropleth.no_reason") for reason in gaps["reason"]
        )
        listed = words.listed([f"{reason} ({count})" for reason, count in sorted(reasons.items())], locale)
        said.append(
            words.say(
                locale,
                "figures.choropleth.no_data",
                places=words.places(len(gaps), subject.level, locale),
                reasons=listed,
            )
        )
    if rows["wide"].any():
        said.append(words.say(locale, "figures.choropleth.wide"))
    lost = rows[rows["geometry"].isna() & rows["value"].notna()]
    if len(lost):
        names = [f"{row.place} ({words.number(row.value, subject.unit, locale)})" for row in each(lost)]
        said.append(words.say(locale, "figures.choropleth.no_outline", names=words.listed(names, locale)))
    if (rows["kind"] == "catchment").any():
        said.append(words.say(locale, "figures.words.catchments"))
    return said


def _alt(headline: str, rows: pd.DataFrame, cuts: Sequence[float], subject: Subject, locale: str) -> str:
    counted = Counter(int(value) for value in rows["class"].dropna())
    per_class = [
        f"{name}{words.say(locale, 'figures.words.colon')}{counted.get(index, 0)}"
        for index, name in enumerate(classes.names(cuts, subject.unit, locale))
    ]
    gaps = int(rows["value"].isna().sum())
    if gaps:
        per_class.append(
            f"{words.say(locale, 'figures.key.no_data')}{words.say(locale, 'figures.words.colon')}{gaps}"
        )
    return words.say(
        locale, "figures.choropleth.alt", title=headline.rstrip("."), classes=" ; ".join(per_class)
    )


def _twin(rows: pd.DataFrame, cuts: Sequence[float], subject: Subject, locale: str) -> pd.DataFrame:
    names = classes.names(cuts, subject.unit, locale)
    twin: list[dict[str, Any]] = []
    for row in each(rows.sort_values(["value", "place"], na_position="last")):
        line = {
            words.say(locale, "figures.heading.place"): row.place,
            subject.measure: words.number(row.value, subject.unit, locale),
        }
        if rows["low"].notna().any():
            interval = "" if pd.isna(row.low) else words.between(row.low, row.high, subject.unit, locale)
            line[words.say(locale, "figures.heading.interval")] = interval
        if rows["grade"].any():
            line[words.say(locale, "figures.heading.confidence")] = row.grade
        in_class = rows.loc[row.Index, "class"]
        line[words.say(locale, "figures.heading.class")] = "" if pd.isna(in_class) else names[int(in_class)]
        line[words.say(locale, "figures.heading.remarks")] = row.reason
        twin.append(line)
    return pd.DataFrame(twin)
