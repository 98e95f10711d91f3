"""When is a server asked again, and after how long?

What the readers of live servers share. What a server is asked, and when it is given up, is theirs.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import tenacity

# Statuses that may pass: too slow, too early, too many, or a server that is not well.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_WAIT = 120.0  # a server that asks for more is asked again another day


class TryAgain(Exception):
    """A fault that may pass; `wait` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        self.reason, self.wait = reason, wait
        super().__init__(reason)


def pause(state: tenacity.RetryCallState) -> float:
    """Return the seconds before the next attempt: doubling from one, unless the server says when to come back."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait if isinstance(error, TryAgain) else None
    return min(LONGEST_WAIT, asked if asked is not None else 2.0 ** (state.attempt_number - 1))


def asked_wait(header: str | None, now: datetime | None) -> float | None:
    """Return the seconds that a Retry-After header asks for (a number or a date; RFC 9110 §10.2.3).

    None where it says nothing that can be understood; a date needs `now`, by the server's clock or ours.
    """
    if not header:
        return None
    if header.strip().isdigit():
        return float(header.strip()[:9])
    try:
        wanted = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    if now is None or wanted.tzinfo is None:
        return None
    return max(0.0, (wanted - now).total_seconds())
