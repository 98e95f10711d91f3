"""In which of the two languages is what is being made for a reader?"""

from __future__ import annotations

from django.utils.translation import get_language


def page_language() -> str:
    """Return "en" where the reader chose English, else "fr": figures, periods and messages of the library know these two."""
    return "en" if str(get_language()).startswith("en") else "fr"
