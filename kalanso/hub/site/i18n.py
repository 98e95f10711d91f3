"""What is made ready before the first page is asked for?

Sentences of the pages stand in `locale/fr.po` and `locale/en.po`. Django reads compiled catalogues,
and a bare machine has no gettext tools, so they are compiled here, by Babel, when the hub starts.
"""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_sentences(sources: Path, target: Path) -> Path:
    """Compile every `<locale>.po` of a folder into the layout that Django reads; return its root."""
    for source in sorted(sources.glob("*.po")):
        folder = target / source.stem / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as stream:
            catalog = read_po(stream, locale=source.stem, abort_invalid=True)
        draft = folder / f".{uuid4().hex}.tmp"
        with draft.open("wb") as stream:
            write_mo(stream, catalog)
        draft.replace(folder / "django.mo")
    return target
