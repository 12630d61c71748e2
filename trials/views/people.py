"""People and what is delegated to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Min, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts import services as accounts
from accounts.directory import accounts_open_to
from accounts.models import User
from accounts.permissions import SITE_ROLES, Permission, requires
from accounts.requests import PersonRequest
from kernel.choices import chosen
from kernel.clock import local_date
from kernel.reading import plain
from kernel.service_form import Page
from kernel.sorting import sorting
from protocol.text import newest
from trials import services
from trials.forms import (
    ChangePersonForm,
    CloseAccountForm,
    ConfirmDelegationForm,
    DelegationForm,
    EndDelegationForm,
    InvitationForm,
    PersonForm,
    ResetForm,
    SignDelegationForm,
    VerifyProofsForm,
)
from trials.models import Delegation, Site
from trials.services import people as people_services
from trials.services.delegations import signs
from trials.training import ends_on, gaps_among

SORTED = {
    "person": ("user__username", "site__code", "role"),
    "role": ("role", "site__code", "user__username"),
    "site": ("site__code", "role", "user__username"),
    "from": ("starts_on", "pk"),
    "until": ("ends_on", "pk"),
    "granted": ("granted_by__username", "pk"),
}


@requires(Permission.PERSON_VIEW)
def people(request: PersonRequest) -> HttpResponse:
    """Who holds which role, where, since when and from whom (ICH E6(R3) 4.2.2)."""
    now = timezone.now()
    today = local_date(now, settings.TRIAL_TIME_ZONE)
    delegations = Delegation.objects.open_to(request.user, Permission.PERSON_VIEW)
    order = sorting(request, SORTED, otherwise=SORTED["site"])
    delegations = delegations.select_related("user", "site", "granted_by").order_by(*order.order)
    may_delegate = request.user.may(Permission.PERSON_DELEGATE)
    context = {
        "delegations": [(each, state_of(each, today)) for each in delegations],
        "to_confirm": Delegation.objects.open_to(request.user, Permission.PERSON_CONFIRM)
        .to_confirm_by(request.user, on=today)
        .select_related("user", "site", "granted_by"),
        "without_role": accounts_open_to(request.user, Permission.PERSON_DELEGATE).filter(delegations=None),
        "dormant": dormant_at(now, accounts_open_to(request.user, Permission.PERSON_DELEGATE)),
        "may_delegate": may_delegate,
        "training": [
            (gap, gap.is_over(today))
            for gap in gaps_among(Delegation.objects.open_to(request.user, Permission.PERSON_VIEW), on=today)
        ],
        "sorting": order,
    }
    return render(request, "trials/people.html", context)


def dormant_at(now: datetime, accounts: QuerySet[User]) -> QuerySet[User]:
    """Return the open accounts that nobody used for long: neither signed in of late nor, since they were made, ever."""
    since = now - timedelta(days=settings.DORMANT_DAYS)
    return (
        accounts.filter(is_active=True)
        .annotate(made_at=Min("events__act__at"))
        .filter(Q(signed_in_at__lt=since) | Q(signed_in_at=None, made_at__lt=since))
    )


def state_of(delegation: Delegation, today: Any) -> str:
    """Return whether the delegation is in force, waits for a second person, starts later, or has ended."""
    if delegation.ended_at or (delegation.ends_on and delegation.ends_on < today):
        return "ended"
    if delegation.waits_for_confirmation:
        return "waiting"
    return "future" if delegation.starts_on > today else "current"


def _page(title: str, button: str, about: str = "") -> Page:
    return Page(title, button, reverse("trials:people"), _("People"), about)


@requires(Permission.PERSON_DELEGATE)
def new_person(request: PersonRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    step = _set_up_step(request)
    if form.submits(accounts.create_person, by=request.user, at=timezone.now()):
        if step:
            return redirect(f"{step}?person={form.result.username}")
        return redirect("trials:delegate", form.result.username)
    about = _("One account for one person. Roles are delegated on the next page.")
    page = _page(_("New person"), _("Create the account"), about)
    if step:
        page = replace(page, up=step, up_label=pgettext("site", "Set-up"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


def _set_up_step(request: PersonRequest) -> str:
    """Return the step of a site's set-up that asked for the account, which then goes on with it; else nothing."""
    role = chosen(request, "role", sorted(role.value for role in SITE_ROLES))
    sites = Site.objects.open_to(request.user, Permission.PERSON_DELEGATE)
    site = sites.filter(code=plain(request.GET.get("site", ""))).first()
    return reverse("trials:set-up-role", args=[site.code, role]) if site and role else ""


def _person(request: PersonRequest, username: str) -> User:
    return get_object_or_404(accounts_open_to(request.user, Permission.PERSON_DELEGATE), username=username)


@requires(Permission.PERSON_DELEGATE)
def person(request: PersonRequest, username: str) -> HttpResponse:
    person = _person(request, username)
    today = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    delegations = Delegation.objects.open_to(request.user, Permission.PERSON_DELEGATE).filter(user=person)
    delegations = delegations.select_related("site", "granted_by").order_by("starts_on")
    context = {
        "person": person,
        "delegations": [(each, state_of(each, today)) for each in delegations],
        "training_ends": ends_on(person, newest()),
    }
    return render(request, "trials/person.html", context)


def _page_of(person: User, title: str, button: str, about: str = "", **more: Any) -> Page:
    up = reverse("trials:person", args=[person.username])
    return Page(title, button, up, person.display_name, about, **more)


def _to(person: User) -> str:
    return reverse("trials:person", args=[person.username])


@requires(Permission.PERSON_DELEGATE)
def change_person(request: PersonRequest, username: str) -> HttpResponse:
    person = _person(request, username)
    page = _page_of(person, _("Change the account"), _("Save the change"))
    form = ChangePersonForm(request.POST or None, instance=person)
    if form.submits(people_services.change_account, user=person, by=request.user, at=timezone.now()):
        return redirect(_to(form.result))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.PERSON_DELEGATE)
def invite_person(request: PersonRequest, username: str) -> HttpResponse:
    """Mail a link by which the person chooses a password of their own."""
    person = _person(request, username)
    form = InvitationForm(request.POST or None)
    if form.submits(people_services.invite_person, user=person, by=request.user, at=timezone.now()):
        return redirect(_to(person))
    about = _("The link is good for a day and for one time. Nobody else learns the password.")
    page = _page_of(person, _("Invite the person"), _("Send the invitation"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.PERSON_DELEGATE)
def verify_proofs(request: PersonRequest, username: str) -> HttpResponse:
    """Say, as the second person, that the documents of training and identity were seen."""
    person = _person(request, username)
    form = VerifyProofsForm(request.POST or None)
    if form.submits(people_services.verify_proofs, user=person, by=request.user, at=timezone.now()):
        return redirect(_to(person))
    about = _("Training: %(training)s. Identity: %(identity)s.") % {
        "training": person.training_document or "–",
        "identity": person.identity_document or "–",
    }
    page = _page_of(person, _("Verify training and identity"), _("I have seen the documents"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.PERSON_DELEGATE)
def reset_account(request: PersonRequest, username: str) -> HttpResponse:
    person = _person(request, username)
    form = ResetForm(request.POST or None)
    if form.submits(people_services.reset_account, user=person, by=request.user, at=timezone.now()):
        return redirect(_to(form.result))
    about = _("Every session ends. The second factor is set up anew by its owner before anything is signed.")
    page = _page_of(person, _("Reset the account"), _("Reset"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.PERSON_DELEGATE)
def close_account(request: PersonRequest, username: str) -> HttpResponse:
    person = _person(request, username)
    form = CloseAccountForm(request.POST or None)
    if form.submits(people_services.close_account, user=person, by=request.user, at=timezone.now()):
        return redirect(_to(form.result))
    about = _("Every session and every delegation ends. The name is never given to anybody else.")
    page = _page_of(person, _("Close the account"), _("Close it"), about, is_grave=True)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.PERSON_DELEGATE)
def delegate(request: PersonRequest, username: str) -> HttpResponse:
    person = _person(request, username)
    sites = Site.objects.open_to(request.user, Permission.PERSON_DELEGATE)
    now = timezone.now()
    initial = {"starts_on": local_date(now, settings.TRIAL_TIME_ZONE)}
    form = DelegationForm(request.POST or None, sites=sites, initial=initial)
    if form.submits(services.delegate, user=person, by=request.user, at=now):
        return redirect(_to(person))
    page = _page(_("Delegate a role to %(person)s") % {"person": person.display_name}, _("Delegate"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.PERSON_CONFIRM)
def confirm_delegation(request: PersonRequest, pk: int) -> HttpResponse:
    """Confirm, as the second person, what somebody else delegated."""
    waiting = get_object_or_404(Delegation.objects.open_to(request.user, Permission.PERSON_CONFIRM), pk=pk)
    is_signed = signs(waiting, request.user)
    form = (SignDelegationForm if is_signed else ConfirmDelegationForm)(request.POST or None)
    if form.submits(services.confirm_delegation, delegation=waiting, by=request.user, at=timezone.now()):
        return redirect("trials:people")
    page = _page(_("Confirm a delegation"), _("Sign it") if is_signed else _("Confirm it"), _told(waiting))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


def _told(delegation: Delegation) -> str:
    place = delegation.site or _("the whole trial")
    about = _("%(person)s, %(role)s, %(place)s. The line stays in the log.")
    return about % {"person": delegation.user, "role": delegation.get_role_display(), "place": place}


@requires(Permission.PERSON_DELEGATE)
def end_delegation(request: PersonRequest, pk: int) -> HttpResponse:
    delegation = get_object_or_404(
        Delegation.objects.open_to(request.user, Permission.PERSON_DELEGATE), pk=pk
    )
    now = timezone.now()
    initial = {"on": local_date(now, settings.TRIAL_TIME_ZONE)}
    form = EndDelegationForm(request.POST or None, initial=initial)
    if form.submits(services.end_delegation, delegation=delegation, by=request.user, at=now):
        return redirect("trials:people")
    page = _page(_("End a delegation"), _("End it"), _told(delegation))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)
