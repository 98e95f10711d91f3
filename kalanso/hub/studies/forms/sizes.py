"""What does somebody say so that the size of a sample can be computed?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WIDTHS = (
    ("0.05", gettext_lazy("5 points de chaque côté (très précis, très cher)")),
    ("0.07", gettext_lazy("7 points de chaque côté")),
    ("0.1", gettext_lazy("10 points de chaque côté (habituel)")),
    ("0.15", gettext_lazy("15 points de chaque côté (grossier)")),
)
LIKENESS = (
    ("0.3333333333333333", gettext_lazy("Beaucoup, ou nous ne savons pas (1/3, conseil de l'OMS)")),
    ("0.16666666666666666", gettext_lazy("Moyennement (1/6)")),
    ("0.041666666666666664", gettext_lazy("Peu (1/24)")),
)


class SizeForm(forms.Form):
    """Expected coverage and precision of each cohort, and how the survey will be carried out."""

    icc = forms.ChoiceField(
        label=gettext_lazy("Les enfants d'un même village se ressemblent-ils ?"), choices=LIKENESS,
        help_text=gettext_lazy("Souvent tous vaccinés ou aucun : plus ils se ressemblent, plus il faut de grappes (corrélation intra-grappe)."),
    )  # fmt: skip
    households = forms.IntegerField(
        label=gettext_lazy("Ménages visités par grappe"), min_value=1, max_value=500, initial=20,
        help_text=gettext_lazy("Ce qu'une équipe finit en un jour ou deux."),
    )  # fmt: skip
    response = forms.IntegerField(
        label=gettext_lazy("Interviews réussies, pour 100 enfants choisis"), min_value=1, max_value=100, initial=95,
        help_text=gettext_lazy("Les autres : absents, refus."),
    )  # fmt: skip
    weight_cv = forms.DecimalField(
        label=gettext_lazy("Inégalité des poids (coefficient de variation)"), min_value=0, max_value=2, initial="0.2", decimal_places=2,
        help_text=gettext_lazy("0,2 convient le plus souvent ; 0 si tous les enfants pèsent autant."),
    )  # fmt: skip
    rare_title = gettext_lazy("Réponses et poids")
    RARE = ("response", "weight_cv")

    def __init__(
        self,
        *args: Any,
        cohorts: Sequence[tuple[str, str]],
        asked: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.cohorts = list(cohorts)
        before = {one["name"]: one for one in (asked or {}).get("cohorts", ())}
        for number, (name, ages) in enumerate(self.cohorts):
            told = before.get(name, {})
            self._of_cohort(number, ages, told)
        if asked:
            self.initial.update(
                icc=str(asked["icc"]), households=asked["households"], response=round(100 * asked["response"]), weight_cv=asked["weight_cv"]
            )  # fmt: skip
        first = [name for name in self.fields if "_" in name and name.rsplit("_", 1)[1].isdigit()]
        self.order_fields([*first, "icc", "households", "response", "weight_cv"])

    def _of_cohort(self, number: int, ages: str, told: Mapping[str, Any]) -> None:
        self.fields[f"expected_{number}"] = forms.IntegerField(
            label=_("%(ages)s : couverture attendue, en %%") % {"ages": ages}, min_value=0, max_value=100,
            initial=round(100 * told["expected"]) if told else 50, help_text=_("En DTC1, par exemple. Sans idée, 50 : c'est le plus prudent."),
        )  # fmt: skip
        self.fields[f"width_{number}"] = forms.ChoiceField(
            label=_("%(ages)s : précision voulue") % {"ages": ages}, choices=WIDTHS, initial=str(told["half_width"]) if told else "0.1"
        )  # fmt: skip
        self.fields[f"per_household_{number}"] = forms.DecimalField(
            label=_("%(ages)s : enfants pour 100 ménages") % {"ages": ages}, min_value=1, max_value=500, decimal_places=1,
            initial=f"{100 * told['children_per_household']:g}" if told else 25, help_text=_("D'un recensement ou d'une enquête passée."),
        )  # fmt: skip

    @property
    def usual(self) -> list[forms.BoundField]:
        """The questions asked of every study."""
        return [field for field in self.visible_fields() if field.name not in self.RARE]

    @property
    def rare(self) -> list[forms.BoundField]:
        """What most studies leave as it is."""
        return [self[name] for name in self.RARE]

    @property
    def rare_open(self) -> bool:
        """Whether something must be said there."""
        return any(self[name].errors for name in self.RARE)

    def asked(self) -> dict[str, Any]:
        """Return what was asked, in shares from 0 to 1."""
        told = self.cleaned_data
        return {
            "cohorts": [
                {
                    "name": name, "expected": told[f"expected_{number}"] / 100, "half_width": float(told[f"width_{number}"]),
                    "children_per_household": float(told[f"per_household_{number}"]) / 100,
                }
                for number, (name, _ages) in enumerate(self.cohorts)
            ],
            "icc": float(told["icc"]), "households": told["households"], "response": told["response"] / 100,
            "weight_cv": float(told["weight_cv"]),
        }  # fmt: skip
