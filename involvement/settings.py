"""Settings. Everything that differs between machines comes from the environment; README lists the variables.

Without any variable this is development: DEBUG on, answering only to this machine's own names. ``DEBUG=0`` is
production, which refuses to start until it has been told its secret, its names and who speaks HTTPS for it.
"""

import os
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from involvement.providers import apps_from

BASE_DIR = Path(__file__).resolve().parent.parent


def _words(name: str) -> list[str]:
    """Return the words of a comma-separated variable."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def _days(name: str, default: int) -> int:
    """Return a number of days from a variable."""
    said = os.environ.get(name, str(default))
    if not said.isdigit() or int(said) < 1:
        raise ImproperlyConfigured(f"{name} is {said!r}: give a number of days, 1 or more.")
    return int(said)


# -- Development or production ------------------------------------------------------------------------------------

_debug = os.environ.get("DEBUG", "1")
if _debug not in ("0", "1"):
    raise ImproperlyConfigured(f"DEBUG is {_debug!r}: set it to 0 (production) or 1 (development).")
DEBUG = _debug == "1"

if DEBUG:
    SECRET_KEY = os.environ.get("SECRET_KEY", "for development on this machine only, where nothing is secret")
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *_words("ALLOWED_HOSTS")]
    _proxies = 0
else:
    SECRET_KEY = os.environ.get("SECRET_KEY", "")
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10 or "development" in SECRET_KEY:
        raise ImproperlyConfigured(
            "SECRET_KEY is missing or weak. Production needs at least 50 random characters that are kept secret: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(64))' makes one."
        )
    ALLOWED_HOSTS = _words("ALLOWED_HOSTS")
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS is missing or open to all. Name the hosts that this site answers to, with commas between, "
            "for instance ALLOWED_HOSTS=map.example.nhs.uk."
        )
    if not os.environ.get("TRUSTED_PROXIES", "").isdigit():
        raise ImproperlyConfigured(
            "TRUSTED_PROXIES is missing. Production speaks HTTPS only: say how many proxies of your own stand in front "
            "and speak it for this server (usually 1; they must set X-Forwarded-Proto and X-Forwarded-For themselves), "
            "or 0 where gunicorn holds the certificate."
        )
    _proxies = int(os.environ["TRUSTED_PROXIES"])

# -- The application ----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",  # the operators' pages: operators.py, and nothing found by itself
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",  # its widget templates, since TemplatesSetting looks in the same places as our pages
    "allauth",
    "allauth.account",
    "allauth.mfa",  # a second step: codes, passkeys, backup codes
    "allauth.usersessions",  # where somebody is signed in
    "allauth.socialaccount",  # signing in at somebody else's: providers.py
    "allauth.socialaccount.providers.openid_connect",
    "crispy_forms",
    "django_htmx",
    "simple_history",
    "framework",
    "involvement",
]
MIDDLEWARE = [
    "involvement.middleware.request_log",  # outermost: times and names everything, refusals of the others too
    "involvement.middleware.headers",
    "django.middleware.gzip.GZipMiddleware",  # a tenth of the bytes; the token in a page is another each time (BREACH)
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "involvement.middleware.polls",  # answered here: what follows is for pages, sessions and forms
    *([] if DEBUG else ["whitenoise.middleware.WhiteNoiseMiddleware"]),
    "involvement.middleware.Sessions",
    "django.middleware.common.CommonMiddleware",
    "involvement.middleware.pasted_too_much",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "involvement.middleware.refused",
]
ROOT_URLCONF = "involvement.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "involvement.keeping.stand_in",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_TEMPLATE_PACK = "nhsuk"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["nhsuk"]

USE_TZ = True
TIME_ZONE = "Europe/London"
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English"))]  # Welsh next: add it here, with LocaleMiddleware
LOCALE_PATHS = [BASE_DIR / "locale"]

# -- Database -----------------------------------------------------------------------------------------------------

if not DEBUG and os.environ.get("DATABASE_URL") == "":
    raise ImproperlyConfigured("DATABASE_URL is empty. Say where the database is, such as postgres://user@host/name.")
# Connections are kept in production only: the development server starts a thread for each request.
DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL") or f"sqlite:///{BASE_DIR / 'db.sqlite3'}",
        conn_max_age=0 if DEBUG else 600, conn_health_checks=True,
    )
}
if os.environ.get("REPLICA_URL"):  # a copy that follows the database above, for reading (replicas.py)
    if not os.environ.get("REDIS_URL"):
        raise ImproperlyConfigured("REPLICA_URL needs REDIS_URL: a copy takes no writes, not even the cache's.")
    DATABASES["replica"] = dj_database_url.parse(
        os.environ["REPLICA_URL"], conn_max_age=0 if DEBUG else 600, conn_health_checks=True
    )
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A write takes its lock when it begins and waits for it, so it never fails half-way for having read before.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # Readers go on beside a writer; what was acknowledged is on the disk.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }

# One cache for all processes, or the limits on sign-in would count each process apart (check involvement.E010).
if os.environ.get("REDIS_URL"):
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["REDIS_URL"]}
    }
elif os.environ.get("CACHE_IN_PROCESS") == "1":
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
else:
    # By default 300 entries are kept, and others thrown away: whoever guesses could push their own count out that way.
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }
CACHES["pages"] = {  # whole pages, in each process's own memory: some 80 KB each at the most usual (keeping.py)
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "pages",
    "OPTIONS": {"MAX_ENTRIES": 100},
}
CACHES["default"]["KEY_FUNCTION"] = "involvement.cachekeys.key"  # no internet address in the clear
KEEP_ROOM_SECONDS = 0.03  # how old a room may be that phones are told of which ask whether it has changed
KEEP_MAP_SECONDS = 24 * 3600  # how long the counts of a map are kept for one version of an organisation; 0 for never
KEEP_PAGES_SECONDS = 600  # how long a page is kept for those who may see the same, at one version; 0 for never
WORKERS = os.environ.get("WEB_CONCURRENCY", "")  # gunicorn's own variable

# -- Files --------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "collected"
STATICFILES_DIRS = [BASE_DIR / "static", ("nhsuk", BASE_DIR / "assets" / "nhsuk")]
# What people upload is private: it lies outside everything that is served, and goes out through views.influence only.
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT", BASE_DIR / "media"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a page that confirms a few hundred imported rows at once

# -- How long things are kept --------------------------------------------------------------------------------------

# In days: manage.py retention deletes what is older, manage.py backup --tidy old backups. The privacy page reads it.
KEEP_DAYS = {
    "backups": _days("KEEP_BACKUPS_DAYS", 35),
    "invitations": _days("KEEP_INVITATIONS_DAYS", 90),  # after they were taken, taken back, or ran out
    "sign_ins": _days("KEEP_SIGN_INS_DAYS", 730),  # events of accounts; those of an organisation stay as its history
    "workshops": _days("KEEP_WORKSHOPS_DAYS", 90),  # after a workshop: each phone's choices; what came out stays
    "request_keys": _days("KEEP_REQUEST_KEYS_DAYS", 30),  # by which a form that is sent twice writes once
}

# -- People -------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "involvement.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "involvement.passwords.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "involvement.adapters.AccountAdapter"  # nobody joins but by invitation
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "involvement.adapters.display_name"
ACCOUNT_FORMS = {
    "login": "involvement.forms.account.SignInForm",
    "reset_password": "involvement.forms.account.ForgottenPasswordForm",
    "reset_password_from_key": "involvement.forms.account.NewPasswordForm",
    "change_password": "involvement.forms.account.ChangePasswordForm",
    "set_password": "involvement.forms.account.FirstPasswordForm",
    "add_email": "involvement.forms.account.NewAddressForm",
    "reauthenticate": "involvement.forms.account.ConfirmPasswordForm",
}
# An account exists only because somebody entitled made it for this address, so signing in asks for no further proof.
# A new address counts when the link that was sent to it has been opened.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_PREVENT_ENUMERATION = "strict"  # asking for a new address does not tell whether it has an account
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before an address changes; a second step asks for it by itself
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no letters to strangers on anybody's word
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Involvement Map: "  # otherwise the host's name in brackets
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if DEBUG else "https"
# A whole trust is one address to us: failures are counted tightly for each account, loosely for each address.
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "login_failed": "300/10m/ip,5/5m/key",
    "reset_password": "60/m/ip,5/m/key",
    "reset_password_from_key": "60/m/ip",
}
MFA_ADAPTER = "involvement.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Involvement Map"
MFA_TOTP_PERIOD = 30
MFA_TOTP_TOLERANCE = 1  # phones whose clock is half a minute off
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up here, so an account is never in a stranger's hands to begin with
MFA_RATE_LIMITS = {"webauthn_login": "300/m/ip"}
MFA_FORMS = {
    "authenticate": "involvement.forms.account.CodeForm",
    "reauthenticate": "involvement.forms.account.CodeAgainForm",
    "activate_totp": "involvement.forms.account.FirstCodeForm",
    "deactivate_totp": "involvement.forms.account.NoMoreCodesForm",
    "generate_recovery_codes": "involvement.forms.account.BackupCodesForm",
    "add_webauthn": "involvement.forms.account.NewPasskeyForm",
    "edit_webauthn": "involvement.forms.account.PasskeyNameForm",
    "authenticate_webauthn": "involvement.forms.account.PasskeyForm",
    "reauthenticate_webauthn": "involvement.forms.account.PasskeyAgainForm",
    "login_webauthn": "involvement.forms.account.PasskeySignInForm",
}
SOCIALACCOUNT_ADAPTER = "involvement.adapters.ProviderAdapter"  # only somebody who has an account comes in that way
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {"APPS": apps_from(os.environ, https_only=not DEBUG), "OAUTH_PKCE_ENABLED": True}
}
ALLAUTH_TRUSTED_PROXY_COUNT = _proxies
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no third cookie
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# -- What a browser is told -----------------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "frame-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
PERMISSIONS_POLICY = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
if not DEBUG:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # probes come from inside, in plain HTTP
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _proxies else None
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrf"

# -- Mail and logs --------------------------------------------------------------------------------------------------

# Letters are printed on the console until MAIL_HOST says where to send them.
if os.environ.get("MAIL_HOST"):
    _starttls = os.environ.get("MAIL_ENCRYPTION", "starttls")
    if _starttls not in ("starttls", "tls", "none"):
        raise ImproperlyConfigured(f"MAIL_ENCRYPTION is {_starttls!r}: set it to starttls, tls or none.")
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {
                "host": os.environ["MAIL_HOST"],
                "port": int(os.environ.get("MAIL_PORT", "465" if _starttls == "tls" else "587")),
                "username": os.environ.get("MAIL_USER", ""),
                "password": os.environ.get("MAIL_PASSWORD", ""),
                "use_tls": _starttls == "starttls",
                "use_ssl": _starttls == "tls",
                "timeout": 20,
            },
        }
    }
elif DEBUG:
    MAILERS = {"default": {"BACKEND": "involvement.letters.ConsoleBackend"}}
else:  # refused by Django's own deployment check
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
DEFAULT_FROM_EMAIL = os.environ.get("MAIL_FROM", "Involvement Map <no-reply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Where letters that no request asked for lead to: the site's own address, without a slash at its end.
SITE_ADDRESS = os.environ.get("SITE_ADDRESS", "").rstrip("/") or (
    "http://127.0.0.1:8000" if DEBUG else f"https://{ALLOWED_HOSTS[0].lstrip('.')}"
)
LETTERS_WAIT = False  # letters go out beside the request (letters.py); tests wait for them
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "involvement.logs.RequestFilter"}},
    "formatters": {
        "json": {"()": "involvement.logs.JSONFormatter"},
        "plain": {"format": "{levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "plain" if DEBUG else "json",
            "filters": ["request"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO" if not DEBUG else "WARNING"},
    # Django's own handlers (mail to admins, a console that prints addresses) give way to the one above. In development
    # the development server goes on printing its own line for each request.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        **({} if DEBUG else {"django.server": {"handlers": [], "propagate": True}}),
    },
}
