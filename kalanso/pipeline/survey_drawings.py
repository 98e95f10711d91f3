"""Which drawings of a survey do pages show, and what stands beside each?

The pictures of the report, and the decisions of lots, as SVG for a telephone and a screen, and a file with their words and tables in every language. Drawn where
the analysis is made: pages load nothing that draws.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from kalanso.figures.documents import Picture
from kalanso.figures.figure import Figure, Source, Subject
from kalanso.figures.survey_report import survey_report
from kalanso.figures.survey_words import SurveyFacts, detail_called
from kalanso.figures.words import say
from kalanso.vocabulary.messages import LOCALES

SAID = "pictures.json"
WIDTHS = (328, 640)
BY_STRATUM = ("inchworms", "organ_pipe", "lot_decisions")  # the kinds of figures that name strata or places


def drawn(out: Path, facts: SurveyFacts) -> list[str]:
    """Write every picture in every language and width, and what is said of them; return the names of the files."""
    pictures = {
        locale: [one.figure for one in survey_report(facts, locale).blocks if isinstance(one, Picture)]
        for locale in LOCALES
    }
    return _written(out, pictures)


def lots_drawn(
    out: Path, lots: pd.DataFrame, *, survey: str, names: Mapping[str, str], demo: bool = False
) -> list[str]:
    """Write the decisions of lots round after round, a picture for each dose; return the names of the files.

    `lots` has its rounds' first days; `names` are those of places, whose code stands where one lacks.
    """
    from kalanso.figures.lots import lot_decisions

    at = lots["round"].map(lots.groupby("round")["interviewed_from"].min())
    named = lots.assign(place=lots["place_code"].map(lambda code: names.get(code, code)), at=at)
    named["place"] = named["place"].where(~_shared(named), named["place"] + " (" + named["place_code"] + ")")
    named = named.sort_values(["at", "round", "place"], kind="stable", ignore_index=True)
    pictures: dict[str, list[Figure]] = {locale: [] for locale in LOCALES}
    for dose, own in named.groupby("indicator", sort=True):
        for locale in LOCALES:
            measure = say(locale, "figures.lot_decisions.shown", dose=detail_called(str(dose), locale))
            subject = Subject(
                measure=measure, unit="count", number="surveyed", sources=(Source(system=survey),), demo=demo
            )
            pictures[locale].append(lot_decisions(own, subject=subject, locale=locale))
    return _written(out, pictures)


def _shared(named: pd.DataFrame) -> pd.Series:
    """Say for each row whether places of several codes bear its name."""
    return named.groupby("place")["place_code"].transform("nunique").gt(1)


def _written(out: Path, pictures: Mapping[str, Sequence[Figure]]) -> list[str]:
    # What draws is loaded where something is drawn.
    from kalanso.figures.drawing import to_svg

    files, told = [], {}
    for locale, own in pictures.items():
        told[locale] = [
            {
                "number": number, "title": figure.title, "alt": figure.alt, "by_stratum": figure.kind in BY_STRATUM,
                "headings": [str(name) for name in figure.table.columns],
                "rows": [[str(cell) for cell in row] for row in figure.table.itertuples(index=False)],
            }
            for number, figure in enumerate(own, 1)
        ]  # fmt: skip
        for number, figure in enumerate(own, 1):
            for width in WIDTHS:
                name = f"picture-{number}-{locale}-{width}.svg"
                (out / name).write_text(to_svg(figure, width), encoding="utf-8")
                files.append(name)
    (out / SAID).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return [*files, SAID]
