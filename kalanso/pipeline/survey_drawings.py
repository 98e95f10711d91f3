"""Which drawings of a survey do pages show, and what stands beside each?

The pictures of the report as SVG for a telephone and a screen, and a file with their words and tables in every language. Drawn where
the analysis is made: pages load nothing that draws.
"""

from __future__ import annotations

import json
from pathlib import Path

from kalanso.figures.documents import Picture
from kalanso.figures.survey_report import survey_report
from kalanso.figures.survey_words import SurveyFacts
from kalanso.vocabulary.messages import LOCALES

SAID = "pictures.json"
WIDTHS = (328, 640)
BY_STRATUM = ("inchworms", "organ_pipe")  # the kinds of figures that name strata


def drawn(out: Path, facts: SurveyFacts) -> list[str]:
    """Write every picture in every language and width, and what is said of them; return the names of the files."""
    # What draws is loaded where something is drawn.
    from kalanso.figures.drawing import to_svg

    files, told = [], {}
    for locale in LOCALES:
        pictures = [one.figure for one in survey_report(facts, locale).blocks if isinstance(one, Picture)]
        told[locale] = [
            {
                "number": number, "title": figure.title, "alt": figure.alt, "by_stratum": figure.kind in BY_STRATUM,
                "headings": [str(name) for name in figure.table.columns],
                "rows": [[str(cell) for cell in row] for row in figure.table.itertuples(index=False)],
            }
            for number, figure in enumerate(pictures, 1)
        ]  # fmt: skip
        for number, figure in enumerate(pictures, 1):
            for width in WIDTHS:
                name = f"picture-{number}-{locale}-{width}.svg"
                (out / name).write_text(to_svg(figure, width), encoding="utf-8")
                files.append(name)
    (out / SAID).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return [*files, SAID]
