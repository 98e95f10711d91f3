"""With which settings does Django run the hub? What can be set stands in `configuration`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from kalanso import __version__
from kalanso.hub.site.configuration import Configuration
from kalanso.hub.site.i18n import compile_sentences

_HERE = Path(__file__).resolve().parent
_APPS = (
    "site",
    "api",
    "explore",
    "evidence",
    "studies",
    "grants",
    "portfolio",
    "jobs",
    "people",
    "offline",
)  # apps with templates or sentences, the uppermost first
CONFIGURATION = Configuration()


def _edition() -> str:
    """Mark the software itself, so that a page changed by an upgrade is sent again."""
    newest = max(path.stat().st_mtime_ns for path in _HERE.parent.rglob("*.*") if path.suffix != ".pyc")
    return f"{newest:x}"


KALANSO_STORE = CONFIGURATION.store
KALANSO_CACHE = CONFIGURATION.cache_folder()
KALANSO_DATA = CONFIGURATION.data_folder()
KALANSO_MEMORY = CONFIGURATION.memory
KALANSO_SECOND_PROOF = CONFIGURATION.second_proof
KALANSO_ADDRESS = CONFIGURATION.whole_address()
KALANSO_MAIL = bool(CONFIGURATION.email)
# Where a form may lead besides our own pages: the other house where people may log in.
KALANSO_OTHER_HOUSE = (
    "{0.scheme}://{0.netloc}".format(urlsplit(CONFIGURATION.oidc_url)) if CONFIGURATION.oidc_url else ""
)
KALANSO_EDITION = f"{__version__}-{_edition()}"

DEBUG = False
SECRET_KEY = CONFIGURATION.secret()
SECRET_KEY_FALLBACKS = CONFIGURATION.old_secret_keys
KALANSO_CREDENTIAL_KEYS = CONFIGURATION.sealing_keys()
KALANSO_INNER_HOSTS = CONFIGURATION.inner_hosts
HERE_ONLY = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = CONFIGURATION.hosts or HERE_ONLY
ROOT_URLCONF = "kalanso.hub.site.urls"
WSGI_APPLICATION = "kalanso.hub.site.wsgi.application"


def _database() -> dict[str, Any]:
    url = CONFIGURATION.database or f"sqlite:///{KALANSO_DATA / 'hub.sqlite3'}"
    found: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    if found["ENGINE"].endswith("sqlite3"):
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",  # two writers wait for one another instead of failing half-way
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        }
    return found


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "rules",
    "django_htmx",
    "kalanso.hub.site",
    "kalanso.hub.api",
    "kalanso.hub.explore",
    "kalanso.hub.evidence",
    "kalanso.hub.studies",
    "kalanso.hub.grants",
    "kalanso.hub.portfolio",
    "kalanso.hub.jobs",
    "kalanso.hub.people",
    "kalanso.hub.offline",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [
    "kalanso.hub.site.middleware.Traced",
    "kalanso.hub.site.middleware.GuardedPages",
    "kalanso.hub.site.middleware.Bounded",
    "kalanso.hub.site.middleware.NamedHere",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kalanso.hub.site.middleware.InTurn",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "kalanso.hub.site.middleware.SeenDevices",
    "kalanso.hub.site.middleware.KeptPages",
    "kalanso.hub.site.middleware.Programs",
    "kalanso.hub.site.middleware.Duties",
    "kalanso.hub.site.middleware.ReaderScope",
    "kalanso.hub.site.middleware.UnchangedPages",
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
                "kalanso.hub.explore.panels.cards",
                "kalanso.hub.explore.panels.confidence",
                "kalanso.hub.explore.panels.known",
                "kalanso.hub.explore.panels.counted_map",
                "kalanso.hub.explore.panels.missed",
                "kalanso.hub.explore.panels.pictures",
                "kalanso.hub.explore.panels.records",
                "kalanso.hub.people.panels.addresses",
                "kalanso.hub.people.panels.notices",
                "kalanso.hub.people.panels.discussion",
                "kalanso.hub.people.panels.citations",
                "kalanso.hub.offline.panels",
                "kalanso.hub.evidence.panels",
                "kalanso.hub.evidence.panels.quality",
                "kalanso.hub.jobs.panels",
                "kalanso.hub.portfolio.panels.follow_up",
                "kalanso.hub.portfolio.panels.squares",
                "kalanso.hub.portfolio.panels.lines",
                "kalanso.hub.portfolio.panels.planned",
                "kalanso.hub.grants.panels",
                "kalanso.hub.grants.panels.framework",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kalanso.hub.site.queries.chrome",
                "kalanso.hub.site.queries.demo.on_the_page_of_codes",
            ],
        },
    }
]

FORM_RENDERER = "kalanso.hub.people.panels.widgets.Widgets"
AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = [
    "kalanso.hub.people.queries.logins.ByNameNumberOrAddress",
    "rules.permissions.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "account_login", "me", "home"
ACCOUNT_ADAPTER = "kalanso.hub.people.queries.logins.Admission"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_FORMS = {
    "login": "kalanso.hub.people.forms.Login",
    "change_password": "kalanso.hub.people.forms.ChangePassword",
    "reset_password": "kalanso.hub.people.forms.ResetPassword",
}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Kalanso : "
MFA_ADAPTER = "kalanso.hub.people.queries.logins.Sealed"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Kalanso"
MFA_TOTP_TOLERANCE = 1  # telephones in the field do not keep the exact time
MFA_TRUST_ENABLED = True
MFA_FORMS = {"activate_totp": "kalanso.hub.people.forms.SecondProof"}
USERSESSIONS_TRACK_ACTIVITY = True
SOCIALACCOUNT_ADAPTER = "kalanso.hub.people.queries.logins.OtherHouses"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "other-house",
                "name": CONFIGURATION.oidc_name,
                "client_id": CONFIGURATION.oidc_client,
                "secret": CONFIGURATION.oidc_secret,
                "settings": {"server_url": CONFIGURATION.oidc_url, "oauth_pkce_enabled": True},
            }
        ]
        if CONFIGURATION.oidc_url
        else []
    }
}

globals().update(CONFIGURATION.mail())
DEFAULT_FROM_EMAIL = SERVER_EMAIL = CONFIGURATION.sender

SESSION_ENGINE = "kalanso.hub.people.queries.every_page"
SESSION_COOKIE_AGE = 30 * 24 * 3600  # field staff meet no network for weeks
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIGURATION.https
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "kalanso.hub.site.views.forged"
CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in CONFIGURATION.hosts if CONFIGURATION.https]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIGURATION.https else None
ALLAUTH_TRUSTED_PROXY_COUNT = NINJA_NUM_PROXIES = CONFIGURATION.proxies_before_us()
SECURE_HSTS_SECONDS = 31536000 if CONFIGURATION.https else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# Failed logins and used codes are counted for all web processes together, requests of programs in each.
# Large enough that nobody can push out the counters of failed logins.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "people_counters",
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    },
    "programs": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    },
}

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [
    compile_sentences(_HERE.parent / app / "locale", KALANSO_CACHE / "locale" / app)
    for app in _APPS
    if (_HERE.parent / app / "locale" / "en.po").exists()
]
USE_I18N = True
USE_TZ = True
TIME_ZONE = CONFIGURATION.zone

# Pages of which a telephone keeps a copy for its person. Never those that show a secret once.
KALANSO_KEPT_OFFLINE = frozenset(
    {"home", "me", "where", "place", "place_estimate", "missed", "pockets", "trends", "quality", "evidence", "learn",
     "act", "method", "glossary", "discussion", "offline_desk", "portfolio", "portfolio_district", "intervention", "cell",
     "reports", "report", "factors", "factor_new", "actions"}
)  # fmt: skip

# What the worker can do: kind of job, and the function that does it.
KALANSO_JOBS: dict[str, str] = {
    "people.mirror_places": "kalanso.hub.site.tasks.mirror_places",
    "people.digest": "kalanso.hub.site.tasks.digest",
    "evidence.read": "kalanso.hub.evidence.tasks.uploads.read",
    "evidence.try": "kalanso.hub.evidence.tasks.uploads.try_out",
    "evidence.publish": "kalanso.hub.evidence.tasks.uploads.publish",
    "evidence.withdraw": "kalanso.hub.evidence.tasks.uploads.withdraw",
    "evidence.check": "kalanso.hub.evidence.tasks.findings.check",
    "evidence.quality_report": "kalanso.hub.evidence.tasks.reports.write",
    "evidence.recompute": "kalanso.hub.evidence.tasks.figures.recompute",
    "evidence.set_beside": "kalanso.hub.evidence.tasks.figures.set_beside",
    "evidence.look": "kalanso.hub.evidence.tasks.runs.look",
    "evidence.estimate": "kalanso.hub.evidence.tasks.runs.estimate",
    "evidence.adopt": "kalanso.hub.evidence.tasks.runs.adopt",
    "evidence.release": "kalanso.hub.evidence.tasks.runs.release",
    "evidence.connection_check": "kalanso.hub.evidence.tasks.connections.check",
    "evidence.connection_read": "kalanso.hub.evidence.tasks.connections.propose",
    "evidence.connection_names": "kalanso.hub.evidence.tasks.server_names.keep",
    "evidence.pull": "kalanso.hub.evidence.tasks.pulls.pull",
    "evidence.pull_due": "kalanso.hub.evidence.tasks.pulls.ask_due",
    "studies.analyse": "kalanso.hub.studies.tasks.analyse",
    "studies.count": "kalanso.hub.studies.tasks.count_field",
    "studies.weigh": "kalanso.hub.studies.tasks.weigh",
    "studies.hand_on": "kalanso.hub.studies.tasks.hand_on",
    "studies.destroy_due": "kalanso.hub.studies.tasks.destroy_due",
    "portfolio.remind": "kalanso.hub.portfolio.tasks.reminders.remind",
    "portfolio.late_actions": "kalanso.hub.portfolio.tasks.late_actions.tell",
    "site.clean_up": "kalanso.hub.site.tasks.clean_up",
    "site.review_pack": "kalanso.hub.site.tasks.reviews.write",
    "site.export": "kalanso.hub.site.tasks.export",
}
# Kinds that take hours, and kinds that take minutes; what is not named here takes seconds. Each worker has a lane for
# everything, one without the hours and one without both, so that nobody's two seconds wait behind somebody's night.
KALANSO_JOBS_OF_HOURS = frozenset({"evidence.estimate", "evidence.pull"})
KALANSO_JOBS_OF_MINUTES = frozenset(
    {
        "evidence.recompute",
        "evidence.set_beside",
        "evidence.release",
        "evidence.quality_report",
        "evidence.connection_check",
        "evidence.connection_read",
        "studies.analyse",
        "site.export",
        "site.review_pack",
    }
)
# What is due by itself: kind of job, how often (hourly, daily, weekly), from which hour of the day on.
KALANSO_DUE: tuple[tuple[str, str, int], ...] = (
    ("people.mirror_places", "hourly", 0),
    ("evidence.pull_due", "hourly", 0),
    ("studies.destroy_due", "daily", 1),
    ("site.export", "daily", 2),
    ("portfolio.late_actions", "daily", 5),
    ("site.clean_up", "daily", 3),
    ("portfolio.remind", "weekly", 6),
    *((("people.digest", "weekly", 6),) if CONFIGURATION.email else ()),
)
# Records that the library gets to read as tables each night, one module of an app a line.
KALANSO_EXPORTS = (
    "kalanso.hub.evidence.exports", "kalanso.hub.studies.exports", "kalanso.hub.portfolio.exports", "kalanso.hub.grants.exports",
)  # fmt: skip
KALANSO_SILENCE = CONFIGURATION.silence

STATIC_URL = "/static/"
STATIC_ROOT = KALANSO_CACHE / "static"
MEDIA_ROOT = KALANSO_DATA / "media"
MEDIA_URL = "/fichiers/"
FILE_UPLOAD_PERMISSIONS = 0o600
# The bound comes first: what is too large is read away and kept nowhere, not even for a moment.
FILE_UPLOAD_HANDLERS = [
    "kalanso.hub.evidence.forms.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# Pages that take files, by name, and how much (bytes) one request may bring there.
KALANSO_UPLOADS: dict[str, int] = {
    "upload_new": 211_000_000,
    "round_files": 53_500_000,
    "grant_load_new": 5_500_000,
    "connection_reading": 5_500_000,
    "write_comment": 13_000_000,
    "offline_receive": 13_000_000,
    "action_close": 13_000_000,
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600
APPEND_SLASH = True
FORMS_URLFIELD_ASSUME_HTTPS = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "kalanso.hub.site.errors.JsonLines"},
        "text": {"()": "kalanso.hub.site.errors.TextLines"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": CONFIGURATION.log_form()}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django.request": {"level": "ERROR"},  # a mistyped address is no event
        "kalanso.hub.requests": {"level": "INFO" if CONFIGURATION.log_form() == "json" else "WARNING"},
    },
}
