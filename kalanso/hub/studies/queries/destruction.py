"""Of which studies are raw files still here, until when, and which files are they?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kalanso.hub.studies.actions.destruction import day_of
from kalanso.hub.studies.models import Round

# Paths below the data folder: files as they came, and rows of single children.
RAW = re.compile(r"studies/\d+/(files|analyses/\d+/private)/")


@dataclass(frozen=True)
class RawData:
    """One study with raw data: until when they are here, or when they were destroyed."""

    survey: str
    destroyed: bool
    day: date


def raw_data() -> Iterator[RawData]:
    """Yield every study for which files were taken."""
    for one in Round.objects.filter(taken__isnull=False).order_by("survey"):
        day = one.destroyed.date() if one.destroyed is not None else day_of(one)
        if day is not None:
            yield RawData(one.survey, one.destroyed is not None, day)
