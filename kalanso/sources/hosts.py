"""May a host be asked: is it this machine, or inside the network of whoever runs Kalanso?

What is sent to this machine nobody between can read. What stands inside a network (private, link-local and
the like) must not be reached by an address that somebody typed into a page: a `Doorkeeper` looks at
every address to which a name leads, and the connection is made to exactly the address that was looked at.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from kalanso.sources.lookups import addresses_of

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Networks behind which an address of version 4 may hide (RFC 6052).
_WRAPPED = ipaddress.ip_network("64:ff9b::/96")


def is_this_machine(host: str) -> bool:
    """Return whether a name or an address leads back here."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class InnerHost(ValueError):
    """A host inside the network, to which no connection is made."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(host)


def is_outward(address: Address) -> bool:
    """Whether an address belongs to the public internet, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _WRAPPED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_outward(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


@dataclass(frozen=True)
class Doorkeeper:
    """Admits hosts of the public internet, and those inside that are `allowed`: by name, address or network."""

    allowed: Sequence[str] = ()

    def __call__(self, host: str, port: int) -> list[str]:
        """Return the addresses to which a host leads. Raises InnerHost, and OSError for a name that nobody knows.

        One address inside is enough to refuse all: whoever answers for the name may not choose among them.
        """
        found = addresses_of(host, port)
        if not self._named(host) and not all(self.admits(one) for one in found):
            raise InnerHost(host)
        return found

    def admits(self, address: str) -> bool:
        """Whether an address may be asked; a name is looked at only once it leads somewhere."""
        if self._named(address):
            return True
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return not is_this_machine(address)
        return is_outward(found) or any(found in network for network in self._networks())

    def _named(self, host: str) -> bool:
        return host.lower().rstrip(".") in {one.lower().rstrip(".") for one in self.allowed}

    def _networks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        found = []
        for one in self.allowed:
            try:
                found.append(ipaddress.ip_network(one, strict=False))
            except ValueError:
                continue  # a name
        return found
