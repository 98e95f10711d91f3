"""Under which name does Django know the pages over published tables?"""

from __future__ import annotations

from django.apps import AppConfig
from django.urls import reverse


class ExploreConfig(AppConfig):
    """Places, tables, figures, estimates; keeps no records of its own."""

    name = "kalanso.hub.explore"
    label = "explore"

    def ready(self) -> None:
        """Declare that places can be discussed, and cited with their estimates and pockets."""
        from kalanso.hub.explore.queries import cited
        from kalanso.hub.people.queries.access import mirrored
        from kalanso.hub.people.queries.citations import citable
        from kalanso.hub.people.queries.subjects import Subject, discuss

        def place(code: str) -> Subject | None:
            found = mirrored(code)
            if found is None:
                return None
            return Subject(
                object_type="place", object_id=found.code, place_code=found.code, name=found.name,
                address=reverse("place", args=[found.code]),
            )  # fmt: skip

        discuss("place", place)
        citable(cited.PLACE, cited.places)
        citable(cited.ESTIMATE, cited.estimates)
        citable(cited.POCKET, cited.pockets)
