"""Who asks for every address of the hub, and which things, one's own and others', are they asked about?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from tests.hub import portfolio_follow_up_desk
from tests.hub.circles import Ground
from tests.hub.visitors import ROLES

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
Who = tuple[str, str]
VISITOR, NOBODY = ("visitor", ""), ("nobody", "")
# At home where the things stand, elsewhere, for the whole country; and at home for another organisation.
WHO: list[Who] = [
    VISITOR,
    NOBODY,
    *((role, at) for role in ROLES if role not in {"reader", "donor"} for at in ("home", "away", "wide")),
    # What these see does not depend on where they are, which the first of them shows.
    *((role, at) for role in ("reader", "donor") for at in ("home", "wide")),
    *((role, "other") for role in ("district", "partner")),
]
AUTHOR: Who = ("district", "home")
# What a guess puts in the place of a number, a key or a name.
GUESSED = {
    "code": "ML-X0000", "object_id": "ML-X0000", "secret": "x" * 40, "username": "personne", "name": "no_such_table",
    "snapshot": "no_such_table-00001", "analysis": "no_such_analysis", "key": "f" * 64,
    "reference": "A-1999-0001",
}  # fmt: skip


def guess(thing: Mapping[str, Any]) -> dict[str, Any]:
    """Return what leads to something that does not exist: the same address with guessed keys."""
    found = dict(thing)
    for name, value in thing.items():
        if isinstance(value, UUID):
            found[name] = UUID("0b8f4a52-7c55-4f4e-9c0f-0123456789ab")
        elif isinstance(value, int) and name != "width":
            found[name] = 987_654
        elif name in GUESSED and len(str(value)) != 32:
            found[name] = GUESSED[name]
    return found


@dataclass(frozen=True)
class Answer:
    """What came back, and which tables somebody wrote to meanwhile."""

    status: int
    to: str
    body: str
    kept: str
    wrote: frozenset[str]


@dataclass(frozen=True)
class Asked:
    """People with their browsers, and things by their name in the table of addresses."""

    ground: Ground
    people: Mapping[Who, Any]
    browsers: Mapping[Who, Any]
    cookies: Mapping[Who, str]
    things: Mapping[str, Callable[[Who], dict[str, Any]]]

    def ask(self, who: Who, method: str, address: str, form: Mapping[str, Any] | None = None) -> Answer:
        """Ask as somebody does; whatever it changed is undone."""
        from django.db import transaction

        browser = self.browsers[who]
        browser.cookies = SimpleCookie(self.cookies[who])
        with transaction.atomic(), written() as tables:
            response = browser.generic_of(method, address, form or {})
            body = b"".join(response.streaming_content) if response.streaming else response.content
            transaction.set_rollback(True)
        kept = response.headers.get("Cache-Control", "")
        to = response.headers.get("Location", "")
        text = body.decode("utf-8", "replace")
        return Answer(response.status_code, to, text, kept, frozenset(tables))


@contextmanager
def written() -> Iterator[set[str]]:
    """Collect the tables that are written to, but for those that note where somebody was last."""
    from django.db import connection

    tables: set[str] = set()

    def seen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        words = sql.split(None, 3)
        if words and words[0] in {"INSERT", "UPDATE", "DELETE"}:
            name = next(word for word in words[1:] if word not in {"INTO", "FROM", "OR", "IGNORE"}).strip('"')
            if name not in {
                "django_session",
                "usersessions_usersession",
                "people_counters",
            }:  # of whoever asks
                tables.add(name)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(seen):
        yield tables


def build(ground: Ground) -> Asked:
    """Make everybody and everything; call it in a transaction that is undone."""
    people = _people(ground)
    browsers = {who: _browser(one) for who, one in people.items()} | {VISITOR: _browser(None)}
    cookies = {who: browser.cookies.output(header="", sep=";") for who, browser in browsers.items()}
    author = people[AUTHOR]
    things = {
        **_sheets(ground, author), **_runs(people), **_persons(ground, people), **_said(ground, author),
        **_portfolio(ground, people), **_pack(ground, author),
        **portfolio_follow_up_desk.things(author, home=ground.codes["district"], flagged=ground.codes["flagged"]),
        **_own(people), **_published(ground), **_secrets(author), **_servers(people), **_studies(ground, people), **_money(ground, people),
    }  # fmt: skip
    return Asked(ground, people, browsers, cookies, things)


def _browser(person: Any) -> Any:
    from django.test import Client

    class Browser(Client):
        """A browser that sends forms as forms, by any method."""

        def generic_of(self, method: str, address: str, form: Mapping[str, Any]) -> Any:
            return self.post(address, form) if method == "POST" else self.get(address)

    browser = Browser(HTTP_HOST="127.0.0.1")
    if person is not None:
        browser.force_login(person)
    return browser


def _places(ground: Ground) -> dict[str, tuple[str, str]]:
    """Return home and elsewhere of each role that works at another level than the district."""
    codes = ground.codes
    far = min(code for code, parent in ground.parents.items() if parent == codes["other_area"])
    return {
        "facility": (codes["facility"], far),
        "region": (codes["region"], codes["other_region"]),
    }


def _people(ground: Ground) -> dict[Who, Any]:
    from kalanso.hub.people.actions.persons import give_role
    from kalanso.hub.people.models import Organisation, Person

    houses = {
        code: Organisation.objects.create(code=code, name=code.title(), kind="government")
        for code in ("house", "other")
    }
    usual = (ground.codes["district"], ground.codes["other_district"])
    found = {NOBODY: Person.objects.create(username="nobody")}
    for role, at in WHO[2:]:
        home, away = _places(ground).get(role, usual)
        place = {"home": home, "away": away, "wide": "", "other": home}[at]
        person = Person.objects.create(username=f"{role}.{at}")
        house = houses["other" if at == "other" else "house"]
        give_role(by=None, person=person, organisation=house, role=role, place_code=place, now=NOW)
        found[role, at] = Person.objects.get(pk=person.pk)
    return found


def _sheets(ground: Ground, author: Any) -> dict[str, Any]:
    """Sheets of the district: one that was tried, one about a flagged place, one that is published."""
    from kalanso.hub.evidence.models import PlaceName, Upload
    from kalanso.hub.people.actions import record

    def sheet(name: str, **more: Any) -> Any:
        return Upload.objects.create(
            by=author, organisation_id=author.memberships.get().organisation_id, place_code=ground.codes["district"],
            source="demo-snis", file_name=f"{name}.csv", kind="csv", size=9, sha256=name.ljust(64, "0"), received=NOW,
            reading={"columns": [], "sheets": [], "mark": "m"}, tried="t", **more,
        )  # fmt: skip

    receipt = {"unit": "rows", "read": 2, "stored": 1, "placed": 1}
    tried = sheet("tried", state="tried", receipt=receipt, flagged=False)
    flagged = sheet("flagged", state="tried", receipt=receipt, flagged=True)
    done = sheet("published", state="published", receipt=receipt, flagged=False, published=NOW)
    name = PlaceName.objects.create(upload=tried, code="n", name="Niono Est", status="doubtful")
    record(by=author, verb="evidence.uploaded", thing=tried, now=NOW)
    return {
        "sheet": lambda who: {"key": tried.pk},
        "sheet of a flagged place": lambda who: {"key": flagged.pk},
        "published sheet": lambda who: {"key": done.pk},
        "name": lambda who: {"key": tried.pk, "name": name.pk},
        "trail of a sheet": lambda who: {"object_type": "evidence.upload", "object_id": str(tried.pk)},
    }


# National numbers of a run, as its record holds them.
HEADLINE = {
    "period": "2024Q4", "span": "quarter", "indicator": "dtp1", "provisional": False, "coverage_mean": 0.81, "coverage_q025": 0.78, "coverage_q975": 0.84,
    "missed_children_mean": 9000.0, "missed_children_q025": 8000.0, "missed_children_q975": 9900.0,
    "surviving_infants_mean": 48000.0, "surviving_infants_q025": 47000.0, "surviving_infants_q975": 49000.0,
}  # fmt: skip


def _runs(people: Mapping[Who, Any]) -> dict[str, Any]:
    """Runs of the country: a draft, one in review, one under way, a published one."""
    from kalanso.coverage import Question
    from kalanso.hub.evidence.models import Run
    from kalanso.hub.jobs.models import Job

    by, other = people["researcher", "wide"], people["national", "wide"]

    def run(key: str, **more: Any) -> Any:
        told = {"work": "done", "ended": NOW, "name": key, "headline": [HEADLINE]} | more
        return Run.objects.create(
            question=Question(draws=20).as_dict(), why="la revue", asked_by=by, asked=NOW, key=key, **told
        )

    draft, review = run("draft", state="draft"), run("review", state="technical_review")
    job = Job.objects.create(kind="evidence.estimate", key="asked", asked_by=by, asked=NOW, not_before=NOW)
    asked = run("asked", work="asked", ended=None, name="", job=job)
    published = run("published", state="published", checked_by=other, validated_by=other)
    return {
        "draft run": lambda who: {"pk": draft.pk},
        "run in review": lambda who: {"pk": review.pk},
        "run under way": lambda who: {"pk": asked.pk},
        "published run": lambda who: {"pk": published.pk},
        "step of a draft": lambda who: {"pk": draft.pk, "after": "technical_review"},
        "step back of the published run": lambda who: {"pk": published.pk, "after": "validated"},
    }


def _servers(people: Mapping[Who, Any]) -> dict[str, Any]:
    """A DHIS2 server with a reading plan and a pull that ended, and a server of forms that was never looked at."""
    from datetime import date

    from kalanso.hub.evidence.models import Connection, Pull

    by = people["national", "wide"]
    entry = {
        "element": "WSy7zOZx1Wl",
        "option": "*",
        "name": "BCG",
        "indicator": "bcg_doses",
        "method": "package_uid",
        "score": 1.0,
    }
    common = {"made_by": by, "made": NOW, "changed_by": by, "changed": NOW}
    dhis2 = Connection.objects.create(
        kind="dhis2", source="snis", address="https://snis.example.org", first_month=date(2024, 1, 1), checked=NOW,
        told={"levels": [[1, "Pays"]], "data_sets": [{"id": "DS1", "name": "PEV", "period_type": "Monthly", "elements": 1}]},
        plan={"version": 1, "levels": {"1": "country"}, "data_sets": ["DS1"], "elements": [entry]}, **common,
    )  # fmt: skip
    forms = Connection.objects.create(
        kind="kobo", source="sorties", address="https://kf.example.org", **common
    )
    pull = Pull.objects.create(connection=dhis2, number=1, asked_by=by, asked=NOW, state="done", ended=NOW)
    return {
        "server": lambda who: {"pk": dhis2.pk},
        "server of forms": lambda who: {"pk": forms.pk},
        "number of a server": lambda who: {"pk": dhis2.pk, "element": "WSy7zOZx1Wl", "option": "tout"},
        "pull": lambda who: {"pk": dhis2.pk, "number": pull.number},
        "file of a pull": lambda who: {"pk": dhis2.pk, "number": pull.number, "name": "x.csv"},
    }


def _studies(ground: Ground, people: Mapping[Who, Any]) -> dict[str, Any]:
    """Rounds of the district: one that is analysed, one that is let out."""
    from pathlib import Path

    from django.conf import settings

    from kalanso.hub.people.models import Organisation
    from kalanso.hub.studies.actions import rounds
    from tests.hub import study_desk, ways_desk

    by, home = people["national", "wide"], ground.codes["district"]
    more = {
        "organisation": Organisation.objects.get(code="house"),
        "place_code": home,
        "places": (home, home),
    }
    folder = Path(settings.KALANSO_DATA)
    own = study_desk.analysed(by, folder, survey="analysee", **more)
    out = study_desk.analysed(by, folder, survey="publiee", **more)
    rounds.let_out(by=by, one=out, now=NOW)
    line = study_desk.laid_out(by, own, home)
    lots = ways_desk.told(by, home, folder, organisation=more["organisation"])
    return {
        "way": lambda who: {"way": "phone"},
        "lots of an analysed round": lambda who: {"pk": lots.pk, "table": "lots"},
        "form of an analysed round": lambda who: {"pk": own.pk, "form": "child"},
        "draw of an analysed round": lambda who: {"pk": own.pk, "number": 1},
        "weights of an analysed round": lambda who: {"pk": own.pk},
        "rule of an analysed round": lambda who: {"pk": own.pk, "rule": "date_partial"},
        "line of an analysed round": lambda who: {"pk": own.pk, "table": "survey_doses", "row": 1},
        "correction of an analysed round": lambda who: {"pk": own.pk, "number": line.pk},
        "analysed round": lambda who: {"pk": own.pk},
        "published round": lambda who: {"pk": out.pk},
        "figure of an analysed round": lambda who: {"pk": own.pk, "number": 1, "locale": "fr", "width": 328},
        "report of an analysed round": lambda who: {"pk": own.pk, "locale": "fr", "form": "pdf"},
        "report of a published round": lambda who: {"pk": out.pk, "locale": "fr", "form": "pdf"},
    }


def _portfolio(ground: Ground, people: Mapping[Who, Any]) -> dict[str, Any]:
    """A line of the house that is planned in the district, one that is planned nowhere, and a sheet."""
    from datetime import date
    from pathlib import Path
    from tempfile import mkdtemp

    from PIL import Image

    from kalanso.hub.portfolio.actions.cells import set_milestone
    from kalanso.hub.portfolio.actions.reports import approve
    from tests.hub import portfolio_desk

    by, home = people["national", "wide"], ground.codes["district"]
    cell = portfolio_desk.planned(by, portfolio_desk.intervention(by), home)
    bare = portfolio_desk.intervention(by, "INT-002")
    point = set_milestone(by=by, one=cell, title="Relais formés", due=date(2025, 6, 1), now=NOW)
    photo = BytesIO()
    Image.new("RGB", (8, 8), "red").save(photo, "JPEG")
    approved = portfolio_desk.reported(
        people[AUTHOR], cell, "2025Q1", photo=photo.getvalue(), photo_alt="Un soir"
    )
    approve(by=by, one=approved, version=1, now=NOW)
    sent = portfolio_desk.reported(
        people[AUTHOR], portfolio_desk.planned(by, portfolio_desk.intervention(by, "INT-004"), home)
    )
    row = ["INT-003", "Cliniques", ground.codes["district"]]
    load = portfolio_desk.brought(by, portfolio_desk.sheet(row), Path(mkdtemp()))
    return {
        "portfolio file": lambda who: {"form": "csv"},
        "planned district": lambda who: {"code": home},
        "intervention": lambda who: {"code": bare.code},
        "cell": lambda who: {"pk": cell.pk},
        "milestone": lambda who: {"pk": cell.pk, "milestone": point.pk},
        "approved report": lambda who: {"pk": cell.pk, "period": "2025Q1"},
        "sent report": lambda who: {"pk": sent.cell_id, "period": "2025Q1"},
        "photo of a report": lambda who: {"pk": approved.pk},
        "portfolio sheet": lambda who: {"pk": load.pk},
    }


def _money(ground: Ground, people: Mapping[Who, Any]) -> dict[str, Any]:
    """Grants of two houses with lines of the district, an entry on one, and a sheet that a partner tried."""
    from kalanso.hub.grants.actions import framework, grants
    from kalanso.hub.grants.models import MoneyLoad
    from kalanso.hub.people.models import Organisation, Person
    from tests.hub import money_desk

    by, home = people["national", "wide"], ground.codes["district"]
    writer = Person.objects.create(username="money.writer")
    found, lines = {}, {}
    for code, name in (("house", "grant"), ("other", "grant of another house")):
        house = Organisation.objects.get(code=code)
        grants.write_identifier(by=by, organisation=house, identifier=f"XM-TEST-{code}", now=NOW)
        grant = money_desk.grant(by, code=f"G-{code}", funder=house, holder=house)
        what = money_desk.intervention(f"INT-{code}", house)
        found[name], lines[name] = grant, money_desk.line(by, grant, what, place=home)
    agreed = framework.agree(by=by, grant=found["grant"], now=NOW, said={
        "indicator": "dtp1_coverage", "unit": "share", "chain": "intermediate", "kind": "core", "better": "up", "data_source": "SNIS",
    })  # fmt: skip
    entry = money_desk.entry(by, lines["grant"])
    type(entry).objects.filter(pk=entry.pk).update(by=writer)
    load = MoneyLoad.objects.create(
        kind="lines", grant=found["grant"], file_name="b.csv", sha256="0" * 64, size=9, by=people["partner", "home"], received=NOW,
        counts=dict.fromkeys(("rows", "added", "changed", "same", "refused", "absent"), 0), mark="m",
    )  # fmt: skip
    return {
        **{name: (lambda who, pk=one.pk: {"pk": pk}) for name, one in found.items()},
        "file of a grant": lambda who: {"pk": found["grant"].pk, "form": "csv"},
        "intervention with money": lambda who: {"pk": lines["grant"].intervention_id},
        "grant by number": lambda who: {"number": found["grant"].pk},
        "grant of another house by number": lambda who: {"number": found["grant of another house"].pk},
        "budget line": lambda who: {"pk": lines["grant"].pk},
        "budget line of another house": lambda who: {"pk": lines["grant of another house"].pk},
        "entry of money": lambda who: {"pk": entry.pk},
        "sheet of money": lambda who: {"pk": load.pk},
        "agreed indicator": lambda who: {"pk": agreed.pk},
        "indicator counted from reports": lambda who: {"key": "extended_hours_sessions_held"},
        "file of indicators": lambda who: {"form": "csv"},
    }


def _persons(ground: Ground, people: Mapping[Who, Any]) -> dict[str, Any]:
    """Colleagues in the district, of one's own and of another organisation, and an invitation there."""
    from kalanso.hub.people.actions.persons import fingerprint, give_role
    from kalanso.hub.people.models import Invitation, Organisation, Person

    made = {}
    for code in ("house", "other"):
        person = Person.objects.create(username=f"collegue-{code}")
        house = Organisation.objects.get(code=code)
        made[code] = give_role(
            by=None, person=person, organisation=house, role="facility", place_code=ground.codes["facility"], now=NOW
        )  # fmt: skip
    secret, later = "an-invitation-s-secret", datetime.now(UTC) + timedelta(days=3)
    invitation = Invitation.objects.create(
        fingerprint=fingerprint(secret), name="Awa Diarra", role="facility", place_code=ground.codes["district"],
        organisation=Organisation.objects.get(code="house"), invited_by=people["region", "home"], created=NOW, expires=later,
    )  # fmt: skip
    return {
        "oneself": lambda who: {"pk": people[who].pk if who in people else 1},
        "colleague": lambda who: {"pk": made["house"].person_id},
        "colleague of another house": lambda who: {"pk": made["other"].person_id},
        "role": lambda who: {"pk": made["house"].pk},
        "invitation": lambda who: {"pk": invitation.pk},
        "link of an invitation": lambda who: {"secret": secret},
    }


def _said(ground: Ground, author: Any) -> dict[str, Any]:
    """Comments with photos: at a facility of the district, and at a place under a flag."""
    from django.core.files.base import ContentFile
    from PIL import Image

    from kalanso.hub.people.models import Comment

    picture = BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "JPEG")

    def comment(code: str) -> Any:
        made = Comment(object_type="place", object_id=code, place_code=code, by=author, text="une piste coupée",
                       photo_alt="la piste", written=NOW, received=NOW)  # fmt: skip
        made.photo.save(f"{uuid4().hex}.jpg", ContentFile(picture.getvalue()))
        return made

    here, there = comment(ground.codes["facility"]), comment(ground.codes["flagged"])
    return {
        "comment": lambda who: {"key": here.key},
        "comment at a flagged place": lambda who: {"key": there.key},
        "place": lambda who: {"object_type": "place", "object_id": ground.codes["facility"]},
        "flagged place": lambda who: {"object_type": "place", "object_id": ground.codes["flagged"]},
        "photo's file": lambda who: {"file": here.photo.name},
    }


def _pack(ground: Ground, author: Any) -> dict[str, Any]:
    """The pack of a review that somebody had written."""
    from kalanso.hub.jobs.models import Job
    from kalanso.hub.site.queries import packs

    told = {"place": ground.codes["district"], "period": "2024Q4", "mark": packs.scope_mark(author)}
    job = Job.objects.create(
        kind=packs.KIND, key="a pack", arguments=told, asked_by=author, asked=NOW, not_before=NOW, state="done", ended=NOW
    )  # fmt: skip
    packs.folder(job.pk).mkdir(parents=True)
    (packs.folder(job.pk) / "fr.pdf").write_bytes(b"%PDF-1.7")
    return {"pack of somebody": lambda who: {"key": job.pk, "locale": "fr", "form": "pdf"}}


def _own(people: Mapping[Who, Any]) -> dict[str, Any]:
    """What everybody has: a job, a token, a notification; and those of somebody who does not ask."""
    from kalanso.hub.api.models import Token
    from kalanso.hub.jobs.models import Job
    from kalanso.hub.people.models import Notification, Person

    third = Person.objects.create(username="third")
    made: dict[int, tuple[Any, ...]] = {}
    for person in (*people.values(), third):
        job = Job.objects.create(
            kind="evidence.look", key=f"job-{person.pk}", asked_by=person, asked=NOW, not_before=NOW
        )
        token = Token.objects.create(
            person=person, name="tableur", fingerprint=f"{person.pk}".zfill(64), begins_with="kal_0000",
            parts=["tables"], created=NOW, expires=datetime.now(UTC) + timedelta(days=9),
        )  # fmt: skip
        told = Notification.objects.create(person=person, sentence="people.role_given", at=NOW)
        made[person.pk] = job, token, told

    def of(who: Who) -> tuple[Any, ...]:
        return made[people[who].pk] if who in people else made[third.pk]

    job, token, told = made[third.pk]
    return {
        "own job": lambda who: {"job_id": of(who)[0].pk},
        "another's job": lambda who: {"job_id": job.pk},
        "own token": lambda who: {"token_id": of(who)[1].pk},
        "another's token": lambda who: {"token_id": token.pk},
        "own notification": lambda who: {"pk": of(who)[2].pk},
        "another's notification": lambda who: {"pk": told.pk},
    }


def _quality_report() -> Callable[[Who], dict[str, Any]]:
    """A report on data quality with one of its files."""
    from kalanso.hub.evidence.models import QualityReport
    from tests.hub.visitors import person

    report = QualityReport.objects.create(
        mode="who", year=2024, asked_by=person("national"), asked=NOW, made=NOW, files=["fr.pdf"], snapshots=["quality_scores-00001"]
    )  # fmt: skip
    report.folder.mkdir(parents=True)
    (report.folder / "fr.pdf").write_bytes(b"%PDF-1.7")
    return lambda who: {"number": report.pk, "locale": "fr", "form": "pdf"}


def _published(ground: Ground) -> dict[str, Any]:
    """What is read from published tables: a place, a finding, an open and a closed table, their snapshots."""
    from kalanso.hub.evidence.queries.findings import key_of
    from kalanso.quality.tables import QUALITY_FINDINGS
    from kalanso.store import Store

    store = Store.open(ground.folder, memory="1GB", threads=1)
    home = ground.codes["facility"]
    rows = store.read(QUALITY_FINDINGS).to_pyarrow().to_pylist()
    key = next(key_of(row) for row in rows if row["place_code"] == home)
    ids = {name: store.latest(name).id for name in ("places", "burden")}  # type: ignore[union-attr]
    return {
        "quality report": _quality_report(),
        "finding": lambda who: {"key": key},
        "discussed finding": lambda who: {"object_type": "evidence.finding", "object_id": key},
        "code": lambda who: {"code": ground.codes["district"]},
        "code of a facility": lambda who: {"code": home},
        "analysis": lambda who: {"analysis": "dropout"},
        "month of a code": lambda who: {"code": ground.codes["district"], "month": "202412"},
        "source": lambda who: {"code": "demo-snis"},
        "organisation": lambda who: {"code": "other"},
        "open table": lambda who: {"name": "places"},
        "closed table": lambda who: {"name": "burden"},
        "private table": lambda who: {"name": "truth_births"},
        "drawing": lambda who: {"key": "0" * 32, "width": 360, "form": "svg"},
        "snapshot of an open table": lambda who: {"snapshot": ids["places"]},
        "snapshot of a closed table": lambda who: {"snapshot": ids["burden"]},
    }


def _secrets(author: Any) -> dict[str, Any]:
    """Secrets of links, which open to whoever holds them."""
    from kalanso.hub.people.queries import letters
    from kalanso.hub.site.actions import machine_link

    return {
        "link of the machine": lambda who: {"secret": machine_link(person=author)},
        "link of a feed": lambda who: {"secret": letters.sealed(author, letters.FEED)},
        "link of a letter": lambda who: {"secret": letters.sealed(author, letters.STOP)},
        "somebody's name": lambda who: {"username": "nobody"},
        "plain": lambda who: {},
    }
