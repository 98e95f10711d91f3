"""Does the page of a place say what is known around its services, at coarse grain, and only to those who may know it?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.places.tables import PLACE_FLAGS
from kalanso.store import Input, Provenance, Store
from kalanso.vocabulary import Period, format_value
from tests.hub.circles import Ground
from tests.hub.conftest import NOW
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import visitor

# The last six whole months: what is younger than ninety days is held back under a flag, by the reader's own day.
LAST = Period.parse(f"{datetime.now(UTC):%Y%m}")
MONTHS = tuple((LAST + -back).code for back in range(6, 0, -1))
OLDEST, NEWEST = (format_value(code, "period", "fr") for code in (MONTHS[0], MONTHS[-1]))
TITLE = "Autour des services"


def _row(place: str, period: str, indicator: str, value: float, source: str) -> dict[str, Any]:
    return {
        "source": source, "place_code": place, "period": period, "period_type": "month",
        "period_start": date(int(period[:4]), int(period[4:]), 1), "indicator": indicator, "value": value, "status": "reported",
        "product": "", "age_band": "all", "strategy": "all", "sector": "all", "sex": "all",
    }  # fmt: skip


def _rows(place: str, shut: float) -> list[dict[str, Any]]:
    found = []
    for at, month in enumerate(MONTHS):
        closed = shut if at == len(MONTHS) - 1 else 1
        facts = {
            "facilities_functional": 20 - closed,
            "facilities_closed": closed,
            "facilities_destroyed": 0,
            "facilities_partly_functional": 2,
        }
        found += [_row(place, month, name, value, "herams") for name, value in facts.items()]
        found += [
            _row(place, month, "displaced_persons", 700 + 100 * at, "dtm"),
            _row(place, month, "security_incidents", 3, "acled-coarse"),
        ]
    return found  # fmt: skip


def _told(ground: Ground, folder: Path, *, flag_district: bool = False) -> Path:
    shutil.copytree(ground.folder, folder, ignore=shutil.ignore_patterns("cache"))
    store = Store.open(folder, memory="1GB", threads=1)
    rows = [*_rows(ground.codes["district"], 4), *_rows(ground.codes["other_district"], 6)]
    # What a careless table states of one area must not reach the page: the page is of districts.
    rows += [_row(ground.codes["flagged"], MONTHS[-1], "security_incidents", 77, "acled-coarse")]
    named = Input(name="herams.csv", sha256="0" * 64, licence="CC BY-NC 4.0")
    provenance = Provenance(sources=("herams", "dtm", "acled-coarse"), inputs=(named,))
    store.publish(OBSERVATIONS, rows, provenance=provenance, now=NOW)
    if flag_district:
        flag: dict[str, Any] = {
            "place_code": ground.codes["district"], "flag": "security", "valid_from": date(2020, 1, 1), "valid_to": None,
            "source": "test", "note": "secret reason",
        }  # fmt: skip
        store.publish(PLACE_FLAGS, [flag], provenance=Provenance(sources=("test",)), now=NOW)
    return folder


@pytest.fixture(scope="module")
def stores(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("around")
    return {
        "open": _told(ground, folder / "open"),
        "flagged": _told(ground, folder / "flagged", flag_district=True),
    }


@pytest.fixture
def told(quick_hand: Any, ground: Ground, stores: dict[str, Path]) -> Iterator[Ground]:
    with override_settings(KALANSO_STORE=stores["open"]):
        yield ground


def page(told: Ground, role: str | None, part: str = "district", place: str = "") -> str:
    return text_of(visitor(role, place).get(f"/lieux/{told.codes[part]}/"))


def test_a_district_says_status_people_and_incidents_with_source_licence_and_day(told: Ground) -> None:
    text = page(told, "national")

    assert TITLE in text
    assert (
        f"{NEWEST} : centres fermés ou détruits : 4 sur 22 ; en partie fonctionnels : 2. 3 de plus qu'en {OLDEST}."
        in text
    )
    assert f"1 200 personnes déplacées présentes. 500 de plus qu'en {OLDEST}." in text.replace("\u202f", " ")
    assert "18 incidents de sécurité comptés" in text
    assert "CC BY-NC 4.0" in text


def test_a_health_area_is_shown_its_district_and_says_so(told: Ground) -> None:
    for part in ("area", "flagged"):
        text = page(told, "national", part)
        assert "Ces nombres sont ceux de tout le district" in text
        assert "18 incidents de sécurité comptés" in text
        assert "77" not in text.split(TITLE)[1].split("Ces nombres ne classent")[0]


def test_a_region_adds_up_the_districts_that_tell_and_says_how_many(told: Ground) -> None:
    text = page(told, "national", "region")
    assert "montré, sur" in text or "montrés, sur" in text


def test_whoever_may_not_see_reports_sees_nothing_of_it(told: Ground) -> None:
    for role in ("reader", None):
        assert TITLE not in page(told, role)


def test_recent_months_of_a_district_under_a_flag_reach_those_who_are_cleared_alone(
    quick_hand: Any, ground: Ground, stores: dict[str, Path]
) -> None:
    with override_settings(KALANSO_STORE=stores["flagged"]):
        cleared = page(ground, "national")
        others = [page(ground, role) for role in ("researcher", "partner")]
        elsewhere = page(ground, "district", place=ground.codes["other_district"])
        above = page(ground, "researcher", "region")

    assert f"{NEWEST} : centres fermés ou détruits : 4 sur 22" in cleared
    for text in (*others, elsewhere, above):
        part = text.split(TITLE)[1].split("Ces nombres ne classent")[0] if TITLE in text else ""
        assert "4 sur 22" not in part
        assert f"Niono, {NEWEST}" not in part
        assert "secret reason" not in text
