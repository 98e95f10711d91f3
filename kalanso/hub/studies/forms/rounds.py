"""Which study does somebody declare: what it is called, when and where it was, by which rules, on which approvals?

Cohorts and doses are those of the Learning Hub unless somebody says others. The approvals may wait, but no file is taken
without them.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.people.queries.places import country_pack
from kalanso.hub.studies.forms.declared import NAMED, DeclaredForm, declared_of
from kalanso.hub.studies.forms.places import code_meant
from kalanso.hub.studies.models import ETHICS, Round
from kalanso.hub.studies.queries import rounds as queries
from kalanso.surveys.rounds import OLDER, YOUNGER, Cohort, RoundRefused
from kalanso.surveys.rounds import Round as Asked
from kalanso.surveys.schedule import EVERYWHERE

USUAL = (*NAMED, "policy", "chosen_places", *ETHICS)
RARE = ("cohorts", "doses", "mode", "grace_days", "groups", "swap_day_month", "second_look")
PRESET = "\n".join(f"{one.name} {one.from_days} {one.to_days}" for one in (YOUNGER, OLDER))
# Of the country's schedule, those that the Learning Hub asked for.
PRESET_DOSES = frozenset(
    {"bcg", "opv0", "dtp1", "dtp2", "dtp3", "opv1", "opv2", "opv3", "pcv1", "pcv2", "pcv3", "rota1", "rota2", "rota3", "ipv1",
     "mcv1", "yf", "mcv2"}
)  # fmt: skip
NEEDED = frozenset({"dtp1", "dtp3"})  # without which nobody can be called zero-dose or dropout
GROUPS = (
    ("sex", gettext_lazy("Sexe")),
    ("mother_education", gettext_lazy("École de la mère")),
    ("distance", gettext_lazy("Distance du centre")),
    ("displaced", gettext_lazy("Ménages déplacés")),
)
_COHORT = re.compile(r"([\w-]{1,20})\s+(\d{1,5})\s+(\d{1,5})")


class RoundForm(DeclaredForm):
    """What is declared of a round."""

    policy = forms.ChoiceField(
        label=gettext_lazy("Les registres des centres ont-ils été cherchés ?"), choices=Round.Policy.choices
    )
    chosen_places = forms.BooleanField(
        label=gettext_lazy("Les lieux ont été choisis, non tirés au sort : les résultats ne parlent que d'eux"), required=False
    )  # fmt: skip
    cohorts = forms.CharField(
        label=gettext_lazy("Cohortes"), initial=PRESET, widget=forms.Textarea(attrs={"rows": 3}), max_length=400,
        help_text=gettext_lazy(
            "Une par ligne : son nom court, puis l'âge en jours, du premier au dernier. Préréglées : 18 semaines à 11 mois (18w-11m, de 126 à 364 jours), 12 à 23 mois (12-23m)."
        ),
    )  # fmt: skip
    doses = forms.MultipleChoiceField(
        label=gettext_lazy("Doses demandées"), widget=forms.CheckboxSelectMultiple
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Selon quelles règles une dose est-elle valide ?"), choices=Round.Mode.choices, initial=Round.Mode.VCQI
    )  # fmt: skip
    grace_days = forms.IntegerField(
        label=gettext_lazy("Jours de grâce"), min_value=0, max_value=10, initial=0,
        help_text=gettext_lazy("Ôtés des âges et des intervalles minimaux. 0 : aucun ; certains pays en accordent 4."),
    )  # fmt: skip
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("Comparer les enfants par"), widget=forms.CheckboxSelectMultiple, choices=GROUPS, required=False,
        initial=[code for code, _name in GROUPS],
    )  # fmt: skip
    swap_day_month = forms.BooleanField(
        label=gettext_lazy("Remettre dans l'ordre un jour et un mois inversés (2024-13-05)"), required=False,
        help_text=gettext_lazy(
            "Un mois 13 n'existe pas : c'était sans doute le 13 mai. Sans cette case, la dose compte comme reçue, mais sa date est perdue ; l'accusé dit combien. Cochez-la si vos équipes ont recopié les dates à la main."
        ),
    )  # fmt: skip
    second_look = forms.BooleanField(
        label=gettext_lazy("Une seconde personne relit chaque correction"), required=False, initial=True,
        help_text=gettext_lazy("Une valeur corrigée ne compte qu'une fois qu'une autre personne est d'accord."),
    )  # fmt: skip

    asked = USUAL
    rare_title = gettext_lazy("Cohortes, doses et règles : préréglées pour le Centre d'apprentissage")

    def __init__(self, person: Any, *args: Any, today: date, **options: Any) -> None:
        super().__init__(person, *args, today=today, **options)
        self.scopes = scopes()
        for number, (scope, codes) in enumerate(self.scopes.items()):
            self.fields[f"scope_{number}"] = _scope_field(scope, codes)
        self.initial.setdefault("doses", [code for code in _doses() if code in PRESET_DOSES])
        self.fields["doses"].choices = [(code, dose_name(code)) for code in _doses()]  # type: ignore[attr-defined]

    @property
    def rare(self) -> list[forms.BoundField]:
        """The questions that most rounds leave as they are, asked apart."""
        return [self[name] for name in self._rare]

    @property
    def _rare(self) -> tuple[str, ...]:
        return (*RARE, *(f"scope_{number}" for number in range(len(self.scopes))))

    @property
    def rare_open(self) -> bool:
        """Whether something must be said in the part asked apart."""
        return any(self[name].errors for name in self._rare)

    def clean_cohorts(self) -> list[dict[str, Any]]:
        """Read a cohort a line."""
        found = []
        for line in str(self.cleaned_data["cohorts"]).splitlines():
            if not line.strip():
                continue
            said = _COHORT.fullmatch(line.strip())
            if said is None:
                raise forms.ValidationError(
                    _("« %(line)s » : écrivez un nom et deux âges en jours, comme 12-23m 365 730.")
                    % {"line": line.strip()}
                )
            found.append({"name": said[1], "from_days": int(said[2]), "to_days": int(said[3])})
        return found

    def clean_doses(self) -> list[str]:
        """Keep the order of the schedule, and the doses on which every result rests."""
        chosen = set(self.cleaned_data["doses"])
        if not chosen >= NEEDED:
            raise forms.ValidationError(
                _("Gardez %(first)s et %(third)s : sans elles, ni zéro dose ni abandon ne peuvent se dire.")
                % {"first": dose_name("dtp1"), "third": dose_name("dtp3")}
            )
        return [code for code in _doses() if code in chosen]

    def clean(self) -> dict[str, Any]:
        """Hold the ages of cohorts together."""
        cleaned = super().clean() or {}
        self._read_scopes(cleaned)
        if not self.errors:
            try:
                Asked(
                    survey=cleaned["survey"], first_day=cleaned["first_day"], last_day=cleaned["last_day"], doses=tuple(cleaned["doses"]),
                    cohorts=tuple(Cohort(**one) for one in cleaned["cohorts"]),
                )  # type: ignore[arg-type]  # fmt: skip
            except RoundRefused:
                self.add_error(
                    "cohorts",
                    _("Il faut au moins une cohorte, chacune d'un autre nom, aux âges croissants, sans jour en commun."),
                )  # fmt: skip
        return cleaned

    def _read_scopes(self, cleaned: dict[str, Any]) -> None:
        """Read a place a line, where a dose is offered in some places only."""
        for name in (f"scope_{number}" for number in range(len(self.scopes))):
            codes: list[str] = []
            for line in str(cleaned.get(name) or "").splitlines():
                if not line.strip():
                    continue
                try:
                    codes.append(code_meant(self.person, line.strip()))
                except forms.ValidationError as error:
                    self.add_error(name, [f"« {line.strip()} » : {told}" for told in error.messages])
            cleaned[name] = list(dict.fromkeys(codes))

    def said(self) -> dict[str, Any]:
        """Return what was declared, by the fields of the record."""
        told = super().said()
        places = {scope: told.pop(f"scope_{number}") for number, scope in enumerate(self.scopes)}
        told["scopes"] = {scope: codes for scope, codes in places.items() if codes}
        return told


def dose_name(code: str) -> str:
    """Return what people call a dose."""
    return country_pack().name(f"dose.{code}", queries.language())


def _doses() -> list[str]:
    """Return the doses of the country's schedule, in its order."""
    return list(dict.fromkeys(row.dose.code for row in country_pack().schedule))


def scopes() -> dict[str, list[str]]:
    """Return the places that the country's schedule means by words where a dose is offered in some only, each with its doses."""
    found: dict[str, list[str]] = {}
    for row in country_pack().schedule:
        if row.where != EVERYWHERE:
            found.setdefault(row.where, [])
            found[row.where] += [row.dose.code] * (row.dose.code not in found[row.where])
    return found


def _scope_field(scope: str, codes: list[str]) -> forms.CharField:
    return forms.CharField(
        label=_("Où se donnent %(doses)s ?") % {"doses": ", ".join(dose_name(code) for code in codes)}, required=False, max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Le calendrier ne les prévoit que dans certains lieux (« %(scope)s »). Un lieu par ligne, nom ou code : région, district ou aire. Vide : ces doses restent sans résultat, et l'accusé le dit.") % {"scope": scope},
    )  # fmt: skip


def initial_of(one: Round) -> dict[str, Any]:
    """Return a round as the form shows it."""
    plain = {name: getattr(one, name) for name in ("policy", "chosen_places", *RARE) if name != "cohorts"}
    lines = [f"{cohort['name']} {cohort['from_days']} {cohort['to_days']}" for cohort in one.cohorts]
    return {
        **declared_of(one),
        **plain,
        "cohorts": "\n".join(lines),
        **{f"scope_{number}": "\n".join(one.scopes.get(scope, ())) for number, scope in enumerate(scopes())},
    }
