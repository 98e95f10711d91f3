"""What is known where somebody thinks of what could be done: children, contexts, obstacles, what was tried here and in places like it?

Children and contexts are what the reader's circle may see, obstacles and lines what the reader may read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, Sum

from kalanso.definitions import ApproachRule, approach_rules
from kalanso.hub.explore.queries import doors, likeness, places, sums
from kalanso.hub.explore.queries.estimates import Number
from kalanso.hub.explore.queries.evidence_of_places import Pocket, all_pockets
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf, abroad
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.portfolio.models import Cell, Intervention
from kalanso.hub.portfolio.models.factors import FACTOR_OVER, Domain, FactorKind, FactorState
from kalanso.hub.portfolio.models.follow_up import ActionState
from kalanso.hub.portfolio.models.interventions import Approach
from kalanso.hub.portfolio.queries import cells as cell_queries
from kalanso.hub.portfolio.queries import reports, scope
from kalanso.hub.portfolio.queries.cells import Told, free_districts
from kalanso.hub.portfolio.queries.factors import visible_factors
from kalanso.hub.portfolio.queries.follow_up import visible_actions
from kalanso.hub.portfolio.queries.keeping import below
from kalanso.planning import Suggestion, suggest
from kalanso.vocabulary import Level

DISTRICT = Level.DISTRICT.value
TRIED_SHOWN, LINES_SHOWN = 4, 4


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A district, or the district of a pocket, as one who plans there must know it.

    `missed` are the children of the pocket where there is one, else of the district; None where no number is for the
    reader. `like` are the codes of districts that share a context, with how many they share.
    """

    place: Place
    pocket: Pocket | None
    missed: Number | None
    heard: sums.Missed
    contexts: tuple[str, ...]
    barriers: tuple[tuple[str, str, int], ...]
    like: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A line of the same approach elsewhere or here: how far it is, what was approved of it, what held it back and what lifted that."""

    told: Told
    done: int
    reported: bool
    shared: int
    barriers: tuple[Any, ...]
    lifted: tuple[tuple[Any, tuple[Any, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A suggested approach with its reasons, its lines here and elsewhere, and those that the reader may plan here."""

    suggestion: Suggestion
    label: str
    reasons: tuple[tuple[str, ApproachRule], ...]
    here: tuple[Tried, ...]
    elsewhere: tuple[Tried, ...]
    more: int
    free: tuple[Intervention, ...]


def pocket_of(here: Shelf, key: str) -> Pocket | None:
    """Return a pocket of the run that the reader may see by its key."""
    return next((one for one in all_pockets(here) if one.key == key), None)


def district_of(here: Shelf, code: str) -> Place | None:
    """Return the district of a place; None for one above districts."""
    known = places.tree(here)
    place = known.places.get(code)
    if place is None:
        return None
    return next((one for one in (place, *reversed(known.above(code))) if one.level == DISTRICT), None)


def ground(person: Any, here: Shelf, place: Place, pocket: Pocket | None) -> Ground:
    """Return what the reader may know of a district, or of a pocket that begins in it."""
    heard = sums.missed(here, [place.code])
    told = heard.of.get(place.code)
    missed = (
        None if heard.failed else (pocket.missed if pocket is not None else told.missed if told else None)
    )
    # Which districts live alike is told to everybody of the circle, whatever their own places.
    wide = abroad(here)
    contexts = likeness.contexts_of(wide, place.code) if doors.is_open(wide, "alike") else ()
    like = Counter(
        one.code
        for name in contexts
        for one in likeness.alike(wide, name, DISTRICT)
        if one.code != place.code
    )
    return Ground(
        place=place, pocket=pocket, missed=missed, heard=heard, contexts=contexts, barriers=_barriers(person, place.code), like=dict(like)
    )  # fmt: skip


def _barriers(person: Any, code: str) -> tuple[tuple[str, str, int], ...]:
    """Return the domains of the obstacles that stand in a district, with their words and how many there are, most first."""
    rows = visible_factors(person).filter(below(code), kind=FactorKind.BARRIER).exclude(state__in=FACTOR_OVER)
    counted = Counter(rows.values_list("domain", flat=True))
    return tuple((domain, str(Domain(domain).label), n) for domain, n in counted.most_common())


def suggestions(person: Any, where: Ground, *, today: date) -> list[Shown]:
    """Return the approaches for which something speaks, with what was tried of each."""
    found = suggest(
        approach_rules(), contexts=where.contexts, barriers=[domain for domain, _word, _n in where.barriers]
    )
    wanted = {one.approach for one in found}
    codes = {where.place.code, *where.like}
    rows = scope.cells(person).filter(intervention__approach__in=wanted, place_code__in=codes)
    tried = _tried(person, list(rows), where.like, today=today)
    free = _free(person, wanted, where.place.code)
    return [_shown(one, where.place.code, tried, free.get(one.approach, [])) for one in found]


def _shown(one: Suggestion, code: str, tried: list[Tried], free: list[Intervention]) -> Shown:
    own = [row for row in tried if row.told.cell.intervention.approach == one.approach]
    elsewhere = [row for row in own if row.told.cell.place_code != code]
    language = page_language()
    return Shown(
        suggestion=one, label=str(Approach(one.approach).label), reasons=tuple((rule.why[language], rule) for rule in one.reasons),
        here=tuple(row for row in own if row.told.cell.place_code == code), elsewhere=tuple(elsewhere[:TRIED_SHOWN]),
        more=max(0, len(elsewhere) - TRIED_SHOWN), free=tuple(free[:LINES_SHOWN]),
    )  # fmt: skip


def _tried(person: Any, rows: list[Cell], like: dict[str, int], *, today: date) -> list[Tried]:
    """Return lines with what was reported and met: those of districts that share most first, those that reported before others."""
    keys = [one.pk for one in rows]
    done = dict(
        reports.approved(person)
        .filter(cell__in=keys)
        .order_by()
        .values_list("cell")
        .annotate(Sum("quantity"))
    )
    named = list(visible_factors(person).filter(cell__in=keys, kind=FactorKind.BARRIER).exclude(state=FactorState.GONE))  # fmt: skip
    answers: dict[int, list[Any]] = {}
    verified = visible_actions(person).filter(
        Q(factor__in=[one.pk for one in named]), state=ActionState.VERIFIED
    )
    for action in verified:
        answers.setdefault(int(action.factor_id or 0), []).append(action)
    found = []
    for told in cell_queries.told(person, rows, today=today):
        own = [one for one in named if one.cell_id == told.cell.pk]
        lifted = [one for one in own if one.state == FactorState.LIFTED]
        found.append(
            Tried(
                told=told, done=int(done.get(told.cell.pk) or 0), reported=told.cell.pk in done, shared=like.get(told.cell.place_code, 0),
                barriers=tuple(one for one in own if one not in lifted), lifted=tuple((one, tuple(answers.get(one.pk, ()))) for one in lifted),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (-one.shared, not one.reported, one.told.place, one.told.cell.intervention.code))  # fmt: skip


def _free(person: Any, approaches: Iterable[str], code: str) -> dict[str, list[Intervention]]:
    """Return the lines of some approaches that are not planned in a district and that the reader may plan there."""
    rows = scope.interventions(person).filter(approach__in=list(approaches), closed=False)
    found: dict[str, list[Intervention]] = {}
    for one in rows.exclude(cells__place_code=code):
        held = found.setdefault(one.approach, [])
        if len(held) < LINES_SHOWN and any(place.code == code for place in free_districts(person, one)):
            held.append(one)
    return found
