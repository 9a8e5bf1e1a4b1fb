from django.apps import AppConfig


class InvolvementConfig(AppConfig):
    name = "involvement"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Involvement Map"

    def ready(self):
        from involvement import checks  # noqa: F401  registers the route policy and cache checks
