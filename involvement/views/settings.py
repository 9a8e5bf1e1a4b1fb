"""The settings of an organisation, and the history of its own record."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from involvement import ledger
from involvement.access import Permission, organisation_view
from involvement.actions import security
from involvement.actions.base import Refused, today
from involvement.actions.organisations import change_settings
from involvement.annals import annals
from involvement.forms.settings import SettingsForm
from involvement.http import render_page

DEEDS_A_PAGE = 50


@organisation_view(Permission.SETTINGS_MANAGE)
def settings_page(request, organisation):
    """Change what the organisation is called and what it asks of its members."""
    form = SettingsForm(request.POST or None, organisation=organisation)
    overtaken = False
    if request.method == "POST" and form.is_valid():
        said = {name: value for name, value in form.cleaned_data.items() if name != "request_key"}
        try:
            change_settings(organisation=organisation, by=request.user, **said)
        except Refused as refused:
            overtaken = "seen" in refused.messages
            form.refuse(refused)
            if overtaken:
                form.see(organisation)
        else:
            messages.success(request, _("The settings are saved"))
            return redirect("settings", organisation.slug)
    context = {"form": form, "overtaken": overtaken}
    return render_page(request, "settings/page.html", context, status=409 if overtaken else 200)


@organisation_view(Permission.READ)
@require_safe
def history(request, organisation):
    """Tell who changed what: members, settings, services, rulings."""
    page = Paginator(annals(request.viewer), DEEDS_A_PAGE).get_page(request.GET.get("page"))
    return render_page(request, "settings/history.html", {"page": page})


@organisation_view(Permission.MEMBER_MANAGE)
@require_safe
def history_csv(request, organisation):
    """Hand a lead the security events as CSV, and keep that it was taken."""
    told = ledger.events(request.viewer)
    if request.method == "GET":
        security.record("export", by=request.user, organisation=organisation, kind="security-events", events=len(told))
    response = HttpResponse(b"".join(ledger.csv_file(told)), content_type="text/csv; charset=utf-8")
    name = f"security-events-{organisation.slug}-{today().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
