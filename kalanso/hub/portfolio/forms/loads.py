"""Which file of the portfolio may come in, and in whose name?"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.people.forms.files import kept_apart
from kalanso.hub.people.models import Organisation
from kalanso.sources.archives import MEBIBYTE

LARGEST = 10 * MEBIBYTE


class LoadForm(forms.Form):
    """A sheet of the portfolio."""

    file = forms.FileField(
        label=gettext_lazy("Votre feuille"), max_length=255, allow_empty_file=True,
        help_text=gettext_lazy("Un classeur Excel (.xlsx) ou un CSV, 10 Mo au plus."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
    )  # fmt: skip
    organisation = forms.ModelChoiceField(
        queryset=Organisation.objects.all(), label=gettext_lazy("Qui mène les interventions dont la feuille ne le dit pas ?"), empty_label=None
    )  # fmt: skip
    sheet = forms.CharField(
        label=gettext_lazy("Nom de l'onglet"), max_length=60, required=False, help_text=gettext_lazy("Seulement s'il y en a plusieurs.")
    )  # fmt: skip

    def clean_file(self) -> Any:
        """Refuse what is larger than any portfolio."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("Ce fichier dépasse 10 Mo."), code="large")
        return file

    def keep(self) -> tuple[Path, str]:
        """Write the file where it can be read, and return where, with its checksum; whoever calls removes it."""
        return kept_apart(self.cleaned_data["file"], "portfolio-")


def clean_name(name: str) -> str:
    """Return the name of a file without folders and tricks."""
    base = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(letter if letter.isalnum() or letter in " ._-()" else "_" for letter in base)
    return " ".join(kept.split()).strip(". ")[:100] or "feuille"
