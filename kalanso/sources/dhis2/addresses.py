"""Is this the address of a DHIS2 server to which credentials may be sent?"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from kalanso.sources.dhis2.faults import DhisFault
from kalanso.sources.hosts import is_this_machine


def base_address(text: str) -> str:
    """Return the address without `/api` and what follows it, or raise DhisFault.

    A context path (`https://host/dhis`) stays. Credentials inside the address are refused, and so is
    plain http beyond this machine: the password would travel readable.
    """
    stripped = text.strip()
    parts = urlsplit(stripped if "://" in stripped else f"https://{stripped}")
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise DhisFault("bad_address", found=_shown(stripped)) from error
    if parts.scheme not in {"http", "https"} or not host or re.search(r"[\s\\]", stripped):
        raise DhisFault("bad_address", found=_shown(stripped))
    if parts.username is not None or parts.password is not None:
        raise DhisFault("credentials_in_address", host=host)
    if parts.scheme == "http" and not is_this_machine(host):
        raise DhisFault("plain_http", host=host)
    path = re.sub(r"/(?:api(?:/.*)?|dhis-web-[^/]*(?:/.*)?|apps(?:/.*)?|login(?:/.*)?)?$", "", parts.path)
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{path.rstrip('/')}"


def _shown(text: str) -> str:
    # What stands before an @ may be a password.
    return re.sub(r"//[^/@]*@", "//", text)[:80]
