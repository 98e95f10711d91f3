"""By which number is a new action or decision known, when several people make one at once?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction

Made = TypeVar("Made", bound=models.Model)
TRIES = 20


def numbered(kind: Any, letter: str, year: int, make: Callable[[str], Made]) -> Made:
    """Make a record under the next number of a year ("A-2026-0042"); where somebody was quicker, under the one after.

    Call it in a transaction. Numbers are never given twice, also where a record was cancelled.
    """
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                return make(_next(kind, letter, year))
        except IntegrityError:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("the last try returns or raises")


def _next(kind: Any, letter: str, year: int) -> str:
    begins = f"{letter}-{year}-"
    given = kind.objects.filter(reference__startswith=begins).values_list("reference", flat=True)
    last = max((int(one.removeprefix(begins)) for one in given), default=0)
    return f"{begins}{last + 1:04}"
