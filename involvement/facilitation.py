"""How a workshop goes: its steps in each mode, how long each takes, and what each asks of people. Plain data.

People write before they talk, place before they see what others placed, and vote where nobody sees it: so that the
loudest does not decide, after the nominal group technique (Van de Ven and Delbecq 1974, doi 10.2307/255641).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

WELCOME, GATHER, PLACE, REVEAL = "welcome", "gather", "place", "reveal"
DISCUSS, AGREE, VOTE, CLOSE = "discuss", "agree", "vote", "close"
LENGTHS = (45, 90, 150)  # minutes


@dataclass(frozen=True)
class Step:
    """One step: its name on the facilitator's list, the question that the room reads, what the facilitator says."""

    slug: str
    title: str
    question: str
    say: str


STEPS = {
    WELCOME: Step(
        WELCOME, _("Welcome"), _("Welcome. We begin soon"),
        _("Let people come in and give paper to whoever wants it. Read the promise aloud. Say who will see what."),
    ),
    GATHER: Step(
        GATHER, _("Write"), _("How do people take part here?"),
        _("Everybody writes for themselves, without talking. One thing on a card, in words that anybody understands."),
    ),
    PLACE: Step(
        PLACE, _("Place"), _("Where does each one belong?"),
        _("Everybody chooses for themselves. Nobody sees what others choose, and you do not either."),
    ),
    REVEAL: Step(
        REVEAL, _("Show"), _("This is what you chose"),
        _("Show it and wait. Ask first what surprises people, then start where the room splits."),
    ),
    DISCUSS: Step(
        DISCUSS, _("Talk"), _("What makes you choose differently?"),
        _("Ask somebody from each side to say what happened, not what it was called. People may change their choice."),
    ),
    AGREE: Step(
        AGREE, _("Agree"), _("Can we agree?"),
        _("Go through the cards. Write down what the room agrees on. Where it does not agree, write that down too."),
    ),
    VOTE: Step(
        VOTE, _("Vote"), _("What should come first?"),
        _("Everybody gives out their votes. Nobody sees the count until you close the vote."),
    ),
    CLOSE: Step(
        CLOSE, _("End"), _("Thank you"),
        _("Read the promise aloud again. Say when people will hear what became of it."),
    ),
}  # fmt: skip
IDEAS = Step(
    GATHER, _("Ideas"), _("What could be done here?"),
    _("Everybody writes for themselves, without talking: one idea on a card, for a gap that is shown."),
)  # fmt: skip
VOTED = Step(
    REVEAL, _("Show"), _("This is what you chose"),
    _("Show the votes and wait. Ask what surprises people, and what speaks for an idea with few votes."),
)  # fmt: skip
FIRST_STEPS = Step(
    AGREE, _("First steps"), _("Who does what first?"),
    _("Take the ideas with most votes. Write down one first step for each, and who takes it."),
)  # fmt: skip

# Minutes of a step when there are 45, 90 and 150; what is left over is for arriving, a break and going home.
MODES: dict[str, dict[str, tuple[int, int, int]]] = {
    "map": {GATHER: (8, 12, 20), PLACE: (6, 10, 15), REVEAL: (3, 5, 5), DISCUSS: (12, 30, 50), AGREE: (6, 12, 25),
            VOTE: (3, 5, 5)},
    "review": {PLACE: (12, 20, 30), REVEAL: (3, 5, 5), DISCUSS: (15, 35, 60), AGREE: (6, 12, 25), VOTE: (3, 5, 5)},
    "imagine": {GATHER: (12, 25, 40), VOTE: (5, 8, 10), REVEAL: (3, 7, 10), AGREE: (15, 35, 60)},
    "calibrate": {PLACE: (15, 30, 45), REVEAL: (3, 5, 5), DISCUSS: (18, 40, 70)},
}  # fmt: skip


def steps_of(mode: str) -> list[Step]:
    """Return the steps of a mode in their order: the welcome first, the end last. Neither has planned minutes."""
    own = {GATHER: IDEAS, REVEAL: VOTED, AGREE: FIRST_STEPS} if mode == "imagine" else {}
    return [own.get(slug, STEPS[slug]) for slug in (WELCOME, *MODES[mode], CLOSE)]


def first_work(mode: str) -> Step:
    """Return the step after the welcome: people write, or they place what is laid before them."""
    return steps_of(mode)[1]


def step_of(mode: str, slug: str) -> Step | None:
    """Return the step ``slug`` as it is in a mode, None before the start and for a step that the mode has not."""
    return next((step for step in steps_of(mode) if step.slug == slug), None)


def minutes_of(mode: str, length: int) -> dict[str, int]:
    """Return how long each step is planned to take in a workshop of ``length`` minutes (one of LENGTHS)."""
    at = LENGTHS.index(length)
    return {slug: planned[at] for slug, planned in MODES[mode].items()}


def has_reached(mode: str, step: str, asked: str) -> bool:
    """Return whether a room at ``step`` has come to the step ``asked``, or went past it."""
    order = [each.slug for each in steps_of(mode)]
    return asked in order and step in order and order.index(step) >= order.index(asked)


def shows_spread(mode: str, step: str) -> bool:
    """Return whether at this step everybody may see how the room chose: from "Show" on, and not before."""
    return step in (REVEAL, DISCUSS, AGREE, CLOSE) or (step == VOTE and mode != "imagine")


def shows_votes(mode: str, step: str) -> bool:
    """Return whether at this step everybody may see the votes: only when the vote is over."""
    order = [each.slug for each in steps_of(mode)]
    return VOTE in order and step in order and order.index(step) > order.index(VOTE)


# What the places mean, on phones and on paper, in a sentence each.
PLACE_WORDS = (
    (_("As owners:"),
     _("people take part as citizens in how the whole is run: its direction, its priorities, its results.")),
    (_("As users:"), _("people say what care is like, and the team hears it.")),
    (_("As choosers:"), _("people have real options and may say no.")),
    (_("As coproducers:"), _("people and staff work on a shared problem as equals.")),
    (_("Not involvement:"), _("people are only told, or helped with something that was settled before.")),
)  # fmt: skip
