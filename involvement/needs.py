"""What a way to take part still needs before it counts, and which of that nobody has said yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils import timezone
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from framework.coverage import COUNTS
from involvement.models import Placement


def still_needed(row: Placement) -> tuple[str, ...]:
    """Return what a placement lacks to count on the map (framework.coverage.COUNTS); () when it counts."""
    need = COUNTS[catalogue().facets[row.facet].place]
    lacking = []
    if not need.parts:
        pass  # of choosers no part is asked
    elif row.part == Placement.Part.NOT_RECORDED:
        lacking.append(_("somebody to say what part people had"))
    elif row.part not in need.parts:
        asked = Placement.Part.ASKED in need.parts
        lacking.append(
            _("people to be asked, not only told") if asked else _("people as equal partners, or in the lead")
        )
    if need.route:
        lacking += [
            words
            for said, words in (
                (row.question, _("the question that was put to people")),
                (row.decider, _("the name of the body that decides")),
                (
                    row.received_on and row.received_on <= timezone.localdate(),
                    _("the day on which that body received what people said"),
                ),
            )
            if not said
        ]
    if need.heard and not row.heard:
        lacking.append(_("the team responsible to have heard it"))
    if need.options and (row.options or 0) < need.options:
        lacking.append(_("at least %(count)d real options") % {"count": need.options})
    if need.options and not row.free_to_refuse:
        lacking.append(_("people to be free to say no"))
    if need.group and not row.as_group:
        lacking.append(_("people acting as a group, on a shared problem"))
    return tuple(lacking)


def unsaid(row: Placement) -> tuple[str, ...]:
    """Return the questions of the guide (slugs) whose answers ``row`` needs and nobody has given, in their order."""
    need = COUNTS[catalogue().facets[row.facet].place]
    open_ = (
        (need.parts and row.part == Placement.Part.NOT_RECORDED, "stages" if need.group else "part"),
        (need.route and not row.question, "question"),
        (need.route and not row.decider, "decider"),
        (need.route and row.received_on is None, "received"),
        (need.heard and row.heard is None, "heard"),
        (need.options and row.options is None, "options"),
        (need.options and row.free_to_refuse is None, "free"),
        (need.group and row.as_group is None, "group"),
    )
    return tuple(slug for is_open, slug in open_ if is_open)


def unsaid_words(slugs: Iterable[str]) -> str:
    """Return in a few words what the questions ``slugs`` ask: "what part people had; who decides"."""
    words = _words()
    return "; ".join(words[slug] for slug in words if slug in set(slugs))


def _words() -> Mapping[str, str]:
    return {
        "part": _("what part people had"),
        "stages": _("what part people had at each stage"),
        "question": _("which question was put to people"),
        "decider": _("who decides"),
        "received": _("when those who decide received it"),
        "heard": _("whether the team responsible heard it"),
        "options": _("how many real options there were"),
        "free": _("whether people were free to say no"),
        "group": _("whether people acted as a group"),
        "ways": _("in which way people took part"),
    }


def open_of(rows: Iterable[Placement], place: str) -> tuple[str, ...]:
    """Return what nobody has said of an activity's ways in ``place``, its own: "ways" where it has none there."""
    own = [row for row in rows if row.facet in catalogue().facets and row.facet.partition("/")[0] == place]
    if not own:
        return ("ways",) if place in COUNTS else ()
    return tuple(dict.fromkeys(slug for row in own for slug in unsaid(row)))

