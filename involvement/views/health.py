"""Two addresses for whoever watches over the server. They need no account and say nothing about anybody."""

import shutil

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from involvement.access import public_view

FREE_BYTES = 500 * 1024 * 1024


@public_view
@require_safe
def healthz(request):
    """The process is up. Touches no database, so that a failing database does not restart every server."""
    return HttpResponse("ok", content_type="text/plain")


@public_view
@require_safe
def readyz(request):
    """This server can do its work: the database answers, migrations are applied, the disk has room. Else 503."""
    wrong = _what_is_wrong()
    return HttpResponse(wrong or "ready", status=503 if wrong else 200, content_type="text/plain")


def _what_is_wrong() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "migrations are not applied"
    except DatabaseError:
        return "the database does not answer"
    folder = settings.MEDIA_ROOT if settings.MEDIA_ROOT.exists() else settings.BASE_DIR
    if shutil.disk_usage(folder).free < FREE_BYTES:
        return "the disk is nearly full"
    return ""
