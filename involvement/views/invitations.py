"""The page that an invitation's link opens: what one is asked to join, and joining."""

from allauth.account.utils import perform_login
from allauth.core.internal import ratelimit
from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from involvement.access import ROLE_MAY, ROLE_NAMES, Role, public_view
from involvement.actions import invitations
from involvement.actions.base import Refused
from involvement.forms.base import NHSForm
from involvement.forms.members import JoinForm
from involvement.http import render_page
from involvement.tenancy import inside

# Dead links opened from one internet address; a whole trust may be one, and a spam filter opens what it likes.
WRONG_LINKS = {"invitation": "120/10m/ip"}


@public_view
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_page(request, token):
    """Show who invites to what; take the invitation with one's account, or with a new one for the invited address.

    Every link that leads nowhere (unknown, used, taken back, sent anew, too old) gets the same answer.
    """
    invitation = invitations.find(token)
    if invitation is not None and invitations.is_member_by(invitation, request.user):
        return redirect("front-page", invitation.organisation.slug)
    if invitation is None or not invitation.is_open():
        response = _over(request)
    else:
        with inside(invitation.organisation):
            response = _open(request, invitation)
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    return response


def _over(request):
    usage = ratelimit.consume(
        request, app="allauth.account", action="invitation", config=WRONG_LINKS, limit_get=True
    )
    if not usage:
        return ratelimit.respond_429(request)
    return render_page(request, "invitations/over.html", {}, status=404)


def _open(request, invitation):
    known = invitations.has_account(invitation)
    mine = request.user.is_authenticated and request.user.email.lower() == invitation.email
    form = JoinForm(request.POST or None, invitation=invitation)
    if mine:
        form = NHSForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and (mine or not (known or request.user.is_authenticated)) and form.is_valid():
        try:
            return _join(request, invitation, form)
        except Refused as refused:
            form.refuse(refused)
    context = {
        "form": form,
        "invitation": invitation,
        "roles": [(ROLE_NAMES[role], ROLE_MAY[role]) for role in map(Role, invitation.roles)],
        "case": "mine" if mine else "another" if request.user.is_authenticated else "known" if known else "new",
    }
    return render_page(request, "invitations/page.html", context)


def _join(request, invitation, form):
    """Take the invitation and go to the organisation's front page, signed in."""
    front = reverse("front-page", args=[invitation.organisation.slug])
    welcome = _("Welcome. You have joined %(name)s") % {"name": invitation.organisation.name}
    if request.user.is_authenticated:
        invitations.accept(invitation=invitation, by=request.user)
        messages.success(request, welcome)
        return redirect(front)
    said = form.cleaned_data
    user = invitations.accept_as_new(invitation=invitation, name=said["name"], password=said["password"])
    messages.success(request, welcome)
    return perform_login(request, user, email_verification="none", redirect_url=front)
