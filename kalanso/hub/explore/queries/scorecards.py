"""How good are the data of a place, domain by domain, by WHO's metrics and by the robust checks?

Reads the published scores and metrics. What a score is was decided by `kalanso.quality`; here it is only found,
put in order and given what to look at first.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf, shared
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.quality.scorecards import hardly, reported_months
from kalanso.quality.tables import ALL, DOMAINS, GRADES, QUALITY_METRICS, QUALITY_SCORES, WHO_METRICS

FLAGGED = ("poor", "divergent")


@dataclass(frozen=True, kw_only=True)
class Score:
    """One domain of a place in a year, or all together; `reasons` are (what was doubted, how many times)."""

    place_code: str
    year: str
    domain: str
    score: float | None
    grade: str
    judged: float
    flagged: float
    reasons: tuple[tuple[str, int], ...]
    provisional: bool

    @property
    def sound(self) -> float:
        """How much of what was judged is without a doubt."""
        return self.judged - self.flagged


@dataclass(frozen=True, kw_only=True)
class Inside:
    """A place inside another with its score, and the domain to look at first."""

    place: Place
    whole: Score
    first: Score | None


def _score(row: dict[str, Any]) -> Score:
    return Score(
        place_code=row["place_code"], year=row["period"], domain=row["domain"], score=row["score"], grade=row["grade"],
        judged=row["judged"], flagged=row["flagged"], provisional=row["provisional"],
        reasons=tuple((str(name), int(times)) for name, times in json.loads(row["reasons"] or "[]")),
    )  # fmt: skip


@shared(QUALITY_SCORES, about=lambda mode, code: (code,))
def scores(shelf: Shelf, mode: str, code: str) -> dict[str, dict[str, Score]]:
    """Return the scores of a place by year, the newest first, and domain."""
    table = shelf.table(QUALITY_SCORES)
    own = table.filter(table.mode == mode, table.place_code == code)
    found: dict[str, dict[str, Score]] = {}
    for row in sorted(shelf.rows(own), key=lambda row: row["period"], reverse=True):
        found.setdefault(row["period"], {})[row["domain"]] = _score(row)
    return found


@shared(QUALITY_SCORES)
def hardly_reported(shelf: Shelf, least: float) -> tuple[str, ...]:
    """Return the years in which almost nobody reported, the oldest first; of them no score is told."""
    table = shelf.table(QUALITY_SCORES)
    years = table.group_by("period").agg(judged=table.judged.sum(where=reported_months(table)))
    return hardly({row["period"]: row["judged"] or 0.0 for row in shelf.rows(years)}, least)


def usual_year(known: dict[str, dict[str, Score]], thin: Collection[str] = ()) -> str:
    """Return the newest year whose reports have all had time to arrive, else the newest; "" where there is none."""
    told = [year for year in known if year not in thin] or list(known)
    whole = [year for year in told if not any(one.provisional for one in known[year].values())]
    return next(iter(whole or told), "")


def first_to_look_at(found: dict[str, Score]) -> Score | None:
    """Return the domain in which most is doubted; None where all are of the best grade."""
    judged = [found[name] for name in DOMAINS if name in found]
    doubted = [one for one in judged if one.flagged > 0 and one.grade != GRADES[0]]
    return min(doubted, key=lambda one: one.score if one.score is not None else 1.0, default=None)


@shared(QUALITY_SCORES, PLACES, PLACE_PARENTS)
def inside(shelf: Shelf, mode: str, code: str, year: str) -> list[Inside]:
    """Return the nearest places inside one that have scores, those to look at first before the others."""
    table, known = shelf.table(QUALITY_SCORES), places.tree(shelf)
    within = places.below(shelf, code) - {code}
    chosen = table.filter(
        table.mode == mode, table.period == year, table.place_code.isin(sorted(within) or [""])
    )
    found: dict[str, dict[str, Score]] = {}
    for row in shelf.rows(chosen):
        found.setdefault(row["place_code"], {})[row["domain"]] = _score(row)
    rows = [
        Inside(place=known.places[one], whole=told[ALL], first=first_to_look_at(told))
        for one, told in found.items()
        if ALL in told and one in known.places and not _is_under_another(known, one, code, found)
    ]
    return sorted(rows, key=lambda row: (_rank(row.whole), places.folded(row.place.name), row.place.code))


def _is_under_another(known: places.Tree, one: str, top: str, found: dict[str, dict[str, Score]]) -> bool:
    """Whether a place between one and the top has scores too, and stands for it."""
    parent = known.places[one].parent
    while parent is not None and parent != top:
        if parent in found:
            return True
        parent = known.places[parent].parent if parent in known.places else None
    return False


def _rank(whole: Score) -> float:
    return 2.0 if whole.score is None else whole.score


@shared(QUALITY_METRICS, about=lambda code, year: (code,))
def metrics(shelf: Shelf, code: str, year: str) -> list[dict[str, Any]]:
    """Return WHO's metrics of a place in a year: in WHO's order, within each those beyond their limits first."""
    table = shelf.table(QUALITY_METRICS)
    rows = shelf.rows(table.filter(table.place_code == code, table.period == year))
    order = {name: number for number, name in enumerate(WHO_METRICS)}
    return sorted(
        rows,
        key=lambda row: (
            order[row["metric"]], row["flag"] not in FLAGGED, row["flag"] == "not_judged", row["indicator"],
            row["detail"], row["source"],
        ),
    )  # fmt: skip


@shared(QUALITY_METRICS, PLACES, PLACE_PARENTS)
def judged_above(shelf: Shelf, code: str) -> Place | None:
    """Return the nearest place above one that WHO's metrics judge; they speak of districts and of the country."""
    table, known = shelf.table(QUALITY_METRICS), places.tree(shelf)
    above = [place.code for place in known.above(code)]
    held = table.filter(table.place_code.isin(above or [""])).select("place_code").distinct()
    found = {row["place_code"] for row in shelf.rows(held)}
    return next((known.places[one] for one in reversed(above) if one in found), None)
