"""Which form does one study use: only the doses it asks for, its own code, and only the clusters that were drawn?

What nobody needs to type cannot be mistyped: the code of the round is written by the form, the cluster is picked from the list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments.child_rows import PRODUCTS
from kalanso.surveys.instruments.forms import Choice, Form, Group, Question, checked
from kalanso.surveys.instruments.loading import load, series_of

DRAWN = "drawn_clusters"


def filled(
    name: str, *, survey: str, doses: Sequence[str] = (), clusters: Mapping[str, str] | None = None
) -> Form:
    """Return a form of the package for one round.

    `doses` are codes of antigens (`dtp1`); a form that asks for doses then asks for these alone, and for all where none is
    named. `clusters` names the drawn clusters by code, in their order; without them the cluster is typed. Raises SurveyRefused for
    an unknown form, and for doses that the form has no question for: nobody would notice in the field that they are not asked.
    """
    form = load(name)
    series = series_of(name)
    if series and doses:
        asked = {_antigen(str(dose)) for one in series for dose in one["doses"]}
        if unasked := [dose for dose in doses if dose not in asked]:
            raise SurveyRefused(
                "surveys.instruments.no_question_for_dose", form=name, doses=", ".join(unasked), known=", ".join(sorted(asked)),
            )  # fmt: skip
        kept = [
            {**one, "doses": own} for one in series if (own := [dose for dose in one["doses"] if _antigen(str(dose)) in set(doses)])
        ]  # fmt: skip
        form = load(name, doses=kept)
    choices = dict(form.choices)
    if clusters:
        choices[DRAWN] = tuple(
            Choice(code=code, label={"fr": label, "en": label}) for code, label in clusters.items()
        )
    items = tuple(_item(one, survey, picked=bool(clusters)) for one in form.items)
    return checked(replace(form, items=items, choices=dict(sorted(choices.items()))))


def _antigen(dose: str) -> str:
    series = dose.rstrip("0123456789")
    return PRODUCTS.get(series, series) + dose[len(series) :]


def _item(item: Question | Group, survey: str, *, picked: bool) -> Question | Group:
    if isinstance(item, Group):
        return replace(item, items=tuple(_item(one, survey, picked=picked) for one in item.items))
    if item.name == "round":
        return replace(item, type="calculate", calculation=f"'{survey}'", required=False)
    if item.name == "cluster" and picked:
        return replace(item, type="select_one", list=DRAWN)
    return item
