"""Are figures drawn outside the web process, once, and does a page live without them?"""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.test import override_settings

from kalanso.figures import RenderingFailed
from tests.hub.visitors import visitor

ROWS = [{"period": f"2024Q{n}", "value": 0.8 + n / 50} for n in range(1, 5)]
SUBJECT = {"subject": {"measure": "couverture", "place": "Niono"}}


def describe(**changes: Any) -> Any:
    from kalanso.hub.explore import tasks

    options = {"locale": "fr", "seen_as": "indicator_values-000001"} | changes
    return tasks.describe("trend", ROWS, SUBJECT, **options)


def test_the_web_process_never_loads_what_draws_or_compiles() -> None:
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'kalanso.hub.site.settings';"
        "import django; django.setup();"
        "import kalanso.hub.site.urls;"
        "sys.exit(any(name in sys.modules for name in ('altair', 'vl_convert', 'geopandas', 'numba')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_words_are_asked_for_once(quick_hand: Any) -> None:
    first, again = describe(), describe()
    assert first == again
    assert len(quick_hand.jobs) == 1


def test_other_snapshots_languages_or_eyes_are_other_figures(quick_hand: Any) -> None:
    keys = {describe().key, describe(locale="en").key, describe(seen_as="indicator_values-000002").key}
    assert len(keys) == 3


def test_readers_at_the_same_moment_cause_one_drawing(quick_hand: Any) -> None:
    from kalanso.hub.explore import tasks

    key = describe().key
    readers = [threading.Thread(target=tasks.drawing, args=(key, "svg", 340)) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert len([job for job in quick_hand.jobs if job.get("output")]) == 1


def test_where_drawing_fails_the_page_shows_the_table(
    quick_hand: Any, get: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(job: Any) -> None:
        raise RenderingFailed("the drawing process ended")

    monkeypatch.setattr(quick_hand, "render", refuse)
    response = get("/preuves/tables/indicator_values/graphique/")

    assert response.status_code == 200
    assert "La figure n’a pas pu être dessinée" in response.content.decode()
    assert '<details class="wide-open" open>' in response.content.decode()
    assert "<img" not in response.content.decode()


def test_a_page_keeps_the_room_of_a_drawing_that_was_made(quick_hand: Any) -> None:
    from kalanso.hub.explore import tasks

    first = describe()
    made = '<svg class="marks" width="720" height="406" viewBox="0 0 720 406" xmlns="http://www.w3.org/2000/svg"/>'
    (tasks._folder(first.key) / "720.svg").write_text(made)

    assert (first.broad, describe().broad, describe().narrow) == (None, (720, 406), None)


def test_a_failure_is_not_kept(quick_hand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(job: Any) -> None:
        raise RenderingFailed("too slow")

    with monkeypatch.context() as broken:
        broken.setattr(quick_hand, "render", refuse)
        assert describe().failed == "too slow"
    assert not describe().failed


def test_a_drawing_is_handed_out_for_a_year_and_cannot_run_scripts(quick_hand: Any, get: Any) -> None:
    key = describe().key

    response = get(f"/figures/{key}/720.svg?nom=tendance")

    assert response["Content-Type"] == "image/svg+xml"
    assert "immutable" in response["Cache-Control"]
    assert "sandbox" in response["Content-Security-Policy"]
    assert 'filename="kalanso-tendance.svg"' in response["Content-Disposition"]
    response.close()


@pytest.mark.usefixtures("hub")
def test_the_first_view_of_the_country_with_its_real_figure_stays_small(tmp_path: Any) -> None:
    from html import unescape
    from re import findall

    client = visitor()
    with override_settings(KALANSO_CACHE=tmp_path):
        page = client.get("/lieux/ML/", headers={"accept-encoding": "gzip"})
        text = gzip.decompress(page.content).decode()
        first = [tag for tag in findall(r"<img[^>]+>", text) if "lazy" not in tag]
        weight = len(page.content)
        for address in {*findall(r'src="([^"]+)"', " ".join(first)), *findall(r'href="([^"]+\.css)"', text)}:
            answer = client.get(unescape(address), headers={"accept-encoding": "gzip"})
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            weight += len(body if answer.get("Content-Encoding") == "gzip" else gzip.compress(body))
            answer.close()

    assert first, "the first figure is loaded at once"
    assert "La figure n" not in text
    assert weight < 60_000
