"""Do the rules say what a careful reader would say of a series?

The patterns are those of the published description of eight health areas of Mali (DTP1 coverage by
quarter, Q4 2022 to Q4 2024). Values named there are kept; those between them are made up.
"""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kalanso.figures import Denominator, Thresholds, interpret
from kalanso.figures.interpretation import _kendall, _Point, _theil_sen
from kalanso.vocabulary import Message, Period

QUARTERS = ["2022Q4", "2023Q1", "2023Q2", "2023Q3", "2023Q4", "2024Q1", "2024Q2", "2024Q3", "2024Q4"]
PELENGANA = [0.68, 0.72, 0.77, 0.84, 0.93, 1.04, 1.09, 1.12, 1.18]
CINZANA = [0.90, 0.92, 0.89, 0.94, 0.91, 0.95, 0.93, 1.04, 1.02]
NDEBOUGOU = [0.54, 0.58, 0.57, 0.62, 0.64, 0.68, 0.70, 0.75, 0.79]
NIONO = [0.66, 0.74, 0.28, 0.49, 0.63, 0.78, 0.72, 0.75, 0.70]
BOUGOUNI = [1.32, 1.55, 1.41, 1.28, 0.46, 1.42, 1.37, 1.30, 1.26]
BOURA = [0.64, 1.18, 0.72, 1.05, 0.66, 1.12, 0.80, 1.10, 0.70]


def series(values: list[float | None], **columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"period": QUARTERS[: len(values)], "value": values, **columns})


def said(values: list[float | None], **options: object) -> dict[str, Message]:
    return {message.id.rsplit(".", 1)[-1]: message for message in interpret(series(values), **options)}  # type: ignore[arg-type]


def test_pelengana_nord_rises_and_is_above_100_percent_in_each_quarter_of_2024() -> None:
    found = interpret(series(PELENGANA))

    assert [message.id.rsplit(".", 1)[-1] for message in found] == ["rising", "above_full_persistent"]
    assert found[0].render("fr") == "En hausse, de 68\u202f% (T4 2022) à 118\u202f% (T4 2024)."
    assert found[1].params["first_period"] == "2024Q1"
    assert "each of the last 4 periods (Q1 2024 to Q4 2024)" in found[1].render("en")


def test_cinzana_gare_is_high_and_stable_with_two_quarters_above_100_percent() -> None:
    found = said(CINZANA)

    assert list(found) == ["stable_high", "above_full_recent"]
    assert found["above_full_recent"].params["n"] == 2
    assert found["above_full_recent"].params["from_period"] == "2024Q3"
    assert found["above_full_recent"].params["to_period"] == "2024Q4"


def test_ndebougou_rises_from_54_to_79_percent() -> None:
    found = said(NDEBOUGOU)

    assert list(found) == ["rising"]
    assert (found["rising"].params["first"], found["rising"].params["last"]) == (0.54, 0.79)


def test_niono_central_drops_to_28_percent_and_recovers_to_78() -> None:
    found = interpret(series(NIONO))

    assert found[0].id == "figures.interpretation.share.drop_recovery"
    assert found[0].render("fr") == (
        "Chute soudaine, de 74\u202f% (T1 2023) à 28\u202f% (T2 2023), puis remontée à 78\u202f% (T1 2024)."
    )
    assert found[1].id.endswith("_otherwise")


def test_bougouni_est_is_above_100_percent_but_drops_to_46_and_rebounds_to_142() -> None:
    found = said(BOUGOUNI)

    drop = found["drop_recovery"].params
    assert (drop["fallen"], drop["fallen_period"]) == (0.46, "2023Q4")
    assert (drop["back"], drop["back_period"]) == (1.42, "2024Q1")
    assert found["above_full_persistent"].params["highest"] == 1.55


def test_boura_swings_between_64_and_118_percent() -> None:
    found = said(BOURA)

    assert next(iter(found)) == "swinging"
    assert (found["swinging"].params["lowest"], found["swinging"].params["highest"]) == (0.64, 1.18)
    assert "drop" not in found


def test_a_drop_without_recovery_is_told_as_such() -> None:
    found = said([0.8, 0.82, 0.79, 0.8, 0.3, 0.32])

    assert found["drop"].params["fallen_period"] == "2023Q4"


def test_what_fell_for_good_is_not_called_stable() -> None:
    found = said([0.55, 0.17, 0.17, 0.18, 0.16, 0.17, 0.17, 0.18, 0.17])

    assert list(found) == ["drop"]


def test_coming_down_from_one_wild_value_is_no_drop() -> None:
    found = said([0.5, 0.52, 2.9, 0.51, 0.5, 0.53])

    assert not any(name.startswith("drop") for name in found)


def test_values_flagged_by_a_check_do_not_shape_the_sentence() -> None:
    doubtful = [False, False, True, False, False, False]

    found = interpret(series([0.5, 0.52, 2.9, 0.51, 0.5, 0.53], doubtful=list(doubtful)))

    assert found[0].id == "figures.interpretation.share.stable"
    assert found[0].params["highest"] == 0.53
    assert "1 valeur signalée" in " ".join(message.render("fr") for message in found)


def test_provisional_values_never_make_a_decline() -> None:
    values: list[float | None] = [0.8, 0.8, 0.81, 0.8, 0.79, 0.2]

    found = interpret(series(values, provisional=[False] * 5 + [True]))

    assert [message.id.rsplit(".", 1)[-1] for message in found] == ["stable_high", "provisional"]
    assert found[1].render("fr") == "Le chiffre de T1 2024 est provisoire\u00a0: il n’est pas interprété."


@pytest.mark.parametrize("values", [[], [None, None], [0.5], [0.5, 0.6, None, 0.7]])
def test_too_few_values_give_no_trend(values: list[float | None]) -> None:
    found = said(values)

    assert list(found) in (["too_few"], ["none_complete"])


def test_an_old_census_is_named_only_when_it_is_old() -> None:
    old = said(NDEBOUGOU, denominator=Denominator(name="enfants de moins d’un an", census_year=2009))
    new = said(NDEBOUGOU, denominator=Denominator(name="enfants de moins d’un an", census_year=2022))

    assert "recensement de 2009, vieux de 15 ans" in old["old_census"].render("fr")
    assert "old_census" not in new


def test_words_of_probability_come_only_with_intervals() -> None:
    values = [0.8, 0.79, 0.78, 0.76, 0.74, 0.7]
    spread = {"low": [v - 0.05 for v in values], "high": [v + 0.05 for v in values]}

    without, with_them = interpret(series(values)), interpret(series(values, **spread))  # type: ignore[arg-type]

    assert not any("probable" in message.id or "unsure" in message.id for message in without)
    probable = next(message for message in with_them if "probable" in message.id)
    assert probable.render("fr") == "Baisse probable entre T1 2023 et T1 2024 (99 chances sur 100)."


def test_wide_intervals_say_that_nobody_knows() -> None:
    values = [0.8, 0.79, 0.78, 0.76, 0.79, 0.78]
    spread = {"low": [v - 0.2 for v in values], "high": [v + 0.2 for v in values]}

    found = interpret(series(values, **spread))  # type: ignore[arg-type]

    assert "figures.interpretation.change_unsure" in [message.id for message in found]


def test_counts_are_judged_against_their_own_size_and_have_no_100_percent() -> None:
    found = said([500.0, 510.0, 495.0, 505.0, 500.0, 507.0], unit="count")

    assert list(found) == ["stable"]
    assert "502" in found["stable"].render("fr")


def test_thresholds_are_the_callers() -> None:
    strict = Thresholds(trend_change=0.5)

    assert "rising" not in said(NDEBOUGOU, thresholds=strict)


def test_the_order_of_rows_does_not_matter() -> None:
    shuffled = series(NIONO).sample(frac=1, random_state=3)

    assert interpret(shuffled) == interpret(series(NIONO))


values = st.lists(st.floats(0, 3), min_size=4, max_size=24)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(values)
def test_any_series_gets_sentences_in_both_languages(given_values: list[float]) -> None:
    first = Period.parse("202001")
    table = pd.DataFrame(
        {"period": [(first + n).code for n in range(len(given_values))], "value": given_values}
    )

    for unit in ("share", "rate", "count"):
        found = interpret(table, unit=unit)
        assert found
        for message in found:
            assert message.render("fr")
            assert message.render("en")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 2), min_size=4, max_size=15, unique=True))
def test_slope_and_agreement_equal_those_of_scipy(given_values: list[float]) -> None:
    first = Period.parse("202001")
    points = [
        _Point(period=first + n, value=v, low=float("nan"), high=float("nan"), doubtful=False)
        for n, v in enumerate(given_values)
    ]

    slope = stats.theilslopes(given_values, range(len(given_values))).slope
    tau = stats.kendalltau(range(len(given_values)), given_values).statistic

    assert _theil_sen(points) == pytest.approx(slope, abs=1e-9)
    assert _kendall(given_values) == pytest.approx(tau, abs=1e-9)
