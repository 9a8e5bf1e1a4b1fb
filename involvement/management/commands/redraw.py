"""`manage.py redraw ORG ROUND`: draw the sample of a review round again, and say whether it is the same."""

from django.core.management.base import BaseCommand, CommandError

from involvement import sampling
from involvement.models import Organisation, ReviewRound
from involvement.tenancy import inside


class Command(BaseCommand):
    help = "Draw the sample of a review round again from its seed, and who looks at what; say whether it is the same."

    def add_arguments(self, parser):
        parser.add_argument("organisation", metavar="ORG", help="the organisation's short name, as in its address")
        parser.add_argument("round", metavar="ROUND", type=int, help="the round's number, as in its address")

    def handle(self, *, organisation, round, **_options):
        """Print what was found; CommandError (exit code 1) when it differs, or nothing is there."""
        found = Organisation.objects.filter(slug=organisation).first()
        if found is None:
            raise CommandError(f"There is no organisation called “{organisation}”.")
        with inside(found):
            one = found.review_rounds.filter(pk=round).first()
            if one is None:
                raise CommandError(f"{found.name} has no review round {round}.")
            self._look(one)

    def _look(self, one: ReviewRound) -> None:
        if one.frame["method"] != sampling.METHOD:
            raise CommandError(f"It was drawn by method {one.frame['method']}; this program has {sampling.METHOD}.")
        drawn = sampling.draw((tuple(each) for each in one.frame["activities"]), one.size, one.seed)
        kept = sorted(one.drawn.values_list("activity", flat=True))
        given: dict[int, list[int]] = {pk: [] for pk in one.reviewers.values_list("person", flat=True)}
        for person, activity in one.tasks.order_by("position").values_list("reviewer__person", "activity"):
            given[person].append(activity)
        wrong = []
        if drawn != kept:
            wrong.append(f"the activities: drawn again {drawn}, kept {kept}")
        if sampling.assign(drawn, given, one.each, one.seed) != given:
            wrong.append("who looks at which, and in which order")
        if wrong:
            raise CommandError(f"“{one.title}” differs in {'; '.join(wrong)}.")
        self.stdout.write(
            f"The same: {len(drawn)} activities out of {len(one.frame['activities'])}, {one.each} people at each."
        )
