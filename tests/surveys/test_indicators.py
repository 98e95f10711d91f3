"""Does each indicator count the children that its definition names, by hand and by a slow plain copy?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kalanso import definitions
from kalanso.store import Mode, Provenance, Store, TableRefused
from kalanso.surveys import drivers, estimates
from kalanso.surveys.cleaning import clean
from kalanso.surveys.measures import MEASURES
from kalanso.surveys.record import RecordRefused, record
from kalanso.surveys.rounds import OLDER, YOUNGER
from kalanso.surveys.schedule import schedule_table
from kalanso.surveys.tables import POLICIES, SURVEY_ESTIMATES
from tests.surveys import made
from tests.surveys.messy import NO_DOSES, ROUND, children, doses, table

MALI = schedule_table(definitions.load("ML"))
NOT_SOUGHT, IF_NO_CARD, FOR_ALL = POLICIES


def told(who, given=NO_DOSES, *, policy=NOT_SOUGHT, asked=ROUND, **options):
    """Return the record of received text tables."""
    return record(clean(who, doses(given), asked), MALI, policy=policy, **options)


def counts(one, name, detail, *, cohort="12-23m", **cell):
    """Return found and asked of one row."""
    where = {"stratum": "all", "domain_kind": "all", "domain": "all"} | cell
    rows = estimates.estimate(one, show_small=True, groups=tuple({where["domain_kind"]} - {"all"}))
    for column, value in {"indicator": name, "detail": detail, "cohort": cohort, **where}.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return rows.iloc[0].numerator, rows.iloc[0].denominator


FOUR = children("child | cluster | card_seen\nA | 1 | yes\nB | 1 | no\nC | 2 | no\nD | 2 | no")


def test_all_respondents_stand_in_the_denominator_and_any_proof_counts_as_crude():
    one = told(
        FOUR,
        """
        child | dose | source  | answer | date
        A     | dtp1 | card    | -      | 2023-11-20
        B     | dtp1 | history | yes    | -
        C     | dtp1 | history | no     | -
        """,
    )
    assert counts(one, "crude_coverage", "dtp1") == (2, 4)
    assert counts(one, "access", "dtp1") == (2, 4)
    assert counts(one, "valid_coverage", "dtp1") == (1, 4)  # memory is never valid


def test_a_scar_is_proof_of_bcg_but_of_no_valid_dose():
    one = told(children("child | bcg_scar\nA | yes\nB | no"))
    assert counts(one, "crude_coverage", "bcg") == (1, 2)
    assert counts(one, "valid_coverage", "bcg") == (0, 2)


@pytest.mark.parametrize(("policy", "found"), [(NOT_SOUGHT, 0), (IF_NO_CARD, 1), (FOR_ALL, 2)])
def test_the_register_counts_as_the_policy_says(policy, found):
    one = told(
        children("child | card_seen\nA | yes\nB | no"),
        """
        child | dose | source   | answer | date
        A     | dtp1 | register | -      | 2023-11-20
        B     | dtp1 | register | -      | 2023-11-20
        """,
        policy=policy,
    )
    assert counts(one, "crude_coverage", "dtp1") == (found, 2)
    assert counts(one, "valid_coverage", "dtp1") == (found, 2)


def test_children_too_young_for_a_dose_are_left_out_of_its_denominator_where_the_cohort_allows_them():
    who = children(
        """
        child | cohort  | birth_card
        A     | 18w-11m | 2024-03-01
        B     | 18w-11m | 2024-09-01
        C     | 18w-11m | -
        """
    )
    one = told(who)
    assert counts(one, "crude_coverage", "mcv1", cohort="18w-11m") == (
        0,
        1,
    )  # B is too young, nobody knows of C
    assert counts(one, "crude_coverage", "dtp1", cohort="18w-11m") == (0, 3)


def test_by_age_1_is_not_asked_of_children_who_are_not_one_yet():
    rows = estimates.estimate(
        told(children("child | cohort | birth_card\nA | 18w-11m | 2024-03-01\nB | 12-23m | 2023-10-01"))
    )
    early = rows[
        (rows["indicator"] == "valid_coverage_by_age_1")
        & (rows["domain_kind"] == "all")
        & (rows["stratum"] == "all")
    ]
    asked = early.groupby("cohort")["denominator"].sum()
    assert asked["18w-11m"] == 0
    assert asked["12-23m"] > 0


def test_zero_dose_children_are_split_by_whether_they_met_vaccination_and_the_parts_add_up():
    one = told(
        FOUR,
        """
        child | dose | source  | answer | date
        A     | dtp1 | history | yes    | -
        B     | bcg  | history | yes    | -
        C     | mcv1 | history | yes    | -
        """,
    )
    parts = ["zero_dose_no_vaccine_at_all", "zero_dose_had_bcg_or_opv", "zero_dose_had_other_vaccines"]
    assert [counts(one, name, "dtp1")[0] for name in parts] == [1, 1, 1]
    assert counts(one, "zero_dose", "dtp1") == (3, 4)
    assert counts(one, "under_immunized", "dtp3") == (4, 4)
    assert counts(one, "dropout_children", "dtp1 dtp3") == (1, 4)


def test_dropout_is_asked_of_those_who_began():
    one = told(
        FOUR,
        """
        child | dose | source  | answer | date
        A     | dtp1 | history | yes    | -
        A     | dtp3 | history | yes    | -
        B     | dtp1 | history | yes    | -
        """,
    )
    assert counts(one, "dropout", "dtp1 dtp3") == (1, 2)
    assert counts(one, "dropout_weighted", "dtp1 dtp3") == (1, 2)


def test_papers_are_graded_and_the_register_is_left_out_where_nobody_sought_it():
    given = """
        child | dose | source   | answer | date
        A     | bcg  | card     | -      | 2023-10-03
        A     | dtp1 | card     | yes    | -
        B     | bcg  | register | -      | 2023-10-03
        """
    sought, not_sought = told(FOUR, given, policy=FOR_ALL), told(FOUR, given)
    assert counts(sought, "paper_seen", "card") == (1, 4)
    assert counts(sought, "paper_with_date", "card") == (1, 4)
    assert counts(sought, "paper_dates_only", "card") == (0, 4)
    assert counts(sought, "paper_dates_only", "register") == (1, 4)
    assert counts(sought, "paper_with_date", "either") == (2, 4)
    names = estimates.estimate(not_sought)
    assert set(names.loc[names["vcqi"] == "RI_QUAL_01", "detail"]) == {"card"}


def test_dates_show_doses_that_came_too_early_too_soon_and_too_late():
    one = told(
        FOUR,
        """
        child | dose | source | answer | date
        A     | dtp1 | card   | -      | 2023-11-05
        A     | dtp2 | card   | -      | 2023-11-25
        A     | dtp3 | card   | -      | 2024-02-25
        B     | mcv1 | card   | -      | 2024-06-30
        C     | mcv1 | card   | -      | 2024-06-29
        """,
    )
    assert counts(one, "invalid_dose", "dtp1") == (1, 1)  # 35 days
    assert counts(one, "interval_too_short", "dtp") == (1, 2)  # 20 days
    assert counts(one, "interval_too_long", "dtp 56") == (1, 2)  # 92 days
    assert counts(one, "dose_before_age", "mcv1 273") == (1, 2)  # 273 days is no longer too early
    assert counts(one, "dose_before_age", "dtp3 182") == (1, 1)
    assert counts(one, "valid_before_12_months", "mcv1") == (2, 2)


def test_timeliness_bands_and_unknown_timing_add_up_to_crude_coverage():
    one = told(
        FOUR,
        """
        child | dose | source  | answer | date
        A     | dtp1 | card    | -      | 2023-11-11
        B     | dtp1 | card    | -      | 2023-12-09
        C     | dtp1 | card    | -      | 2023-12-10
        D     | dtp1 | history | yes    | -
        """,
    )  # 41, 69 and 70 days of age; due at 42
    bands = ["early", "timely", "late_under_2_months", "late_2_months_or_more", "unknown"]
    assert [counts(one, f"timing_{band}", "dtp1")[0] for band in bands] == [1, 1, 1, 0, 1]


def test_missed_visits_and_children_are_counted_and_what_could_have_been():
    one = told(
        children("child\nA\nB"),
        """
        child | dose | source | answer | date
        A     | bcg  | card   | -      | 2023-11-15
        A     | opv1 | card   | -      | 2023-11-15
        A     | dtp1 | card   | -      | 2023-12-20
        B     | dtp1 | card   | -      | 2023-11-15
        """,
    )  # A had BCG and polio at 45 days, and DTP1 only at 80; B had DTP1 at 45 days, and nothing else
    assert counts(one, "missed_visits_crude", "dtp1") == (1, 3)
    assert counts(one, "missed_visits_crude", "opv1") == (1, 2)
    assert counts(one, "missed_visits_crude", "any") == (2, 3)
    assert counts(one, "missed_children_crude", "any") == (2, 2)
    assert counts(one, "missed_children_crude_corrected", "any") == (1, 2)
    assert counts(one, "missed_children_crude_uncorrected", "any") == (1, 2)
    assert counts(one, "valid_without_missed", "opv1") == (2, 2)
    assert counts(one, "valid_coverage", "opv1") == (1, 2)


def said(text):
    rows = table(text)
    return pd.DataFrame([{"survey": "S1", "row": at, **one} for at, one in enumerate(rows, 1)])


def test_answers_are_positive_concerning_or_outside_and_autonomy_is_positive_when_no_permission_is_needed():
    one = told(
        FOUR,
        answers=said(
            """
            child | question     | answer
            A     | benefits     | 4
            B     | benefits     | 2
            C     | benefits     | 98
            D     | benefits     | 7
            A     | autonomy     | no
            B     | autonomy     | yes
            A     | ease_reasons | waiting cost
            B     | ease_reasons | cost
            """
        ),
    )
    assert counts(one, "besd_positive", "benefits") == (1, 2)
    assert counts(one, "besd_concerning", "benefits") == (1, 2)
    assert counts(one, "besd_unanswered", "benefits") == (1, 4)
    assert counts(one, "besd_unknown_code", "benefits") == (1, 4)
    assert counts(one, "besd_positive", "autonomy") == (1, 2)
    assert counts(one, "besd_chosen", "ease_reasons cost") == (2, 2)
    assert counts(one, "besd_chosen", "ease_reasons waiting") == (1, 2)


def test_answers_of_children_who_were_set_aside_are_left_out_and_counted():
    who = children("child | weight\nA | 1\nB | -")
    one = told(who, answers=said("child | question | answer\nA | benefits | 4\nB | benefits | 1"))
    assert counts(one, "besd_positive", "benefits") == (1, 1)
    assert one.answers_left_out == 1


def test_five_items_have_priority_and_each_domain_has_its_own():
    chosen = [item for item in drivers.ITEMS if item.priority]
    assert [item.key for item in chosen] == ["intention", "benefits", "family_norms", "know_where", "afford"]
    assert len({item.key for item in drivers.ITEMS}) == len(drivers.ITEMS)
    assert all(set(item.positive) <= set(item.codes) for item in drivers.ITEMS)


# ---- a whole survey against a slow plain copy ----


@pytest.fixture(scope="module")
def survey():
    people, given, answers = made.made_survey(made.rng(), children=350)
    return clean(people, given, made.ROUND), answers


@pytest.fixture(scope="module")
def whole(survey):
    cleaned, answers = survey
    return record(cleaned, MALI, policy=IF_NO_CARD, answers=answers)


def slowly(cleaned, policy):
    """Return one dictionary per child, in the words of the definitions."""
    by_child = dict(list(cleaned.doses.groupby("child")))
    found = []
    for child in cleaned.children.to_dict("records"):
        rows = by_child.get(child["child"])
        rows = [] if rows is None else rows.to_dict("records")
        card = child["card_seen"] == "yes" or any(
            row["source"] == "card" and (row["tick"] or not pd.isna(row["day"])) for row in rows
        )
        papers = ["card"] if policy == NOT_SOUGHT or (policy == IF_NO_CARD and card) else ["card", "register"]
        crude, ages = set(), {"card": {}, "register": {}}
        for row in rows:
            if row["source"] not in [*papers, "history"] or not (row["tick"] or not pd.isna(row["day"])):
                continue
            crude.add(row["dose"])
            if not pd.isna(row["day"]) and not pd.isna(child["birth_date"]) and row["source"] in papers:
                ages[row["source"]][row["dose"]] = (row["day"] - child["birth_date"]).days
        if child["bcg_scar"] == "yes":
            crude.add("bcg")
        valid = set().union(*(valid_slowly(own) for own in ages.values()))
        found.append({**child, "crude": crude, "valid": valid, "ages": ages["card"] or ages["register"]})
    return found


def valid_slowly(ages):
    valid = {
        dose for dose, least in (("bcg", 0), ("mcv1", 270), ("mcv2", 456)) if ages.get(dose, -1) >= least
    }
    for vaccine in ("opv", "dtp"):
        given = [(at, ages[f"{vaccine}{at}"]) for at in (1, 2, 3) if f"{vaccine}{at}" in ages]
        first = next(((at, age) for at, age in given if age >= 42), None)
        if first is None:
            continue
        valid.add(f"{vaccine}1")
        second = next(((at, age) for at, age in given if at > first[0] and age - first[1] >= 28), None)
        if second:
            valid.add(f"{vaccine}2")
            if any(at > second[0] and age - second[1] >= 28 for at, age in given):
                valid.add(f"{vaccine}3")
    return valid


LIST = {"bcg", "dtp1", "dtp2", "dtp3", "opv1", "opv2", "opv3", "mcv1"}
SLOW = {
    ("crude_coverage", "dtp3"): (lambda c: "dtp3" in c["crude"], lambda c: True),
    ("crude_coverage", "mcv2"): (lambda c: "mcv2" in c["crude"], lambda c: c["age_days"] >= 456),
    ("valid_coverage", "dtp2"): (lambda c: "dtp2" in c["valid"], lambda c: True),
    ("valid_coverage", "opv3"): (lambda c: "opv3" in c["valid"], lambda c: True),
    ("valid_coverage", "mcv1"): (lambda c: "mcv1" in c["valid"], lambda c: True),
    ("fully_vaccinated_crude", None): (lambda c: c["crude"] >= LIST, lambda c: True),
    ("not_vaccinated_crude", None): (lambda c: not c["crude"] & LIST, lambda c: True),
    ("zero_dose_had_bcg_or_opv", "dtp1"): (
        lambda c: "dtp1" not in c["crude"] and bool(c["crude"] & {"bcg", "opv1", "opv2", "opv3"}), lambda c: True,
    ),
    ("dropout_weighted", "dtp1 mcv1"): (lambda c: "mcv1" not in c["crude"], lambda c: "dtp1" in c["crude"]),
    ("invalid_dose", "dtp1"): (lambda c: c["ages"]["dtp1"] < 42, lambda c: "dtp1" in c["ages"]),
    ("timing_timely", "mcv1"): (lambda c: 270 <= c["ages"].get("mcv1", -1) < 298, lambda c: True),
}  # fmt: skip


@pytest.mark.parametrize("policy", POLICIES)
def test_counts_and_weighted_shares_agree_with_the_slow_copy_under_each_policy(survey, policy):
    cleaned, answers = survey
    rows = estimates.estimate(
        record(cleaned, MALI, policy=policy, answers=answers), groups=("sex",), show_small=True
    )
    people = [child for child in slowly(cleaned, policy) if child["cohort"] == "12-23m"]
    for (name, detail), (found, asked) in SLOW.items():
        own = rows[(rows["indicator"] == name) & (rows["cohort"] == "12-23m") & (rows["stratum"] == "all")]
        own = own if detail is None else own[own["detail"] == detail]
        for kind, group in (("all", "all"), ("sex", "female")):
            row = own[(own["domain_kind"] == kind) & (own["domain"] == group)].iloc[0]
            part = [c for c in people if (kind == "all" or c["sex"] == group) and asked(c)]
            assert (row.numerator, row.denominator) == (sum(map(found, part)), len(part)), (name, detail)
            if row.weighted:
                whole_weight = sum(c["weight"] for c in part)
                share = sum(c["weight"] for c in part if found(c)) / whole_weight
                assert row.estimate == pytest.approx(share)
                assert row.weighted_children == pytest.approx(whole_weight)


def test_crude_is_never_below_valid_nor_valid_below_valid_by_age_1(whole):
    assert (whole.crude >= whole.valid).all()
    assert (whole.valid >= whole.valid_by_age_1).all()


@pytest.mark.parametrize(("indicator", "refused"), [("crude_coverage", True), ("missed_doses_crude", False)])
def test_a_share_above_one_is_refused_and_a_rate_is_not(whole, tmp_path, indicator, refused):
    rows = estimates.estimate(whole)
    broken = rows.assign(estimate=rows["estimate"].where(rows["indicator"] != indicator, 1.2))
    store = Store.create(tmp_path / "store", country="ML", demo=True, now=datetime(2025, 1, 1, tzinfo=UTC))
    told = {
        "provenance": Provenance(sources=("S",), by="t", note=""),
        "now": datetime(2025, 1, 2, tzinfo=UTC),
        "mode": Mode.REPLACE_ALL,
    }

    def publish(table):
        return store.publish(
            SURVEY_ESTIMATES,
            SURVEY_ESTIMATES.arrow(pa.Table.from_pandas(table, preserve_index=False)),
            **told,
        )

    if refused:
        with pytest.raises(TableRefused, match="estimate: expected at most 1"):
            publish(broken)
        publish(rows)
    else:
        assert publish(broken) is not None


def test_the_table_fits_its_declaration_and_each_row_is_known_by_its_key(whole):
    rows = estimates.estimate(whole, groups=("sex", "displaced", "vaccination"))
    stored = SURVEY_ESTIMATES.arrow(pa.Table.from_pandas(rows, preserve_index=False))
    assert stored.num_rows == len(rows) > 1000
    assert not rows.duplicated(list(SURVEY_ESTIMATES.key)).any()
    assert set(rows["cohort"]) == {"18w-11m", "12-23m"}
    assert len(MEASURES) == 10
    assert {f"RI_COVG_0{at}" for at in (1, 2, 3, 4)} <= set(rows["vcqi"])
    assert rows.loc[rows["vcqi"] == "RI_QUAL_08", "low"].isna().all()


def test_small_cells_are_hidden_marked_and_cannot_be_found_by_subtraction(whole):
    rows = estimates.estimate(whole, groups=("displaced",))
    hidden = rows[rows["status"] == "suppressed"]
    assert hidden[["estimate", "low", "numerator"]].isna().all(axis=None)
    crude = rows[
        (rows["indicator"] == "crude_coverage")
        & (rows["detail"] == "dtp1")
        & (rows["domain_kind"] == "displaced")
    ]
    # few children are displaced; with them, those who are not are hidden
    assert set(crude["status"]) == {"suppressed"}
    shown = estimates.estimate(whole, groups=("displaced",), show_small=True)
    assert shown.loc[hidden.index, "estimate"].notna().any()
    assert set(rows.loc[rows["children"].between(25, 49), "status"]) <= {"bracketed", "suppressed"}
    assert set(rows.loc[rows["children"] >= 50, "status"]) <= {"shown", "suppressed"}


def test_an_empty_cohort_has_rows_that_say_so():
    rows = estimates.estimate(told(FOUR))
    young = rows[rows["cohort"] == "18w-11m"]
    assert set(young["status"]) == {"no_children"}
    assert young["estimate"].isna().all()


def test_clusters_of_surprisingly_low_coverage_are_listed_lowest_first():
    one = told(
        children("child | cluster\nA | 1\nB | 1\nC | 2\nD | 3"),
        "child | dose | source | answer | date\nA | dtp1 | history | yes | -\nD | dtp1 | history | yes | -",
    )
    low = estimates.low_clusters(one, "dtp1", below=0.8)
    assert low[["cluster", "vaccinated", "children", "share"]].to_numpy().tolist() == [
        ["2", 0, 1, 0.0],
        ["1", 1, 2, 0.5],
    ]
    with pytest.raises(RecordRefused, match="a share up to 1"):
        estimates.low_clusters(one, "dtp1", below=80)


def test_children_are_compared_by_vaccination_status():
    one = told(
        FOUR,
        "child | dose | source | answer | date\nA | dtp1 | history | yes | -\nB | dtp3 | history | yes | -",
        answers=said("child | question | answer\nA | benefits | 1\nC | benefits | 4"),
    )
    assert counts(one, "besd_positive", "benefits", domain_kind="vaccination", domain="dropout") == (0, 1)
    assert counts(one, "besd_positive", "benefits", domain_kind="vaccination", domain="zero_dose") == (1, 1)


def test_choices_that_cannot_be_made_are_refused(survey, whole):
    cleaned, _ = survey
    with pytest.raises(RecordRefused, match="policy: expected one of RECORDS_NOT_SOUGHT"):
        record(cleaned, MALI, policy="both")
    with pytest.raises(RecordRefused, match="groups: expected some of sex"):
        estimates.estimate(whole, groups=("ethnicity",))
    with pytest.raises(RecordRefused, match="a dose of this round"):
        estimates.estimate(told(FOUR, asked=replace(ROUND, doses=("mcv1",))), groups=("vaccination",))
    twice = said("child | question | answer\nA | benefits | 1\nA | benefits | 4")
    with pytest.raises(RecordRefused, match="got benefits of A again"):
        told(FOUR, answers=twice)


def test_a_round_of_few_doses_gives_what_can_be_computed():
    one = told(FOUR, asked=replace(ROUND, doses=("mcv1",), cohorts=(OLDER,)))
    rows = estimates.estimate(one)
    assert set(rows["detail"]) >= {"mcv1"}
    assert "zero_dose" not in set(rows["indicator"])
    assert np.isfinite(rows["level"]).all()
    assert YOUNGER.name not in set(rows["cohort"])
