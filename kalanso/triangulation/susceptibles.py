"""How many children susceptible to measles have gathered since the last campaign?

Each birth cohort adds children that no effective dose protects: cohort x (1 - MCV1 x VE1 - (MCV2 reached only by those
with MCV1) x (1 - VE1) x VE2). WHO's rule of thumb: a campaign is due before the susceptible children under five
equal one birth cohort (WHO position paper on measles vaccines, 2017). VE of 0.85 at 9 months and 0.95 later are taken from it.
"""

from __future__ import annotations

from typing import Any

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing
from kalanso.vocabulary import Message

NAME = "susceptibles"
NEEDS = ("coverage", "populations")
HELPS = ("events",)
COHORTS = 5
_BELIEVED = ("estimate", "survey", "who_unicef", "administrative")


def compare(dossier: Dossier) -> Answer:
    """Return susceptible children by place and year since the last campaign, and how they stand to one birth cohort."""
    found = [one for place in dossier.parents if (one := accumulate(dossier, place))]
    if not found:
        return Answer(analysis=NAME, findings=missing(dossier, NAME, "mcv1_coverage"))
    rows = [
        {
            "place_code": one["place"], "period": year, "indicator": "mcv1", "measure": "susceptible_children", "source": one["kind"],
            "kind": "computed", "value": total, "unit": "children", "denominator": cohort, "reference": cohort, "reference_source": "birth_cohort",
            "verdict": "many" if total >= cohort else "few",
        }
        for one in found
        for year, total, cohort in one["years"]
    ]  # fmt: skip
    return Answer(
        analysis=NAME,
        rows=compared(dossier, NAME, rows),
        findings=tuple(_told(dossier, one) for one in found),
    )


def unprotected(mcv1: float, mcv2: float, first: float, second: float) -> float:
    """Return the share of a cohort without protection; the second dose reaches children who had the first."""
    mcv2 = min(mcv2, mcv1)
    return 1 - (mcv1 * first + mcv2 * (1 - first) * second)


def accumulate(dossier: Dossier, place: str) -> dict[str, Any] | None:
    """Return the yearly accumulation of one place, or None where coverage or population is not there.

    One kind of source speaks for all years: the surest that has MCV1. A campaign of measles empties the stock by its
    assumed reach (`susceptibles.campaign_reach`).
    """
    known = [row for row in dossier.of_place("coverage", place) if row.indicator in {"mcv1", "mcv2"}]
    kind = next(
        (k for k in _BELIEVED if any(row.kind == k and row.indicator == "mcv1" for row in known)), None
    )
    if kind is None:
        return None
    own = [row for row in known if row.kind == kind]
    shares = {(row.year, row.indicator): min(row.value, 1.0) for row in reversed(own)}
    since, total, years = _campaign(dossier, place), 0.0, []
    for year in sorted({row.year for row in own})[-COHORTS:]:
        infants = dossier.independent_infants(place, int(year))
        if infants is None or (year, "mcv1") not in shares:
            return None
        if since == year:
            total *= 1 - dossier.threshold("susceptibles.campaign_reach")
        total += infants[0] * unprotected(
            shares[year, "mcv1"], shares.get((year, "mcv2"), 0.0),
            dossier.threshold("cases.effectiveness.measles.best"), dossier.threshold("susceptibles.second_dose"),
        )  # fmt: skip
        years.append((int(year), total, infants[0]))
    if not years:
        return None
    evidence = tuple(dossier.evidence("coverage", row) for row in own if row.indicator == "mcv1")
    return {"place": place, "kind": kind, "years": years, "campaign": since, "evidence": evidence}


def _campaign(dossier: Dossier, place: str) -> int | None:
    """Return the year of the last measles campaign that held for a place or a place above."""
    years, code = [], place
    while code:
        events = dossier.of_place("events", code)
        years += [
            int(e.first_day[:4])
            for e in events
            if e.kind == "campaign" and e.antigen in {"mcv", "rcv", "measles", "mr"}
        ]
        code = dossier.parents.get(code, "")
    return max(years, default=None)


def _told(dossier: Dossier, one: dict[str, Any]) -> Finding:
    year, total, cohort = one["years"][-1]
    which = "due" if total >= cohort else "not_yet"
    params = {
        "place": one["place"], "period": str(year), "first": str(one["years"][0][0]), "children": total, "cohort": cohort,
        "ratio": total / cohort, "kind": one["kind"],
    }  # fmt: skip
    return Finding(
        kind="check" if which == "due" else "agrees", place_code=one["place"], period=str(year), indicator="mcv1", source=one["kind"],
        value=total, expected=cohort, severity="serious" if which == "due" else "note",
        message=Message(f"triangulation.susceptibles.{which}", params), evidence=one["evidence"],
    )  # fmt: skip
