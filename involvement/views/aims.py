"""What the board wants of each place."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement.access import Permission, organisation_view
from involvement.actions import responses
from involvement.actions.base import Refused
from involvement.forms.aims import AimForm
from involvement.http import render_page


@organisation_view(Permission.READ, post=Permission.AIM_ADOPT, blind=True)
def aim_page(request, organisation):
    """Show the aim of each place with those before it; a board member adopts a new one."""
    form = AimForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("place", "sentence", "adopted_on", "adopted_by")}
        try:
            responses.adopt_aim(
                organisation=organisation, by=request.user, key=form.cleaned_data["request_key"], **said
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The aim is recorded and stands over the map."))
            return redirect("aims", organisation.slug)
    adopted = list(organisation.aims.select_related("recorded_by").order_by("-adopted_on", "-pk"))
    rows = [
        (place, [aim for aim in adopted if aim.place == place.slug]) for place in catalogue().places.values()
    ]
    return render_page(request, "aims/page.html", {"form": form, "rows": rows})
