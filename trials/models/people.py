"""Who is delegated to what, where, from when to when; and what a person may do now by it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date
from typing import Any, Literal, Self

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from accounts.permissions import ROLE_LABELS, SITE_ROLES, Grant, Permission, Role, SiteQuerySet
from audit.guards import ActGuard, ProvenAccess, SetOnce, SiteScoped
from audit.models import Audited, audited
from kernel.scope import EVERYTHING, Scope, scope
from trials.guards import RolesApart, RolesGiven
from trials.models.sites import Site


class DelegationSet(SiteQuerySet):
    def in_force(self, *, on: date) -> Self:
        """Return what holds on the day: begun, not over, not ended at once that day, and confirmed where it must be."""
        begun = self.filter(starts_on__lte=on).exclude(ends_on__lt=on)
        return begun.exclude(ended_at__isnull=False, ends_on=on).exclude(waits_for_confirmation=True)

    def to_confirm_by(self, user: User, *, on: date) -> Self:
        """Return what waits for ``user`` as the second person, who is neither its giver nor its receiver.

        A role of a site's own team waits for an investigator of the site; while it has none, its first investigator
        waits for another trial manager, as the sponsor's own roles do: the sponsor chooses investigators
        (ICH E6(R3) 3.7).
        """
        waiting = self.filter(waits_for_confirmation=True, ended_at=None)
        waiting = waiting.exclude(granted_by=user).exclude(user=user)
        own = [grant.site_id for grant in user.grants if grant.role is Role.INVESTIGATOR]
        of_sites = sorted(role.value for role in SITE_ROLES)
        mine: Any = models.Q(site__in=own, role__in=of_sites)
        if user.sites_with(Permission.PERSON_CONFIRM) is None:
            investigators = Delegation.objects.investigators(on=on).filter(site=models.OuterRef("site"))
            first = models.Q(role=Role.INVESTIGATOR) & ~models.Exists(
                investigators.exclude(user=models.OuterRef("user"))
            )
            mine = mine | ~models.Q(role__in=of_sites) | first
        return waiting.filter(mine)

    def investigators(self, *, on: date) -> Self:
        """Return the delegations of investigators that are in force, of people who may sign in."""
        return self.in_force(on=on).filter(role=Role.INVESTIGATOR, user__is_active=True)


@audited()
class Delegation(Audited):
    """A role that a person holds at one site, or for the whole trial when ``site`` is empty.

    The log of delegations is read by the investigator (ICH E6(R3) 4.2.2(a)(i)). What one person delegates, a second
    one confirms, and until then it gives no right; at a site that is its investigator, who signs (2.3), and
    ``signature`` is theirs. ``ended_at`` says that it was ended at once, at that moment.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="delegations")
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="delegations")
    role = models.CharField(_("role"), max_length=20, choices=[(r.value, ROLE_LABELS[r]) for r in Role])
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("ended at once at"), null=True, blank=True)
    waits_for_confirmation = models.BooleanField(_("waits for a second person"), null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="+")

    objects = DelegationSet.as_manager()

    class Meta:
        verbose_name = _("delegation")
        constraints = (
            ActGuard(name="trials_delegation_act"),
            SiteScoped(name="trials_delegation_scope", own="user_id"),
            RolesApart(name="trials_delegation_roles_apart", pairs=settings.INCOMPATIBLE_ROLES),
            RolesGiven(name="trials_delegation_roles_given"),
            ProvenAccess(
                name="trials_delegation_proven",
                columns=(
                    *("user_id", "site_id", "role", "starts_on", "ends_on", "granted_by_id", "ended_at"),
                    *("waits_for_confirmation", "confirmed_by_id", "confirmed_at", "signature_id"),
                ),
            ),
            *(
                SetOnce(name=f"trials_delegation_{column}_once", column=column)
                for column in ("user_id", "role", "site_id", "granted_by_id", "confirmed_by_id", "ended_at")
            ),
            models.CheckConstraint(
                condition=~models.Q(role__in=sorted(r.value for r in SITE_ROLES))
                | models.Q(site__isnull=False),
                name="trials_delegation_site_role",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on=None) | models.Q(ends_on__gte=models.F("starts_on")),
                name="trials_delegation_order",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(ends_on__isnull=False),
                name="trials_delegation_ended_has_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by=None, confirmed_at=None)
                | models.Q(confirmed_by__isnull=False, confirmed_at__isnull=False)
                & ~models.Q(waits_for_confirmation=True)
                & ~models.Q(confirmed_by=models.F("granted_by"))
                & ~models.Q(confirmed_by=models.F("user")),
                name="trials_delegation_second_person",
            ),
        )

    def __str__(self) -> str:
        return str(ROLE_LABELS[Role(self.role)])

    def as_grant(self) -> Grant:
        return Grant(Role(self.role), self.site_id)


def with_grants(user: Any, *, on: date) -> User:
    """Return ``user`` with the grants of the delegations in force on ``on``."""
    with scope(user_id=user.pk, sites=()), transaction.atomic():
        delegations = Delegation.objects.filter(user_id=user.pk).in_force(on=on)
        user.grants = tuple(map(Delegation.as_grant, delegations))
    user.granted_on = on
    granted: User = user
    return granted


def own_scope(user: User, *, confided: bool = False) -> AbstractContextManager[Scope]:
    """Open what the person's roles show on the day that their grants are of; the database looks them up itself."""
    return scope(
        user_id=user.pk,
        sites=sites_of(user),
        confided=confided_to(user) if confided else (),
        on=user.granted_on,
        by_delegations=True,
    )


def sites_of(user: User) -> frozenset[int] | Literal["*"]:
    """Return the sites whose rows the person may see at all: every one for a central role."""
    sites = {grant.site_id for grant in user.grants}
    return EVERYTHING if None in sites else frozenset(filter(None, sites))


def confided_to(user: User) -> frozenset[int]:
    """Return the sites whose contact requests the person handles; a central role handles none."""
    return user.sites_with(Permission.CONTACT_HANDLE) or frozenset()
