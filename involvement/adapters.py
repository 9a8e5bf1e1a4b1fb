"""Where django-allauth asks how accounts work here: signing in, the second step, and other people's sign-in."""

import base64

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.contrib.sites.shortcuts import get_current_site
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from involvement import letters
from involvement.actions import security
from involvement.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from invitations and from an operator's command line, never from a public form."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "duplicate_email": _("This is your address already"),
        "email_password_mismatch": _("The email address or the password is not right"),
        "enter_current_password": _("This is not your password now"),
        "incorrect_code": _("That code is not right"),
        "incorrect_password": _("This is not your password"),
        "too_many_login_attempts": _("Too many wrong tries. Wait 5 minutes, then try again"),
        "rate_limited": _("That was too often in a short time. Wait a few minutes, then try again"),
    }
    reauthentication_words = {
        "reauthenticate": _("Use your password"),
        "mfa_reauthenticate": _("Use a code"),
        "mfa_reauthenticate:webauthn": _("Use a passkey"),
    }

    def is_open_for_signup(self, request) -> bool:
        """Return False: the sign-up page says that it is closed, and its form makes nobody."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Write a letter and hand it to the post; to nobody, where ``user`` only stands in for an unknown one."""
        request = self.request
        context = {"request": request, "email": email, "current_site": get_current_site(request), **context}
        letter = self.render_mail(template_prefix, email, context)
        if "user" not in context or not context["user"]._state.adding:
            letters.post(letter)

    def authenticate(self, request, **credentials):
        """Return whose address and password these are. An address that waits to be confirmed is nobody's yet."""
        user = super().authenticate(request, **credentials)
        return user if user is None or user.email == credentials.get("email", user.email).lower() else None

    def authentication_failed(self, request, **credentials) -> None:
        """Keep that somebody gave a wrong password, and for which account if there is one."""
        known = User.objects.filter(email=credentials.get("email", "").lower()).first()
        security.record_failure("sign-in-failed", known)

    def confirm_email(self, request, email_address: EmailAddress) -> bool:
        """Take a new address into use once its link was opened, unless it became another account's meanwhile."""
        if User.objects.filter(email__iexact=email_address.email).exclude(pk=email_address.user_id).exists():
            self.add_message(request, messages.ERROR, "account/messages/email_confirmation_failed.txt")
            return False
        return super().confirm_email(request, email_address)

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Lead back to the account where somebody is signed in, else to sign in."""
        return reverse("account" if self.request.user.is_authenticated else "account_login")

    def get_password_change_redirect_url(self, request) -> str:
        """Lead back to the account."""
        return reverse("account")

    def get_reauthentication_methods(self, user) -> list[dict]:
        """Return the ways to show once more who one is, in our words."""
        return [
            {**method, "description": self.reauthentication_words[method["id"]]}
            for method in super().get_reauthentication_methods(user)
        ]


class MFAAdapter(DefaultMFAAdapter):
    """The second step. What would let others make its codes lies encrypted in the database."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("That did not work. Try again"),
        "cannot_generate_recovery_codes": _("Set up codes or a passkey first"),
    }

    def encrypt(self, text: str) -> str:
        """Return ``text`` encrypted under SECRET_KEY."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return what ``encrypt`` was given, under today's SECRET_KEY or one of SECRET_KEY_FALLBACKS."""
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user, type) -> str:
        """Return what a passkey is called until somebody says otherwise."""
        return _now("Passkey %(number)d") % {"number": user.authenticator_set.filter(type=type).count() + 1}


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [salted_hmac("involvement.second-step", "", secret=key, algorithm="sha256").digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Somebody else's sign-in opens an account that is here already, found by an address that both sides have proven.

    It makes no account, changes none and joins none to another: nothing about it is kept but the event.
    """

    def list_apps(self, request, provider=None, client_id=None) -> list:
        """Return the providers of the settings (providers.py); the library's table of them stays empty."""
        from allauth.socialaccount.adapter import _build_apps_from_settings

        apps = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for of_one_kind in apps.values() for app in of_one_kind]

    def is_open_for_signup(self, request, sociallogin) -> bool:
        """Return False: nobody is made by signing in elsewhere."""
        return False

    def authenticate_by_email(self, sociallogin):
        """Return (account, address) for an address proven there and here, else None."""
        proven = [each.email.lower() for each in sociallogin.email_addresses if each.verified]
        ours = EmailAddress.objects.filter(email__in=proven, verified=True, primary=True).select_related("user").first()
        return None if ours is None else (ours.user, ours.email)

    def pre_social_login(self, request, sociallogin) -> None:
        """Let nobody on but who was found by their address; show the others how one joins."""
        found = getattr(sociallogin, "_did_authenticate_by_email", None)
        if found is None or sociallogin.state.get("process") != AuthProcess.LOGIN:
            security.record_failure("sign-in-refused", None, provider=sociallogin.account.provider)
            context = {"provider": sociallogin.provider}
            raise ImmediateHttpResponse(render(request, "socialaccount/not_known.html", context, status=403))


def display_name(user) -> str:
    """Return the name that letters and pages call ``user`` by."""
    return user.get_full_name()
