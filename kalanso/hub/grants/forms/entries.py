"""What do people say of a movement of money, of its correction, of a question, and which sheet do they bring?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.grants.forms.grants import CURRENCIES, amount_field, day_field
from kalanso.hub.grants.models import BudgetLine, Entry, Grant, MoneyLoad
from kalanso.hub.grants.queries.sheets import LIMITS
from kalanso.hub.people.forms.files import kept_apart
from kalanso.hub.people.models import Organisation, PlaceMirror
from kalanso.hub.portfolio.models import Intervention

KINDS = [one for one in Entry.Kind.choices if one[0] != Entry.Kind.ADJUSTMENT]
PIECE = gettext_lazy(
    "Le numéro de la facture, du bordereau ou de la convention. Rien n'est écrit sans pièce."
)


class EntryForm(forms.Form):
    """A commitment, disbursement or expenditure."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Qu'est-il arrivé à l'argent ?"), choices=KINDS, widget=forms.RadioSelect
    )
    day = day_field(gettext_lazy("Quel jour ?"))
    amount = amount_field(gettext_lazy("Combien ?"))
    currency = forms.ChoiceField(label=gettext_lazy("Monnaie"), choices=CURRENCIES)
    reference = forms.CharField(label=gettext_lazy("Pièce"), max_length=120, help_text=PIECE)

    def __init__(self, line: BudgetLine, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["currency"].initial = line.currency

    def clean_amount(self) -> Any:
        """Refuse an entry of nothing."""
        if self.cleaned_data["amount"] <= 0:
            raise forms.ValidationError(_("Un montant est plus grand que zéro."))
        return self.cleaned_data["amount"]


class CorrectionForm(forms.Form):
    """What is added to an entry, or taken from it, and why."""

    way = forms.ChoiceField(
        label=gettext_lazy("Que faut-il faire ?"), widget=forms.RadioSelect,
        choices=(("less", gettext_lazy("Ôter : il y avait trop")), ("more", gettext_lazy("Ajouter : il manquait"))),
    )  # fmt: skip
    amount = amount_field(gettext_lazy("De combien ?"))
    day = day_field(gettext_lazy("Quel jour ?"))
    reference = forms.CharField(label=gettext_lazy("Pièce"), max_length=120, help_text=PIECE)
    reason = forms.CharField(
        label=gettext_lazy("Pourquoi ?"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        """Give the amount its sign; refuse a correction of nothing."""
        cleaned = super().clean() or {}
        if cleaned.get("amount") is not None and cleaned["amount"] <= 0:
            self.add_error("amount", _("Un montant est plus grand que zéro."))
        elif cleaned.get("way") == "less" and cleaned.get("amount"):
            cleaned["amount"] = -cleaned["amount"]
        return cleaned


class QuestionForm(forms.Form):
    """What does not agree between an entry and its document."""

    question = forms.CharField(
        label=gettext_lazy("Qu'est-ce qui ne va pas ?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class LineForm(forms.Form):
    """A budget line that is not there yet."""

    intervention = forms.ModelChoiceField(
        label=gettext_lazy("Intervention"), queryset=Intervention.objects.filter(closed=False)
    )
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Qui dépense ?"), queryset=Organisation.objects.none()
    )
    place = forms.ModelChoiceField(
        label=gettext_lazy("District"), queryset=PlaceMirror.objects.none(), required=False, empty_label=gettext_lazy("Tout le pays")
    )  # fmt: skip
    year = forms.TypedChoiceField(label=gettext_lazy("Année"), coerce=int)
    planned = amount_field(gettext_lazy("Prévu"))

    def __init__(self, grant: Grant, organisations: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]
        self.fields["place"].queryset = PlaceMirror.objects.filter(level="district").order_by("name")  # type: ignore[attr-defined]
        years = range(grant.begins.year, grant.ends.year + 1)
        self.fields["year"].choices = [(year, year) for year in years]  # type: ignore[attr-defined]


class PlannedForm(forms.Form):
    """Another amount for a budget line."""

    planned = amount_field(gettext_lazy("Prévu"))
    version = forms.IntegerField(widget=forms.HiddenInput)


class MoneyFileForm(forms.Form):
    """A sheet of budget lines or entries of a grant."""

    grant = forms.ModelChoiceField(
        label=gettext_lazy("De quelle subvention parle-t-elle ?"),
        queryset=Grant.objects.none(),
        empty_label=None,
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Que contient-elle ?"), choices=MoneyLoad.Kind.choices, widget=forms.RadioSelect
    )
    file = forms.FileField(
        label=gettext_lazy("Votre feuille"), max_length=255, help_text=gettext_lazy("Un tableau Excel (.xlsx) ou CSV, 5 Mo au plus."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt,text/csv"}),
    )  # fmt: skip

    def __init__(self, grants: Any, *args: Any, too_large: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.too_large = too_large
        self.fields["grant"].queryset = grants  # type: ignore[attr-defined]

    def clean_file(self) -> UploadedFile:
        """Refuse a file that is too large."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LIMITS.file_bytes:
            raise forms.ValidationError(_("Ce fichier dépasse 5 Mo."))
        return file

    def clean(self) -> dict[str, Any]:
        """Say of a request that was read away why."""
        cleaned = super().clean() or {}
        if self.too_large:
            self.errors.pop("file", None)
            self.add_error("file", _("Ce fichier dépasse 5 Mo."))
        return cleaned

    def keep(self) -> tuple[Path, str]:
        """Return the file in a place of its own, and its checksum."""
        return kept_apart(self.cleaned_data["file"], "kalanso-money-")
