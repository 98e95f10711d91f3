"""Is every value written as itself, whatever was written before it?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from kalanso.vocabulary import format_value

LATE = datetime(2024, 12, 31, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("style", "locale", "written"),
    [
        ("date", "fr", [(LATE, "31/12/2024"), (LATE.astimezone(timezone(timedelta(hours=1))), "01/01/2025")]),
        ("decimal", "fr", [(0.0, "0"), (-0.0, "-0"), (0, "0")]),
        ("text", "en", [(1, "1"), (1.0, "1.0"), (True, "True")]),
        ("count", "fr", [(1240, "1\u202f240"), (1240.4, "1\u202f240")]),
        ("count", "en", [(1240, "1,240"), (float("nan"), "no data"), (None, "no data")]),
    ],
)
@pytest.mark.parametrize("turn", ["forwards", "backwards"])
def test_equal_values_that_read_differently_are_not_taken_for_each_other(
    style: str, locale: str, written: list[tuple[Any, str]], turn: str
) -> None:
    order = written if turn == "forwards" else written[::-1]
    assert [format_value(value, style, locale) for value, _told in order] == [told for _value, told in order]
