"""Organisations, their services, the people in them, and what those people did that matters for security."""

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .base import AppendOnlyQuerySet, OrganisationRow, together


class UserManager(BaseUserManager):
    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields):
        """Create an account named by its e-mail address, kept in lower case."""
        if not email:
            raise ValueError("an account needs an e-mail address")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str):
        return self.get(email=email.strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. What they may do comes from their memberships (access.py), never from this row."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    erased_at = models.DateTimeField(null=True, editable=False)  # name and address are gone, what they wrote is not

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once_whatever_case")]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        """Return the name to print beside what this person did."""
        return str(_("a former member")) if self.erased_at else self.name or str(_("a member"))

    def get_short_name(self) -> str:
        return self.get_full_name()


class Organisation(models.Model):
    """A body that involves people: a trust, a board, a practice. Everything else hangs from it."""

    class Nation(models.TextChoices):
        ENGLAND = "england", _("England")
        SCOTLAND = "scotland", _("Scotland")
        WALES = "wales", _("Wales")
        NORTHERN_IRELAND = "northern-ireland", _("Northern Ireland")

    class Kind(models.TextChoices):
        TRUST = "trust", _("NHS trust")
        FOUNDATION_TRUST = "foundation-trust", _("NHS foundation trust")
        ICB = "icb", _("Integrated care board")
        HEALTH_BOARD = "health-board", _("Health board")
        PRACTICE = "practice", _("General practice or network")
        OTHER = "other", _("Another body")

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    ods_code = models.CharField(_("ODS code"), max_length=10, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.TRUST)
    nation = models.CharField(_("nation"), max_length=20, choices=Nation, default=Nation.ENGLAND)
    second_factor_required = models.BooleanField(
        _("leads and board members sign in with a second step"), default=False, db_default=False
    )
    reply_days = models.PositiveSmallIntegerField(
        _("how many days a challenge may wait for a reply"), default=28, db_default=28
    )
    practise_first = models.BooleanField(
        _("patient leaders practise before their first review"), default=False, db_default=False
    )
    fictional = models.BooleanField(default=False, help_text="an invented example, and said to be so on every page")
    suspended_on = models.DateField(_("suspended on"), null=True, editable=False)  # nobody gets in until it is resumed
    suspended_because = models.CharField(
        _("why it is suspended"), max_length=500, blank=True, editable=False, db_default=""
    )
    merged_into = models.ForeignKey("self", null=True, editable=False, on_delete=models.PROTECT, related_name="merged")
    merged_on = models.DateField(_("merged on"), null=True, editable=False)  # from then on it is read only
    version = models.PositiveBigIntegerField(default=1, editable=False)  # goes up with every write: the key of caches
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reply_days__gte=1, reply_days__lte=28), name="organisation_replies_within_28_days"
            ),
            together("organisation_merged_where_and_when", "merged_into", "merged_on"),
            models.CheckConstraint(
                condition=~models.Q(merged_into=models.F("id")), name="organisation_not_merged_into_itself"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Return whether anything may be written: neither suspended nor merged into another."""
        return self.suspended_on is None and self.merged_into_id is None


class Service(OrganisationRow):
    """A part of the organisation that people would name: maternity, the foot clinic. Retired, never deleted."""

    slug = models.SlugField(max_length=80)
    name = models.CharField(_("name"), max_length=120)
    retired_on = models.DateField(null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        default_related_name = "services"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "slug"], name="service_slug_once_an_organisation"),
            models.UniqueConstraint("organisation", Lower("name"), name="service_name_once_an_organisation"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(OrganisationRow):
    """One role that one person has in one organisation, from a day until another. Roles add up (access.ROLES)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20)  # a value of access.Role
    from_on = models.DateField()
    until = models.DateField(null=True, blank=True)

    class Meta:
        default_related_name = "memberships"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user", "role"],
                condition=models.Q(until__isnull=True),
                name="membership_one_open_a_role",
            )
        ]


class RequestKey(models.Model):
    """The key of a form that was sent, with what came of it: a second sending answers with the first result."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.UUIDField()
    deed = models.CharField(max_length=80, db_default="")
    result = models.JSONField()
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "actor", "key"], name="request_key_once_an_organisation")
        ]


class SecurityEvent(models.Model):
    """Something that an auditor of access would ask for. Append-only: no second ``save``, no ``delete``."""

    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="security_events")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.SlugField(max_length=40)  # sign-in, sign-in-failed, role-given, role-ended, export, import …
    detail = models.JSONField(default=dict)  # never an e-mail address, a password, a code
    at = models.DateTimeField(default=timezone.now, editable=False)
    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organisation", "at"], name="security_event_by_day")]

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise TypeError("security events are append-only")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("security events are append-only")
