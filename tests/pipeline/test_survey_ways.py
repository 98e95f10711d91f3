"""Does a folder of each way without a household survey give its number, its sentences and its evidence, and refuse aloud what cannot be?"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from kalanso.pipeline.study_rounds import CannotReadRound
from kalanso.pipeline.survey_ways import Answered, answer_way
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.ways import WAYS
from tests.surveys.networks import network, recruited
from tests.surveys.populations import MARGINS, called, dependent, histories, listing, market

TODAY = date(2025, 2, 1)
ETHICS = {
    "approval": "2024/17", "data_protection": "APDP 9", "consent_version": "2", "kept_until": date(2027, 1, 1),
    "destroyed_on": date(2028, 1, 1),
}  # fmt: skip
COMMON = {
    "survey": "YOR-2024", "title": {"fr": "Yorosso", "en": "Yorosso"}, "place_code": "ML-D0045", "first_day": date(2024, 11, 4),
    "last_day": date(2024, 11, 22), "ages_months": [12, 24], "indicator": "dtp1", "ethics": ETHICS,
}  # fmt: skip
TARGET = {"target": 700, "target_low": 640, "target_high": 760}
FACTORS = {
    name: {"value": value, "low": 0.9 * value, "high": 1.1 * value, "source": "visit of 2023"}
    for name, value in (("inhabited", 0.8), ("people_per_building", 5.5), ("child_share", 0.035))
}
LOTS = pd.DataFrame(
    [("R1", "A", 19, 17), ("R1", "B", 19, 6), ("R2", "A", 19, 12), ("R2", "B", 19, 15)],
    columns=["round", "place_code", "children", "vaccinated"],
).assign(indicator="dtp1", interviewed_from=["2024-02-05"] * 2 + ["2024-11-04"] * 2, interviewed_to=["2024-02-09"] * 2 + ["2024-11-09"] * 2)  # fmt: skip


def folder_of(folder: Path, table: pd.DataFrame | None = None, /, **told: Any) -> Path:
    """Write a round and its table."""
    folder.mkdir(parents=True)
    (folder / "way.yaml").write_text(yaml.safe_dump(COMMON | told), encoding="utf-8")
    if table is not None:
        table.to_csv(folder / (WAYS[told["way"]].table), index=False)
    return folder


def answered(folder: Path, seed: int = 1) -> Answered:
    return answer_way(folder, folder / "out", rng=np.random.default_rng(seed), today=TODAY)


def people(rng: np.random.Generator) -> pd.DataFrame:
    net = network(1500, coverage=0.7, alike=1.5, busier=1.0, mean_ties=8, rng=rng)
    return recruited(net, seeds=6, coupons=3, people=250, rng=rng)


def planted(way: str, rng: np.random.Generator) -> tuple[pd.DataFrame | None, dict[str, Any], float]:
    """Return the table of a way, its settings, and the planted coverage."""
    if way == "phone":
        return called(rng), {"phoneless_share": 0.3, "odds_ratio": [0.3, 0.6], "margins": MARGINS}, 0.69
    if way == "respondent_driven":
        return people(rng), {}, 0.7
    if way == "time_location":
        table, truth = market(rng)
        return table, {}, float(truth)
    if way == "capture_recapture":
        return histories(dependent(rng, 200)), TARGET, 1 - 200 / 700
    raise AssertionError(way)


@pytest.mark.parametrize("way", ["phone", "respondent_driven", "time_location", "capture_recapture"])
def test_a_way_says_its_coverage_with_its_label_and_hands_it_to_the_estimate(
    tmp_path: Path, way: str
) -> None:
    table, settings, truth = planted(way, np.random.default_rng(4))

    found = answered(folder_of(tmp_path / way, table, way=way, interviews=12, groups=3, **settings))

    assert found.answer.finding is not None
    assert found.answer.finding.low <= truth <= found.answer.finding.high
    told = json.loads((tmp_path / way / "out" / "answer.json").read_text())
    assert "No household survey" in told["sentences"]["en"][0]
    assert (
        told["sentences"]["fr"][-1]
        == "Pas d’enquête ménages ici ; entretiens : 12, groupes de discussion : 3."
    )
    row = pd.read_csv(tmp_path / way / "out" / "survey_areas.csv").iloc[0]
    assert (row["survey"], row["place_code"], row["start"], row["end"]) == (
        "YOR-2024",
        "ML-D0045",
        "2022Q4",
        "2024Q1",
    )
    assert row["bias_sd"] >= 0.25


def test_a_listing_with_its_check_gives_missed_children_as_coverage(tmp_path: Path) -> None:
    listed, check = listing(np.random.default_rng(3))
    names = ("checked", "checked_missed", "found_missed", "found_listed")
    settings = {"listed": listed, **{name: getattr(check, name) for name in names}}

    found = answered(folder_of(tmp_path / "k", way="key_informants", **settings, **TARGET))

    assert found.answer.finding is not None
    assert set(found.answer.tables["check"]["name"]) == {"predictive_value", "sensitivity"}
    assert found.answer.direction == "too_high"


def test_settlements_give_children_and_nothing_to_the_estimate(tmp_path: Path) -> None:
    table = pd.DataFrame(
        [("s1", "A", 100, 1), ("s2", "A", 60, 0)],
        columns=["settlement", "place_code", "buildings", "visited"],
    )

    found = answered(folder_of(tmp_path / "s", table, way="settlements", **FACTORS))

    children = pd.read_csv(tmp_path / "s" / "out" / "children.csv").iloc[0]
    assert children["low"] < 160 * 0.8 * 5.5 * 0.035 < children["high"]
    assert found.answer.evidence.empty
    assert "survey_evidence.parquet" not in found.files


def test_lots_are_judged_round_after_round_and_put_together_by_district(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "l", LOTS, way="lots", children=19, lower=0.5, upper=0.8)
    pd.DataFrame(
        [("A", "D", 300), ("B", "D", 100)], columns=["place_code", "larger_place", "children"]
    ).to_csv(folder / "populations.csv", index=False)

    found = answered(folder)

    lots = found.answer.tables["lots"].set_index(["place_code", "round"])
    assert lots["decision"].to_dict() == {
        ("A", "R1"): "pass",
        ("A", "R2"): "fail",
        ("B", "R1"): "fail",
        ("B", "R2"): "pass",
    }
    assert lots.loc[("A", "R2"), "change"] == "worse"
    together = pd.read_csv(folder / "out" / "larger_places.csv").set_index("round")
    assert together.loc["R2", "coverage"] == pytest.approx(0.75 * 12 / 19 + 0.25 * 15 / 19)
    assert set(pd.read_csv(folder / "out" / "evidence_lots.csv")["round"]) == {"YOR-2024:R1", "YOR-2024:R2"}


def test_a_round_of_lots_keeps_its_name_once_another_comes(tmp_path: Path) -> None:
    rule = {"children": 19, "lower": 0.5, "upper": 0.8}
    first = folder_of(tmp_path / "first", LOTS[LOTS["round"] == "R1"], way="lots", **rule)
    both = folder_of(tmp_path / "both", LOTS, way="lots", **rule)

    named = [set(answered(folder).answer.evidence["round"]) for folder in (first, both)]

    assert named == [{"YOR-2024:R1"}, {"YOR-2024:R1", "YOR-2024:R2"}]


SPOILED = [
    ({"way": "guess"}, "Unknown way guess; expected one of lots, phone"),
    ({"way": "phone"}, "phone: the setting phoneless_share is missing; for example phoneless_share: 0.35."),
    ({"way": "phone", "phoneless_share": 0.3, "colour": 1}, "phone does not know colour; possible settings: phoneless_share, margins"),
    ({"way": "phone", "phoneless_share": 1.2}, "phone: a setting cannot be so (phoneless_share: expected a share from 0 and below 1"),
    ({"way": "time_location"}, "time_location needs a table (people.csv"),
    ({"way": "key_informants", "listed": 5, "checked": 9, "checked_missed": 1, "found_missed": 2, "found_listed": 1, **TARGET}, "expected at most 5 checked"),
    ({"way": "phone", "phoneless_share": 0.3, "table": "calls.csv"}, "phone needs a table (calls.csv"),
    ({"way": "lots", "children": 19, "lower": 0.5, "upper": 0.8, "alpha": 0}, "errors between 0 and 1, got 0.5, 0.8, 0 and 0.1"),
    ({"way": "key_informants", "listed": 90, "checked": 9, "checked_missed": 7, "found_missed": 5, "found_listed": 4, "deff": 0, **TARGET}, "deff: expected at least 1, got 0"),
    ({"way": "lots", "children": 5, "lower": 0.5, "upper": 0.8}, "No decision value of 5 children keeps both errors"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "said"), SPOILED)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, told: dict[str, Any], said: str) -> None:
    tables = {"phone": called(np.random.default_rng(1)), "lots": LOTS}
    folder = folder_of(tmp_path / "x", None, **told)
    if told["way"] in tables:
        tables[told["way"]].to_csv(folder / WAYS[told["way"]].table, index=False)

    with pytest.raises(SurveyRefused) as refused:
        answered(folder)

    assert said in str(refused.value)
    assert not (folder / "out").exists()


def test_a_number_that_the_form_counted_and_the_round_tells_is_refused(tmp_path: Path) -> None:
    numbers = {"listed": 140, "found_missed": 25, "found_listed": 17, **TARGET}
    folder = folder_of(tmp_path / "k", way="key_informants", **numbers)
    pd.DataFrame([{"KEY": "i1", "today": "2024-11-05", "consent": "1"}]).to_csv(
        folder / "answers.csv", index=False
    )
    child = {
        "KEY": "a",
        "PARENT_KEY": "i1",
        "listed_code": "c1",
        "checked": "1",
        "truly_missed": "1",
        "dob_history": "2023-06-01",
    }
    pd.DataFrame([child]).to_csv(folder / "listed.csv", index=False)

    with pytest.raises(SurveyRefused, match="listed: counted in the answers of the form"):
        answered(folder)


@pytest.mark.parametrize(
    ("told", "setting"),
    [
        ({"ethics": {}}, "ethics"), ({"first_day": "soon"}, "first_day"), ({"ages_months": [24, 12]}, "ages_months"),
        ({"indicator": "dtp2"}, "indicator"), ({"place_code": ""}, "place_code"), ({"interviews": -1}, "interviews"),
        ({"last_day": date(2024, 1, 1)}, "last_day"), ({"title": "x"}, "title"),
    ],
)  # fmt: skip
def test_a_round_that_lacks_what_every_round_needs_opens_no_answer(
    tmp_path: Path, told: dict[str, Any], setting: str
) -> None:
    folder = folder_of(
        tmp_path / "x", called(np.random.default_rng(1)), **({"way": "phone", "phoneless_share": 0.3} | told)
    )

    with pytest.raises(CannotReadRound) as refused:
        answered(folder)

    assert setting in refused.value.message.params.get("setting", "") or setting == "ethics"


@pytest.mark.parametrize("day", ["09/02/2024", "2023-12-01"])
def test_lots_with_a_day_that_is_none_or_ends_before_it_began_are_refused_by_row_and_column(
    tmp_path: Path, day: str
) -> None:
    wrong = LOTS.assign(interviewed_to=["2024-02-09", day, "2024-11-09", "2024-11-09"])

    with pytest.raises(SurveyRefused) as refused:
        answered(folder_of(tmp_path / "l", wrong, way="lots", children=19, lower=0.5, upper=0.8))

    assert refused.value.message.params["row"] == 3
    assert refused.value.message.params["column"] == "interviewed_to"
