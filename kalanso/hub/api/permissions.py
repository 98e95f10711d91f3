"""Who may let programs read on their behalf, and which parts may be opened to them?"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.permissions import EVERY_ROLE, Rule

RULES = (Rule(verb="api.make_token", roles=EVERY_ROLE, at_home=False),)
# What a token may read, each with what people call it.
PARTS = {
    "tables": _("Tables, états et provenance"),
    "places": _("Lieux et séries"),
    "estimates": _("Estimations"),
    "findings": _("Alertes de qualité"),
    "indicators": _("Indicateurs du cadre de performance"),
    "portfolio": _("Portefeuille : lignes, rapports, obstacles, actions, décisions"),
    "grants": _("Subventions et leur argent"),
    "me": _("Qui je suis"),
    "jobs": _("Mes travaux"),
}
