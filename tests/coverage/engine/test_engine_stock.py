"""Stock: its density against a plain slow copy, over-reporting where it is open, and what cannot be used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from kalanso.coverage import Evidence, Posterior, Question, estimate
from kalanso.coverage import records as r
from kalanso.coverage.denominator_pieces import level_density
from kalanso.coverage.designing import design
from kalanso.coverage.drawing import draw_of
from kalanso.coverage.evidence_tables import STOCK
from kalanso.coverage.model import Model
from kalanso.coverage.open_pieces import open_density, open_reporting
from kalanso.coverage.plans import Plan
from kalanso.coverage.priors import default_priors
from kalanso.coverage.records import Pulls
from kalanso.coverage.stock_term import Stock
from kalanso.coverage.terms import unheard
from kalanso.simulation.evidence_country import simulate_evidence
from kalanso.simulation.evidence_settings import EvidenceSettings, Normal, ReportingSettings, SurveySettings

pytestmark = pytest.mark.long


@pytest.mark.parametrize("recount", [0.0, 0.02])
@pytest.mark.parametrize("wild", [False, True])
def test_open_over_reporting_integrates_to_the_level_in_which_it_is_hidden(
    recount: float, wild: bool
) -> None:
    residuals, precisions = np.array([0.2, -0.9]), np.array([25.0, 9.0])
    present, rho = np.ones(2), np.array([0.05, 0.04, 0.1, recount])
    slopes, logs, s = np.zeros(8), np.zeros(3), 0.5
    z = np.linspace(-12, 12, 4001)

    open_ = [open_density(s, one, residuals, precisions, present, wild, rho, 0.0, slopes, logs) for one in z]

    hidden = level_density(s, residuals, precisions, present, wild, rho, slopes, logs)
    assert np.log(np.trapezoid(np.exp(open_), z) / np.sqrt(2 * np.pi)) == pytest.approx(hidden)


def _placed(model: Model) -> tuple[Stock, np.ndarray]:
    rng = np.random.default_rng(8)
    term = next(one for one in model.terms if isinstance(one, Stock))
    return term, model.start() + 0.2 * rng.normal(size=model.size)


def test_stock_is_the_plain_density_of_vials_about_doses_given(stock_model: Model) -> None:
    term, x = _placed(stock_model)
    state = stock_model.state(x)
    at = stock_model.layout.setting(state.gamma, stock_model.frame)
    shares = stock_model.shares(state, at)
    n, t = stock_model.design.shape

    found, _ = term.density(state.gamma, at, shares, Pulls.none(n, t, stock_model.design.further.size))

    late, sd = at.scale[r.KERNEL], float(np.exp(stock_model.layout.at(state.gamma, "stock_sd")))
    slow = 0.0
    for d in range(len(term.stock.places)):
        quarters = np.flatnonzero(term.stock.seen[d])
        given = dict.fromkeys(range(t), 0.0)
        for m in np.flatnonzero(term.stock.place_of == d):
            i = term.stock.rows[m]
            true = np.exp(shares.offset[i] - shares.rho[i]) * shares.p[i]
            for quarter in range(t):
                q = shares.q[i, quarter]
                second, third = true[quarter] * np.sqrt(q), true[quarter] * q
                if quarter > 0:
                    before = shares.q[i, quarter - 1]
                    second += late / 2 * (true[quarter - 1] * np.sqrt(before) - second)
                    third += late * (true[quarter - 1] * before - third)
                older = term.stock.late[m, quarter] / np.exp(shares.rho[i]) * (1 + np.sqrt(q) + q)
                given[quarter] += true[quarter] + second + third + older
        logs = np.log([given[quarter] for quarter in quarters])
        used = term.stock.log_used[d, quarters] + term.stock.level[d]
        wasted = shares.further[stock_model.design.further.stock][d] + term.stock.level[d] - logs.mean()
        slow += stats.t.logpdf(used - logs - wasted, 4, scale=sd).sum()
        slow -= len(quarters) * (gammaln(2.5) - gammaln(2.0) - 0.5 * np.log(4 * np.pi))
        norm = term.stock.expected_wastage[d] + stock_model.layout.at(state.gamma, "wastage")
        slow += -0.5 * ((wasted - norm) / term.own_sd) ** 2 - 0.5 * (min(wasted, 0) / term.record_sd) ** 2
    assert found == pytest.approx(slow)


def test_a_population_drawn_where_over_reporting_is_open_is_that_of_the_state(stock_model: Model) -> None:
    _, x = _placed(stock_model)
    state = stock_model.state(x)
    at = stock_model.layout.setting(state.gamma, stock_model.frame)
    shares = stock_model.shares(state, at)

    drawn = draw_of(stock_model, x, np.random.default_rng(0))

    open_ = stock_model.design.further.open
    assert np.log(drawn.infants[open_]) == pytest.approx(
        (shares.offset - shares.rho[:, None])[open_], abs=1e-4
    )


def test_over_reporting_is_centred_where_neither_side_is_surprised() -> None:
    found, share, spread = open_reporting(
        0.25, 0.0, np.array([0.2]), np.array([1e6]), np.array([True]), np.array([0.05, 0.04, 0.0, 0.0])
    )

    assert found == pytest.approx(0.05, abs=1e-3)
    assert 0 < share <= 1
    assert spread > 0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("D0001", "2022Q1", 100.0)], "stock_short"),
        ([("D0001", "1999Q1", 100.0)], "stock_short"),
        ([(p, f"2022Q{q}", 100.0) for p in ("SIM", "D0001") for q in (1, 2, 3)], "stock_twice"),
    ],
)
def test_stock_that_cannot_be_used_is_left_aside_with_its_reason(
    small_evidence: Evidence, rows: list[tuple[str, str, float]], said: str
) -> None:
    frame = STOCK.typed([dict(zip(("place_code", "period", "doses_used"), row, strict=True)) for row in rows])
    evidence = replace(small_evidence, stock=frame)

    found = design(evidence, Question(stock=True), default_priors()).stock

    assert said in found.refused
    assert found.places == (["D0001"] if said == "stock_twice" else [])
    assert f"coverage.unheard.{said}" in [message.id for message in unheard(evidence, Question(stock=True))]


def test_without_third_doses_stock_says_nothing(stock_evidence: Evidence) -> None:
    found = design(stock_evidence, Question(stock=True, dtp3=False), default_priors())

    assert found.stock.refused == ("stock_without_dtp3",)
    assert found.further.size == 0


def test_stock_that_is_switched_off_changes_no_coordinate(stock_evidence: Evidence) -> None:
    found = design(stock_evidence, Question(stock=False), default_priors())

    assert found.further.size == 0
    assert (found.targets.open == -1).all()


def _national(found: Posterior) -> np.ndarray:
    infants = found.surviving_infants
    return np.asarray((infants * found.dtp1_coverage).sum(axis=(1, 2)) / infants.sum(axis=(1, 2)))


def test_vials_show_doses_that_were_never_given() -> None:
    """Registers that report a third more doses than were given, and no survey: only vials can tell."""
    settings = EvidenceSettings(
        surveys=SurveySettings(stock=True, clusters=0), reporting=ReportingSettings(bias=Normal(0.3, 0.0)),
    )  # fmt: skip
    tables, truth = simulate_evidence(20, 8, np.random.default_rng(5), settings=settings)
    evidence = Evidence.of(**tables)
    plan = Plan(pilot=40, learning=(60,), settling=60, block=200, most=200, effective=float("inf"))

    with_, without = (
        estimate(evidence, Question(stock=use, preview=True, draws=200), np.random.default_rng(1), plan=plan)
        for use in (True, False)
    )

    infants = truth.surviving_infants
    true = float((infants * truth.dtp1_coverage).sum() / infants.sum())
    heard, deaf = _national(with_), _national(without)
    # Three runs of 1,200 iterations leave .71 to .73 of the gap.
    assert abs(heard.mean() - true) < 0.8 * abs(deaf.mean() - true)
    assert abs(heard.mean() - true) < 3 * heard.std()
    assert with_.diagnostics["terms"]["kinds"] == {"stock": 1}
    assert with_.diagnostics["terms"]["areas"] == 20
