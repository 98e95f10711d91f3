"""What does somebody say of an obstacle or a facilitator, and which of them do they look for?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.queries.access import access_of
from kalanso.hub.people.queries.citations import Cited
from kalanso.hub.people.queries.places import way_to
from kalanso.hub.portfolio.models import Cell, Factor
from kalanso.hub.portfolio.models.factors import Domain, FactorKind, FactorState, Weight, Where
from kalanso.hub.portfolio.queries import contexts, factors

ANY = [("", _("Peu importe"))]


class FactorForm(forms.Form):
    """Name a factor; works without network, so that every field is plain and the server judges again."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    rests_on = forms.CharField(widget=forms.HiddenInput, required=False, max_length=270)
    kind = forms.ChoiceField(
        label=_("Bloque ou aide ?"), choices=FactorKind.choices, initial=FactorKind.BARRIER
    )
    what = forms.CharField(
        label=_("Qu'est-ce qui bloque, ou qui aide ?"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Une ou deux phrases, ce que vous avez vu. N'écrivez le nom d'aucun enfant ni d'aucune famille."),
    )  # fmt: skip
    place = forms.ChoiceField(label=_("Où ?"))
    domain = forms.ChoiceField(
        label=_("De quoi s'agit-il ?"), choices=[("", _("Choisissez")), *Domain.choices]
    )
    severity = forms.TypedChoiceField(
        label=_("Combien cela pèse-t-il ?"), choices=Weight.choices, coerce=int, initial=Weight.HEAVY.value
    )
    level = forms.ChoiceField(
        label=_("Qui peut y répondre ?"), choices=Where.choices, initial=Where.DISTRICT,
        help_text=_("Le niveau où la réponse se décide, qui n'est pas toujours celui du lieu."),
    )  # fmt: skip
    cell = forms.ChoiceField(label=_("Quelle intervention cela touche-t-il ?"), required=False)
    number = forms.CharField(
        label=_("Un chiffre qui le montre"), required=False, max_length=300,
        help_text=_("Exemple : 6 séances sur 8 annulées au T3 2026."),
    )  # fmt: skip
    source = forms.CharField(
        label=_("Source de ce chiffre"), required=False, max_length=200,
        help_text=_("Il la faut dès qu'un chiffre est donné : qui l'a compté, où et quand. Exemple : registre du CSCom de Dogofry, septembre 2026."),
    )  # fmt: skip

    def __init__(
        self,
        person: Any,
        *args: Any,
        came_from: Cited | None = None,
        one: Factor | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        at = one.place_code if one is not None else came_from.place_code if came_from is not None else ""
        self.inside = factors.places(person, also=at)
        called = way_to(self.inside)
        offered = [(place.code, called[place.code]) for place in self.inside]
        # Who has no post of their own here would else name the first of all places without having looked.
        unsaid = not at and len(offered) > 1 and not set(access_of(person).homes) & set(called)
        self.fields["place"].choices = [("", _("Choisissez")), *offered] if unsaid else offered  # type: ignore[attr-defined]
        self._cells(person, at, one, came_from)
        if one is not None:
            self.initial |= initial_of(one)
            for name in ("key", "rests_on", "number", "source"):
                del self.fields[name]
        else:
            del self.fields["version"]
        if came_from is not None:
            self.initial |= {"rests_on": came_from.mark, "place": at}
            if came_from.object_type == "portfolio.cell":
                self.initial["cell"] = came_from.object_id
        if "source" in self.fields:
            self.fields["source"].hint_says_when = True  # type: ignore[attr-defined]

    def _cells(self, person: Any, at: str, one: Factor | None, came_from: Cited | None) -> None:
        codes = [at] if at else [place.code for place in self.inside][:60] if len(self.inside) <= 60 else []
        found = factors.cells(person, codes)
        if one is not None and one.cell is not None and one.cell not in found:
            found = [one.cell, *found]
        if not found:
            del self.fields["cell"]
            return
        self.fields["cell"].choices = [
            ("", _("Aucune en particulier")),
            *((str(cell.pk), str(cell.intervention)) for cell in found),
        ]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A number comes with its source."""
        given: dict[str, Any] = super().clean() or {}
        if bool(given.get("number")) != bool(given.get("source")):
            missing = "source" if given.get("number") else "number"
            self.add_error(missing, _("Le chiffre et sa source vont ensemble."))
        return given

    def said(self) -> dict[str, Any]:
        """Return the fields of the record."""
        given = self.cleaned_data
        told: dict[str, Any] = {name: given[name] for name in ("kind", "domain", "level", "severity", "what")}
        return told | {
            "place_code": given["place"],
            "cell": Cell.objects.filter(pk=given["cell"]).first() if given.get("cell") else None,
        }


def initial_of(one: Factor) -> dict[str, Any]:
    """Return what a form shows of a factor."""
    return {
        "kind": one.kind, "what": one.what, "place": one.place_code, "domain": one.domain, "severity": one.severity,
        "level": one.level, "cell": str(one.cell_id or ""), "version": one.version,
    }  # fmt: skip


class MoveForm(forms.Form):
    """Say where a factor stands now."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    state = forms.ChoiceField(label=_("Où en est-on ?"), choices=FactorState.choices)
    reason = forms.CharField(
        label=_("Ce qui a changé"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Il le faut quand l'obstacle est levé ou n'a plus lieu : d'autres districts liront comment."),
    )  # fmt: skip

    def __init__(self, one: Factor, *args: Any, **options: Any) -> None:
        super().__init__(*args, initial={"version": one.version}, **options)
        self.fields["state"].choices = [pair for pair in FactorState.choices if pair[0] != one.state]  # type: ignore[attr-defined]
        self.fields["reason"].hint_says_when = True  # type: ignore[attr-defined]


class FactorFilter(forms.Form):
    """Which factors somebody looks for; wrong values are as if nothing was asked."""

    nature = forms.ChoiceField(
        label=_("Obstacle ou facilitateur"), choices=[*ANY, *FactorKind.choices], required=False
    )
    domaine = forms.ChoiceField(label=_("Domaine"), choices=[*ANY, *Domain.choices], required=False)
    etat = forms.ChoiceField(
        label=_("État"), choices=[*ANY, (factors.STILL, _("Encore là")), *FactorState.choices], required=False
    )
    poids = forms.ChoiceField(
        label=_("Poids au moins"),
        choices=[*ANY, *((str(value), word) for value, word in Weight.choices)],
        required=False,
    )
    contexte = forms.ChoiceField(label=_("Contexte du district"), required=False)
    lieu = forms.CharField(label=_("Lieu"), required=False, max_length=100)
    q = forms.CharField(label=_("Mots"), required=False, max_length=100)

    def __init__(self, *args: Any, names: Sequence[tuple[str, str]] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["contexte"].choices = [*ANY, *names]  # type: ignore[attr-defined]

    def wanted(self, place: str = "") -> factors.Wanted:
        """Return what was asked for."""
        self.is_valid()
        given = self.cleaned_data
        return factors.Wanted(
            kind=given.get("nature", ""), domain=given.get("domaine", ""), state=given.get("etat", ""),
            weight=given.get("poids", ""), context=given.get("contexte", ""), place=place, text=given.get("q", ""),
        )  # fmt: skip


def context_codes() -> list[str]:
    """Return the contexts to choose from."""
    return [*contexts.names(), factors.UNSAID]
