"""How this organisation counts what people who know the field disagree about."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from framework.catalogue import catalogue
from involvement.access import Permission, organisation_view
from involvement.actions import rulings
from involvement.actions.base import Refused
from involvement.forms.base import NHSForm
from involvement.forms.settings import RulingForm
from involvement.http import render_page


def load_ruling(organisation, ruling):
    """Return the organisation's ruling with the id ``ruling``."""
    return organisation.rulings.get(pk=ruling)


@organisation_view(Permission.READ, blind=True)
@require_safe
def ruling_list(request, organisation):
    """Show each contested kind with the common rule and the organisation's own, now and before."""
    made = list(organisation.rulings.select_related("recorded_by").order_by("-from_on", "-pk"))
    rows = [
        {
            "kind": kind,
            "standing": next((each for each in made if each.contested_kind == slug and each.until is None), None),
            "before": [each for each in made if each.contested_kind == slug and each.until is not None],
        }
        for slug, kind in catalogue().contested_kinds.items()
    ]
    return render_page(request, "rulings/list.html", {"rows": rows})


@organisation_view(Permission.RULING_MANAGE)
def ruling_new(request, organisation):
    """Record how one kind (``?kind=``) is counted here."""
    kind = catalogue().contested_kinds.get(request.GET.get("kind", ""))
    if kind is None:
        raise Http404
    form = RulingForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("place", "reason", "author", "from_on")}
        key = form.cleaned_data["request_key"]
        try:
            rulings.record_ruling(
                organisation=organisation, by=request.user, contested_kind=kind.slug, key=key, **said
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("It is recorded, and stands wherever such an activity is shown"))
            return redirect("rulings", organisation.slug)
    return render_page(request, "rulings/new.html", {"form": form, "kind": kind})


@organisation_view(Permission.RULING_MANAGE, load=load_ruling)
def ruling_end(request, organisation, ruling):
    """Ask whether to go back to the common rule, and do it."""
    form = NHSForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        rulings.end_ruling(ruling=ruling, by=request.user)
        messages.success(request, _("From today it is counted by the common rule"))
        return redirect("rulings", organisation.slug)
    kind = catalogue().contested_kinds.get(ruling.contested_kind)
    return render_page(request, "rulings/end.html", {"form": form, "ruling": ruling, "kind": kind})
