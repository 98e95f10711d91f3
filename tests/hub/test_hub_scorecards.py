"""Does a score card say how good data are, why, and what to look at first, to whoever may see it?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from kalanso.indicators.tables import RECOUNTS
from kalanso.quality.tables import QUALITY_FINDINGS, QUALITY_METRICS, QUALITY_SCORES
from kalanso.store import Mode, Provenance, Store
from tests.hub import desk
from tests.hub.test_hub_pages import text_of
from tests.hub.test_hub_worklist import doubt
from tests.hub.visitors import stranger, visitor

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)


def score(place: str, domain: str, share: float, judged: float = 12, **changes: Any) -> dict[str, Any]:
    year = changes.pop("year", 2024)
    grade = "A" if share >= 0.9 else "B" if share >= 0.75 else "C" if share >= 0.5 else "D"
    return {
        "mode": "robust", "place_code": place, "period": str(year), "period_type": "year", "period_start": date(year, 1, 1),
        "domain": domain, "score": share, "grade": grade, "judged": judged, "flagged": judged * (1 - share),
        "reasons": json.dumps(changes.pop("reasons", [])), "provisional": False,
    } | changes  # fmt: skip


def metric(place: str, name: str, flag: str, **changes: Any) -> dict[str, Any]:
    return {
        "metric": name, "domain": "completeness", "source": "demo-snis", "place_code": place, "period": "2024",
        "period_type": "year", "period_start": date(2024, 1, 1), "indicator": "dtp1_doses", "detail": "", "numerator": 71.0,
        "denominator": 100.0, "value": 0.71, "expected": None, "lower": 0.9, "upper": None, "flag": flag, "units": None,
        "units_flagged": None,
    } | changes  # fmt: skip


def recount(place: str, register: float, month: int = 1) -> dict[str, Any]:
    return {
        "source": "dqs-2024", "place_code": place, "period": f"2024{month:02d}", "period_type": "month",
        "period_start": date(2024, month, 1), "indicator": "dtp1_doses", "register": register, "tally_sheet": None,
        "monthly_report": 100.0, "in_system": 100.0, "weight": 1.0,
    }  # fmt: skip


def judged(niono: str, areas: list[str], flagged: str) -> list[dict[str, Any]]:
    """Niono in both modes and two years, two of its areas, and a protected area."""
    whole = {"reasons": []}
    return [
        score(niono, "completeness", 0.6, reasons=[["silence", 4], ["completeness", 2]]), score(niono, "internal", 0.95),
        score(niono, "all", 0.78, 24, **whole), score(niono, "all", 0.9, 24, year=2023), score(niono, "completeness", 0.9, year=2023),
        score(niono, "internal", 0.9, year=2023), *(score(niono, name, 0.0, provisional=True, year=2025) for name in ("completeness", "all")),
        score(niono, "completeness", 0.5, 4, mode="who", reasons=[["1a dtp1_doses", 1]]), score(niono, "all", 0.5, 4, mode="who"),
        score(areas[0], "all", 0.95), score(areas[0], "internal", 0.95), score(areas[1], "all", 0.4), score(areas[1], "internal", 0.4),
        score(flagged, "all", 0.3), score(flagged, "internal", 0.3),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def areas(small_store: Store, code_of: Any) -> list[str]:
    """Three areas of Niono, and one of a district under a flag."""
    return [code_of(name, "health_area") for name in ("Ndébougou", "Kalawèrè", "Karangana")]


@pytest.fixture(scope="module")
def scored_store(
    small_store: Store, code_of: Any, areas: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Store:
    own = desk.copied(small_store, tmp_path_factory.mktemp("cards"))
    niono = code_of("Niono", "district")
    metrics = [
        metric(niono, "1a", "poor"), metric(niono, "1b", "good", value=0.8, numerator=80.0, lower=0.75),
        metric(niono, "2e", "divergent", detail="equal:opv1_doses", numerator=300.0, denominator=200.0, value=1.5, lower=0.9, upper=1.1),
        metric(niono, "3a", "not_judged", value=None, numerator=None, denominator=None, lower=None),
    ]  # fmt: skip
    recounts = [recount(areas[0], 80.0), recount(areas[1], 60.0), recount(areas[2], 10.0)]
    for spec, rows in (
        (QUALITY_SCORES, judged(niono, areas[:2], areas[2])),
        (QUALITY_METRICS, metrics),
        (RECOUNTS, recounts),
    ):
        own.publish(spec, spec.arrow(rows), provenance=Provenance(), now=NOW)
    found = [doubt(areas[0], severity="serious"), doubt(areas[0], severity="serious", period="2023")]
    own.publish(
        QUALITY_FINDINGS,
        QUALITY_FINDINGS.arrow(found),
        provenance=Provenance(),
        now=NOW,
        mode=Mode.REPLACE_ALL,
    )
    return own


@pytest.fixture
def scored(scored_store: Store, quick_hand: Any) -> Iterator[Store]:
    from django.test import override_settings

    with override_settings(KALANSO_STORE=scored_store.folder):
        yield scored_store


def card(place: str, query: str = "") -> str:
    return f"/preuves/qualite/fiche/{place}/{query}"


def test_a_card_says_what_is_without_a_doubt_why_and_what_to_look_at_first(scored: Store, niono: str) -> None:
    text = text_of(visitor("district", niono).get(card(niono)))

    assert "Peut-on se fier aux données de 2024 : Niono ?" in text
    assert "78 % de ce qui a été jugé ne soulève aucun doute" in text
    assert "À regarder d'abord : Complétude et promptitude." in text
    assert "C · à regarder" in text
    assert "Surtout :" in text
    assert "pas jugé : il n'y a pas de nombres pour cela" in text


def test_a_card_gives_no_all_clear_while_serious_findings_are_open_or_sources_disagree(
    scored: Store, niono: str, areas: list[str]
) -> None:
    client = visitor("national")
    page = client.get(card(areas[0]))
    text = text_of(page)

    assert page.context["first"] is None
    assert "rien d'urgent" not in text
    assert page.context["serious"] == client.get(card(niono)).context["serious"] == 1
    assert "1 alerte sérieuse de 2024 reste ouverte ici ou dans un lieu d'en dessous" in text
    assert "Rien ne demande" not in text
    listed = client.get(f"/preuves/alertes/?lieu={areas[0]}&gravite=serious&statut=open&periode=2024")
    assert "gravite=serious&amp;statut=open&amp;periode=2024" in page.content.decode()
    assert listed.context["total"] == 1
    assert "Ce que juge chaque domaine" in text
    assert "Seuls comptent les rapports et les nombres de la vaccination" in text


def test_a_card_names_what_sources_side_by_side_give_confidence_d(
    scored: Store, niono: str, areas: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.explore.queries import beside

    def graded(_here: Any, code: str) -> list[Any]:
        row = {
            "place_code": code,
            "source": "demo-snis",
            "kind": "official",
            "indicator": "",
            "period": "2024",
            "grade": "D",
        }
        old = row | {"period": "2020", "indicator": "dtp1"}
        return [beside.Grade(row=one, reasons=(), missing=(), evidence=()) for one in (row, old)]

    monkeypatch.setattr(beside, "grades", graded)
    page = visitor("national").get(card(areas[1]))

    assert [one.row["period"] for one in page.context["least_trusted"]] == ["2024"]
    assert page.context["doubted_target"]
    assert "les sources de 2024 donnent la confiance D à : cible (" in text_of(page)
    assert "Rien ne demande" not in text_of(page)


def test_findings_of_whole_years_fall_into_no_month_of_the_grid_of_quality(scored: Store, niono: str) -> None:
    page = visitor("national").get(f"/preuves/qualite/?lieu={niono}")

    assert page.context["total"] == 2
    assert page.context["longer"] == 1
    assert "Et 1 alerte sur un trimestre ou une année entière" in text_of(page)
    assert "janvier 2023" not in page.context["grid"].title


def test_the_mode_is_in_the_address_and_whos_metrics_stand_with_numerator_limits_and_side(
    scored: Store, niono: str
) -> None:
    page = visitor("district", niono).get(card(niono, "?regles=who"))
    text = text_of(page)

    assert "Selon les mesures de l'OMS, 2 nombres sur 4 jugés sont dans les limites." in text
    assert [row["metric"] for row in page.context["beyond"]] == ["1a", "2e"]
    assert "71 100 71,0 % au moins 90 % sous le seuil" in text
    assert "300 200 150,0 % de 90 % à 110 % au-dessus des limites" in text
    assert "pas de donnée" in text


def test_years_stand_beside_one_another_and_a_year_is_chosen_in_the_address(
    scored: Store, niono: str
) -> None:
    client = visitor("district", niono)
    page, before = client.get(card(niono)), client.get(card(niono, "?annee=2023"))

    assert [name for name, _open in page.context["years"]["names"]] == ["2023", "2024"]
    assert before.context["whole"].score == 0.9
    assert "Presque rien n'est notifié dans le pays : 2025." in text_of(page)
    assert "cette fiche ne juge pas 2025" in text_of(client.get(card(niono, "?annee=2025")))
    assert "« 1999 » n'est pas un choix" in text_of(client.get(card(niono, "?annee=1999&regles=x")))


def test_places_inside_stand_with_those_first_in_which_most_is_doubted(
    scored: Store, niono: str, areas: list[str]
) -> None:
    page = visitor("national").get(card(niono))

    assert [row.place.code for row in page.context["inside"]] == [areas[1], areas[0]]
    assert "mauvais" not in text_of(page).lower()


def test_recounts_have_an_interval_where_several_places_were_visited(
    scored: Store, niono: str, areas: list[str]
) -> None:
    whole = visitor("district", niono).get(card(niono))
    alone = visitor("district", niono).get(card(areas[0]))
    first = whole.context["recounted"][0]

    assert (first["factor"], first["facilities"]) == (0.7, 2)
    assert first["low"] < 0.7 < first["high"]
    assert "140 doses retrouvées pour 200 déclarées" in text_of(whole)
    assert "une structure seule n'a pas d'intervalle" in text_of(alone)


def test_without_recounts_the_card_teaches_how_to_make_them(scored: Store, code_of: Any) -> None:
    text = text_of(visitor("national").get(card(code_of("Bougouni", "district"))))

    assert "Ce lieu n'a pas encore de fiche" in text
    assert "Personne n'a encore recompté les doses ici" in text
    assert "kalanso import recounts" in text


def test_whos_metrics_lead_from_an_area_to_the_district_that_they_judge(
    scored: Store, areas: list[str]
) -> None:
    text = text_of(visitor("national").get(card(areas[0], "?regles=who")))
    assert "Les mesures de l'OMS jugent les districts et le pays, pas Ndébougou. Voir Niono" in text


def test_cards_of_protected_places_are_for_cleared_people_only(
    scored: Store, areas: list[str], code_of: Any
) -> None:
    yorosso = code_of("Yorosso", "district")
    for role, place, seen in (
        ("national", "", True), ("district", yorosso, True), ("researcher", "", False), ("partner", "", False),
        ("district", code_of("Niono", "district"), False),
    ):  # fmt: skip
        client = visitor(role, place)
        own, above = client.get(card(areas[2])), client.get(card(yorosso))
        assert (own.context["whole"] is not None) is seen, role
        assert any(row["factor"] == 0.1 for row in own.context["recounted"]) is seen, role
        assert not above.context["inside"] or seen, role


def test_visitors_and_readers_are_told_that_cards_are_closed(scored: Store, niono: str) -> None:
    for client in (stranger(), visitor("reader")):
        page = client.get(card(niono))
        assert page.status_code == 200
        assert "78 %" not in text_of(page)
    assert visitor("national").get(card("ML-X0000")).status_code == 404


def test_the_door_to_quality_leads_to_questions_cards_findings_and_report(scored: Store, niono: str) -> None:
    text = visitor("district", niono).get("/preuves/qualite/").content.decode()
    for address in ("/preuves/a-demander/", card(niono), "/preuves/alertes/", "/preuves/qualite/rapport/"):
        assert f'href="{address}' in text
