"""Do the pages of runs let somebody look, ask, follow, check, decide and compare, without scripts and in both languages?"""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from kalanso.coverage import Question
from kalanso.coverage.question import Recall
from tests.hub.run_desk import NOW, WHY, Desk, desk
from tests.hub.test_hub_pages import FIRST_VIEW, text_of
from tests.hub.visitors import person, visitor

pytestmark = pytest.mark.long

__all__ = ["desk"]


def fields(**changes: Any) -> dict[str, Any]:
    """The answers of the question form as it opens."""
    from kalanso.hub.evidence.forms.runs import Asking

    form = Asking()
    start = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    filled = {name: value for name, value in start.items() if value not in (None, False)}
    return {**filled, "kind": "preview", "why": WHY, **changes}


def test_the_form_as_it_opens_asks_the_librarys_own_question(desk: Desk) -> None:
    from kalanso.hub.evidence.forms.runs import Asking

    form = Asking(fields(kind="full"))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["question"] == Question()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"why": ""}, "why"), ({"thresholds": "80 ; beaucoup"}, "thresholds"), ({"thresholds": "0"}, "thresholds"),
        ({"thresholds": "150"}, "thresholds"), ({"draws": "5"}, "draws"), ({"seed": "-1"}, "seed"), ({"anchor": "80"}, "anchor"),
        ({"sensitivity": "90"}, "__all__"), ({"kind": "quick"}, "kind"), ({"quarters": "7"}, "quarters"), ({"interaction": "IV"}, "interaction"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_explained_beside_its_field(
    desk: Desk, changes: dict[str, str], field: str
) -> None:
    from kalanso.hub.evidence.forms.runs import Asking

    form = Asking(fields(**changes))
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_answers_become_shares_and_logarithms_and_come_back_as_percent(desk: Desk) -> None:
    from kalanso.hub.evidence.forms.runs import Asking

    form = Asking(fields(kind="full", anchor="5", conflict="-10", sensitivity="95", specificity="90", thresholds="85 % ; 60", part_stock="on"))  # fmt: skip
    assert form.is_valid(), form.errors
    question = form.cleaned_data["question"]
    assert question.anchor_bias == pytest.approx(0.04879, abs=1e-4)
    assert question.thresholds == (0.85, 0.6)
    assert question.stock
    assert question.recall_error.sensitivity == 0.95
    run = desk.ask(anchor_bias=question.anchor_bias, thresholds=question.thresholds)
    again = Asking.of(run)
    assert (again["anchor"], again["thresholds"]) == (5.0, "85 ; 60")


def test_somebody_looks_asks_reads_once_more_and_follows_the_run(desk: Desk, quick_hand: Any) -> None:
    from kalanso.hub.evidence.models import Run

    client = visitor("researcher")
    assert (
        "comptez les données que le calcul lirait" in client.get("/preuves/calculs/preuves/").content.decode()
    )
    client.post("/preuves/calculs/preuves/", {"quarters": "36"})
    assert "Le comptage est demandé" in client.get("/preuves/calculs/preuves/").content.decode()
    desk.work()
    looked = client.get("/preuves/calculs/preuves/").content.decode()
    for word in ("2 aires", "census", "Doses recomptées", "Demander un calcul"):
        assert word in looked
    review = client.post("/preuves/calculs/demander/", fields())
    assert review.status_code == 200
    assert "Est-ce bien ce que vous demandez" in review.content.decode()
    assert "comptées pour ces trimestres" not in review.content.decode()
    assert not Run.objects.exists()
    back = client.post("/preuves/calculs/demander/", fields(back="1"))
    assert WHY in back.content.decode()
    sent = client.post("/preuves/calculs/demander/", fields(sure="1"))
    twice = client.post("/preuves/calculs/demander/", fields(sure="1"))
    run = Run.objects.get()
    assert sent["Location"] == twice["Location"] == f"/preuves/calculs/{run.pk}/"
    assert "Arrêter ce calcul" in client.get(sent["Location"]).content.decode()
    desk.work()
    page = client.get(sent["Location"]).content.decode()
    for word in ("enfants zéro dose", "entre", "aperçu", "✓ passé", WHY):
        assert word in page


def test_evidence_that_changed_since_the_count_is_counted_again(desk: Desk, quick_hand: Any) -> None:
    from kalanso.indicators.tables import OBSERVATIONS
    from tests.pipeline.test_evidence_folder import put, seen

    client = visitor("researcher")
    client.post("/preuves/calculs/preuves/", {"quarters": "36"})
    desk.work()
    put(desk.store, OBSERVATIONS, [seen("F1", "202501", 20)])
    page = client.get("/preuves/calculs/preuves/").content.decode()
    assert "comptez encore" in page
    assert "Demander un calcul" not in page


def test_a_region_is_offered_previews_alone(desk: Desk, quick_hand: Any) -> None:
    client = visitor("region", "R")
    page = client.get("/preuves/calculs/demander/").content.decode()
    assert "Votre rôle demande des aperçus" in page
    refused = client.post("/preuves/calculs/demander/", fields(kind="full", sure="1"))
    assert refused.status_code == 200
    assert "alert" in refused.content.decode()


def test_a_reviewer_signs_and_the_centre_decides_on_the_pages(desk: Desk, quick_hand: Any) -> None:
    run = desk.computed()
    centre, reviewer = visitor("national"), visitor("researcher", name="relectrice")
    address = f"/preuves/calculs/{run.pk}/"
    assert "Mettre en revue technique" in centre.get(address).content.decode()
    assert centre.post(f"{address}etape/technical_review/").status_code == 302
    desk.work()
    early = centre.post(f"{address}etape/validated/")
    assert early.status_code == 409
    assert "à relire et à signer" in early.content.decode()
    points = ("gates", "calibration", "cut", "provisional", "difference")
    signed = {f"fine_{point}": "on" for point in points} | {"note_difference": "premier calcul"}
    alone = reviewer.post(f"{address}relire/", signed)
    assert alone.status_code == 200
    assert "écrivez ce que vous avez vu" in alone.content.decode()
    signed["note_cut"] = "pas de source qui corrige la population"
    assert reviewer.post(f"{address}relire/", signed).status_code == 302
    assert reviewer.get(f"{address}etape/validated/").status_code == 403
    assert centre.post(f"{address}etape/validated/").status_code == 302
    assert "premier calcul" in centre.get(address).content.decode()
    no_reason = centre.post(f"{address}etape/technical_review/")
    assert no_reason.status_code == 200
    assert "errors" in no_reason.content.decode()
    assert centre.post(f"{address}etape/technical_review/", {"reason": "à revoir"}).status_code == 302
    run.refresh_from_db()
    assert run.state == "technical_review"
    assert "à revoir" in centre.get(address).content.decode()


def test_a_cut_version_is_asked_for_on_the_page_and_set_beside(desk: Desk, quick_hand: Any) -> None:
    run = desk.computed()
    client = visitor("researcher")
    sent = client.post(f"/preuves/calculs/{run.pk}/coupe/")
    desk.work()
    page = client.get(f"/preuves/calculs/{run.pk}/").content.decode()
    assert "Comparer à sa version coupée" in page
    assert "version coupée" in client.get(sent["Location"]).content.decode()


def test_two_runs_stand_side_by_side_with_intervals_and_a_file(desk: Desk, quick_hand: Any) -> None:
    first, second = desk.computed(preview=True), desk.computed(seed=2)
    client = visitor("national")
    page = client.get(
        f"/preuves/calculs/comparer/?a={first.pk}&b={second.pk}&niveau=health_area"
    ).content.decode()
    for word in ("Graine du hasard", "les mêmes versions des mêmes tables", "H1", "H2", "<svg", "entre"):
        assert word in page
    assert "style=" not in page
    file = client.get(f"/preuves/calculs/comparer.csv?a={first.pk}&b={second.pk}&niveau=health_area")
    lines = file.content.decode("utf-8-sig").strip().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("place_code,place,period,indicator,coverage_mean_")


def test_a_district_compares_its_own_places_alone(desk: Desk, quick_hand: Any) -> None:
    first, second = desk.computed(), desk.computed(seed=2)
    file = visitor("facility", "H1").get(f"/preuves/calculs/comparer.csv?a={first.pk}&b={second.pk}&niveau=health_area")  # fmt: skip
    lines = file.content.decode("utf-8-sig").strip().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["H1"]


def test_other_evidence_and_other_questions_are_named(desk: Desk) -> None:
    from kalanso.hub.evidence.queries.runs import differences, evidence_differences
    from kalanso.indicators.tables import OBSERVATIONS
    from tests.pipeline.test_evidence_folder import put, seen

    first = desk.computed()
    put(
        desk.store,
        OBSERVATIONS,
        [seen(place, f"20250{month}", 20) for place in ("F1", "CS") for month in (1, 2, 3)],
    )
    second = desk.computed(drift=False)
    assert {row.name for row in differences(first, second)} == {"drift"}
    assert "doses" in {row.name for row in evidence_differences(first, second)}
    assert first.snapshots != second.snapshots


def test_what_was_not_noted_of_a_run_is_not_called_zero(desk: Desk, quick_hand: Any) -> None:
    from kalanso.hub.evidence.queries.runs import evidence_differences

    first, second = desk.computed(), desk.computed(seed=2)
    type(first).objects.filter(pk=first.pk).update(evidence={}, snapshots=[])
    first.refresh_from_db()
    rows = evidence_differences(first, second)
    assert rows
    assert {row.first for row in rows} == {None}
    text = text_of(visitor("national").get(f"/preuves/calculs/comparer/?a={first.pk}&b={second.pk}"))
    heard = text.partition("Ce qui a été entendu autrement")[2]
    assert "Doses notifiées non enregistré" in heard
    assert "Ce n'est pas zéro" in heard


def test_a_run_that_waits_for_another_says_so_in_a_whole_sentence(desk: Desk, quick_hand: Any) -> None:
    run = desk.ask()
    type(run.job).objects.filter(pk=run.job.pk).update(step="pipeline.computing.waiting")
    text = text_of(visitor("national").get(f"/preuves/calculs/{run.pk}/"))
    assert "un autre calcul est en cours ; celui-ci commencera dès qu'il sera fini" in text.replace("’", "'")


def test_registering_what_is_computed_already_is_not_said_to_take_hours(desk: Desk, quick_hand: Any) -> None:
    run = desk.ask()
    type(run).objects.filter(pk=run.pk).update(key="adopt.abc", preview=False)
    text = text_of(visitor("national").get(f"/preuves/calculs/{run.pk}/"))
    assert "l'inscrire ici prend quelques secondes" in text
    assert "des minutes à des heures" not in text


def test_wrong_addresses_are_told_and_not_broken(desk: Desk, quick_hand: Any) -> None:
    run = desk.ask()
    client = visitor("national", raises=False)
    for address, code in (
        ("/preuves/calculs/999/", 404), (f"/preuves/calculs/comparer/?a={run.pk}&b={run.pk}", 404), ("/preuves/calculs/comparer/?a=x&b=1", 200),
        ("/preuves/calculs/comparer.csv", 404), (f"/preuves/calculs/{run.pk}/etape/nowhere/", 403), ("/preuves/calculs/?page=zz", 200),
        ("/preuves/calculs/demander/?comme=99999999999", 200), ("/preuves/calculs/preuves/?trimestres=7", 200),
    ):  # fmt: skip
        assert client.get(address).status_code == code, address
    assert client.get(f"/preuves/calculs/{run.pk}/arreter/").status_code == 405
    assert client.post("/preuves/calculs/inscrire/", {"reason": "x"}).status_code == 302


@pytest.mark.parametrize("language", ["", "/en"])
def test_pages_are_light_and_in_both_languages(desk: Desk, quick_hand: Any, language: str) -> None:
    run = desk.brought_to("technical_review")
    other = desk.computed(seed=2)
    client = visitor("national")
    for address in (
        "/preuves/calculs/", "/preuves/calculs/preuves/", "/preuves/calculs/demander/", f"/preuves/calculs/{run.pk}/",
        f"/preuves/calculs/{run.pk}/relire/", f"/preuves/calculs/{run.pk}/etape/draft/",
        f"/preuves/calculs/comparer/?a={run.pk}&b={other.pk}", "/preuves/officiel/", "/preuves/officiel/phrase/",
    ):  # fmt: skip
        answer = client.get(language + address)
        assert answer.status_code == 200, address
        assert len(gzip.compress(answer.content)) < FIRST_VIEW
        assert ("Runs" if language else "Calculs") in answer.content.decode(), address


def test_a_list_of_runs_costs_as_few_questions_as_one_run(desk: Desk, quick_hand: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = visitor("national")
    desk.ask()
    with CaptureQueriesContext(connection) as one:
        client.get("/preuves/calculs/")
    for seed in range(2, 12):
        desk.ask(person("researcher"), seed=seed)
    with CaptureQueriesContext(connection) as many:
        client.get("/preuves/calculs/")
    assert len(many) <= len(one) + 1


def test_a_preview_says_what_comes_next_and_who_does_it(desk: Desk, quick_hand: Any) -> None:
    run = desk.computed(preview=True)
    run.gates = [{"name": "r_hat_totals", "value": 1.599, "limit": 1.4, "passed": False}]
    run.save()
    address = f"/preuves/calculs/{run.pk}/"
    for role in ("national", "researcher", "administrator", "region", "district"):
        text = text_of(visitor(role).get(address))
        assert "Un aperçu ne se valide pas" in text, role
        before = text.partition("Environ")[0]
        assert "Contrôle manqué : ne décidez rien sur ces nombres." in before, role
        assert "mesuré 1,599, limite 1,4" in before
        asks = role in {"national", "researcher", "administrator"}
        assert ("Demander l'estimation à publier" in text) is asks, role
        assert ("Écarter avec raisons" in text) is (role in {"national", "researcher"}), role
    form = visitor("national").get(f"/preuves/calculs/demander/?comme={run.pk}&sorte=full")
    assert 'value="full" selected' in form.content.decode()


def test_whoever_reviews_may_set_any_run_aside_with_reasons_and_take_that_back(
    desk: Desk, quick_hand: Any
) -> None:
    run = desk.computed(preview=True)
    centre, address = visitor("national"), f"/preuves/calculs/{run.pk}/"
    assert visitor("administrator").post(f"{address}etape/rejected/", {"reason": "non"}).status_code == 403
    assert "errors" in centre.post(f"{address}etape/rejected/").content.decode()
    assert centre.post(f"{address}etape/rejected/", {"reason": "les chaînes divergent"}).status_code == 302
    assert [job.state for job in desk.work()] == ["done"]
    run.refresh_from_db()
    assert run.state == "rejected"
    text = text_of(centre.get(address))
    assert "les chaînes divergent" in text
    assert "Ce calcul a été écarté" in text
    assert centre.post(f"{address}etape/draft/", {"reason": "lu trop vite"}).status_code == 302
    run.refresh_from_db()
    assert run.state == "draft"


@pytest.mark.parametrize(
    ("state", "next_step"),
    [("draft", "la mise en revue technique"), ("technical_review", "signe chaque point, puis le CNI valide"),
     ("validated", "la publication, par le CNI"), ("published", "Ce calcul est publié")],
)  # fmt: skip
def test_every_state_names_its_next_step(state: str, next_step: str, desk: Desk, quick_hand: Any) -> None:
    run = desk.brought_to(state)
    assert next_step in text_of(visitor("researcher").get(f"/preuves/calculs/{run.pk}/"))


def test_a_run_that_nobody_has_signed_waits_on_the_page_of_whoever_may_review_it(desk: Desk) -> None:
    from kalanso.hub.people.queries.tasks import tasks_of

    run = desk.brought_to("technical_review")
    address = f"/preuves/calculs/{run.pk}/relire/"

    def asked(who: Any) -> bool:
        return address in {task.address for task in tasks_of(who)}

    assert asked(person("researcher", name="relectrice"))
    assert asked(person("national"))
    assert not asked(run.asked_by), "who asked for it has it reviewed by somebody else"
    assert not asked(person("partner"))

    desk.check(run)
    assert not asked(person("national"))


def test_all_that_waits_for_somebody_can_be_opened_from_their_page(desk: Desk, monkeypatch: Any) -> None:
    from kalanso.hub.people.queries import tasks

    many = [
        tasks.Task(says=f"Faire la chose {n}", address=f"/notifications/?n={n}", since=NOW) for n in range(5)
    ]
    monkeypatch.setattr(tasks, "_TASKS", [lambda _person: many])

    page = visitor("national").get("/moi/").content.decode()

    assert all(task.address in page for task in many)
    assert (
        page.index(many[2].address) < page.index("2 autres attendent ensuite.") < page.index(many[3].address)
    )


def test_a_run_leads_to_the_same_question_with_other_assumptions(desk: Desk) -> None:
    run = desk.computed()
    again = f"/preuves/calculs/demander/?comme={run.pk}"

    page = visitor("researcher", name="chercheuse").get(f"/preuves/calculs/{run.pk}/").content.decode()

    before = page[: page.index(f'href="{again}"')]
    assert before.count("<details") == before.count("</details>"), "it is seen without opening anything"
    assert again not in visitor("district", "D").get(f"/preuves/calculs/{run.pk}/").content.decode()


def test_a_run_of_moved_assumptions_names_each_in_percent_and_is_no_finding(desk: Desk) -> None:
    usual = desk.computed()
    run = desk.computed(
        anchor_bias=0.0953102,
        conflict_reporting=-0.0512933,
        recall_error=Recall(sensitivity=0.95, specificity=0.9),
    )
    client = visitor("researcher", name="chercheuse")
    text = text_of(client.get(f"/preuves/calculs/{run.pk}/"))
    beside = text_of(client.get(f"/preuves/calculs/comparer/?a={usual.pk}&b={run.pk}"))

    first = text.index("pas un constat")
    assert first < text.index("enfants zéro dose (")
    assert text.count("la population de référence compte 10 % d'enfants de trop") == 2
    assert text.count("les rapports des zones de conflit sont gonflés de 5 % de moins qu'ailleurs") == 2
    assert (
        text.count("les mères disent vaccinés 95 % des enfants vaccinés, et non vaccinés 90 % des autres")
        == 2
    )
    assert "trop haute de 0 % +10 %" in beside
    assert "log" not in beside.split("Ce qui a été demandé autrement")[1].split("Ce qui a été entendu")[0]
    assert "pas un constat" not in text_of(client.get(f"/preuves/calculs/{usual.pk}/"))


def test_a_run_that_was_asked_to_stop_is_not_said_to_go_on(desk: Desk, quick_hand: Any) -> None:
    from kalanso.hub.jobs.models import Job

    run, client = desk.ask(), visitor("researcher")
    going = text_of(client.get(f"/preuves/calculs/{run.pk}/"))
    Job.objects.filter(pk=run.job_id).update(
        cancel_asked=NOW if Job._meta.get_field("cancel_asked").null else True
    )
    stopping = text_of(client.get(f"/preuves/calculs/{run.pk}/"))

    assert "il continue" in going
    assert "il continue" not in stopping
    assert "Il s'arrête à sa prochaine étape" in stopping


@pytest.mark.parametrize("part", ["places", "denominator_sources", "displacement", "strata"])
def test_every_file_that_a_run_hears_has_a_name(part: str) -> None:
    from django.template.loader import render_to_string

    assert render_to_string("evidence/part.html", {"part": part}).strip() != part
