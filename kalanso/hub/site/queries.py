"""What does every page need to know, whatever it shows?"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kalanso.hub.explore.queries import shelf

NAVIGATION = (
    ("home", _("Accueil")),
    ("where", _("Où")),
    ("act", _("Agir")),
    ("evidence", _("Preuves")),
    ("learn", _("Apprendre")),
)
SECTIONS = {
    "place": "where",
    "trends": "learn",
    "glossary": "learn",
    "method": "evidence",
    "quality": "evidence",
    "tables": "evidence",
    "table": "evidence",
    "table_chart": "evidence",
    "table_map": "evidence",
    "table_provenance": "evidence",
}


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Return what the frame of a page shows: navigation, language, the mark of a demo store."""
    match = getattr(request, "resolver_match", None)
    page = match.url_name if match else ""
    english = str(get_language()).startswith("en")
    return {
        "navigation": NAVIGATION,
        "section": SECTIONS.get(page, page),
        "language": "en" if english else "fr",
        "other_language": "fr" if english else "en",
        "demo": shelf.current().store.demo,
        "search_text": request.GET.get("q", ""),
    }


GLOSSARY = Path(__file__).resolve().parents[3] / "GLOSSARY.md"


@lru_cache(maxsize=1)
def glossary() -> tuple[list[str], list[list[str]]]:
    """Return headings and rows of the tables in GLOSSARY.md; nothing where it is not installed."""
    if not GLOSSARY.is_file():
        return [], []
    rows = [
        [
            part.strip().replace("**", "").replace("`", "").replace("*", "")
            for part in line.strip().strip("|").split("|")
        ]
        for line in GLOSSARY.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith("|")
    ]
    words = [row for row in rows if not all(set(part) <= set("-: ") for part in row)]
    return (words[0], [row for row in words[1:] if row != words[0]]) if words else ([], [])
