"""Does fetching a country's files go on past one that cannot be had?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import httpx
import pytest

from kalanso import pipeline
from kalanso.sources.fetching import NotFetched
from kalanso.sources.publications import Publication


def entry(name: str, *, manual: bool = False) -> Publication:
    return Publication(
        name=name, publisher="x", title={"fr": name, "en": name}, file=f"{name}.csv", licence="CC0", citation="x",
        reader="population", url=f"https://publisher.test/{name}", page="https://publisher.test", manual=manual,
    )  # fmt: skip


def answer(request: httpx.Request) -> httpx.Response:
    if "gone" in request.url.path:
        return httpx.Response(404)
    return httpx.Response(200, stream=httpx.ByteStream(b"a,b\n1,2\n"))


def test_one_missing_file_does_not_stop_the_others(tmp_path: Path, now: datetime) -> None:
    told: list[tuple[str, float]] = []
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        attempts = pipeline.fetch(
            "ML", tmp_path, listed=[entry("gone"), entry("here"), entry("hand", manual=True)], client=client, now=now,
            progress=lambda step, share: told.append((step, share)),
        )  # fmt: skip

    assert [(a.publication.name, a.error is None) for a in attempts] == [("gone", False), ("here", True)]
    assert (tmp_path / "here.csv").read_bytes() == b"a,b\n1,2\n"
    assert told[-1] == ("here", 1.0)


def test_a_name_outside_the_catalogue_is_refused_with_those_inside(tmp_path: Path, now: datetime) -> None:
    with pytest.raises(NotFetched, match="un-wpp-2024"):
        pipeline.fetch("ML", tmp_path, names=["nothing"], now=now)


def test_a_stop_between_two_files_is_obeyed(tmp_path: Path, now: datetime) -> None:
    with httpx.Client(transport=httpx.MockTransport(answer)) as client, pytest.raises(pipeline.Cancelled):
        pipeline.fetch("ML", tmp_path, listed=[entry("here")], client=client, cancel=lambda: True, now=now)
