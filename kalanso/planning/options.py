"""What could be done in each area, at what cost, and how many children might it reach?

An option is one approach in one area. What an approach achieves is a labelled assumption with an
interval: the share of the missed children of an area whom it reaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.coverage.assumptions import SHARE, Assumption

Numbers = npt.NDArray[np.float64]
OPTION_COLUMNS = ("place_code", "approach", "cost")


@dataclass(frozen=True, kw_only=True)
class Approach:
    """A way to reach children, such as outreach sessions, and the share of missed children it reaches."""

    code: str
    effect: Assumption

    def __post_init__(self) -> None:
        if self.effect.kind != SHARE:
            raise ValueError(
                f"{self.code}: expected an effect as a share of the missed children, got a ratio"
            )


@dataclass(frozen=True, kw_only=True)
class Options:
    """Everything that could be done (rows of `table`), and what it might reach.

    `table` has place_code, district_code, approach, cost. `reached` (options x draws) are children.
    `missed` (areas x draws), `areas` and `districts` (of the areas) say who is there. One draw of an
    approach's effect holds in all areas: if outreach works less well than thought, it does so
    everywhere, and the total must show it.
    """

    table: pd.DataFrame
    reached: Numbers
    missed: Numbers
    areas: tuple[str, ...]
    districts: tuple[str, ...]
    assumptions: tuple[Assumption, ...]

    @property
    def area_of(self) -> npt.NDArray[np.intp]:
        """The position of the area of each option."""
        at = {code: number for number, code in enumerate(self.areas)}
        return np.array([at[code] for code in self.table["place_code"]], dtype=np.intp)


def options(
    costs: pd.DataFrame, approaches: Sequence[Approach], *, missed: Numbers, areas: Sequence[str],
    districts: Sequence[str], rng: np.random.Generator,
) -> Options:  # fmt: skip
    """Return the options of a table of costs.

    `costs` has place_code, approach, cost, and may have `capacity`, the most children that the
    option can reach (empty where unlimited). `missed` (areas x draws) are the children to be reached:
    those of a cohort or of the backlog, never both. Raises ValueError, naming the row, for an unknown
    area or approach, a repeated option, a cost that is not above 0, or a negative capacity.
    """
    known = {approach.code: approach for approach in approaches}
    if missed.shape[0] != len(areas) or len(districts) != len(areas):
        raise ValueError(
            f"missed: expected {len(areas)} areas, got {missed.shape[0]} and {len(districts)} districts"
        )
    if not np.isfinite(missed).all() or (missed < 0).any():
        raise ValueError("missed: expected children of 0 or more in every draw")
    table = _checked(costs, set(known), set(areas))
    at = {code: number for number, code in enumerate(areas)}
    place = table["place_code"].map(at).to_numpy(dtype=np.intp)
    effect = {code: one.effect.draws(missed.shape[1], rng) for code, one in known.items()}
    shares = np.array([effect[code] for code in table["approach"]]).reshape(-1, missed.shape[1])
    reached = np.minimum(missed[place] * shares, table["capacity"].to_numpy(dtype=float)[:, None])
    table["district_code"] = [districts[int(number)] for number in place]
    return Options(
        table=table[["place_code", "district_code", "approach", "cost"]],
        reached=reached,
        missed=missed,
        areas=tuple(areas),
        districts=tuple(districts),
        assumptions=tuple(approach.effect for approach in approaches),
    )


def _checked(costs: pd.DataFrame, approaches: set[str], areas: set[str]) -> pd.DataFrame:
    if missing := set(OPTION_COLUMNS) - set(costs.columns):
        raise ValueError(
            f"costs: expected the columns {', '.join(OPTION_COLUMNS)}; missing {sorted(missing)}"
        )
    table = costs.reset_index(drop=True).copy()
    if "capacity" not in table:
        table["capacity"] = np.inf
    table["capacity"] = table["capacity"].astype(float).fillna(np.inf)
    faults = (
        ("place_code", ~table["place_code"].isin(areas), "an estimated area"),
        ("approach", ~table["approach"].isin(approaches), f"one of {', '.join(sorted(approaches))}"),
        (
            "cost",
            ~(np.isfinite(table["cost"].astype(float)) & (table["cost"].astype(float) > 0)),
            "a cost above 0",
        ),
        ("capacity", table["capacity"] < 0, "0 or more children"),
        ("approach", table.duplicated(["place_code", "approach"]), "each approach once per area"),
    )
    for column, wrong, expected in faults:
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise ValueError(
                f"costs, row {row + 1}, {column}: expected {expected}, got {table[column][row]!r}"
            )
    return table
