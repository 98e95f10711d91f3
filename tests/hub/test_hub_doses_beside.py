"""Does the page of an area say which of the doses that are counted there a facility of the district gave?"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from kalanso.coverage.comparison_tables import PLACE_EVIDENCE
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.store import Mode, Provenance, Store
from tests.hub.conftest import NOW
from tests.hub.test_hub_estimates import estimated
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import visitor

__all__ = ["estimated"]
QUARTERS = {f"2024Q{number}" for number in (1, 2, 3, 4)}


@pytest.fixture
def page(
    quick_hand: Any, estimated: Path, tmp_path: Path, code_of: Callable[[str, str], str]
) -> Iterator[Callable[[float], str]]:
    """Read the page of an area whose evidence counts some doses more than its own reports do."""
    folder = tmp_path / "beside"
    shutil.copytree(estimated, folder, ignore=shutil.ignore_patterns("cache"))
    store = Store.open(folder, memory="1GB", threads=1)
    area = code_of("Niono Central", "health_area")
    own = own_doses(store, area)

    def read(more: float) -> str:
        rows = store.read(PLACE_EVIDENCE).to_pyarrow().to_pylist()
        for row in rows:
            if (row["place_code"], row["kind"]) == (area, "reported") and row["period"] in QUARTERS:
                row["numerator"] = (own + more) / 4
        store.publish(PLACE_EVIDENCE, rows, provenance=Provenance(), now=NOW, mode=Mode.REPLACE_ALL)
        return text_of(visitor().get(f"/lieux/{area}/estimation/"))

    with override_settings(KALANSO_STORE=folder):
        yield read


def own_doses(store: Store, area: str) -> float:
    from kalanso.indicators.tables import INDICATOR_VALUES

    rows = store.read(INDICATOR_VALUES).to_pandas()
    rows = rows[
        (rows["place_code"] == area) & (rows["period"] == "2024Q4") & (rows["indicator"] == "dtp1_coverage")
    ]
    return float(rows.loc[rows["denominator_name"].str.endswith("rolling4"), "numerator"].iloc[0])


def hospital_doses(store: Store, facility: str) -> float:
    rows = store.read(OBSERVATIONS).to_pandas()
    rows = rows[
        (rows["place_code"] == facility) & (rows["indicator"] == "dtp1_doses") & (rows["age_band"] == "0-11m")
    ]
    rows = rows[rows["period"].between("202401", "202412") & ~rows["strategy"].isin(["catch_up", "campaign"])]
    return float(rows["value"].sum())


def test_doses_of_a_reference_centre_are_named_with_their_number(
    page: Any, small_store: Store, code_of: Callable[[str, str], str]
) -> None:
    more = hospital_doses(small_store, code_of("CSRéf Niono", "facility"))
    assert more > 0

    text = page(more)
    assert re_spaced(f"{more:,.0f}") + " de CSRéf Niono, qui dépend du district" in text.replace(
        "\u202f", " "
    )


def re_spaced(number: str) -> str:
    return number.replace(",", " ")


@pytest.mark.parametrize("more", [0.0, 7.0])
def test_nothing_is_said_where_the_difference_is_nobodys_doses(more: float, page: Any) -> None:
    assert "qui dépend du district et que le calcul compte" not in page(more)
