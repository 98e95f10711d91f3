"""What is asked of a decision under which data of a study go abroad?"""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.people.queries.places import country_pack
from kalanso.hub.studies.models import Transfer


class TransferForm(forms.Form):
    """What goes, to whom, where, on which ground, by which decision of which day."""

    data = forms.ChoiceField(label=gettext_lazy("Qu'est-ce qui part ?"), choices=Transfer.Data.choices)
    recipient = forms.CharField(
        label=gettext_lazy("À qui ?"), max_length=200,
        help_text=gettext_lazy("L'institution et la personne qui répond des données là-bas."),
    )  # fmt: skip
    country = forms.CharField(label=gettext_lazy("Dans quel pays ?"), max_length=60)
    ground = forms.ChoiceField(
        label=gettext_lazy("Sur quelle base légale ?"), choices=Transfer.Ground.choices
    )
    decision = forms.CharField(
        label=gettext_lazy("Numéro de la décision"), max_length=120,
        help_text=gettext_lazy("Celui de l'acte qui permet ce transfert, pas celui de la déclaration de l'étude."),
    )  # fmt: skip
    decided_on = forms.DateField(
        label=gettext_lazy("Jour de la décision"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )  # fmt: skip

    def clean_country(self) -> str:
        """Return the country; what stays in the country of the hub is no transfer."""
        told = str(self.cleaned_data["country"]).strip()
        own = country_pack().country
        known = {own.code.casefold(), *(name.casefold() for name in own.name.values())}
        if told.casefold() in known:
            raise forms.ValidationError(_("Ce qui reste dans le pays n'est pas un transfert à l'étranger."))
        return told


class TransferEndForm(forms.Form):
    """Which decision no longer holds, and why."""

    number = forms.IntegerField(widget=forms.HiddenInput)
    why = forms.CharField(label=gettext_lazy("Pourquoi rien ne part plus"), max_length=300)
