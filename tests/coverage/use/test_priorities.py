"""Do a district's priorities follow from the draws, and does each row say what to do?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso import definitions
from kalanso.coverage import priorities
from kalanso.vocabulary import Message

PACK = definitions.load("ML")


def set_to(case, p1, keep):
    """Give every quarter and draw of an area the same coverage and the same dropout."""
    for at, (share, kept) in enumerate(zip(p1, keep, strict=True)):
        case.posterior.dtp1_coverage[:, at, :] = share
        case.posterior.dtp3_coverage[:, at, :] = np.float32(share * kept)
    return case


def test_categories_follow_access_and_dropout(made_up):
    case = set_to(made_up([0.5] * 4, draws=20), [0.9, 0.9, 0.6, 0.6], [0.95, 0.8, 0.95, 0.8])
    table = priorities.categories(case.posterior, case.evidence, access_minimum=0.8, dropout_maximum=0.1)
    assert tuple(table.columns) == priorities.CATEGORY_COLUMNS
    of_areas = table[table["place_level"] == "area"]
    assert of_areas["category"].tolist() == [1, 2, 3, 4]
    assert (of_areas["category_probability"] == 1).all()


def test_category_probabilities_are_shares_of_draws_and_sum_to_one(made_up):
    case = made_up(sd=0.8)
    table = priorities.categories(case.posterior, case.evidence, access_minimum=0.8, dropout_maximum=0.1)
    chances = table[[f"probability_category_{k}" for k in (1, 2, 3, 4)]]
    assert np.allclose(chances.sum(axis=1), 1)
    n = case.posterior.surviving_infants[:, 4, 4:].astype(float)
    first = (n * case.posterior.dtp1_coverage[:, 4, 4:]).sum(axis=1)
    third = (n * case.posterior.dtp3_coverage[:, 4, 4:]).sum(axis=1)
    both_poor = (first / n.sum(axis=1) < 0.8) & ((first - third) / first >= 0.1)
    assert table.set_index("place_code").loc["A04", "probability_category_4"] == pytest.approx(
        both_poor.mean()
    )


def test_a_district_list_is_ordered_and_complete(made_up):
    case = made_up([0.9, 0.5, 0.85, 0.4, 0.8, 0.7, 0.3, 0.9])
    table = priorities.priority_list(case.posterior, case.evidence, PACK)
    assert tuple(table.columns) == priorities.PRIORITY_COLUMNS
    assert set(table["district_code"]) == {"D0", "D1"}
    for _, rows in table.groupby("district_code"):
        assert rows["position"].tolist() == [1, 2, 3, 4]
        assert rows["missed_children_mean"].is_monotonic_decreasing
        assert rows["group"].is_monotonic_increasing
        assert 1 <= rows["probability_in_district_half"].sum() <= 4
    assert table.iloc[0]["place_code"] == "A03"
    for row in table.itertuples():
        for locale in ("fr", "en"):
            assert row.place_code in Message.from_json(row.message, row.params).render(locale)
            assert row.place_code in Message.from_json(row.action, row.action_params).render(locale)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"probability_category_3": 0.9}, "reach"),
        ({"probability_category_3": 0.9, "own_evidence_share": 0.1}, "reach_unseen"),
        ({"probability_category_2": 0.7}, "keep_children"),
        ({"probability_category_1": 0.9}, "carry_on"),
        ({"probability_category_1": 0.5, "probability_category_3": 0.5, "coverage_q025": 0.5}, "find_out"),
        ({"probability_category_3": 0.9, "finding": "denominators"}, "check_denominators"),
        ({"probability_category_3": 0.9, "finding": "numerators"}, "check_numerators"),
        ({"probability_category_3": 0.9, "finding": "catchments"}, "check_catchments"),
        ({f"probability_category_{k}": np.nan for k in (1, 2, 3, 4)}, "no_category"),
    ],
)
def test_what_is_not_known_is_found_out_before_anything_is_done(changes, said):
    row = {
        "place_code": "A01", "coverage_q025": 0.82, "coverage_q975": 0.95, "own_evidence_share": 0.8,
        "finding": "", **{f"probability_category_{k}": 0.0 for k in (1, 2, 3, 4)},
    } | changes  # fmt: skip
    message = priorities.action(row, PACK)
    assert message.id == f"coverage.action.{said}"
    assert message.render("fr") != message.render("en")


def test_the_ledger_reaches_the_list(made_up):
    case = made_up([0.5] * 4)
    ledger = pd.DataFrame(
        {"place_code": ["A00", "A01", "A02", "A03"], "own_share": [0.1, 0.9, 0.9, 0.9], "finding": ["", "numerators", "", ""]}
    )  # fmt: skip
    table = priorities.priority_list(case.posterior, case.evidence, PACK, ledger=ledger).set_index(
        "place_code"
    )
    assert table.loc["A00", "action"] == "coverage.action.reach_unseen"
    assert table.loc["A01", "action"] == "coverage.action.check_numerators"
    assert table.loc["A02", "own_evidence_share"] == 0.9
    with pytest.raises(ValueError, match="A03"):
        priorities.priority_list(case.posterior, case.evidence, PACK, ledger=ledger[:3])


def test_without_dtp3_there_is_a_list_but_no_category(made_up):
    case = made_up(dtp3=False)
    table = priorities.priority_list(case.posterior, case.evidence, PACK)
    assert (table["category"] == 0).all()
    assert set(table["action"]) == {"coverage.action.no_category"}
    with pytest.raises(ValueError, match="dtp3"):
        priorities.categories(case.posterior, case.evidence, access_minimum=0.8, dropout_maximum=0.1)


@pytest.mark.parametrize("limits", [(80, 0.1), (0.8, 0)])
def test_percents_are_refused_as_limits(made_up, limits):
    case = made_up(draws=3)
    with pytest.raises(ValueError, match="share between 0 and 1"):
        priorities.categories(
            case.posterior, case.evidence, access_minimum=limits[0], dropout_maximum=limits[1]
        )
