"""Which value of an interview does somebody correct, to what, and why?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.people.queries.places import folded
from kalanso.hub.studies.queries.corrections import CODES, DATES

LARGEST = 2 * 1024 * 1024
ROWS_AT_MOST = 5_000
COLUMNS = ("table", "child", "field", "before", "after", "why")
NAMES = {
    "interview_date": gettext_lazy("Jour de l'interview"), "birth_card": gettext_lazy("Naissance, sur la carte"),
    "birth_register": gettext_lazy("Naissance, au registre"), "birth_history": gettext_lazy("Naissance, dite par la mère"), "sex": gettext_lazy("Sexe"),
    "card_ever": gettext_lazy("A déjà eu une carte"), "card_seen": gettext_lazy("Carte vue"), "register_seen": gettext_lazy("Registre vu"),
    "bcg_scar": gettext_lazy("Cicatrice du BCG"), "displaced": gettext_lazy("Ménage déplacé"), "date": gettext_lazy("Date de la dose"),
    "answer": gettext_lazy("Dose reçue"), "row": gettext_lazy("L'interview entière"), "cohort": gettext_lazy("Cohorte"),
}  # fmt: skip
VALUES = {
    "yes": gettext_lazy("oui"), "no": gettext_lazy("non"), "unknown": gettext_lazy("ne sait pas"), "female": gettext_lazy("fille"),
    "male": gettext_lazy("garçon"),
}  # fmt: skip
_AS_WRITTEN = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")  # day, month, year, as people write it
_WORDS = {
    "oui": "yes", "non": "no", "ne sait pas": "unknown", "fille": "female", "garcon": "male", "girl": "female", "boy": "male",
    "does not know": "unknown",
}  # fmt: skip
SOURCES = {
    "card": gettext_lazy("carte"),
    "register": gettext_lazy("registre"),
    "history": gettext_lazy("dite par la mère"),
}


class CorrectionForm(forms.Form):
    """One value, what it becomes, and why; `field` and the value it holds come from the line."""

    field = forms.ChoiceField(label=gettext_lazy("Que corriger ?"))
    after = forms.CharField(
        label=gettext_lazy("La valeur juste"), max_length=120, required=False,
        help_text=gettext_lazy("Une date comme 31/01/2025. Une réponse : oui, non, ne sait pas. Vide : rien n'est su."),
    )  # fmt: skip
    why = forms.CharField(
        label=gettext_lazy("Comment le savez-vous ?"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Une phrase, sans nom : la photo de la carte, le superviseur qui est retourné sur place …"),
    )  # fmt: skip

    def __init__(self, *args: Any, values: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.values = values
        self.fields["field"].choices = [  # type: ignore[attr-defined]
            (name, f"{NAMES[name]} : {shown(name, value) or '—'}") for name, value in values.items()
        ]
        if "sex" in values:
            self.fields["after"].help_text = _("Une date comme 31/01/2025. Une réponse : oui, non, ne sait pas ; le sexe : fille, garçon. Vide : rien n'est su.")  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Take the value as people write it."""
        cleaned = super().clean() or {}
        if "after" in cleaned and "field" in cleaned:
            cleaned["after"] = meant(cleaned["field"], cleaned["after"])
        return cleaned


def meant(field: str, written: str) -> str:
    """Return a value as it is kept: days as 2025-01-31, answers as their codes; whatever else as it stands."""
    told = written.strip()
    if field in DATES and (day := _AS_WRITTEN.fullmatch(told)):
        return f"{day[3]}-{int(day[2]):02d}-{int(day[1]):02d}"
    return _WORDS.get(folded(told), told) if field in CODES else told


def shown(field: str, value: str) -> str:
    """Return a value in words."""
    if value == "tick":
        return _("reçue, sans date")
    return str(VALUES.get(value, value)) if field in CODES else value


class CorrectionsFileForm(forms.Form):
    """Corrections that were written in a spreadsheet."""

    file = forms.FileField(
        label=gettext_lazy("Un fichier de corrections"), max_length=255,
        help_text=gettext_lazy("CSV : table, child, dose, source, field, before, after, why. Une ligne fausse, et aucune n'est prise."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )  # fmt: skip

    def clean_file(self) -> list[dict[str, str]]:
        """Read the lines."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("Ce fichier dépasse 2 Mo."))
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("Ce fichier n'est pas un CSV en UTF-8.")) from error
        reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in text.split("\n", 1)[0] else ",")
        if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
            raise forms.ValidationError(
                _("Il manque à ce fichier : %(columns)s.") % {"columns": ", ".join(missing)}
            )
        rows = [
            {str(name): str(value or "").strip() for name, value in row.items() if name is not None}
            for row in reader
        ]
        for row in rows:
            row["after"] = meant(row["field"], row["after"])
        if not rows or len(rows) > ROWS_AT_MOST:
            raise forms.ValidationError(_("Ce fichier n'a aucune ligne, ou plus de 5 000."))
        if any(len(value) > 300 for row in rows for value in row.values()):
            raise forms.ValidationError(_("Une valeur de ce fichier est trop longue."))
        return rows
