"""What do the answers of a household survey come to: cleaned children, estimates, evidence for the joint model, a report?

Takes a folder with the declared round, answers and sample; writes tables that are complete or absent. How things are
cleaned, judged and estimated is decided in `kalanso.surveys`; tables of single children stay in a folder of their own.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kalanso import __version__
from kalanso.definitions import load as load_pack
from kalanso.figures.documents import Document
from kalanso.figures.survey_report import survey_report
from kalanso.figures.survey_words import SurveyFacts
from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.pipeline.study_rounds import StudyRound, read_round
from kalanso.pipeline.survey_drawings import drawn
from kalanso.pipeline.survey_reach import bounds, unreached
from kalanso.pipeline.survey_weights import ANSWERS, FACTORS_FILE, HOMES, SAMPLE
from kalanso.surveys.beside import DOSE, LOW_BELOW, Beside, beside
from kalanso.surveys.cleaning import ChildrenRefused, Cleaned, clean
from kalanso.surveys.corrections import CorrectionRefused, located
from kalanso.surveys.drawn_weights import raked
from kalanso.surveys.estimates import estimate, low_clusters
from kalanso.surveys.evidence_rows import cluster_rows
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments import load as load_form
from kalanso.surveys.instruments import read_answers, received
from kalanso.surveys.instruments.child_rows import Received
from kalanso.surveys.recommendations import fhir_recommendations, recommendations
from kalanso.surveys.record import Record, RecordRefused, record
from kalanso.surveys.round_evidence import evidence_of
from kalanso.surveys.sampled_children import sampled
from kalanso.surveys.schedule import EVERYWHERE, ScheduleRefused, schedule_table
from kalanso.surveys.tables import (
    SURVEY_ANSWERS,
    SURVEY_CHILDREN,
    SURVEY_CORRECTIONS,
    SURVEY_DOSES,
    SURVEY_ESTIMATES,
    SURVEY_EVIDENCE,
)
from kalanso.surveys.wealth import with_wealth
from kalanso.surveys.weight_origins import WeightOrigin, weight_origin
from kalanso.vocabulary.messages import LOCALES

DECIDED = "corrections.csv"
PRIVATE = "private"  # rows of single children: never handed on
LOW_CLUSTERS = f"{PRIVATE}/low_clusters.csv"  # for the field
NEXT_DOSES = f"{PRIVATE}/next_doses.ndjson"
DONE = "receipt.csv"  # written last: a folder without it holds no finished analysis
REPORT_FORMATS = ("pdf", "docx")


class CannotAnalyse(SurveyRefused):
    """Answers that cannot be analysed: what was expected, what came, what to try."""


@dataclass(frozen=True, kw_only=True)
class Analysed:
    """What an analysis gave: the round, its tables in memory, doses offered to nobody, strata not wholly reached, names of the files."""

    study: StudyRound
    received: Received
    cleaned: Cleaned
    estimates: pd.DataFrame
    evidence: pd.DataFrame
    beside: Beside
    left_out: Sequence[tuple[str, str, int]]
    reached: pd.DataFrame
    files: tuple[str, ...]

    @property
    def submissions(self) -> int:
        """How many interviews came in, refusals with them."""
        return len(self.received.children) + self.received.without_consent

    @property
    def children(self) -> int:
        """How many children were analysed."""
        return len(self.cleaned.children)


def analyse_survey(
    folder: Path, out: Path, *, salt: str, reports: tuple[str, ...] = (), pictures: bool = False, progress: Progress = quiet,
    cancel: Cancel = never, now: datetime,
) -> Analysed:  # fmt: skip
    """Analyse the round of a folder and write its tables, and reports in every language; with `pictures`, drawings for pages.

    The folder holds `round.yaml`, `answers.csv` (an export of the form `child`), `sample.csv` (cluster, stratum, place_code, cohort,
    weight) and, where persons decided something, `corrections.csv`, where clusters were replaced `draw.csv` and `replacements.csv`, and where households were listed
    `homes.csv` (an export of the form `household_list`); factors of the weights stand in `weights.csv` or in the sample. `salt` is a secret text of the study: with it identifiers of
    children stay the same from one analysis to the next. Raises CannotAnalyse, CannotReadRound, Cancelled.
    """
    step(progress, cancel, "pipeline.survey.reading", 0.0)
    study = read_round(folder, today=now.date())
    try:
        sample = _given(Path(folder) / SAMPLE)
        found = _received(Path(folder), sample, study, salt)
        away = unreached(Path(folder), sample)
        step(progress, cancel, "pipeline.survey.cleaning", 0.2)
        cleaned = clean(
            found.children,
            found.doses,
            study.asked,
            answers=found.answers,
            decided=_decided(Path(folder), found),
        )
        step(progress, cancel, "pipeline.survey.estimating", 0.4)
        cleaned = raked(cleaned, study.margins)
        known, estimates, tables = _estimated(Path(folder), cleaned, sample, study)
    except (ChildrenRefused, CorrectionRefused, RecordRefused, ScheduleRefused) as error:
        raise CannotAnalyse("pipeline.survey.not_analysed", reason=str(error)) from error
    except SurveyRefused as error:
        raise CannotAnalyse(error.message.id, **error.message.params) from error
    evidence = _heard(known, study, away)
    texts = {NEXT_DOSES: _next_doses(known, study, now), **_low(known)}
    files = _write(Path(out), found, cleaned, estimates, evidence, left_out(known), texts, tables.origin)
    facts = _facts(
        study, known, found, cleaned, estimates, _strata(sample), now, bounds(away, estimates), tables
    )
    files += _reported(Path(out), facts, reports, progress, cancel, now)
    if pictures:
        files += drawn(Path(out), facts)
    return Analysed(
        study=study, received=found, cleaned=cleaned, estimates=estimates, evidence=evidence, beside=tables, left_out=left_out(known), reached=facts.reached, files=tuple(files),
    )  # fmt: skip


def _reported(
    out: Path, facts: SurveyFacts, reports: tuple[str, ...], progress: Progress, cancel: Cancel, now: datetime
) -> list[str]:  # fmt: skip
    """Write the reports in every language; return the names of the files."""
    wanted = [(locale, kind) for kind in reports for locale in LOCALES]
    files = []
    for number, (locale, kind) in enumerate(wanted):
        step(progress, cancel, "pipeline.survey.reporting", 0.6 + 0.4 * number / len(wanted))
        name = f"report-{locale}.{kind}"
        (out / name).write_bytes(_printed(survey_report(facts, locale), kind, now))
        files.append(name)
    return files


def _received(folder: Path, sample: pd.DataFrame, study: StudyRound, salt: str) -> Received:
    answers, form = _given(folder / ANSWERS), load_form("child")
    if "weight" in sample:
        sample = sample.assign(weight=pd.to_numeric(sample["weight"], errors="coerce"))
    read = read_answers({"": answers}, form)
    rows = read.rows[read.rows["repeat"].eq("")]
    cohorts = {one.name: (one.from_days, one.to_days) for one in study.asked.cohorts}
    found = received(rows, form, survey=study.asked.survey)
    found = replace(found, read={str(what): int(n) for what, n in read.receipt.itertuples(index=False)})
    return sampled(found, sample, salt=salt, cohorts=cohorts)


def _decided(folder: Path, found: Received) -> pd.DataFrame | None:
    """Return what persons decided, with the line of each, where there is such a file."""
    path = folder / DECIDED
    return located(_given(path), found.children, found.doses) if path.exists() else None


def _perhaps(path: Path) -> pd.DataFrame | None:
    """Return a CSV file that a folder may hold: the export of the household list, the factors of the weights."""
    return _given(path) if path.exists() else None


def _estimated(
    folder: Path, cleaned: Cleaned, sample: pd.DataFrame, study: StudyRound
) -> tuple[Record, pd.DataFrame, Beside]:  # fmt: skip
    """Return the proof of each child, the estimates, and the tables beside them; by wealth too where possessions were asked."""
    cleaned, wealth = with_wealth(cleaned)
    groups = study.groups if wealth is None else tuple(dict.fromkeys([*study.groups, "wealth"]))
    schedule = _schedule(study)
    known = _judged(cleaned, study, schedule)
    estimates = estimate(known, groups=groups)
    origin = weight_origin(
        sample, _perhaps(folder / FACTORS_FILE), margins=study.margins, children=known.children
    )
    tables = beside(
        known, estimates, schedule, sample=sample, answers=_given(folder / ANSWERS), origin=origin, homes=_perhaps(folder / HOMES), groups=groups,
        wealth=wealth,
    )  # fmt: skip
    return known, estimates, tables


def _judged(cleaned: Cleaned, study: StudyRound, schedule: pd.DataFrame) -> Record:
    """Return the proof of each child, by the rules that the round states."""
    return record(
        cleaned, schedule, scopes=study.scopes or None, policy=study.policy, mode=study.mode, grace_days=study.grace_days, answers=cleaned.answers,
    )  # fmt: skip


def _heard(known: Record, study: StudyRound, away: pd.DataFrame) -> pd.DataFrame:
    """Return what the estimate hears, labelled where not every drawn cluster of a stratum could be reached."""
    accessible = dict(zip(away["stratum"].astype(str), away["accessible_share"], strict=True))
    return evidence_of(known, chosen_places=study.chosen_places, accessible=accessible)


def _schedule(study: StudyRound) -> pd.DataFrame:
    """Return the schedule of the country; a scope of the round that it does not know is an error of writing."""
    table = schedule_table(load_pack(study.country))
    known = sorted(set(table["geo_scope"]) - {EVERYWHERE})
    if unknown := sorted(set(study.scopes) - set(known)):
        raise CannotAnalyse(
            "pipeline.survey.unknown_scope", found=" ; ".join(unknown), expected=" ; ".join(known) or "–"
        )
    return table


def left_out(known: Record) -> list[tuple[str, str, int]]:
    """Return the doses that are offered to nobody for want of places, with the scope and how many children have them all the same."""
    return [
        (dose, scope, int(known.crude[:, known.column(dose)].sum()))
        for dose, scope in known.rules.left_out.items()
    ]


def _strata(sample: pd.DataFrame) -> dict[str, str]:
    """Return what people call the strata, where the sample says it (column stratum_name)."""
    if "stratum_name" not in sample:
        return {}
    return dict(zip(sample["stratum"], sample["stratum_name"], strict=True))


def _given(path: Path) -> pd.DataFrame:
    """Return a CSV file as text, cell by cell."""
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise CannotAnalyse("pipeline.survey.no_file", file=str(path)) from error
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise CannotAnalyse("pipeline.survey.unreadable", file=path.name, reason=str(error)) from error


def _counts(found: Received) -> dict[str, int]:
    return {
        "submissions": len(found.children) + found.without_consent, "without_consent": found.without_consent,
        "children": len(found.children), "doses": len(found.doses), "answers": len(found.answers),
    }  # fmt: skip


def _next_doses(known: Record, study: StudyRound, now: datetime) -> str:
    """Return what each child needs next as FHIR resources, one a line (bulk data, NDJSON)."""
    table = recommendations(known, now.date())
    resources = fhir_recommendations(table, now.date(), system=f"urn:kalanso:survey:{study.asked.survey}")
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in resources)


def _write(
    out: Path,
    found: Received,
    cleaned: Cleaned,
    estimates: pd.DataFrame,
    evidence: pd.DataFrame,
    unoffered: Sequence[tuple[str, str, int]],
    texts: Mapping[str, str],
    origin: WeightOrigin,
) -> list[str]:
    """Write every table as Parquet and CSV, texts (what children need next, low clusters), and the receipt last."""
    (out / DONE).unlink(missing_ok=True)
    (out / PRIVATE).mkdir(parents=True, exist_ok=True)
    tables = {
        "survey_estimates": (SURVEY_ESTIMATES, estimates), "survey_evidence": (SURVEY_EVIDENCE, evidence),
        f"{PRIVATE}/survey_children": (SURVEY_CHILDREN, found.children), f"{PRIVATE}/survey_doses": (SURVEY_DOSES, found.doses),
        f"{PRIVATE}/survey_answers": (SURVEY_ANSWERS, found.answers),
        f"{PRIVATE}/survey_corrections": (SURVEY_CORRECTIONS, cleaned.corrections),
    }  # fmt: skip
    for name, (spec, table) in tables.items():
        rows = spec.arrow(pa.Table.from_pandas(table, schema=None, preserve_index=False))
        pq.write_table(rows, out / f"{name}.parquet", compression="zstd")
        table.to_csv(out / f"{name}.csv", index=False)
    cluster_rows(evidence).to_csv(out / "surveys.csv", index=False)
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
    receipt = pd.concat(
        [
            pd.DataFrame(list(found.read.items()), columns=["what", "n"]).assign(part="read"),
            pd.DataFrame(list(_counts(found).items()), columns=["what", "n"]).assign(part="received"),
            cleaned.receipt.rename(columns={"rule": "what", "rows": "n"}).assign(part="cleaned"),
            pd.DataFrame([(dose, n) for dose, _, n in unoffered], columns=["what", "n"]).assign(
                part="left_out"
            ),
            _weights_received(origin),
        ]
    )[["part", "what", "n"]]
    receipt.to_csv(out / "receipt.draft", index=False)
    shutil.move(out / "receipt.draft", out / DONE)
    return [f"{name}.{kind}" for name in tables for kind in ("parquet", "csv")] + [
        "surveys.csv",
        *texts,
        DONE,
    ]


def _weights_received(origin: WeightOrigin) -> pd.DataFrame:
    """Return where weights come from as rows of the receipt; the last two count rows whose factors do not give the weight."""
    told = [(origin.kind, origin.rows), ("differing", origin.differing), ("lacking", origin.lacking)]
    return pd.DataFrame(told, columns=["what", "n"]).assign(part="weights")


def _facts(
    study: StudyRound,
    known: Record,
    found: Received,
    cleaned: Cleaned,
    estimates: pd.DataFrame,
    strata: Mapping[str, str],
    now: datetime,
    reached: pd.DataFrame,
    tables: Beside,
) -> SurveyFacts:
    counts = _counts(found)
    return SurveyFacts(
        title=study.title, survey=study.asked.survey, first_day=study.asked.first_day, last_day=study.asked.last_day,
        cohorts={one.name: (one.from_days, one.to_days) for one in study.asked.cohorts}, strata=strata, doses=study.asked.doses, policy=study.policy, mode=study.mode,
        grace_days=study.grace_days, ethics=study.ethics, chosen_places=study.chosen_places, demo=study.demo, received=counts, read=found.read, left_out=left_out(known), reached=reached,
        receipt=cleaned.receipt, estimates=estimates, clusters=int(known.children["cluster"].nunique()),
        children=len(known.children), made_on=now.date(), version=__version__, beside=tables,
    )  # fmt: skip


def _low(known: Record) -> dict[str, str]:
    """Return the file with the clusters below the level, for the field."""
    if DOSE not in known.doses:
        return {}
    return {LOW_CLUSTERS: low_clusters(known, DOSE, below=LOW_BELOW).to_csv(index=False)}


def _printed(document: Document, kind: str, now: datetime) -> bytes:
    # Word and PDF load slowly, and only one of them is needed.
    if kind == "docx":
        from kalanso.figures.word_pages import document_to_docx

        return document_to_docx(document, now=now)
    if kind == "pdf":
        from kalanso.figures.typeset import document_to_pdf

        return document_to_pdf(document, now=now)
    raise CannotAnalyse("pipeline.survey.format", found=kind, expected=" | ".join(REPORT_FORMATS))
