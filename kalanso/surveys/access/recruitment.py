"""Who recruited whom, and did the chains forget the seeds from which they began?

Checks and diagnoses of respondent-driven samples; coverage is the business of `respondent_driven`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.surveys.handed_in import SurveyRefused, among, numbers, unique, with_columns
from kalanso.vocabulary import Message

Numbers = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
BY_CHANCE = 0.1  # homophily below which people recruit nearly as by chance
FORGOTTEN = 6  # waves after which chains have, as a rule, forgotten their seeds
PEOPLE_COLUMNS = ("person", "recruiter", "network_size", "vaccinated", "position")


@dataclass(frozen=True, eq=False)
class Chains:
    """A checked sample in the order of interview. `recruiter` is the position of whoever recruited, -1 for a seed;
    `seed` that of the seed of the chain, `wave` 0 for seeds; `raised` counts network sizes that were smaller than
    the ties seen in the sample itself, and were set to these."""

    table: pd.DataFrame
    recruiter: Ints
    seed: Ints
    wave: Ints
    size: Numbers
    vaccinated: Numbers
    raised: int

    @property
    def recruits(self) -> list[list[int]]:
        """The positions of those whom each person recruited."""
        found: list[list[int]] = [[] for _ in self.recruiter]
        for at, by in enumerate(self.recruiter):
            if by >= 0:
                found[by].append(at)
        return found


def chains(people: pd.DataFrame) -> Chains:
    """Return a respondent-driven sample, checked.

    `people`: person, recruiter (empty for seeds), network_size (how many people of the population they know and who
    know them), vaccinated (0 or 1: their child), position (the order of interviews, a number). Raises SurveyRefused for an
    unknown recruiter, one interviewed later than those recruited, a network size below 1, and a sample without seeds.
    """
    table = with_columns(people, "people", PEOPLE_COLUMNS)
    unique(table, "people", ["person"])
    among(table, "people", "vaccinated", [0, 1])
    numbers(table, "people", "position")
    unique(table, "people", ["position"])
    table["recruiter"] = table["recruiter"].fillna("")
    among(table, "people", "recruiter", ["", *table["person"]])
    sizes = numbers(table, "people", "network_size", low=1)
    order = np.argsort(table["position"].to_numpy(float), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    at = {person: number for number, person in enumerate(table["person"])}
    recruiter = np.array([-1 if by == "" else at[by] for by in table["recruiter"]], dtype=np.intp)
    early = np.flatnonzero(recruiter >= np.arange(len(table)))
    if early.size:
        row = table.iloc[int(early[0])]
        raise SurveyRefused(
            "surveys.access.recruited_before", person=str(row["person"]), recruiter=str(row["recruiter"])
        )
    seed, wave = np.arange(len(table)), np.zeros(len(table), dtype=np.intp)
    for number, by in enumerate(recruiter):
        if by >= 0:
            seed[number], wave[number] = seed[by], wave[by] + 1
    ties = (recruiter >= 0) + np.bincount(recruiter[recruiter >= 0], minlength=len(table))
    size = sizes.to_numpy(float)[order]
    return Chains(
        table=table, recruiter=recruiter, seed=seed, wave=wave, size=np.maximum(size, ties),
        vaccinated=table["vaccinated"].to_numpy(float), raised=int((size < ties).sum()),
    )  # fmt: skip


def diagnosis(sample: Chains, coverage: float) -> pd.DataFrame:
    """Return what the chains say of the assumptions: name, value and the sentence (message, params) on it.

    homophily is Heckathorn's (2002): 0 where people recruit as by chance, 1 where they recruit only those whose child is
    vaccinated like theirs, below 0 where they avoid them; `coverage` is the estimate. largest_tree is the share of the sample that
    comes from one seed; converged says whether the estimate stayed within .02 of its end over the last quarter of
    interviews (Gile, Johnston and Salganik 2015).
    """
    of_tree = np.bincount(sample.seed)
    end = convergence(sample)
    last = end["coverage"].iloc[-max(len(end) // 4, 1) :]
    steady = bool((last - end["coverage"].iloc[-1]).abs().max() <= 0.02)
    values = {
        "seeds": float((sample.recruiter < 0).sum()),
        "longest_chain": float(sample.wave.max()),
        "largest_tree": float(of_tree.max() / len(sample.seed)),
        "homophily_vaccinated": _homophily(sample, 1, coverage),
        "homophily_missed": _homophily(sample, 0, 1 - coverage),
        "converged": float(steady),
        "sizes_raised": float(sample.raised),
    }
    params = {"people": len(sample.seed)}
    rows = []
    for name, value in values.items():
        known = None if np.isnan(value) else value
        said = Message(f"surveys.access.chains.{_said(name, value)}", {"value": known, **params})
        rows.append({"name": name, "value": value, "message": said.id, "params": said.params_json()})
    return pd.DataFrame(rows)


def _said(name: str, value: float) -> str:
    """Return which sentence a diagnosis is told by."""
    if name.startswith("homophily"):
        return f"{name}_{'alike' if value >= BY_CHANCE else 'apart' if value <= -BY_CHANCE else 'chance'}"
    if name == "longest_chain" and value < FORGOTTEN:
        return "one_wave" if value <= 1 else "short_chains"
    variants = {
        ("seeds", 1): "one_seed",
        ("converged", 0): "not_converged",
        ("sizes_raised", 0): "sizes_held",
    }
    return variants.get((name, int(value)), name)


def _homophily(sample: Chains, group: int, share: float) -> float:
    later = np.flatnonzero(sample.recruiter >= 0)
    by = sample.vaccinated[sample.recruiter[later]] == group
    if not by.any() or not 0 < share < 1:
        return float("nan")
    alike = float((sample.vaccinated[later][by] == group).mean())
    return (alike - share) / (1 - share) if alike >= share else (alike - share) / share


def convergence(sample: Chains) -> pd.DataFrame:
    """Return the estimate (RDS-II) after each interview, over all chains and over the interview's own chain.

    Columns: interviews, coverage, seed, seed_coverage. Chains that stay apart show a bottleneck.
    """
    inverse = 1 / sample.size
    all_of = np.cumsum(sample.vaccinated * inverse) / np.cumsum(inverse)
    table = pd.DataFrame(
        {"interviews": np.arange(1, len(inverse) + 1), "coverage": all_of, "seed": sample.seed}
    )
    own = pd.DataFrame({"seed": sample.seed, "with": sample.vaccinated * inverse, "all": inverse})
    sums = own.groupby("seed").cumsum()
    table["seed_coverage"] = sums["with"] / sums["all"]
    table["seed"] = [str(sample.table["person"].iloc[int(at)]) for at in sample.seed]
    return table
