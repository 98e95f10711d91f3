"""Does a backup hold everything, notice what was altered, and come back equal, on this database and the other?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kalanso.store import Store
from tests.hub.visitors import person, visitor

pytestmark = pytest.mark.long

NOW = datetime(2025, 2, 15, 12, 0, 0, 123456, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def peopled(hub: None) -> Any:
    """A hub with people, a discussion, a job, a photo and words that are hard to copy."""
    from django.conf import settings

    from kalanso.hub.jobs.actions import ask
    from kalanso.hub.people.models import Comment, Subscription

    writer = person("national", name="écrivaine")
    first = Comment.objects.create(
        object_type="place", object_id="ML01", by=writer, text='Dépôt « froid »\n=1+1;"x"\u2028 🧊', written=NOW,
        received=NOW, photo="comments/2025/02/frigo.jpg",
    )  # fmt: skip
    Comment.objects.create(
        object_type="place",
        object_id="ML01",
        by=writer,
        text="réponse",
        written=NOW,
        received=NOW,
        answers=first,
    )
    Subscription.objects.create(person=writer, object_type="place", object_id="ML01", since=NOW)
    ask(
        by=writer, kind="site.clean_up", key="k", now=NOW,
        arguments={"b": 2.0, "a": [1e16, 0.1, None, True], "é": {"z": 1, "y": "«"}},
    )  # fmt: skip
    photo = settings.MEDIA_ROOT / "comments" / "2025" / "02" / "frigo.jpg"
    photo.parent.mkdir(parents=True, exist_ok=True)
    photo.write_bytes(b"\xff\xd8 a photo")
    return writer


@pytest.fixture
def made(peopled: Any, tmp_path: Path) -> Path:
    from kalanso.hub.site.actions.backup import make

    return make(into=tmp_path / "backups", now=NOW)


def manifest(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "backup.json").read_text(encoding="utf-8"))
    return told


def run(
    *words: str, data: Path, store: Path | None = None, database: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a verb of the hub in a process of its own, with nothing of this one's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KALANSO_")}
    told = {"KALANSO_DATA": str(data), "KALANSO_CACHE": str(data / "cache"), "PYTHONPATH": str(ROOT)}
    told |= {"KALANSO_STORE": str(store)} if store else {}
    told |= {"KALANSO_DATABASE": database} if database else {}
    return subprocess.run(
        [sys.executable, "-m", "kalanso.hub", *words],
        env={**kept, **told}, capture_output=True, text=True, check=False, timeout=180, cwd=ROOT,
    )  # fmt: skip


@pytest.fixture
def other_database(tmp_path: Path) -> Iterator[str]:
    """An empty database on the server that these tests use; SQLite where they use none."""
    server = os.environ.get("KALANSO_TEST_DATABASE", "")
    if not server:
        yield ""
        return
    import psycopg

    name = f"restored_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name}")
        admin.execute(f"CREATE DATABASE {name}")
    yield f"{server.rsplit('/', 1)[0]}/{name}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_backup_names_every_table_but_sessions_and_verifies(made: Path) -> None:
    from django.apps import apps

    from kalanso.hub.site.actions.backup import verify
    from kalanso.hub.site.actions.records import LEFT_OUT

    told = manifest(made)
    every = {model._meta.label_lower for model in apps.get_models(include_auto_created=True)}
    assert set(told["tables"]) == every - LEFT_OUT
    assert told["tables"]["people.comment"]["rows"] == 2
    assert "media/comments/2025/02/frigo.jpg" in told["files"]
    assert "store.json" in told["store"]
    assert verify(made) == []


def test_a_backup_holds_no_key_no_session_and_no_database_file(made: Path, peopled: Any) -> None:
    from django.conf import settings

    visitor("national")
    names = {path.name for path in made.rglob("*")}
    assert not names & {"secret", "hub.sqlite3", "sessions.session.jsonl.gz"}
    held = b"".join(
        path.read_bytes() for path in made.rglob("*") if path.is_file() and path.suffix != ".parquet"
    )
    assert settings.SECRET_KEY.encode() not in held


def test_keys_are_written_apart_when_asked_and_only_for_their_owner(peopled: Any, tmp_path: Path) -> None:
    from django.conf import settings
    from django.test import override_settings

    from kalanso.hub.site.actions.backup import copy_keys

    with override_settings(KALANSO_CREDENTIAL_KEYS=["the-key-of-servers"]):
        path = copy_keys(into=tmp_path / "keys")
    assert settings.SECRET_KEY in path.read_text(encoding="utf-8")
    assert "KALANSO_CREDENTIAL_KEYS='[\"the-key-of-servers\"]'" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("part", ["records", "files", "store"])
def test_an_altered_backup_is_noticed(made: Path, part: str) -> None:
    from kalanso.hub.site.actions.backup import verify

    wanted = {"records": "people.comment.jsonl.gz", "files": "frigo.jpg", "store": "*.parquet"}[part]
    path = next(iter((made / part).rglob(wanted)))
    if part == "records":
        import gzip

        lines = gzip.decompress(path.read_bytes()).replace("réponse".encode(), b"changed")
        path.write_bytes(gzip.compress(lines))
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert any(part in problem for problem in verify(made))


def test_a_missing_file_is_noticed(made: Path) -> None:
    from kalanso.hub.site.actions.backup import verify

    next(iter((made / "files").rglob("frigo.jpg"))).unlink()
    assert any("frigo.jpg" in problem for problem in verify(made))


def test_a_backup_that_fails_leaves_nothing_behind(
    peopled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.site.actions import backup

    def full(*_words: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(backup, "_write", full)
    with pytest.raises(OSError, match="no space left"):
        backup.make(into=tmp_path / "b", now=NOW)
    assert list((tmp_path / "b").iterdir()) == []


def test_only_the_newest_backups_are_kept_and_unchanged_files_take_no_room_twice(
    peopled: Any, tmp_path: Path
) -> None:
    from kalanso.hub.site.actions.backup import make, verify
    from kalanso.hub.site.queries.state import backups_in

    for day in range(4):
        make(into=tmp_path, now=NOW + timedelta(days=day), keep=2)
    kept = backups_in(tmp_path)
    assert [path.name for path in kept] == ["20250217T120000Z", "20250218T120000Z"]
    part = next(iter((kept[-1] / "store" / "parts").rglob("*.parquet")))
    assert part.stat().st_nlink >= 2
    assert all(verify(path) == [] for path in kept)


def test_a_link_in_the_data_folder_is_refused(peopled: Any, tmp_path: Path) -> None:
    from django.conf import settings

    from kalanso.hub.site.actions.backup import BackupFailed, make

    link = settings.MEDIA_ROOT / "comments" / "outside"
    link.symlink_to("/etc")
    try:
        with pytest.raises(BackupFailed, match="link that may lead outside"):
            make(into=tmp_path / "b", now=NOW)
    finally:
        link.unlink()


def test_it_comes_back_equal_into_an_empty_place_and_from_there_again(
    made: Path, tmp_path: Path, other_database: str
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    there = run("restore", str(made), data=first / "data", store=first / "store", database=other_database)
    assert there.returncode == 0, there.stderr
    assert "restored and equal" in there.stdout

    # From the other database (or SQLite) into SQLite: the third copy equals the first.
    again = run(
        "backup", "--into", str(tmp_path / "again"), data=first / "data", store=first / "store",
        database=other_database,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    copy = Path(again.stdout.strip())
    assert manifest(copy)["tables"] == manifest(made)["tables"]
    assert manifest(copy)["files"] == manifest(made)["files"]
    back = run("restore", str(copy), data=second / "data", store=second / "store")
    assert back.returncode == 0, back.stderr
    sums = run("checksums", data=second / "data", store=second / "store")
    assert json.loads(sums.stdout) == manifest(made)["tables"]
    assert Store.open(second / "store").verify() == []

    # New records come after those that were brought back.
    code = (
        "import django; django.setup(); from kalanso.hub.people.models import Organisation as O; "
        "print(O.objects.create(code='new', name='New', kind='cso').pk > 1)"
    )
    grown = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ, "DJANGO_SETTINGS_MODULE": "kalanso.hub.site.settings", "PYTHONPATH": str(ROOT),
            "KALANSO_STORE": str(first / "store"), "KALANSO_DATA": str(first / "data"),
            "KALANSO_CACHE": str(first / "cache"), "KALANSO_DATABASE": other_database,
        },
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert grown.stdout.strip() == "True", grown.stderr


def test_nothing_is_restored_over_what_is_there_or_from_what_is_not_whole(made: Path, tmp_path: Path) -> None:
    held = tmp_path / "held"
    (held / "store").mkdir(parents=True)
    (held / "store" / "note.txt").write_text("mine", encoding="utf-8")
    over = run("restore", str(made), data=held / "data", store=held / "store")
    assert over.returncode == 1
    assert "expected an empty or new folder" in over.stderr

    next(iter((made / "files").rglob("frigo.jpg"))).unlink()
    half = run("restore", str(made), data=tmp_path / "d", store=tmp_path / "s")
    assert half.returncode == 1
    assert "not whole" in half.stderr
    assert not (tmp_path / "s" / "store.json").exists()


def test_a_database_with_records_is_not_written_over(made: Path, peopled: Any, tmp_path: Path) -> None:
    from kalanso.hub.site.actions.backup import BackupFailed
    from kalanso.hub.site.actions.restore import restore

    with pytest.raises(BackupFailed, match="holds records already"):
        restore(folder=made, store=tmp_path / "s", data=tmp_path / "d")


def test_a_backup_of_a_newer_version_is_refused(made: Path, tmp_path: Path) -> None:
    told = manifest(made)
    told["migrations"].append(["people", "9999_from_the_future"])
    (made / "backup.json").write_text(json.dumps(told), encoding="utf-8")
    answer = run("restore", str(made), data=tmp_path / "d", store=tmp_path / "s")
    assert answer.returncode == 1
    assert "people.9999_from_the_future" in answer.stderr


def test_a_folder_that_is_no_backup_is_refused_by_name(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.site.actions.backup import BackupFailed, verify

    with pytest.raises(BackupFailed, match=r"expected a backup \(a folder with backup.json\)"):
        verify(tmp_path)


def test_a_checksum_does_not_depend_on_the_order_of_rows_but_on_each_of_them() -> None:
    from kalanso.hub.site.actions.records import Tally

    one, other, twice = Tally(), Tally(), Tally()
    for line in ("a", "b"):
        one.add(line)
    for line in ("b", "a"):
        other.add(line)
    for line in ("a", "b", "b"):
        twice.add(line)
    assert one.told() == other.told()
    assert one.told()["checksum"] != twice.told()["checksum"]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (2.0, 2),
        (1e16, 10**16),
        ({"b": [1.5, 2.0], "a": None}, {"a": None, "b": [1.5, 2]}),
    ],
)
def test_json_is_told_as_either_database_gives_it_back(value: Any, plain: Any) -> None:
    from django.db import models

    from kalanso.hub.site.actions.records import _plain

    assert _plain(models.JSONField(), value) == plain


@pytest.mark.parametrize(
    ("column", "value", "plain"),
    [
        ("DecimalField", Decimal("12.500"), "12.5"),
        ("DateField", date(2025, 2, 1), "2025-02-01"),
        ("DateTimeField", NOW, "2025-02-15T12:00:00.123456+00:00"),
        ("BinaryField", b"\x00\xff", "AP8="),
        ("DurationField", timedelta(days=1, seconds=1), "P1DT00H00M01S"),
        ("CharField", "é", "é"),
    ],
)
def test_every_kind_of_column_goes_and_comes_back(column: str, value: Any, plain: str) -> None:
    from django.db import models

    from kalanso.hub.site.actions.records import _given, _plain

    field = getattr(models, column)()
    assert _plain(field, value) == plain
    given = _given(field, plain)
    assert (bytes(given) if column == "BinaryField" else given) == value


def test_everything_can_be_handed_over_without_secrets(peopled: Any, tmp_path: Path) -> None:
    import csv

    from kalanso.hub.site.exports import export_all

    told = export_all(into=tmp_path / "out")
    names = {path.name for path in (tmp_path / "out" / "records").iterdir()}
    assert told["records"] == len(names) > 10
    assert told["tables"] > 3
    assert "people.person.csv" in names
    assert not names & {"mfa.authenticator.csv", "sessions.session.csv"}
    with (tmp_path / "out" / "records" / "people.person.csv").open(encoding="utf-8", newline="") as stream:
        people = list(csv.DictReader(stream))
    assert "écrivaine" in {row["username"] for row in people}
    assert "password" not in people[0]
    assert (tmp_path / "out" / "files" / "media" / "comments" / "2025" / "02" / "frigo.jpg").is_file()
    assert (tmp_path / "out" / "tables" / "places.parquet").is_file()
    assert "lisible sans Kalanso" in (tmp_path / "out" / "LISEZ-MOI.txt").read_text(encoding="utf-8")
    with pytest.raises(FileExistsError, match="expected an empty or new folder"):
        export_all(into=tmp_path / "out")


def test_a_cell_that_looks_like_a_formula_is_disarmed() -> None:
    from kalanso.hub.site.exports import _cell

    assert [_cell(value) for value in ("=1+1", "+x", "-2", "@a", "plain", 3, None, {"é": 1})] == [
        "'=1+1", "'+x", "'-2", "'@a", "plain", 3, None, '{"é": 1}',
    ]  # fmt: skip
