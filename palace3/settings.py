"""Settings: everything that differs between installations comes from the environment."""

from __future__ import annotations

import os
import tomllib
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF

from kernel.environment import take_files
from kernel.postgresql.pooling import forget_session
from kernel.row_keys import KINDS
from palace3.logging import LOGGING  # noqa: F401 (a setting)

take_files(os.environ)
BASE_DIR = Path(__file__).resolve().parent.parent
# The number of the release: on every page, and in every act that it writes.
RELEASE: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def _flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, str(default)).lower() in {"1", "true", "yes", "on"}


def database_at(address: str, engine: str, *, pool: bool = False) -> dict[str, object]:
    parts = urlsplit(address)
    # Where the network ends without a word, a request waits for seconds, not for TCP's quarter of an hour.
    options: dict[str, object] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
        **dict(parse_qsl(parts.query)),
    }
    if pool:
        options["pool"] = {
            "min_size": 1,
            "max_size": int(os.environ.get("DATABASE_POOL", "8")),
            "timeout": 20,
            "reset": forget_session,
        }
    return {
        "ENGINE": engine,
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0 if pool else int(os.environ.get("DATABASE_MAX_AGE", "60")),
        # A connection that died while it slept (the server was restarted) is replaced before anybody is handed it.
        "CONN_HEALTH_CHECKS": True,
    }


SECRET_KEY = os.environ.get("SECRET_KEY", "")
DEBUG = False
# A server with real data: web, worker and beat refuse to start while something is unsafe (kernel/production.py).
PALACE3_PRODUCTION = _flag("PALACE3_PRODUCTION")
PALACE3_DEMO = _flag("PALACE3_DEMO")
# This process serves practice alone, from a database of its own (ADR 57).
PALACE3_PRACTICE = _flag("PALACE3_PRACTICE")
# At the trial: where practice is served; in practice: where the trial is. The key signs what one tells the other.
PRACTICE_ADDRESS = os.environ.get("PRACTICE_ADDRESS", "").rstrip("/")
PRACTICE_TRIAL_ADDRESS = os.environ.get("PRACTICE_TRIAL_ADDRESS", "").rstrip("/")
PRACTICE_KEY = os.environ.get("PRACTICE_KEY", "")
PALACE3_DEMO_FILLED = os.environ.get("PALACE3_DEMO_FILLED", "")
PALACE3_LIST_KEY = os.environ.get("PALACE3_LIST_KEY", "")
PALACE3_LIST_KEY_FILE = os.environ.get("PALACE3_LIST_KEY_FILE", "")
PALACE3_OPENS_ARMS = _flag("PALACE3_OPENS_ARMS", True)
# Addresses of the data monitoring committee, who hold no account: the roots of lists are mailed to them.
COMMITTEE_ADDRESSES = [each.strip() for each in os.environ.get("COMMITTEE_ADDRESSES", "").split(",") if each]
PALACE3_IDENTITY_KEY = os.environ.get("PALACE3_IDENTITY_KEY", "")
# Which hospitals people may sign in through (OpenID Connect); none without it.
HOSPITALS_FILE = os.environ.get("HOSPITALS_FILE", "")
# Digests of passwords, second factors, tokens and mails in the trail are made under it; no database holds it.
PALACE3_TRAIL_KEY = os.environ.get("PALACE3_TRAIL_KEY", "")
# Signs the chained digest of the trail that goes out (Ed25519, 32 random bytes in base64); no database holds it.
PALACE3_ANCHOR_KEY = os.environ.get("PALACE3_ANCHOR_KEY", "")
# Who is mailed the chained digest beside the investigators, and a folder that takes files and gives none up.
ANCHOR_ADDRESSES = [
    each.strip()
    for each in os.environ.get("ANCHOR_ADDRESSES", os.environ.get("COMMITTEE_ADDRESSES", "")).split(",")
    if each.strip()
]
ANCHOR_FOLDER = os.environ.get("ANCHOR_FOLDER", "")
ALLOWED_HOSTS = [host for host in os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost").split(",") if host]
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("TRUSTED_ORIGINS", "").split(",") if origin]
BEHIND_TLS = _flag("BEHIND_TLS")

INSTALLED_APPS = [
    "palace3",
    "audit",
    "accounts",
    "trials",
    "website",
    "followup",
    "crf",
    "randomization",
    "notices",
    "reports",
    "exports",
    "analysis",
    "committee",
    "monitoring",
    "operations",
    "design",
    "demo",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "drf_spectacular",
    "django_celery_beat",
    "django_htmx",
    "crispy_forms",
    "crispy_bootstrap5",
]

MIDDLEWARE = [
    "palace3.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    *(["demo.filling.filling"] if PALACE3_DEMO_FILLED else []),
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.sessions.mistyped",
    "palace3.middleware.person",
    "palace3.middleware.uses",
    "accounts.sessions.gate",
    "palace3.middleware.Refusals",
]

ROOT_URLCONF = "demo.practice.urls" if PALACE3_PRACTICE else "palace3.urls"
WSGI_APPLICATION = "palace3.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "design.templatetags.design",
                "accounts.templatetags.signing",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "palace3.context.shell",
                *(["demo.practice.tour.tour"] if PALACE3_PRACTICE else []),
            ],
        },
    }
]

# The application role serves; the owner role migrates. The web process never holds the owner's address.
_APP = os.environ.get("DATABASE_URL", "postgres://palace3_app@127.0.0.1/palace3")
_OWNER = os.environ.get("DATABASE_OWNER_URL", "")
DATABASES = {"default": database_at(_APP, "kernel.postgresql", pool=_flag("DATABASE_POOLED"))}
DATABASES["default"]["ATOMIC_REQUESTS"] = True
if _OWNER:
    DATABASES["owner"] = database_at(_OWNER, "django.db.backends.postgresql")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "home"
PASSWORD_HASHERS = [
    "accounts.hashing.LaneHasher",
    # The demonstration signs hundreds of times while it fills; its password is printed for everyone.
    *(["demo.simulation.hashing.DemonstrationHasher"] if PALACE3_DEMO else []),
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "accounts.passwords.BreachListValidator",
        "OPTIONS": {"path": os.environ.get("PASSWORD_BREACH_LIST", "")},
    },
]
# With real data whoever holds a role has a second factor; a trial to look at asks it of some roles.
SECOND_FACTOR_OF_EVERYBODY = PALACE3_PRODUCTION
# An account in which nobody has signed in for so long is shown to the trial managers, who close it or ask why.
DORMANT_DAYS = 90
# Who accepted an earlier policy of accountability accepts this one before they sign again.
ACCOUNTABILITY_SINCE = (
    date.fromisoformat(os.environ["ACCOUNTABILITY_SINCE"]) if os.environ.get("ACCOUNTABILITY_SINCE") else None
)
IDLE_MINUTES = int(os.environ.get("IDLE_MINUTES", "30"))
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SAMESITE = "Lax"
# Two ports of one host share their cookies: whoever practises stays signed in at the trial.
SESSION_COOKIE_NAME = "practice_sessionid" if PALACE3_PRACTICE else "sessionid"
CSRF_COOKIE_NAME = "practice_csrftoken" if PALACE3_PRACTICE else "csrftoken"
CSRF_FAILURE_VIEW = "palace3.error_views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
# The longest form with every table full (crf.engine.submission.ROW_LIMIT) sends some 13,000.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
# Files attached to records (ADR 40): bytes, pages of a PDF, pixels of a picture, hours that one waits for its sender.
ATTACHMENT_MAX_BYTES = int(os.environ.get("ATTACHMENT_MAX_BYTES", str(20 * 1024 * 1024)))
ATTACHMENT_MAX_PAGES = int(os.environ.get("ATTACHMENT_MAX_PAGES", "200"))
ATTACHMENT_MAX_PIXELS = int(os.environ.get("ATTACHMENT_MAX_PIXELS", "50000000"))
ATTACHMENT_WAITING_HOURS = 24

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = BEHIND_TLS
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "design.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
PROTOCOL_VERSION = "1.0"
# Where the versions of the protocol stand; another folder serves rehearsals of an amendment.
PROTOCOL_FOLDER = os.environ.get("PROTOCOL_FOLDER", str(BASE_DIR / "protocol" / "versions"))
TRIAL_TIME_ZONE = "Asia/Shanghai"

# What a form has before it may be locked. A default of ours: whoever verifies a sample of forms takes "verified" out.
LOCK_NEEDS = ("verified", "signed")

# Roles that one person does not hold at the same time: one checks or decides what the other does. A default of ours;
# the study team may change it. A monitor may work at a site that is not theirs.
INCOMPATIBLE_ROLES = (
    *(("trial_manager", other) for other in ("coordinator", "investigator", "statistician", "monitor")),
    # Whoever administers accounts takes no other part in the trial (requirement 11).
    *(("trial_manager", other) for other in ("data_manager", "coder", "reviewer", "arm_reader")),
    *(("statistician", other) for other in ("coordinator", "investigator", "monitor", "data_manager")),
    *(("data_manager", other) for other in ("coordinator", "investigator")),
    *(("monitor", other) for other in ("coordinator", "investigator")),
    *(("inspector", other) for other in ("coordinator", "investigator", "monitor", "data_manager")),
    *(("inspector", other) for other in ("trial_manager", "statistician")),
    *(("coder", other) for other in ("coordinator", "investigator")),
    *(
        ("committee", other)
        for other in ("coordinator", "investigator", "monitor", "data_manager", "trial_manager")
    ),
    *(("committee", other) for other in ("statistician", "inspector", "coder", "reviewer")),
    *(("arm_reader", other) for other in ("coder", "reviewer", "committee")),
)
SITE_TIME_ZONES = ("Asia/Shanghai", "Asia/Urumqi")
# Zones with one offset since a day (China's last summer time ended in 1991): a million instants of an export are told
# without looking the zone up for each.
STEADY_OFFSETS = {"Asia/Shanghai": ("+08:00", "1992-01-01 00:00+08")}

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / "var" / "static"))
# Help shows pictures of the screenshot book.
STATICFILES_DIRS = [BASE_DIR / "static", BASE_DIR / "assets", ("screens", BASE_DIR / "docs" / "screens")]
WHITENOISE_USE_FINDERS = _flag("WHITENOISE_USE_FINDERS", default=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "palace3.static_files.HashedFiles"
            if _flag("STATIC_MANIFEST")
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
MEDIA_ROOT = Path(os.environ.get("EXPORT_ROOT", BASE_DIR / "var" / "exports"))
BACKUP_DIR = Path(os.environ.get("BACKUP_DIR", BASE_DIR / "var" / "backups"))
# While this file is there, nobody writes (kernel/maintenance.py); several machines share it.
MAINTENANCE_FILE = Path(os.environ.get("MAINTENANCE_FILE", BASE_DIR / "var" / "maintenance.json"))
# Base backups and WAL, from which the database comes back to a second.
WAL_DIR = Path(os.environ.get("WAL_DIR", BASE_DIR / "var" / "wal"))
BACKUP_HOURS = int(os.environ.get("BACKUP_HOURS", "26"))
DRILL_DAYS = int(os.environ.get("DRILL_DAYS", "35"))
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
ALARM_ADDRESSES = [each.strip() for each in os.environ.get("ALARM_ADDRESSES", "").split(",") if each.strip()]
DEAD_MAN_URL = os.environ.get("DEAD_MAN_URL", "")
SIGN_IN_LANE = int(os.environ.get("SIGN_IN_LANE") or os.cpu_count() or 1)
# The file of an export is deleted after so many days; the register keeps what it held.
EXPORT_KEEP_DAYS = int(os.environ.get("EXPORT_KEEP_DAYS", "90"))

# Where nobody has named a server, nothing counts as sent: messages wait, and the alarm of unsent mail rises.
# No mail ever leaves practice.
EMAIL_BACKEND = "kernel.no_mail_server.NoMailServer"
if not PALACE3_PRACTICE:
    EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", EMAIL_BACKEND)
EMAIL_FILE_PATH = os.environ.get("EMAIL_FILE_PATH", str(BASE_DIR / "var" / "mail"))
EMAIL_HOST = os.environ.get("EMAIL_HOST", "127.0.0.1")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _flag("EMAIL_USE_TLS")
EMAIL_USE_SSL = _flag("EMAIL_USE_SSL")
# A server that reads a message through may take minutes to say that it has it (RFC 5321, 4.5.3.2.6).
EMAIL_TIMEOUT = int(os.environ.get("EMAIL_TIMEOUT", "120"))
# Where people outside reach the public pages: it stands in mails, which no request wrote.
# What the public pages say of who answers for them; empty until the sponsor has given it.
PUBLIC_CONTROLLER = os.environ.get("PUBLIC_CONTROLLER", "")
PRIVACY_CONTACT = os.environ.get("PRIVACY_CONTACT", "")
SAFETY_CONTACT = os.environ.get("SAFETY_CONTACT", "")
ETHICS_APPROVAL = os.environ.get("ETHICS_APPROVAL", "")
PUBLIC_FILING = os.environ.get("PUBLIC_FILING", "")
PUBLIC_ADDRESS = os.environ.get("PUBLIC_ADDRESS", "http://127.0.0.1:8000").rstrip("/")
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "PALACE-3 <palace3@localhost>")
# Who reads the answers to what the system writes: the trial's office.
REPLY_TO = os.environ.get("REPLY_TO", "")

CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
# What stands beside this host under the hospital's domain, and whether browsers know that domain, is not ours to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# Practice has no worker: what would be done later is let go, whatever broker is named. It never reaches the trial's.
BROKER_URL = "memory://"
if not PALACE3_PRACTICE:
    BROKER_URL = os.environ.get("BROKER_URL", "redis://127.0.0.1:6379/0")

# Counts of calls and of failed sign-ins, shared by every web process where there is a broker to share them.
CACHES = {
    "default": (
        {
            "BACKEND": "kernel.cache.SharedCache",
            "LOCATION": BROKER_URL,
            "KEY_PREFIX": "palace3",
            "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
        }
        if "BROKER_URL" in os.environ and not PALACE3_PRACTICE
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "exports.api.authentication.TokenAuthentication",
        "exports.api.authentication.PageAuthentication",
    ],
    # Programs read JSON; for people there is the page of the API (exports/views/api.py).
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "exports.api.errors.answer",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PALACE-3",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "OAS_VERSION": "3.1.1",
    "POSTPROCESSING_HOOKS": ["exports.api.components.with_components"],
    "PATH_CONVERTER_OVERRIDES": {kind: {"type": "string"} for kind in KINDS},
}
