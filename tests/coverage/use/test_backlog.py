"""Does the living backlog hold the children whom a count child by child would find?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import backlog
from kalanso.coverage.assumptions import Assumption
from kalanso.coverage.backlog_assumptions import BacklogAssumptions
from kalanso.coverage.backlog_cohorts import birth_weights
from kalanso.vocabulary import Message, Period

FIVE_YEARS = [(Period.parse("2020Q1") + step).code for step in range(20)]


def fixed(name, value, kind="share"):
    return Assumption.fixed(name, value, kind=kind, reason="set by the test")


def quiet(**changes):
    """Nobody dies, leaves or comes late, unless the test says so."""
    nothing = {
        "late_monthly": fixed("late_monthly", 0.0), "genuine": fixed("genuine", 1.0),
        "post_neonatal_deaths": fixed("post_neonatal_deaths", 0.0),
        "child_deaths": fixed("child_deaths", 0.0), "deaths_ratio": fixed("deaths_ratio", 1.0, "ratio"),
        "growth": fixed("growth", 0.0, "ratio"), "history": fixed("history", 0.0, "ratio"),
    }  # fmt: skip
    return BacklogAssumptions(**(nothing | changes))


def certain(made_up, coverage=0.7, infants=300.0, periods=FIVE_YEARS, draws=4, **tables):
    """One area in which nothing varies between draws or quarters."""
    case = made_up([0.5], periods=periods, draws=draws, **tables)
    case.posterior.dtp1_coverage[:] = np.float32(coverage)
    case.posterior.surviving_infants[:] = np.float32(infants)
    return case


def by_band(table, column="without_dtp1_mean", place="A00"):
    return table[table["place_code"] == place].set_index("age_band")[column]


def child_by_child(rng, *, coverage, monthly, given, late_monthly, child_deaths, rounds, children=400):
    """Follow single children; return those alive without DTP1 by age band, per month of `monthly` births.

    `coverage` is by quarter back from the day, `rounds` are (months ago, youngest, oldest, doses).
    """
    born = [(months + rng.random(), months) for months in range(60) for _ in range(children)]
    ages = np.array([age for age, _ in born])
    due_ago = ages - 1.5
    due = np.array([coverage[min(int(ago // 3), len(coverage) - 1)] if ago >= 0 else 0.0 for ago in due_ago])
    points, shares = zip(*given, strict=True)
    vaccinated_at = np.where(
        rng.random(len(ages)) < due, np.interp(rng.random(len(ages)), shares, points), np.inf
    )
    missed = ~np.isfinite(vaccinated_at)
    death_at = 12 + rng.exponential(1 / max(-np.log1p(-child_deaths) / 48, 1e-12), len(ages))
    late_at = 12 + rng.exponential(-1 / np.log1p(-late_monthly) if late_monthly else 1e12, len(ages))
    vaccinated_at = np.where(missed & (late_at < 24), late_at, vaccinated_at)
    for ago, youngest, oldest, doses in rounds:  # the earliest first
        then = ages - ago
        there = (then >= youngest) & (then < oldest) & (vaccinated_at > then) & (death_at > then)
        found = rng.permutation(np.flatnonzero(there))[: round(doses * children / monthly)]
        vaccinated_at[found] = then[found]
    left = (vaccinated_at > ages) & (death_at > ages)
    bands = {"0-11m": (0, 12), "12-23m": (12, 24), "24-59m": (24, 60)}
    return {
        name: (left & (ages >= a) & (ages < b)).sum() * monthly / children for name, (a, b) in bands.items()
    }


def test_the_backlog_equals_a_count_child_by_child(made_up):
    rounds = pd.DataFrame(
        [
            ("A00", "2022Q3", "24-59m", "campaign", 60.0),
            ("A00", "2023Q2", "12-23m", "catch_up", 90.0),
            ("A00", "2024Q1", "unknown", "campaign", 70.0),
            ("A00", "2024Q1", "0-11m", "campaign", 500.0),  # already part of DTP1 by 12 months
        ],
        columns=["place_code", "period", "age_band", "strategy", "doses"],
    )
    case = certain(made_up, catchup=rounds)
    coverage = np.linspace(0.55, 0.85, 20)  # rising from 2020 to 2024
    case.posterior.dtp1_coverage[:] = coverage[None, None, :]
    assumed = quiet(late_monthly=fixed("late_monthly", 0.02), child_deaths=fixed("child_deaths", 0.08))
    table = backlog.backlog(case.posterior, case.evidence, np.random.default_rng(1), assumptions=assumed)
    counted = child_by_child(
        np.random.default_rng(2), coverage=coverage[::-1], monthly=100.0, given=assumed.given_by_age,
        late_monthly=0.02, child_deaths=0.08,
        rounds=[(28.5 - 1.5 + 0.0, 24, 60, 60.0), (19.5, 12, 24, 90.0), (10.5, 12, 60, 70.0)], children=4000,
    )  # fmt: skip
    for band, number in by_band(table).items():
        assert number == pytest.approx(counted[band], rel=0.03), band


def test_without_late_doses_deaths_or_moves_the_backlog_is_the_sum_of_the_missed(made_up):
    table = backlog.backlog(*_parts(certain(made_up)), np.random.default_rng(1), assumptions=quiet())
    found = by_band(table)
    assert found["12-23m"] == pytest.approx(12 * 100 * 0.3, rel=1e-5)
    assert found["24-59m"] == pytest.approx(36 * 100 * 0.3, rel=1e-5)
    assert 12 * 100 * 0.3 < found["0-11m"] < 12 * 100
    assert by_band(table, "not_yet_due_mean")["0-11m"] == pytest.approx(150, rel=1e-5)  # six weeks of births


def _parts(case):
    return case.posterior, case.evidence


def test_late_doses_deaths_and_departures_take_children_away(made_up):
    case = certain(made_up)
    none = by_band(backlog.backlog(*_parts(case), np.random.default_rng(1), assumptions=quiet()))
    for change in (
        {"late_monthly": fixed("late_monthly", 0.05)}, {"child_deaths": fixed("child_deaths", 0.1)},
        {"leaving": {"A00": 0.1}},
    ):  # fmt: skip
        found = by_band(backlog.backlog(*_parts(case), np.random.default_rng(1), assumptions=quiet(**change)))
        assert found["12-23m"] < none["12-23m"]
        assert found["24-59m"] < none["24-59m"]
    alive = quiet(post_neonatal_deaths=fixed("post_neonatal_deaths", 0.05))
    more = by_band(backlog.backlog(*_parts(case), np.random.default_rng(1), assumptions=alive))
    assert none["0-11m"] < more["0-11m"] < 1.05 * none["0-11m"]


def test_late_doses_that_are_reported_replace_the_assumed_ones(made_up):
    reported = pd.DataFrame(
        {
            "place_code": ["A00"],
            "period": ["2024Q4"],
            "age_band": ["12-23m"],
            "strategy": ["fixed"],
            "doses": [30.0],
        }
    )
    case = certain(made_up, catchup=reported)
    assumed = quiet(late_monthly=fixed("late_monthly", 0.05))
    found = by_band(backlog.backlog(*_parts(case), np.random.default_rng(1), assumptions=assumed))
    assert found["12-23m"] + found["24-59m"] == pytest.approx(48 * 100 * 0.3 - 30, rel=1e-5)


def test_more_doses_than_children_leave_nobody_and_no_negative_number(made_up):
    everybody = pd.DataFrame(
        {
            "place_code": ["A00"],
            "period": ["2024Q4"],
            "age_band": ["unknown"],
            "strategy": ["campaign"],
            "doses": [9e4],
        }
    )
    table = backlog.backlog(
        *_parts(certain(made_up, catchup=everybody)), np.random.default_rng(1), assumptions=quiet()
    )
    # children who had their first birthday after the round are still there
    assert by_band(table)["12-23m"] == pytest.approx(0.3 * 100, rel=0.01)
    assert by_band(table)["24-59m"] == pytest.approx(0, abs=1e-9)


def test_cohorts_before_the_first_quarter_are_named_and_widen_the_interval(made_up):
    case = certain(made_up, periods=FIVE_YEARS[-8:], draws=400)
    wide = quiet(history=fixed("history", 0.5, "ratio"))
    table = backlog.backlog(*_parts(case), np.random.default_rng(1), assumptions=wide).set_index(
        ["place_code", "age_band"]
    )
    older, young = table.loc[("A00", "24-59m")], table.loc[("A00", "0-11m")]
    assert young["before_first_quarter_share"] == 0
    assert older["before_first_quarter_share"] == pytest.approx(34.5 / 36, abs=0.02)
    assert young["without_dtp1_q975"] - young["without_dtp1_q025"] == pytest.approx(0, abs=1e-3)
    assert older["without_dtp1_q975"] > 1.3 * older["without_dtp1_q025"]


def test_an_earlier_day_knows_nothing_of_later_doses(made_up):
    later = pd.DataFrame(
        {
            "place_code": ["A00"],
            "period": ["2024Q4"],
            "age_band": ["12-23m"],
            "strategy": ["campaign"],
            "doses": [200.0],
        }
    )
    case = certain(made_up, catchup=later)
    table = backlog.backlog(*_parts(case), np.random.default_rng(1), assumptions=quiet(), as_of="2024Q2")
    assert set(table["date"]) == {"2024-06-30"}
    assert by_band(table)["12-23m"] == pytest.approx(360, rel=1e-5)


def test_areas_add_up_to_places_above_and_every_band_has_a_sentence(made_up):
    case = made_up(periods=FIVE_YEARS, draws=50)
    table = backlog.backlog(*_parts(case), np.random.default_rng(1))
    assert tuple(table.columns) == backlog.BACKLOG_COLUMNS
    assert not table.isna().any().any()
    for band in ("0-11m", "12-23m", "24-59m"):
        rows = table[table["age_band"] == band].set_index("place_code")
        areas = rows[rows["place_level"] == "area"]["without_dtp1_mean"].sum()
        assert rows.loc["ML", "without_dtp1_mean"] == pytest.approx(areas)
        assert (
            Message.from_json(rows.loc["ML", "message"], rows.loc["ML", "params"])
            .render("fr")
            .startswith("Au 31/12/2024")
        )


def test_each_month_of_birth_was_due_somewhere():
    weights = birth_weights(22, 1.5)
    assert np.allclose(weights.sum(axis=1), 1)
    assert weights[0, 0] == 1  # children under a month are due in the quarter to come
    assert weights[1, 0] == pytest.approx(0.5)


def test_every_assumption_has_a_reason_in_both_languages():
    table = BacklogAssumptions().table()
    assert set(table["name"]) >= {"late_monthly", "genuine", "child_deaths", "leaving"}
    for reason in table["reason"]:
        assert Message(reason).render("fr") != Message(reason).render("en")


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: Assumption(name="x", value=0.5, low=0.6, high=0.7, reason="r"), "low <= value"),
        (lambda: Assumption(name="x", value=80, low=70, high=90, reason="r"), "<= 1"),
        (lambda: Assumption(name="x", value=0.5, low=0.4, high=0.7), "needs a reason"),
        (lambda: BacklogAssumptions(due_age_months=20), "due_age_months"),
        (lambda: BacklogAssumptions(given_by_age=((1.5, 0.0), (12.0, 0.9))), "given_by_age"),
        (lambda: BacklogAssumptions(leaving={"A": 2.0}), "leaving"),
    ],
)
def test_impossible_assumptions_are_refused(build, said):
    with pytest.raises(ValueError, match=said):
        build()


def test_draws_of_an_assumption_have_its_interval():
    assumed = Assumption(name="x", value=0.2, low=0.1, high=0.5, reason="r")
    drawn = assumed.draws(40_000, np.random.default_rng(1))
    assert np.quantile(drawn, [0.025, 0.5, 0.975]) == pytest.approx([0.1, 0.2, 0.5], abs=0.01)
    assert assumed.reason_in("fr") == "r"
    ratio = Assumption(name="x", value=2, low=1, high=5, kind="ratio", reason="r").draws(
        40_000, np.random.default_rng(1)
    )
    assert np.quantile(ratio, [0.025, 0.5, 0.975]) == pytest.approx([1, 2, 5], rel=0.03)


def test_a_day_without_draws_and_bad_late_doses_are_refused(made_up):
    case = certain(made_up)
    with pytest.raises(ValueError, match="2031Q1"):
        backlog.backlog(*_parts(case), np.random.default_rng(1), as_of="2031Q1")
    bad = pd.DataFrame(
        {
            "place_code": ["A00"],
            "period": ["2024Q4"],
            "age_band": ["12-23m"],
            "strategy": [""],
            "doses": [-3.0],
        }
    )
    with pytest.raises(ValueError, match="0 or more"):
        backlog.backlog(*_parts(certain(made_up, catchup=bad)), np.random.default_rng(1))
