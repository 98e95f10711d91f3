"""How does the demonstration get a portfolio: 79 made-up interventions in up to 44 districts, some late, some stopped?

Only for a store marked DÉMO, once. All of it is drawn from a fixed seed, so that two demonstrations are alike.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from django.db import transaction

from kalanso.hub.people.actions.trail import record_many
from kalanso.hub.people.models import Organisation, Person, PlaceMirror
from kalanso.hub.portfolio.actions.cells import kept_of
from kalanso.hub.portfolio.actions.demonstration_lines import HOUSES, LINES, REASONS
from kalanso.hub.portfolio.models import Cell, Intervention, Milestone, Target
from kalanso.hub.portfolio.models.cells import NEEDS_REASON, State
from kalanso.hub.portfolio.queries.cells import quarter_of
from kalanso.vocabulary import Period

DISTRICTS = 44
SEED = 79
MOSTLY = 0.85  # of what should be over is over
# How often a cell is in each state, once its beginning has passed.
BEGUN = {
    State.ONGOING: 50, State.DELAYED: 14, State.SUSPENDED: 6, State.COMPLETED: 18, State.PREPARING: 8, State.DROPPED: 4,
}  # fmt: skip


@transaction.atomic
def seed(*, by: Person, now: datetime) -> int:
    """Make the portfolio of the demonstration and return how many cells; nothing where there is one already."""
    places = list(PlaceMirror.objects.filter(level="district").order_by("code")[:DISTRICTS])
    if Intervention.objects.exists() or not places:
        return 0
    chance = random.Random(SEED)  # noqa: S311
    cells = []
    for number, line in enumerate(_lines(), 1):
        one = _intervention(number, line)
        share = chance.uniform(0.15, 0.75)
        wanted = [place for place in places if chance.random() < share] or [chance.choice(places)]
        cells += [_cell(one, place, chance, now) for place in wanted]
    Cell.objects.bulk_create(cells, batch_size=200)
    Target.objects.bulk_create([one for cell in cells for one in _targets(cell)], batch_size=500)
    Milestone.objects.bulk_create(
        [one for cell in cells[::3] for one in _milestones(cell, chance, now)], batch_size=500
    )
    record_many(
        {
            "by": by,
            "verb": "portfolio.cell_planned",
            "thing": one,
            "now": now,
            "after": kept_of(one, "state", "target"),
        }
        for one in cells
    )
    return len(cells)


def _lines() -> list[tuple[str, str, int, str, str, str, str]]:
    return [
        (approach, unit, cost, steps, gender, title_fr, title_en)
        for approach, unit, cost, steps, gender, titles in LINES
        for title_fr, title_en in titles
    ]


def _intervention(number: int, line: tuple[str, str, int, str, str, str, str]) -> Intervention:
    approach, unit, cost, steps, gender, title_fr, title_en = line
    house = next((one for one in HOUSES if approach in one[3]), HOUSES[-1])
    lead = Organisation.objects.get_or_create(code=house[0], defaults={"name": house[1], "kind": house[2]})[0]
    one = Intervention.objects.create(
        code=f"INT-{number:03d}", title_fr=title_fr, title_en=title_en, approach=approach, steps=steps.split(), gender=gender, lead=lead,
        unit=unit, unit_cost=cost, objective="Atteindre les enfants zéro dose",
    )  # fmt: skip
    centre = Organisation.objects.filter(code="cni").first()
    if centre is not None and centre != lead:
        one.partners.add(centre)
    return one


def _cell(one: Intervention, place: PlaceMirror, chance: random.Random, now: datetime) -> Cell:
    begins = date(now.year - 1, chance.choice((1, 4, 7, 10)), 1) + timedelta(
        days=365 * chance.choice((0, 0, 0, 1))
    )
    ends = begins + timedelta(days=chance.choice((270, 365, 545)))
    state = State.PLANNED if begins > now.date() else chance.choices(list(BEGUN), list(BEGUN.values()))[0]
    if ends < now.date() and chance.random() < MOSTLY:
        state = State.COMPLETED
    reason = chance.choice(REASONS) if state in NEEDS_REASON else ""
    return Cell(
        intervention=one, place_code=place.code, organisation=one.lead, begins=begins, ends=ends, target=chance.choice((4, 12, 24, 48, 96)),
        state=state, reason=reason, since=now - timedelta(days=chance.randrange(5, 90)), sensitive=one.approach == "paid_relais",
    )  # fmt: skip


def _targets(cell: Cell) -> list[Target]:
    assert cell.begins is not None
    assert cell.ends is not None
    assert cell.target is not None
    quarters = Period.parse(quarter_of(cell.begins)).until(Period.parse(quarter_of(cell.ends)))
    each, rest = divmod(cell.target, len(quarters))
    return [
        Target(cell=cell, period=str(one), quantity=each + (at < rest)) for at, one in enumerate(quarters) if each + (at < rest)
    ]  # fmt: skip


def _milestones(cell: Cell, chance: random.Random, now: datetime) -> list[Milestone]:
    assert cell.begins is not None
    first = cell.begins - timedelta(days=30)
    done = first if first < now.date() and chance.random() < 0.7 else None
    return [
        Milestone(cell=cell, title="Équipes formées", due=first, done=done),
        Milestone(cell=cell, title="Première revue", due=cell.begins + timedelta(days=120)),
    ]
