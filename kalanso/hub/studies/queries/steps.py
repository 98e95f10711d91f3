"""Where is a study, and what comes next? The way from its declaration to its publication, step by step.

Size, forms and draw may have been made elsewhere: they never stand in the way of answers that are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.hub.studies.models import Analysis, Correction, Round, RoundFile
from kalanso.hub.studies.queries import field, forms, heard, rounds, sizes
from kalanso.hub.studies.queries.draws import newest as newest_draw

DONE, NOW, LATER, ELSEWHERE = "done", "now", "later", "elsewhere"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: what it is called, how far it is, in one sentence, and where it is taken ("" for nobody here)."""

    name: str
    title: str
    state: str
    says: str
    address: str
    does: str = ""


@dataclass(frozen=True, kw_only=True)
class Way:
    """All steps of a study, and the next one (None where nothing is left)."""

    steps: Sequence[Step]
    next: Step | None


@dataclass(frozen=True)
class _Told:
    """What the steps are told from."""

    one: Round
    rights: rounds.Rights
    files: dict[str, RoundFile]
    newest: Analysis | None
    today: date

    def at(self, name: str) -> str:
        return reverse(name, args=[self.one.pk])


def way(one: Round, person: Any, *, files: dict[str, RoundFile], newest: Analysis | None, today: date) -> Way:
    """Return how far a study is, for somebody who reads it before it is published."""
    told = _Told(one, rounds.rights(person, one), files, newest, today)
    found = _of_households(told) if one.of_households else _without_households(told)
    came = any(kind in files for kind in ("answers", "homes", "table"))
    closed = one.state in (Round.State.PUBLISHED, Round.State.WITHDRAWN)
    steps, following = [], None
    for step in found:
        state = step.state
        if state == LATER and (closed or (came and step.name in {"size", "forms", "draw"})):
            state = ELSEWHERE
        if state == LATER and following is None:
            state = NOW
        done = Step(
            **{
                **step.__dict__,
                "state": state,
                "says": _("Fait hors de Kalanso, ou pas fait.") if state == ELSEWHERE else step.says,
            }
        )
        if state == NOW:
            following = done
        steps.append(done)
    return Way(steps=steps, next=following)


def _of_households(told: _Told) -> list[Step]:
    return [
        _declared(told), _sized(told), _drawn(told), _asked(told), _collected(told), _brought(told), _cleaned(told), _published(told)
    ]  # fmt: skip


def _without_households(told: _Told) -> list[Step]:
    """Return the steps of a round that draws no household."""
    forms_of = [_asked_by_form(told)] if heard.form_of(told.one) else []
    return [_declared(told), *forms_of, _heard(told), _answered(told), _published(told)]


def _asked_by_form(told: _Told) -> Step:
    chosen = len(forms.chosen(told.one))
    return Step(
        name="forms", title=_("Choisir le formulaire"), state=DONE if chosen else LATER, says=_("Prêt pour ODK ou Kobo ; un tableau fait ailleurs va aussi."),
        address=told.at("round_forms"), does=_("Choisir le formulaire"),
    )  # fmt: skip


def _heard(told: _Told) -> Step:
    came = bool({"table", "answers"} & set(told.files))
    says = _("Le fichier est là.") if came else _("Le tableau de ce chemin, ou l'export de son formulaire.")
    if not came and told.one.way == Round.Way.KEY_INFORMANTS:
        says = _("L'export du formulaire ; rien à apporter si les nombres sont déjà déclarés.")
    return Step(
        name="files", title=_("Apporter le fichier"), state=DONE if came else LATER, says=says, does=_("Apporter un fichier"),
        address=told.at("round_files") if told.rights.declare and told.one.ethics_said else "",
    )  # fmt: skip


def _answered(told: _Told) -> Step:
    changed = rounds.changed_since(told.one, told.files)
    if told.newest is not None and told.newest.waits:
        says = _("Analyse en cours.")
    elif changed:
        says = _("Quelque chose a changé depuis l'analyse : analysez de nouveau.")
    else:
        says = _("Kalanso calcule le nombre, son intervalle, et dit ce qui doit être vrai pour y croire.")
    done = told.one.shown_id is not None and not changed
    return Step(
        name="clean", title=_("Analyser"), state=DONE if done else LATER, says=says, address=told.at("round_results") if done else "",
    )  # fmt: skip


def _declared(told: _Told) -> Step:
    ready = told.one.ethics_said
    return Step(
        name="declare", title=_("Déclarer"), state=DONE if ready else LATER, address=told.at("round_edit") if told.rights.declare else "",
        says=_("Enfants, doses et accords sont dits.") if ready else _("Il manque ce qui touche à l'éthique : aucun fichier n'est pris avant."),
        does=_("Compléter l'éthique"),
    )  # fmt: skip


def _sized(told: _Told) -> Step:
    clusters = sizes.clusters_needed(told.one)
    says = (
        ngettext("%(n)s grappe par strate.", "%(n)s grappes par strate.", clusters) % {"n": clusters}
        if clusters
        else _("Combien d'enfants faut-il pour que le résultat dise quelque chose ?")
    )
    return Step(
        name="size", title=_("Calculer la taille"), state=DONE if clusters else LATER, says=says, address=told.at("round_size"),
        does=_("Calculer la taille de l'échantillon"),
    )  # fmt: skip


def _asked(told: _Told) -> Step:
    number = len(forms.chosen(told.one))
    says = (
        ngettext("%(n)s formulaire choisi.", "%(n)s formulaires choisis.", number) % {"n": number}
        if number
        else _("La liste des ménages et l'interview sur l'enfant, prêtes pour ODK ou Kobo.")
    )
    return Step(
        name="forms", title=_("Choisir les formulaires"), state=DONE if number else LATER, says=says, address=told.at("round_forms"),
        does=_("Choisir les formulaires"),
    )  # fmt: skip


def _drawn(told: _Told) -> Step:
    draw = newest_draw(told.one)
    if draw is None:
        says = _("Le hasard choisit les grappes ; la graine permet de le vérifier.")
    else:
        main = sum(row["role"] == "main" for row in draw.clusters)
        says = ngettext("%(n)s grappe tirée, version %(version)s.", "%(n)s grappes tirées, version %(version)s.", main) % {
            "n": main, "version": draw.number,
        }  # fmt: skip
    return Step(
        name="draw", title=_("Tirer l'échantillon"), state=LATER if draw is None else DONE, says=says, address=told.at("round_draw"),
        does=_("Tirer les grappes"),
    )  # fmt: skip


def _collected(told: _Told) -> Step:
    count = field.newest_done(told.one)
    over = told.one.last_day < told.today
    if count is None:
        says = _("Apportez ce qui est venu, même une partie : la page compte par grappe et par équipe.")
    else:
        rows = count.found["clusters"]
        begun = sum(row["visited"] > 0 for row in rows)
        says = _("%(begun)s grappes commencées sur %(all)s.") % {"begun": begun, "all": len(rows)}
    return Step(
        name="field", title=_("Suivre le terrain"), state=LATER if not over else DONE if count is not None else ELSEWHERE, says=says, address=told.at("round_field"),
        does=_("Suivre le terrain"),
    )  # fmt: skip


def _brought(told: _Told) -> Step:
    missing = [
        _small(str(RoundFile.Kind(kind).label)) for kind in ("answers", "sample") if kind not in told.files
    ]
    says = (
        _("Il manque : %(files)s.") % {"files": ", ".join(missing)}
        if missing
        else _("Réponses et échantillon sont là.")
    )
    if missing and set(told.files) >= {"answers", "homes"} and newest_draw(told.one) is not None:
        return Step(
            name="files", title=_("Apporter les fichiers"), state=LATER, says=_("Les fichiers sont là : le tirage et eux donnent les poids."),
            address=told.at("round_weights") if told.rights.declare and told.one.ethics_said else "", does=_("Calculer les poids"),
        )  # fmt: skip
    return Step(
        name="files", title=_("Apporter les fichiers"), state=LATER if missing else DONE, says=says,
        address=told.at("round_files") if told.rights.declare and told.one.ethics_said else "", does=_("Apporter un fichier"),
    )  # fmt: skip


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _cleaned(told: _Told) -> Step:
    changed = rounds.changed_since(told.one, told.files) or rounds.decided_since(told.one)
    waiting = told.one.corrections.filter(state=Correction.State.PROPOSED).count()
    done = told.one.shown_id is not None and not changed
    if told.newest is not None and told.newest.waits:
        says = _("Analyse en cours.")
    elif waiting:
        says = ngettext(
            "%(n)s correction attend d'être relue.", "%(n)s corrections attendent d'être relues.", waiting
        ) % {"n": waiting}
    elif changed:
        says = _("Quelque chose a changé depuis l'analyse : analysez de nouveau.")
    elif done:
        says = _("Lisez ce que chaque règle a trouvé ; corrigez ce qui doit l'être.")
    else:
        says = _(
            "Chaque règle de nettoyage dit ce qu'elle a trouvé ; des personnes corrigent, la suite recalcule."
        )
    address = ""
    if told.one.shown_id is not None:
        address = told.at("round_corrections" if told.rights.analyse else "round_receipt")
    return Step(
        name="clean",
        title=_("Nettoyer et analyser"),
        state=DONE if done and not waiting else LATER,
        says=says,
        address=address,
        does="",
    )


def _published(told: _Told) -> Step:
    one = told.one
    if one.state == Round.State.PUBLISHED:
        state, says = DONE, _("Les partenaires lisent les résultats.")
    elif one.state == Round.State.WITHDRAWN:
        state, says = DONE, _("Publiée, puis retirée.")
    else:
        state, says = LATER, _("Relisez les résultats ; le CNI publie.")
    address = told.at("round_publish") if told.rights.publish and one.state == Round.State.ANALYSED else ""
    return Step(
        name="publish",
        title=_("Relire et publier"),
        state=state,
        says=says,
        address=address,
        does=_("Publier…"),
    )
