"""What do cases of acute flaccid paralysis say of children without a single polio dose?

Almost none of these paralyses is poliomyelitis, so that vaccination does not change who falls ill: the statuses of the cases
are a sample of the status of all children, as the Global Polio Eradication Initiative reads them. Drops of campaigns count
too, so that fewer cases without a dose than routine leaves contradict nothing; more do, by the points from which sources differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kalanso.triangulation.case_strata import ALL_AGES, DUE, Said, Stated, Stratum
from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Finding
from kalanso.vocabulary import Message

DISEASE = "afp"
# Where no coverage with the polio dose is reported, that of the DTP dose of the same visit speaks.
FIRST, THIRD = ("opv1", "dtp1"), ("opv3", "dtp3")


def read(
    dossier: Dossier, strata: Sequence[Stratum], stated: Stated
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """Return shares without a dose and with three, by age, and one finding of those whose doses were due."""
    points = dossier.threshold("coverage.points")
    rows = [row for one in strata for row in _rows(one, stated, points)]
    by_age = {one.age: one for one in strata}
    for age in (DUE, ALL_AGES):
        if age in by_age and (first := _said(by_age[age], stated, FIRST)) is not None:
            return rows, [_told(dossier, by_age[age], *first)]
    return rows, []


def _said(one: Stratum, stated: Stated, doses: Sequence[str]) -> tuple[str, Said] | None:
    said = ((dose, stated.at(one, dose)) for dose in doses)
    return next(((dose, found) for dose, found in said if found is not None), None)


def _rows(one: Stratum, stated: Stated, points: float) -> Iterator[dict[str, Any]]:
    for measure, count, doses in (
        ("zero_dose_share_of_cases", one.unvaccinated, FIRST),
        ("three_dose_share_of_cases", one.vaccinated, THIRD),
    ):
        low, high = one.interval(count, one.known)
        said = _said(one, stated, doses)
        row = one.row | {
            "measure": measure, "kind": "surveillance", "indicator": said[0] if said else doses[0], "value": count / one.known,
            "low": low, "high": high, "numerator": count, "denominator": one.known,
        }  # fmt: skip
        if said is not None:
            reference = left(said[1].value) if doses is FIRST else said[1].value
            row |= {
                "reference_source": "left_by_routine" if doses is FIRST else said[1].source,
                "reference": reference,
            }
            apart = (
                ("above", low > reference + points)
                if doses is FIRST
                else ("below", high < min(reference, 1.0) - points)
            )
            row["verdict"] = apart[0] if apart[1] else "agrees"
        yield row


def left(coverage: float) -> float:
    """Return the share of children whom a first dose did not reach; none where more than all are reported."""
    return max(0.0, 1 - coverage)


def _told(dossier: Dossier, one: Stratum, dose: str, said: Said) -> Finding:
    low, high = one.interval(one.unvaccinated, one.known)
    more = low > left(said.value) + dossier.threshold("coverage.points")
    params = one.params | {
        "age": one.age or "all", "unvaccinated": one.unvaccinated, "n": one.known, "observed": one.unvaccinated / one.known,
        "low": low, "high": high, "indicator": dose, "coverage": said.value, "left": left(said.value),
    }  # fmt: skip
    return Finding(
        kind="disagrees" if more else "agrees", place_code=one.place_code, period=str(one.year), indicator=dose, source=DISEASE,
        value=one.unvaccinated / one.known, expected=left(said.value), severity="serious" if more else "note",
        message=Message(f"triangulation.cases.sample_{'more' if more else 'agrees'}", params),
        evidence=(one.evidence(dossier), *said.evidence(dossier)),
    )  # fmt: skip
