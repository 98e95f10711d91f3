"""What does somebody say so that the rule of a lot can be computed?"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class LotPlanForm(forms.Form):
    """Two limits of coverage, two risks, and how many children where that is given."""

    lower = forms.IntegerField(
        label=gettext_lazy("Trop bas dès : couverture, en %"), min_value=0, max_value=99, initial=50
    )
    upper = forms.IntegerField(
        label=gettext_lazy("Assez haut dès : couverture, en %"), min_value=1, max_value=100, initial=80
    )
    children = forms.IntegerField(
        label=gettext_lazy("Enfants par lot"), min_value=2, max_value=1000, required=False,
        help_text=gettext_lazy("Vide : le plus petit lot qui tient les deux risques."),
    )  # fmt: skip
    alpha = forms.IntegerField(
        label=gettext_lazy("Risque admis de faire échouer un bon lot, en %"),
        min_value=1,
        max_value=49,
        initial=10,
    )
    beta = forms.IntegerField(
        label=gettext_lazy("Risque admis de laisser passer un mauvais lot, en %"),
        min_value=1,
        max_value=49,
        initial=10,
    )

    def clean(self) -> dict[str, Any]:
        """Hold both limits together."""
        cleaned = super().clean() or {}
        lower, upper = cleaned.get("lower"), cleaned.get("upper")
        if lower is not None and upper is not None and upper <= lower:
            self.add_error("upper", _("Cette limite doit être plus haute que la première."))
        return cleaned

    def asked(self) -> dict[str, Any]:
        """Return what was asked, in shares from 0 to 1."""
        told = self.cleaned_data
        shares = {name: told[name] / 100 for name in ("lower", "upper", "alpha", "beta")}
        return {**shares, "children": told["children"]}
