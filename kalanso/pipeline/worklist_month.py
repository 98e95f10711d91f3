"""Which reports decide about which month a list of questions is, for the command line and for the pages alike?

Those that the newest checks have read, whatever was published since: between a publication and the end of its checks the
month stays where it was, and both then move together. Which month follows is said by `quality.worklist.month_asked`.
"""

from __future__ import annotations

import ibis.expr.types as ir

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import NoSuchSnapshot, Store
from kalanso.vocabulary import PeriodType


def reports_checked(store: Store) -> str | None:
    """Return the snapshot of observations that the newest checks read; None where all stands as it is (no checks, or it is gone)."""
    found = store.latest(QUALITY_FINDINGS.name)
    read = (
        [one for one in found.provenance.made_from if one.startswith(f"{OBSERVATIONS.name}-")]
        if found
        else []
    )
    if not read:
        return None
    try:
        return store.as_of(OBSERVATIONS.name, read[0]).id
    except NoSuchSnapshot:
        return None


def checks_behind(store: Store) -> bool:
    """Whether reports were published that the newest checks have not read."""
    newest, read = store.latest(OBSERVATIONS.name), reports_checked(store)
    return newest is not None and read is not None and newest.id != read


def spoken(observations: ir.Table) -> ir.Table:
    """Return place_code and period of what was reported by month, each pair once."""
    given = observations.filter(
        observations.period_type == PeriodType.MONTH.value, observations.value.notnull()
    )
    return given.select("place_code", "period").distinct()
