"""Which sentences tell somebody of a study: that it is published, or that its raw data will go?"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.queries.notices import Notice

NOTICES = {
    "studies.published": Notice(
        says=_("Une étude qui parle de vos lieux est publiée : %(study)s. Lisez ce qu'elle dit."), kind=_("Les études de mes lieux")
    ),
    "studies.to_be_destroyed": Notice(
        says=_("Le %(day)s, les fichiers bruts de l'étude « %(study)s » seront détruits. Ses résultats restent."),
        kind=_("La destruction des données de mes études"),
    ),
}  # fmt: skip
