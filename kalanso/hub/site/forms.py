"""What may somebody assume who wants to know what a child would cost? Nothing of it is kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MOST_MONEY, MOST_UNITS = 10_000_000_000, 1_000_000


def _percent(label: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=0, max_value=100, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )


class AssumptionsForm(forms.Form):
    """The price of a unit, how many units, and which share of the children they would reach."""

    unit_cost = forms.IntegerField(
        label=gettext_lazy("Coût d'une unité, en FCFA"), min_value=1, max_value=MOST_MONEY
    )
    units = forms.IntegerField(
        label=gettext_lazy("Combien d'unités en un an ?"), min_value=1, max_value=MOST_UNITS
    )
    low = _percent(gettext_lazy("Part des enfants atteinte, au plus bas (%)"))
    central = _percent(gettext_lazy("Part des enfants atteinte, au centre (%)"))
    high = _percent(gettext_lazy("Part des enfants atteinte, au plus haut (%)"))

    def clean(self) -> dict[str, Any]:
        """Refuse shares out of order."""
        found: dict[str, Any] = super().clean() or {}
        told = [found.get(name) for name in ("low", "central", "high")]
        if None not in told and told != sorted(told):  # type: ignore[type-var]
            self.add_error("central", _("Les parts vont du plus bas au plus haut."))
        return found
