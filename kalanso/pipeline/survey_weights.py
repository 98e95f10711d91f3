"""What do the files of a study with a draw come to as the sample that its analysis reads?

The folder holds the draw, what was replaced, how many households were listed, and the exports of the forms. The sample and every factor
of its weights are written beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from kalanso.pipeline.survey_reach import DRAW, REPLACED
from kalanso.surveys.design.replacements import LOG_COLUMNS
from kalanso.surveys.drawn_weights import Weighed, weighed
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.rounds import Cohort

LISTED, HOMES, MEMBERS, ANSWERS = "listed.csv", "homes.csv", "members.csv", "answers.csv"
SAMPLE, FACTORS_FILE = "sample.csv", "weights.csv"
_NUMBERS = ("reserve_order", "p_cluster", "p_segment")


def weigh(folder: Path, *, cohorts: Sequence[Cohort]) -> Weighed:
    """Return the weights of a study, and write `sample.csv` and `weights.csv` into its folder. Raises SurveyRefused.

    `draw.csv` as `kalanso survey draw` writes it, with a place for each cluster; `replacements.csv` may be absent where nothing was
    replaced, `members.csv` (children of the household list) where it did not come: see `weighed`. A sample that stands there already is replaced once the new one is complete.
    """
    drawn = _table(folder / DRAW)
    for name in _NUMBERS:
        if name in drawn:
            drawn[name] = pd.to_numeric(drawn[name], errors="coerce")
    if "p_segment" not in drawn:
        drawn["p_segment"] = 1.0
    log = (
        _table(folder / REPLACED) if (folder / REPLACED).exists() else pd.DataFrame(columns=list(LOG_COLUMNS))
    )
    members = _table(folder / MEMBERS) if (folder / MEMBERS).exists() else None
    found = weighed(
        drawn, log, _table(folder / LISTED), _table(folder / HOMES), _table(folder / ANSWERS), cohorts=cohorts, members=members
    )  # fmt: skip
    for name, table in ((FACTORS_FILE, found.factors), (SAMPLE, found.sample)):
        draft = folder / f"{name}.draft"
        table.to_csv(draft, index=False)
        draft.replace(folder / name)
    return found


def _table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SurveyRefused("surveys.weighing.unreadable", file=path.name) from error
