"""What does a household survey hand to the joint estimate?

Counts of DTP1 and DTP3 by cluster among children who have had the time to be vaccinated: those of one year and more. What
younger ones lack they may still get, so that their counts would look like missed children.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kalanso.surveys.due_quarters import due_quarters
from kalanso.surveys.estimation.design import Mask
from kalanso.surveys.evidence_rows import evidence_row, evidence_table
from kalanso.surveys.record import Record
from kalanso.vocabulary import Message

ONE_YEAR = 365  # days
MONTH = 30.4375  # days
DOSES = ("dtp1", "dtp3")
ASSUMPTIONS = ("surveys.household.assume.drawn", "surveys.household.assume.recall")


def evidence_of(
    record: Record, *, chosen_places: bool, accessible: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return rows of SURVEY_EVIDENCE, one per cluster and dose, for cohorts that were one year old and more.

    Any proof counts (crude), since the joint model has its own error of recall, which it applies to the children of whom
    neither card nor register was seen (`card_share`). `chosen_places` says that strata were chosen
    on purpose: the label then says that the counts speak of these places alone. `accessible` leads from strata of which clusters
    could not be reached to the share that could: the label says so too.
    """
    asked, reached = record.asked, accessible or {}
    rows = []
    for cohort in asked.cohorts:
        if cohort.from_days < ONE_YEAR:
            continue
        months = (round(cohort.from_days / MONTH), round((cohort.to_days + 1) / MONTH))
        own = record.children["cohort"].eq(cohort.name).to_numpy(dtype=bool)
        for dose in DOSES:
            if dose not in record.doses:
                continue
            start, end = due_quarters(asked.first_day, asked.last_day, months, dose)
            counted = _counted(record, dose, own)
            rows += [
                evidence_row(
                    _label(asked.survey, chosen_places, reached.get(stratum)), ASSUMPTIONS, round=asked.survey, kind="household", form="counts", place_code=place, cluster=cluster,
                    start=start, end=end, indicator=dose, children=float(children), vaccinated=float(vaccinated), bias_sd=0.0,
                    card_share=float(seen), chosen=chosen_places,
                )
                for stratum, place, cluster, children, vaccinated, seen in counted.itertuples(index=False)
            ]  # fmt: skip
    return evidence_table(rows)


def _label(survey: str, chosen: bool, accessible: float | None) -> Message:
    kind = "chosen" if chosen else "drawn"
    if accessible is None:
        return Message(f"surveys.household.{kind}", {"survey": survey})
    return Message(f"surveys.household.{kind}_accessible", {"survey": survey, "share": accessible})


def _counted(record: Record, dose: str, own: Mask) -> pd.DataFrame:
    got = pd.Series(record.crude[:, record.column(dose)], index=record.children.index)
    rows = record.children.assign(
        got=got, seen=record.has_card | record.has_register, stratum=record.children["stratum"].astype(str)
    )[own]
    return rows.groupby(["stratum", "place_code", "cluster"], as_index=False).agg(
        children=("got", "size"), vaccinated=("got", "sum"), seen=("seen", "mean")
    )
