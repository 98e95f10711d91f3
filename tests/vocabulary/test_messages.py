"""Does a sentence render in both languages, and refuse what it does not know?"""

from __future__ import annotations

import pytest
from babel.messages.catalog import Catalog

from kalanso.vocabulary import Message, UnknownMessage, messages


@pytest.fixture(autouse=True)
def two_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    french, english = Catalog(locale="fr"), Catalog(locale="en")
    french.add("test.fell", "{place} : {value:percent1} en {period:period}")
    english.add("test.fell", "{place}: {value:percent1} in {period:period}")
    french.add(("test.places", "test.places"), ("{n:count} lieu", "{n:count} lieux"))
    english.add(("test.places", "test.places"), ("{n:count} place", "{n:count} places"))
    monkeypatch.setattr(messages, "catalogue", lambda package, locale: {"fr": french, "en": english}[locale])


def test_numbers_and_periods_are_written_for_the_reader() -> None:
    message = Message("test.fell", {"place": "Niono", "value": 0.283, "period": "2023Q2"})
    assert message.render("fr") == "Niono : 28,3\u202f% en T2 2023"
    assert message.render("en") == "Niono: 28.3% in Q2 2023"


@pytest.mark.parametrize(
    ("n", "french", "english"),
    [(0, "0 lieu", "0 places"), (1, "1 lieu", "1 place"), (2, "2 lieux", "2 places")],
)
def test_zero_is_singular_in_french_and_plural_in_english(n: int, french: str, english: str) -> None:
    assert Message("test.places", {"n": n}).render("fr") == french
    assert Message("test.places", {"n": n}).render("en") == english


def test_a_message_survives_storage() -> None:
    message = Message("test.fell", {"place": "Ségou", "value": 1.02, "period": "2024Q1"})
    assert Message.from_json(message.id, message.params_json()).render("fr") == message.render("fr")


def test_an_unknown_sentence_is_refused() -> None:
    with pytest.raises(UnknownMessage, match=r"test\.absent"):
        Message("test.absent").render("fr")
