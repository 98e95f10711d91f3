"""Does one's own page open what each role is for, even when nothing waits, and nothing that would then be refused?"""

from __future__ import annotations

from typing import Any

from django.utils.html import escape

from tests.hub.visitors import person, visitor

MEANT_FOR = {
    "district": ("Rendre compte d’une ligne", "Signaler un obstacle"),
    "region": ("Rendre compte d’une ligne", "Répondre à un obstacle", "Préparer ou clore une réunion"),
    "national": ("Prévoir une intervention dans un district", "Préparer ou clore une réunion"),
    "partner": ("Rendre compte d’une ligne", "Répondre à un obstacle"),
    "donor": ("Voir où va l’argent", "Lire la revue du trimestre"),
    "coach": ("Signaler un obstacle",),
    "facility": ("Signaler un obstacle",),
    "researcher": ("Demander une estimation", "Déclarer une enquête"),
    "editor": ("Voir où en est le portefeuille",),
    "administrator": ("Voir l’état du système", "Inviter quelqu’un"),
    "reader": ("Voir où sont les enfants zéro dose",),
}


def test_every_role_has_first_steps_and_each_of_them_opens(hub: None, code_of: Any) -> None:
    from kalanso.hub.people.models import Role
    from kalanso.hub.people.permissions import PLACED
    from kalanso.hub.people.queries.first_steps import SHOWN, steps_of

    niono = code_of("Niono", "district")
    assert set(MEANT_FOR) == set(Role.values)
    for role, meant in MEANT_FOR.items():
        place = niono if role in PLACED else ""
        steps = steps_of(person(role, place))
        said = [step.says for step in steps]
        assert set(meant) <= set(said), role
        assert said.index(meant[0]) < 4, role
        assert len(said) <= SHOWN, role
        client = visitor(role, place)
        page = client.get("/moi/").content.decode()
        for step in steps:
            assert f'href="{escape(step.address)}"' in page, (role, step.says)
            assert client.get(step.address).status_code == 200, (role, step.says)


def test_who_holds_no_role_is_offered_only_what_is_public(hub: None) -> None:
    from kalanso.hub.people.queries.first_steps import steps_of

    assert [step.says for step in steps_of(person(None))] == ["Voir où sont les enfants zéro dose"]
