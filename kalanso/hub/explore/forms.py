"""What may a reader ask of a table, and what is said where it makes no sense?

Filters come in the address. A wrong one is explained beside its field; the page still opens.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.explore.panels import check_name, named, period, severity_name
from kalanso.hub.explore.queries import findings, places, tables
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import TableSpec

# column of a table -> name of the parameter in the address
PARAMETERS = {
    "source": "source",
    "indicator": "indicateur",
    "period": "periode",
    "level": "niveau",
    "check": "controle",
    "category": "categorie",
    "status": "statut",
    "severity": "gravite",
}
LABELS = {
    "source": gettext_lazy("Source"),
    "indicator": gettext_lazy("Indicateur"),
    "period": gettext_lazy("Période"),
    "level": gettext_lazy("Niveau"),
    "check": gettext_lazy("Contrôle"),
    "category": gettext_lazy("Catégorie"),
    "status": gettext_lazy("Statut"),
    "severity": gettext_lazy("Gravité"),
}


class PlaceField(forms.CharField):
    """A place by code or by name; the value is the code."""

    def __init__(self, shelf: Shelf, **options: Any) -> None:
        super().__init__(required=False, max_length=120, **options)
        self.shelf = shelf

    def clean(self, value: Any) -> str:
        """Return the code of the one place that is meant."""
        text = super().clean(value).strip()
        known = places.tree(self.shelf).places
        if not text or text in known:
            return text
        found = places.search(self.shelf, text)
        exact = [p for p in found if places.folded(p.name) == places.folded(text)] or found
        if not exact:
            raise forms.ValidationError(
                _("Aucun lieu ne s'appelle « %(text)s ». Écrivez un autre nom, ou le code du lieu.")
                % {"text": text}
            )
        highest = [place for place in exact if place.depth == exact[0].depth]
        if len(highest) > 1:
            options = ", ".join(f"{place.name} ({place.code})" for place in highest[:6])
            raise forms.ValidationError(
                _("Plusieurs lieux répondent à « %(text)s » : écrivez le code de l'un d'eux : %(options)s.")
                % {"text": text, "options": options}
            )
        return highest[0].code


class TableFilter(forms.Form):
    """Narrow a table by place, period, indicator, source and the other short lists that it has."""

    def __init__(self, shelf: Shelf, spec: TableSpec, as_of: str | None, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.shelf, self.spec = shelf, spec
        if {"place_code", "from_code"} & set(spec.column_names):
            self.fields["lieu"] = PlaceField(
                shelf, label=_("Lieu"), help_text=_("Nom ou code ; tout ce qui s'y trouve est compris.")
            )
        for column in tables.filters_of(spec):
            values = tables.choices(shelf, spec.name, column, as_of)
            show = period if column == "period" else named
            options_shown = [("", _("Tout")), *((value, show(value)) for value in values)]
            if column == "source":
                options_shown = [("", _("Tout")), *((value, value) for value in values)]
            self.fields[PARAMETERS[column]] = forms.ChoiceField(
                label=LABELS[column],
                choices=options_shown,
                required=False,
                error_messages={"invalid_choice": _("« %(value)s » ne figure pas dans cette table.")},
            )

    def selection(self, as_of: str | None) -> tables.Selection:
        """Return the rows that were asked for; fields that make no sense narrow nothing."""
        self.is_valid()
        cleaned = getattr(self, "cleaned_data", {})
        values = tuple((column, cleaned[name]) for column, name in PARAMETERS.items() if cleaned.get(name))
        return tables.Selection(values=values, place=cleaned.get("lieu", ""), as_of=as_of)


class FindingsFilter(forms.Form):
    """Narrow findings by check, severity, place and period."""

    def __init__(self, shelf: Shelf, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["lieu"] = PlaceField(
            shelf, label=_("Lieu"), help_text=_("Nom ou code ; tout ce qui s'y trouve est compris.")
        )
        for column, show in (("check", check_name), ("severity", severity_name), ("period", period)):
            values = tables.choices(shelf, QUALITY_FINDINGS.name, column, None)
            self.fields[PARAMETERS[column]] = forms.ChoiceField(
                label=LABELS[column],
                choices=[("", _("Tout")), *((value, show(value)) for value in values)],
                required=False,
                error_messages={"invalid_choice": _("« %(value)s » ne figure pas dans cette table.")},
            )

    def wanted(self) -> findings.Wanted:
        """Return the findings that were asked for; fields that make no sense narrow nothing."""
        self.is_valid()
        cleaned = getattr(self, "cleaned_data", {})
        return findings.Wanted(
            check=cleaned.get("controle", ""),
            severity=cleaned.get("gravite", ""),
            place=cleaned.get("lieu", ""),
            period=cleaned.get("periode", ""),
        )
