"""Which interview of a child counts, and which doses and answers are of that interview?

Of interviews of one child that differ in anything, also in a dose or an answer alone, the latest counts; of interviews that say the
same, the first. What other interviews said takes no part, and is counted.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kalanso.surveys.corrections import Corrections
from kalanso.surveys.drivers import odd_answers

CHILDREN, DOSES, ANSWERS = "survey_children", "survey_doses", "survey_answers"
_SAID = {DOSES: ("dose", "source", "answer", "date"), ANSWERS: ("question", "answer")}


def each_child_once(rows: pd.DataFrame, told: Mapping[str, pd.DataFrame], log: Corrections) -> pd.DataFrame:
    """Set aside interviews without a child, exact repetitions, and all but the latest of differing interviews.

    `rows` are children with `interview_date` read; `told` holds doses and answers, so that they are compared too.
    """
    rows = log.set_aside(CHILDREN, rows, rows["child"].isna(), "no_child")
    content = pd.DataFrame({name: rows[name].astype(str) for name in rows.columns if name != "row"})
    for table, given in told.items():
        content[table] = rows["row"].map(_said(given, _SAID[table])).fillna("")
    rows = log.set_aside(CHILDREN, rows, content.duplicated(), "interview_repeated")
    ordered = rows.sort_values(["interview_date", "row"], na_position="first")
    earlier = ordered.duplicated("child", keep="last").reindex(rows.index)
    return log.set_aside(CHILDREN, rows, earlier, "interview_replaced")


def _said(given: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """Return what each interview says, as one text."""
    of = given["interview"].notna()
    if not of.any():
        return pd.Series(dtype="object")
    lines = pd.Series("", index=given.index[of], dtype="object")
    for name in columns:
        lines = lines + "\t" + given.loc[of, name].fillna("").astype(str)
    return lines.groupby(given.loc[of, "interview"].astype("int64")).agg(lambda own: "\n".join(sorted(own)))


def with_interview(given: pd.DataFrame) -> pd.DataFrame:
    """Return doses or answers with the column `interview`, empty where they were written before there was one."""
    return given if "interview" in given else given.assign(interview=None)


def follow(given: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return doses or answers under the child to whom a person gave their interview."""
    old, new = (table.set_index("row")["child"].fillna("").astype(str) for table in (before, after))
    moved = after[after["row"].map(old.ne(new))]
    if moved.empty:
        return given
    names = given["interview"].map(dict(zip(moved["row"], moved["child"], strict=True)))
    return given.assign(child=names.fillna(given["child"]))


def of_kept_interviews(
    table: str, rows: pd.DataFrame, received: pd.DataFrame, kept: pd.DataFrame, log: Corrections
) -> pd.DataFrame:
    """Return the rows of the interviews that count; those of other interviews of these children are set aside.

    Rows that do not say their interview are kept; where their child was interviewed more than once they are counted, since nobody
    can tell which of its interviews they are of.
    """
    rule = "dose" if table == DOSES else "opinion"
    other = rows["interview"].notna() & ~rows["interview"].isin(kept["row"])
    rows = log.set_aside(table, rows, other, f"{rule}_of_other_interview")
    several = received.loc[received.duplicated("child"), "child"]
    log.count(
        f"{rule}_of_unknown_interview", int((rows["interview"].isna() & rows["child"].isin(several)).sum())
    )
    return rows


def known_answers(
    answers: pd.DataFrame, kept: pd.DataFrame, received: pd.DataFrame, log: Corrections
) -> pd.DataFrame:
    """Return what caregivers of the children that are analysed answered, each question once.

    Codes that a question does not have stay, since estimates tell their share (`besd_unknown_code`), and are counted.
    """
    rows = log.set_aside(ANSWERS, answers, ~answers["child"].isin(received["child"]), "opinion_without_child")
    rows = log.set_aside(ANSWERS, rows, ~rows["child"].isin(kept["child"]), "opinion_of_child_set_aside")
    rows = of_kept_interviews(ANSWERS, rows, received, kept, log)
    rows = log.set_aside(ANSWERS, rows, rows.duplicated(["child", "question"]), "opinion_twice")
    log.count("opinion_code_unknown", int(odd_answers(rows).sum()))
    return rows
