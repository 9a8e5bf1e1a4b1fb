"""What benchmarks/generate.py writes by bulk is what actions would have written: the app counts it and goes on."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from benchmarks.bulk import Sheets, filling
from benchmarks.generate import KINDS, PASSWORD, fill
from involvement.actions.activities import add_activity, read_dates
from involvement.actions.base import today
from involvement.actions.influence import check_change
from involvement.maps import _Counting
from involvement.models import Activity, Change, Classification, Organisation, PieceOfWork, Placement, Service, User
from tests.involvement import map_twin as twin
from tests.involvement.test_maps_twin import said

HISTORIES = (Activity, Change, PieceOfWork, Service)
BUILT = {
    "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL"
    " SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint",
    "sqlite": "SELECT sql FROM sqlite_master WHERE sql <> ''",
}


def small(organisations: int = 2, activities: int = 60) -> Sheets:
    return fill(
        organisations=organisations, activities=activities, years=10, seed=1, large=30, day=today(),
        say=lambda *_words, **_how: None,
    )  # fmt: skip


@pytest.fixture
def registers(db) -> Sheets:
    """Two organisations of 30 activities each: ``bench-001`` and ``large``."""
    return small()


@pytest.mark.parametrize("ago", [0, 400, 1500])
def test_map_equals_twin(registers, ago):
    day = today() - timedelta(ago)
    for organisation in Organisation.objects.all():
        for service in (None, *organisation.services.all()[:2]):
            counting = _Counting(organisation, day, "", service.pk if service else 0)
            assert counting.activities() == twin.activity_counts(organisation, day, service)
            fast = counting.cells().get(service.pk if service else 0, {})
            assert said(fast) == said(twin.cell_facts(organisation, day, service))
            assert counting.coproduction() == twin.coproduction(organisation, day, service)
            assert counting.groups() == twin.groups(organisation, day, service)


def test_there_is_something_of_everything(registers):
    assert all(sheet.last == sheet.model.objects.count() > 0 for sheet in registers)
    assert 6 < Placement.objects.count() / Activity.objects.count() < 10
    counts = [twin.activity_counts(each, today()) for each in Organisation.objects.all()]
    for name in ("live", "lapsed", "unclassified", "not_involvement", "contested"):
        assert sum(getattr(each, name) for each in counts)
    assert Classification.objects.exclude(void_at=None).exists() and Classification.objects.exclude(until=None).exists()


def test_rules_of_the_actions_hold(registers):
    for row in Activity.objects.all():
        written = {name: getattr(row, name) for name in ("start_written", "end_written", "period", "stated_status")}
        dates = read_dates(**written)
        assert (row.started_on, row.ended_on) == (dates.started_on, dates.ended_on)
        row.clean_fields(exclude=["recorded_by"])
    for row in Change.objects.all():
        check_change(row, [each.facet for each in row.facets.all()])
    for organisation in Organisation.objects.all():
        assert organisation.version > 30
        late = organisation.activities.filter(recorded_at__date__gt=F("service__retired_on"))
        assert not late.exists()


def test_histories_end_with_what_the_rows_say(registers):
    for model in HISTORIES:
        for row in model.objects.all():
            newest, *older = row.history.order_by("-history_date", "-history_id")
            tracked = [field.attname for field in row.history.model.tracked_fields]
            assert {name: getattr(newest, name) for name in tracked} == {name: getattr(row, name) for name in tracked}
            assert [each.history_type for each in (newest, *older)] == ["~"] * len(older) + ["+"]
            assert getattr(row, "version", len(older) + 1) == len(older) + 1


def test_lead_signs_in_and_the_app_goes_on(registers, client):
    lead = User.objects.get(email="lead@large.example")
    assert lead.check_password(PASSWORD)
    client.force_login(lead)
    assert client.get("/o/large/map/").status_code == 200
    organisation = Organisation.objects.get(slug="large")
    activity = add_activity(organisation=organisation, by=lead, facts={"title": "A new one"})
    assert activity.pk == registers.of[Activity].last + 1
    page = client.get(f"/o/large/activities/{organisation.activities.order_by('pk').first().pk}/history/")
    assert page.status_code == 200


def test_same_seed_same_rows_whatever_lies_beside(db):
    def rows(sheets: Sheets) -> list:
        return [list(sheet.model.objects.order_by("pk").values_list()) for sheet in sheets]

    def large() -> list:
        own = Organisation.objects.get(slug="large").activities.order_by("pk")
        return list(own.values_list("title", "description", "started_on", "recorded_at", "service__name"))

    first, beside = rows(small()), large()
    for again in (lambda: rows(small()) == first, lambda: small(organisations=1, activities=30) and large() == beside):
        with connection.cursor() as cursor:
            for sheet in reversed(list(Sheets(*KINDS))):
                cursor.execute(f"DELETE FROM {sheet.table}")  # noqa: S608
        connection.check_constraints()
        assert again()


def built() -> list:
    """Return how every index and key of the database is made."""
    with connection.cursor() as cursor:
        cursor.execute(BUILT[connection.vendor])
        return sorted(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_indexes_and_keys_are_as_before():
    before = built()
    with filling(Sheets(*KINDS)):
        assert built() != before
    assert built() == before
