"""What people who took part say of an activity, as pages show it: in fives, with its spread, never one alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from involvement.access import Viewer
from involvement.actions.assessing import BATCH
from involvement.models import Activity, Assessment, AssessmentLink, Organisation


@dataclass(frozen=True)
class Scale:
    """One of the four questions, with what its two ends mean (1 and 5)."""

    slug: str
    question: str
    low: str
    high: str


# After the four dimensions of the Cube (Gibson et al. 2017, doi 10.1111/hex.12486), in our own words.
SCALES = (
    Scale("voice", gettext_lazy("Were you heard?"), gettext_lazy("Hardly at all"),
          gettext_lazy("As much as the staff")),
    Scale("ways", gettext_lazy("Could you take part in a way that suited you?"), gettext_lazy("One way only, theirs"),
          gettext_lazy("Many ways, I could choose")),
    Scale("concerns", gettext_lazy("Whose concerns was it about?"), gettext_lazy("Only the organisation’s"),
          gettext_lazy("What mattered to us")),
    Scale("change", gettext_lazy("Did the organisation change because of it?"), gettext_lazy("Not at all"),
          gettext_lazy("In what matters most")),
)  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """How people answered one question: how many gave 1, 2, 3, 4 and 5, and how many could not say."""

    scale: Scale
    counts: tuple[int, ...]
    unsure: int

    @property
    def people(self) -> int:
        return sum(self.counts)

    @property
    def bars(self) -> list[dict]:
        """The five answers as a page draws them: value 1 to 5, number, share in per cent."""
        return [
            {"value": value, "number": number, "share": round(100 * number / self.people) if self.people else 0}
            for value, number in enumerate(self.counts, 1)
        ]

    @property
    def sentence(self) -> str:
        """Say in words where people stand, and how far apart they are."""
        low, high = sum(self.counts[:2]), sum(self.counts[3:])
        words = {"n": self.people, "low": low, "high": high, "middle": self.counts[2]}
        if not self.people:
            return _("Nobody could say.")
        said = _("Of %(n)d people, %(low)d are at the low end (1 or 2), %(middle)d between, %(high)d at the high end.")
        return said % words


@dataclass(frozen=True)
class Assessed:
    """What may be shown of an activity's answers: whole fives only; ``people`` 0 where there are fewer than five."""

    people: int
    answers: tuple[Answers, ...]

    @property
    def sentence(self) -> str:
        """The first thing to read: how many see that the organisation changed."""
        change = next((each for each in self.answers if each.scale.slug == "change"), None)
        if change is None or not change.people:
            return ""
        unmoved, words = sum(change.counts[:2]), {"m": change.people}
        words["n"] = unmoved
        return ngettext(
            "%(n)d of %(m)d people who took part says that little or nothing changed.",
            "%(n)d of %(m)d people who took part say that little or nothing changed.",
            unmoved,
        ) % words  # fmt: skip


def assessed(activity: Activity) -> Assessed:
    """Return what may be shown of the answers about ``activity``. One query.

    Of each link only whole batches of five count, so that no single answer can be told from what changed.
    """
    return assessed_of(activity.organisation, link__activity=activity).get(activity.pk) or _shown([])


def assessed_of(organisation: Organisation, **which: Any) -> dict[int, Assessed]:
    """Return what may be shown of the answers to the links that ``which`` selects, by activity's id. One query.

    An activity of which nothing may be shown is not in it.
    """
    rows = organisation.assessments.filter(link__organisation=organisation, **which)
    fives: dict[tuple, list] = defaultdict(list)
    for activity, link, batch, *said in rows.values_list("link__activity", "link", "batch", *Assessment.SCALES):
        fives[activity, link, batch].append(said)
    whole: dict[int, list] = defaultdict(list)
    for (activity, _link, _batch), each in fives.items():
        if len(each) >= BATCH:
            whole[activity] += each
    return {activity: _shown(said) for activity, said in whole.items()}


def _shown(whole: list[list]) -> Assessed:
    counted = {slug: Counter(said[at] for said in whole) for at, slug in enumerate(Assessment.SCALES)}
    answers = tuple(
        Answers(scale, tuple(counted[scale.slug][value] for value in range(1, 6)), counted[scale.slug][None])
        for scale in SCALES
    )
    return Assessed(len(whole), answers if whole else ())


def last_link(activity: Activity) -> AssessmentLink | None:
    """Return the link of ``activity`` that is open, or was last. One query."""
    organisation = activity.organisation
    return organisation.assessment_links.select_related("organisation", "activity").filter(activity=activity).first()


def assessed_for(viewer: Viewer, activity: Activity) -> Assessed | None:
    """Return what ``viewer`` may see of it: nothing while they are to review the activity blind. One query."""
    return None if activity.pk in viewer.hidden else assessed(activity)
