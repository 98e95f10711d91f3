"""Do births, BCG and antenatal care tell of the same children as DTP1?

BCG is given at birth and DTP1 six weeks later, so both count nearly the same children; ANC1 counts women who
reached care at all. ANC1 / DTP1 between 1 and 1.5 is unremarkable (Countdown to 2030, cd2030.core: adequate
ratios of districts); BCG / DTP1 is taken in the same band, and BCG is set beside the live births of a facility.
"""

from __future__ import annotations

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, compared, missing
from kalanso.triangulation.ratios import Pair, absent, paired, told

NAME = "first_contacts"
NEEDS = ("counts",)
HELPS: tuple[str, ...] = ()


def pairs(dossier: Dossier) -> tuple[Pair, ...]:
    """Return the pairs: ANC1 and BCG over DTP1, and BCG over births in facilities."""
    low, high = dossier.threshold("first_contacts.low"), dossier.threshold("first_contacts.high")
    return (
        Pair(measure="anc1_dtp1", first="dtp1_doses", last="anc1_visits", low=low, high=high),
        Pair(measure="bcg_dtp1", first="dtp1_doses", last="bcg_doses", low=low - dossier.threshold("first_contacts.slack"), high=high),
        Pair(measure="bcg_births", first="facility_live_births", last="bcg_doses", low=low, high=float("inf")),
    )  # fmt: skip


def compare(dossier: Dossier) -> Answer:
    """Return the ratios by place and year, and those outside their band."""
    wanted = pairs(dossier)
    rows = paired(dossier, wanted)
    findings = told(
        dossier, rows, lambda measure, verdict: f"triangulation.first_contacts.{measure}.{verdict}"
    )
    return Answer(
        analysis=NAME, rows=compared(dossier, NAME, rows),
        findings=(*findings, *missing(dossier, NAME, *absent(dossier, wanted))),
    )  # fmt: skip
