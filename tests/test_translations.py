"""Is every sentence there in both languages, with the same blanks to fill?"""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from kalanso.vocabulary import format_value

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = sorted(path.parent.parent.name for path in (ROOT / "kalanso").glob("*/locale/fr.po"))
STYLES = {"", "text", "count", "decimal", "percent", "percent1", "points", "date", "period", "dose"}


def sentences(package: str, locale: str) -> dict[str, list[str]]:
    with (ROOT / "kalanso" / package / "locale" / f"{locale}.po").open("rb") as stream:
        catalog = read_po(stream, locale=locale, abort_invalid=True)
    found = {}
    for entry in catalog:
        if entry.id:
            key = entry.id if isinstance(entry.id, str) else entry.id[0]
            found[key] = [entry.string] if isinstance(entry.string, str) else list(entry.string)
    return found


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("package", PACKAGES)
def test_french_and_english_hold_the_same_sentences(package: str) -> None:
    french, english = sentences(package, "fr"), sentences(package, "en")
    assert set(french) == set(english)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_sentence_is_empty_and_both_fill_the_same_blanks(package: str) -> None:
    french, english = sentences(package, "fr"), sentences(package, "en")
    for key in french:
        assert all(text.strip() for text in [*french[key], *english[key]]), f"{key}: empty"
        assert blanks(" ".join(french[key])) == blanks(" ".join(english[key])), f"{key}: other blanks"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_style_of_a_blank_is_known(package: str) -> None:
    for locale in ("fr", "en"):
        for key, texts in sentences(package, locale).items():
            for text in texts:
                for _, name, style, _ in Formatter().parse(text):
                    if name:
                        assert style in STYLES, f"{key} ({locale}): {style!r}"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_sentence_is_used_and_every_used_id_has_a_sentence(package: str) -> None:
    known = set(sentences(package, "fr"))
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("kalanso", "benchmarks")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".yaml", ".html"}
    )
    quoted = set(re.findall(rf"[\"']({package}\.[a-z0-9_.]+[a-z0-9_])[\"']", code))
    prefixes = tuple(re.findall(rf"f[\"']({package}\.[a-z0-9_.]*)\{{", code))
    unused = {
        key
        for key in known
        if key.removesuffix(".try") not in quoted and not key.startswith(prefixes or ("\0",))
    }
    modules = {f"{package}.{path.stem}" for path in (ROOT / "kalanso" / package).glob("*.py")}
    missing = {key for key in quoted if key not in known and key not in modules and key.count(".") > 1}
    assert not unused, "sentences that nothing says"
    assert not missing, "ids without a sentence"


def test_numbers_look_french_to_french_readers() -> None:
    assert format_value(1240, "count", "fr") == "1\u202f240"
    assert format_value(0.125, "percent1", "fr") == "12,5\u202f%"
    assert format_value(0.35, "points", "fr") == "35 points"
    assert [format_value("mcv1", "dose", locale) for locale in ("fr", "en")] == ["VAR1", "MCV1"]
    assert format_value("2024Q4", "period", "fr") == "T4 2024"
    assert format_value("2024-12-31", "date", "fr") == "31/12/2024"
    assert format_value(None, "count", "fr") == "pas de donnée"
