"""The way of a site from nothing to active: every step, what stands of it, and where it is taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from accounts.permissions import Permission, Role
from randomization.coverage import has_places
from trials.models import Delegation, Site, SiteDocument
from trials.models.sites import ChecklistItem, ChecklistKind, SiteNeed, SiteState
from trials.services.sites import open_needs

ROLE_OF_NEED: Final = {SiteNeed.COORDINATOR: Role.COORDINATOR, SiteNeed.INVESTIGATOR: Role.INVESTIGATOR}
# Of these the sponsor files a paper: without it the step says so, and the site is activated all the same.
WITH_PAPER: Final = (ChecklistKind.ETHICS, ChecklistKind.CONTRACT)
WAITS: Final = {
    Role.COORDINATOR: _lazy("waits for the signature of an investigator of the site"),
    Role.INVESTIGATOR: _lazy("waits for another trial manager, or an investigator of the site, to confirm"),
}


@dataclass(frozen=True)
class SiteStep:
    """One step: whether it is done, what stands of it, and the page on which it is taken."""

    label: str | Promise
    is_done: bool
    href: str = ""
    action: str | Promise = ""
    told: tuple[str | Promise, ...] = ()
    documents: tuple[SiteDocument, ...] = ()
    also: tuple[tuple[str, str], ...] = ()


def set_up_steps(site: Site, *, on: date, by: User) -> list[SiteStep]:
    """Return the steps in the order in which they are taken, as they stand on ``on`` for who looks."""
    return [
        SiteStep(_("The site exists"), is_done=True, told=(f"{site.local_city} · {site.time_zone}",)),
        _begun(site),
        *_of_checklist(site, on),
        *_of_needs(site, on, by),
    ]


def _begun(site: Site) -> SiteStep:
    if site.state != SiteState.PLANNED:
        return SiteStep(_("The set-up has begun"), is_done=True)
    return SiteStep(
        _("The set-up has begun"),
        is_done=False,
        href=reverse("trials:move-site", args=[site.code, SiteState.SET_UP.value]),
        action=_("Begin the set-up"),
    )


def _of_checklist(site: Site, on: date) -> list[SiteStep]:
    items = {item.kind: item for item in site.checklist.all()}
    documents = documents_of(site)
    return [
        _of_item(site, kind, items.get(kind.value), documents.get(kind.value, []), on)
        for kind in ChecklistKind
    ]


def _of_item(
    site: Site, kind: ChecklistKind, item: ChecklistItem | None, documents: list[SiteDocument], on: date
) -> SiteStep:
    holds = item is not None and item.holds_on(on)
    told: list[str | Promise] = []
    if item is not None and not holds:
        told.append(_("expired") if item.expires_on and item.expires_on < on else _("not in place yet"))
    if item is not None and item.reference:
        told.append(item.reference)
    if kind in WITH_PAPER and not documents:
        told.append(_("no file on record yet"))
    return SiteStep(
        kind.label,
        is_done=holds,
        href=reverse("trials:fulfil", args=[site.code, kind.value]),
        action=_("Renew") if holds else _("Record"),
        told=tuple(told),
        documents=tuple(documents),
    )


def documents_of(site: Site) -> dict[str, list[SiteDocument]]:
    """Return the documents of the site by line of its checklist, the latest first and without their bytes."""
    rows: dict[str, list[SiteDocument]] = {}
    for row in site.documents.defer("content"):
        rows.setdefault(row.kind, []).append(row)
    return rows


def _of_needs(site: Site, on: date, by: User) -> list[SiteStep]:
    places = has_places(site.code)
    lacking = open_needs(site, on=on, has_places=places)
    steps = [
        _of_role(site, need, role, is_done=need not in lacking, on=on, by=by)
        for need, role in ROLE_OF_NEED.items()
    ]
    steps.append(
        SiteStep(
            str(SiteNeed.CONSENT_VERSION.label).capitalize(),
            is_done=SiteNeed.CONSENT_VERSION not in lacking,
            href=reverse("trials:new-consent-version", args=[site.code]),
            action=_("Record"),
        )
    )
    if places is not None:
        label, is_done = str(SiteNeed.PLACES.label).capitalize(), SiteNeed.PLACES not in lacking
        href, told = reverse("randomization:schemes"), (_("The statistician gives the list its places."),)
        steps.append(
            SiteStep(label, is_done=True)
            if is_done
            else SiteStep(label, is_done=False, href=href, action=_("See to it"), told=told)
        )
    return steps


def _of_role(site: Site, need: SiteNeed, role: Role, *, is_done: bool, on: date, by: User) -> SiteStep:
    delegations = Delegation.objects.filter(site=site, role=role).select_related("user")
    standing = [str(each.user) for each in delegations.in_force(on=on).filter(user__is_active=True)]
    waiting = delegations.filter(waits_for_confirmation=True, ended_at=None)
    mine = set(waiting.to_confirm_by(by, on=on).values_list("pk", flat=True))
    told: list[str | Promise] = [*standing, *(f"{each.user}: {WAITS[role]}" for each in waiting)]
    also = [
        (
            _("Confirm %(person)s") % {"person": each.user},
            reverse("trials:confirm-delegation", args=[each.pk]),
        )
        for each in waiting
        if each.pk in mine and by.may(Permission.PERSON_CONFIRM)
    ]
    return SiteStep(
        str(need.label).capitalize(),
        is_done=is_done,
        href=reverse("trials:set-up-role", args=[site.code, role.value]),
        action=_("Add another") if is_done else _("Choose the person"),
        told=tuple(told),
        also=tuple(also),
    )
