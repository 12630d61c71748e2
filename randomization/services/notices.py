"""Who is told what about randomization, through the outbox. No message names an arm."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.digests import USUAL_HOUR, digest_time
from accounts.mail_words import days_are_of, go_there
from accounts.models import User
from accounts.permissions import Role
from accounts.services import write_mail
from kernel.clock import local_date
from kernel.days import written
from randomization.allocation_list.monitoring import StratumBalance
from randomization.models import Allocation, ListPart
from trials.models import Delegation, Site

SITE_TEAM = (Role.INVESTIGATOR, Role.COORDINATOR)
TOLD_OF_LISTS = (Role.INVESTIGATOR, Role.TRIAL_MANAGER, Role.STATISTICIAN)


def holders(roles: Iterable[Role], *, site: Site | None, on: date) -> list[User]:
    """People who hold one of the roles now, at the site or for the whole trial, once each."""
    delegations = Delegation.objects.in_force(on=on).filter(role__in=list(roles), user__is_active=True)
    people = {d.user_id: d.user for d in delegations.select_related("user") if _reaches(d, site)}
    return [people[key] for key in sorted(people)]


def _reaches(delegation: Delegation, site: Site | None) -> bool:
    return delegation.site_id is None or site is None or delegation.site_id == site.pk


def tell_about_allocation(allocation: Allocation, *, at: datetime) -> None:
    """The site's team will be told at once that somebody was randomized, the trial managers in the next morning's
    digest; nobody to which arm."""
    site, number = allocation.participant.site, allocation.participant.number
    on = local_date(at, site.time_zone)
    team, managers = holders(SITE_TEAM, site=site, on=on), holders([Role.TRIAL_MANAGER], site=site, on=on)
    tomorrow = digest_time(has_one=True, from_hour=USUAL_HOUR, zone=site.time_zone, at=at)
    leaves = dict.fromkeys(team) | {person: tomorrow for person in managers if person not in team}
    for person, digest_at in leaves.items():
        if not person.email:
            continue
        with translation.override(person.language):
            subject = _("PALACE-3: participant {participant} was randomized").format(participant=number)
            body = _(
                "Participant {participant} at site {site} was randomized on {day} under number {number}.\n"
                "Sign in to see the allocation, its certificate and the first visits."
            ).format(
                participant=number,
                site=site.code,
                day=written(local_date(allocation.randomized_at, site.time_zone)),
                number=allocation.number,
            )
            where = go_there(reverse("randomization:allocation", args=[number]))
            zone = days_are_of(site.time_zone, at=allocation.randomized_at)
        write_mail(
            to=person,
            address=person.email,
            kind="allocation",
            key=f"allocation-{allocation.pk}-{person.pk}",
            subject=subject,
            body=f"{body}\n{where}\n\n{zone}",
            language=person.language,
            site=site,
            at=at,
            digest_at=digest_at,
        )


def publish_root(part: ListPart, *, at: datetime) -> None:
    """Sites, committee, trial managers and statisticians hold the root: a list changed later matches none of theirs."""
    for person in holders(TOLD_OF_LISTS, site=None, on=local_date(at, settings.TRIAL_TIME_ZONE)):
        if person.email:
            _send_root(part, person, person.email, f"root-{part.pk}-{person.pk}", person.language, at=at)
    for address in settings.COMMITTEE_ADDRESSES:
        key = f"root-{part.pk}-{hashlib.sha256(address.encode()).hexdigest()[:20]}"
        _send_root(part, None, address, key, "en", at=at)


def _send_root(
    part: ListPart, to: User | None, address: str, key: str, language: str, *, at: datetime
) -> None:
    with translation.override(language):
        subject = _("PALACE-3: the randomization list {label} is in force").format(label=part.label)
        body = _(
            "List {label} of scheme {scheme} was activated. Its Merkle root is\n\n{root}\n\n"
            "Keep this message. Every allocation certificate from this list can be checked against it:\n"
            "python -m randomization.allocation.verify certificate.json {root}"
        ).format(label=part.label, scheme=part.scheme.name, root=part.root)
    write_mail(
        to=to,
        address=address,
        kind="root",
        key=key,
        subject=subject,
        body=body,
        language=language,
        site=None,
        at=at,
    )


def tell_of_low_stratum(row: StratumBalance, *, at: datetime) -> None:
    """Statisticians will read that the stratum runs low, or that its count does not add up."""
    kind = "low" if row.adds_up else "odd"
    for person in holders([Role.STATISTICIAN], site=None, on=local_date(at, settings.TRIAL_TIME_ZONE)):
        if not person.email:
            continue
        with translation.override(person.language):
            subject = _("PALACE-3: look at stratum {stratum}").format(stratum=row.stratum)
            low = _("The list of stratum {stratum} has {left} places left. Ask for more places now.")
            odd = _("Stratum {stratum} counts a used place that has no allocation. Look at the balance page.")
            said = (low if kind == "low" else odd).format(stratum=row.stratum, left=row.left)
            body = f"{said}\n{go_there(reverse('randomization:schemes'))}"
        write_mail(
            to=person,
            address=person.email,
            kind="stratum",
            key=f"stratum-{kind}-{row.stratum}-{row.size}-{person.pk}",
            subject=subject,
            body=body,
            language=person.language,
            site=None,
            at=at,
        )
