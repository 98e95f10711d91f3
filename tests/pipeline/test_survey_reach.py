"""Does a survey say of whom it speaks where drawn clusters could not be reached?"""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from kalanso.pipeline.household_surveys import CannotAnalyse, analyse_survey
from tests.pipeline.test_household_surveys import NOW, study

pytestmark = pytest.mark.long

LOG = "cluster,replaced_by,reason,decided_on,decided_by\n"


def drawn(folder: Path, log: str) -> None:
    """Write the draw of a study, with one more cluster and a reserve in its first stratum, and the log."""
    sample = pd.read_csv(folder / "sample.csv", dtype=str).drop_duplicates("cluster")
    rows = [
        f"{cluster},{stratum},main,"
        for cluster, stratum in zip(sample["cluster"], sample["stratum"], strict=True)
    ]
    rows += ["X1,ML-H1,main,", "R1,ML-H1,reserve,1"]
    (folder / "draw.csv").write_text("\n".join(["cluster,stratum,role,reserve_order", *rows]) + "\n")
    (folder / "replacements.csv").write_text(LOG + log)


def test_results_say_that_they_speak_of_the_population_that_could_be_reached(tmp_path: Path) -> None:
    study(tmp_path / "study")
    drawn(tmp_path / "study", "X1,,insecurity,2025-01-20,P1\n")
    done = analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", reports=("docx",), now=NOW)

    held = done.reached
    visited = pd.read_csv(tmp_path / "study" / "sample.csv").query("stratum == 'ML-H1'")["cluster"].nunique()
    assert set(held["stratum"]) == {"ML-H1"}
    assert set(held["cohort"]) == {"18w-11m", "12-23m"}
    assert held["drawn"].tolist() == [visited + 1] * 2
    assert held["share"].tolist() == pytest.approx([visited / (visited + 1)] * 2)
    rows = done.estimates.query("indicator == 'crude_coverage' and detail == 'dtp1' and stratum == 'ML-H1'")
    for one in held.itertuples():
        own = rows[rows["cohort"] == one.cohort].iloc[0]
        assert one.whole_low < own["low"]
        assert one.whole_high > own["high"] * one.share
        assert 0 <= one.whole_low < one.whole_high <= 1
    labels = done.evidence.groupby("place_code")["message"].agg(set).to_dict()
    assert labels["ML-H1"] == {"surveys.household.chosen_accessible"}
    assert labels["ML-H2"] == labels["ML-H3"] == {"surveys.household.chosen"}
    with zipfile.ZipFile(tmp_path / "out" / "report-fr.docx") as held_in:
        text = held_in.read("word/document.xml").decode()
    assert "population accessible" in text
    assert "atteints ou non" in text


def test_clusters_that_were_emptied_leave_the_whole_population_reached(tmp_path: Path) -> None:
    study(tmp_path / "study")
    drawn(tmp_path / "study", "X1,,emptied,2025-01-20,P1\n")
    done = analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", now=NOW)

    assert done.reached.empty
    assert set(done.evidence["message"]) == {"surveys.household.chosen"}


@pytest.mark.parametrize("fault", ["no draw", "out of turn", "unsigned"])
def test_a_log_that_does_not_fit_its_draw_is_refused(tmp_path: Path, fault: str) -> None:
    study(tmp_path / "study")
    drawn(
        tmp_path / "study",
        "X1,X1,insecurity,2025-01-20,P1\n" if fault == "out of turn" else "X1,,insecurity,2025-01-20,\n",
    )
    if fault == "no draw":
        (tmp_path / "study" / "draw.csv").unlink()
    with pytest.raises(CannotAnalyse):
        analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", now=NOW)


def test_strata_are_joined_by_their_clusters_whatever_the_draw_calls_them(tmp_path: Path) -> None:
    study(tmp_path / "study")
    drawn(tmp_path / "study", "X1,,insecurity,2025-01-20,P1\n")
    analysed = analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", now=NOW).reached
    draw = tmp_path / "study" / "draw.csv"
    draw.write_text(draw.read_text().replace(",ML-H1,", ",DISTRICT-7,"))
    again = analyse_survey(tmp_path / "study", tmp_path / "again", salt="s", now=NOW)

    assert again.reached.to_dict() == analysed.to_dict()
    assert set(again.evidence.query("place_code == 'ML-H1'")["message"]) == {
        "surveys.household.chosen_accessible"
    }


def test_a_stratum_that_nobody_reached_stays_named(tmp_path: Path) -> None:
    study(tmp_path / "study")
    drawn(tmp_path / "study", "X9,,insecurity,2025-01-20,P1\n")
    with (tmp_path / "study" / "draw.csv").open("a") as stream:
        stream.write("X9,AWAY,main,\n")
    held = analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", now=NOW).reached

    assert set(held["stratum"]) == {"AWAY"}
    assert held["share"].tolist() == [0.0, 0.0]
    assert held["whole_low"].isna().all()
