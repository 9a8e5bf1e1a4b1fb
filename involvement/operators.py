"""The operators' pages: Django's admin, for those who run an installation, with a second step of signing in.

Everything here is read, never edited: what an operator may do is a deed with a form of its own, which goes through
actions/operators.py and leaves a security event. Of what organisations hold nothing is shown. The admin's pages do not
meet our standard of accessibility (README, decisions), which is why nobody but operators is sent here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin, SimpleListFilter
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from involvement.access import Policy, has_second_step, is_operator
from involvement.actions import operators, security
from involvement.actions.accounts import forget_second_step
from involvement.actions.base import Refused, today
from involvement.actions.invitations import note_sent
from involvement.cells import csv_lines
from involvement.invitation_letters import send_letters
from involvement.models import HealthBody, Membership, Organisation, SecurityEvent, User
from involvement.tenancy import everywhere, streamed


class OperatorSite(AdminSite):
    """Django's admin behind our own sign-in: strangers get 404, operators without a second step set one up first."""

    site_title = site_header = _("Involvement Map: operators")
    index_title = _("What this installation holds")
    site_url = "/"
    enable_nav_sidebar = False
    final_catch_all_view = False
    index_template = "operators/index.html"
    app_index_template = "operators/index.html"

    def has_permission(self, request) -> bool:
        return is_operator(request.user)

    def admin_view(self, view, cacheable=False):
        """Let operators in and nobody else."""
        inner = super().admin_view(view, cacheable)

        def entered(request, *args, **kwargs):
            user = request.user
            if not user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not user.is_staff:
                raise Http404
            if not has_second_step(user):
                wanted = urlencode({"next": request.get_full_path()})
                return HttpResponseRedirect(f"{reverse('account-second-step')}?{wanted}")
            with everywhere():
                response = inner(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()  # here, since it asks for rows as it is drawn
            if response.streaming:
                response.streaming_content = streamed(everywhere(), response.streaming_content)
            if said := getattr(request, "said", None):
                messages.success(request, said() if callable(said) else said)
            return response

        return entered

    def get_urls(self):
        """Return the index and the lists; signing in and out and passwords are those of everybody else's account."""
        elsewhere = {"login", "logout", "password_change", "password_change_done", "autocomplete", "view_on_site"}
        kept = [each for each in super().get_urls() if getattr(each, "name", None) not in elsewhere]
        for each in _views(kept):
            each.callback.policy = Policy("operator")
            each.callback.login_url = None  # the one of everybody else
        return kept


def _views(patterns) -> Iterator[URLPattern]:
    for each in patterns:
        if isinstance(each, URLPattern):
            yield each
        else:
            yield from _views(each.url_patterns)


site = OperatorSite(name="admin")


_DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class Deed(forms.Form):
    """One thing that an operator may do: a form with its words, and the action behind it.

    ``act`` returns what to say, or a function that returns it: that one runs once the deed stands, and posts letters.
    """

    title = ""
    explained = ""
    button = ""


class OpenOrganisation(Deed):
    """Make an organisation and invite its first lead."""

    title, button = _("Open an organisation"), _("Open it and send the invitation")
    explained = _("It starts empty. Its first lead is invited by letter, and invites everybody else.")
    name = forms.CharField(label=_("Name"), max_length=200)
    slug = forms.SlugField(label=_("Short name, as in addresses"), max_length=60)
    ods_code = forms.CharField(label=_("ODS code, if it has one"), max_length=10, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=Organisation.Kind)
    nation = forms.ChoiceField(label=_("Nation"), choices=Organisation.Nation)
    lead = forms.EmailField(label=_("Email address of its first lead"))
    lead_name = forms.CharField(label=_("Name of its first lead"), max_length=150, required=False)

    def act(self, request, _none) -> Callable[[], str]:
        organisation, issued = operators.open_organisation(by=request.user, **self.cleaned_data)
        said = _now("%(name)s is open.") % {"name": organisation.name}
        return partial(_posted, request, organisation, issued, said)


class InviteLead(Deed):
    """Invite another lead."""

    title, button = _("Invite a lead"), _("Send the invitation")
    explained = _("For an organisation that has lost its leads. Make sure first, not by email, who is asking.")
    lead = forms.EmailField(label=_("Email address"))
    lead_name = forms.CharField(label=_("Name"), max_length=150, required=False)

    def act(self, request, organisation) -> Callable[[], str]:
        issued = operators.invite_lead(organisation=organisation, by=request.user, **self.cleaned_data)
        return partial(_posted, request, organisation, issued, _now("A lead is invited."))


class Suspend(Deed):
    """Close an organisation for now."""

    title, button = _("Suspend"), _("Suspend it")
    explained = _("Nobody gets in until it is resumed. Its members read the reason. Nothing is lost.")
    because = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea)

    def act(self, request, organisation) -> str:
        operators.suspend(organisation=organisation, by=request.user, **self.cleaned_data)
        return _now("It is suspended.")


class Resume(Deed):
    """Open it again."""

    title, button = _("Resume"), _("Open it again")
    explained = _("Its members get in again, with everything as it was.")

    def act(self, request, organisation) -> str:
        operators.resume(organisation=organisation, by=request.user)
        return _now("It is open again.")


class Merge(Deed):
    """Note that it became part of another."""

    title, button = _("Merge into another"), _("Merge it")
    explained = _(
        "From now on it can be read and not changed. Its register, history and audits stay as they were. Its leads "
        "take the register along as a spreadsheet, and the other organisation imports it. This cannot be taken back."
    )
    into = forms.ModelChoiceField(label=_("Into which"), queryset=Organisation.objects.none())
    on = forms.DateField(label=_("On which day"), widget=_DAY, initial=today)
    because = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea)

    def __init__(self, *args, about, **kwargs):
        super().__init__(*args, **kwargs)
        others = Organisation.objects.filter(merged_into=None, suspended_on=None).order_by("name")
        self.fields["into"].queryset = others.exclude(pk=about.pk)

    def act(self, request, organisation) -> str:
        operators.merge(organisation=organisation, by=request.user, **self.cleaned_data)
        return _now("It is merged. Its members can still read it.")


class CloseAccount(Deed):
    """Let an account sign in no more."""

    title, button = _("Close the account"), _("Close it")
    explained = _("The person is signed out everywhere and cannot sign in. What they wrote stays, with their name.")
    because = forms.CharField(label=_("Why"), max_length=500)

    def act(self, request, user) -> str:
        operators.close_account(user=user, by=request.user, **self.cleaned_data)
        return _now("The account is closed.")


class OpenAccount(Deed):
    """Let it sign in again."""

    title, button = _("Open the account"), _("Open it again")

    def act(self, request, user) -> str:
        operators.open_account(user=user, by=request.user)
        return _now("The account is open again.")


class ForgetSecondStep(Deed):
    """For somebody who has lost phone, passkeys and backup codes."""

    title, button = _("Take the second step away"), _("Take it away")
    explained = _("Make sure first, not by email, who is asking. Their password alone lets them in afterwards.")

    def act(self, request, user) -> str:
        return _now("Taken away: %(number)d.") % {"number": forget_second_step(user=user)}


class ReadOnly(ModelAdmin):
    """A list and a page of each row; nothing is added, changed or deleted here."""

    deeds: dict[str, type[Deed]] = {}  # last part of the address -> form
    actions = None
    list_per_page = 100
    change_form_template = "operators/row.html"
    change_list_template = "operators/list.html"

    def has_module_permission(self, request) -> bool:
        return is_operator(request.user)

    def has_view_permission(self, request, obj=None) -> bool:
        return is_operator(request.user)

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def deeds_for(self, row) -> list[str]:
        """Return the deeds that make sense for ``row`` as it is; None for the list's own."""
        return []

    def get_urls(self):
        kept = {f"{self._info()}_{each}" for each in ("changelist", "change")}
        return [each for each in super().get_urls() if each.name in kept]

    def deed_urls(self):
        info = self._info()
        return [
            path(f"<path:object_id>/{slug}/", self.admin_site.admin_view(self._deed(slug)), name=f"{info}_{slug}")
            for slug in self.deeds
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        row = self.get_object(request, object_id)
        deeds = [
            (reverse(f"admin:{self._info()}_{slug}", args=[row.pk]), self.deeds[slug].title)
            for slug in (self.deeds_for(row) if row else [])
        ]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "deeds": deeds})

    def _info(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def _deed(self, slug: str) -> Callable:
        kind = self.deeds[slug]

        def act(request, object_id):
            row = self.get_object(request, object_id)
            if row is None or slug not in self.deeds_for(row):
                raise Http404
            return self.do(request, kind, row, reverse(f"admin:{self._info()}_change", args=[row.pk]))

        return act

    def do(self, request, kind: type[Deed], row, back: str):
        """Show the deed's form, or do it and go back."""
        more = {"about": row} if kind is Merge else {}
        form = kind(request.POST if request.method == "POST" else None, **more)
        if form.is_bound and form.is_valid():
            try:
                request.said = form.act(request, row)
                return HttpResponseRedirect(back)
            except Refused as refused:
                for field, said in refused.messages.items():
                    form.add_error(field if field in form.fields else None, said)
        words = {"title": kind.title, "explained": kind.explained, "button": kind.button}
        about = {"form": form, "row": row, "back": back, "opts": self.opts}
        context = self.admin_site.each_context(request) | words | about
        return render(request, "operators/deed.html", context)


class IsOpen(SimpleListFilter):
    """Open, suspended, merged."""

    title, parameter_name = _("state"), "state"

    def lookups(self, request, model_admin):
        return [("open", _("Open")), ("suspended", _("Suspended")), ("merged", _("Merged"))]

    def queryset(self, request, queryset):
        chosen = {
            "open": {"suspended_on": None, "merged_into": None},
            "suspended": {"suspended_on__isnull": False},
            "merged": {"merged_into__isnull": False},
        }.get(self.value())
        return queryset.filter(**chosen) if chosen else queryset


class OrganisationAdmin(ReadOnly):
    """Organisations: who they are, how many people and activities, and whether their body still exists."""

    list_display = ("name", "slug", "ods_code", "kind", "nation", "members", "state", "body")
    list_filter = (IsOpen, "kind", "nation")
    search_fields = ("name", "slug", "ods_code")
    ordering = ("name",)
    fields = (
        "name", "slug", "ods_code", "kind", "nation", "second_factor_required", "fictional", "members", "leads",
        "state", "suspended_because", "merged_into", "merged_on", "body", "recorded_at",
    )  # fmt: skip
    deeds = {"invite-lead": InviteLead, "suspend": Suspend, "resume": Resume, "merge": Merge}

    def deeds_for(self, row) -> list[str]:
        if row.merged_into_id is not None:
            return []
        return ["resume"] if row.suspended_on else ["invite-lead", "suspend", "merge"]

    def get_urls(self):
        opening = path("open/", self.admin_site.admin_view(self.open_view), name=f"{self._info()}_open")
        return [opening, *self.deed_urls(), *super().get_urls()]

    def open_view(self, request):
        return self.do(request, OpenOrganisation, None, reverse(f"admin:{self._info()}_changelist"))

    def changelist_view(self, request, extra_context=None):
        opening = (reverse(f"admin:{self._info()}_open"), OpenOrganisation.title)
        return super().changelist_view(request, {**(extra_context or {}), "opening": opening})

    def members(self, row) -> int:
        """Return how many people belong to it today."""
        return row.memberships.filter(until=None).values("user").distinct().count()

    def leads(self, row) -> str:
        """Return the addresses of its leads: whom an operator writes to."""
        found = row.memberships.filter(until=None, role="lead").select_related("user")
        return ", ".join(each.user.email for each in found)

    def state(self, row) -> str:
        if row.merged_into_id is not None:
            return _now("merged")
        return _now("suspended") if row.suspended_on else _now("open")

    def body(self, row) -> str:
        """Return what the health service's own list says of its code."""
        found = HealthBody.objects.filter(code=row.ods_code).first() if row.ods_code else None
        return found.status if found else "–"


class MembershipsOf(SimpleListFilter):
    """Accounts by whether they sign in."""

    title, parameter_name = _("what they belong to"), "belongs"

    def lookups(self, request, model_admin):
        return [("none", _("No organisation"))]

    def queryset(self, request, queryset):
        inside = Membership.objects.filter(until=None).values("user")
        return queryset.exclude(pk__in=inside) if self.value() == "none" else queryset


class AccountAdmin(ReadOnly):
    """Accounts: address, name, open or closed, operator or not, where they belong."""

    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", MembershipsOf)
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = ("email", "name", "is_active", "is_staff", "second_step", "belongs_to", "joined_at", "last_login")
    deeds = {"close": CloseAccount, "open": OpenAccount, "forget-second-step": ForgetSecondStep}

    def deeds_for(self, row) -> list[str]:
        return ["close", "forget-second-step"] if row.is_active else ["open"]

    def get_urls(self):
        return [*self.deed_urls(), *super().get_urls()]

    def second_step(self, row) -> bool:
        return has_second_step(row)

    second_step.boolean = True

    def belongs_to(self, row) -> str:
        found = row.memberships.filter(until=None).select_related("organisation")
        return "; ".join(f"{each.organisation.name}: {each.role}" for each in found)


class BodyAdmin(ReadOnly):
    """The health service's bodies, as loaded by `manage.py load_bodies`."""

    list_display = ("code", "name", "kind", "region", "status", "opened_on", "closed_on")
    list_filter = ("status", "kind", "region")
    search_fields = ("code", "name")
    fields = [field.name for field in HealthBody._meta.fields]


class EventAdmin(ReadOnly):
    """Security events: read, and taken away as a file. Nothing changes or deletes one."""

    list_display = ("at", "organisation", "actor", "kind")
    list_filter = ("kind",)
    list_select_related = ("organisation", "actor")
    search_fields = ("organisation__name", "organisation__slug", "kind")
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    fields = ("at", "organisation", "actor", "kind", "detail")
    show_full_result_count = False

    def get_urls(self):
        taking = path("csv/", self.admin_site.admin_view(self.csv_view), name=f"{self._info()}_csv")
        return [taking, *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        opening = (reverse(f"admin:{self._info()}_csv"), _("Take them away as a spreadsheet (CSV)"))
        return super().changelist_view(request, {**(extra_context or {}), "opening": opening})

    def csv_view(self, request):
        """Answer with all events, oldest first: ids and fixed words, no name or address."""
        security.record("events-exported", by=request.user)
        events = SecurityEvent.objects.order_by("pk").values_list("at", "organisation__slug", "actor", "kind", "detail")
        columns = ("at", "organisation", "account", "kind", "detail")
        rows = ([str("" if cell is None else cell) for cell in each] for each in events.iterator(2000))
        return StreamingHttpResponse(
            csv_lines(chain([columns], rows)), content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="security-events.csv"'},
        )  # fmt: skip


def _posted(request, organisation, issued, said: str) -> str:
    """Send the letters of invitations that stand, and say whether they left."""
    taken = send_letters(issued, lambda token: request.build_absolute_uri(reverse("invitation", args=[token])))
    if taken:
        with everywhere():
            note_sent(organisation=organisation, invitations=taken)
    if len(taken) == len(issued):
        return f"{said} {_now('The letter has left.')}"
    return f"{said} {_now('The letter could not be sent. Check the address and the mail server, then invite again.')}"


site.register(Organisation, OrganisationAdmin)
site.register(User, AccountAdmin)
site.register(HealthBody, BodyAdmin)
site.register(SecurityEvent, EventAdmin)
