"""A service's name, and the day it closed."""

from django import forms
from django.utils.translation import gettext_lazy as _

from involvement.actions.base import today
from involvement.forms.base import NHSForm
from involvement.forms.fields import DayField


class ServiceForm(NHSForm):
    """The name of a service, as people would say it."""

    name = forms.CharField(
        label=_("Name of the service"),
        help_text=_("What people would call it, such as Maternity or Foot clinic."),
        max_length=120,
        error_messages={
            "required": _("Enter the name of the service"),
            "max_length": _("The name must be 120 characters or fewer"),
        },
    )


class RetireForm(NHSForm):
    """The day from which a service is no longer there."""

    retired_on = DayField(
        label=_("When did it close?"),
        help_text=_("Leave it empty for today."),
        required=False,
        latest=today,
    )
