"""What becomes of messy rows, is every change written down, and does the receipt count it?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kalanso.surveys.births import AGREED, EARLIEST
from kalanso.surveys.cleaning import ChildrenRefused, clean
from kalanso.surveys.corrections import CorrectionRefused, rule_sentence
from kalanso.surveys.rounds import Cohort, RoundRefused
from kalanso.surveys.tables import SURVEY_CHILDREN, SURVEY_CORRECTIONS, SURVEY_DOSES
from kalanso.surveys.written_dates import read_dates
from tests.surveys.messy import NO_DOSES, ROUND, children, doses

ONE = children("child\nA")


def cleaned_doses(text, asked=ROUND, who=ONE):
    return clean(who, doses(text), asked)


def state(found, dose, source="card", child="A"):
    """Return the day, 'tick', or None of one dose."""
    rows = found.doses
    own = rows[(rows["child"] == child) & (rows["dose"] == dose) & (rows["source"] == source)]
    if own.empty:
        return None
    row = own.iloc[0]
    return "tick" if row.tick else None if pd.isna(row.day) else row.day.date().isoformat()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-03-05", "full"), ("05/03/2024", "full"), ("5.3.2024", "full"), ("2024-05-03T10:00:00", "full"),
        ("2024-05", "partial"), ("2024", "partial"), ("2024-05-99", "partial"), ("??/05/2024", "partial"),
        ("2024-13-05", "impossible"), ("31/02/2024", "impossible"), ("2024-40-99", "impossible"),
        ("yesterday", "unreadable"), ("5/3/24", "unreadable"), ("", "none"), (None, "none"),
    ],
)  # fmt: skip
def test_written_dates_are_read_whole_or_in_part_and_never_guessed(written, expected):
    assert read_dates(pd.Series([written], dtype="object"))["state"].tolist() == [expected]


# ---- children ----


def test_sound_children_pass_unchanged_and_every_rule_counts_none_of_them():
    found = clean(ONE, doses("child | dose | source | answer | date\nA | bcg | card | - | 2023-10-03"), ROUND)
    assert found.children[["weight", "age_days"]].iloc[0].tolist() == [1.5, 498]
    assert found.corrections.empty
    # the younger cohort is empty and the only stratum has one cluster: counted, nothing changed
    counted = found.receipt.set_index("rule")["rows"]
    assert counted[counted > 0].to_dict() == {"single_cluster_stratum": 1, "empty_cohort": 1}
    assert {"no_weight", "interview_repeated", "out_of_order", "date_before_birth"} <= set(counted.index)


def test_repeated_and_differing_interviews_leave_one_child_each():
    rows = children(
        """
        child | cluster | interview_date | sex
        A     | 1       | 2025-02-10     | female
        A     | 1       | 2025-02-10     | female
        B     | 1       | 2025-02-10     | male
        B     | 1       | 2025-02-12     | female
        """
    )
    found = clean(rows, doses(NO_DOSES), ROUND)
    assert found.children[["child", "sex"]].to_numpy().tolist() == [["A", "female"], ["B", "female"]]
    assert (found.rows_of("interview_repeated"), found.rows_of("interview_replaced")) == (1, 1)
    assert found.corrections[["row", "field", "rule"]].to_numpy().tolist() == [
        [2, "row", "interview_repeated"],
        [3, "row", "interview_replaced"],
    ]


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("weight", "-", "no_weight"), ("weight", "0", "no_weight"), ("weight", "heavy", "no_weight"), ("cluster", "-", "no_cluster"),
        ("stratum", "-", "no_cluster"), ("child", "-", "no_child"), ("cohort", "36-47m", "cohort_unknown"),
    ],
)  # fmt: skip
def test_children_who_cannot_be_weighed_or_placed_are_set_aside_with_the_reason(column, value, rule):
    rows = children("child\nA\nB")
    rows.loc[1, column] = None if value == "-" else value
    found = clean(rows, doses(NO_DOSES), ROUND)
    assert found.children["child"].tolist() == ["A"]
    assert found.rows_of(rule) == 1
    assert found.corrections[["row", "field", "rule"]].to_numpy().tolist() == [[2, "row", rule]]


def test_a_missing_cohort_follows_from_the_age_and_a_doubtful_one_is_counted():
    rows = children(
        """
        child | cohort  | birth_card
        A     | -       | 2024-06-01
        B     | 18w-11m | 2023-10-01
        C     | -       | -
        """
    )
    found = clean(rows, doses(NO_DOSES), ROUND)
    assert found.children[["child", "cohort"]].to_numpy().tolist() == [["A", "18w-11m"], ["B", "18w-11m"]]
    counts = [found.rows_of(rule) for rule in ("cohort_from_age", "age_outside_cohort", "cohort_unknown")]
    assert counts == [1, 1, 1]


def test_codes_and_interview_dates_that_nobody_knows_become_missing():
    rows = children("child | sex | card_seen | interview_date\nA | girl | oui | 2025-02-31")
    found = clean(rows, doses(NO_DOSES), ROUND)
    assert found.children[["sex", "card_seen"]].isna().all(axis=None)
    assert found.children["interview_date"].isna().all()
    assert (found.rows_of("code_unknown"), found.rows_of("interview_date_unknown")) == (2, 1)
    assert set(found.corrections["before"]) == {"girl", "oui", "2025-02-31"}


@pytest.mark.parametrize(
    ("card", "register", "history", "expected", "rule"),
    [
        ("2023-10-01", "2023-10-01", "-", "2023-10-01", AGREED),
        # parts that agree are put together from different sources
        ("2023-10", "-", "??/10/2023", None, "unknown"),
        ("2023-10", "??/10/2023", "01/10/2023", "2023-10-01", AGREED),
        # they differ: the earliest that makes the child eligible
        ("2023-10-05", "2023-10-01", "-", "2023-10-01", EARLIEST),
        ("2023-10-05", "2019-10-01", "-", "2023-10-05", EARLIEST),
        ("2019-10-05", "2019-10-01", "-", None, "unknown"),
        ("2023-13-05", "-", "-", None, "unknown"),
        ("-", "-", "-", None, "unknown"),
    ],
)  # fmt: skip
def test_birth_dates_of_three_sources_become_one(card, register, history, expected, rule):
    rows = children(
        f"child | birth_card | birth_register | birth_history\nA | {card} | {register} | {history}"
    )
    found = clean(rows, doses(NO_DOSES), ROUND).children.iloc[0]
    assert found.birth_rule == rule
    assert (None if pd.isna(found.birth_date) else found.birth_date.date().isoformat()) == expected


# ---- doses ----


def test_dates_that_cannot_be_become_ticks_with_the_reason():
    found = cleaned_doses(
        """
        child | dose | source   | answer | date
        A     | bcg  | card     | -      | 2023-09-30
        A     | dtp1 | card     | -      | 2023-02-30
        A     | opv1 | card     | -      | 2023-11
        A     | mcv1 | card     | -      | 2025-03-01
        A     | bcg  | register | -      | 2020-01-01
        A     | dtp1 | register | -      | soon
        A     | mcv1 | register | yes    | -
        """
    )
    assert [state(found, dose) for dose in ("bcg", "dtp1", "opv1", "mcv1")] == ["tick"] * 4
    assert [state(found, dose, "register") for dose in ("bcg", "dtp1", "mcv1")] == ["tick"] * 3
    rules = found.corrections.set_index("row")["rule"].to_dict()
    assert rules == {
        1: "date_before_birth", 2: "date_impossible", 3: "date_partial", 4: "date_after_survey", 5: "date_before_birth",
        6: "date_unreadable",
    }  # fmt: skip


def test_a_date_before_the_window_of_births_is_a_tick_even_if_nobody_knows_the_birth():
    who = children("child | birth_card\nA | -")
    found = cleaned_doses("child | dose | source | answer | date\nA | bcg | card | - | 2020-01-01", who=who)
    assert state(found, "bcg") == "tick"
    assert found.rows_of("date_before_window") == 1


def test_a_dose_after_the_own_interview_but_within_the_survey_stays_and_is_counted():
    found = cleaned_doses("child | dose | source | answer | date\nA | mcv1 | card | - | 2025-02-20")
    assert state(found, "mcv1") == "2025-02-20"
    assert found.rows_of("date_after_interview") == 1


def test_day_and_month_are_exchanged_only_where_the_round_asks_for_it():
    text = "child | dose | source | answer | date\nA | dtp1 | card | - | 2024-13-01"
    as_vcqi, mended = cleaned_doses(text), cleaned_doses(text, replace(ROUND, swap_day_month=True))
    assert (state(as_vcqi, "dtp1"), as_vcqi.rows_of("day_month_could_be_swapped")) == ("tick", 1)
    assert (state(mended, "dtp1"), mended.rows_of("day_month_swapped")) == ("2024-01-13", 1)
    birth = children("child | birth_card\nA | 2023-13-10")
    found = clean(birth, doses(NO_DOSES), replace(ROUND, swap_day_month=True))
    assert found.children["birth_date"].iloc[0] == pd.Timestamp("2023-10-13")


# dates of dtp1, dtp2, dtp3 -> what stands (None: tick)
ORDER = [
    (("2023-11-15", "2023-12-15", "2024-01-15"), (1, 1, 1)),
    (("2023-12-15", "2023-12-15", "2024-01-15"), (0, 0, 1)),  # the same day counts as out of order
    (("2023-11-15", "2024-01-15", "2023-12-15"), (1, 0, 0)),
    (("2024-01-15", "-", "2023-12-15"), (0, 0, 0)),
    (("2024-03-15", "2024-02-15", "2024-01-15"), (0, 0, 0)),
    (("2023-12-15", "2023-11-15", "2024-01-15"), (0, 0, 1)),
]


@pytest.mark.parametrize(("dates", "stands"), ORDER)
def test_doses_out_of_order_become_ticks_only_those_named(dates, stands):
    lines = [f"A | dtp{at} | card | - | {day}" for at, day in enumerate(dates, 1) if day != "-"]
    found = cleaned_doses("\n".join(["child | dose | source | answer | date", *lines]))
    expected = [day if one else "tick" for day, one in zip(dates, stands, strict=True)]
    assert [state(found, f"dtp{at}") for at in (1, 2, 3)] == expected


def test_order_is_judged_within_one_source():
    found = cleaned_doses(
        """
        child | dose | source   | answer | date
        A     | dtp1 | card     | -      | 2024-01-15
        A     | dtp2 | register | -      | 2023-12-15
        """
    )
    assert (state(found, "dtp1"), state(found, "dtp2", "register")) == ("2024-01-15", "2023-12-15")
    assert found.rows_of("out_of_order") == 0


def test_a_later_dose_fills_the_gap_before_it_in_records_and_in_history_only_when_asked():
    text = """
        child | dose | source  | answer | date
        A     | dtp3 | card    | -      | 2024-01-15
        A     | dtp2 | card    | no     | -
        A     | dtp2 | history | yes    | -
        """
    found = cleaned_doses(text)
    assert [state(found, dose) for dose in ("dtp1", "dtp2", "dtp3")] == ["tick", "tick", "2024-01-15"]
    assert state(found, "dtp1", "history") is None
    assert found.rows_of("gap_filled") == 2
    filled = cleaned_doses(text, replace(ROUND, fill_history=True))
    assert state(filled, "dtp1", "history") == "tick"
    assert filled.rows_of("gap_filled") == 3


def test_rows_of_unknown_doses_sources_and_children_are_set_aside_and_counted():
    who = children("child | weight\nA | 1\nB | -")
    found = cleaned_doses(
        """
        child | dose   | source | answer | date
        A     | chicken | card  | yes    | -
        A     | bcg    | rumour | yes    | -
        Z     | bcg    | card   | yes    | -
        B     | bcg    | card   | yes    | -
        A     | bcg    | card   | yes    | -
        A     | bcg    | card   | no     | -
        A     | mcv1   | card   | maybe  | -
        """,
        who=who,
    )
    rules = ("dose_unknown", "source_unknown", "dose_without_child", "dose_of_child_set_aside", "dose_twice", "answer_unknown")  # fmt: skip
    assert [found.rows_of(rule) for rule in rules] == [1] * 6
    assert (state(found, "bcg"), state(found, "mcv1")) == ("tick", None)


def test_records_and_memory_that_contradict_are_counted_and_both_kept():
    found = cleaned_doses(
        """
        child | dose | source  | answer | date
        A     | bcg  | card    | -      | 2023-10-03
        A     | bcg  | history | no     | -
        A     | mcv1 | card    | no     | -
        A     | mcv1 | history | yes    | -
        """
    )
    assert found.rows_of("record_against_history") == 2
    assert (state(found, "bcg"), state(found, "mcv1", "history")) == ("2023-10-03", "tick")


# ---- the log ----


def decision(**changes):
    one = {
        "survey": "S1", "number": 1, "table": "survey_doses", "row": 1, "child": "A", "field": "date", "before": "2023-01-10",
        "after": "2024-01-10", "rule": "person", "who": "supervisor-3", "why": "the photo of the card shows 2024",
    }  # fmt: skip
    return pd.DataFrame([one | changes])


def test_a_person_corrects_with_name_and_reason_and_the_received_table_stays():
    received = doses("child | dose | source | answer | date\nA | dtp1 | card | - | 2023-01-10")
    before = received.copy()

    found = clean(ONE, received, ROUND, decided=decision())

    assert state(found, "dtp1") == "2024-01-10"
    pd.testing.assert_frame_equal(received, before)
    logged = found.corrections.iloc[0]
    assert (logged.rule, logged.who, logged.before, logged.after) == (
        "person", "supervisor-3", "2023-01-10", "2024-01-10",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"row": 9}, "got none"), ({"field": "day"}, "got none"), ({"before": "2023-01-11"}, "as received"), ({"who": ""}, "who corrected"), ({"why": None}, "who corrected")],
)  # fmt: skip
def test_a_correction_that_fits_no_received_value_is_refused(changes, said):
    received = doses("child | dose | source | answer | date\nA | dtp1 | card | - | 2023-01-10")
    with pytest.raises(CorrectionRefused, match=said):
        clean(ONE, received, ROUND, decided=decision(**changes))


def test_received_rows_and_the_log_fit_their_declared_tables_and_cleaning_twice_gives_the_same():
    who = children("child | birth_card | birth_history\nA | 2023-10-05 | 2023-10-01\nB | - | -")
    given = doses(
        "child | dose | source | answer | date\nA | dtp2 | card | - | 2023-12-15\nB | bcg | card | - | soon"
    )
    first, again = clean(who, given, ROUND), clean(who, given, ROUND)
    pd.testing.assert_frame_equal(first.corrections, again.corrections)
    pd.testing.assert_frame_equal(first.doses, again.doses)
    for spec, rows in (
        (SURVEY_CHILDREN, who),
        (SURVEY_DOSES, given),
        (SURVEY_CORRECTIONS, first.corrections),
    ):
        stored = spec.arrow(pa.Table.from_pandas(rows, preserve_index=False))
        assert stored.num_rows == len(rows) > 0


def test_every_rule_has_a_sentence_in_both_languages():
    found = clean(ONE, doses(NO_DOSES), replace(ROUND, swap_day_month=True))
    other = clean(ONE, doses(NO_DOSES), ROUND, decided=decision().head(0))
    for rule in {*found.receipt["rule"], *other.receipt["rule"]}:
        french, english = (rule_sentence(rule, 3).render(locale) for locale in ("fr", "en"))
        assert french != english
        assert "3" in french


def test_tables_and_rounds_that_cannot_be_are_refused():
    with pytest.raises(ChildrenRefused, match="got none called birth_card"):
        clean(ONE.drop(columns="birth_card"), doses(NO_DOSES), ROUND)
    with pytest.raises(ChildrenRefused, match="expected rows of S1, got S2"):
        clean(ONE.assign(survey="S2"), doses(NO_DOSES), ROUND)
    with pytest.raises(ChildrenRefused, match="cluster and weight"):
        clean(ONE.assign(weight=None), doses(NO_DOSES), ROUND)
    with pytest.raises(ChildrenRefused, match="cohorts of the round"):
        clean(ONE.assign(cohort="x"), doses(NO_DOSES), ROUND)
    with pytest.raises(RoundRefused, match="both with day 100"):
        replace(
            ROUND,
            cohorts=(
                Cohort(name="a", from_days=0, to_days=100),
                Cohort(name="b", from_days=100, to_days=200),
            ),
        )
    with pytest.raises(RoundRefused, match="last_day"):
        replace(ROUND, last_day=date(2025, 1, 1))
    with pytest.raises(RoundRefused, match="each once"):
        replace(ROUND, doses=("bcg", "bcg"))
    with pytest.raises(RoundRefused, match="at least one"):
        replace(ROUND, doses=())
    with pytest.raises(RoundRefused, match="from_days"):
        Cohort(name="a", from_days=10, to_days=5)


def order_slowly(days):
    """Two dates after the other, as the rule is written."""
    ticks = set()
    for one, two, named in ((0, 1, (0, 1)), (1, 2, (1, 2)), (0, 2, (0, 1, 2))):
        if days[one] is not None and days[two] is not None and days[one] >= days[two]:
            ticks |= set(named)
    return [None if day is None or at in ticks else day for at, day in enumerate(days)]


def test_the_order_of_many_children_agrees_with_the_slow_rule():
    rng = np.random.default_rng(8)
    names = [f"C{at}" for at in range(150)]
    who = children("\n".join(["child", *names]))
    lines, expected = [], {}
    for name in names:
        days = [None if rng.uniform() < 0.25 else int(rng.integers(0, 6)) for _ in range(3)]
        expected[name] = order_slowly(days)
        lines += [
            f"{name} | dtp{at} | card | - | 2024-01-{10 + day}"
            for at, day in enumerate(days, 1)
            if day is not None
        ]
    found = cleaned_doses("\n".join(["child | dose | source | answer | date", *lines]), who=who)
    for name, days in expected.items():
        for at, day in enumerate(days, 1):
            shown = state(found, f"dtp{at}", child=name)
            assert (shown if shown != "tick" else None) == (None if day is None else f"2024-01-{10 + day}")
