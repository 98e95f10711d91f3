"""What can somebody begin in the portfolio, from their own page?"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.first_steps import FirstStep
from kalanso.hub.portfolio.models.factors import FactorKind
from kalanso.hub.portfolio.queries.factors import STILL


def first_steps(person: Any) -> list[FirstStep]:
    """Return what the person's roles let them begin."""
    if not may(person, "portfolio.read"):
        return []
    standing = f"{reverse('factors')}?nature={FactorKind.BARRIER}&etat={STILL}"
    offered = (
        ("portfolio.report", _("Rendre compte d'une ligne"), reverse("reports"), False),
        ("portfolio.name_factor", _("Signaler un obstacle"), reverse("factor_new"), True),
        ("portfolio.set_action", _("Répondre à un obstacle"), standing, False),
        ("portfolio.plan_cell", _("Prévoir une intervention dans un district"), reverse("design"), False),
        ("portfolio.meet", _("Préparer ou clore une réunion"), reverse("meetings"), False),
        ("portfolio.read", _("Voir où en est le portefeuille"), reverse("portfolio"), False),
    )
    told: dict[str, FirstStep] = {}
    for number, (verb, says, address, kept) in enumerate(offered):
        if may(person, verb) and address not in told:
            told[address] = FirstStep(says=says, address=address, order=20 + number, in_the_field=kept)
    return list(told.values())
