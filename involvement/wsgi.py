"""The way in for a production server: ``gunicorn involvement.wsgi``."""

import os

from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from involvement.patience import Patient

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "involvement.settings")


def _refuse_to_start_unfit() -> None:
    """Raise ImproperlyConfigured in development mode, or while any system check, ``--deploy`` ones too, complains."""
    if settings.DEBUG:
        raise ImproperlyConfigured("A production server is started with DEBUG=0; for development use dev.py run.")
    unfit = [
        found for found in run_checks(include_deployment_checks=True) if found.is_serious() and not found.is_silenced()
    ]
    if unfit:
        raise ImproperlyConfigured("Not fit to start:\n" + "\n".join(str(found) for found in unfit))


application = Patient(get_wsgi_application())
_refuse_to_start_unfit()
