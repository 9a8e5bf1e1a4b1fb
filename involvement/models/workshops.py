"""A workshop in a room: what is planned, the room's door, who is in it without a name, and what they said.

Participants have no account. Their rows have random keys and times rounded to the minute, so that nothing tells in
which order people wrote or who sat beside whom.
"""

import secrets
import uuid
from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .base import OrganisationRow, Versioned

# Letters without vowels (no words appear by chance) and without L; digits without 0 and 1: 28 signs, none alike.
CODE_SIGNS = "BCDFGHJKMNPQRSTVWXYZ23456789"
CODE_LENGTH = 8


def new_code() -> str:
    """Return eight signs for people to type: 28^8, some 378 thousand million."""
    return "".join(secrets.choice(CODE_SIGNS) for _each in range(CODE_LENGTH))


def this_minute() -> datetime:
    """Return the time without its seconds: when something was said is told no closer."""
    return timezone.now().replace(second=0, microsecond=0)


class Workshop(OrganisationRow, Versioned):
    """A meeting that is planned, held and followed up. Its door, step and versions are in ``room``.

    ``promise`` is what the organisation says, before it starts, that it will do with what comes out. ``minutes`` maps
    a step to how long it is planned to take. ``gaps`` is what was missing most when the door of an "imagine" workshop
    was opened, [[way, sentence], …]: the room looks for ideas for it. ``results`` is what came out, counted when it was
    closed, with no group of under five people apart: it stays when the participants' own rows have aged out.
    """

    class Mode(models.TextChoices):
        MAP = "map", _("Map: people name what they know of, and place it")
        REVIEW = "review", _("Review: people place what is on the list, without seeing where it stands there")
        IMAGINE = "imagine", _("Imagine: ideas for what is missing, votes, first steps")
        CALIBRATE = "calibrate", _("Practise: people place worked cases, and compare")

    title = models.CharField(_("title"), max_length=120)
    mode = models.CharField(_("what you want to do"), max_length=10, choices=Mode)
    purpose = models.CharField(_("what it is for"), max_length=500)
    promise = models.CharField(_("what will be done with what comes out"), max_length=500, blank=True)
    held_on = models.DateField(_("day"))
    length = models.PositiveSmallIntegerField(_("how long"), default=90)  # minutes
    minutes = models.JSONField(default=dict)
    votes_each = models.PositiveSmallIntegerField(
        _("votes each"), default=5, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    approve_first = models.BooleanField(_("cards are looked at before the room sees them"), default=False)
    facilitator = models.ForeignKey("involvement.User", on_delete=models.PROTECT, related_name="+")
    gaps = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    results = models.JSONField(null=True)
    history = HistoricalRecords(excluded_fields=["gaps", "results"])

    class Meta:
        default_related_name = "workshops"
        ordering = ["-held_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(votes_each__gte=1, votes_each__lte=20), name="workshop_votes_from_1_to_20"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Room(OrganisationRow):
    """The door of a workshop, and where the room is. Everybody may ask for it by its code, so it says nothing else.

    ``stage`` goes up when what is on everybody's phone to do has changed (a step, a card, a ban), ``version`` when
    anything that everybody sees has, ``tally`` when somebody has said something that only counts so far.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    workshop = models.OneToOneField(Workshop, on_delete=models.CASCADE, related_name="room")
    code = models.CharField(max_length=CODE_LENGTH, unique=True, default=new_code)
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    step = models.CharField(max_length=10, blank=True)
    step_began_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    stage = models.PositiveIntegerField(default=1)
    version = models.PositiveBigIntegerField(default=1)
    tally = models.PositiveBigIntegerField(default=1)

    class Meta:
        default_related_name = "rooms"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="planned", opened_at=None, closed_at=None)
                | Q(state="open", opened_at__isnull=False, closed_at=None)
                | Q(state="closed", opened_at__isnull=False, closed_at__isnull=False),
                name="room_state_has_its_times",
            )
        ]


class AnonymousRow(OrganisationRow):
    """A row of somebody in the room: a random key, the minute, and nobody's name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recorded_at = models.DateTimeField(default=this_minute, editable=False)

    class Meta:
        abstract = True


class Participant(AnonymousRow):
    """Somebody in the room, known by a random cookie, with the perspective that they chose themselves."""

    class Perspective(models.TextChoices):
        PATIENT = "patient", _("Patient or service user")
        CARER = "carer", _("Carer or family")
        PUBLIC = "public", _("Member of the public")
        STAFF = "staff", _("Staff")
        BOARD = "board", _("Board member or governor")
        OTHER = "other", _("Somebody else")

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="participants")
    nickname = models.CharField(_("nickname"), max_length=30, blank=True)
    perspective = models.CharField(max_length=8, choices=Perspective)
    banned = models.BooleanField(default=False)

    @property
    def sign(self) -> str:
        """Four signs that tell this phone from others in the room, to read aloud; nothing is found by them.

        Of 300 phones two are alike in one room of fourteen; neither their rows nor their cookies know the sign.
        """
        number, signs = self.pk.int, ""
        for _each in range(4):
            number, at = divmod(number, len(CODE_SIGNS))
            signs += CODE_SIGNS[at]
        return signs

    class Meta:
        default_related_name = "participants"
        indexes = [models.Index(fields=["organisation", "workshop"], name="participant_of_workshop")]


class Card(AnonymousRow):
    """One thing before the room: named by somebody in it, an activity of the register, a worked case, or an idea.

    ``author`` is never shown. ``cell`` is the gap that an idea is for ("coproducers/design"). ``agreed`` is what the
    room agreed on: a place, "not-involvement", or "open" where it did not agree; an idea has ``first_step`` instead.
    """

    OPEN = "open"

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="cards")
    number = models.PositiveSmallIntegerField()  # to read aloud: "card 7"
    text = models.CharField(max_length=160)
    detail = models.CharField(max_length=600, blank=True)
    activity = models.ForeignKey("involvement.Activity", null=True, on_delete=models.PROTECT, related_name="cards")
    case = models.SlugField(max_length=60, blank=True)
    cell = models.CharField(max_length=40, blank=True)
    author = models.ForeignKey(Participant, null=True, on_delete=models.SET_NULL, related_name="cards")
    key = models.UUIDField(null=True)  # of the form that it came with: sent twice, it is one card
    on_paper = models.BooleanField(default=False)  # typed in for people without a phone
    approved = models.BooleanField(default=True)
    hidden = models.BooleanField(default=False)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="merged")
    agreed = models.CharField(max_length=20, blank=True)
    agreed_note = models.CharField(max_length=300, blank=True)
    first_step = models.CharField(max_length=300, blank=True)

    class Meta:
        default_related_name = "cards"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["workshop", "number"], name="card_number_once_a_workshop"),
            models.UniqueConstraint(fields=["workshop", "key"], name="card_once_a_form"),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="card_not_merged_into_itself"),
        ]


class Placing(AnonymousRow):
    """Where one person puts one card: ``first`` before the room talked about it, ``now`` after (or the same)."""

    UNSURE = "unsure"

    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="placings")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="placings")
    first = models.CharField(max_length=20, blank=True)  # "" where they placed it only after the talk
    now = models.CharField(max_length=20)

    class Meta:
        default_related_name = "placings"
        constraints = [models.UniqueConstraint(fields=["card", "participant"], name="placing_once_a_person")]
        indexes = [models.Index(fields=["organisation", "participant"], name="placing_of_participant")]


class Vote(AnonymousRow):
    """How many of their votes one person gives to one card."""

    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="votes")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="votes")
    number = models.PositiveSmallIntegerField()

    class Meta:
        default_related_name = "votes"
        constraints = [models.UniqueConstraint(fields=["card", "participant"], name="vote_once_a_person_and_card")]
        indexes = [models.Index(fields=["organisation", "participant"], name="vote_of_participant")]


class PaperTable(AnonymousRow):
    """A table of people without phones, all of one ``perspective``: the facilitator counts what they say on paper."""

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="paper_tables")
    number = models.PositiveSmallIntegerField()  # to read aloud: "table 2"
    perspective = models.CharField(max_length=8, choices=Participant.Perspective)
    people = models.PositiveSmallIntegerField()
    key = models.UUIDField(null=True)  # of the form that it came with: sent twice, it is one table

    class Meta:
        default_related_name = "paper_tables"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["workshop", "key"], name="paper_table_once_a_form"),
            models.UniqueConstraint(fields=["workshop", "number"], name="paper_table_number_once_a_workshop"),
        ]


class PaperCount(AnonymousRow):
    """How many at a table put a card in a place, before the talk ("first") and after it ("now"), or its votes."""

    class Kind(models.TextChoices):
        FIRST = "first"
        NOW = "now"
        VOTES = "votes"

    table = models.ForeignKey(PaperTable, on_delete=models.CASCADE, related_name="counts")
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="paper_counts")
    kind = models.CharField(max_length=6, choices=Kind)
    place = models.CharField(max_length=20, blank=True)
    number = models.PositiveSmallIntegerField()

    class Meta:
        default_related_name = "paper_counts"
        constraints = [
            models.UniqueConstraint(fields=["card", "table", "kind", "place"], name="paper_count_once_at_a_table"),
        ]


class CardOutcome(OrganisationRow):
    """What the organisation did with a card afterwards: taken into the register, or declined with a reason.

    The room reads it under its code. Only editors and leads write it; nothing is taken in by itself.
    """

    class Kind(models.TextChoices):
        TAKEN = "taken", _("Taken")
        DECLINED = "declined", _("Not taken")

    card = models.OneToOneField(Card, on_delete=models.CASCADE, related_name="outcome")
    kind = models.CharField(max_length=8, choices=Kind)
    words = models.CharField(_("what the room reads"), max_length=500, blank=True)
    activity = models.ForeignKey("involvement.Activity", null=True, on_delete=models.PROTECT, related_name="+")
    classification = models.ForeignKey(
        "involvement.Classification", null=True, on_delete=models.PROTECT, related_name="+"
    )
    response = models.ForeignKey("involvement.Response", null=True, on_delete=models.PROTECT, related_name="+")
    action = models.ForeignKey("involvement.Action", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_related_name = "card_outcomes"
        constraints = [
            models.CheckConstraint(condition=Q(kind="taken") | ~Q(words=""), name="card_declined_with_a_reason")
        ]
