"""Does the report on data quality say what the tables say, in both languages, as PDF and as Word?"""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest
from docx import Document as read_document

from kalanso import definitions
from kalanso.figures.documents import Bullets, Grid, Heading, Paragraph, Picture
from kalanso.figures.figure import FigureRefused, Source
from kalanso.figures.quality_facts import ReportFacts
from kalanso.figures.quality_report import quality_report
from kalanso.figures.typeset import document_to_pages, document_to_pdf
from kalanso.figures.word_pages import document_to_docx

NOW = datetime(2025, 1, 15, tzinfo=UTC)
NAMES = {"ML": "Mali", "D1": "Niono", "D2": "Macina", "D3": 'Ségou "#[x]$'}
LEVELS = {"ML": "country", "D1": "district", "D2": "district", "D3": "district"}


def metric(name: str, place: str, flag: str, value: float | None, **more: Any) -> dict[str, Any]:
    return {
        "metric": name, "domain": "completeness", "source": "snis", "place_code": place, "period": "2023", "period_type": "year",
        "period_start": date(2023, 1, 1), "indicator": "dtp1_doses", "detail": "", "numerator": 1200.0, "denominator": 1500.0,
        "value": value, "expected": None, "lower": 0.9, "upper": None, "flag": flag, "units": None, "units_flagged": None,
    } | more  # fmt: skip


def score(mode: str, place: str, domain: str, value: float, grade: str, year: int = 2023) -> dict[str, Any]:
    return {
        "mode": mode, "place_code": place, "period": str(year), "period_type": "year", "period_start": date(year, 1, 1),
        "domain": domain, "score": value, "grade": grade, "judged": 12.0, "flagged": 1.0, "reasons": "[]",
        "provisional": year == 2024,
    }  # fmt: skip


def facts(mode: str, **more: Any) -> ReportFacts:
    metrics = [
        metric("1a", "ML", "poor", 0.8, units=3, units_flagged=2), metric("1a", "D1", "poor", 0.5), metric("1a", "D2", "good", 0.95),
        metric("1a", "D3", "poor", 0.6),
        metric("2e", "ML", "good", 0.1, detail="dropout:dtp3_doses", lower=0.0, units=1, units_flagged=0),
        metric("2e", "D1", "good", 0.1, detail="dropout:dtp3_doses", lower=0.0),
    ]  # fmt: skip
    scores = [
        score(m, place, domain, value, grade, year)
        for m in ("who", "robust") for year in (2022, 2023)
        for place, value, grade in (("ML", 0.8, "B"), ("D1", 0.4, "D"), ("D2", 1.0, "A"), ("D3", 0.6, "C"))
        for domain in ("completeness", "internal", "all")
    ]  # fmt: skip
    params = {
        "place": "Niono",
        "period": "202305",
        "indicator": "dtp1_doses",
        "value": 900.0,
        "expected": 90.0,
    }
    findings = [{
        "check": "outliers", "source": "snis", "place_code": "D1", "period": "202305", "indicator": "dtp1_doses", "severity": "serious",
        "message": "quality.outliers.high", "params": json.dumps(params), "value": 900.0, "expected": 90.0, "detail": "",
    }]  # fmt: skip
    given: dict[str, Any] = {
        "country": "Mali", "year": 2023, "mode": mode, "pack": definitions.load("ML"), "metrics": pd.DataFrame(metrics),
        "scores": pd.DataFrame(scores), "findings": pd.DataFrame(findings), "names": NAMES, "levels": LEVELS,
        "units": "district", "sources": (Source(system="snis"),), "snapshots": ("quality_scores-000001",),
        "made_on": date(2025, 1, 15), "version": "0.1.0",
    }  # fmt: skip
    return ReportFacts(**(given | more))


def text_of(blocks: Any) -> str:
    said = []
    for block in blocks:
        if isinstance(block, (Heading, Paragraph)):
            said.append(block.text)
        elif isinstance(block, Bullets):
            said += block.items
        elif isinstance(block, Grid):
            said += [block.title, *block.headings, *(cell for row in block.rows for cell in row), block.note]
        elif isinstance(block, Picture):
            said.append(block.figure.title)
    return "\n".join(said)


def test_the_report_follows_who_s_order_and_names_the_districts_that_stand_out() -> None:
    document = quality_report(facts("who"), "fr")

    chapters = [block.text for block in document.blocks if isinstance(block, Heading) and block.level == 1]
    assert chapters == [
        "Résumé national", "1. Complétude et promptitude", "2. Cohérence interne", "3. Cohérence externe", "4. Populations cibles",
        "Fiches des districts", "Méthodes et sources",
    ]  # fmt: skip
    text = text_of(document.blocks)
    assert "A ou B en 2023\u00a0: 1 sur 3." in text
    assert "À aider d’abord (notes C ou D)\u00a0: Niono et Ségou" in text
    grid = next(
        b
        for b in document.blocks
        if isinstance(b, Grid) and any("Niono et" in cell for row in b.rows for cell in row)
    )
    assert [cell.replace("\u202f", " ") for cell in grid.rows[0]] == [
        "Doses de Penta 1 (DTC 1)", "1 200", "1 500", "80,0 %", "≥ 90 %", "2 sur 3", 'Niono et Ségou "#[x]$',
    ]  # fmt: skip
    assert grid.tones[0, 3] == "bad"
    assert "quality_scores-000001" in text


def test_the_robust_report_quotes_findings_in_the_sentences_of_the_checks() -> None:
    text = text_of(quality_report(facts("robust"), "en").blocks)

    assert "Niono, May 2023, DTP1 (Penta 1) doses: 900, far above what is usual (90)." in text
    assert "The overall score, year by year" in text
    assert "not judged" in text  # domains of which nothing is known


@pytest.mark.parametrize("mode", ["who", "robust"])
@pytest.mark.parametrize("locale", ["fr", "en"])
def test_both_files_are_made_in_both_languages(mode: str, locale: str) -> None:
    document = quality_report(facts(mode, demo=True), locale)

    pdf, word = document_to_pdf(document, now=NOW), document_to_docx(document, now=NOW)

    assert pdf.startswith(b"%PDF")
    assert pdf == document_to_pdf(document, now=NOW)
    read = read_document(io.BytesIO(word))
    assert read.core_properties.title == document.title
    headings = [p.text for p in read.paragraphs if p.style.name == "Heading 1"]
    assert headings == [b.text for b in document.blocks if isinstance(b, Heading) and b.level == 1]
    assert len(read.tables) == sum(isinstance(b, Grid) for b in document.blocks)
    assert len(read.inline_shapes) == 1
    assert ("DÉMO" in "\n".join(p.text for p in read.paragraphs)) is True


def test_names_from_outside_are_text_and_never_markup() -> None:
    pages = document_to_pages(quality_report(facts("who"), "fr"), now=NOW, ppi=20)

    assert len(pages) >= 2
    assert all(page.startswith(b"\x89PNG") for page in pages)


def test_a_year_or_mode_of_which_nothing_is_known_is_refused() -> None:
    with pytest.raises(FigureRefused, match="nothing is known of 2019; known years: 2022, 2023"):
        quality_report(facts("who", year=2019))
    with pytest.raises(FigureRefused, match="expected one of who, robust"):
        quality_report(facts("best"))
