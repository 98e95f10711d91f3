"""Which forms can be filled in without network, and who receives what was written?

A form joins by one declaration: `join(OfflineForm(...))` in its app's apps.py. Its template puts
`{% offline_form "name" %}` into the form's tag. All else (keeping, encrypting, sending, answering) is done here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class OfflineForm:
    """A form that may wait on a telephone.

    `fields` and `photos` name what is kept of it. `receive` is the dotted path of a function
    `f(*, by, sent, now) -> str` that checks the right, does the work and returns the address of the
    record; it raises ValidationError, PermissionDenied or Differs. `accepts` holds earlier versions
    that it still understands: telephones come back after weeks.
    """

    name: str
    version: int
    fields: tuple[str, ...]
    receive: str
    photos: tuple[str, ...] = ()
    accepts: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One message as it came from a telephone."""

    uuid: UUID
    form: str
    version: int
    captured: datetime
    fields: Mapping[str, str] = field(default_factory=dict)
    photos: Mapping[str, BinaryIO] = field(default_factory=dict)


class Differs(Exception):
    """The record changed since the message was written.

    `theirs` holds the fields as they stand now; `merge` what the message must carry to take their place.
    """

    def __init__(self, sentence: str, *, theirs: Mapping[str, str], merge: Mapping[str, str]) -> None:
        super().__init__(sentence)
        self.theirs, self.merge = dict(theirs), dict(merge)


_JOINED: dict[str, OfflineForm] = {}


def join(form: OfflineForm) -> None:
    """Let a form work without network."""
    _JOINED[form.name] = form


def joined() -> dict[str, OfflineForm]:
    """Return all forms that work without network, by name."""
    return dict(_JOINED)


def form_named(name: Any) -> OfflineForm | None:
    """Return a form by name; None where no form has it."""
    return _JOINED.get(name) if isinstance(name, str) else None
