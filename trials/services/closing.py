"""Closing a site out: asked for by one person, confirmed by a second, undone by either until the site has its copy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from accounts.permissions import SITE_ROLES, Permission
from accounts.services import sign
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from kernel.punctuation import listed
from kernel.scope import EVERYTHING, scope, tell_site
from trials.models import CloseOut, Delegation, Site, SiteCopy
from trials.models.closing import KEPT, OpenMatter
from trials.models.sites import SiteState
from trials.services.copies import refuse_confirmed_copy, refuse_stale_copy

KEEPERS: Final = (SiteState.ACTIVE, SiteState.SUSPENDED, SiteState.CLOSED)


class StillRecruiting(Refusal):
    code = "trials.still_recruiting"
    message = _("Site {site} is “{state}”. Close it to recruitment first, then close it out.")


class MattersOpen(Refusal):
    code = "trials.matters_open"
    message = _(
        "Site {site} cannot be closed out yet. Still open: {open}. Settle them at the site; the follow-up of living "
        "participants can also be kept by another site."
    )


class KeeperNotThere(Refusal):
    code = "trials.keeper_not_there"
    message = _(
        "Nobody of site {keeper} has a role at site {site} yet. Delegate a coordinator of {keeper} to {site}, let a "
        "second person confirm it, then name {keeper} as keeper of the follow-up."
    )


class KeeperCannotFollow(Refusal):
    code = "trials.keeper_cannot_follow"
    fields = ("keeper",)
    message = _(
        "Site {keeper} is “{state}” and cannot keep the follow-up of another site. Name another keeper."
    )
    status = 422


class CloseOutAskedFor(Refusal):
    code = "trials.close_out_asked_for"
    message = _("The close-out of site {site} was asked for on {day} already.")


class CloseOutNeedsSecondPerson(Forbidden):
    code = "trials.close_out_needs_second_person"
    message = _(
        "A close-out is confirmed by a second person: another trial manager, or the investigator of the site."
    )


class CloseOutSettled(Refusal):
    code = "trials.close_out_settled"
    message = _("This close-out was confirmed or taken back already. Read the page of the site again.")


OpenMatterCount = Callable[[Site], Mapping[str, int]]
"""Counts what is open at a site by kind; it is asked while the site is locked, so that nobody is transferred to it
meanwhile."""


def unsettled(open_matters: Mapping[str, int], *, keeper: Site | None) -> list[OpenMatter]:
    """Return what stands in the way of a close-out; a keeper takes over whom the site follows."""
    return [
        matter
        for matter in OpenMatter
        if open_matters.get(matter, 0) and not (keeper is not None and matter in KEPT)
    ]


def ask_close_out(
    *,
    site: Site,
    keeper: Site | None,
    count: OpenMatterCount,
    reason: str,
    password: str,
    by: User,
    at: datetime,
) -> CloseOut:
    """The close-out of the site waits for a second person; ``count`` says what is open there once it is locked.

    Refuses: a site that recruits; what is neither settled nor kept; a keeper without people at the site; a second
    request. Locks: the site.
    """
    with open_act("trials:close_out:ask", by=by, at=at, site=site, reason=reason) as act:
        locked = _lock(site)
        if standing := CloseOut.objects.standing().filter(site=locked).first():
            day = local_date(standing.asked_at, locked.time_zone).isoformat()
            raise CloseOutAskedFor(site=locked.code, day=day)
        open_matters = count(locked)
        _refuse_unless_ready(locked, keeper, open_matters, by=by, at=at)
        return CloseOut.objects.create(
            site=locked,
            keeper=keeper,
            open_matters=_counted(open_matters),
            reason=reason,
            asked_by=by,
            asked_at=at,
            asking_signature=_signed(
                locked, keeper, open_matters, _("Close-out asked for"), by=by, password=password, at=at
            ),
            act=act,
        )


def confirm_close_out(
    *, close_out: CloseOut, count: OpenMatterCount, password: str, by: User, at: datetime
) -> CloseOut:
    """The site is closed out: a second person has confirmed it. What is open is counted once more, by ``count``.

    Refuses: who asked for it, and who may not confirm; what was settled meanwhile; what has opened since.
    Locks: the site, then the close-out.
    """
    with open_act("trials:close_out:confirm", by=by, at=at, site=close_out.site) as act:
        site, locked = _lock(close_out.site), _lock_waiting(close_out)
        if not may_confirm_close_out(locked, by):
            raise CloseOutNeedsSecondPerson
        keeper, open_matters = keeper_of(locked, by=by), count(site)
        _refuse_unless_ready(site, keeper, open_matters, by=by, at=at)
        signature = _signed(
            site, keeper, open_matters, _("Close-out confirmed"), by=by, password=password, at=at
        )
        _write(
            locked,
            act,
            open_matters=_counted(open_matters),
            confirmed_by=by,
            confirmed_at=at,
            confirming_signature=signature,
        )
        _move(site, SiteState.CLOSED_OUT, act)
    return locked


def end_close_out(*, close_out: CloseOut, reason: str, by: User, at: datetime) -> CloseOut:
    """The request is taken back, or the close-out undone and the site closed to recruitment again.

    Refuses once the site has confirmed its copy. Locks: the site, then the close-out.
    """
    with open_act("trials:close_out:end", by=by, at=at, site=close_out.site, reason=reason) as act:
        site, locked = _lock(close_out.site), _lock_standing(close_out)
        refuse_confirmed_copy(locked, site)
        _write(locked, act, ended_by=by, ended_at=at)
        if site.state == SiteState.CLOSED_OUT:
            _move(site, SiteState.CLOSED, act)
    return locked


def confirm_copy(*, copy: SiteCopy, data_digest: str, password: str, by: User, at: datetime) -> CloseOut:
    """The investigator has confirmed that the site holds this copy of its records: the close-out is final.

    The signature is over the digest of the file. ``data_digest`` tells the state of the site's data now.
    Refuses: a copy that is not the last one asked for, not ready, not downloaded by who signs, or behind the data.
    Locks: the site, then the close-out.
    """
    with open_act("trials:close_out:confirm_copy", by=by, at=at, site=copy.site) as act:
        site, locked = _lock(copy.site), _lock_standing(copy.close_out)
        if locked.copy_confirmed_at is not None:
            raise CloseOutSettled
        digest = refuse_stale_copy(copy, data_digest, by=by)
        signature = sign(
            record=f"copy of the records of site {site.code}",
            digest=digest,
            meaning=_("Copy for the site confirmed"),
            by=by,
            password=password,
            at=at,
            site=site,
        )
        _write(
            locked,
            act,
            copy_confirmed_by=by,
            copy_confirmed_at=at,
            copy_signature=signature,
            copy_digest=digest,
        )
    return locked


def may_confirm_close_out(close_out: CloseOut, by: User) -> bool:
    """Say whether ``by`` is the second person for this close-out."""
    return by.pk != close_out.asked_by_id and by.may(Permission.SITE_CONFIRM, close_out.site_id)


def keeper_of(close_out: CloseOut, *, by: User) -> Site | None:
    """Return the site that keeps the follow-up, also to people of the closed site, who do not see other sites."""
    if close_out.keeper_id is None:
        return None
    with scope(user_id=by.pk, sites=EVERYTHING):
        return Site.objects.filter(pk=close_out.keeper_id).first()


def people_of_keeper(site: Site, keeper: Site, *, by: User, at: datetime) -> list[User]:
    """Return who has a role at both sites, and so can go on with the follow-up."""
    today = local_date(at, site.time_zone)
    with scope(user_id=by.pk, sites=EVERYTHING):
        delegations = Delegation.objects.in_force(on=today).filter(
            role__in=[role.value for role in SITE_ROLES], user__is_active=True
        )
        theirs = delegations.filter(site=keeper).values("user")
        return list(User.objects.filter(pk__in=delegations.filter(site=site, user__in=theirs).values("user")))


def _counted(open_matters: Mapping[str, int]) -> dict[str, int]:
    return {matter.value: open_matters[matter] for matter in OpenMatter if open_matters.get(matter, 0)}


def _signed(
    site: Site,
    keeper: Site | None,
    open_matters: Mapping[str, int],
    meaning: Promise,
    *,
    by: User,
    password: str,
    at: datetime,
) -> Signature:
    content = json.dumps([site.code, keeper.code if keeper else "", _counted(open_matters)])
    return sign(
        record=f"close-out of site {site.code}",
        digest=hashlib.sha256(content.encode("utf-8")).hexdigest(),
        meaning=meaning,
        by=by,
        password=password,
        at=at,
        site=site,
    )


def _lock(site: Site) -> Site:
    return Site.objects.select_for_update().get(pk=site.pk)


def _lock_standing(close_out: CloseOut | None) -> CloseOut:
    if close_out is None:
        raise CloseOutSettled
    locked: CloseOut = CloseOut.objects.select_for_update(of=("self",)).get(pk=close_out.pk)
    if locked.ended_at is not None:
        raise CloseOutSettled
    return locked


def _lock_waiting(close_out: CloseOut) -> CloseOut:
    locked = _lock_standing(close_out)
    if locked.confirmed_at is not None:
        raise CloseOutSettled
    return locked


def _refuse_unless_ready(
    site: Site, keeper: Site | None, open_matters: Mapping[str, int], *, by: User, at: datetime
) -> None:
    if site.state != SiteState.CLOSED:
        raise StillRecruiting(site=site.code, state=site.get_state_display())
    if left := unsettled(open_matters, keeper=keeper):
        said = listed(f"{matter.label} ({open_matters[matter]})" for matter in left)
        raise MattersOpen(site=site.code, open=said)
    if keeper is None:
        return
    if keeper.state not in KEEPERS or keeper.pk == site.pk:
        raise KeeperCannotFollow(keeper=keeper.code, state=keeper.get_state_display())
    if not people_of_keeper(site, keeper, by=by, at=at):
        raise KeeperNotThere(keeper=keeper.code, site=site.code)


def _write(close_out: CloseOut, act: Any, **columns: Any) -> None:
    for name, value in {**columns, "act": act}.items():
        setattr(close_out, name, value)
    close_out.save(update_fields=[*columns, "act"])


def _move(site: Site, to: SiteState, act: Any) -> None:
    site.state, site.act = to, act
    tell_site(site=site.pk)
    site.save(update_fields=["state", "act"])
