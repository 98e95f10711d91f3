"""Does what is shared lead to nobody's door?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.surveys import instruments
from kalanso.surveys.handed_in import SurveyRefused

FORM = instruments.load("household_list")


def households(count=40):
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "submission": [f"uuid:{at}" for at in range(count)], "row": [f"uuid:{at}" for at in range(count)],
            "cluster": ["c1", "c2"] * (count // 2), "outcome": "completed",
            "gps": [f"{14 + x:.6f} {-4 + y:.6f} 300 5" for x, y in rng.uniform(0, 0.01, size=(count, 2))],
        }
    )  # fmt: skip


def shared(table=None, radius=None, seed=2):
    return instruments.shareable(
        households() if table is None else table, FORM, radius_km=radius or {"c1": 5.0, "c2": 2.0}, rng=np.random.default_rng(seed)
    )  # fmt: skip


def test_all_households_of_a_cluster_share_one_point_moved_within_its_radius():
    found = shared()

    for cluster, radius in (("c1", 5.0), ("c2", 2.0)):
        points = found.loc[found["cluster"] == cluster, ["gps_latitude", "gps_longitude"]].drop_duplicates()
        assert len(points) == 1
        own = (
            households()
            .query("cluster == @cluster")["gps"]
            .str.split(expand=True)[[0, 1]]
            .astype(float)
            .mean()
        )
        north = (points["gps_latitude"].iloc[0] - own[0]) * 111.32
        east = (points["gps_longitude"].iloc[0] - own[1]) * 111.32 * np.cos(np.radians(14))
        assert 0 < np.hypot(north, east) <= radius + 0.02


def test_points_are_spread_evenly_over_the_disc():
    far = []
    for seed in range(150):
        point = shared(seed=seed).query("cluster == 'c1'").iloc[0]
        far.append(abs(point["gps_latitude"] - 14.005))

    # half of an even disc lies within .404 of the radius from a diameter
    assert np.median(far) == pytest.approx(0.404 * 5 / 111.32, rel=0.25)


def test_positions_keys_and_order_of_the_answers_are_gone():
    found = shared()

    assert "gps" not in found
    assert sorted(found["submission"]) == list(range(1, 41))
    assert list(found["cluster"]) != list(households()["cluster"])


def test_photographs_are_gone():
    form = instruments.load("child")
    table = pd.DataFrame({"submission": ["a"], "row": ["a"], "card_photo": ["a.jpg"], "card_seen": ["1"]})

    found = instruments.shareable(table, form, radius_km={}, rng=np.random.default_rng(1))

    assert list(found.columns) == ["submission", "row", "card_seen"]


def test_a_position_that_cannot_be_read_is_missing_and_stops_nobody():
    found = shared(households().assign(gps=["nowhere", *households()["gps"][1:]]))

    assert found["gps_latitude"].notna().all()  # its cluster has others


def test_a_cluster_without_a_radius_is_refused():
    with pytest.raises(SurveyRefused, match="Cluster c2: no radius above 0"):
        shared(radius={"c1": 5.0})
