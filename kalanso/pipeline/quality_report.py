"""What is the national report on data quality of a store, as PDF or as a Word file?

Gathers the published metrics, scores and findings; what the report says is decided in `kalanso.figures`. A report
for others is made of what their scope may see: a file that was sent on knows no roles.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from kalanso import __version__
from kalanso.figures.documents import Document
from kalanso.figures.figure import FigureRefused, Source
from kalanso.figures.quality_facts import ReportFacts
from kalanso.figures.quality_report import quality_report
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.quality.tables import QUALITY_FINDINGS, QUALITY_METRICS, QUALITY_SCORES
from kalanso.store import Scope, Store, TableSpec, visible
from kalanso.vocabulary import Refusal
from kalanso.vocabulary.messages import LOCALES

FORMATS = ("pdf", "docx")
_TABLES = (QUALITY_METRICS, QUALITY_SCORES, QUALITY_FINDINGS)


class CannotReport(Refusal, ValueError):
    """A report for which nothing was computed, or that was asked for in a way that cannot be meant."""


@dataclass(frozen=True, kw_only=True)
class WrittenReports:
    """The year of a report, the snapshots that it was made from, and the names of its files."""

    year: int
    snapshots: tuple[str, ...]
    files: tuple[str, ...]


def write_quality_report(
    store: Store,
    out: Path,
    *,
    format: str = "",
    mode: str = "robust",
    year: int | None = None,
    locale: str = "fr",
    now: datetime,
) -> Path:
    """Write the report of a year (default: the latest with scores) and return its path.

    Raises CannotReport where the store was not checked, or knows nothing of the year.
    """
    kind = format or out.suffix.lower().lstrip(".")
    facts = report_facts(store, mode=mode, year=year, now=now)
    try:
        document = quality_report(facts, locale)
    except FigureRefused as error:
        raise CannotReport("pipeline.quality_report.refused", reason=str(error)) from error
    out.write_bytes(_written(document, kind, now))
    return out


def write_quality_reports(
    store: Store,
    folder: Path,
    *,
    mode: str,
    year: int | None,
    scope: Scope,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> WrittenReports:
    """Write the report in every language and format into a folder, of what a scope may see. Raises CannotReport, Cancelled."""
    step(progress, cancel, "pipeline.quality_report.gathering", 0.0)
    facts = report_facts(store, mode=mode, year=year, now=now, scope=scope)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [(locale, kind) for locale in LOCALES for kind in FORMATS]
    for number, (locale, kind) in enumerate(wanted):
        step(progress, cancel, "pipeline.quality_report.writing", 0.1 + 0.9 * number / len(wanted))
        try:
            document = quality_report(facts, locale)
        except FigureRefused as error:
            raise CannotReport("pipeline.quality_report.refused", reason=str(error)) from error
        target = folder / f"{locale}.{kind}"
        draft = target.with_suffix(f".{kind}.draft")
        draft.write_bytes(_written(document, kind, now))
        draft.replace(target)
    return WrittenReports(
        year=facts.year, snapshots=facts.snapshots, files=tuple(f"{one}.{kind}" for one, kind in wanted)
    )


def _written(document: Document, kind: str, now: datetime) -> bytes:
    # Word and PDF load slowly, and only one of them is needed.
    if kind == "docx":
        from kalanso.figures.word_pages import document_to_docx

        return document_to_docx(document, now=now)
    if kind == "pdf":
        from kalanso.figures.typeset import document_to_pdf

        return document_to_pdf(document, now=now)
    raise CannotReport(
        "pipeline.quality_report.refused", reason=f"format: {' | '.join(FORMATS)}, {kind or '–'}"
    )


def report_facts(
    store: Store, *, mode: str, year: int | None, now: datetime, scope: Scope | None = None
) -> ReportFacts:
    """Return what the report rests on, out of the published tables: of all rows, or of those that a scope may see."""
    today = now.date()
    manifests = {spec.name: store.latest(spec.name) for spec in _TABLES}
    if any(manifest is None for manifest in manifests.values()):
        raise CannotReport("pipeline.quality_report.not_checked")
    holdings = Holdings(store, now.date())
    scores = _read(store, QUALITY_SCORES, scope, today)
    own = scores[scores["mode"] == mode]
    known = own.loc[~own["provisional"], "period"]
    latest = known.max() if len(known) else own["period"].max() if len(own) else str(now.year)
    places = holdings.places
    names = dict(zip(places["place_code"], places["name"], strict=True))
    levels = dict(zip(places["place_code"], places["level"], strict=True))
    country = next((names[code] for code, level in levels.items() if level == "country"), store.country)
    checked = manifests[QUALITY_FINDINGS.name]
    assert checked is not None
    return ReportFacts(
        country=country, year=year or int(latest), mode=mode, pack=holdings.pack, metrics=_read(store, QUALITY_METRICS, scope, today),
        scores=scores, findings=_read(store, QUALITY_FINDINGS, scope, today), names=names, levels=levels,
        units=str(holdings.pack.section("quality")["who"]["level"]),
        sources=tuple(Source(system=name) for name in holdings.sources()),
        snapshots=tuple(m.id for m in manifests.values() if m is not None), made_on=now.date(), version=__version__,
        demo=store.demo,
    )  # fmt: skip


def _read(store: Store, spec: TableSpec, scope: Scope | None, today: date) -> pd.DataFrame:
    table = store.read(spec) if scope is None else visible(store, spec, scope, today=today)
    frame: pd.DataFrame = table.to_pandas()
    return frame
