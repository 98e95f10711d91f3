"""Do the cases of a disease fit the coverage that is reported?

Independent evidence where no survey goes. Cases of measles and pertussis are read by the screening method (see `screening`):
fewer vaccinated cases than the coverage leads to expect mean that coverage is lower than reported, or a pocket that was not
reached; more, that the vaccine works less well than assumed, or that status is told wrongly. Acute flaccid paralysis is read
in `paralysis`. Where ages are told, those speak whose dose was due: others were too young, or belong to older cohorts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kalanso.triangulation import paralysis
from kalanso.triangulation.case_strata import ALL_AGES, DUE, Said, Stated, Stratum, strata
from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing
from kalanso.triangulation.screening import Screened, screen
from kalanso.vocabulary import Message

NAME = "cases"
NEEDS = ("cases", "coverage")
HELPS: tuple[str, ...] = ()
# Disease -> the dose whose coverage its cases are read against.
DOSE = {"measles": "mcv1", "pertussis": "dtp3", "diphtheria": "dtp3", "polio": "opv3"}
FIRST = {"dtp3": "dtp1", "opv3": "opv1"}


@dataclass(frozen=True, kw_only=True)
class _Read:
    """Cases of one stratum beside the reported coverage of the same children, and the effectiveness that was assumed."""

    stratum: Stratum
    stated: Said
    basis: str
    works: tuple[float, float]
    found: Screened


def compare(dossier: Dossier) -> Answer:
    """Return observed and expected shares of vaccinated cases and the coverage that they imply, by place, year and age."""
    stated = Stated.of(dossier)
    fewest = dossier.threshold("cases.fewest")
    rows: list[dict[str, Any]] = []
    told: list[Finding] = []
    for (_place, _year, disease), own in strata(dossier):
        if disease == paralysis.DISEASE:
            more, findings = paralysis.read(dossier, own, stated)
            rows, told = [*rows, *more], [*told, *findings]
            continue
        own = [one for one in own if one.vaccinated + one.unvaccinated >= fewest]
        read = {one.age: _read(dossier, one, stated) for one in own}
        rows += [row for one in own for row in _rows(one, read[one.age])]
        spoken = read.get(DUE) or read.get(ALL_AGES)
        if spoken is not None:
            told.append(_told(dossier, spoken))
    if not told:
        return Answer(
            analysis=NAME,
            rows=compared(dossier, NAME, rows),
            findings=missing(dossier, NAME, "cases_with_status"),
        )
    return Answer(analysis=NAME, rows=compared(dossier, NAME, rows), findings=tuple(told))


def _read(dossier: Dossier, one: Stratum, known: Stated) -> _Read | None:
    """Return a stratum screened; None where its dose was not due or nothing is reported of its cohorts."""
    dose = DOSE.get(one.disease, "")
    stated = known.at(one, dose)
    if stated is None:
        return None
    basis = "cohorts" if one.lags != (0,) else ""
    coverage = stated.value
    if one.partial is not None:
        # Those with one or two doses are among neither the cases nor the children.
        first = known.at(one, FIRST.get(dose, ""))
        if first is None:
            return None
        none = max(0.0, 1 - first.value)
        coverage = coverage / (coverage + none) if coverage + none > 0 else 0.0
        stated = stated.joined(first, coverage)
        basis = "full_or_none_cohorts" if basis else "full_or_none"
    best, low, high = (
        dossier.threshold(f"cases.effectiveness.{one.disease}.{end}") for end in ("best", "low", "high")
    )
    found = screen(
        one.vaccinated, one.unvaccinated, coverage=coverage, effectiveness=best, effectiveness_low=low, effectiveness_high=high,
    )  # fmt: skip
    return _Read(stratum=one, stated=stated, basis=basis, works=(low, high), found=found)


def _rows(one: Stratum, read: _Read | None) -> Iterator[dict[str, Any]]:
    """Yield the share of vaccinated cases of a stratum, with what was expected where it could be screened."""
    own = one.row | {"indicator": DOSE.get(one.disease, "")}
    told = one.vaccinated + one.unvaccinated
    if read is None:
        low, high = one.interval(one.vaccinated, told)
        yield own | {
            "measure": "vaccinated_share_of_cases", "kind": "surveillance", "value": one.vaccinated / told, "low": low,
            "high": high, "numerator": one.vaccinated, "denominator": told,
        }  # fmt: skip
        return
    found, stated = read.found, read.stated
    yield own | {
        "measure": "vaccinated_share_of_cases", "kind": "surveillance", "value": found.observed, "low": found.observed_low,
        "high": found.observed_high, "numerator": one.vaccinated, "denominator": told, "reference_source": "expected",
        "reference": found.expected, "verdict": found.verdict,
    }  # fmt: skip
    yield own | {
        "measure": "expected_share_of_cases", "kind": "computed", "value": found.expected, "low": found.expected_low,
        "high": found.expected_high, "reference_source": stated.source, "reference": None,
    }  # fmt: skip
    yield own | {
        "measure": "implied_coverage", "kind": "computed", "value": found.implied, "low": found.implied_low,
        "high": found.implied_high, "reference_source": stated.source, "reference": stated.value,
        "verdict": "below" if found.implied_high < min(stated.value, 1.0) else "agrees",
    }  # fmt: skip


def _told(dossier: Dossier, read: _Read) -> Finding:
    one, stated, found = read.stratum, read.stated, read.found
    verdict = found.verdict
    params = one.params | {
        "indicator": DOSE[one.disease], "coverage": stated.value, "vaccinated": one.vaccinated, "n": one.vaccinated + one.unvaccinated,
        "observed": found.observed, "expected_low": found.expected_low, "expected_high": found.expected_high,
        "implied_low": found.implied_low, "implied_high": found.implied_high,
    }  # fmt: skip
    # All ages against the coverage of the year itself need no further words.
    sentence = f"triangulation.cases.{verdict}"
    if read.basis:
        sentence = f"triangulation.cases.aged_{verdict}"
        params |= {
            "age": one.age or "all",
            "basis": read.basis,
            "works_low": read.works[0],
            "works_high": read.works[1],
        }
    return Finding(
        kind="agrees" if verdict == "agrees" else "disagrees", place_code=one.place_code, period=str(one.year),
        indicator=DOSE[one.disease], source=one.disease, value=found.observed, expected=found.expected,
        severity={"agrees": "note", "above": "attention", "below": "serious"}[verdict],
        message=Message(sentence, params), evidence=(one.evidence(dossier), *stated.evidence(dossier)),
    )  # fmt: skip
