"""Planning a workshop, laying cards, writing down what was agreed; and what people in the room fill in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from involvement import facilitation
from involvement.actions.hosting import LONGEST, may_run
from involvement.forms.base import NHSForm, OrganisationForm, PlainForm
from involvement.forms.fields import DayField
from involvement.models import Activity, Card, Participant, Workshop
from involvement.workshops import place_title

HINTS = {
    "title": _("For example, How do people take part in our foot clinic?"),
    "purpose": _("One or two sentences. Everybody who joins reads them."),
    "promise": _(
        "For example: by 1 March we put what you agreed on our list, and write here what we did not take, and why."
    ),
}


class WorkshopForm(OrganisationForm):
    """A workshop as it is planned. The mode is chosen once."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(
        label=_("What is the workshop called?"), help_text=HINTS["title"], max_length=LONGEST["title"],
        error_messages={
            "required": _("Write a title"), "max_length": _("Use %(limit_value)d characters or fewer"),
        },
    )  # fmt: skip
    mode = forms.ChoiceField(
        label=_("What do you want to do?"), choices=Workshop.Mode.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you want to do")},
    )  # fmt: skip
    purpose = forms.CharField(
        label=_("What is it for?"), help_text=HINTS["purpose"], max_length=LONGEST["purpose"],
        widget=forms.Textarea(attrs={"rows": 3}), error_messages={"required": _("Say what it is for")},
    )  # fmt: skip
    promise = forms.CharField(
        label=_("What will you do with what comes out?"), help_text=HINTS["promise"], required=False,
        max_length=LONGEST["promise"], widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    held_on = DayField(label=_("Which day?"), error_messages={"required": _("Enter the day")})
    length = forms.TypedChoiceField(
        label=_("How long do you have?"), coerce=int, initial=90, widget=forms.RadioSelect,
        choices=[(each, _("%(n)d minutes") % {"n": each}) for each in facilitation.LENGTHS],
    )  # fmt: skip
    votes_each = forms.IntegerField(
        label=_("How many votes has each person?"), min_value=1, max_value=20, initial=5,
        help_text=_("People may give several to one card."),
    )  # fmt: skip
    approve_first = forms.BooleanField(label=_("I look at each card before the room sees it"), required=False)

    def __init__(self, *args, workshop: Workshop | None = None, **kwargs):
        if workshop is not None:
            facts = ("title", "purpose", "promise", "held_on", "length", "votes_each", "approve_first", "version")
            kwargs.setdefault("initial", {name: getattr(workshop, name) for name in facts})
        super().__init__(*args, **kwargs)
        if workshop is not None:
            del self.fields["mode"]
        else:
            words = _("You can write it later, but the door opens only with it. %(hint)s")
            self.fields["promise"].help_text = words % {"hint": HINTS["promise"]}

    @property
    def facts(self) -> dict[str, Any]:
        """Return what actions.hosting takes, but for the key and the version."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("request_key", "version")}


class LinesForm(NHSForm):
    """Cards typed in from paper, one a line."""

    lines = forms.CharField(
        label=_("Cards from paper, one on each line"), widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("They are marked as written on paper."),
        error_messages={"required": _("Write one card on each line")},
    )  # fmt: skip
    cell = forms.ChoiceField(label=_("What are these ideas for?"), required=False)

    def __init__(self, *args, workshop: Workshop, **kwargs):
        super().__init__(*args, **kwargs)
        if workshop.mode == Workshop.Mode.IMAGINE:
            self.fields["cell"].choices = cell_choices(workshop.gaps)
        else:
            del self.fields["cell"]


def cell_choices(gaps: Iterable[tuple[str, str]] = ()) -> list[tuple[str, Any]]:
    """Return what is missing most (``gaps``), then the ways of the framework by place, for ideas that are for one."""
    known = catalogue()
    grouped = [
        (str(place.title), [
            (key, f"{facet.title}: {facet.meaning}") for key, facet in known.facets.items() if facet.place == slug
        ])
        for slug, place in known.places.items()
    ]
    missing = [(_("What is missing most"), [(key, sentence) for key, sentence in gaps])] if gaps else []
    return [("", _("Anything")), *missing, *grouped]


class CardTextForm(NHSForm):
    """The words of a card, put right by the facilitator."""

    text = forms.CharField(label=_("What the card says"), max_length=160, widget=forms.Textarea(attrs={"rows": 2}))


class MergeForm(PlainForm):
    """Another card that says the same."""

    into = forms.ChoiceField(label=_("It says the same as"))

    def __init__(self, *args, card: Card, cards: list[Card], **kwargs):
        super().__init__(*args, **kwargs)
        self.cards = {str(each.pk): each for each in cards if each.pk != card.pk and each.merged_into_id is None}
        numbered = [(pk, f"{each.number}. {each.text}") for pk, each in self.cards.items()]
        self.fields["into"].choices = [("", _("Choose a card")), *numbered]


class AgreeForm(NHSForm):
    """What the room agreed on of a card."""

    agreed = forms.ChoiceField(label=_("Where does it belong?"), required=False, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Why, in the room’s words"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
    first_step = forms.CharField(
        label=_("The first step, and who takes it"), required=False, max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args, card: Card, **kwargs):
        kwargs.setdefault(
            "initial", {"agreed": card.agreed, "note": card.agreed_note, "first_step": card.first_step}
        )
        super().__init__(*args, **kwargs)
        places = [*catalogue().places, NOT_INVOLVEMENT, Card.OPEN]
        offered = [(slug, place_title(slug)) for slug in places]
        self.fields["agreed"].choices = [*offered, ("", _("Not talked about yet"))]
        if card.workshop.mode == Workshop.Mode.IMAGINE:
            del self.fields["agreed"]
        else:
            del self.fields["first_step"]


class HandOverForm(OrganisationForm):
    """Who goes on with the workshop."""

    to = forms.ChoiceField(label=_("Who goes on with it?"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in may_run(self.organisation)}
        self.fields["to"].choices = [(pk, person.get_full_name()) for pk, person in self.people.items()]


class TableForm(NHSForm):
    """Who sits at a table without phones: as what they are here, and how many."""

    perspective = forms.ChoiceField(label=_("As what are they here?"), choices=Participant.Perspective.choices)
    people = forms.IntegerField(
        label=_("How many people?"), min_value=1, max_value=500,
        widget=forms.NumberInput(attrs={"class": "nhsuk-input--width-3"}),
        error_messages={"required": _("Enter how many people sit there")},
    )  # fmt: skip


class CodeForm(PlainForm):
    """The code of a room, typed in or pasted."""

    code = forms.CharField(
        label=_("The code on the screen"), max_length=40,
        help_text=_("Eight letters and numbers. Small letters and spaces do not matter."),
        widget=forms.TextInput(attrs={
            "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false",
            "class": "nhsuk-input--width-10 app-code-box",
        }),
        error_messages={"required": _("Enter the code")},
    )  # fmt: skip


class JoinForm(NHSForm):
    """As what somebody is here, and if they like a nickname. Nothing else is asked."""

    perspective = forms.ChoiceField(
        label=_("As what are you here today?"), choices=Participant.Perspective.choices, widget=forms.RadioSelect,
        help_text=_("Results are told apart by this. Choose the one that fits best."),
        error_messages={"required": _("Choose the one that fits best")},
    )  # fmt: skip
    nickname = forms.CharField(
        label=_("A nickname, if you like"), required=False, max_length=30,
        help_text=_("Only the facilitator sees it. Leave it empty if you prefer."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "nhsuk-input--width-20"}),
    )  # fmt: skip


class OwnCardForm(NHSForm):
    """One card, written on a phone."""

    text = forms.CharField(
        label=_("One thing on a card"), max_length=160, widget=forms.Textarea(attrs={"rows": 3, "id": "own-card"}),
        help_text=_("Up to 160 characters. Do not name patients."),
        error_messages={"required": _("Write something on the card")},
    )  # fmt: skip
    cell = forms.ChoiceField(label=_("What is your idea for?"), required=False)

    def __init__(self, *args, workshop: Workshop, cells: list[tuple[str, str]] = (), **kwargs):
        super().__init__(*args, **kwargs)
        if workshop.mode == Workshop.Mode.IMAGINE:
            self.fields["text"].label = _("Your idea")
            self.fields["cell"].choices = cell_choices(workshop.gaps)
        else:
            del self.fields["cell"]


class TakeForm(NHSForm):
    """What the room reads beside a card that is taken."""

    words = forms.CharField(
        label=_("What the people who were there read about it"), required=False, max_length=500,
        help_text=_("You can leave it empty. They read that it was taken."), widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


class TakeCardForm(OrganisationForm):
    """A written card as an activity: the one on the list that it is, or a new one and the service it is part of."""

    here = forms.ChoiceField(label=_("Is it on the list already?"), widget=forms.RadioSelect)
    service = forms.ChoiceField(
        label=_("Which service is it part of, if it is new?"), required=False,
        help_text=_("Choose the organisation as a whole only if it is not part of one service."),
    )  # fmt: skip
    words = TakeForm.base_fields["words"]

    def __init__(self, *args, like: list[Activity], **kwargs):
        super().__init__(*args, **kwargs)
        self.like = {str(each.pk): each for each in like}
        self.services = {str(each.pk): each for each in self.organisation.services.all()}
        listed = [(pk, each.title) for pk, each in self.like.items()]
        self.fields["here"].choices = [("new", _("No, it is new")), *listed]
        self.fields["service"].choices = [
            ("", _("The organisation as a whole")), *((pk, each.name) for pk, each in self.services.items()),
        ]  # fmt: skip
        if not like:
            del self.fields["here"]
        if not self.services:
            del self.fields["service"]

    @property
    def facts(self) -> dict[str, Any]:
        """What take_placement takes: ``here``, ``service``, ``words``."""
        said = self.cleaned_data
        return {
            "here": self.like.get(said.get("here", "")), "service": self.services.get(said.get("service", "")),
            "words": said["words"],
        }  # fmt: skip


class IdeaForm(OrganisationForm):
    """An idea as an action: what, who, until when, on which gap."""

    what = forms.CharField(label=_("What will be done?"), max_length=200)
    owner = forms.CharField(label=_("Who does it?"), max_length=150)
    due_on = DayField(label=_("Until when?"), error_messages={"required": _("Enter the day")})
    cell = forms.ChoiceField(label=_("Which way to take part is it for?"))
    words = TakeForm.base_fields["words"]

    def __init__(self, *args, card: Card, **kwargs):
        kwargs.setdefault("initial", {"what": card.first_step or card.text, "cell": card.cell})
        super().__init__(*args, **kwargs)
        self.fields["cell"].choices = [("", _("Choose one")), *cell_choices()[1:]]


class DeclineForm(NHSForm):
    """Why a card is not taken."""

    words = forms.CharField(
        label=_("Why not?"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The people who were there read it, word by word."), error_messages={"required": _("Say why")},
    )  # fmt: skip
