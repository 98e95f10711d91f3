"""Of which ages do the cases of a disease speak, and which coverage was reported of the same children?

A dose by twelve months was due for children from one to four years old: their cohorts are those of the years before. Younger ones
were due in part only, and of older ones no coverage stands beside. Strata with few cases are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import numpy as np
import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.inputs import each

ALL_AGES: Final = ""
DUE: Final = "12-59m"  # all ages together for which the doses of the first year were due
# Ages apart -> how many years before the cases their cohorts were infants; none: not due, or not told by coverage.
LAGS: Final[Mapping[str, tuple[int, ...]]] = {
    "0-11m": (), "12-23m": (1,), "24-59m": (2, 3, 4), "60m+": (), "unknown": (), DUE: (1, 2, 3, 4), ALL_AGES: (0,),
}  # fmt: skip
_ELIGIBLE: Final = ("12-23m", "24-59m")
_COUNTS: Final = ["vaccinated", "partial", "unvaccinated", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """Cases of one place, year, disease and age by vaccination status; `partial` is None where it is not told apart."""

    place_code: str
    year: int
    disease: str
    age: str
    vaccinated: float
    partial: float | None
    unvaccinated: float
    unknown: float

    @property
    def lags(self) -> tuple[int, ...]:
        """How many years before the cases their cohorts were infants."""
        return LAGS[self.age]

    @property
    def known(self) -> float:
        """Cases whose status is known."""
        return self.vaccinated + self.unvaccinated + (self.partial or 0.0)

    @property
    def row(self) -> dict[str, Any]:
        """What every row about it shares."""
        return {
            "place_code": self.place_code,
            "period": self.year,
            "source": self.disease,
            "unit": "share",
            "age_band": self.age,
        }

    @property
    def params(self) -> dict[str, Any]:
        """What every sentence about it shares."""
        unknown = self.unknown / (self.unknown + self.known) if self.unknown + self.known else 0.0
        return {
            "place": self.place_code,
            "period": str(self.year),
            "disease": self.disease,
            "unknown": unknown,
        }

    def evidence(self, dossier: Dossier) -> dict[str, Any]:
        """Return where its cases come from."""
        key = {"place_code": self.place_code, "period": str(self.year), "disease": self.disease}
        return {"table": "observations", "key": key, "snapshot": dossier.snapshots.get("observations", "")}

    def interval(self, part: float, whole: float) -> tuple[float, float]:
        """Return Wilson's 95 % interval of a share of its cases."""
        # Loads the estimator's libraries: pages that only show sentences need none of them.
        from kalanso.coverage.place_evidence import wilson

        low, high = wilson(np.array([part], float), np.array([whole], float), np.ones(1))
        return float(low[0]), float(high[0])


def strata(dossier: Dossier) -> Iterator[tuple[tuple[str, int, str], list[Stratum]]]:
    """Yield by place, year and disease all ages together, each age that is told, and those that were due, where cases are not few."""
    rows = dossier.rows("cases")
    rows = rows.assign(year=rows["period"].str[:4].astype(int))
    sums = rows.groupby(["place_code", "year", "disease", "age_band"], as_index=False)[_COUNTS].sum(
        min_count=1
    )
    fewest = dossier.threshold("cases.fewest")
    for about, part in sums.groupby(["place_code", "year", "disease"]):
        place, year, disease = (str(one) for one in cast(tuple[Any, ...], about))
        ages = part.set_index("age_band")[_COUNTS]
        whole = ages.loc[["all"]] if "all" in ages.index else ages
        due = ages[ages.index.isin(_ELIGIBLE)]
        chosen = {ALL_AGES: whole, **{age: ages.loc[[age]] for age in LAGS if age in ages.index}}
        if len(due):
            chosen[DUE] = due
        found = [
            Stratum(place_code=place, year=int(year), disease=disease, age=age, **_counts(counts))
            for age, counts in chosen.items()
        ]
        spoken = [one for one in found if one.known >= fewest]
        if spoken:
            yield (place, int(year), disease), spoken


def _counts(rows: pd.DataFrame) -> dict[str, Any]:
    sums = rows.sum(min_count=1)
    partial = sums["partial"]
    return {
        "vaccinated": float(np.nan_to_num(sums["vaccinated"])),
        "partial": float(partial) if pd.notna(partial) else None,
        "unvaccinated": float(np.nan_to_num(sums["unvaccinated"])),
        "unknown": float(np.nan_to_num(sums["unknown"])),
    }


@dataclass(frozen=True, kw_only=True)
class Said:
    """A reported coverage of the children of a stratum: the mean of their cohorts, and the rows of which it is made."""

    value: float
    source: str
    rows: tuple[Any, ...]

    def joined(self, other: Said, value: float) -> Said:
        """Return the two together as another share."""
        return replace(self, value=value, rows=(*self.rows, *other.rows))

    def evidence(self, dossier: Dossier) -> tuple[dict[str, Any], ...]:
        """Return where its rows come from."""
        return tuple(dossier.evidence("coverage", row) for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class Stated:
    """Reported coverage by place, year and dose."""

    rows: Mapping[tuple[str, int, str], Any]

    @classmethod
    def of(cls, dossier: Dossier) -> Stated:
        """Return what the programme reports."""
        coverage = dossier.rows("coverage")
        coverage = coverage[coverage["kind"] == "administrative"].drop_duplicates(
            ["place_code", "year", "indicator"]
        )
        return cls(rows={(r.place_code, r.year, r.indicator): r for r in each(coverage)})

    def at(self, one: Stratum, dose: str) -> Said | None:
        """Return the mean of the cohorts of a stratum; None unless at least half of them are reported."""
        asked = [self.rows.get((one.place_code, one.year - lag, dose)) for lag in one.lags]
        found = tuple(row for row in asked if row is not None)
        if not found or 2 * len(found) < len(asked):
            return None
        mean = float(np.mean([row.value for row in found]))
        return Said(value=mean, source=found[0].source, rows=found)
