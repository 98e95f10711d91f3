"""How many households and caregivers were asked, and how many answered, refused, or were not there?

The counts of VCQI's DESC_01, by stratum and together, unweighted. Households are known from the household list alone; interviews about
children from the child form. What lies in clusters that were not drawn is counted apart by cleaning, and is not counted here.
"""

from __future__ import annotations

import pandas as pd

from kalanso.surveys.design.weights import HOUSEHOLD_OUTCOMES
from kalanso.surveys.instruments.answers import IDS, question_of
from kalanso.surveys.instruments.field_count import child_interviews, household_visits

ALL = "all"
RESPONSE_COLUMNS = (
    "stratum", "clusters", "homes", "homes_done", "homes_refused", "homes_absent", "homes_other", "asked", "agreed",
    "refused", "analysed",
)  # fmt: skip

# Of the answers to the child form, which say whether somebody answered; the others have been read before.
ASKED = frozenset({*IDS, "interviewer", "today", "start", "end", "cluster", "household", "child", "consent"})


def responses(
    sample: pd.DataFrame, answers: pd.DataFrame, children: pd.DataFrame, homes: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return RESPONSE_COLUMNS: a row per stratum and one of all.

    `sample`: cluster, stratum. `answers` and `homes` are exports of the child form and of the household list, `children` those who are
    analysed. A household counts by its last visit: `homes` are those that are lived in (done, refused, absent, and others that could
    not answer or were not visited); vacant and destroyed ones, and what is no dwelling, are none. Without a household list its columns are empty. A
    child counts by the last interview about it.
    """
    strata = sample.astype({"cluster": str, "stratum": str}).drop_duplicates("cluster")
    stratum = strata.set_index("cluster")["stratum"]
    talks, _ = child_interviews(
        answers.loc[:, [not ASKED.isdisjoint({str(name), question_of(str(name))}) for name in answers]]
    )
    talks = talks.assign(stratum=talks["cluster"].map(stratum)).dropna(subset=["stratum"])
    table = pd.DataFrame(index=pd.Index(sorted(strata["stratum"].unique()), name="stratum"))
    table["clusters"] = stratum.groupby(stratum).size()
    for name in ("homes", "homes_done", "homes_refused", "homes_absent", "homes_other"):
        table[name] = pd.Series(pd.NA, index=table.index, dtype="Int64")
    if homes is not None:
        _add_homes(table, household_visits(homes)[0], stratum)
    given = children.assign(stratum=children["stratum"].astype(str))
    for name, rows in (
        ("asked", talks[talks["consent"].isin(["0", "1"])]),
        ("agreed", talks[talks["consent"] == "1"]),
        ("refused", talks[talks["consent"] == "0"]),
        ("analysed", given),
    ):
        table[name] = rows.groupby("stratum").size()
    rest = ["clusters", "asked", "agreed", "refused", "analysed"]
    table[rest] = table[rest].fillna(0).astype("int64")
    whole = table.sum(min_count=1).to_frame().T.assign(stratum=ALL)
    found = pd.concat([table.reset_index(), whole], ignore_index=True)[list(RESPONSE_COLUMNS)]
    return found.astype({name: "Int64" for name in RESPONSE_COLUMNS if name != "stratum"})


def _add_homes(table: pd.DataFrame, visits: pd.DataFrame, stratum: pd.Series) -> None:
    last = visits.drop_duplicates(["cluster", "household"], keep="last")
    last = last.assign(stratum=last["cluster"].map(stratum))
    lived = last[last["outcome"].map(HOUSEHOLD_OUTCOMES).fillna(False).astype(bool)]
    named = {"completed": "homes_done", "refused": "homes_refused", "absent": "homes_absent"}
    parts = {
        "homes": lived,
        **{name: lived[lived["outcome"] == outcome] for outcome, name in named.items()},
        "homes_other": lived[~lived["outcome"].isin(named)],
    }
    for name, rows in parts.items():
        table[name] = rows.groupby("stratum").size().reindex(table.index).fillna(0).astype("Int64")
