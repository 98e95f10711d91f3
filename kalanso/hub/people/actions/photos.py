"""How does a photo of somebody's telephone become one that may be kept?

It is decoded and written anew: smaller, upright, and without a word about where and with what it was taken.
"""

from __future__ import annotations

from io import BytesIO
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

LARGEST_UPLOAD = 12_000_000  # bytes: what telephones of today make
LARGEST_KEPT = 300_000  # bytes: what a slow link can show
LONGEST_SIDE = 1600  # pixels
MOST_PIXELS = 60_000_000  # more is a bomb, or no photo
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITIES = (82, 72, 62, 50, 40)


def clean_photo(given: bytes | BinaryIO) -> bytes:
    """Return a JPEG of at most LONGEST_SIDE pixels and LARGEST_KEPT bytes, upright and without metadata.

    Raises ValidationError, with a sentence, for what is no photo, too heavy or too large.
    """
    data = given if isinstance(given, bytes) else given.read(LARGEST_UPLOAD + 1)
    if len(data) > LARGEST_UPLOAD:
        raise ValidationError(_("Cette photo dépasse 12 Mo. Prenez-la en plus petit."), code="photo")
    try:
        return _written_anew(data)
    except ValidationError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise _no_photo() from error


def size_of_photo(kept: bytes) -> tuple[int, int]:
    """Return the width and height of a photo that was cleaned."""
    with Image.open(BytesIO(kept), formats=("JPEG",)) as image:
        return image.size


def _no_photo() -> ValidationError:
    return ValidationError(
        _("Ce fichier n'est pas une photo lisible. Envoyez une photo JPEG, PNG ou WebP."), code="photo"
    )


def _written_anew(data: bytes) -> bytes:
    with Image.open(BytesIO(data), formats=FORMATS) as image:
        width, height = image.size
        if width * height > MOST_PIXELS or min(width, height) < 1:
            raise ValidationError(
                _("Cette image a trop de points pour une photo. Prenez-la en plus petit."), code="photo"
            )
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        plain = Image.new("RGB", upright.size, "white")
        shown = upright.convert("RGBA") if _sees_through(upright) else upright.convert("RGB")
        plain.paste(shown, mask=shown if shown.mode == "RGBA" else None)
    return _small_enough(plain)


def _sees_through(image: Image.Image) -> bool:
    return image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info


def _small_enough(image: Image.Image) -> bytes:
    while True:
        for quality in QUALITIES:
            out = BytesIO()
            image.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= LARGEST_KEPT:
                return out.getvalue()
        image = image.resize((max(1, image.width * 3 // 4), max(1, image.height * 3 // 4)))
