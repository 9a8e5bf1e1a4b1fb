"""From a frozen snapshot, the board's conclusions and the sign-off to the whole report, as blocks.

Nothing but these three is read, so a signed report stays what it was. The order is that of a board's reading: what is
signed and what is not, the worst true thing, how sure the board is beside what the list shows; the front sheet in the
form that NHS boards use; then what each line rests on; what is only listed comes last. Promises that were not kept
stand before those that may still be.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from involvement.reports.blocks import Block, Bullets, Document, Heading, Paragraph, Picture, Table
from involvement.reports.facts import Facts, closed_with, day_in_words, full_stop, grade_in_words
from involvement.reports.front import dissent_in_short, first_page, front_sheet
from involvement.reports.picture import map_in_words, map_picture
from involvement.reports.signs import plain


def build(snapshot: dict, conclusions: list[dict], signed: dict | None) -> Document:
    """Return the report. ``signed`` is None before signing; ``conclusions`` may be empty until the board has any."""
    facts = Facts(snapshot, conclusions, signed)
    blocks = [
        *first_page(facts),
        *front_sheet(facts),
        *_map(facts),
        *_gaps(facts),
        *_changes(facts),
        *_decisions(facts),
        *_seen(facts),
        *_said(facts),
        *_dissent(facts),
        *_actions(facts),
        *_duties(facts),
        *_withdrawn(facts),
        *_method(facts),
        *_appendix(facts),
    ]
    day = day_in_words(snapshot["as_at"])
    return Document(
        title=plain(snapshot["title"]),
        subject=facts.subject,
        state=facts.state,
        footer=f"{facts.subject}. {_('As at %(day)s') % {'day': day}}. {facts.state}",
        day=facts.dated,
        blocks=tuple(blocks),
    )


# The map ------------------------------------------------------------------------------------------------------------


def _map(facts: Facts) -> list[Block]:
    s = facts.snapshot
    rows = tuple(
        (
            plain(place["title"]),
            plain(cell["title"]),
            plain(f"{cell['sign']} {cell['status_title']}"),
            cell["activities"],
            cell["proven"],
            plain("; ".join([cell["why"], *cell["facts"]])),
        )
        for place in s["places"]
        for cell in place["cells"]
    )
    header = (_("Place"), _("Way to take part"), _("How it stands"), _("Live"), _("Proven"), _("Why"))
    return [
        Heading(_("Where citizens take part")),
        Paragraph(
            _("Live activities with a place: %(n)d of %(live)d. %(in_place)d of %(all)d ways to take part are in place:"
              " something runs, people had the part that it needs, and a document or people show what came of it.")
            % {
                "n": sum(s["map"]["activities"]["by_place"].values()),
                "live": s["map"]["activities"]["live"],
                "in_place": len(facts.in_place),
                "all": len(facts.cells),
            }
        ),  # fmt: skip
        Picture(map_picture(s), _("The map.") + " " + map_in_words(s)),
        Table(_("The map as a table"), header, rows, (15, 17, 19, 8, 10, 31)),
        *_services(facts),
        *_groups(facts),
        *_mechanisms(facts),
    ]


def _services(facts: Facts) -> list[Block]:
    s = facts.snapshot
    if not s["services"]:
        return []
    titles = {place["slug"]: place["title"] for place in s["places"]}
    rows = []
    for row in s["services"]:
        labels = {each["place"]: each["label"] for each in row["places"]}
        rows.append((plain(row["name"]), *(plain(labels.get(slug, "")) for slug in titles)))
    header = (_("Service"), *map(plain, titles.values()))
    return [
        Heading(_("Service by service"), 3),
        Table(_("How many ways are in place in each service"), header, tuple(rows), (28, *[18] * len(titles))),
    ]


def _groups(facts: Facts) -> list[Block]:
    s = facts.snapshot
    if not s["groups"]:
        return []
    titles = {place["slug"]: place["title"] for place in s["places"]}
    rows = tuple(
        (plain(row["title"]), *(row["by_place"].get(slug, 0) for slug in titles)) for row in s["groups"]
    )
    header = (_("Group"), *map(plain, titles.values()))
    return [
        Heading(_("For whom"), 3),
        Table(_("Live activities with recorded reach to a group, or support for it"), header, rows,
              (40, *[15] * len(titles))),
    ]  # fmt: skip


def _mechanisms(facts: Facts) -> list[Block]:
    rows = tuple(
        (plain(row["title"]), plain(", ".join(row["cells_lost"])) or _("none"), row["activities"])
        for row in facts.snapshot["mechanisms"]
    )
    if not rows:
        return []
    header = (_("Mechanism"), _("No longer in place without it"), _("Live activities"))
    return [
        Heading(_("What rests on which mechanism"), 3),
        Table(_("What would go if a mechanism went"), header, rows, (34, 48, 18)),
    ]


# Gaps and answers ---------------------------------------------------------------------------------------------------


def _gaps(facts: Facts) -> list[Block]:
    if not facts.gaps and not facts.gaps_of_services:
        words = _("Nothing is ranked as missing, unproven or lapsed.")
        return [Heading(_("What is missing, and what is done about it")), Paragraph(words)]
    blocks: list[Block] = [
        Heading(_("What is missing, and what is done about it")),
        Paragraph(_("In the order of the published rule; gaps whose answer is overdue come first.")),
    ]
    if facts.gaps:
        blocks.append(_gap_table(_("Gaps, with what was answered"), facts.gaps))
    if facts.gaps_of_services:
        words = ngettext(
            "%(n)d more gap, in a single service, is listed at the end.",
            "%(n)d more gaps, each in a single service, are listed at the end.",
            len(facts.gaps_of_services),
        )
        blocks.append(Paragraph(words % {"n": len(facts.gaps_of_services)}))
    return blocks


def _gap_table(caption: str, gaps: list[dict]) -> Table:
    rows = []
    for gap in gaps:
        since = _("Seen since %(day)s.") % {"day": day_in_words(gap["first_seen"])} if gap["first_seen"] else ""
        answers = sorted(gap["responses"], key=lambda row: (not row["overdue"], bool(row["ended_on"])))
        first = plain(f"{full_stop(gap['sentence'])} {since}")
        rows.append((gap["rank"], first, "\n".join(map(_answer, answers)) or _("Nobody has answered.")))
    return Table(caption, (_("Rank"), _("Gap"), _("Answer")), tuple(rows), (8, 38, 54))


def _answer(row: dict) -> str:
    parts = [f"{row['kind_title']}: {full_stop(row['reason'])}"]
    if row["owner"]:
        parts.append(f"{full_stop(row['owner'])}")
    if row["due_on"]:
        due = {"day": day_in_words(row["due_on"])}
        parts.append(_("OVERDUE since %(day)s.") % due if row["overdue"] else _("Due %(day)s.") % due)
    if row["ended_on"]:
        parts.append(_("Ended %(day)s.") % {"day": day_in_words(row["ended_on"])})
    return plain(" ".join(parts))


# What people changed ------------------------------------------------------------------------------------------------


def _changes(facts: Facts) -> list[Block]:
    changes = facts.snapshot["changes"]
    blocks: list[Block] = [Heading(_("What people changed, and what was refused"))]
    for title, caption, rows, none in (
        (
            _("Shown by a document or by people"),
            _("What is shown to have changed in this period"),
            changes["changed"],
            _("Nothing is shown to have changed in this period."),
        ),
        (
            _("Only our word for it"),
            _("What is said to have changed in this period"),
            changes["only_said"],
            _("In this period nothing rests on our word only."),
        ),
        (
            _("Refused, and why"),
            _("What was refused in this period"),
            changes["refused"],
            _("No refusal is on record for this period."),
        ),
    ):
        blocks.append(Heading(title, 3))
        blocks.append(_change_table(caption, rows) if rows else Paragraph(none))
    return blocks


def _change_table(caption: str, rows: list[dict]) -> Table:
    header = (_("Activity, and what people asked"), _("What came of it"), _("What shows it"))
    return Table(caption, header, tuple(map(_change, rows)), (33, 40, 27))


def _change(row: dict) -> tuple[str, str, str]:
    asked = row["activity"] + (f"\n“{row['asked']}”" if row["asked"] else "")
    decided = ", ".join(filter(None, [row["decision_point"], day_in_words(row["decided_on"])]))
    told = (
        _("People were told on %(day)s.") % {"day": day_in_words(row["told_on"])}
        if row["told_on"]
        else _("Nobody has recorded that people were told.")
    )
    words = " ".join(filter(None, [row["what"], row["why"]])) or _("No reason is on record.")
    shown = "; ".join(
        _with_day(each["words"], each["dated_on"]) for each in row["evidence"] if each["words"]
    )
    grade = row["grade_title"] + (f": {shown}" if shown else "")
    return plain(asked), plain(f"{full_stop(words)}\n{full_stop(decided)} {told}"), plain(grade)


def _with_day(words: str, day: str | None) -> str:
    dated = day_in_words(day)
    return words if dated in words else f"{words} ({dated})"


def _decisions(facts: Facts) -> list[Block]:
    rows = sorted(facts.snapshot["decisions"], key=lambda row: bool(row["took_part"]))
    heading = Heading(_("Major or hard decisions, and who took part"))
    if not rows:
        words = _("The board has listed no major or hard decision of the period.")
        return [heading, Paragraph(words)]
    filled = tuple(
        (
            plain(f"{full_stop(row['title'])} {row['body']}, {day_in_words(row['decided_on'])}"),
            plain(row["why"]),
            plain("; ".join(f"{each['title']} ({each['place_title']})" for each in row["took_part"]))
            or _("Nobody from outside the staff, as far as the list shows."),
        )
        for row in rows
    )
    header = (_("Decision"), _("Why it is major or hard"), _("Who took part"))
    return [heading, Table(_("Decisions that the board listed"), header, filled, (34, 33, 33))]


# What others see ------------------------------------------------------------------------------------------------------


def _seen(facts: Facts) -> list[Block]:
    if facts.reviews is None:
        return []
    blocks: list[Block] = [Heading(_("What patient leaders see"))]
    if not facts.reviews:
        blocks.append(
            Paragraph(_("No review ended in this period: patient leaders have not placed these activities themselves."))
        )
    for each in facts.reviews:
        title = ": ".join(filter(None, [each["service"], each["title"]]))
        blocks.append(Heading(plain(title), 3))
        blocks.append(Paragraph(plain(_how_reviewed(each)), kind="quiet"))
        blocks.append(Bullets(tuple(("", plain(sentence)) for sentence in each["sentences"])))
        rows = tuple(map(_difference, each["differences"]))
        if rows:
            header = (_("Activity"), _("The organisation says"), _("Patient leaders see"), _("Their answers"))
            caption = _("Where at least one of those who could tell placed it elsewhere")
            blocks.append(Table(caption, header, rows, (40, 19, 17, 24)))
        for gone in each["removed"]:
            lead = _("Taken out of the round on %(day)s:") % {"day": day_in_words(gone["on"])}
            blocks.append(Paragraph(plain(gone["reason"]), lead=lead))
    return blocks


def _how_reviewed(each: dict) -> str:
    people = ngettext("%(n)d reviewer", "%(n)d reviewers", each["reviewers"]) % {"n": each["reviewers"]}
    words = _("From %(first)s to %(last)s. %(activities)d activities, drawn by lot, before %(people)s, who were not"
              " told where the organisation places them.")  # fmt: skip
    days = {"first": day_in_words(each["opened_on"]), "last": day_in_words(each["closed_on"])}
    said = words % {**days, "activities": each["activities"], "people": people}
    if each["untold"]:
        said += " " + ngettext(
            "Of %(n)d somebody says that it cannot be told from what is written.",
            "Of %(n)d somebody says that it cannot be told from what is written.",
            each["untold"],
        ) % {"n": each["untold"]}
    return said


def _difference(row: dict) -> tuple[str, ...]:
    answers = "; ".join(f"{title}: {number}" for title, number in row["answers"])
    return plain(row["activity"]), plain(row["said"]), plain(row["seen"]), plain(answers)


def _said(facts: Facts) -> list[Block]:
    if facts.took_part is None:
        return []
    heading = Heading(_("What people say who took part"))
    if not facts.took_part:
        return [heading, Paragraph(_("None of these activities has five answers yet, so nothing is shown."))]
    rows = tuple(
        (
            plain(each["activity"]),
            plain(scale["question"]),
            *scale["counts"],
            scale["unsure"],
        )
        for each in facts.took_part
        for scale in each["scales"]
    )
    header = (_("Activity"), _("Question"), "1", "2", "3", "4", "5", _("Cannot say"))
    return [
        heading,
        Paragraph(_("Their own answers, without names, on a scale from 1 (hardly) to 5 (fully). Whoever wants to may"
                    " answer, so this is no sample of them all. Shown five answers at a time, as they were when the"
                    " facts were frozen.")),
        Bullets(tuple((plain(f"{each['activity']} ({answers_in_words(each['people'])}):"), plain(each["sentence"]))
                      for each in facts.took_part)),
        Table(_("How many gave which answer"), header, rows, (30, 31, 6, 6, 6, 6, 6, 9)),
    ]  # fmt: skip


def answers_in_words(people: int) -> str:
    """Return "12 answers"."""
    return ngettext("%(n)d answer", "%(n)d answers", people) % {"n": people}


# Dissent, actions, duties ---------------------------------------------------------------------------------------------


def _dissent(facts: Facts) -> list[Block]:
    blocks: list[Block] = [Heading(_("Who disagrees"))]
    if not facts.dissent:
        blocks.append(Paragraph(dissent_in_short(facts)))
    for row in sorted(facts.dissent, key=lambda row: bool(row["reply"])):
        blocks.append(Heading(plain(row["activity"]), 3))
        kind = f" {full_stop(row['kind_title'])}" if row.get("kind_title") else ""
        blocks.append(Paragraph(plain(f"{row['by']}, {day_in_words(row['made_on'])}.{kind}"), kind="quiet"))
        blocks.append(Paragraph(plain(row["words"]), kind="quote"))
        if row["reply"]:
            lead = _("Answer of %(day)s:") % {"day": day_in_words(row["replied_on"])}
            blocks.append(Paragraph(plain(row["reply"]), lead=lead))
        else:
            blocks.append(Paragraph("", lead=_("Nobody has answered.")))
    return blocks


def _actions(facts: Facts) -> list[Block]:
    heading = Heading(_("Actions of the board"))
    if not facts.snapshot["actions"]:
        return [heading, Paragraph(_("The board has set no action."))]
    states = {"open": _("Open"), "done": _("Done"), "reopened": _("Reopened"), "dropped": _("Dropped")}
    rows = []
    for row in sorted(facts.snapshot["actions"], key=lambda row: (not row["overdue"], row["due_on"] or "")):
        state = states.get(row["state"], row["state"])
        if row["overdue"]:
            state = _("OVERDUE, reopened") if row.get("reopened") else _("OVERDUE")
        closed = _("Closed %(day)s.") % {"day": day_in_words(row["closed_on"])} if row["closed_on"] else ""
        rows.append(
            (
                plain(f"{full_stop(row['what'])} {row['cell_title']}"),
                plain(row["owner"]),
                day_in_words(row["due_on"]),
                plain(state),
                plain(f"{closed} {closed_with(row)}"),
            )
        )
    header = (_("Action"), _("Who"), _("Due"), _("State"), _("Closed with"))
    return [heading, Table(_("Actions, overdue ones first"), header, tuple(rows), (36, 16, 15, 13, 20))]


def _duties(facts: Facts) -> list[Block]:
    rows = []
    for row in facts.snapshot["duties"]:
        look = _("CHECK THIS: it was to be looked at by %(day)s") if row["check"] else _("Look again by %(day)s")
        rows.append(
            (
                plain(f"{row['title']}\n{row['citation']}"),
                plain(
                    _("As at %(day)s") % {"day": day_in_words(row["as_at"])}
                    + "\n"
                    + look % {"day": day_in_words(row["review_by"])}
                ),
                plain(_named(row["bears"])),
            )
        )
    if not rows:
        return []
    header = (_("Duty"), _("How fresh this is"), _("What on the list bears on it"))
    return [
        Heading(_("Duties in law, and standards")),
        Paragraph(_("In our own words, and not legal advice. That an activity bears on a duty does not mean that it is"
                    " met.")),
        Table(_("Duties, with what bears on them"), header, tuple(rows), (40, 22, 38)),
    ]  # fmt: skip


def _named(titles: list[str], most: int = 10) -> str:
    """Return the first titles and how many more there are: a duty may rest on hundreds."""
    if not titles:
        return _("Nothing on the list.")
    more = len(titles) - most
    words = "; ".join(titles[:most])
    return words + (" " + _("and %(n)d more") % {"n": more} if more > 0 else "")


def _withdrawn(facts: Facts) -> list[Block]:
    rows = tuple(
        (plain(row["title"]), day_in_words(row["on"]), plain(str(row["by"] or "")), plain(row["reason"]))
        for row in facts.snapshot["withdrawn"]
    )
    if not rows:
        return []
    header = (_("Activity"), _("When"), _("By whom"), _("Why"))
    return [Heading(_("Taken off the list")), Table(_("What was taken off the list"), header, rows, (36, 18, 20, 26))]


# Method, appendix -----------------------------------------------------------------------------------------------------


def _method(facts: Facts) -> list[Block]:
    s = facts.snapshot
    limits = [plain(sentence) for sentence in s["words"]["limits"]]
    limits += [sentence for sentence in map(plain, facts.open_notes) if sentence not in limits]
    blocks: list[Block] = [
        Heading(_("How this was made, and what it cannot say")),
        Heading(_("Limits"), 3),
        Bullets(tuple(("", sentence) for sentence in limits)),
        Heading(_("Method"), 3),
        Bullets(tuple(("", plain(sentence)) for sentence in s["words"]["method"])),
    ]
    if s["rulings"]:
        rows = tuple(
            (
                plain(row["kind_title"]),
                plain(row["place_title"]),
                plain(row["reason"]),
                plain(f"{row['author']}, {day_in_words(row['from'])}"),
            )
            for row in s["rulings"]
        )
        header = (_("Kind"), _("Counted as"), _("Why"), _("Who said so"))
        blocks += [
            Heading(_("How contested kinds are counted here"), 3),
            Table(_("The organisation’s rulings"), header, rows, (22, 17, 38, 23)),
        ]
    taken = datetime.fromisoformat(s["taken_at"])
    words = _("Frozen on %(day)s at %(time)s, with version %(version)s of the framework.") % {
        "day": day_in_words(s["taken_at"]),
        "time": f"{taken:%H:%M}",
        "version": plain(s["framework_version"]),
    }
    blocks.append(Paragraph(words))
    if facts.signed and facts.signed.get("digest"):
        said = _("SHA-256, in the form in which the audit keeps them. Whoever has them can make it again: one sign"
                 " changed, and it is another.")  # fmt: skip
        blocks.append(Paragraph(f"{facts.signed['digest']}\n{said}", lead=_("Digest of the frozen facts:")))
    return blocks


def _appendix(facts: Facts) -> list[Block]:
    blocks: list[Block] = []
    if facts.gaps_of_services:
        blocks += [
            Heading(_("Appendix: gaps in single services"), fresh=True),
            _gap_table(_("Gaps in single services, with what was answered"), facts.gaps_of_services),
        ]
    rows = tuple(map(_activity, facts.snapshot["activities"]))
    blocks.append(Heading(_("Appendix: the activities on the list"), fresh=True))
    if not rows:
        return [*blocks, Paragraph(_("The list is empty."))]
    header = (_("Activity"), _("Service"), _("State"), _("Place and ways"), _("Part"), _("What shows it"))
    number = ngettext("%(n)d activity", "%(n)d activities", len(rows)) % {"n": len(rows)}
    blocks.append(Table(number, header, rows, (30, 15, 14, 21, 9, 11)))
    return blocks


def _activity(row: dict) -> tuple[str, ...]:
    ways = ", ".join(row["facets"])
    place = row["place_title"]
    if ways:
        place = ways if all(way.startswith(place) for way in row["facets"]) else f"{place} ({ways})"
    if row["claim"] and row["claim"] != row["place_title"]:
        place += "\n" + _("Said to be: %(claim)s") % {"claim": row["claim"]}
    if row["contested"]:
        place += "\n" + _("Contested")
    days = " – ".join(filter(None, [day_in_words(row["started"]), day_in_words(row["ended"])]))
    return (
        plain(row["title"] + (f" ({row['reference']})" if row["reference"] else "")),
        plain(row["service"]),
        plain(f"{row['status_title']}\n{days}"),
        plain(place),
        plain(row["part"]),
        grade_in_words(row["grade"]),
    )
