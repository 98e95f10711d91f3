"""How do pages of the portfolio answer?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


def does(request: HttpRequest, do: Callable[[], Any], told: str = "") -> Any:
    """Do something and say how it went; None where it was refused with a sentence."""
    try:
        done = do()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return None
    if told:
        messages.success(request, told)
    return done


def number(text: str) -> int:
    """Return a number that a form carries; 0 where it carries none."""
    return int(text) if text.isdigit() and len(text) < 10 else 0
