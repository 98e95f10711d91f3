"""How does a form speak Bambara, Fulfulde or any other language, in writing or by recorded voice?

`slots` is the sheet that a translator fills; what comes back is checked and laid over the form. Languages that few
read are spoken: each question can have a sound file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from kalanso.surveys.handed_in import SurveyRefused, among, refuse_rows, unique, with_columns
from kalanso.surveys.instruments.forms import LANGUAGES, REFERENCE, Choice, Form, Group, Question, checked
from kalanso.vocabulary import Message


@dataclass(frozen=True, kw_only=True)
class Translation:
    """Labels and sound files of one language, by key: a variable, a group, `variable.message` or `list/code`."""

    language: str
    labels: Mapping[str, str] = field(default_factory=dict)
    audio: Mapping[str, str] = field(default_factory=dict)


def slots(form: Form, language: str) -> pd.DataFrame:
    """Return what is to be translated: key, fr, en, `language` (as far as it is there) and audio (file to record)."""
    if language in LANGUAGES:
        raise ValueError(f"language: expected one beside {', '.join(LANGUAGES)}, got {language!r}")
    rows = []
    for question, _ in form.questions():
        if question.type == "calculate":
            continue
        sound = question.audio.get(language, f"{form.name}_{question.name}_{language}.mp3")
        rows.append((question.name, question.label, sound))
        if question.message:
            rows.append((f"{question.name}.message", question.message, ""))
    rows += [(group.name, group.label, "") for group in _groups(form.items)]
    for name, choices in form.choices.items():
        rows += [(f"{name}/{choice.code}", choice.label, "") for choice in choices]
    return pd.DataFrame(
        [(key, texts["fr"], texts["en"], texts.get(language, ""), sound) for key, texts, sound in rows],
        columns=["key", "fr", "en", language, "audio"],
    )


def _groups(items: tuple[Question | Group, ...]) -> list[Group]:
    return [one for item in items if isinstance(item, Group) for one in (item, *_groups(item.items))]


def translation_of(
    table: pd.DataFrame, form: Form, language: str, *, recorded: frozenset[str] = frozenset()
) -> Translation:
    """Return the translation that a filled sheet of slots holds; `recorded` are the sound files that exist.

    Raises SurveyRefused for an unknown or repeated key, and for a text that has lost a name in braces, which the
    telephone fills in. Empty texts stay empty: French stands in.
    """
    found = with_columns(table, "slots", ["key", language, "audio"])
    expected = slots(form, language).set_index("key")
    among(found, "slots", "key", list(expected.index))
    unique(found, "slots", ["key"])
    texts = found[language].fillna("").astype(str).str.strip()
    french = found["key"].map(expected["fr"])
    lost = [
        bool(text) and set(REFERENCE.findall(text)) != set(REFERENCE.findall(whole))
        for text, whole in zip(texts, french, strict=True)
    ]
    refuse_rows(found, "slots", language, lost, Message("surveys.expected.same_names"))
    labels = {key: text for key, text in zip(found["key"], texts, strict=True) if text}
    sounds = zip(found["key"], found["audio"].fillna("").astype(str), strict=True)
    return Translation(
        language=language, labels=labels, audio={key: sound for key, sound in sounds if sound in recorded}
    )


def translated(form: Form, translation: Translation) -> Form:
    """Return a form that also speaks the language of a translation."""
    known = set(slots(form, translation.language)["key"])
    if unknown := sorted((set(translation.labels) | set(translation.audio)) - known):
        raise SurveyRefused(
            "surveys.instruments.fault.translation",
            form=form.name,
            question=unknown[0],
            value=translation.language,
        )
    choices = {
        name: tuple(
            Choice(code=one.code, label=_with(one.label, translation, f"{name}/{one.code}")) for one in listed
        )
        for name, listed in form.choices.items()
    }
    return checked(replace(form, items=_items(form.items, translation), choices=choices))


def _items(items: tuple[Question | Group, ...], given: Translation) -> tuple[Question | Group, ...]:
    found: list[Question | Group] = []
    for item in items:
        label = _with(item.label, given, item.name)
        if isinstance(item, Group):
            found.append(replace(item, label=label, items=_items(item.items, given)))
        else:
            audio = dict(item.audio)
            if item.name in given.audio:
                audio[given.language] = given.audio[item.name]
            message = _with(item.message, given, f"{item.name}.message") if item.message else item.message
            found.append(replace(item, label=label, message=message, audio=audio))
    return tuple(found)


def _with(label: Mapping[str, str], given: Translation, key: str) -> dict[str, str]:
    return {**label, given.language: given.labels[key]} if key in given.labels else dict(label)
