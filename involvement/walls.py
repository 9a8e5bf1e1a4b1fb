"""The policies of tenancy.py, for migrations. Whoever makes a table puts ``walls()`` last among the operations.

The app may read who belongs where, what organisations are called and which code opens which room without saying whose
rows it means: it finds out so who is asking. All other rows are an organisation's own. Histories and security events
may be added to, no more.
"""

from django.db import migrations

_HERE = "{key} = (SELECT NULLIF(current_setting('app.org', true), '')::bigint)"
_WIDE = "(SELECT current_setting('app.wide', true)) = 'on'"
_FUNCTION = """
CREATE OR REPLACE FUNCTION involvement_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF row_security_active(TG_RELID) THEN
    RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$"""
_READ_BY_ALL = ("membership", "room")
_APPEND_ONLY = ("securityevent",)


def walls() -> migrations.RunPython:
    """Return the operation that puts policies on every table of ours that has none yet. It does nothing on SQLite."""
    return migrations.RunPython(_build, _tear_down)


def _build(apps, schema_editor) -> None:
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_policies WHERE schemaname = current_schema()")
        walled = {name for (name,) in cursor.fetchall()}
    schema_editor.execute(_FUNCTION, params=None)
    for model in apps.get_app_config("involvement").get_models():
        table = model._meta.db_table
        if table not in walled:
            for statement in _policies(model):
                schema_editor.execute(statement.format(table=schema_editor.quote_name(table)), params=None)


def _tear_down(apps, schema_editor) -> None:
    """Take every policy away: without one, rows would be nobody's, so the wall is switched off too."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename, policyname FROM pg_policies WHERE schemaname = current_schema()")
        found = cursor.fetchall()
    for table, policy in found:
        schema_editor.execute(f'DROP POLICY "{policy}" ON "{table}"', params=None)
        schema_editor.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY', params=None)
    schema_editor.execute("DROP FUNCTION IF EXISTS involvement_append_only() CASCADE", params=None)


def _policies(model) -> list[str]:
    """Return the statements for one table, ``{table}`` still in them; none for a table of no organisation."""
    name = model._meta.model_name
    is_organisation = name == "organisation"
    if not is_organisation and "organisation" not in {field.name for field in model._meta.fields}:
        return []
    own = f"({_HERE.format(key='id' if is_organisation else 'organisation_id')} OR {_WIDE})"
    reading, adding, changing, removing = own, own, own, own
    if is_organisation:
        reading, adding, removing = "true", _WIDE, _WIDE
    elif name in _READ_BY_ALL:
        reading = "true"
    statements = [
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY own_rows_read ON {{table}} FOR SELECT USING ({reading})",
        f"CREATE POLICY own_rows_added ON {{table}} FOR INSERT WITH CHECK ({adding})",
    ]
    if name in _APPEND_ONLY or name.startswith("historical"):
        return [
            *statements,
            "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION involvement_append_only()",
        ]
    return [
        *statements,
        f"CREATE POLICY own_rows_changed ON {{table}} FOR UPDATE USING ({changing}) WITH CHECK ({changing})",
        f"CREATE POLICY own_rows_removed ON {{table}} FOR DELETE USING ({removing})",
    ]
