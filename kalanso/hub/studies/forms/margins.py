"""How many households were counted in each cluster, and what is known of the population by other sources?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.people.queries.places import folded
from kalanso.hub.studies.queries.weights import VARIABLES

# What people write, in French or as the forms do.
_MEANT = {
    "sexe": "sex", "strate": "stratum", "cohorte": "cohort", "ecole": "mother_education", "deplace": "displaced", "lieu": "place_code",
}  # fmt: skip
_CATEGORIES: Mapping[str, Mapping[str, str]] = {
    "sex": {"fille": "female", "filles": "female", "garcon": "male", "garcons": "male"},
    "mother_education": {
        "aucune": "none",
        "coranique": "koranic",
        "primaire": "primary",
        "secondaire": "secondary",
    },
    "displaced": {"oui": "yes", "non": "no"},
}
_ACCENTS = {"garcon": "garçon", "ecole": "école", "deplace": "déplacé"}
_LISTED = re.compile(
    r"(\S+)(?:[\s;=:,]+| · [^:]*: *)(\d{1,6})"
)  # a name may stand between the code and a colon
_MARGIN = re.compile(r"(\S+)[\s;]+(\S+)[\s;=:]+(\d{1,3}(?:[.,]\d{1,4})?)\s*%?")
CLOSE = 0.5  # how far percents may be from 100 together, in points


class WeightsForm(forms.Form):
    """Households counted by cluster, and margins."""

    listed = forms.CharField(
        label=gettext_lazy("Ménages comptés dans chaque grappe"), widget=forms.Textarea(attrs={"rows": 8, "inputmode": "text"}), max_length=100_000,
        help_text=gettext_lazy("Après chaque grappe, écrivez combien de ménages l'équipe y a comptés (dans le segment, s'il y en a un) avant d'en choisir. Ce nombre dit la chance d'un ménage d'être choisi. Vous pouvez aussi coller deux colonnes d'un tableur : code et nombre."),
    )  # fmt: skip
    margins = forms.CharField(
        label=gettext_lazy("Caler sur des parts connues"), widget=forms.Textarea(attrs={"rows": 4}), max_length=4000, required=False,
        help_text=gettext_lazy("Une catégorie par ligne, en % : « sexe fille 49,6 » puis « sexe garçon 50,4 ». Aussi : strate, cohorte, école, déplacé, lieu. D'un recensement récent, jamais d'une supposition."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, clusters: Mapping[str, str], before: Mapping[str, int] | None = None,
        margins: Mapping[str, Mapping[str, float]] | None = None, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **options)
        self.clusters = list(clusters)
        known = before or {}
        self.fields["listed"].initial = "\n".join(
            f"{code} · {name.replace(':', ' ')} : {known.get(code, '')}" for code, name in clusters.items()
        )
        self.fields["margins"].initial = written(margins or {})

    def clean_listed(self) -> dict[str, int]:
        """Read a cluster a line; every cluster that is to be visited has its number."""
        found: dict[str, int] = {}
        for line in self.cleaned_data["listed"].splitlines():
            if not line.strip():
                continue
            said = _LISTED.fullmatch(line.strip())
            if said is None or int(said[2]) < 1:
                raise forms.ValidationError(
                    _("« %(line)s » : écrivez le code de la grappe puis le nombre de ménages.")
                    % {"line": line.strip()[:60]}
                )
            if said[1] not in self.clusters:
                raise forms.ValidationError(
                    _("« %(code)s » n'est pas une grappe à visiter.") % {"code": said[1][:60]}
                )
            if said[1] in found:
                raise forms.ValidationError(_("« %(code)s » est dit deux fois.") % {"code": said[1][:60]})
            found[said[1]] = int(said[2])
        if missing := [code for code in self.clusters if code not in found]:
            raise forms.ValidationError(
                _("Il manque le nombre de ménages de : %(codes)s.") % {"codes": ", ".join(missing[:6])}
            )
        return found

    def clean_margins(self) -> dict[str, dict[str, float]]:
        """Read a category a line; the parts of a variable make a whole."""
        return read_margins(self.cleaned_data["margins"])


def read_margins(text: str) -> dict[str, dict[str, float]]:
    """Return shares by variable and category from a category a line. Raises ValidationError."""
    found: dict[str, dict[str, float]] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        said = _MARGIN.fullmatch(line.strip())
        name = _MEANT.get(folded(said[1]), said[1]) if said is not None else ""
        if said is None or name not in VARIABLES:
            raise forms.ValidationError(
                _("« %(line)s » : écrivez par exemple « sexe fille 49,6 ».") % {"line": line.strip()[:60]}
            )
        category = _CATEGORIES.get(name, {}).get(folded(said[2]), said[2])
        found.setdefault(name, {})[category] = float(said[3].replace(",", "."))
    for name, shares in found.items():
        if abs(sum(shares.values()) - 100) > CLOSE or min(shares.values()) <= 0:
            raise forms.ValidationError(
                _("%(name)s : les parts doivent être au-dessus de 0 et faire 100 ensemble.")
                % {"name": str(VARIABLES[name]).capitalize()}
            )
    return {
        name: {category: share / sum(shares.values()) for category, share in shares.items()}
        for name, shares in found.items()
    }


def written(margins: Mapping[str, Mapping[str, float]]) -> str:
    """Return margins as somebody would write them: computing again must not lose what was known."""
    names = {code: word for word, code in _MEANT.items()}
    lines = []
    for name, shares in margins.items():
        words = {code: word for word, code in reversed(_CATEGORIES.get(name, {}).items())}
        lines += [
            f"{_accented(names.get(name, name))} {_accented(words.get(category, category))} {f'{100 * share:.4f}'.rstrip('0').rstrip('.').replace('.', ',')}"
            for category, share in shares.items()
        ]
    return "\n".join(lines)


def _accented(word: str) -> str:
    return _ACCENTS.get(word, word)
