"""What a workshop is on paper and in files: what came out, and what is printed before.

What came out is drawn from ``workshops.results_page`` alone, so a file holds no more than its page: no group of under
five people, and nothing before its step.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from involvement import facilitation
from involvement.cells import csv_lines
from involvement.models import Card, Participant, Room, Workshop
from involvement.reports.blocks import Block, Bullets, Document, Heading, Paragraph, Table
from involvement.reports.signs import plain
from involvement.results import Results
from involvement.workshops import answer_of, choices, group_name, place_title

BLANK_CARDS, BLANK_ROWS, LINES = 6, 12, 14  # on the sheets that are printed before anybody knows the cards
FILES = {"pdf": "PDF", "docx": "Word", "xlsx": "Excel", "csv": "CSV"}


# -- What came out ----------------------------------------------------------------------------------------------------


def results_file(results: Results, kind: str) -> bytes:
    """Return what came out as one of FILES. Raises KeyError for another kind."""
    return {"csv": results_csv, "xlsx": results_xlsx, "pdf": _results_pdf, "docx": _results_docx}[kind](results)


def _results_pdf(results: Results) -> bytes:
    from involvement.reports.pdf import pdf  # each brings a large library, which most processes never need

    return pdf(results_document(results))


def _results_docx(results: Results) -> bytes:
    from involvement.reports.word import docx

    return docx(results_document(results))


def result_columns() -> list[str]:
    """Return the header of ``result_rows``."""
    chose = [place_title(slug) for slug in choices()]
    return [
        _("Number"), _("Card"), _("From paper"),
        *(_("Before the talk: %(place)s") % {"place": place} for place in chose),
        *(_("After the talk: %(place)s") % {"place": place} for place in chose),
        _("Votes"), _("Agreed"), _("Note"), _("First step"), _("The list, or the framework"), _("What became of it"),
        _("What the room reads"),
    ]  # fmt: skip


def result_rows(results: Results) -> Iterator[list[str | int]]:
    """Yield each card with how many of all chose what, "" where nothing may be shown, and what came of it."""
    for row in results.rows:
        yield [
            row.kept["number"], row.kept["text"], _("yes") if row.kept["on_paper"] else "",
            *_numbers(row.before), *_numbers(row.after), "" if row.kept["votes"] is None else row.kept["votes"],
            row.agreed, row.kept["note"], row.kept["first_step"], row.stands,
            "" if results.workshop.mode == Workshop.Mode.CALIBRATE else row.became,
            row.outcome.words if row.outcome else "",
        ]  # fmt: skip


def _numbers(spread) -> list[str | int]:
    if spread is None or spread.whole is None:
        return [""] * len(choices())
    return [spread.whole.chose.get(slug, 0) for slug in choices()]


def group_rows(results: Results) -> Iterator[list[str | int]]:
    """Yield how each group that may be shown chose, a row for a card, a time, a group and a place."""
    for row in results.rows:
        for when, spread in ((_("Before the talk"), row.before), (_("After the talk"), row.after)):
            for group in spread.groups if spread else ():
                for slug in choices():
                    if number := group.chose.get(slug, 0):
                        yield [
                            row.kept["number"], row.kept["text"], when, group_name(group.of), group.people,
                            place_title(slug), number,
                        ]  # fmt: skip


def results_csv(results: Results) -> bytes:
    """Return the cards as CSV."""
    return b"".join(csv_lines([result_columns(), *result_rows(results)]))


def results_xlsx(results: Results) -> bytes:
    """Return a workbook: what it is about, the cards, how the groups chose."""
    import xlsxwriter  # here, since most processes never write a workbook

    workshop, kept = results.workshop, io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    groups = [_("Number"), _("Card"), _("When"), _("Group"), _("People who chose"), _("Place"), _("How many")]
    about = [
        (_("Workshop"), workshop.title), (_("Day"), workshop.held_on.isoformat()),
        (_("What it was for"), workshop.purpose), (_("What was promised"), workshop.promise),
        (_("People"), results.people),
        *((_("Who was there"), f"{group['people']} {group['name']}") for group in results.groups),
        (_("Read this"), state_in_words(workshop)),
    ]  # fmt: skip
    with xlsxwriter.Workbook(kept, options) as book:
        bold, wrap = book.add_format({"bold": True, "text_wrap": True, "valign": "top"}), book.add_format(
            {"text_wrap": True, "valign": "top"}
        )
        for name, header, rows, widths in (
            (_("About"), [_("What"), _("Words")], about, (24, 90)),
            (_("Cards"), result_columns(), result_rows(results), (9, 50, 12)),
            (_("Groups"), groups, group_rows(results), (9, 50, 16, 28, 12, 18, 12)),
        ):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, header, bold)
            sheet.freeze_panes(1, 0)
            for at, width in enumerate(widths):
                sheet.set_column(at, at, width)
            for at, row in enumerate(rows, 1):
                sheet.write_row(at, 0, [plain(cell) if isinstance(cell, str) else cell for cell in row], wrap)
    return kept.getvalue()


def state_in_words(workshop: Workshop) -> str:
    """Say what stands behind the figures, and what is not in them."""
    words = _("Nobody’s name is here, and groups of fewer than five people are shown together with others.")
    if workshop.room.state != Room.State.CLOSED:
        return _("The workshop is still going on: this holds only what the room could see.") + " " + words
    return words


def results_document(results: Results) -> Document:
    """Return what came out as blocks, for PDF and Word."""
    workshop = results.workshop
    organisation = workshop.organisation.name
    people = ngettext("%(n)d person took part.", "%(n)d people took part.", results.people) % {"n": results.people}
    there = ", ".join(f"{group['people']} {group['name']}" for group in results.groups)
    blocks: list[Block] = [
        Paragraph(f"{people} {_in_short(results)}", kind="finding"),
        *([Paragraph(plain(f"{there}."), lead=_("Who was there:"))] if there else []),
        Paragraph(state_in_words(workshop), kind="quiet"),
        Paragraph(plain(workshop.purpose), lead=_("What it was for:")),
        Paragraph(plain(workshop.promise), lead=_("What was promised:"), kind="note"),
        *_before_and_after(results),
        *_what_became(results),
    ]
    day = _day(workshop.held_on)
    title = plain(_("What came out: %(title)s") % {"title": workshop.title})
    return Document(
        title=title, subject=plain(f"{organisation}, {day}"), state="",
        footer=plain(f"{organisation}. {workshop.title}, {day}"), day=workshop.held_on.isoformat(),
        blocks=tuple(blocks),
    )  # fmt: skip


def _day(day) -> str:
    return format_date(day, "j F Y")


def _in_short(results: Results) -> str:
    cards = len(results.rows)
    if results.workshop.mode == Workshop.Mode.IMAGINE:
        return ngettext("They had %(n)d idea.", "They had %(n)d ideas.", cards) % {"n": cards}
    if results.workshop.mode == Workshop.Mode.CALIBRATE:
        words = ngettext("They practised on %(n)d worked case.", "They practised on %(n)d worked cases.", cards)
        return words % {"n": cards}
    words = _("Of %(all)d cards they agreed on %(n)d, and did not agree on %(m)d.")
    return words % {"all": cards, "n": results.agreed, "m": results.open}


def _before_and_after(results: Results) -> list[Block]:
    if results.workshop.mode == Workshop.Mode.IMAGINE or not results.rows:
        return []
    hidden, mode = _("not shown"), results.workshop.mode
    last = {Workshop.Mode.CALIBRATE: _("The framework"), Workshop.Mode.REVIEW: _("Agreed; on the list")}
    rows = tuple(
        (
            plain(f"{row.kept['number']}. {row.kept['text']}"), row.before_most or hidden, row.after_most or hidden,
            plain("\n".join(_group(group) for group in row.after_groups)), _last(row, mode),
        )
        for row in results.rows
    )  # fmt: skip
    header = (_("Card"), _("Most before"), _("Most after"), _("By who they are, after"), last.get(mode, _("Agreed")))
    return [
        Heading(_("Before and after the talk")),
        Table(_("Where people put each card"), header, rows, (24, 14, 14, 36, 12)),
    ]


def _last(row, mode: str) -> str:
    """Return what stands beside how people chose: what they agreed on, where the list or the framework puts it."""
    agreed = row.agreed or _("not talked about")
    if mode == Workshop.Mode.CALIBRATE:
        return row.stands or _("shown at the end")
    return f"{agreed}\n{row.stands or _('no place yet')}" if mode == Workshop.Mode.REVIEW else agreed


def _what_became(results: Results) -> list[Block]:
    """Return what the organisation did with the cards; of practice nothing is left to do."""
    if results.workshop.mode == Workshop.Mode.CALIBRATE:
        return []
    table = _outcomes(results) if results.rows else Paragraph(_("No card was laid."))
    return [Heading(_("What became of each card")), table]


def _group(group: dict[str, Any]) -> str:
    bars = ", ".join(f"{bar['title']} {bar['number']}" for bar in group["bars"])
    return f"{group['people']} {group['name']}: {bars}"


def _outcomes(results: Results) -> Table:
    rows = tuple(
        (
            plain(f"{row.kept['number']}. {row.kept['text']}"),
            plain("\n".join(filter(None, [
                row.agreed, row.kept["note"],
                _("First step: %(step)s") % {"step": row.kept["first_step"]} if row.kept["first_step"] else "",
                ngettext("%(n)d vote", "%(n)d votes", row.kept["votes"]) % {"n": row.kept["votes"]}
                if row.kept["votes"] else "",
            ]))),
            plain(f"{row.became.capitalize()}. {row.outcome.words if row.outcome else ''}"),
        )
        for row in results.ranked
    )  # fmt: skip
    header = (_("Card"), _("The room"), _("The organisation"))
    return Table(_("Each card, and what the organisation did with it"), header, rows, (36, 30, 34))


# -- What is printed before -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Print:
    """What is asked for: for which workshop, with which cards, in large print or not; where people join it."""

    workshop: Workshop
    cards: list[Card]
    large: bool
    join_address: str  # where the code is typed
    room_address: str  # where the square code leads
    gaps: tuple[tuple[str, str], ...] = ()  # what a room looks for ideas for: way and sentence


@dataclass(frozen=True)
class Handout:
    """Something to print: its name in an address, its title, what it is for, how it is made as PDF."""

    slug: str
    title: str
    purpose: str
    make: Callable[[Print], bytes]
    large: bool = False  # whether there is one in large print


def _printed(asked: Print, title: str = "", **more: Any) -> bytes:
    from involvement.reports.handouts import handout  # brings a large library, which most processes never need

    workshop = asked.workshop
    footer = f"{workshop.organisation.name}. {workshop.title}, {_day(workshop.held_on)}"
    return handout({
        "title": plain(title or workshop.title), "by": plain(workshop.organisation.name), "footer": plain(footer),
        "day": workshop.held_on.isoformat(), "large": asked.large, **more,
    })  # fmt: skip


def _cards(asked: Print) -> bytes:
    known = [{"number": card.number, "text": plain(card.text), "detail": plain(card.detail)} for card in asked.cards]
    step = facilitation.first_work(asked.workshop.mode)
    blank = [{"number": None, "text": "", "detail": str(step.question)}] * BLANK_CARDS
    intro = [_("Cut along the lines.")] if known else [_("One thing on a card, in words that anybody understands.")]
    if asked.gaps:
        missing = [plain(f"{at}. {gap[1]}") for at, gap in enumerate(asked.gaps, 1)]
        intro = [*intro, _("What is missing most here:"), *missing,
                 _("Write the number of the gap on your card, if it is for one of these.")]  # fmt: skip
    return _printed(asked, kind="cards", intro=intro, cards=known or blank)


def _answers(asked: Print) -> bytes:
    workshop, places = asked.workshop, [place_title(slug) for slug in choices()]
    named = [plain(f"{card.number}. {card.text}") for card in asked.cards]
    ask = _("Tick one box for each card. The facilitator counts the sheets; the room sees numbers only.")
    after = [f"{title} {words}" for title, words in facilitation.PLACE_WORDS]
    if workshop.mode == Workshop.Mode.IMAGINE:
        places, after = [str(number) for number in range(1, workshop.votes_each + 1)], []
        ask = _("You have %(n)d votes. Tick as many boxes for an idea as you give it votes.")
        ask %= {"n": workshop.votes_each}
    elif facilitation.VOTE in facilitation.MODES[workshop.mode]:
        words = _("What should come first? You have %(n)d votes. Write the number of a card for each: %(lines)s")
        after.insert(0, words % {"n": workshop.votes_each, "lines": " ".join(["____"] * workshop.votes_each)})
    return _printed(
        asked, kind="answers", wide=asked.large,
        intro=[_("For people without a phone. Write no name on it, and give it to the facilitator.")],
        who=_("I am here as (tick one)"), perspectives=[str(label) for label in Participant.Perspective.labels],
        where=ask, choices=places, columns=[_("Card"), *places],
        rows=named or [f"{number}." for number in range(1, BLANK_ROWS + 1)], after=after,
    )  # fmt: skip


def _sign_in(asked: Print) -> bytes:
    return _printed(
        asked, _("Who is here: %(title)s") % {"title": asked.workshop.title}, kind="list", wide=True,
        lines=8 if asked.large else LINES, widths=[26, 18, 28, 28],
        intro=[_("Nobody has to fill this in. It is kept apart from what people say in the room.")],
        columns=[_("Name"), _("I am here as"), _("What I need today (access, language, travel costs)"),
                 _("How to tell me what became of it")],
    )  # fmt: skip


def _poster(asked: Print) -> bytes:
    from involvement.reports.handouts import qr_picture

    return _printed(
        replace(asked, large=True), kind="poster", join=_("Join at"), address=without_scheme(asked.join_address),
        code=code_in_words(asked.workshop.room), qr=qr_picture(asked.room_address),
        qr_alt=_("A square code that opens %(address)s") % {"address": asked.room_address},
        after=[_("No phone? Ask for paper: it counts just the same."), _("No account, and no name unless you like.")],
    )  # fmt: skip


def without_scheme(address: str) -> str:
    """Return an address as people type it: without "https://" and without the last stroke."""
    return address.split("://", 1)[1].rstrip("/")


def code_in_words(room: Room) -> str:
    """Return the code as two groups of four."""
    return f"{room.code[:4]} {room.code[4:]}"


def _notes(asked: Print) -> bytes:
    from involvement.reports.pdf import pdf

    return pdf(notes_document(asked))


def notes_document(asked: Print) -> Document:
    """Return the facilitator's notes as blocks: before, the steps with what to say, what goes wrong, the cards."""
    workshop, cards = asked.workshop, asked.cards
    steps, began, rows = facilitation.steps_of(workshop.mode), 0, []
    for step in steps:
        minutes = workshop.minutes.get(step.slug) or 0
        clock = _("%(from)d to %(to)d") % {"from": began, "to": began + minutes} if minutes else ""
        rows.append((f"{step.title}\n{step.question}", clock, str(step.say)))
        began += minutes
    left = workshop.length - began
    blocks = [
        Paragraph(plain(workshop.purpose), lead=_("What it is for:")),
        Paragraph(plain(workshop.promise) or _("Not written yet. The door opens only when it is."),
                  lead=_("What will be done with it:"), kind="note"),
        Paragraph(plain(f"{without_scheme(asked.join_address)} ({code_in_words(workshop.room)})"),
                  lead=_("Where people join:")),
        Heading(_("Before people come")),
        Bullets(tuple(("", words) for words in (
            _("Open the room, then the screen for the wall. Read it from the back row."),
            _("Join with your own phone once. Is the wifi there?"),
            _("Lay out paper and pens on every table: whoever has no phone takes part with them."),
            _("Print the answer sheets, some in large print. Choose who counts them."),
            _("Read the promise aloud at the start. Say who will see what."),
        ))),
        Heading(_("Step by step")),
        Table(
            _("The steps, in minutes from the start. %(n)d minutes are left for arriving, a break and going home.")
            % {"n": left},
            (_("Step and question"), _("Minutes"), _("What you do")), tuple(rows), (34, 14, 52),
        ),
        Heading(_("When something goes wrong")),
        Bullets(tuple(("", words) for words in (
            _("No wifi: phones keep what people tap, and send it once when it is back. Go on with paper."),
            _("A phone runs out: once it has power it goes on as the same person. Who goes on with another phone or"
              " with paper would count twice, so take the first phone out (“Phones in the room”)."),
            _("Somebody writes what harms others: hide the card. A second later it is gone from every screen."),
            _("The clock runs out: it only signals. Go on when the room is ready."),
        ))),
        *([Heading(_("The cards")), Bullets(tuple((f"{card.number}.", plain(_with_answer(card))) for card in cards))]
          if cards else []),
    ]  # fmt: skip
    day = _day(workshop.held_on)
    return Document(
        title=plain(_("For the facilitator: %(title)s") % {"title": workshop.title}),
        subject=plain(f"{workshop.organisation.name}, {day}"), state="",
        footer=plain(f"{workshop.organisation.name}. {workshop.title}, {day}"), day=workshop.held_on.isoformat(),
        blocks=tuple(blocks),
    )  # fmt: skip


def _with_answer(card: Card) -> str:
    """Return what a card says; of a worked case also what the framework says, for the facilitator to tell."""
    answer = answer_of(card.case)
    if answer is None:
        return card.text
    return _("%(text)s The framework: %(place)s. %(why)s") % {"text": f"{card.text}.", **answer}


HANDOUTS = {
    each.slug: each
    for each in (
        Handout("poster", gettext_lazy("Poster"), gettext_lazy("How to join, for the door and the tables"), _poster),
        Handout("notes", gettext_lazy("Notes for the facilitator"),
                gettext_lazy("The steps, what you say, what to do when something goes wrong"), _notes),
        Handout("cards", gettext_lazy("Cards"),
                gettext_lazy("To cut out; blank ones where people write them"), _cards, large=True),
        Handout("answers", gettext_lazy("Answer sheet"),
                gettext_lazy("For people without a phone; you count them"), _answers, large=True),
        Handout("sign-in", gettext_lazy("Sign-in sheet"),
                gettext_lazy("Who is here, what they need, how to reach them"), _sign_in, large=True),
    )
}  # fmt: skip
