"""How long does an answer grow when it is decompressed, and is it whole?

A few kilobytes of gzip can stand for gigabytes, so bytes are counted as they come out, in pieces of
bounded length.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

PIECE = 256 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class TooLarge(ValueError):
    """The decompressed length passed its limit."""


class NotWhole(ValueError):
    """The compressed stream is broken, ends early, or is of an unknown kind."""


class Inflater:
    """Decompress what `Content-Encoding` says (gzip or nothing), never beyond `limit` bytes in all."""

    def __init__(self, encoding: str, limit: int) -> None:
        kind = encoding.strip().lower()
        if kind not in {"", "identity", "gzip", "x-gzip"}:
            raise NotWhole(kind[:40])
        self.limit, self.size = limit, 0
        self.gzip = zlib.decompressobj(_GZIP) if "gzip" in kind else None

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """Give what a piece from the network stands for."""
        if self.gzip is None:
            yield self._counted(raw)
            return
        while True:
            try:
                out = self.gzip.decompress(raw, PIECE)
            except zlib.error as error:
                raise NotWhole(str(error)) from error
            if out:
                yield self._counted(out)
            raw = self.gzip.unconsumed_tail
            if self.gzip.eof:
                if not (raw := self.gzip.unused_data):
                    return
                self.gzip = zlib.decompressobj(_GZIP)  # a further member of the same stream
            elif not raw and len(out) < PIECE:
                return

    def finish(self) -> None:
        """Raise NotWhole where the stream ended before its end."""
        if self.gzip is not None and not self.gzip.eof and self.size:
            raise NotWhole("gzip: unexpected end")

    def _counted(self, piece: bytes) -> bytes:
        self.size += len(piece)
        if self.size > self.limit:
            raise TooLarge(str(self.limit))
        return piece
