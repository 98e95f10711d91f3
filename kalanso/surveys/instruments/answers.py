"""What was answered, variable by variable, and what was corrected later, by whom and why?

Takes tables as ODK Central, KoboToolbox, CSV exports or a pull of `kalanso.sources.odk` give them. The flat table of
answers keeps every value as text, as it came. What the answers mean for a child's doses is another question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from kalanso.surveys.handed_in import SurveyRefused, refuse_rows, with_columns
from kalanso.surveys.instruments.forms import Form, Question
from kalanso.vocabulary import Message

ANSWER_COLUMNS = ("form", "version", "submission", "row", "repeat", "variable", "value", "status")
CORRECTION_COLUMNS = (
    "submission", "row", "variable", "before", "after", "reason", "corrected_by", "corrected_on",
)  # fmt: skip
STATUSES = ("ok", "unknown_variable", "unknown_code", "not_a_number", "not_a_date")
META = ("start", "end", "today")
# What identifies an answer, and the answer to which a row of a repeat belongs, in the exports that we know.
IDS = ("row_id", "id", "KEY", "__id", "_uuid", "meta/instanceID", "meta-instanceID", "instanceID")
_PARENTS = ("answer_id", "answer", "PARENT_KEY", "__Submissions-id", "_submission__uuid", "_parent_id")
_VERSIONS = ("__version__", "FormVersion", "__system/formVersion", "formVersion", "version")
_SYSTEM = re.compile(r"^(_|__|meta[/-]|formhub|SubmissionDate|SubmitterI|SubmitterN|Attachments|DeviceID|Edits|FormVersion|ReviewState|AttachmentsPresent|AttachmentsExpected|Status|SET-OF-|instance|KEY$|PARENT_KEY$|answer$|id$|row_id$|answer_id$|changed$|audit$|version$)")  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """`rows` (ANSWER_COLUMNS): one line per variable answered; `receipt`: what, n, of the rows and values read.

    `status` says of each value whether it is one that the form admits; a value that is not stays as it came.
    """

    rows: pd.DataFrame
    receipt: pd.DataFrame


def read_answers(tables: Mapping[str, pd.DataFrame], form: Form) -> Answers:
    """Return the answers to a form as they came.

    `tables` holds the main table under "" and each repeat under its name, all values as text. Columns may stand in
    groups (`about_child/penta1_history`, `about_child-penta1_history`); the last word is the variable. A column that the
    form does not know is kept and marked. A row that stands twice and is the same is counted once; one that
    stands twice and differs is refused, as are repeats whose answer is not there.
    """
    if "" not in tables:
        raise SurveyRefused(
            "surveys.instruments.no_main_table", form=form.name, found=", ".join(tables) or "-"
        )
    known = {question.name: question for question, _ in form.questions()}
    lines: list[tuple[str, ...]] = []
    counts = {"rows": 0, "rows_twice": 0, "empty_values": 0, "system_columns": 0}
    submissions: set[str] = set()
    for path, table in sorted(tables.items()):
        repeat = re.split(r"[/.]", path)[-1]  # a repeat within a group has its path for a name
        rows = _rows(table, repeat, counts)
        counts["system_columns"] += sum(bool(_SYSTEM.match(str(one))) for one in table)
        if repeat == "":
            submissions = {submission for submission, _, _ in rows}
        for submission, row, record in rows:
            if submission not in submissions:
                raise SurveyRefused(
                    "surveys.instruments.no_parent", repeat=repeat, row=row, submission=submission
                )
            version = next((record[one] for one in _VERSIONS if record.get(one)), "")
            for column, value in record.items():
                if _SYSTEM.match(column):
                    continue
                if not value:
                    counts["empty_values"] += 1
                    continue
                name = question_of(column)
                status = _status(name, value, known, form)
                lines.append((form.name, version, submission, row, repeat, name, value, status))
    found = pd.DataFrame(lines, columns=list(ANSWER_COLUMNS))
    counts |= {"submissions": len(submissions), "values": len(found)}
    counts |= {status: int((found["status"] == status).sum()) for status in STATUSES}
    return Answers(found, pd.DataFrame({"what": list(counts), "n": list(counts.values())}))


def question_of(column: str) -> str:
    """Return the question that a column of an export answers; exports write the groups around it before its name."""
    return re.split(r"[/\-]", column)[-1]


def _rows(table: pd.DataFrame, repeat: str, counts: dict[str, int]) -> list[tuple[str, str, dict[str, str]]]:
    own = next((one for one in IDS if one in table), None)
    parent = next((one for one in _PARENTS if one in table), None) if repeat else None
    if own is None or (repeat and parent is None):
        raise SurveyRefused(
            "surveys.instruments.no_key",
            table=repeat or "-",
            expected=", ".join(_PARENTS if own and repeat else IDS),
        )
    seen: dict[str, dict[str, str]] = {}
    found = []
    for number, given in enumerate(table.to_dict("records"), start=2):
        record = {str(name): _text(value) for name, value in given.items()}
        counts["rows"] += 1
        row = record[own]
        if not row:
            raise SurveyRefused(
                "surveys.instruments.no_key", table=f"{repeat or '-'}, {number}", expected=own
            )
        if row in seen:
            if seen[row] != record:
                raise SurveyRefused("surveys.instruments.row_twice", table=repeat or "-", row=number, key=row)
            counts["rows_twice"] += 1
            continue
        seen[row] = record
        found.append((record[parent] if parent else row, row, record))
    return found


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _status(name: str, value: str, known: Mapping[str, Question], form: Form) -> str:
    if name in META:
        return "ok" if _day(value) else "not_a_date"
    question = known.get(name)
    if question is None:
        return "unknown_variable"
    if question.list:
        codes = {choice.code for choice in form.choices[question.list]}
        given = value.split() if question.type == "select_multiple" else [value]
        return "ok" if set(given) <= codes else "unknown_code"
    if question.type in ("integer", "decimal"):
        whole = r"[+-]?\d+" if question.type == "integer" else r"[+-]?\d+(\.\d+)?"
        return "ok" if re.fullmatch(whole, value) else "not_a_number"
    if question.type == "date" and _day(value) is None:
        return "not_a_date"
    return "ok"


def _day(value: str) -> date | None:
    try:
        return datetime.fromisoformat(value).date()
    except ValueError:
        return None


def flat(answers: pd.DataFrame, form: Form, *, repeat: str = "") -> pd.DataFrame:
    """Return answers with one column per variable of the form (or of one of its repeats), typed by the codebook.

    Rows are submissions, or rows of the repeat with the variables of their submission beside them. Numbers are
    floats, dates `datetime.date`, all else text; a value whose status is not ok is missing here and stays in `answers`.
    `submission` and `row` lead back to it.
    """
    known = [question for question, _ in form.questions()]
    levels = [""] if not repeat else ["", repeat]
    for level in levels[1:]:
        if level not in {form.repeat_of(one.name) for one in known}:
            raise ValueError(f"repeat: {form.name} has no repeat {repeat!r}")
    tables = [
        _wide(answers, [one for one in known if form.repeat_of(one.name) == level], level) for level in levels
    ]
    if not repeat:
        return tables[0]
    return tables[1].merge(tables[0].drop(columns="row"), on="submission", how="left", validate="many_to_one")


def _wide(answers: pd.DataFrame, questions: list[Question], repeat: str) -> pd.DataFrame:
    here = answers[answers["repeat"] == repeat]
    rows = here[["submission", "row"]].drop_duplicates().reset_index(drop=True)
    sound = here[here["status"] == "ok"]
    good = dict(zip(zip(sound["row"], sound["variable"], strict=True), sound["value"], strict=True))
    columns = dict.fromkeys(META, "date") if not repeat else {}
    columns |= {one.name: one.type for one in questions if one.type not in ("note",)}
    typed = {
        name: [_typed(good.get((row, name)), kind) for row in rows["row"]] for name, kind in columns.items()
    }
    return pd.concat([rows, pd.DataFrame(typed, index=rows.index)], axis=1)


def _typed(value: str | None, kind: str) -> object:
    if value is None:
        return float("nan") if kind in ("integer", "decimal") else None
    if kind in ("integer", "decimal"):
        return float(value)
    return _day(value) if kind == "date" else value


def corrected(answers: pd.DataFrame, corrections: pd.DataFrame, form: Form) -> pd.DataFrame:
    """Return answers after corrections, in their order, with `raw_value` beside `value`; the answers given stay as they are.

    `corrections` (CORRECTION_COLUMNS): `before` must be the value that stands there (empty for an answer that was
    missing), `after` the one that shall (empty to take it away), and each has a reason, a person and a day. Raises
    SurveyRefused, naming the row, for any that does not fit: a correction that corrects something else is an error.
    """
    log = with_columns(corrections, "corrections", CORRECTION_COLUMNS)
    for column in ("reason", "corrected_by", "corrected_on"):
        blank = log[column].isna() | (log[column].astype(str).str.strip() == "")
        refuse_rows(log, "corrections", column, blank, Message("surveys.expected.value"))
    found = answers.copy()
    found["raw_value"] = found["value"]
    known = {question.name: question for question, _ in form.questions()}
    first = answers.drop_duplicates("row").set_index("row")
    for number, line in enumerate(_texts(log), start=2):
        if line["row"] not in first.index or first.loc[line["row"], "submission"] != line["submission"]:
            raise SurveyRefused("surveys.instruments.no_such_answer", row=number, key=line["row"])
        if line["variable"] not in known:
            raise SurveyRefused("surveys.instruments.no_such_variable", row=number, variable=line["variable"])
        at = found.index[(found["row"] == line["row"]) & (found["variable"] == line["variable"])]
        present = str(found.loc[at[0], "value"]) if len(at) else ""
        if present != line["before"]:
            raise SurveyRefused(
                "surveys.instruments.other_before",
                row=number,
                expected=present or "-",
                found=line["before"] or "-",
            )
        status = _status(line["variable"], line["after"], known, form) if line["after"] else "ok"
        if status != "ok":
            raise SurveyRefused(
                "surveys.instruments.other_after", row=number, variable=line["variable"], found=line["after"]
            )
        if len(at):
            found.loc[at[0], ["value", "status"]] = [line["after"], "ok"]
        else:
            whole = first.loc[line["row"]]
            new = {name: whole[name] for name in ("form", "version", "submission", "repeat")}
            new |= {
                "row": line["row"],
                "variable": line["variable"],
                "value": line["after"],
                "status": "ok",
                "raw_value": "",
            }
            found = pd.concat([found, pd.DataFrame([new])], ignore_index=True)
    return found[found["value"] != ""].reset_index(drop=True)


def _texts(table: pd.DataFrame) -> Iterator[dict[str, str]]:
    for record in table.to_dict("records"):
        yield {str(name): _text(value) for name, value in record.items()}
