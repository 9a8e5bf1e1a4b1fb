"""The app that holds the theory."""

from django.apps import AppConfig
from django.apps import apps as installed
from django.db.models.signals import post_migrate


def mirror_content(sender, using, apps=installed, **kwargs) -> None:
    """Mirror the content into the database after a migration; nothing to do where the tables are not there yet.

    ``manage.py flush`` sends the same signal, without ``apps``: then the models are those of today.
    """
    from .models import mirror

    try:
        apps.get_model("framework", "Facet")
    except LookupError:  # migrated back to before the tables
        return
    mirror(apps, using)


class FrameworkConfig(AppConfig):
    name = "framework"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(mirror_content, sender=self, dispatch_uid="framework.mirror")
