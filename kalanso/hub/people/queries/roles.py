"""What does a role open, in a sentence for whoever holds it?"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.models import Role

# Roles that hold several rights are told the first ones; `docs/reference/roles.md` lists them all.
SAYS: dict[str, Any] = {
    Role.READER: _("Vous lisez ce qui est public."),
    Role.DISTRICT: _(
        "Vous lisez tout ce qui est de vos lieux et ce que les partenaires lisent ailleurs ; vous déposez des "
        "feuilles, répondez aux alertes et commentez chez vous."
    ),
    Role.FACILITY: _(
        "Vous lisez tout ce qui est de vos lieux et ce que les partenaires lisent ailleurs ; vous répondez aux "
        "alertes et commentez chez vous."
    ),
    Role.COACH: _(
        "Vous lisez ce qui est de vos lieux, zones protégées à part, et ce que les partenaires lisent ailleurs ; vous "
        "commentez chez vous, hors de ces zones."
    ),
    Role.REGION: _(
        "Vous lisez tout ce qui est de vos lieux et ce que les partenaires lisent ailleurs ; vous invitez des "
        "personnes, déposez des feuilles, répondez aux alertes et commentez chez vous."
    ),
    Role.NATIONAL: _(
        "Vous lisez tout ce qui est de vos lieux ; vous invitez des personnes, publiez des feuilles, demandez et validez des calculs."
    ),
    Role.PARTNER: _(
        "Vous lisez les tables ouvertes aux partenaires et les estimations validées, zones protégées à part ; vous "
        "déposez les feuilles de votre organisation et commentez dans vos lieux, hors de ces zones."
    ),
    Role.RESEARCHER: _(
        "Vous lisez les tables du programme sur vos lieux, zones protégées à part ; vous demandez et relisez des calculs, répondez "
        "aux alertes et commentez dans vos lieux, hors de ces zones."
    ),
    Role.EDITOR: _(
        "Vous lisez les tables ouvertes aux partenaires et les estimations validées, zones protégées à part, et "
        "vous commentez dans vos lieux, hors de ces zones."
    ),
    Role.DONOR: _(
        "Vous lisez les tables ouvertes aux partenaires et les estimations validées, zones protégées à part."
    ),
    Role.ADMINISTRATOR: _(
        "Vous lisez tout ce qui est de vos lieux ; vous invitez des personnes, nommez les administrateurs et tenez Kalanso en marche."
    ),
}
