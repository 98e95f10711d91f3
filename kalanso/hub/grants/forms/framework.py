"""What do people say of an indicator that is agreed for a grant, of its withdrawal, and of what is counted for it?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.grants.forms.grants import Amount, day_field
from kalanso.hub.grants.models import AgreedIndicator, Chain
from kalanso.hub.grants.queries import framework
from kalanso.hub.portfolio.models import Intervention

OWN = "own"
HUNDRED = Decimal(100)


def _optional_day(label: Any) -> forms.DateField:
    found = day_field(label)
    found.required = False
    return found


def _value(label: Any) -> Amount:
    return Amount(
        label=label, max_digits=16, decimal_places=4, required=False,
        help_text=gettext_lazy("Une part s'écrit en pour cent, comme 80 ; un nombre en entier, comme 12 000."),
    )  # fmt: skip


class AgreedForm(forms.Form):
    """One indicator of the performance framework. Shares are typed in percent, and kept from 0 to 1."""

    indicator = forms.ChoiceField(label=gettext_lazy("Quel indicateur ?"))
    baseline = _value(gettext_lazy("Point de départ"))
    baseline_day = _optional_day(gettext_lazy("Mesuré le"))
    baseline_source = forms.CharField(
        label=gettext_lazy("Qui le dit ?"), max_length=250, required=False,
        help_text=gettext_lazy("L'enquête, le rapport ou la page d'où vient le point de départ."),
    )  # fmt: skip
    target = _value(gettext_lazy("Cible"))
    target_day = _optional_day(gettext_lazy("À atteindre le"))
    data_source = forms.CharField(
        label=gettext_lazy("D'où viendront les valeurs ?"), max_length=250,
        help_text=gettext_lazy("Comme l'accord le dit : SNIS, enquête, rapport du portefeuille."),
    )  # fmt: skip
    frequency = forms.ChoiceField(
        label=gettext_lazy("À quel rythme ?"), choices=AgreedIndicator.Frequency.choices
    )
    kind = forms.ChoiceField(label=gettext_lazy("Commun ou propre ?"), choices=AgreedIndicator.Kind.choices)
    better = forms.ChoiceField(
        label=gettext_lazy("Dans quel sens ?"), required=False,
        choices=(("", gettext_lazy("Comme le dit la définition")), *AgreedIndicator.Better.choices),
    )  # fmt: skip
    chain = forms.ChoiceField(
        label=gettext_lazy("Où, dans la chaîne des résultats ?"), required=False,
        choices=(("", gettext_lazy("Comme le dit la définition")), *Chain.choices),
    )  # fmt: skip
    cumulative = forms.BooleanField(
        label=gettext_lazy("Les trimestres s'ajoutent depuis le début de la subvention"), required=False
    )
    name_fr = forms.CharField(
        label=gettext_lazy("Nom en français"), max_length=200, required=False,
        help_text=gettext_lazy("Seulement pour un indicateur que la subvention nomme elle-même."),
    )  # fmt: skip
    name_en = forms.CharField(label=gettext_lazy("Nom en anglais"), max_length=200, required=False)
    unit = forms.ChoiceField(
        label=gettext_lazy("Ce qui se compte"), required=False,
        choices=(("share", gettext_lazy("Une part : fait sur prévu")), ("count", gettext_lazy("Un nombre : fait en tout"))),
    )  # fmt: skip

    def __init__(self, *args: Any, agreed: AgreedIndicator | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.agreed = agreed
        self.fields["indicator"].choices = _indicators(agreed)  # type: ignore[attr-defined]
        if agreed is not None:
            self.fields["indicator"].disabled = True
            self.fields["unit"].disabled = True
            self.initial = _said(agreed) | self.initial

    @property
    def rare(self) -> list[Any]:
        """The fields of an indicator that the definitions do not have."""
        return [self[name] for name in ("name_fr", "name_en", "unit")]

    @property
    def usual(self) -> list[Any]:
        """The fields of every indicator."""
        return [field for field in self.visible_fields() if field.name not in ("name_fr", "name_en", "unit")]

    rare_title = gettext_lazy("Un indicateur propre à cette subvention")

    @property
    def rare_open(self) -> bool:
        """Whether those stand open."""
        return any(self.errors.get(name) for name in ("name_fr", "name_en", "unit")) or bool(
            self.agreed and self.agreed.own
        )

    def clean(self) -> dict[str, Any]:
        """Fill in what the definition says, turn percents into shares, and refuse what says half."""
        given = super().clean() or {}
        chosen = given.get("indicator", "")
        self._name(given, chosen)
        for value, day in (("baseline", "baseline_day"), ("target", "target_day")):
            if (given.get(value) is None) != (given.get(day) is None):
                self.add_error(
                    day if given.get(day) is None else value, _("La valeur et son jour vont ensemble.")
                )
            if given.get(value) is not None and given.get("unit") == "share":
                given[value] = given[value] / HUNDRED
        if given.get("baseline") is not None and not given.get("baseline_source"):
            self.add_error("baseline_source", _("Dites d'où vient le point de départ."))
        if given.get("baseline") is None:
            given["baseline_source"] = ""
        first, last = given.get("baseline_day"), given.get("target_day")
        if first and last and last <= first:
            self.add_error("target_day", _("La cible vient après le point de départ."))
        return given

    def _name(self, given: dict[str, Any], chosen: str) -> None:
        """Say what an indicator is called, counted in and better for: by its definition, or by the agreement."""
        known = framework.pack_indicators().get(chosen)
        if known is not None:
            given |= {"name_fr": "", "name_en": "", "unit": framework.unit_of(chosen)}
            given["chain"] = given.get("chain") or known.chain
            given["better"] = given.get("better") or ("down" if known.better == "down" else "up")
            if given["unit"] == "days" and given.get("cumulative"):
                self.add_error("cumulative", _("Des jours ne s'ajoutent pas d'un trimestre à l'autre."))
            return
        for name in ("name_fr", "name_en"):
            if not given.get(name):
                self.add_error(
                    name, _("Un indicateur propre à la subvention a un nom en français et en anglais.")
                )
        given["unit"] = self.agreed.unit if self.agreed else given.get("unit") or "share"
        given["kind"] = AgreedIndicator.Kind.TAILORED
        given["better"], given["chain"] = given.get("better") or "up", given.get("chain") or Chain.ACTIVITY
        given["indicator"] = self.agreed.indicator if self.agreed else str(given.get("name_fr", ""))[:60]


def _indicators(agreed: AgreedIndicator | None) -> list[tuple[str, Any]]:
    """Return the indicators to choose from, along the chain of results, with their codes in the framework."""
    if agreed is not None:
        return [(agreed.indicator, framework.name_of(agreed.indicator, agreed))]
    known = framework.pack_indicators()
    groups = [
        (str(step.label), [(code, f"{one.frame} · {framework.name_of(code)}") for code, one in known.items() if one.chain == step])
        for step in Chain
    ]  # fmt: skip
    return [*groups, (OWN, _("Un autre, propre à cette subvention"))]


def _said(one: AgreedIndicator) -> dict[str, Any]:
    """Return what the form shows of an agreement: shares in percent."""
    whole = HUNDRED if one.unit == "share" else Decimal(1)
    values = {
        name: (getattr(one, name) * whole).normalize() if getattr(one, name) is not None else None
        for name in ("baseline", "target")
    }
    plain = (
        "indicator", "name_fr", "name_en", "unit", "chain", "kind", "better", "cumulative", "baseline_day", "baseline_source", "target_day",
        "data_source", "frequency",
    )  # fmt: skip
    return {name: getattr(one, name) for name in plain} | {
        name: f"{value:f}" if value is not None else None for name, value in values.items()
    }


class WithdrawForm(forms.Form):
    """From when an agreed indicator no longer holds, and why."""

    since = day_field(gettext_lazy("Ne vaut plus à partir du"))
    reason = forms.CharField(
        label=gettext_lazy("Pourquoi ?"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class CountForm(forms.Form):
    """Which interventions are counted for an indicator."""

    interventions = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Quelles interventions comptent ?"), queryset=Intervention.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("La quantité de leurs rapports approuvés fait la valeur : cochez seulement celles dont l'unité est celle de l'indicateur."),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["interventions"]
        field.queryset = Intervention.objects.filter(closed=False)  # type: ignore[attr-defined]
        field.label_from_instance = lambda one: f"{one.code} · {one.title} ({one.unit or '?'})"  # type: ignore[attr-defined]
