"""Which dose does a child need next, and when, by the schedule that holds for it; also as FHIR?

For each vaccine the doses that are valid, and the first that lacks, with the earliest day, the day on which it is due and
the day from which it is late. Serves call-back lists of a study and exchange with registers (FHIR R4
`ImmunizationRecommendation`); which doses are valid is judged by `validity`, what is offered by `schedule`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from kalanso.surveys.record import Record

COLUMNS = ("child", "vaccine", "dose", "number", "status", "given", "earliest", "due", "overdue")
COMPLETE, DUE, OVERDUE, NOT_YET, TOO_OLD = "complete", "due", "overdue", "not_yet_due", "too_old"
LATE_AFTER = 28  # days after the due day: the window in which VCQI calls a dose timely
# CVX codes of CDC (PHIN VADS), used where WHO's guide binds none of its own; formulation unspecified where schedules say none.
CVX: Mapping[str, str] = {
    "bcg": "19", "dtp": "198", "opv0": "182", "opv": "182", "ipv": "10", "pcv": "152", "rota": "122", "mcv": "05", "yf": "184",
    "hepb0": "45", "mena": "108",
}  # fmt: skip
# Dates of a recommendation in LOINC.
_DATES = (
    ("earliest", "30981-5", "Earliest date to give"),
    ("due", "30980-7", "Date vaccine due"),
    ("overdue", "59778-1", "Date when overdue for immunization"),
)
_STATUS = "http://terminology.hl7.org/CodeSystem/immunization-recommendation-status"


def recommendations(record: Record, on: date) -> pd.DataFrame:
    """Return for each child and vaccine the valid doses and the next one, as of a day (columns COLUMNS).

    `status`: complete (valid by card or register), due, overdue (28 days after the due day), not_yet_due, too_old (past
    the maximum age). `earliest` keeps the minimum age and the interval after the last valid dose. Children of unknown birth
    and doses that a child was not offered have no row; doses that go by season have no due day.
    """
    born = record.children["birth_date"].to_numpy(dtype="datetime64[D]")
    today = np.datetime64(on, "D")
    rows: list[tuple[object, ...]] = []
    for at, child in enumerate(record.children["child"]):
        if np.isnat(born[at]):
            continue
        for vaccine, columns in record.rules.series.items():
            rows += _of_vaccine(record, at, str(child), vaccine, columns, born[at], today)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_vaccine(
    record: Record, at: int, child: str, vaccine: str, columns: tuple[int, ...], born: np.datetime64, today: np.datetime64
) -> Iterator[tuple[object, ...]]:  # fmt: skip
    rules, last = record.rules, None
    for number, column in enumerate(columns, 1):
        dose = record.doses[column]
        if not rules.offered[at, column]:
            continue
        if record.valid[at, column]:
            last = born + _days(_age_at(record, at, column))
            yield (child, vaccine, dose, number, COMPLETE, last, None, None, None)
            continue
        earliest = born + _days(np.nan_to_num(rules.minimum[at, column]))
        gap = rules.interval[at, column]
        if last is not None and not np.isnan(gap):
            earliest = max(earliest, last + _days(gap))
        planned = rules.due[at, column]
        due = None if np.isnan(planned) else max(born + _days(planned), earliest)
        overdue = None if due is None else due + _days(LATE_AFTER)
        oldest = rules.maximum[at, column]
        too_old = not np.isnan(oldest) and today > born + _days(oldest)
        status = TOO_OLD if too_old else _status(due if due is not None else earliest, overdue, today)
        yield (child, vaccine, dose, number, status, None, earliest, due, overdue)
        if not too_old:
            return


def _status(due: np.datetime64, overdue: np.datetime64 | None, today: np.datetime64) -> str:
    if overdue is not None and today >= overdue:
        return OVERDUE
    return DUE if today >= due else NOT_YET


def _age_at(record: Record, at: int, column: int) -> float:
    """Return the age at a valid dose: the earlier one where card and register both show it."""
    ages = [judged.age[at, column] for judged in record.judged.values() if judged.valid[at, column]]
    return float(np.nanmin(ages))


def _days(number: float) -> np.timedelta64:
    return np.timedelta64(int(number), "D")


def fhir_recommendations(table: pd.DataFrame, on: date, *, system: str) -> list[dict[str, Any]]:
    """Return one FHIR R4 `ImmunizationRecommendation` for each child of a table of `recommendations`.

    `system` is the address under which the study's identifiers are unique. Doses that are not yet due, or for which the child
    is too old, have a status in words, since FHIR's value set has none. https://hl7.org/fhir/R4/immunizationrecommendation.html
    """
    told: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_dict("records"):
        told.setdefault(str(row["child"]), []).append(_recommended(row))
    return [
        {
            "resourceType": "ImmunizationRecommendation",
            "patient": {"identifier": {"system": system, "value": child}},
            "date": on.isoformat(),
            "recommendation": own,
        }
        for child, own in told.items()
    ]


def _recommended(row: Mapping[Any, Any]) -> dict[str, Any]:
    status = str(row["status"])
    code: dict[str, Any] = {"text": status.replace("_", " ")}
    if status in (COMPLETE, DUE, OVERDUE):
        code = {"coding": [{"system": _STATUS, "code": status}]}
    vaccine: dict[str, Any] = {"text": str(row["dose"])}
    if known := CVX.get(str(row["vaccine"])):
        vaccine["coding"] = [{"system": "http://hl7.org/fhir/sid/cvx", "code": known}]
    found: dict[str, Any] = {
        "vaccineCode": [vaccine],
        "forecastStatus": code,
        "series": str(row["vaccine"]),
        "doseNumberPositiveInt": int(row["number"]),
    }
    dates = [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": loinc, "display": words}]},
            "value": pd.Timestamp(row[name]).date().isoformat(),
        }
        for name, loinc, words in _DATES
        if not pd.isna(row[name])
    ]
    return {**found, "dateCriterion": dates} if dates else found
