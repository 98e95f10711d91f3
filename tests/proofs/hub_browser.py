"""Can somebody ask for pages of a hub at so little cost that a crowd of them does not slow down what it measures?

Two hundred of `httpx` took a quarter of a processor, of two on which server and database run as well. This one keeps one
connection and its cookies as a browser does, and looks into a page only where it is asked to.
"""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode


class NoAnswer(OSError):
    """The connection ended before an answer was whole."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    packed: bool
    sent: bytes

    @property
    def text(self) -> str:
        """Return the page in words."""
        return (gzip.decompress(self.sent) if self.packed else self.sent).decode()


class Browser:
    """Somebody's browser: one connection to this machine, held open between pages."""

    def __init__(self, port: int, *, patience: float = 60) -> None:
        self.port, self.patience = port, patience
        self.cookies: dict[str, str] = {}
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, said: dict[str, str] | None = None) -> Answer:
        """Ask for a page, or send a form; a redirection is not followed. Raises OSError or TimeoutError."""
        try:
            return await asyncio.wait_for(self._ask(method, path, said), self.patience)
        except BaseException:
            self.close()  # what still comes on it belongs to no later page
            raise

    def close(self) -> None:
        """Let the connection go."""
        if self._ends is not None:
            self._ends[1].close()
            self._ends = None

    async def _ask(self, method: str, path: str, said: dict[str, str] | None) -> Answer:
        if self._ends is not None and (self._ends[0].at_eof() or self._ends[1].is_closing()):
            self.close()
        if self._ends is None:
            self._ends = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        read, write = self._ends
        body = urlencode(said).encode() if said is not None else b""
        here = f"127.0.0.1:{self.port}"
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {here}",
            "Accept-Encoding: gzip",
            f"Referer: http://{here}",
        ]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if said is not None:
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        write.write("\r\n".join([*lines, "", ""]).encode() + body)
        try:
            told = (await read.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            names = [
                (name.lower(), value.strip())
                for name, _colon, value in (one.partition(":") for one in told[1:])
            ]
            for name, value in names:
                if name == "set-cookie":
                    self.cookies |= {one.key: one.value for one in SimpleCookie(value).values()}
            heads = dict(names)
            return Answer(
                int(told[0].split()[1]), heads.get("content-encoding") == "gzip", await _body(read, heads)
            )
        except asyncio.IncompleteReadError as error:
            raise NoAnswer(f"{path}: {len(error.partial)} bytes, then nothing") from error


async def _body(read: asyncio.StreamReader, heads: dict[str, str]) -> bytes:
    """Read a body whose length is told before it, or piece by piece."""
    if heads.get("transfer-encoding") != "chunked":
        return await read.readexactly(int(heads.get("content-length", "0")))
    parts = []
    while length := int(await read.readuntil(b"\r\n"), 16):
        parts.append((await read.readexactly(length + 2))[:-2])
    await read.readexactly(2)
    return b"".join(parts)
