"""Which forms does a round use, in which version, and which may it choose from?"""

from __future__ import annotations

import io
from dataclasses import dataclass

import pandas as pd

from kalanso.hub.studies.models import Instrument, Round
from kalanso.hub.studies.queries import draws, heard
from kalanso.hub.studies.queries.rounds import language
from kalanso.surveys import instruments
from kalanso.surveys.instruments import Form

NEEDED = ("household_list", "child")  # what a survey of households asks by


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A form of the library, and the choice of it that stands; `changed`: today it would be filled otherwise; `needed`: what such a round asks by."""

    name: str
    title: str
    questions: int
    chosen: Instrument | None
    changed: bool
    needed: bool


def filled(one: Round, name: str) -> Form:
    """Return a form as the round fills it today: its code, its doses, the clusters that were drawn. Raises SurveyRefused."""
    return instruments.filled(
        name, survey=one.survey, doses=one.doses, clusters=draws.names_of_clusters(draws.newest(one))
    )


def chosen(one: Round) -> dict[str, Instrument]:
    """Return the forms that were chosen for a round, by name."""
    return {
        each.form: each for each in one.instruments.filter(replaced__isnull=True).select_related("chosen_by")
    }


def offered(one: Round) -> list[Offered]:
    """Return the forms to choose from."""
    stand, found = chosen(one), []
    for name in instruments.FORMS if one.of_households else filter(None, [heard.form_of(one)]):
        form = filled(one, name)
        kept = stand.get(name)
        found.append(
            Offered(
                name=name, title=str(form.title[language()]), questions=sum(question.type != "calculate" for question, _in in form.questions()),
                chosen=kept, changed=kept is not None and kept.version != form.version, needed=not one.of_households or name in NEEDED,
            )
        )  # fmt: skip
    return found


def form_of(kept: Instrument) -> Form:
    """Return a form as it was chosen, whatever the library says today."""
    return instruments.form_of(pd.read_csv(io.StringIO(kept.codebook), dtype=str, keep_default_na=False))
