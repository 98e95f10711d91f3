"""What does a person see who fetches published files?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kalanso import pipeline
from kalanso.cli import main
from kalanso.cli.exits import ExitCode
from kalanso.sources.fetching import Fetched, NotFetched
from kalanso.sources.publications import catalogue


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as left:
        main(list(words))
    return int(left.value.code or 0), capsys.readouterr().out


def test_the_catalogue_shows_licences_and_what_is_downloaded_by_hand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out = run(capsys, "fetch", "--list", "--lang", "en")

    assert code == ExitCode.DONE
    assert "open-admin-data" in out
    assert "immunizationdata.who.int" in out.replace("\n", "")


def test_the_catalogue_as_json_names_address_and_citation(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run(capsys, "fetch", "--list", "--json", "--country", "ke")

    told = {entry["name"]: entry for entry in json.loads(out)}
    assert "KEN" in told["geoboundaries-adm1"]["url"]
    assert told["who-kwtrp-facilities"]["citation"].startswith("Maina")


def test_what_came_what_failed_and_what_to_do_next_are_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = catalogue("ML")[:2]
    here = tmp_path / one.file
    here.write_bytes(b"x")
    fetched = Fetched(publication=one, path=here, sha256="ab" * 32, bytes=1, outcome="fetched")
    failed = NotFetched("sources.fetch.empty", name=two.name, url="https://publisher.test")
    attempts = [
        pipeline.Attempt(publication=one, fetched=fetched),
        pipeline.Attempt(publication=two, error=failed),
    ]
    monkeypatch.setattr(pipeline, "fetch", lambda *_, **__: attempts)

    code, out = run(capsys, "fetch", "--to", str(tmp_path), "--lang", "en")

    assert code == ExitCode.NOT_FETCHED
    assert "kalanso import boundaries" in out
    assert "is empty" in out


def test_a_country_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = run(capsys, "fetch", "--list", "--country", "Mali")

    assert code == ExitCode.BAD_USAGE
