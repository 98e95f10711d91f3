"""Which form does a declaration mean?

Reads YAML, puts in the blocks that forms share, the BeSD items (a file of their own, with their own licence), the doses
of the schedule, and turns every soft check into a question that asks again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments.dose_questions import dose_group
from kalanso.surveys.instruments.forms import Choice, Form, Group, Question, checked

FORMS = (
    "household_list", "child", "lqas", "exit_interview", "facility", "phone", "key_informant", "implementation",
)  # fmt: skip
_OWN_VALUE = re.compile(
    r"(?<![\w.)\]}'])\.(?![\w.])"
)  # the dot of an expression that means the answer itself
_QUESTION_KEYS = {
    "name", "type", "fr", "en", "hint", "required", "relevant", "constraint", "message", "calculation", "appearance",
    "sensitive", "priority", "positive", "check",
}  # fmt: skip
_GROUP_KEYS = {"name", "type", "fr", "en", "relevant", "appearance", "questions"}
_FORM_KEYS = {"form", "version", "title", "questions", "choices", "doses"}


def load(name: str, *, doses: Sequence[Mapping[str, Any]] | None = None) -> Form:
    """Return a form of the package by name; `doses` (series, doses, fr, en) replaces the schedule of its file."""
    if name not in FORMS:
        raise SurveyRefused("surveys.instruments.no_such_form", name=name, known=", ".join(FORMS))
    return declared(_read(f"forms/{name}.yaml"), file=f"{name}.yaml", doses=doses)


def series_of(name: str) -> list[dict[str, Any]]:
    """Return the series of doses that a form of the package asks for (series, doses, fr, en); none where it asks for none."""
    return [dict(one) for one in _read(f"forms/{name}.yaml").get("doses", ())]


def declared(
    given: Mapping[str, Any], *, file: str, doses: Sequence[Mapping[str, Any]] | None = None
) -> Form:
    """Return the form that a declaration means; raises SurveyRefused, naming file, question and fault."""
    _keys(given, _FORM_KEYS, file, "-")
    shared, besd = _read("forms/shared.yaml"), _read("besd/items.yaml")
    found = _Reader(
        file, shared["blocks"], besd, list(doses if doses is not None else given.get("doses", ()))
    )
    items = found.items(given["questions"])
    lists = {**shared["choices"], **besd["choices"], **given.get("choices", {})}
    form = Form(
        name=str(given["form"]),
        release=int(given["version"]),
        title=given["title"],
        items=tuple(items),
        choices={},
    )
    used = {question.list for question, _ in form.questions() if question.list}
    choices = {
        one: tuple(Choice(code=str(row["code"]), label=_label(row)) for row in lists[one])
        for one in sorted(used & set(lists))
    }
    return checked(
        Form(name=form.name, release=form.release, title=form.title, items=form.items, choices=choices)
    )


def besd_items() -> pd.DataFrame:
    """Return the BeSD items: variable, list, positive codes (list of text), priority, labels and licence."""
    besd = _read("besd/items.yaml")
    rows = [
        {
            "variable": one["name"], "list": one["type"].split(" ")[1],
            "positive": [str(code) for code in one.get("positive", ())], "priority": bool(one.get("priority", False)),
            "label_fr": one["fr"], "label_en": one["en"], "licence": besd["licence"],
        }
        for one in besd["questions"]
    ]  # fmt: skip
    return pd.DataFrame(rows)


@lru_cache
def _read(path: str) -> Any:
    source = Path(str(resources.files("kalanso.surveys.instruments"))) / path
    return yaml.safe_load(source.read_text(encoding="utf-8"))


def _keys(given: Mapping[str, Any], known: set[str], file: str, name: str) -> None:
    if unknown := sorted(set(given) - known):
        raise SurveyRefused(
            "surveys.instruments.fault.key",
            form=file,
            question=name,
            value=unknown[0],
            known=", ".join(sorted(known)),
        )


def _label(given: Mapping[str, Any]) -> dict[str, str]:
    return {language: str(given[language]) for language in ("fr", "en") if given.get(language)}


class _Reader:
    """Turns rows of a declaration into items, with what they include."""

    def __init__(
        self, file: str, blocks: Mapping[str, Any], besd: Mapping[str, Any], doses: list[Any]
    ) -> None:
        self.file, self.blocks, self.besd, self.doses = file, blocks, besd, doses

    def items(
        self, rows: Sequence[Mapping[str, Any]], *, relevant: str = "", licence: str = ""
    ) -> list[Question | Group]:
        found: list[Question | Group] = []
        for row in rows:
            if "include" in row:
                _keys(row, {"include", "relevant"}, self.file, str(row["include"]))
                found += self._included(str(row["include"]), str(row.get("relevant", "")))
            elif "doses" in row:
                _keys(row, {"doses", "relevant", "fr", "en"}, self.file, "doses")
                found.append(
                    dose_group(
                        str(row["doses"]),
                        self.doses,
                        relevant=str(row.get("relevant", "")),
                        label=_label(row),
                    )
                )
            elif row.get("type") in ("group", "repeat"):
                found.append(self._group(row))
            else:
                found += self._question(row, relevant, licence)
        return found

    def _included(self, name: str, relevant: str) -> list[Question | Group]:
        if name == "besd":
            return self.items(self.besd["questions"], relevant=relevant, licence=self.besd["licence"])
        if name not in self.blocks:
            raise SurveyRefused(
                "surveys.instruments.fault.block",
                form=self.file,
                question=name,
                value=", ".join(sorted(self.blocks)),
            )
        return self.items(self.blocks[name], relevant=relevant)

    def _group(self, row: Mapping[str, Any]) -> Group:
        _keys(row, _GROUP_KEYS, self.file, str(row.get("name", "-")))
        return Group(
            name=str(row["name"]), label=_label(row), items=tuple(self.items(row["questions"])),
            repeat=row["type"] == "repeat", relevant=str(row.get("relevant", "")),
            appearance=str(row.get("appearance", "")),
        )  # fmt: skip

    def _question(self, row: Mapping[str, Any], relevant: str, licence: str) -> list[Question | Group]:
        _keys(row, _QUESTION_KEYS, self.file, str(row.get("name", "-")))
        kind, _, listed = str(row.get("type", "-")).partition(" ")
        own = " and ".join(f"({one})" if relevant and row.get("relevant") else one for one in (relevant, str(row.get("relevant", ""))) if one)  # fmt: skip
        question = Question(
            name=str(row.get("name", "-")), type=kind, list=listed, label=_label(row), hint=dict(row.get("hint", {})),
            required=bool(row.get("required", False)), relevant=own, constraint=str(row.get("constraint", "")),
            message=dict(row.get("message", {})), calculation=str(row.get("calculation", "")),
            appearance=str(row.get("appearance", "")), sensitive=bool(row.get("sensitive", False)),
            priority=bool(row.get("priority", False)), positive=tuple(str(one) for one in row.get("positive", ())),
            licence=licence,
        )  # fmt: skip
        if "check" not in row:
            return [question]
        _keys(row["check"], {"when", "fr", "en"}, self.file, question.name)
        return [question, asked_again(question.name, str(row["check"]["when"]), _label(row["check"]))]


def asked_again(name: str, when: str, label: Mapping[str, str]) -> Question:
    """Return the question that asks again where an answer is unlikely: a soft check, which stops nobody.

    In `when`, a dot means the answer, as in constraints.
    """
    condition = _OWN_VALUE.sub(f"${{{name}}}", when)
    return Question(
        name=f"{name}_check", type="select_one", list="confirmed", label=label, required=True,
        relevant=f"${{{name}}} != '' and ({condition})",
    )  # fmt: skip
