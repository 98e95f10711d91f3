"""As which chart and which map is a published table best read?

Every table can be counted by kind and by place; three tables have a chart of their own: indicator
values and coverage by others as trends, observations as a sum over one combination.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from kalanso.hub.explore.panels import check_name, coded, table_question, word
from kalanso.hub.explore.queries import charts, places, series
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.queries.tables import Selection
from kalanso.hub.explore.queries.words import SECTIONS
from kalanso.hub.explore.tasks import Picture
from kalanso.hub.explore.views import pictures
from kalanso.store import TableSpec

NUMBER_OF_CATEGORY = {"SURVEY": "surveyed", "WUENIC": "estimated"}


def chart(here: Shelf, spec: TableSpec, selection: Selection) -> Picture | None:
    """Return the chart of a table, or None where it has nothing to draw."""
    return CHARTS.get(spec.name, _counts)(here, spec, selection)


def _counts(here: Shelf, spec: TableSpec, selection: Selection) -> Picture | None:
    column = charts.kind_column(spec)
    rows = charts.by_kind(here, spec.name, selection)
    if not rows or column is None:
        return None
    show: Callable[[str], str] = (
        check_name if column == "check" else lambda code: coded(spec.name, column, code)
    )
    named = [{"place": show(row["kind"]) or _("non précisé"), "value": row["rows"]} for row in rows]
    subject = {
        "measure": _("nombre de lignes"),
        "unit": "count",
        "number": "counted",
        "place": _place(here, selection),
    }
    return pictures.draw(
        here,
        "ranked_bars",
        named,
        subject,
        [spec],
        selection.as_of,
        title=table_question(spec.name, spec.meaning),
    )


def _place(here: Shelf, selection: Selection) -> str:
    centre = charts.centre(here, selection)
    return centre.name if centre else ""


def _indicator(here: Shelf, spec: TableSpec, selection: Selection) -> Picture | None:
    centre = charts.centre(here, selection)
    chosen = dict(selection.values)
    indicator = chosen.get("indicator", "dtp1_coverage")
    if centre is None:
        return None
    points = series.series(here, centre.code, indicator) or series.series(
        here, centre.code, indicator, "month"
    )
    points = points or series.series(here, centre.code, indicator, "year")
    rows = [
        {"period": p.period, "value": p.value, "provisional": p.provisional} for p in points[-charts.POINTS :]
    ]
    if not rows:
        return None
    unit = "share" if indicator.endswith(("_coverage", "_dropout")) else "count"
    subject = {"measure": word(indicator), "unit": unit, "place": centre.name}
    return pictures.draw(
        here, "trend", rows, subject, [spec], denominator=pictures.denominator(here, indicator)
    )


def _published(here: Shelf, spec: TableSpec, selection: Selection) -> Picture | None:
    centre = charts.centre(here, selection)
    indicator = dict(selection.values).get("indicator", "dtp1_coverage")
    if centre is None:
        return None
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for row in series.published(here, centre.code, indicator):
        if row["coverage"] is None or row["validity"] == "valid":
            continue
        name = word(row["category"], "category")
        point = {"period": row["period"], "value": row["coverage"], "series": name,
                 "number": NUMBER_OF_CATEGORY.get(row["category"], "reported")}  # fmt: skip
        # Card or history is the result that surveys publish; card alone and history alone are its parts.
        if row["category"] != "SURVEY" or row["evidence"] in {"card_or_history", "card or history", ""}:
            rows[name, row["period"]] = point
    if not rows:
        return None
    subject = {"measure": word(indicator), "unit": "share", "place": centre.name}
    return pictures.draw(here, "trend", list(rows.values()), subject, [spec], selection.as_of)


def _reported(here: Shelf, spec: TableSpec, selection: Selection) -> Picture | None:
    combined = charts.combination(here, selection)
    if combined is None:
        return None
    told = dict(combined.values)
    rows = charts.reported_by_period(here, selection, combined)
    varied = [name for name in charts.VARIED if len({row[name] for row in rows}) > 1]
    for row in rows:
        row["series"] = ", ".join(word(row[name], SECTIONS.get(name, "")) for name in varied)
    parts = [
        word(combined.indicator),
        pictures.called_source(told["source"]),
        *(word(told[n], n) for n in ("sector",) if told[n] != "all"),
    ]
    age = told["age_band"] if told["age_band"] != "all" else ""
    subject = {"measure": " · ".join(parts), "unit": "count", "place": _place(here, selection), "age": age,
               "sources": pictures.named_sources(here, spec, [told["source"]], selection.as_of)}  # fmt: skip
    points = [{name: row[name] for name in ("period", "value", "series")} for row in rows]
    title = None
    if len({row["series"] for row in points}) > 2:
        title = _("%(place)s : %(measure)s, une ligne par produit et stratégie") % subject
    return pictures.draw(here, "trend", points, subject, [spec], selection.as_of, title=title)


CHARTS: dict[str, Callable[[Shelf, TableSpec, Selection], Picture | None]] = {
    "indicator_values": _indicator,
    "coverage_series": _published,
    "observations": _reported,
}


def mapped(here: Shelf, spec: TableSpec, selection: Selection) -> Picture | None:
    """Return the map of a table: coverage where it holds indicators, otherwise rows by place."""
    centre = charts.centre(here, selection)
    if centre is None or not {"place_code", "from_code"} & set(spec.column_names):
        return None
    shown = pictures.drawn_level(here, centre)
    if not shown:
        return None
    if spec.name == "indicator_values":
        return _indicator_map(here, spec, selection, centre, shown)
    counted = charts.rows_by_place(here, spec.name, selection, tuple(p.code for p in shown))
    outlined = zip(shown, places.drawable(here, shown), strict=True)
    rows = [{**drawn, "value": counted.get(place.code, 0)} for place, drawn in outlined]
    subject = {
        "measure": _("nombre de lignes"),
        "unit": "count",
        "number": "counted",
        "place": centre.name,
        "level": shown[0].level,
    }
    return pictures.draw(
        here,
        "choropleth",
        rows,
        subject,
        [spec],
        selection.as_of,
        title=table_question(spec.name, spec.meaning),
    )


def _indicator_map(
    here: Shelf, spec: TableSpec, selection: Selection, centre: Place, shown: list[Place]
) -> Picture | None:
    chosen = dict(selection.values)
    indicator = chosen.get("indicator", "dtp1_coverage")
    when = chosen.get("period") or series.last_complete(here, indicator)
    if when is None:
        return None
    values = series.at(here, tuple(p.code for p in shown), indicator, when)
    return pictures.map_of(here, centre, shown, values, when, indicator=indicator) if values else None
