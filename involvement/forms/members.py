"""Inviting people, giving and ending roles, and joining by an invitation."""

from __future__ import annotations

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from involvement.access import ROLE_MAY, ROLE_NAMES, Role
from involvement.actions.invitations import AT_ONCE
from involvement.addresses import Pasted, read_people
from involvement.forms.base import NHSForm
from involvement.models import Invitation, User

LONGEST_PASTE = 20_000  # signs: a hundred people with long names are a third of it


def role_choices(roles=Role) -> list[tuple[str, str]]:
    """Return the choices of a field that asks for roles."""
    return [(role.value, ROLE_NAMES[role]) for role in roles]


def role_hints(roles=Role) -> dict[str, str]:
    """Return what stands under each of those choices."""
    return {role.value: ROLE_MAY[role] for role in roles}


class InviteForm(NHSForm):
    """Addresses, one or many, and the roles that all of them get. ``pasted`` holds what was read of them."""

    may_hold_addresses = ("people",)
    people = forms.CharField(
        label=_("Whom do you want to invite?"),
        help_text=_(
            "Write or paste email addresses, with names if you have them. One on each line, or with commas between. "
            "For example: Jane Doe <jane.doe@example.nhs.uk>"
        ),
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Enter at least one email address")},
    )
    roles = forms.MultipleChoiceField(
        label=_("What will they be?"),
        help_text=_("Roles add up. You can change them later."),
        widget=forms.CheckboxSelectMultiple,
        choices=role_choices,
        error_messages={"required": _("Choose at least one role")},
    )
    pasted: Pasted | None = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["roles"].hints = role_hints()

    def clean_people(self) -> str:
        """Read the people; refuse when there is nobody among the words, or too many."""
        text = self.cleaned_data["people"]
        if len(text) > LONGEST_PASTE:
            raise forms.ValidationError(_("This is too long. Paste at most 100 people at once"))
        self.pasted = read_people(text)
        if not self.pasted.people:
            raise forms.ValidationError([*self.pasted.problems] or [str(_("Enter at least one email address"))])
        if len(self.pasted.people) > AT_ONCE:
            words = _("These are %(count)d people. Invite at most %(most)d at once")
            raise forms.ValidationError(words % {"count": len(self.pasted.people), "most": AT_ONCE})
        return text


class RoleForm(NHSForm):
    """One more role for a member: one that they do not have."""

    role = forms.ChoiceField(
        label=_("Give another role"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a role")},
    )

    def __init__(self, *args, held: list[Role], **kwargs):
        super().__init__(*args, **kwargs)
        free = [role for role in Role if role not in held]
        self.fields["role"].choices = role_choices(free)
        self.fields["role"].hints = role_hints(free)


class EndForm(NHSForm):
    """Why a role ends."""

    reason = forms.CharField(
        label=_("Why?"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _("The reason must be 300 characters or fewer")},
    )

    def __init__(self, *args, needed: bool, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = (
            _("Everybody here can read it in the history. You cannot leave it empty: this is a patient leader.")
            if needed
            else _("You can leave it empty. Everybody here can read it in the history.")
        )


class JoinForm(NHSForm):
    """A new person's account: their name and a password. The address is the invited one and cannot be another."""

    may_hold_addresses = ("name",)
    email = forms.EmailField(
        label=_("Your email address"),
        help_text=_("You sign in with it. It cannot be another one."),
        required=False,
        widget=forms.EmailInput(attrs={"readonly": True, "autocomplete": "username"}),
    )
    name = forms.CharField(
        label=_("Your name"),
        help_text=_("Others here see it beside what you do."),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={
            "required": _("Enter your name"),
            "max_length": _("Your name must be 150 characters or fewer"),
        },
    )
    password = forms.CharField(
        label=_("Choose a password"),
        help_text=_("At least 12 characters. Three words that you can remember make a good password."),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Enter a password")},
    )

    def __init__(self, *args, invitation: Invitation, **kwargs):
        self.invitation = invitation
        super().__init__(*args, initial={"email": invitation.email, "name": invitation.name}, **kwargs)

    def clean_email(self) -> str:
        """Return the invited address, whatever was sent."""
        return self.invitation.email

    def clean(self):
        """Refuse a password that is easy to guess, for this person."""
        said = super().clean()
        if said.get("password"):
            try:
                validate_password(said["password"], User(email=self.invitation.email, name=said.get("name", "")))
            except forms.ValidationError as weak:
                self.add_error("password", weak)
        return said
