"""What do people say of a grant, of its place within another, of a rate, and of an identifier?"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.grants.models import Grant, Lever
from kalanso.hub.people.models import Organisation

CURRENCIES = (("XOF", "FCFA (XOF)"), ("USD", "USD"), ("EUR", "EUR"))


def day_field(label: Any, help_text: Any = "") -> forms.DateField:
    """Return a field of a day."""
    return forms.DateField(
        label=label, help_text=help_text, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class Amount(forms.DecimalField):
    """An amount as people type it: spaces between thousands, a comma or a point before hundredths."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        """Read a typed amount; what is written short is refused by the field itself."""
        if isinstance(value, str):
            value = re.sub(r"[\s\u202f\u00a0]", "", value).replace(",", ".")
        return super().to_python(value)


def amount_field(label: Any, *, negative: bool = False, help_text: Any = "") -> Amount:
    """Return a field of an amount."""
    told = help_text or gettext_lazy("Le nombre entier, comme 1 500 000. Pas « 1,5 M ».")
    return Amount(
        label=label, help_text=told, max_digits=17, decimal_places=2, min_value=None if negative else 0
    )


class GrantForm(forms.ModelForm):
    """What is said of a grant."""

    begins = day_field(gettext_lazy("Premier jour"))
    ends = day_field(gettext_lazy("Dernier jour"))
    amount = amount_field(gettext_lazy("Montant accordé"))
    currency = forms.ChoiceField(label=gettext_lazy("Monnaie"), choices=CURRENCIES)
    lever = forms.ChoiceField(label=gettext_lazy("Levier"), choices=Lever.choices)

    class Meta:
        model = Grant
        fields = (
            "code", "title_fr", "title_en", "lever", "funder", "holder", "begins", "ends", "amount", "currency", "status", "source_note",
        )  # fmt: skip
        labels: ClassVar[dict[str, Any]] = {
            "code": gettext_lazy("Code"), "title_fr": gettext_lazy("Titre en français"), "title_en": gettext_lazy("Titre en anglais"),
            "funder": gettext_lazy("Qui la paie"), "holder": gettext_lazy("Qui en répond"), "status": gettext_lazy("Statut"),
            "source_note": gettext_lazy("Sur la foi de quoi"),
        }  # fmt: skip
        help_texts: ClassVar[dict[str, Any]] = {
            "code": gettext_lazy("Celui de la convention, comme MLI-FAE-2024."),
            "source_note": gettext_lazy(
                "La convention, la décision ou l'article d'où viennent dates et montant."
            ),
        }
        widgets: ClassVar[dict[str, Any]] = {"source_note": forms.Textarea(attrs={"rows": 3})}

    def clean_amount(self) -> Any:
        """Refuse a grant of nothing."""
        if self.cleaned_data["amount"] <= 0:
            raise forms.ValidationError(_("Un montant est plus grand que zéro."))
        return self.cleaned_data["amount"]

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the beginning."""
        cleaned = super().clean() or {}
        if cleaned.get("begins") and cleaned.get("ends") and cleaned["ends"] < cleaned["begins"]:
            self.add_error("ends", _("La fin vient avant le début."))
        return cleaned

    def validate_unique(self) -> None:
        """Leave it to the action, which looks in the same moment as it writes."""

    def validate_constraints(self) -> None:
        """Leave it to the database: each is said above or by the action."""


class GroupForm(forms.Form):
    """Within which grant another is counted from a day on."""

    parent = forms.ModelChoiceField(
        label=gettext_lazy("Comptée dans"), queryset=Grant.objects.none(), required=False,
        empty_label=gettext_lazy("Aucune autre subvention"),
    )  # fmt: skip
    since = day_field(
        gettext_lazy("À partir du"), gettext_lazy("Ce qui s'est passé avant ce jour reste où c'était compté.")
    )
    reason = forms.CharField(
        label=gettext_lazy("Pourquoi ?"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Une phrase, comme : regroupement des leviers de Gavi 6.0."),
    )  # fmt: skip

    def __init__(self, grant: Grant, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["parent"].queryset = Grant.objects.exclude(pk=grant.pk)  # type: ignore[attr-defined]


class RateForm(forms.Form):
    """What a currency was worth in another on a day."""

    base = forms.ChoiceField(label=gettext_lazy("Un"), choices=CURRENCIES, initial="USD")
    rate = Amount(
        label=gettext_lazy("Valait"),
        max_digits=18,
        decimal_places=6,
        help_text=gettext_lazy("Comme 655,957."),
    )
    quote = forms.ChoiceField(label=gettext_lazy("En"), choices=CURRENCIES, initial="XOF")
    day = day_field(gettext_lazy("Le"))
    source = forms.CharField(
        label=gettext_lazy("Qui le dit ?"),
        max_length=250,
        help_text=gettext_lazy("Comme : BCEAO, cours moyen du jour."),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a rate of one currency in itself, and one of nothing."""
        cleaned = super().clean() or {}
        if cleaned.get("base") and cleaned.get("base") == cleaned.get("quote"):
            self.add_error("quote", _("Choisissez deux monnaies différentes."))
        if cleaned.get("rate") is not None and cleaned["rate"] <= 0:
            self.add_error("rate", _("Un cours est plus grand que zéro."))
        return cleaned


class IdentifierForm(forms.Form):
    """Under which identifier IATI knows an organisation."""

    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Organisation"), queryset=Organisation.objects.all()
    )
    identifier = forms.RegexField(
        label=gettext_lazy("Son identifiant"), regex=r"^[^\s/&|?]+-[^\s/&|?]+$", max_length=100,
        help_text=gettext_lazy("Comme XM-DAC-47122 pour Gavi. Il se cherche sur org-id.guide."),
    )  # fmt: skip
