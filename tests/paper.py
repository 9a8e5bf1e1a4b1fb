"""A small audit written by hand, as the reports are given it: what a snapshot holds, conclusions and a sign-off."""

from __future__ import annotations

DIGEST = "5f" * 32


def cell(facet: str, status: str, sign: str, activities: int = 0, proven: int = 0, **more) -> dict:
    """Return one way to take part, as a snapshot holds it."""
    word = status.replace("-", " ").capitalize()
    return {
        "facet": facet, "title": facet.capitalize(), "status": status, "status_title": word, "sign": sign,
        "why": f"{proven} of {activities} proven", "facts": ["in 2 services"], "activities": activities,
        "proven": proven, "confirmed": 0, "changed": proven, "refused": 0, "strongest_part": "", "services": 1,
    } | more  # fmt: skip


def answer(number: int, **more) -> dict:
    """Return an answer to a gap."""
    return {
        "id": number, "kind": "plan", "kind_title": "Plan", "reason": f"Plan {number}", "owner": "Head of involvement",
        "due_on": "2027-01-31", "made_on": "2026-05-01", "ended_on": None, "overdue": False, "actions": [],
    } | more  # fmt: skip


def gap(rank: int, sentence: str, *answers: dict, identity: str = "*|owners|owners/priorities") -> dict:
    """Return a gap with its answers."""
    return {
        "identity": identity, "kind": "facet-empty", "sentence": sentence, "rank": rank, "responses": list(answers),
        "first_seen": None,
    }  # fmt: skip


def change(number: int, **more) -> dict:
    """Return what came of an activity."""
    return {
        "activity_id": number, "activity": f"Panel {number}", "asked": f"Ask {number}", "decision_point": "Trust board",
        "what": f"Change {number}", "why": "", "decided_on": "2026-03-04", "told_on": "2026-04-05", "grade": 2,
        "grade_title": "A document", "facets": ["Owners: strategy"],
        "evidence": [{"kind_title": "A document", "words": f"Minutes {number}", "dated_on": "2026-03-04"}],
    } | more  # fmt: skip


def activity(number: int, **more) -> dict:
    """Return an activity of the list."""
    return {
        "id": number, "reference": f"N-{number}", "title": f"Activity {number}", "service": "Maternity",
        "status_title": "Live", "state": "live", "place": "owners", "place_title": "Owners", "claim": "",
        "facets": ["Owners: strategy"], "part": "Asked", "started": "2026-01-02", "ended": None, "groups": ["Carers"],
        "grade": 2, "contested": False, "why": "It reached the board.",
    } | more  # fmt: skip


def place(slug: str, relationship: str, live: int, complete: bool, *cells: dict, aim: dict | None = None) -> dict:
    """Return a place with its ways."""
    return {
        "slug": slug, "title": slug.capitalize(), "relationship": relationship, "purpose": f"What {slug} are for",
        "aim": aim, "live": live, "complete": complete, "cells": list(cells),
    }  # fmt: skip


def snapshot(**more) -> dict:
    """Return a snapshot of the whole organisation: four places, seven ways, three in place."""
    aim = {"sentence": "People help to decide", "adopted_on": "2025-06-07", "adopted_by": "The board"}
    return {
        "format": 1,
        "organisation": {"slug": "ashdown", "name": "Ashdown NHS Trust", "kind": "NHS trust", "nation": "England"},
        "scope": {"service": None},
        "title": "Audit 2026", "as_at": "2026-11-01", "period": {"from": "2025-11-02", "to": "2026-11-01"},
        "taken_at": "2026-11-03T09:08:07+00:00", "framework_version": "2026.1",
        "map": {
            "organisation": "ashdown", "as_at": "2026-11-01", "framework_version": "2026.1",
            "activities": {
                "listed": 41, "live": 31, "not_dated": 4, "planned": 3, "lapsed": 3, "classified": 37,
                "unclassified": 4, "not_involvement": 2, "contested": 9, "part_not_recorded": 6,
                "by_place": {"owners": 5, "users": 12, "choosers": 1, "coproducers": 7},
            },
            "cells": [], "coproduction": {"called": 13, "any_stage": 8, "whole": 2}, "complete": ["owners"],
            "headline": "Nobody looks at the whole journey.",
        },
        "headline": "Nobody looks at the whole journey.", "share": 48, "corrections": 0,
        "places": [
            place("owners", "Voice", 5, True, cell("strategy", "in-place", "✓", 5, 3),
                  cell("priorities", "missing", "✕"), aim=aim),
            place("users", "Voice", 12, False, cell("quality", "in-place", "✓", 11, 4, changed=0, refused=4),
                  cell("access", "unproven", "?", 10, 0)),
            place("choosers", "Choice", 1, False, cell("respect", "none-recorded", "·"),
                  cell("treatment", "planned", "+")),
            place("coproducers", "Coproduction", 7, False, cell("co-design", "in-place", "✓", 6, 2)),
        ],
        "checklist": [
            {"slug": "unclassified", "sentence": "4 activities have no place yet.", "count": 4, "blocks": True},
            {"slug": "overdue", "sentence": "No answer is overdue.", "count": 0, "blocks": False},
        ],
        "gaps": [
            gap(1, "No one asks what comes first"),
            gap(2, "Access is unproven", answer(7, overdue=True, due_on="2026-08-09", reason="Ask every quarter")),
            gap(3, "Maternity: nothing on record", identity="maternity|users|users/access"),
        ],
        "decisions": [
            {"title": "Close a ward", "decided_on": "2026-02-03", "body": "Trust board", "why": "Beds go",
             "took_part": [{"id": 1, "title": "Activity 1", "place_title": "Owners"}]},
            {"title": "Move stroke care", "decided_on": "2026-05-06", "body": "Trust board", "why": "Long ways",
             "took_part": []},
        ],
        "changes": {
            "changed": [change(1), change(2, told_on=None)],
            "only_said": [change(3, grade=1, grade_title="Our word")],
            "refused": [change(4, what="", why="There is no money")],
        },
        "reviews": [
            {"id": 1, "title": "Spring review", "service": None, "opened_on": "2026-04-01", "closed_on": "2026-05-01",
             "activities": 12, "compared": 11, "same": 9, "by_place": {"coproducers": [1, 6], "users": [5, 5]},
             "called": 6, "called_same": 1, "reviewers": 3, "untold": 3,
             "sentences": ["The organisation calls 6 of these coproduction. Patient leaders see coproduction in 1."],
             "differences": [{"id": 1, "activity": "Activity 1", "said": "Coproducers", "seen": "Users",
                              "answers": [["Users", 2], ["Coproducers", 1]]}],
             "removed": [{"on": "2026-04-09", "reason": "Moved away"}]},
        ],
        "took_part": [
            {"id": 2, "activity": "Activity 2", "people": 10, "sentence": "7 of 9 say that little changed.",
             "scales": [{"question": "Were you heard?", "low": "Hardly", "high": "Fully", "counts": [1, 4, 3, 2, 0],
                         "unsure": 0}]},
        ],
        "dissent": [
            {"activity": "Activity 1", "by": "Pat Leader", "words": "Nobody asked us.", "made_on": "2026-07-08",
             "reply": "", "replied_on": None, "state": "unanswered"},
        ],
        "actions": [
            {"id": 3, "what": "Pay the panel", "owner": "Director of people", "due_on": "2026-09-10", "state": "open",
             "overdue": True, "cell_title": "Owners: strategy", "set_on": "2026-01-01", "closed_on": None,
             "evidence": ""},
        ],
        "rulings": [
            {"kind_title": "Friends and Family Test", "place_title": "Users", "reason": "It changes wards",
             "author": "Lea Lead", "from": "2026-01-05"},
        ],
        "duties": [
            {"title": "Involve people in plans", "citation": "Section 242", "as_at": "2026-01-01",
             "review_by": "2026-06-01", "check": True, "bears": ["Activity 1"]},
        ],
        "mechanisms": [
            {"slug": "governors", "title": "Governors", "activities": 3, "cells_lost": ["Owners: strategy"]},
        ],
        "services": [
            {"name": "Maternity", "places": [{"place": "owners", "label": "held trust-wide"},
                                             {"place": "users", "label": "1 of 2 in place"}]},
        ],
        "groups": [{"title": "Carers", "by_place": {"owners": 0, "users": 6, "choosers": 0, "coproducers": 0}}],
        "activities": [activity(1), activity(2, claim="Coproducers", contested=True, ended="2026-10-01")],
        "withdrawn": [{"id": 9, "title": "Twice", "on": "2026-04-01", "reason": "Entered twice", "by": "Ed Editor"}],
        "people_ids": {"taken_by": 1},
        "words": {"method": ["It is the trust’s own list."], "limits": ["What nobody entered is not here."]},
    } | more  # fmt: skip


def conclusions(**more) -> list[dict]:
    """Return the board's word on each place; ``owners="assured"`` changes one."""
    words = {"assured": "Assured", "partly": "Partly assured", "not-assured": "Not assured"}
    said = dict.fromkeys(("owners", "users", "choosers", "coproducers"), "partly") | more
    return [
        {"place": slug, "title": slug.capitalize(), "assurance": word, "assurance_title": words[word],
         "reason": f"Because of {slug}"}
        for slug, word in said.items()
    ]  # fmt: skip


def signed(**more) -> dict:
    """Return a sign-off."""
    return {
        "name": "Bob Board", "by": 5, "on": "2026-11-05", "statement": "I have read it", "digest": DIGEST,
        "seal": "6e" * 32,
    } | more  # fmt: skip
