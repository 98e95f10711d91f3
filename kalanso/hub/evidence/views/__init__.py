"""How do the pages of the evidence desk answer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


def done(request: HttpRequest, to: str, do: Callable[[], Any], told: str = "") -> HttpResponse:
    """Do something, say how it went, and go on to an address."""
    try:
        do()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if told:
            messages.success(request, told)
    return redirect(to)
