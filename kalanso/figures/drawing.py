"""How does a figure become a file: SVG, PNG or PDF?

Vega draws the plot inside vl-convert, without network and with the letters that vl-convert
carries; `frame` sets the words around it. The same figure gives the same bytes every time.
"""

from __future__ import annotations

from kalanso.figures.figure import Figure, FigureRefused
from kalanso.figures.frame import MARGIN, framed
from kalanso.figures.theme import DEFAULT_WIDTH, NARROWEST, WIDEST

FORMATS = ("svg", "png", "pdf")
_VEGA_LITE = "6.4"
_A4_INNER_PT = (510, 757)  # an A4 page within margins of 15 mm


def to_svg(figure: Figure, width: int = DEFAULT_WIDTH, *, with_words: bool = True) -> str:
    """Return the figure as SVG, `width` pixels wide (320 to 960).

    Without words only the plot is drawn, for pages that set title, caption and source themselves.
    """
    import vl_convert

    if not NARROWEST <= width <= WIDEST:
        raise FigureRefused(f"width: expected {NARROWEST} to {WIDEST} px, got {width}")
    spec = figure.spec_at(width - 2 * MARGIN if with_words else width)
    plot = vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, allowed_base_urls=[])
    return framed(figure, plot, width, with_words=with_words)


def to_png(
    figure: Figure, width: int = DEFAULT_WIDTH, *, scale: float = 2.0, with_words: bool = True
) -> bytes:
    """Return the figure as PNG; `scale` is device pixels per pixel (2 for sharp screens and slides)."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(to_svg(figure, width, with_words=with_words), scale=scale))


def to_pdf(figure: Figure, width: int = DEFAULT_WIDTH, *, with_words: bool = True) -> bytes:
    """Return the figure as PDF with vector text, scaled down where it would not fit on an A4 page."""
    import vl_convert

    svg = to_svg(figure, width, with_words=with_words)
    height = int(svg.split('height="', 1)[1].split('"', 1)[0])
    scale = min(1.0, _A4_INNER_PT[0] / width, _A4_INNER_PT[1] / height)
    sized = f'width="{width * scale:.0f}" height="{height * scale:.0f}"'
    return bytes(vl_convert.svg_to_pdf(svg.replace(f'width="{width}" height="{height}"', sized, 1)))


def draw(figure: Figure, format: str, width: int = DEFAULT_WIDTH, *, with_words: bool = True) -> bytes:
    """Return the bytes of a figure in one of FORMATS."""
    if format == "svg":
        return to_svg(figure, width, with_words=with_words).encode()
    if format == "png":
        return to_png(figure, width, with_words=with_words)
    if format == "pdf":
        return to_pdf(figure, width, with_words=with_words)
    raise FigureRefused(f"format: expected one of {', '.join(FORMATS)}, got {format!r}")
