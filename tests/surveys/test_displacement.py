"""Do clusters with moved positions keep intervals honest, where taking positions as they stand does not?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from kalanso.surveys.design.precision import wilson
from kalanso.surveys.displacement import DHS, KM_PER_DEGREE, chances, evidence, placed
from kalanso.surveys.handed_in import SurveyRefused

SIDE = 20.0  # km
GRID = 6
WHEN = {"start": "2023Q1", "end": "2023Q4", "indicator": "dtp1"}


def degrees(km):
    return km / KM_PER_DEGREE


def outlines():
    """A square country at the equator: six times six areas, four districts of nine."""
    return {
        f"A{x}{y}": shapely.box(degrees(SIDE * x), degrees(SIDE * y), degrees(SIDE * (x + 1)), degrees(SIDE * (y + 1)))
        for x in range(GRID)
        for y in range(GRID)
    }  # fmt: skip


ABOVE = {code: (f"D{int(code[1]) // 3}{int(code[2]) // 3}", "ML") for code in outlines()}


def cluster(x, y, **more):
    told = {"survey": "dhs", "cluster": "1", "longitude": degrees(x), "latitude": degrees(y), "urban": "no"}
    return pd.DataFrame([told | more])


def of(found):
    return dict(zip(found["place_code"], found["chance"], strict=True))


def test_a_cluster_far_from_borders_lies_in_its_area_and_one_on_a_border_in_both():
    assert of(chances(cluster(30, 30), outlines(), ABOVE)) == {"A11": 1.0}
    both = of(chances(cluster(40, 30), outlines(), ABOVE))
    assert both == pytest.approx({"A11": 0.5, "A21": 0.5}, abs=1e-9)
    assert sum(of(chances(cluster(38, 38), outlines(), ABOVE)).values()) == pytest.approx(1)


def test_people_and_what_is_known_for_certain_move_the_chances():
    dense = dict.fromkeys(outlines(), 1.0) | {"A21": 3.0}
    assert of(chances(cluster(40, 30), outlines(), ABOVE, people_per_km2=dense))["A21"] == pytest.approx(0.75)
    # The survey says in which district it lies: moving stayed within it.
    assert set(of(chances(cluster(60, 30, within="D00"), outlines(), ABOVE))) == {"A21"}
    # A density that is not known everywhere is not used.
    assert of(chances(cluster(40, 30), outlines(), ABOVE, people_per_km2={"A21": 3.0}))[
        "A21"
    ] == pytest.approx(0.5)


def test_chances_are_those_of_simulated_moving():
    rng = np.random.default_rng(3)
    x = 40 - 2.0
    true = pd.DataFrame({"x": rng.uniform(20, 60, 400_000), "y": 30.0})
    seen = true["x"] + moved(rng, len(true))[0]
    near = (seen > x - 0.1) & (seen < x + 0.1)
    share = float((true.loc[near, "x"] < 40).mean())
    # Along one line only the distance east counts; the chance over the whole disc is the same by symmetry of rows.
    assert of(chances(cluster(x, 30), outlines(), ABOVE))["A11"] == pytest.approx(share, abs=0.02)


def test_a_cluster_counts_for_the_smallest_place_that_surely_holds_it():
    for x, place in ((30.0, "A11"), (40.0, "D00"), (60.0, "ML")):
        assert list(placed(chances(cluster(x, 30), outlines(), ABOVE), ABOVE)["place_code"]) == [place]


def test_positions_that_say_nothing_are_refused_in_words():
    for broken in (cluster(0, 0), cluster(9000, 30), cluster(30, 30, latitude="north"), cluster(30, 30, urban="town"),
                   cluster(30, 30, within="D11")):  # fmt: skip
        with pytest.raises(SurveyRefused):
            chances(broken, outlines(), ABOVE)


def moved(rng, number):
    """Return km east and north by which rural clusters are moved."""
    (near, _), (far, rare) = DHS.rural
    away = rng.uniform(0, np.where(rng.random(number) < rare, far, near))
    turn = rng.uniform(0, 2 * np.pi, number)
    return away * np.cos(turn), away * np.sin(turn)


def survey(rng):
    """Return a country's truth by area, clusters with moved positions, and their counts; three clusters an area."""
    level = pd.Series(rng.normal(1.0, 0.9, len(ABOVE)), index=list(ABOVE))
    truth = 1 / (1 + np.exp(-level))
    area = np.repeat(list(ABOVE), 3)
    x, y = (
        np.array([SIDE * int(code[at]) for code in area]) + rng.uniform(0, SIDE, len(area)) for at in (1, 2)
    )
    edge = SIDE * GRID
    east, north = moved(rng, len(area))
    told = pd.DataFrame(
        {"survey": "dhs", "cluster": [str(n) for n in range(len(area))], "urban": "no",
         "longitude": degrees(np.clip(x + east, 0.01, edge - 0.01)), "latitude": degrees(np.clip(y + north, 0.01, edge - 0.01))}
    )  # fmt: skip
    counts = told[["survey", "cluster"]].assign(
        children=20, vaccinated=rng.binomial(20, truth.reindex(area).to_numpy()), **WHEN
    )
    return truth, told, counts


def held(truth, rows):
    """Return for each area with clusters, and each larger place with a result, whether the truth lies in its interval."""
    counted = rows[rows["form"] == "counts"].groupby("place_code")[["children", "vaccinated"]].sum()
    low, high = wilson(
        (counted["vaccinated"] / counted["children"]).to_numpy(), counted["children"].to_numpy(float)
    )
    areas = [
        a <= truth[code] <= b for code, a, b in zip(counted.index, np.ravel(low), np.ravel(high), strict=True)
    ]
    larger = []
    for row in rows[rows["form"] == "estimate"].to_dict("records"):
        inside = [code for code in truth.index if row["place_code"] in ABOVE[code]]
        share, error = row["coverage"], row["standard_error"]
        spread = np.hypot(error / (share * (1 - share)), row["bias_sd"])
        whole = truth[inside].mean()
        larger.append(abs(np.log(share / (1 - share)) - np.log(whole / (1 - whole))) <= 1.96 * spread)
    return areas, larger


def test_intervals_hold_the_truth_where_naive_placing_loses_it():
    rng = np.random.default_rng(8)
    ours, larger, naive = [], [], []
    for _ in range(12):
        truth, told, counts = survey(rng)
        chance = chances(told, outlines(), ABOVE)
        rows = evidence(counts, placed(chance, ABOVE), list(ABOVE))
        asked = (
            rows.loc[rows["form"] == "counts", "children"].sum()
            + rows.loc[rows["form"] == "estimate", "children"].sum()
        )
        assert asked == counts["children"].sum(), "no child is lost or counted twice"
        areas, places = held(truth, rows)
        ours += areas
        larger += places
        at = [
            f"A{int(x * KM_PER_DEGREE // SIDE)}{int(y * KM_PER_DEGREE // SIDE)}"
            for x, y in told[["longitude", "latitude"]].to_numpy()
        ]
        believed = told[["survey", "cluster"]].assign(place_code=at, chance=1.0)
        naive += held(truth, evidence(counts, believed, list(ABOVE)))[0]
    assert np.mean(ours) > 0.93
    assert np.mean(larger) > 0.93
    assert np.mean(naive) < 0.90
