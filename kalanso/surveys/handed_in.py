"""Can a table that was handed in be used, and if not, where is it wrong?

One error for tables of people (frames, logs, listings, answers): table, row, column, what was expected and what
came. Wrong arguments of a computation are plain ValueErrors of that computation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kalanso.vocabulary import Message, Refusal


class SurveyRefused(Refusal, ValueError):
    """Something of a survey that cannot be used as it is; parameters may be sentences themselves."""

    def render(self, locale: str = "fr") -> str:
        """Return the sentence for a person."""
        told = {
            name: value.render(locale) if isinstance(value, Message) else value
            for name, value in self.message.params.items()
        }
        return Message(self.message.id, told).render(locale)

    def __str__(self) -> str:
        return self.render("en")


def with_columns(table: pd.DataFrame, name: str, columns: Sequence[str]) -> pd.DataFrame:
    """Return a copy of a table with rows numbered from 0; raises SurveyRefused where a column is missing."""
    if missing := [column for column in columns if column not in table]:
        raise SurveyRefused(
            "surveys.refused.columns",
            table=name,
            expected=", ".join(columns),
            missing=", ".join(missing),
            n=len(missing),
        )
    return table.reset_index(drop=True).copy()


def refuse_rows(table: pd.DataFrame, name: str, column: str, wrong: Any, expected: Message) -> None:
    """Raise SurveyRefused for the first row where `wrong` holds; rows are counted as a spreadsheet does.

    The heading is row 1, so that the first row of data is row 2.
    """
    found = np.flatnonzero(np.asarray(wrong, dtype=bool))
    if found.size:
        row = int(found[0])
        raise SurveyRefused(
            "surveys.refused.row",
            table=name,
            row=row + 2,
            column=column,
            expected=expected,
            found=str(table[column].iloc[row]),
            n=int(found.size),
        )


def numbers(
    table: pd.DataFrame,
    name: str,
    column: str,
    *,
    low: float = 0.0,
    above: bool = False,
    high: float = np.inf,
) -> pd.Series:
    """Return a column as numbers from `low` (or `above` it) to `high`; raises SurveyRefused for any other."""
    found = pd.to_numeric(table[column], errors="coerce").astype(float)
    short = found <= low if above else found < low
    if above:
        said = Message("surveys.expected.above", {"low": low})
    elif np.isfinite(high):
        said = Message("surveys.expected.between", {"low": low, "high": high})
    else:
        said = Message("surveys.expected.least", {"low": low})
    refuse_rows(table, name, column, ~np.isfinite(found) | short | (found > high), said)
    return found


def unique(table: pd.DataFrame, name: str, columns: Sequence[str]) -> None:
    """Raise SurveyRefused where two rows have the same values in `columns`."""
    doubled = table.duplicated(list(columns))
    refuse_rows(
        table, name, columns[-1], doubled, Message("surveys.expected.unique", {"columns": ", ".join(columns)})
    )


def among(table: pd.DataFrame, name: str, column: str, known: Sequence[Any]) -> None:
    """Raise SurveyRefused where a value is none of the known ones."""
    said = Message("surveys.expected.among", {"known": ", ".join(sorted(map(str, known))[:30])})
    refuse_rows(table, name, column, ~table[column].isin(list(known)), said)
