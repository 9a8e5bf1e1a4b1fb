"""A challenge, the reply to it, and going on with it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from involvement.forms.base import NHSForm
from involvement.models import Challenge


class ChallengeForm(NHSForm):
    """What one disagrees with, in one's own words. ``kinds`` are those that can be meant here."""

    kind = forms.ChoiceField(
        label=_("What do you disagree with?"), widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you disagree with."), "invalid_choice": _("Choose from the list.")},
    )  # fmt: skip
    change = forms.ChoiceField(
        label=_("Which record of what came of it?"), required=False,
        error_messages={"invalid_choice": _("Choose from the list.")},
    )  # fmt: skip
    words = forms.CharField(
        label=_("What do you say?"),
        help_text=_(
            "Everybody here will read this. The board’s report prints it in full with your name, and may be published."
            " Do not name patients."
        ),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Say it in your own words.")},
    )

    def __init__(self, *args, kinds, changes=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind, Challenge.Kind(kind).label) for kind in kinds]
        if len(kinds) == 1:
            self.fields["kind"].initial = kinds[0]
            self.fields["kind"].widget = forms.HiddenInput()
        if Challenge.Kind.GRADE in kinds and changes:
            self.fields["change"].choices = [("", _("None of these")), *((str(pk), title) for pk, title in changes)]
        else:
            del self.fields["change"]


class ReplyForm(NHSForm):
    """The organisation's reply; ``activities`` to choose from where something was missing from the list."""

    activity = forms.ChoiceField(
        label=_("Which activity is it now?"), required=False,
        help_text=_("Those that were added since the challenge was made."),
        error_messages={"invalid_choice": _("Choose from the list.")},
    )  # fmt: skip
    words = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 6}), error_messages={"required": _("Say it in your own words.")}
    )
    ASK = {
        "accept": _("What did you change?"),
        "explain": _("Why do you see it differently?"),
        "ask": _("What do you need to know?"),
    }

    def __init__(self, *args, kind, activities=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["words"].label = self.ASK[kind]
        if activities is None:
            del self.fields["activity"]
        else:
            self.fields["activity"].choices = [("", _("Choose")), *((str(pk), title) for pk, title in activities)]


class GoOnForm(NHSForm):
    """What the challenger says on answering, closing or letting stand; words only have to be said in an answer."""

    words = forms.CharField(label=_("Anything to add?"), required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args, kind, **kwargs):
        super().__init__(*args, **kwargs)
        if kind == "answer":
            self.fields["words"].label = _("Your answer")
            self.fields["words"].required = True
            self.fields["words"].error_messages["required"] = _("Say it in your own words.")
