"""Does the hub start only as it should, say what is set, log without naming people, and bound what is sent to it?"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.conf import settings
from django.test import override_settings

from kalanso.store import Store
from tests.hub.visitors import person, stranger, visitor

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)


def run(*words: str, folder: Path, **told: str) -> subprocess.CompletedProcess[str]:
    """Run a verb of the hub in a process of its own, over nothing but what the test says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KALANSO_")}
    own = {
        "KALANSO_DATA": str(folder / "data"),
        "KALANSO_CACHE": str(folder / "cache"),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, "-m", "kalanso.hub", *words],
        env={**kept, **own, **told}, capture_output=True, text=True, check=False, timeout=180, cwd=ROOT,
    )  # fmt: skip


def test_another_address_needs_names_and_a_sealed_way(small_store: Store, tmp_path: Path) -> None:
    store = str(small_store.folder)
    open_to_all = run("serve", "--store", store, "--host", "0.0.0.0", folder=tmp_path)  # noqa: S104 - it is refused
    assert open_to_all.returncode == 2
    assert "KALANSO_HOSTS" in open_to_all.stderr
    assert "ssh -L" in open_to_all.stderr
    unsealed = run("serve", "--store", store, folder=tmp_path, KALANSO_HOSTS='["kalanso.example.org"]')
    assert unsealed.returncode == 2
    assert "passwords would travel openly" in unsealed.stderr


def test_a_service_does_not_start_on_a_database_of_another_version(
    small_store: Store, tmp_path: Path
) -> None:
    answer = run(
        "serve", "--store", str(small_store.folder), "--port", "8999", folder=tmp_path,
        KALANSO_HOSTS='["kalanso.example.org"]', KALANSO_HTTPS="true",
    )  # fmt: skip
    assert answer.returncode == 1
    assert "kalanso.hub upgrade" in answer.stderr


@pytest.mark.parametrize("verb", ["serve"])
def test_a_folder_that_is_no_store_is_refused_by_name(verb: str, tmp_path: Path) -> None:
    answer = run(verb, "--store", str(tmp_path / "nothing"), folder=tmp_path)
    assert answer.returncode == 1
    assert "expected a folder with store.json" in answer.stderr
    none = run(verb, folder=tmp_path)
    assert none.returncode == 1
    assert "KALANSO_STORE" in none.stderr


def test_upgrade_backs_up_migrates_and_checks(small_store: Store, tmp_path: Path) -> None:
    answer = run(
        "upgrade", "--store", str(small_store.folder), "--into", str(tmp_path / "b"), folder=tmp_path
    )
    assert answer.returncode == 0, answer.stderr
    assert [line[:3] for line in answer.stdout.splitlines()] == ["1/3", "2/3", "3/3"]
    link = run("first-administrator", "seydou", "--store", str(small_store.folder), folder=tmp_path)
    assert link.stdout.startswith("http://127.0.0.1:8000/entrer/")
    due = run("run-due", "--store", str(small_store.folder), folder=tmp_path)
    again = run("run-due", "--store", str(small_store.folder), folder=tmp_path)
    assert due.returncode == 0, due.stderr
    assert again.stdout.strip() == "nothing is due"


def test_without_a_backup_nothing_is_upgraded(small_store: Store, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    answer = run("upgrade", "--store", str(small_store.folder), "--into", str(blocked), folder=tmp_path)
    assert answer.returncode == 1
    assert "Nothing was changed" in answer.stderr


def test_a_store_that_is_not_whole_stops_an_upgrade(tmp_path: Path, small_store: Store) -> None:
    import shutil

    broken = tmp_path / "store"
    shutil.copytree(small_store.folder, broken)
    part = next(iter(broken.glob("parts/*/*.parquet")))
    part.write_bytes(part.read_bytes()[:-1] + b"?")
    answer = run("upgrade", "--store", str(broken), "--into", str(tmp_path / "b"), folder=tmp_path)
    assert answer.returncode == 1
    assert "Nothing was changed" in answer.stderr
    assert "other content" in answer.stderr


def test_settings_are_shown_without_secrets_and_what_is_wrong_is_named(tmp_path: Path) -> None:
    answer = run(
        "check-settings", folder=tmp_path, KALANSO_HOSTS='["*"]', KALANSO_SECRET_KEY="short-and-secret",
        KALANSO_DATABASE="sqlite:///x", KALANSO_HOST="typo", KALANSO_EMAIL="smtp://me:hush@mail",
    )  # fmt: skip
    assert answer.returncode == 1
    assert "short-and-secret" not in answer.stdout + answer.stderr
    assert "hush" not in answer.stdout + answer.stderr
    for name in (
        "KALANSO_HOST: no such setting", "KALANSO_HTTPS", "KALANSO_HOSTS: expected names", "50 characters",
        "PostgreSQL", "KALANSO_BACKUPS", "KALANSO_STORE",
    ):  # fmt: skip
        assert name in answer.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("KALANSO_HOSTS", "kalanso.example.org"), ("KALANSO_WORKERS", "65"), ("KALANSO_LOGS", "xml")],
)
def test_a_setting_that_cannot_be_read_is_refused_by_name(name: str, value: str, tmp_path: Path) -> None:
    answer = run("check-settings", folder=tmp_path, **{name: value})
    assert answer.returncode == 1
    assert name.removeprefix("KALANSO_").lower() in answer.stderr.lower()


def test_every_setting_is_documented_as_it_is() -> None:
    from kalanso.hub.site.configuration import Configuration

    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line[:2] == "| "
    ]
    told = {row[0].strip("`"): row[2] for row in rows}
    wanted = {f"KALANSO_{name.upper()}": one.description for name, one in Configuration.model_fields.items()}
    assert {name: told.get(name) for name in wanted} == wanted
    assert {name for name in told if name.startswith("KALANSO_")} == set(wanted)


# Logs


def line_of(message: str, *words: Any, **extra: Any) -> dict[str, Any]:
    from kalanso.hub.site.errors import JsonLines

    record = logging.LogRecord(
        "kalanso.test", logging.ERROR, "x.py", 1, message, words, extra.get("exc_info")
    )
    told: dict[str, Any] = json.loads(JsonLines().format(record))
    return told


@pytest.mark.parametrize(
    "told",
    [
        "no person awa.traore@sante.example.ml",
        "sms to +223 76 12 34 56 failed",
        "call 76123456",
        "Internal Server Error: /entrer/eyJwZXJzb24iOjF9:1tXyz:AbCdEfGhIjKlMnOp/",
        "Internal Server Error: /en/invitation/Zm9vYmFyYmF6cXV4cXV1eA/",
        "Not Found: /lieux/?q=awa&jeton=abc",
        "Internal Server Error: /entrer-comme/awa/",
        'duplicate key\nDETAIL:  Key (username)=(awa) already exists.',
        "Key (phone)=(+22376123456) is there",
        "could not connect to postgres://kalanso:hush@db/hub",
    ],
)  # fmt: skip
def test_a_log_line_names_nobody_and_no_secret(told: str) -> None:
    line = json.dumps(
        {name: value for name, value in line_of(told).items() if name != "at"}, ensure_ascii=False
    )
    for personal in ("awa", "76", "eyJ", "Zm9v", "jeton", "hush", "AbCd"):
        assert personal not in line, line


def test_a_log_line_keeps_what_those_who_run_the_hub_need() -> None:
    job = "3f2b8c1e-7a55-4b0e-9d2f-0a1b2c3d4e5f"
    assert (
        line_of("job %s lost its lease after %s rows", job, 1200)["what"]
        == f"job {job} lost its lease after 1200 rows"
    )


def test_a_fault_is_told_by_its_kind_and_way_never_by_its_words() -> None:
    try:
        raise ValueError("Awa Traoré, 76 12 34 56")
    except ValueError:
        line = line_of("job failed", exc_info=sys.exc_info())
    assert line["fault"] == "ValueError"
    assert any("test_hub_running.py" in step for step in line["where"])
    assert "Awa" not in json.dumps(line)


def test_lines_of_a_request_and_of_a_job_carry_their_ids() -> None:
    from kalanso.hub.people.queries.here import working_for

    with working_for(request="abc123", job="j-1"):
        line = line_of("x")
    assert (line["request"], line["job"]) == ("abc123", "j-1")
    assert not {"request", "job"} & set(line_of("x"))


def test_each_answer_has_an_id_and_its_line_names_the_page_not_the_address(
    hub: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="kalanso.hub.requests"):
        answer = stranger().get(
            "/entrer/a-secret-that-lets-in/", headers={"x-request-id": "not an id; drop table"}
        )
    record = next(one for one in caplog.records if one.name == "kalanso.hub.requests")
    assert len(answer["X-Request-Id"]) == 16
    assert record.__dict__["told"]["page"] == "enter"
    assert "a-secret" not in json.dumps(record.__dict__["told"])
    assert (
        stranger().get("/", headers={"x-request-id": "0123456789abcdef"})["X-Request-Id"]
        == "0123456789abcdef"
    )


# Headers and bounds


def test_every_answer_is_guarded_and_nothing_private_is_kept(get: Callable[..., Any]) -> None:
    for answer in (get("/moi/"), get("/nowhere/"), stranger().get("/moi/"), stranger().get("/compte/login/")):
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in answer["Permissions-Policy"]
        assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
        assert "Strict-Transport-Security" not in answer


def test_behind_a_proxy_with_tls_only_the_sealed_way_is_open(hub: None) -> None:
    sealed = {
        "SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True, "SECURE_HSTS_SECONDS": 31536000,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"), "ALLOWED_HOSTS": ["kalanso.example.org"],
    }  # fmt: skip
    with override_settings(**sealed):
        from django.test import Client

        client = Client(HTTP_HOST="kalanso.example.org")
        openly = client.get("/")
        by_https = client.get("/", headers={"x-forwarded-proto": "https"})
        posted = client.post("/compte/login/", {"login": "x"})
        elsewhere = Client(HTTP_HOST="evil.example.org").get("/", headers={"x-forwarded-proto": "https"})
        watched = Client(HTTP_HOST="10.0.0.7").get("/healthz")
    assert (openly.status_code, openly["Location"]) == (301, "https://kalanso.example.org/")
    assert by_https["Strict-Transport-Security"].startswith("max-age=31536000")
    assert posted.status_code == 403
    assert elsewhere.status_code == 400
    assert (watched.status_code, watched.content) == (200, b"ok\n")


def test_health_is_false_when_the_database_is_away(hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from kalanso.hub.site import queries

    monkeypatch.setattr(queries, "healthy", lambda: False)
    answer = stranger().get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"broken\n")


def test_whoever_watches_is_told_that_first_pages_are_being_answered(
    hub: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.site import tasks

    over, told = Event(), []
    monkeypatch.setattr(
        tasks, "ask_first_pages", lambda _over: told.append(stranger().get("/healthz").content) or over.set()
    )
    monkeypatch.setattr(tasks.connections, "close_all", lambda: None)
    tasks._preparing.set()
    tasks._keep_ready(over)

    assert told == [b"ok, preparing first pages\n"]
    assert stranger().get("/healthz").content == b"ok\n"


@pytest.mark.parametrize(
    ("kind", "length", "status"),
    [
        ("application/x-www-form-urlencoded", 3_000_001, 413),
        ("multipart/form-data; boundary=x", 3_000_001, 413),
        ("application/json", 500_000_000, 413),
        ("multipart/form-data; boundary=x", "many", 413),
        ("multipart/form-data; boundary=x", -5, 413),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_read(
    hub: None, kind: str, length: Any, status: int
) -> None:
    answer = stranger(raises=False).generic(
        "POST", "/compte/login/", b"", CONTENT_TYPE=kind, CONTENT_LENGTH=str(length)
    )
    assert answer.status_code == status
    assert "Rien n'a été enregistré" in answer.content.decode()


def test_a_page_that_takes_files_takes_as_much_as_the_settings_say_in_both_languages(hub: None) -> None:
    with override_settings(KALANSO_UPLOADS={"me": 10_000_000}):
        for prefix in ("", "/en"):
            sizes = [
                visitor("national", raises=False).generic(
                    "POST", f"{prefix}/moi/", b"", CONTENT_TYPE="multipart/form-data; boundary=x", CONTENT_LENGTH=str(size)
                ).status_code
                for size in (9_000_000, 10_000_001)
            ]  # fmt: skip
            assert sizes[1] == 413
            assert sizes[0] != 413


def test_a_body_of_unknown_length_is_refused(hub: None) -> None:
    answer = stranger(raises=False).post("/compte/login/", {}, headers={"transfer-encoding": "chunked"})
    assert answer.status_code == 411


def test_reading_a_second_page_writes_nothing_but_another_device_is_noted(hub: None) -> None:
    from allauth.usersessions.models import UserSession
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = visitor("national")
    client.get("/glossaire/", headers={"user-agent": "Phone"})
    with CaptureQueriesContext(connection) as asked:
        client.get("/glossaire/", headers={"user-agent": "Phone"})
    writes = [one["sql"] for one in asked if one["sql"].split()[0] in {"UPDATE", "INSERT", "DELETE"}]
    assert writes == []
    assert len(asked) <= 4
    client.get("/glossaire/", headers={"user-agent": "Laptop"})
    assert "Laptop" in set(UserSession.objects.values_list("user_agent", flat=True))


# Upkeep


def test_what_is_out_of_date_is_removed_and_nothing_else(hub: None) -> None:
    from django.conf import settings
    from django.contrib.sessions.models import Session

    from kalanso.hub.people.actions.persons import invite
    from kalanso.hub.people.models import Invitation, Organisation
    from kalanso.hub.site.actions import upkeep

    now = datetime.now(UTC)
    visitor("national")
    living = Session.objects.count()
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(days=1))
    links = settings.KALANSO_DATA / "links"
    links.mkdir(exist_ok=True)
    for name, age in (("used-long-ago", 2), ("used-now", 0)):
        (links / name).touch()
        moment = (now - timedelta(days=age)).timestamp()
        os.utime(links / name, (moment, moment))
    house = Organisation.objects.create(code="h", name="H", kind="cso")
    for name, age in (("Old", 200), ("New", 1)):
        invite(
            by=person("administrator"),
            name=name,
            organisation=house,
            role="partner",
            now=now - timedelta(days=age),
        )

    assert upkeep.end_old_sessions(now=now) == 1
    assert Session.objects.count() == living
    assert upkeep.remove_used_links(now=now) == 1
    assert (links / "used-now").exists()
    assert upkeep.remove_dead_invitations(now=now) == 1
    assert list(Invitation.objects.values_list("name", flat=True)) == ["New"]


def test_cleaning_up_is_a_job_that_says_what_it_removed(hub: None) -> None:
    from kalanso.hub.jobs.actions import ask
    from kalanso.hub.jobs.tasks import work_once

    ask(by=None, kind="site.clean_up", arguments={}, key="clean", now=NOW)
    job = work_once("w")
    assert job is not None
    assert job.state == "done"
    assert set(job.answer) == {
        "sessions",
        "links",
        "invitations",
        "reports",
        "jobs",
        "packs",
        "runs",
        "figures",
    }


def test_what_runs_each_hour_is_forgotten_after_two_days_and_what_people_asked_for_is_not(hub: None) -> None:
    from kalanso.hub.jobs.actions import ask
    from kalanso.hub.jobs.models import Job
    from kalanso.hub.site.tasks import clean_up

    ended = datetime.now(UTC) - timedelta(days=3)
    for key, asker in (("machine", None), ("asked", person("national"))):
        ask(by=asker, kind="people.mirror_places", arguments={}, key=key, now=ended)
    Job.objects.filter(kind="people.mirror_places").update(state="done", ended=ended)
    clean_up(cast(Any, SimpleNamespace(progress=lambda step, share: None)))
    assert [job.key for job in Job.objects.filter(kind="people.mirror_places")] == ["asked"]


def test_figures_that_no_page_described_for_a_month_are_removed(hub: None) -> None:
    from kalanso.hub.explore import tasks

    now = datetime.now(UTC)
    for name, days in (("old", 31), ("new", 29)):
        described = Path(settings.KALANSO_CACHE) / "figures" / name[:2] / name / "job.json"
        described.parent.mkdir(parents=True)
        described.write_text("{}")
        then = (now - timedelta(days=days)).timestamp()
        os.utime(described, (then, then))
    assert tasks.forget_figures(before=now - timedelta(days=30)) == 1
    assert tasks.drawn_for("old") is None
    assert (Path(settings.KALANSO_CACHE) / "figures" / "ne" / "new").is_dir()


def test_the_server_does_not_warn_of_threads_that_are_meant(small_store: Store, tmp_path: Path) -> None:
    own = {
        "KALANSO_DATA": str(tmp_path / "data"),
        "KALANSO_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": str(ROOT),
    }
    more = {"KALANSO_THREADS": "64", "KALANSO_DATABASE": "", "KALANSO_STORE": ""}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [
        sys.executable, "-m", "kalanso.hub", "serve", "--store", str(small_store.folder), "--port", port, "--no-worker",
    ]  # fmt: skip
    pages = subprocess.Popen(
        command,
        env={**os.environ, **own, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    try:
        assert pages.stdout is not None
        at_once, said = pages.stdout.readline(), pages.stdout.readline()
    finally:
        pages.terminate()
        pages.communicate(timeout=60)
    assert at_once == "Kalanso: starting…\n"
    assert said.startswith(f"Kalanso: http://127.0.0.1:{port}/")


# The worker beside the pages
# The worker beside the pages


def test_a_worker_ends_with_the_program_that_started_it(small_store: Store, tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, os; "
        "p = subprocess.Popen([sys.executable, '-m', 'kalanso.hub', 'work', '--parent', str(os.getpid())]); "
        "print(p.pid, flush=True); sys.stdin.read()"
    )
    own = {
        "KALANSO_DATA": str(tmp_path / "data"), "KALANSO_CACHE": str(tmp_path / "cache"),
        "KALANSO_STORE": str(small_store.folder), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    parent = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, **own, "KALANSO_DATABASE": ""}, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    if parent.stdin is not None:
        parent.stdin.close()
    for _ in range(600):
        if not _alive(worker):
            break
        time.sleep(0.1)
    assert not _alive(worker)


def _alive(process: int) -> bool:
    try:
        state = (
            (Path("/proc") / str(process) / "stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
        )
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("said", "names", "processors", "processes"),
    [(0, [], 8, 1), (0, ["kalanso.example.org"], 1, 1), (0, ["kalanso.example.org"], 2, 2),
     (0, ["kalanso.example.org"], 32, 4), (3, [], 2, 3)],
)  # fmt: skip
def test_a_hub_with_a_name_serves_with_every_processor_up_to_four(
    said: int, names: list[str], processors: int, processes: int
) -> None:
    from kalanso.hub.site.configuration import Configuration

    assert Configuration(workers=said, hosts=names).web_processes(processors) == processes
