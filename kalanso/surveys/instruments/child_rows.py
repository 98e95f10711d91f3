"""Which rows of children, doses and answers do submissions of the child form mean, as they were received?

Lays answers out in the columns that cleaning takes, with their text untouched: an impossible date is passed on as it was
written. Judging it belongs to cleaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments.forms import Form

PRODUCTS = {"penta": "dtp"}  # forms speak of products, tables of antigens
CHILD_COLUMNS = (
    "survey", "row", "child", "stratum", "cluster", "place_code", "cohort", "weight", "interview_date", "birth_card",
    "birth_register", "birth_history", "sex", "card_ever", "card_seen", "register_seen", "bcg_scar", "mother_education",
    "wealth", "distance", "displaced",
)  # fmt: skip
DOSE_COLUMNS = ("survey", "row", "child", "interview", "dose", "source", "answer", "date")
ANSWER_COLUMNS = ("survey", "row", "child", "interview", "question", "answer")
ASSET = "asset_"  # questions on what the household owns keep this mark among the answers
_YES = {"1": "yes", "0": "no", "2": "no", "99": "unknown"}
_SEEN = {"1": "yes", "0": "no", "2": "no", "99": ""}  # what was not seen for sure is left empty there
_SEX = {"f": "female", "m": "male"}
# column of a child -> variable of the form, and what its codes mean
_CHILD: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "cluster": ("cluster", {}), "interview_date": ("today", {}), "birth_card": ("dob_card", {}),
    "birth_register": ("dob_register", {}), "birth_history": ("dob_history", {}), "sex": ("sex", _SEX),
    "card_ever": ("ever_card", _YES), "card_seen": ("card_seen", _SEEN), "register_seen": ("facility_visited", _SEEN),
    "bcg_scar": ("bcg_scar", _SEEN), "mother_education": ("mother_education", {}),
    "distance": ("minutes_to_centre", {}), "displaced": ("displaced", _SEEN),
}  # fmt: skip


@dataclass(frozen=True)
class Received:
    """`children`, `doses` and `answers` (columns above, texts or None), and how many submissions gave no child.

    `interview` of doses and answers is the row of `children` that said them; `read` counts what was read to get here (`read_answers`).
    """

    children: pd.DataFrame
    doses: pd.DataFrame
    answers: pd.DataFrame
    without_consent: int
    read: Mapping[str, int] = field(default_factory=dict)


def received(answers: pd.DataFrame, form: Form, *, survey: str) -> Received:
    """Return what submissions of the child form (rows of `read_answers` or `corrected`) say, row by row.

    A child is known by its cluster, household and number, so that two interviews of one child are seen to be of one; by the
    key of its submission where these are not asked. Weights, strata and places are joined later, by cluster. A dose on
    paper is yes with its date, yes without one where it was ticked, no where the mark is denied; a source that was
    not asked makes no row. Submissions without consent are counted. Values that the form does not admit are passed on
    as they are.
    """
    if form.name != "child":
        raise SurveyRefused("surveys.instruments.other_form", form=form.name, expected="child")
    told: dict[str, dict[str, str]] = {}
    for row, variable, value in zip(answers["row"], answers["variable"], answers["value"], strict=True):
        told.setdefault(str(row), {})[str(variable)] = str(value)
    agreed = {row: values for row, values in told.items() if values.get("consent") == "1"}
    children: list[dict[str, object]] = []
    doses: list[tuple[object, ...]] = []
    others: list[tuple[object, ...]] = []
    for number, (key, values) in enumerate(agreed.items(), start=1):
        child: dict[str, object] = dict.fromkeys(CHILD_COLUMNS)
        name = _name(values, key)
        child |= {"survey": survey, "row": number, "child": name}
        for column, (variable, codes) in _CHILD.items():
            if variable in values:
                child[column] = codes.get(values[variable], values[variable]) or None
        children.append(child)
        doses += [(survey, name, number, *one) for one in _doses(values, form)]
        others += [
            (survey, name, number, variable.removeprefix("besd_"), value)
            for variable, value in values.items()
            if variable.startswith(("besd_", ASSET))
        ]
    return Received(
        children=pd.DataFrame(children, columns=list(CHILD_COLUMNS)),
        doses=_numbered(
            doses, ("survey", "child", "interview", "dose", "source", "answer", "date"), DOSE_COLUMNS
        ),
        answers=_numbered(others, ("survey", "child", "interview", "question", "answer"), ANSWER_COLUMNS),
        without_consent=len(told) - len(agreed),
    )


def _name(values: Mapping[str, str], key: str) -> str:
    parts = [values.get(variable, "") for variable in ("cluster", "household", "child")]
    return "/".join(parts) if all(parts) else key


def _numbered(
    rows: list[tuple[object, ...]], given: tuple[str, ...], wanted: tuple[str, ...]
) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(given)).astype(object)
    table["row"] = range(1, len(table) + 1)
    return table[list(wanted)].where(table[list(wanted)].notna(), None)


def _doses(values: Mapping[str, str], form: Form) -> list[tuple[str, str, str, str | None]]:
    found: list[tuple[str, str, str, str | None]] = []
    for question, _ in form.questions():
        name = question.name
        if name.endswith("_history") and name in values and name != "dob_history":
            said = _YES.get(values[name], values[name])
            found.append((_dose(name.removesuffix("_history")), "history", said, None))
        for source in ("card", "register"):
            if not name.endswith(f"_{source}_date"):
                continue
            dose = name.removesuffix(f"_{source}_date")
            tick = values.get(f"{dose}_{source}_tick")
            if name in values:
                found.append((_dose(dose), source, "yes", values[name]))
            elif tick is not None:
                found.append((_dose(dose), source, _YES.get(tick, tick), None))
    return found


def _dose(name: str) -> str:
    series = name.rstrip("0123456789")
    return PRODUCTS.get(series, series) + name[len(series) :]
