"""Where django-allauth asks how accounts work here."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from invitations and from an operator's command line, never from a public form."""

    def is_open_for_signup(self, request) -> bool:
        """Return False: the sign-up page says that it is closed, and its form makes nobody."""
        return False


def display_name(user) -> str:
    """Return the name that letters and pages call ``user`` by."""
    return user.get_full_name()
