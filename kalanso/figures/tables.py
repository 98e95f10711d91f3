"""Which columns does each kind of figure read?

Rows come as pandas tables (or as JSON in a job). Columns that are not named here are ignored; those
that are needed and missing are refused by name. Figures publish no table of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Input:
    """One column: whether it is text, a number, yes or no, a period or an outline, and its meaning."""

    name: str
    type: str
    meaning: str
    needed: bool = True


_PLACE = Input(name="place", type="text", meaning="name of the place, as readers know it")
_PERIOD = Input(
    name="period", type="period", meaning="DHIS2 code, such as 202401 or 2024Q1; one length per table"
)
_VALUE = Input(name="value", type="number", meaning="share or rate (1 = 100 %) or count; empty = no data")
_LOW = Input(name="low", type="number", meaning="lower end of the 95 % interval", needed=False)
_HIGH = Input(name="high", type="number", meaning="upper end of the 95 % interval", needed=False)
_PROVISIONAL = Input(name="provisional", type="yes/no", meaning="reports may still arrive", needed=False)
_GRADE = Input(
    name="grade", type="text", meaning="confidence in the number, A to D; empty = not graded", needed=False
)

INPUTS: Mapping[str, tuple[Input, ...]] = {
    "trend": (
        _PERIOD, _VALUE,
        Input(name="series", type="text", meaning="name of the line; one line without it", needed=False),
        Input(name="number", type="text", meaning="counted, reported, surveyed, estimated or simulated", needed=False),
        _LOW, _HIGH, _PROVISIONAL,
    ),
    "small_multiples": (
        _PLACE, _PERIOD, _VALUE,
        Input(name="group", type="text", meaning="line under the name, such as district and context", needed=False),
        _PROVISIONAL,
    ),
    "choropleth": (
        _PLACE, _VALUE,
        Input(name="geometry", type="outline", meaning="WKB in degrees, bytes or hexadecimal text; empty = unknown"),
        _LOW, _HIGH,
        Input(name="kind", type="text", meaning="published, or catchment where it is approximate", needed=False),
        Input(name="reason", type="text", meaning="why there is no value, in the reader's language", needed=False),
        _GRADE,
    ),
    "heat_grid": (_PLACE, _PERIOD, _VALUE, _PROVISIONAL),
    "ranked_bars": (_PLACE, _VALUE, _LOW, _HIGH),
    "wall_chart": (
        _PERIOD,
        Input(name="first_doses", type="number", meaning="first doses of the month; empty = no report"),
        Input(name="third_doses", type="number", meaning="third doses of the month; empty = no report"),
        _PROVISIONAL,
    ),
    "missed_children": (
        _PLACE,
        Input(name="value", type="number", meaning="expected children minus doses, may be negative", needed=False),
        Input(name="target", type="number", meaning="children expected, where value is not given", needed=False),
        Input(name="doses", type="number", meaning="doses given, where value is not given", needed=False),
    ),
    "estimate_map": (
        _PLACE, Input(name="value", type="number", meaning="0 to 1: chance, or width in points of coverage; empty = no data"),
        Input(name="geometry", type="outline", meaning="WKB in degrees, bytes or hexadecimal text; empty = unknown"),
        _LOW, _HIGH,
        Input(name="kind", type="text", meaning="published, or catchment where it is approximate", needed=False),
        Input(name="reason", type="text", meaning="why there is no value, in the reader's language", needed=False),
        _GRADE,
    ),
    "evidence_axis": (
        Input(name="period", type="period", meaning="quarter; of a span the last one"),
        Input(name="kind", type="text", meaning="estimated, simulated, reported, surveyed or published"),
        Input(name="source", type="text", meaning="name of the source"), _VALUE,
        Input(name="period_from", type="period", meaning="first quarter of a span", needed=False),
        _LOW, _HIGH, _PROVISIONAL,
    ),
    "evidence_shares": (
        _PLACE, Input(name="survey", type="number", meaning="share that rests on the place's surveys"),
        Input(name="routine", type="number", meaning="share that rests on its doses and populations"),
        Input(name="borrowed", type="number", meaning="the rest"),
    ),
    "interval_rows": (
        Input(name="label", type="text", meaning="what the row is called"), _VALUE, _LOW, _HIGH,
        Input(name="chosen", type="yes/no", meaning="the row that the others are read against", needed=False),
        Input(name="number", type="text", meaning="counted, reported, surveyed, estimated or simulated", needed=False),
    ),
    "method_dots": (
        _PLACE, Input(name="method", type="text", meaning="name of the method; the first is the one compared"), _VALUE,
        _LOW, _HIGH,
        Input(name="number", type="text", meaning="counted, reported, surveyed, estimated or simulated", needed=False),
    ),
    "rank_intervals": (
        _PLACE, _VALUE, Input(name="rank", type="number", meaning="mean rank, 1 = most"),
        Input(name="rank_low", type="number", meaning="lower end of the 95 % interval of the rank"),
        Input(name="rank_high", type="number", meaning="upper end of the 95 % interval of the rank"),
        Input(name="group", type="number", meaning="places of one group cannot be told apart from its first"),
        _LOW, _HIGH,
    ),
    "source_flows": (
        Input(name="source", type="text", meaning="name of the source, as readers know it"),
        Input(name="arises", type="text", meaning="level at which its numbers arise"),
        Input(name="entered", type="text", meaning="level at which they are first typed in"),
        Input(name="held", type="text", meaning="finest level that the store holds; empty where nothing came"),
        Input(name="state", type="text", meaning="current, late, undeclared or declared_only"),
        Input(name="feeds", type="text", meaning="names of the sources that it feeds", needed=False),
        Input(name="by", type="text", meaning="how and how late its numbers are reached, in the reader's language", needed=False),
    ),
    "organ_pipe": (
        Input(name="cluster", type="text", meaning="code of the cluster, never shown"),
        Input(name="value", type="number", meaning="weighted share of the cluster's children, 0 to 1"),
        Input(name="weight", type="number", meaning="sum of the weights of its children"),
        Input(name="children", type="number", meaning="children asked"),
    ),
    "inchworms": (
        Input(name="label", type="text", meaning="what the row is called"), _VALUE,
        Input(name="level", type="number", meaning="level of this interval, 0 to 1"),
        Input(name="low", type="number", meaning="its lower end"), Input(name="high", type="number", meaning="its upper end"),
        Input(name="series", type="text", meaning="survey round; two at most", needed=False),
        Input(name="lower_bound", type="number", meaning="one-sided lower bound", needed=False),
        Input(name="upper_bound", type="number", meaning="one-sided upper bound", needed=False),
    ),
    "age_curves": (
        Input(name="series", type="text", meaning="what the line is called, such as the dose"),
        Input(name="age_days", type="number", meaning="age in days"),
        Input(name="share", type="number", meaning="share of children with the dose by that age, 0 to 1"), _LOW, _HIGH,
    ),
    "share_stacks": (
        Input(name="label", type="text", meaning="what the row is called"),
        Input(name="part", type="text", meaning="what the part is called, in the reader's language"),
        Input(name="value", type="number", meaning="share of the row's whole, 0 to 1"),
        Input(name="children", type="number", meaning="children in the denominator of the row", needed=False),
    ),
    "lot_decisions": (
        _PLACE, Input(name="round", type="text", meaning="name of the round, in order"),
        Input(name="decision", type="text", meaning="pass, fail or undecided"),
        Input(name="vaccinated", type="number", meaning="vaccinated children of the lot"),
        Input(name="children", type="number", meaning="children asked about in the lot"),
        Input(name="decision_value", type="number", meaning="from how many vaccinated on a lot passes", needed=False),
        Input(name="planned_children", type="number", meaning="children of a whole lot", needed=False),
    ),
    "cell_grid": (
        Input(name="label", type="text", meaning="what the row is called"),
        Input(name="column", type="text", meaning="what the column is called"),
        Input(name="text", type="text", meaning="what stands in the cell, in the reader's language"),
        Input(name="shade", type="number", meaning="0 (none) to 4 (the most); repeats what the text says", needed=False),
    ),
    "timeline": (
        Input(name="label", type="text", meaning="what the row is called"), _PERIOD,
        Input(name="mark", type="text", meaning="what the mark means, in the reader's language; three at most"),
    ),
}  # fmt: skip


def needed(kind: str) -> list[str]:
    """Return the columns without which a kind of figure cannot be drawn."""
    return [column.name for column in INPUTS[kind] if column.needed]
