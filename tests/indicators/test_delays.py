"""Is the reporting delay of each district learnt from kept states, and are recent numbers provisional?"""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from kalanso.indicators.delays import Delays, learnt, months_after, provisional_periods, reporting_delays
from kalanso.vocabulary import Period

FINAL = 200.0
KNOWN = {"fast": [1.0, 1.0, 1.0, 1.0], "slow": [0.4, 0.7, 0.9, 1.0]}  # 1, 2, 3, 4 months after


def triangle(states: int = 12) -> pd.DataFrame:
    """States on the 10th of each month of 2024; each knows the months before it as KNOWN says."""
    rows = []
    for number in range(states):
        day = date(2024, number + 1, 10)
        for back in range(1, 9):
            period = Period.containing(day, Period.parse("202401").type) + -back
            for place, shares in KNOWN.items():
                value = FINAL * shares[min(back, 4) - 1]
                rows.append(("s", "dtp1_doses", place, period.code, day, value))
    return pd.DataFrame(rows, columns=["source", "indicator", "place_code", "period", "known_on", "value"])


def test_the_share_known_after_each_month_is_the_planted_one() -> None:
    found = reporting_delays(triangle(), settled=4).set_index(["place_code", "months_after"])

    assert found["known_share"].to_dict() == pytest.approx(
        {(place, n + 1): share for place, shares in KNOWN.items() for n, share in enumerate(shares)}
    )
    assert (found["periods"] >= 4).all()


def test_the_same_shares_come_from_plain_loops() -> None:
    rows = triangle()
    last = rows["known_on"].max()
    sums: dict[tuple[str, int], list[float]] = {}
    value = {(r.place_code, r.period, r.known_on): r.value for r in rows.itertuples()}
    for (place, period, day), _ in value.items():
        end = Period.parse(period).end
        final = value.get((place, period, last))
        if (
            day == last
            or day <= end
            or final is None
            or months_after(end, last) < 4
            or months_after(end, day) > 4
        ):
            continue
        known = sums.setdefault((place, months_after(end, day)), [0.0, 0.0])
        known[0] += value[place, period, day]
        known[1] += final

    found = (
        reporting_delays(rows, settled=4).set_index(["place_code", "months_after"])["known_share"].to_dict()
    )

    assert found == pytest.approx({key: known / final for key, (known, final) in sums.items()})


def test_a_period_without_a_row_in_a_state_was_not_known_at_all() -> None:
    rows = triangle()
    gone = (
        (rows["place_code"] == "fast")
        & (rows["known_on"] == date(2024, 5, 10))
        & (rows["period"] == "202404")
    )

    found = reporting_delays(rows[~gone], settled=4).set_index(["place_code", "months_after"])

    row = found.loc[("fast", 1)]
    assert row["known_share"] == pytest.approx(1 - 1 / row["periods"])


def test_one_state_teaches_nothing_and_days_decide() -> None:
    rows = triangle(states=1)
    delays = reporting_delays(rows, settled=4)
    rules = learnt(delays, complete=0.95, days=60)

    assert delays.empty
    assert rules == Delays({}, 60)
    told = provisional_periods(rows, delays, rules)
    assert set(told["period"]) == {"202312", "202311"}
    assert not told["learnt"].any()
    assert told["known_share"].isna().all()


@pytest.mark.parametrize(
    ("place", "period", "expected"),
    [
        ("fast", "202411", False), ("slow", "202411", True), ("slow", "202409", True), ("slow", "202408", False),
        ("fast", "202412", True), ("elsewhere", "202411", True), ("elsewhere", "202409", False),
    ],
)  # fmt: skip
def test_a_slow_district_stays_provisional_longer(place: str, period: str, expected: bool) -> None:
    rules = learnt(reporting_delays(triangle(), settled=4), complete=0.95, days=60)

    found = rules.provisional("s", "dtp1_doses", place, Period.parse(period), known_on=date(2024, 12, 10))

    assert found is expected


def test_the_table_of_provisional_periods_says_how_much_is_known() -> None:
    rows = triangle()
    delays = reporting_delays(rows, settled=4)
    newest = rows[rows["known_on"] == rows["known_on"].max()]

    told = provisional_periods(newest, delays, learnt(delays, complete=0.95, days=60))

    known = told.set_index(["place_code", "period"])["known_share"].to_dict()
    assert known == pytest.approx({("slow", "202411"): 0.4, ("slow", "202410"): 0.7, ("slow", "202409"): 0.9})
