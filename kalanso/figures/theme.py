"""Which colours, letters and sizes do all figures share?

One house theme: ink on paper, one accent, one warm tone for attention, one-hue scales that stay
readable in black and white. How marks are placed belongs to each figure.
"""

from __future__ import annotations

from typing import Any, Final

INK: Final = "#1f2a30"
PAPER: Final = "#fffdf8"
GREY: Final = "#4f5b62"
LINE: Final = "#d9d4c7"
BORDER: Final = "#ffffff"
ACCENT: Final = "#28427b"
ATTENTION: Final = "#9a5c18"

# Light = few, dark = many; lightness falls evenly, so the order survives a photocopier.
SEQUENTIAL: Final = ("#e3e8f3", "#b9c6e1", "#879cc9", "#51699f", "#1d3161")
# Told apart by colour-blind readers and, with the dashes and shapes below, in black and white.
SERIES_COLOURS: Final = (ACCENT, ATTENTION, "#17695f", "#7a3b6b", "#4f5b62")
SERIES_DASHES: Final = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 4])
SERIES_SHAPES: Final = ("circle", "square", "diamond", "triangle-up", "cross")

# Stand-ins for hatching: Vega has no patterns, so the SVG puts them where it finds these colours.
# A viewer without patterns still shows a plain light tone.
HATCH_PROVISIONAL: Final = "#efe9dc"
HATCH_NO_DATA: Final = "#e4e0d6"
HATCH_UNCERTAIN: Final = "#fefdfc"
HATCH_NEGATIVE: Final = "#d9a066"
# (background, line, distance in px, thickness in px, turned by degrees)
HATCHES: Final[dict[str, tuple[str, str, int, float, int]]] = {
    HATCH_PROVISIONAL: ("none", "#cfc4aa", 6, 1.5, 45),
    HATCH_NO_DATA: ("#f4f1ea", "#a39d8f", 5, 1, 45),
    HATCH_UNCERTAIN: ("none", "#fffdf8", 6, 1.6, 135),
    HATCH_NEGATIVE: ("#f0d3b0", ATTENTION, 5, 2, 45),
}

# Vega measures with the letters of this font (vl-convert carries it); readers' systems have one of
# the others, with the same widths or narrower ones.
FONT: Final = "Liberation Sans"
FONTS: Final = "Arial,Roboto,'Liberation Sans','Helvetica Neue',Helvetica,'Noto Sans',sans-serif"

LABEL_SIZE: Final = 12
SMALL_SIZE: Final = 11
NARROWEST: Final = 320
DEFAULT_WIDTH: Final = 640
WIDEST: Final = 960
NARROW: Final = 480  # below this a figure drops ticks, shortens labels and stacks keys


def config() -> dict[str, Any]:
    """Return the Vega-Lite configuration of the house."""
    return {
        "aria": False,
        "autosize": "none",
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": INK,
            "labelFontSize": LABEL_SIZE,
            "labelOverlap": False,
            "domainColor": GREY,
            "tickColor": GREY,
            "tickSize": 4,
            "gridColor": LINE,
            "labelPadding": 4,
            "labelLimit": 0,
            "title": None,
        },
        "axisX": {"grid": False},
        "axisY": {"domain": False, "ticks": False},
        "text": {"color": INK, "fontSize": LABEL_SIZE, "limit": 0},
        "legend": {"disable": True},
    }
