"""Which sentences tell people what happened in the portfolio? Actions by their numbers alone: letters leave the hub."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.queries.notices import Notice

_KIND = _("Mes rapports d'interventions")
_MINE = _("Mes actions")
NOTICES = {
    "portfolio.report_approved": Notice(says=_("%(by)s a approuvé votre rapport « %(what)s »."), kind=_KIND),
    "portfolio.report_returned": Notice(
        says=_("%(by)s a renvoyé votre rapport « %(what)s » : il y a quelque chose à corriger."), kind=_KIND
    ),
    "portfolio.report_due": Notice(
        says=_("Le rapport %(quarter)s de « %(what)s » n'est pas encore envoyé."), kind=_KIND
    ),
    "portfolio.action_given": Notice(says=_("%(by)s vous a confié l'action %(reference)s."), kind=_MINE),
    "portfolio.action_closed": Notice(says=_("%(by)s dit que l'action %(reference)s est faite : elle est à vérifier."), kind=_MINE),
    "portfolio.action_verified": Notice(says=_("%(by)s a vérifié votre action %(reference)s."), kind=_MINE),
    "portfolio.action_reopened": Notice(says=_("%(by)s a rouvert votre action %(reference)s."), kind=_MINE),
    "portfolio.action_cancelled": Notice(says=_("%(by)s a annulé votre action %(reference)s."), kind=_MINE),
    "portfolio.own_action_late": Notice(says=_("Votre action %(reference)s est en retard (jours : %(days)s)."), kind=_MINE),
    "portfolio.action_late": Notice(
        says=_("L'action %(reference)s, confiée à %(owner)s, est en retard (jours : %(days)s)."),
        kind=_("Actions en retard dans mes lieux"),
    ),
}  # fmt: skip
