"""Organisations, their services and the roles in them, through their actions."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from involvement.access import Role
from involvement.actions import organisations
from involvement.actions.base import Refused, today
from involvement.models import Organisation, SecurityEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def trust():
    return organisations.create_organisation(slug="ashdown", name="Ashdown Hospitals")


@pytest.fixture
def lea(trust):
    user = User.objects.create_user("lea@example.org", name="Lea")
    organisations.give_role(organisation=trust, user=user, role=Role.LEAD, by=None)
    return user


def _events(trust, kind):
    return list(SecurityEvent.objects.filter(organisation=trust, kind=kind).values_list("detail", flat=True))


def test_an_organisation_is_made_once(trust):
    assert Organisation.objects.get().slug == "ashdown"
    for wrong in (
        {"slug": "ashdown"},
        {"slug": "no spaces"},
        {"slug": "new", "kind": "circus"},
        {"slug": "new", "nation": "mars"},
    ):
        with pytest.raises(Refused):
            organisations.create_organisation(**{"name": "Another", **wrong})
    assert Organisation.objects.count() == 1


def test_a_service_has_a_name_of_its_own_whatever_its_case(trust, lea):
    service = organisations.add_service(organisation=trust, by=lea, name="  Cancer   care ")
    assert (service.name, service.slug) == ("Cancer care", "cancer-care")
    for name in ("", "   ", "CANCER care", "x" * 121):
        with pytest.raises(Refused) as refused:
            organisations.add_service(organisation=trust, by=lea, name=name)
        assert list(refused.value.messages) == ["name"]
    assert trust.services.count() == 1
    assert service.history.get().history_user == lea


def test_services_that_sound_alike_get_different_addresses(trust, lea):
    names = ("A&E", "A+E", "急诊", "外科")
    slugs = [organisations.add_service(organisation=trust, by=lea, name=name).slug for name in names]
    assert len(set(slugs)) == 4 and all(slugs)


def test_a_renamed_service_keeps_its_address(trust, lea):
    service = organisations.add_service(organisation=trust, by=lea, name="Cancer")
    other = organisations.add_service(organisation=trust, by=lea, name="Maternity")
    renamed = organisations.rename_service(service=service, by=lea, name="CANCER care")
    assert (renamed.name, renamed.slug) == ("CANCER care", "cancer")
    assert organisations.rename_service(service=service, by=lea, name="cancer CARE").name == "cancer CARE"
    with pytest.raises(Refused):
        organisations.rename_service(service=other, by=lea, name="Cancer care")


def test_a_service_retires_once_and_never_in_the_future(trust, lea):
    service = organisations.add_service(organisation=trust, by=lea, name="Cancer")
    with pytest.raises(Refused):
        organisations.retire_service(service=service, by=lea, on=today() + timedelta(days=1))
    day = today() - timedelta(days=3)
    assert organisations.retire_service(service=service, by=lea, on=day).retired_on == day
    assert organisations.retire_service(service=service, by=lea).retired_on == day


def test_a_role_is_given_once_and_leaves_a_trace(trust, lea):
    first = organisations.give_role(organisation=trust, user=lea, role="editor", by=lea)
    again = organisations.give_role(organisation=trust, user=lea, role=Role.EDITOR, by=lea)
    assert first == again
    assert _events(trust, "role-given") == [{"user": lea.pk, "role": "lead"}, {"user": lea.pk, "role": "editor"}]
    with pytest.raises(Refused):
        organisations.give_role(organisation=trust, user=lea, role="king", by=lea)


def test_the_last_lead_stays(trust, lea):
    lead = trust.memberships.get(role=Role.LEAD)
    with pytest.raises(Refused):
        organisations.end_role(membership=lead, by=lea)
    second = User.objects.create_user("ed@example.org", name="Ed")
    organisations.give_role(organisation=trust, user=second, role=Role.LEAD, by=lea)
    ended = organisations.end_role(membership=lead, by=second)
    assert ended.until == today()
    assert organisations.end_role(membership=lead, by=second).until == today()
    assert _events(trust, "role-ended") == [{"user": lea.pk, "role": "lead"}]
    with pytest.raises(Refused):
        organisations.end_role(membership=trust.memberships.get(user=second), by=lea)


def test_a_write_raises_the_version_that_caches_are_keyed_by(trust, lea):
    before = Organisation.objects.get(pk=trust.pk).version
    organisations.add_service(organisation=trust, by=lea, name="Cancer")
    assert Organisation.objects.get(pk=trust.pk).version == before + 1


def test_the_command_makes_an_empty_organisation_that_its_lead_can_open(client):
    out = io.StringIO()
    call_command("add_organisation", "ashdown", "--name", "Ashdown Hospitals", "--lead", "Lea@example.org", stdout=out)
    password = out.getvalue().strip().rsplit(" ", 1)[1]
    assert client.login(email="lea@example.org", password=password)
    assert client.get("/o/ashdown/").status_code == 200
    assert client.get("/o/ashdown/map.json").json()["activities"]["listed"] == 0
    people = User.objects.count()
    for arguments in (["ashdown", "--name", "Again", "--lead", "new@example.org"], ["b", "--name", "B", "--lead", "x"]):
        with pytest.raises(CommandError):
            call_command("add_organisation", *arguments)
    assert User.objects.count() == people and Organisation.objects.count() == 1, "all or nothing"
