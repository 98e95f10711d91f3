"""On which tables does the report on data quality rest, and what is it about?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kalanso.definitions import Pack
from kalanso.figures.figure import Source


@dataclass(frozen=True, kw_only=True)
class ReportFacts:
    """What the report is about and rests on.

    `metrics`, `scores` and `findings` have the columns of QUALITY_METRICS, QUALITY_SCORES and QUALITY_FINDINGS;
    `names` and `levels` map places. `units` is the level that is judged. `snapshots` are ids of published tables.
    """

    country: str
    year: int
    mode: str
    pack: Pack
    metrics: pd.DataFrame
    scores: pd.DataFrame
    findings: pd.DataFrame
    names: Mapping[str, str]
    levels: Mapping[str, str]
    units: str
    sources: tuple[Source, ...]
    snapshots: tuple[str, ...]
    made_on: date
    version: str
    demo: bool = False
