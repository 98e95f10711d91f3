"""What do tests of the pages share: a small store, a browser without scripts, a quick drawing hand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

pytest.importorskip("django", reason="the extra `hub` is not installed")

from kalanso import simulation
from kalanso.indicators.tables import COVERAGE_SERIES, INDICATOR_VALUES
from kalanso.pipeline.tables import TABLES
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.sources.tables import IMPORTS
from kalanso.store import Input, Mode, Provenance, Store
from kalanso.vocabulary import Message, Period
from tests.hub import desk, migrated
from tests.hub.visitors import visitor

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
LEVELS = ("country", "region", "district", "health_area")
SOURCE, POPULATION = "demo-snis", "surviving_infants@demo-un"


@pytest.fixture(scope="session")
def small_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The small example country with coverage made by rule, a few findings and a withdrawn snapshot."""
    store = Store.create(
        tmp_path_factory.mktemp("hub") / "store", country="ML", demo=True, now=NOW, memory="1GB", threads=1
    )
    country = simulation.example_country(size="small")
    provenance = Provenance(
        sources=("demo",),
        inputs=(Input(name="rapports.csv", sha256="ab" * 32, licence="CC0"),),
        note="exemple",
    )
    for spec in TABLES:
        rows = getattr(country, spec.name, None)
        if isinstance(rows, pa.Table) and spec is not COVERAGE_SERIES:
            store.publish(spec, rows, provenance=provenance, now=NOW)
    places = country.places.to_pylist()
    store.publish(INDICATOR_VALUES, coverage(places), provenance=provenance, now=NOW)
    store.publish(QUALITY_FINDINGS, findings(places), provenance=provenance, now=NOW)
    store.publish(COVERAGE_SERIES, published(), provenance=provenance, now=NOW)
    good = store.publish(IMPORTS, [receipt("1", "bon.csv")], provenance=provenance, now=NOW)
    wrong = store.publish(
        IMPORTS,
        [receipt("2", "faux.csv")],
        provenance=Provenance(made_from=(good.id,)),
        now=NOW,
        mode=Mode.REPLACE_ALL,
    )
    store.withdraw(wrong.id, reason="mauvais fichier", by="test", now=NOW)
    return store


def coverage(places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Coverage of every place down to the health area: quarters, rolling quarters and months of 2024."""
    found = []
    last = Period.parse("2024Q4")
    for number, place in enumerate(p for p in places if p["level"] in LEVELS):
        for step in range(-11, 1):
            quarter = last + step
            for dose, less in (("dtp1", 0), ("dtp3", 9)):
                doses = 70 + (number * 7) % 45 + step - less
                for rule, size in (("annual/4", 1), ("rolling4", 4)):
                    found.append(value(place, quarter, dose, doses * size, 100 * size, rule))
        for month in Period.month(2024, 1).until(Period.month(2024, 12)):
            for dose in ("dtp1", "dtp3"):
                found.append(value(place, month, dose, 30, 33, "annual/12"))
    return found


def value(
    place: dict[str, Any], period: Period, dose: str, doses: int, target: int, rule: str
) -> dict[str, Any]:
    """One row of `indicator_values`."""
    return {
        "source": SOURCE, "place_code": place["place_code"], "level": place["level"], "tree": "health",
        "period": period.code, "period_type": period.type.value, "period_start": period.start,
        "indicator": f"{dose}_coverage", "numerator": float(doses), "denominator": float(target),
        "denominator_name": f"{POPULATION}:{rule}", "value": doses / target, "unit": "share", "adjusted": False,
        "cumulative": False, "completeness": 0.93, "places_expected": 10, "places_reporting": 9,
        "provisional": False, "caveat": "indicators.caveat.coverage_above_one" if doses > target else None,
    }  # fmt: skip


def findings(places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sixty findings on facilities and areas, of two checks."""
    found = []
    for number, place in enumerate(p for p in places if p["level"] in {"facility", "health_area"}):
        month = Period.month(2024, 1 + number % 12)
        params = {
            "place": place["name"],
            "period": month.code,
            "n": 3,
            "indicator": "dtp1_doses",
            "above": 2,
            "value": 1.4,
        }
        stopped = number % 2 == 0
        message = Message("quality.silence.stopped" if stopped else "quality.coverage.above", params)
        found.append({
            "check": "silence" if stopped else "coverage", "source": SOURCE, "place_code": place["place_code"],
            "period": month.code, "period_type": "month", "period_start": month.start, "indicator": "dtp1_doses",
            "value": 1.0, "expected": 0.0, "severity": ("note", "attention", "serious")[number % 3],
            "message": message.id, "params": message.params_json(),
        })  # fmt: skip
    extra = {"detail": ""} if "detail" in QUALITY_FINDINGS.column_names else {}
    return [row | extra for row in found[:60]]


def published() -> list[dict[str, Any]]:
    """National coverage as three publishers see it."""
    return [
        {
            "source": "wiisemart", "place_code": "ML", "period": str(year), "period_type": "year",
            "period_start": date(year, 1, 1), "indicator": "dtp1_coverage", "category": category,
            "coverage": share, "doses": None, "target": None, "survey": "", "survey_title": None, "evidence": "",
            "validity": "", "children_age": "", "vaccinated_by": "", "collected_year": None,
            "card_seen_share": None, "children": None, "vintage": "2023",
        }
        for year in (2020, 2021, 2022)
        for category, share in (("ADMIN", 1.04), ("OFFICIAL", 0.92), ("WUENIC", 0.82))
    ]  # fmt: skip


def receipt(number: str, name: str) -> dict[str, Any]:
    """One row of `imports`."""
    return {
        "import_id": number, "source": SOURCE, "reader": "tables", "file_name": name, "sha256": "cd" * 32,
        "imported_at": NOW, "unit": "rows", "read": 10, "stored": 8, "skipped": 1, "rejected": 1,
        "suspicious": 0, "reasons": "{}",
    }  # fmt: skip


@pytest.fixture(scope="session")
def hub(small_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Django, set up over the small store, with a database of its own."""
    os.environ["KALANSO_STORE"] = str(small_store.folder)
    os.environ["KALANSO_CACHE"] = str(tmp_path_factory.mktemp("hub-cache"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "kalanso.hub.site.settings"
    os.environ["KALANSO_DATA"] = str(tmp_path_factory.mktemp("hub-data"))
    os.environ["KALANSO_SECOND_PROOF"] = "false"
    if elsewhere := os.environ.get("KALANSO_TEST_DATABASE"):
        os.environ["KALANSO_DATABASE"] = elsewhere
    import django
    from django.core.management import call_command
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    django.setup()
    setup_test_environment()
    if elsewhere:
        from django.db import connection

        mine = f"{connection.settings_dict['NAME']}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{os.getpid()}"
        connection.settings_dict["TEST"]["NAME"] = f"test_{mine}"
        made = setup_databases(verbosity=0, interactive=False)
    else:
        first = migrated.in_memory(migrated.database(tmp_path_factory.getbasetemp()))
        made = setup_databases(verbosity=0, interactive=False, keepdb=True)
        first.close()
    call_command("collectstatic", interactive=False, verbosity=0)
    from kalanso.hub.people import tasks as of_people

    of_people.mirror(small_store, today=date(2025, 2, 15))
    yield
    teardown_databases(made, verbosity=0)
    from kalanso.hub.explore import tasks

    tasks.renderer().close()


def kept_of_the_portfolio() -> tuple[Any, ...]:
    """What a process keeps of the portfolio until a record changes."""
    from kalanso.hub.portfolio.queries import cells, grid

    return (
        grid._made,
        grid.leads,
        grid.interventions,
        cells._of_district,
        cells._of_intervention,
        cells._houses,
    )


@pytest.fixture(autouse=True)
def rolled_back(hub: None) -> Iterator[None]:
    """What a test writes is gone after it, and what was counted against an address; each begins in French."""
    from django.core.cache import cache
    from django.db import transaction
    from django.test import override_settings
    from django.utils import translation

    translation.activate("fr")
    cache.clear()
    for kept in kept_of_the_portfolio():
        kept.cache_clear()  # a record of the next test may have the key and version of one that was rolled back
    # Passwords of tests guard nothing: a quick digest saves a minute.
    quick = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    with quick, transaction.atomic():
        yield
        transaction.set_rollback(True)


class QuickHand:
    """Draws nothing, at once: the words and the file of a figure as the child process would give them."""

    def __init__(self) -> None:
        self.jobs: list[Mapping[str, Any]] = []

    def render(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Answer like `kalanso.figures.Renderer`."""
        self.jobs.append(job)
        if job.get("output"):
            Path(job["output"]).write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"/>')
        columns = [name for name in (job["table"][0] if job["table"] else {}) if name != "geometry"]
        rows = [[str(row[name]) for name in columns] for row in job["table"]]
        words = {
            name: f"{name} of {job['kind']}"
            for name in ("title", "subtitle", "caption", "source_line", "alt")
        }
        return {"ok": True, "figure": {**words, "table": {"columns": columns, "rows": rows}}}


@pytest.fixture
def quick_hand(hub: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[QuickHand]:
    """Figures drawn by a hand that needs no time, into a cache that nobody used before."""
    from django.test import override_settings

    from kalanso.hub.explore import tasks

    hand = QuickHand()
    monkeypatch.setattr(tasks, "renderer", lambda: hand)
    with override_settings(KALANSO_CACHE=tmp_path / "cache"):
        yield hand


@pytest.fixture
def get(quick_hand: QuickHand) -> Callable[..., Any]:
    """Ask for an address as a browser without scripts does, as somebody of the national centre."""
    client = visitor()

    def ask(address: str, **headers: str) -> Any:
        return client.get(address, headers=headers)

    return ask


@pytest.fixture(scope="session")
def code_of(small_store: Store) -> Callable[[str, str], str]:
    """The code of a place by name and level."""
    from kalanso.places.tables import PLACES

    rows = small_store.read(PLACES).to_pyarrow().to_pylist()
    known = {(row["name"], row["level"]): row["place_code"] for row in rows}
    return lambda name, level: known[name, level]


@pytest.fixture
def niono(code_of: Any) -> str:
    """A district that brings sheets."""
    return str(code_of("Niono", "district"))


@pytest.fixture
def awa(hub: None, niono: str) -> Any:
    """The browser of its team."""
    return visitor("district", niono)


@pytest.fixture
def store(small_store: Store, tmp_path: Path) -> Iterator[Store]:
    """A store and a folder of sheets of the test's own, so that it may publish."""
    from django.test import override_settings

    own = desk.copied(small_store, tmp_path)
    with override_settings(KALANSO_STORE=own.folder, KALANSO_DATA=tmp_path / "data"):
        yield own


@pytest.fixture(scope="session")
def ground(small_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A store in which every circle sees something else."""
    from tests.hub.circles import build

    return build(small_store, tmp_path_factory.mktemp("circles") / "store")


@pytest.fixture
def finding(small_store: Store, code_of: Any) -> dict[str, Any]:
    """A finding about a health area of Niono."""
    from kalanso.hub.evidence.queries.findings import key_of

    code = code_of("Ndébougou", "health_area")
    rows = small_store.read(QUALITY_FINDINGS).filter(lambda t: t.place_code == code).to_pyarrow().to_pylist()
    return {**rows[0], "key": key_of(rows[0])}
