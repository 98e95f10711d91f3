"""Do the rows of survey figures say what the estimates say?"""

from __future__ import annotations

import pytest

from kalanso import definitions, figures
from kalanso.surveys import estimates
from kalanso.surveys.cleaning import clean
from kalanso.surveys.pictured import cluster_shares, nested_intervals, parts_of
from kalanso.surveys.record import record
from kalanso.surveys.schedule import schedule_table
from kalanso.surveys.tables import POLICIES
from tests.surveys import made

SUBJECT = figures.Subject(measure="DTP1", number="surveyed", place="Z0")


@pytest.fixture(scope="module")
def survey():
    people, given, answers = made.made_survey(made.rng(4), children=400)
    return record(
        clean(people, given, made.ROUND),
        schedule_table(definitions.load("ML")),
        policy=POLICIES[2],
        answers=answers,
    )


@pytest.fixture(scope="module")
def published(survey):
    return estimates.estimate(survey)


def of(rows, **where):
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows


def test_the_filled_area_of_the_organ_pipe_is_the_estimate(survey, published):
    rows = cluster_shares(survey, "crude_coverage", "dtp1", cohort="12-23m", stratum="Z0")
    own = of(published, indicator="crude_coverage", detail="dtp1", cohort="12-23m", stratum="Z0").iloc[0]
    assert (rows["value"] * rows["weight"]).sum() / rows["weight"].sum() == pytest.approx(own.estimate)
    assert rows["children"].sum() == own.children
    assert "V0" not in figures.organ_pipe(rows, subject=SUBJECT).table.to_string()


def test_the_widest_of_the_nested_intervals_is_the_published_one_and_each_holds_the_next(published):
    rows = of(published, indicator="crude_coverage", detail="dtp1", cohort="12-23m", domain_kind="all")
    nested = nested_intervals(rows[rows["stratum"] != "all"], "stratum")
    widest = of(nested, level=0.95).set_index("label")
    for row in rows[(rows["stratum"] != "all") & rows["low"].notna()].itertuples():
        assert widest.loc[row.stratum, ["low", "high"]].tolist() == pytest.approx([row.low, row.high])
    for _, own in nested.groupby("label"):
        assert own["low"].is_monotonic_increasing
        assert own["high"].is_monotonic_decreasing
    figure = figures.inchworms(nested, subject=SUBJECT)
    assert len(figure.table) == len(widest)


def test_bands_of_timeliness_add_up_to_crude_coverage_and_are_drawn(published):
    whole = of(published, cohort="12-23m", stratum="all", domain_kind="all")
    names = {
        "timing_early": "too early", "timing_timely": "timely", "timing_late_under_2_months": "late",
        "timing_late_2_months_or_more": "very late", "timing_unknown": "unknown",
    }  # fmt: skip
    rows = parts_of(whole, names)
    crude = of(whole, indicator="crude_coverage").set_index("detail")["estimate"]
    assert rows.groupby("label")["value"].sum().to_dict() == pytest.approx(crude.to_dict())
    assert list(dict.fromkeys(rows["part"])) == list(names.values())
    assert figures.share_stacks(rows, subject=SUBJECT, lead="timely", locale="en").title.startswith(
        "Z0: “timely” lowest"
    )


def test_suppressed_rows_are_left_out_of_worms_and_named_in_bars(published):
    hidden = published[published["status"] == "suppressed"]
    assert nested_intervals(hidden, "stratum").empty
    rows = parts_of(
        of(hidden, indicator="crude_coverage", cohort="18w-11m", stratum=hidden["stratum"].iloc[0]),
        {"crude_coverage": "got"},
    )
    figure = figures.share_stacks(rows, subject=SUBJECT, locale="en")
    assert "too few" in figure.alt
