"""How does a drawn plot become a figure that stands alone?

Sets title, subtitle, caption and source around the plot, marks demonstrations, and makes the SVG
small, accessible and the same at every run: short coordinates, no fonts, shared attributes said
once, hatching where the plot left its stand-in colours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from kalanso.figures import words
from kalanso.figures.figure import Figure
from kalanso.figures.letters import width_of, wrap
from kalanso.figures.theme import ATTENTION, FONT, FONTS, GREY, HATCHES, INK, NARROW, PAPER

SVG: Final = "http://www.w3.org/2000/svg"
MARGIN: Final = 12
_NUMBER: Final = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
_DROPPED: Final = {
    "class", "role", "aria-hidden", "aria-roledescription", "aria-label", "pointer-events",
    "stroke-miterlimit", "version", "clip-path",
}  # fmt: skip
_SHARED: Final = (
    "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "font-size", "font-weight",
    "text-anchor", "paint-order", "fill-opacity", "stroke-opacity", "opacity",
)  # fmt: skip
_DEFAULTS: Final = {
    "opacity": "1",
    "fill-opacity": "1",
    "stroke-opacity": "1",
    "stroke-dasharray": "1,0",
    "x": "0",
    "y": "0",
}


def framed(figure: Figure, plot: str, width: int, *, with_words: bool) -> str:
    """Return the finished SVG of a plot that Vega drew.

    With words, the plot must have been drawn 2 x MARGIN narrower than `width`.
    """
    ET.register_namespace("", SVG)
    drawn = ET.fromstring(plot)  # noqa: S314 - our own renderer wrote it
    plot_width, plot_height = float(drawn.get("width", "0")), float(drawn.get("height", "0"))
    body = _slimmed(drawn, digits=0 if figure.kind in ("choropleth", "estimate_map") else 1)
    head, top = _head(figure, width, with_words)
    foot, bottom = _foot(figure, width, top + plot_height, with_words)
    height = round(bottom)
    left = MARGIN if with_words else round((width - plot_width) / 2)
    inside = (
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>{head}'
        f'<g transform="translate({left},{round(top)})">{body}</g>{foot}'
    )
    return _wrapped(figure, _hatched(inside), width, height)


def _wrapped(figure: Figure, inside: str, width: int, height: int) -> str:
    digest = hashlib.sha256(f"{figure.title}{figure.locale}{inside}".encode()).hexdigest()[:8]
    name = f"k{digest}"
    patterns = "".join(_pattern(colour, name) for colour in HATCHES if f"url(#@{colour[1:]})" in inside)
    for colour in HATCHES:
        inside = inside.replace(f"url(#@{colour[1:]})", f"url(#{name}-{colour[1:]})")
    defs = f"<defs>{patterns}</defs>" if patterns else ""
    return (
        f'<svg xmlns="{SVG}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'lang="{figure.locale}" aria-labelledby="{name}-t {name}-d" font-family="{FONTS}">'
        f'<title id="{name}-t">{_escaped(figure.title)}</title><desc id="{name}-d">{_escaped(figure.alt)}</desc>'
        f"{defs}{inside}</svg>\n"
    )


def _pattern(colour: str, name: str) -> str:
    ground, line, step, thick, turn = HATCHES[colour]
    paper = "" if ground == "none" else f'<path fill="{ground}" d="M0,0h{step}v{step}h-{step}z"/>'
    return (
        f'<pattern id="{name}-{colour[1:]}" width="{step}" height="{step}" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({turn})">{paper}<path stroke="{line}" stroke-width="{thick}" d="M0,0v{step}"/></pattern>'
    )


def _hatched(inside: str) -> str:
    for colour in HATCHES:
        inside = inside.replace(f'fill="{colour}"', f'fill="url(#@{colour[1:]})"')
    return inside


def _head(figure: Figure, width: int, with_words: bool) -> tuple[str, float]:
    """Return the words above the plot and the height that they take."""
    tag = _demo_tag(figure, width) if figure.demo else ""
    if not with_words:
        return tag, 24 if figure.demo else 0
    size = 16 if width < NARROW else 18
    inner = width - 2 * MARGIN
    title = wrap(figure.title, inner, size, bold=True)
    sub = wrap(figure.subtitle, inner, 12.5)
    y = (30.0 if figure.demo else 10.0) + size
    text = _lines(title, y, size, size * 1.25, INK, bold=True)
    y += size * 1.25 * (len(title) - 1) + 20
    text += _lines(sub, y, 12.5, 16, GREY)
    return tag + text, y + 16 * (len(sub) - 1) + 12


def _demo_tag(figure: Figure, width: int) -> str:
    label = words.say(figure.locale, "figures.words.demo")
    wide = round(width_of(label, 11, bold=True)) + 14
    x = width - MARGIN - wide
    return (
        f'<rect x="{x}" y="6" width="{wide}" height="18" fill="{PAPER}" stroke="{ATTENTION}"/>'
        f'<text x="{x + 7}" y="19" font-size="11" font-weight="bold" fill="{ATTENTION}">{_escaped(label)}</text>'
    )


def _foot(figure: Figure, width: int, top: float, with_words: bool) -> tuple[str, float]:
    if not with_words:
        return "", top
    inner = width - 2 * MARGIN
    y = top + 18
    caption = wrap(figure.caption, inner, 12) if figure.caption else []
    text = _lines(caption, y, 12, 16, INK)
    y += 16 * len(caption) + (4 if caption else 0)
    source = wrap(figure.source_line, inner, 11)
    return text + _lines(source, y, 11, 14, GREY), y + 14 * (len(source) - 1) + MARGIN


def _lines(
    lines: Sequence[str], y: float, size: float, step: float, colour: str, *, bold: bool = False
) -> str:
    if not lines:
        return ""
    weight = ' font-weight="bold"' if bold else ""
    inside = "".join(
        f'<text x="{MARGIN}" y="{_short(y + step * n, 0)}">{_escaped(line)}</text>'
        for n, line in enumerate(lines)
    )
    return f'<g font-size="{size:g}" fill="{colour}"{weight}>{inside}</g>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\u202f", "\u00a0")


def _slimmed(drawn: ET.Element, digits: int) -> str:
    """Return what Vega drew without what no reader sees."""
    roots = [
        child for child in drawn if not (_tag(child) == "rect" and child.get("width") == drawn.get("width"))
    ]
    for root in roots:
        _slim(root, digits)
    return "".join(_written(root) for root in roots)


def _tag(element: ET.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _slim(element: ET.Element, digits: int) -> None:
    for child in list(element):
        _slim(child, digits)
        if _invisible(child):
            element.remove(child)
    inside_paths = digits if _tag(element) == "path" and len(element.get("d", "")) > 120 else 1
    for name, value in list(element.attrib.items()):
        if name in _DROPPED or _default(element, name, value) or (name == "font-family" and FONT in value):
            del element.attrib[name]
        elif name == "d":
            element.set(name, _short_path(value, inside_paths))
        elif name in {"transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height"}:
            element.set(name, _NUMBER.sub(lambda found: _short(float(found[0]), 1), value))
        elif name == "font-size":
            element.set(name, value.removesuffix("px"))
    if element.get("transform") == "translate(0,0)":
        del element.attrib["transform"]
    if _tag(element) == "text" and element.get("stroke"):
        element.set("paint-order", "stroke")
    if element.text:
        element.text = element.text.replace("\u202f", "\u00a0")
    _hoist(element)


def _default(element: ET.Element, name: str, value: str) -> bool:
    # A tspan without x continues the line before instead of starting a new one.
    return _DEFAULTS.get(name) == value and not (_tag(element) == "tspan" and name == "x")


def _invisible(element: ET.Element) -> bool:
    # Ids that Vega counts up would differ from one drawing to the next.
    if element.get("display") == "none" or _tag(element) in ("defs", "clipPath"):
        return True
    if _tag(element) == "path":
        return element.get("d", "") in ("", "M0,0h0v0h0Z") or (
            not element.get("fill") and not element.get("stroke") and element.get("class") == "background"
        )
    return _tag(element) == "g" and len(element) == 0


def _hoist(group: ET.Element) -> None:
    """Say once on a group what all its children say."""
    if _tag(group) != "g" or len(group) < 2:
        return
    for name in _SHARED:
        values = {child.get(name) for child in group}
        if len(values) == 1 and None not in values and name != "opacity":
            group.set(name, values.pop() or "")
            for child in group:
                del child.attrib[name]


def _written(element: ET.Element) -> str:
    attributes = "".join(f' {name}="{_escaped(value)}"' for name, value in element.attrib.items())
    inside = _escaped(element.text or "") + "".join(_written(child) for child in element)
    tag = _tag(element)
    if tag == "g" and not attributes:
        return inside
    return f"<{tag}{attributes}>{inside}</{tag}>" if inside else f"<{tag}{attributes}/>"


def _short(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if text in ("-0", ""):
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _short_path(path: str, digits: int) -> str:
    return _NUMBER.sub(lambda found: _short(float(found[0]), digits), path)
