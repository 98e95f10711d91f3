"""What does the folder of a round without a household survey come to: an answer, its sentences, evidence for the joint estimate?

`way.yaml` names the way, its settings and the ethics on which it rests; a table holds what was asked. Tables are complete or absent.
How a way answers is decided in `kalanso.surveys.ways`; bringing what it says into a store is `publish_surveys`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kalanso.pipeline.publish_surveys import EVIDENCE_FILE
from kalanso.pipeline.study_rounds import CannotReadRound, document, ethics_of, title_of
from kalanso.pipeline.survey_drawings import lots_drawn
from kalanso.surveys.access.findings import beside
from kalanso.surveys.evidence_rows import area_rows, lot_rows
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments.without_households import FORMS, LISTED, Taken
from kalanso.surveys.lots import combined
from kalanso.surveys.tables import INDICATORS
from kalanso.surveys.ways import WAYS, Answer, Asked, Way, answer
from kalanso.vocabulary import Message
from kalanso.vocabulary.messages import LOCALES

WAY_FILE, DONE, POPULATIONS = "way.yaml", "answer.json", "populations.csv"
ANSWERS = "answers.csv"
COMMON = frozenset(
    {"way", "survey", "title", "place_code", "first_day", "last_day", "ages_months", "indicator", "ethics", "table", "interviews", "groups"}
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A round, what it answers, what to show beside it (interviews and groups held there), and the names of the files.

    `receipt` counts submissions by the rule under which they were set aside, where a form was read; `tables` are those that were
    written, by name.
    """

    asked: Asked
    title: Mapping[str, str]
    way: str
    answer: Answer
    beside: Message | None
    receipt: Mapping[str, int]
    tables: Mapping[str, pd.DataFrame]
    files: tuple[str, ...]

    @property
    def sentences(self) -> tuple[Message, ...]:
        """Every sentence that goes with the number."""
        return (*self.answer.sentences, *((self.beside,) if self.beside else ()))


def answer_way(
    folder: Path, out: Path, *, rng: np.random.Generator, today: date, names: Callable[[set[str]], Mapping[str, str]] = lambda codes: {}, demo: bool = False
) -> Answered:  # fmt: skip
    """Answer the round of a folder and write its tables, of lots a picture too (`names` gives those of codes of places, where known; `demo` marks it).

    The folder holds `way.yaml` and the table of its way, or `answers.csv`, an export of the form for lots, telephone or informants (with
    `listed.csv`, its repeat); lots may have `populations.csv` (place_code, larger_place, children), by
    which districts are put together. Raises CannotReadRound, SurveyRefused.
    """
    path = Path(folder) / WAY_FILE
    told = document(path)
    ethics_of(told.get("ethics"), path, today)
    way = str(told.get("way") or "")
    if way not in WAYS:
        raise SurveyRefused("surveys.ways.unknown", found=way or "–", expected=", ".join(WAYS))
    asked, title = _asked(told, path, WAYS[way]), title_of(told, path)
    own = {name: value for name, value in told.items() if name not in COMMON}
    taken = _taken(Path(folder), told, way, asked)
    if twice := sorted(set(own) & set(taken.settings)):
        raise SurveyRefused("surveys.ways.counted", file=path.name, found=", ".join(twice))
    table = taken.table if WAYS[way].table and len(taken.table.columns) else None
    found = answer(way, table, own | dict(taken.settings), asked, rng=rng)
    tables = {**found.tables, **_together(Path(folder), way, found)}
    if taken.receipt:
        tables["receipt"] = pd.DataFrame({"rule": list(taken.receipt), "rows": list(taken.receipt.values())})
    held = _beside(told, path)
    files = _write(Path(out), way, found, tables, asked, title, held)
    if "lots" in tables:
        named = names(set(tables["lots"]["place_code"]))
        files = (*lots_drawn(Path(out), tables["lots"], survey=asked.survey, names=named, demo=demo), *files)
    return Answered(
        asked=asked,
        title=title,
        way=way,
        answer=found,
        beside=held,
        receipt=taken.receipt,
        tables=tables,
        files=files,
    )


def _taken(folder: Path, told: Mapping[str, Any], way: str, asked: Asked) -> Taken:
    """Return the table of a way and what was counted, out of its own file or of submissions of its form; an empty one where there is neither."""
    name = str(told.get("table") or WAYS[way].table)
    own = folder / name
    if name and own.exists():
        return Taken(table=_read(own))
    if told.get("table"):
        raise SurveyRefused("surveys.ways.no_table", way=way, file=name)
    if way not in FORMS or not (folder / ANSWERS).exists():
        return Taken(table=pd.DataFrame())
    answers = {"": _read(folder / ANSWERS)}
    if (folder / f"{LISTED}.csv").exists():
        answers[LISTED] = _read(folder / f"{LISTED}.csv")
    return FORMS[way][1](answers, ages_months=asked.ages_months, indicator=asked.indicator)


def _asked(told: Mapping[str, Any], path: Path, way: Way) -> Asked:
    """Return of whom a round speaks, every setting checked."""
    wanted = {
        "survey": "YOR-TEL-2024", **({"place_code": "ML-…"} if way.one_place else {}), "first_day": "2024-11-04", "last_day": "2024-11-22",
        "ages_months": "[12, 24]", "indicator": " | ".join(INDICATORS),
    }  # fmt: skip
    for name, example in wanted.items():
        value = told.get(name)
        fits = bool(value) and (not name.endswith("_day") or isinstance(value, date))
        fits = (
            fits and (name != "indicator" or value in INDICATORS) and (name != "ages_months" or _ages(value))
        )
        if not fits:
            raise CannotReadRound("pipeline.survey.setting", file=path.name, setting=name, expected=example)
    if told["last_day"] < told["first_day"]:
        raise CannotReadRound(
            "pipeline.survey.setting", file=path.name, setting="last_day", expected=f">= {told['first_day']}"
        )
    return Asked(
        survey=str(told["survey"]), place_code=str(told.get("place_code") or ""), first_day=told["first_day"], last_day=told["last_day"],
        ages_months=(told["ages_months"][0], told["ages_months"][1]), indicator=str(told["indicator"]),
    )  # fmt: skip


def _ages(value: Any) -> bool:
    """Say whether a value is two ages in whole months, in order."""
    return isinstance(value, list) and [type(one) for one in value] == [int, int] and 0 <= value[0] < value[1]


def _beside(told: Mapping[str, Any], path: Path) -> Message | None:
    """Return the sentence on interviews and groups held in a place, where the round tells their numbers."""
    given = [told.get(name) for name in ("interviews", "groups")]
    if given == [None, None]:
        return None
    for name, value in zip(("interviews", "groups"), given, strict=True):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise CannotReadRound("pipeline.survey.setting", file=path.name, setting=name, expected="0, 12")
    return beside(int(given[0] or 0), int(given[1] or 0))


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SurveyRefused("pipeline.survey.unreadable", file=path.name, reason=str(error)) from error


def _together(folder: Path, way: str, found: Answer) -> dict[str, pd.DataFrame]:
    """Return lots put together by larger place, where populations are told."""
    path = folder / POPULATIONS
    if way != "lots" or not path.exists():
        return {}
    return {"larger_places": combined(found.tables["lots"], _read(path))}


def _write(
    out: Path, way: str, found: Answer, tables: Mapping[str, pd.DataFrame], asked: Asked, title: Mapping[str, str], held: Message | None
) -> tuple[str, ...]:  # fmt: skip
    """Write tables, evidence in the form of a store and in that of a folder of evidence, and the answer last."""
    out.mkdir(parents=True, exist_ok=True)
    # what an earlier table told the estimate must not stand beside an answer that tells it nothing
    for name in (DONE, EVIDENCE_FILE, "survey_evidence.csv", "evidence_lots.csv", "survey_areas.csv"):
        (out / name).unlink(missing_ok=True)
    evidence = found.evidence
    written = {f"{name}.csv": table for name, table in tables.items()}
    if len(evidence):
        evidence.to_parquet(out / EVIDENCE_FILE, index=False)
        written["survey_evidence.csv"] = evidence
        ready = lot_rows(evidence) if way == "lots" else area_rows(evidence)
        written["evidence_lots.csv" if way == "lots" else "survey_areas.csv"] = ready
    for name, table in written.items():
        table.to_csv(out / name, index=False)
    number = {} if found.finding is None else {
        name: getattr(found.finding, name) for name in ("coverage", "low", "high", "standard_error", "children")
    }  # fmt: skip
    sentences = [*found.sentences, *((held,) if held else ())]
    told = {
        "way": way, "survey": asked.survey, "title": dict(title), "place_code": asked.place_code, "indicator": asked.indicator, **number,
        "direction": found.direction, "sentences": {locale: [one.render(locale) for one in sentences] for locale in LOCALES},
        "assumptions": {locale: [one.render(locale) for one in found.assumptions] for locale in LOCALES},
    }  # fmt: skip
    (out / DONE).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return (*written, *((EVIDENCE_FILE,) if len(evidence) else ()), DONE)
