#!/bin/sh
# The role that the web processes connect as: it owns nothing, so the rules of the database hold for it. Run it as the
# owner, once for a new database, after a restore, and again to change the password; running it twice changes nothing.
set -eu
: "${APP_PASSWORD:?Set APP_PASSWORD to the password of the role involvement_app}"
psql --set ON_ERROR_STOP=1 --set password="$APP_PASSWORD" \
  --username "${POSTGRES_USER:-involvement_owner}" --dbname "${POSTGRES_DB:-involvement}" <<'SQL'
SELECT 'CREATE ROLE involvement_app LOGIN NOSUPERUSER NOBYPASSRLS'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'involvement_app') \gexec
ALTER ROLE involvement_app PASSWORD :'password';
GRANT USAGE ON SCHEMA public TO involvement_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO involvement_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO involvement_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO involvement_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO involvement_app;
SQL
