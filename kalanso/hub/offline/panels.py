"""What do pages carry so that they work without network? `{% offline_bar %}` and `{% offline_form "name" %}`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kalanso.hub.offline.forms import form_named

register = template.Library()


@register.simple_tag
def offline_form(name: str) -> SafeString:
    """Say in a form's tag that it may wait on the telephone; an undeclared name is an error."""
    form = form_named(name)
    if form is None:
        raise LookupError(f"{name}: expected a form that joined the offline forms")
    return format_html(
        'data-offline="{}" data-version="{}" data-fields="{}" data-photos="{}"',
        form.name, form.version, " ".join(form.fields), " ".join(form.photos),
    )  # fmt: skip


@register.inclusion_tag("offline/bar.html", takes_context=True)
def offline_bar(context: template.Context) -> dict[str, Any]:
    """Show what waits on this telephone, to somebody who is logged in, and how to send it."""
    return {"person": context.get("person")}


@register.simple_tag(takes_context=True)
def offline_code(context: template.Context) -> SafeString:
    """Hold ready the question for a code, and the sentences of the scripts, to somebody who is logged in."""
    return _code(get_language(), get_script_prefix()) if context.get("person") else mark_safe("")


@lru_cache(maxsize=8)
def _code(_language: str | None, _prefix: str) -> SafeString:
    """Write them once for each language: every page carries them, and they are the same for everybody."""
    return render_to_string("offline/code.html", {"words": words()})


def words() -> dict[str, str]:
    """Return the sentences that scripts say, and the addresses that they ask. Blanks stand in braces."""
    return {
        "send": _("Envoyer ({n})"),
        "waiting": _("À envoyer depuis ce téléphone : {n}. Rien n'est perdu."),
        "locked": _("À envoyer depuis ce téléphone : {n}. Donnez votre code pour ouvrir la boîte d'envoi."),
        "sending": _("Envoi en cours…"),
        "all_sent": _("Tout est envoyé."),
        "arrived": _("Envoyé."),
        "no_network": _("Pas de réseau pour l'instant. Vos messages restent ici et partiront quand il reviendra."),
        "other_person": _("Une autre personne est connectée. Reconnectez-vous pour envoyer vos messages."),
        "stuck": _("À revoir : {n}. Ouvrez la boîte d'envoi."),
        "kept_here": _("Gardé sur ce téléphone, chiffré. Il partira quand le réseau reviendra."),
        "not_kept": _("Rien n'a été enregistré : le texte reste dans le formulaire."),
        "no_photo": _("Cette photo n'est pas lisible ici. Choisissez une photo JPEG, PNG ou WebP."),
        "choose": _("Choisissez un code d'au moins 6 caractères pour garder vos messages sur ce téléphone."),
        "give": _("Donnez votre code pour ouvrir la boîte d'envoi."),
        "give_file": _("Donnez le code avec lequel ce fichier a été fait."),
        "too_short": _("Il faut au moins 6 caractères."),
        "not_same": _("Les deux codes ne sont pas les mêmes."),
        "wrong": _("Ce n'est pas le bon code."),
        "wait": _("Ce n'est pas le bon code. Attendez {n} secondes ; rien n'est effacé."),
        "nearly_full": _("La mémoire de ce téléphone est presque pleine ({n} %). Envoyez vos messages dès que possible."),
        "mine": _("Votre version"),
        "theirs": _("La version du site"),
        "use_mine": _("Mettre la mienne à la place"),
        "use_theirs": _("Garder celle du site"),
        "again": _("Enregistrer et envoyer"),
        "drop": _("Effacer de ce téléphone"),
        "sure": _("Ce message n'est que sur ce téléphone. L'effacer pour toujours ?"),
        "photo": _("Photo jointe"),
        "written": _("Écrit le {when}"),
        "old_code": _("Écrit avec un ancien code : donnez cet ancien code pour l'ouvrir."),
        "nothing": _("Rien n'attend sur ce téléphone."),
        "not_ours": _("Ce fichier n'est pas une boîte d'envoi de Kalanso, ou le code n'est pas le bon."),
        "of_other": _("Ce fichier est celui d'une autre personne : elle doit se connecter pour l'ouvrir."),
        "imported": _("Repris du fichier : {n}. Déjà là : {m}."),
        "code_changed": _("Le code est changé."),
        "state_url": reverse("offline_state"),
        "send_url": reverse("offline_receive"),
        "desk_url": reverse("offline_desk"),
    }  # fmt: skip
