"""How do pages of money answer?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import may


def now() -> datetime:
    """Return the moment."""
    return datetime.now(UTC)


def refuse_outsiders(request: HttpRequest) -> None:
    """Refuse those to whom no money is shown, with a sentence that says for whom it is."""
    if not may(request.user, "grants.read"):
        raise PermissionDenied(
            _("L'argent est lu par le CNI, les administrateurs, les régions chez elles, les bailleurs et les partenaires pour ce qui est à eux.")
        )  # fmt: skip


def page_of(request: HttpRequest, count: int, size: int) -> dict[str, int]:
    """Return which page of a list is asked for, as the pager wants it."""
    pages = max(1, -(-count // size))
    asked = request.GET.get("page", "1")
    return {
        "number": min(max(1, int(asked) if asked.isdigit() and len(asked) < 8 else 1), pages),
        "pages": pages,
    }


def tried(form: Any, do: Callable[[], Any], *fields: str) -> Any:
    """Do something and return what came of it; where it is refused, say so in the form and return None."""
    try:
        return do()
    except ValidationError as error:
        form.add_error(error.code if error.code in fields else None, error)
        return None


def said(request: HttpRequest, do: Callable[[], Any], told: str) -> None:
    """Do something, and say how it went."""
    try:
        do()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, told)
