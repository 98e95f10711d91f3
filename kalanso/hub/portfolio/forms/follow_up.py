"""What does somebody say of an action: what is to do, by whom, until when, and what shows that it is done?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.models import Organisation
from kalanso.hub.people.permissions import Somewhere, right
from kalanso.hub.people.queries.citations import Cited
from kalanso.hub.people.queries.places import way_to
from kalanso.hub.portfolio.models import ActionPoint
from kalanso.hub.portfolio.models.follow_up import ActionState, Priority
from kalanso.hub.portfolio.queries import follow_up

ANY = [("", _("Peu importe"))]
COUNTRY = "-"
USUAL_DAYS = 30


class ActionForm(forms.Form):
    """Set an action, or correct one."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    rests_on = forms.CharField(widget=forms.HiddenInput, required=False, max_length=270)
    text = forms.CharField(
        label=_("Qu'y a-t-il à faire ?"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Commencez par un verbe, et dites ce qu'on verra quand ce sera fait."),
    )  # fmt: skip
    place = forms.ChoiceField(label=_("Pour quel lieu ?"))
    owner = forms.ChoiceField(label=_("Qui le fait ?"), help_text=_("Elle ou il sera prévenu."))
    due = forms.DateField(
        label=_("Pour quand ?"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    priority = forms.ChoiceField(label=_("Priorité"), choices=Priority.choices, initial=Priority.NORMAL)

    def __init__(
        self,
        person: Any,
        *args: Any,
        today: date,
        came_from: Cited | None = None,
        one: ActionPoint | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.today, self.one = today, one
        at = one.place_code if one is not None else came_from.place_code if came_from is not None else ""
        everywhere, inside = follow_up.places(person, also=at)
        if one is not None and one.factor is not None:
            inside = [place for place in inside if place.code == at]
            everywhere = False
        called = way_to(inside)
        country = [(COUNTRY, _("Tout le pays"))] if everywhere else []
        self.fields["place"].choices = [*country, *((place.code, called[place.code]) for place in inside)]  # type: ignore[attr-defined]
        near = [at] if at or everywhere else [place.code for place in inside][:40]
        self._owners(person, near, one)
        self.initial.setdefault("due", today + timedelta(days=USUAL_DAYS))
        if one is not None:
            del self.fields["rests_on"]
            self.initial |= {
                "version": one.version, "text": one.text, "place": one.place_code or COUNTRY, "due": one.due,
                "owner": f"{one.owner_id}-{one.organisation_id}", "priority": one.priority,
            }  # fmt: skip
        else:
            del self.fields["version"]
            if came_from is not None:
                self.initial |= {"rests_on": came_from.mark, "place": at or COUNTRY}

    def _owners(self, person: Any, near: list[str], one: ActionPoint | None) -> None:
        """Offer those to whom the person may give an action: a partner those of its own organisation alone."""
        allowed = right(person, "portfolio.set_action")
        offered = [
            (f"{row.person_id}-{row.organisation_id}", f"{row.person}, {row.organisation}")
            for row in follow_up.owners(near)
            if any(allowed(Somewhere(code, row.organisation_id)) for code in near)
            or (one is not None and row.person_id == one.owner_id)
        ]
        self.fields["owner"].choices = [("", _("Choisissez")), *offered]  # type: ignore[attr-defined]
        if len(offered) == 1:
            self.initial.setdefault("owner", offered[0][0])

    def clean_due(self) -> date:
        """A new date lies ahead; one that stands may be past."""
        due: date = self.cleaned_data["due"]
        if due < self.today and (self.one is None or due != self.one.due):
            raise forms.ValidationError(_("Choisissez un jour à venir."))
        return due

    def said(self) -> dict[str, Any]:
        """Return the fields of the record."""
        given = self.cleaned_data
        person, organisation = given["owner"].split("-")
        place = "" if given["place"] == COUNTRY else given["place"]
        return {
            "text": given["text"], "place_code": place, "due": given["due"], "priority": given["priority"],
            "owner_id": int(person), "organisation_id": int(organisation),
        }  # fmt: skip


class CloseForm(forms.Form):
    """Say that an action is done, and what shows it."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    closing = forms.CharField(
        label=_("Qu'a-t-on fait, et comment le voit-on ?"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Exemple : la glacière est arrivée le 3 ; le bon de livraison est au dépôt."),
    )  # fmt: skip
    link = forms.URLField(
        label=_("Lien vers un document"), required=False, max_length=500, assume_scheme="https"
    )
    photo = forms.FileField(
        label=_("Une photo qui le montre"), required=False, widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=_("Elle est réduite, et le lieu de la prise de vue en est effacé. Pas de visage sans son accord."),
    )  # fmt: skip
    photo_alt = forms.CharField(
        label=_("Ce que la photo montre"), required=False, max_length=300,
        help_text=_("Une phrase, pour qui ne voit pas l'image ; il la faut dès qu'il y a une photo."),
    )  # fmt: skip

    def __init__(self, *args: Any, too_large: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.too_large = too_large
        self.fields["photo_alt"].hint_says_when = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A photo comes with words, and within bounds."""
        given: dict[str, Any] = super().clean() or {}
        if self.too_large:
            self.add_error("photo", _("Cette photo est trop lourde : 12 Mo au plus."))
        if given.get("photo") and not (given.get("photo_alt") or "").strip():
            self.add_error("photo_alt", _("Dites ce que la photo montre, pour qui ne la voit pas."))
        return given


class VerdictForm(forms.Form):
    """Say whether what was closed is done indeed."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    verdict = forms.ChoiceField(
        label=_("L'avez-vous constaté ?"), choices=[("yes", _("Oui, c'est fait")), ("no", _("Non, il manque quelque chose"))],
        widget=forms.RadioSelect,
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Ce qui manque"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Il le faut si ce n'est pas fait : la personne responsable le lira."),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].hint_says_when = True  # type: ignore[attr-defined]


class CancelForm(forms.Form):
    """Say why an action will not be done."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.CharField(
        label=_("Pourquoi ne se fera-t-elle pas ?"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class ActionFilter(forms.Form):
    """Which actions somebody looks for; wrong values are as if nothing was asked."""

    etat = forms.ChoiceField(
        label=_("État"), required=False,
        choices=[*ANY, (follow_up.STILL, _("Encore à faire")), (follow_up.LATE, _("En retard")), *ActionState.choices],
    )  # fmt: skip
    qui = forms.ChoiceField(
        label=_("De qui ?"), choices=[*ANY, (follow_up.MINE, _("Les miennes"))], required=False
    )
    organisation = forms.ChoiceField(label=_("Organisation"), required=False)
    priorite = forms.ChoiceField(label=_("Priorité"), choices=[*ANY, *Priority.choices], required=False)
    lieu = forms.CharField(label=_("Lieu"), required=False, max_length=100)
    q = forms.CharField(label=_("Mots ou numéro"), required=False, max_length=100)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        houses = Organisation.objects.filter(actions__isnull=False).distinct()
        named: Sequence[tuple[str, str]] = [(str(house.pk), str(house)) for house in houses]
        self.fields["organisation"].choices = [*ANY, *named]  # type: ignore[attr-defined]

    def wanted(self, place: str = "") -> follow_up.Wanted:
        """Return what was asked for."""
        self.is_valid()
        given = self.cleaned_data
        return follow_up.Wanted(
            state=given.get("etat", ""), whose=given.get("qui", ""), organisation=given.get("organisation", ""),
            priority=given.get("priorite", ""), place=place, text=given.get("q", ""),
        )  # fmt: skip
