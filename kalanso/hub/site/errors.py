"""What do log lines tell those who run the hub, without telling anything about people?

A line holds the moment, where in the software it arose, what happened, and the ids of the request and of the
job, so that lines of one event are found together. It holds no name, number, address or secret: parts of a
message that could be one are struck out, queries of addresses are dropped, and of a fault only its kind and
the places in the software through which it came are kept.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any

from kalanso.hub.people.queries.here import work

STRUCK = "…"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PERSONAL = (
    (re.compile(r"\?\S*"), "?" + STRUCK),  # the query of an address
    (re.compile(r"\w+://[^\s/@]+:[^\s/@]+@\S+"), STRUCK),  # an address with a password
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), STRUCK),  # e-mail
    (re.compile(r"(?<![\w-])\+?\d(?:[ .-]?\d){7,14}(?![\w-])"), STRUCK),  # telephone
    (re.compile(rf"(?i)(?!{_UUID})(?<![\w-])[\w:-]{{20,}}(?=/|\s|$)"), STRUCK),  # a link's secret
    (re.compile(r"(?i)(entrer-comme|invitation|entrer)/[^/\s]+"), r"\1/" + STRUCK),
    (re.compile(r"(?s)\n?DETAIL:.*"), ""),  # PostgreSQL quotes the row here
    (re.compile(r"=\([^)]*\)"), "=(" + STRUCK + ")"),
)


def without_people(text: str) -> str:
    """Return a text without what could be a name, number, address or secret."""
    for pattern, instead in _PERSONAL:
        text = pattern.sub(instead, text)
    return text


def _fault(record: logging.LogRecord) -> dict[str, Any]:
    """Return the kind of a fault and its way through the software; never its words, which may quote people."""
    if not record.exc_info or record.exc_info[1] is None:
        return {}
    error = record.exc_info[1]
    steps = traceback.extract_tb(error.__traceback__)[-12:]
    where = [f"{_short(step.filename)}:{step.lineno} {step.name}" for step in steps]
    return {"fault": type(error).__name__, "where": where}


def _short(path: str) -> str:
    """Return a file without the folders of this machine."""
    for root in ("/site-packages/", "/lib/python"):
        if root in path:
            return path.rsplit(root, 1)[1]
    return "kalanso/" + path.rsplit("/kalanso/", 1)[1] if "/kalanso/" in path else path.rsplit("/", 1)[-1]


class JsonLines(logging.Formatter):
    """One JSON object a line, for machines that gather logs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        request, job = work()
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "what": without_people(record.getMessage()),
        }
        told |= {"request": request} if request else {}
        told |= {"job": job} if job else {}
        told |= getattr(record, "told", {})
        return json.dumps(told | _fault(record), ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """One readable line, for eyes on one's own computer; a fault with its way."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        ids = " ".join(f"[{one}]" for one in work() if one)
        line = f"{record.levelname.lower()} {record.name} {ids} {without_people(record.getMessage())}"
        fault = _fault(record)
        return line if not fault else "\n    ".join([f"{line}: {fault['fault']}", *fault["where"]])
