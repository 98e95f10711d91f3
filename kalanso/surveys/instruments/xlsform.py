"""How does a form become an XLSForm that ODK and KoboToolbox take?

Sheets of rows, a workbook to hand out, and the XForm by which pyxform proves that the sheets hold together.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping

from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments.forms import Form, Group, Question

Row = dict[str, str]
LANGUAGE_NAMES: Mapping[str, str] = {
    "fr": "Français (fr)", "en": "English (en)", "bm": "Bamanankan (bm)", "ff": "Fulfulde (ff)", "ses": "Soŋay (ses)",
    "snk": "Soninkanxanne (snk)", "taq": "Tamasheq (taq)", "dtm": "Dogon (dtm)", "ar": "العربية (ar)",
}  # fmt: skip
_META = ("start", "end", "today")


def sheets(form: Form, *, public_key: str = "", language: str = "fr") -> dict[str, list[Row]]:
    """Return the rows of the sheets survey, choices and settings.

    Every form records start, end and day, and an audit log (how long each question took). Where a language lacks a
    label, the French one stands in, so that no screen is empty. `public_key` (base64) encrypts answers on the telephone; `language` is
    that in which the form opens.
    """
    languages = form.languages
    sound = any(question.audio for question, _ in form.questions())
    survey: list[Row] = [{"type": name, "name": name} for name in _META]
    survey.append({"type": "audit", "name": "audit"})
    survey += list(_rows(form.items, languages, sound))
    choices = [
        {"list_name": name, "name": choice.code, **_in_languages("label", choice.label, languages)}
        for name, listed in form.choices.items()
        for choice in listed
    ]
    settings = {
        "form_id": f"kalanso_{form.name}", "form_title": form.title["fr"], "version": form.version,
        "default_language": language_name(language),
    }  # fmt: skip
    if public_key:
        settings["public_key"] = public_key
    return {"survey": survey, "choices": choices, "settings": [settings]}


def language_name(code: str) -> str:
    """Return what the list of languages of an XLSForm calls a language."""
    return LANGUAGE_NAMES.get(code, f"{code} ({code})")


def _rows(items: tuple[Question | Group, ...], languages: tuple[str, ...], sound: bool) -> Iterator[Row]:
    for item in items:
        if isinstance(item, Group):
            kind = "repeat" if item.repeat else "group"
            row = {
                "type": f"begin {kind}",
                "name": item.name,
                **_in_languages("label", item.label, languages),
            }
            yield _filled(row, relevant=item.relevant, appearance=item.appearance)
            yield from _rows(item.items, languages, sound)
            yield {"type": f"end {kind}", "name": item.name}
        else:
            yield _question(item, languages, sound)


def _question(question: Question, languages: tuple[str, ...], sound: bool) -> Row:
    row = {"type": f"{question.type} {question.list}".strip(), "name": question.name}
    if question.type == "calculate":
        return _filled(row, calculation=question.calculation, relevant=question.relevant)
    row |= _in_languages("label", question.label, languages)
    if question.hint:
        row |= _in_languages("hint", question.hint, languages)
    if question.constraint:
        row |= _in_languages("constraint_message", question.message, languages)
    if sound:
        row |= {
            f"media::audio::{language_name(one)}": question.audio[one]
            for one in languages
            if one in question.audio
        }
    return _filled(
        row, required="yes" if question.required else "", relevant=question.relevant, constraint=question.constraint,
        appearance=question.appearance,
    )  # fmt: skip


def _filled(row: Row, **values: str) -> Row:
    return row | {name: value for name, value in values.items() if value}


def _in_languages(column: str, texts: Mapping[str, str], languages: tuple[str, ...]) -> Row:
    return {f"{column}::{language_name(one)}": texts.get(one) or texts["fr"] for one in languages}


def workbook(form: Form, *, public_key: str = "", language: str = "fr") -> bytes:
    """Return the XLSForm as the bytes of an XLSX file."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, rows in sheets(form, public_key=public_key, language=language).items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        sheet.append(columns)
        for row in rows:
            sheet.append([row.get(column, "") for column in columns])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def xform(form: Form, *, validate: bool = False) -> str:
    """Return the XForm (XML) of a form; raises SurveyRefused with the words of pyxform or ODK Validate where they
    find a fault. `validate` asks the latter too, which needs Java.
    """
    from pyxform.errors import PyXFormError
    from pyxform.validators.odk_validate import ODKValidateError
    from pyxform.xls2xform import convert

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = convert(xlsform=sheets(form), validate=validate)
    except (PyXFormError, ODKValidateError) as error:
        raise SurveyRefused("surveys.instruments.not_a_form", form=form.name, fault=str(error)) from error
    return str(made.xform)
