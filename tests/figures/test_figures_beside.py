"""Does each analysis get the picture that shows it, and none where it has no rows?"""

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


def test_each_disease_is_drawn_for_the_ages_whose_dose_was_due_and_paralyses_beside_what_routine_leaves() -> (
    None
):
    from tests.triangulation.dossiers import lay

    told = table(
        "place_code period disease age_band vaccinated partial unvaccinated unknown",
        [("ML", "2022", "afp", age, 30, 5, 25, 2) for age in ("all", "24-59m")]
        + [("ML", "2022", "measles", "all", 10, None, 90, 5)],
    )
    reported = table(
        "place_code year indicator source kind value",
        [("ML", year, dose, "jrf", "administrative", 0.9) for year in (2022, 2021, 2020, 2019, 2018) for dose in ("dtp1", "mcv1")],
    )  # fmt: skip
    rows = next(a.rows for a in run(lay(coverage=reported, cases=told)) if a.analysis == "cases")

    figure = beside("cases", rows, subject=SUBJECT, locale="en")

    assert_whole(figure)
    assert figure is not None
    assert figure.data["label"].tolist() == [
        "acute flaccid paralysis (AFP), 12 to 59 months – share that reported coverage leaves without a dose",
        "acute flaccid paralysis (AFP), 12 to 59 months – share without any dose among cases",
        "measles – reported coverage", "measles – coverage that the cases imply",
        "measles – share expected at the reported coverage", "measles – share of vaccinated cases",
    ]  # fmt: skip


def test_reported_coverage_stands_beside_what_cases_imply(rows: pd.DataFrame) -> None:
    figure = beside("cases", rows, subject=SUBJECT, locale="en")

    assert figure is not None
    assert figure.data["label"].str.endswith("– reported coverage").sum() == 1


def test_every_analysis_has_a_picture_and_none_without_rows(rows: pd.DataFrame) -> None:
    assert set(PICTURES) == set(NAMES)
    assert beside("access", rows, subject=SUBJECT) is None


DISTRICTS = [f"D{n:02d}" for n in range(1, 21)]


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    """The rows of analyses over twenty districts, with doses of two years and a break beside a strike."""
    from tests.triangulation.dossiers import lay

    country = table(
        "place_code parent_code level name",
        [("ML", "", "country", "Mali"), *[(code, "ML", "district", code) for code in DISTRICTS]],
    )
    coverage = table(
        "place_code year indicator source kind value doses target",
        [
            (code, 2022, "dtp1", "snis", "administrative", 0.4 + 0.04 * n, 40.0 + 4 * n, 100.0)
            for n, code in enumerate(DISTRICTS)
        ]
        + [("ML", 2022, "dtp1", "snis", "administrative", 1.2, 1200.0, 1000.0)],
    )
    access = table(
        "place_code measure value", [(code, "poverty", 30.0 - n) for n, code in enumerate(DISTRICTS)]
    )
    quality = table(
        "check place_code period indicator source severity message",
        [
            ("breaks", "ML", "202203", "dtp1_doses", "snis", "attention", "quality.breaks.fall"),
            ("breaks", "ML", "202209", "opd_visits", "snis", "attention", "quality.breaks.fall"),
        ],
    )
    events = table("place_code kind first_day last_day", [("ML", "strike", "2022-03-01", "2022-03-31")])
    given = counts("dtp1_doses", [("ML", "2021Q4", 400.0), ("ML", "2022Q4", 200.0)]).assign(
        completeness=[1.0, 0.6]
    )
    answers = run(
        lay(places=country, coverage=coverage, access=access, quality=quality, events=events, counts=given)
    )
    return pd.concat([answer.rows for answer in answers if len(answer.rows)], ignore_index=True)  # fmt: skip


@pytest.mark.parametrize("analysis", ["above_full", "silence", "access", "breaks", "inequality"])
@pytest.mark.parametrize("locale", ["fr", "en"])
def test_analyses_of_causes_events_and_districts_have_their_picture(
    many: pd.DataFrame, analysis: str, locale: str
) -> None:
    figure = beside(analysis, many[many["place_code"] == "ML"], subject=SUBJECT, locale=locale)

    assert_whole(figure)


def test_a_fall_is_drawn_as_the_part_of_reports_and_the_part_of_doses_per_report(many: pd.DataFrame) -> None:
    figure = beside("silence", many[many["place_code"] == "ML"], subject=SUBJECT, locale="en")

    assert figure is not None
    assert figure.data["value"].tolist() == pytest.approx([-0.5, -0.4, 0.5 / 0.6 - 1])
    assert "mostly because reports are missing" in figure.title


def test_a_fall_of_which_reports_are_not_known_says_nothing_of_them(many: pd.DataFrame) -> None:
    rows = many[(many["analysis"] == "silence") & (many["place_code"] == "ML")]
    unknown = rows.assign(reference=float("nan"), verdict="fall_of_doses")
    figure = beside("silence", unknown, subject=SUBJECT, locale="en")

    assert figure is not None
    assert figure.title == "Mali: −50% DTP1 doses in a year"


def test_a_break_with_a_dated_event_is_drawn_apart_from_one_without(many: pd.DataFrame) -> None:
    named = many[many["analysis"] == "breaks"].assign(named=["first doses", "outpatient visits"])
    figure = beside("breaks", named, subject=SUBJECT, locale="en")

    assert figure is not None
    assert figure.title == "Mali: 2 breaks or shared falls, 1 without a known event"
    assert dict(zip(figure.data["label"], figure.data["mark"], strict=True)) == {
        "First doses": "a dated event beside it", "Outpatient visits": "no known event",
    }  # fmt: skip


def test_fifths_of_districts_rise_from_the_least_to_the_most_covered(many: pd.DataFrame) -> None:
    figure = beside("inequality", many[many["place_code"] == "ML"], subject=SUBJECT, locale="en")

    assert figure is not None
    assert figure.data["value"].tolist() == pytest.approx([0.46, 0.62, 0.78, 0.94, 1.10])


GRADED = table(
    "analysis place_code period indicator measure source kind value low high reference verdict quality agreement",
    [("confidence", "ML", "2022", "dtp1", "grade", "snis", "administrative", 0.9, None, None, None, "C", "fair", "unknown"),
     ("confidence", "ML", "2022", "", "grade", "census", "official", 900.0, None, None, None, "B", "fair", "good")],
)  # fmt: skip


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_grades_are_drawn_with_what_they_are_made_of_the_surest_first(locale: str) -> None:
    figure = beside("confidence", GRADED, subject=SUBJECT, locale=locale)

    assert_whole(figure)
    assert figure is not None
    assert [row[1] for row in figure.table.to_numpy().tolist()] == ["B", "C"]


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_the_review_is_drawn_as_places_by_analysis_and_kind_of_finding(locale: str) -> None:
    told = table(
        "analysis place_code period indicator measure source kind value verdict",
        [("narrative", "ML", "2022", "", kind, name, "", value, "")
         for name, values in (("dropout", (0, 0, 12)), ("cases", (0, 3, 0))) for kind, value in zip(("changed", "disagrees", "check"), values, strict=True)],
    )  # fmt: skip
    figure = beside("narrative", told, subject=SUBJECT, locale=locale)

    assert_whole(figure)
    assert figure is not None
    assert [row[1:] for row in figure.table.to_numpy().tolist()] == [["", "", "12"], ["", "3", ""]]


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
    assert not is_pictured("inequality", ["fifth_ratio"])


def test_another_process_draws_it_from_plain_rows_and_refuses_what_has_no_picture(rows: pd.DataFrame) -> None:
    own = rows[rows["analysis"] == "coverage_sources"]
    plain = json.loads(own.to_json(orient="records"))
    job: dict[str, Any] = {
        "kind": "beside_sources",
        "table": plain,
        "arguments": {"analysis": "coverage_sources", "subject": {"measure": "", "place": "Mali"}},
    }
    drawn = answer(json.dumps(job))
    other = {"analysis": "weather", "subject": job["arguments"]["subject"]}
    refused = answer(json.dumps(job | {"arguments": other}))

    assert drawn["ok"], drawn
    assert len(drawn["figure"]["table"]["rows"]) == len(own[own["indicator"] == "dtp1"])
    assert refused["fault"] == "refused"
