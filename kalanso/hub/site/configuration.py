"""What may the person who runs the hub set, and what does each setting mean?

Every setting is read from the environment as `KALANSO_` and its name. A wrong value is refused at start,
by name. Secrets stand nowhere else.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError


class Configuration(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(env_prefix="KALANSO_", env_ignore_empty=True, extra="ignore")

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
        1, ge=1, le=64, description="web processes; each holds its own copies of answers and its own memory"
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
        path = self.data_folder() / "secret"
        if not path.exists():
            draft = path.with_name(f".secret.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_hex(32), encoding="ascii")
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


SECRET_NAMES = frozenset({"database", "secret_key", "old_secret_keys", "email", "oidc_secret"})


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
    return found + (_problems_of_service(known) if known.hosts else [])


def _problems_of_service(known: Configuration) -> list[str]:
    """Return what a hub that answers others must not lack."""
    wrong = (
        (not known.https, "KALANSO_HTTPS: expected true where KALANSO_HOSTS is set: passwords would travel openly"),
        ("*" in known.hosts, "KALANSO_HOSTS: expected names, got *: anybody could send links in our name"),
        (not known.secret_key, "KALANSO_SECRET_KEY: expected a key from outside, so that it is not lost with the disk"),
        (0 < len(known.secret_key) < 50, "KALANSO_SECRET_KEY: expected 50 characters or more"),
        (not known.database.startswith("postgres"), "KALANSO_DATABASE: expected PostgreSQL where many people work"),
        (not known.second_proof, "KALANSO_SECOND_PROOF: expected true: roles that reach far need a second proof"),
        (known.backups is None, "KALANSO_BACKUPS: expected a folder, best on another disk; `upgrade` needs it"),
    )  # fmt: skip
    return [sentence for is_wrong, sentence in wrong if is_wrong]


# Names that begin like ours and are read elsewhere: by tests, and by the command line.
NOT_OURS = frozenset({"KALANSO_TEST_DATABASE", "KALANSO_NO_SKIP", "KALANSO_SHARED_DATA"})
