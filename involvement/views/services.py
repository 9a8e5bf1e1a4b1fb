"""The services of an organisation: the list, and adding, renaming and closing one."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from involvement.access import Permission, organisation_view
from involvement.actions import organisations
from involvement.actions.base import Refused
from involvement.annals import service_deeds
from involvement.forms.base import NHSForm
from involvement.forms.services import RetireForm, ServiceForm
from involvement.http import render_page
from involvement.registers import services_with_counts, trust_wide_count


def load_service(organisation, service):
    """Return the organisation's service with the id ``service``."""
    return organisation.services.get(pk=service)


@organisation_view(Permission.READ, post=Permission.SERVICE_MANAGE, blind=True)
def service_page(request, organisation):
    """List the services with how many activities each has; add one."""
    form = ServiceForm(request.POST or None) if request.viewer.may(Permission.SERVICE_MANAGE) else None
    if request.method == "POST" and form.is_valid():
        try:
            service = organisations.add_service(
                organisation=organisation, by=request.user, name=form.cleaned_data["name"]
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("%(name)s is added") % {"name": service.name})
            return redirect("services", organisation.slug)
    context = {
        "form": form,
        "services": services_with_counts(request.viewer),
        "trust_wide": trust_wide_count(request.viewer),
    }
    return render_page(request, "services/list.html", context)


@organisation_view(Permission.SERVICE_MANAGE, load=load_service)
def service_edit(request, organisation, service):
    """Give a service another name, close it or bring it back: forms of one page, told apart by their button."""
    act = request.POST.get("act", "rename") if request.method == "POST" else ""
    name_form = ServiceForm(request.POST if act == "rename" else None, initial={"name": service.name}, prefix="name")
    retire_form = RetireForm(request.POST if act == "retire" else None, prefix="close")
    form = {"retire": retire_form, "reopen": NHSForm(request.POST)}.get(act, name_form)
    if request.method == "POST" and form.is_valid():
        try:
            said = _change_service(service, request.user, act, form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, said)
            return redirect("services", organisation.slug)
    context = {"form": form, "name_form": name_form, "retire_form": retire_form, "service": service}
    return render_page(request, "services/edit.html", {**context, "deeds": service_deeds(service)})


def _change_service(service, by, act: str, said: dict) -> str:
    """Do what was asked; return what to say of it."""
    if act == "retire":
        organisations.retire_service(service=service, by=by, on=said["retired_on"])
        return _("The service is closed")
    if act == "reopen":
        organisations.reopen_service(service=service, by=by)
        return _("The service is open again")
    organisations.rename_service(service=service, by=by, name=said["name"])
    return _("The new name is saved")
