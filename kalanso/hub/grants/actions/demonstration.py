"""Which money does the simulated country show? Two grants with the published totals; everything else of them is invented.

Public: the total of 26,641,172,400 FCFA, 44,401,954 US dollars, and the years of the levers. Invented, and said so in
their source note: how the total is shared between the two, who holds what, every line and every entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import transaction

from kalanso.hub.grants.models import BudgetLine, Entry, ExchangeRate, Grant, Lever
from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Organisation, Person
from kalanso.hub.portfolio.models import Cell, Intervention

TOTAL = Decimal("26641172400")
FAE_SHARE = Decimal("0.4")
NOTE = (
    "DÉMO. Total public du FPP : 26 641 172 400 FCFA, soit 44 401 954 USD (presse du 31/10/2024, mediaelles.com et mali24.info). "
    "Le partage entre FAE et RSS3, les lignes et les écritures sont inventés."
)
# Code, lever, titles, first and last day, share of the total.
GRANTS = (
    ("DEMO-FAE", Lever.FAE, "DÉMO · Fonds d'accélération de l'équité", "DÉMO · Equity Accelerator Funding", date(2024, 1, 1), date(2027, 12, 31), FAE_SHARE),
    ("DEMO-RSS3", Lever.RSS3, "DÉMO · Renforcement du système de santé 3", "DÉMO · Health System Strengthening 3", date(2024, 1, 1), date(2029, 12, 31), 1 - FAE_SHARE),
)  # fmt: skip
# The two published totals differ by this rate; those of the years after are invented.
RATES = ((date(2024, 1, 1), "600"), (date(2025, 1, 1), "605"), (date(2026, 1, 1), "598"))
MOST_CELLS = 600
UNIT = Decimal(1000)


@transaction.atomic
def seed(*, by: Person, now: datetime, rng: Random) -> dict[str, int]:
    """Make what is not there yet: grants, rates, and for the interventions that are there lines with entries.

    Returns how much was made. Where no intervention is there, the grants stand without lines, and get them next time.
    """
    made = {"grants": 0, "lines": 0, "entries": 0}
    for day, rate in RATES:
        said = {
            "rate": Decimal(rate),
            "source": "DÉMO · rapport des deux totaux publiés, puis inventé",
            "by": by,
            "at": now,
        }
        ExchangeRate.objects.get_or_create(base="USD", quote="XOF", day=day, defaults=said)
    grants = [_grant(row, by, now, made) for row in GRANTS]
    if BudgetLine.objects.filter(grant__in=grants).exists():
        return made
    plans = _plans(rng)
    for grant in grants:
        own = [(what, house, place) for what, house, place, lever in plans if lever == grant.lever]
        lines = _lines(grant, own, rng)
        entries = [entry for line in lines for entry in _entries(line, by, now, rng)]
        BudgetLine.objects.bulk_create(lines, batch_size=500)
        Entry.objects.bulk_create(entries, batch_size=500)
        _reconcile(entries, now, rng)
        made["lines"] += len(lines)
        made["entries"] += len(entries)
        if lines:
            record(
                by=by,
                verb="grants.demonstrated",
                thing=grant,
                now=now,
                after={"reference": f"{len(lines)}, {len(entries)}"},
            )
    return made


def _grant(row: tuple, by: Person, now: datetime, made: dict[str, int]) -> Grant:  # type: ignore[type-arg]
    code, lever, french, english, begins, ends, share = row
    found = Grant.objects.filter(code=code).first()
    if found is not None:
        return found
    houses = Organisation.objects.order_by("pk")
    one = Grant.objects.create(
        code=code, lever=lever, title_fr=french, title_en=english, begins=begins, ends=ends, currency="XOF",
        amount=(TOTAL * share).quantize(Decimal("0.01")), source_note=NOTE,
        funder=houses.filter(kind="donor").first() or houses.first(), holder=houses.filter(kind="government").first() or houses.first(),
    )  # fmt: skip
    record(
        by=by, verb="grants.added", thing=one, now=now, after={"amount": str(one.amount), "source_note": NOTE}
    )
    made["grants"] += 1
    return one


def _plans(rng: Random) -> list[tuple[Intervention, Organisation, str, str]]:
    """Return which intervention is paid where, to whom, by which lever: cells first, the others for the whole country."""
    interventions = list(Intervention.objects.filter(closed=False).select_related("lead"))
    lever = {one.pk: rng.choice((Lever.FAE, Lever.RSS3)) for one in interventions}
    cells = list(Cell.objects.select_related("intervention", "organisation").order_by("pk"))
    cells = (
        sorted(rng.sample(cells, MOST_CELLS), key=lambda one: one.pk) if len(cells) > MOST_CELLS else cells
    )
    found = [
        (one.intervention, one.organisation, one.place_code, str(lever.get(one.intervention_id, Lever.FAE)))
        for one in cells
    ]
    alone = {one.pk for one in interventions} - {one.intervention_id for one in cells}
    return found + [(one, one.lead, "", str(lever[one.pk])) for one in interventions if one.pk in alone]


def _lines(
    grant: Grant, plans: list[tuple[Intervention, Organisation, str]], rng: Random
) -> list[BudgetLine]:
    """Share nine tenths of a grant among its plans and years, unevenly."""
    years = range(grant.begins.year, grant.ends.year + 1)
    weights = {(at, year): rng.uniform(0.4, 1.6) for at in range(len(plans)) for year in years}
    whole = sum(weights.values())
    return [
        BudgetLine(
            grant=grant, intervention=what, organisation=house, place_code=place, year=year, currency=grant.currency,
            planned=_round(grant.amount * Decimal("0.9") * Decimal(weights[at, year] / whole)),
        )
        for at, (what, house, place) in enumerate(plans)
        for year in years
    ]  # fmt: skip


def _round(amount: Decimal) -> Decimal:
    return max(UNIT, (amount / UNIT).quantize(Decimal(1)) * UNIT)


def _entries(line: BudgetLine, by: Person, now: datetime, rng: Random) -> Iterator[Entry]:
    """Yield a commitment, one or two disbursements, and expenditures that lag behind; now and then too much, or too early."""
    begin, today = date(line.year, 1, 1), now.date()
    if begin >= today:
        return
    paid = line.planned * Decimal(rng.uniform(0.55, 1.0))
    spent = paid * Decimal(rng.uniform(0.5, 1.0)) if rng.random() > 0.04 else line.planned * Decimal("1.1")
    early = rng.random() < 0.05
    steps = [("commitment", 15, line.planned)]
    steps += [("disbursement", 25 + 120 * part, paid / 2) for part in range(2)]
    steps += [("expenditure", (5 if early else 100) + 90 * part, spent / 3) for part in range(3)]
    for number, (kind, after, amount) in enumerate(steps, 1):
        day = begin + timedelta(days=after + rng.randrange(20))
        if day < today:
            piece = f"DEMO-{line.intervention.code}-{line.place_code or 'ML'}-{line.year}-{number}"
            yield Entry(
                line=line, kind=kind, day=day, amount=_round(amount), currency=line.currency, reference=piece, by=by,
                written=datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=3),
            )  # fmt: skip


def _reconcile(entries: list[Entry], now: datetime, rng: Random) -> None:
    """Let another simulated person have reconciled the older entries; some wait."""
    other = (
        Person.objects.filter(memberships__role="national")
        .exclude(pk__in={one.by_id for one in entries})
        .first()
    )
    if other is None:
        return
    done = [one for one in entries if (now.date() - one.day).days > 120 and rng.random() < 0.9]
    for one in done:
        one.reconciled, one.reconciled_by = one.written + timedelta(days=20), other
    Entry.objects.bulk_update(done, ["reconciled", "reconciled_by"], batch_size=500)
