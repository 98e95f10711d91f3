"""What does a team fill in to report on a cell? Five answers, none of which another system holds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.portfolio.models import Cell, Report

_NUMBER = {"inputmode": "numeric"}


class ReportForm(forms.Form):
    """A report of a quarter."""

    quantity = forms.IntegerField(
        label=gettext_lazy("Combien en avez-vous fait ?"), min_value=0, max_value=10_000_000, required=False, widget=forms.NumberInput(attrs=_NUMBER)
    )  # fmt: skip
    reached = forms.IntegerField(
        label=gettext_lazy("Enfants vaccinés pendant ces activités"), min_value=0, max_value=10_000_000, required=False,
        help_text=gettext_lazy("Comptés par l'équipe. Laissez vide s'ils n'ont pas été comptés."), widget=forms.NumberInput(attrs=_NUMBER),
    )  # fmt: skip
    expected = forms.IntegerField(
        label=gettext_lazy("Enfants cherchés"), min_value=0, max_value=10_000_000, required=False,
        help_text=gettext_lazy("Ceux que l'équipe devait trouver : la liste du village, du camp ou du quartier."),
        widget=forms.NumberInput(attrs=_NUMBER),
    )  # fmt: skip
    narrative = forms.CharField(
        label=gettext_lazy("En quelques phrases : ce qui a marché, ce qui a bloqué"), max_length=2000, required=False,
        help_text=gettext_lazy("Sans nom d'enfant ni de parent."), widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip
    photo = forms.FileField(
        label=gettext_lazy("Une photo"), required=False, help_text=gettext_lazy("Sans visage reconnaissable. Le lieu de prise de vue en est retiré."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/*"}),
    )  # fmt: skip
    photo_alt = forms.CharField(label=gettext_lazy("Ce que montre la photo"), max_length=300, required=False)

    send = forms.ChoiceField(
        label=gettext_lazy("Que faire de ce rapport ?"),
        choices=[("1", gettext_lazy("L'envoyer")), ("0", gettext_lazy("Le garder comme brouillon"))],
        initial="1",
    )

    def __init__(self, cell: Cell, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["quantity"].help_text = cell.intervention.unit
        if not cell.intervention.unit:
            self.fields["quantity"].help_text = _("Dans l'unité de l'intervention.")

    def clean(self) -> dict[str, Any]:
        """Refuse more children than were looked for, and a photo without words."""
        found: dict[str, Any] = super().clean() or {}
        reached, expected = found.get("reached"), found.get("expected")
        if reached is not None and expected is not None and reached > expected:
            self.add_error("reached", _("Il y a plus d'enfants vaccinés que d'enfants cherchés."))
        if found.get("photo") and not found.get("photo_alt"):
            self.add_error("photo_alt", _("Dites ce que montre la photo, pour qui ne la voit pas."))
        return found

    def said(self) -> dict[str, Any]:
        """Return what was said, as the action takes it."""
        return {name: self.cleaned_data[name] for name in ("quantity", "reached", "expected", "narrative")}


def initial_of(one: Report | None) -> dict[str, Any]:
    """Return the form of a report as it stands."""
    if one is None:
        return {}
    return {
        name: getattr(one, name) for name in ("quantity", "reached", "expected", "narrative", "photo_alt")
    }


class ReturnForm(forms.Form):
    """Why a report is sent back."""

    note = forms.CharField(
        label=gettext_lazy("Qu'est-ce qui est à corriger ?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
