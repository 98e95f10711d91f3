"""Which doses count, by VCQI's rules and by strict ones, and which visits missed one?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso import definitions
from kalanso.surveys import opportunities as mosv
from kalanso.surveys.schedule import Rules, ScheduleRefused, rules_for, schedule_table
from kalanso.surveys.validity import STRICT, VCQI, validity

NAN = float("nan")
PENTA = ("dtp1", "dtp2", "dtp3")


def rules(doses, n=1, *, minimum=None, interval=None, maximum=None, grace=0):
    """Rules alike for n children: by default 42, 70, 98 days and 28 days between."""
    width = len(doses)
    lows = minimum or [42, 70, 98][:width]
    gaps = interval or [NAN, 28, 28][:width]
    shape = np.ones((n, 1))
    return Rules(
        doses=tuple(doses), minimum=shape * (np.array(lows) - grace), maximum=shape * np.array(maximum or [NAN] * width),
        interval=shape * (np.array(gaps) - grace), due=shape * np.array(lows), offered=np.ones((n, width), dtype=bool),
        grace_days=grace,
    )  # fmt: skip


# ages at penta 1, 2, 3 -> valid doses by VCQI, valid doses by strict rules
SERIES = [
    ((42, 70, 98), (1, 1, 1), (1, 1, 1)),
    # an early first dose: the second stands for it, the third for the second
    ((40, 70, 98), (1, 1, 0), (1, 1, 0)),
    # the second comes 27 days after the first: the third stands for it
    ((42, 69, 98), (1, 1, 0), (1, 1, 0)),
    # the third comes 27 days after the second
    ((42, 70, 97), (1, 1, 0), (1, 1, 0)),
    ((NAN, 75, 110), (1, 1, 0), (1, 1, 0)),
    ((30, 41, 98), (1, 0, 0), (1, 0, 0)),
    ((30, 41, 41), (0, 0, 0), (0, 0, 0)),
    ((NAN, NAN, NAN), (0, 0, 0), (0, 0, 0)),
]


@pytest.mark.parametrize(("ages", "by_vcqi", "by_strict"), SERIES)
def test_early_doses_of_a_series_are_shifted_away(ages, by_vcqi, by_strict):
    given = np.array([ages], dtype=float)
    assert validity(given, rules(PENTA)).valid[0].tolist() == [bool(one) for one in by_vcqi]
    assert validity(given, rules(PENTA), mode=STRICT).valid[0].tolist() == [bool(one) for one in by_strict]


def test_only_strict_rules_ask_later_doses_for_their_own_minimum_age():
    later = rules(("ipv1", "ipv2"), minimum=[98, 270], interval=[NAN, 28])
    ages = np.array([[98.0, 200.0]])
    assert validity(ages, later).valid[0].tolist() == [True, True]
    assert validity(ages, later, mode=STRICT).valid[0].tolist() == [True, False]


def test_by_age_1_vcqi_looks_at_the_recorded_dose_and_strict_rules_at_the_one_that_stands_for_it():
    ages = np.array([[30.0, 100.0, 400.0]])  # the second stands for the first, the third for the second
    loose, strict = validity(ages, rules(PENTA)), validity(ages, rules(PENTA), mode=STRICT)
    assert loose.by_age_1[0].tolist() == [True, True, False]
    assert strict.by_age_1[0].tolist() == [True, False, False]
    assert strict.age[0, :2].tolist() == [100, 400]


def test_a_dose_given_at_an_age_of_its_own_is_judged_alone_by_vcqi():
    measles = rules(("mcv1", "mcv2"), 3, minimum=[270, 456], interval=[NAN, 28])
    ages = np.array([[NAN, 460.0], [280.0, 310.0], [440.0, 460.0]])
    assert validity(ages, measles).valid.tolist() == [[False, True], [True, False], [True, True]]
    assert validity(ages, measles, mode=STRICT).valid.tolist() == [
        [True, False],
        [True, False],
        [True, False],
    ]


@pytest.mark.parametrize(("grace", "taken"), [(0, [61, NAN]), (4, [38, NAN]), (5, [38, 61])])
def test_grace_days_are_taken_off_ages_and_intervals_only_when_asked(grace, taken):
    ages = np.array([[38.0, 61.0]])  # the first 4 days too early, the second 5 days too soon after it
    found = validity(ages, rules(("dtp1", "dtp2"), grace=grace)).age[0]
    assert found.tolist() == pytest.approx(taken, nan_ok=True)


def test_a_dose_beyond_its_last_age_is_not_valid():
    birth = rules(("opv0",), minimum=[0], interval=[NAN], maximum=[14])
    assert validity(np.array([[14.0]]), birth).valid.tolist() == [[True]]
    assert validity(np.array([[15.0]]), birth).valid.tolist() == [[False]]


def valid_slowly(ages, minimum, interval):
    """The three-dose rule of VCQI, case by case."""
    a1, a2, a3 = ages

    def since(late, early, gap):
        return late - early >= gap  # NaN compares as False

    v1 = next((i for i, a in enumerate(ages) if a >= minimum[0]), None)
    v2 = v3 = None
    if v1 == 0:
        v2 = 1 if since(a2, a1, interval[1]) else 2 if since(a3, a1, interval[1]) else None
    elif v1 == 1:
        v2 = 2 if since(a3, a2, interval[1]) else None
    if v2 == 1 and since(a3, a2, interval[2]):
        v3 = 2
    return [one is not None for one in (v1, v2, v3)]


age = st.one_of(st.just(NAN), st.integers(0, 200).map(float))


@settings(max_examples=300, deadline=None)
@given(st.tuples(age, age, age))
def test_series_agree_with_the_slow_rule_and_shifting_never_adds_doses(ages):
    found = validity(np.array([ages]), rules(PENTA)).valid[0].tolist()
    assert found == valid_slowly(ages, [42, 70, 98], [NAN, 28, 28])
    strict = validity(np.array([ages]), rules(PENTA), mode=STRICT).valid[0]
    dated = [one for one in ages if one == one]
    assert sum(strict) <= sum(found) <= len(dated)
    assert found[0] == any(one >= 42 for one in dated)


# ---- missed opportunities ----


def test_a_visit_at_which_another_vaccine_was_given_is_a_missed_opportunity():
    both = rules(("dtp1", "dtp2", "opv1", "opv2"), minimum=[42, 70, 42, 70], interval=[NAN, 28, NAN, 28])
    #                 penta1 at 42, penta2 at 70; polio 1 only at 70: missed at 42, corrected at 70
    ages = np.array([[42.0, 70.0, 70.0, NAN]])

    found = mosv.opportunities(ages, np.zeros((1, 4), dtype=bool), both)

    assert found.eligible.tolist() == [[1, 1, 2, 0]]
    assert found.missed.tolist() == [[0, 0, 1, 0]]
    assert (found.any_eligible[0], found.any_missed[0]) == (2, 1)
    assert found.corrected[0].tolist() == [False, False, True, False]
    assert not found.uncorrected.any()


def test_an_early_dose_is_credited_when_crude_and_a_missed_opportunity_later_when_valid():
    single = rules(("dtp1", "bcg"), minimum=[42, 0], interval=[NAN, NAN])
    ages = np.array([[30.0, 60.0]])  # penta 1 early at 30 days, BCG at 60
    undated = np.zeros((1, 2), dtype=bool)

    crude, valid = (mosv.opportunities(ages, undated, single, mode=mode) for mode in ("crude", "valid"))

    assert (crude.missed[0, 0], valid.missed[0, 0]) == (0, 1)
    assert valid.uncorrected[0, 0]
    assert crude.missed[0, 1] == valid.missed[0, 1] == 1  # BCG could have been given at 30 days


def test_doses_known_without_a_date_are_left_out_with_those_after_them():
    ages = np.array([[NAN, 75.0, 110.0]])
    undated = np.array([[True, False, False]])
    assert mosv.opportunities(ages, undated, rules(PENTA)).eligible.sum() == 0


@settings(max_examples=300, deadline=None)
@given(
    st.tuples(age, age, age),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
    age,
    st.sampled_from(mosv.CREDITS),
)
def test_missed_opportunities_agree_with_the_slow_count(ages, ticked, other, mode):
    # a second vaccine brings a visit at which the series could have been given
    both = rules((*PENTA, "bcg"), minimum=[42, 70, 98, 0], interval=[NAN, 28, 28, NAN])
    undated = [tick and a != a for tick, a in zip(ticked, ages, strict=True)]

    found = mosv.opportunities(np.array([[*ages, other]]), np.array([[*undated, False]]), both, mode=mode)

    seen = sorted({a for a in (*ages, other) if a == a})
    eligible, missed, got = series_slowly(seen, [a for a in ages if a == a], undated, mode)
    assert found.eligible[0, :3].tolist() == eligible
    assert found.missed[0, :3].tolist() == missed
    assert found.got[0, :3].tolist() == got


def series_slowly(seen, given, undated, mode):
    minimum, interval = [42, 70, 98], [0, 28, 28]
    eligible, missed, got = [0] * 3, [0] * 3, [False] * 3
    credited = None
    for k in range(3):
        if any(undated[: k + 1]):
            break
        when = None
        for a in seen:
            if when is not None:
                break
            if k == 0:
                able, credit = a >= minimum[0], mode == "crude" or a >= minimum[0]
            else:
                able = a >= credited + interval[k] and a >= minimum[k]
                credit = a > credited if mode == "crude" else a >= credited + interval[k]
            now = credit and a in given
            eligible[k] += able
            missed[k] += able and not now
            when = a if now else None
        got[k], credited = when is not None, when
        if when is None:
            break
    return eligible, missed, got


def test_had_each_visit_been_used_the_series_would_be_valid():
    both = rules((*PENTA, "bcg"), minimum=[42, 70, 98, 0], interval=[NAN, 28, 28, NAN])
    ages = np.array([[42.0, NAN, 110.0, 75.0]])  # BCG at 75 days: penta 2 could have been given then
    assert mosv.without_missed_opportunities(ages, both)[0].tolist() == [True, True, True, True]
    assert validity(ages, both).valid[0].tolist() == [True, True, False, True]


# ---- the schedule ----


def born(*days):
    return np.array(days, dtype="datetime64[D]")


def test_the_schedule_of_mali_has_a_source_for_every_row_and_knows_what_is_to_confirm():
    table = schedule_table(definitions.load("ML"))
    rows = table.set_index("dose")
    assert (table["source"].str.len() > 0).all()
    assert rows.loc["dtp2", ["min_age_d", "min_interval_d", "from_prev_dose"]].tolist() == [70, 28, "dtp1"]
    assert rows.loc["malaria4", "season"] == "5 6"
    assert rows.loc["rota3", "to_confirm"]
    assert "zero_dose" in rows.loc["dtp1", "counts_for"]


def test_a_child_is_judged_by_the_schedule_of_its_birth_cohort():
    table = schedule_table(definitions.load("ML"))
    # the second measles dose came in December 2019, at 456 days
    found = rules_for(table, ["mcv2"], born("2018-08-01", "2018-09-15", "NaT"))
    assert found.offered[:, 0].tolist() == [False, True, True]


def test_a_dose_of_some_districts_is_offered_only_where_somebody_named_them():
    table = schedule_table(definitions.load("ML"))
    scope = table.set_index("dose").loc["malaria1", "geo_scope"]
    days, places = born("2025-03-01", "2025-03-01"), ["D1", "D2"]

    unnamed = rules_for(table, ["malaria1"], days, places)
    named = rules_for(table, ["malaria1"], days, places, scopes={scope: ["D2"]})

    assert not unnamed.offered.any()
    assert unnamed.left_out == {"malaria1": scope}
    assert named.offered[:, 0].tolist() == [False, True]
    assert validity(np.array([[160.0], [160.0]]), named).valid[:, 0].tolist() == [False, True]


def test_a_newer_row_replaces_an_older_one_for_those_who_fall_due_later():
    table = schedule_table(definitions.load("generic"))
    old = table[table["dose"] == "mcv1"]
    new = old.assign(min_age_d=180, rec_age_d=180, birth_cohort_from="2024-01-01")
    both = pd.concat([new, old], ignore_index=True)
    found = rules_for(both, ["mcv1"], born("2023-12-31", "2024-01-01"), grace_days=4)
    assert found.minimum[:, 0].tolist() == [266, 176]
    assert found.due[:, 0].tolist() == [270, 180]


def test_doses_by_season_need_their_months_under_strict_rules():
    ages, months = np.array([[160.0, 400.0], [160.0, 400.0]]), np.array([[9, 5], [9, 9]])
    twice = rules(("malaria1", "malaria2"), 2, minimum=[152, NAN], interval=[NAN, 28])
    by_season = Rules(**(vars(twice) | {"seasons": {"malaria2": (5, 6)}}))
    assert validity(ages, by_season, mode=STRICT, months=months).valid.tolist() == [
        [True, True],
        [True, False],
    ]
    with pytest.raises(ScheduleRefused, match="month of each dose"):
        validity(ages, by_season, mode=STRICT)


def test_questions_that_the_schedule_cannot_answer_are_refused():
    table = schedule_table(definitions.load("ML"))
    with pytest.raises(ScheduleRefused, match="got hpv1"):
        rules_for(table, ["hpv1"], born("2024-01-01"))
    with pytest.raises(ScheduleRefused, match="grace_days"):
        rules_for(table, ["bcg"], born("2024-01-01"), grace_days=-1)
    scope = table.set_index("dose").loc["malaria1", "geo_scope"]
    with pytest.raises(ScheduleRefused, match="place of each child"):
        rules_for(table, ["malaria1"], born("2025-01-01"), scopes={scope: ["D1"]})
    with pytest.raises(ScheduleRefused, match="1 places"):
        rules_for(table, ["malaria1"], born("2025-01-01"), ["D1", "D2"], scopes={scope: ["D1"]})
    with pytest.raises(ScheduleRefused, match="mode: expected one of vcqi"):
        validity(np.zeros((1, 3)), rules(PENTA), mode="who")
    with pytest.raises(ScheduleRefused, match="expected a shape"):
        validity(np.zeros((1, 2)), rules(PENTA), mode=VCQI)
    with pytest.raises(ScheduleRefused, match="mode: expected one of crude"):
        mosv.opportunities(np.zeros((1, 3)), np.zeros((1, 3), dtype=bool), rules(PENTA), mode="strict")
    with pytest.raises(ScheduleRefused, match="undated"):
        mosv.opportunities(np.zeros((1, 3)), np.zeros((1, 2), dtype=bool), rules(PENTA))
