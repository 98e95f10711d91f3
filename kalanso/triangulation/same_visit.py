"""Were vaccines of one visit given to the same number of children?

DTP1, OPV1, PCV1 and rotavirus 1 are given together at six weeks. Their counts should be equal within a tenth (WHO
annual report app, related indicators of type `eq`, criterion 10 %); where they are not, a vaccine
lacked, a form was filled in badly, or a number was made up.
"""

from __future__ import annotations

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, compared, missing
from kalanso.triangulation.ratios import Pair, absent, paired, told

NAME = "same_visit"
NEEDS = ("counts",)
HELPS: tuple[str, ...] = ()
TOGETHER = ("opv1", "pcv1", "rota1")


def pairs(dossier: Dossier) -> tuple[Pair, ...]:
    """Return the vaccines of the first visit over DTP1."""
    criterion = dossier.threshold("same_visit.criterion")
    return tuple(
        Pair(
            measure=f"{dose}_dtp1",
            first="dtp1_doses",
            last=f"{dose}_doses",
            low=1 - criterion,
            high=1 + criterion,
        )
        for dose in TOGETHER
    )


def compare(dossier: Dossier) -> Answer:
    """Return the ratios by place and year, and those outside the criterion."""
    wanted = pairs(dossier)
    rows = paired(dossier, wanted)
    findings = told(dossier, rows, lambda _, verdict: f"triangulation.same_visit.together.{verdict}")
    return Answer(
        analysis=NAME, rows=compared(dossier, NAME, rows),
        findings=(*findings, *missing(dossier, NAME, *absent(dossier, wanted))),
    )  # fmt: skip
