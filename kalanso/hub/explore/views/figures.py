"""How does a browser get the drawing of a figure, and a reader take it home?"""

from __future__ import annotations

import re

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from kalanso.hub.explore import tasks
from kalanso.hub.explore.queries import shelf

A_YEAR = 31_536_000  # the name of a drawing depends on everything that it shows


def figure(
    request: HttpRequest, key: str, form: str, width: int = tasks.PRINT_WIDTH
) -> HttpResponse | FileResponse:
    """Send a drawing; its page, where it cannot be drawn, says so and shows the table."""
    if (
        not re.fullmatch(r"[0-9a-f]{32}", key)
        or not shelf.may_have(shelf.current(), tasks.drawn_for(key))
        or form not in tasks.FORMATS
        or (form == "svg" and width not in tasks.WIDTHS)
    ):
        raise Http404(_("Aucune figure ne porte ce nom. Rouvrez la page où elle se trouvait."))
    try:
        path = tasks.drawing(key, form, width)
    except tasks.NotDrawn as error:
        raise Http404(
            _(
                "Cette figure n'a pas pu être dessinée. Rouvrez la page où elle se trouvait : son tableau s'y lit."
            )
        ) from error
    response = FileResponse(path.open("rb"), content_type=tasks.FORMATS[form])
    response["Cache-Control"] = f"private, max-age={A_YEAR}, immutable"
    if "nom" in request.GET:
        name = re.sub(r"[^\w-]+", "-", request.GET["nom"])[:60].strip("-") or "figure"
        response["Content-Disposition"] = f'attachment; filename="kalanso-{name}.{form}"'
    return response
