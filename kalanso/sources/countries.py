"""Which country does a list mean?

ISO codes of two and three letters, numbers, and names in French and English, from the Unicode
locale data. Places inside a country are matched by `kalanso.places`.
"""

from __future__ import annotations

from functools import lru_cache

from babel.core import Locale, get_global

from kalanso.places import normalise

_LANGUAGES = ("fr", "en")
# Names in lists of the United Nations that the locale data does not know.
_OTHER_NAMES = {
    "Côte d'Ivoire": "CI", "Democratic Republic of the Congo": "CD", "République démocratique du Congo": "CD",
    "United Republic of Tanzania": "TZ", "République-Unie de Tanzanie": "TZ", "Mali (le)": "ML",
    "Niger (le)": "NE", "Congo": "CG", "Gambia": "GM", "Cabo Verde": "CV", "Eswatini": "SZ",
    "Guinea-Bissau": "GW", "Sao Tome and Principe": "ST", "Burkina": "BF",
}  # fmt: skip


@lru_cache
def _codes() -> dict[str, str]:
    table: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                table.setdefault(normalise(name), code)
                table.setdefault(code.lower(), code)
    for old, new in get_global("territory_aliases").items():
        if len(new) == 1 and len(new[0]) == 2:
            table.setdefault(normalise(old), new[0])
    for name, code in _OTHER_NAMES.items():
        table[normalise(name)] = code
    return table


def country_code(text: object) -> str | None:
    """Return the ISO code of two letters that a code, number or name means, or None."""
    return _codes().get(normalise(str(text).removesuffix(".0")))


def country_name(code: str, locale: str = "fr") -> str:
    """Return the name of a country in one language, or its code where the name is unknown."""
    return Locale(locale).territories.get(code, code)
