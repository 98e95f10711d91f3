"""How many missed children are there, when relais or neighbours listed those whom they knew of?

A listing names children who are not missed, and misses others. Two checks correct it: of those listed, how many are
truly missed (predictive value); of missed children found without the listing, how many it held (sensitivity).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import beta

from kalanso.surveys.access.counts import Count
from kalanso.surveys.handed_in import SurveyRefused


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What the sub-sample found.

    `checked` of the listed children were visited, drawn at random; `checked_missed` of these had truly no dose.
    `found_missed` children without a dose were found independently, such as house by house in random places;
    `found_listed` of these stood on the list.
    """

    checked: int
    checked_missed: int
    found_missed: int
    found_listed: int

    def __post_init__(self) -> None:
        if not 0 <= self.checked_missed <= self.checked or not 0 <= self.found_listed <= self.found_missed:
            raise ValueError(f"expected parts no larger than their whole, got {self}")

    def shares(self) -> pd.DataFrame:
        """Return predictive_value and sensitivity with 95 % intervals (Jeffreys): name, value, low, high, children.

        At 0 or all children the open end is 0 or 1.
        """
        counted = (
            ("predictive_value", self.checked_missed, self.checked),
            ("sensitivity", self.found_listed, self.found_missed),
        )
        rows = []
        for name, with_it, whole in counted:
            ends = beta.ppf([0.025, 0.975], with_it + 0.5, whole - with_it + 0.5)
            low, high = (0.0 if with_it == 0 else ends[0]), (1.0 if with_it == whole else ends[1])
            rows.append((name, with_it / whole if whole else np.nan, float(low), float(high), whole))
        return pd.DataFrame(rows, columns=["name", "value", "low", "high", "children"])

    @property
    def predictive_value(self) -> float:
        """Share of listed children who are truly missed."""
        return self.checked_missed / self.checked

    @property
    def sensitivity(self) -> float:
        """Share of missed children who were listed."""
        return self.found_listed / self.found_missed


def corrected_listing(
    listed: int, validation: Validation, *, deff: float = 1.0, draws: int = 20_000, rng: np.random.Generator
) -> Count:
    """Return the number of missed children: listed x predictive value / sensitivity.

    The interval comes from draws: both shares from their posterior (Jeffreys' prior, counts divided by `deff` where
    the check was made in clusters), the truly missed among those listed and not checked, and the missed not listed
    (negative binomial, given the sensitivity). Raises SurveyRefused where nobody was checked, or where the list held
    none of the missed children found: then the listing says nothing of their number.
    """
    if validation.checked > listed:
        raise ValueError(f"expected at most {listed} checked children, got {validation.checked}")
    if deff < 1:
        raise ValueError(f"deff: expected at least 1, got {deff:g}")
    if validation.checked == 0 or validation.found_listed == 0:
        raise SurveyRefused(
            "surveys.access.listing_not_validated",
            checked=validation.checked, found=validation.found_missed, listed=validation.found_listed,
        )  # fmt: skip
    false = validation.checked - validation.checked_missed
    unlisted = validation.found_missed - validation.found_listed
    true_share = rng.beta(0.5 + validation.checked_missed / deff, 0.5 + false / deff, size=draws)
    heard = rng.beta(0.5 + validation.found_listed / deff, 0.5 + unlisted / deff, size=draws)
    held = validation.checked_missed + rng.binomial(listed - validation.checked, true_share)
    total = held + rng.negative_binomial(held + 1, heard)
    estimate = listed * validation.predictive_value / validation.sensitivity
    low, high = np.quantile(total, [0.025, 0.975])
    return Count(
        method="key_informants", estimate=estimate, standard_error=float(total.std(ddof=1)),
        low=float(min(low, estimate)), high=float(max(high, estimate)),
    )  # fmt: skip
