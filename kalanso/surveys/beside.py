"""Which tables does the report of a survey need beside its estimates?

Responses, composition, weights, schedule, clusters, curves by age, comparisons, answers by vaccination status: each from the file that computes it, gathered
so that reports and pages say the same. Cells of too few children are hidden here as they are in the estimates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kalanso.surveys.composition import (
    COMPOSITION_COLUMNS,
    WEIGHT_COLUMNS,
    composition,
    weights_told,
)
from kalanso.surveys.contrasts import CONTRAST_COLUMNS, DRIVER_COLUMNS, contrasts, drivers_by_vaccination
from kalanso.surveys.dose_ages import cumulative_coverage, dose_by_age
from kalanso.surveys.estimates import ALL, SUPPRESSED_BELOW, low_clusters
from kalanso.surveys.pictured import cluster_shares
from kalanso.surveys.record import Record
from kalanso.surveys.responses import RESPONSE_COLUMNS, responses
from kalanso.surveys.validity import FIRST_BIRTHDAY
from kalanso.surveys.wealth import Wealth
from kalanso.surveys.weight_origins import WeightOrigin

DOSE = "dtp1"  # of which clusters and pairs are told
LOW_BELOW = 0.5  # share of the children of a cluster with DTP1 below which it is low
CURVE_DOSES = ("bcg", "dtp1", "dtp3", "mcv1")
STEP = 14  # days between two ages of a curve for children who are still too young
FOLLOWED = "followed"  # curves of a cohort whose doses are past
CENSORED = "censored"  # curves that allow for children who are too young to tell
CURVE_COLUMNS = (
    "cohort",
    "dose",
    "kind",
    "age_days",
    "share",
    "low",
    "high",
    "children",
    "left_out",
    "undated",
    "not_raked",
)
LOW_COLUMNS = ("cohort", "stratum", "clusters", "low")
PIPE_COLUMNS = ("cohort", "stratum", "cluster", "value", "weight", "children")
SCHEDULE_COLUMNS = ("dose", "due", "least_age", "least_interval", "from", "scope", "to_confirm")


def _empty(*columns: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Tables with the columns named above; `low_clusters` counts (RI_COVG_05), `origin` says where weights come from, `schedule_version` names
    the rows of the schedule by which doses were judged, `wealth` is the index where
    possessions were asked."""

    responses: pd.DataFrame = field(default_factory=lambda: _empty(*RESPONSE_COLUMNS))
    composition: pd.DataFrame = field(default_factory=lambda: _empty(*COMPOSITION_COLUMNS))
    weights: pd.DataFrame = field(default_factory=lambda: _empty(*WEIGHT_COLUMNS))
    origin: WeightOrigin = field(default_factory=WeightOrigin)
    schedule: pd.DataFrame = field(default_factory=lambda: _empty(*SCHEDULE_COLUMNS))
    schedule_version: str = ""
    low_clusters: pd.DataFrame = field(default_factory=lambda: _empty(*LOW_COLUMNS))
    pipes: pd.DataFrame = field(default_factory=lambda: _empty(*PIPE_COLUMNS))
    curves: pd.DataFrame = field(default_factory=lambda: _empty(*CURVE_COLUMNS))
    contrasts: pd.DataFrame = field(default_factory=lambda: _empty(*CONTRAST_COLUMNS))
    drivers: pd.DataFrame = field(default_factory=lambda: _empty(*DRIVER_COLUMNS))
    wealth: Wealth | None = None


def beside(
    record: Record, estimates: pd.DataFrame, schedule: pd.DataFrame, *, sample: pd.DataFrame, answers: pd.DataFrame,
    origin: WeightOrigin, homes: pd.DataFrame | None = None, groups: Sequence[str] = (), wealth: Wealth | None = None,
) -> Beside:  # fmt: skip
    """Return the tables of a survey; `estimates` are those of `record` by `groups`, `schedule` the table by which it was judged."""
    told = [name for name in groups if name != "vaccination"]
    rows = schedule[schedule["dose"].isin(record.doses)]
    return Beside(
        responses=responses(sample, answers, record.children, homes),
        composition=composition(record, told), weights=weights_told(record), origin=origin,
        schedule=_schedule_told(rows, record.doses), schedule_version=schedule_version(rows),
        low_clusters=low_counts(record), pipes=pipes(record, estimates), curves=curves(record),
        contrasts=_contrasted(record, estimates, told), drivers=drivers_by_vaccination(record), wealth=wealth,
    )  # fmt: skip


def schedule_version(rows: pd.DataFrame) -> str:
    """Return twelve signs that stand for these rows of a schedule: another age, interval, day or scope gives others."""
    written = (
        rows.astype("string")
        .fillna("")
        .sort_values(["dose", "valid_from"], kind="stable")
        .to_csv(index=False)
    )
    return hashlib.sha256(written.encode()).hexdigest()[:12]


def _schedule_told(rows: pd.DataFrame, doses: Sequence[str]) -> pd.DataFrame:
    order = {dose: at for at, dose in enumerate(doses)}
    named = rows.rename(
        columns={
            "rec_age_d": "due", "min_age_d": "least_age", "min_interval_d": "least_interval", "valid_from": "from", "geo_scope": "scope",
        }
    )  # fmt: skip
    return named.sort_values("dose", key=lambda codes: codes.map(order), kind="stable", ignore_index=True)[
        list(SCHEDULE_COLUMNS)
    ]


def low_counts(record: Record, dose: str = DOSE, below: float = LOW_BELOW) -> pd.DataFrame:
    """Return LOW_COLUMNS: in how many clusters with children of a cohort less than `below` of them had the dose. Which ones is for the field."""
    if dose not in record.doses:
        return _empty(*LOW_COLUMNS)
    due = record.due[:, record.column(dose)]
    keys = ["cohort", "stratum"]
    asked = record.children.loc[due, [*keys, "cluster"]].drop_duplicates()
    rows = asked.groupby(keys).size().rename("clusters").reset_index()
    found = low_clusters(record, dose, below=below).groupby(keys).size().rename("low").reset_index()
    counted = rows.merge(found, on=keys, how="left")
    return counted.assign(low=counted["low"].fillna(0).astype("int64"))[list(LOW_COLUMNS)]


def pipes(record: Record, estimates: pd.DataFrame, dose: str = DOSE) -> pd.DataFrame:
    """Return PIPE_COLUMNS: the clusters of each cohort and stratum whose crude coverage is shown; of others none."""
    own = estimates[
        (estimates["indicator"] == "crude_coverage") & (estimates["detail"] == dose) & (estimates["domain_kind"] == ALL)
        & (estimates["stratum"] != ALL) & estimates["status"].isin(["shown", "bracketed"])
    ]  # fmt: skip
    parts = [
        cluster_shares(record, "crude_coverage", dose, cohort=cohort, stratum=stratum).assign(
            cohort=cohort, stratum=stratum
        )
        for cohort, stratum in own[["cohort", "stratum"]].itertuples(index=False)
    ]
    return pd.concat(parts, ignore_index=True)[list(PIPE_COLUMNS)] if parts else _empty(*PIPE_COLUMNS)


def curves(record: Record) -> pd.DataFrame:
    """Return CURVE_COLUMNS: by which age which share had a dose.

    Of cohorts past the first birthday RI_CCC_02 (`followed`): the weighted share with a dated dose, of all who are due. Of younger ones DTP1 alone
    (`censored`): Turnbull's estimate, which allows for those who are too young to tell and for doses without a day, with its interval, up to
    the age that 25 children had reached.
    """
    parts = []
    for cohort in record.asked.cohorts:
        members = record.children["cohort"].eq(cohort.name).to_numpy(dtype=bool)
        if cohort.from_days >= FIRST_BIRTHDAY:
            for dose in (one for one in CURVE_DOSES if one in record.doses):
                due = int((members & record.due[:, record.column(dose)]).sum())
                if due >= SUPPRESSED_BELOW:
                    rows = cumulative_coverage(record, dose, cohort.name)
                    parts.append(
                        rows.assign(cohort=cohort.name, dose=dose, kind=FOLLOWED, children=due, left_out=0)
                    )
        elif DOSE in record.doses:
            parts.append(_censored(record, cohort.name, members))
    filled = [one.reindex(columns=list(CURVE_COLUMNS)) for one in parts if len(one)]
    return pd.concat(filled, ignore_index=True) if filled else _empty(*CURVE_COLUMNS)


def _censored(record: Record, cohort: str, members: np.ndarray) -> pd.DataFrame:
    age = record.children["age_days"].to_numpy(dtype=float)
    at = record.column(DOSE)
    known = members & ~np.isnan(age) & record.rules.offered[:, at]
    if int(known.sum()) < SUPPRESSED_BELOW:
        return _empty(*CURVE_COLUMNS)
    first = np.nanmin(np.where(known, record.rules.due[:, at], np.nan))
    # the last ages hang on one or two children, whose doses would decide over all who are not vaccinated
    last = np.sort(age[known])[-SUPPRESSED_BELOW]
    ages = np.arange(first, last + 1, STEP)
    rows = dose_by_age(record, DOSE, cohort, [int(one) for one in ages])
    return rows.assign(cohort=cohort, dose=DOSE, kind=CENSORED)


def _contrasted(record: Record, estimates: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    if DOSE not in record.doses:
        return _empty(*CONTRAST_COLUMNS)
    return contrasts(record, estimates, "crude_coverage", DOSE, ["stratum", *groups])
