"""How do the reports of the example country depart from the truth, and is every departure recorded?"""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from kalanso.simulation import ExampleCountry
from kalanso.simulation.surveys import CHILDREN_PER_CLUSTER
from kalanso.simulation.tables import FAULT_KINDS

STOCK_FLOWS = ("stock_opening_doses", "doses_received", "doses_used", "doses_wasted", "stock_closing_doses")


@pytest.fixture(scope="module")
def reports(full: ExampleCountry) -> pd.DataFrame:
    """The facility reports of the full country."""
    rows = full.observations.to_pandas()
    return rows[rows["source"] == "demo-snis"]


def truth_by_year(country: ExampleCountry, column: str) -> pd.Series[float]:
    frame = country.truth_coverage.to_pandas()
    year = pd.to_datetime(frame["period_start"]).dt.year
    children = frame["surviving_infants"]
    return (frame[column] * children).groupby(year).sum() / children.groupby(year).sum()


def national(country: ExampleCountry, category: str, indicator: str = "dtp1_coverage") -> pd.DataFrame:
    frame = country.coverage_series.to_pandas()
    return frame[(frame["category"] == category) & (frame["indicator"] == indicator)]


def test_administrative_coverage_exceeds_100_percent_every_year_while_the_truth_is_far_below(
    full: ExampleCountry,
) -> None:
    admin = national(full, "ADMIN").set_index("period")["coverage"]
    truth = truth_by_year(full, "dtp1_coverage")
    assert (admin > 1).all()
    assert truth.between(0.70, 0.85).all()


def test_the_four_kinds_of_national_figures_disagree(full: ExampleCountry) -> None:
    in_2022 = {
        c: national(full, c).query("period == '2022'")["coverage"].iloc[0]
        for c in ("ADMIN", "OFFICIAL", "WUENIC")
    }
    assert in_2022["ADMIN"] > in_2022["OFFICIAL"] > in_2022["WUENIC"]
    assert national(full, "WUENIC").query("period == '2021'")["vintage"].nunique() == 2
    assert set(national(full, "SURVEY")["evidence"]) == {"card", "card or history"}


def test_coverage_is_lower_where_life_is_harder(full: ExampleCountry) -> None:
    contexts = full.place_contexts.to_pandas()
    truth = full.truth_coverage.to_pandas()
    means = {
        context: truth[truth["place_code"].isin(own["place_code"])]["dtp1_coverage"].mean()
        for context, own in contexts.groupby("context")
    }
    assert means["urban"] > means["rural"] > means["rural_remote"] > means["nomads"]
    assert means["rural"] > means["conflict"]


def test_neighbouring_areas_resemble_each_other(full: ExampleCountry) -> None:
    listed = full.places.to_pandas().query("level == 'health_area'").set_index("place_code")
    mean = full.truth_coverage.to_pandas().groupby("place_code")["dtp1_coverage"].mean()
    place = listed.join(mean)
    from scipy.spatial import cKDTree

    nearest = cKDTree(place[["longitude", "latitude"]]).query(place[["longitude", "latitude"]], k=2)[1][:, 1]
    near = place["dtp1_coverage"].corr(
        place["dtp1_coverage"].iloc[nearest].reset_index(drop=True).set_axis(place.index)
    )
    assert near > 0.3


def test_children_of_a_cohort_are_vaccinated_or_zero_dose(full: ExampleCountry) -> None:
    zero = full.truth_zero_dose.to_pandas().set_index(["place_code", "period"])
    coverage = full.truth_coverage.to_pandas().set_index(["place_code", "period"])
    vaccinated = (coverage["dtp1_coverage"] * coverage["surviving_infants"]).fillna(0)
    assert ((zero["zero_dose"] + vaccinated - coverage["surviving_infants"]).abs() < 1e-6).all()
    assert (zero["under_immunized"] == zero["zero_dose"] + zero["dropout"]).all()


def test_births_add_up_to_the_cohorts_and_peak_after_the_rains(full: ExampleCountry) -> None:
    births = full.truth_births.to_pandas()
    assert (births["surviving_infants"] <= births["births"]).all()
    cohort = full.truth_coverage.to_pandas()["surviving_infants"].sum()
    assert births["surviving_infants"].sum() == cohort
    by_month = births.groupby(births["period"].str[4:])["births"].sum()
    assert by_month.idxmax() == "10"
    assert by_month.max() / by_month.min() > 1.15


def test_stock_balances_except_where_the_imbalance_is_recorded(
    full: ExampleCountry, reports: pd.DataFrame
) -> None:
    stock = reports[reports["indicator"].isin(STOCK_FLOWS)]
    table = stock.pivot_table(index=["place_code", "period"], columns="indicator", values="value")
    left = (
        table["stock_opening_doses"] + table["doses_received"] - table["doses_used"] - table["doses_wasted"]
    )
    unbalanced = set(table.index[(left != table["stock_closing_doses"]) & left.notna()])
    planted = full.planted_faults.to_pandas().query("kind == 'stock_unbalanced'")
    recorded = set(zip(planted["place_code"], planted["period"], strict=True))
    assert unbalanced
    assert unbalanced <= recorded
    assert (table >= 0).all().all()


def test_stockouts_are_followed_by_fewer_penta_doses_but_not_fewer_pneumococcal_ones(
    reports: pd.DataFrame,
) -> None:
    wanted = reports[reports["indicator"].isin(["stockout_days", "dtp1_doses", "pcv1_doses"])]
    routine = wanted[wanted["age_band"].isin(["0-11m", "all"]) & (wanted["strategy"] != "catch_up")]
    table = (
        routine.groupby(["place_code", "period", "indicator"])["value"].sum(min_count=1).unstack().dropna()
    )
    empty, full_shelf = table[table["stockout_days"] >= 15], table[table["stockout_days"] == 0]
    assert (empty["dtp1_doses"].sum() / empty["pcv1_doses"].sum()) < 0.6
    assert (full_shelf["dtp1_doses"].sum() / full_shelf["pcv1_doses"].sum()) > 0.9


def test_every_fault_that_reached_the_ministry_stands_in_the_reports(
    full: ExampleCountry, reports: pd.DataFrame
) -> None:
    planted = full.planted_faults.to_pandas()
    typed = planted[planted["kind"].isin(["typo_times_ten", "transposed_digits"]) & planted["reached"]]
    zeroed = planted.query("kind == 'zero_for_missing'").set_index(["place_code", "period"]).index
    routine = reports[~reports["strategy"].isin(["campaign", "catch_up"])]
    routine = routine[routine["place_code"].isin(typed["place_code"])]
    key = ["place_code", "period", "indicator", "age_band"]
    cells = routine.groupby(key)["value"].agg(["sum", "count", "size"])
    found = typed.join(cells, on=key)
    later = found.set_index(["place_code", "period"]).index.isin(zeroed)
    kept = found[~later & (found["count"] == found["size"])]  # without cells left blank

    assert len(kept) > 300
    assert (kept["sum"] == kept["reported_value"]).all()


def test_every_kind_of_fault_is_planted(full: ExampleCountry) -> None:
    assert set(full.planted_faults["kind"].to_pylist()) == set(FAULT_KINDS)


def test_a_copied_report_repeats_the_one_before(full: ExampleCountry, reports: pd.DataFrame) -> None:
    copies = full.planted_faults.to_pandas().query("kind == 'copied_month'")
    bcg = reports[reports["indicator"] == "bcg_doses"].set_index(["place_code", "period"])["value"]
    same = [
        bcg.get((row.place_code, row.period)) == bcg.get((row.place_code, _before(row.period)))
        for row in copies.itertuples()
    ]
    assert sum(same) > 0.9 * len(same)  # a few were changed again by a later fault, or left blank


def _before(period: str) -> str:
    year, month = int(period[:4]), int(period[4:])
    return f"{year - 1}12" if month == 1 else f"{year}{month - 1:02d}"


def test_hub_areas_carry_no_planted_fault_but_their_documented_series(full: ExampleCountry) -> None:
    named = full.places.to_pandas().set_index(["level", "name"])["place_code"]
    above = full.place_parents.to_pandas().query("tree == 'health'").set_index("place_code")["parent_code"]
    hub = {named["health_area", name] for name in ("Pelengana Nord", "Boura", "Niono Central", "Kologo")}
    planted = full.planted_faults.to_pandas()
    assert not planted["place_code"].map(above).isin(hub).any()
    assert hub <= set(planted.query("kind == 'documented_series'")["place_code"])


def test_reports_are_missing_more_often_in_conflict_and_in_runs(
    full: ExampleCountry, reports: pd.DataFrame
) -> None:
    opd = reports[(reports["indicator"] == "anc1_visits")]
    came = opd.pivot_table(index="place_code", columns="period", values="reports_received")
    above = full.place_parents.to_pandas().query("tree == 'health'").set_index("place_code")["parent_code"]
    troubled = set(full.place_contexts.to_pandas().query("context == 'conflict'")["place_code"])
    in_conflict = came.index.map(above).isin(troubled)
    assert came[in_conflict].mean().mean() < came[~in_conflict].mean().mean() - 0.10
    missing_now, missing_before = came.iloc[:, 1:] == 0, came.iloc[:, :-1].to_numpy() == 0
    after_gap = missing_now.to_numpy()[missing_before].mean()
    assert after_gap > 2 * missing_now.to_numpy().mean()


def test_missing_is_told_from_zero(reports: pd.DataFrame) -> None:
    missing, zero = reports[reports["status"] == "missing"], reports[reports["status"] == "zero"]
    assert missing["value"].isna().all()
    assert (zero["value"] == 0).all()
    assert (reports.loc[reports["reports_received"] == 0, "status"] == "missing").all()
    assert (missing["reports_received"] == 1).any()  # single cells left blank
    assert (reports["reports_expected"] == 1).all()
    assert (reports["reports_on_time"] <= reports["reports_received"]).all()


def test_the_form_divides_doses_by_strategy_from_2023(reports: pd.DataFrame) -> None:
    doses = reports[(reports["indicator"] == "dtp1_doses") & (reports["age_band"] == "0-11m")]
    doses = doses[doses["strategy"] != "catch_up"]
    before = set(doses[doses["period"] < "202301"]["strategy"])
    after = set(doses[doses["period"] >= "202301"]["strategy"])
    assert (before, after) == ({"all"}, {"fixed", "outreach", "mobile"})


def test_hexa_follows_penta_only_after_its_introduction(reports: pd.DataFrame) -> None:
    hexa = reports[reports["product"] == "hexa"]
    assert hexa["period"].min() == "202404"
    assert set(hexa["indicator"]) == {"dtp1_doses", "dtp2_doses", "dtp3_doses"}
    both = reports[(reports["indicator"] == "dtp2_doses") & (reports["product"] != "")]
    per_month = both.groupby(["place_code", "period"])["product"].nunique()
    assert per_month[per_month == 2].index.get_level_values("period").isin(["202404", "202407"]).all()


def test_late_catch_up_and_campaign_doses_are_series_of_their_own(reports: pd.DataFrame) -> None:
    assert set(reports[reports["strategy"] == "catch_up"]["period"]) == {"202211", "202405", "202406"}
    assert set(reports[reports["strategy"] == "campaign"]["indicator"]) == {"mcv1_doses"}
    late = reports[(reports["indicator"] == "dtp1_doses") & (reports["age_band"] == "12-23m")]
    assert late["value"].sum() > 0


def test_only_private_facilities_leave_age_and_strategy_unknown(reports: pd.DataFrame) -> None:
    unknown = reports[reports["age_band"] == "unknown"]
    assert set(unknown["sector"]) == {"private"}
    assert set(unknown["strategy"]) == {"unknown"}


def test_district_hospitals_vaccinate_children_of_other_areas(
    full: ExampleCountry, reports: pd.DataFrame
) -> None:
    kind = full.places.to_pandas().set_index("place_code")["kind"]
    doses = reports[(reports["indicator"] == "dtp1_doses") & (reports["age_band"] == "0-11m")]
    by_kind = doses.groupby(doses["place_code"].map(kind))["value"].sum()
    assert by_kind["CSRéf"] / by_kind.sum() > 0.03


def test_surveys_never_enter_areas_in_conflict(full: ExampleCountry) -> None:
    contexts = full.place_contexts.to_pandas().query("context == 'conflict'")
    since = contexts.set_index("place_code")["valid_from"]
    for cluster in full.survey_clusters.to_pylist():
        began = since.get(cluster["place_code"])
        assert began is None or began > cluster["fieldwork_end"]


def test_survey_weights_stand_for_the_children_who_can_be_reached(full: ExampleCountry) -> None:
    children = full.survey_children.to_pandas()
    per_cluster = children.groupby(["survey", "cluster"]).size()
    assert (per_cluster == CHILDREN_PER_CLUSTER).all()
    stood_for = children.groupby("survey")["weight"].sum()
    contexts = full.place_contexts.to_pandas().query("context == 'conflict'").set_index("place_code")
    births = full.truth_births.to_pandas()
    born = births[births["period"].between("202211", "202310")]
    open_areas = ~born["place_code"].isin(contexts.index[contexts["valid_from"] <= date(2024, 11, 25)])
    assert stood_for["demo-survey-2024"] == pytest.approx(
        born[open_areas]["surviving_infants"].sum(), rel=0.05
    )


def test_recall_loses_later_doses(full: ExampleCountry) -> None:
    key = ["survey", "cluster", "child"]
    both = full.survey_children.to_pandas().merge(
        full.truth_survey_children.to_pandas(), on=key, suffixes=("", "_true")
    )
    recalled = both[~both["card_seen"]]
    assert (
        recalled[recalled["dtp3_true"]]["dtp3"].mean() < recalled[recalled["dtp1_true"]]["dtp1"].mean() - 0.1
    )
    carded = both[both["card_seen"]]
    assert (carded["dtp1"] == carded["dtp1_true"]).all()


def test_denominators_disagree_and_none_is_the_truth(full: ExampleCountry) -> None:
    rows = full.observations.to_pandas()
    infants = rows[(rows["indicator"] == "surviving_infants") & (rows["period"] == "2022")]
    official = infants[
        (infants["source"] == "demo-population") & infants["place_code"].str.startswith("ML-H")
    ]
    united_nations = infants[infants["source"] == "demo-un"]["value"].iloc[0]
    births = full.truth_births.to_pandas()
    truth = births[births["period"].str[:4] == "2022"]["surviving_infants"].sum()
    assert official["value"].sum() < 0.85 * truth
    assert united_nations != truth
    assert united_nations == pytest.approx(truth, rel=0.05)


def test_both_trees_carry_the_same_targets(full: ExampleCountry) -> None:
    rows = full.observations.to_pandas()
    targets = rows[(rows["indicator"] == "population_under_1") & (rows["period"] == "2024")]
    by_level = targets.groupby(targets["place_code"].str[3])["value"].sum()
    assert by_level["H"] == by_level["M"]


def test_known_events_are_told_with_their_places_and_days(full: ExampleCountry) -> None:
    events = full.events.to_pandas()
    assert {
        "strike",
        "stockout",
        "campaign",
        "catch_up",
        "product_change",
        "form_change",
        "conflict",
        "closure",
    } <= set(events["kind"])
    assert set(events["place_code"]) <= set(full.places["place_code"].to_pylist())
    assert (events["last_day"].isna() | (events["last_day"] >= events["first_day"])).all()


def test_a_strike_of_reporting_leaves_service_as_it_was(full: ExampleCountry, reports: pd.DataFrame) -> None:
    region = {row["place_code"]: row for row in full.places.to_pylist()}
    events = full.events.to_pandas().query("kind == 'strike' and first_day == @date(2021, 10, 1)")
    assert {region[code]["name"] for code in events["place_code"]} == {"Kayes", "Koulikoro", "Bamako"}
    received = reports[reports["indicator"] == "anc1_visits"].groupby("period")["reports_received"].mean()
    assert received["202111"] < received["202109"] - 0.15
