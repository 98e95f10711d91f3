"""In which places and periods is a number low, high, provisional or missing?

A grid of places by periods in five classes, for patterns over many places that lines would hide.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from kalanso.figures import classes, words
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require, row_at
from kalanso.figures.heat_grid_layout import Grid, compose
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.vocabulary import Period

MOST_PLACES = 120
MOST_PERIODS = 60
# From this share of missing cells on, the title speaks of gaps rather than of levels.
MANY_GAPS = 0.1


def heat_grid(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    limits: Sequence[float] | None = None,
    attention: float = 0.8,
    title: str | None = None,
    why_empty: str = "",
) -> Figure:
    """Return a grid of places (rows, in the order given) by periods (columns).

    `table` has `place` (name), `period` (DHIS2 code, one type) and `value`, and may have
    `provisional`. A pair of place and period without a row counts as missing.
    """
    check_locale(locale)
    require("heat_grid", table, needed("heat_grid"))
    if table.empty or table["value"].notna().sum() == 0:
        return nothing("heat_grid", subject, locale, why_empty, table)
    cells, places, periods = _cells(table)
    cuts = classes.limits(cells["value"].dropna().tolist(), subject.unit, limits)
    cells["rank"] = [None if pd.isna(v) else classes.class_of(v, cuts, subject.unit) for v in cells["value"]]
    headline = title or _headline(cells, subject, locale, attention)
    grid = Grid(cells=cells, places=places, periods=periods, cuts=cuts, subject=subject, locale=locale)
    return Figure(
        kind="heat_grid",
        title=headline,
        subtitle=words.subtitle(subject, locale, words.span(periods[0], periods[-1], locale)),
        caption=words.sentences(words.caveats(subject, locale)),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, cells, cuts, subject, locale),
        table=_twin(cells, places, periods, subject, locale),
        data=cells.drop(columns=["rank"]),
        locale=locale,
        demo=subject.demo,
        compose=lambda width: compose(grid, width),
    )


def _cells(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str], tuple[Period, ...]]:
    rows = pd.DataFrame({"place": table["place"].astype(str), "value": pd.to_numeric(table["value"])})
    rows["period"] = [Period.parse(str(code)).code for code in table["period"]]
    rows["provisional"] = table["provisional"].fillna(False).astype(bool) if "provisional" in table else False
    if rows.duplicated(["place", "period"]).any():
        twice = each(rows[rows.duplicated(["place", "period"])])[0]
        raise FigureRefused(f"heat_grid: two values for {twice.place} in {twice.period}")
    places = list(dict.fromkeys(rows["place"]))
    found = sorted({Period.parse(code) for code in rows["period"]})
    periods = found[0].until(found[-1])
    if len(places) > MOST_PLACES or len(periods) > MOST_PERIODS:
        raise FigureRefused(
            f"heat_grid: {len(places)} places and {len(periods)} periods are too many "
            f"(most: {MOST_PLACES} and {MOST_PERIODS}); show one region or fewer years"
        )
    every = pd.MultiIndex.from_product([places, [item.code for item in periods]], names=["place", "period"])
    cells = rows.set_index(["place", "period"]).reindex(every).reset_index()
    cells["provisional"] = cells["provisional"].eq(True)
    return cells, places, periods


def _headline(cells: pd.DataFrame, subject: Subject, locale: str, attention: float) -> str:
    missing = cells["value"].isna()
    per_place = len(cells) // cells["place"].nunique()
    if missing.mean() >= MANY_GAPS:
        counts = cells[missing].groupby("place", sort=False).size()
        finding = words.say(
            locale, "figures.heat_grid.gaps", n=int(missing.sum()), total=len(cells), place=str(counts.idxmax()),
            most=int(counts.max()), of=per_place,
        )  # fmt: skip
    elif subject.unit == "share" and (cells["value"] < attention).any():
        low = cells[cells["value"] < attention]
        counts = low.groupby("place", sort=False).size()
        finding = words.say(
            locale, "figures.heat_grid.low", n=len(low), total=int((~missing).sum()), limit=attention,
            place=str(counts.idxmax()), most=int(counts.max()), of=per_place,
        )  # fmt: skip
    else:
        low, high = (row_at(cells, where) for where in (cells["value"].idxmin(), cells["value"].idxmax()))
        finding = words.say(
            locale, "figures.heat_grid.range",
            low=words.number(low.value, subject.unit, locale), low_place=low.place, low_period=low.period,
            high=words.number(high.value, subject.unit, locale), high_place=high.place, high_period=high.period,
        )  # fmt: skip
    return words.placed(subject, finding, locale)


def _alt(headline: str, cells: pd.DataFrame, cuts: Sequence[float], subject: Subject, locale: str) -> str:
    names = classes.names(cuts, subject.unit, locale)
    colon = words.say(locale, "figures.words.colon")
    counted = [f"{name}{colon}{int((cells['rank'] == index).sum())}" for index, name in enumerate(names)]
    counted.append(f"{words.say(locale, 'figures.key.no_data')}{colon}{int(cells['value'].isna().sum())}")
    return words.say(locale, "figures.heat_grid.alt", title=headline.rstrip("."), classes=" ; ".join(counted))


def _twin(
    cells: pd.DataFrame, places: Sequence[str], periods: Sequence[Period], subject: Subject, locale: str
) -> pd.DataFrame:
    values = {(row.place, row.period): row for row in each(cells)}
    mark = words.say(locale, "figures.heading.provisional_mark")
    twin = []
    for place in places:
        line = {words.say(locale, "figures.heading.place"): place}
        for item in periods:
            row = values[place, item.code]
            shown = words.number(row.value, subject.unit, locale)
            line[words.period(item, locale)] = (
                f"{shown} {mark}" if row.provisional and not pd.isna(row.value) else shown
            )
        twin.append(line)
    return pd.DataFrame(twin)
