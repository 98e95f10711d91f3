"""Does a quarterly review say what the apps hold, to each reader what they may know, on the page, in the pack and on the sheet?"""

from __future__ import annotations

import gzip
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from pypdf import PdfReader

from tests.hub import desk, money_desk, portfolio_desk
from tests.hub import portfolio_follow_up_desk as follow_up
from tests.hub.test_hub_estimates import estimated  # noqa: F401 - a fixture
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, stranger, visitor

pytestmark = pytest.mark.long

PAGE, SHEET = "/agir/revue/", "/agir/fiche/"
FIRST_VIEW = 60 * 1024
SECRET = "Le convoi part mardi par la piste de Sokolo"
NOW = datetime.now(UTC)


def quarter() -> str:
    """The newest quarter that is over."""
    from kalanso.hub.site.queries import review

    return review.usual_quarter(NOW.date())


def in_quarter() -> datetime:
    """A moment in that quarter."""
    from kalanso.vocabulary import Period

    return datetime.combine(Period.parse(quarter()).start + timedelta(days=20), datetime.min.time(), UTC)


def spent(by: Any, line: Any, kind: str, amount: int, day: date) -> Any:
    """An entry of a day that is over."""
    from decimal import Decimal

    from kalanso.hub.grants.actions import entries

    told = {"currency": line.currency, "reference": f"BV {kind}", "amount": Decimal(amount)}
    return entries.write(by=by, line=line, kind=kind, day=day, now=NOW, **told)


@pytest.fixture
def laid(quick_hand: Any, estimated: Path, niono: str, tmp_path: Path) -> Iterator[dict[str, Any]]:  # noqa: F811
    """A country with an estimate, and a line, an obstacle, actions, a decision, a report and money in Niono."""
    from kalanso.hub.portfolio.models import Decision

    with override_settings(
        KALANSO_STORE=estimated, KALANSO_DATA=tmp_path / "data", KALANSO_ADDRESS="https://hub.example"
    ):
        by, day = person("national"), in_quarter().date()
        cell = follow_up.cell(
            niono, state="delayed", reason="La route est coupée.", since=in_quarter(), begins=day - timedelta(days=90), ends=day + timedelta(days=400)
        )  # fmt: skip
        factor = follow_up.named(by, niono, severity=5, at=in_quarter())
        late = follow_up.late(follow_up.set_by(by, niono), 45)
        decision = follow_up.decided(by, niono)
        Decision.objects.update(date=day)
        line = money_desk.line(by, money_desk.grant(by), place=niono, year=day.year)
        spent(by, line, "disbursement", 9_000_000, day)
        spent(by, line, "expenditure", 6_000_000, day)
        yield {"cell": cell, "factor": factor, "late": late, "decision": decision, "line": line}


def plain(text: str) -> str:
    """A text with the spaces and apostrophes of a keyboard."""
    return re.sub("[\u00a0\u202f]", " ", text).replace("’", "'")


def message(answer: Any, name: str) -> str:
    """The answer of a section."""
    return plain(section(answer, name).message)


def section(answer: Any, name: str) -> Any:
    return next(one for one in answer.context["review"].sections if one.name == name)


def test_a_review_says_what_the_apps_hold(laid: dict[str, Any], niono: str) -> None:
    answer = visitor("national").get(PAGE, {"lieu": niono, "periode": quarter()})
    page = text_of(answer).replace("\u202f", " ")
    assert answer.status_code == 200
    children = section(answer, "children")
    assert "enfants zéro dose (entre" in children.message
    assert "brouillon" in page
    assert "Lignes du portefeuille : 1." in message(answer, "cells")
    assert "La route est coupée." in page
    assert "Obstacles ouverts : 1." in message(answer, "factors")
    assert "Actions en retard : 1, sur 1 à faire." in message(answer, "actions")
    assert message(answer, "decisions").startswith("1 décision prise")
    assert "67 %" in message(answer, "money")
    assert "Écritures à rapprocher : 2." in message(answer, "money")
    waiting = section(answer, "waiting")
    told = [row[2].text for table in waiting.listings for row in table.rows]
    assert any("sans action ni décision" in one for one in told)
    assert any("Obstacle de poids 5" in one for one in told)
    assert any("En retard de 45 jours" in one for one in told)


def test_every_number_of_a_review_leads_somewhere_that_opens(laid: dict[str, Any], niono: str) -> None:
    client = visitor("national")
    for place in ("ML", niono):
        made = client.get(PAGE, {"lieu": place, "periode": quarter()}).context["review"]
        led = set()
        for one in made.sections:
            for fact in one.facts:
                assert fact.value.address or fact.value.text == "pas de donnée", fact.label
                led.add(fact.value.address)
            led |= {cell.address for table in one.listings for row in table.rows for cell in row}
            led |= {line.address for line in (*one.told, *one.sources)}
            for table in one.listings:
                for row in table.rows:
                    assert any(cell.address for cell in row), f"{one.name}: {table.title}"
        for address in led - {""}:
            assert client.get(address).status_code == 200, address


def test_numbers_of_the_estimate_name_their_snapshot(laid: dict[str, Any], niono: str) -> None:
    made = visitor("national").get(PAGE, {"lieu": niono}).context["review"]
    children = next(one for one in made.sections if one.name == "children")
    estimated_ = [fact for fact in children.facts if "estimée" in fact.label or "dose" in fact.label]
    assert len(estimated_) >= 3
    assert all("as_of=coverage_estimates" in fact.value.address for fact in estimated_)


def test_no_estimate_of_a_later_period_stands_in_a_review(laid: dict[str, Any]) -> None:
    from kalanso.hub.explore.queries import estimates, places, shelf
    from kalanso.hub.people.queries.access import access_of, scope_of
    from kalanso.hub.people.queries.here import reading_as
    from kalanso.hub.site.queries import review
    from kalanso.hub.site.queries.review.children import period_of

    reader = person("national")
    with reading_as(scope_of(access_of(reader))):
        here = shelf.current()
        known = list(estimates.spans(here))
        root = places.tree(here).root()
        assert root is not None
        for asked, expected in (("2030Q1", known[0]), (known[0], known[0]), ("2019Q1", None)):
            assert period_of(review.asked_by(reader, root, asked, NOW)) == expected


def test_a_review_leaves_room_on_the_page_and_asks_few_questions_however_much_there_is(
    laid: dict[str, Any], niono: str
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = visitor("national")
    client.get(PAGE)

    def asked() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(PAGE, {"lieu": "ML", "periode": quarter()})
        return len(queries), len(gzip.compress(answer.content))

    few, _small = asked()
    by = person("national")
    for number in range(40):
        follow_up.cell(
            niono, code=f"INT-{100 + number}", state="suspended", reason="Rien ne passe.", since=in_quarter()
        )
        follow_up.named(by, niono, what=f"{follow_up.WORDS} {number}", severity=4)
        follow_up.late(follow_up.set_by(by, niono, text=f"Faire la chose {number}."), 60)
    many, size = asked()
    assert many <= few + 4, f"{few} questions, then {many}"
    assert many < 110
    assert size < FIRST_VIEW


def test_both_languages_and_choices_that_make_no_sense_open(laid: dict[str, Any], niono: str) -> None:
    client = visitor("national")
    english = text_of(client.get(f"/en{PAGE}", {"lieu": niono}))
    assert "Where do we stand? Niono" in english
    assert "Où " not in english
    assert "n’est pas un trimestre de la liste" in text_of(client.get(PAGE, {"periode": "2019"})).replace(
        "'", "’"
    )
    for query in ({"lieu": "rien de tel"}, {"lieu": "\x00"}, {"periode": "9999Q9"}, {"lieu": "ML-X"}):
        assert client.get(PAGE, query).status_code == 200


def test_an_area_is_reviewed_within_its_district(laid: dict[str, Any], code_of: Any) -> None:
    answer = visitor("national").get(PAGE, {"lieu": code_of("Ndébougou", "health_area")})
    assert answer.context["place"].name == "Niono"


def test_outsiders_do_not_read_a_review(laid: dict[str, Any], niono: str) -> None:
    for address in (PAGE, f"{SHEET}{niono}/", f"{SHEET}{niono}.pdf"):
        assert stranger().get(address).status_code == 302
        assert visitor("reader").get(address).status_code == 403
        assert visitor(None).get(address).status_code == 403


def test_money_is_shown_to_those_who_read_it(laid: dict[str, Any], niono: str) -> None:
    query = {"lieu": niono, "periode": quarter()}
    for role, place in (("district", niono), ("researcher", ""), ("editor", "")):
        answer = visitor(role, place).get(PAGE, query)
        assert not section(answer, "money").facts
        assert "millions FCFA" not in text_of(answer)
        assert "millions FCFA" not in text_of(visitor(role, place).get(f"{SHEET}{niono}/"))
    assert section(visitor("region", niono).get(PAGE, query), "money").facts


def test_currencies_are_never_added_in_silence(laid: dict[str, Any], niono: str) -> None:
    by, day = person("national"), in_quarter().date()
    line = money_desk.line(by, money_desk.grant(by, code="EUR-1", currency="EUR"), place=niono, year=day.year)
    spent(by, line, "expenditure", 5_000, day)
    answer = visitor("national").get(PAGE, {"lieu": niono, "periode": quarter()})
    money = section(answer, "money")
    assert any("faute de cours" in line.text and "EUR" in line.text for line in money.told)
    waiting = next(fact for fact in money.facts if "rapprocher" in fact.label.lower())
    assert "EUR" in waiting.beside
    assert "FCFA" in waiting.beside


@pytest.fixture
def protected(laid: dict[str, Any], niono: str) -> Iterator[str]:
    """Niono under a security flag, with words that only its team may read."""
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.portfolio.models import Cell, Milestone

    PlaceMirror.objects.filter(code=niono).update(flagged=True)
    by = person("national")
    follow_up.named(by, niono, what=SECRET, severity=5, at=in_quarter())
    follow_up.late(follow_up.set_by(by, niono, text=SECRET), 60)
    Cell.objects.filter(place_code=niono).update(reason=SECRET)
    Milestone.objects.create(cell=laid["cell"], title=SECRET[:60], due=date(2020, 1, 1))
    return niono


OUTSIDE = [("partner", ""), ("donor", ""), ("researcher", ""), ("editor", "")]


@pytest.mark.parametrize(("role", "place"), OUTSIDE)
def test_words_of_a_protected_place_reach_nobody_outside_its_team(
    protected: str, role: str, place: str
) -> None:
    from kalanso.figures.reviews import texts

    client = visitor(role, place, organisation="elsewhere")
    for where in ("ML", protected):
        answer = client.get(PAGE, {"lieu": where, "periode": quarter()})
        assert answer.status_code == 200
        assert "Sokolo" not in answer.content.decode()
        assert not [text for text in texts(answer.context["review"]) if "Sokolo" in text]
        assert "Lignes du portefeuille : 1." in message(answer, "cells"), "the state is for all readers"
    assert "Sokolo" not in client.get(f"{SHEET}{protected}/").content.decode()
    assert "Sokolo" in text_of(visitor("district", protected).get(PAGE, {"lieu": protected}))


def test_money_of_a_protected_place_is_left_out_of_its_review_and_that_is_said(protected: str) -> None:
    donor = visitor("donor", organisation="gavi")
    answer = donor.get(PAGE, {"lieu": protected, "periode": quarter()})
    money = section(answer, "money")
    assert not money.listings
    assert any("réservées à leurs équipes" in note for note in money.notes) or "Aucune ligne" in plain(
        money.message
    )
    assert "6 millions" not in text_of(answer)


def words_of(pptx: bytes) -> str:
    from pptx import Presentation

    found = []
    for slide in Presentation(io.BytesIO(pptx)).slides:
        frames = [shape.text_frame for shape in slide.shapes if shape.has_text_frame]
        frames += [
            cell.text_frame
            for shape in slide.shapes
            if shape.has_table
            for row in shape.table.rows
            for cell in row.cells
        ]
        found += [frame.text for frame in frames]
        if slide.has_notes_slide:
            found.append(slide.notes_slide.notes_text_frame.text)
    return plain("\n".join(found))


def pack(client: Any, place: str) -> tuple[Any, dict[str, bytes]]:
    """Ask for a pack, have it written, and return its job and its files."""
    assert client.post(f"{PAGE}dossier/", {"lieu": place, "periode": quarter()}).status_code == 302
    job = desk.work()
    assert job.state == "done", job.error
    files = {}
    for name in ("fr.pdf", "fr.pptx", "en.pdf", "en.pptx"):
        answer = client.get(f"{PAGE}dossier/{job.pk}/{name}")
        assert answer.status_code == 200
        assert re.search(rf"kalanso-\w+-\w+-{quarter()}-{name}", answer.headers["Content-Disposition"])
        files[name] = b"".join(answer.streaming_content)
    return job, files


def test_a_pack_is_asked_written_and_taken_along_in_both_languages(laid: dict[str, Any], niono: str) -> None:
    client = visitor("national")
    _job, files = pack(client, niono)
    french, english = words_of(files["fr.pptx"]), words_of(files["en.pptx"])
    assert "Où en est l'argent ?" in french
    assert "Where is the money?" in english
    assert "Combien" not in english
    for told in (french, english):
        assert "Niono" in told
        assert laid["decision"].reference in told
    assert all(files[name].startswith(b"%PDF") for name in ("fr.pdf", "en.pdf"))
    assert b"https://hub.example/agir/revue/" in files["fr.pdf"]
    assert b"https://hub.example/en/agir/revue/" in files["en.pdf"]
    assert b"as_of=coverage_estimates" in files["fr.pdf"]
    page = client.get(PAGE, {"lieu": niono, "periode": quarter()})
    assert len(page.context["packs"][0].files) == 4
    assert "Refaire avec les chiffres de maintenant" in text_of(page)


def test_asking_while_a_pack_is_written_asks_nothing_more(laid: dict[str, Any], niono: str) -> None:
    from kalanso.hub.jobs.models import Job
    from kalanso.hub.people.models import Event

    client = visitor("national")
    for _time in range(2):
        client.post(f"{PAGE}dossier/", {"lieu": niono, "periode": quarter()})
    assert Job.objects.filter(kind="site.review_pack").count() == 1
    assert Event.objects.filter(verb="site.pack_asked").count() == 1
    page = client.get(PAGE, {"lieu": niono, "periode": quarter()})
    assert page.context["under_way"]
    assert "Refaire" not in text_of(page)


@pytest.mark.parametrize("wrong", [{"lieu": "ML-X"}, {"periode": "1999Q1"}, {"lieu": "", "periode": ""}])
def test_a_pack_that_makes_no_sense_is_not_written(
    laid: dict[str, Any], niono: str, wrong: dict[str, str]
) -> None:
    from kalanso.hub.jobs.models import Job

    client = visitor("national")
    answer = client.post(f"{PAGE}dossier/", {"lieu": niono, "periode": quarter()} | wrong)
    assert answer.status_code == 302
    assert not Job.objects.filter(kind="site.review_pack").exists()


@pytest.mark.parametrize(("role", "place"), [("partner", ""), ("donor", "")])
def test_a_pack_holds_what_its_asker_may_see(protected: str, role: str, place: str) -> None:
    client = visitor(role, place, organisation="elsewhere")
    _job, files = pack(client, protected)
    told = words_of(files["fr.pptx"]) + words_of(files["en.pptx"])
    assert "Sokolo" not in told
    assert "Lignes du portefeuille : 1." in told
    for name in ("fr.pdf", "en.pdf"):
        told = _words_of_pdf(files[name])
        assert "Niono" in told
        assert "Sokolo" not in told
    _job, whole = pack(visitor("district", protected), protected)
    assert "Sokolo" in words_of(whole["fr.pptx"])


def _words_of_pdf(content: bytes) -> str:
    """The words of all pages of a PDF."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_a_pack_is_its_askers_alone_and_only_while_their_rights_stand(
    laid: dict[str, Any], niono: str
) -> None:
    from kalanso.hub.people.models import Membership

    job, _files = pack(visitor("national"), niono)
    address = f"{PAGE}dossier/{job.pk}/fr.pdf"
    for other in (visitor("administrator"), visitor("district", niono), visitor("national", name="another")):
        assert other.get(address).status_code == 404
    assert stranger().get(address).status_code == 302
    for wrong in ("de.pdf", "fr.exe", "fr.docx"):
        assert visitor("national").get(f"{PAGE}dossier/{job.pk}/{wrong}").status_code == 404
    Membership.objects.filter(person=person("national")).update(role="donor")
    assert visitor("national").get(address).status_code == 404


def test_a_pack_is_refused_where_rights_changed_while_it_waited(laid: dict[str, Any], niono: str) -> None:
    from kalanso.hub.people.models import Membership

    visitor("national").post(f"{PAGE}dossier/", {"lieu": niono, "periode": quarter()})
    Membership.objects.filter(person=person("national")).update(role="donor")
    job = desk.work()
    assert job.state == "failed"
    assert "droits" in job.error


def test_files_go_with_their_job(laid: dict[str, Any], niono: str) -> None:
    from kalanso.hub.jobs.models import Job
    from kalanso.hub.site.queries import packs
    from kalanso.hub.site.tasks.reviews import forget

    job, _files = pack(visitor("national"), niono)
    assert forget() == 0
    Job.objects.filter(pk=job.pk).delete()
    assert forget() == 1
    assert not packs.folder(job.pk).exists()


def test_packs_are_no_files_that_people_brought(laid: dict[str, Any]) -> None:
    from kalanso.hub.site.actions.backup import is_file_of_people
    from kalanso.hub.site.queries import packs

    assert not is_file_of_people(packs.root())


def test_a_sheet_has_one_page_and_names_no_person(laid: dict[str, Any], niono: str) -> None:
    by = person("national")
    for number in range(60):
        follow_up.cell(niono, code=f"INT-{200 + number}", state="ongoing")
        follow_up.named(by, niono, what=f"{follow_up.WORDS} {number}")
    client = visitor("national")
    page = client.get(f"{SHEET}{niono}/")
    pdf = client.get(f"{SHEET}{niono}.pdf")
    assert page.status_code == 200
    assert pdf.content.startswith(b"%PDF")
    assert "niono" in pdf.headers["Content-Disposition"]
    assert len(PdfReader(io.BytesIO(pdf.content)).pages) == 1
    assert len(gzip.compress(page.content)) < FIRST_VIEW
    from kalanso.figures.reviews import texts

    assert not [text for text in texts(page.context["sheet"]) if by.username in text]
    assert visitor("national").get(f"/en{SHEET}{niono}.pdf").status_code == 200


def test_a_sheet_is_of_a_district(laid: dict[str, Any]) -> None:
    for code in ("ML", "ML-X0000"):
        for end in ("/", ".pdf"):
            assert visitor("national").get(f"{SHEET}{code}{end}").status_code == 404


def test_an_empty_portfolio_teaches(quick_hand: Any) -> None:
    page = text_of(visitor("national").get(PAGE))
    for words in ("Aucune estimation que vous puissiez lire", "Aucune intervention du portefeuille", "Aucun rapport n’est attendu", "Personne n’a encore nommé"):  # fmt: skip
        assert words in page.replace("'", "’"), words


def test_a_run_that_failed_its_check_leaves_no_number(
    laid: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from kalanso.hub.explore.queries import runs

    known = runs.held
    monkeypatch.setattr(
        runs, "held", lambda here: replace(run, unsettled=True) if (run := known(here)) else None
    )
    answer = visitor("national").get(PAGE)
    children = section(answer, "children")
    assert "n'a pas passé son contrôle" in plain(children.message)
    assert not [fact for fact in children.facts if "estimée" in fact.label]
    assert not children.listings
    assert not children.drawings


def test_a_meeting_leads_to_the_review_of_the_quarter_before_it(laid: dict[str, Any], niono: str) -> None:
    one = follow_up.met(person("national"), niono, date(2026, 1, 20))
    page = visitor("national").get(f"/agir/reunions/{one.pk}/").content.decode()
    assert f"{PAGE}?periode=2025Q4&amp;lieu={niono}" in page


def test_web_processes_load_nothing_that_draws_slides_or_figures() -> None:
    asked = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'kalanso.hub.site.settings'; import django; django.setup();"
        "import kalanso.hub.site.urls;"
        "print([m for m in ('altair', 'pptx', 'numba', 'vl_convert') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert found.stdout.strip().endswith("[]")


def test_reports_of_the_quarter_are_counted(laid: dict[str, Any], niono: str) -> None:
    from kalanso.hub.portfolio.actions.reports import write
    from kalanso.vocabulary import Period

    by, last = person("national"), Period.parse(quarter())
    line = portfolio_desk.intervention(by, "INT-900")
    cell = portfolio_desk.planned(
        by, line, niono, begins=last.start, ends=last.end + timedelta(days=200), state="ongoing"
    )
    counted = {"quantity": 12, "reached": 40, "expected": 55, "narrative": ""}
    write(by=person("district", niono), cell=cell, period=quarter(), said=counted, now=NOW, send=True)
    told = section(visitor("national").get(PAGE, {"lieu": niono, "periode": quarter()}), "reports")
    assert "1, sur 2 attendus" in plain(told.message)
    assert told.listings
