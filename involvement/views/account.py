"""A person's own account: all about it is reached from one page, the pages of the library too."""

from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from involvement.access import ROLE_NAMES, Role, asks_for_second_step, has_second_step, member_view, public_view
from involvement.actions import accounts
from involvement.actions.base import Refused
from involvement.forms.account import NameForm
from involvement.http import render_page
from involvement.openid import VerifyingAdapter, leave_for
from involvement.personal import held_about


@member_view
@require_safe
def account_page(request):
    """Show what the account holds, with a way to change each."""
    kinds = list(request.user.authenticator_set.values_list("type", flat=True))
    address = request.user.emailaddress_set.filter(verified=True).first()
    context = {
        "address_proven": address is not None and address.email == request.user.email,
        "codes": "totp" in kinds,
        "passkeys": kinds.count("webauthn"),
        "sessions": len(accounts.open_sessions(request.user)),
    }
    return render_page(request, "account/page.html", context)


@member_view
@require_safe
def account_held(request):
    """Show what is held about oneself in short, and how to take it along or have it erased."""
    held = held_about(request.user)
    counts = {name: len(held[name]) for name in ("what_you_did", "events", "signed_in", "invitations")}
    return render_page(request, "account/held.html", {"held": held, "counts": counts, "keep": settings.KEEP_DAYS})


@member_view
@require_safe
def account_held_json(request):
    """Hand out what is held about oneself, as a file that other programs can read."""
    response = JsonResponse(held_about(request.user), json_dumps_params={"indent": 1, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="what-is-held-about-you.json"'
    return response


@member_view
@require_http_methods(["GET", "HEAD", "POST"])
def account_name(request):
    """Change one's own name."""
    form = NameForm(request.POST or None, initial={"name": request.user.name})
    if request.method == "POST" and form.is_valid():
        try:
            accounts.rename(user=request.user, name=form.cleaned_data["name"], by=request.user)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Your name is saved"))
            return redirect("account")
    return render_page(request, "account/name.html", {"form": form}, status=422 if form.errors else 200)


@member_view
@require_http_methods(["GET", "HEAD", "POST"])
def account_sessions(request):
    """Show where one is signed in, and sign out elsewhere: in one place or in all the others."""
    if request.method == "POST":
        count = accounts.end_sessions(user=request.user, request=request, session=request.POST.get("session", ""))
        places = ngettext("%(count)d other place", "%(count)d other places", count) % {"count": count}
        messages.success(request, _("You are signed out in %(places)s") % {"places": places})
        return redirect("usersessions_list")
    sessions = accounts.open_sessions(request.user)
    return render_page(request, "usersessions/usersession_list.html", {"sessions": sessions})


@member_view
@require_safe
def account_second_step(request):
    """Lead somebody to a second step that one of their organisations asks for; remember where they wanted to go."""
    wanted = get_next_redirect_url(request)
    if has_second_step(request.user):
        return redirect(wanted or "home")
    if wanted:
        request.session["go_on"] = wanted
    roles = {}
    for membership in request.user.memberships.filter(until__isnull=True).select_related("organisation"):
        roles.setdefault(membership.organisation, set()).add(Role(membership.role))
    asking = [each for each, held in roles.items() if asks_for_second_step(each, frozenset(held))]
    names = [ROLE_NAMES[role] for role in (Role.LEAD, Role.BOARD_MEMBER)]
    return render_page(request, "account/second_step.html", {"asking": asking, "roles": names})


@public_view
@require_POST
def provider_sign_in(request, provider_id):
    """Go to sign in at a provider of the settings; 404 for one that is not among them."""
    return leave_for(request, provider_id)


@public_view
@require_safe
def provider_return(request, provider_id):
    """Come back from a provider: signed in, or told why not."""
    return VerifyingAdapter.answer(request, provider_id)
