"""Which routers make up the API, who is asking, how often may they, and how are refusals said?

Everything is read only. A program asks with a token (`Authorization: Bearer ...`), a browser with its session,
a visitor with nothing; each sees what their person sees on the pages at that moment.
"""

from __future__ import annotations

import json
import math
import re
from functools import cache
from typing import Any

from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, Throttled, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.throttling import SimpleRateThrottle

from kalanso import __version__
from kalanso.hub.explore.api import estimates, findings, indicators, places, tables
from kalanso.hub.grants.api import router as grants
from kalanso.hub.jobs.api import router as jobs
from kalanso.hub.people.api import router as me
from kalanso.hub.portfolio.api import follow_up, lines
from kalanso.store import NotVisible

ROOT = "/api/v1/"
PROBLEM = "application/problem+json"
REFUSALS = (400, 401, 403, 404, 422, 429)
A_MINUTE = {"visitor": 60, "person": 600}  # requests


class Api(NinjaAPI):
    """The API, whose description also says how refusals look."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the OpenAPI 3 document."""
        schema = super().get_openapi_schema(**options)
        schema["components"].setdefault("schemas", {})["Problem"] = _PROBLEM
        schema["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{}, {"token": []}]
        content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for methods in schema["paths"].values():
            for operation in methods.values():
                operation["responses"] |= {
                    code: {"description": _titles()[code], "content": content} for code in REFUSALS
                } | {304: {"description": "Not Modified"}}  # fmt: skip
        return schema


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


class Pace(SimpleRateThrottle):
    """So many requests a minute from one visitor or one person, in each web process."""

    cache = caches["programs"]

    def __init__(self, who: str) -> None:
        super().__init__(f"{A_MINUTE[who]}/m")
        self.who = who

    def get_cache_key(self, request: HttpRequest) -> str | None:
        """Return under which name requests are counted; None where another pace holds."""
        known = request.user.is_authenticated
        if known != (self.who == "person"):
            return None
        return f"api-{self.who}-{request.user.pk if known else self.get_ident(request)}"


def _part(name: str) -> Any:
    """Return the check that whoever asks may read a part, by session, as a visitor or by a token that opens it, and
    that every parameter is known: one that is passed over would give other rows than were asked for."""

    def admitted(request: HttpRequest) -> bool:
        token = getattr(request, "api_token", None)
        if token is not None and name not in token.parts:
            raise HttpError(403, _("Ce jeton n'ouvre pas cette partie."))
        taken = _parameters().get(
            re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", "/" + request.resolver_match.route), ()
        )
        if odd := [one for one in request.GET if one not in taken]:
            said = _("Paramètre inconnu : « %(name)s ». Cette adresse connaît : %(known)s.")
            raise HttpError(422, said % {"name": odd[0][:60], "known": ", ".join(taken) or "-"})
        return True

    return admitted


@cache
def _parameters() -> dict[str, list[str]]:
    """Return the names of the parameters that stand after the question mark, by address."""
    paths = api.get_openapi_schema()["paths"]
    return {
        address: [one["name"] for one in methods.get("get", {}).get("parameters", ()) if one["in"] == "query"]
        for address, methods in paths.items()
    }


api = Api(
    title="Kalanso",
    version=__version__,
    description="Everything a page shows, for programs. Read only.",
    docs_url=None,
    urls_namespace="api",
    throttle=[Pace("visitor"), Pace("person")],
)
for _name, _router, _of in (
    ("tables", tables.router, "tables"),
    ("snapshots", tables.snapshots, "tables"),
    ("places", places.router, "places"),
    ("estimates", estimates.router, "estimates"),
    ("findings", findings.router, "findings"),
    ("indicators", indicators.router, "indicators"),
    ("portfolio", lines.router, "portfolio"),
    ("portfolio", follow_up.router, "portfolio"),
    ("grants", grants, "grants"),
    ("me", me, "me"),
    ("jobs", jobs, "jobs"),
):
    api.add_router(f"/{_name}", _router, auth=_part(_of), tags=[_name])


def _titles() -> dict[int, str]:
    return {
        400: _("Demande incomprise"),
        401: _("Jeton inconnu"),
        403: _("Pas pour vous"),
        404: _("Rien à cette adresse"),
        405: _("On ne peut que lire"),
        422: _("Paramètre incompris"),
        429: _("Trop de demandes"),
    }


def problem(status: int, detail: str, **more: Any) -> HttpResponse:
    """Return a refusal as a program reads it, with a sentence for its author."""
    said = {
        "type": "about:blank",
        "title": _titles().get(status, str(status)),
        "status": status,
        "detail": detail,
    }
    return HttpResponse(
        json.dumps(said | more, ensure_ascii=False, default=str), status=status, content_type=PROBLEM
    )


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = [{"where": [str(step) for step in one["loc"]], "what": one["msg"]} for one in error.errors]
    names = ", ".join(dict.fromkeys(one["where"][-1] for one in found))
    return problem(422, _("À corriger : %(names)s.") % {"names": names}, errors=found)


@api.exception_handler(Throttled)
def _too_fast(request: HttpRequest, error: Throttled) -> HttpResponse:
    wait = max(1, math.ceil(error.wait or 1))
    response = problem(429, _("Réessayez dans %(wait)s secondes.") % {"wait": wait})
    response["Retry-After"] = str(wait)
    return response


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, str(error.message))


@api.exception_handler(Http404)
@api.exception_handler(NotVisible)
def _nothing(request: HttpRequest, error: Exception) -> HttpResponse:
    told = str(error) if isinstance(error, Http404) and str(error) else ""
    return problem(404, told or _("Rien ne répond à cette adresse, pour vous et en ce moment."))


@api.exception_handler(PermissionDenied)
def _forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problem(403, str(error) or _("Votre rôle ou vos lieux ne permettent pas cette action."))


def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Say that an address of the API leads nowhere."""
    return problem(404, _("Rien ne répond à cette adresse, pour vous et en ce moment."))


def patterns() -> list[URLPattern]:
    """Return the addresses below `ROOT`: those of the routers, and one refusal for all others."""
    from django.urls import include

    return [path("", include((api.urls[0], "api"), namespace="api")), path("<path:rest>", unknown)]
