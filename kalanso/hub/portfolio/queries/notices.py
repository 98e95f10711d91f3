"""Which sentences tell people what happened in the portfolio?"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.queries.notices import Notice

_KIND = _("Mes rapports d'interventions")
NOTICES = {
    "portfolio.report_approved": Notice(says=_("%(by)s a approuvé votre rapport « %(what)s »."), kind=_KIND),
    "portfolio.report_returned": Notice(
        says=_("%(by)s a renvoyé votre rapport « %(what)s » : il y a quelque chose à corriger."), kind=_KIND
    ),
    "portfolio.report_due": Notice(
        says=_("Le rapport %(quarter)s de « %(what)s » n'est pas encore envoyé."), kind=_KIND
    ),
}
