"""What does a survey publish: every indicator, for each cohort, stratum and group of children?

Puts measures and design together into rows of SURVEY_ESTIMATES, marks small cells and hides the smallest. Cohorts are
never mixed: what a child of 18 weeks and one of 18 months can have is not the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from kalanso.surveys.estimation import design, shares
from kalanso.surveys.estimation.design import Design, Mask
from kalanso.surveys.measures import MEASURES, Measure, MeasureFile
from kalanso.surveys.record import Record, RecordRefused
from kalanso.surveys.tables import SURVEY_ESTIMATES

ALL = "all"
SUPPRESSED_BELOW, BRACKETED_BELOW = 25, 50  # children of the denominator, as VCQI marks them
GROUPS = ("sex", "mother_education", "wealth", "distance", "displaced", "vaccination")
_HIDDEN = (
    "estimate", "standard_error", "low", "high", "lower_bound", "upper_bound", "design_effect", "icc", "numerator",
)  # fmt: skip
_AT_ONCE = 40  # measures, so that memory does not grow with their number
_CELL = ("cohort", "stratum", "domain_kind", "domain")


class Cell(NamedTuple):
    """Children of one row: their cohort, stratum and group."""

    cohort: str
    stratum: str
    domain_kind: str
    domain: str
    members: Mask


def vaccination_status(record: Record) -> pd.Series:
    """Return zero_dose, dropout (DTP1 without DTP3) or dtp3 for each child, by any proof."""
    first, third = (record.crude[:, record.column(dose)] for dose in ("dtp1", "dtp3"))
    return pd.Series(np.select([third, first], ["dtp3", "dropout"], "zero_dose"), index=record.children.index)


def estimate(
    record: Record, *, groups: Sequence[str] = (), measures: Sequence[MeasureFile] = MEASURES,
    method: str = "wilson", level: float = 0.95, lonely: str = "grand_mean", show_small: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Return the estimates of a survey in the columns of SURVEY_ESTIMATES.

    A row per measure and cell: each cohort as a whole, by stratum, and by the values of each of `groups` (columns of the
    children, or `vaccination`). A cohort without children has rows that say so. Measures without weights have
    a share and its counts alone. Rows of fewer than 25 children are suppressed, with the next smallest of its
    kind where a subtraction would reveal it, unless `show_small`; those of 25 to 49 are marked as bracketed.
    """
    if unknown := [name for name in groups if name not in GROUPS]:
        raise RecordRefused(f"groups: expected some of {', '.join(GROUPS)}, got {', '.join(unknown)}")
    asked = [measure for file in measures for measure in file.measures(record)]
    keys = [f"{number}" for number in range(len(asked))]
    sample = design(record.children)
    cells = {str(number): cell for number, cell in enumerate(_cells(record, groups))}
    parts = []
    for weighted in (True, False):
        kind = [(key, one) for key, one in zip(keys, asked, strict=True) if one.weighted is weighted]
        for at in range(0, len(kind), _AT_ONCE):
            own = dict(kind[at : at + _AT_ONCE])
            parts.append(
                _of_kind(sample, own, cells, weighted=weighted, method=method, level=level, lonely=lonely)
            )
    found = pd.concat(parts, ignore_index=True)
    order = found.assign(a=found["indicator"].astype(int), b=found["domain"].astype(int)).sort_values(
        ["a", "b"], kind="stable"
    )
    rows = _named(order, dict(zip(keys, asked, strict=True)), cells)
    rows = rows.assign(
        survey=record.asked.survey, level=level, method=method, evidence=record.policy, mode=record.mode,
        grace_days=record.rules.grace_days, status=_status(rows["children"]),
    )[list(SURVEY_ESTIMATES.column_names)]  # fmt: skip
    return (rows if show_small else suppressed(rows)).reset_index(drop=True)


def _cells(record: Record, groups: Sequence[str]) -> Iterator[Cell]:
    children = record.children
    kinds = {name: vaccination_status(record) if name == "vaccination" else children[name] for name in groups}
    strata = sorted(children["stratum"].astype(str).unique())
    for cohort in record.asked.cohorts:
        own = children["cohort"].eq(cohort.name).to_numpy(dtype=bool)
        yield Cell(cohort.name, ALL, ALL, ALL, own)
        for stratum in strata:
            inside = children["stratum"].astype(str).eq(stratum).to_numpy(dtype=bool)
            yield Cell(cohort.name, stratum, ALL, ALL, own & inside)
        for kind, values in kinds.items():
            for value in sorted(values.dropna().astype(str).unique()):
                group = values.astype("string").eq(value).fillna(False).to_numpy(dtype=bool)
                yield Cell(cohort.name, ALL, kind, value, own & group)


def _of_kind(
    sample: Design, own: Mapping[str, Measure], cells: Mapping[str, Cell], *, weighted: bool, method: str,
    level: float, lonely: str,
) -> pd.DataFrame:  # fmt: skip
    found = pd.DataFrame({key: measure.found for key, measure in own.items()})
    asked = pd.DataFrame({key: measure.asked for key, measure in own.items()})
    domains = {key: cell.members for key, cell in cells.items()}
    if weighted:
        rows = shares(sample, found, domains, denominators=asked, method=method, level=level, lonely=lonely)
        return rows.assign(weighted=True)
    top, bottom, there = (values.to_numpy(dtype=float) for values in (found, asked, asked > 0))
    parts = []
    for key, members in domains.items():
        counted, out_of = top[members].sum(axis=0), bottom[members].sum(axis=0)
        with np.errstate(invalid="ignore"):
            share = np.where(out_of > 0, counted / np.where(out_of > 0, out_of, 1), np.nan)
        part = {
            "indicator": list(own),
            "estimate": share,
            "numerator": counted,
            "denominator": out_of,
            "children": there[members].sum(axis=0),
        }
        parts.append(pd.DataFrame(part).assign(domain=key))
    rows = pd.concat(parts, ignore_index=True).assign(weighted=False, clusters=0, lonely_strata=0)
    return rows.assign(children=rows["children"].astype("int64"))


def _named(rows: pd.DataFrame, measures: Mapping[str, Measure], cells: Mapping[str, Cell]) -> pd.DataFrame:
    keys, places = rows["indicator"], rows["domain"]
    named = {
        "indicator": keys.map(lambda key: measures[key].name), "vcqi": keys.map(lambda key: measures[key].vcqi),
        "detail": keys.map(lambda key: measures[key].detail),
    }  # fmt: skip
    where = {
        name: places.map({key: cell[at] for key, cell in cells.items()}) for at, name in enumerate(_CELL)
    }
    return rows.drop(columns="domain").assign(**named, **where)


def _status(children: pd.Series) -> pd.Series:
    said = np.select(
        [children == 0, children < SUPPRESSED_BELOW, children < BRACKETED_BELOW],
        ["no_children", "suppressed", "bracketed"], "shown",
    )  # fmt: skip
    return pd.Series(said, index=children.index)


def suppressed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return estimates without the numbers of suppressed cells.

    Among the strata of a cohort, or the values of a group, a single hidden cell would follow by subtraction from the
    whole: the next smallest is hidden too.
    """
    status = rows["status"].copy()
    siblings = rows["domain_kind"].where(
        rows["domain_kind"].ne(ALL), rows["stratum"].ne(ALL).map({True: "stratum", False: None})
    )
    keys = [rows[name] for name in ("indicator", "detail", "cohort")] + [siblings.rename("siblings")]
    hidden = status.eq("suppressed")
    alone = hidden.groupby(keys).transform("sum").eq(1) & siblings.notna()
    others = rows.loc[alone & ~hidden & status.ne("no_children"), "children"]
    smallest = others.groupby([key[others.index] for key in keys]).idxmin()
    status[smallest] = "suppressed"
    gone = status.eq("suppressed")
    return rows.assign(status=status, **{name: rows[name].where(~gone) for name in _HIDDEN})


def low_clusters(record: Record, dose: str, *, below: float) -> pd.DataFrame:
    """Return clusters in which less than a share of the children had a dose (RI_COVG_05), lowest first.

    Columns: cohort, stratum, cluster, children, vaccinated, share (unweighted). They are for the field, not for publication.
    """
    if dose not in record.doses or not 0 < below <= 1:
        raise RecordRefused(
            f"expected one of {', '.join(record.doses)} and a share up to 1, got {dose!r} and {below}"
        )
    at = record.column(dose)
    due = record.due[:, at]
    rows = record.children.loc[due, ["cohort", "stratum", "cluster"]].assign(got=record.crude[due, at])
    counted = rows.groupby(["cohort", "stratum", "cluster"], as_index=False).agg(
        children=("got", "size"), vaccinated=("got", "sum")
    )
    counted["share"] = counted["vaccinated"] / counted["children"]
    low = counted[counted["share"] < below]
    return low.sort_values(["share", "cohort", "stratum", "cluster"], ignore_index=True)
