"""Answering a gap, and ending an answer."""

from django import forms
from django.utils.translation import gettext_lazy as _

from involvement.access import Permission, Viewer
from involvement.forms.base import NHSForm
from involvement.forms.fields import DayField
from involvement.models import Response

KINDS = {
    Response.Kind.PLAN: _("Plan it: we will find a way to do this"),
    Response.Kind.ACT: _("Act: we are doing this now"),
    Response.Kind.NOT_NEEDED: _("Not needed, for now"),
}


class ResponseForm(NHSForm):
    """One answer to one gap. It offers the answers that the viewer's roles may give, and asks only what those need."""

    kind = forms.ChoiceField(
        label=_("What will you do?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you will do.")},
    )
    reason = forms.CharField(
        label=_("Why?"),
        help_text=_("Everyone in your organisation can read this. Do not name patients."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        error_messages={"required": _("Say why.")},
    )
    owner = forms.CharField(
        label=_("Who will do it?"), help_text=_("A name or a role. Needed for a plan or an act."),
        required=False, max_length=150,
    )  # fmt: skip
    due_on = DayField(label=_("By when?"), help_text=_("Needed for a plan or an act."), required=False)
    review_on = DayField(
        label=_("When will the board look at this again?"),
        help_text=_("Needed for “not needed”. Within 12 months."),
        required=False,
    )

    def __init__(self, *args, viewer: Viewer, **kwargs):
        super().__init__(*args, **kwargs)
        does, judges = viewer.may(Permission.GAP_RESPOND), viewer.may(Permission.GAP_NOT_NEEDED)
        may = {Response.Kind.PLAN: does, Response.Kind.ACT: does, Response.Kind.NOT_NEEDED: judges}
        self.fields["kind"].choices = [(kind.value, words) for kind, words in KINDS.items() if may[kind]]
        if not judges:
            del self.fields["review_on"]
        if not does:
            del self.fields["owner"], self.fields["due_on"]
            self.fields["kind"].initial = Response.Kind.NOT_NEEDED

    def clean(self):
        """Keep only what the chosen answer is about: no owner for "not needed", no review for a plan."""
        said = super().clean()
        judged = said.get("kind") == Response.Kind.NOT_NEEDED
        if judged and not said.get("review_on") and "review_on" in self.fields and "review_on" not in self.errors:
            self.add_error("review_on", _("Say when the board will look at this again."))
        for name in ("owner", "due_on") if judged else ("review_on",):
            if name in said:
                said[name] = "" if name == "owner" else None
        return said


class ReasonForm(NHSForm):
    """Why something ends or is taken back."""

    reason = forms.CharField(
        label=_("Why?"),
        help_text=_("Everyone in your organisation can read this."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
        error_messages={"required": _("Say why.")},
    )
