"""Which target could be proposed for each place, between which bounds, and from which sources?

The estimate's surviving infants where there is an estimate; else an independent population of the place; else the present target
times the ratio (independent / official) of the nearest place above that has one. The bounds are those of the estimate, or span all
independent sources. It is a proposal to the national centre with its reason: nothing is changed anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation.dossier import INDEPENDENT, Dossier
from kalanso.triangulation.inputs import each
from kalanso.triangulation.tables import PROPOSED_TARGETS
from kalanso.vocabulary import Period

LEVELS = ("country", "region", "district", "health_area")


@dataclass(frozen=True, kw_only=True)
class _Proposal:
    value: float
    low: float
    high: float
    sources: tuple[str, ...]
    why: str
    above: str
    evidence: tuple[Mapping[str, Any], ...]


def proposed_targets(dossier: Dossier) -> pd.DataFrame:
    """Return a row for every place that has a target, in the columns of `proposed_targets`, for the target's newest year.

    Where nothing can be proposed the row says what is missing and leaves the proposal empty.
    """
    present = _present(dossier)
    estimates = _estimates(dossier)
    rows = [_row(dossier, one, _propose(dossier, one, present, estimates)) for one in present.values()]
    frame = pd.DataFrame(rows, columns=list(PROPOSED_TARGETS.column_names))
    for name in ("present", "proposed", "low", "high", "ratio"):
        frame[name] = pd.to_numeric(frame[name]).astype(float)
    return frame.sort_values("place_code").reset_index(drop=True)


def _present(dossier: Dossier) -> dict[str, Any]:
    rows = dossier.rows("populations")
    rows = rows[rows["kind"].isin(["official", "projection"]) & (rows["surviving_infants"] > 0)]
    rows = rows[rows["place_code"].map(dossier.levels).isin(LEVELS) & (rows["year"] <= dossier.today.year)]
    rows = rows.sort_values(["place_code", "year", "kind", "source"], ascending=[True, False, True, True])
    return {row.place_code: row for row in each(rows.drop_duplicates("place_code"))}


def _estimates(dossier: Dossier) -> dict[str, Any]:
    rows = dossier.rows("coverage")
    rows = rows[(rows["kind"] == "estimate") & (rows["indicator"] == "dtp1") & rows["target"].notna()]
    latest = rows.sort_values("year").drop_duplicates("place_code", keep="last")
    return {row.place_code: row for row in each(latest)}


def _propose(
    dossier: Dossier, present: Any, all_present: Mapping[str, Any], estimates: Mapping[str, Any]
) -> _Proposal | None:
    growth = 1 + dossier.threshold("population.growth")
    if (one := estimates.get(present.place_code)) is not None:
        factor = growth ** (present.year - one.year)
        return _Proposal(
            value=one.target * factor, low=one.target_low * factor, high=one.target_high * factor, sources=(one.source,), why="estimate",
            above="", evidence=(dossier.evidence("coverage", one),),
        )  # fmt: skip
    if (own := _ratios(dossier, present)) is not None:
        return _scaled(present, own, "independent", "")
    # The nearest place above gives the ratio; all of those above bound it.
    ratios: list[float] = []
    sources: list[str] = []
    evidence: list[Any] = []
    nearest, above = "", dossier.parents.get(present.place_code, "")
    while above:
        if above in all_present and (shared := _ratios(dossier, all_present[above])) is not None:
            nearest = nearest or above
            ratios, sources, evidence = (
                ratios + shared[0],
                sources + list(shared[1]),
                evidence + list(shared[2]),
            )
        above = dossier.parents.get(above, "")
    return (
        _scaled(present, (ratios, tuple(dict.fromkeys(sources)), tuple(evidence)), "shared", nearest)
        if ratios
        else None
    )


def _scaled(
    present: Any, found: tuple[list[float], tuple[str, ...], tuple[Any, ...]], why: str, above: str
) -> _Proposal:
    ratios, sources, evidence = found
    best = present.surviving_infants * ratios[0]
    return _Proposal(
        value=best, low=present.surviving_infants * min(ratios), high=present.surviving_infants * max(ratios), sources=sources, why=why,
        above=above, evidence=evidence,
    )  # fmt: skip


def _ratios(dossier: Dossier, present: Any) -> tuple[list[float], tuple[str, ...], tuple[Any, ...]] | None:
    """Return independent / official of a place by every independent source within reach, the surest kind first."""
    reach, growth = dossier.threshold("population.years"), 1 + dossier.threshold("population.growth")
    near: dict[str, Any] = {}
    for row in dossier.of_place("populations", present.place_code):
        away = abs(row.year - present.year)
        known = near.get(row.source)
        if (
            row.kind in INDEPENDENT
            and away <= reach
            and (known is None or away < abs(known.year - present.year))
        ):
            near[row.source] = row
    rows = sorted(
        near.values(), key=lambda row: (abs(row.year - present.year), INDEPENDENT.index(row.kind), row.source)
    )
    if not rows:
        return None
    ratios = [
        row.surviving_infants * growth ** (present.year - row.year) / present.surviving_infants
        for row in rows
    ]
    return (
        ratios,
        tuple(row.source for row in rows),
        tuple(dossier.evidence("populations", row) for row in rows),
    )


def _row(dossier: Dossier, present: Any, found: _Proposal | None) -> dict[str, Any]:
    when = Period.parse(str(present.year))
    value = np.nan if found is None else found.value
    params: dict[str, Any] = {
        "place": present.place_code,
        "period": when.code,
        "present": present.surviving_infants,
    }
    if found is None:
        which = "none"
    else:
        # A single independent source claims no interval: its bounds are the number itself.
        near = abs(value / present.surviving_infants - 1) <= dossier.threshold("confidence.ratio.good")
        inside = found.low < present.surviving_infants < found.high
        which = "keep" if near or inside else found.why
        params |= {
            "proposed": value,
            "low": found.low,
            "high": found.high,
            "sources": list(found.sources),
            "above": found.above,
        }
    evidence = (dossier.evidence("populations", present), *(found.evidence if found else ()))
    return {
        "place_code": present.place_code, "level": dossier.levels.get(present.place_code, ""), "period": when.code, "period_type": when.type.value,
        "period_start": when.start, "present": present.surviving_infants, "present_source": present.source, "proposed": value,
        "low": np.nan if found is None else found.low, "high": np.nan if found is None else found.high,
        "ratio": value / present.surviving_infants, "sources": json.dumps(list(found.sources) if found else [], ensure_ascii=False),
        "message": f"triangulation.targets.{which}", "params": json.dumps(params, ensure_ascii=False, sort_keys=True, default=float),
        "evidence": json.dumps(evidence, ensure_ascii=False, sort_keys=True),
    }  # fmt: skip
