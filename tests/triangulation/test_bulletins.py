"""Does a centre read what it sent, what is doubtful, one praise and one question that its numbers carry?"""

from __future__ import annotations

import pandas as pd
import pytest

from kalanso.triangulation import TriangulationRefused
from kalanso.triangulation.bulletins import DOSES, bulletin
from tests.triangulation.dossiers import table

NONE = pd.DataFrame(columns=["check", "period", "indicator", "severity", "message", "params"])
MONTHS = [f"{year}{month:02d}" for year in (2022, 2023) for month in range(1, 13)]


def sent(
    first: float = 20,
    third: float = 18,
    complete: float | None = 1.0,
    months: list[str] = MONTHS,
    **changed: float,
) -> pd.DataFrame:
    """Return two years of the same month; `changed` gives first doses of single months (m202306=50)."""
    rows = []
    for month in months:
        doses = dict(zip(DOSES, (changed.get(f"m{month}", first), third, 15.0), strict=True))
        rows += [("H1", month, name, value, complete) for name, value in doses.items()]
    return table("place_code period indicator value completeness", rows)


def finding(check: str, severity: str, period: str = "202306") -> pd.DataFrame:
    return table(
        "check period indicator severity message params",
        [(check, period, "dtp1_doses", severity, "quality.x", "{}")],
    )


def test_the_numbers_of_the_month_stand_beside_those_of_last_year_and_since_january() -> None:
    one = bulletin(sent(m202306=30, m202206=10), NONE, place="H1", period="202306")

    line = one.lines[0]
    assert (line.indicator, line.month, line.year_before, line.year_to_date) == (
        "dtp1_doses",
        30,
        10,
        5 * 20 + 30,
    )


@pytest.mark.parametrize(("complete", "said"), [(1.0, "all"), (0.5, "some"), (None, "unknown")])
def test_what_came_is_said(complete: float | None, said: str) -> None:
    one = bulletin(sent(complete=complete), NONE, place="H1", period="202306")

    assert one.received.id == f"triangulation.bulletin.received.{said}"


def test_a_month_without_report_asks_what_kept_it_and_thanks_for_the_last_one() -> None:
    rows = sent(complete=0.5, months=MONTHS[:16])

    one = bulletin(rows, NONE, place="H1", period="202306")

    assert one.received.id.endswith("nothing")
    assert one.question.id.endswith("report")
    assert (one.praise.id, one.praise.params["period"]) == ("triangulation.bulletin.praise.thanks", "202304")
    assert one.lines[0].month is None


@pytest.mark.parametrize(
    ("rows", "findings", "praise"),
    [
        (sent(), NONE, "complete"),
        (sent(complete=0.9, m202306=30), NONE, "more"),
        (sent(complete=0.9, first=20, third=19), NONE, "kept"),
        (sent(complete=0.9, third=10), NONE, "clean"),
        (sent(complete=0.9, third=10), finding("outliers", "attention"), "thanks"),
    ],
)
def test_the_praise_is_the_first_that_the_numbers_show(
    rows: pd.DataFrame, findings: pd.DataFrame, praise: str
) -> None:
    one = bulletin(rows, findings, place="H1", period="202306")

    assert one.praise.id == f"triangulation.bulletin.praise.{praise}"


@pytest.mark.parametrize(
    ("rows", "findings", "target", "question"),
    [
        (sent(first=20, third=30), NONE, None, "more_third"),
        (sent(), finding("outliers", "serious"), None, "doubt"),
        (sent(third=10), NONE, None, "lost"),
        (sent(), NONE, 100.0, "elsewhere"),
        (sent(), NONE, 500.0, "unreached"),
        (sent(), NONE, 240.0, "village"),
        (sent(), NONE, None, "village"),
    ],
)
def test_the_question_is_the_most_useful_that_the_numbers_raise(
    rows: pd.DataFrame, findings: pd.DataFrame, target: float | None, question: str
) -> None:
    one = bulletin(rows, findings, place="H1", period="202306", target=target)

    assert one.question.id == f"triangulation.bulletin.question.{question}"


def test_doubts_of_long_ago_and_notes_are_left_out_and_one_check_is_told_once() -> None:
    findings = pd.concat([
        finding("outliers", "attention"), finding("outliers", "serious", "202305"), finding("zeros", "attention", "202201"),
        finding("heaping", "note"), finding("coverage", "attention", "2023"),
    ])  # fmt: skip

    assert len(bulletin(sent(), findings, place="H1", period="202306").doubtful) == 2


def test_every_sentence_reads_in_both_languages() -> None:
    for rows, target in (
        (sent(), 100.0),
        (sent(third=10), None),
        (sent(first=20, third=30, complete=0.5), 900.0),
    ):
        one = bulletin(rows, NONE, place="H1", period="202306", target=target)
        for message in (one.received, one.praise, one.question):
            assert message.render("fr") != message.render("en")
            assert "{" not in message.render("fr")


def test_a_place_without_any_number_is_refused_and_so_is_a_table_without_a_column() -> None:
    with pytest.raises(TriangulationRefused) as refused:
        bulletin(sent(), NONE, place="H2", period="202306")
    assert "H2" in refused.value.render("fr")
    with pytest.raises(TriangulationRefused, match="completeness"):
        bulletin(sent().drop(columns="completeness"), NONE, place="H1", period="202306")
