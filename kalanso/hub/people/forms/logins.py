"""With what does somebody log in, and what is a password of their own?"""

from __future__ import annotations

import time
from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ResetPasswordForm
from allauth.core import context
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django import forms
from django.utils.translation import gettext_lazy as _

SHOWN_AGAIN = 3600  # seconds for which a key that is not confirmed yet stays the same
SHOWN_AT = "second_proof_shown_at"


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


class SecondProof(ActivateTOTPForm):
    """Confirm the key of an app of codes.

    A telephone that loads the page again, on the way back from the app, shows the key that the app was given
    (allauth makes a new one at every load); after `SHOWN_AGAIN` it is a new one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session = context.request.session
        shown = session.get(SECRET_SESSION_KEY)
        fresh = time.time() - session.get(SHOWN_AT, 0) < SHOWN_AGAIN
        super().__init__(*args, **kwargs)
        if shown and fresh and self.secret != shown:
            self.secret = session[SECRET_SESSION_KEY] = shown
        elif self.secret != shown:
            session[SHOWN_AT] = time.time()
        self.fields["code"].label = _("Le code de votre téléphone")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"
        _plain(self)
