"""Do the pages of estimates say number, interval, denominator, period and state, in both languages?"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import ibis
import pytest
from django.test import override_settings

from kalanso.coverage.tables import COVERAGE_ESTIMATES
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.store import Mode, Provenance, Store
from tests.hub import made_up_run
from tests.hub.conftest import NOW
from tests.hub.test_hub_pages import FIRST_VIEW, only_our_scripts, outline, text_of
from tests.hub.visitors import person, visitor

PAGES = (
    "/ou/", "/ou/?mesure=couverture", "/ou/?mesure=seuil&seuil=50", "/ou/?mesure=incertitude&vaccin=dtp3",
    "/ou/?lieu={district}", "/ou/?lieu={area}", "/ou/?verite=1&lieu={district}", "/ou/poches/", "/ou/poches/?seuil=50&lieu={area}",
    "/lieux/ML/estimation/", "/lieux/{district}/estimation/", "/lieux/{area}/estimation/?vaccin=dtp3",
    "/lieux/{area}/estimation/?verite=1", "/lieux/{facility}/estimation/", "/preuves/registre/", "/preuves/registre/?lieu={area}",
    "/preuves/comparaison/", "/preuves/comparaison/?mesure=manques&vaccin=dtp3&verite=1&lieu={district}",
    "/preuves/hypotheses/", "/preuves/hypotheses/?hypothese=cut&reglage=1", "/preuves/hypotheses/?lieu={area}",
    "/", "/methode/", "/lieux/{district}/", "/lieux/",
)  # fmt: skip
COUNTING = [page for page in PAGES if page.startswith(("/ou/", "/preuves/")) or "estimation" in page]
EMPTY = ("/ou/", "/ou/poches/", "/lieux/ML/estimation/", "/preuves/registre/", "/preuves/comparaison/", "/preuves/hypotheses/")  # fmt: skip


@pytest.fixture(scope="session")
def estimated(small_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small example country with a made-up run of the estimate."""
    folder = tmp_path_factory.mktemp("estimated") / "store"
    shutil.copytree(small_store.folder, folder, ignore=shutil.ignore_patterns("cache"))
    store = Store.open(folder, memory="1GB", threads=1)
    places = store.read(PLACES).to_pyarrow().to_pylist()
    parents = {
        row["place_code"]: row["parent_code"] for row in store.read(PLACE_PARENTS).to_pyarrow().to_pylist()
    }
    made_up_run.publish(store, places, parents, now=NOW)
    (folder / "estimates").mkdir()
    told = {"run": made_up_run.RUN, "engine": "preview", "engine_diagnostics": {"draws": 200, "accepted": 0.7, "totals": {}},
            "notes": [{"fr": "recounts.csv manque.", "en": "recounts.csv is missing."}]}  # fmt: skip
    (folder / "estimates" / "diagnostics.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


@pytest.fixture
def ask(quick_hand: Any, estimated: Path, code_of: Callable[[str, str], str]) -> Iterator[Callable[..., Any]]:
    """Ask the pages of the store with estimates."""
    codes = {
        "district": code_of("Niono", "district"),
        "area": code_of("Ndébougou", "health_area"),
        "facility": code_of("CSCom Ndébougou", "facility"),
    }
    with override_settings(KALANSO_STORE=estimated):
        client = visitor()
        yield lambda page: client.get(page.format(**codes))


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_and_is_sound(page: str, prefix: str, ask: Any) -> None:
    response = ask(prefix + page)
    found = outline(response)

    assert response.status_code == 200
    assert len(found.all("h1")) == 1
    only_our_scripts(found)
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(image.get("alt") for image in found.all("img"))
    labelled = {label.get("for") for label in found.all("label")}
    for field in [*found.all("input"), *found.all("select")]:
        assert field.get("type") == "hidden" or field["id"] in labelled, field
    for _tag, attributes in found.tags:
        for name in ("href", "src", "action"):
            assert (attributes.get(name) or "/").startswith(("/", "#", "?"))
    assert len(gzip.compress(response.content)) < FIRST_VIEW / 2, "half the first view is left for figures"


@pytest.mark.parametrize("page", COUNTING)
def test_every_page_says_how_far_the_run_was_reviewed_and_what_zero_dose_means(page: str, ask: Any) -> None:
    text = text_of(ask(page))

    assert "brouillon aperçu pays simulé" in text
    assert "aucune première dose de DTC (Penta1) à 12 mois" in text or "Sans DTC3 : enfants attendus" in text
    assert "Brouillon : personne n'a encore relu ce calcul" in text
    assert made_up_run.RUN in text


@pytest.mark.parametrize("page", PAGES)
def test_places_are_called_by_name(page: str, ask: Any) -> None:
    seen = re.sub(r"<code>.*?</code>|<[^>]+>", " ", ask(page).content.decode())
    body = seen.partition("Lieux")[2] if page == "/lieux/" else seen
    assert not re.search(r"\bML-[DHRF]\d{4}\b", body.replace("(ML-", ""))


def test_the_headline_gives_number_interval_denominator_and_period(ask: Any) -> None:
    text = text_of(ask("/ou/"))
    assert re.search(
        r"Environ [\d ]+ enfants \(entre [\d ]+ et [\d ]+\), sur les 20 000 qui devaient recevoir leur première dose "
        r"dans les quatre trimestres jusqu'au T4 2024, ne l'ont pas reçue. Couverture estimée : \d+ % \(entre \d+ % et \d+ %\)",
        text,
    )
    assert re.search(r"La moitié vivent dans \d+ aires de santé sur \d+", text)


def test_places_stand_from_most_missed_children_down(ask: Any) -> None:
    rows = re.findall(
        r'<td[^>]* class="number">([^<]+)<br>', ask("/ou/").content.decode().partition('id="aires"')[0]
    )
    counts = [int(re.sub(r"\D", "", row)) for row in rows if "%" not in row]
    assert len(counts) > 1
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize(
    ("measure", "kind", "show"),
    [("manques", "choropleth", None), ("couverture", "choropleth", None), ("seuil", "estimate_map", "chance"),
     ("incertitude", "estimate_map", "width")],
)  # fmt: skip
def test_each_map_is_drawn_from_its_own_numbers(
    measure: str, kind: str, show: str | None, ask: Any, quick_hand: Any
) -> None:
    ask(f"/ou/?mesure={measure}")
    job = next(job for job in quick_hand.jobs if job["kind"] in {"choropleth", "estimate_map"})

    assert job["kind"] == kind
    assert job["arguments"].get("show") == show
    assert job["arguments"]["subject"]["number"] == "estimated"
    assert all(row["low"] <= row["high"] for row in job["table"])


def test_choices_that_make_no_sense_are_explained(ask: Any) -> None:
    text = text_of(ask("/ou/?mesure=xx&vaccin=rougeole&periode=1999Q1&seuil=3&lieu=Atlantide"))

    assert "« xx » n'est pas un choix de « Carte » ; la page montre : Enfants zéro dose" in text
    assert "« rougeole » n'est pas un choix de « Vaccin »" in text
    assert "« 1999Q1 » n'est pas un choix de « Période » ; la page montre : un an, jusqu'au T4 2024" in text
    assert "« 3 » n'est pas un choix de « Seuil »" in text
    assert "Aucun lieu ne répond sans ambiguïté à « Atlantide » ; la page montre Mali" in text


def test_choices_stay_when_another_one_is_made(ask: Any) -> None:
    links = [a["href"] or "" for a in outline(ask("/ou/?mesure=couverture&lieu={district}")).all("a")]
    assert any("vaccin=dtp3" in link and "mesure=couverture" in link and "lieu=" in link for link in links)


def test_a_place_without_an_estimate_says_so(ask: Any) -> None:
    assert "Pas d'estimation pour ce lieu" in text_of(ask("/lieux/{facility}/estimation/"))


def test_an_unknown_place_is_not_found(ask: Any) -> None:
    response = ask("/lieux/ML-X0000/estimation/")
    assert response.status_code == 404
    assert "Aucun lieu ne porte le code" in text_of(response)


def test_an_area_shows_what_to_do_its_category_backlog_change_and_sources(ask: Any, quick_hand: Any) -> None:
    text = text_of(ask("/lieux/{area}/estimation/"))
    axis = next(job for job in quick_hand.jobs if job["kind"] == "evidence_axis")

    assert "Ndébougou : l'accès est sans doute sous 80 % (9 chances sur 10)" in text
    assert "4 · accès faible, beaucoup d'abandons 8 chances sur 10" in text
    assert "Baisse probable de la couverture DTC1 de T4 2023 à T4 2024 (8 chances sur 10)" in text
    assert "12 à 23 mois 100 entre 55 et 145" in text
    assert "On ne les additionne jamais à ceux de la cohorte" in text
    assert {"estimated", "reported", "surveyed"} <= {row["kind"] for row in axis["table"]}


def test_the_common_axis_names_sources_by_their_titles(ask: Any, quick_hand: Any) -> None:
    from kalanso.hub.evidence.models import SourceCard

    ask("/lieux/{area}/estimation/")
    axis = next(job for job in quick_hand.jobs if job["kind"] == "evidence_axis")
    code = next(row["source"] for row in axis["table"] if row["kind"] == "reported")
    card = {"title": "Rapports du mois", "changed_by": person("national"), "changed": NOW}
    made = SourceCard.objects.create(code=code, **card)
    quick_hand.jobs.clear()
    try:
        ask("/lieux/{area}/estimation/")
    finally:
        made.delete()

    axis = next(job for job in quick_hand.jobs if job["kind"] == "evidence_axis")
    assert {row["source"] for row in axis["table"] if row["kind"] == "reported"} >= {"Rapports du mois"}


def test_the_page_of_an_estimate_leads_to_what_to_do_and_folds_what_is_read_later(ask: Any) -> None:
    page = ask("/lieux/{district}/estimation/").content.decode()

    assert page.index('href="#agir"') < page.index('id="sources"') < page.index('id="agir"')
    for anchor in ("rattraper", "abandon", "methodes"):
        before = page[: page.index(f'id="{anchor}"')]
        assert before.count("<details") > before.count("</details>"), f"{anchor} stands in no folded part"
    assert 'href="/ou/?lieu=' in ask("/lieux/{district}/").content.decode()


def test_a_reference_centre_is_no_place_without_estimate(ask: Any) -> None:
    text = text_of(ask("/ou/?lieu={district}"))

    assert "pas d'estimation" not in text.replace("ne sont pas estimées", "")
    assert re.search(r"CSRéf Niono n'est pas dans la liste : cet établissement dépend de Niono", text)
    assert "CSRéf" not in text_of(ask("/ou/"))


def test_a_district_lists_its_areas_with_the_next_step(ask: Any) -> None:
    text = text_of(ask("/lieux/{district}/estimation/"))
    assert "Par quelles aires commencer ?" in text
    assert "Ajouter des séances avancées ou mobiles" in text


def test_a_pocket_says_how_sure_it_is_who_lives_there_and_that_its_cause_is_open(ask: Any) -> None:
    text = text_of(ask("/ou/poches/"))

    assert "2 poches d'aires de santé qui se touchent, sous 80 % de couverture DTC1 jusqu'au T4 2024" in text
    assert "Toutes sous le seuil ensemble 8 chances sur 10" in text
    assert "touché par le conflit 70 % des enfants" in text
    assert "cause non établie" in text
    assert "cause soutenue distance : Entretien 12" in text


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("events/demo-events/{district}/closure/2024-08-01", "fermeture à {name} depuis le 01/08/2024 (demo-events)"),
        ("events/demo-events/nowhere/strike/2024-08-01", "grève à nowhere depuis le 01/08/2024 (demo-events)"),
        (
            "observations/demo-stock/stockout_days/202401-202412: 42/366",
            "{name} sans vaccin 42 jours sur 366, de janvier 2024 à décembre 2024 (demo-stock)",
        ),
        ("Entretien 12", "Entretien 12"),
    ],
)  # fmt: skip
def test_a_record_that_supports_a_cause_is_told_in_words(
    hub: None, code_of: Any, reference: str, told: str
) -> None:
    from kalanso.hub.explore.panels.records import recorded

    code = code_of("Niono", "district")
    record = {"place_code": code, "reference": reference.format(district=code)}
    assert recorded(record).replace("\xa0", " ") == told.format(name="Niono")


def test_the_ledger_counts_what_stands_apart_and_says_what_to_do(ask: Any) -> None:
    text = text_of(ask("/preuves/registre/"))

    assert "Nombre d'enfants sans doute faux" in text
    assert "dénombrez les villages" in text
    assert "à comprendre" in text
    assert "à ne pas faire" in text
    assert "recounts.csv manque." in text


def test_methods_are_compared_with_the_reasons_why_they_differ(ask: Any, quick_hand: Any) -> None:
    text = text_of(ask("/preuves/comparaison/"))
    dots = next(job for job in quick_hand.jobs if job["kind"] == "method_dots")

    assert "l'estimation conjointe donne" in text
    assert "il dépasse 100 % là où la population est trop petite" in text
    assert dots["table"][0]["method"] == "Estimation conjointe"


def test_an_assumption_moves_the_answer_and_the_page_says_from_what(ask: Any) -> None:
    still, moved = text_of(ask("/preuves/hypotheses/")), text_of(ask("/preuves/hypotheses/?reglage=0.1"))

    assert "Choisissez un autre réglage pour voir ce qui bouge" in still
    assert re.search(
        r"« trop haute de 11 % » : environ 870 enfants .* au lieu de 900, couverture 61 % au lieu de 60 %",
        moved,
    )
    assert "Ces calculs s'arrêtent au district" in text_of(ask("/preuves/hypotheses/?lieu={area}"))


def test_the_truth_of_a_simulated_country_is_shown_on_request_only(ask: Any) -> None:
    hidden, shown = text_of(ask("/ou/")), text_of(ask("/ou/?verite=1"))

    assert "Révéler la vérité" in hidden
    assert "la vérité est connue" not in hidden
    assert "la vérité est connue : 123 enfants sans la dose" in shown


def test_estimate_and_truth_are_read_on_one_scale(ask: Any, quick_hand: Any) -> None:
    ask("/ou/?verite=1")
    maps = [job for job in quick_hand.jobs if job["kind"] == "choropleth"]

    assert [job["arguments"]["subject"]["number"] for job in maps] == ["estimated", "simulated"]
    assert maps[0]["arguments"]["limits"] == maps[1]["arguments"]["limits"]


@pytest.mark.parametrize(
    "page", ["/ou/?lieu={other}", "/lieux/{other}/estimation/", "/preuves/registre/?lieu={other}"]
)
def test_a_reader_of_one_district_sees_no_number_of_another(page: str, ask: Any, code_of: Any) -> None:
    own, other = code_of("Niono", "district"), code_of("Ségou", "district")
    address, numbers = page.format(other=other), "enfants (entre"
    team = visitor("district", own)
    seen, hidden = text_of(ask(address)), text_of(team.get(address))

    assert numbers in seen or "aires de santé sur" in seen
    assert "Pas encore d'estimation validée ici" in hidden or "Ségou n'est pas un des vôtres" in hidden
    assert numbers not in hidden
    assert numbers in text_of(team.get(f"/lieux/{own}/estimation/"))


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("page", EMPTY)
def test_without_a_run_a_page_teaches_how_to_make_one(page: str, prefix: str, get: Any) -> None:
    text = text_of(get(prefix + page))
    assert "--store" not in text, "whoever reads on a telephone has no command line"
    assert ("at what is there" if prefix else "regardez ce qu'il y a") in text
    assert (
        "No estimate in this store yet" if prefix else "Pas encore d'estimation dans cet entrepôt"
    ) in text


@pytest.mark.parametrize("idle", [0, 4000])
def test_a_run_under_way_is_announced(idle: int, ask: Any, estimated: Path) -> None:
    checkpoint = estimated / "estimates" / ".checkpoint"
    checkpoint.mkdir()
    try:
        about = checkpoint / "about.json"
        about.write_text("{}", encoding="utf-8")
        os.utime(about, (time.time() - idle, time.time() - idle))
        response = ask("/ou/")
    finally:
        shutil.rmtree(checkpoint)

    wanted = "s'est arrêté avant la fin" if idle else "Un calcul est en cours depuis le"
    assert wanted in text_of(response)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("running", "(42 % fait)"),
        ("waiting", "kalanso refine --store DOSSIER"),
        ("refused", "Trop peu de tirages."),
    ],
)
def test_a_computation_behind_the_pages_says_how_far_it_is_or_why_it_ended(
    state: str, said: str, ask: Any, estimated: Path
) -> None:
    told = {"state": state, "message": "x", "params": {}, "fr": "Trop peu de tirages.", "en": "Too few draws.", "step": "published",
            "share": 0.42, "started": "2026-01-05T10:00:00+00:00", "updated": "", "of": "", "pid": os.getpid()}  # fmt: skip
    file = estimated / "estimates" / "status.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    try:
        assert said in text_of(ask("/ou/"))
        district = text_of(visitor("district", "ML").get("/ou/"))
        assert (said in district) is (state != "waiting"), "a district takes up no computation"
    finally:
        file.unlink()


@pytest.mark.parametrize(("day", "told"), [(1, False), (-1, True)])
@pytest.mark.parametrize("state", ["refused", "waiting"])
def test_a_computation_that_ended_before_the_shown_run_was_made_is_not_told(
    state: str, day: int, told: bool, ask: Any, estimated: Path
) -> None:
    """`day`: how long before the shown run was published the other one ended."""
    ended = (NOW - timedelta(days=day)).isoformat()
    status = {"state": state, "message": "x", "params": {}, "fr": "Trop peu de tirages.", "en": "Too few draws.", "step": "published",
              "share": 0.42, "started": (NOW - timedelta(days=9)).isoformat(), "updated": ended, "of": "", "pid": 0}  # fmt: skip
    file = estimated / "estimates" / "status.json"
    file.write_text(json.dumps(status), encoding="utf-8")
    try:
        for page in ("/", "/ou/"):
            text = text_of(ask(page))
            assert ("a été refusée" in text or "s'est arrêté avant la fin" in text) is told, page
    finally:
        file.unlink()


# What nothing may be said of while the draws of a run disagree.
CLAIMS = (
    "La moitié vivent dans", "Que faire", "où il en manque le plus", "du plus touché au moins touché", "Commencer par",
    "réunissent le plus d'enfants", "Par quelles aires commencer", "la vérité dans 95 cas sur 100",
)  # fmt: skip


def text_without_details(response: Any) -> str:
    """Return what is read on a page before anything is opened."""
    opened = re.sub(r"<details.*?</details>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", opened).split())


def test_a_run_whose_draws_disagree_warns_on_every_page(ask: Any, estimated: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unsettled"
    shutil.copytree(estimated, folder, ignore=shutil.ignore_patterns("cache"))
    told = {"run": made_up_run.RUN, "engine": "preview", "engine_diagnostics": {"accepted": 0.0}}
    (folder / "estimates" / "diagnostics.json").write_text(json.dumps(told), encoding="utf-8")
    with override_settings(KALANSO_STORE=folder):
        for page in ("/ou/", "/ou/poches/", "/lieux/ML/estimation/", "/preuves/registre/"):
            response = visitor().get(page)
            text, open_text = text_of(response), text_without_details(response)
            assert "Ne décidez rien sur ces nombres" in text
            assert not re.search(r"Environ [\d ]+ enfants \(", open_text), page
            for claim in CLAIMS:
                assert claim not in text, f"{page} says {claim}"
        for page in ("/", "/moi/", "/lieux/ML/", "/lieux/ML/fiche/"):
            text = text_of(visitor().get(page))
            assert "elle n'a pas passé son contrôle" in text, page
            assert "brouillon aperçu" in text
            assert not re.search(r"Environ [\d ]+ enfants|entre [\d ]+ % et", text), page


@pytest.mark.parametrize("passed", [True, False])
def test_pages_judge_a_run_by_the_checks_that_the_desk_shows(
    passed: bool, ask: Any, estimated: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "judged"
    shutil.copytree(estimated, folder, ignore=shutil.ignore_patterns("cache"))
    gates = {"r_hat_totals": {"value": 1.23, "limit": 1.4 if passed else 1.2, "passed": passed}}
    engine = {"accepted": 0.7, "gates": gates, "totals": {"dtp1_coverage": {"r_hat": 1.23}}}
    told = {"run": made_up_run.RUN, "engine": "preview", "engine_diagnostics": engine}
    (folder / "estimates" / "diagnostics.json").write_text(json.dumps(told), encoding="utf-8")
    with override_settings(KALANSO_STORE=folder):
        text = text_of(visitor().get("/lieux/ML/"))

    assert ("elle n'a pas passé son contrôle" in text) is not passed


@pytest.mark.parametrize("page", ["/", "/moi/", "/lieux/ML/", "/lieux/ML/fiche/"])
def test_an_estimate_on_another_page_bears_its_state(page: str, ask: Any) -> None:
    text = text_of(ask(page))
    assert re.search(r"brouillon aperçu pays simulé .*Environ [\d ]+ enfants \(entre", text)


def test_a_run_whose_data_are_no_longer_the_newest_says_so(ask: Any, estimated: Path, tmp_path: Path) -> None:
    folder = tmp_path / "older"
    shutil.copytree(estimated, folder, ignore=shutil.ignore_patterns("cache"))
    store = Store.open(folder, memory="1GB", threads=1)
    heard = store.latest(OBSERVATIONS.name)
    run = store.latest(COVERAGE_ESTIMATES.name)
    assert heard is not None
    assert run is not None
    resting = Provenance(note=run.provenance.note, made_from=(heard.id,))
    # Rows that are equal would make no new snapshot.
    rows = store.read(COVERAGE_ESTIMATES).mutate(run=ibis.literal("fedcba9876543210")).to_pyarrow()
    store.publish(COVERAGE_ESTIMATES, rows, provenance=resting, now=NOW, mode=Mode.REPLACE_ALL)
    with override_settings(KALANSO_STORE=folder):
        before = text_of(visitor().get("/ou/"))
        more = store.read(OBSERVATIONS).limit(1).mutate(source=ibis.literal("sheet")).to_pyarrow()
        store.publish(OBSERVATIONS, OBSERVATIONS.arrow(more), provenance=Provenance(), now=NOW)
        after = text_of(visitor().get("/ou/"))
    assert "données publiées jusqu'au" in before
    assert "Des données plus récentes ont été publiées depuis" not in before
    assert "Des données plus récentes ont été publiées depuis" in after
    assert "Demander une estimation sur les données d'aujourd'hui" in after


def test_the_method_page_gives_the_numbers_of_the_model_card(get: Any) -> None:
    from kalanso.hub.site.queries import calibration

    card = calibration()
    text = text_of(get("/methode/"))

    assert card is not None
    assert len(card.intervals) == 5
    assert all(0 <= share <= 1 for _name, shares in card.intervals for share in shares)
    assert f"Dernier compte : {card.countries} pays simulé" in text
    assert "Part des intervalles qui contiennent la vérité" in text


def test_the_pages_of_a_section_stand_side_by_side(ask: Any) -> None:
    text = text_of(ask("/preuves/registre/"))
    assert "‹ Les données Calculs Registre Comparaison Hypothèses Méthode" in text
