"""Who belongs to the organisation: the list, a person's roles, inviting, removing, leaving."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from involvement import members as people
from involvement.access import Permission, Role, organisation_view
from involvement.actions import invitations, memberships, organisations
from involvement.actions.base import Refused
from involvement.forms.base import NHSForm
from involvement.forms.members import EndForm, InviteForm, RoleForm
from involvement.http import render_page
from involvement.invitation_letters import send_letters
from involvement.tenancy import inside


def load_member(organisation, member):
    """Return the account ``member`` (its id), which has at least one role in the organisation today."""
    held = organisation.memberships.filter(user_id=member, until__isnull=True).select_related("user").first()
    if held is None:
        raise ObjectDoesNotExist
    return held.user


def load_invitation(organisation, invitation):
    """Return the organisation's invitation with the id ``invitation``."""
    return organisation.invitations.get(pk=invitation)


@organisation_view(Permission.READ, blind=True)
@require_safe
def member_list(request, organisation):
    """List the members with their roles; for a lead, their addresses and the invitations that wait too."""
    leads = request.viewer.may(Permission.MEMBER_MANAGE)
    context = {
        "members": people.members(request.viewer),
        "roles": people.all_roles(),
        "waiting": people.waiting_invitations(request.viewer) if leads else [],
    }
    return render_page(request, "members/list.html", context)


@organisation_view(Permission.MEMBER_MANAGE)
def member_invite(request, organisation):
    """Ask for people and roles, show what was read of it, and send the letters when the lead agrees."""
    form = InviteForm(request.POST or None)
    if request.method != "POST" or not form.is_valid() or request.POST.get("act") == "change":
        return render_page(request, "members/invite.html", {"form": form})
    if request.POST.get("act") == "send":
        try:
            issued = invitations.invite(
                organisation=organisation, by=request.user, roles=form.cleaned_data["roles"],
                people=[(each.email, each.name) for each in form.pasted.people], key=form.cleaned_data["request_key"],
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
            return render_page(request, "members/invite.html", {"form": form})
        return partial(_post, request, organisation, issued)
    known = people.standing(organisation, [each.email for each in form.pasted.people])
    rows = [(each, known.get(each.email, "")) for each in form.pasted.people]
    context = {
        "form": form,
        "rows": [row for row in rows if row[1] != "member"],
        "here": [each for each, standing in rows if standing == "member"],
        "titles": people.titles(form.cleaned_data["roles"]),
    }
    return render_page(request, "members/check.html", context)


def _post(request, organisation, issued):
    """Send the letters when the invitations stand; say how many left and how many did not, on the list."""
    taken = send_letters(issued, lambda token: request.build_absolute_uri(reverse("invitation", args=[token])))
    with inside(organisation):
        invitations.note_sent(organisation=organisation, invitations=taken)
    if taken:
        words = ngettext("%(n)d invitation is on its way", "%(n)d invitations are on their way", len(taken))
        messages.success(request, words % {"n": len(taken)})
    lost = len(issued) - len(taken)
    if lost:
        words = ngettext(
            "%(n)d letter could not be sent. It is in the list below: check the address, or send it again",
            "%(n)d letters could not be sent. They are in the list below: check the addresses, or send them again",
            lost,
        )
        messages.warning(request, words % {"n": lost})
    return redirect("members", organisation.slug)


@organisation_view(Permission.MEMBER_MANAGE, load=load_member)
def member_edit(request, organisation, user):
    """Show what one person may do; give them another role."""
    shown = people.member(request.viewer, user.pk)
    form = RoleForm(request.POST or None, held=[held.role for held in shown.roles])
    if request.method == "POST" and form.is_valid():
        role = form.cleaned_data["role"]
        organisations.give_role(organisation=organisation, user=user, role=role, by=request.user)
        messages.success(request, _("%(name)s has the new role from now on") % {"name": shown.name})
        return redirect("members", organisation.slug)
    context = {"form": form, "member": shown, "free": form.fields["role"].choices}
    return render_page(request, "members/edit.html", context)


@organisation_view(Permission.MEMBER_MANAGE, load=load_member)
def member_end(request, organisation, user):
    """Ask whether to end one role (``?role=``) or all of them, and do it."""
    shown, asked = people.member(request.viewer, user.pk), request.GET.get("role", "")
    ending = [held for held in shown.roles if asked in ("", held.role)]
    if not ending:  # a colleague was quicker
        messages.warning(request, _("%(name)s does not have that role any more") % {"name": shown.name})
        return redirect("members", organisation.slug)
    whole = len(ending) == len(shown.roles)
    needed = any(held.role is Role.PATIENT_LEADER for held in ending) and not shown.is_you
    form = EndForm(request.POST if request.method == "POST" else None, needed=needed)
    if request.method == "POST" and form.is_valid():
        said = {"organisation": organisation, "user": user, "by": request.user, "reason": form.cleaned_data["reason"]}
        try:
            if whole:
                memberships.remove_member(**said)
            else:
                memberships.end_roles(roles=[held.role for held in ending], **said)
        except Refused as refused:
            form.refuse(refused)
        else:
            words = _("%(name)s is no longer a member") if whole else _("That role of %(name)s has ended")
            messages.success(request, words % {"name": shown.name})
            return redirect("home") if whole and shown.is_you else redirect("members", organisation.slug)
    context = {"form": form, "member": shown, "ending": ending, "whole": whole, "sent": _sent_by(organisation, user)}
    return render_page(request, "members/end.html", context)


def _sent_by(organisation, user) -> int:
    """Return how many invitations of ``user`` wait: they outlive their sender, and a lead should know."""
    waiting = organisation.invitations.filter(accepted_at__isnull=True, revoked_at__isnull=True)
    return waiting.filter(recorded_by=user).count()


@organisation_view(Permission.READ, blind=True)
def member_leave(request, organisation):
    """Ask whether one wants to leave, and let go."""
    form = NHSForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            memberships.leave(organisation=organisation, by=request.user)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("You have left %(name)s") % {"name": organisation.name})
            return redirect("home")
    return render_page(request, "members/leave.html", {"form": form})


@organisation_view(Permission.MEMBER_MANAGE, load=load_invitation)
@require_POST
def invitation_resend(request, organisation, invitation):
    """Send an invitation again: a new link, 14 new days."""
    try:
        issued = invitations.send_again(invitation=invitation, by=request.user)
    except Refused as refused:
        messages.warning(request, " ".join(refused.messages.values()))
        return redirect("members", organisation.slug)
    return partial(_post, request, organisation, [issued])


@organisation_view(Permission.MEMBER_MANAGE, load=load_invitation)
def invitation_revoke(request, organisation, invitation):
    """Ask whether to take an invitation back, and do it."""
    form = NHSForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            invitations.revoke(invitation=invitation, by=request.user)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The invitation is taken back. Its link does not work any more"))
            return redirect("members", organisation.slug)
    titles = people.titles(invitation.roles)
    return render_page(request, "members/revoke.html", {"form": form, "invitation": invitation, "titles": titles})
