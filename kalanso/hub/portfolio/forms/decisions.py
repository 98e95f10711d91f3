"""What does somebody say of a meeting, and of a decision with what it rests on and affects?"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.models import Organisation, PlaceMirror
from kalanso.hub.people.queries.citations import Cited
from kalanso.hub.people.queries.places import names_of, way_to
from kalanso.hub.portfolio.models import Cell, Decision, Intervention, Meeting
from kalanso.hub.portfolio.queries import cells_cited, decisions

COUNTRY = "-"
CELLS_OFFERED = 400
_DAY = {"type": "date"}


def _choices(person: Any, verb: str) -> list[tuple[str, Any]]:
    everywhere, inside = decisions.places(person, verb)
    called = way_to(inside)
    country = [(COUNTRY, _("Tout le pays"))] if everywhere else []
    return [*country, *((place.code, called[place.code]) for place in inside)]


class MeetingForm(forms.Form):
    """Note a meeting, or write its minutes."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    title = forms.CharField(
        label=_("Titre"), max_length=200, help_text=_("Exemple : Revue trimestrielle du portefeuille, T3 2026"),
    )  # fmt: skip
    date = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"))
    place = forms.ChoiceField(label=_("De quel lieu parle-t-elle ?"))
    present = forms.ModelMultipleChoiceField(
        queryset=Organisation.objects.all(), label=_("Organisations présentes"), required=False, widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    minutes = forms.CharField(
        label=_("Compte rendu"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_("Ce qui s'est dit. Les décisions se notent à part, chacune avec ce sur quoi elle s'appuie."),
    )  # fmt: skip

    def __init__(self, person: Any, *args: Any, one: Meeting | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["place"].choices = _choices(person, "portfolio.meet")  # type: ignore[attr-defined]
        if one is not None:
            self.initial |= {
                "version": one.version, "title": one.title, "date": one.date, "place": one.place_code or COUNTRY,
                "present": [house.pk for house in one.organisations.all()], "minutes": one.minutes,
            }  # fmt: skip
        else:
            del self.fields["version"]

    def said(self) -> dict[str, Any]:
        """Return the fields of the record."""
        given = self.cleaned_data
        place = "" if given["place"] == COUNTRY else given["place"]
        return {
            "title": given["title"],
            "date": given["date"],
            "place_code": place,
            "minutes": given["minutes"],
        }


class DecisionForm(forms.Form):
    """Note a decision, or correct one."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    text = forms.CharField(
        label=_("Qu'est-ce qui est décidé ?"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Une phrase qui se comprend seule. Ce qu'il y a à faire devient ensuite une action."),
    )  # fmt: skip
    body = forms.CharField(
        label=_("Qui l'a décidé ?"), max_length=200, help_text=_("Exemple : Comité de coordination du PEV"),
    )  # fmt: skip
    date = forms.DateField(label=_("Quel jour ?"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"))
    place = forms.ChoiceField(label=_("Pour quel lieu ?"))
    meeting = forms.ModelChoiceField(
        queryset=Meeting.objects.none(), label=_("Réunion"), required=False, empty_label=_("Hors réunion")
    )
    grounds = forms.MultipleChoiceField(
        label=_("Sur quoi s'appuie-t-elle ?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Cochez au moins un appui, ou donnez plus haut un chiffre et d'où il vient."),
    )
    number = forms.CharField(
        label=_("Un chiffre sur lequel elle s'appuie"), required=False, max_length=300,
        help_text=_("Il le faut si rien n'est coché. Exemple : environ 1 240 enfants zéro dose à Niono (entre 860 et 1 690)."),
    )  # fmt: skip
    source = forms.CharField(
        label=_("D'où vient ce chiffre"), required=False, max_length=200,
        help_text=_("Avec le chiffre, toujours. Exemple : estimation publiée le 12/11/2026."),
    )  # fmt: skip
    interventions = forms.ModelMultipleChoiceField(
        queryset=Intervention.objects.none(), label=_("Interventions touchées"), required=False, widget=forms.CheckboxSelectMultiple
    )  # fmt: skip
    cells = forms.ModelMultipleChoiceField(
        queryset=Cell.objects.none(), label=_("Interventions touchées, district par district"), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    rare_title = _("Interventions touchées")
    RARE = ("interventions", "cells")
    # A meeting offers dozens of grounds: what is written stands before what is ticked.
    field_order = ("version", "text", "body", "date", "place", "meeting", "number", "source", "grounds")

    def __init__(
        self, person: Any, *args: Any, today: date, came_from: Cited | None = None, offered: Sequence[Cited] = (),
        one: Decision | None = None, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **options)
        self.fields["place"].choices = _choices(person, "portfolio.decide")  # type: ignore[attr-defined]
        self.fields["meeting"].queryset = decisions.visible_meetings(person)  # type: ignore[attr-defined]
        self.fields["interventions"].queryset = decisions.interventions()  # type: ignore[attr-defined]
        self._cells(person, one, came_from)
        offers = (
            [came_from, *offered]
            if came_from is not None and came_from.object_type != decisions.MEETING
            else [*offered]
        )
        marks = {cited.mark: f"{cited.kind} · {cited.name}" for cited in offers}
        self.fields["grounds"].choices = list(marks.items())  # type: ignore[attr-defined]
        for name in ("grounds", "number", "source"):
            self.fields[name].hint_says_when = True  # type: ignore[attr-defined]
        if not marks:
            del self.fields["grounds"]
        if one is not None:
            self.initial |= _initial_of(one)
        else:
            del self.fields["version"]
            places = {code for code, _name in self.fields["place"].choices}  # type: ignore[attr-defined]
            self.initial |= {"date": today} | _preset(came_from, marks, places)

    def _cells(self, person: Any, one: Decision | None, came_from: Cited | None) -> None:
        at = one.place_code if one is not None else came_from.place_code if came_from is not None else ""
        found = decisions.cells_to_affect(at) if at else Cell.objects.none()
        if one is not None:
            found = found | Cell.objects.filter(decisions=one)
        shown = list(found.distinct()[:CELLS_OFFERED])
        known = cells_cited.cells(person, [str(cell.pk) for cell in shown])
        if not known:
            del self.fields["cells"]
            return
        names = names_of({cell.place_code for cell in shown})
        self.fields["cells"].queryset = Cell.objects.filter(
            pk__in=[int(key) for key in known]
        ).select_related("intervention")  # type: ignore[attr-defined]
        self.fields["cells"].label_from_instance = (  # type: ignore[attr-defined]
            lambda cell: f"{cell.intervention} · {names.get(cell.place_code, cell.place_code)}"
        )

    @property
    def usual(self) -> list[forms.BoundField]:
        """Return the fields that are always shown."""
        return [field for field in self.visible_fields() if field.name not in self.RARE]

    @property
    def rare(self) -> list[forms.BoundField]:
        """Return the fields that stand behind a line."""
        return [field for field in self.visible_fields() if field.name in self.RARE]

    @property
    def rare_open(self) -> bool:
        """Whether something is chosen or wrong behind the line."""
        return any(field.value() or field.errors for field in self.rare)

    def clean(self) -> dict[str, Any]:
        """A number comes with its source."""
        given: dict[str, Any] = super().clean() or {}
        if bool(given.get("number")) != bool(given.get("source")):
            self.add_error(
                "source" if given.get("number") else "number", _("Le chiffre et d'où il vient vont ensemble.")
            )
        return given

    def said(self) -> dict[str, Any]:
        """Return the fields of the record."""
        given = self.cleaned_data
        place = "" if given["place"] == COUNTRY else given["place"]
        return {name: given[name] for name in ("text", "body", "date", "meeting")} | {"place_code": place}

    def more(self) -> dict[str, Any]:
        """Return what the record rests on and affects."""
        given = self.cleaned_data
        return {
            "rests_on": given.get("grounds", ()), "number": given["number"], "source": given["source"],
            "cells": given.get("cells", ()), "interventions": given["interventions"],
        }  # fmt: skip


def _initial_of(one: Decision) -> dict[str, Any]:
    return {
        "version": one.version, "text": one.text, "body": one.body, "date": one.date, "place": one.place_code or COUNTRY,
        "meeting": one.meeting_id, "cells": [cell.pk for cell in one.cells.all()],
        "interventions": [line.pk for line in one.interventions.all()],
    }  # fmt: skip


def _preset(came_from: Cited | None, marks: dict[str, str], places: Set[str]) -> dict[str, Any]:
    """Return what is known of a decision from where somebody came: its ground, and the nearest place that is theirs."""
    if came_from is None:
        return {}
    there = PlaceMirror.objects.filter(code=came_from.place_code).first()
    above = there.path.strip("/").split("/") if there is not None else []
    found: dict[str, Any] = {
        "place": next((code for code in reversed(above) if code in places), COUNTRY),
        "grounds": [came_from.mark] if came_from.mark in marks else [],
    }
    if came_from.object_type == decisions.MEETING:
        found["meeting"] = int(came_from.object_id)
    elif came_from.object_type == cells_cited.CELL:
        found["cells"] = [int(came_from.object_id)]
    return found


class DecisionFilter(forms.Form):
    """Which decisions somebody looks for; wrong values are as if nothing was asked."""

    lieu = forms.CharField(label=_("Lieu"), required=False, max_length=100)
    depuis = forms.DateField(
        label=_("Depuis le"), required=False, widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )
    q = forms.CharField(label=_("Mots ou numéro"), required=False, max_length=100)

    def wanted(self, place: str = "") -> decisions.Wanted:
        """Return what was asked for."""
        self.is_valid()
        given = self.cleaned_data
        return decisions.Wanted(place=place, since=given.get("depuis"), text=given.get("q", ""))
