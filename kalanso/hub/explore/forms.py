"""What may a reader ask of a table, and what is said where it makes no sense?

Filters come in the address. A wrong one is explained beside its field; the page still opens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.explore.panels import check_name, named, period, severity_name, triangulated
from kalanso.hub.explore.queries import findings, places, tables
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import TableSpec

# column of a table -> name of the parameter in the address
PARAMETERS = {
    "analysis": "analyse",
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
    "analysis": gettext_lazy("Analyse"),
    "source": gettext_lazy("Source"),
    "indicator": gettext_lazy("Indicateur"),
    "period": gettext_lazy("Période"),
    "level": gettext_lazy("Niveau"),
    "check": gettext_lazy("Contrôle"),
    "category": gettext_lazy("Catégorie"),
    "status": gettext_lazy("Statut"),
    "severity": gettext_lazy("Gravité"),
}


SEVERAL = "several"  # the mark of a name that more than one place bears
SHOWN: dict[str, Callable[[str], str]] = {
    "analysis": lambda code: triangulated(code, "analysis"), "source": str, "period": period, "check": check_name, "severity": severity_name,
}  # fmt: skip


class ShortList(forms.Select):
    """A list to choose from, written at once: Django's own asks a template for every option, ten times as slow."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the element of the page."""
        own = flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})
        chosen = {str(one) for one in self.format_value(value)}
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (key, mark_safe(" selected") if str(key) in chosen else "", label)
                for key, label in self.choices
            ),
        )
        return format_html("<select{}>{}</select>", own, options)


class PlaceField(forms.CharField):
    """A place by code or by name; the value is the code."""

    def __init__(self, shelf: Shelf, **options: Any) -> None:
        super().__init__(required=False, max_length=120, **options)
        self.shelf = shelf

    def clean(self, value: Any) -> str:
        """Return the code of the one place that is meant."""
        text = super().clean(value).strip()
        if not text:
            return text
        found = places.meant(self.shelf, text)
        if not found:
            raise forms.ValidationError(
                _("Aucun lieu ne s'appelle « %(text)s ». Écrivez un autre nom, ou le code du lieu.")
                % {"text": text}
            )
        if len(found) > 1:
            raise forms.ValidationError(
                _("Plusieurs lieux répondent à « %(text)s » : choisissez-en un."),
                code=SEVERAL,
                params={"text": text, "found": found},
            )
        return found[0].code


class Narrowing(forms.Form):
    """A filter by place and by short lists, which says what it applies."""

    def __init__(self, shelf: Shelf, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.shelf = shelf

    def add_place(self) -> None:
        """Offer to narrow by a place with all that lies inside it."""
        self.fields["lieu"] = PlaceField(
            self.shelf, label=_("Lieu"), help_text=_("Nom ou code ; tout ce qui s'y trouve est compris.")
        )

    def add_list(self, column: str, options: Sequence[tuple[str, str]]) -> None:
        """Offer to narrow by one value of a column."""
        self.fields[PARAMETERS[column]] = forms.ChoiceField(
            label=LABELS[column],
            choices=[("", _("Tout")), *options],
            required=False,
            widget=ShortList,
            error_messages={"invalid_choice": _("« %(value)s » ne figure pas dans cette table.")},
        )

    def several(self) -> list[tuple[Place, list[Place]]]:
        """Return the places that the text may mean, each with those above it, where it is not clear which."""
        told = self.errors.as_data().get("lieu", [])
        found = [place for error in told if error.code == SEVERAL for place in error.params["found"]]
        return places.offered(self.shelf, found)

    def place(self) -> Place | None:
        """Return the place that the filter applies."""
        self.is_valid()
        code = getattr(self, "cleaned_data", {}).get("lieu", "")
        return places.tree(self.shelf).places.get(code)

    def applied(self) -> list[str]:
        """Return what the filter applies, in the reader's words."""
        self.is_valid()
        cleaned = getattr(self, "cleaned_data", {})
        here = self.place()
        said = [here.name] if here else []
        for name, field in self.fields.items():
            if name != "lieu" and cleaned.get(name):
                said.append(dict(field.choices)[cleaned[name]])  # type: ignore[attr-defined]
        return said


class TableFilter(Narrowing):
    """Narrow a table by place, period, indicator, source and the other short lists that it has."""

    def __init__(self, shelf: Shelf, spec: TableSpec, as_of: str | None, *args: Any, **options: Any) -> None:
        super().__init__(shelf, *args, **options)
        self.spec = spec
        if {"place_code", "from_code"} & set(spec.column_names):
            self.add_place()
        for column in tables.filters_of(spec):
            values = tables.choices(shelf, spec.name, column, as_of)
            show = SHOWN.get(column, named)
            self.add_list(column, [(value, show(value)) for value in values])

    def selection(self, as_of: str | None) -> tables.Selection:
        """Return the rows that were asked for; fields that make no sense narrow nothing."""
        self.is_valid()
        cleaned = getattr(self, "cleaned_data", {})
        values = tuple((column, cleaned[name]) for column, name in PARAMETERS.items() if cleaned.get(name))
        return tables.Selection(values=values, place=cleaned.get("lieu", ""), as_of=as_of)


class FindingsFilter(Narrowing):
    """Narrow findings by check, severity, place and period."""

    def __init__(self, shelf: Shelf, *args: Any, **options: Any) -> None:
        super().__init__(shelf, *args, **options)
        self.add_place()
        for column in ("check", "severity", "period"):
            values = tables.choices(shelf, QUALITY_FINDINGS.name, column, None)
            self.add_list(column, [(value, SHOWN[column](value)) for value in values])

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
