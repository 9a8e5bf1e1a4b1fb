"""allauth's forms in NHS markup and plain words. What they do is allauth's."""

from allauth.account import forms as allauth
from allauth.mfa.base import forms as codes
from allauth.mfa.recovery_codes.forms import GenerateRecoveryCodesForm
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.forms import CharField, EmailField
from django.utils.translation import gettext_lazy as _

from involvement.actions import accounts
from involvement.forms.base import NHSForm, PlainForm

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

    def save(self, request, **_kwargs) -> str:
        """Send a letter where there is an account with this address."""
        accounts.ask_for_password(request=request, address=self.cleaned_data["email"], known=self.users)
        return self.cleaned_data["email"]


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


class FirstPasswordForm(AccountForm, allauth.SetPasswordForm):
    words = NewPasswordForm.words


class NewAddressForm(AccountForm, allauth.AddEmailForm):
    words = {
        "email": (
            _("New email address"),
            _("We will send a link to it. You go on signing in with the old one until you have opened that link."),
            EMAIL_MISSING,
        )
    }

    def clean_email(self) -> str:
        """Refuse a change from an address that is not confirmed: the account would have none in between."""
        if not self.user.emailaddress_set.filter(verified=True).exists():
            raise ValidationError(_("Confirm the address that you have first"))
        return super().clean_email()


class NameForm(NHSForm):
    may_hold_addresses = ("name",)
    name = CharField(
        label=_("Your name"),
        max_length=150,
        help_text=_("Members of your organisations see it beside what you do."),
        error_messages={"required": _("Enter your name")},
    )


CODE_LIVES = settings.MFA_TOTP_PERIOD * (2 * settings.MFA_TOTP_TOLERANCE + 1)  # seconds
CODE_MISSING = _("Enter the code")
CODE_WRONG = {"incorrect_code": _("That code is not right. It changes every half minute: enter the one that shows now")}


class CodeMixin(AccountForm):
    """A code of figures: the keyboard of a phone shows figures."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "spellcheck": "false"}

    def clean_code(self) -> str:
        """Say what a code is, where the library says only that it is wrong."""
        try:
            return super().clean_code()
        except ValidationError as wrong:
            raise ValidationError(CODE_WRONG.get(wrong.code, wrong.message), code=wrong.code) from wrong


class AnyCodeMixin(CodeMixin):
    """A code from the app or a backup code; only the latter is spoken of to somebody who has passkeys alone."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.user.authenticator_set.filter(type="totp").exists():
            self.fields["code"].label = _("Backup code")
            self.fields["code"].help_text = _("One of the codes that you kept when you set up your passkey.")

    def clean_code(self) -> str:
        """Take a code once for as long as the app's clock may be off; the library remembers it for half a minute."""
        code = super().clean_code()
        used = f"code-used:{self.user.pk}:{''.join(filter(str.isdigit, code))}"
        if not cache.add(used, True, timeout=CODE_LIVES):
            raise ValidationError(CODE_WRONG["incorrect_code"], code="incorrect_code")
        return code


class CodeForm(AnyCodeMixin, codes.AuthenticateForm):
    words = {
        "code": (
            _("Code"),
            _("The 6 figures that the app on your phone shows now, or one of your backup codes."),
            CODE_MISSING,
        )
    }


class CodeAgainForm(AnyCodeMixin, codes.ReauthenticateForm):
    words = CodeForm.words


class FirstCodeForm(CodeMixin, totp.ActivateTOTPForm):
    words = {"code": (_("Code that the app shows now"), _("6 figures."), CODE_MISSING)}


class NoMoreCodesForm(AccountForm, totp.DeactivateTOTPForm):
    pass


class BackupCodesForm(AccountForm, GenerateRecoveryCodesForm):
    pass


PASSKEY_NAME = (
    _("Name of this passkey"),
    _("So that you can tell it from others, for instance: my phone."),
    _("Enter a name"),
)


class NewPasskeyForm(AccountForm, passkeys.AddWebAuthnForm):
    words = {"name": PASSKEY_NAME}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].max_length = 80
        alone = self.fields["passwordless"]
        alone.initial = True
        alone.label = _("Let me sign in with it alone, without my password")
        alone.help_text = _("Take this tick away for a security key without a PIN or a fingerprint.")


class PasskeyNameForm(AccountForm, passkeys.EditWebAuthnForm):
    words = {"name": PASSKEY_NAME}


class PasskeyForm(AccountForm, passkeys.AuthenticateWebAuthnForm):
    pass


class PasskeyAgainForm(AccountForm, passkeys.ReauthenticateWebAuthnForm):
    pass


class PasskeySignInForm(AccountForm, passkeys.LoginWebAuthnForm):
    pass
