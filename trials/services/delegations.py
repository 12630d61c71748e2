"""Roles: granted by one person, confirmed by a second, ended at once or on a day to come."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import ADDED_ROLES, ROLE_LABELS, SITE_ROLES, Role
from accounts.services import change_person, sign
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from kernel.scope import tell_identity
from trials.models import Delegation, Site
from trials.training import gap_of, opened_days


class RoleNeedsSite(Refusal):
    code = "trials.role_needs_site"
    fields = ("site",)
    message = _("The role {role} is held at a site. Choose the site.")
    status = 422


class RoleIsCentral(Refusal):
    code = "trials.role_is_central"
    fields = ("site",)
    message = _("The role {role} is held for the whole trial. Leave the site empty.")
    status = 422


class ReasonForTheArm(Refusal):
    code = "trials.reason_for_the_arm"
    fields = ("reason",)
    message = _("Say why {person} has to see the arm of many participants at once. It stays on record.")
    status = 422


class TrainingMissing(Refusal):
    code = "trials.training_missing"
    message = _("{person} has no training date on record. Record the training before access is given.")


class TrainingNotInForce(Refusal):
    code = "trials.training_not_in_force"
    message = _(
        "{person}: {why}; the days left for a new training ended on {grace}. Record the new training on the page of "
        "the person first. What they do already goes on."
    )


class ProofsNotVerified(Refusal):
    code = "trials.proofs_not_verified"
    message = _(
        "Training and identity of {person} were recorded by one person. A second trial manager verifies the documents "
        "first, on the page of the person."
    )


class NotToYourself(Refusal):
    code = "trials.not_to_yourself"
    message = _("Nobody gives a role to themselves. Ask another trial manager.")
    status = 403


class RolesIncompatible(Refusal):
    code = "trials.roles_incompatible"
    message = _(
        "Whoever is {held} cannot be {role} as well: one checks or decides what the other does. End the other role "
        "first, or delegate this one to somebody else."
    )


class RoleNeedsSecondPerson(Forbidden):
    code = "trials.role_needs_second_person"
    message = _(
        "A role is confirmed by a second person: neither who granted it nor who receives it. A role at a site is "
        "signed by an investigator of the site; only its first investigator is confirmed by another trial manager."
    )


class NothingToConfirm(Refusal):
    code = "trials.nothing_to_confirm"
    message = _("This delegation waits for nobody: it was confirmed or ended already.")


class DelegationEnded(Refusal):
    code = "trials.delegation_ended"
    message = _("This delegation ended on {day} already.")


class EndIsPast(Refusal):
    code = "trials.end_is_past"
    fields = ("on",)
    message = _(
        "The {day} has passed, and what was done in the role since then stays done. Choose today, and the role ends at "
        "once, or a day to come."
    )
    status = 422


def delegate(
    *,
    user: User,
    role: Role,
    site: Site | None,
    starts_on: date,
    ends_on: date | None = None,
    reason: str = "",
    by: User | None,
    at: datetime,
) -> Delegation:
    """``user`` is to hold ``role`` from ``starts_on``, once a second person has confirmed it.

    Training is on record before (11.10(i)). What the system itself delegates needs no confirmation.
    Refuses: a role for oneself; a role without its site or with one; a role beside one that checks it; the arm in
    lists without a reason; training that is for another version than the site's or has ended, once its grace is over.
    Locks: nothing.
    """
    with open_act("trials:delegation:grant", by=by, at=at, site=site, reason=reason) as act:
        if by is not None and by.pk == user.pk:
            raise NotToYourself
        _refuse_wrong_place(role, site)
        if role in ADDED_ROLES and not reason:
            raise ReasonForTheArm(person=user.username)
        if user.trained_on is None:
            raise TrainingMissing(person=user.username)
        if by is not None and site is not None:
            _refuse_old_training(user, site, on=local_date(at, site.time_zone))
        _refuse_incompatible(user, role, site, starts_on=starts_on, ends_on=ends_on)
        tell_identity(person=user.pk)
        return Delegation.objects.create(
            user=user,
            role=role,
            site=site,
            starts_on=starts_on,
            ends_on=ends_on,
            granted_by=by,
            waits_for_confirmation=by is not None,
            act=act,
        )


def _refuse_wrong_place(role: Role, site: Site | None) -> None:
    if role in SITE_ROLES and site is None:
        raise RoleNeedsSite(role=role)
    if role not in SITE_ROLES and role is not Role.MONITOR and site is not None:
        raise RoleIsCentral(role=role)


def _refuse_old_training(user: User, site: Site, *, on: date) -> None:
    gap = gap_of(user, site, opened_on=opened_days([site]).get(site.pk), on=on)
    if gap and gap.is_over(on):
        raise TrainingNotInForce(person=user.username, why=gap.why, grace=gap.grace.isoformat())


def _refuse_incompatible(
    user: User, role: Role, site: Site | None, *, starts_on: date, ends_on: date | None
) -> None:
    """Refuse a role whose days meet those of an incompatible one, at the same site or where either is trial-wide."""
    others = {
        other for pair in settings.INCOMPATIBLE_ROLES if role in pair for other in pair if other != role
    }
    rows = Delegation.objects.filter(user=user, role__in=others, ended_at=None)
    rows = rows.exclude(ends_on__lt=starts_on)
    if ends_on is not None:
        rows = rows.filter(starts_on__lte=ends_on)
    if site is not None:
        rows = rows.filter(Q(site=None) | Q(site=site))
    if other := rows.first():
        raise RolesIncompatible(held=ROLE_LABELS[Role(other.role)], role=ROLE_LABELS[role])


def may_confirm(delegation: Delegation, by: User, *, at: datetime) -> bool:
    """Say whether ``by`` is the second person for this delegation."""
    waiting = Delegation.objects.filter(pk=delegation.pk)
    return waiting.to_confirm_by(by, on=_today_of(delegation, at)).exists()


def signs(delegation: Delegation, by: User) -> bool:
    """Say whether ``by`` confirms the delegation by signing it: as the investigator of its site."""
    return delegation.role in SITE_ROLES and by.role_at(delegation.site_id) is Role.INVESTIGATOR


def confirm_delegation(*, delegation: Delegation, by: User, at: datetime, password: str = "") -> Delegation:
    """The role is in force from its first day: a second person has confirmed it, the investigator by signing it.

    Refuses: who granted or receives it, and who may not confirm; what waits for nobody; a person whose training
    and identity no second person has verified; a password that does not match where it is signed.
    Locks: the delegation.
    """
    with open_act("trials:delegation:confirm", by=by, at=at, site=delegation.site) as act:
        locked = Delegation.objects.select_for_update(of=("self",)).get(pk=delegation.pk)
        if not locked.waits_for_confirmation or locked.ended_at is not None:
            raise NothingToConfirm
        if not may_confirm(locked, by, at=at):
            raise RoleNeedsSecondPerson
        if locked.user.waits_for_verifier:
            raise ProofsNotVerified(person=locked.user.username)
        if signs(locked, by):
            locked.signature = sign(
                record=f"delegation {locked.pk}",
                digest=digest_of(locked),
                meaning=_("I delegate these duties at my site to this person"),
                by=by,
                password=password,
                at=at,
                site=locked.site,
            )
        locked.waits_for_confirmation, locked.confirmed_by, locked.confirmed_at = False, by, at
        locked.act = act
        tell_identity(person=locked.user_id)
        locked.save(
            update_fields=["waits_for_confirmation", "confirmed_by", "confirmed_at", "signature", "act"]
        )
    return locked


def digest_of(delegation: Delegation) -> str:
    """Return the SHA-256 of what an investigator signs: who has which role where, and from when to when."""
    signed = {
        "user": delegation.user_id,
        "role": delegation.role,
        "site": delegation.site_id,
        "from": delegation.starts_on.isoformat(),
        "until": delegation.ends_on.isoformat() if delegation.ends_on else "",
    }
    return hashlib.sha256(json.dumps(signed, sort_keys=True).encode()).hexdigest()


def _today_of(delegation: Delegation, at: datetime) -> date:
    return local_date(at, delegation.site.time_zone if delegation.site else settings.TRIAL_TIME_ZONE)


def end_delegation(*, delegation: Delegation, on: date, by: User, at: datetime, reason: str) -> Delegation:
    """The role ends: today at once, else after the day ``on``; the row stays as evidence.

    At once means in the middle of a session; tokens and calendar addresses of the person end as well.
    Refuses: a day that has passed; a role that is over. Locks: the delegation, then the account.
    """
    with open_act("trials:delegation:end", by=by, at=at, site=delegation.site, reason=reason) as act:
        locked = (
            Delegation.objects.select_for_update(of=("self",))
            .select_related("site", "user")
            .get(pk=delegation.pk)
        )
        today = _today_of(locked, at)
        if on < today:
            raise EndIsPast(day=on.isoformat())
        if locked.ends_on is not None and (locked.ended_at is not None or locked.ends_on < on):
            raise DelegationEnded(day=locked.ends_on.isoformat())
        locked.ends_on, locked.act = max(on, locked.starts_on), act
        locked.ended_at = at if on == today else None
        tell_identity(person=locked.user_id)
        locked.save(update_fields=["ends_on", "ended_at", "act"])
        if locked.ended_at is not None:
            change_person(user=locked.user, by=by, at=at, verb="end_access", access_reset_at=at)
    return locked
