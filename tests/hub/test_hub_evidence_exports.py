"""Does the library get to read what people said at the evidence desk, and only that?"""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.conf import settings
from django.test import override_settings

from kalanso.pipeline.tables import TABLES
from kalanso.quality.tables import FINDING_STATUSES, STATUSES
from kalanso.store import Store
from tests.hub.conftest import NOW
from tests.hub.visitors import person

WORK = cast(Any, SimpleNamespace(progress=lambda step, share: None, cancel=lambda: False))


@pytest.fixture
def answered(hub: None) -> None:
    """One finding that somebody called no error."""
    from kalanso.hub.evidence.models import FindingStatus

    FindingStatus.objects.create(
        key="k" * 64, check_name="silence", source="demo-snis", place_code="ML-H0001", period="202403",
        indicator="dtp1_doses", status="no_error", comment="vu avec Mme Diarra", by=person("national"), at=NOW,
    )  # fmt: skip


def test_every_export_has_the_columns_that_the_library_declares(answered: None) -> None:
    for module in settings.KALANSO_EXPORTS:
        for spec, build in import_module(module).EXPORTS:
            assert spec in TABLES
            rows = list(build())
            assert {tuple(row) for row in rows} <= {spec.column_names}, spec.name
            assert rows or spec is not FINDING_STATUSES
            assert spec.arrow(rows).num_rows == len(rows)


def test_people_say_of_a_finding_what_the_library_knows(hub: None) -> None:
    from kalanso.hub.evidence.models import FindingStatus

    assert set(FindingStatus.Status.values) == set(STATUSES)


def test_what_people_said_is_published_once_and_without_their_words(
    answered: None, small_store: Store, tmp_path: Any
) -> None:
    from kalanso.hub.site.tasks import export

    store = Store.create(tmp_path / "store", country="ML", now=NOW, memory="1GB", threads=1)
    with override_settings(KALANSO_STORE=store.folder):
        assert {name: n for name, n in export(WORK).items() if n} == {"finding_statuses": 1}
        assert {name: n for name, n in export(WORK).items() if n} == {"finding_statuses": 1}
    assert len(store.history("finding_statuses")) == 1
    (row,) = store.read(FINDING_STATUSES).to_pyarrow().to_pylist()
    assert (row["place_code"], row["period_start"].isoformat(), row["status"]) == (
        "ML-H0001",
        "2024-03-01",
        "no_error",
    )
    assert "Diarra" not in str(row)


def test_a_hub_in_which_nobody_said_anything_publishes_nothing(hub: None, tmp_path: Any) -> None:
    from kalanso.hub.site.tasks import export

    store = Store.create(tmp_path / "store", country="ML", now=NOW, memory="1GB", threads=1)
    with override_settings(KALANSO_STORE=store.folder):
        assert not any(export(WORK).values())
    assert store.latest("finding_statuses") is None


def test_an_explained_finding_is_handed_over_as_closed_and_its_words_stay_here(answered: None) -> None:
    from kalanso.hub.evidence.exports import finding_statuses
    from kalanso.hub.evidence.models import FindingStatus
    from kalanso.quality.tables import CLOSED_STATUSES

    FindingStatus.objects.update(status="explained", comment="grève du 3 au 20")
    (row,) = FINDING_STATUSES.arrow(list(finding_statuses())).to_pylist()

    assert row["status"] == "explained"
    assert row["status"] in CLOSED_STATUSES
    assert "grève" not in str(row)
