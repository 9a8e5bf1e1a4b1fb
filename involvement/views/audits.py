"""The board's audits: the list, one with its steps, two compared, the signed report, and what is public."""

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from involvement.access import Permission, organisation_view, public_view
from involvement.actions import audits
from involvement.actions.base import Conflict, Refused, today
from involvement.audits import reading, snapshot
from involvement.audits.documents import render_all
from involvement.forms.audits import AuditForm, CompareForm, ConclusionsForm, FreezeForm, PublishForm, SignForm
from involvement.forms.gaps import ReasonForm
from involvement.forms.map import narrowed
from involvement.http import render_conflict, render_page
from involvement.models import Audit
from involvement.reports import CONTENT_TYPES
from involvement.tenancy import inside


def load_audit(organisation, audit):
    """Return the organisation's audit with the id ``audit``."""
    return organisation.audits.with_state().get(pk=audit)


@organisation_view(Permission.READ)
@require_safe
def audit_list(request, organisation):
    """List the audits, and say how one goes."""
    return render_page(request, "audits/list.html", {"audits": reading.audits_in_list(request.viewer)})


@organisation_view(Permission.AUDIT_RUN)
def audit_new(request, organisation):
    """Start an audit; ``?supersedes=ID`` names the one whose place it takes."""
    earlier = _asked(organisation, request.GET.get("supersedes", ""))
    first = AuditForm.first_words(None) | ({"service": earlier.service} if earlier else {})
    form = AuditForm(request.POST or None, organisation=organisation, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            audit = audits.start_audit(
                organisation=organisation, by=request.user, key=form.cleaned_data["request_key"], supersedes=earlier,
                **form.facts,
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            return redirect("audit-detail", organisation.slug, audit.pk)
    return render_page(request, "audits/form.html", {"form": form, "earlier": earlier})


@organisation_view(Permission.AUDIT_RUN, load=load_audit)
def audit_edit(request, organisation, audit):
    """Change what an audit is of, as long as it is being prepared."""
    form = AuditForm(
        request.POST or None, organisation=organisation, audit=audit, initial=AuditForm.first_words(audit)
    )
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            audits.change_audit(audit=audit, by=request.user, version=version, **form.facts)
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return render_conflict(request, form, conflict, {"audit": audit})
        else:
            messages.success(request, _("Saved."))
            return redirect("audit-detail", organisation.slug, audit.pk)
    return render_page(request, "audits/form.html", {"form": form, "audit": audit})


@organisation_view(Permission.READ, load=load_audit)
@require_safe
def audit_detail(request, organisation, audit):
    """Show where an audit stands and what is next; once it is frozen, from its snapshot alone."""
    paper = reading.paper_of(audit)
    context = {"audit": audit, "paper": paper, "state": audit.state, "next": _next_step(audit, paper)}
    context["signs_with_nothing"] = (
        not audit.is_signed and request.viewer.may(Permission.AUDIT_SIGN) and not can_show_again(request.user)
    )
    if paper is None:
        context["checklist"] = reading.checklist(request.viewer, audit)
        context["blocked"] = any(row["blocks"] for row in context["checklist"])
    else:
        context["successor"] = organisation.audits.filter(supersedes=audit).order_by("-pk").first()
        context["others"] = reading.to_compare(request.viewer, audit)
        context["documents"] = organisation.audit_documents.filter(audit=audit).defer("content").order_by("kind")
        context["publication"] = organisation.publications.filter(audit=audit).first()
    return render_page(request, "audits/detail.html", context)


@organisation_view(Permission.AUDIT_RUN, load=load_audit)
def audit_freeze(request, organisation, audit):
    """Take the snapshot, after a look at what stands in the way."""
    checklist = reading.checklist(request.viewer, audit)
    blocked = any(row["blocks"] for row in checklist)
    form = FreezeForm(request.POST or None, blocked=blocked, initial={"version": audit.version})
    if request.method == "POST" and form.is_valid():
        said = {"version": form.cleaned_data["version"], "although": form.cleaned_data.get("although", "")}
        try:
            audits.freeze_audit(
                audit=audit, by=request.user, **said,
                draw_up=lambda one, although: snapshot.take(request.viewer, one, although=although),
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return render_conflict(request, form, conflict, {"audit": audit})
        else:
            messages.success(request, _("Frozen. Now say how sure the board is of each place."))
            return redirect("audit-conclusions", organisation.slug, audit.pk)
    context = {"form": form, "audit": audit, "checklist": checklist, "blocked": blocked, "state": audit.state}
    return render_page(request, "audits/freeze.html", context)


@organisation_view(Permission.AUDIT_RUN, load=load_audit)
def audit_conclusions(request, organisation, audit):
    """Say how sure the board is of each place, beside what the snapshot shows."""
    paper = _paper(audit)
    conclusions, carried = paper.conclusions, False
    if audit.supersedes is not None and audit.supersedes.is_frozen and not any(x["assurance"] for x in conclusions):
        conclusions, carried = audits.conclusions_of(audit.supersedes), True
    form = ConclusionsForm(
        request.POST or None, snapshot=paper.snapshot, conclusions=conclusions, initial={"version": audit.version}
    )
    if request.method == "POST" and form.is_valid():
        try:
            audits.conclude(
                audit=audit, by=request.user, version=form.cleaned_data["version"], judged=form.judged
            )
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return render_conflict(request, form, conflict, {"audit": audit}, theirs=_theirs(paper))
        else:
            messages.success(request, _("Your conclusions are kept."))
            return redirect("audit-detail", organisation.slug, audit.pk)
    context = {"form": form, "audit": audit, "paper": paper, "state": audit.state, "carried": carried}
    return render_page(request, "audits/conclusions.html", context)


def can_show_again(user) -> bool:
    """Return whether ``user`` has anything by which to show once more who they are: whoever comes from another body's
    sign-in has not. allauth would then ask for nothing at all."""
    return bool(get_adapter().get_reauthentication_methods(user))


@organisation_view(Permission.AUDIT_SIGN, load=load_audit)
@reauthentication_required
def audit_sign(request, organisation, audit):
    """Sign, after the password, a code or a passkey was asked for once more; whoever has none of these sets one up."""
    paper = _paper(audit)
    if not can_show_again(request.user):
        return render_page(request, "audits/sign_first.html", {"audit": audit}, status=403)
    words = _("I have read this audit. The conclusions are those of the board.")
    first = {"version": audit.version, "statement": words}
    form = SignForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("version", "statement")}
        try:
            audits.sign_audit(
                audit=audit, by=request.user, name=request.user.name, render=_rendered(organisation), **said
            )
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return render_conflict(request, form, conflict, {"audit": audit})
        else:
            messages.success(request, _("Signed. From now on nobody can change this audit."))
            return redirect("audit-detail", organisation.slug, audit.pk)
    context = {"form": form, "audit": audit, "paper": paper, "state": audit.state}
    return render_page(request, "audits/sign.html", context)


@organisation_view(Permission.READ, load=load_audit)
@require_safe
def audit_report(request, organisation, audit):
    """Show the whole report as a page, from the snapshot alone."""
    return render_page(request, "audits/report.html", {"audit": audit, "paper": _paper(audit)})


@organisation_view(
    Permission.READ,
    load=lambda organisation, audit, kind: organisation.audit_documents.get(audit=audit, kind=kind),
)
@require_safe
def audit_document(request, organisation, document):
    """Hand over a signed report as it was made when it was signed."""
    response = HttpResponse(bytes(document.content), content_type=CONTENT_TYPES[document.kind])
    name = f"{organisation.slug}-audit-{document.audit_id}.{document.kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@organisation_view(Permission.READ, load=load_audit)
@require_safe
def audit_compare(request, organisation, audit):
    """Compare an audit with another one (``?with=ID``); without it, offer those of the same scope."""
    _paper(audit)
    others = reading.to_compare(request.viewer, audit)
    wanted = request.GET.get("with", "")
    other = next((one for one in others if str(one.pk) == wanted), None)
    if wanted and other is None:
        raise Http404
    context = {"audit": audit, "others": others, "other": other}
    if other is not None:
        context |= _compared(reading.compare_audits(request.viewer, audit, other))
    return render_page(request, "audits/compare.html", context)


@organisation_view(Permission.READ)
@require_safe
def compare_days(request, organisation):
    """Compare the register at any two days (``?from=&to=&service=``), both as it is known today."""
    asked = narrowed({"service": request.GET.get("service", "")}, organisation)
    form = CompareForm(request.GET if "from" in request.GET else None)
    context = {"form": form, "asked": asked, "service_field": asked.form["service"], "today": today()}
    if form.is_bound and form.days:
        context |= _compared(reading.compare_days(request.viewer, *form.days, asked.service))
    return render_page(request, "audits/compare.html", context)


@organisation_view(Permission.PUBLISH, load=load_audit)
def audit_publish(request, organisation, audit):
    """First what the public would see, then, with ``?step=2``, the question whether to publish it."""
    paper = _paper(audit)
    form = PublishForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            audits.publish_audit(audit=audit, by=request.user)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Published. Anybody can read it now."))
            return redirect("audit-detail", organisation.slug, audit.pk)
    second = request.method == "POST" or request.GET.get("step") == "2"
    context = {"form": form, "audit": audit, "paper": paper, "state": audit.state, "second": second}
    return render_page(request, "audits/publish.html", context)


@organisation_view(Permission.PUBLISH, load=load_audit)
def audit_unpublish(request, organisation, audit):
    """Take an audit off the public page, with a reason that stands there in its place."""
    publication = organisation.publications.filter(audit=audit, withdrawn_on=None).first()
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and publication is not None:
        try:
            audits.withdraw_publication(
                publication=publication, by=request.user, reason=form.cleaned_data["reason"]
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Taken down. Your reason stands on the public page."))
            return redirect("audit-detail", organisation.slug, audit.pk)
    context = {"form": form, "audit": audit, "publication": publication}
    return render_page(request, "audits/unpublish.html", context)


@public_view
@require_safe
def published_page(request, org, audit=None):
    """Show what an organisation has published: the newest audit that stands there, or the one asked for."""
    body = reading.published_organisation(org)
    if body is None:
        raise Http404
    with inside(body):
        found = reading.published(body, audit)
        if found is None:
            raise Http404
        shown, every = found
        others = [row for row in every if row.audit_id != shown.publication.audit_id]
        context = {"body": body, "shown": shown, "paper": shown.paper, "others": others}
        return render_page(request, "audits/published.html", context)


def _asked(organisation, number: str) -> Audit | None:
    """Return the audit that an address names by ``number``; None for none, Http404 for one that is not there."""
    if not number:
        return None
    found = organisation.audits.filter(pk=number).first() if number.isascii() and number.isdigit() else None
    if found is None:
        raise Http404
    return found


def _paper(audit: Audit) -> reading.Paper:
    paper = reading.paper_of(audit)
    if paper is None:
        raise Http404
    return paper


def _next_step(audit: Audit, paper) -> str:
    """Return what comes next: "freeze", "judge", "sign" or "" when it is signed or superseded."""
    if audit.state == Audit.State.DRAFT:
        return "freeze"
    if audit.state != Audit.State.FROZEN:
        return ""
    return "judge" if paper.open_places else "sign"


def _rendered(organisation):
    """Return what makes the documents, with the names of people put into the snapshot first."""
    return lambda held, conclusions, signed: render_all(snapshot.named(held, organisation), conclusions, signed)


def _theirs(paper) -> dict:
    """Return the conclusions that are there now, by field."""
    return {
        f"{each['place']}-{name}": each[name] for each in paper.conclusions for name in ("assurance", "reason")
    }


def _compared(compared: reading.Compared) -> dict:
    return {
        "compared": compared,
        "comparison": compared.comparison,
        "pictures": reading.pictured(compared),
        "trend_rows": [
            {"day": day, "numbers": [(one.title, one.numbers[n]) for one in compared.trend]}
            for n, day in enumerate(compared.days)
        ],
    }
