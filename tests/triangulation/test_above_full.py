"""Does every leaf of the tree need its evidence, and is nothing called established without it?"""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest

from kalanso.triangulation import above_full
from kalanso.triangulation.causes import BRANCHES, Facts, decide
from tests.triangulation.dossiers import counts, districts, lay, mali, table

LEAVES = [
    ("numerator_established", {"recount_ratio": 0.7}, ("recounted",)),
    ("numerator_established", {"used_ratio": 1.3}, ("more_than_used",)),
    ("numerator_indicated", {"serious_findings": 3}, ("doubtful_reports",)),
    ("numerator_indicated", {"visit_ratio": 0.6}, ("visit_apart",)),
    ("numerator_indicated", {"independent_coverage": 1.05}, ("impossible_elsewhere",)),
    ("denominator_established", {"independent_coverage": 0.92}, ("possible_elsewhere",)),
    ("denominator_indicated", {"implied_ratio": 0.75}, ("survey_implies",)),
    ("denominator_indicated", {"target_jump": -0.2}, ("target_fell",)),
    ("denominator_indicated", {"years_above": 4}, ("years_in_a_row",)),
    ("catchment_indicated", {"sibling_deficit": 0.8, "parent_coverage": 0.9}, ("neighbours_lack",)),
    ("several", {"years_above": 4, "visit_ratio": 0.6}, ("visit_apart", "years_in_a_row")),
    ("several", {"recount_ratio": 0.7, "independent_coverage": 0.9}, ("recounted", "possible_elsewhere")),
    ("not_established", {}, ()),
    (
        "not_established",
        {"recount_ratio": 1.0, "used_ratio": 0.9, "serious_findings": 0, "visit_ratio": 1.0},
        (),
    ),
    ("not_established", {"sibling_deficit": 0.8, "parent_coverage": 1.2}, ()),
]


@pytest.mark.parametrize(("leaf", "known", "branches"), LEAVES)
def test_each_leaf_is_reached_by_its_evidence(
    leaf: str, known: dict[str, float], branches: tuple[str, ...]
) -> None:
    verdict = decide(Facts(coverage=1.3, **known))  # type: ignore[arg-type]

    assert verdict.leaf == leaf
    assert verdict.branches == branches


def test_what_is_shown_directly_outweighs_indications_of_another_cause() -> None:
    verdict = decide(Facts(coverage=1.3, recount_ratio=0.7, years_above=5, implied_ratio=0.6))

    assert (verdict.leaf, verdict.branches) == ("numerator_established", ("recounted",))


def test_no_cause_is_established_without_direct_evidence() -> None:
    values = {"serious_findings": (None, 9), "visit_ratio": (None, 0.1), "implied_ratio": (None, 0.1), "target_jump": (None, -0.9),
              "years_above": (None, 20), "sibling_deficit": (None, 5.0)}  # fmt: skip

    for chosen in product(*values.values()):
        facts = Facts(coverage=3.0, parent_coverage=0.5, **dict(zip(values, chosen, strict=True)))  # type: ignore[arg-type]
        assert not decide(facts).established


def test_the_verdict_names_what_would_settle_it() -> None:
    assert decide(Facts(coverage=1.1)).missing == (
        "recount_ratio",
        "used_ratio",
        "independent_coverage",
        "sibling_deficit",
    )


def test_coverage_that_is_possible_has_no_cause_to_look_for() -> None:
    with pytest.raises(ValueError, match="expected more than 1"):
        decide(Facts(coverage=0.99))


def test_every_branch_has_a_name_of_its_own() -> None:
    assert len({branch.name for branch in BRANCHES}) == len(BRANCHES)


def test_mali_exceeds_even_the_united_nations_infants_so_the_target_alone_cannot_be_the_cause() -> None:
    answer = above_full.compare(mali())

    assert list(answer.rows["period"]) == [str(year) for year in range(2015, 2023)]
    # 2022: 934,526 doses for 892,365 infants of the United Nations, and eight years above 100 % in a row.
    assert answer.rows.set_index("period").loc["2022", "verdict"] == "several"
    (told,) = answer.findings
    assert told.message.id == "triangulation.above_full.several"
    assert told.message.params["branches"] == ["impossible_elsewhere", "years_in_a_row"]
    assert told.message.params["excess"] == 934526 - 876191


def _reported(rows: list[tuple[str, int, int]]) -> pd.DataFrame:
    full = [
        (place, 2022, "dtp1", "moh", "administrative", doses / target, doses, target)
        for place, doses, target in rows
    ]
    return table("place_code year indicator source kind value doses target", full)


def test_children_from_next_door_show_as_what_the_neighbours_lack() -> None:
    coverage = _reported([("ML", 270, 300), ("D01", 130, 100), ("D02", 70, 100), ("D03", 70, 100)])

    (told,) = above_full.compare(lay(places=districts(3), coverage=coverage)).findings

    assert told.message.id == "triangulation.above_full.catchment_indicated"
    assert told.place_code == "D01"


def test_a_recount_and_vials_reach_the_tree() -> None:
    coverage = _reported([("D01", 130, 100), ("D02", 130, 100)])
    recounts = table("place_code year recounted reported", [("D01", 2022, 80, 130)])
    stock = table(
        "place_code period product used given",
        [("D02", f"2022{month:02d}", "penta", 20, 30) for month in range(1, 13)],
    )

    told = above_full.compare(
        lay(places=districts(2), coverage=coverage, recounts=recounts, stock=stock)
    ).findings

    assert {found.place_code: found.message.params["branches"] for found in told} == {
        "D01": ["recounted"],
        "D02": ["more_than_used"],
    }
    assert {found.message.id for found in told} == {"triangulation.above_full.numerator_established"}


def test_findings_of_quality_and_doses_of_one_visit_reach_the_tree() -> None:
    coverage = _reported([("D01", 130, 100)])
    quality = table(
        "check source place_code period indicator detail severity message",
        [("copies", "s", "D01", "202203", "dtp1_doses", "", "serious", "m"), ("outliers", "s", "D01", "202205", "dtp1_doses", "", "serious", "m"),
         ("outliers", "s", "D01", "202205", "dtp3_doses", "", "note", "m")],
    )  # fmt: skip
    doses = pd.concat(
        [counts("dtp1_doses", [("D01", 2022, 130.0)]), counts("opv1_doses", [("D01", 2022, 90.0)])]
    )

    (told,) = above_full.compare(
        lay(places=districts(1), coverage=coverage, quality=quality, counts=doses)
    ).findings

    assert told.message.params["branches"] == ["doubtful_reports", "visit_apart"]
