"""How is a server that sends a byte now and then kept from holding us for ever?

The timeouts of an HTTP client bound the silence between two bytes, not the whole answer, headers
included. Here every read from the network is also held to the moment at which the answer must be
complete, and so is the lookup of a name. Where a doorkeeper is given, connections are made to the
addresses that it returns.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from kalanso.sources import lookups


class Deadline(threading.local):
    """The moment by which the request of this thread must be answered."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.at: float | None = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Hold what is read inside to so many seconds."""
        self.at = self.clock() + seconds
        try:
            yield
        finally:
            self.at = None

    def left(self, timeout: float | None) -> float | None:
        """Return the shorter of a timeout and what is left, or raise ReadTimeout where nothing is."""
        if self.at is None:
            return timeout
        left = self.at - self.clock()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole answer took too long")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self.inner, self.deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, self.deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, self.deadline.left(timeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        safe = self.inner.start_tls(ssl_context, server_hostname, self.deadline.left(timeout))
        return _Stream(safe, self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


Admit = Callable[[str, int], Sequence[str]]


class _Backend(httpcore.NetworkBackend):
    def __init__(
        self, inner: httpcore.NetworkBackend, deadline: Deadline, admit: Admit | None = None
    ) -> None:
        self.inner, self.deadline, self.admit = inner, deadline, admit

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        failed: httpcore.ConnectError | httpcore.ConnectTimeout = httpcore.ConnectError(host)
        for address in self._addresses(host, port, timeout):
            try:
                opened = self.inner.connect_tcp(
                    address, port, self.deadline.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(opened, self.deadline)
        raise failed

    def _addresses(self, host: str, port: int, timeout: float | None) -> Sequence[str]:
        look = self.admit or lookups.addresses_of
        left = self.deadline.left(timeout)
        seconds = lookups.LONGEST if left is None else min(left, lookups.LONGEST)
        try:
            return lookups.in_time(lambda: look(host, port), seconds=seconds)
        except lookups.NoAnswer as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:  # pragma: no cover - no server of ours is behind one
        return self.inner.connect_unix_socket(path, timeout, socket_options)

    def sleep(self, seconds: float) -> None:
        self.inner.sleep(seconds)


def bounded_transport(
    deadline: Deadline, *, connections: int, admit: Admit | None = None
) -> httpx.HTTPTransport:
    """Return a transport that verifies certificates, retries nothing itself, and obeys deadline and doorkeeper."""
    made = httpx.HTTPTransport(
        verify=True, retries=0, limits=httpx.Limits(max_connections=connections), trust_env=False
    )
    _hold(made, deadline, admit)
    return made


def hold(client: httpx.Client, deadline: Deadline, admit: Admit | None = None) -> None:
    """Make everything that a client reads obey deadline and doorkeeper, whether it goes through a proxy or not."""
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            _hold(transport, deadline, admit)


def _hold(transport: httpx.HTTPTransport, deadline: Deadline, admit: Admit | None) -> None:
    pool: Any = transport._pool
    pool._network_backend = _Backend(pool._network_backend, deadline, admit)
