"""Which performance framework does the simulated country show? Every baseline and target is invented, and says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from kalanso.hub.grants.actions.framework import agree, count
from kalanso.hub.grants.models import AgreedIndicator, CountedIntervention, Grant
from kalanso.hub.grants.queries import framework
from kalanso.hub.people.models import Person
from kalanso.hub.portfolio.models import Intervention

SAYS = "DÉMO · point de départ inventé"
# Indicator, baseline, target, better; shares from 0 to 1.
AGREED: Mapping[str, tuple[tuple[str, str, str, str], ...]] = {
    "DEMO-FAE": (
        ("grant_disbursement", "0", "0.95", "up"), ("grant_utilisation", "0", "0.9", "up"),
        ("interventions_on_track", "0.4", "0.85", "up"), ("district_report_completeness", "0.3", "0.95", "up"),
        ("mobile_clinics_on_time", "0.5", "0.9", "up"), ("extended_hours_sessions_held", "0.5", "0.9", "up"),
        ("dtp1_coverage", "0.82", "0.93", "up"), ("dtp1_dtp3_dropout", "0.2", "0.08", "down"),
        ("dtp1_missed_children", "2000", "900", "down"),
    ),
    "DEMO-RSS3": (
        ("grant_disbursement", "0", "0.95", "up"), ("grant_utilisation", "0", "0.9", "up"),
        ("tracer_stockout_months", "0.25", "0.05", "down"), ("dtp3_coverage", "0.7", "0.88", "up"),
        ("districts_dtp3_above_80", "0.4", "0.8", "up"),
    ),
}  # fmt: skip
# The approach whose interventions are counted for an indicator: here their unit is the one that it counts.
COUNTED = {
    "extended_hours_sessions_held": "extended_hours", "mobile_clinics_on_time": "mobile_clinic", "womens_groups_active": "womens_groups",
    "cscoms_with_current_microplan": "microplanning",
}  # fmt: skip


@transaction.atomic
def seed(*, by: Person, now: datetime) -> int:
    """Agree the indicators of the simulated grants, once, and say which interventions are counted; return how many."""
    known, made = framework.pack_indicators(), 0
    for code, rows in AGREED.items():
        grant = Grant.objects.filter(code=code).first()
        if grant is None or AgreedIndicator.objects.filter(grant=grant).exists():
            continue
        for indicator, baseline, target, better in rows:
            one = known[indicator]
            said = {
                "indicator": indicator, "unit": framework.unit_of(indicator), "chain": one.chain, "better": better, "kind": "core",
                "baseline": Decimal(baseline), "baseline_day": date(2023, 12, 31), "baseline_source": SAYS, "target": Decimal(target),
                "target_day": grant.ends, "data_source": str(one.source["fr"]), "frequency": "quarter",
            }  # fmt: skip
            agree(by=by, grant=grant, said=said, now=now)
            made += 1
    for indicator, approach in COUNTED.items():
        work = list(Intervention.objects.filter(approach=approach, closed=False))
        if work and not CountedIntervention.objects.filter(indicator=indicator).exists():
            count(by=by, indicator=indicator, interventions=work, now=now)
    return made
