"""In which languages do the pages speak, and where do their sentences come from?

Sentences are written in French in templates and code; `locale/en.po` holds them in English. French
is shown as written, with the spaces and apostrophes of print; `locale/fr.po` holds what is declared
in English elsewhere (what tables and columns mean). Django reads compiled catalogues, and a bare
machine has no gettext tools, so Babel compiles them when the hub starts.
"""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

NARROW, WIDE = "\u202f", "\u00a0"


def compile_sentences(sources: Path, target: Path) -> Path:
    """Compile the catalogues of a folder into the layout that Django reads; return its root."""
    english, french = (_read(sources / f"{locale}.po", locale) for locale in ("en", "fr"))
    for entry in english:
        if entry.id and french.get(entry.id, entry.context) is None:
            ids = (entry.id,) if isinstance(entry.id, str) else entry.id
            shown = tuple(typeset(text) for text in ids)
            french.add(entry.id, shown if len(shown) > 1 else shown[0], context=entry.context)
    for locale, catalog in (("en", english), ("fr", french)):
        _write(catalog, target / locale / "LC_MESSAGES")
    return target


def typeset(text: str) -> str:
    """Return a French text with unbreakable spaces and curved apostrophes."""
    text = re.sub(r" (?=[?!;])", NARROW, text)
    text = re.sub(r" (?=%(?!\())", NARROW, text)
    text = re.sub(r" (?=:(?:\s|$|<))", WIDE, text)
    text = re.sub(r"« ?", f"«{WIDE}", re.sub(r" ?»", f"{WIDE}»", text))
    return re.sub(r"(?<=\w)'(?=\w)", "’", text)


def _read(path: Path, locale: str) -> Catalog:
    with path.open("rb") as stream:
        return read_po(stream, locale=locale, abort_invalid=True)


def _write(catalog: Catalog, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{uuid4().hex}.tmp"
    with draft.open("wb") as stream:
        write_mo(stream, catalog)
    draft.replace(folder / "django.mo")
