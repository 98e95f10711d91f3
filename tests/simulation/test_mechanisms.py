"""Does each mechanism of the example country do what it says, seen alone?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso.simulation.attendance import Attendance
from kalanso.simulation.children import AGES, Vaccinated, vaccinated
from kalanso.simulation.coverage import FIELD_RANGE, Reach, smooth_field
from kalanso.simulation.faults import Planted, _transposed, plant
from kalanso.simulation.stock import stock_records, unbalance
from kalanso.simulation.timeline import BEFORE, MONTHS, REPORTED, SPAN, by_quarter, month, quarter


def followed(
    service: float = 1.0, penta: float = 1.0, rounds: float = 0.0, share: float = 0.8
) -> tuple[Vaccinated, int]:
    """Follow a thousand children a month in each of three areas."""
    shape = (3, SPAN)
    surviving = np.full(shape, 1000)
    reach = Reach(
        dtp1=np.full(shape, share), stay=np.full(shape, 0.95), bcg=np.full(shape, 0.9),
        mcv1=np.full(shape, 0.7), mcv2=np.full(shape, 0.6),
    )  # fmt: skip
    strength = np.zeros(shape)
    strength[:, BEFORE + 20] = rounds
    children = vaccinated(
        np.full(shape, 1060), surviving, reach, np.full(shape, service), np.full(shape, penta), strength,
        np.random.default_rng(5),
    )  # fmt: skip
    return children, surviving[:, REPORTED].sum()


def test_where_nothing_goes_wrong_the_reachable_share_is_vaccinated_by_12_months() -> None:
    children, born = followed(share=0.8)
    assert children.dtp1_by_12m[:, BEFORE:].sum() / born == pytest.approx(0.8, abs=0.01)


def test_without_service_or_without_vaccine_nobody_gets_dtp1() -> None:
    for children, _ in (followed(service=0.0), followed(penta=0.0)):
        assert children.doses["dtp1"].sum() == 0
        assert children.doses["dtp3"].sum() == 0


def test_without_penta_other_antigens_are_still_given() -> None:
    children, _ = followed(penta=0.0)
    assert children.doses["pcv1"].sum() > 0
    assert children.doses["mcv1"].sum() > 0


def test_half_a_service_delays_more_children_than_it_loses() -> None:
    children, born = followed(service=0.5)
    assert 0.55 < children.dtp1_by_12m[:, BEFORE:].sum() / born < 0.78


def test_a_catch_up_round_shrinks_the_backlog_by_the_doses_it_gives() -> None:
    without, _ = followed(rounds=0.0)
    with_round, _ = followed(rounds=1.0)
    given_doses = with_round.catch_up[:, 20].sum()
    assert given_doses > 0
    assert with_round.catch_up.sum() == given_doses
    fewer = without.backlog[:, 20, 1:].sum() - with_round.backlog[:, 20, 1:].sum()
    assert fewer == pytest.approx(given_doses, rel=0.15)


def test_doses_by_month_and_by_cohort_are_the_same_children() -> None:
    children, _ = followed()
    steady = children.doses["dtp1"][:, 12:36].sum() / 24
    by_birth = children.dtp1_by_12m[:, BEFORE + 6 : BEFORE + 30].sum() / 24
    assert steady == pytest.approx(by_birth, rel=0.02)


def test_doses_of_one_child_keep_their_order() -> None:
    children, _ = followed(service=0.8, penta=0.7)
    assert (children.dtp3_by_12m <= children.dtp1_by_12m).all()
    assert (children.dtp1_by_12m <= children.dtp1_by_24m).all()
    assert AGES == 60


def slowly_spread(children: int, shares: list[float], rng: np.random.Generator) -> list[int]:
    """Send children one by one."""
    seen = [0] * len(shares)
    for choice in rng.choice(len(shares), size=children, p=shares):
        seen[choice] += 1
    return seen


def test_children_are_spread_over_facilities_as_if_sent_one_by_one() -> None:
    shares = [0.6, 0.0, 0.1, 0.2, 0.1, 0.0]
    options = np.array([[0, -1, 1, 2, 3, -1]])
    attending = Attendance(
        options=options,
        shares=np.repeat(np.array(shares)[None, :, None], MONTHS, axis=2),
        access=np.ones((1, MONTHS)),
    )
    children = np.full((1, MONTHS), 2000)

    fast = attending.spread(children, None, 4, np.random.default_rng(1))

    assert (fast.sum(axis=0) == 2000).all()
    slow = slowly_spread(2000, shares, np.random.default_rng(2))
    assert fast.mean(axis=1) == pytest.approx([slow[0], slow[2], slow[3], slow[4]], rel=0.15)


def test_children_go_where_the_vaccine_is() -> None:
    attending = Attendance(
        options=np.array([[0, -1, 1, -1, -1, -1]]),
        shares=np.repeat(np.array([0.5, 0, 0.5, 0, 0, 0])[None, :, None], MONTHS, axis=2),
        access=np.ones((1, MONTHS)),
    )
    stock = np.array([np.zeros(MONTHS), np.ones(MONTHS)])
    spread = attending.spread(np.full((1, MONTHS), 100), stock, 2, np.random.default_rng(1))
    assert spread[0].sum() == 0
    assert (spread[1] == 100).all()


@settings(max_examples=25, derandomize=True)
@given(
    st.lists(st.integers(0, 300), min_size=6, max_size=6), st.lists(st.floats(0.1, 1), min_size=6, max_size=6)
)
def test_stock_balances_and_each_opening_is_the_closing_before(
    given_doses: list[int], in_stock: list[float]
) -> None:
    records = stock_records(
        np.array([given_doses]), np.array([in_stock]), np.array([0.1]), np.random.default_rng(1)
    )
    flows = (
        records["stock_opening_doses"]
        + records["doses_received"]
        - records["doses_used"]
        - records["doses_wasted"]
    )
    assert (flows == records["stock_closing_doses"]).all()
    assert (records["stock_opening_doses"][:, 1:] == records["stock_closing_doses"][:, :-1]).all()
    assert (records["stock_closing_doses"] >= 0).all()
    assert (records["doses_received"] % 10 == 0).all()


def test_a_planted_imbalance_is_remembered_with_both_numbers() -> None:
    records = {"stock_closing_doses": np.full((200, 36), 50)}
    planted = Planted()
    unbalance(records, planted, np.zeros((200, 36), dtype=bool), np.random.default_rng(1))
    kind, facility, months, _, _, true, wrong = planted.lines[0]
    assert kind == "stock_unbalanced"
    assert (true == 50).all()
    assert (records["stock_closing_doses"][facility, months] == wrong).all()
    assert (wrong != 50).all()


@given(st.integers(0, 99_999))
def test_transposing_twice_gives_the_number_back(number: int) -> None:
    turned = _transposed(np.array([number]))
    assert _transposed(turned)[0] == number
    assert sorted(str(turned[0]).zfill(6)) == sorted(str(number).zfill(6))


def test_where_nothing_may_be_touched_nothing_is() -> None:
    doses = {
        name: np.full((50, MONTHS), 40)
        for name in ("bcg", "dtp1", "dtp2", "dtp3", "opv1", "pcv1", "ipv1", "mcv1", "mcv2", "yf")
    }
    planted = Planted()
    everywhere = np.ones((50, MONTHS), dtype=bool)
    written = plant(doses, everywhere, everywhere, planted, np.random.default_rng(1))
    assert all((written[name] == doses[name]).all() for name in doses)
    assert sum(len(line[1]) for line in planted.lines) == 0


def test_the_smooth_field_is_alike_nearby_and_unrelated_far_away() -> None:
    line = np.array([[0.0, 0.0], [0.1 * FIELD_RANGE, 0.0], [6 * FIELD_RANGE, 0.0]])
    draws = np.array([smooth_field(line, np.random.default_rng(seed)) for seed in range(400)])
    likeness = np.corrcoef(draws.T)
    assert draws.var() == pytest.approx(1.0, abs=0.15)
    assert likeness[0, 1] > 0.95
    assert abs(likeness[0, 2]) < 0.15


def test_months_and_quarters_count_from_january_2021() -> None:
    assert (month(2021, 1), month(2020, 12), month(2024, 12)) == (0, -1, 47)
    assert (quarter("2021Q1"), quarter("2024Q4")) == (0, 15)
    assert by_quarter(np.arange(6)).tolist() == [3, 12]
