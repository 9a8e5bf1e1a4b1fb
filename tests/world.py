"""Two small organisations and a cast, built through actions.

Ashdown Hospitals (``ashdown``)                     Zebrafinch Community Trust (``birchwood``)
  lea   lead            pat  patient leader           bo    lead
  ed    editor          fay  facilitator              bea   viewer
  bob   board member    vi   viewer
  services   Maternity, Cancer                        Zebrafinch podiatry
  activities survey (maternity, users/experience),    survey
             panel (trust-wide, not classified)
  one each   piece of work, change, evidence,         one of each too
             response, statement of completeness,
             past import, open invitation, ruling, press that confirmed many (undone),
             action, decision in which the survey took part, challenge (it stands)

sam has an account and belongs nowhere. MARKER stands in every text of Birchwood, and must show in no page of Ashdown.
``build()`` makes it all; things hang from their side: ``world.ashdown.survey``, ``world.people["ed"]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from django.db.models import QuerySet
from django.utils import timezone

from involvement.access import Role, Viewer
from involvement.actions import (
    accounts,
    activities,
    board,
    decisions,
    influence,
    invitations,
    organisations,
    pieces,
    responses,
    rulings,
)
from involvement.actions.base import today
from involvement.models import (
    Challenge,
    ChallengeStep,
    Classification,
    Complete,
    ConfirmedBatch,
    Import,
    Organisation,
    Placement,
    User,
)

MARKER = "Zebrafinch"
PASSWORD = "correct-horse-battery"  # noqa: S105  an invented password for invented people

ASHDOWN = {
    "lea": Role.LEAD,
    "ed": Role.EDITOR,
    "pat": Role.PATIENT_LEADER,
    "bob": Role.BOARD_MEMBER,
    "fay": Role.FACILITATOR,
    "vi": Role.VIEWER,
}
BIRCHWOOD = {"bo": Role.LEAD, "bea": Role.VIEWER}


@dataclass
class World:
    people: dict[str, User]
    ashdown: SimpleNamespace
    birchwood: SimpleNamespace

    def viewer(self, name: str, organisation: Organisation | None = None) -> Viewer:
        """Return the viewer that a member is in their organisation."""
        organisation = organisation or (self.ashdown if name in ASHDOWN else self.birchwood).organisation
        roles = organisation.memberships.filter(user=self.people[name], until=None).values_list("role", flat=True)
        return Viewer(self.people[name], organisation, frozenset(map(Role, roles)))


def classify_as(activity, by: User, place: str, *placements: dict, claim: str = "", **fields) -> Classification:
    """Write a leader's classification directly: for tests whose subject is what follows from it."""
    classification = Classification.objects.create(
        organisation=activity.organisation,
        activity=activity,
        recorded_by=by,
        primary_place=place,
        claim=claim,
        framework_version="test",
        **fields,
    )
    for placement in placements:
        Placement.objects.create(organisation=activity.organisation, classification=classification, **placement)
    return classification


def rewrite(rows, **values) -> None:
    """Write values into rows that the app refuses to change, as a test's way to lay them in the past."""
    QuerySet.update(rows, **values)


def _person(name: str) -> User:
    person = User.objects.create_user(f"{name}@example.org", PASSWORD, name=name.capitalize())
    accounts.prove_address(user=person)
    return person


def _side(slug: str, name: str, lead: User, services: tuple[str, ...], word: str) -> SimpleNamespace:
    """One organisation with one of each record; ``word`` stands in every text."""
    organisation = organisations.create_organisation(
        slug=slug, name=name, kind=Organisation.Kind.TRUST, nation=Organisation.Nation.ENGLAND
    )
    organisations.give_role(organisation=organisation, user=lead, role=Role.LEAD, by=None)
    side = SimpleNamespace(organisation=organisation)
    side.services = [organisations.add_service(organisation=organisation, by=lead, name=each) for each in services]
    side.piece = pieces.add_piece(
        organisation=organisation, by=lead, title=f"{word} foot clinic", problem_statement=f"{word} waits are too long"
    )
    side.survey = activities.add_activity(
        organisation=organisation,
        by=lead,
        facts={
            "title": f"{word} survey",
            "reference": f"{word}-1",
            "description": f"{word} asked people what care was like",
            "service": side.services[0],
            "piece": side.piece,
            "stated_status": "running",
            "named_lead": f"{word} lead",
            "groups": [{"group": "carers", "reach": 12, "support": f"{word} travel paid"}],
        },
    )
    classify_as(
        side.survey, lead, "users", {"facet": "users/experience", "part": "asked", "heard": True}, claim="users"
    )
    side.change = influence.record_change(
        activity=side.survey,
        by=lead,
        facets=["users/experience"],
        asked=f"{word} asked for later visits",
        outcome="changed",
        what=f"{word} visits are later",
        decided_on=today(),
    )
    side.evidence = influence.add_evidence(change=side.change, by=lead, kind="document", reference=f"{word} minutes")
    side.response = responses.respond(
        organisation=organisation,
        by=lead,
        place="owners",
        facet="owners/priorities",
        kind="plan",
        reason=f"{word} will ask people",
        owner=f"{word} chair",
        due_on=today(),
    )
    side.statement = Complete.objects.create(
        organisation=organisation,
        recorded_by=lead,
        scope="service",
        service=side.services[0],
        place="users",
        as_at=today(),
    )
    side.imported = Import.objects.create(
        organisation=organisation, recorded_by=lead, file_name=f"{word}.csv", settled_at=timezone.now(),
        added=0, here=0, refused=0,
    )  # fmt: skip
    [issued] = invitations.invite(
        organisation=organisation, by=lead, people=[(f"{word}-invited@example.org", f"{word} person")], roles=["viewer"]
    )
    side.invitation, side.token = issued
    side.ruling = rulings.record_ruling(
        organisation=organisation,
        by=lead,
        contested_kind="scrutiny",
        place="owners",
        reason=f"{word} council answers to citizens",
        author=f"{word} board",
        from_on=today(),
    )
    side.action = board.set_action(
        organisation=organisation,
        by=lead,
        place="owners",
        facet="owners/priorities",
        response=side.response,
        what=f"{word} asks people what comes first",
        owner=f"{word} chair",
        due_on=today(),
        note=f"{word} board agreed",
    )
    side.decision = decisions.list_decision(
        organisation=organisation, by=lead, title=f"{word} closes a ward", decided_on=today(), body=f"{word} board",
        why=f"{word} people lose a ward",
    )  # fmt: skip
    side.decision = decisions.say_who_took_part(
        decision=side.decision, by=lead, version=side.decision.version, activities=[side.survey]
    )
    side.batch = ConfirmedBatch.objects.create(
        organisation=organisation, recorded_by=lead, number=2, undone_at=timezone.now(), undone_by=lead,
        left_out={"changed": [side.survey.pk]},
    )  # fmt: skip
    return side


def _challenged(side: SimpleNamespace, by: User, word: str) -> Challenge:
    """A challenge of the survey that was answered, and stands."""
    mine = {"organisation": side.organisation, "recorded_by": by}
    row = Challenge.objects.create(
        **mine, kind="how-it-happened", activity=side.survey, words=f"{word} was not asked like that", made_on=today()
    )
    row.dues.create(**mine, from_on=today(), due_on=today(), met_on=today())
    for kind, words in (("explain", f"{word} was asked by post"), ("stand", f"{word} had no answer to that")):
        ChallengeStep.objects.create(**mine, challenge=row, kind=kind, on=today(), words=words)
    return row


def build() -> World:
    """Make both organisations and everyone in them (see the drawing above)."""
    people = {name: _person(name) for name in (*ASHDOWN, *BIRCHWOOD, "sam")}
    ashdown = _side("ashdown", "Ashdown Hospitals", people["lea"], ("Maternity", "Cancer"), "Ashdown")
    birchwood = _side("birchwood", f"{MARKER} Community Trust", people["bo"], (f"{MARKER} podiatry",), MARKER)
    ashdown.panel = activities.add_activity(
        organisation=ashdown.organisation, by=people["lea"], facts={"title": "Citizens’ panel", "period": "2021/22"}
    )
    for side, cast in ((ashdown, ASHDOWN), (birchwood, BIRCHWOOD)):
        for name, role in cast.items():
            if role is not Role.LEAD:
                organisations.give_role(organisation=side.organisation, user=people[name], role=role, by=None)
    ashdown.challenge = _challenged(ashdown, people["pat"], "Ashdown")
    birchwood.challenge = _challenged(birchwood, people["bo"], MARKER)
    return World(people=people, ashdown=ashdown, birchwood=birchwood)
