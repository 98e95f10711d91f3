"""What is filled in to invite somebody, give and end roles, and find people?"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.models import Organisation, Role
from kalanso.hub.people.permissions import refuse_unplaced
from kalanso.hub.people.queries.access import Reach
from kalanso.hub.people.queries.persons import normal_phone
from kalanso.hub.people.queries.places import places_meant, way_to

NO_HINTS = {"autocapitalize": "none", "spellcheck": "false"}


def heard(form: forms.Form, error: ValidationError) -> None:
    """Show at its field, or above all, what an action refused."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, told in error.error_dict.items():
        form.add_error(name if name in form.fields else None, told)


class WithPlace(forms.Form):
    """A form with a place, written by name or code; where several are meant, they stand to choose from."""

    place = forms.CharField(
        label=_("Lieu"), required=False, max_length=200, widget=forms.TextInput(attrs={"spellcheck": "false"})
    )

    def __init__(self, *args: Any, within: Reach, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.within = within
        self.fields["place"].required = not within.everywhere
        self.fields["place"].hint_says_when = True  # it is optional for some roles alone
        self.fields["place"].help_text = (
            _(
                "Nom ou code d'une région, d'un district, d'une aire. Vide pour tout le pays, seulement pour "
                "les rôles qui ne se tiennent pas pour un lieu."
            )
            if within.everywhere
            else _("Nom ou code d'un de vos lieux.")
        )

    def clean_place(self) -> str:
        """Return the code of the one place that is meant."""
        text = self.cleaned_data["place"].strip()
        if not text:
            return ""
        found = places_meant(text, within=self.within)
        if not found:
            raise ValidationError(
                _("Aucun de vos lieux ne s'appelle « %(place)s »."), code="place", params={"place": text}
            )
        if len(found) > 1:
            # Nothing is chosen yet: what was typed stands first, and sent again it asks again.
            first = (self.data.get(self.add_prefix("place"), text), _("Choisissez le lieu"))
            self.fields["place"].widget = forms.Select(choices=[first, *way_to(found).items()])
            raise ValidationError(
                _("Plusieurs lieux portent ce nom : choisissez dans la liste."), code="several"
            )
        return found[0].code


class RoleForm(WithPlace):
    """A role, for an organisation and a place."""

    role = forms.ChoiceField(label=_("Rôle"))
    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), to_field_name="code", empty_label=None
    )
    field_order = ("name", "role", "place", "organisation")

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(role.value, role.label) for role in roles]
        self.fields["role"].choices = [("", _("Choisissez un rôle")), *named]
        self.fields["organisation"].queryset = Organisation.objects.all()

    def clean(self) -> dict[str, Any]:
        """Ask for the place of a role that is held for one."""
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if told.get("role") and "place" in told:
            try:
                refuse_unplaced(told["role"], told["place"])
            except ValidationError as error:
                heard(self, error)
        return told


class Invite(RoleForm):
    """Offer somebody a role."""

    name = forms.CharField(label=_("Prénom et nom"), max_length=150)
    phone = forms.CharField(
        label=_("Téléphone"), max_length=30, required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    email = forms.EmailField(label=_("E-mail"), required=False, widget=forms.EmailInput(attrs=NO_HINTS))
    field_order = ("name", "role", "place", "organisation", "phone", "email")

    def clean_phone(self) -> str:
        """Return the number as it is kept."""
        text = self.cleaned_data["phone"]
        if text and not normal_phone(text):
            raise ValidationError(_("Écrivez un numéro, par exemple 76 12 34 56."), code="phone")
        return normal_phone(text)


class GiveRole(RoleForm):
    """Give somebody who is here another role."""

    reason = forms.CharField(label=_("Pourquoi ?"), max_length=500)
    field_order = ("role", "place", "organisation", "reason")


class Reason(forms.Form):
    """Say why; those concerned read it."""

    reason = forms.CharField(label=_("Pourquoi ?"), max_length=500)


class Accept(forms.Form):
    """Choose a user name and a password."""

    username = forms.CharField(
        label=_("Identifiant"), max_length=30, widget=forms.TextInput(attrs=NO_HINTS | {"autocomplete": "username"}),
        help_text=_("Ce que vous taperez pour vous connecter, par exemple awa.traore."),
    )  # fmt: skip
    password = forms.CharField(
        label=_("Mot de passe"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Au moins 10 signes ; quelques mots sans lien suffisent."), strip=False,
    )  # fmt: skip
    again = forms.CharField(
        label=_("Le mot de passe, encore une fois"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )

    def clean_username(self) -> str:
        """Return the name in small letters."""
        return str(self.cleaned_data["username"]).strip().lower()

    def clean(self) -> dict[str, Any]:
        """Refuse two passwords that differ."""
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if told.get("password") and told.get("again") and told["password"] != told["again"]:
            self.add_error("again", _("Les deux mots de passe diffèrent."))
        return told


class FindPeople(forms.Form):
    """Narrow the list of people."""

    q = forms.CharField(label=_("Nom"), required=False, max_length=80)
    role = forms.ChoiceField(label=_("Rôle"), required=False)
    organisation = forms.ChoiceField(label=_("Organisation"), required=False)
    lieu = forms.CharField(label=_("Lieu"), required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [("", _("Tous les rôles")), *Role.choices]
        houses = Organisation.objects.values_list("code", "name")
        self.fields["organisation"].choices = [("", _("Toutes les organisations")), *houses]


class AddOrganisation(forms.Form):
    """Add an organisation."""

    name = forms.CharField(label=_("Nom"), max_length=200)
    code = forms.SlugField(
        label=_("Sigle"),
        max_length=40,
        help_text=_("Court, sans espace, par exemple unicef ; il ne change plus."),
    )
    kind = forms.ChoiceField(label=_("Genre"), choices=Organisation.Kind.choices)


class FilterTrail(forms.Form):
    """Narrow what is read of the trail."""

    quoi = forms.ChoiceField(label=_("Quoi"), required=False)
    qui = forms.CharField(label=_("Qui (identifiant)"), required=False, max_length=150)
    depuis = forms.DateField(
        label=_("Depuis le"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    jusque = forms.DateField(
        label=_("Jusqu'au"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, verbs: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["quoi"].choices = [("", _("Tout")), *verbs.items()]


class Preferences(forms.Form):
    """What somebody wants to be told, and in which language."""

    language = forms.ChoiceField(label=_("Langue des lettres"))
    wants_digest = forms.BooleanField(label=_("Recevoir la lettre de la semaine par e-mail"), required=False)

    def __init__(self, *args: Any, kinds: list[tuple[str, str]], languages: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = languages
        self.kinds = dict(enumerate(ids for ids, _name in kinds))
        for number, (_ids, name) in enumerate(kinds):
            self.fields[f"kind_{number}"] = forms.BooleanField(
                label=_("Me prévenir : %(kind)s") % {"kind": name}, required=False
            )

    def unwanted(self) -> list[str]:
        """Return the sentences of the kinds that were not ticked."""
        return [
            sentence
            for number, ids in self.kinds.items()
            if not self.cleaned_data[f"kind_{number}"]
            for sentence in ids.split(",")
        ]
