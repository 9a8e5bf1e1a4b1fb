"""allauth's forms in NHS markup and plain words. What they do is allauth's."""

from allauth.account import forms as allauth
from django.core.validators import EmailValidator
from django.forms import EmailField
from django.utils.translation import gettext_lazy as _

from involvement.forms.base import PlainForm

EMAIL = _("Email address")
EMAIL_MISSING, EMAIL_WRONG = _("Enter your email address"), _("Enter an email address, such as name@example.nhs.uk")
LENGTH = _("At least 12 characters. Three words that you can remember make a good password.")


class AccountForm(PlainForm):
    """Takes placeholders away and names the fields as people do. ``words``: field -> (label, hint, what is missing)."""

    words: dict[str, tuple] = {}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in self.words:
                field.label, field.help_text, field.error_messages["required"] = self.words[name]
            if isinstance(field, EmailField):
                field.validators = [EmailValidator(EMAIL_WRONG)]


class SignInForm(AccountForm, allauth.LoginForm):
    words = {"login": (EMAIL, "", EMAIL_MISSING), "password": (_("Password"), "", _("Enter your password"))}


class ForgottenPasswordForm(AccountForm, allauth.ResetPasswordForm):
    words = {"email": (EMAIL, _("The one that you sign in with."), EMAIL_MISSING)}


class NewPasswordForm(AccountForm, allauth.ResetPasswordKeyForm):
    words = {
        "password1": (_("New password"), LENGTH, _("Enter a new password")),
        "password2": (_("New password again"), "", _("Enter the new password again")),
    }


class ChangePasswordForm(AccountForm, allauth.ChangePasswordForm):
    words = {
        "oldpassword": (_("Your password now"), "", _("Enter your password now")),
        **NewPasswordForm.words,
    }


class ConfirmPasswordForm(AccountForm, allauth.ReauthenticateForm):
    words = {"password": (_("Password"), "", _("Enter your password"))}
