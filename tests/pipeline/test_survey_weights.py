"""Does a study with a draw become a sample that its analysis reads, and do weights agree with known margins?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from kalanso.pipeline.household_surveys import CannotAnalyse, analyse_survey
from kalanso.pipeline.survey_weights import weigh
from kalanso.surveys.rounds import Cohort
from tests.pipeline.test_household_surveys import NOW, study

pytestmark = pytest.mark.long

COHORTS = (
    Cohort(name="18w-11m", from_days=126, to_days=364),
    Cohort(name="12-23m", from_days=365, to_days=730),
)


def drawn_study(folder: Path, **changes: object) -> None:
    """Write a study whose sample was not made yet: the draw, listed households and visits are there instead."""
    study(folder, **changes)  # type: ignore[arg-type]
    sample = pd.read_csv(folder / "sample.csv", dtype=str).drop_duplicates("cluster")
    draw = sample[["cluster", "stratum", "place_code"]].assign(role="main", reserve_order=0, p_cluster=0.25)
    draw.to_csv(folder / "draw.csv", index=False)
    draw[["cluster"]].assign(households_listed=80).to_csv(folder / "listed.csv", index=False)
    answers = pd.read_csv(folder / "answers.csv", dtype=str, keep_default_na=False)
    names = {column.split("/")[-1]: column for column in answers}
    homes = (
        answers[[names["cluster"], names["household"]]]
        .set_axis(["cluster", "household"], axis=1)
        .drop_duplicates()
    )
    homes = homes.assign(outcome="completed", attempt="1", today="2025-01-20").reset_index(drop=True)
    homes.insert(0, "KEY", [f"h{at}" for at in range(len(homes))])
    homes.to_csv(folder / "homes.csv", index=False)
    (folder / "sample.csv").unlink()


def test_the_sample_of_a_draw_is_analysed_as_any_other(tmp_path: Path) -> None:
    drawn_study(tmp_path)
    found = weigh(tmp_path, cohorts=COHORTS)
    done = analyse_survey(tmp_path, tmp_path / "out", salt="s", now=NOW)

    assert done.children == 570
    weight = done.cleaned.children.groupby("cluster")["weight"].first()
    factors = pd.read_csv(tmp_path / "weights.csv").set_index("cluster")
    assert weight.to_dict() == pytest.approx(factors.loc[weight.index, "weight"].to_dict())
    assert set(found.sample["cohort"]) == {one.name for one in COHORTS}
    assert not list(tmp_path.glob("*.draft"))
    assert done.beside.origin.holds, "the report says that weights were computed"
    assert done.beside.origin.margins == {}
    told = pd.read_csv(tmp_path / "out" / "receipt.csv").query("part == 'weights'").set_index("what")["n"]
    assert told.to_dict() == {"followed": done.beside.origin.rows, "differing": 0, "lacking": 0}


def test_weights_agree_with_margins_that_are_known(tmp_path: Path) -> None:
    drawn_study(tmp_path, margins={"sex": {"female": 0.3, "male": 0.7}})
    weigh(tmp_path, cohorts=COHORTS)
    done = analyse_survey(tmp_path, tmp_path / "out", salt="s", now=NOW)

    children = done.cleaned.children
    weight = children.groupby("sex")["weight"].sum()
    assert weight["female"] / weight.sum() == pytest.approx(0.3, abs=1e-9)
    origin = done.beside.origin
    assert origin.holds, "raking comes after the factors of the sample"
    assert list(origin.margins) == ["sex"]
    assert (origin.raked_low, origin.raked_high) == (children["raking"].min(), children["raking"].max())
    unknown = children["sex"].isna()
    assert done.cleaned.rows_of("margin_unknown") == unknown.sum() > 0
    assert set(children.loc[unknown, "raking"]) == {1.0}


def test_a_sample_that_somebody_changed_is_told_apart_from_its_factors(tmp_path: Path) -> None:
    drawn_study(tmp_path)
    weigh(tmp_path, cohorts=COHORTS)
    sample = pd.read_csv(tmp_path / "sample.csv")
    sample.loc[0, "weight"] *= 2
    sample.to_csv(tmp_path / "sample.csv", index=False)
    done = analyse_survey(tmp_path, tmp_path / "out", salt="s", now=NOW)
    assert (done.beside.origin.differing, done.beside.origin.holds) == (1, False)


@pytest.mark.parametrize(
    "margins",
    [
        {"ethnicity": {"a": 1.0}},
        {"sex": {"female": 1.0}},
        {"sex": {"female": 0.3, "male": 0.7, "other": 0.1}},
    ],
)
def test_margins_that_do_not_fit_the_children_are_refused(
    tmp_path: Path, margins: dict[str, dict[str, float]]
) -> None:
    drawn_study(tmp_path, margins=margins)
    weigh(tmp_path, cohorts=COHORTS)
    with pytest.raises(CannotAnalyse) as refused:
        analyse_survey(tmp_path, tmp_path / "out", salt="s", now=NOW)
    assert "Message(" not in str(refused.value)
