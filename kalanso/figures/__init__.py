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
    from kalanso.figures.answers import interval_rows
    from kalanso.figures.beside import beside_sources
    from kalanso.figures.cell_grids import cell_grid
    from kalanso.figures.choropleths import choropleth
    from kalanso.figures.coverage_by_age import age_curves
    from kalanso.figures.drawing import draw, to_pdf, to_png, to_svg
    from kalanso.figures.estimate_maps import estimate_map
    from kalanso.figures.evidence_axes import evidence_axis
    from kalanso.figures.flows import source_flows
    from kalanso.figures.heat_grids import heat_grid
    from kalanso.figures.ledgers import evidence_shares
    from kalanso.figures.lots import lot_decisions
    from kalanso.figures.methods import method_dots
    from kalanso.figures.multiples import small_multiples
    from kalanso.figures.nested_intervals import inchworms
    from kalanso.figures.organ_pipes import organ_pipe
    from kalanso.figures.rank_ranges import rank_intervals
    from kalanso.figures.rankings import ranked_bars
    from kalanso.figures.stacks import share_stacks
    from kalanso.figures.subtractions import missed_children
    from kalanso.figures.timelines import timeline
    from kalanso.figures.trends import trend
    from kalanso.figures.wall_charts import wall_chart

# Every kind of figure and the file that makes it: to add one, add a file and a line here. No file has
# the name of its function, since an imported file would hide the function.
KINDS = {
    "trend": "kalanso.figures.trends",
    "choropleth": "kalanso.figures.choropleths",
    "small_multiples": "kalanso.figures.multiples",
    "heat_grid": "kalanso.figures.heat_grids",
    "ranked_bars": "kalanso.figures.rankings",
    "wall_chart": "kalanso.figures.wall_charts",
    "missed_children": "kalanso.figures.subtractions",
    "estimate_map": "kalanso.figures.estimate_maps",
    "evidence_axis": "kalanso.figures.evidence_axes",
    "evidence_shares": "kalanso.figures.ledgers",
    "interval_rows": "kalanso.figures.answers",
    "method_dots": "kalanso.figures.methods",
    "rank_intervals": "kalanso.figures.rank_ranges",
    "source_flows": "kalanso.figures.flows",
    "beside_sources": "kalanso.figures.beside",
    "organ_pipe": "kalanso.figures.organ_pipes",
    "inchworms": "kalanso.figures.nested_intervals",
    "share_stacks": "kalanso.figures.stacks",
    "age_curves": "kalanso.figures.coverage_by_age",
    "lot_decisions": "kalanso.figures.lots",
    "cell_grid": "kalanso.figures.cell_grids",
    "timeline": "kalanso.figures.timelines",
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
    "age_curves",
    "beside_sources",
    "cell_grid",
    "choropleth",
    "draw",
    "estimate_map",
    "evidence_axis",
    "evidence_shares",
    "fingerprint",
    "heat_grid",
    "inchworms",
    "interpret",
    "interval_rows",
    "lot_decisions",
    "method_dots",
    "missed_children",
    "organ_pipe",
    "rank_intervals",
    "ranked_bars",
    "share_stacks",
    "small_multiples",
    "source_flows",
    "timeline",
    "to_pdf",
    "to_png",
    "to_svg",
    "trend",
    "wall_chart",
]


def __getattr__(name: str) -> Any:
    if name in KINDS:
        return getattr(import_module(KINDS[name]), name)
    if name in _DRAWING:
        return getattr(import_module("kalanso.figures.drawing"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
