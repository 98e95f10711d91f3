"""Is every sentence of the pages there in both languages, and said somewhere?"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from kalanso.hub.site.i18n import compile_sentences, typeset
from kalanso.pipeline.tables import TABLES
from kalanso.store import Audience

HUB = Path(__file__).resolve().parents[2] / "kalanso" / "hub"
CALLS = {"gettext": 1, "gettext_lazy": 1, "_": 1, "ngettext": 2}
IN_TEMPLATE = re.compile(
    r"\b(?:gettext|ngettext)\(((?:u'(?:[^'\\]|\\.)*'|u\"(?:[^\"\\]|\\.)*\"|[ ,]|count)*)\)"
)


def in_template(text: str) -> set[tuple[str, ...]]:
    from django.utils.translation.template import templatize

    found = set()
    for arguments in IN_TEMPLATE.findall(templatize(text)):
        texts = re.findall(r"u('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", arguments)
        found.add(tuple(ast.literal_eval(item) for item in texts))
    return found


def in_code(text: str) -> set[tuple[str, ...]]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            given = node.args[: CALLS[node.func.id]]
            texts = [a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if given and len(texts) == len(given):
                found.add(tuple(texts))
    return found


@pytest.fixture(scope="module")
def said(hub: None) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for path in HUB.rglob("*.html"):
        found |= in_template(path.read_text(encoding="utf-8"))
    for path in HUB.rglob("*.py"):
        found |= in_code(path.read_text(encoding="utf-8"))
    return found


def catalog(locale: str) -> Catalog:
    """The sentences of all apps together; each app keeps its own."""
    whole = Catalog(locale=locale)
    for path in sorted(HUB.glob(f"*/locale/{locale}.po")):
        with path.open("rb") as stream:
            for entry in read_po(stream, locale=locale, abort_invalid=True):
                if entry.id:
                    assert whole.get(entry.id, entry.context) is None, (
                        f"{path.parents[1].name}: said twice: {entry.id}"
                    )
                    whole.add(entry.id, entry.string, context=entry.context)
    return whole


def test_every_sentence_is_there_in_english(said: set[tuple[str, ...]]) -> None:
    english = catalog("en")
    missing = []
    for ids in said:
        entry = english.get(ids[0])
        strings = (
            [entry.string]
            if entry is not None and isinstance(entry.string, str)
            else list(entry.string)
            if entry
            else []
        )
        if len(strings) != len(ids) or not all(strings):
            missing.append(ids)
    assert not missing


def test_every_english_sentence_is_said(said: set[tuple[str, ...]]) -> None:
    known = {entry.id if isinstance(entry.id, str) else entry.id[0] for entry in catalog("en") if entry.id}
    assert known == {ids[0] for ids in said}


def test_both_languages_fill_the_same_blanks() -> None:
    for entry in (entry for entry in catalog("en") if entry.id):
        ids = (entry.id,) if isinstance(entry.id, str) else entry.id
        strings = (entry.string,) if isinstance(entry.string, str) else entry.string
        for french, english in zip(ids, strings, strict=True):
            blanks = re.compile(r"%\((\w+)\)s")
            assert set(blanks.findall(french)) == set(blanks.findall(english)), french
            assert re.findall(r"</?\w+", french) == re.findall(r"</?\w+", english), french


def test_what_tables_and_columns_mean_is_said_in_french() -> None:
    french = catalog("fr")
    for spec in TABLES:
        if spec.audience <= Audience.PROGRAMME:
            for text in (spec.meaning, *(column.meaning for column in spec.columns)):
                entry = french.get(text, "table")
                assert entry is not None, f"{spec.name}: no French for {text!r}"
                assert entry.string, f"{spec.name}: no French for {text!r}"


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("Où ?", "Où\u202f?"),
        ("100 % : assez", "100\u202f%\xa0: assez"),
        ("« mot »", "«\xa0mot\xa0»"),
        ("l'aire", "l’aire"),
        ("%(n)s et %(m)s", "%(n)s et %(m)s"),
        ('<a class="x">l\'eau</a>', '<a class="x">l’eau</a>'),
    ],
)
def test_french_is_set_with_the_spaces_of_print(written: str, printed: str) -> None:
    assert typeset(written) == printed


def test_catalogues_are_compiled_without_tools_of_the_system(tmp_path: Path) -> None:
    compile_sentences(HUB / "site" / "locale", tmp_path)
    assert sorted(path.parent.parent.name for path in tmp_path.rglob("django.mo")) == ["en", "fr"]
