"""Are girls and boys, poor and rich compared where a source tells them apart, and is their absence said?"""

from __future__ import annotations

import pandas as pd
import pytest

from kalanso.triangulation import inequality, sentence
from tests.triangulation.dossiers import PACK, districts, lay, table

COVERAGE = table(
    "place_code year indicator source kind value",
    [(f"D{n:02d}", 2022, "dtp1", "moh", "administrative", 0.5 + n / 30) for n in range(1, 11)],
)


def _groups(*rows: tuple[object, ...]) -> pd.DataFrame:
    return table("place_code year indicator source kind by group value doses", rows)


def _surveyed(girls: float, boys: float) -> pd.DataFrame:
    return _groups(
        ("ML", 2021, "dtp1", "dhs", "coverage", "sex", "female", girls, None),
        ("ML", 2021, "dtp1", "dhs", "coverage", "sex", "male", boys, None),
    )


def _compared(groups: pd.DataFrame | None) -> object:
    given = {} if groups is None else {"groups": groups}
    return inequality.compare(lay(places=districts(10), coverage=COVERAGE, **given))


@pytest.mark.parametrize(("girls", "boys", "said"), [(0.6, 0.75, "sex_wide"), (0.74, 0.75, "sex_narrow"), (0.75, 0.6, "sex_wide")])  # fmt: skip
def test_girls_and_boys_are_told_apart_where_a_survey_does(girls: float, boys: float, said: str) -> None:
    answer = _compared(_surveyed(girls, boys))

    rows = answer.rows.set_index("measure")  # type: ignore[attr-defined]
    assert rows.loc["sex_difference", "value"] == pytest.approx(boys - girls)
    assert rows.loc["coverage_sex_female", "value"] == girls
    told = [one for one in answer.findings if one.message.id == f"triangulation.inequality.{said}"]  # type: ignore[attr-defined]
    assert len(told) == 1
    assert "sex" not in {one.source for one in answer.missing}  # type: ignore[attr-defined]
    for locale in ("fr", "en"):
        assert "Mali, 2021" in sentence(told[0].message, {"ML": "Mali"}, PACK, locale)


def test_the_poorest_fifth_is_set_beside_the_richest_and_stands_in_for_poverty_of_districts() -> None:
    fifths = _groups(
        *(("ML", 2021, "dtp1", "dhs", "coverage", "wealth", str(n), 0.3 + n / 10, None) for n in range(1, 6))
    )

    answer = _compared(fifths)

    assert answer.rows.set_index("measure").loc["wealth_difference", "value"] == pytest.approx(0.4)  # type: ignore[attr-defined]
    assert [one.source for one in answer.missing] == ["sex"]  # type: ignore[attr-defined]
    assert "triangulation.inequality.wealth_wide" in {one.message.id for one in answer.findings}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("girls", "boys", "said"), [(960, 1000, "girls_alike"), (700, 1000, "girls_fewer"), (1300, 1000, "girls_more")])  # fmt: skip
def test_doses_of_girls_and_boys_are_read_beside_how_many_of_each_are_born(
    girls: int, boys: int, said: str
) -> None:
    doses = _groups(
        ("ML", 2022, "dtp1", "hmis", "doses", "sex", "female", None, girls),
        ("ML", 2022, "dtp1", "hmis", "doses", "sex", "male", None, boys),
    )

    answer = _compared(doses)

    row = answer.rows.set_index("measure").loc["girls_per_boy"]  # type: ignore[attr-defined]
    assert row["low"] < girls / boys < row["high"]
    assert f"triangulation.inequality.{said}" in {one.message.id for one in answer.findings}  # type: ignore[attr-defined]


def test_few_doses_of_girls_and_boys_say_nothing() -> None:
    doses = _groups(
        ("ML", 2022, "dtp1", "hmis", "doses", "sex", "female", None, 3),
        ("ML", 2022, "dtp1", "hmis", "doses", "sex", "male", None, 9),
    )

    assert {one.source for one in _compared(doses).missing} == {"sex", "access_poverty"}  # type: ignore[attr-defined]


def test_what_no_source_tells_apart_is_said_to_be_missing() -> None:
    assert {one.source for one in _compared(None).missing} == {"sex", "access_poverty"}  # type: ignore[attr-defined]
