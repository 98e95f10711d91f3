"""Which figure shows an estimate: a map, its sources on one axis, ranks, methods, shares of evidence?

Turns rows into descriptions of figures, as `pictures` does for reported numbers. What is estimated,
reported, surveyed or simulated is said by each figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from kalanso.coverage import tables as run_tables
from kalanso.figures.classes import limits as class_limits
from kalanso.hub.explore.panels import locale, word
from kalanso.hub.explore.panels.records import source_named
from kalanso.hub.explore.queries import beside, estimates, places, runs
from kalanso.hub.explore.queries.estimates import Estimate
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.runs import spec_of
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.tasks import Picture
from kalanso.hub.explore.views.pictures import draw
from kalanso.store import TableSpec
from kalanso.vocabulary import format_value

RANKS_SHOWN = 20
QUARTERS_SHOWN = 20
WIDTH, CHANCE, COVERAGE, MISSED = "incertitude", "seuil", "couverture", "manques"


def specs(here: Shelf, *names: str) -> list[TableSpec]:
    """Return the declarations of tables that the reader may see."""
    return [spec for name in names if (spec := spec_of(here, name)) is not None]


def missed_words(indicator: str) -> str:
    """Return what children without a dose are called."""
    return _("enfants zéro dose") if indicator == "dtp1" else _("enfants sans DTC3")


def coverage_words(indicator: str) -> str:
    """Return what estimated coverage is called."""
    return _("couverture DTC1 estimée") if indicator == "dtp1" else _("couverture DTC3 estimée")


def _about(
    place: Place, measure: str, unit: str, level: str = "", number: str = "estimated"
) -> dict[str, Any]:
    about = {"measure": measure, "unit": unit, "place": place.name, "number": number}
    if unit == "share":
        about["population"] = word("surviving_infants")
    return {**about, "level": level} if level else about


def estimate_map(
    here: Shelf, place: Place, shown: Sequence[Place], values: Mapping[str, Estimate], measure: str,
    indicator: str, *, threshold: float, chances: Mapping[str, float], limits: Sequence[float] | None = None,
    partial: bool = False,
) -> Picture:  # fmt: skip
    """Draw the places inside another by coverage, missed children, width of the interval or chance.

    `limits` cut the classes of counts, where another map must be read on the same scale. A `partial` map leaves out
    places that the reader may not see, and says nothing of a half.
    """
    if measure == MISSED:  # of equal numbers, the title names the one that stands first in the list
        shown = sorted(shown, key=lambda one: (-_missed(values, one), one.name))
    when = next((value.period for value in values.values()), "")
    codes = tuple(one.code for one in shown)
    marks = beside.grade_marks(here, codes, indicator, beside.BY_ESTIMATE, when)
    rows = [
        _outlined(here, shown, place_)
        | _shown(values.get(place_.code), measure, chances.get(place_.code))
        | {"reason": "" if place_.code in values else _("pas d'estimation montrée pour ce lieu"),
           "grade": marks[place_.code].row["grade"] if place_.code in marks else ""}
        for place_ in shown
    ]  # fmt: skip
    tables = specs(here, estimates.source(here, when), "coverage_thresholds")
    level = shown[0].level
    told = _only_to_look(here, place)
    if measure == WIDTH:
        about = _about(place, _("largeur de l'intervalle à 95 % de la couverture"), "rate", level)
        return draw(here, "estimate_map", rows, about, tables, when=when, show="width", **told)
    if measure == CHANCE:
        limit = f"{100 * threshold:.0f}"
        about = _about(
            place, _("probabilité d'une couverture sous %(limit)s %%") % {"limit": limit}, "rate", level
        )
        return draw(
            here, "estimate_map", rows, about, tables, when=when, show="chance", threshold=threshold, **told
        )
    if measure == COVERAGE:
        about = _about(place, coverage_words(indicator), "share", level)
        return draw(here, "choropleth", rows, about, tables, when=when, **told)
    about = _about(place, missed_words(indicator), "count", level)
    own = values.get(place.code)  # as the sentence above says it, not the sum of rounded numbers
    if partial or told:
        told = told or {"title": _highest(place, shown, values)}
    else:
        told = {"total": own.missed.said.mean if own else None}
    return draw(here, "choropleth", rows, about, tables, when=when, limits=limits, **told)


def _missed(values: Mapping[str, Estimate], place: Place) -> float:
    return values[place.code].missed.mean if place.code in values else -1.0


def _only_to_look(here: Shelf, place: Place) -> dict[str, Any]:
    """Return the title of a map of a run that failed its own check, which names no place; nothing for other runs."""
    run = runs.run(here)
    if run is None or not run.unsettled:
        return {}
    return {"title": _("%(place)s : à regarder, pas pour décider") % {"place": place.name}}


def _highest(place: Place, shown: Sequence[Place], values: Mapping[str, Estimate]) -> str:
    """Return the title of a map that leaves places out: the most among those that are shown."""
    first = max(
        (p for p in shown if p.code in values), key=lambda p: values[p.code].missed.mean, default=None
    )
    if first is None:
        return _("%(place)s : aucun lieu n'est montré") % {"place": place.name}
    most = format_value(values[first.code].missed.said.mean, "count", locale())
    return _("%(place)s : au plus haut, %(name)s (%(most)s)") % {
        "place": place.name, "name": first.name, "most": most,
    }  # fmt: skip


def common_limits(
    shown: Sequence[Place], values: Mapping[str, Estimate], truth: Mapping[str, Mapping[str, Any]]
) -> list[float] | None:
    """Return limits of classes that fit estimated and true counts alike; None where there is no truth."""
    counts = [values[p.code].missed.mean for p in shown if p.code in values]
    true = [truth[p.code]["missed_children"] for p in shown if p.code in truth]
    return list(class_limits([*counts, *true], "count")) if true else None


def truth_map(
    here: Shelf, place: Place, shown: Sequence[Place], truth: Mapping[str, Mapping[str, Any]], measure: str, when: str,
    indicator: str, limits: Sequence[float] | None,
) -> Picture | None:  # fmt: skip
    """Draw the simulated truth of the same places; nothing for what only an estimate has."""
    if measure not in (COVERAGE, MISSED) or not truth:
        return None
    column = "coverage" if measure == COVERAGE else "missed_children"
    rows = [
        _outlined(here, shown, one) | {"value": truth[one.code][column] if one.code in truth else None}
        for one in shown
    ]
    level = shown[0].level
    if measure == COVERAGE:
        about = _about(place, _("vérité simulée : couverture"), "share", level, "simulated")
    else:
        measure_said = _("vérité simulée : %(children)s") % {"children": missed_words(indicator)}
        about = _about(place, measure_said, "count", level, "simulated")
    cut = limits if measure == MISSED else None
    return draw(here, "choropleth", rows, about, specs(here, "demo_truth"), when=when, limits=cut)


def _outlined(here: Shelf, shown: Sequence[Place], place: Place) -> dict[str, Any]:
    outlines = places.outlines(here, tuple(p.code for p in shown))
    there = outlines.get(place.code)
    return {
        "place": place.name,
        "geometry": there[0].hex() if there else None,
        "kind": there[1] if there else "published",
    }


def _shown(value: Estimate | None, measure: str, chance: float | None) -> dict[str, Any]:
    if value is None:
        return {"value": None, "low": None, "high": None}
    if measure == MISSED:
        said = value.missed.said
        return {"value": said.mean, "low": said.low, "high": said.high}
    bounds = {"low": value.coverage.low, "high": value.coverage.high}
    if measure == WIDTH:
        return bounds | {"value": value.coverage.width}
    if measure == CHANCE:
        return bounds | {"value": chance}
    return bounds | {"value": value.coverage.mean}


def ranks(
    here: Shelf, place: Place, rows: Sequence[Mapping[str, Any]], indicator: str, of: int
) -> Picture | None:
    """Draw the areas with most missed children with the intervals of their ranks."""
    known = places.tree(here).places
    if len(rows) < 2:
        return None
    drawn = [
        {
            "place": known[row["place_code"]].name if row["place_code"] in known else row["place_code"],
            "value": number.said.mean, "low": number.said.low, "high": number.said.high,
            "rank": row["rank_mean"], "rank_low": row["rank_q025"], "rank_high": row["rank_q975"], "group": row["group"],
        }
        for row in rows[:RANKS_SHOWN]
        for number in (estimates.Number.of(dict(row), "missed_children"),)
    ]  # fmt: skip
    about = {"measure": missed_words(indicator), "unit": "count", "number": "estimated", "place": place.name,
             "level": "health_area"}  # fmt: skip
    return draw(
        here,
        "rank_intervals",
        drawn,
        about,
        [run_tables.BURDEN],
        when=rows[0]["period"],
        of=of,
        most=RANKS_SHOWN,
    )


def sources(
    here: Shelf, place: Place, indicator: str, estimated: Sequence[Estimate], said: Sequence[Mapping[str, Any]],
    truth: Sequence[Mapping[str, Any]] = (),
) -> Picture:  # fmt: skip
    """Draw what every source says of a place and the estimate, on one axis."""
    rows: list[dict[str, Any]] = [
        {
            "period": one.period, "kind": "estimated", "source": "", "value": one.coverage.mean,
            "low": one.coverage.low, "high": one.coverage.high, "provisional": one.provisional,
        }
        for one in estimated[-QUARTERS_SHOWN:]
    ]  # fmt: skip
    first = rows[0]["period"] if rows else ""
    rows += [
        {
            "period": row["period"], "period_from": row["period_from"], "kind": row["kind"],
            "source": source_named(row["source"]),
            "value": row["value"], "low": row["low"], "high": row["high"], "provisional": False,
        }
        for row in said
        if row["indicator"] == indicator and row["kind"] != "population" and row["value"] is not None
        and row["period_from"] >= first
    ]  # fmt: skip
    rows += [
        {
            "period": row["period"],
            "kind": "simulated",
            "source": "",
            "value": row["coverage"],
            "low": None,
            "high": None,
            "provisional": False,
        }
        for row in truth
        if row["period"] >= first
    ]
    about = _about(place, _("couverture %(dose)s") % {"dose": word(indicator)}, "share")
    return draw(
        here, "evidence_axis", rows, about, specs(here, "coverage_estimates", "place_evidence"),
        why_empty=_("Ni estimation ni source n'est publiée pour ce lieu."),
    )  # fmt: skip


def dropout(here: Shelf, place: Place, rows: Sequence[Mapping[str, Any]]) -> Picture | None:
    """Draw the share of children who began and did not finish, by quarter."""
    if not rows:
        return None
    drawn = [
        {
            "period": row["period"], "value": row["dropout_share_mean"], "low": row["dropout_share_q025"],
            "high": row["dropout_share_q975"], "provisional": bool(row["provisional"]),
        }
        for row in rows[-QUARTERS_SHOWN:]
    ]  # fmt: skip
    about = _about(place, _("part des enfants vaccinés par DTC1 qui n'ont pas eu DTC3"), "rate")
    return draw(here, "trend", drawn, about, specs(here, "dropout_children"))
