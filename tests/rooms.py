"""A room full of people for tests: phones that have joined, and what they said."""

from __future__ import annotations

from collections.abc import Iterable

from django.test import Client
from django.urls import reverse

from involvement import facilitation
from involvement.actions import hosting
from involvement.actions.base import today
from involvement.models import Participant, User, Workshop

PROMISE = "By the end of March we tell you here what we took and what we did not."


def plan(
    organisation, by: User, mode: str = "map", *, opened: bool = True, activities: Iterable = (), **facts
) -> Workshop:
    """Plan a workshop and, unless told otherwise, open its door, and begin with the step after the welcome."""
    workshop = hosting.plan_workshop(
        organisation=organisation, by=by, mode=mode, held_on=today(),
        **{"title": "An evening in the hall", "purpose": "To see who takes part", "promise": PROMISE, **facts},
    )  # fmt: skip
    if activities:
        hosting.choose_activities(workshop=workshop, by=by, activities=activities)
    if opened:
        hosting.open_door(workshop=workshop, by=by)
        hosting.move(workshop=workshop, by=by, step=facilitation.first_work(mode).slug)
    return fresh(workshop)


def fresh(workshop: Workshop) -> Workshop:
    """Return the workshop as it is in the database now, with its room."""
    return Workshop.objects.select_related("room", "organisation", "facilitator").get(pk=workshop.pk)


def phone(workshop: Workshop, perspective: str = "patient", nickname: str = "") -> Client:
    """Return a phone that has joined, with its cookie."""
    client = Client()
    response = client.post(
        reverse("room", args=[workshop.room.code]), {"perspective": perspective, "nickname": nickname}
    )
    assert response.status_code == 302, response.content.decode()
    return client


def hall(workshop: Workshop, **people: int) -> list[Participant]:
    """Let so many of each perspective in, without phones of their own: ``hall(workshop, patient=9, staff=12)``."""
    return [
        Participant.objects.create(
            organisation_id=workshop.organisation_id, workshop=workshop, perspective=perspective
        )
        for perspective, number in people.items()
        for _each in range(number)
    ]
