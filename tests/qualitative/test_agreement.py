"""Is the agreement of coders that which others publish, and does it say when it can tell nothing?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.qualitative import CodesRefused, agreement, krippendorff

# The usual example of three coders and fifteen units; a dot where a coder did not code.
EXAMPLE = (". . . . . 3 4 1 2 1 1 3 3 . 3", "1 . 2 1 3 3 4 3 . . . . . . .", ". . 2 1 3 4 4 . 2 1 1 3 3 . 4")


def codes() -> pd.DataFrame:
    coders = [[np.nan if one == "." else float(one) for one in line.split()] for line in EXAMPLE]
    return pd.DataFrame(coders, index=["a", "b", "c"]).T


@pytest.mark.parametrize(
    ("scale", "alpha"), [("nominal", 0.691358), ("ordinal", 0.806722), ("interval", 0.810845)]
)
def test_alpha_is_the_published_one_on_every_scale(scale: str, alpha: float) -> None:
    assert krippendorff(codes(), scale=scale) == pytest.approx(alpha, abs=1e-6)


def slowly(table: pd.DataFrame) -> float:
    """Nominal alpha pair by pair, in the words of its definition."""
    units = [[one for one in row if one == one] for row in table.to_numpy(dtype=float)]
    units = [unit for unit in units if len(unit) > 1]
    every = [one for unit in units for one in unit]
    seen = sum(sum(a != b for a in unit for b in unit) / (len(unit) - 1) for unit in units) / len(every)
    chance = sum(a != b for a in every for b in every) / (len(every) * (len(every) - 1))
    return 1 - seen / chance


def test_alpha_is_that_of_its_definition_on_any_table() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        table = pd.DataFrame(rng.integers(0, 3, (12, 4)).astype(float)).mask(rng.random((12, 4)) < 0.3)
        assert krippendorff(table) == pytest.approx(slowly(table), abs=1e-12)


def test_names_of_codes_do_not_matter_on_a_nominal_scale() -> None:
    named = codes().replace({1.0: "access", 2.0: "trust", 3.0: "cost", 4.0: "norms"})
    assert krippendorff(named.astype(object)) == pytest.approx(0.691358, abs=1e-6)


def test_an_interval_and_what_the_codes_are_good_for_come_with_it() -> None:
    found = agreement(codes(), rng=np.random.default_rng(1))
    assert (found.units, found.verdict) == (12, "tentative")
    assert found.low < found.alpha < found.high <= 1
    alike = pd.DataFrame({"a": [1, 2, 1, 2, 1, 2], "b": [1, 2, 1, 2, 1, 2]})
    assert agreement(alike, rng=np.random.default_rng(1)).verdict == "firm"


def test_where_all_codes_are_one_nothing_is_said_of_agreement() -> None:
    found = agreement(pd.DataFrame({"a": [1, 1], "b": [1, 1]}), rng=np.random.default_rng(1))
    assert (found.verdict, found.same) == ("one_code", 1.0)
    assert np.isnan(found.alpha)


def test_codes_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(CodesRefused, match="two coders"):
        krippendorff(pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 2.0]}))
    with pytest.raises(CodesRefused, match="scale: expected one of"):
        krippendorff(codes(), scale="ratio")
