"""Which weight has each child of a round whose clusters were drawn, by the draw and by what the field brought back?

Puts the draw, the log of replacements, the household list and the interviews into the tables that `design.weights` takes, and
lays its weights out as the sample that an analysis reads. Raking belongs to `raked`, after cleaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from kalanso.surveys.cleaning import Cleaned
from kalanso.surveys.design import rake, reach, weights
from kalanso.surveys.design.weights import FACTORS
from kalanso.surveys.handed_in import SurveyRefused, numbers, unique, with_columns
from kalanso.surveys.instruments import flat, load, read_answers
from kalanso.surveys.instruments.field_count import child_interviews, in_order
from kalanso.surveys.rounds import Cohort

DRAWN = ("cluster", "stratum", "role", "reserve_order", "place_code", "p_cluster", "p_segment")
FACTOR_COLUMNS = (
    "cluster", "stratum", "place_code", "p_cluster", "p_segment", "households_listed", "households_selected", "households_eligible",
    "households_completed", "children_eligible", "children_completed", "p_household", *FACTORS, "weight",
)  # fmt: skip
DAYS_OF_MONTH = 365.25 / 12
# What margins may be known of; each is a column of the children that are analysed.
MARGINS = ("stratum", "cohort", "sex", "mother_education", "displaced", "place_code")


@dataclass(frozen=True)
class Weighed:
    """`sample`: the weight of a child of each cluster and cohort; `factors`: FACTOR_COLUMNS, a cluster a row.

    `rates`: shares of households and children who answered; `lost`, clusters without any interview whose weight others carry; where
    children of households were listed, `unmet` (due for an interview by their age, without one) and `ageless` (no age known, not counted).
    """

    sample: pd.DataFrame
    factors: pd.DataFrame
    rates: Mapping[str, float]


def weighed(
    drawn: pd.DataFrame, log: pd.DataFrame, listed: pd.DataFrame, homes: pd.DataFrame, answers: pd.DataFrame, *, cohorts: Sequence[Cohort],
    members: pd.DataFrame | None = None,
) -> Weighed:  # fmt: skip
    """Return the weights of a round's clusters with every factor.

    `drawn` and `log` as in `reach`, with place_code and the chances p_cluster and p_segment. `listed`: cluster,
    households_listed (in the cluster, or in its segment). `homes` and `answers`: exports of the household list and of the child form; the
    last visit of a household and the last interview about a child count. `members` is the part of the household list that holds its
    children: those whose age falls into a cohort on the day of the visit and of whom no interview came did not answer (refused, absent,
    incapable). Without it only refused interviews are known, and children who were never met are not counted. Raises SurveyRefused where
    a visited cluster has no listed households or no place, and where the files do not fit each other.
    """
    found = reach(drawn, log).clusters
    plan = found[found["state"] == "visited"].reset_index(drop=True)
    plan = with_columns(plan, "draw", DRAWN).merge(_listed(plan, listed), on="cluster", how="left")
    nowhere = plan["place_code"].fillna("").astype(str).str.strip() == ""
    if nowhere.any():
        raise SurveyRefused(
            "surveys.weighing.no_place",
            clusters=", ".join(plan.loc[nowhere, "cluster"][:5]),
            n=int(nowhere.sum()),
        )
    visits, talks = _visits(homes), _talks(answers)
    more: dict[str, float] = {}
    if members is not None:
        talks, more = _with_unmet(talks, visits, _members(homes, members, cohorts))
    for name, table in (("household_list", visits), ("child", talks)):
        if strange := sorted(set(table["cluster"]) - set(plan["cluster"])):
            raise SurveyRefused(
                "surveys.weighing.not_visited",
                form=name,
                clusters=", ".join(strange[:5]) or "–",
                n=len(strange),
            )
    done = weights(plan, visits, talks)
    table = done.receipt.merge(plan[["cluster", "place_code"]], on="cluster")
    table["weight"] = table[list(FACTORS)].prod(axis=1)
    kept = table[table["children_completed"] > 0]
    names = plan.set_index("cluster")["stratum_name"] if "stratum_name" in plan else None
    sample = kept[["cluster", "stratum", "place_code", "weight"]].merge(
        pd.DataFrame({"cohort": [one.name for one in cohorts]}), how="cross"
    )
    if names is not None:
        sample["stratum_name"] = sample["cluster"].map(names)
    return Weighed(sample, table[list(FACTOR_COLUMNS)].reset_index(drop=True), _rates(table) | more)


def _listed(plan: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    table = with_columns(listed, "listed", ("cluster", "households_listed"))
    table["cluster"] = table["cluster"].astype(str)
    unique(table, "listed", ["cluster"])
    own = table[table["cluster"].isin(plan["cluster"])].reset_index(drop=True)
    if missing := sorted(set(plan["cluster"]) - set(own["cluster"])):
        raise SurveyRefused("surveys.weighing.not_listed", clusters=", ".join(missing[:5]), n=len(missing))
    own["households_listed"] = numbers(own, "listed", "households_listed", low=1)
    return own[["cluster", "households_listed"]]


def _visits(homes: pd.DataFrame) -> pd.DataFrame:
    """Return the last visit of each household."""
    form = load("household_list")
    rows = in_order(flat(read_answers({"": homes}, form).rows, form))
    return _keyed(rows, ("cluster", "household")).assign(
        outcome=lambda table: table["outcome"].fillna("not_visited")
    )


def _talks(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the last interview about each child: completed or refused."""
    rows, _ = child_interviews(answers)
    rows = rows.assign(outcome=rows["consent"].map({"1": "completed"}).fillna("refused"))
    return _keyed(rows, ("cluster", "household", "child"))


def _members(homes: pd.DataFrame, members: pd.DataFrame, cohorts: Sequence[Cohort]) -> pd.DataFrame:
    """Return the children that the last visit of each household listed, and whether their age is `due` for an interview (missing: unknown).

    Of an age that is known in months alone the middle of the month counts.
    """
    form = load("household_list")
    rows = in_order(flat(read_answers({"": homes, "members": members}, form).rows, form, repeat="members"))
    days = (pd.to_datetime(rows["today"]) - pd.to_datetime(rows["dob_history"])).dt.days.astype(float)
    days = days.fillna((rows["age_months"].astype(float) + 0.5) * DAYS_OF_MONTH)
    due = pd.Series(False, index=rows.index)
    for one in cohorts:
        due |= days.between(one.from_days, one.to_days)
    return _keyed(
        rows.assign(due=due.astype(object).where(days.notna())), ("cluster", "household", "child"), ("child_outcome", "due")
    )  # fmt: skip


def _with_unmet(
    talks: pd.DataFrame, visits: pd.DataFrame, listed: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return interviews with the children who were due for one and had none, and how many these are."""
    keys = ["cluster", "household", "child"]
    opened = visits.loc[visits["outcome"] == "completed", keys[:2]]
    told = listed.merge(opened, on=keys[:2]).merge(talks[keys], on=keys, how="left", indicator=True)
    silent = told[told["_merge"] == "left_only"]
    unmet = silent[silent["due"].eq(True)]
    # of one who is noted as interviewed no interview came: for results that is a child without an answer
    outcome = unmet["child_outcome"].where(unmet["child_outcome"].isin(("refused", "not_capable")), "absent")
    more = {"unmet": float(len(unmet)), "ageless": float(silent["due"].isna().sum())}
    return pd.concat([talks, unmet[keys].assign(outcome=outcome)], ignore_index=True), more


def _keyed(rows: pd.DataFrame, keys: Sequence[str], kept: Sequence[str] = ("outcome",)) -> pd.DataFrame:
    table = rows.assign(**{name: rows[name].map(_text) for name in keys})
    return table.drop_duplicates(list(keys), keep="last")[[*keys, *kept]].reset_index(drop=True)


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _rates(table: pd.DataFrame) -> dict[str, float]:
    homes, children = table["households_eligible"].sum(), table["children_eligible"].sum()
    return {
        "clusters": float(len(table)), "lost": float((table["children_completed"].eq(0) & table["households_eligible"].gt(0)).sum()),
        "households": float(table["households_completed"].sum() / homes) if homes else float("nan"),
        "children": float(table["children_completed"].sum() / children) if children else float("nan"),
    }  # fmt: skip


def raked(cleaned: Cleaned, margins: Mapping[str, Mapping[str, float]]) -> Cleaned:
    """Return the children that are analysed with weights brought to known margins (see `rake`), the factor kept as `raking`, and the
    margins named as `raked_on`, so that errors rest on what margins do not explain.

    Children of whom a margin is not known keep their weight, and are counted in the receipt (`margin_unknown`): margins hold among the
    others. Raises SurveyRefused for a margin of something that is not asked, and for margins that cannot hold.
    """
    if not margins:
        return cleaned
    if unknown := sorted(set(margins) - set(MARGINS)):
        raise SurveyRefused(
            "surveys.weighing.unknown_margin", found=", ".join(unknown), expected=", ".join(MARGINS)
        )
    children = cleaned.children
    known = children[list(margins)].notna().all(axis=1)
    told = rake(children[known], margins).set_axis(children.index[known])
    weight, factor = children["weight"].copy(), pd.Series(1.0, index=children.index)
    weight[known], factor[known] = told["weight"], told["raking"]
    told_on = pd.Series(",".join(margins), index=children.index).where(known)
    lacking = pd.DataFrame({"rule": ["margin_unknown"], "rows": [int((~known).sum())]})
    return replace(
        cleaned, children=children.assign(weight=weight, raking=factor, raked_on=told_on),
        receipt=pd.concat([cleaned.receipt, lacking], ignore_index=True),
    )  # fmt: skip
