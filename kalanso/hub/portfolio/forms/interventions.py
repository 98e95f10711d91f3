"""What may people type about an intervention and its plan in a district?"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.people.models import Organisation, Person, Role
from kalanso.hub.people.queries.access import access_of
from kalanso.hub.portfolio.models import Cell, Intervention
from kalanso.hub.portfolio.models.cells import NEEDS_REASON
from kalanso.hub.portfolio.models.interventions import Approach, Gender, Step
from kalanso.hub.portfolio.queries.cells import next_states, owners_for, quarters_of

_DAY = {"type": "date"}


def _day(label: Any, help_text: Any = "", *, required: bool = False) -> forms.DateField:
    return forms.DateField(
        label=label, help_text=help_text, required=required, widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )  # fmt: skip


def houses_of(person: Any) -> Any:
    """Return the organisations in whose name somebody may plan."""
    access = access_of(person)
    if any(m.role == Role.NATIONAL and not m.place_code for m in access.memberships):
        return Organisation.objects.all()
    held = {
        m.organisation_id for m in access.memberships if m.role in {Role.PARTNER, Role.NATIONAL, Role.REGION}
    }
    return Organisation.objects.filter(pk__in=held)


class InterventionForm(forms.Form):
    """An intervention: what, by whom, by which way, counted in what."""

    code = forms.CharField(
        label=gettext_lazy("Code"), max_length=20, help_text=gettext_lazy("Celui du programme, comme INT-012. Il ne change plus.")
    )  # fmt: skip
    title_fr = forms.CharField(label=gettext_lazy("Titre en français"), max_length=250)
    lead = forms.ModelChoiceField(
        queryset=Organisation.objects.none(), label=gettext_lazy("Organisation responsable"), empty_label=None
    )
    approach = forms.ChoiceField(
        label=gettext_lazy("Approche"), choices=Approach.choices, initial=Approach.OTHER
    )
    unit = forms.CharField(
        label=gettext_lazy("Ce qui est compté"), max_length=80, required=False, help_text=gettext_lazy("Exemple : séances tenues le soir")
    )  # fmt: skip
    steps = forms.MultipleChoiceField(
        label=gettext_lazy("Étapes IRMMA"),
        choices=Step.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    title_en = forms.CharField(label=gettext_lazy("Titre en anglais"), max_length=250, required=False)
    objective = forms.CharField(
        label=gettext_lazy("Objectif de la stratégie nationale"), max_length=250, required=False
    )
    gender = forms.ChoiceField(
        label=gettext_lazy("Genre"), choices=[("", gettext_lazy("Pas dit")), *Gender.choices], required=False
    )
    partners = forms.ModelMultipleChoiceField(
        queryset=Organisation.objects.all(), label=gettext_lazy("Partenaires"), required=False, widget=forms.CheckboxSelectMultiple
    )  # fmt: skip
    theory = forms.CharField(
        label=gettext_lazy("Pourquoi cela devrait atteindre des enfants"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )  # fmt: skip
    unit_cost = forms.DecimalField(
        label=gettext_lazy("Coût d'une unité"), min_value=0, max_digits=14, decimal_places=2, required=False,
        help_text=gettext_lazy("En francs CFA. Laissez vide si vous ne le savez pas."),
    )  # fmt: skip
    closed = forms.BooleanField(
        label=gettext_lazy("Cette ligne est close : elle sort de la grille, rien n'est effacé"),
        required=False,
    )

    USUAL = ("code", "title_fr", "lead", "approach", "unit", "steps")
    rare_title = gettext_lazy("Titre anglais, objectif, genre, partenaires, coût")

    def __init__(self, person: Any, *args: Any, one: Intervention | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        own = houses_of(person)
        self.fields["lead"].queryset = own  # type: ignore[attr-defined]
        if own.count() == 1:
            self.initial.setdefault("lead", own.get().pk)
        if one is None:
            del self.fields["closed"]
        else:
            del self.fields["code"]

    @property
    def usual(self) -> list[forms.BoundField]:
        """The questions asked of every intervention."""
        return [self[name] for name in self.USUAL if name in self.fields]

    @property
    def rare(self) -> list[forms.BoundField]:
        """The questions that many leave empty."""
        return [self[name] for name in self.fields if name not in self.USUAL]

    @property
    def rare_open(self) -> bool:
        """Whether one of those asks for attention."""
        return any(self[name].errors for name in self.fields if name not in self.USUAL)

    def clean_code(self) -> str:
        """Return the code in capitals."""
        return str(self.cleaned_data["code"]).strip().upper()

    def clean_unit_cost(self) -> Any:
        """Return a cost, none for zero."""
        return self.cleaned_data["unit_cost"] or None

    def said(self) -> dict[str, Any]:
        """Return what was said, as the action takes it."""
        found = dict(self.cleaned_data)
        found["partners"] = list(found["partners"])
        return found


def initial_of(one: Intervention) -> dict[str, Any]:
    """Return the form of an intervention as it stands."""
    names = (
        "title_fr",
        "title_en",
        "steps",
        "approach",
        "objective",
        "gender",
        "theory",
        "unit",
        "unit_cost",
        "closed",
    )
    return {name: getattr(one, name) for name in names} | {
        "lead": one.lead_id,
        "partners": [p.pk for p in one.partners.all()],
    }


class PlanForm(forms.Form):
    """The plan of a cell; for a new one, also the district."""

    place = forms.ChoiceField(label=gettext_lazy("District"))
    organisation = forms.ModelChoiceField(
        queryset=Organisation.objects.all(), label=gettext_lazy("Qui la mène sur place ?"), empty_label=None
    )  # fmt: skip
    begins = _day(gettext_lazy("Début prévu"))
    ends = _day(gettext_lazy("Fin prévue"))
    target = forms.IntegerField(
        label=gettext_lazy("Cible"), min_value=1, max_value=10_000_000, required=False
    )
    owner = forms.ModelChoiceField(
        queryset=Person.objects.none(), label=gettext_lazy("Personne responsable"), required=False, empty_label=gettext_lazy("Pas encore dite")
    )  # fmt: skip
    sensitive = forms.BooleanField(
        label=gettext_lazy("Jours, lieux et personnes réservés à l'équipe"), required=False,
        help_text=gettext_lazy("Les autres ne voient que l'état et le trimestre. Toujours le cas dans une zone protégée."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, places: list[Any], cell: Cell | None = None, unit: str = "", **options: Any
    ) -> None:
        super().__init__(*args, **options)
        if cell is None:
            self.fields["place"].choices = [(one.code, one.name) for one in places]  # type: ignore[attr-defined]
            del self.fields["owner"]
        else:
            del self.fields["place"]
            self.fields["owner"].queryset = owners_for(cell)  # type: ignore[attr-defined]
            self.quarters = quarters_of(cell)
            split = {one.period: one.quantity for one in cell.targets.all()}
            for period in self.quarters:
                self.fields[f"q_{period}"] = forms.IntegerField(
                    label=_("Cible du trimestre %(quarter)s") % {"quarter": f"T{period[-1]} {period[:4]}"}, min_value=0, required=False, initial=split.get(period)
                )  # fmt: skip
        self.fields["target"].help_text = unit

    def clean(self) -> dict[str, Any]:
        """Refuse an end before its beginning."""
        found: dict[str, Any] = super().clean() or {}
        if found.get("begins") and found.get("ends") and found["ends"] < found["begins"]:
            self.add_error("ends", _("La fin vient avant le début."))
        return found

    def said(self) -> dict[str, Any]:
        """Return the plan, as the action takes it."""
        names = ("organisation", "begins", "ends", "target", "owner", "sensitive")
        return {name: self.cleaned_data[name] for name in names if name in self.fields}

    def targets(self) -> dict[str, int]:
        """Return the quantities by quarter that were filled in."""
        told = ((period, self.cleaned_data.get(f"q_{period}")) for period in self.quarters)
        return {period: quantity for period, quantity in told if quantity is not None}


class AdvanceForm(forms.Form):
    """A new state of a cell, and why."""

    state = forms.ChoiceField(label=gettext_lazy("Nouvel état"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Pourquoi ?"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Demandé pour un retard, une suspension ou un abandon. Sans nom de personne."),
    )  # fmt: skip

    def __init__(self, cell: Cell, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["state"].choices = next_states(cell)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for the reason where readers must be told one."""
        found: dict[str, Any] = super().clean() or {}
        if found.get("state") in NEEDS_REASON and not found.get("reason"):
            self.add_error("reason", _("Dites pourquoi : les partenaires verront cette raison."))
        return found


class MilestoneForm(forms.Form):
    """A point of the plan."""

    title = forms.CharField(
        label=gettext_lazy("Étape"), max_length=200, help_text=gettext_lazy("Exemple : relais formés")
    )
    due = _day(gettext_lazy("Pour le"), required=True)
