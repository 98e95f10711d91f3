"""What is declared of every round, of households or not: its titles, whose it is, where, when, on which approvals?

The approvals may wait, but no file is taken without them.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.people.models import Organisation
from kalanso.hub.people.queries.places import way_to
from kalanso.hub.studies.models import ETHICS, Round
from kalanso.hub.studies.queries import rounds as queries

COUNTRY = "-"
NAMED = ("title_fr", "title_en", "survey", "organisation", "place", "first_day", "last_day")
_DAY = {"type": "date"}


def _day(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label, help_text=help_text, required=required, widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )  # fmt: skip


def _text(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=120)


class DeclaredForm(forms.Form):
    """What every round says of itself; `asked` lists the questions in their order, those asked apart left out."""

    asked: tuple[str, ...] = (*NAMED, *ETHICS)

    title_fr = forms.CharField(
        label=gettext_lazy("Titre en français"), max_length=200,
        help_text=gettext_lazy("Exemple : Enquête auprès des ménages dans six aires de santé, 2025"),
    )  # fmt: skip
    title_en = forms.CharField(label=gettext_lazy("Titre en anglais"), max_length=200)
    survey = forms.SlugField(
        label=gettext_lazy("Nom court"), max_length=60,
        help_text=gettext_lazy(
            "Lettres sans accent, chiffres et tirets, comme menages-2025. Il accompagne chaque chiffre."
        ),
        error_messages={"invalid": gettext_lazy("Écrivez-le sans espace ni accent : des lettres, des chiffres et des tirets, comme menages-2025.")},
    )  # fmt: skip
    organisation = forms.ModelChoiceField(
        queryset=Organisation.objects.none(),
        label=gettext_lazy("Au nom de quelle organisation ?"),
        empty_label=None,
    )
    place = forms.ChoiceField(label=gettext_lazy("De quel lieu parle-t-elle ?"))
    first_day = _day(gettext_lazy("Premier jour de collecte"))
    last_day = _day(gettext_lazy("Dernier jour de collecte"))
    approval = _text(
        gettext_lazy("Accord du comité d'éthique"),
        gettext_lazy("Son numéro. Aucun fichier n'est pris tant que ces cinq lignes ne sont pas remplies."),
    )
    data_protection = _text(
        gettext_lazy("Déclaration des données personnelles"), gettext_lazy("Le numéro donné par l'APDP.")
    )
    consent_version = _text(
        gettext_lazy("Version du texte de consentement"),
        gettext_lazy("Avec ses langues, comme : 2, français et bambara."),
    )
    kept_until = _day(gettext_lazy("Données gardées jusqu'au"), required=False)
    destroyed_on = _day(
        gettext_lazy("Données détruites le"),
        gettext_lazy("Passé ce jour, les fichiers ne sont plus lus."),
        required=False,
    )

    def __init__(self, person: Any, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.person, self.today = person, today
        everywhere, inside = queries.places(person)
        called = way_to(inside)
        country = [(COUNTRY, gettext_lazy("Tout le pays"))] if everywhere else []
        self.fields["place"].choices = [*country, *((one.code, called[one.code]) for one in inside)]  # type: ignore[attr-defined]
        own = queries.organisations(person)
        self.fields["organisation"].queryset = own  # type: ignore[attr-defined]
        for name in ETHICS:
            self.fields[name].hint_says_when = True  # type: ignore[attr-defined]  # asked before the first file
        if own.count() == 1:
            self.fields["organisation"].widget = forms.HiddenInput()
            self.initial.setdefault("organisation", own.get().pk)

    @property
    def usual(self) -> list[forms.BoundField]:
        """The questions asked of every round."""
        return [self[name] for name in self.asked if not self[name].is_hidden]

    def clean_destroyed_on(self) -> date | None:
        """Take a day that is still to come."""
        day: date | None = self.cleaned_data["destroyed_on"]
        if day is not None and day < self.today:
            raise forms.ValidationError(_("Ce jour est passé : les données devraient être détruites déjà."))
        return day

    def clean(self) -> dict[str, Any]:
        """Hold the days together."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("Le dernier jour est avant le premier."))
        kept, gone = cleaned.get("kept_until"), cleaned.get("destroyed_on")
        if kept and gone and gone < kept:
            self.add_error("destroyed_on", _("Les données seraient détruites avant la fin de leur garde."))
        return cleaned

    def said(self) -> dict[str, Any]:
        """Return what was declared, by the fields of the record."""
        told = dict(self.cleaned_data)
        place = told.pop("place")
        return {**told, "place_code": "" if place == COUNTRY else place}


def declared_of(one: Round) -> dict[str, Any]:
    """Return what every round says of itself as the form shows it."""
    plain = {name: getattr(one, name) for name in (*NAMED, *ETHICS) if name not in {"organisation", "place"}}
    return {**plain, "organisation": one.organisation_id, "place": one.place_code or COUNTRY}
