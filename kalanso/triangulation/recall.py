"""What would a survey have found if mothers without a card remembered later doses as cards record them?

The adjustment of WHO and UNICEF (Burton et al. 2009, Bulletin of the World Health Organization 87: 535-541; Burton et al.
2012, PLoS ONE 7: e47806): dropout between first and third dose among children with a card is applied to the first dose by
card or history:  adjusted third = first (card or history) x third (card) / first (card).  WHO and UNICEF use it for third doses
of surveys with 300 children or more, and cap it at 99 %. They do not adjust first doses; here a first dose is never left below a
later dose of the same survey, since who had the later one had the first. Second doses are adjusted alike and marked as ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kalanso.triangulation.faults import TriangulationRefused
from kalanso.triangulation.inputs import each

FEWEST_CHILDREN = 300
MOST = 0.99
# Later dose -> its first dose. The second row of each vaccine is our extension.
FIRST = {
    "dtp3": "dtp1", "opv3": "opv1", "hib3": "hib1", "hepb3": "hepb1", "pcv3": "pcv1",
    "dtp2": "dtp1", "opv2": "opv1", "pcv2": "pcv1", "rota2": "rota1", "mcv2": "mcv1",
}  # fmt: skip
PUBLISHED = ("dtp3", "opv3", "hib3", "hepb3", "pcv3")
AGES = ("12-23 m", "15-26 m", "18-29 m", "24-35 m")
COLUMNS = (
    "place_code", "year", "survey", "age", "indicator", "found", "adjusted", "rule", "first", "first_card", "last_card", "children",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Recalled:
    """A survey's later dose as found and as adjusted, with the three numbers of the adjustment."""

    adjusted: float
    capped: bool


def adjusted_later_dose(*, first: float, first_card: float, last_card: float) -> Recalled:
    """Return the later dose with the cards' dropout applied to all children; shares of all children asked.

    `first` by card or history, `first_card` and `last_card` by card alone. Raises TriangulationRefused where the cards
    show more later than first doses, or no first dose: then they say nothing about dropout.
    """
    if first_card <= 0 or last_card > first_card:
        raise TriangulationRefused("triangulation.refused.cards", first=first_card, last=last_card)
    if not first_card <= first <= 1:
        raise TriangulationRefused("triangulation.refused.first_dose", first=first, card=first_card)
    value = first * last_card / first_card
    return Recalled(adjusted=min(value, MOST), capped=value > MOST)


def recall_adjusted(surveys: pd.DataFrame) -> pd.DataFrame:
    """Return every survey result that can be adjusted, with COLUMNS, from the input table `surveys`.

    `rule` is `who_unicef` (published), `extension` (second doses), `filled` (a first dose raised to a later one), `few_children`
    (fewer than 300: left as found), `no_card` (the card results are missing) or `cards_disagree` (more later than first doses on
    cards): in the last three `adjusted` is empty.
    """
    wide = surveys[surveys["evidence"].isin(["card", "card or history"]) & surveys["age"].isin([*AGES, ""])]
    found = []
    for (place, year, survey, age), rows in wide.groupby(["place_code", "year", "survey", "age"], sort=True):
        known = {(r.indicator, r.evidence): r for r in each(rows)}
        common = {"place_code": place, "year": year, "survey": survey, "age": age}
        for later, first in FIRST.items():
            if (later, "card or history") in known:
                found.append(common | _later(known, later, first))
        for first in sorted(set(FIRST.values())):
            if (first, "card or history") in known:
                found.append(common | _first(known, first))
    return pd.DataFrame(found, columns=list(COLUMNS))


def _later(known: dict[tuple[str, str], object], later: str, first: str) -> dict[str, object]:
    own = known[later, "card or history"]
    parts = [known.get(key) for key in ((first, "card or history"), (first, "card"), (later, "card"))]
    shares = [getattr(part, "value", None) for part in parts]
    children = getattr(own, "children", float("nan"))
    row = dict(zip(("first", "first_card", "last_card"), shares, strict=True))
    row |= {"indicator": later, "found": getattr(own, "value"), "children": children}  # noqa: B009
    if any(share is None for share in shares):
        return row | {"adjusted": None, "rule": "no_card"}
    if children < FEWEST_CHILDREN:
        return row | {"adjusted": None, "rule": "few_children"}
    try:
        done = adjusted_later_dose(
            first=float(shares[0] or 0), first_card=float(shares[1] or 0), last_card=float(shares[2] or 0)
        )
    except TriangulationRefused:
        return row | {"adjusted": None, "rule": "cards_disagree"}
    return row | {"adjusted": done.adjusted, "rule": "who_unicef" if later in PUBLISHED else "extension"}


def _first(known: dict[tuple[str, str], object], first: str) -> dict[str, object]:
    own = known[first, "card or history"]
    laters = [known.get((later, "card or history")) for later, of in FIRST.items() if of == first]
    most = max((getattr(one, "value", 0.0) for one in laters if one is not None), default=0.0)
    found = getattr(own, "value")  # noqa: B009
    return {
        "indicator": first, "found": found, "adjusted": max(found, most), "rule": "filled" if most > found else "as_found",
        "first": found, "children": getattr(own, "children", float("nan")),
    }  # fmt: skip
