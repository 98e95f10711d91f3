"""How does a figure stand in a page, with its table and its downloads?"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()
PICTURES_KEPT = 400
_pictures: OrderedDict[tuple[object, ...], SafeString] = OrderedDict()
_gallery = threading.Lock()


@register.simple_tag
def drawn(picture: Any, first: Any = False, anchor: Any = "") -> SafeString:
    """Show a figure with its table and downloads. Kept, since its name stands for all that it shows and for whose eyes."""
    sizes = (picture.failed, picture.narrow, picture.broad)
    key = (picture.key, *sizes, bool(first), str(anchor or ""), str(get_language()))
    with _gallery:
        if key in _pictures:
            _pictures.move_to_end(key)
            return _pictures[key]
    shown = render_to_string(
        "explore/picture_whole.html", {"picture": picture, "first": first, "anchor": anchor}
    )
    with _gallery:
        _pictures[key] = shown
        if len(_pictures) > PICTURES_KEPT:
            _pictures.popitem(last=False)
    return shown
