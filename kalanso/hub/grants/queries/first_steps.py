"""What can somebody begin with money, from their own page?"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.first_steps import FirstStep


def first_steps(person: Any) -> list[FirstStep]:
    """Return the way to the grants: before everything for who only pays, after the work for who does it."""
    if not may(person, "grants.read"):
        return []
    works = may(person, "portfolio.set_action")
    return [FirstStep(says=_("Voir où va l'argent"), address=reverse("grants"), order=25 if works else 10)]
