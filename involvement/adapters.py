"""Where django-allauth asks how accounts work here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.utils.translation import gettext_lazy as _


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from invitations and from an operator's command line, never from a public form."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The email address or the password is not right"),
        "enter_current_password": _("This is not your password now"),
        "incorrect_password": _("This is not your password"),
        "too_many_login_attempts": _("Too many wrong passwords. Wait 5 minutes, then try again"),
        "rate_limited": _("That was too often in a short time. Wait a few minutes, then try again"),
    }

    def is_open_for_signup(self, request) -> bool:
        """Return False: the sign-up page says that it is closed, and its form makes nobody."""
        return False


def display_name(user) -> str:
    """Return the name that letters and pages call ``user`` by."""
    return user.get_full_name()
