"""What may the person who runs the hub set, and what does each setting mean?

Every setting is read from the environment as `KALANSO_` and its name. A wrong value is refused at start,
by name. Secrets stand nowhere else.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from cryptography.fernet import Fernet
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

# Web processes beyond which a machine is large enough that whoever runs it says how many.
MOST_BY_THEMSELVES = 4


class Configuration(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="KALANSO_", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    store: Path | None = Field(None, description="folder of the store")
    cache: Path | None = Field(None, description="folder of what can be made again; `cache` in the store")
    data: Path | None = Field(None, description="folder of database, uploads and photos; `hub` in the store")
    memory: str = Field("768MB", description="memory that reading tables may take in each web process")
    database: str = Field(
        "", description="database URL, such as postgres://user:word@host/name; SQLite if empty"
    )
    secret_key: str = Field(
        "", description="secret that signs sessions; made and kept in the data folder if empty"
    )
    old_secret_keys: list[str] = Field(
        [], description="earlier secrets that still open what they sealed (JSON list)"
    )
    credential_keys: list[str] = Field(
        [],
        description="keys that seal what opens other servers, the newest first (JSON list); if empty, made and kept in the data folder on one's own computer, and where the hub has names (`KALANSO_HOSTS`) no server can be connected",
    )
    inner_hosts: list[str] = Field(
        [],
        description="names, addresses or networks inside the network to which connections may lead (JSON list)",
    )
    hosts: list[str] = Field(
        [], description="names under which the hub is reached (JSON list); this computer if empty"
    )
    https: bool = Field(False, description="the hub is reached by HTTPS: cookies only travel sealed")
    second_proof: bool = Field(True, description="roles that reach far log in with a second proof")
    email: str = Field("", description="mail server URL, such as smtp://user:word@host:587; no mail if empty")
    address: str = Field(
        "",
        description="address of the hub in letters, such as https://kalanso.example.org; from `hosts` if empty",
    )
    sender: str = Field("kalanso@localhost", description="address from which mail is sent")
    oidc_name: str = Field("", description="name of the other house where people may log in")
    oidc_url: str = Field("", description="its OpenID Connect address")
    oidc_client: str = Field("", description="our name there")
    oidc_secret: str = Field("", description="our secret there")
    workers: int = Field(
        0,
        ge=0,
        le=64,
        description="web processes; each holds its own copies of answers and its own memory; if 0, one for each processor, "
        f"at most {MOST_BY_THEMSELVES}, where KALANSO_HOSTS is set, and one elsewhere",
    )
    threads: int = Field(16, ge=1, le=64, description="requests that one web process answers at a time")
    silence: int = Field(
        7200, ge=60, description="seconds without a word after which a job counts as hanging and is stopped"
    )
    logs: Literal["", "json", "text"] = Field(
        "", description="form of log lines: json or text; json where KALANSO_HOSTS is set if empty"
    )
    proxies: int = Field(
        0,
        ge=0,
        le=5,
        description="proxies of our own between people and the hub; 1 where KALANSO_HTTPS is set if 0",
    )
    backups: Path | None = Field(
        None, description="folder of backups, best on another disk; needed by `backup` and `upgrade`"
    )
    zone: str = Field("Africa/Bamako", description="time zone in which times are shown")

    @field_validator("credential_keys")
    @classmethod
    def _sound_keys(cls, keys: list[str]) -> list[str]:
        """Refuse a key that seals nothing, by its place in the list: its text is a secret."""
        for number, key in enumerate(keys, start=1):
            try:
                Fernet(key)
            except ValueError as error:
                raise ValueError(f"key {number}: expected 32 bytes in URL-safe base64") from error
        return keys

    def whole_address(self) -> str:
        """Return the address that stands before paths in letters."""
        if self.address:
            return self.address.rstrip("/")
        host = self.hosts[0].lstrip(".") if self.hosts else "127.0.0.1:8000"
        return f"{'https' if self.https else 'http'}://{host}"

    def mail(self) -> dict[str, Any]:
        """Return Django's settings for the mail server; without one, letters go nowhere.

        Raises ValueError for an address of another kind than smtp, smtps (TLS from the start) or file.
        """
        if not self.email:
            return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
        parts = urlsplit(self.email)
        if parts.scheme == "file":
            return {
                "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
                "EMAIL_FILE_PATH": parts.path,
            }
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError(
                "KALANSO_EMAIL: expected smtp://user:word@host:587, smtps://... or file:///folder, "
                f"got a {parts.scheme or 'missing'} address"
            )
        sealed = parts.scheme == "smtps"
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": parts.port or (465 if sealed else 587),
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_SSL": sealed,
            "EMAIL_USE_TLS": not sealed and parts.hostname not in {"127.0.0.1", "localhost"},
            "EMAIL_TIMEOUT": 20,
        }

    def proxies_before_us(self) -> int:
        """Return how many of our own proxies stand between people and the hub: whose word on an address counts."""
        return self.proxies or int(self.https)

    def web_processes(self, processors: int) -> int:
        """Return how many web processes serve on a machine of so many processors."""
        return self.workers or (min(MOST_BY_THEMSELVES, processors) if self.hosts else 1)

    def log_form(self) -> str:
        """Return the form of log lines: for machines where the hub serves others, for eyes on one's own computer."""
        return self.logs or ("json" if self.hosts else "text")

    def data_folder(self) -> Path:
        """Return the folder of what people wrote, made if it was not there."""
        folder = self.data or (self.store / "hub" if self.store and self.store.is_dir() else None)
        return _writable(folder)

    def cache_folder(self) -> Path:
        """Return the folder of what can be made again."""
        folder = self.cache or (self.store / "cache" if self.store and self.store.is_dir() else None)
        return _writable(folder)

    def secret(self) -> str:
        """Return the secret: given, or made once and kept for this hub alone."""
        if self.secret_key:
            return self.secret_key
        return self._kept("secret", lambda: secrets.token_hex(32))

    def sealing_keys(self) -> list[str]:
        """Return the keys that seal what opens other servers, the newest first: those given, and on one's own computer one that is kept.

        The kept one is made where none is given, and goes on opening what it sealed where one is given later.
        """
        kept = self.data_folder() / "sealing-key"
        if kept.exists() or not (self.credential_keys or self.hosts):
            return [
                *self.credential_keys,
                self._kept(kept.name, lambda: Fernet.generate_key().decode("ascii")),
            ]
        return self.credential_keys

    def _kept(self, name: str, make: Callable[[], str]) -> str:
        """Return what a file of the data folder holds for the hub's eyes alone, made where it is not there."""
        path = self.data_folder() / name
        if not path.exists():
            draft = path.with_name(f".{name}.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(make(), encoding="ascii")
            with contextlib.suppress(FileExistsError):  # whoever comes first has made it
                os.link(draft, path)
            draft.unlink()
        return path.read_text(encoding="ascii")


def _writable(folder: Path | None) -> Path:
    """Return the folder if it can be written to; else one for this process, since reading must still work."""
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            folder = None
    if folder is None or not os.access(folder, os.W_OK):
        folder = Path(tempfile.mkdtemp(prefix="kalanso-hub-"))
    return folder


SECRET_NAMES = frozenset(
    {"database", "secret_key", "old_secret_keys", "credential_keys", "email", "oidc_secret"}
)


def told() -> tuple[list[str], list[str]]:
    """Return every setting with its value (never a secret's), and what is wrong with them, in sentences."""
    try:
        known = Configuration()
    except ValidationError as error:
        return [], [
            f"KALANSO_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors()
        ]
    except SettingsError as error:
        return [], [f"{error}: lists are written as JSON, such as KALANSO_HOSTS='[\"kalanso.example.org\"]'"]
    lines = []
    for name, what in Configuration.model_fields.items():
        value = getattr(known, name)
        shown = ("(set)" if value else "(not set)") if name in SECRET_NAMES else str(value)
        lines.append(f"KALANSO_{name.upper()} = {shown}  # {what.description}")
    return lines, _problems(known)


def _problems(known: Configuration) -> list[str]:
    names = {f"KALANSO_{name.upper()}" for name in Configuration.model_fields} | NOT_OURS
    found = [
        f"{name}: no such setting; see docs/reference/settings.md"
        for name in sorted(os.environ)
        if name.startswith("KALANSO_") and name not in names
    ]
    if known.store is None:
        found.append("KALANSO_STORE: expected the folder of a store, got none")
    elif not (known.store / "store.json").is_file():
        found.append(f"KALANSO_STORE={known.store}: expected a folder with store.json, found none")
    for name in ("data", "cache", "backups"):
        folder = getattr(known, name)
        if folder is not None and not os.access(folder if folder.exists() else folder.parent, os.W_OK):
            found.append(f"KALANSO_{name.upper()}={folder}: expected a folder that can be written, it cannot")
    return found + [RISKS[code] for code in at_risk(known)]


# What a hub that answers others must not lack, in the words of the command line.
RISKS = {
    "https": "KALANSO_HTTPS: expected true where KALANSO_HOSTS is set: passwords would travel openly",
    "hosts": "KALANSO_HOSTS: expected names, got *: anybody could send links in our name",
    "secret_key": "KALANSO_SECRET_KEY: expected a key from outside, so that it is not lost with the disk",
    "short_key": "KALANSO_SECRET_KEY: expected 50 characters or more",
    "database": "KALANSO_DATABASE: expected PostgreSQL where many people work",
    "second_proof": "KALANSO_SECOND_PROOF: expected true: roles that reach far need a second proof",
    "backups": "KALANSO_BACKUPS: expected a folder, best on another disk; `upgrade` needs it",
}


def at_risk(known: Configuration) -> list[str]:
    """Return what is wrong (names of `RISKS`) where a hub answers others; on one's own computer nothing is."""
    wrong = {
        "https": not known.https,
        "hosts": "*" in known.hosts,
        "secret_key": not known.secret_key,
        "short_key": 0 < len(known.secret_key) < 50,
        "database": not known.database.startswith("postgres"),
        "second_proof": not known.second_proof,
        "backups": known.backups is None,
    }
    return [code for code in RISKS if wrong[code]] if known.hosts else []


# Names that begin like ours and are read elsewhere: by tests, and by the command line.
NOT_OURS = frozenset(
    {
        "KALANSO_TEST_DATABASE", "KALANSO_NO_SKIP", "KALANSO_SHARED_DATA", "KALANSO_VERIFY_DHIS2_URL",
        "KALANSO_DHIS2_URL", "KALANSO_DHIS2_USER", "KALANSO_DHIS2_PASSWORD", "KALANSO_DHIS2_TOKEN",
    }
)  # fmt: skip
