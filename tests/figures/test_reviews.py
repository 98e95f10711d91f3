"""Does a quarterly review become pages, slides and a sheet in which nothing runs over, nothing is lost, and numbers lead somewhere?"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from pptx import Presentation

from kalanso.figures.district_sheets import sheet_to_page, sheet_to_pdf
from kalanso.figures.figure import FigureRefused
from kalanso.figures.review_pages import figure_of, review_to_pages, review_to_pdf
from kalanso.figures.review_slides import HIGH, WIDE, review_to_pptx
from kalanso.figures.reviews import Drawing, Fact, Linked, Listing, Review, Section, placed, texts

NOW = datetime(2026, 12, 2, 7, 0, tzinfo=UTC)
BASE = "https://hub.example"
SENTENCE = (
    "Environ 1 240 enfants zéro dose (entre 860 et 1 690) sur les 6 900 attendus jusqu'au T4 2024, et la moitié "
    "d'entre eux vivent dans cinq aires de santé de deux districts."
)


def job(locale: str = "fr") -> dict[str, Any]:
    rows = [
        {"place": f"Région {n}", "value": 900 - 90 * n, "low": 700 - 80 * n, "high": 1200 - 90 * n}
        for n in range(6)
    ]
    about = {"measure": "enfants zéro dose", "unit": "count", "number": "estimated", "demo": True}
    return {"kind": "ranked_bars", "table": rows, "arguments": {"subject": about}, "locale": locale}


def listing(rows: int, title: str = "Ce qui est en retard") -> Listing:
    reason = "La route est coupée par la crue depuis le mois d'août ; les équipes attendent la décrue."
    return Listing(
        title=title,
        headings=("Intervention", "District", "Raison"),
        rows=tuple(
            (Linked(f"FPP-{n:03d} · Séances du soir", f"/agir/ligne/{n}/"), Linked("Niono"), Linked(reason))
            for n in range(rows)
        ),
        widths=(3, 1, 4),
        more="Douze autres sont dans Kalanso.",
        note="Au jour de la page.",
    )


def review(*, rows: int = 5, sections: int = 2, locale: str = "fr", drawn: bool = True) -> Review:
    facts = tuple(
        Fact(
            label=f"Couverture DTC1 estimée {n}",
            value=Linked(f"{60 + n} %", f"/preuves/tables/x/?as_of={n}"),
            beside="entre 58 % et 74 %",
        )
        for n in range(5)
    )
    made = tuple(
        Section(
            name=f"part-{n}", title=f"Question {n} ?", message=SENTENCE, facts=facts, told=(Linked("Une phrase de plus.", "/agir/"),),
            listings=(listing(rows), listing(rows, "Ce qui reste à faire")), drawings=(Drawing(job=job(locale)),) if drawn and not n else (),
            notes=("L'intervalle contient la vérité dans 95 cas sur 100.",), sources=(Linked("coverage_estimates-00003", "/preuves/p/"),),
        )
        for n in range(sections)
    )  # fmt: skip
    return placed(
        Review(
            title="Revue du T3 2026 · Mali", subtitle="Ce que le trimestre a donné", locale=locale, built="État au 02/12/2026 07:00",
            page=Linked("Voir la page", "/agir/revue/"), sections=made, marks=("DÉMO : données simulées", "Brouillon"), demo=True,
        ),
        BASE,
    )  # fmt: skip


def slides(content: bytes) -> list[Any]:
    return list(Presentation(io.BytesIO(content)).slides)


def words(slide: Any) -> str:
    found = []
    for shape in slide.shapes:
        if shape.has_text_frame:
            found.append(shape.text_frame.text)
        if shape.has_table:
            found += [cell.text for row in shape.table.rows for cell in row.cells]
    return "\n".join(found)


def links(slide: Any) -> set[str]:
    frames = [shape.text_frame for shape in slide.shapes if shape.has_text_frame]
    frames += [
        cell.text_frame
        for shape in slide.shapes
        if shape.has_table
        for row in shape.table.rows
        for cell in row.cells
    ]
    runs = (run for frame in frames for paragraph in frame.paragraphs for run in paragraph.runs)
    return {run.hyperlink.address for run in runs if run.hyperlink.address}


@pytest.mark.parametrize("rows", [0, 3, 60])
def test_nothing_on_a_slide_runs_over_its_edge_or_its_foot(rows: int) -> None:
    for number, slide in enumerate(slides(review_to_pptx(review(rows=rows), now=NOW)), 1):
        tables = [shape for shape in slide.shapes if shape.has_table]
        for shape in slide.shapes:
            right, bottom = shape.left.pt + shape.width.pt, shape.top.pt + shape.height.pt
            assert shape.left.pt >= 0, f"slide {number}: {shape.name}"
            assert right <= WIDE + 0.5, f"slide {number}: {shape.name} ends at {right}"
            assert bottom <= HIGH, f"slide {number}: {shape.name} ends at {bottom}"
        for table in tables:
            below = [
                shape
                for shape in slide.shapes
                if shape is not table and shape.top > table.top and shape.has_text_frame
            ]
            assert all(shape.top.pt >= table.top.pt + table.height.pt - 0.5 for shape in below), number


def test_no_line_of_a_table_is_lost_where_it_goes_on_to_other_slides() -> None:
    made = slides(review_to_pptx(review(rows=60, sections=1), now=NOW))
    told = "\n".join(words(slide) for slide in made)
    for number in range(60):
        assert told.count(f"FPP-{number:03d}") == 2, number  # two tables hold it
    assert told.count("Douze autres sont dans Kalanso.") == 2
    assert "Ce qui est en retard (suite)" in told


def test_every_slide_has_one_message_as_its_title_and_says_what_must_be_read_first() -> None:
    made = slides(review_to_pptx(review(), now=NOW))
    for slide in made:
        assert slide.shapes.title.text_frame.text.strip()
        assert "DÉMO : données simulées · Brouillon · État au 02/12/2026 07:00" in words(slide)
    assert any(slide.shapes.title.text_frame.text == SENTENCE for slide in made)
    noted = [slide for slide in made if slide.has_notes_slide]
    assert any("95 cas sur 100" in slide.notes_slide.notes_text_frame.text for slide in noted)


def test_a_figure_stands_on_a_slide_of_its_own_with_words_for_who_does_not_see_it() -> None:
    made = slides(review_to_pptx(review(), now=NOW))
    pictures = [(slide, shape) for slide in made for shape in slide.shapes if shape.shape_type == 13]
    assert len(pictures) == 1
    slide, picture = pictures[0]
    assert "Région 0" in slide.shapes.title.text_frame.text
    assert "Région 0" in picture._element.nvPicPr.cNvPr.get("descr")


def test_numbers_lead_to_where_they_are_shown_from_slides_and_pages() -> None:
    made = review()
    wanted = {fact.value.address for one in made.sections for fact in one.facts} | {
        cell.address
        for one in made.sections
        for table in one.listings
        for row in table.rows
        for cell in row
        if cell.address
    }
    assert all(address.startswith(f"{BASE}/") for address in wanted)
    led = set().union(*(links(slide) for slide in slides(review_to_pptx(made, now=NOW))))
    assert wanted <= led
    pdf = review_to_pdf(made, now=NOW)
    for address in wanted | {f"{BASE}/agir/revue/", f"{BASE}/preuves/p/"}:
        assert address.encode() in pdf, address


def test_no_text_is_too_small_to_be_read() -> None:
    for slide in slides(review_to_pptx(review(rows=20), now=NOW)):
        sizes = {
            run.font.size.pt
            for shape in slide.shapes
            if shape.has_text_frame
            for paragraph in shape.text_frame.paragraphs
            for run in paragraph.runs
        }
        assert min(sizes) >= 10, sizes


def test_pages_grow_with_what_they_hold_and_the_same_review_gives_the_same_pages() -> None:
    short = review_to_pages(review(rows=2, sections=1), now=NOW, ppi=20)
    long = review_to_pages(review(rows=80, sections=1), now=NOW, ppi=20)
    assert len(short) < len(long)
    assert review_to_pdf(review(), now=NOW) == review_to_pdf(review(), now=NOW)


@pytest.mark.parametrize("rows", [0, 4, 300])
def test_a_sheet_has_one_page_whatever_it_holds(rows: int) -> None:
    made = review(rows=rows, drawn=False)
    assert sheet_to_page(made, now=NOW, ppi=20).startswith(b"\x89PNG")
    content = sheet_to_pdf(made, now=NOW)
    assert content.startswith(b"%PDF")
    counted = re.findall(rb"/Count (\d+)", content)
    assert not counted or max(map(int, counted)) == 1


def test_a_sheet_that_cannot_have_one_page_is_refused() -> None:
    with pytest.raises(FigureRefused, match="one page"):
        sheet_to_pdf(review(rows=1, sections=30, drawn=False), now=NOW)


def test_a_figure_that_cannot_be_drawn_is_refused() -> None:
    wrong = Section(
        name="x", title="?", message="!", drawings=(Drawing(job={"kind": "no_such_kind", "arguments": {}}),)
    )
    made = Review(title="x", subtitle="", locale="fr", built="", page=Linked("x"), sections=(wrong,))
    for write in (review_to_pdf, review_to_pptx):
        with pytest.raises(FigureRefused):
            write(made, now=NOW)


def test_a_drawing_that_is_no_job_is_refused() -> None:
    with pytest.raises(FigureRefused):
        figure_of(Drawing(job={"what": "is this"}))


def test_a_review_speaks_english_and_all_its_texts_can_be_searched() -> None:
    made = review(locale="en")
    told = "\n".join(words(slide) for slide in slides(review_to_pptx(made, now=NOW)))
    assert "In brief" in told
    assert review_to_pdf(made, now=NOW).startswith(b"%PDF")
    for wanted in (
        "Revue du T3 2026 · Mali",
        SENTENCE,
        "FPP-003 · Séances du soir",
        "Douze autres sont dans Kalanso.",
    ):
        assert wanted in set(texts(made))


def test_gathering_a_review_loads_nothing_that_draws() -> None:
    asked = "import sys, kalanso.figures.reviews, kalanso.figures.district_sheets; print([m for m in ('altair', 'pptx', 'numba', 'vl_convert') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
