"""Of which studies are raw files still here, until when, and which files are they?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Min

from kalanso.hub.studies.models import Round, RoundFile

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


def day_of(one: Round) -> date | None:
    """Return the day on which a round's raw data are destroyed: the earliest that was promised for any of its files."""
    promised = RoundFile.objects.filter(round=one).aggregate(day=Min("destroyed_on"))["day"]
    days = [day for day in (promised, one.destroyed_on) if day is not None]
    return min(days) if promised is not None else None


def with_raw_data() -> Iterator[tuple[Round, date]]:
    """Return the rounds whose raw data are still here, each with the day of their destruction."""
    for one in Round.objects.filter(taken__isnull=False, destroyed__isnull=True).order_by("pk"):
        day = day_of(one)
        if day is not None:
            yield one, day
