"""What does somebody say when they let a program read?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kalanso.hub.api.permissions import PARTS

USUAL_DAYS = 90


class NewToken(forms.Form):
    """A name, an end, and the parts that are opened."""

    name = forms.CharField(
        label=_("À quoi sert ce jeton ?"),
        max_length=80,
        help_text=_("Par exemple : tableau de bord du district"),
    )
    expires = forms.DateField(
        label=_("Valable jusqu'au"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    parts = forms.MultipleChoiceField(
        label=_("Ce qu'il ouvre"), choices=list(PARTS.items()), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        options.setdefault("initial", {"expires": today + timedelta(days=USUAL_DAYS)})
        super().__init__(*args, **options)
