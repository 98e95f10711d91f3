"""Strata of one area: the offset keeps coverage, slopes against differences, and effects that are found again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit

from kalanso.coverage import Evidence, Question, estimate
from kalanso.coverage.designing import design
from kalanso.coverage.evidence_tables import STRATA, SURVEYS
from kalanso.coverage.frame import Frame
from kalanso.coverage.layout import Layout
from kalanso.coverage.model import Model
from kalanso.coverage.plans import Plan
from kalanso.coverage.priors import default_priors
from kalanso.coverage.strata_design import contrasts
from kalanso.coverage.strata_pieces import strata_shares, stratum_means, stratum_means_back
from tests.coverage.engine.slopes import assert_slopes, globals_and_areas

WEIGHTS = np.array([0.2, 0.5, 0.3])
EFFECTS1, EFFECTS3 = np.array([0.9, -0.4, 0.1]), np.array([0.3, 0.2, -0.5])


def slow_shares(mean: float, weights: np.ndarray, effects: np.ndarray) -> np.ndarray:
    offset = brentq(lambda c: weights @ expit(logit(mean) + effects - c) - mean, -9, 9, xtol=1e-14)
    return expit(logit(mean) + effects - offset)


@pytest.mark.parametrize("mean", [1e-6, 0.03, 0.6, 0.97, 1 - 1e-6])
def test_strata_share_out_an_areas_coverage_exactly(mean: float) -> None:
    found = np.empty(3)
    strata_shares(mean, WEIGHTS, EFFECTS1, found)

    assert found == pytest.approx(slow_shares(mean, WEIGHTS, EFFECTS1), rel=1e-9)
    assert WEIGHTS @ found == pytest.approx(mean, rel=1e-10)
    moved = np.empty(3)
    strata_shares(mean, WEIGHTS, EFFECTS1 + 5.0, moved)
    assert moved == pytest.approx(found, rel=1e-9)


def test_an_area_of_one_stratum_is_that_stratum() -> None:
    found = np.empty(2)
    strata_shares(0.7, np.array([1.0, 0.0]), np.array([0.8, -0.8]), found)

    assert found[0] == pytest.approx(0.7)
    assert found[1] == pytest.approx(expit(logit(0.7) - 1.6))


def test_both_doses_of_all_strata_add_up_to_the_area() -> None:
    base, going = 0.7, 0.8
    pairs = [stratum_means(s, base, going, WEIGHTS, EFFECTS1, EFFECTS3, np.zeros((5, 3))) for s in range(3)]

    assert sum(w * one for w, (one, _) in zip(WEIGHTS, pairs, strict=True)) == pytest.approx(base)
    assert sum(w * one * three for w, (one, three) in zip(WEIGHTS, pairs, strict=True)) == pytest.approx(
        base * going
    )


def test_slopes_of_strata_agree_with_differences() -> None:
    point = np.array([0.7, 0.8, *EFFECTS1, *EFFECTS3])

    def value(x: np.ndarray) -> float:
        one, three = stratum_means(1, x[0], x[1], WEIGHTS, x[2:5].copy(), x[5:8].copy(), np.zeros((5, 3)))
        return 2.0 * one - 3.0 * three

    room, in1, in3 = np.zeros((5, 3)), np.zeros(3), np.zeros(3)
    stratum_means(1, 0.7, 0.8, WEIGHTS, EFFECTS1, EFFECTS3, room)
    d_base, d_going = stratum_means_back(1, 2.0, -3.0, 0.7, WEIGHTS, room, in1, in3)

    for j, slope in enumerate([d_base, d_going, *in1, *in3]):
        step = 1e-6 * np.eye(8)[j]
        assert slope == pytest.approx((value(point + step) - value(point - step)) / 2e-6, abs=1e-7)


def test_contrasts_sum_to_zero_and_are_orthonormal() -> None:
    found = contrasts(4)
    assert found.sum(axis=0) == pytest.approx(np.zeros(3))
    assert found.T @ found == pytest.approx(np.eye(3))
    assert contrasts(0).shape == (0, 0)


def _surveyed(
    evidence: Evidence, gap: float, clusters: int = 3, asked: dict[str, int] | None = None
) -> Evidence:
    """Every area surveyed in town and village, whose log odds differ by `gap` about the same coverage."""
    rng = np.random.default_rng(0)
    rows = []
    for area in evidence.areas:
        for name, sign in (("urban", 0.5), ("rural", -0.5)):
            for number in range(clusters):
                children = (asked or {}).get(name, 20)
                one = rng.binomial(children, expit(0.8 + sign * gap))
                three = rng.binomial(one, 0.8)
                told = {"survey": "s", "cluster": f"{area}{name}{number}", "place_code": area, "stratum": name,
                        "start": evidence.periods[1], "end": evidence.periods[3], "children": children}  # fmt: skip
                rows += [
                    told | {"indicator": "dtp1", "vaccinated": one},
                    told | {"indicator": "dtp3", "vaccinated": three},
                ]
    return replace(evidence, surveys=SURVEYS.typed(rows))


def _shares(evidence: Evidence, urban: float) -> Evidence:
    rows = [("urban", urban), ("rural", 1 - urban)]
    told = [{"place_code": evidence.country, "stratum": name, "share": share} for name, share in rows]
    return replace(evidence, strata=STRATA.typed(told))


def test_slopes_of_a_model_with_strata_agree_with_differences(small_evidence: Evidence) -> None:
    evidence = _shares(_surveyed(small_evidence, 1.0, clusters=1), 0.3)
    # A cluster of third doses without first ones, and one whose children had no stratum.
    rows = evidence.surveys.copy()
    rows = rows[~((rows["place_code"] == evidence.areas[0]) & (rows["indicator"] == "dtp1"))]
    rows.loc[rows["place_code"] == evidence.areas[1], "stratum"] = ""
    evidence = replace(evidence, surveys=rows)
    priors = default_priors()
    layout = Layout(design(evidence, Question(), priors), priors)
    model = Model(layout, Frame.plain(layout.scales(layout.start), *layout.design.shape))
    assert set(model.design.clusters.kind) == {0, 1, 2}
    assert layout.design.strata.names == ["rural", "urban"]
    rng = np.random.default_rng(0)
    x = model.start() + 0.2 * rng.normal(size=model.size)

    assert_slopes(model, x, globals_and_areas(model, 2))


def test_a_gap_between_town_and_village_is_found_and_weighs_as_children_live(
    small_evidence: Evidence,
) -> None:
    plan = Plan(pilot=10, learning=(20,), settling=10, block=50, most=50, effective=float("inf"))
    bare = replace(small_evidence, doses=small_evidence.doses.iloc[:0])
    evidence = _surveyed(bare, 1.5, asked={"urban": 40, "rural": 10})
    urban = 0.1
    posterior = estimate(
        _shares(evidence, urban), Question(preview=True, draws=60), np.random.default_rng(1), plan=plan
    )

    rural, town = posterior.globals_["strata1"].mean(axis=0)
    assert town - rural == pytest.approx(1.5, abs=0.4)
    truth = urban * expit(0.8 + 0.75) + (1 - urban) * expit(0.8 - 0.75)
    asked = 0.8 * expit(0.8 + 0.75) + 0.2 * expit(0.8 - 0.75)
    found = float(posterior.dtp1_coverage.mean())
    assert found == pytest.approx(truth, abs=0.06)
    assert found < asked - 0.06


def test_strata_that_never_meet_in_an_area_have_no_effect(small_evidence: Evidence) -> None:
    rows = small_evidence.surveys.assign(stratum=small_evidence.surveys["place_code"])
    layout = Layout(
        design(replace(small_evidence, surveys=rows), Question(), default_priors()), default_priors()
    )

    assert layout.design.strata.names == []
    assert layout.size == Layout(design(small_evidence, Question(), default_priors()), default_priors()).size
