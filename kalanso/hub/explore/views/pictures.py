"""Which figure answers the question of a page?

Turns rows into descriptions of figures: kind, table, arguments, and the snapshots they came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from kalanso import __version__
from kalanso.hub.evidence.queries.sources import called
from kalanso.hub.explore import tasks
from kalanso.hub.explore.panels import locale, word
from kalanso.hub.explore.queries import beside, estimates, findings, places, runs, series
from kalanso.hub.explore.queries.learning_hub import Studied
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.series import Point
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.tasks import Picture
from kalanso.indicators.tables import INDICATOR_VALUES
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import TableSpec
from kalanso.vocabulary import Level, Period, PeriodType, format_value

QUARTERS_SHOWN = 16
MONTHS_SHOWN = 24


def draw(
    here: Shelf, kind: str, table: Sequence[dict[str, Any]], subject: dict[str, Any],
    specs: Sequence[TableSpec], as_of: str | None = None, **arguments: Any,
) -> Picture:  # fmt: skip
    """Describe a figure of rows that were read from some tables."""
    manifests = [
        m for m in (here.manifest(spec, as_of if i == 0 else None) for i, spec in enumerate(specs)) if m
    ]
    if subject.get("number") == "estimated":  # a figure is downloaded and sent on without its page
        subject = subject | {"caveats": reviewed(here)}
    if subject.get("number") in ("estimated", "simulated") and estimates.is_rolled(
        here, arguments.get("when", "")
    ):
        subject = subject | {"rolled": True}
    systems = sorted({(name, m.created_at[:10]) for m in manifests[:1] for name in m.provenance.sources})
    titles = called(name for name, _on in systems)
    subject = {
        "sources": [
            {"system": title, "snapshot": on} for title, (_name, on) in zip(titles, systems, strict=True)
        ],
        "version": __version__,
        "demo": here.store.demo,
        **subject,
    }
    seen_as = " ".join([here.scope.mark, *(m.id for m in manifests)])
    return tasks.describe(
        kind,
        table,
        {"subject": subject, **arguments},
        locale=locale(),
        seen_as=seen_as,
        scope=here.scope.mark,
    )


def named_sources(
    here: Shelf, spec: TableSpec, codes: Sequence[str], as_of: str | None = None
) -> list[dict[str, Any]]:
    """Return the sources of a figure whose rows are of these alone.

    A snapshot names those that brought it last: of a table that grows source by source, that is seldom the drawn one.
    """
    manifest = here.manifest(spec, as_of)
    on = manifest.created_at[:10] if manifest else None
    return [{"system": title, "snapshot": on} for title in called(codes)]


def called_source(code: str) -> str:
    """Return what people call a source."""
    return called([code])[0]


def reviewed(here: Shelf) -> list[dict[str, Any]]:
    """Return what must stand below a figure of estimates: that nobody reviewed them, or that they failed a check."""
    run = runs.run(here)
    if run is None:
        return []
    found = ["figures.estimate.unsettled"] if run.unsettled else []
    found += ["figures.estimate.preview"] if run.preview else []
    found += ["figures.estimate.draft"] if run.needs_review else []
    return [{"id": one} for one in found]


def trend(here: Shelf, place: Place, indicators: Sequence[str], *, rolled: bool) -> Picture:
    """Draw the quarterly trend of some coverage indicators of a place, with marks of quality."""
    rows: list[dict[str, Any]] = []
    doubts: list[dict[str, Any]] = []
    for indicator in indicators:
        points = series.series(here, place.code, indicator, rolled=rolled)
        name = word(indicator.removesuffix("_coverage"))
        rows += [
            {"period": p.period, "value": p.value, "series": name, "provisional": p.provisional}
            for p in points[-QUARTERS_SHOWN:]
        ]
        if not rolled:
            doubts += _doubts(here, place, indicator, name)
    shown = {row["period"] for row in rows}
    doubts = [row for row in doubts if row["period"] in shown]
    measure = _("couverture notifiée, quatre trimestres glissants") if rolled else _("couverture notifiée")
    return draw(
        here, "trend", rows, _coverage(here, place, measure), [INDICATOR_VALUES],
        findings=doubts or None, denominator=denominator(here, "dtp1_coverage"),
        why_empty=_("Aucun rapport de ce lieu n'est publié."),
    )  # fmt: skip


def _doubts(here: Shelf, place: Place, indicator: str, name: str) -> list[dict[str, Any]]:
    counted = (indicator, indicator.replace("_coverage", "_doses"))
    found = set()
    for check, code in findings.marks(here, place.code, counted):
        month = Period.parse(code)
        if month.type in {PeriodType.MONTH, PeriodType.QUARTER}:
            found.add((check, month.to(PeriodType.QUARTER).code))
    return [{"check": check, "period": code, "series": name} for check, code in sorted(found)]


def _coverage(here: Shelf, place: Place, measure: str) -> dict[str, Any]:
    basis = next(iter(series.bases(here, "dtp1_coverage")), None)
    population = word(basis.population) if basis and basis.population else ""
    return {
        "measure": measure,
        "unit": "share",
        "age": "0-11m",
        "place": place.name,
        "population": population,
    }


def denominator(here: Shelf, indicator: str) -> dict[str, Any] | None:
    """Return the name of the population by which an indicator divides."""
    basis = next(iter(series.bases(here, indicator)), None)
    return {"name": word(basis.population)} if basis and basis.population else None


def wall_chart(here: Shelf, place: Place, when: str) -> Picture | None:
    """Draw the doses of the year of a period against its target, month by month, as every CSCom does."""
    year = Period.parse(when).year
    first = {p.period: p for p in series.months_of(here, place.code, "dtp1_coverage", year)}
    third = {p.period: p for p in series.months_of(here, place.code, "dtp3_coverage", year)}
    targets = [p.denominator for p in first.values() if p.denominator]
    if not first or not targets:
        return None
    months = Period.month(year, 1).until(max(Period.parse(code) for code in first))
    rows = [
        {
            "period": month.code,
            "first_doses": first[month.code].numerator if month.code in first else None,
            "third_doses": third[month.code].numerator if month.code in third else None,
            "provisional": bool(month.code in first and first[month.code].provisional),
        }
        for month in months
    ]
    subject = {**_coverage(here, place, _("doses cumulées de l'année")), "unit": "count"}
    return draw(
        here, "wall_chart", rows, subject, [INDICATOR_VALUES],
        annual_target=sum(targets) / len(targets) * 12, doses=[word("dtp1"), word("dtp3")],
    )  # fmt: skip


def study(here: Shelf, found: Sequence[Studied]) -> Picture:
    """Draw the Learning Hub's health areas side by side on one scale."""
    rows = [
        {
            "place": item.place.name if item.place else item.area.names[0],
            "group": f"{item.area.district} · {word(item.area.typology, 'typology')}",
            "period": point.period,
            "value": point.value,
            "provisional": point.provisional,
        }
        for item in found
        for point in item.points
    ]
    basis = next(iter(series.bases(here, "dtp1_coverage")), None)
    population = word(basis.population) if basis and basis.population else ""
    subject = {"measure": word("dtp1_coverage"), "unit": "share", "age": "0-11m", "population": population,
               "level": "health_area"}  # fmt: skip
    return draw(
        here,
        "small_multiples",
        rows,
        subject,
        [INDICATOR_VALUES],
        denominator=denominator(here, "dtp1_coverage"),
    )


def findings_grid(here: Shelf, shown: Sequence[Place], wanted: findings.Wanted) -> Picture | None:
    """Draw how many findings the months of some places carry."""
    told = findings.grid(here, tuple(p.code for p in shown), wanted)
    counted = [row for row in told if row["monthly"]]
    if not counted:
        return None
    names = {p.code: p.name for p in shown}
    months = sorted({row["month"] for row in counted})[-MONTHS_SHOWN:]
    known = {(row["group_code"], row["month"]): row["findings"] for row in counted}
    first, last = Period.parse(months[0]), Period.parse(months[-1])
    rows = [
        {"place": names[p.code], "period": month.code, "value": known.get((p.code, month.code), 0)}
        for p in shown
        for month in first.until(last)
    ]
    subject = {
        "measure": _("alertes de qualité"),
        "unit": "count",
        "number": "counted",
        "level": shown[0].level,
    }
    return draw(here, "heat_grid", rows, subject, [QUALITY_FINDINGS])


def drawn_level(here: Shelf, place: Place) -> list[Place]:
    """Return the places that a map of this one shows: districts of a country, health areas of a region.

    Never more than one page can carry: where the finer level has no outlines, the children. A facility is none of
    them: it has reports, but neither a population nor an estimate of its own.
    """
    known = places.tree(here)
    wanted = {Level.COUNTRY: Level.DISTRICT, Level.REGION: Level.HEALTH_AREA}.get(Level(place.level))
    inside = places.below(here, place.code)
    finer = [known.places[code] for code in sorted(inside) if known.places[code].level == wanted]
    outlined = places.outlined(here)
    children = [one for one in known.children(place.code) if one.level != Level.FACILITY]
    for chosen in (finer, children):
        if len(chosen) > 1 and sum(p.code in outlined for p in chosen) * 2 >= len(chosen):
            return chosen
    return []


def map_of(
    here: Shelf, place: Place, shown: Sequence[Place], values: dict[str, Point], when: str,
    indicator: str = "dtp1_coverage",
) -> Picture:  # fmt: skip
    """Draw an indicator of the places inside another."""
    marks = beside.reported_marks(here, tuple(values), indicator, when)
    rows = [
        {
            **drawn,
            "value": values[p.code].value if p.code in values else None,
            "reason": "" if p.code in values else _("aucun rapport montré"),
            "grade": marks[p.code].row["grade"] if p.code in marks else "",
        }
        for p, drawn in zip(shown, places.drawable(here, shown), strict=True)
    ]
    subject = {**_coverage(here, place, _measure(indicator, values)), "level": shown[0].level}
    return draw(here, "choropleth", rows, subject, [INDICATOR_VALUES], when=when)


def ranking(
    here: Shelf, place: Place, shown: Sequence[Place], values: dict[str, Point], when: str, *, partial: bool = False
) -> Picture:  # fmt: skip
    """Draw the places inside another by coverage; a `partial` one leaves out places that the reader may not see."""
    rows = [{"place": p.name, "value": values[p.code].value} for p in shown if p.code in values]
    subject = {**_coverage(here, place, _measure("dtp1_coverage", values)), "level": shown[0].level}
    title = _lowest(place, shown, values) if partial else None
    return draw(here, "ranked_bars", rows, subject, [INDICATOR_VALUES], when=when, order="low", title=title)


def _lowest(place: Place, shown: Sequence[Place], values: dict[str, Point]) -> str | None:
    """Return the title of a ranking that leaves places out: the least among those that are shown."""
    told = {p.name: value for p in shown if p.code in values and (value := values[p.code].value) is not None}
    if not told:
        return None
    name = min(told, key=lambda one: told[one])
    least = format_value(told[name], "percent", locale())
    return _("%(place)s : au plus bas, %(name)s (%(least)s)") % {
        "place": place.name,
        "name": name,
        "least": least,
    }


def _measure(indicator: str, values: dict[str, Point]) -> str:
    rolled = any(point.rolled for point in values.values())
    return (
        _("%(name)s, quatre trimestres glissants") % {"name": word(indicator)} if rolled else word(indicator)
    )
