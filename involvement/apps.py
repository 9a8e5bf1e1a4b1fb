from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate


class InvolvementConfig(AppConfig):
    name = "involvement"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Involvement Map"

    def ready(self):
        from involvement import checks, events  # noqa: F401  registers the checks, listens to what sign-in tells

        post_migrate.connect(make_cache_table, sender=self)


def make_cache_table(*, using: str, verbosity: int, **_signal) -> None:
    """Make the table of the shared cache with the others, so that nobody can forget it; where it is, do nothing."""
    call_command("createcachetable", database=using, verbosity=verbosity)
