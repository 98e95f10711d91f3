"""Which analyses are there, and what does each say of the evidence at hand?

Eighteen, in the order of the list in which the field asks for them (WHO/UNICEF/CDC triangulation guidance, 2020; Rachlin et
al. 2024, Vaccines 12: 646). To add one, write a file with NAME, NEEDS, HELPS and `compare`, and a line here. An analysis
whose evidence is absent answers with the names of what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from kalanso.triangulation import (
    above_full,
    access,
    breaks,
    campaigns,
    cases,
    confidence,
    coverage_sources,
    denominators,
    dropout,
    first_contacts,
    inequality,
    narrative,
    same_visit,
    sectors,
    silence,
    susceptibles,
    vials,
    zero_dose,
)
from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, missing


class Analysis(Protocol):
    """A module that sets sources beside one another to answer one question.

    NEEDS names the input tables without which it cannot answer, HELPS those that make it answer more.
    """

    @property
    def NAME(self) -> str:
        """What the analysis is called."""

    @property
    def NEEDS(self) -> tuple[str, ...]:
        """Input tables without which it says nothing."""

    @property
    def HELPS(self) -> tuple[str, ...]:
        """Input tables with which it says more."""

    def compare(self, dossier: Dossier) -> Answer:
        """Return rows and findings."""


ANALYSES: tuple[Analysis, ...] = (
    coverage_sources,
    zero_dose,
    dropout,
    first_contacts,
    same_visit,
    above_full,
    denominators,
    silence,
    vials,
    cases,
    susceptibles,
    campaigns,
    access,
    sectors,
    breaks,
    inequality,
    confidence,
)  # the order is the order of the list: number 1 stands first
# Number 18 reads the answers of the others.
NAMES = (*(analysis.NAME for analysis in ANALYSES), narrative.NAME)


def run(
    dossier: Dossier,
    *,
    analyses: Sequence[Analysis] = ANALYSES,
    progress: Callable[[str, float], None] = lambda name, share: None,
) -> Iterator[Answer]:
    """Yield the answer of every analysis, the narrative's counts last.

    `progress` is told the message id of each analysis' name and the share done before it.
    """
    answers = []
    for number, analysis in enumerate(analyses):
        progress(f"triangulation.analysis.{analysis.NAME}", number / (len(analyses) + 1))
        answers.append(_answer(dossier, analysis))
        yield answers[-1]
    yield narrative.compare(dossier, answers)


def _answer(dossier: Dossier, analysis: Analysis) -> Answer:
    if absent := [name for name in analysis.NEEDS if not dossier.has(name)]:
        return Answer(analysis=analysis.NAME, findings=missing(dossier, analysis.NAME, *absent))
    answer = analysis.compare(dossier)
    said = {found.source for found in answer.missing}
    more = [name for name in analysis.HELPS if not dossier.has(name) and name not in said]
    findings = (*answer.findings, *missing(dossier, analysis.NAME, *more))
    return Answer(analysis=answer.analysis, rows=answer.rows, findings=findings)
