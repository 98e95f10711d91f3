"""Does an untidy sheet of 79 interventions by 44 districts load as it says, once, and is the whole portfolio then light to open?"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.hub.portfolio_desk import NOW, PAGE, brought
from tests.hub.visitors import person, visitor
from tests.sources.whole_portfolio import DISTRICTS, FAULTY, INTERVENTIONS, districts, whole_sheet

pytestmark = pytest.mark.long

MOST_BYTES, MOST_QUERIES = 60 * 1024, 16
# The line that the sheet says twice is kept neither way.
KEPT = INTERVENTIONS * DISTRICTS - len(FAULTY) - 1


@pytest.fixture
def loaded(hub: None, quick_hand: Any, tmp_path: Path) -> Any:
    """A sheet that was tried, over the 44 districts that it names."""
    from kalanso.hub.people.models import PlaceMirror

    like = PlaceMirror.objects.filter(level="district").first()
    PlaceMirror.objects.bulk_create(
        PlaceMirror(code=code, name=name, level="district", parent_code=like.parent_code, path=f"{like.path}{code}/", snapshot=like.snapshot)
        for code, name, _region in districts()
    )  # fmt: skip
    return brought(person("national"), whole_sheet(), tmp_path)


def test_a_dry_run_tells_every_row_and_a_second_loading_changes_nothing(loaded: Any, tmp_path: Path) -> None:
    from kalanso.hub.portfolio.actions.loads import apply
    from kalanso.hub.portfolio.models import Cell, Intervention

    by = person("national")
    assert {name: loaded.counts[name] for name in ("interventions_added", "added", "changed", "same", "faults")} == {
        "interventions_added": INTERVENTIONS, "added": KEPT, "changed": 0, "same": 0, "faults": len(FAULTY) + 2,
    }  # fmt: skip
    told = sorted(one["message"].removeprefix("sources.portfolio.") for one in loaded.faults)
    assert told == sorted([*(reason for _where, _what, reason in FAULTY), "twice", "twice"])
    assert not Cell.objects.exists()

    assert apply(by=by, one=loaded, now=NOW).status == "applied"

    assert (Intervention.objects.count(), Cell.objects.count()) == (INTERVENTIONS, KEPT)
    assert Cell.objects.filter(intervention__code="INT-001", place_code="PF-01").first() is None
    assert Cell.objects.filter(target=1200).exists()
    again = brought(by, whole_sheet(), tmp_path)
    assert again.changes == []
    assert again.counts["same"] == INTERVENTIONS + KEPT


def test_the_whole_grid_and_who_has_reported_stay_light(loaded: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from kalanso.hub.portfolio.actions.loads import apply

    apply(by=person("national"), one=loaded, now=NOW)
    for who in ("national", "region", "partner", "donor"):
        client = visitor(who)
        for path in (PAGE, f"{PAGE}rapports/", f"{PAGE}qui/", f"{PAGE}intervention/INT-002/"):
            client.get(path)
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(path)
            assert answer.status_code == 200
            assert len(asked) <= MOST_QUERIES, (who, path, len(asked))
            assert len(gzip.compress(answer.content, 6)) <= MOST_BYTES, (who, path)


def test_who_does_what_can_be_asked_of_a_quarter(loaded: Any) -> None:
    from kalanso.hub.portfolio.actions.loads import apply
    from kalanso.hub.portfolio.queries.coverage_of_work import who_does_what

    by = person("national")
    apply(by=by, one=loaded, now=NOW)

    planned_then, planned_later = who_does_what(by, "2025Q2"), who_does_what(by, "2030Q1")

    assert sum(planned_then.by_place.values()) == KEPT
    assert planned_then.by_place["PF-00"] == INTERVENTIONS
    assert planned_later.rows == ()
    assert len(planned_later.gaps) >= DISTRICTS
    page = visitor("national").get(f"{PAGE}qui/?trimestre=2030Q1").content.decode()
    assert page.count('aria-current="true"') >= 1
    assert page.count('href="?trimestre=') == 9  # a year back and a year ahead
