"""Other pairs of doses: MCV1 after DTP1, MCV2 after MCV1, each read back onto the cohorts of the first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import Evidence, Question, estimate
from kalanso.coverage.designing import design
from kalanso.coverage.evidence_tables import DOSES, SURVEYS
from kalanso.coverage.frame import Frame
from kalanso.coverage.layout import Layout
from kalanso.coverage.model import Model
from kalanso.coverage.plans import Plan
from kalanso.coverage.posterior import Posterior
from kalanso.coverage.priors import default_priors
from kalanso.coverage.question import QuestionRefused
from kalanso.coverage.records import RECORDING
from kalanso.coverage.run_tables import run_tables
from kalanso.coverage.steps import STEPS
from kalanso.coverage.terms import terms_of, unheard
from kalanso.coverage.writing import draw_rows
from tests.coverage.engine.slopes import assert_slopes, globals_and_areas

BRIEF = Plan(pilot=6, learning=(16,), settling=5, block=20, most=20, effective=float("inf"))


def early(evidence: Evidence) -> Evidence:
    """The same clusters, of children due in the first three quarters."""
    start, end = evidence.periods[0], evidence.periods[2]
    return replace(evidence, surveys=evidence.surveys.assign(start=start, end=end))


def relabelled(evidence: Evidence, first: str, second: str, lag: int) -> Evidence:
    """The same children, their third doses of DTP named `second` and given `lag` quarters later."""
    doses = evidence.doses.copy()
    later = dict(zip(evidence.periods, [*evidence.periods[lag:], *[""] * lag], strict=True))
    third = doses["indicator"] == "dtp3_doses"
    doses.loc[third, "period"] = doses.loc[third, "period"].map(later)
    doses["indicator"] = doses["indicator"].map(
        {"dtp1_doses": f"{first}_doses", "dtp3_doses": f"{second}_doses"}
    )
    surveys = evidence.surveys.copy()
    third = surveys["indicator"] == "dtp3"
    for name in ("start", "end"):
        surveys.loc[third, name] = surveys.loc[third, name].map(later)
    surveys["indicator"] = surveys["indicator"].map({"dtp1": first, "dtp3": second})
    surveys = surveys[(surveys["start"] != "") & (surveys["end"] != "")]
    return replace(
        evidence,
        doses=doses[doses["period"] != ""].reset_index(drop=True),
        surveys=surveys.reset_index(drop=True),
    )


def model_of(evidence: Evidence, question: Question) -> Model:
    priors = default_priors()
    layout = Layout(design(evidence, question, priors), priors)
    frame = Frame.plain(layout.scales(layout.start), *layout.design.shape)
    return Model(layout, frame, terms_of(evidence, question, layout))


def test_the_schedule_gives_the_quarters_between_doses() -> None:
    assert {pair: step.lag for pair, step in STEPS.items()} == {
        ("dtp1", "dtp3"): 0, ("dtp1", "mcv1"): 2, ("mcv1", "mcv2"): 2,
    }  # fmt: skip


def test_slopes_agree_with_differences_where_the_second_dose_comes_later(small_evidence: Evidence) -> None:
    evidence = relabelled(early(small_evidence), "dtp1", "mcv1", 2)
    model = model_of(evidence, Question(second="mcv1"))
    assert model.design.reports.seen3[:, 2:].any()
    assert {0, 1} <= set(model.design.clusters.kind)
    rng = np.random.default_rng(0)
    x = model.start() + 0.1 * rng.normal(size=model.size)

    assert_slopes(model, x, globals_and_areas(model, 2))


def test_the_same_children_under_other_names_have_the_same_density(small_evidence: Evidence) -> None:
    """Reports of the last cohorts are not there yet, so they are taken from both sides."""
    lag, last = 2, small_evidence.periods[-2:]
    plain = small_evidence.doses
    plain = plain[~((plain["indicator"] == "dtp3_doses") & plain["period"].isin(last))]
    bare = early(replace(small_evidence, doses=plain))
    one = model_of(bare, Question(delay=False))
    two = model_of(relabelled(bare, "dtp1", "mcv1", lag), Question(second="mcv1", delay=False))

    for name in ("start", "kind", "first", "last", "vaccinated", "children"):
        assert np.array_equal(getattr(one.design.clusters, name), getattr(two.design.clusters, name)), name
    rng = np.random.default_rng(1)
    x, y = (one.start() + 0.1 * rng.normal(size=one.size) for _ in range(2))
    # What both doses of one quarter share is of the quarter in which they are given: none of it here.
    x[one.layout.blocks["shared_scatter"]], x[one.layout.blocks["timing"]] = -14.0, 0.0
    # Priors of globals differ, so they stand still, and so do recording errors, which are wider for MCV1.
    for state in (one.state(x), one.state(y)):
        state.tips[:, RECORDING] = 0.0
    gaps = []
    for model in (one, two):
        y_own = y.copy()
        y_own[: model.layout.size] = x[: model.layout.size]
        gaps.append(model(x)[0] - model(y_own)[0])
    assert gaps[0] == pytest.approx(gaps[1], rel=1e-6)


def test_a_fall_of_going_on_shows_in_the_cohort_that_was_due_not_when_the_dose_was(
    small_evidence: Evidence,
) -> None:
    """Of children due DTP1 up to the third quarter 90 % went on to MCV1, of later ones 45 %."""
    periods = [f"{year}Q{quarter}" for year in (2022, 2023, 2024) for quarter in (1, 2, 3, 4)]
    areas = small_evidence.areas[:8]
    rows = []
    for area in areas:
        for t, period in enumerate(periods):
            rows.append((area, period, "dtp1_doses", 100))
            own, before = t - 2, t - 3
            if before >= 0:
                share = [0.9 if c <= 4 else 0.45 for c in (own, before)]
                rows.append((area, period, "mcv1_doses", round(100 * (0.5 * share[0] + 0.5 * share[1]))))
    doses = pd.DataFrame(rows, columns=["place_code", "period", "indicator", "value"])
    evidence = Evidence.of(
        places=[{"place_code": area} for area in areas],
        doses=DOSES.typed(doses.assign(reports_received=3.0, reports_expected=3.0)),
        denominators=[{"source": "census", "place_code": a, "period": 2023, "surviving_infants": 480.0} for a in areas],
        surveys=SURVEYS.empty(),
    )  # fmt: skip
    plan = Plan(pilot=15, learning=(40,), settling=15, block=60, most=60, effective=float("inf"))
    question = Question(second="mcv1", preview=True, draws=80)
    posterior = estimate(evidence, question, np.random.default_rng(1), plan=plan)

    going_on = (posterior.dtp3_coverage / posterior.dtp1_coverage).mean(axis=(0, 1))
    assert going_on[1:5].mean() > 0.75
    assert going_on[6:10].mean() < 0.6
    assert (posterior.dtp3_coverage <= posterior.dtp1_coverage).all()
    assert "coverage.unheard.tables_of_dtp" in posterior.diagnostics["unheard"]


@pytest.fixture(scope="module")
def of_measles(small_evidence: Evidence) -> tuple[Posterior, Evidence, Question]:
    evidence = relabelled(early(small_evidence), "mcv1", "mcv2", 2)
    question = Question(first="mcv1", second="mcv2", preview=True, draws=20)
    return estimate(evidence, question, np.random.default_rng(1), plan=BRIEF), evidence, question


def test_every_output_names_its_dose(of_measles: tuple[Posterior, Evidence, Question]) -> None:
    posterior, evidence, question = of_measles
    tables = run_tables(posterior, evidence, question, np.random.default_rng(2))

    assert posterior.indicators == ("mcv1", "mcv2")
    assert set(posterior.fitted) == {"mcv1_doses", "mcv2_doses"}
    assert set(posterior.diagnostics["totals"]) == {
        "mcv1_coverage", "mcv2_coverage", "surviving_infants", "children_without_mcv1", "children_without_mcv2",
    }  # fmt: skip
    for name, table in tables.items():
        if "indicator" in table.column_names and name != "fit_checks":
            assert set(table.column("indicator").to_pylist()) <= {"mcv1", "mcv2", ""}, name
    assert set(tables["coverage_estimates"].column("indicator").to_pylist()) == {"mcv1", "mcv2"}
    assert set(tables["fit_checks"].column("indicator").to_pylist()) >= {
        "mcv1",
        "mcv2",
        "mcv1_doses",
        "mcv2_doses",
    }
    assert {
        name
        for name in ("dropout_children", "priorities", "living_backlog", "method_comparison")
        if tables[name].num_rows
    } == set()
    first = next(draw_rows(posterior))
    assert {"mcv1_coverage", "mcv2_coverage"} <= set(first.column_names)
    params = " ".join(
        tables["pockets"].column("params").to_pylist()
        + tables["coverage_changes"].column("params").to_pylist()
    )
    assert "dtp1" not in params


def test_the_usual_doses_are_the_default_and_other_pairs_are_refused(small_evidence: Evidence) -> None:
    assert Question() == Question(first="dtp1", second="dtp3")
    assert Question.from_dict({"first": "mcv1", "second": "mcv2"}).step.lag == 2
    for first, second in (("dtp3", "dtp1"), ("mcv1", "dtp3"), ("bcg", "mcv1")):
        with pytest.raises(QuestionRefused, match="dtp1, mcv1"):
            Question(first=first, second=second)
    assert unheard(small_evidence, Question()) == ()


def test_rows_on_other_doses_move_nothing(small_evidence: Evidence) -> None:
    other = relabelled(small_evidence, "mcv1", "mcv2", 0)
    both = replace(
        small_evidence,
        doses=pd.concat([small_evidence.doses, other.doses], ignore_index=True),
        surveys=pd.concat([small_evidence.surveys, other.surveys], ignore_index=True),
    )
    question = Question(preview=True, draws=20)
    one, two = (estimate(e, question, np.random.default_rng(1), plan=BRIEF) for e in (small_evidence, both))

    assert np.array_equal(one.dtp1_coverage, two.dtp1_coverage)
