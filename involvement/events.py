"""What django-allauth tells about signing in, written down as security events. Connected when the app is ready.

It tells by signals; these are its own, and the only place where we listen to any.
"""

import re

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as mfa
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.utils.translation import gettext as _

from involvement.actions.accounts import prove_address
from involvement.actions.security import record, record_failure

NO_ADDRESS = "0.0.0.0"  # noqa: S104  stands where the library would keep the internet address
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox|FxiOS", "Firefox"),
            ("Chrome|CriOS", "Chrome"), ("Safari", "Safari"))  # fmt: skip
MACHINES = (("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "an Android device"), ("Windows", "Windows"),
            ("Macintosh", "a Mac"), ("CrOS", "a Chromebook"), ("Linux", "Linux"))  # fmt: skip


@receiver(account.user_logged_in)
def signed_in(request, user, **_signal):
    """Keep by which steps."""
    steps = []
    for step in get_authentication_records(request, user):
        if not step.get("reauthenticated"):
            steps.append(step.get("type") or step.get("provider") or step["method"])
    record("sign-in", by=user, steps=steps)


@receiver(user_logged_out)
def signed_out(user, **_signal):
    """Keep that somebody left by themselves."""
    if user is not None:
        record("sign-out", by=user)


@receiver(mfa.authentication_failed)
def second_step_failed(user, authenticator, **_signal):
    """Keep that the password was right and what came after it was not."""
    record_failure("second-step-failed", user, step=authenticator.type)


@receiver(mfa.authenticator_added)
def second_step_added(user, authenticator, **_signal):
    """Keep what was set up."""
    record("second-step-added", by=user, step=authenticator.type)


@receiver(mfa.authenticator_removed)
def second_step_removed(user, authenticator, **_signal):
    """Keep what was taken away."""
    record("second-step-removed", by=user, step=authenticator.type)


@receiver(mfa.authenticator_reset)
def backup_codes_made(user, **_signal):
    """Keep that the codes of before work no more."""
    record("backup-codes-made", by=user)


@receiver(account.password_changed)
@receiver(account.password_set)
def password_changed(request, user, **_signal):
    """Keep it, and sign out everywhere else."""
    record("password-changed", by=user)
    end_other_sessions(request, user)


@receiver(account.password_reset)
def password_reset(request, user, **_signal):
    """Keep it, and sign out everywhere. The letter went to their address, so it is theirs."""
    record("password-reset", by=user)
    prove_address(user=user)
    end_other_sessions(request, user)


@receiver(account.email_changed)
def address_changed(user, **_signal):
    """Keep that it changed, not from or to what."""
    record("address-changed", by=user)


@receiver(pre_save, sender=UserSession)
def keep_no_traces(instance, **_signal):
    """Keep of a session what its owner knows it by, and nothing else: no internet address, no browser's full name."""
    instance.ip, instance.user_agent = NO_ADDRESS, device(instance.user_agent)


def device(agent: str) -> str:
    """Return a browser's name for itself in words, "Chrome on Windows". Words of ours come back as they are."""
    if agent and "/" not in agent:
        return agent
    browser = next((name for sign, name in BROWSERS if re.search(rf"(?:{sign})[A-Za-z]*/", agent)), "")
    machine = next((name for sign, name in MACHINES if sign in agent), "")
    if browser and machine:
        return _("%(browser)s on %(machine)s") % {"browser": browser, "machine": machine}
    return browser or machine or _("A browser that we do not know")
