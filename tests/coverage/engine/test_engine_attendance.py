"""Attendance outside the own area: its density against a plain slow copy, its map, and what it mends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from kalanso.coverage import Evidence, Question, estimate
from kalanso.coverage import records as r
from kalanso.coverage.attendance_design import attendance_design, ways_of
from kalanso.coverage.attendance_term import Attendance
from kalanso.coverage.designing import design
from kalanso.coverage.drawing import draw_of
from kalanso.coverage.evidence_tables import ATTENDANCE
from kalanso.coverage.model import Model, State
from kalanso.coverage.plans import Plan
from kalanso.coverage.priors import default_priors
from kalanso.coverage.records import Pulls, Setting, Shares
from kalanso.coverage.report_density import MOST_EXCESS
from kalanso.coverage.terms import unheard
from kalanso.coverage.variational import fit_gaussian
from kalanso.coverage.whitener import Whitener
from kalanso.simulation.evidence_country import simulate_evidence
from kalanso.simulation.evidence_settings import EvidenceSettings, ReportingSettings, Uniform

pytestmark = pytest.mark.long


def _placed(model: Model) -> tuple[Attendance, State, Setting, Shares]:
    rng = np.random.default_rng(8)
    term = next(one for one in model.terms if isinstance(one, Attendance))
    state = model.state(model.start() + 0.2 * rng.normal(size=model.size))
    at = model.layout.setting(state.gamma, model.frame)
    return term, state, at, model.shares(state, at)


def _slow_chances(term: Attendance, attraction: np.ndarray) -> np.ndarray:
    count = len(term.ways.areas)
    odds = np.eye(count)
    for home, away, pull, weight in zip(
        term.ways.home, term.ways.away, term.ways.pull, term.ways.log_weight, strict=True
    ):
        odds[home, away] += np.exp(attraction[pull] + weight)
    return odds / odds.sum(axis=1, keepdims=True)


def _slow_count(y: float, mu: float, kappa: float, reports: r.Reports) -> float:
    wide, share = reports.outlier_kappa, reports.outlier_share
    regular = stats.nbinom.logpmf(y, kappa, kappa / (kappa + mu))
    outlier = stats.nbinom.logpmf(y, wide, wide / (wide + mu)) + np.log(share / (1 - share))
    return float(np.logaddexp(regular, outlier) + gammaln(y + 1))


def test_reports_are_the_plain_density_of_doses_given_to_whoever_came(hub_model: Model) -> None:
    term, state, at, shares = _placed(hub_model)
    layout, reports = hub_model.layout, term.ways.reports
    n, t = hub_model.design.shape
    chances = _slow_chances(term, state.gamma[layout.blocks["attraction"]])
    registers = shares.further[hub_model.design.further.registers]

    found, _ = term.density(state.gamma, at, shares, Pulls.none(n, t, hub_model.design.further.size))

    slow, late = 0.0, at.scale[r.KERNEL]
    for k, i in enumerate(term.ways.areas):
        first, third = np.zeros(t), np.zeros(t)
        for j, home in enumerate(term.ways.areas):
            due = np.exp(shares.offset[home]) * shares.p[home]
            for quarter in range(t):
                first[quarter] += chances[j, k] * due[quarter]
                given = due[quarter] * shares.q[home, quarter]
                if quarter > 0:
                    given += late * (due[quarter - 1] * shares.q[home, quarter - 1] - given)
                third[quarter] += chances[j, k] * given
        rho = registers[k] - np.log(first).mean()
        sd = at.scale[r.LOCALR]
        slow += -0.5 * ((rho - shares.reporting[i]) / sd) ** 2 - np.log(sd)
        for quarter in range(t):
            both = rho + at.timing[quarter]
            excess = 0.0
            if reports.seen1[i, quarter]:
                y, kappa = reports.y1[i, quarter], at.scale[r.KAPPA1]
                usual = first[quarter] * np.exp(
                    both + at.scale[r.COMPLETE] * reports.log_complete1[i, quarter]
                )
                slow += _slow_count(y, usual, kappa, reports)
                excess = MOST_EXCESS * np.tanh(np.log((kappa + y) / (kappa + usual)) / MOST_EXCESS)
            if reports.seen3[i, quarter]:
                usual = third[quarter] * np.exp(
                    both + at.scale[r.COMPLETE] * reports.log_complete3[i, quarter]
                )
                mean = usual * np.exp(shares.slip[i] + at.scale[r.SHARED] * excess)
                slow += _slow_count(reports.y3[i, quarter], mean, at.scale[r.KAPPA3], reports)
    assert found == pytest.approx(slow)


def test_all_children_go_somewhere_and_none_is_lost(hub_model: Model) -> None:
    term, state, _, _ = _placed(hub_model)

    moving = term.moving.matrix(term.chances(state.gamma)).toarray()

    assert moving.sum(axis=1) == pytest.approx(1.0)
    assert moving == pytest.approx(_slow_chances(term, state.gamma[hub_model.layout.blocks["attraction"]]))


def test_reports_are_heard_once(hub_evidence: Evidence) -> None:
    found = design(hub_evidence, Question(), default_priors())

    moving = found.attendance.areas
    assert not found.reports.seen1[moving].any()
    assert found.counted[moving].any()
    assert (found.targets.open[moving] == r.POPULATION).all()


def test_children_due_are_those_of_residents_and_reports_those_of_the_register(hub_model: Model) -> None:
    term, state, at, shares = _placed(hub_model)

    drawn = draw_of(hub_model, state.vector, np.random.default_rng(0))

    rows = term.members
    assert np.log(drawn.infants[rows]) == pytest.approx(shares.offset[rows], abs=1e-4)
    assert drawn.doses1[rows] == pytest.approx(term.reported(state.gamma, at, shares)[0], rel=1e-5)


def test_the_map_of_moving_children_and_its_transpose_agree(hub_model: Model) -> None:
    rng = np.random.default_rng(2)
    fitted = fit_gaussian(hub_model, hub_model.start(), rng, whitener=Whitener.of(hub_model))
    y, z = rng.normal(size=(2, hub_model.size))

    assert fitted.moved < 4.0
    assert y @ fitted.map.spread(z) == pytest.approx(fitted.map.back(y) @ z)


def _ways(evidence: Evidence, *rows: dict[str, object]) -> tuple[set[tuple[str, str, str]], bool]:
    found, lost = ways_of(replace(evidence, attendance=ATTENDANCE.typed(list(rows))))
    return {(evidence.areas[a], evidence.areas[b], name) for a, b, name in found}, lost


def test_a_hub_attracts_the_place_named_or_the_one_above_it() -> None:
    places = [("ML", ""), ("D", "ML"), ("a", "D"), ("b", "D"), ("c", "ML")]
    evidence = Evidence.of(
        places=[{"place_code": code, "parent_code": above} for code, above in places],
        neighbours=[{"place_code": "b", "neighbour_code": "c"}],
    )

    assert _ways(evidence, {"place_code": "a", "kind": "hub"}) == ({("b", "a", "a")}, False)
    assert _ways(evidence, {"place_code": "a", "kind": "hub", "from_code": "ML"}) == (
        {("b", "a", "a"), ("c", "a", "a")}, False,
    )  # fmt: skip
    # Only b lies inside D; c is beside it but outside, and keeps its children.
    assert _ways(evidence, {"place_code": "D", "kind": "neighbours"}) == ({("b", "c", "neighbours")}, False)
    assert _ways(evidence, {"place_code": "a", "kind": "neighbours"}) == (set(), True)
    both = ({"place_code": "c", "kind": "hub", "from_code": "D"}, {"place_code": "D", "kind": "neighbours"})
    assert _ways(evidence, *both)[0] == {("a", "c", "c"), ("b", "c", "c")}


def test_a_row_that_leads_nowhere_is_said_and_a_part_switched_off_is_not(small_evidence: Evidence) -> None:
    lone = ATTENDANCE.typed([{"place_code": "A00001", "kind": "hub", "from_code": "A00001"}])
    evidence = replace(small_evidence, attendance=lone)

    assert [one.id for one in unheard(evidence, Question())] == ["coverage.unheard.attendance_nowhere"]
    assert unheard(evidence, Question(attendance=False)) == ()
    assert unheard(evidence, Question(routine=False)) == ()


def test_a_stated_share_moves_what_is_believed_of_a_hub(small_evidence: Evidence) -> None:
    rows = [{"place_code": "A00001", "kind": "hub", "from_code": small_evidence.country, "share": 0.3}]
    priors = default_priors()
    reports = design(small_evidence, Question(), priors).reports

    found = attendance_design(
        replace(small_evidence, attendance=ATTENDANCE.typed(rows)), Question(), priors, reports
    )

    assert 1 / (1 + np.exp(-found.mean)) == pytest.approx(0.3)
    assert found.sd == pytest.approx(0.5)


def test_without_attendance_nothing_is_moved(small_evidence: Evidence, hub_evidence: Evidence) -> None:
    for evidence, question in ((small_evidence, Question()), (hub_evidence, Question(attendance=False))):
        found = design(evidence, question, default_priors())
        assert found.further.size == 0
        assert (found.targets.open == r.HIDDEN).all()
        assert np.array_equal(found.reports.seen1, found.counted)


def test_a_hub_beyond_all_its_children_is_not_a_wrong_denominator() -> None:
    """Two fifths of a district's children come to its hub, which no census could enter and whose doses exceed
    its children: without the term they raise its population."""
    settings = EvidenceSettings(reporting=ReportingSettings(hubs=1.0, hub_share=Uniform(0.4, 0.4)))
    tables, truth = simulate_evidence(20, 8, np.random.default_rng(4), settings=settings)
    evidence = Evidence.of(**tables)
    hub = [evidence.area_index[code] for code in evidence.attendance["place_code"]]
    plan = Plan(pilot=30, learning=(50,), settling=20, block=100, most=100, effective=float("inf"))
    doses = evidence.doses[evidence.doses["indicator"] == "dtp1_doses"]
    of_hub = doses[doses["place_code"].isin(evidence.attendance["place_code"])]
    assert of_hub["value"].sum() > 1.3 * truth.surviving_infants[hub].sum() * len(of_hub) / 8 / len(hub)

    off, inside, drawn = {}, {}, {}
    for use in (True, False):
        question = Question(attendance=use, preview=True, draws=200)
        found = estimate(evidence, question, np.random.default_rng(1), plan=plan)
        infants = found.surviving_infants[:, hub].sum(axis=2)
        true = truth.surviving_infants[hub].sum(axis=1)
        off[use] = float(np.log(infants.mean(axis=0) / true).mean())
        low, high = np.quantile(infants, [0.025, 0.975], axis=0)
        inside[use] = bool(((low < true) & (true < high)).all())
        drawn[use] = found
    assert abs(off[True]) < 0.75 * abs(off[False])
    assert inside[True]
    names = list(drawn[True].warm_start["names"])
    share = 1 / (1 + np.exp(-drawn[True].warm_start["gamma"][:, names.index("attraction")]))
    assert np.quantile(share, 0.01) < 0.4 < np.quantile(share, 0.99)
