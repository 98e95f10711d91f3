"""What is asked of the people that a study listened to in a place?"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from kalanso.hub.studies.forms.places import code_meant


class VoicesForm(forms.Form):
    """A place by its name or code, and how many interviews and focus groups were held there."""

    place = forms.CharField(
        label=gettext_lazy("Lieu"), max_length=120,
        help_text=gettext_lazy("Le nom ou le code du district ou de l'aire, par exemple Yorosso."),
    )  # fmt: skip
    interviews = forms.IntegerField(
        label=gettext_lazy("Entretiens"), min_value=0, max_value=10_000, initial=0
    )
    focus_groups = forms.IntegerField(
        label=gettext_lazy("Groupes de discussion"), min_value=0, max_value=10_000, initial=0,
        help_text=gettext_lazy("Zéro et zéro effacent la ligne de ce lieu."),
    )  # fmt: skip

    def __init__(self, person: Any, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.person = person

    def clean_place(self) -> str:
        """Return the code of the one place that is meant."""
        return code_meant(self.person, self.cleaned_data["place"])
