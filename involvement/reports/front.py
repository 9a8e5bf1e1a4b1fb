"""The two sheets that a board reads first: what is signed, the worst true thing, how sure the board is beside what the
list shows, the promises; then the front sheet in the form that NHS boards use."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from involvement.reports.blocks import Block, Bullets, Heading, Paragraph, Table
from involvement.reports.facts import Facts, assurance, day_in_words, full_stop
from involvement.reports.signs import plain

DOCUMENT = 2  # the grade of evidence above which people themselves confirm it
MOST_NAMED = 3  # gaps, duties: how many the front sheet names before it only counts


# The first half page ------------------------------------------------------------------------------------------------


def first_page(facts: Facts) -> list[Block]:
    s = facts.snapshot
    days = {
        "day": day_in_words(s["as_at"]),
        "first": day_in_words(s["period"]["from"]),
        "last": day_in_words(s["period"]["to"]),
    }
    blocks: list[Block] = [
        _signature(facts),
        Paragraph(
            _("Where things stood on %(day)s. What people changed: from %(first)s to %(last)s.") % days, kind="quiet"
        ),
        Paragraph(plain(s["headline"]), kind="finding"),
    ]
    care = care_of(facts)
    if care:
        blocks.append(Paragraph(" ".join(care), lead=_("Read this with care."), kind="note"))
    blocks.append(_assurance_table(facts))
    blocks.append(Bullets(tuple(in_short(facts))))
    return blocks


def _signature(facts: Facts) -> Paragraph:
    frozen = _("The facts were frozen on %(day)s.") % {"day": day_in_words(facts.snapshot["taken_at"])}
    if facts.signed is None:
        return Paragraph(_("Nobody has signed it.") + " " + frozen, lead=_("This is a draft."), kind="note")
    lead = _("Signed by %(name)s on %(day)s.") % {
        "name": plain(facts.signed["name"]),
        "day": day_in_words(facts.signed["on"]),
    }
    said = plain(facts.signed.get("statement") or "")
    return Paragraph((f"“{said}” " if said else "") + frozen, lead=lead)


def care_of(facts: Facts) -> list[str]:
    """Return in sentences why the figures or the judgements are to be read with care."""
    blocking = [plain(sentence) for sentence in facts.blocking]
    return [sentence for sentence in blocking if sentence not in plain(facts.snapshot["headline"])] + _at_odds(facts)


def _at_odds(facts: Facts) -> list[str]:
    """Return a sentence for each place that the board is assured of although the list does not show why."""
    said = []
    seen: dict[str, list[int]] = {}
    for each in facts.reviews or ():
        for slug, (same, compared) in each["by_place"].items():
            before = seen.get(slug, [0, 0])
            seen[slug] = [before[0] + same, before[1] + compared]
    for place in facts.snapshot["places"]:
        judged = facts.judged.get(place["slug"])
        if judged is None or judged["assurance"] != "assured":
            continue
        name = {"place": place["title"].lower()}
        good = sum(cell["status"] == "in-place" for cell in place["cells"])
        if not good:
            said.append(_("The board is assured of %(place)s, and the list shows none of its ways in place.") % name)
        elif not place["complete"]:
            said.append(
                _("The board is assured of %(place)s, and nobody has said that the list is complete there.") % name
            )
        elif 2 * good < len(place["cells"]):
            said.append(
                _("The board is assured of %(place)s, and the list shows %(n)d of its %(all)d ways in place.")
                % {**name, "n": good, "all": len(place["cells"])}
            )
        same, compared = seen.get(place["slug"], (0, 0))
        if 2 * same < compared:
            said.append(
                _("The board is assured of %(place)s; patient leaders see it in %(n)d of the %(all)d activities that"
                  " they looked at.") % {**name, "n": same, "all": compared}
            )  # fmt: skip
    return [plain(sentence) for sentence in said]


def _assurance_table(facts: Facts) -> Table:
    rows = [
        (
            plain(place["title"]),
            assurance(facts, place),
            _place_in_short(place),
            plain(facts.judged[place["slug"]]["reason"]) if place["slug"] in facts.judged else "",
        )
        for place in facts.snapshot["places"]
    ]
    header = (_("Place"), _("The board says"), _("The list shows"), _("The board’s reason"))
    return Table(_("How sure the board is, beside what the list shows"), header, tuple(rows), (15, 15, 33, 37))


def _place_in_short(place: dict) -> str:
    good = [cell for cell in place["cells"] if cell["status"] == "in-place"]
    heaps: dict[str, int] = {}
    for cell in place["cells"]:
        if cell["status"] != "in-place":
            heaps[cell["status_title"]] = heaps.get(cell["status_title"], 0) + 1
    rest = ", ".join(f"{number} {title.lower()}" for title, number in heaps.items())
    words = _("%(n)d of %(all)d ways in place") % {"n": len(good), "all": len(place["cells"])}
    nothing_changed = sum(bool(cell["refused"] and not cell["changed"]) for cell in good)
    if nothing_changed:
        words += " " + _("(in %(n)d of these nothing changed)") % {"n": nothing_changed}
    said, not_said = _("The list is said to be complete."), _("Nobody has said the list is complete.")
    complete = said if place["complete"] else not_said
    return plain(f"{words}{'; ' + rest if rest else ''}. {complete}")


def in_short(facts: Facts):
    """Yield what a board member must have seen, worst first."""
    s = facts.snapshot
    yield _("Promises:"), _promises(facts)
    yield _("Patient leaders:"), " ".join(filter(None, [_seen_in_short(facts), dissent_in_short(facts)]))
    if s["decisions"]:
        yield (
            _("Major or hard decisions:"),
            _("The board listed %(n)d. In %(none)d of them nobody from outside the staff took part, as far as the list"
              " shows.") % {"n": len(s["decisions"]), "none": len(facts.without_citizens)},
        )  # fmt: skip
    else:
        yield (
            _("Major or hard decisions:"),
            _("The board has listed none, so this paper cannot show who took part in them."),
        )
    changes = s["changes"]
    yield (
        _("What people changed:"),
        _("%(shown)d shown by a document or by people, %(said)d by our word only, %(refused)d refused.")
        % {
            "shown": len(changes["changed"]),
            "said": len(changes["only_said"]),
            "refused": len(changes["refused"]),
        },
    )
    coproduction = s["map"]["coproduction"]
    share = "" if s["share"] is None else " " + _(
        "Of the live activities with a place, %(share)d%% are placed with people as owners or coproducers,"
        " whether they fill a tile or not."
    ) % {"share": s["share"]}  # fmt: skip
    yield (
        _("Coproduction:"),
        ngettext(
            "%(n)d piece of work is called that; %(whole)d shared from start to finish.",
            "%(n)d pieces of work are called that; %(whole)d shared from start to finish.",
            coproduction["called"],
        )
        % {"n": coproduction["called"], "whole": coproduction["whole"]}
        + share,
    )


def _promises(facts: Facts) -> str:
    return _(
        "Overdue: %(late)s and %(acts)s. Gaps: %(gaps)d, of which %(open)d without an answer."
    ) % {
        "late": ngettext("%(n)d answer to a gap", "%(n)d answers to gaps", len(facts.overdue_answers))
        % {"n": len(facts.overdue_answers)},
        "acts": ngettext("%(n)d action", "%(n)d actions", len(facts.overdue_actions))
        % {"n": len(facts.overdue_actions)},
        "gaps": len(facts.gaps),
        "open": len(facts.unanswered),
    }


def _seen_in_short(facts: Facts) -> str:
    """Say how far patient leaders saw the same in the period's reviews; "" where there was none, or no way to."""
    compared, same = (sum(each[name] for each in facts.reviews or ()) for name in ("compared", "same"))
    if not compared:
        return ""
    said = ngettext(
        "They looked at %(n)d activity without being told its place, and saw the same place in %(same)d.",
        "They looked at %(n)d activities without being told their place, and saw the same place in %(same)d.",
        compared,
    ) % {"n": compared, "same": same}
    called, seen = (sum(each[name] for each in facts.reviews) for name in ("called", "called_same"))
    if called:
        said += " " + ngettext(
            "Of %(n)d that is called coproduction they see it in %(seen)d.",
            "Of %(n)d that are called coproduction they see it in %(seen)d.",
            called,
        ) % {"n": called, "seen": seen}
    return said


def dissent_in_short(facts: Facts) -> str:
    if facts.snapshot["dissent"] is None:
        return _("They had no way to put disagreement on record here. So nobody can say whether they agree.")
    if not facts.dissent:
        return _("No disagreement is on record here. That does not mean that they agree.")
    return ngettext(
        "%(n)d disagreement is printed in full below; without an answer: %(open)d.",
        "%(n)d disagreements are printed in full below; without an answer: %(open)d.",
        len(facts.dissent),
    ) % {"n": len(facts.dissent), "open": len(facts.dissent_open)}


# The front sheet ----------------------------------------------------------------------------------------------------


def front_sheet(facts: Facts) -> list[Block]:
    rows = (
        (_("Purpose"), _purpose(facts)),
        (_("Decision asked"), "\n".join(_asked(facts))),
        (_("Assurance"), _assurance_in_words(facts)),
        (_("Risks"), "\n".join(_risks(facts))),
        (_("Strategic links"), "\n".join(_aims(facts))),
        (_("Equality"), _equality(facts)),
        (_("Patients’ views"), dissent_in_short(facts) + " " + _views(facts)),
        (_("Legal"), "\n".join(_legal(facts))),
        (_("Author"), _author(facts)),
        (_("Sponsor"), plain(facts.signed["name"]) if facts.signed else _("Nobody yet: it is not signed.")),
        (_("Date"), day_in_words(facts.dated)),
    )
    return [
        Heading(_("Front sheet")),
        Table(
            _("The paper in the form that the board uses"),
            (_("Heading"), _("What this paper says")),
            tuple((plain(name), plain(words)) for name, words in rows),
            (18, 82),
        ),
    ]


def _purpose(facts: Facts) -> str:
    return _(
        "To show where citizens really take part in %(name)s and where they do not, what is only claimed, what people"
        " changed, and how sure the board is of it."
    ) % {"name": facts.subject}


def _asked(facts: Facts):
    """Yield what the board has to decide, from what is open."""
    if facts.signed is None:
        yield _("To judge each place and sign, or to send it back.")
    else:
        yield _("To receive this audit with its limits.")
    if facts.overdue_answers or facts.overdue_actions:
        late = len(facts.overdue_answers) + len(facts.overdue_actions)
        yield ngettext(
            "To say what becomes of %(n)d promise that is overdue.",
            "To say what becomes of %(n)d promises that are overdue.",
            late,
        ) % {"n": late}
    if facts.unanswered:
        yield ngettext(
            "To answer %(n)d gap that nobody has answered: plan, act, or say why it is not needed.",
            "To answer %(n)d gaps that nobody has answered: plan, act, or say why each is not needed.",
            len(facts.unanswered),
        ) % {"n": len(facts.unanswered)}
    if facts.dissent_open:
        yield ngettext(
            "To answer %(n)d patient leader’s disagreement.",
            "To answer %(n)d disagreements of patient leaders.",
            len(facts.dissent_open),
        ) % {"n": len(facts.dissent_open)}


def _assurance_in_words(facts: Facts) -> str:
    words = "; ".join(f"{place['title']}: {assurance(facts, place).lower()}" for place in facts.snapshot["places"])
    return f"{words}. " + _("The reasons stand in the table above, beside what the list shows.")


def _risks(facts: Facts):
    for gap in facts.gaps[:MOST_NAMED]:
        yield full_stop(gap["sentence"])
    more = len(facts.gaps) - MOST_NAMED
    if more > 0:
        yield ngettext("And %(n)d more gap.", "And %(n)d more gaps.", more) % {"n": more}
    for row in facts.snapshot["mechanisms"]:
        if row["cells_lost"]:
            yield _("%(mechanism)s: without it, these would not be in place: %(ways)s.") % {
                "mechanism": row["title"],
                "ways": ", ".join(row["cells_lost"]),
            }
    if not facts.gaps:
        yield _("Nothing is ranked as missing, unproven or lapsed.")


def _aims(facts: Facts):
    for place in facts.snapshot["places"]:
        if place["aim"]:
            yield _("%(place)s: “%(aim)s” (%(by)s, %(day)s)") % {
                "place": place["title"],
                "aim": place["aim"]["sentence"],
                "by": place["aim"]["adopted_by"],
                "day": day_in_words(place["aim"]["adopted_on"]),
            }
        else:
            yield _("%(place)s: the board has not said what it wants of this relationship.") % {"place": place["title"]}


def _equality(facts: Facts) -> str:
    reached = [row["title"] for row in facts.snapshot["groups"]]
    if not reached:
        return _("For no group of people is it recorded that it was reached. What is not recorded cannot be judged.")
    powerful = [
        row["title"]
        for row in facts.snapshot["groups"]
        if row["by_place"].get("owners", 0) or row["by_place"].get("coproducers", 0)
    ]
    return _("Reached, as far as recorded: %(groups)s. As owners or coproducers: %(some)s. Of other groups nothing is"
             " recorded.") % {
        "groups": ", ".join(reached),
        "some": ", ".join(powerful) or _("none of them"),
    }  # fmt: skip


def _views(facts: Facts) -> str:
    confirmed = sum(row["grade"] > DOCUMENT for row in facts.snapshot["changes"]["changed"])
    return ngettext(
        "Of what people changed, they themselves confirm %(n)d change.",
        "Of what people changed, they themselves confirm %(n)d changes.",
        confirmed,
    ) % {"n": confirmed}


def _legal(facts: Facts):
    duties = facts.snapshot["duties"]
    if not duties:
        yield _("No duty is listed for this organisation.")
    for row in duties[:MOST_NAMED]:
        yield f"{row['citation']}. " + _bearing(row)
    if len(duties) > MOST_NAMED:
        yield _("All %(n)d are listed below.") % {"n": len(duties)}
    if any(row["check"] for row in duties):
        yield _("Some are past the day on which somebody should have looked at them again: check these.")
    yield _("This is not legal advice.")


def _bearing(duty: dict) -> str:
    number = len(duty["bears"])
    if not number:
        return _("Nothing on the list bears on it.")
    return ngettext(
        "On the map %(n)d place or way to take part bears on it.",
        "On the map %(n)d places or ways to take part bear on it.",
        number,
    ) % {"n": number}


def _author(facts: Facts) -> str:
    return _(
        "Drawn up by Involvement Map from the organisation’s own list. The figures are counted, the judgements are the"
        " board’s."
    )
