"""Does a district read whom to ask what this month, and answer with a tap, on the page, on paper, without network?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

import openpyxl
import pandas as pd
import pytest

from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import Mode, Provenance, Store
from kalanso.vocabulary import Message, Period
from tests.hub import desk
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, stranger, visitor

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
MONTH = "202411"


def doubt(place: str, check: str = "outliers", case: str = "high", **changes: Any) -> dict[str, Any]:
    """A finding about first doses in November 2024."""
    period = Period.parse(changes.pop("period", MONTH))
    told = {"place": place, "period": period.code, "indicator": "dtp1_doses", "value": 480, "expected": 120}
    message = Message(f"quality.{check}.{case}", told | changes.pop("params", {}))
    return {
        "check": check, "source": "demo-snis", "place_code": place, "period": period.code, "period_type": period.type.value,
        "period_start": period.start, "indicator": "dtp1_doses", "detail": "", "value": 480.0, "expected": 120.0,
        "severity": "attention", "message": message.id, "params": message.params_json(),
    } | changes  # fmt: skip


@pytest.fixture
def area(code_of: Any) -> str:
    return str(code_of("Ndébougou", "health_area"))


@pytest.fixture
def far(code_of: Any) -> str:
    """An area of a district under a flag."""
    return str(code_of("Karangana", "health_area"))


@pytest.fixture(scope="module")
def questioned(small_store: Store, code_of: Any, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One wild number in Niono, one missing report, one note, one number of the year before; one in a protected area."""
    area, niono = code_of("Ndébougou", "health_area"), code_of("Niono", "district")
    few = {"value": 0.4, "received": 4, "due": 10, "worst": 0.2, "below": 3, "n": 12}
    rows = [
        doubt(area), doubt(code_of("Karangana", "health_area")),
        doubt(area, case="low", period="202311", indicator="bcg_doses"),
        doubt(niono, "completeness", "low", value=0.4, expected=None, severity="serious", params=few),
        doubt(area, severity="note", indicator="opv1_doses"),
    ]  # fmt: skip
    own = desk.copied(small_store, tmp_path_factory.mktemp("questions"))
    own.publish(
        QUALITY_FINDINGS,
        QUALITY_FINDINGS.arrow(rows),
        provenance=Provenance(),
        now=NOW,
        mode=Mode.REPLACE_ALL,
    )
    return own


@pytest.fixture
def asked(questioned: Store, quick_hand: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The same, before the checks have read what was published of December."""
    from django.test import override_settings

    from kalanso.hub.evidence.queries import worklist

    whole = worklist._told_months

    def until_november(*given: Any) -> Any:
        told, spoken = whole(*given)
        return told, {code: n for code, n in spoken.items() if code <= MONTH}

    monkeypatch.setattr(worklist, "_told_months", until_november)
    with override_settings(KALANSO_STORE=questioned.folder):
        yield questioned


def key(row: dict[str, Any]) -> str:
    from kalanso.hub.evidence.queries.findings import key_of

    return key_of(row)


def answer(client: Any, row: dict[str, Any], status: str, comment: str = "", version: int = 0) -> Any:
    told = {"key": key(row), "status": status, "comment": comment, "version": version}
    return client.post(f"/preuves/a-demander/?periode={MONTH}", told)


def test_a_district_reads_whom_to_ask_what_was_expected_and_which_paper_to_open(
    asked: Store, niono: str
) -> None:
    page = visitor("district", niono).get("/preuves/a-demander/")
    text = text_of(page)

    assert page.context["month"] == MONTH
    assert "Niono, novembre 2024 : 2 questions à poser, 1 sérieuse." in text
    assert [(g.name, [line.row["check"] for line in g.lines]) for g in [*page.context["near"], *page.context["away"]]] == [
        ("Niono", ["completeness"]), ("Ndébougou", ["outliers"]),
    ]  # fmt: skip
    assert "le registre montre-t-il bien 480" in text
    assert "480, très au-dessus de la valeur habituelle (120)" in text
    assert "À ouvrir : registre de vaccination, feuilles de pointage, rapport mensuel" in text


def test_one_tap_says_that_it_was_corrected_and_the_question_is_gone(
    asked: Store, niono: str, area: str
) -> None:
    from kalanso.hub.evidence.models import FindingStatus

    client = visitor("district", niono)
    sent = answer(client, doubt(area), "corrected")
    page = client.get(sent.headers["Location"])

    assert sent.status_code == 302
    assert FindingStatus.objects.get().status == "corrected"
    assert page.context["total"] == 1
    assert sent.headers["Location"].endswith("#repondu")
    assert "Répondu : 1 question sur 2. Revenir sur cette réponse" in text_of(page)
    assert [line.key for group in page.context["answered"] for line in group.lines] == [key(doubt(area))]


@pytest.mark.parametrize(
    ("status", "asks"),
    [
        ("explained", "Dites en une phrase ce qui explique ce nombre."),
        ("no_error", "Dites en une phrase pourquoi ce n'est pas une erreur."),
    ],
)
def test_closing_with_a_reason_needs_the_reason_and_says_so_beside_the_question(
    asked: Store, niono: str, area: str, status: str, asks: str
) -> None:
    client = visitor("district", niono)
    silent = answer(client, doubt(area), status, "  ")

    assert silent.status_code == 422
    assert text_of(silent).count(asks) == 1
    assert answer(client, doubt(area), status, "campagne de rattrapage").status_code == 302


def test_a_word_that_crossed_another_keeps_what_was_written(asked: Store, niono: str, area: str) -> None:
    answer(visitor("national"), doubt(area), "known", "vu")
    late = answer(visitor("district", niono), doubt(area), "explained", "une grève")

    assert late.status_code == 422
    assert "Quelqu'un a changé ce statut" in text_of(late)
    assert "une grève</textarea>" in late.content.decode()


def test_nonsense_in_the_form_is_refused(asked: Store, niono: str, area: str) -> None:
    client = visitor("district", niono)

    assert answer(client, doubt(area), "guessed").status_code == 422
    assert client.post("/preuves/a-demander/", {"key": "0" * 64, "status": "corrected"}).status_code == 404
    assert client.post("/preuves/a-demander/", {"key": key(doubt(area)), "version": "x"}).status_code == 422


def test_somebody_of_elsewhere_reads_and_cannot_answer(
    asked: Store, niono: str, area: str, code_of: Any
) -> None:
    from kalanso.hub.evidence.models import FindingStatus

    for role, place in (
        ("district", code_of("Bougouni", "district")),
        ("partner", ""),
        ("donor", ""),
        ("coach", niono),
    ):
        client = visitor(role, place)
        page = client.get(f"/preuves/a-demander/?lieu={niono}&periode={MONTH}")
        assert page.context["total"] == 2
        assert not any(
            line.may_answer
            for group in [*page.context["near"], *page.context["away"]]
            for line in group.lines
        )
        assert answer(client, doubt(area), "corrected").status_code == 403
    assert not FindingStatus.objects.exists()


def test_visitors_and_readers_read_no_questions(asked: Store) -> None:
    for address in (
        "/preuves/a-demander/",
        "/preuves/a-demander/liste.csv",
        "/preuves/a-demander/liste.xlsx",
    ):
        assert stranger().get(address).status_code == 302
        assert visitor("reader").get(address).status_code == 403


def test_questions_about_protected_places_reach_cleared_people_only(
    asked: Store, far: str, code_of: Any
) -> None:
    def sees(role: str, place: str) -> bool:
        client = visitor(role, place)
        listed = client.get(f"/preuves/a-demander/?periode={MONTH}&lieu={code_of('Yorosso', 'district')}")
        file = client.get(f"/preuves/a-demander/liste.csv?periode={MONTH}").content.decode()
        return listed.context["total"] == 1 or "Karangana" in file

    assert sees("district", code_of("Yorosso", "district"))
    assert sees("national", "")
    assert not sees("researcher", "")
    assert not sees("partner", "")
    assert not sees("district", code_of("Niono", "district"))
    assert answer(visitor("researcher"), doubt(far), "known").status_code == 404


def test_the_country_is_read_down_the_tree(asked: Store, code_of: Any) -> None:
    page = visitor("national").get(f"/preuves/a-demander/?periode={MONTH}")
    segou = code_of("Ségou", "region")
    below = visitor("national").get(f"/preuves/a-demander/?periode={MONTH}&lieu={segou}")

    assert (page.context["total"], below.context["total"]) == (3, 2)
    assert (segou, 2) in [(one.code, n) for one, n in page.context["children"]]


def test_wrong_places_and_months_are_explained_and_the_page_opens(asked: Store, niono: str) -> None:
    page = visitor("district", niono).get("/preuves/a-demander/?lieu=nulle&periode=2024Q9&page=999999999999")
    text = text_of(page)

    assert "Aucun lieu n'a le code « nulle »" in text
    assert "« 2024Q9 » n'est pas un mois" in text
    assert page.context["total"] == 2


def test_a_month_without_doubts_and_a_store_without_checks_say_so(
    asked: Store, small_store: Store, niono: str, tmp_path: Any
) -> None:
    from django.test import override_settings

    client = visitor("district", niono)
    assert "Rien à demander pour ce mois" in text_of(client.get("/preuves/a-demander/?periode=202206"))
    bare = Store.create(tmp_path / "bare", country="ML", now=NOW, memory="1GB", threads=1)
    with override_settings(KALANSO_STORE=bare.folder):
        page = client.get("/preuves/a-demander/")
    assert page.status_code == 200
    assert "Les contrôles n'ont pas encore tourné" in text_of(page)


def test_the_files_hold_the_lines_of_the_page(asked: Store, niono: str) -> None:
    client = visitor("district", niono)
    text = client.get(f"/preuves/a-demander/liste.csv?periode={MONTH}").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    book = client.get(f"/preuves/a-demander/liste.xlsx?periode={MONTH}")
    sheet = openpyxl.load_workbook(BytesIO(book.content))["À demander"]

    assert [row["Lieu concerné"] for row in rows] == ["Niono", "Ndébougou"]
    assert rows[1]["Quoi regarder"].startswith("registre de vaccination")
    assert sheet.max_row == 4
    assert f"{niono}-{MONTH}.xlsx" in book.headers["Content-Disposition"]


def test_my_page_says_how_many_questions_wait(asked: Store, niono: str) -> None:
    from kalanso.hub.evidence.queries.waiting import questions
    from kalanso.hub.people.queries.access import access_of, scope_of
    from kalanso.hub.people.queries.here import reading_as

    client = visitor("district", niono)
    assert "Niono, novembre 2024 : poser 2 questions sur les données" in text_of(client.get("/moi/"))
    for role in ("partner", "coach"):
        one = person(role)
        with reading_as(scope_of(access_of(one))):
            assert questions(one) == []


def test_an_answer_written_without_network_arrives_once_and_shows_both_words_where_two_spoke(
    asked: Store, niono: str, area: str
) -> None:
    from kalanso.hub.evidence.actions.received import finding_answer
    from kalanso.hub.evidence.models import FindingStatus
    from kalanso.hub.offline.forms import Differs, Sent
    from kalanso.hub.people.queries.access import access_of, scope_of
    from kalanso.hub.people.queries.here import reading_as

    awa = person("district", niono)
    told: dict[str, str] = {
        "key": key(doubt(area)),
        "version": "0",
        "status": "explained",
        "comment": "une grève",
    }
    told["back"] = f"lieu={niono}&periode={MONTH}&page=2&puis=abc&next=//elsewhere"
    sent = Sent(uuid=uuid4(), form="evidence.finding", version=2, captured=NOW, fields=told)
    with reading_as(scope_of(access_of(awa))):
        assert finding_answer(by=awa, sent=sent, now=NOW) == (
            f"/preuves/a-demander/?lieu={niono}&periode={MONTH}&page=2&puis=abc&repondu={key(doubt(area))[:12]}#q-abc"
        )
        with pytest.raises(Differs) as differs:
            finding_answer(by=awa, sent=sent, now=NOW)
    assert differs.value.theirs == {"comment": "Expliquée : une grève"}
    assert differs.value.merge == {"version": str(FindingStatus.objects.get().version)}


def test_the_newest_month_is_never_one_that_still_runs(asked: Store, niono: str, hub: None) -> None:
    from kalanso.hub.evidence.queries import worklist
    from kalanso.hub.people.queries.here import reading_as
    from kalanso.store import Scope

    with reading_as(Scope.analyst()):
        assert worklist.months(None, date(2025, 2, 15))[0].code == MONTH
        assert worklist.months(None, date(2024, 11, 20))[0].code == "202410"


def test_the_page_says_which_month_it_shows_and_why_with_the_others_a_tap_away(
    asked: Store, niono: str
) -> None:
    client = visitor("district", niono)
    usual, other = client.get("/preuves/a-demander/"), client.get("/preuves/a-demander/?periode=202410")

    assert (
        "novembre 2024 : le mois le plus récent où au moins 50 % des lieux qui rapportent d'habitude"
        in text_of(usual)
    )
    assert "Autres mois : octobre 2024 · septembre 2024 · août 2024" in text_of(usual)
    assert "Vous lisez octobre 2024 ; le mois habituel est ici novembre 2024." in text_of(other)


def test_what_is_asked_above_a_district_stands_after_its_own_under_a_heading(
    asked: Store, niono: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.evidence.queries import worklist

    told = worklist._told

    def with_target(*given: Any) -> Any:
        findings, *others = told(*given)
        row = doubt(niono, "denominators", "jump", period="2024", severity="serious", params={"growth": 0.4})
        more = pd.DataFrame([row], columns=findings.columns)
        return pd.concat([findings, more], ignore_index=True), *others

    worklist._basis.cache_clear()
    monkeypatch.setattr(worklist, "_told", with_target)
    try:
        page = visitor("district", niono).get("/preuves/a-demander/")
    finally:
        worklist._basis.cache_clear()

    assert [(group.name, group.away) for group in [*page.context["near"], *page.context["away"]]][-1] == (
        "Ségou",
        True,
    )
    assert "Pour d'autres que vous" in text_of(page)
    assert "D'abord ce que vous pouvez demander" in text_of(page)


def test_whoever_reads_the_month_of_a_place_is_the_same_once_the_checks_have_read_all(
    questioned: Store, quick_hand: Any, niono: str
) -> None:
    from django.test import override_settings

    with override_settings(KALANSO_STORE=questioned.folder):
        address = f"/preuves/a-demander/?lieu={niono}"
        seen = {visitor(*who).get(address).context["month"] for who in (("district", niono), ("national",))}

    assert seen == {"202412"}  # findings speak of November at last, reports of December


def test_an_answer_that_stands_in_no_list_of_the_month_is_confirmed_all_the_same(
    asked: Store, niono: str, area: str
) -> None:
    client = visitor("district", niono)
    row = doubt(niono, "completeness", "low", severity="serious")
    answer(client, row, "corrected")
    page = client.get(f"/preuves/a-demander/?periode=202408&repondu={key(row)[:12]}")

    assert "Réponse gardée : cette question quitte la liste." in text_of(page)
    assert "Réponse gardée" not in text_of(client.get("/preuves/a-demander/?repondu=0123456789ab"))


def test_one_early_sheet_does_not_move_the_month_of_a_country_and_stays_within_reach(
    asked: Store, niono: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.evidence.queries import worklist

    spoken = {f"2024{month:02d}": 900 for month in range(1, 12)} | {"202412": 400, "202501": 4}
    monkeypatch.setattr(worklist, "_told_months", lambda *_: (("202501", "202411"), spoken))
    page = visitor("district", niono).get("/preuves/a-demander/")
    early = visitor("district", niono).get("/preuves/a-demander/?periode=202501")

    assert (page.context["month"], page.context["early"]) == (MONTH, ["202501"])
    assert "Plus récent, mais peu de lieux ont encore rapporté : janvier 2025" in text_of(page)
    assert page.context["periods"][:2] == ["202501", "202411"]
    assert early.context["month"] == "202501"


def test_the_four_answers_look_alike_and_each_knows_the_question_that_comes_next(
    asked: Store, niono: str, area: str
) -> None:
    page = visitor("district", niono).get(f"/preuves/a-demander/?periode={MONTH}")
    html = page.content.decode()

    assert html.count('<button class="second">') == 9, (
        "four answers to each of two, and passing one of them on"
    )
    assert f"&amp;puis={key(doubt(area))[:12]}" in html


def test_the_page_of_what_to_do_begins_with_the_list_for_whoever_may_answer(asked: Store, niono: str) -> None:
    def leads(client: Any) -> bool:
        return 'href="/preuves/a-demander/"' in client.get("/agir/").content.decode()

    assert leads(visitor("district", niono))
    assert not leads(visitor("reader"))
    assert not leads(stranger())


def test_what_was_asked_and_not_yet_answered_waits_apart_with_who_asked_in_the_word_of_the_button(
    asked: Store, niono: str, area: str
) -> None:
    client = visitor("district", niono)
    sent = answer(client, doubt(area), "known", "Demandé, réponse attendue.")
    page = client.get(sent.headers["Location"])
    text = text_of(page)

    assert (page.context["total"], page.context["waiting_total"]) == (1, 1), "asked, and not answered yet"
    assert "1 question à poser" in text
    assert "1 attend sa réponse" in text
    assert "la question attend sa réponse, plus bas sur cette page" in text
    assert text.count("Demandée, réponse attendue") == 2, "its status, and the button of the other question"


def test_who_can_be_called_stands_by_a_place_for_those_who_may_know_its_people(
    asked: Store, niono: str, area: str
) -> None:
    from kalanso.hub.people.models import Person

    officer = visitor("facility", area)
    Person.objects.filter(
        pk=officer.person.pk if hasattr(officer, "person") else Person.objects.latest("pk").pk
    ).update(first_name="Moussa", last_name="Coulibaly", phone="+22370000001")

    shown = text_of(visitor("district", niono).get(f"/preuves/a-demander/?periode={MONTH}"))
    page = visitor("district", niono).get(f"/preuves/a-demander/?periode={MONTH}").content.decode()
    other = text_of(visitor("partner").get(f"/preuves/a-demander/?lieu={niono}&periode={MONTH}"))

    assert "Moussa Coulibaly" in shown
    assert 'href="tel:+22370000001"' in page
    assert "Moussa Coulibaly" not in other


def test_after_the_last_question_of_ones_own_none_of_others_is_opened() -> None:
    import pandas as pd

    from kalanso.hub.evidence.queries.asked_lines import _following

    rows = pd.DataFrame({"key": ["a", "b", "c", "d"], "asked_place": ["D", "R", "D", "R"]})
    assert _following(rows, {"D"}) == ["c", "d", "", ""]
    assert _following(rows, set()) == ["b", "c", "d", ""], "of the whole country nothing is for others"
