"""What stands where there is nothing to draw?

An empty table is an answer too: a figure that says there are no data, and why.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from kalanso.figures import words
from kalanso.figures.figure import Figure, Subject
from kalanso.figures.letters import wrap
from kalanso.figures.marks import finished, texts
from kalanso.figures.theme import GREY, HATCH_NO_DATA, LABEL_SIZE


def nothing(kind: str, subject: Subject, locale: str, why: str, table: pd.DataFrame) -> Figure:
    """Return the figure of an empty table; `why` is a sentence in the reader's language."""
    reason = why or words.say(locale, "figures.nothing.unknown")
    place = subject.place or subject.measure
    title = words.say(locale, "figures.nothing.title", place=place)
    return Figure(
        kind=kind,
        title=title,
        subtitle=words.subtitle(subject, locale, ""),
        caption=words.sentences(words.caveats(subject, locale)),
        source_line=words.source_line(subject, locale),
        alt=f"{title}. {reason}",
        table=pd.DataFrame({words.say(locale, "figures.heading.remarks"): [reason]}),
        data=table,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(reason, locale, width),
    )


def _compose(reason: str, locale: str, width: int) -> dict[str, Any]:
    lines = wrap(reason, width - 48, LABEL_SIZE)
    height = 84 + 16 * len(lines)
    box = alt.Chart(alt.Data(values=[{}])).mark_rect(x=0, x2=width, y=0, y2=height, color=HATCH_NO_DATA)
    paper = alt.Chart(alt.Data(values=[{}])).mark_rect(
        x=14, x2=width - 14, y=18, y2=height - 18, color="#fffdf8"
    )
    big = [{"text": words.say(locale, "figures.nothing.label"), "px": 24, "py": 44}]
    small = [{"text": line, "px": 24, "py": 64 + 16 * n} for n, line in enumerate(lines)]
    layers = [box, paper, texts(big, fontSize=15, fontWeight="bold"), texts(small, color=GREY)]
    return finished(
        layers, width=width, height=height, padding={"left": 0, "right": 0, "top": 0, "bottom": 0}
    )
