"""With what does one prove to a DHIS2 server who one is?

A user name with a password, or a personal access token (`ApiToken d2pat_...`, DHIS2 2.37 and later;
its shape changed in 2.42 and is not checked here). The secret never shows in `repr`, and `scrubbed`
takes it out of whatever a server says.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from kalanso.sources.dhis2.faults import DhisFault

USER, PASSWORD, TOKEN = "KALANSO_DHIS2_USER", "KALANSO_DHIS2_PASSWORD", "KALANSO_DHIS2_TOKEN"
HIDDEN = "***"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A token, or a user name with a password."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.token and not (self.user and self.password):
            raise DhisFault("no_credentials", token=TOKEN, user=USER, password=PASSWORD)
        if any(ord(letter) < 32 for letter in f"{self.user}{self.password}{self.token}"):
            raise DhisFault("odd_credentials")

    def header(self) -> str:
        """Return the value of the Authorization header."""
        if self.token:
            return f"ApiToken {self.token}"
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    def scrubbed(self, text: bytes) -> bytes:
        """Return what a server said without the secret, in whatever form it echoed it."""
        secret = self.token or self.password
        forms = {secret, quote(secret, safe=""), self.header().partition(" ")[2]}
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form.encode(), HIDDEN.encode())
        return text


def from_environment(environment: Mapping[str, str]) -> Credentials | None:
    """Return what the environment holds, a token first, or None where it holds neither."""
    if environment.get(TOKEN):
        return Credentials(token=environment[TOKEN].strip())
    if environment.get(USER) and environment.get(PASSWORD):
        return Credentials(user=environment[USER], password=environment[PASSWORD])
    return None
