"""Opening, suspending and closing sites."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Role
from audit.acts import note_moved, open_act
from audit.models import Act
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.punctuation import listed
from kernel.scope import tell_site
from kernel.uploads import TakenFile
from protocol.text import versions
from trials.models import ChecklistItem, CloseOut, ConsentVersion, Delegation, Participant, Site, SiteDocument
from trials.models.sites import ChecklistKind, SiteNeed, SiteState
from trials.services.versions import ApprovalInFuture

MOVES: Final = {
    SiteState.PLANNED: {SiteState.SET_UP},
    SiteState.SET_UP: {SiteState.ACTIVE, SiteState.PLANNED},
    SiteState.ACTIVE: {SiteState.SUSPENDED, SiteState.CLOSED},
    SiteState.SUSPENDED: {SiteState.ACTIVE, SiteState.CLOSED},
    SiteState.CLOSED: {SiteState.ACTIVE},  # trials.services.closing closes it out
    SiteState.CLOSED_OUT: set(),
}


class SiteCodeTaken(Refusal):
    code = "trials.site_code_taken"
    fields = ("code",)
    message = _("Site code {code} belongs to a site already. Choose another two-digit code.")


class SiteCannotMove(Refusal):
    code = "trials.site_cannot_move"
    message = _("Site {site} is “{state}” and cannot become “{wanted}” from there.")


class CloseOutStands(Refusal):
    code = "trials.close_out_stands"
    message = _(
        "The close-out of site {site} was asked for on {day}. Take it back first; then the site can recruit again."
    )


class ChecklistOpen(Refusal):
    code = "trials.checklist_open"
    message = _("Site {site} cannot be activated yet. Still open: {missing}. Complete the checklist first.")


class DocumentThere(Refusal):
    code = "trials.document_there"
    fields = ("file",)
    message = _(
        "This file stands at the line “{item}” of site {site} already. Leave the file out, or choose another."
    )


class ConsentVersionKnown(Refusal):
    code = "trials.consent_version_known"
    fields = ("label",)
    message = _(
        "Consent version {label} of site {site} is on record already, approved on {day}. Enter the version that is "
        "printed on the new text."
    )
    status = 422


def create_site(
    *,
    code: str,
    name: str,
    name_zh: str,
    city: str,
    city_zh: str,
    time_zone: str,
    by: User | None,
    at: datetime,
    **more: Any,
) -> Site:
    """A planned site exists under ``code``; its calendar days are those of ``time_zone``.

    It begins under the first version of the protocol; its ethics committee approves each later one.

    Refuses: a code that is taken.
    """
    with open_act("trials:site:create", by=by, at=at) as act:
        if Site.objects.filter(code=code).exists():
            raise SiteCodeTaken(code=code)
        return Site.objects.create(
            code=code,
            name=name,
            name_zh=name_zh,
            city=city,
            city_zh=city_zh,
            time_zone=time_zone,
            protocol_version=versions()[0],
            act=act,
            **more,
        )


def change_site(*, site: Site, by: User, at: datetime, reason: str, **fields: Any) -> Site:
    """The site carries ``fields``.

    Locks: the site.
    """
    with open_act("trials:site:change", by=by, at=at, site=site, reason=reason) as act:
        locked = Site.objects.select_for_update().get(pk=site.pk)
        for name, value in {**fields, "act": act}.items():
            setattr(locked, name, value)
        locked.save(update_fields=[*fields, "act"])
        if "time_zone" in fields:
            _note_of_everybody(locked, "site.zone", "today")
    return locked


def _note_of_everybody(site: Site, *reads: str) -> None:
    """What the forms of everybody at the site read has moved."""
    for participant_id in Participant.objects.filter(site=site).values_list("pk", flat=True):
        note_moved(participant_id, *reads)


def fulfil_checklist_item(
    *,
    site: Site,
    kind: str,
    done_on: date,
    expires_on: date | None = None,
    reference: str = "",
    file: TakenFile | None = None,
    by: User | None,
    at: datetime,
) -> ChecklistItem:
    """The item of the activation checklist is on record with its day, and its document where one was sent.

    A later call renews it; earlier documents stay. Refuses: a document that stands there already. Locks: nothing.
    """
    with open_act("trials:site:fulfil", by=by, at=at, site=site) as act:
        before = ChecklistItem.objects.filter(site=site, kind=kind).first()
        item, _made = ChecklistItem.objects.update_or_create(
            site=site,
            kind=kind,
            defaults={"done_on": done_on, "expires_on": expires_on, "reference": reference, "act": act},
        )
        if before is None or done_on < before.done_on:  # a renewal does not move the day of activation
            _note_of_everybody(site, "site.activated_on")
        if file is not None:
            _keep_document(item, file, act)
    return item


def _keep_document(item: ChecklistItem, file: TakenFile, act: Act) -> None:
    digest = hashlib.sha256(file.data).hexdigest()
    if SiteDocument.objects.filter(site=item.site, kind=item.kind, digest=digest).exists():
        raise DocumentThere(item=ChecklistKind(item.kind).label, site=item.site.code)
    SiteDocument.objects.create(
        site=item.site,
        kind=item.kind,
        name=file.name,
        media_type=file.media_type,
        pages=file.pages,
        size=len(file.data),
        digest=digest,
        content=file.data,
        sent_by=act.by,
        sent_at=act.at,
        act=act,
    )


def open_checklist_items(site: Site, *, on: date) -> list[ChecklistKind]:
    """Return what the site still lacks on ``on`` before it may be active."""
    holding = {item.kind for item in site.checklist.all() if item.holds_on(on)}
    return [kind for kind in ChecklistKind if kind not in holding]


def open_needs(site: Site, *, on: date, has_places: bool | None) -> list[SiteNeed]:
    """Return who and what the site lacks on ``on``, beside its checklist, before it may be active.

    ``has_places`` says whether the randomization list has places for the site; None while no list is in force.
    """
    delegations = set(
        Delegation.objects.in_force(on=on)
        .filter(site=site, user__is_active=True)
        .values_list("role", flat=True)
    )
    fulfilled = {
        SiteNeed.COORDINATOR: Role.COORDINATOR in delegations,
        SiteNeed.INVESTIGATOR: Role.INVESTIGATOR in delegations,
        SiteNeed.CONSENT_VERSION: ConsentVersion.objects.filter(site=site, approved_on__lte=on)
        .exclude(ended_on__lte=on)
        .exists(),
        SiteNeed.PLACES: has_places is not False,
    }
    return [need for need, is_fulfilled in fulfilled.items() if not is_fulfilled]


def move_site(*, site: Site, to: str, by: User | None, at: datetime, reason: str = "") -> Site:
    """The site is in state ``to``. Refuses: a state that cannot follow; activating, which ``activate_site`` does.

    Locks: the site.
    """
    with open_act(f"trials:site:{to}", by=by, at=at, site=site, reason=reason) as act:
        wanted = SiteState(to)
        locked = _lock_for(site, wanted)
        if wanted is SiteState.ACTIVE:
            raise SiteCannotMove(site=locked.code, state=locked.get_state_display(), wanted=wanted.label)
        locked.state, locked.act = wanted, act
        tell_site(site=locked.pk)
        locked.save(update_fields=["state", "act"])
    return locked


def activate_site(
    *, site: Site, has_places: bool | None, by: User | None, at: datetime, reason: str = ""
) -> Site:
    """The site is active: its checklist is complete and unexpired, and who and what it needs is there.

    ``has_places`` is that of ``open_needs``. Refuses: a state from which it cannot; a close-out that was asked for;
    whatever is lacking, by name. Locks: the site.
    """
    with open_act("trials:site:active", by=by, at=at, site=site, reason=reason) as act:
        locked = _lock_for(site, SiteState.ACTIVE)
        if standing := CloseOut.objects.standing().filter(site=locked).first():
            day = local_date(standing.asked_at, locked.time_zone).isoformat()
            raise CloseOutStands(site=locked.code, day=day)
        today = local_date(at, locked.time_zone)
        missing = [
            *open_checklist_items(locked, on=today),
            *open_needs(locked, on=today, has_places=has_places),
        ]
        if missing:
            raise ChecklistOpen(site=locked.code, missing=listed(each.label for each in missing))
        locked.state, locked.act = SiteState.ACTIVE, act
        tell_site(site=locked.pk)
        locked.save(update_fields=["state", "act"])
    return locked


def _lock_for(site: Site, wanted: SiteState) -> Site:
    locked = Site.objects.select_for_update().get(pk=site.pk)
    if wanted not in MOVES[SiteState(locked.state)]:
        raise SiteCannotMove(site=locked.code, state=locked.get_state_display(), wanted=wanted.label)
    return locked


def add_consent_version(
    *, site: Site, label: str, approved_on: date, by: User | None, at: datetime
) -> ConsentVersion:
    """The site may consent with ``label`` from its approval day on; the version before ends that day.

    Refuses: a label that the site has on record; an approval that has not come yet. Locks: the site.
    """
    with open_act("trials:consent_version:add", by=by, at=at, site=site) as act:
        locked = Site.objects.select_for_update().get(pk=site.pk)
        known = ConsentVersion.objects.filter(site=locked, label=label).first()
        if known is not None:
            raise ConsentVersionKnown(label=label, site=locked.code, day=known.approved_on.isoformat())
        if approved_on > local_date(at, locked.time_zone):
            raise ApprovalInFuture(day=approved_on.isoformat())
        for earlier in ConsentVersion.objects.filter(site=site, ended_on=None):
            earlier.ended_on, earlier.act = max(approved_on, earlier.approved_on), act
            earlier.save(update_fields=["ended_on", "act"])
        return ConsentVersion.objects.create(site=site, label=label, approved_on=approved_on, act=act)
