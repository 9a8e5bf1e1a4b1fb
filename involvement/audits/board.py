"""What a snapshot takes over from the board's own lists: decisions, actions, duties, mechanisms, dissent.

One function a list, each (viewer, asked) -> plain data as README, "The snapshot", says it.
"""

from __future__ import annotations


def decisions(viewer, asked) -> list[dict]:
    """Return the major or hard decisions of the period, each with the activities through which people took part."""
    return []


def actions(viewer, asked) -> list[dict]:
    """Return the actions that were set by the day, those overdue first."""
    return []


def action_ids(viewer, asked) -> dict[int, list[int]]:
    """Return the ids of the actions of each response, by its id."""
    return {}


def duties(viewer, asked) -> list[dict]:
    """Return the duties that an organisation of this kind and nation is under, with what bears on each."""
    return []


def mechanisms(viewer, asked) -> list[dict]:
    """Return what activities rest on, and the ways that would be lost without each."""
    return []


def dissent(viewer, asked) -> list[dict]:
    """Return what patient leaders disagree with, in their own words and in full."""
    return []


def unanswered_challenges(viewer, asked) -> int:
    """Return how many challenges of patient leaders have no answer."""
    return 0
