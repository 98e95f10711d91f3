"""What does each variable of a form mean, and which form does a codebook mean?

Both ways: a form gives its codebook, a codebook gives back the same form, and two forms can be told apart.
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from kalanso.surveys.handed_in import unique, with_columns
from kalanso.surveys.instruments.forms import Choice, Form, Group, Question, checked

COLUMNS = (
    "form", "release", "title", "variable", "inside", "kind", "list", "label", "choices", "hint", "required", "relevant",
    "constraint", "message", "calculation", "appearance", "sensitive", "priority", "positive", "licence", "audio",
)  # fmt: skip
_TEXTS = ("label", "hint", "message", "audio")


def codebook(form: Form) -> pd.DataFrame:
    """Return one row per question and group in the order of the form.

    `inside` is the group in which it lies; `kind` a type of question, or group or repeat. Texts are JSON by language;
    choices are a JSON list of codes with their labels. Columns are those of COLUMNS.
    """
    rows: list[dict[str, Any]] = []
    _add(rows, form, form.items, "")
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.fillna(dict.fromkeys(COLUMNS, ""))


def _add(rows: list[dict[str, Any]], form: Form, items: tuple[Question | Group, ...], inside: str) -> None:
    for item in items:
        row: dict[str, Any] = {
            "form": form.name, "release": form.release, "title": _json(form.title), "variable": item.name,
            "inside": inside, "label": _json(item.label), "relevant": item.relevant, "appearance": item.appearance,
            "choices": "[]", "hint": "{}", "message": "{}", "audio": "{}", "positive": "[]",
        }  # fmt: skip
        if isinstance(item, Group):
            rows.append(row | {"kind": "repeat" if item.repeat else "group", "required": False, "sensitive": False, "priority": False})  # fmt: skip
            _add(rows, form, item.items, item.name)
        else:
            listed = [{"code": one.code, "label": dict(one.label)} for one in form.choices.get(item.list, ())]
            rows.append(
                row
                | {
                    "kind": item.type, "list": item.list, "choices": _json(listed), "hint": _json(item.hint),
                    "required": item.required, "constraint": item.constraint, "message": _json(item.message),
                    "calculation": item.calculation, "sensitive": item.sensitive, "priority": item.priority,
                    "positive": _json(list(item.positive)), "licence": item.licence, "audio": _json(item.audio),
                }
            )  # fmt: skip


def _json(value: Any) -> str:
    return json.dumps(value if isinstance(value, list) else dict(value), ensure_ascii=False, sort_keys=True)


def form_of(table: pd.DataFrame) -> Form:
    """Return the form that a codebook describes; raises SurveyRefused where it does not hold together."""
    rows = with_columns(table, "codebook", COLUMNS)
    unique(rows, "codebook", ["variable"])
    told = rows.fillna("").to_dict("records")
    choices: dict[str, tuple[Choice, ...]] = {}
    for row in told:
        if row["list"] and row["list"] not in choices:
            choices[str(row["list"])] = tuple(
                Choice(code=str(one["code"]), label=one["label"]) for one in json.loads(str(row["choices"]))
            )
    first = told[0]
    return checked(
        Form(
            name=str(first["form"]), release=int(first["release"]), title=json.loads(str(first["title"])),
            items=_items(told, ""), choices=dict(sorted(choices.items())),
        )
    )  # fmt: skip


def _items(rows: list[dict[Any, Any]], inside: str) -> tuple[Question | Group, ...]:
    found: list[Question | Group] = []
    for row in rows:
        if row["inside"] != inside:
            continue
        name, relevant, appearance = (str(row[one]) for one in ("variable", "relevant", "appearance"))
        texts = {one: json.loads(str(row[one])) for one in _TEXTS}
        if row["kind"] in ("group", "repeat"):
            found.append(
                Group(
                    name=name, label=texts["label"], items=_items(rows, name), repeat=row["kind"] == "repeat",
                    relevant=relevant, appearance=appearance,
                )
            )  # fmt: skip
            continue
        found.append(
            Question(
                name=name, type=str(row["kind"]), list=str(row["list"]), relevant=relevant, appearance=appearance,
                required=_truth(row["required"]), constraint=str(row["constraint"]), calculation=str(row["calculation"]),
                sensitive=_truth(row["sensitive"]), priority=_truth(row["priority"]),
                positive=tuple(json.loads(str(row["positive"]))), licence=str(row["licence"]), **texts,
            )
        )  # fmt: skip
    return tuple(found)


def _truth(value: object) -> bool:
    # a codebook that went through a spreadsheet holds words
    return str(value).strip().lower() in {"true", "vrai", "1"}


def differences(old: Form, new: Form) -> pd.DataFrame:
    """Return what differs between two forms: variable, change (added, removed, changed), column, before, after."""
    before, after = (
        codebook(one).drop(columns=["form", "release", "title"]).set_index("variable").astype(str)
        for one in (old, new)
    )
    rows = [(name, "removed", "", "", "") for name in before.index if name not in after.index]
    rows += [(name, "added", "", "", "") for name in after.index if name not in before.index]
    for name in before.index.intersection(after.index):
        changed = before.loc[name][before.loc[name] != after.loc[name]]
        rows += [(name, "changed", column, text, after.loc[name, column]) for column, text in changed.items()]
    return pd.DataFrame(rows, columns=["variable", "change", "column", "before", "after"])
