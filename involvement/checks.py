"""System checks: what must hold before anything is served. runserver, migrate, CI and the production server stop here.

E001  a view without a policy                          E010  a cache per process, with several processes
E002  a policy that sign-in contradicts                E011  uploads inside a folder that is served
E003  an organisation's address and another policy, or the other way round
E004  an operators' address and another policy       W012  a database role for which no wall holds
E005  a room's address and another policy
"""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.db import DatabaseError, connection
from django.urls import URLPattern, get_resolver

from involvement.access import Policy
from involvement.tenancy import holds

# Views that cannot carry a policy of ours, by route name: the theory's pages (framework may not import involvement)
# and the account pages of allauth. A new page of either kind is refused until somebody decides about it here.
FRAMEWORK_VIEWS = frozenset(
    {
        "framework",
        "framework-cases",
        "framework-crosswalks",
        "framework-place",
        "framework-rules",
        "framework-sources",
    }
)
ACCOUNT_VIEWS = frozenset(
    {
        "account_change_password",
        "account_confirm_email",
        "account_confirm_login_code",
        "account_email",
        "account_email_verification_sent",
        "account_inactive",
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "account_set_password",
        "account_signup",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_authenticate",
        "mfa_deactivate_totp",
        "mfa_download_recovery_codes",
        "mfa_edit_webauthn",
        "mfa_generate_recovery_codes",
        "mfa_index",
        "mfa_list_webauthn",
        "mfa_login_webauthn",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_remove_webauthn",
        "mfa_view_recovery_codes",
        "socialaccount_login_cancelled",
    }
)
ORGANISATION_PREFIX = "o/<slug:org>/"
OPERATORS_PREFIX = "operators/"
ROOM_PREFIX = "w/<str:code>/"
PROCESS_CACHES = ("LocMemCache", "DummyCache")


def routes() -> Iterator[tuple[str, URLPattern]]:
    """Yield every address of the site as (route, pattern), once: of two for one route only the first is met."""
    met = set()
    for route, pattern in _patterns(get_resolver(), ""):
        if route not in met:
            met.add(route)
            yield route, pattern


def _patterns(resolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern
        else:
            yield from _patterns(pattern, route)


def name_of(pattern: URLPattern) -> str:
    """Return the name under which an address is reversed: the operators' pages have a namespace, nothing else has."""
    policy = getattr(pattern.callback, "policy", None)
    return f"admin:{pattern.name}" if isinstance(policy, Policy) and policy.kind == "operator" else pattern.name


def is_exempt(pattern: URLPattern) -> bool:
    """Return whether this is one of the named views of framework or allauth, and really theirs."""
    module = pattern.callback.__module__
    library = ("allauth.account.", "allauth.mfa.", "allauth.socialaccount.")
    return (pattern.name in FRAMEWORK_VIEWS and module == "framework.views") or (
        pattern.name in ACCOUNT_VIEWS and module.startswith(library)
    )


@register(Tags.urls)
def every_view_has_a_policy(app_configs=None, **_options) -> list[Error]:
    """Return an error for each route whose view says nothing, or something contradictory, about who may come."""
    errors = []
    for route, pattern in routes():
        if is_exempt(pattern):
            continue
        view, policy = pattern.callback, getattr(pattern.callback, "policy", None)
        where = f"/{route} ({view.__module__}.{view.__qualname__})"
        if not isinstance(policy, Policy):
            hint = "Put @organisation_view(…), @member_view or @public_view (involvement/access.py) over it."
            errors.append(Error(f"{where} has no policy.", hint=hint, id="involvement.E001"))
            continue
        if (policy.kind in ("public", "participant")) == getattr(view, "login_required", True):
            hint = "Let the wrapper of access.py be the only one that speaks of signing in."
            errors.append(
                Error(
                    f"{where}: its policy is {policy.kind}, its sign-in rule differs.", hint=hint, id="involvement.E002"
                )
            )
        if (policy.kind == "operator") != route.startswith(OPERATORS_PREFIX):
            hint = "The operators' pages, and nothing else, live in involvement/operators.py."
            errors.append(Error(f"{where}: its policy is {policy.kind}.", hint=hint, id="involvement.E004"))
        if (policy.kind == "participant") != route.startswith(ROOM_PREFIX):
            hint = "What a room's code opens, and nothing else, lives below /w/<code>/ (involvement/urls.py)."
            errors.append(Error(f"{where}: its policy is {policy.kind}.", hint=hint, id="involvement.E005"))
        if (policy.kind == "organisation") != route.startswith(ORGANISATION_PREFIX):
            hint = "Everything of an organisation, and nothing else, lives in organisation_urls (involvement/urls.py)."
            errors.append(Error(f"{where}: its policy is {policy.kind}.", hint=hint, id="involvement.E003"))
    return errors


@register(Tags.security, deploy=True)
def one_cache_for_all_processes(app_configs=None, **_options) -> list[Error]:
    """Return an error where limits on sign-in would be counted by each process apart."""
    backend = settings.CACHES["default"]["BACKEND"]
    if backend.endswith(PROCESS_CACHES) and settings.WORKERS != "1":
        hint = "Unset CACHE_IN_PROCESS (the cache is then in the database), set REDIS_URL, or set WEB_CONCURRENCY=1."
        return [
            Error("The cache is per process, and WEB_CONCURRENCY does not say 1.", hint=hint, id="involvement.E010")
        ]
    return []


@register(Tags.security)
def uploads_are_private(app_configs=None, **_options) -> list[Error]:
    """Return an error where uploads would land in a folder that is served to everybody."""
    media = Path(settings.MEDIA_ROOT).resolve()
    served = [
        settings.STATIC_ROOT,
        *(entry[1] if isinstance(entry, tuple) else entry for entry in settings.STATICFILES_DIRS),
    ]
    for folder in map(Path, served):
        if media.is_relative_to(folder.resolve()) or folder.resolve().is_relative_to(media):
            hint = "Set MEDIA_ROOT to a folder of its own."
            return [Error(f"Uploads ({media}) and static files ({folder}) overlap.", hint=hint, id="involvement.E011")]
    return []


@register(Tags.security, deploy=True)
def the_database_keeps_organisations_apart(app_configs=None, **_options) -> list[Warning]:
    """Return a warning where PostgreSQL hands every organisation's rows to the role that we connect as.

    Nothing is said of SQLite, which has no such wall, nor of a database that does not answer or has no tables yet.
    """
    if connection.vendor != "postgresql":
        return []
    opened = connection.connection is None
    try:
        if holds():
            return []
    except DatabaseError:
        return []
    finally:
        if opened:
            connection.close()  # a server that checks before it splits into workers must not share it with them
    hint = "Connect as a role that does not own the tables and is no superuser (README, “In production”)."
    return [Warning("The database does not keep organisations apart for this role.", hint=hint, id="involvement.W012")]
