"""Does the estimate say where it must not be used, and what each source is worth?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import Question, guards
from kalanso.coverage.faults import EvidenceRefused
from kalanso.vocabulary import Message

COVERAGE = [0.9, 0.5, 0.85, 0.4, 0.8, 0.7, 0.6, 0.75]


def tables():
    areas = [f"A{at:02d}" for at in range(8)]
    doses = pd.DataFrame({"place_code": areas, "period": "2024Q4", "indicator": "dtp1_doses", "value": 30.0})
    denominators = pd.DataFrame(
        [(source, area, 2024, 220.0) for source in ("census", "projection") for area in areas],
        columns=["source", "place_code", "period", "surviving_infants"],
    )
    listed = pd.DataFrame(
        {"source": ["census", "projection"], "parent_source": ["", "census"], "anchor": [True, False]}
    )
    surveys = pd.DataFrame(
        [(name, str(at), area, "2023Q1", "2023Q4", "dtp1", 7.0, 10.0) for name in ("DHS", "MICS") for at, area in enumerate(areas)],
        columns=["survey", "cluster", "place_code", "start", "end", "indicator", "vaccinated", "children"],
    )  # fmt: skip
    return {"doses": doses, "denominators": denominators, "denominator_sources": listed, "surveys": surveys}


def said(messages):
    return [message.id.removeprefix("coverage.refusal.") for message in messages]


def test_a_sure_estimate_with_all_kinds_of_evidence_is_refused_nowhere(made_up):
    case = made_up(COVERAGE, sd=0.05, **tables())
    assert guards.refusals(case.posterior, case.evidence) == ()
    table = guards.usability(case.posterior, case.evidence)
    assert tuple(table.columns) == guards.USE_COLUMNS
    assert table["usable"].all()


def test_an_unsure_estimate_is_refused_level_by_level(made_up):
    case = made_up(COVERAGE, sd=1.2, **tables())
    messages = guards.refusals(case.posterior, case.evidence)
    assert "area" in said(messages)
    for message in messages:
        assert message.render("fr") != message.render("en")
    table = guards.usability(case.posterior, case.evidence)
    shares = case.posterior.dtp1_coverage[:, 1, 4:]
    n = case.posterior.surviving_infants[:, 1, 4:]
    low, high = np.quantile((shares * n).sum(axis=1) / n.sum(axis=1), [0.025, 0.975], method="weibull")
    row = table.set_index("place_code").loc["A01"]
    assert row["width"] == pytest.approx(high - low, rel=1e-4)
    assert not row["usable"]
    assert (
        Message.from_json(row["message"], row["params"]).render("en").startswith("A01: DTP1 coverage between")
    )
    tight = guards.refusals(case.posterior, case.evidence, limit=0.01)
    assert {"area", "parent", "country"} <= set(said(tight))


def test_one_place_alone_that_is_unsure_is_told_in_the_singular_and_in_points(made_up, monkeypatch):
    case = made_up(COVERAGE, sd=0.05, **tables())
    table = guards.usability(case.posterior, case.evidence)
    first = (
        table.index[table["place_level"] == "area"][0]
        if "area" in set(table["place_level"])
        else table.index[-1]
    )
    unsure = table.assign(usable=table.index != first)
    monkeypatch.setattr(guards, "usability", lambda *_args, **_more: unsure)
    monkeypatch.setattr(guards, "MOST_PLACES", 1.1)

    (message,) = guards.refusals(case.posterior, case.evidence, limit=0.35)

    assert said([message]) == ["one_area"]
    assert message.render("fr").startswith("Une aire de santé sur ")
    assert "a un intervalle de plus de 35 points : ne pas la comparer" in message.render("fr")


def test_missing_kinds_of_evidence_are_said(made_up):
    case = made_up(COVERAGE, sd=0.05)
    assert said(guards.refusals(case.posterior, case.evidence)) == ["no_survey", "no_population", "no_doses"]


def test_every_source_can_be_left_out_and_only_that_one_goes(made_up):
    case = made_up(COVERAGE, **tables())
    sources = guards.sources_of(case.evidence)
    assert sources == [
        ("doses", "doses"), ("surveys", "DHS"), ("surveys", "MICS"), ("denominators", "census"), ("denominators", "projection"),
    ]  # fmt: skip
    less = guards.without(case.evidence, "surveys", "DHS")
    assert set(less.surveys["survey"]) == {"MICS"}
    assert len(less.doses) == len(case.evidence.doses)
    less = guards.without(case.evidence, "denominators", "census")
    assert less.denominator_sources["source"].tolist() == ["projection"]
    assert less.denominator_sources["parent_source"].tolist() == [""]
    with pytest.raises(ValueError, match="expected one of"):
        guards.without(case.evidence, "surveys", "unheard of")


def test_leaving_out_a_source_shows_how_much_wider_intervals_become(made_up):
    case = made_up(COVERAGE, sd=0.1, **tables())
    asked = []

    def estimate(evidence, question, rng):
        """Stand in for the engine: without the surveys of MICS all is three times as unsure."""
        assert question.preview
        asked.append(rng.integers(1000))
        if not len(evidence.doses):
            raise EvidenceRefused("coverage.evidence.no_period", file="doses")
        sd = 0.3 if "MICS" not in set(evidence.surveys["survey"]) else 0.1
        return made_up(COVERAGE, sd=sd, **tables()).posterior

    steps = []
    table = guards.without_each_source(
        case.posterior, case.evidence, Question(), estimate, progress=lambda name, share: steps.append(share)
    )
    assert tuple(table.columns) == guards.WITHOUT_COLUMNS
    assert len(set(asked)) == 1  # the same chance for all
    assert steps[-1] == 1
    by = table.set_index(["source", "place_level"])["width_ratio_median"]
    assert by["MICS", "area"] == pytest.approx(3, rel=0.15)
    assert by["DHS", "area"] == pytest.approx(1)
    none = table[table["source"] == "doses"]
    assert none["message"].tolist() == ["coverage.without.impossible"]
    for row in table.itertuples():
        assert Message.from_json(row.message, row.params).render("fr")


def test_a_shorter_series_is_compared_where_both_speak(made_up):
    given = tables()
    given["denominators"] = given["denominators"].assign(period=2009)
    case = made_up(COVERAGE, sd=0.1, **given)

    def estimate(evidence, question, rng):
        return made_up(COVERAGE, sd=0.1, periods=evidence.periods).posterior

    table = guards.without_each_source(case.posterior, case.evidence, Question(), estimate).set_index(
        "source"
    )
    assert table.loc["doses", "width_ratio_median"].notna().all()  # surveys of 2023 are left
    given.pop("surveys")
    case = made_up(COVERAGE, sd=0.1, **given)
    table = guards.without_each_source(case.posterior, case.evidence, Question(), estimate).set_index(
        "source"
    )
    assert table.loc["doses", "message"] == "coverage.without.impossible"  # populations of 2009 are left


def test_an_engine_that_goes_astray_without_a_source_stops_nothing(made_up):
    case = made_up(COVERAGE, sd=0.1, **tables())
    astray = replace(case.posterior, surviving_infants=case.posterior.surviving_infants * np.float32(np.inf))
    table = guards.without_each_source(case.posterior, case.evidence, Question(), lambda *_: astray)
    assert set(table["message"]) == {"coverage.without.impossible"}


def test_two_posteriors_are_compared_above_the_areas(made_up):
    case, same = made_up(COVERAGE, sd=0.05), made_up(COVERAGE, sd=0.05, seed=4)
    table = guards.compared(case.posterior, same.posterior, case.evidence, name="cut")
    assert tuple(table.columns) == guards.COMPARED_COLUMNS
    assert set(table["place_code"]) == {"ML", "R0", "D0", "D1"}
    assert set(table["message"]) == {"coverage.compared.close"}
    lower = replace(case.posterior, dtp1_coverage=case.posterior.dtp1_coverage * np.float32(0.8))
    table = guards.compared(case.posterior, lower, case.evidence, name="cut")
    assert set(table["message"]) == {"coverage.compared.apart"}
    assert (table["difference_sd"] < -2).all()
    with pytest.raises(ValueError, match="same areas"):
        guards.compared(case.posterior, made_up([0.5]).posterior, case.evidence, name="cut")


def test_populations_stand_beside_the_estimated_ones(made_up):
    case = made_up(COVERAGE, infants=50.0, **tables())
    table = guards.corrected_populations(case.posterior, case.evidence)
    assert set(table["period"]) == {"2024"}
    assert len(table) == 16
    infants = case.posterior.surviving_infants[:, 0, 4:].astype(float).sum(axis=1)
    row = table.set_index(["source", "place_code"]).loc[("census", "A00")]
    assert row["surviving_infants_mean"] == pytest.approx(infants.mean(), rel=1e-5)
    assert row["ratio_mean"] == pytest.approx((220 / infants).mean(), rel=1e-5)


@pytest.mark.parametrize("limit", [0, 35])
def test_a_limit_in_percent_is_refused(made_up, limit):
    case = made_up(draws=3)
    with pytest.raises(ValueError, match="limit"):
        guards.usability(case.posterior, case.evidence, limit=limit)
