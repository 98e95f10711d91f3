"""Do counts of the same children, reports, vials, sectors and districts say what they should side by side?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kalanso.triangulation import (
    access,
    breaks,
    dropout,
    first_contacts,
    inequality,
    same_visit,
    sectors,
    silence,
    vials,
)
from kalanso.triangulation.access import spearman
from kalanso.triangulation.inequality import fifths, slope
from tests.triangulation.dossiers import counts, districts, lay, table


def _years(**doses: list[float]) -> pd.DataFrame:
    parts = [
        counts(name, [("ML", 2021 + n, value) for n, value in enumerate(values)])
        for name, values in doses.items()
    ]
    return pd.concat(parts, ignore_index=True)


def test_malis_dropout_of_2018_is_16_percent() -> None:
    answer = dropout.compare(
        lay(
            counts=pd.concat(
                [
                    counts("dtp1_doses", [("ML", 2018, 889266.0)]),
                    counts("dtp3_doses", [("ML", 2018, 743644.0)]),
                ]
            )
        )
    )

    row = answer.rows.iloc[0]
    assert row["value"] == pytest.approx(0.1638, abs=1e-4)
    assert row["gap_children"] == 889266 - 743644
    assert {found.source for found in answer.missing} == {"mcv1_doses", "mcv2_doses"}


def test_more_third_doses_than_first_ones_are_negative_dropout_but_not_by_chance() -> None:
    large = dropout.compare(lay(counts=_years(dtp1_doses=[1000.0], dtp3_doses=[1200.0])))
    small = dropout.compare(lay(counts=_years(dtp1_doses=[10.0], dtp3_doses=[12.0])))

    assert large.rows["verdict"].tolist() == ["negative"]
    assert [found.severity for found in large.findings if found.kind == "check"] == ["serious"]
    assert small.rows["verdict"].tolist() == ["agrees"]


def test_only_the_newest_year_is_told_while_all_are_shown() -> None:
    answer = dropout.compare(lay(counts=_years(dtp1_doses=[1000.0, 1000.0], dtp3_doses=[1300.0, 950.0])))

    assert len(answer.rows) == 2
    assert not [found for found in answer.findings if found.kind == "check"]


def test_share_of_dropout_is_no_number_where_nothing_began() -> None:
    assert dropout.share([100, 0], [80, 5]).tolist()[0] == pytest.approx(0.2)
    assert np.isnan(dropout.share([0], [5])[0])


def test_fewer_women_in_antenatal_care_than_children_is_asked_about() -> None:
    answer = first_contacts.compare(
        lay(counts=_years(dtp1_doses=[1000.0], anc1_visits=[600.0], bcg_doses=[1100.0]))
    )

    assert [found.message.id for found in answer.findings if found.kind == "check"] == [
        "triangulation.first_contacts.anc1_dtp1.low"
    ]
    assert {found.source for found in answer.missing} == {"facility_live_births"}


def test_vaccines_of_one_visit_that_part_are_asked_about() -> None:
    answer = same_visit.compare(
        lay(counts=_years(dtp1_doses=[1000.0], opv1_doses=[600.0], pcv1_doses=[1005.0]))
    )

    assert answer.rows.set_index("source")["verdict"].to_dict() == {
        "opv1_doses": "low",
        "pcv1_doses": "agrees",
    }
    assert [found.source for found in answer.findings if found.kind == "check"] == ["opv1_doses"]


def _quarters(before: float, after: float, came_before: float | None, came: float | None) -> pd.DataFrame:
    return counts("dtp1_doses", [("ML", "2022Q1", before, came_before), ("ML", "2023Q1", after, came)])


@pytest.mark.parametrize(
    ("after", "came", "message"),
    [
        (700, 0.7, "fall_of_reports"),
        (700, 1.0, "fall_of_doses"),
        (1300, 1.0, "rise"),
        (700, None, "fall_unknown"),
    ],
)
def test_a_fall_is_told_from_silent_facilities(after: float, came: float | None, message: str) -> None:
    answer = silence.compare(lay(counts=_quarters(1000, after, None if came is None else 1.0, came)))

    assert [found.message.id for found in answer.findings if found.kind == "changed"] == [
        f"triangulation.silence.{message}"
    ]


def test_the_split_of_a_fall_multiplies_to_the_whole() -> None:
    row = silence.split(lay(counts=_quarters(1000, 630, 1.0, 0.9))).iloc[0]

    assert row["of_reports"] * row["of_doses"] == pytest.approx(row["change"])
    assert row["explained"] == pytest.approx(np.log(0.9) / np.log(0.63))


def test_a_quarter_that_has_not_ended_is_not_judged() -> None:
    rows = counts("dtp1_doses", [("ML", "2022Q3", 1000, 1.0), ("ML", "2023Q3", 10, 1.0)])

    assert silence.split(lay(counts=rows)).empty


def _with_stockouts(lag: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Twelve places, 24 months: doses fall by 40 % `lag` months after the stock-out of each."""
    rng = np.random.default_rng(1)
    doses, stock = [], []
    months = [f"{year}{month:02d}" for year in (2021, 2022) for month in range(1, 13)]
    for place in range(1, 13):
        out = 3 + place
        for step, month in enumerate(months):
            doses.append(
                (f"D{place:02d}", month, 100 * (0.6 if step == out + lag else 1) * rng.uniform(0.95, 1.05))
            )
            stock.append((f"D{place:02d}", month, "penta", 300.0, 200.0, 20.0 if step == out else 0.0))
    return counts("dtp1_doses", doses), table("place_code period product used given stockout_days", stock)


@pytest.mark.parametrize("lag", [0, 2])
def test_doses_fall_in_the_month_after_a_stockout_in_which_they_were_made_to(lag: int) -> None:
    doses, stock = _with_stockouts(lag)

    found = vials.after_stockouts(lay(places=districts(12), counts=doses, stock=stock)).set_index("lag")

    assert found["fall"].idxmax() == lag
    assert found.loc[lag, "low"] < 0.4 < found.loc[lag, "high"]
    assert (found.drop(index=lag)["fall"].abs() < 0.05).all()


def test_more_doses_given_than_vials_held_is_serious() -> None:
    stock = table(
        "place_code period product used given",
        [("ML", f"2022{month:02d}", "penta", 100, 130) for month in range(1, 13)],
    )

    answer = vials.compare(lay(stock=stock))

    (told,) = [found for found in answer.findings if found.kind == "check"]
    assert (told.value, told.expected, told.severity) == (1560, 1200, "serious")
    assert {found.source for found in answer.missing} == {"stockouts"}


def test_a_sector_whose_reports_do_not_come_is_asked_for() -> None:
    rows = table("place_code period indicator sector value completeness", [
        ("ML", "2022", "dtp1", "public", 800, 0.95), ("ML", "2022", "dtp1", "private", 150, 0.4), ("ML", "2022", "dtp1", "ngo", 50, None),
    ])  # fmt: skip

    answer = sectors.compare(lay(sectors=rows))

    assert answer.rows.set_index("source")["value"].to_dict() == {"ngo": 0.05, "private": 0.15, "public": 0.8}
    assert {found.source: found.message.id for found in answer.findings} == {
        "private": "triangulation.sectors.silent", "ngo": "triangulation.sectors.unknown",
    }  # fmt: skip


QUALITY = "check source place_code period indicator detail severity message"


def test_a_break_is_set_beside_events_of_its_place_and_of_places_above() -> None:
    quality = table(QUALITY, [
        ("breaks", "s", "D01", "202203", "dtp1_doses", "", "attention", "m"), ("breaks", "s", "D02", "202209", "dtp1_doses", "", "attention", "m"),
    ])  # fmt: skip
    events = table(
        "place_code first_day last_day kind antigen",
        [("ML", "2022-02-01", "2022-03-31", "strike", ""), ("D01", "2022-09-01", "", "closure", "")],
    )

    answer = breaks.compare(lay(places=districts(2), quality=quality, events=events))

    assert answer.rows.set_index("place_code")["verdict"].to_dict() == {
        "D01": "explained",
        "D02": "unexplained",
    }
    told = {found.place_code: found for found in answer.findings}
    assert told["D01"].message.params["events"] == ["strike"]
    assert [item["table"] for item in told["D01"].evidence] == ["quality_findings", "events"]


@pytest.mark.parametrize("seed", range(4))
def test_spearmans_rho_is_that_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 9, 30).astype(float), rng.normal(size=30)

    rho, low, high = spearman(one, other)

    assert rho == pytest.approx(stats.spearmanr(one, other).statistic)
    assert low < rho < high


def _districts(shares: list[float]) -> pd.DataFrame:
    return table(
        "place_code year indicator source kind value",
        [(f"D{n:02d}", 2022, "dtp1", "run", "estimate", s) for n, s in enumerate(shares, 1)],
    )


def test_distance_that_goes_with_missed_children_is_told_without_a_cause() -> None:
    shares = [0.95, 0.9, 0.88, 0.8, 0.75, 0.7, 0.6, 0.5, 0.45, 0.4]
    far = table("place_code measure value", [(f"D{n:02d}", "distance_km", float(n)) for n in range(1, 11)])

    answer = access.compare(lay(places=districts(10), coverage=_districts(shares), access=far))

    assert answer.rows["value"].tolist() == pytest.approx([1.0])
    assert [found.message.id for found in answer.findings if found.kind == "check"] == [
        "triangulation.access.more"
    ]
    assert "access_poverty" in {found.source for found in answer.missing}


def test_too_few_districts_are_said_instead_of_a_measure_that_is_told() -> None:
    far = table("place_code measure value", [(f"D{n:02d}", "distance_km", float(n)) for n in range(1, 4)])

    answer = access.compare(lay(places=districts(3), coverage=_districts([0.9, 0.8, 0.7]), access=far))

    lacking = {found.source for found in answer.missing}
    assert {"districts", "access_poverty"} <= lacking
    assert "access_distance_km" not in lacking


def test_the_worst_fifth_of_districts_is_set_against_the_best() -> None:
    shares = [0.95, 0.9, 0.88, 0.8, 0.75, 0.7, 0.6, 0.5, 0.45, 0.4]

    answer = inequality.compare(lay(places=districts(10), coverage=_districts(shares)))

    rows = answer.rows.set_index("measure")["value"]
    assert rows["fifth_difference"] == pytest.approx(0.925 - 0.425)
    assert rows["worst_fifth_of_missed"] == pytest.approx((0.55 + 0.6) / sum(1 - share for share in shares))
    assert {found.source for found in answer.missing} == {"sex", "access_poverty"}


def test_fifths_weigh_districts_by_their_children() -> None:
    frame = table(
        "place_code without infants",
        [("a", 0.1, 300.0), ("b", 0.2, 100.0), ("c", 0.3, 1.0), ("d", 0.4, 1.0), ("e", 0.5, 100.0)],
    )

    assert fifths(frame)[:2] == pytest.approx((0.9, 0.5))


def test_the_slope_is_that_of_weighted_least_squares() -> None:
    frame = table(
        "place_code value without infants",
        [("a", 1.0, 0.1, 3.0), ("b", 2.0, 0.4, 1.0), ("c", 3.0, 0.3, 2.0), ("d", 4.0, 0.6, 4.0)],
    )
    weight = np.array([3.0, 1.0, 2.0, 4.0])
    rank = (np.cumsum(weight) - weight / 2) / 10
    expected = np.polyfit(rank, 1 - frame["without"], 1, w=np.sqrt(weight))[0]

    assert slope(frame) == pytest.approx(expected)
