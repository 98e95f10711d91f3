"""Which lots passed, round after round, and what do they tell the estimate?

A decision needs the plan under which it was taken; counts say more, and are preferred where they are known.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kalanso.surveys.due_quarters import due_quarters
from kalanso.surveys.evidence_rows import evidence_row, evidence_table
from kalanso.surveys.handed_in import among, numbers, refuse_rows, unique, with_columns
from kalanso.surveys.lots.plans import LotPlan
from kalanso.surveys.tables import INDICATORS
from kalanso.vocabulary import Message

PASS, FAIL, UNDECIDED = "pass", "fail", "undecided"
KEY = ["round", "place_code", "indicator"]
ASSUMPTIONS = ("surveys.lots.assume.random", "surveys.lots.assume.all_entered")


def judged(lots: pd.DataFrame, plan: LotPlan) -> pd.DataFrame:
    """Return lots (round, place_code, indicator, children, vaccinated) with their decision under a plan.

    A lot that is not complete is decided where the children still missing could not change the decision, otherwise
    it is `undecided`. A lot of more children than the plan has is refused: the rule was not made for it. Adds
    decision, decision_value, planned_children, and the chance that a lot of this coverage passes
    (`pass_probability` at the share found: near one half the decision is a coin).
    """
    table = _checked(lots)
    children, vaccinated = table["children"], table["vaccinated"]
    said = Message("surveys.expected.at_most", {"most": plan.children})
    refuse_rows(table, "lots", "children", children > plan.children, said)
    missing = plan.children - children
    table["decision"] = np.select(
        [vaccinated >= plan.decision, vaccinated + missing < plan.decision], [PASS, FAIL], UNDECIDED
    )
    table["decision_value"] = plan.decision
    table["planned_children"] = plan.children
    chances = {share: plan.pass_probability(float(share)) for share in (vaccinated / children).unique()}
    table["pass_probability"] = (vaccinated / children).map(chances)
    return table


def _checked(lots: pd.DataFrame) -> pd.DataFrame:
    table = with_columns(lots, "lots", [*KEY, "children", "vaccinated"])
    among(table, "lots", "indicator", INDICATORS)
    unique(table, "lots", KEY)
    table["children"] = numbers(table, "lots", "children", low=1)
    table["vaccinated"] = numbers(table, "lots", "vaccinated")
    for column in ("children", "vaccinated"):
        broken = table[column] % 1 != 0
        refuse_rows(table, "lots", column, broken, Message("surveys.expected.whole"))
    more = table["vaccinated"] > table["children"]
    refuse_rows(
        table, "lots", "vaccinated", more, Message("surveys.expected.not_above", {"other": "children"})
    )
    return table


def over_time(lots: pd.DataFrame, rounds: list[str]) -> pd.DataFrame:
    """Return judged lots in the order of `rounds`, each beside the round before it of the same place and dose.

    `change`: first, better (fail to pass), worse, same, or unclear where either is undecided; `fails_in_a_row`
    counts failed rounds up to this one. A round in which a place was not sampled makes no row and breaks no row of
    fails: it says nothing.
    """
    table = with_columns(lots, "lots", [*KEY, "decision"])
    among(table, "lots", "round", rounds)
    among(table, "lots", "decision", (PASS, FAIL, UNDECIDED))
    unique(table, "lots", KEY)
    table["_order"] = table["round"].map({name: at for at, name in enumerate(rounds)})
    table = table.sort_values(["place_code", "indicator", "_order"], ignore_index=True)
    before = table.groupby(["place_code", "indicator"])["decision"].shift()
    now = table["decision"]
    table["previous_decision"] = before.fillna("")
    unclear = (now == UNDECIDED) | (before == UNDECIDED)
    table["change"] = np.select(
        [before.isna(), unclear, now == before, now == PASS], ["first", "unclear", "same", "better"], "worse"
    )
    table["fails_in_a_row"] = _in_a_row(table)
    return table.drop(columns="_order")


def _in_a_row(table: pd.DataFrame) -> list[int]:
    counted, last = [], ("", "")
    run = 0
    for row in table.to_dict("records"):
        place = (str(row["place_code"]), str(row["indicator"]))
        run = 0 if place != last else run
        last = place
        if row["decision"] == FAIL:
            run += 1
        elif row["decision"] == PASS:
            run = 0
        counted.append(run if row["decision"] == FAIL else 0)
    return counted


def evidence(
    lots: pd.DataFrame,
    *,
    ages_months: tuple[int, int],
    as_decisions: bool = False,
    bias_sd: float | None = None,
) -> pd.DataFrame:
    """Return judged lots as rows of `survey_evidence`.

    `lots` also has interviewed_from and interviewed_to (dates). With `as_decisions`, only what was decided speaks,
    as where the counts were never sent on; an undecided lot has no decision and speaks by its counts. Where lots
    were drawn in clusters and `lots` has a column `cluster` (one row per cluster, no decision needed), the clusters
    speak. `bias_sd` (logit) is how far the rounds may lie off as a whole; None leaves the model's usual one.
    """
    columns = [*KEY, "children", "vaccinated", "interviewed_from", "interviewed_to"]
    table = with_columns(lots, "lots", columns)
    clustered = "cluster" in table
    rows = []
    for lot in table.to_dict("records"):
        start, end = due_quarters(
            lot["interviewed_from"], lot["interviewed_to"], ages_months, str(lot["indicator"])
        )
        decided = as_decisions and not clustered and lot["decision"] in (PASS, FAIL)
        told = {
            "round": lot["round"],
            "children": float(lot["planned_children"] if decided else lot["children"]),
        }
        label = Message("surveys.lots.label.decision" if decided else "surveys.lots.label.counts", told)
        row = {
            **told, "kind": "lots", "form": "decision" if decided else "counts", "place_code": lot["place_code"],
            "cluster": str(lot["cluster"]) if clustered else "", "start": start, "end": end,
            "indicator": lot["indicator"], "bias_direction": "unknown",
            "bias_sd": np.nan if bias_sd is None else bias_sd,
        }  # fmt: skip
        if decided:
            row |= {"decision": lot["decision"], "decision_value": float(lot["decision_value"])}
        else:
            row |= {"vaccinated": float(lot["vaccinated"])}
        rows.append(evidence_row(label, ASSUMPTIONS, **row))
    return evidence_table(rows)
