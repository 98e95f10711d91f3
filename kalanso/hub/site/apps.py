"""Under which name does Django know the pages composed from all apps?"""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Pages, tasks and words that belong to no single app."""

    name = "kalanso.hub.site"
    label = "site"

    def ready(self) -> None:
        """Declare what is told of a review pack: its trail and its job."""
        from django.utils.translation import gettext_lazy as _

        from kalanso.hub.jobs.queries import name_kinds
        from kalanso.hub.people.queries import first_steps as steps
        from kalanso.hub.people.queries import trail
        from kalanso.hub.site.queries import first_steps
        from kalanso.hub.site.queries.packs import KIND

        trail.declare(
            {"site.pack_asked": _("%(who)s a demandé le dossier d'une revue.")}, {"period": _("Trimestre")}
        )
        steps.offer(first_steps.first_steps)
        name_kinds({KIND: _("Écrire le dossier d'une revue")})
