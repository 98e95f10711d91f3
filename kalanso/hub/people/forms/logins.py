"""With what does somebody log in, and what is a password of their own?"""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ResetPasswordForm
from django import forms
from django.utils.translation import gettext_lazy as _


def _plain(form: forms.Form) -> None:
    """Labels stand above fields, not inside them."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


class Login(LoginForm):
    """Log in by user name, telephone number or e-mail address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Identifiant, téléphone ou e-mail")
        self.fields["login"].widget = forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        )
        self.fields["password"].label = _("Mot de passe")
        self.fields["password"].help_text = ""
        if "remember" in self.fields:
            self.fields["remember"].label = _("Rester connecté sur cet appareil")
        _plain(self)


class ChangePassword(ChangePasswordForm):
    """Choose a password that differs from the one before: the spoken one serves once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Mot de passe actuel, ou celui qu'on vous a dit")
        self.fields["password1"].label = _("Nouveau mot de passe")
        self.fields["password1"].help_text = _("Au moins 10 signes ; quelques mots sans lien suffisent.")
        self.fields["password2"].label = _("Le nouveau, encore une fois")
        _plain(self)

    def clean_password1(self) -> str:
        """Refuse the password that stands already."""
        chosen = str(self.cleaned_data["password1"])
        if self.user.check_password(chosen):
            raise forms.ValidationError(_("Choisissez un autre mot de passe que l'actuel."), code="same")
        return chosen


class ResetPassword(ResetPasswordForm):
    """Ask for a link by e-mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Votre adresse e-mail")
        _plain(self)
