"""Can a person check, understand and read a DHIS2 server from the command line, without a secret ever showing?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kalanso.cli import main
from tests.sources.dhis2.dhis2_country import Country
from tests.sources.dhis2.dhis2_server import TOKEN, Dhis2, running


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dhis2]:
    for name in ("USER", "PASSWORD", "URL"):
        monkeypatch.delenv(f"KALANSO_DHIS2_{name}", raising=False)
    monkeypatch.setenv("KALANSO_DHIS2_TOKEN", TOKEN)
    with running(Dhis2(Country(ages=True))) as made:
        yield made


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["dhis2", *words])
    told = capsys.readouterr()
    assert TOKEN not in told.out + told.err
    return int(left.value.code or 0), told.out, told.err


def test_check_says_who_we_are_and_what_may_be_read(
    server: Dhis2, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "check", server.context)
    assert code == 0
    assert "2.42.1" in out
    assert "Vaccination mensuelle" in out
    assert "Mali" in out
    _, out, _ = run(capsys, "check", server.context, "--json")
    told = json.loads(out)
    assert (told["user"], told["units"], told["levels"]["5"]) == (
        "kalanso",
        len(server.country.units),
        "CSCom",
    )


def test_a_wrong_secret_ends_with_a_sentence_and_its_code(
    server: Dhis2, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KALANSO_DHIS2_TOKEN", "d2p_" + "z" * 44)
    code, out, err = run(capsys, "check", server.context)
    assert (code, out) == (5, "")
    assert "expire" in err
    monkeypatch.delenv("KALANSO_DHIS2_TOKEN")
    code, _, err = run(capsys, "check", server.context)
    assert code == 5
    assert "KALANSO_DHIS2_TOKEN" in err


def test_without_a_server_one_is_asked_for(server: Dhis2, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "check")
    assert code == 2
    assert "KALANSO_DHIS2_URL" in err


def test_from_the_first_look_to_the_second_pull(
    server: Dhis2, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    plan, store = str(tmp_path / "plan.yaml"), str(tmp_path / "store")
    code, out, _ = run(capsys, "map", server.context, "--plan", plan, "--source", "mali-snis")
    assert code == 0
    assert "paquet de vaccination" in out
    pull = [
        "pull",
        "--plan",
        plan,
        "--store",
        store,
        "--country",
        "ML",
        "--from",
        "2024-01",
        "--to",
        "2024-03",
        "--json",
    ]
    code, _, err = run(capsys, *pull)
    assert code == 2, "nothing is read before a person confirmed"
    assert "confirmed" in err

    code, _, _ = run(capsys, "map", server.context, "--plan", plan, "--confirm", "package_uid")
    assert code == 2, "a confirmation has a name"
    code, _, _ = run(
        capsys, "map", server.context, "--plan", plan, "--confirm", "package_uid", "--by", "A. Traoré"
    )
    assert code == 0
    assert "by: A. Traoré" in Path(plan).read_text(encoding="utf-8")

    code, out, _ = run(capsys, *pull)
    first: dict[str, Any] = json.loads(out)
    assert (code, first["mode"], first["source"]) == (0, "full", "mali-snis")
    assert first["read"] == first["stored"] + sum(first["skipped"].values()) + sum(first["rejected"].values())
    assert first["stored"] > 0
    # Ages of one year and more are left open by the package, so nobody confirmed them.
    assert first["skipped"]["sources.skipped.dhis2_not_mapped"] > 0

    server.country.pass_time(days=1)
    code, out, _ = run(capsys, *pull)
    assert (code, json.loads(out)["mode"]) == (0, "increment")
    code, out, _ = run(capsys, *pull[:-1])
    assert code == 0
    assert "Lecture de ce qui a changé" in out


def test_a_way_of_recognising_that_does_not_exist_is_refused(
    server: Dhis2, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = run(
        capsys, "map", server.context, "--plan", str(tmp_path / "p.yaml"), "--confirm", "magic", "--by", "x"
    )
    assert code == 2
    assert "package_uid" in err
