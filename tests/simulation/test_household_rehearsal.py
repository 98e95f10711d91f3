"""Do made-up families of a draw go the whole way to weights, as those of a real fieldwork would?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.simulation.household_rehearsal import NoClusters, rehearsal
from kalanso.simulation.household_settings import NO_MISTAKES, Fieldwork
from kalanso.surveys.drawn_weights import weighed
from kalanso.surveys.instruments import field_count
from kalanso.surveys.rounds import OLDER, YOUNGER

FIELD = Fieldwork(survey="essai", mistakes=NO_MISTAKES)


def draw() -> pd.DataFrame:
    rows = [
        {"cluster": f"A-{n}", "stratum": "A", "role": "main" if n < 12 else "reserve", "reserve_order": max(0, n - 11),
         "place_code": "ML-1" if n < 6 else "ML-2", "p_cluster": 0.2, "p_segment": 1.0, "children": 120, "segments": 1,
         "households": 25, "team": 1 + n // 6, "state": "visited" if n < 12 else "unused"}
        for n in range(14)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def brought(**more):
    return rehearsal(draw(), FIELD, np.random.default_rng(3), **more)


def test_only_clusters_that_are_visited_bring_something_home():
    found = brought()
    assert set(found.homes["cluster"]) == set(found.listed["cluster"]) == {f"A-{n}" for n in range(12)}
    assert len(found.homes) == 12 * 25
    assert (found.listed["households_listed"] == 180).all()


def test_weights_come_out_of_it_and_children_who_were_not_met_are_known():
    found = brought()
    log = pd.DataFrame(columns=["cluster", "replaced_by", "reason", "decided_on", "decided_by"])
    made = weighed(
        draw(), log, found.listed, found.homes, found.answers, cohorts=(YOUNGER, OLDER), members=found.members
    )
    assert made.rates["unmet"] > 0
    assert made.rates["ageless"] == 0
    assert 0.85 < made.rates["households"] < 0.98
    assert (made.sample["weight"] > 1 / 0.2).all()


def test_coverage_that_is_said_is_that_of_the_families():
    found = brought(coverage={"ML-1": 0.95, "ML-2": 0.2})
    talks = found.answers[found.answers["consent"] == "1"]
    known = (talks[["penta1_card_date", "penta1_card_tick", "penta1_register_date"]] != "").any(axis=1)
    first = talks["cluster"].isin([f"A-{n}" for n in range(6)])
    assert found.coverage == {"ML-1": 0.95, "ML-2": 0.2}
    assert known[first].mean() > 2 * known[~first].mean()


def test_a_supervisor_reads_durations_of_it():
    found = brought()
    plan = [
        {"cluster": row["cluster"], "team": str(row["team"]), "households": 25}
        for row in draw().to_dict("records")[:12]
    ]
    counted = field_count(plan, homes=found.homes, answers=found.answers)
    assert counted["timed"] == counted["interviews"] - (found.answers["consent"] == "0").sum()
    assert counted["elsewhere"] == counted["unclear"] == 0


def test_a_draw_without_clusters_is_refused():
    with pytest.raises(NoClusters, match="at least one cluster"):
        rehearsal(draw().assign(state="unused"), FIELD, np.random.default_rng(1))
