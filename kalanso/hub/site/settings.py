"""With which settings does the hub run?

`KALANSO_STORE` names the folder of the store; `KALANSO_CACHE` a folder for what can be made again
(figures, compiled sentences, static files), by default `cache` inside the store. There are no
accounts, sessions or database yet: the hub only reads, and only for this computer.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from kalanso import __version__
from kalanso.hub.site.i18n import compile_sentences


def _cache_folder(store: Path | None) -> Path:
    wished = os.environ.get("KALANSO_CACHE")
    folder = Path(wished) if wished else (store / "cache" if store else None)
    if folder is not None and (store is None or store.is_dir()):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            folder = None  # a store on read-only ground still has to be readable
    if folder is None or not os.access(folder, os.W_OK):
        folder = Path(tempfile.mkdtemp(prefix="kalanso-hub-"))
    return folder


def _edition() -> str:
    """Mark the software itself, so that a page changed by an upgrade is sent again."""
    newest = max(path.stat().st_mtime_ns for path in _HERE.parent.rglob("*.*") if path.suffix != ".pyc")
    return f"{newest:x}"


_HERE = Path(__file__).resolve().parent

KALANSO_STORE = Path(os.environ["KALANSO_STORE"]) if os.environ.get("KALANSO_STORE") else None
KALANSO_CACHE = _cache_folder(KALANSO_STORE)
KALANSO_MEMORY = os.environ.get("KALANSO_MEMORY", "768MB")
KALANSO_EDITION = f"{__version__}-{_edition()}"

DEBUG = False
SECRET_KEY = secrets.token_hex(32)  # nothing is signed that outlives the process
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "kalanso.hub.site.urls"
WSGI_APPLICATION = "kalanso.hub.site.wsgi.application"
DATABASES: dict[str, dict[str, str]] = {}

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "kalanso.hub.explore",
    "kalanso.hub.site",
]
MIDDLEWARE = [
    "kalanso.hub.site.middleware.ThisComputerOnly",
    "kalanso.hub.site.middleware.ReadOnly",
    "kalanso.hub.site.middleware.GuardedPages",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "kalanso.hub.site.middleware.UnchangedPages",
    "django.middleware.common.CommonMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "kalanso.hub.explore.panels",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "kalanso.hub.site.queries.chrome",
            ],
        },
    }
]

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [compile_sentences(_HERE / "locale", KALANSO_CACHE / "locale")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = KALANSO_CACHE / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
APPEND_SLASH = True
FORMS_URLFIELD_ASSUME_HTTPS = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django.request": {"level": "ERROR"}},  # a mistyped address is no event
}
