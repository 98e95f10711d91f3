"""Do the chapters beside the indicators tell responses, weights, differences and answers, in VCQI's order, and hide small cells?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kalanso.figures.documents import Grid, Heading, Picture
from kalanso.figures.survey_report import ORDER, survey_report
from kalanso.figures.survey_tables import chance
from kalanso.figures.survey_words import decimals
from kalanso.surveys.beside import CURVE_COLUMNS, Beside
from kalanso.surveys.weight_origins import WeightOrigin
from tests.figures.test_survey_report import ROWS, facts, row, words

RESPONSES = pd.DataFrame(
    {
        "stratum": ["A", "all"], "clusters": [12, 12], "homes": [100, 100], "homes_done": [90, 90], "homes_refused": [4, 4], "homes_absent": [6, 6],
        "homes_other": [0, 0], "asked": [92, 92], "agreed": [88, 88], "refused": [4, 4], "analysed": [87, 87],
    }
).astype({"homes": "Int64", "homes_done": "Int64"})  # fmt: skip
BESIDE = Beside(
    responses=RESPONSES,
    composition=pd.DataFrame(
        [("12-23m", "sex", "female", 60, 0.5, 70.0, 0.55), ("12-23m", "sex", "male", 60, 0.5, 57.0, 0.45),
         ("12-23m", "displaced", "no", 90, 0.75, 95.0, 0.7), ("12-23m", "displaced", "yes", 20, 0.17, 22.0, 0.2), ("12-23m", "displaced", "", 10, 0.08, 10.0, 0.1)],
        columns=["cohort", "kind", "value", "children", "share", "weighted_children", "weighted_share"],
    ),
    weights=pd.DataFrame(
        [("12-23m", "all", 24, 120, 1.0, 2.0, 9.5, 240.0, 1.3), ("12-23m", "A", 12, 60, 1.0, 2.0, 9.5, 120.0, 1.25)],
        columns=["cohort", "stratum", "clusters", "children", "lowest", "middle", "highest", "total", "unequal"],
    ),
    origin=WeightOrigin(kind="followed", factors=("p_cluster", "p_segment", "p_household", "base_weight", "household_response"), beside=True, rows=24),
    schedule=pd.DataFrame({"dose": ["dtp1"], "due": [42], "least_age": [42], "least_interval": [np.nan], "from": [None], "scope": ["everywhere"], "to_confirm": [True]}),
    schedule_version="0a1b2c3d4e5f",
    low_clusters=pd.DataFrame({"cohort": ["12-23m"], "stratum": ["A"], "clusters": [12], "low": [3]}),
    pipes=pd.DataFrame({"cohort": "12-23m", "stratum": "A", "cluster": ["v1", "v2"], "value": [0.9, 0.4], "weight": [1.0, 2.0], "children": [9, 8]}),
    curves=pd.DataFrame(
        [("18w-11m", "dtp1", "censored", 60, 0.5, 0.4, 0.6, 90, 3, 12, 2), ("12-23m", "dtp1", "followed", 60, 0.4, np.nan, np.nan, 88, 0, np.nan, np.nan)], columns=list(CURVE_COLUMNS)
    ),
    contrasts=pd.DataFrame(
        {"cohort": "12-23m", "kind": ["stratum", "sex"], "first": ["A", "female"], "second": ["B", "male"], "first_share": [0.7, 0.8], "second_share": [0.9, 0.79],
         "difference": [0.2, -0.01], "low": [0.05, -0.11], "high": [0.35, 0.09], "p_value": [0.0004, 0.84], "adjusted_p": [0.012, 0.84]}
    ),
    drivers=pd.DataFrame(
        {"cohort": "12-23m", "item": "intention", "status": ["zero_dose", "dropout", "dtp3"], "estimate": [np.nan, 0.6, 0.9], "low": [np.nan, 0.5, 0.8], "high": [np.nan, 0.7, 0.95],
         "children": [12, 40, 80], "shown": ["suppressed", "bracketed", "shown"], "p_value": 0.034}
    ),
)  # fmt: skip
PRECISE = [
    {**one, "design_effect": 1.52, "icc": 0.081, "weighted_children": 400.0, "clusters": 24} for one in ROWS
]
ASKED = row("besd_positive", "intention", "12-23m", "all", 0.7)
TWO = row("crude_coverage", "dtp1", "18w-11m", "A", 0.62)


def told(locale="en", beside=BESIDE, rows=None):
    return survey_report(facts(rows or [*PRECISE, TWO, ASKED], beside=beside), locale)


def grid_with(document, heading):
    return next(one for one in document.blocks if isinstance(one, Grid) and heading in one.headings)


def test_chapters_stand_in_the_order_of_vcqi_and_are_counted() -> None:
    headings = [one.text for one in told().blocks if isinstance(one, Heading) and one.text[0].isdigit()]
    assert [one.split(".")[0] for one in headings] == [str(n) for n in range(1, len(headings) + 1)]
    names = [one.split(". ")[1] for one in headings]
    order = [
        "The children of the survey",
        "Crude coverage",
        "Clusters with low coverage",
        "At which age doses come",
        "Differences between strata and between groups",
    ]
    assert [name for name in names if name in order] == order
    assert (
        ORDER.index("dropout")
        < ORDER.index("documents")
        < ORDER.index("curves")
        < ORDER.index("timing")
        < ORDER.index("differences")
    )


def test_responses_say_who_was_asked_and_who_was_there() -> None:
    homes = grid_with(told(), "Response")
    assert list(homes.rows[0]) == ["Ségou", "12", "100", "90", "4", "6", "0", "90%"]
    talks = grid_with(told(), "Agreement")
    assert list(talks.rows[-1]) == ["Together", "12", "92", "88", "4", "87", "96%"]


def test_without_a_household_list_the_report_says_what_is_not_known() -> None:
    nobody = RESPONSES.assign(
        **{name: pd.array([None, None], dtype="Int64") for name in RESPONSES if name.startswith("homes")}
    )
    found = told("fr", replace(BESIDE, responses=nobody))
    assert "La liste des ménages n’a pas été fournie" in words(found)
    assert not [one for one in found.blocks if isinstance(one, Grid) and "Réponse" in one.headings]


def test_design_weights_and_schedule_are_told() -> None:
    said = words(told())
    assert "] × non-response of households" in said
    assert "24 clusters" in said
    assert "version 0a1b2c3d4e5f, of which 1 rows" in said
    weights = grid_with(told(), "1 + CV²")
    assert weights.rows[0][-1] == "1.30"


@pytest.mark.parametrize(
    ("origin", "said", "unsaid"),
    [
        (BESIDE.origin, "Checked: this product is the weight in all 24 rows", "raked"),
        (WeightOrigin(rows=24), "received ready-made", "Checked"),
        (WeightOrigin(kind="equal", rows=24), "every child counts the same", "ready-made"),
        (WeightOrigin(kind="partial", factors=("raking",), rows=24), "chance of being drawn is missing", "Checked"),
        (replace(BESIDE.origin, differing=3, lacking=1), "another number in 3, and a factor is missing in 1", "Checked"),
        (replace(BESIDE.origin, margins={"sex": {"female": 0.496, "male": 0.504}, "stratum": {"A": 300, "B": 700}}, raked_low=0.94, raked_high=1.08),
         "multiplied by 0.94 to 1.08", "ready-made"),
        (replace(BESIDE.origin, factors=("base_weight", "raking")), "raking done before this analysis", "ready-made"),
    ],
)  # fmt: skip
def test_the_report_says_where_its_weights_come_from(origin, said, unsaid) -> None:  # type: ignore[no-untyped-def]
    found = words(told(beside=replace(BESIDE, origin=origin)))
    assert said in found
    assert unsaid not in found
    assert words(told("fr", replace(BESIDE, origin=origin)))


def test_the_population_of_margins_is_told_in_words() -> None:
    margins = {"sex": {"female": 0.496, "male": 0.504}, "stratum": {"A": 300, "B": 700}, "cohort": {"12-23m": 1.0}, "place_code": {"ML-1": 1.0}}  # fmt: skip
    document = told(
        "fr", replace(BESIDE, origin=replace(BESIDE.origin, margins=margins, raked_low=0.9, raked_high=1.1))
    )
    found = words(document)
    assert "Filles 49,6" in found.replace("\u202f", " ")
    assert "multipliés par 0,90 à 1,10" in found


def test_small_groups_of_the_sample_are_hidden_with_the_next_one_and_answers_that_lack_are_not() -> None:
    sample = grid_with(told(), "Share weighted")
    cells = {line[0]: list(line[1:]) for line in sample.rows}
    assert cells["Girls"] == ["60", "50%", "55%"]
    assert [cells[name][0] for name in ("Displaced households", "Other households")] == ["–", "–"]
    assert cells["Displacement: no answer"] == ["10", "8%", "10%"]


def test_precision_stands_beside_the_shares() -> None:
    found = grid_with(told(), "DEFF").rows
    assert list(found[0])[:1] == ["Crude coverage: DTP1"]
    assert list(found[0][2:]) == ["5.0", "52% ; 68%", "1.52", "0.081", "90", "400", "24"]


def test_pairs_bear_the_corrected_p_and_answers_the_rao_scott_test() -> None:
    pairs = grid_with(told(), "p corrected").rows
    assert list(pairs[0]) == ["Ségou → Niono", "70%", "90%", "20.0 (5.0 ; 35.0)", "< 0.001", "0.012"]
    assert pairs[1][0] == "Girls → Boys"
    assert "‡" not in pairs[1][3]
    drivers = grid_with(told(), "Zero-dose").rows
    assert list(drivers[0][1:]) == ["–", "[60% (50–\u206070)]", "90% (80–\u206095)", "0.034"]


@pytest.mark.parametrize(("low", "high", "p"), [(0.02, 0.35, 0.07), (-0.01, 0.35, 0.04)])
def test_a_pair_whose_interval_and_test_disagree_is_marked_and_the_note_says_so(low, high, p) -> None:
    own = BESIDE.contrasts.assign(low=low, high=high, p_value=p, adjusted_p=p)
    found = grid_with(told(beside=replace(BESIDE, contrasts=own)), "p corrected")
    assert all(one[3].endswith(" ‡") for one in found.rows)
    assert "‡: the interval and the test do not say the same" in found.note
    assert "‡" not in grid_with(told(), "p corrected").note


def test_pictures_name_no_cluster_and_both_cohorts_stand_side_by_side() -> None:
    kinds = [one.figure.kind for one in told().blocks if isinstance(one, Picture)]
    assert kinds.count("organ_pipe") == 1
    assert kinds.count("age_curves") == 2
    both = next(
        one.figure
        for one in told().blocks
        if isinstance(one, Picture) and one.figure.data.get("series", pd.Series(dtype=str)).nunique() == 2
    )
    assert both.kind == "inchworms"
    pipe = next(
        one.figure for one in told().blocks if isinstance(one, Picture) and one.figure.kind == "organ_pipe"
    )
    assert "v1" not in pipe.table.to_string()


def test_a_report_without_these_tables_leaves_their_chapters_out() -> None:
    names = [one.text for one in told(beside=Beside()).blocks if isinstance(one, Heading)]
    assert not [one for one in names if "Differences" in one or "At which age" in one or "Clusters" in one]


@pytest.mark.parametrize(
    ("value", "locale", "said"), [(-0.04, "fr", "0,0"), (None, "fr", "–"), (-1.26, "en", "−1.3")]
)
def test_numbers_are_written_as_readers_write_them(value, locale, said) -> None:  # type: ignore[no-untyped-def]
    assert decimals(value, 1, locale) == said
    assert chance(0.00001, "fr") == "< 0,001"


def test_a_curve_says_without_how_many_clusters_weights_could_not_be_raked_anew() -> None:
    said = next(
        one.figure.caption
        for one in told().blocks
        if isinstance(one, Picture) and one.figure.kind == "age_curves"
    )
    assert "one or another of 2 clusters weights could no longer be raked" in str(said)
    curves = BESIDE.curves.assign(not_raked=0)
    silent = [
        one.figure.caption
        for one in told(beside=replace(BESIDE, curves=curves)).blocks
        if isinstance(one, Picture)
    ]
    assert not any("could no longer be raked" in str(one) for one in silent)
