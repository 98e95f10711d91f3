"""Does the help in designing rest on what the reader may see, say where each reason comes from, and never rank?"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from tests.hub.circles import Ground
from tests.hub.portfolio_desk import house, intervention, planned, reported
from tests.hub.portfolio_follow_up_desk import closed, mark, moved, named, set_by, verified
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

PAGE = "/agir/concevoir/"


@pytest.fixture(autouse=True)
def hand(quick_hand: Any) -> None:
    """Nothing is drawn here."""


def test_the_lists_of_rules_and_of_the_portfolio_are_the_same() -> None:
    from kalanso.definitions import approach_rules
    from kalanso.hub.portfolio.models.factors import Domain
    from kalanso.hub.portfolio.models.interventions import Approach

    assert {one.approach for one in approach_rules()} == set(Approach.values)
    assert {one.value for one in approach_rules() if one.on == "barrier"} == set(Domain.values)


def test_an_obstacle_brings_the_approaches_that_answer_it_each_with_its_source(hub: None, niono: str) -> None:
    centre, client = person("national"), visitor("national")
    before = {one.suggestion.approach for one in client.get(f"{PAGE}?lieu={niono}").context["shown"]}
    assert "supply" not in before
    named(centre, niono, domain="supply", what="Deux semaines sans Penta.")
    answer = client.get(f"{PAGE}?lieu={niono}")
    shown = {one.suggestion.approach: one for one in answer.context["shown"]}
    assert [rule.value for _why, rule in shown["supply"].reasons] == ["supply"]
    said = text_of(answer)
    assert (
        "Sans froid ni doses, aucune autre approche ne vaccine. proposition de travail, à confirmer" in said
    )
    assert "pas un classement" in said


def test_what_was_tried_in_a_district_like_it_is_told_with_what_unblocked_it(hub: None, niono: str) -> None:
    centre = person("national")
    like = next(iter(visitor("national").get(f"{PAGE}?lieu={niono}").context["where"].like))
    named(centre, niono, domain="supply", what="Deux semaines sans Penta.")
    line = intervention(centre, "INT-090", title_fr="Tri des flacons", approach="supply")
    cell = planned(centre, line, like, state="ongoing")
    sent = reported(person("district", like), cell)
    from kalanso.hub.portfolio.actions.reports import approve
    from tests.hub.portfolio_desk import NOW

    approve(by=centre, one=sent, version=sent.version, now=NOW)
    barrier = named(centre, like, domain="supply", what="Le froid manque au dépôt.", cell=cell)
    action = set_by(centre, like, rests_on=mark(barrier), text="Prêter un réfrigérateur.")
    verified(person("region", organisation="drs"), closed(centre, action))
    moved(centre, barrier, "lifted", "Le réfrigérateur est là.")
    shown = visitor("national").get(f"{PAGE}?lieu={niono}")
    row = next(one for one in shown.context["shown"] if one.suggestion.approach == "supply").elsewhere[0]
    assert (row.told.cell.pk, row.done, row.shared > 0) == (cell.pk, 12, True)
    said = text_of(shown)
    assert "Débloqué par : Prêter un réfrigérateur." in said
    assert f"/agir/portefeuille/intervention/INT-090/prevoir/?district={niono}" in shown.content.decode()
    form = (
        visitor("national")
        .get(f"/agir/portefeuille/intervention/INT-090/prevoir/?district={niono}")
        .context["form"]
    )
    assert form["place"].value() == niono


def test_what_was_done_of_a_protected_line_waits_here_as_on_its_page(
    hub: None, niono: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import date

    from kalanso.hub.portfolio.actions.reports import approve
    from kalanso.hub.portfolio.queries import reports
    from tests.hub.portfolio_desk import NOW

    centre = person("national")
    named(centre, niono, domain="supply", what="Deux semaines sans Penta.")
    line = intervention(centre, "INT-090", title_fr="Tri des flacons", approach="supply")
    cell = planned(centre, line, niono, state="ongoing", sensitive=True)
    sent = reported(person("district", niono), cell)
    approve(by=centre, one=sent, version=sent.version, now=NOW)

    def done(client: Any) -> list[tuple[int, bool]]:
        shown = client.get(f"{PAGE}?lieu={niono}").context["shown"]
        return [(row.done, row.reported) for one in shown for row in one.here]

    for day, outside in ((date(2025, 6, 28), (0, False)), (date(2025, 6, 29), (12, True))):
        monkeypatch.setattr(reports, "today", lambda day=day: day)
        found = done(visitor("partner", organisation="elsewhere"))
        assert found == [outside], day
        assert done(visitor("national")) == [(12, True)], day


def test_who_may_not_plan_finds_no_button_and_who_may_not_read_no_page(hub: None, niono: str) -> None:
    named(person("national"), niono, domain="supply", what="Deux semaines sans Penta.")
    intervention(person("national"), "INT-090", title_fr="Tri des flacons", approach="supply")
    for role in ("donor", "district"):
        answer = visitor(role, niono if role == "district" else "").get(f"{PAGE}?lieu={niono}")
        assert "Planifier ici" not in text_of(answer)
    assert "Planifier ici INT-090" in text_of(visitor("region", niono).get(f"{PAGE}?lieu={niono}"))
    assert visitor("reader").get(PAGE).status_code == 403
    assert visitor("national").get(f"{PAGE}?lieu=NULLE-PART").status_code == 404
    assert visitor("national").get(f"{PAGE}?poche=rien").status_code == 404
    assert "Pour quel district" in text_of(visitor("national").get(PAGE))


def test_without_an_estimate_no_child_is_priced(hub: None, niono: str) -> None:
    answer = visitor("national").get(f"{PAGE}?lieu={niono}&unit_cost=1000&units=12&low=10&central=20&high=30")
    assert "cost" not in answer.context
    assert "il n'est pas fait" in text_of(answer)


def test_a_child_is_priced_with_the_arithmetic_shown(hub: None, ground: Ground) -> None:
    with override_settings(KALANSO_STORE=ground.folder):
        address = (
            f"{PAGE}?lieu={ground.codes['district']}&unit_cost=650000&units=12&low=10&central=20&high=30"
        )
        answer = visitor("national").get(address)
        missed, cost = answer.context["missed"], answer.context["cost"]
        assert cost.cost == 7_800_000
        assert cost.per_child == pytest.approx(7_800_000 / (missed.mean * 0.2))
        assert cost.cheapest < cost.per_child < cost.dearest
        assert "12 unités × 650" in text_of(answer)
        wrong = visitor("national").get(address.replace("central=20", "central=90"))
        assert "Les parts vont du plus bas au plus haut" in text_of(wrong)
        assert "cost" not in wrong.context


def test_obstacles_of_a_protected_district_are_not_what_others_see_suggestions_from(
    hub: None, ground: Ground
) -> None:
    with override_settings(KALANSO_STORE=ground.folder):
        from kalanso.hub.people.models import PlaceMirror

        place = ground.codes["district"]
        PlaceMirror.objects.filter(code=place).update(flagged=True)
        named(person("national"), place, domain="finance", what="Les fonds sont bloqués.")
        ours = {
            one.suggestion.approach
            for one in visitor("national").get(f"{PAGE}?lieu={place}").context["shown"]
        }
        theirs = {
            one.suggestion.approach for one in visitor("partner").get(f"{PAGE}?lieu={place}").context["shown"]
        }
        assert "other" in ours
        assert "other" not in theirs
    assert house() is not None
