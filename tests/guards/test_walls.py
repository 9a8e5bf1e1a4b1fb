"""The wall in the database: on PostgreSQL the app's role gets the rows of one organisation, or none.

Mutants that these tests were seen to catch: a table without policies, a policy that is always true, one policy of a
kind (read, added, changed, removed) dropped, the trigger of a history dropped, the setting made for the session.
"""

import ast

import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import Warning as CheckWarning
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from involvement import checks
from involvement.actions import activities
from involvement.models import Organisation, SecurityEvent
from involvement.tenancy import everywhere, holds, inside
from tests.application_role import as_application, counted
from tests.audits import published_audit
from tests.world import ASHDOWN, MARKER

# Tables of ours that are no organisation's: accounts, reference data, and what an organisation itself is.
OF_NOBODY = {"healthbody", "user", "user_groups", "user_user_permissions", "organisation"}
READ_BY_ALL = {"involvement_membership", "involvement_room"}
APPEND_ONLY = {"involvement_securityevent"}
# Where more than one organisation's rows may be asked for, and why each has to.
EVERYWHERE = {
    "actions/assessing.py",  # a token does not say whose it is
    "actions/invitations.py",  # a token does not say whose it is
    "actions/security.py",  # an account's events are no organisation's
    "demo/__init__.py",  # makes an organisation
    "files.py",  # a file's address does not say whose it is
    "management/commands/add_organisation.py",  # makes an organisation
    "management/commands/remind.py",  # one letter a person, whatever they belong to
    "personal.py",  # shows a person what is held about them, wherever they belong
    "operators.py",  # who runs the installation looks after all organisations
    "ledger.py",  # sign-ins of members, which are events of accounts
}
postgresql = pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="SQLite has no such wall"
)


def tables() -> dict[str, type]:
    """Return every model of ours that has an organisation, histories too, by the name of its table."""
    found = {}
    for model in apps.get_app_config("involvement").get_models():
        if "organisation" in {field.name for field in model._meta.fields}:
            found[model._meta.db_table] = model
    return found


def append_only(table: str) -> bool:
    return table in APPEND_ONLY or table.startswith("involvement_historical")


def sql(statement: str, *values) -> int:
    """Run one statement; return how many rows it met."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0] if statement.startswith("SELECT") else cursor.rowcount


def refused(statement: str, *values) -> str:
    with pytest.raises(ProgrammingError) as error, transaction.atomic():
        sql(statement, *values)
    return str(error.value)


def count(table: str, where: str = "") -> int:
    return sql(f"SELECT count(*) FROM {table} {where}")


@pytest.fixture
def filled(world):
    """The world, with at least one row of Birchwood's in every table of an organisation's."""
    home, by = world.birchwood.organisation, world.people["bo"]
    activities.add_activity(organisation=home, by=by, facts={"title": f"{MARKER} panel"})
    published_audit(home, by, title=f"{MARKER} audit")
    for model in tables().values():
        if not model._base_manager.filter(organisation=home).exists():
            row = _least(model, world, home, by)
            model._base_manager.bulk_create([row])
    return world


def _least(model, world, home, by):
    """Return a row of a kind that the world has none of. What it says is of no matter here."""
    from django.db import models

    values = {}
    for field in model._meta.fields:
        if field.primary_key or field.null or field.has_default() or getattr(field, "auto_now_add", False):
            continue
        if isinstance(field, models.ForeignKey):
            rows = field.related_model._base_manager
            own = "organisation" in {each.name for each in field.related_model._meta.fields}
            rows = (rows.filter(organisation=home) if own else rows.filter(pk=home.pk)).order_by("pk")
            values[field.name] = next((row for row in rows if row not in values.values()), None)
            if field.related_model is type(by):
                values[field.name] = by
        elif field.choices and not field.blank:
            values[field.name] = field.choices[0][0]
        elif isinstance(field, models.UUIDField):
            values[field.name] = "00000000-0000-4000-8000-00000000000a"
        elif isinstance(field, models.DateTimeField):
            values[field.name] = home.recorded_at
        elif isinstance(field, models.DateField):
            values[field.name] = home.recorded_at.date()
        elif isinstance(field, models.IntegerField):
            values[field.name] = 1
        elif isinstance(field, models.JSONField):
            values[field.name] = {}
    return model(**{**values, "organisation": home})


def test_every_table_says_whose_its_rows_are():
    """Or no policy could be written for it."""
    of_nobody = {
        model._meta.db_table.removeprefix("involvement_")
        for model in apps.get_app_config("involvement").get_models(include_auto_created=True)
        if model._meta.db_table not in tables()
    }
    assert of_nobody == OF_NOBODY
    assert len(tables()) > 25


def test_only_these_ask_for_rows_of_more_than_one_organisation():
    found, root = set(), settings.BASE_DIR / "involvement"
    for path in root.rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        if any(isinstance(call.func, ast.Name) and call.func.id == "everywhere" for call in calls):
            found.add(str(path.relative_to(root)))
    assert found == EVERYWHERE


@postgresql
def test_every_table_has_its_policies(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity")
        walled = {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT tablename, cmd FROM pg_policies")
        policies = {}
        for table, command in cursor.fetchall():
            policies.setdefault(table, set()).add(command)
    assert walled == set(policies) == {*tables(), "involvement_organisation"}
    for table in tables():
        assert policies[table] == {"SELECT", "INSERT"} | (set() if append_only(table) else {"UPDATE", "DELETE"}), table
    assert policies["involvement_organisation"] == {"SELECT", "INSERT", "UPDATE", "DELETE"}


@postgresql
def test_without_a_word_whose_there_are_no_rows(filled):
    with as_application():
        seen = {table for table in tables() if count(table)}
    assert seen == READ_BY_ALL
    assert all(count(table) for table in tables())


@postgresql
def test_nor_is_anything_added_changed_or_removed(filled):
    home = filled.ashdown.organisation.pk
    with as_application():
        for table in tables():
            if append_only(table):
                assert "append-only" in refused(f"UPDATE {table} SET organisation_id = organisation_id")
                assert "append-only" in refused(f"DELETE FROM {table}")
            else:
                assert sql(f"UPDATE {table} SET organisation_id = organisation_id") == 0, table
                assert sql(f"DELETE FROM {table}") == 0, table
            assert "row-level security" in refused(f"INSERT INTO {table} (organisation_id) VALUES (%s)", home), table
        assert sql("UPDATE involvement_organisation SET version = version + 1") == 0
        assert sql("DELETE FROM involvement_organisation") == 0
        assert "row-level security" in refused("INSERT INTO involvement_organisation (slug) VALUES ('x')")


@postgresql
def test_inside_one_organisation_the_others_rows_are_not_there(filled):
    home, other = filled.ashdown.organisation, filled.birchwood.organisation
    theirs = f"WHERE organisation_id = {other.pk}"
    with as_application(), inside(home):
        for table in tables():
            assert count(table, theirs) == 0 or table in READ_BY_ALL, table
            if not append_only(table):
                assert sql(f"UPDATE {table} SET organisation_id = organisation_id {theirs}") == 0, table
                assert sql(f"DELETE FROM {table} {theirs}") == 0, table
            said = refused(f"INSERT INTO {table} (organisation_id) VALUES (%s)", other.pk)
            assert "row-level security" in said, table
        assert sql(f"UPDATE involvement_organisation SET version = version + 1 WHERE id = {other.pk}") == 0
        assert count("involvement_activity") == home.activities.count() == 2


@postgresql
def test_at_home_rows_can_be_read_added_and_changed(filled):
    """Or the tests above would pass for a role that may do nothing at all."""
    home = filled.birchwood.organisation
    own = f"WHERE organisation_id = {home.pk}"
    with as_application(), inside(home):
        for table in tables():
            assert count(table, own) > 0, table
            if append_only(table):
                assert "append-only" in refused(f"UPDATE {table} SET organisation_id = organisation_id")
                assert "append-only" in refused(f"DELETE FROM {table}")
            else:
                assert sql(f"UPDATE {table} SET organisation_id = organisation_id {own}") > 0, table
                # blind: what reads no column is not kept from rows that cannot be seen, but by its own policy
                given = refused(f"UPDATE {table} SET organisation_id = {filled.ashdown.organisation.pk}")
                assert "row-level security" in given, table
            # past the policy, and refused for what the row lacks
            with pytest.raises(Exception, match="not-null|null value"), transaction.atomic():
                sql(f"INSERT INTO {table} (organisation_id) VALUES (%s)", home.pk)
        assert sql("DELETE FROM involvement_requestkey") > 0


@postgresql
def test_what_was_said_is_forgotten_with_the_transaction(world):
    home = world.ashdown.organisation
    with as_application():
        with inside(home):
            assert count("involvement_activity") == 2
        assert count("involvement_activity") == 0
        with pytest.raises(ZeroDivisionError), inside(home):
            raise ZeroDivisionError
        assert count("involvement_activity") == 0
        with inside(home), everywhere():
            assert count("involvement_activity") == 3  # all there are
        with inside(home):
            with everywhere():
                pass
            assert count("involvement_activity") == 2


@postgresql
@pytest.mark.django_db(transaction=True)
def test_the_next_request_on_the_same_connection_knows_nothing():
    from tests.world import build

    home = build().ashdown.organisation
    with as_application():
        with inside(home):
            assert count("involvement_activity") == 2
        assert not connection.in_atomic_block
        assert count("involvement_activity") == 0


@postgresql
def test_nobody_steps_from_one_organisation_into_another(world):
    with inside(world.ashdown.organisation):
        with inside(world.ashdown.organisation):
            pass
        with pytest.raises(RuntimeError), inside(world.birchwood.organisation):
            pass


@postgresql
def test_a_forgotten_filter_shows_nothing_of_the_other(world, client, monkeypatch):
    """The code's own walls taken away: a loader that looks through everything still finds only what is at home."""
    from involvement.models import Activity

    monkeypatch.setattr(type(world.ashdown.organisation), "activities", property(lambda _self: Activity.objects.all()))
    client.force_login(world.people["lea"])
    assert client.get(f"/o/ashdown/activities/{world.ashdown.survey.pk}/").status_code == 200
    assert client.get(f"/o/ashdown/activities/{world.birchwood.survey.pk}/").status_code == 404
    exported = b"".join(client.get("/o/ashdown/activities.csv").streaming_content).decode()
    assert "Ashdown survey" in exported and MARKER not in exported


@postgresql
@pytest.mark.parametrize("person", ASHDOWN)
def test_every_page_opens_for_the_apps_role(world, client, person):
    """The suite's requests are answered as that role (tests/application_role.py): here it is seen to be so."""
    seen = []
    client.force_login(world.people[person])
    with CaptureQueriesContext(connection) as queries:
        response = client.get("/o/ashdown/")
        seen.append(response.status_code)
    asked = [query["sql"] for query in queries]
    assert seen == [200]
    assert asked[0].startswith("SET ROLE") and asked[-1] == "RESET ROLE"
    # what the wall costs: a savepoint (a transaction, outside the tests), the setting, and both taken back
    assert len([each for each in asked if "set_config('app." in each]) == 2
    assert len(asked) - len(counted(queries)) <= 7


@postgresql
def test_the_commands_work_for_the_apps_role(world, tmp_path, capsys, settings):
    settings.DEBUG = True
    listed = tmp_path / "list.csv"
    listed.write_text("title\nWard walkabout\n")
    with as_application():
        call_command("map", "ashdown")
        call_command("import_activities", "ashdown", str(listed))
        call_command("demo")
        call_command("add_organisation", "elmford", "--name", "Elmford", "--lead", "lee@example.org")
    said = capsys.readouterr().out
    assert '"organisation": "ashdown"' in said and "1 added" in said
    assert world.ashdown.organisation.activities.filter(title="Ward walkabout").exists()
    assert Organisation.objects.get(slug="northfield").activities.count() > 20
    assert Organisation.objects.get(slug="elmford").memberships.count() == 1


def test_security_events_and_their_selections_are_written_once(world):
    event = SecurityEvent.objects.latest("pk")
    for change in (
        event.save,
        event.delete,
        SecurityEvent.objects.all().delete,
        lambda: SecurityEvent.objects.update(kind="x"),
        lambda: SecurityEvent.objects.bulk_update([event], ["kind"]),
        lambda: world.ashdown.organisation.security_events.all().delete(),
        lambda: world.ashdown.organisation.security_events.update(kind="x"),
    ):
        with pytest.raises(TypeError, match="append-only"):
            change()
    assert SecurityEvent.objects.filter(pk=event.pk, kind=event.kind).exists()


def test_a_role_that_the_wall_does_not_hold_for_is_told_of(db):
    """The owner of the tables, as which tests run, is one; on SQLite there is nothing to tell."""
    told = checks.the_database_keeps_organisations_apart()
    if connection.vendor == "sqlite":
        assert told == [] and not holds()
        return
    assert [(type(each), each.id) for each in told] == [(CheckWarning, "involvement.W012")]
    with as_application():
        assert holds() and checks.the_database_keeps_organisations_apart() == []
