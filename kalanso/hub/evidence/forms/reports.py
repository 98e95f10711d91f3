"""Of which year, and by whose rules, does somebody want the report on data quality?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from kalanso.hub.evidence.models import QualityReport


class ReportForm(forms.Form):
    """Ask for a report."""

    mode = forms.ChoiceField(
        label=gettext_lazy("Selon quelles règles ?"), choices=QualityReport.Mode.choices,
        help_text=gettext_lazy("Celles de l'OMS pour comparer avec d'autres pays ; les robustes pour agir."),
    )  # fmt: skip
    year = forms.TypedChoiceField(label=gettext_lazy("Quelle année ?"), coerce=int)

    def __init__(self, years: Sequence[int], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["year"].choices = [(year, str(year)) for year in years]  # type: ignore[attr-defined]
