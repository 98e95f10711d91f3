"""Where does somebody make tokens, and read how programs ask?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from kalanso.hub.api import actions, queries
from kalanso.hub.api.api import api
from kalanso.hub.api.forms import NewToken
from kalanso.hub.api.permissions import PARTS
from kalanso.hub.people.permissions import may


def docs(request: HttpRequest) -> HttpResponse:
    """Show every address of the API with what it takes and gives, without any script."""
    schema = api.get_openapi_schema()
    operations = [
        {
            "method": method.upper(), "path": path, "summary": queries.ADDRESSES.get(said.get("summary", ""), said.get("summary", "")),
            "description": said.get("description", ""), "parameters": [_parameter(p) for p in said.get("parameters", ())],
        }
        for path, methods in schema["paths"].items()
        for method, said in methods.items()
    ]  # fmt: skip
    return render(request, "api/docs.html", {"operations": operations, "parts": PARTS})


def _parameter(said: dict[str, Any]) -> dict[str, Any]:
    kind = said.get("schema", {})
    kinds = [one.get("type") for one in kind.get("anyOf", [kind]) if one.get("type") not in {None, "null"}]
    return {
        "name": said["name"], "required": said.get("required", False), "type": ", ".join(map(str, kinds)),
        "description": kind.get("description", ""), "default": json.dumps(kind["default"]) if kind.get("default") not in (None, "") else "",
    }  # fmt: skip


@login_required
@sensitive_variables("secret")
def tokens(request: HttpRequest) -> HttpResponse:
    """List somebody's tokens and make a new one, whose secret is shown once."""
    now = datetime.now(UTC)
    secret, allowed = "", may(request.user, "api.make_token")
    form = NewToken(request.POST or None, today=now.date())
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            _token, secret = actions.make_token(
                by=request.user, name=said["name"], parts=said["parts"], now=now,
                expires=datetime.combine(said["expires"], time.max, tzinfo=UTC).replace(microsecond=0),
            )  # fmt: skip
            form = NewToken(today=now.date())
        except ValidationError as error:
            form.add_error(error.code if error.code in form.fields else None, error.messages)
    return render(
        request,
        "api/tokens.html",
        {
            "form": form,
            "secret": secret,
            "allowed": allowed,
            "tokens": queries.tokens_of(request.user, now=now),
            "parts": PARTS,
        },
    )


@login_required
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token of one's own."""
    actions.revoke_token(by=request.user, token_id=token_id, now=datetime.now(UTC))
    messages.success(
        request, _("Le jeton est retiré : les programmes qui s'en servaient ne lisent plus rien.")
    )
    return redirect("tokens")
