"""What did cleaning find, on which lines, and what did persons decide about them?

Lines of single interviews are read here for those who analyse the study, and for nobody else: salted identifiers, the cluster, and the
values that a rule stumbled over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kalanso.hub.studies.models import Analysis, Correction, Round
from kalanso.hub.studies.queries.rounds import language
from kalanso.vocabulary import Message, UnknownMessage

PAGE = 40
CHILDREN, DOSES = "survey_children", "survey_doses"
# What a person may correct, in the order of the interview. Cluster and weight are those of the sample.
FIELDS: Mapping[str, tuple[str, ...]] = {
    CHILDREN: (
        "interview_date", "birth_card", "birth_register", "birth_history", "sex", "card_ever", "card_seen", "register_seen", "bcg_scar",
        "displaced",
    ),
    DOSES: ("date", "answer"),
}  # fmt: skip
DATES = frozenset({"interview_date", "birth_card", "birth_register", "birth_history", "date"})
CODES: Mapping[str, tuple[str, ...]] = {
    "sex": ("female", "male"), "card_ever": ("yes", "no", "unknown"), "card_seen": ("yes", "no"), "register_seen": ("yes", "no"),
    "bcg_scar": ("yes", "no"), "displaced": ("yes", "no"), "answer": ("yes", "no", "unknown"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Found:
    """One rule of cleaning: what it says of how many lines, and whether the lines can be looked at."""

    rule: str
    says: str
    n: int
    has_lines: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line that a rule found, or that somebody looks at: where it is and what it holds."""

    table: str
    row: int
    child: str
    cluster: str
    dose: str
    source: str
    field: str
    before: str
    after: str


def rules(analysis: Analysis) -> list[Found]:
    """Return the rules that found something, those with most lines first."""
    with_lines = set(_log(analysis)["rule"])
    found = [
        Found(
            rule=row["what"],
            says=_says(row["what"], row["n"]),
            n=row["n"],
            has_lines=row["what"] in with_lines,
        )
        for row in analysis.receipt
        if row["part"] == "cleaned" and row["n"]
    ]
    return sorted(found, key=lambda one: -one.n)


def _says(rule: str, n: int) -> str:
    try:
        return Message(f"surveys.rule.{rule}", {"n": n}).render(language())
    except UnknownMessage:
        return rule


def _table(analysis: Analysis, name: str) -> pd.DataFrame:
    path = analysis.folder / "private" / f"{name}.parquet"
    return pd.read_parquet(path) if path.is_file() else pd.DataFrame()


def _log(analysis: Analysis) -> pd.DataFrame:
    log = _table(analysis, "survey_corrections")
    return (
        log
        if len(log)
        else pd.DataFrame(columns=["rule", "table", "row", "child", "field", "before", "after"])
    )


def lines(analysis: Analysis, rule: str, page: int) -> tuple[list[Line], int]:
    """Return a page of the lines that a rule found, and how many there are."""
    log = _log(analysis)
    own = log[log["rule"] == rule]
    shown = own.iloc[(page - 1) * PAGE : page * PAGE]
    children, doses = _table(analysis, CHILDREN), _table(analysis, DOSES)
    clusters = (
        {} if children.empty else children.drop_duplicates("child").set_index("child")["cluster"].to_dict()
    )
    where = (
        {}
        if doses.empty
        else {row["row"]: row for row in doses[doses["row"].isin(shown["row"])].to_dict("records")}
    )
    found = []
    for row in shown.to_dict("records"):
        dose: Mapping[Any, Any] = where.get(row["row"], {}) if row["table"] == DOSES else {}
        found.append(
            Line(
                table=str(row["table"]), row=int(row["row"]), child=text_of(row["child"]), cluster=text_of(clusters.get(row["child"])),
                dose=text_of(dose.get("dose")), source=text_of(dose.get("source")), field=str(row["field"]), before=text_of(row["before"]),
                after=text_of(row["after"]),
            )
        )  # fmt: skip
    return found, len(own)


def line(analysis: Analysis, table: str, row: int) -> tuple[Line, dict[str, str]] | None:
    """Return one received line and its values that can be corrected; None where there is none."""
    if table not in FIELDS:
        return None
    rows = _table(analysis, table)
    here = rows[rows["row"] == row] if len(rows) else rows
    if len(here) != 1:
        return None
    told = here.iloc[0].to_dict()
    children = _table(analysis, CHILDREN)
    own = children[children["child"] == told["child"]]
    cluster = text_of(own["cluster"].iloc[0]) if len(own) else ""
    values = {name: text_of(told.get(name)) for name in FIELDS[table]}
    found = Line(
        table=table, row=row, child=text_of(told["child"]), cluster=cluster, dose=text_of(told.get("dose")), source=text_of(told.get("source")),
        field="", before="", after="",
    )  # fmt: skip
    return found, values


def find(analysis: Analysis, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the received lines that table, child, dose and source mean."""
    rows = _table(analysis, wanted["table"])
    for name in ("child", "dose", "source"):
        if len(rows) and wanted.get(name) and name in rows:
            rows = rows[rows[name] == wanted[name]]
    return [dict(row) for row in rows.to_dict("records")] if len(rows) else []


def text_of(value: Any) -> str:
    return "" if value is None or (not isinstance(value, str) and pd.isna(value)) else str(value)


def of_round(one: Round) -> Sequence[Correction]:
    """Return what persons decided, the newest first."""
    return list(one.corrections.select_related("by", "looked_at_by"))
