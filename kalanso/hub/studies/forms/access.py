"""What is declared of a round without a household survey: of which children, which dose, and by which settings of its way?

Settings are those of `kalanso.surveys.ways`, asked in words; shares are written in % and kept from 0 to 1. What the form counts may stay
empty here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.studies.forms.declared import NAMED, DeclaredForm, declared_of
from kalanso.hub.studies.forms.margins import read_margins, written
from kalanso.hub.studies.models import ETHICS, Round
from kalanso.hub.studies.queries.heard import SHARES
from kalanso.surveys.due_quarters import due_quarters
from kalanso.surveys.lots.plans import MOST_CHILDREN
from kalanso.surveys.ways import FACTORS, WAYS

DOSES = (
    ("dtp1", gettext_lazy("DTC1")),
    ("dtp3", gettext_lazy("DTC3")),
    ("mcv1", gettext_lazy("VAR1")),
)
FACTOR_NAMES = {
    "inhabited": gettext_lazy("Part des bâtiments habités"),
    "people_per_building": gettext_lazy("Personnes par bâtiment habité"),
    "child_share": gettext_lazy("Part des enfants de cet âge"),
}
BETWEEN = (
    ("target", "target_low", "target_high"),
    *((f"{one}_value", f"{one}_low", f"{one}_high") for one in FACTORS),
)
PARTS = (("checked", "listed"), ("checked_missed", "checked"), ("found_listed", "found_missed"))
FACTOR_PARTS = ("value", "low", "high", "source")


def _percent(
    label: Any, help_text: Any = "", *, initial: int | None = None, required: bool = True, most: int = 100
) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, help_text=help_text, min_value=0, max_value=most, decimal_places=2, initial=initial, required=required
    )  # fmt: skip


def _whole(
    label: Any,
    help_text: Any = "",
    *,
    initial: int | None = None,
    required: bool = True,
    least: int = 0,
    most: int = 10_000_000,
) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, help_text=help_text, min_value=least, max_value=most, initial=initial, required=required
    )  # fmt: skip


def _target() -> dict[str, forms.Field]:
    says = gettext_lazy(
        "D'un recensement, d'une micro-planification ou d'un comptage de bâtiments ; jamais d'une supposition."
    )
    return {
        "target": _whole(gettext_lazy("Combien d'enfants de cet âge vivent là ?"), says, least=1),
        "target_low": _whole(gettext_lazy("Au moins"), least=1),
        "target_high": _whole(gettext_lazy("Au plus"), gettext_lazy("Entre ces deux nombres, 95 fois sur 100."), least=1),
    }  # fmt: skip


def _lots() -> dict[str, forms.Field]:
    return {
        "children": _whole(gettext_lazy("Enfants par lot"), initial=19, least=2, most=MOST_CHILDREN),
        "lower": _percent(gettext_lazy("Trop bas dès : couverture, en %"), gettext_lazy("Un lot à cette couverture doit échouer."), initial=50),
        "upper": _percent(gettext_lazy("Assez haut dès : couverture, en %"), gettext_lazy("Un lot à cette couverture doit passer."), initial=80),
        "alpha": _percent(gettext_lazy("Risque admis de faire échouer un bon lot, en %"), initial=10),
        "beta": _percent(gettext_lazy("Risque admis de laisser passer un mauvais lot, en %"), initial=10),
        "children_per_cluster": _whole(gettext_lazy("Enfants par village visité"), gettext_lazy("1 : chaque enfant est tiré seul."), initial=1, least=1),
        "icc": forms.DecimalField(
            label=gettext_lazy("Ressemblance des enfants d'un village (de 0 à 1)"), min_value=0, max_value=0.999, decimal_places=3, initial=0,
        ),
    }  # fmt: skip


def _phone() -> dict[str, forms.Field]:
    says = gettext_lazy(
        "Facultatif. Une catégorie par ligne, en % : « école aucune 70 » puis « école primaire 30 ». D'un recensement récent, jamais d'une supposition."
    )
    return {
        "phoneless_share": _percent(gettext_lazy("Enfants sans téléphone à la maison, en %"), gettext_lazy("Personne ne les entend ainsi : le résultat donne des bornes pour eux."), most=99),
        "margins": forms.CharField(
            label=gettext_lazy("Caler sur des parts connues"), widget=forms.Textarea(attrs={"rows": 4}), max_length=4000, required=False, help_text=says,
        ),
    }  # fmt: skip


def _chains() -> dict[str, forms.Field]:
    return {
        "population": _whole(gettext_lazy("Combien de familles compte ce réseau ?"), gettext_lazy("Si vous le savez ; sinon, laissez vide."), required=False, least=1)
    }  # fmt: skip


def _informants() -> dict[str, forms.Field]:
    counted = gettext_lazy("Laissez vide si vous apportez l'export du formulaire : il le compte.")
    return {
        "listed": _whole(gettext_lazy("Enfants manqués que les informateurs ont listés"), counted, required=False),
        "checked": _whole(gettext_lazy("Parmi eux, combien ont été contrôlés au hasard"), counted, required=False),
        "checked_missed": _whole(gettext_lazy("Parmi les contrôlés, vraiment manqués"), counted, required=False),
        "found_missed": _whole(gettext_lazy("Enfants manqués trouvés sans la liste, lors du contrôle")),
        "found_listed": _whole(gettext_lazy("Parmi ceux-là, combien étaient sur la liste")),
        **_target(),
    }  # fmt: skip


def _settlements() -> dict[str, forms.Field]:
    found: dict[str, forms.Field] = {}
    for name in FACTORS:
        label, share = FACTOR_NAMES[name], name in SHARES
        for part, says in (
            ("value", gettext_lazy("valeur")),
            ("low", gettext_lazy("au moins")),
            ("high", gettext_lazy("au plus")),
        ):
            told = _told(label, says, share=share)
            found[f"{name}_{part}"] = (
                _percent(told)
                if share
                else forms.DecimalField(label=told, min_value=0, max_value=100, decimal_places=3)
            )
        found[f"{name}_source"] = forms.CharField(
            label=_told(label, gettext_lazy("source")),
            max_length=200,
            help_text=gettext_lazy(
                "D'où vient ce chiffre : un comptage de votre équipe, un recensement, un article."
            ),
        )
    return found  # fmt: skip


def _told(label: Any, part: Any, *, share: bool = False) -> str:
    told = {"label": label, "part": part}
    return _("%(label)s : %(part)s, en %%") % told if share else _("%(label)s : %(part)s") % told


QUESTIONS = {
    Round.Way.LOTS: _lots, Round.Way.PHONE: _phone, Round.Way.RESPONDENT_DRIVEN: _chains, Round.Way.TIME_LOCATION: dict,
    Round.Way.CAPTURE_RECAPTURE: _target, Round.Way.KEY_INFORMANTS: _informants, Round.Way.SETTLEMENTS: _settlements,
}  # fmt: skip


class AccessForm(DeclaredForm):
    """What is declared of a round of one way."""

    age_from = forms.IntegerField(
        label=gettext_lazy("Enfants à partir de (mois révolus)"), min_value=0, max_value=59, initial=12
    )
    age_below = forms.IntegerField(
        label=gettext_lazy("et de moins de (mois révolus)"), min_value=1, max_value=60, initial=24, help_text=gettext_lazy("12 et 24 : de 12 à 23 mois."),
    )  # fmt: skip
    indicator = forms.ChoiceField(label=gettext_lazy("Quelle dose ?"), choices=DOSES, initial="dtp1")

    def __init__(self, person: Any, *args: Any, way: str, today: Any, **options: Any) -> None:
        super().__init__(person, *args, today=today, **options)
        self.way = way
        questions = QUESTIONS[Round.Way(way)]()
        self.fields |= questions
        self.asked = (*NAMED, "age_from", "age_below", "indicator", *questions, *ETHICS)
        if WAYS[way].one_place:
            country = self.fields["place"].choices  # type: ignore[attr-defined]
            self.fields["place"].choices = [one for one in country if one[0] != "-"]  # type: ignore[attr-defined]
        self.fields["title_fr"].help_text = _("Exemple : Yorosso par téléphone, 2025")
        self.questions = tuple(questions)

    def clean_margins(self) -> dict[str, dict[str, float]]:
        """Read a category a line; the parts of a variable make a whole."""
        return read_margins(self.cleaned_data["margins"])

    def clean(self) -> dict[str, Any]:
        """Hold together what must fit together: ages, limits, intervals, parts of a whole, villages of a lot."""
        cleaned = super().clean() or {}
        self._in_order(cleaned, "age_from", "age_below", _("Cet âge doit être plus haut que le premier."))
        self._in_order(cleaned, "lower", "upper", _("Cette limite doit être plus haute que la première."))
        for value, low, high in BETWEEN:
            found = [cleaned.get(name) for name in (low, value, high)]
            if None not in found and not 0 < found[0] <= found[1] <= found[2]:  # type: ignore[operator]
                self.add_error(
                    value,
                    _(
                        "Ce nombre n'est pas entre « au moins » et « au plus », ou ils ne sont pas au-dessus de 0."
                    ),
                )
        for part, whole in PARTS:
            held, all_of = cleaned.get(part), cleaned.get(whole)
            if held is not None and all_of is not None and held > all_of:
                self.add_error(part, _("Ce nombre est une partie du précédent : il ne peut pas le dépasser."))
        if (
            cleaned.get("children")
            and cleaned.get("children_per_cluster")
            and cleaned["children"] % cleaned["children_per_cluster"]
        ):
            self.add_error(
                "children_per_cluster", _("Le lot doit se diviser en villages de ce nombre d'enfants.")
            )
        if not self.errors:
            self._refuse_not_yet_due(cleaned)
        return cleaned  # fmt: skip

    def _in_order(self, cleaned: Mapping[str, Any], first: str, second: str, says: str) -> None:
        low, high = cleaned.get(first), cleaned.get(second)
        if low is not None and high is not None and high <= low:
            self.add_error(second, says)

    def _refuse_not_yet_due(self, cleaned: Mapping[str, Any]) -> None:
        """Refuse children too young for the dose."""
        ages = cleaned["age_from"], cleaned["age_below"]
        try:
            due_quarters(cleaned["first_day"], cleaned["last_day"], ages, cleaned["indicator"])
        except ValueError:
            self.add_error("age_from", _("À cet âge, cette dose n'est pas encore due."))

    def said(self) -> dict[str, Any]:
        """Return what was declared, by the fields of the record."""
        told = super().said()
        ages = [told.pop("age_from"), told.pop("age_below")]
        given = {name: told.pop(name) for name in self.questions}
        terms = {
            "ages_months": ages,
            "indicator": told.pop("indicator"),
            "settings": _settings(self.way, given),
        }
        return {**told, "way": self.way, "terms": terms}


def _settings(way: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as the library reads them: shares from 0 to 1, nothing that was left empty."""
    if way == Round.Way.SETTLEMENTS:
        return {
            name: {part: _number(name, given[f"{name}_{part}"]) if part != "source" else given[f"{name}_{part}"] for part in FACTOR_PARTS}
            for name in FACTORS
        }  # fmt: skip
    return {
        name: value if isinstance(value, dict) else _number(name, value)
        for name, value in given.items()
        if value not in (None, "", {})
    }


def _number(name: str, value: Any) -> float | int:
    if isinstance(value, int):
        return value
    return float(value) / 100 if name in SHARES else float(value)


def initial_of(one: Round) -> dict[str, Any]:
    """Return a round of a way as its form shows it."""
    found: dict[str, Any] = {**declared_of(one), "indicator": one.terms["indicator"]}
    found["age_from"], found["age_below"] = one.terms["ages_months"]
    for name, value in one.terms["settings"].items():
        if name == "margins":
            found[name] = written(value)
        elif isinstance(value, dict):
            found |= {f"{name}_{part}": _shown(name, part_value) for part, part_value in value.items()}
        else:
            found[name] = _shown(name, value)
    return found


def _shown(name: str, value: Any) -> Any:
    return round(100 * value, 2) if name in SHARES and isinstance(value, float) else value
