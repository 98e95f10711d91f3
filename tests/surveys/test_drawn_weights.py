"""Do weights come out of the draw with every factor, and are files refused that do not fit it?"""

from __future__ import annotations

import pandas as pd
import pytest

from kalanso.surveys.drawn_weights import weighed
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.rounds import Cohort

ALL = (Cohort(name="all", from_days=126, to_days=730),)
LOG = pd.DataFrame(columns=["cluster", "replaced_by", "reason", "decided_on", "decided_by"])


def draw() -> pd.DataFrame:
    """Two clusters of a stratum and a reserve, one of another."""
    return pd.DataFrame(
        {
            "cluster": ["A", "B", "R", "C"], "stratum": ["S", "S", "S", "T"], "stratum_name": ["Sud", "Sud", "Sud", "Nord"],
            "role": ["main", "main", "reserve", "main"], "reserve_order": [0, 0, 1, 0], "place_code": ["ML-1", "ML-2", "ML-3", "ML-4"],
            "p_cluster": [0.1, 0.2, 0.4, 0.5], "p_segment": [1.0, 0.5, 1.0, 1.0],
        }
    )  # fmt: skip


def listed(**more: int) -> pd.DataFrame:
    told = {"A": 100, "B": 60, "C": 40} | more
    return pd.DataFrame({"cluster": list(told), "households_listed": list(map(str, told.values()))})


def homes(rows: list[tuple[str, int, str, int]]) -> pd.DataFrame:
    """Visits: cluster, household, outcome, attempt."""
    return pd.DataFrame(
        [
            {
                "KEY": f"h{at}",
                "today": "2025-01-15",
                "cluster": c,
                "household": str(h),
                "outcome": o,
                "attempt": str(n),
            }
            for at, (c, h, o, n) in enumerate(rows)
        ]
    )


def talks(rows: list[tuple[str, int, str]]) -> pd.DataFrame:
    """Interviews: cluster, household, consent."""
    return pd.DataFrame(
        [
            {
                "KEY": f"c{at}",
                "today": "2025-01-16",
                "cluster": c,
                "household": str(h),
                "child": "1",
                "consent": consent,
            }
            for at, (c, h, consent) in enumerate(rows)
        ]
    )


VISITS = [
    *(("A", h, "completed", 1) for h in range(1, 9)), ("A", 9, "absent", 1), ("A", 9, "refused", 2), ("A", 10, "vacant", 1),
    *(("B", h, "completed", 1) for h in range(1, 7)), *(("C", h, "completed", 1) for h in range(1, 5)),
]  # fmt: skip
TALKS = [
    *(("A", h, "1") for h in range(1, 5)),
    ("A", 5, "0"),
    *(("B", h, "1") for h in range(1, 4)),
    ("C", 1, "1"),
]


def test_weights_hold_chance_of_cluster_segment_and_household_and_who_did_not_answer() -> None:
    found = weighed(
        draw(),
        LOG,
        listed(),
        homes(VISITS),
        talks(TALKS),
        cohorts=(
            Cohort(name="young", from_days=126, to_days=364),
            Cohort(name="old", from_days=365, to_days=730),
        ),
    )

    rows = found.factors.set_index("cluster")
    # A: 1 / (0.1 x 10/100), 9 eligible households for 8 completed (the last visit counts), 5 children for 4
    assert rows.loc["A", "weight"] == pytest.approx(100 * 9 / 8 * 5 / 4)
    # B: a segment of chance one half, 6 of 60 households
    assert rows.loc["B", "weight"] == pytest.approx(1 / (0.2 * 0.5 * 0.1))
    assert rows.loc["C", "weight"] == pytest.approx(1 / (0.5 * 0.1))
    sample = found.sample.set_index(["cluster", "cohort"])
    assert len(sample) == 6
    assert sample.loc[("A", "old"), "weight"] == pytest.approx(rows.loc["A", "weight"])
    assert sample.loc[("A", "young"), "stratum_name"] == "Sud"
    assert found.rates["households"] == pytest.approx(18 / 19)
    assert found.rates["children"] == pytest.approx(8 / 9)


def test_a_reserve_that_served_is_weighed_in_its_own_right() -> None:
    log = pd.DataFrame([["B", "R", "insecurity", "2025-01-14", "P"]], columns=LOG.columns)
    moved = [("R" if c == "B" else c, h, o, n) for c, h, o, n in VISITS]
    asked = [("R" if c == "B" else c, h, yes) for c, h, yes in TALKS]
    found = weighed(draw(), log, listed(R=30), homes(moved), talks(asked), cohorts=ALL)

    rows = found.factors.set_index("cluster")
    assert sorted(rows.index) == ["A", "C", "R"]
    assert rows.loc["R", "weight"] == pytest.approx(1 / (0.4 * 6 / 30))


def test_a_cluster_without_an_interview_is_carried_by_the_others_of_its_stratum() -> None:
    found = weighed(
        draw(),
        LOG,
        listed(),
        homes(VISITS),
        talks([one for one in TALKS if one[0] != "B"] + [("B", 1, "0")]),
        cohorts=ALL,
    )

    assert "B" not in set(found.sample["cluster"])
    # B stood for 60 / (0.2 x 0.5) = 600 households, A for 1000: A carries both
    assert found.factors.set_index("cluster").loc["A", "lost_clusters"] == pytest.approx(1600 / 1000)
    assert found.rates["lost"] == 1


def members(rows: list[tuple[str, str, str, str, str]]) -> pd.DataFrame:
    """Children of the household list: submission, child, birth date, age in months, outcome."""
    names = ["PARENT_KEY", "child", "dob_history", "age_months", "child_outcome"]
    table = pd.DataFrame(rows, columns=names)
    table.insert(0, "KEY", [f"m{at}" for at in range(len(table))])
    return table


def test_children_who_were_due_and_had_no_interview_did_not_answer() -> None:
    # h0 to h7: households 1 to 8 of A, of which 1 to 5 have an interview of child 1
    rows = [
        ("h0", "1", "2024-01-15", "", "completed"), ("h0", "2", "2024-03-01", "", "absent"), ("h1", "2", "", "14", "not_capable"),
        ("h2", "2", "2021-01-01", "", "absent"), ("h3", "2", "", "", "absent"), ("h5", "1", "2024-02-01", "", "completed"),
    ]  # fmt: skip
    found = weighed(draw(), LOG, listed(), homes(VISITS), talks(TALKS), cohorts=ALL, members=members(rows))

    row = found.factors.set_index("cluster").loc["A"]
    # four of five who were asked; an absent one, an incapable one and one whose interview never came; not the one too old, nor of no age
    assert (row["children_eligible"], row["children_completed"]) == (8, 4)
    assert row["child_response"] == pytest.approx(8 / 4)
    assert (found.rates["unmet"], found.rates["ageless"]) == (3, 1)


def test_children_of_a_household_whose_last_visit_failed_are_part_of_its_non_response() -> None:
    again = homes([("A", 8, "refused", 2)]).assign(KEY="again")
    told = members([("h7", "1", "2024-02-01", "", "absent")])
    found = weighed(
        draw(), LOG, listed(), pd.concat([homes(VISITS), again]), talks(TALKS), cohorts=ALL, members=told
    )

    assert found.rates["unmet"] == 0
    assert found.factors.set_index("cluster").loc["A", "household_response"] == pytest.approx(9 / 7)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"listed": pd.DataFrame({"cluster": ["A"], "households_listed": ["100"]})}, "how many households"),
        ({"drawn": draw().assign(place_code=["ML-1", "", "ML-3", "ML-4"])}, "does not say where cluster B"),
        ({"homes": homes([*VISITS, ("R", 1, "completed", 1)])}, "not to be visited"),
        ({"answers": talks([*TALKS, ("A", 77, "1")])}, "77"),
        ({"listed": listed(A=5)}, "A"),
        (
            {"log": pd.DataFrame([["B", "", "insecurity", "2025-01-14", ""]], columns=LOG.columns)},
            "decided_by",
        ),
    ],
)
def test_files_that_do_not_fit_are_refused_by_name(fault: dict[str, pd.DataFrame], words: str) -> None:
    told = {
        "drawn": draw(),
        "log": LOG,
        "listed": listed(),
        "homes": homes(VISITS),
        "answers": talks(TALKS),
    } | fault
    with pytest.raises(SurveyRefused, match=words):
        weighed(told["drawn"], told["log"], told["listed"], told["homes"], told["answers"], cohorts=ALL)
