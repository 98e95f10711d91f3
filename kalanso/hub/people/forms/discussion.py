"""What do people fill in to say something of a thing?"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _


class CommentForm(forms.Form):
    """Say something of a thing, with a photo if one helps."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    answers = forms.UUIDField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(
        label=_("Votre commentaire"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Pour prévenir quelqu'un, écrivez @ et son identifiant. N'écrivez le nom d'aucun enfant."
        ),
    )
    photo = forms.FileField(
        label=_("Photo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=_(
            "Elle est réduite, et le lieu de la prise de vue en est effacé. Pas de visage sans accord."
        ),
    )
    photo_alt = forms.CharField(
        label=_("Ce que montre la photo"),
        required=False,
        max_length=300,
        help_text=_("Une phrase, pour qui ne la voit pas ; il la faut dès qu'une photo est jointe."),
    )

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["photo_alt"].hint_says_when = True

    def clean(self) -> dict[str, Any]:
        """A photo comes with words."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("photo") and not (given.get("photo_alt") or "").strip():
            self.add_error(
                "photo_alt", _("Dites en une phrase ce que montre la photo, pour qui ne la voit pas.")
            )
        return given


class ChangeCommentForm(forms.Form):
    """Change the words of one's own comment, as they were at `version`."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    text = forms.CharField(
        label=_("Votre commentaire"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6})
    )
