"""How is each dose asked: from the card, from the register, and as told?

A dose on paper has a date, or a mark without a readable date; a dose as told is yes, no or unknown. Variables are
called `penta1_card_date`, `penta1_card_tick`, `penta1_register_date`, `penta1_register_tick`, `penta1_history`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments.forms import Group, Question

SOURCES = ("card", "register", "history")
SHORTEST_INTERVAL = 28  # days between doses of a series; a shorter one is asked again, never refused
_PAPER = {"card": ("sur la carte", "on the card"), "register": ("au registre", "in the register")}


def dose_group(
    source: str, series: Sequence[Mapping[str, Any]], *, relevant: str, label: Mapping[str, str]
) -> Group:
    """Return the questions on all doses from one source; `series` has series, doses, fr and en."""
    if source not in SOURCES:
        raise SurveyRefused(
            "surveys.instruments.fault.source", form="doses", question=source, value=", ".join(SOURCES)
        )
    items: list[Question | Group] = []
    for one in series:
        before = ""
        for dose in one["doses"]:
            number = dose[len(dose.rstrip("0123456789")) :]
            words = {language: f"{one[language]} {number}".strip() for language in ("fr", "en")}
            items += (
                _told(dose, before, words) if source == "history" else _on_paper(dose, before, words, source)
            )
            before = dose
    return Group(
        name=f"doses_{source}", label=label, items=tuple(items), relevant=relevant, appearance="field-list"
    )


def _told(dose: str, before: str, words: Mapping[str, str]) -> list[Question]:
    name = f"{dose}_history"
    asked = Question(
        name=name, type="select_one", list="yes_no_dk", required=True,
        label={"fr": f"{words['fr']} : reçu, d’après la mère ?", "en": f"{words['en']}: received, as told?"},
    )  # fmt: skip
    if not before:
        return [asked]
    again = Question(
        name=f"{name}_check", type="select_one", list="confirmed", required=True,
        relevant=f"${{{name}}} = '1' and ${{{before}_history}} = '2'",
        label={
            "fr": f"{words['fr']} sans la dose d’avant : reposez les deux questions.",
            "en": f"{words['en']} without the dose before: ask both questions again.",
        },
    )  # fmt: skip
    return [asked, again]


def _on_paper(dose: str, before: str, words: Mapping[str, str], source: str) -> list[Question]:
    french, english = _PAPER[source]
    name = f"{dose}_{source}_date"
    found = [
        Question(
            name=name, type="date", appearance="no-calendar",
            label={"fr": f"{words['fr']} : date {french}", "en": f"{words['en']}: date {english}"},
            constraint=". <= today() and (${dob} = '' or . >= date(${dob}))",
            message={
                "fr": "Pas après aujourd’hui, ni avant la naissance. Une date illisible se marque sans date.",
                "en": "Not after today, nor before birth. A date that cannot be read is marked without date.",
            },
        ),
        Question(
            name=f"{dose}_{source}_tick", type="select_one", list="yes_no", relevant=f"${{{name}}} = ''",
            label={
                "fr": f"{words['fr']} : marqué {french} sans date lisible ?",
                "en": f"{words['en']}: marked {english} without a readable date?",
            },
        ),
    ]  # fmt: skip
    if before:
        earlier = f"{before}_{source}_date"
        found.append(
            Question(
                name=f"{name}_check", type="select_one", list="confirmed", required=True,
                relevant=(
                    f"${{{name}}} != '' and ${{{earlier}}} != '' and decimal-date-time(${{{name}}}) - "
                    f"decimal-date-time(${{{earlier}}}) < {SHORTEST_INTERVAL}"
                ),
                label={
                    "fr": f"{words['fr']} avant la dose d’avant, ou moins de {SHORTEST_INTERVAL} jours après : relisez les deux dates.",
                    "en": f"{words['en']} before the dose before it, or less than {SHORTEST_INTERVAL} days after: read both dates again.",
                },
            )
        )  # fmt: skip
    return found
