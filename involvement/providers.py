"""Other organisations' sign-in (Microsoft Entra for NHSmail, NHS CIS2), as the environment describes them.

``OIDC_PROVIDERS=nhsmail,cis2`` names them; each has variables of its own, here for nhsmail:

    OIDC_NHSMAIL_NAME             what the button says: NHSmail (the short name unless given)
    OIDC_NHSMAIL_ISSUER           its issuer, an https address without the /.well-known/… part
    OIDC_NHSMAIL_CLIENT_ID        what the provider calls us
    OIDC_NHSMAIL_CLIENT_SECRET    what it knows us by
    OIDC_NHSMAIL_SCOPES           "openid email profile" unless given
    OIDC_NHSMAIL_TRUSTED_DOMAINS  domains whose addresses this issuer gives out itself (nhs.net), for an issuer that
                                  does not say email_verified, as Entra does not
    OIDC_NHSMAIL_AUTH_PARAMS      more for its sign-in page: acr_values=AAL2_OR_AAL3_ANY
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured

SHARED_TENANTS = ("/common", "/organizations", "/consumers")


def apps_from(environment: Mapping[str, str], *, https_only: bool) -> list[dict]:
    """Return allauth's description of each provider that ``environment`` names, in that order.

    Raises ImproperlyConfigured, in a sentence, for one that is half described or that anybody could speak for.
    """
    names = [name.strip() for name in environment.get("OIDC_PROVIDERS", "").split(",") if name.strip()]
    if len(names) != len(set(names)):
        raise ImproperlyConfigured("OIDC_PROVIDERS names one provider twice.")
    return [_app(name, environment, https_only) for name in names]


def _app(name: str, environment: Mapping[str, str], https_only: bool) -> dict:
    if not re.fullmatch(r"[a-z][a-z0-9]*", name):
        raise ImproperlyConfigured(f"OIDC_PROVIDERS: {name!r} must be small letters and digits, such as nhsmail.")

    def value(word: str, default: str | None = None) -> str:
        variable = f"OIDC_{name.upper()}_{word}"
        given = environment.get(variable, "").strip() or default
        if given is None:
            raise ImproperlyConfigured(f"{variable} is missing: OIDC_PROVIDERS names {name}.")
        return given

    issuer = value("ISSUER").rstrip("/")
    parts = urlsplit(issuer)
    if parts.scheme not in (("https",) if https_only else ("https", "http")) or not parts.netloc or parts.query:
        raise ImproperlyConfigured(f"OIDC_{name.upper()}_ISSUER must be an https address.")
    if any(tenant in f"{parts.path}/" for tenant in (f"{shared}/" for shared in SHARED_TENANTS)):
        raise ImproperlyConfigured(
            f"OIDC_{name.upper()}_ISSUER is Microsoft's for everybody, where anybody can claim any address. "
            "Name your own tenant."
        )
    scopes = value("SCOPES", "openid email profile").split()
    if "openid" not in scopes:
        raise ImproperlyConfigured(f"OIDC_{name.upper()}_SCOPES must hold openid.")
    return {
        "provider_id": name,
        "name": value("NAME", name),
        "client_id": value("CLIENT_ID"),
        "secret": value("CLIENT_SECRET"),
        "settings": {
            "server_url": issuer,
            "scope": scopes,
            "verified_email": [each.lower() for each in re.split(r"[,\s]+", value("TRUSTED_DOMAINS", "")) if each],
            "auth_params": dict(parse_qsl(value("AUTH_PARAMS", ""))),
        },
    }
