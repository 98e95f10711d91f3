"""What is asked of somebody who wants an estimate, checks one, moves one on, or words the agreed sentence?

Every field of the question says what it is for and has a default that serves. Percentages are for people;
the library's own question holds shares and logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.coverage import Question, QuestionRefused
from kalanso.coverage.question import PARTS, Recall
from kalanso.hub.evidence.models import Run, RunCheck
from kalanso.hub.people.queries.language import page_language

QUARTERS = (36, 24, 16, 12, 8)
USUAL = Question()
PART_NAMES = {
    "routine": gettext_lazy("Les doses notifiées par les centres"),
    "surveys": gettext_lazy("Les enquêtes"),
    "denominators": gettext_lazy("Les populations : recensement, projections"),
    "stock": gettext_lazy("Les flacons ouverts"),
    "recounts": gettext_lazy("Les doses recomptées dans les registres"),
    "lots": gettext_lazy("Les tournées par lots (LQAS)"),
    "attendance": gettext_lazy("Les enfants vaccinés hors de leur aire"),
    "drift": gettext_lazy("La dérive des projections de population"),
    "recall": gettext_lazy("Les oublis des mères dans les enquêtes"),
    "outliers": gettext_lazy("La robustesse aux valeurs aberrantes"),
    "delay": gettext_lazy("Le retard des rapports récents"),
    "dtp3": gettext_lazy("La troisième dose (DTC3)"),
}
PART_HELP = {
    "routine": gettext_lazy("Sans elles, rien ne dit ce qui se passe entre deux enquêtes."),
    "surveys": gettext_lazy("Sans elles, le niveau de la couverture ne tient qu'aux populations."),
    "denominators": gettext_lazy("Sans elles, le nombre d'enfants ne tient qu'aux doses."),
    "stock": gettext_lazy(
        "Un plafond pour les doses données. Éteint d'habitude : les tirages s'accordent mal."
    ),
    "recounts": gettext_lazy("Elles disent de combien les rapports sont gonflés."),
    "lots": gettext_lazy("Elles disent si une aire passe un seuil."),
    "attendance": gettext_lazy("Un centre qui attire de loin paraît couvrir plus de 100 %."),
    "drift": gettext_lazy("Une projection s'éloigne du vrai d'année en année."),
    "recall": gettext_lazy("Sans carte, une enquête croit la mère."),
    "outliers": gettext_lazy("Un chiffre mal saisi ne doit pas tirer toute une aire."),
    "delay": gettext_lazy("Les derniers trimestres sont incomplets ; le calcul en tient compte."),
    "dtp3": gettext_lazy("Sans elle, seuls les enfants zéro dose sont estimés."),
}
FULL, PREVIEW = "full", "preview"


@dataclass(frozen=True)
class Section:
    """Some fields of a form under one heading, as `site/fields.html` shows them."""

    title: str
    visible_fields: list[BoundField]
    about: str = ""
    closed: bool = True
    errors: dict[str, Any] = field(default_factory=dict)
    hidden_fields: tuple[BoundField, ...] = ()


class Asking(forms.Form):
    """The question form of an estimate."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Sorte de calcul"),
        choices=(
            (PREVIEW, gettext_lazy("Un aperçu : quelques minutes, il reste un brouillon")),
            (FULL, gettext_lazy("Le calcul à publier : des minutes à des heures, il peut être validé")),
        ),
        help_text=gettext_lazy("Commencez par un aperçu : il montre tôt ce qui ne va pas."),
    )
    quarters = forms.TypedChoiceField(
        label=gettext_lazy("Trimestres regardés en arrière"),
        coerce=int,
        initial=QUARTERS[0],
        help_text=gettext_lazy(
            "Les plus récents qui portent des doses. Plus il y en a, mieux les tendances tiennent ; moins il y en a, plus c'est rapide."
        ),
    )
    why = forms.CharField(
        label=gettext_lazy("Pourquoi ce calcul"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text=gettext_lazy(
            "Une phrase pour ceux qui le liront : une nouvelle enquête, la revue du trimestre…"
        ),
    )
    anchor = forms.FloatField(
        label=gettext_lazy("Population de référence trop haute de (en %)"),
        initial=0,
        min_value=-50,
        max_value=50,
        required=False,
        help_text=gettext_lazy(
            "0 : le calcul la croit juste, à son erreur près. 5 : elle compte 5 % d'enfants de trop ; −5 : trop peu."
        ),
    )
    conflict = forms.FloatField(
        label=gettext_lazy("Rapports des zones de conflit gonflés de plus qu'ailleurs (en %)"),
        initial=0,
        min_value=-50,
        max_value=50,
        required=False,
        help_text=gettext_lazy("0 : autant qu'ailleurs. Sans recomptage, aucune donnée ne le dit."),
    )
    sensitivity = forms.FloatField(
        label=gettext_lazy("Enfants vaccinés que leur mère dit vaccinés (en %)"),
        min_value=51,
        max_value=100,
        required=False,
        help_text=gettext_lazy("Vide : le calcul l'estime. Remplissez les deux, ou aucun."),
    )
    specificity = forms.FloatField(
        label=gettext_lazy("Enfants non vaccinés que leur mère dit non vaccinés (en %)"),
        min_value=51,
        max_value=100,
        required=False,
    )
    thresholds = forms.CharField(
        label=gettext_lazy("Seuils de couverture basse (en %)"),
        initial="80 ; 50",
        help_text=gettext_lazy(
            "Sous ces seuils, un lieu compte comme bas : poches, chances d'être sous le seuil."
        ),
    )
    interaction = forms.ChoiceField(
        label=gettext_lazy("Hauts et bas d'une aire"),
        initial=USUAL.interaction,
        choices=(
            ("II", gettext_lazy("ils se souviennent du trimestre d'avant")),
            ("I", gettext_lazy("chaque trimestre est à part")),
        ),
    )
    cut = forms.BooleanField(
        label=gettext_lazy("Version coupée : les doses ne corrigent ni la population ni le niveau"),
        required=False,
        help_text=gettext_lazy(
            "À regarder à côté de la version entière avant de valider ; elle n'est pas validée elle-même."
        ),
    )
    draws = forms.IntegerField(
        label=gettext_lazy("Tirages gardés"),
        initial=USUAL.draws,
        min_value=100,
        max_value=10_000,
        help_text=gettext_lazy(
            "1 000 suffisent. Un calcul refusé faute de tirages indépendants ne passe pas avec un plus grand nombre : essayez moins de trimestres."
        ),
    )
    seed = forms.IntegerField(
        label=gettext_lazy("Graine du hasard"),
        initial=USUAL.seed,
        min_value=0,
        max_value=2**31 - 1,
        help_text=gettext_lazy(
            "La même graine donne les mêmes nombres. Changez-la pour voir ce qui n'est que hasard."
        ),
    )

    def __init__(self, *args: Any, previews_only: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["quarters"].choices = [  # type: ignore[attr-defined]
            (n, _("%(n)s trimestres (%(years)s ans)") % {"n": n, "years": n // 4}) for n in QUARTERS
        ]
        for name in PARTS:
            self.fields[f"part_{name}"] = forms.BooleanField(
                label=PART_NAMES[name],
                help_text=PART_HELP[name],
                initial=getattr(USUAL, name),
                required=False,
            )
        if previews_only:
            self.fields["kind"].choices = self.fields["kind"].choices[:1]  # type: ignore[attr-defined]
            self.fields["kind"].help_text = _(
                "Votre rôle demande des aperçus ; le CNI demande le calcul à publier."
            )
        for name in ("anchor", "conflict", "sensitivity", "specificity"):
            self.fields[name].widget.attrs["inputmode"] = "decimal"

    def sections(self) -> Iterator[Section]:
        """Return the fields by what they are about."""
        yield Section("", [self[name] for name in ("kind", "quarters", "why")], closed=False)
        yield Section(
            _("Ce que le calcul entend"), [self[f"part_{name}"] for name in PARTS],
            _("Chaque partie s'éteint pour voir ce qu'elle apporte. Laissez-les allumées sans raison contraire."),
        )  # fmt: skip
        yield Section(
            _("Ce qu'aucune donnée ne dit"), [self[name] for name in ("anchor", "conflict", "sensitivity", "specificity")],
            _("Des hypothèses. Si la réponse en dépend, montrez les deux."),
        )  # fmt: skip
        yield Section(
            _("Réglages du calcul"),
            [self[name] for name in ("thresholds", "interaction", "cut", "draws", "seed")],
        )

    def clean_thresholds(self) -> list[float]:
        """Return the shares, the highest first."""
        told = (
            str(self.cleaned_data["thresholds"]).replace("%", " ").replace(";", " ").replace(",", ".").split()
        )
        try:
            shares = sorted({float(one) / 100 for one in told}, reverse=True)
        except ValueError as error:
            raise forms.ValidationError(_("Écrivez des pourcentages, par exemple 80 ; 50.")) from error
        if not shares or len(shares) > 5 or any(not 0 < share < 1 for share in shares):
            raise forms.ValidationError(_("Un à cinq pourcentages entre 0 et 100, par exemple 80 ; 50."))
        return shares

    def clean(self) -> dict[str, Any]:
        """Add the library's question, or say what it refuses."""
        found: dict[str, Any] = super().clean() or {}
        if self.errors:
            return found
        told = [found.get("sensitivity"), found.get("specificity")]
        if (told[0] is None) != (told[1] is None):
            raise forms.ValidationError(
                _("Sur les oublis des mères : remplissez les deux nombres, ou aucun.")
            )
        try:
            found["question"] = Question(
                **{name: bool(found[f"part_{name}"]) for name in PARTS},
                interaction=found["interaction"], anchor_bias=_log(found.get("anchor")),
                conflict_reporting=_log(found.get("conflict")), thresholds=tuple(found["thresholds"]),
                recall_error=None if told[0] is None else Recall(sensitivity=told[0] / 100, specificity=told[1] / 100),
                draws=found["draws"], seed=found["seed"], cut=found["cut"], preview=found["kind"] == PREVIEW or found["cut"],
            )  # fmt: skip
        except QuestionRefused as refusal:
            raise forms.ValidationError(refusal.render(page_language())) from refusal
        return found

    @staticmethod
    def of(run: Run) -> dict[str, Any]:
        """Return the answers of an earlier run, to start from."""
        asked = Question.from_dict(run.question) if run.question else USUAL
        error = asked.recall_error
        return {f"part_{name}": getattr(asked, name) for name in PARTS} | {
            "kind": PREVIEW if run.preview else FULL, "quarters": run.quarters, "anchor": _percent(asked.anchor_bias),
            "conflict": _percent(asked.conflict_reporting), "sensitivity": error and 100 * error.sensitivity,
            "specificity": error and 100 * error.specificity, "interaction": asked.interaction, "cut": asked.cut,
            "thresholds": " ; ".join(f"{100 * share:g}" for share in asked.thresholds), "draws": asked.draws,
            "seed": asked.seed,
        }  # fmt: skip


def _log(percent: float | None) -> float:
    return math.log1p((percent or 0.0) / 100)


def _percent(log: float) -> float:
    return round(100 * math.expm1(log), 2)


class Reason(forms.Form):
    """Why a run goes back, or is set aside."""

    reason = forms.CharField(
        label=gettext_lazy("Raison"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000,
        help_text=gettext_lazy("Elle reste dans l'historique du calcul : l'équipe la lira."),
    )  # fmt: skip


class Origin(forms.Form):
    """Why a run that was computed outside of these pages is written in."""

    reason = forms.CharField(
        label=gettext_lazy("Pourquoi l'inscrire"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000,
        help_text=gettext_lazy("Une phrase : d'où vient ce calcul, et ce que vous voulez en faire."),
    )  # fmt: skip


class Checking(forms.Form):
    """The points that are looked at before a run may be validated."""

    def __init__(self, *args: Any, held: dict[str, RunCheck], hints: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for point in RunCheck.Point:
            known = held.get(point.value)
            self.fields[f"fine_{point.value}"] = forms.BooleanField(
                label=point.label, required=False, help_text=hints.get(point.value, ""),
                initial=bool(known and known.fine),
            )  # fmt: skip
            needed = point == RunCheck.Point.DIFFERENCE
            self.fields[f"note_{point.value}"] = forms.CharField(
                label=_("Comment l'écart s'explique") if needed else _("Ce que vous avez vu"),
                widget=forms.Textarea(attrs={"rows": 2}), max_length=2000, required=needed,
                initial=known.note if known else "",
            )  # fmt: skip

    def answers(self) -> dict[str, tuple[bool, str]]:
        """Return what was said of each point."""
        told = self.cleaned_data
        return {
            p.value: (bool(told[f"fine_{p.value}"]), str(told[f"note_{p.value}"])) for p in RunCheck.Point
        }


class Wording(forms.Form):
    """The sentence that stands beside official and estimated figures."""

    fr = forms.CharField(
        label=gettext_lazy("La phrase, en français"), widget=forms.Textarea(attrs={"rows": 4}), max_length=1000,
        help_text=gettext_lazy("Elle dit pourquoi les deux chiffres diffèrent et lequel sert à quoi."),
    )  # fmt: skip
    en = forms.CharField(
        label=gettext_lazy("La même, en anglais"), widget=forms.Textarea(attrs={"rows": 4}), max_length=1000
    )
    agreed_with = forms.CharField(
        label=gettext_lazy("Convenue avec"), max_length=300,
        help_text=gettext_lazy("Qui et quand : « groupe technique vaccination, séance du 12 mars »."),
    )  # fmt: skip
    after = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
