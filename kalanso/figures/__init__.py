"""How do results look and read: charts, maps and words, in French and English?

Pure functions turn a table into a `Figure` (title that says the finding, alternative text, table
twin, Vega-Lite specification); `to_svg`, `to_png` and `to_pdf` draw it; `interpret` says in
checked sentences what a series shows. Computing the numbers belongs to the packages below.

Importing this package loads neither Altair nor vl-convert: a web process keeps a `Renderer`, a
child process that draws, and asks `fingerprint` for the name under which a drawing is cached.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kalanso.figures.figure import Figure, FigureRefused, Source, Subject
from kalanso.figures.fingerprints import fingerprint
from kalanso.figures.interpretation import Denominator, Thresholds, interpret
from kalanso.figures.renderer import Renderer, RenderingFailed

if TYPE_CHECKING:
    from kalanso.figures.choropleth import choropleth
    from kalanso.figures.drawing import draw, to_pdf, to_png, to_svg
    from kalanso.figures.trend import trend

# Every kind of figure and the file that makes it: to add one, add a file and a line here.
KINDS = {
    "trend": "kalanso.figures.trend",
    "choropleth": "kalanso.figures.choropleth",
}
_DRAWING = ("draw", "to_pdf", "to_png", "to_svg")

__all__ = [
    "KINDS",
    "Denominator",
    "Figure",
    "FigureRefused",
    "Renderer",
    "RenderingFailed",
    "Source",
    "Subject",
    "Thresholds",
    "choropleth",
    "draw",
    "fingerprint",
    "interpret",
    "to_pdf",
    "to_png",
    "to_svg",
    "trend",
]


def __getattr__(name: str) -> Any:
    if name in KINDS:
        return getattr(import_module(KINDS[name]), name)
    if name in _DRAWING:
        return getattr(import_module("kalanso.figures.drawing"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
