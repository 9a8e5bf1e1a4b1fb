"""The law and standards that an organisation is under, and what would go if what its activities rest on went."""

from django.http import Http404
from django.views.decorators.http import require_safe

from framework.catalogue import catalogue
from involvement import drawing
from involvement.access import Permission, organisation_view
from involvement.actions.base import today
from involvement.duties import duty_rows, mechanism_rows, without
from involvement.http import render_page
from involvement.maps import build_map, rulings_at


@organisation_view(Permission.READ)
@require_safe
def duty_page(request, organisation):
    """Show the duties of this nation and kind, each with what in the register bears on it."""
    shown = build_map(request.viewer, as_at=today())
    context = {"rows": duty_rows(shown), "rulings": drawing.ruling_rows(shown.rulings)}
    return render_page(request, "duties/list.html", context)


@organisation_view(Permission.READ)
@require_safe
def mechanism_page(request, organisation):
    """Show what activities rest on, and with ``?without=`` what would vanish from the map if it went."""
    asked = request.GET.get("without", "")
    mechanism = catalogue().mechanisms.get(asked)
    if asked and mechanism is None:
        raise Http404
    rows = mechanism_rows(request.viewer)
    lost = ()
    if mechanism:
        lost = without(request.viewer, asked, build_map(request.viewer, as_at=today()))
    context = {
        "rows": rows,
        "chosen": next((row for row in rows if row.mechanism is mechanism), None),
        "lost": lost,
        "rulings": drawing.ruling_rows(rulings_at(organisation, today())) if lost else (),
        "vanishing": sum(each.vanishes for each in lost),
    }
    return render_page(request, "duties/mechanisms.html", context)
