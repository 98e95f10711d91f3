"""Does each analysis get the picture that shows it, and none where a table says more?"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from kalanso.figures import Figure, FigureRefused, Source, Subject, to_svg
from kalanso.figures.beside import PICTURES, beside
from kalanso.figures.bulletin_pages import Imprint, to_pages, to_pictures
from kalanso.figures.pictured import PICTURED, is_pictured
from kalanso.figures.render import answer
from kalanso.triangulation import NAMES, run
from kalanso.triangulation.bulletins import bulletin
from kalanso.vocabulary import Message
from tests.triangulation.dossiers import PACK, TODAY, counts, mali, table

SUBJECT = Subject(measure="", place="Mali", sources=(Source(system="JRF", snapshot="2024-05-20"),))
CASES = table(
    "place_code period disease age_band vaccinated unvaccinated unknown",
    [("ML", "2022", "measles", "all", 10, 90, 5)],
)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    given = pd.concat(
        [
            counts("dtp1_doses", [("ML", 2021, 100.0), ("ML", 2022, 110.0)]),
            counts("dtp3_doses", [("ML", 2021, 80.0), ("ML", 2022, 115.0)]),
        ]
    )
    from tests.triangulation.dossiers import mali_coverage

    measles = table(
        "place_code year indicator source kind value", [("ML", 2022, "mcv1", "jrf", "administrative", 0.95)]
    )
    answers = run(mali(coverage=pd.concat([mali_coverage(), measles]), counts=given, cases=CASES))
    return pd.concat([answer.rows for answer in answers if len(answer.rows)], ignore_index=True)


def assert_whole(figure: Figure | None) -> None:
    """A picture has a title with its place, a table, alternative text in words, and is drawn."""
    assert figure is not None
    assert "Mali" in figure.title
    assert len(figure.table)
    assert figure.alt
    assert "figures.beside" not in figure.alt
    assert "<svg" in to_svg(figure, 320)


@pytest.mark.parametrize("analysis", ["coverage_sources", "zero_dose", "denominators", "dropout", "cases"])
@pytest.mark.parametrize("locale", ["fr", "en"])
def test_a_picture_has_a_title_a_twin_and_alternative_text(
    rows: pd.DataFrame, analysis: str, locale: str
) -> None:
    figure = beside(analysis, rows, subject=SUBJECT, locale=locale)

    assert_whole(figure)


FURTHER = {
    "campaigns": table(
        "place_code period campaign seen zero_dose",
        [("ML", "202111", "AVS 1", 3000, 300), ("ML", "202211", "AVS 2", 4000, 500), ("ML", "202212", "AVS 3", 2000, 90)],
    ),
    "sectors": table(
        "place_code period indicator sector value completeness",
        [("ML", year, "dtp1", sector, value, 0.8) for year, at in (("2021", 0), ("2022", 20))
         for sector, value in (("public", 900.0 - at), ("private", 60.0 + at), ("ngo", 40.0))],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def further() -> pd.DataFrame:
    """The rows of analyses whose evidence a country may lack: campaigns, sectors, other counts, measles."""
    from tests.triangulation.dossiers import mali_coverage

    years = range(2019, 2023)
    given = pd.concat(
        [
            counts(code, [("ML", year, value + 3.0 * (year - 2019)) for year in years])
            for code, value in (("dtp1_doses", 100.0), ("bcg_doses", 118.0), ("anc1_visits", 95.0), ("facility_live_births", 70.0), ("pcv1_doses", 90.0))
        ]
    )  # fmt: skip
    measles = table(
        "place_code year indicator source kind value",
        [("ML", year, "mcv1", "jrf", "administrative", 0.8) for year in years],
    )
    answers = run(mali(coverage=pd.concat([mali_coverage(), measles]), counts=given, **FURTHER))
    return pd.concat([answer.rows for answer in answers if len(answer.rows)], ignore_index=True)


@pytest.mark.parametrize("analysis", ["first_contacts", "same_visit", "susceptibles", "campaigns", "sectors"])
@pytest.mark.parametrize("locale", ["fr", "en"])
def test_analyses_of_further_evidence_have_their_picture(
    further: pd.DataFrame, analysis: str, locale: str
) -> None:
    assert is_pictured(analysis, further.loc[further["analysis"] == analysis, "measure"])

    figure = beside(analysis, further, subject=SUBJECT, locale=locale)

    assert_whole(figure)


def test_a_campaign_is_drawn_beside_what_routine_leaves_and_only_the_newest_round(
    further: pd.DataFrame,
) -> None:
    figure = beside("campaigns", further, subject=SUBJECT, locale="en")

    assert figure is not None
    assert figure.data["label"].tolist() == ["AVS 3", "share that routine leaves"]
    assert figure.data["value"].tolist() == pytest.approx([0.045, 1 - 934_526 / 876_191])


def test_children_without_protection_are_drawn_beside_one_birth_cohort(further: pd.DataFrame) -> None:
    figure = beside("susceptibles", further, subject=SUBJECT, locale="en")

    assert figure is not None
    rows = further[further["analysis"] == "susceptibles"]
    assert sorted(figure.data["value"]) == pytest.approx(sorted([*rows["value"], *rows["reference"]]))


def test_administrative_coverage_above_100_percent_is_drawn_and_explained(rows: pd.DataFrame) -> None:
    figure = beside("coverage_sources", rows, subject=SUBJECT, locale="fr")

    assert figure is not None
    assert figure.data["value"].max() == pytest.approx(889266 / 778379)
    assert "Au-dessus de 100" in figure.caption
    assert set(figure.data["kind"]) == {"reported", "published", "surveyed"}


def test_a_negative_number_of_children_stays_negative_in_the_picture(rows: pd.DataFrame) -> None:
    figure = beside("zero_dose", rows, subject=SUBJECT, locale="en")

    assert figure is not None
    assert figure.data["value"].min() < 0
    assert "target minus doses" in figure.data["label"].tolist()


def test_reported_coverage_stands_beside_what_cases_imply(rows: pd.DataFrame) -> None:
    figure = beside("cases", rows, subject=SUBJECT, locale="en")

    assert figure is not None
    assert figure.data["label"].str.endswith("– reported coverage").sum() == 1


def test_analyses_that_read_better_as_tables_have_no_picture(rows: pd.DataFrame) -> None:
    assert set(PICTURES) < set(NAMES)
    assert beside("above_full", rows, subject=SUBJECT) is None


def test_rows_of_two_places_are_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(FigureRefused, match="one place"):
        beside("dropout", pd.concat([rows, rows.assign(place_code="D1")]), subject=SUBJECT)


NONE = pd.DataFrame(columns=["check", "period", "indicator", "severity", "message", "params"])
HOSTILE = '#set page(fill: red) $x$ *a* _b_ `c` <label> @ref \\ "quote" [x]'


def _bulletin(findings: pd.DataFrame = NONE) -> object:
    given = table(
        "place_code period indicator value completeness",
        [("H1", "202306", "dtp1_doses", 20.0, 1.0), ("H1", "202306", "dtp3_doses", 18.0, 1.0)],
    )
    return bulletin(given, findings, place="H1", period="202306")


def _common(name: str = "Pogo", **more: object) -> dict[str, object]:
    return {"names": {"H1": name, "D1": "Niono"}, "districts": {"H1": "D1"}, "pack": PACK,
            "imprint": Imprint(sources=("snis",), day=TODAY, version="0.1"), **more}  # fmt: skip


def test_a_bulletin_is_one_page_and_one_picture_per_place() -> None:
    pdf = to_pages([_bulletin(), _bulletin()], **_common())  # type: ignore[arg-type, list-item]
    pictures = to_pictures([_bulletin(), _bulletin()], **_common(), format="svg")  # type: ignore[arg-type, list-item]

    assert pdf.startswith(b"%PDF")
    assert len(pictures) == 2
    assert pictures[0] == pictures[1]
    assert b'width="360pt"' in pictures[0]


def test_names_and_findings_are_set_as_letters_never_as_markup() -> None:
    findings = table("check period indicator severity message params", [
        ("silence", "202306", "dtp1_doses", "attention", "quality.silence.name", '{"x": "1"}'),
    ])  # fmt: skip

    hostile = to_pictures([_bulletin(findings)], **_common(HOSTILE), format="svg")  # type: ignore[arg-type, list-item]
    plain = to_pictures([_bulletin(findings)], **_common("P"), format="svg")  # type: ignore[arg-type, list-item]

    assert len(hostile) == 1
    assert len(hostile[0]) > len(plain[0])


def test_no_bulletin_and_no_known_format_are_refused() -> None:
    with pytest.raises(FigureRefused, match="at least one"):
        to_pages([], **_common())  # type: ignore[arg-type]
    with pytest.raises(FigureRefused, match="png, svg"):
        to_pictures([_bulletin()], **_common(), format="gif")  # type: ignore[arg-type, list-item]


def test_the_praise_of_a_bulletin_is_a_sentence_of_its_catalogue() -> None:
    assert Message("triangulation.bulletin.no_doubt").render("fr") == "Aucun chiffre douteux dans ce rapport."


def test_who_draws_nothing_knows_which_analyses_have_a_picture() -> None:
    assert set(PICTURED) == set(PICTURES)
    assert is_pictured("vials", ["given_over_used", "fall_after_stockout"])
    assert not is_pictured("vials", ["given_over_used"])
    assert not is_pictured("dropout", [])
    assert not is_pictured("breaks", ["anything"])


def test_another_process_draws_it_from_plain_rows_and_refuses_what_has_no_picture(rows: pd.DataFrame) -> None:
    own = rows[rows["analysis"] == "coverage_sources"]
    plain = json.loads(own.to_json(orient="records"))
    job: dict[str, Any] = {
        "kind": "beside_sources",
        "table": plain,
        "arguments": {"analysis": "coverage_sources", "subject": {"measure": "", "place": "Mali"}},
    }
    drawn = answer(json.dumps(job))
    breaks = {"analysis": "breaks", "subject": job["arguments"]["subject"]}
    refused = answer(json.dumps(job | {"arguments": breaks}))

    assert drawn["ok"], drawn
    assert len(drawn["figure"]["table"]["rows"]) == len(own[own["indicator"] == "dtp1"])
    assert refused["fault"] == "refused"
