"""Received children and doses, written as text tables in the tests."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kalanso.surveys.rounds import OLDER, YOUNGER, Round
from kalanso.surveys.tables import SURVEY_CHILDREN, SURVEY_DOSES

ROUND = Round(
    survey="S1", first_day=date(2025, 2, 1), last_day=date(2025, 2, 28), cohorts=(YOUNGER, OLDER),
    doses=("bcg", "dtp1", "dtp2", "dtp3", "opv1", "mcv1"),
)  # fmt: skip
# A child of the older cohort about whom nothing is doubtful
SOUND = {
    "stratum": "North", "cluster": "1", "place_code": "P1", "cohort": "12-23m", "weight": "1.5",
    "interview_date": "2025-02-10", "birth_card": "2023-10-01", "card_seen": "yes", "sex": "female",
}  # fmt: skip


def table(text: str) -> list[dict[str, str | None]]:
    """Return the rows of a text table; empty cells and `-` are missing."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    head, body = lines[0], [line for line in lines[1:] if not set("".join(line)) <= set("+-")]
    return [
        {name: cell if cell not in {"", "-"} else None for name, cell in zip(head, line, strict=True)}
        for line in body
    ]


def children(text: str) -> pd.DataFrame:
    """Return received children; columns that the text does not name are those of SOUND."""
    given = table(text)
    rows = [{"survey": "S1", "row": at, **SOUND, **one} for at, one in enumerate(given, 1)]
    return pd.DataFrame(rows).reindex(columns=list(SURVEY_CHILDREN.column_names)).astype({"row": "int64"})


def doses(text: str) -> pd.DataFrame:
    """Return received doses."""
    rows = [{"survey": "S1", "row": at, **one} for at, one in enumerate(table(text), 1)]
    frame = pd.DataFrame(rows, columns=list(SURVEY_DOSES.column_names))
    return frame.astype({"row": "int64", "date": "object", "answer": "object"})


NO_DOSES = "child | dose | source | answer | date"
