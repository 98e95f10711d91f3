"""Where does a file stand that somebody sent, until it is known whether it is taken?"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile


def kept_apart(file: UploadedFile, prefix: str) -> tuple[Path, str]:
    """Write a file in a place of its own, and return where, with its checksum; whoever calls removes it."""
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(delete=False, prefix=prefix) as target:
        file.seek(0)
        for chunk in file.chunks():
            digest.update(chunk)
            target.write(chunk)
    return Path(target.name), digest.hexdigest()
