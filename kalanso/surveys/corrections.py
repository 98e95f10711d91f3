"""What was changed between receipt and analysis, by whom and why?

Collects corrections while tables are cleaned, and applies those that persons decided. Received tables stay as they
are: cleaning works on copies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from kalanso.surveys.tables import SURVEY_CORRECTIONS
from kalanso.vocabulary import Message

PERSON, RULE = "person", "rule"


class CorrectionRefused(ValueError):
    """A correction of a person that fits no received value: what was expected, what came."""


class Corrections:
    """A growing log, and a count of rows per rule."""

    def __init__(self, survey: str) -> None:
        self.survey = survey
        self.counts: Counter[str] = Counter()
        self._frames: list[pd.DataFrame] = []

    def count(self, rule: str, number: int) -> None:
        """Note rows that a rule looked at and did not change."""
        self.counts[rule] += int(number)

    def add(self, table: str, rows: pd.DataFrame, field: str, after: Any, rule: str) -> None:
        """Note that `field` of these rows (with `row` and `child`) becomes `after`, and why."""
        self.count(rule, len(rows))
        if rows.empty:
            return
        before = (
            rows[field].astype("string")
            if field in rows
            else pd.Series(pd.NA, index=rows.index, dtype="string")
        )
        entry = {
            "table": table, "row": rows["row"], "child": rows["child"], "field": field, "before": before,
            "after": after, "rule": rule, "who": RULE, "why": None,
        }  # fmt: skip
        self._frames.append(pd.DataFrame(entry))

    def set_aside(self, table: str, rows: pd.DataFrame, wrong: pd.Series, rule: str) -> pd.DataFrame:
        """Note rows that take no further part; return the others."""
        self.add(table, rows[wrong], "row", None, rule)
        return rows[~wrong]

    def by_persons(self, table: str, rows: pd.DataFrame, decided: pd.DataFrame | None) -> pd.DataFrame:
        """Apply what persons decided for a table (columns of SURVEY_CORRECTIONS); return the corrected copy.

        Raises CorrectionRefused where row or field do not exist, the value there is not `before`, or nobody is named.
        """
        if decided is None:
            return rows
        changed = rows.copy()
        own = decided[decided["table"] == table]
        for one in own.to_dict("records"):
            at = changed.index[changed["row"] == one["row"]]
            if len(at) != 1 or one["field"] not in changed.columns:
                raise CorrectionRefused(
                    f"{table}, row {one['row']}, {one['field']}: expected a received value, got none"
                )
            found = changed.loc[at[0], one["field"]]
            if not _same(found, one["before"]):
                raise CorrectionRefused(
                    f"{table}, row {one['row']}, {one['field']}: expected {one['before']!r} as received, got {found!r}; "
                    "was the file sent anew?"
                )
            if not one["who"] or not one["why"]:
                raise CorrectionRefused(
                    f"{table}, row {one['row']}: expected who corrected and why, got nothing"
                )
            changed.loc[at[0], one["field"]] = one["after"]
            entry = {name: one[name] for name in ("table", "row", "field", "before", "after", "who", "why")}
            self._frames.append(
                pd.DataFrame([{**entry, "child": changed.loc[at[0], "child"], "rule": PERSON}])
            )
        self.count(PERSON, len(own))
        return changed

    def log(self) -> pd.DataFrame:
        """Return the log in the columns of SURVEY_CORRECTIONS."""
        columns = list(SURVEY_CORRECTIONS.column_names)
        if not self._frames:
            return pd.DataFrame(columns=columns)
        text = dict.fromkeys(("child", "before", "after", "why"), "string")
        whole = pd.concat([frame.astype(text) for frame in self._frames], ignore_index=True)
        return whole.assign(survey=self.survey, number=range(1, len(whole) + 1))[columns]

    def receipt(self) -> pd.DataFrame:
        """Return how many rows each rule found (rule, rows), those that found none included."""
        return pd.DataFrame(list(self.counts.items()), columns=["rule", "rows"])


def located(decided: pd.DataFrame, children: pd.DataFrame, doses: pd.DataFrame) -> pd.DataFrame:
    """Return corrections of persons with the line of the received table that each means, texts that say nothing empty.

    A line is named by its number (`row`), or, so that it stays the same when more interviews come, by its child, for a dose with
    `dose` and `source`; of a child that was interviewed twice each line that holds `before` is meant. Raises CorrectionRefused
    where no line is.
    """
    tables = {"survey_children": children, "survey_doses": doses}
    found: list[dict[str, Any]] = []
    for number, one in enumerate(decided.to_dict("records"), start=1):
        line = {str(name): None if pd.isna(value) or value == "" else value for name, value in one.items()}
        table = tables.get(str(line.get("table")))
        if table is None:
            raise CorrectionRefused(
                f"correction {number}: expected the table {' or '.join(tables)}, got {line.get('table')!r}"
            )
        rows = [int(str(line["row"]))] if line.get("row") is not None else _rows_of(line, table)
        if not rows:
            told = " ".join(
                str(line.get(name) or "") for name in ("table", "child", "dose", "source", "field", "before")
            )
            raise CorrectionRefused(f"correction {number}: expected a received line, got none: {told}")
        found += [line | {"row": row} for row in rows]
    return pd.DataFrame(found, columns=[*dict.fromkeys([*decided.columns, "row"])]).astype({"row": int})


def _rows_of(line: Mapping[str, Any], table: pd.DataFrame) -> list[int]:
    keys = [name for name in ("child", "dose", "source") if line.get(name) is not None]
    field = str(line.get("field"))
    if "child" not in keys or field not in table.columns:
        return []
    here = table
    for name in keys:
        here = here[here[name] == line[name]]
    return [int(row["row"]) for row in here.to_dict("records") if _same(row[field], line.get("before"))]


def rule_sentence(rule: str, rows: int) -> Message:
    """Return what a rule did to how many rows, as a sentence."""
    return Message(f"surveys.rule.{rule}", {"n": rows})


def _same(one: Any, other: Any) -> bool:
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one) and pd.isna(other))
    return str(one) == str(other)
