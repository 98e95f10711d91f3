"""Which sentences tell somebody what became of the sheet they brought, of the server they connected, or that a question waits?"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.queries.notices import Notice

KIND = _("Ce que deviennent mes fichiers déposés")
SERVERS = _("Ce que disent les serveurs que j'ai reliés")
QUESTIONS = _("Les questions sur les données que l'on me transmet")
NOTICES = {
    "evidence.question_handed_on": Notice(
        says=_("%(by)s vous transmet une question sur les données de %(place)s."), kind=QUESTIONS
    ),
    "evidence.connection_refused": Notice(
        says=_("Le serveur de %(source)s n'a pas répondu comme il faut : sa page dit quoi faire."), kind=SERVERS
    ),
    "evidence.pull_failed": Notice(
        says=_("La collecte de %(source)s a échoué : sa page dit pourquoi et quoi faire."), kind=SERVERS
    ),
    "evidence.sheet_published": Notice(says=_("%(by)s a publié %(sheet)s, que vous avez déposé."), kind=KIND),
    "evidence.sheet_withdrawn": Notice(
        says=_("%(by)s a retiré %(sheet)s, que vous avez déposé : %(reason)s"), kind=KIND
    ),
    "evidence.sheet_discarded": Notice(
        says=_("%(by)s a écarté %(sheet)s, que vous avez déposé : %(reason)s"), kind=KIND
    ),
    "evidence.sheet_refused": Notice(says=_("%(sheet)s n'a pas pu être lu : corrigez-le et redéposez-le."), kind=KIND),
    "evidence.sheet_columns": Notice(says=_("%(sheet)s attend que vous vérifiiez ses colonnes."), kind=KIND),
    "evidence.sheet_names": Notice(says=_("%(sheet)s a des noms de lieux qui attendent une décision."), kind=KIND),
    "evidence.sheet_not_published": Notice(
        says=_("%(sheet)s n'a pas pu être publié : sa page dit pourquoi."), kind=KIND
    ),
    "evidence.sheet_not_withdrawn": Notice(
        says=_("%(sheet)s n'a pas pu être retiré : sa page dit pourquoi."), kind=KIND
    ),
}  # fmt: skip
