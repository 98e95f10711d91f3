"""Does everybody see what is declared for their role and places, and nothing else, at every address?

The matrix is made of who asks (eleven roles, a visitor, somebody without a role), the place that they hold, and
everything that can be asked. What should be seen is worked out here a second time, row by row and slowly, from
what tables declare and from the table of roles written out in `test_hub_circles`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from kalanso.pipeline.tables import TABLES
from kalanso.store import Store, TableSpec
from kalanso.vocabulary import Period, PeriodType
from tests.hub.circles import SPECS, Ground
from tests.hub.test_hub_circles import PAGE_TABLES, WHO, audience_of, enter
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, stranger

CLEARED = {"facility", "district", "region", "national", "administrator"}
LEVELS = ["country", "region", "district", "health_area", "facility"]
Who = tuple[str, str | None]
roles = pytest.mark.parametrize("who", WHO, ids=lambda who: "-".join(filter(None, who)))
# Roles that see alike, which a test below proves; heavy pages are asked by the first of each.
ALIKE = (("visitor", "nobody", "reader"), ("partner", "donor", "editor"), ("national", "administrator"))
FIRST = [who for who in WHO if not any(who[0] in group[1:] for group in ALIKE)]
circles = pytest.mark.parametrize("who", FIRST, ids=lambda who: "-".join(filter(None, who)))
# One of each circle, where roles of a circle differ in nothing that is asked.
some = pytest.mark.parametrize(
    "who",
    [who for who in WHO if who[0] in {"visitor", "partner", "district", "researcher"}],
    ids=lambda who: who[0],
)


class Slow:
    """Who sees which row, judged one by one from declarations."""

    def __init__(self, ground: Ground, today: date) -> None:
        self.ground, self.today = ground, today
        self.store = Store.open(ground.folder, memory="1GB", threads=1)
        self.levels = {row["place_code"]: row["level"] for row in self.read("places")}
        self.flagged = {row["place_code"] for row in self.read("place_flags")}

    def read(self, name: str) -> list[dict[str, Any]]:
        return list(self.store.read(SPECS[name]).to_pyarrow().to_pylist())

    def sees(self, spec: TableSpec, who: Who) -> bool:
        country, home = audience_of(who)
        if spec.cleared_only:
            return spec.audience <= country and who[0] in CLEARED and not who[1]
        if spec.audience <= country:
            return True
        return spec.audience <= home and bool(who[1]) and spec.place_column is not None

    def held(self, code: str, who: Who) -> bool:
        """Whether a place belongs to somebody's own, or stands above it."""
        own = self.ground.codes[who[1]] if who[1] else None
        return own is not None and (own in (code, *self.ground.above(code)) or code in self.ground.above(own))

    def names_others(self, spec: TableSpec, who: Who, row: dict[str, Any]) -> bool:
        """Whether a row names, beside its own place, one under a flag which the reader may not know."""
        if who[0] in CLEARED and not who[1]:
            return False
        for code in self.levels:
            if not self.flagged & {code, *self.ground.above(code)} or (
                who[0] in CLEARED and self.held(code, who)
            ):
                continue
            if any(code in str(row[name]) for name in spec.names_places):
                return True
        return False

    def coarse(self, code: str, level: str) -> str:
        return next((one for one in (code, *self.ground.above(code)) if self.levels[one] == level), code)

    def withheld(self, code: str) -> bool:
        """Whether a place lies under a flag, or in a neighbour that is withheld with a lonely one."""
        return any(one in self.flagged or self.beside(one) for one in (code, *self.ground.above(code)))

    def beside(self, code: str) -> bool:
        """Whether, below districts, the place before this one is the only one under its parent with a flag."""
        parent = self.ground.parents.get(code, "")
        family = sorted(one for one, above in self.ground.parents.items() if above == parent)
        if not parent or "district" not in [self.levels[one] for one in self.ground.above(code)]:
            return False
        under = [one for one in family if self.flagged & {one, *self.ground.above(one)}]
        return len(under) == 1 != len(family) and family[(family.index(under[0]) + 1) % len(family)] == code

    def rows(self, spec: TableSpec, who: Who, rows: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
        """Return the keys (and what is added up) of the rows that somebody sees."""
        country, _home = audience_of(who)
        place, rule = spec.place_column, spec.security
        if place is not None and spec.audience > country:
            rows = [row for row in rows if self.held(row[place], who)]
        rows = [row for row in rows if not self.names_others(spec, who, row)]
        shown: dict[tuple[Any, ...], list[Any]] = {}
        sums: dict[tuple[Any, ...], list[Any]] = {}
        for row in rows:
            key = tuple(row[name] for name in spec.key)
            values = [row[name] for name in (rule.sums if rule else ())]
            under = place is not None and self.withheld(row[place])
            clear = who[0] in CLEARED and (not who[1] or (place is not None and self.held(row[place], who)))
            if rule is None or not under or clear:
                shown[key] = values
                continue
            if spec.period_column and last_day(row) > self.today - timedelta(days=rule.delay_days):
                continue
            instead = self.coarse(row[str(place)], rule.coarsen_to)
            if instead == row[str(place)]:
                shown[key] = values
            elif rule.sums:
                moved = tuple(instead if name == place else row[name] for name in spec.key)
                sums.setdefault(moved, []).append(values)
        for key, found in sums.items():
            district = key[spec.key.index(str(place))]
            hers = who[0] in CLEARED and bool(who[1]) and self.held(str(district), who)
            if key not in shown and not hers:
                shown[key] = [_sum(column) for column in zip(*found, strict=True)]
        return {(*key, *map(_number, values)) for key, values in shown.items()}


def last_day(row: dict[str, Any]) -> date:
    """Return the last day of a row's period; estimates, which name no type, speak of quarters and years."""
    kind = PeriodType(row.get("period_type", "year" if len(row["period"]) == 4 else "quarter"))
    return Period.containing(row["period_start"], kind).end


def _sum(values: tuple[Any, ...]) -> Any:
    there = [value for value in values if value is not None]
    return sum(there) if there else None


def _number(value: Any) -> Any:
    return round(float(value), 6) if isinstance(value, (int, float)) else value


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, datetime)) else value


@pytest.fixture
def told(quick_hand: Any, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    from kalanso.hub.api import api

    monkeypatch.setattr(api.Pace, "allow_request", lambda self, asked: True)
    with override_settings(KALANSO_STORE=ground.folder):
        yield ground


@pytest.fixture(scope="module")
def slow(ground: Ground) -> Slow:
    return Slow(ground, datetime.now(UTC).date())


@pytest.mark.parametrize("group", ALIKE, ids=lambda group: group[0])
def test_roles_of_one_circle_see_with_one_scope(group: tuple[str, ...]) -> None:
    from kalanso.hub.people.queries.access import access_of, scope_of

    found = set()
    for role in group:
        who = None if role == "visitor" else person(None if role == "nobody" else role)
        found.add(scope_of(access_of(who)))
    assert len(found) == 1


# What is asked of each table in the matrix, so that a comparison reads tens of rows and not thousands.
ASKED: dict[str, dict[str, str]] = {
    "places": {},
    "place_contexts": {},
    "observations": {"indicator": "dtp1_doses", "period": "202306"},
    "indicator_values": {"indicator": "dtp1_coverage", "period": "2024Q4"},
    "quality_findings": {},
    "coverage_estimates": {"indicator": "dtp1", "period": "2024Q4"},
    "coverage_estimates_partners": {"indicator": "dtp1", "period": "2024Q4"},
    "coverage_estimates_public": {"indicator": "dtp1", "period": "2024Q4"},
    "coverage_estimates_yearly_partners": {"indicator": "dtp1", "period": "2024Q4"},
    "coverage_estimates_yearly_public": {"indicator": "dtp1", "period": "2024Q4"},
    "burden": {"indicator": "dtp1", "period": "2024Q4"},
    "priorities": {},
}


def wanted(slow: Slow, name: str) -> list[dict[str, Any]]:
    return [row for row in slow.read(name) if all(row[key] == value for key, value in ASKED[name].items())]


def by_program(client: Any, name: str, as_of: str = "") -> set[tuple[Any, ...]] | int:
    """Return what the API shows of a table: key and sums of each row, or the status of a refusal."""
    spec, found, after = SPECS[name], set(), ""
    while True:
        options = {**ASKED[name], "limit": "1000", "after": after, "as_of": as_of}
        response = client.get(f"/api/v1/tables/{name}/rows", options)
        if response.status_code != 200:
            return int(response.status_code)
        said = response.json()
        sums = spec.security.sums if spec.security else ()
        for row in said["items"]:
            found.add((*(row[key] for key in spec.key), *(_number(row[key]) for key in sums)))
        after = said["next"] or ""
        if not after:
            return found


@roles
def test_programs_read_exactly_the_rows_that_are_declared_for_them(
    who: Who, told: Ground, slow: Slow
) -> None:
    client = enter(who, told)
    for name in ASKED:
        spec = SPECS[name]
        seen = by_program(client, name)
        if not slow.sees(spec, who):
            assert seen == 404, f"{who[0]} reads {name}"
            continue
        assert isinstance(seen, set), f"{who[0]} is refused {name}: {seen}"
        expected = {tuple(map(_text, row)) for row in slow.rows(spec, who, wanted(slow, name))}
        assert seen == expected, f"{who[0]} reads other rows of {name}"


@some
def test_a_state_of_the_past_shows_no_more_than_today(who: Who, told: Ground, slow: Slow) -> None:
    client = enter(who, told)
    for name in ("coverage_estimates", "coverage_estimates_partners", "observations"):
        manifest = slow.store.latest(name)
        assert manifest is not None
        assert by_program(client, name, manifest.id) == by_program(client, name)


@circles
@pytest.mark.parametrize("name", ["quality_findings", "burden"])
def test_downloads_hold_exactly_the_rows_that_are_declared(
    who: Who, name: str, told: Ground, slow: Slow
) -> None:
    client, spec = enter(who, told), SPECS[name]
    filters = {"indicator": "indicateur", "period": "periode"}
    response = client.get(
        f"/preuves/tables/{name}.csv", {filters[key]: value for key, value in ASKED[name].items()}
    )
    if not slow.sees(spec, who):
        assert response.status_code == 404
        return
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    seen = {tuple(row[key] for key in spec.key) for row in csv.DictReader(io.StringIO(text))}
    expected = slow.rows(spec, who, wanted(slow, name))
    assert seen == {
        tuple(str(_text(v)) if v is not None else "" for v in row[: len(spec.key)]) for row in expected
    }


@roles
def test_every_table_is_open_or_unknown_at_every_address_as_declared(
    who: Who, told: Ground, slow: Slow
) -> None:
    client = enter(who, told)
    unknown = client.get("/api/v1/tables/no_such_table").json()
    listed = {one["name"] for one in client.get("/api/v1/tables").json()["items"]}
    for spec in TABLES:
        there = slow.sees(spec, who)
        assert (spec.name in listed) == there
        for address in (f"/api/v1/tables/{spec.name}", f"/api/v1/tables/{spec.name}/snapshots"):
            response = client.get(address)
            assert response.status_code == (200 if there else 404), f"{who[0]}: {address}"
            if not there:
                told_as = {
                    **response.json(),
                    "detail": response.json()["detail"].replace(spec.name, "no_such_table"),
                }
                assert told_as == unknown, "a closed table is told from one that does not exist"
        manifest = slow.store.latest(spec.name)
        if manifest is not None:
            assert client.get(f"/api/v1/snapshots/{manifest.id}").status_code == (200 if there else 404)


# One table of each kind; the other pages of tables are made by the same views.
KINDS = (
    "places",
    "quality_findings",
    "coverage_estimates_partners",
    "burden",
    "place_matches",
    "place_flags",
)
TABLE_PAGES = ("/", "/graphique/", "/carte/", "/provenance/", ".csv", ".xlsx")


@circles
def test_every_page_of_a_table_is_open_or_unknown_as_declared(who: Who, told: Ground, slow: Slow) -> None:
    client = enter(who, told)
    for name in KINDS:
        for end in TABLE_PAGES if slow.sees(SPECS[name], who) else ("/", "/provenance/", ".csv"):
            response = client.get(f"/preuves/tables/{name}{end}")
            expected = 200 if slow.sees(SPECS[name], who) else 404
            assert response.status_code == expected, f"{who[0]}: {name}{end}"
            response.close()


@circles
def test_pages_made_of_one_table_are_open_or_closed_as_declared_place_by_place(
    who: Who, told: Ground, slow: Slow
) -> None:
    client = enter(who, told)
    for page, name in PAGE_TABLES.items():
        spec = SPECS[name]
        country, _home = audience_of(who)
        for place in ("district", "sibling", "region", "other_area"):
            if page in {"/preuves/qualite/", "/centre-apprentissage/tendances/"} and place != "district":
                continue
            code = told.codes[place]
            own = told.codes[who[1]] if who[1] else None
            inside = own is not None and own in (code, *told.above(code))
            is_open = spec.audience <= country or (slow.sees(spec, who) and inside)
            text = text_of(client.get(f"{page}?lieu={code}"))
            assert ("À qui cette page est-elle ouverte" in text) == (not is_open), (
                f"{who[0]}: {page} of {place}"
            )


@some
def test_the_reason_of_a_flag_is_told_to_nobody(who: Who, told: Ground) -> None:
    client, code = enter(who, told), told.codes["flagged"]
    for address in (f"/lieux/{code}/", f"/api/v1/places/{code}", "/api/v1/places/tree?depth=4"):
        assert "secret reason" not in client.get(address).content.decode()


@pytest.mark.parametrize("code", ["ZZ", "ML-H9999", "%27%20OR%201=1", "..%2Fplaces", "x" * 59])
def test_a_guessed_code_says_the_same_to_everybody(code: str, told: Ground) -> None:
    for who in (("visitor", None), ("district", "district"), ("national", "")):
        client = enter(who, told)
        for address in (
            f"/lieux/{code}/",
            f"/lieux/{code}/estimation/",
            f"/api/v1/places/{code}",
            f"/api/v1/estimates/{code}",
        ):
            assert client.get(address).status_code == 404, address


def test_a_flag_coarsens_and_delays_for_outsiders_on_pages_downloads_and_api(
    told: Ground, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.explore.queries import shelf
    from kalanso.store import visible

    day = date(2023, 8, 1)  # the month asked for ended less than the delay ago
    flagged, district, name = told.codes["flagged"], told.codes["district"], "observations"
    facilities = {code for code in told.parents if flagged in told.above(code)}
    insider, outsider = ("district", "district"), ("partner", "")

    def seen(who: Who) -> dict[str, set[str]]:
        client = enter(who, told)
        answer = by_program(client, name)
        assert isinstance(answer, set)
        text = b"".join(
            client.get(
                f"/preuves/tables/{name}.csv?periode=202306&indicateur=dtp1_doses&lieu={flagged}"
            ).streaming_content
        )
        place = SPECS[name].key.index("place_code")
        return {
            "api": {row[place] for row in answer},
            "csv": {row["place_code"] for row in csv.DictReader(io.StringIO(text.decode("utf-8-sig")))},
        }

    later = seen(outsider)
    assert not later["api"] & facilities
    assert not later["csv"]
    assert district in later["api"], "the sum of the flagged area stands at the district"
    assert facilities & seen(insider)["api"]
    assert facilities & seen(insider)["csv"]

    monkeypatch.setattr(
        shelf,
        "_visible",
        lambda store, spec, scope, as_of: visible(store, spec, scope, today=day, as_of=as_of),
    )
    shelf._ground.cache_clear()
    try:
        sooner = seen(outsider)["api"]
        own = seen(insider)["api"]
    finally:
        shelf._ground.cache_clear()
    assert district not in sooner, "what is newer than the delay is not even in the sum"
    assert not sooner & facilities
    assert facilities & own


SHARED = ("/ou/", "/lieux/{district}/", "/lieux/{area}/estimation/", "/preuves/tables/", "/preuves/tables/coverage_estimates_public/",
          "/api/v1/tables", "/api/v1/estimates", "/api/v1/places/{area}")  # fmt: skip
CHILD = """
import json, sys
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from datetime import date
from django.conf import settings
from kalanso.hub.people import tasks as of_people
from kalanso.store import Store
of_people.mirror(Store.open(settings.KALANSO_STORE), today=date(2025, 2, 15))
from django.test import Client
from kalanso.hub.explore import tasks
from tests.hub.conftest import QuickHand
hand = QuickHand()
tasks.renderer = lambda: hand
client = Client(HTTP_HOST="127.0.0.1")
print(json.dumps([client.get(page).content.decode() for page in json.loads(sys.argv[1])]))
"""


def test_what_others_asked_before_changes_nothing_of_a_visitors_answers(told: Ground, tmp_path: Path) -> None:
    import json

    pages = [page.format(**told.codes) for page in SHARED]
    for who in (("national", ""), ("partner", "")):
        for page in pages:
            enter(who, told).get(page)
    after = [stranger().get(page).content.decode() for page in pages]

    surroundings = os.environ | {
        "KALANSO_STORE": str(told.folder), "KALANSO_DATA": str(tmp_path / "data"), "KALANSO_CACHE": os.environ["KALANSO_CACHE"],
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }  # fmt: skip
    alone = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(pages)],
        env=surroundings,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    for page, here, there in zip(pages, after, json.loads(alone.stdout), strict=True):
        assert here == there, page


def test_a_drawing_is_sent_only_to_readers_of_its_scope(told: Ground) -> None:
    import re

    team, address = enter(("district", "district"), told), f"/lieux/{told.codes['area']}/estimation/"
    keys = set(re.findall(r"/figures/([0-9a-f]{32})/", team.get(address).content.decode()))
    assert keys
    for key in keys:
        for file in (f"/figures/{key}/720.svg", f"/figures/{key}/figure.png"):
            for who in (("visitor", None), ("partner", ""), ("researcher", "")):
                assert enter(who, told).get(file).status_code == 404, who
            own = team.get(file)
            assert own.status_code == 200
            own.close()
    assert stranger().get(f"/figures/{hashlib.md5(b'x').hexdigest()}/720.svg").status_code == 404  # noqa: S324


# Addresses of explore and the API, each with the test that holds it; others belong to their apps' own tests.
IN_THE_MATRIX = {
    "missed", "pockets", "where", "choose_place", "place", "alike", "sheet", "place_estimate", "ledger", "methods", "assumptions", "evidence", "tables",
    "table", "table_chart", "table_map", "table_provenance", "table_csv", "table_xlsx", "quality", "trends", "drawing",
    "figure_file", "list_tables", "one_table", "rows", "history", "one_snapshot", "search", "tree", "one_place", "reported",
    "in_a_period", "of_a_place", "list_findings", "me", "list_jobs", "one_job", "openapi-json", "api-root", "api_docs",
    "tokens", "revoke_token", "home", "method", "glossary", "learn", "act", "healthz", "enter", "enter_as", None,
}  # fmt: skip
COVERED_ELSEWHERE = (
    "api/v1/portfolio/", "api/v1/grants", "api/v1/indicators",  # test_hub_api_portfolio, addresses
    "compte/", "moi/", "personnes/", "organisations/", "traces/", "notifications/", "lettre/", "flux/", "invitation/",  # people
    "commentaires/", "discussion/",  # test_hub_discussion
    "hors-ligne/", "sw.js",  # test_hub_offline
    "travaux/",  # test_hub_jobs_pages
    "systeme/",  # test_hub_state
    "preuves/depot/", "preuves/alertes/", "preuves/sources/", "preuves/flux/",  # test_hub_evidence_rights, addresses
    "preuves/connexions/",  # test_hub_connections_rights
    "preuves/etudes/",  # test_hub_studies_rights
    "agir/portefeuille", "agir/concevoir/",  # test_hub_portfolio, test_hub_design, addresses
    "agir/subventions/",  # test_hub_grants_rights, addresses
    "agir/revue/", "agir/fiche/",  # test_hub_reviews, addresses
    "agir/indicateurs",  # test_hub_indicators, addresses
    "preuves/a-demander/", "preuves/qualite/fiche/", "preuves/qualite/rapport/",  # worklist, scorecards, quality_reports
    "preuves/croisement/", "lieux/<str:code>/bulletin/",  # test_hub_beside
    "preuves/calculs/", "preuves/officiel/",  # test_hub_runs_pages
    "agir/obstacles/", "agir/actions/", "agir/decisions/", "agir/reunions/",  # test_hub_follow_up_rights, addresses
)  # fmt: skip


def test_every_address_stands_in_the_matrix() -> None:
    from django.urls import URLResolver, get_resolver

    def walk(resolver: Any, above: str) -> Iterator[tuple[str, str | None]]:
        for one in resolver.url_patterns:
            here = above + str(one.pattern)
            if isinstance(one, URLResolver):
                yield from walk(one, here)
            else:
                yield here, one.name

    missing = {
        (address, name)
        for address, name in walk(get_resolver(), "")
        if name not in IN_THE_MATRIX and not address.removeprefix("en/").startswith(COVERED_ELSEWHERE)
    }
    assert not missing, "say in the matrix who may open it, or name the tests that do"


BOUNDS = {
    "/": 10, "/ou/": 11, "/ou/poches/": 13, "/lieux/": 10, "/lieux/{district}/": 17, "/lieux/{area}/estimation/": 14, "/preuves/": 10,
    "/preuves/registre/": 10, "/preuves/comparaison/": 10, "/preuves/hypotheses/": 10, "/preuves/tables/": 10,
    "/preuves/tables/burden/": 10, "/preuves/tables/burden/graphique/": 10, "/preuves/tables/burden/carte/": 10,
    "/preuves/tables/burden/provenance/": 10, "/preuves/qualite/": 10, "/centre-apprentissage/tendances/": 10,
    "/donnees/api/": 10, "/moi/jetons/": 10, "/api/v1/tables/burden/rows": 10, "/api/v1/me": 10, "/api/v1/jobs": 10,
}  # fmt: skip


@pytest.mark.parametrize(
    "who", [("visitor", None), ("district", "district")], ids=lambda who: "-".join(filter(None, who))
)
def test_queries_to_the_database_are_bounded_page_by_page(who: Who, told: Ground) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = enter(who, told)
    for page, most in BOUNDS.items():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            response = client.get(page.format(**told.codes))
        response.close()
        texts = [
            query["sql"]
            for query in asked.captured_queries
            if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))
        ]
        assert len(texts) <= (most if who[1] else 2), f"{page}: {len(texts)} questions: {texts}"


def test_somebody_with_two_places_sees_both_and_nothing_between(told: Ground) -> None:
    from kalanso.hub.people.actions.persons import give_role
    from kalanso.hub.people.models import Organisation

    who = person("district", told.codes["district"], name="deux")
    house = Organisation.objects.get(code="house")
    give_role(
        by=None, person=who, organisation=house, role="district", place_code=told.codes["other_district"],
        now=datetime(2025, 2, 15, tzinfo=UTC),
    )  # fmt: skip
    client = stranger()
    client.force_login(who)
    seen = {
        row["place_code"]
        for row in client.get("/api/v1/tables/burden/rows", {"limit": "1000"}).json()["items"]
    }
    areas = {
        code
        for code in told.parents
        if told.parents[code] in {told.codes["district"], told.codes["other_district"]}
    }
    assert seen == areas & seen
    assert {told.codes["area"], told.codes["other_area"]} <= seen
